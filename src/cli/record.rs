//! `incfg record`.

use std::path::PathBuf;

use clap::Args;

use crate::plan::command::CrayCommand;
use crate::plan::record::Taken;
use crate::plan::store::{self, Store};
use crate::plan::{Plan, StepState};
use crate::report::{plan, printable, shell_word};

use super::{Exit, Failure, print, print_styled, say};

/// Take in what cray printed, and advance the plan: the JSON of a session.
///
/// FILE holds what cray cfs sessions describe NAME --format json prints, of v2 or v3; without FILE, or with -, it is read from stdin. The JSON of the configuration
/// or of an image is compared with what the plan expects; a step is done when the JSON of the image it made is taken in too. One line on stdout tells a script what
/// it was: "unchecked ID", "made ID", "waiting STATE", "unsettled", "failed", "same".
#[derive(Args)]
#[command(after_help = "\
Examples:
  cray cfs v3 sessions describe NAME --format json | incfg record plan.yaml -
  cray ims images describe ID --format json | incfg record plan.yaml -
  incfg record plan.yaml session.json
  incfg record plan.yaml --give-up NAME

Exit codes: 0 taken in, 1 the session failed or tells of no image, 3 it is not what the plan expects; nothing was recorded.")]
pub(super) struct Arguments {
    /// The plan.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The JSON; - is stdin.
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    file: PathBuf,
    /// Go on with a configuration that has changed in layers that are not applied yet.
    #[arg(long)]
    accept_configuration: bool,
    /// Give up the session of this name, which is stuck or gone, or whose image cannot be used; the step can then be tried again.
    #[arg(long, value_name = "SESSION", conflicts_with_all = ["file", "accept_configuration"])]
    give_up: Option<String>,
    /// Print what is recorded of the session of this name, for a script, and change nothing: "made ID", "unchecked ID", "failed", or "open".
    #[arg(long, value_name = "SESSION", conflicts_with_all = ["file", "accept_configuration", "give_up"])]
    known: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if let Some(session) = &arguments.known {
        let plan = store::read(&arguments.plan)?;
        let word = match plan.recorded(session) {
            Some((StepState::Done, Some(result))) => format!("made {result}"),
            Some((_, Some(result))) => format!("unchecked {result}"),
            Some((StepState::Failed, None)) => "failed".to_owned(),
            _ => "open".to_owned(),
        };
        print(&format!("{word}\n"))?;
        return Ok(Exit::Done);
    }
    let mut store = Store::open(&arguments.plan)?;
    let path = arguments.plan.display().to_string();
    let mut advanced = store.plan().clone();
    let refused = |error: &dyn std::fmt::Display| Failure::new(Exit::Input, printable(&error.to_string()));
    if let Some(session) = &arguments.give_up {
        let at = advanced.give_up(session, &super::now()).map_err(|error| refused(&error))?;
        let step = advanced.get(at).1.id.clone();
        store.save(advanced, &format!("session {session} is given up"))?;
        say(&format!(
            "step {step} is failed, and incfg next {} or incfg run tries it again on the same image. Delete session {session} if it is still there",
            shell_word(&path)
        ))?;
        return Ok(Exit::Done);
    }
    let document = super::json_document(&arguments.file)?;
    let taken =
        advanced.record(&document, arguments.accept_configuration, &super::now()).map_err(|error| refused(&error))?;
    if advanced != *store.plan() {
        store.save(advanced, "what was to be recorded; give it to incfg record again")?;
    }
    tell(&taken, store.plan(), &path)
}

/// One line for a script on stdout, the same in words and what follows on stderr.
fn tell(taken: &Taken, plan: &Plan, path: &str) -> Result<Exit, Failure> {
    let file = shell_word(path);
    let step = |at: &crate::plan::step::At| plan.get(*at).1.id.clone();
    match taken {
        Taken::Waiting { at, running } => {
            let state = if *running { "running" } else { "pending" };
            print(&format!("waiting {state}\n"))?;
            say(&format!("step {}: its session is {state}. Ask again with the same command", step(at)))?;
        }
        Taken::Unchecked { at, result } => {
            print(&format!("unchecked {result}\n"))?;
            let words = CrayCommand::describe_image(result.as_str()).words.join(" ");
            say(&format!(
                "step {}: its session made image {result}. It counts when IMS has it; keep the session until then: cray {words} | incfg record {file} -",
                step(at)
            ))?;
        }
        Taken::Made { at, result, known } => {
            print(&format!("made {result}\n"))?;
            let was = if *known { "was recorded before" } else { "is recorded" };
            say(&format!("step {}: its result {result} {was}", step(at)))?;
            match plan.pins() {
                Ok(pins) => say_styled(&plan::through(plan, path, &pins))?,
                Err(_) => {
                    let steps = plan.images.iter().flat_map(|track| &track.steps);
                    let left = steps.filter(|step| step.state() != StepState::Done).count();
                    let plural = if left == 1 { "" } else { "s" };
                    say(&format!("{left} step{plural} to go; incfg next {file} shows the next one"))?;
                }
            }
        }
        Taken::Failed { at, reason } => {
            print("failed\n")?;
            say(&format!(
                "step {} failed: {}. Its base image is as it was: see the log of the session before you delete it, mend the cause, and incfg next {file} shows the next attempt",
                step(at),
                printable(reason)
            ))?;
            return Ok(Exit::BadNews);
        }
        Taken::Unsettled { at, why } => {
            print("unsettled\n")?;
            let session = plan.attempt(*at).map(|attempt| attempt.session).unwrap_or_default();
            say(&format!(
                "step {}: {why}. Ask again in a minute; if it stays so, incfg record {file} --give-up {session} makes room for another attempt",
                step(at)
            ))?;
            return Ok(Exit::BadNews);
        }
        Taken::SameConfiguration { name } => {
            print("same\n")?;
            say(&format!("configuration {} has the layers and commits of the plan", printable(name)))?;
        }
        Taken::NewConfiguration { name, difference } => {
            print("accepted\n")?;
            say(&format!(
                "the plan goes on with configuration {} as it is now: {}",
                printable(name),
                printable(difference)
            ))?;
        }
        Taken::UsableImage { id, role } => {
            print("same\n")?;
            say(&format!("image {id}, {}, is in IMS and has a link", printable(role)))?;
        }
    }
    Ok(Exit::Done)
}

fn say_styled(text: &str) -> Result<(), Failure> {
    use std::io::IsTerminal;
    // Who reads the words on stdout is a script; a person reads stderr.
    if std::io::stdout().is_terminal() { print_styled(text) } else { say(text.trim_end()) }
}
