//! `incfg record`.

use std::path::PathBuf;

use clap::Args;

use crate::image_id::ImageId;
use crate::plan::record::{How, NotTaken, Taken};
use crate::plan::step::At;
use crate::plan::store::{self, Store};
use crate::plan::{Plan, StepState};
use crate::report::{plan, printable, shell_word};

use super::{Exit, Failure, print, print_styled, say};

/// Take in what cray printed, and advance the plan: the JSON of a session, its configuration, or its image.
///
/// FILE holds what cray cfs sessions describe NAME --format json prints, of v2 or v3; without FILE, or with -, it is read from stdin. The JSON of the configuration
/// or of an image is compared with what the plan expects. A step is done when its session has named an image and, after that, the JSON of its configuration and of that
/// image were taken in. One line on stdout tells a script what it was: "unchecked ID", "made ID", "waiting STATE", "unsettled", "failed", "same", "accepted"; "refused"
/// when it is not what the plan expects, "garbage" when it is no answer of cray.
#[derive(Args)]
#[command(after_help = "\
Examples:
  cray cfs v3 sessions describe SESSION --format json | incfg record plan.yaml -
  cray cfs v3 configurations describe CONFIGURATION --format json | incfg record plan.yaml -
  cray ims images describe UUID --format json | incfg record plan.yaml -
  incfg record plan.yaml session.json
  incfg record plan.yaml --known SESSION
  incfg record plan.yaml --give-up SESSION
  incfg record plan.yaml --deleted SESSION

Exit codes: 0 taken in, 1 the session failed or tells of no image, 3 it is not what the plan expects; nothing was recorded.")]
pub(super) struct Arguments {
    /// The plan.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The JSON; - is stdin.
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    file: PathBuf,
    /// With the JSON of a configuration: go on with it although it has changed, in layers that no session has begun.
    #[arg(long)]
    accept_configuration: bool,
    /// Give up the session of this name, which is stuck or gone, or whose image cannot be used; the step can then be tried again.
    #[arg(long, value_name = "SESSION", conflicts_with_all = ["file", "accept_configuration"])]
    give_up: Option<String>,
    /// The session of this name, which is over, was deleted.
    #[arg(long, value_name = "SESSION", conflicts_with_all = ["file", "accept_configuration", "give_up"])]
    deleted: Option<String>,
    /// Print what is recorded of the session of this name, for a script, and change nothing: "made ID", "unchecked ID", "failed", or "open".
    #[arg(long, value_name = "SESSION", conflicts_with_all = ["file", "accept_configuration", "give_up", "deleted"])]
    known: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let path = arguments.plan.display().to_string();
    // Who works on several plans has to see which of them says no.
    let refused = |error: &NotTaken| {
        Failure::new(Exit::Input, format!("{}: {}", printable(&path), printable(&error.to_string())))
    };
    if let Some(session) = &arguments.known {
        let plan = store::read(&arguments.plan)?;
        let recorded = plan.recorded(session).map_err(|error| refused(&error))?;
        let word = match recorded {
            (StepState::Done, Some(result)) => format!("made {result}"),
            (_, Some(result)) => format!("unchecked {result}"),
            (StepState::Failed, None) => "failed".to_owned(),
            _ => "open".to_owned(),
        };
        print(&format!("{word}\n"))?;
        return Ok(Exit::Done);
    }
    let mut store = Store::open(&arguments.plan)?;
    let file = shell_word(&path);
    let mut advanced = store.plan().clone();
    if let Some(session) = &arguments.give_up {
        let at = advanced.give_up(session, &super::now()).map_err(|error| refused(&error))?;
        let step = advanced.get(at).1.id.clone();
        store.save(advanced, &format!("session {session} is given up"))?;
        say(&format!(
            "step {step} is failed, and incfg next {file} or incfg run {file} tries it again on the same image. Session {session} may still be there: both look once more what has become of it before it is deleted"
        ))?;
        return Ok(Exit::Done);
    }
    if let Some(session) = &arguments.deleted {
        let at = advanced.deleted(session, &file).map_err(|error| refused(&error))?;
        let step = advanced.get(at).1.id.clone();
        store.save(advanced, &format!("session {session} was deleted"))?;
        say(&format!("step {step}: session {session} is gone"))?;
        return Ok(Exit::Done);
    }
    let document = super::json_document(&arguments.file).or_else(|failure| {
        print("garbage\n")?;
        Err(failure)
    })?;
    let now = super::now();
    let how = How { accept: arguments.accept_configuration, now: &now, file: &file };
    let taken = match advanced.record(&document, how) {
        Ok(taken) => taken,
        Err(NotTaken::NotASession(error)) => {
            print("garbage\n")?;
            let shown = super::shown_as_input(&arguments.file);
            return Err(Failure::new(Exit::Input, format!("{}: {}", printable(&shown), printable(&error.to_string()))));
        }
        Err(error) => {
            print("refused\n")?;
            return Err(refused(&error));
        }
    };
    if advanced != *store.plan() {
        store.save(advanced, "what was to be recorded; give it to incfg record again")?;
    }
    tell(&taken, store.plan(), &path)
}

/// One line for a script on stdout, the same in words and what follows on stderr.
fn tell(taken: &Taken, plan: &Plan, path: &str) -> Result<Exit, Failure> {
    let file = shell_word(path);
    let step = |at: &At| plan.get(*at).1.id.clone();
    match taken {
        Taken::Waiting { at, running } => {
            let state = if *running { "running" } else { "pending" };
            print(&format!("waiting {state}\n"))?;
            say(&format!("step {}: its session is {state}. Ask again with the same command", step(at)))?;
        }
        Taken::Unchecked { at, result } => {
            print(&format!("unchecked {result}\n"))?;
            say(&format!(
                "step {}: its session made image {result}, which counts when this was looked at too; keep the session until then:",
                step(at)
            ))?;
            for command in plan::looks(plan, *at, path) {
                say(&format!("  {command}"))?;
            }
        }
        Taken::Made { at, result, known } => {
            print(&format!("made {result}\n"))?;
            made(plan, path, *at, result, *known)?;
        }
        Taken::Failed { at, reason } => {
            print("failed\n")?;
            say(&format!(
                "step {} failed: {}. Its base image is as it was: incfg next {file} shows how to keep the logs of its containers before the session is deleted, and the next attempt; mend the cause before that",
                step(at),
                printable(reason)
            ))?;
            return Ok(Exit::BadNews);
        }
        Taken::AfterFailure { at, session, under_way } => {
            print("failed\n")?;
            after_failure(plan, path, *at, session, *under_way)?;
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
        Taken::Configuration { name, difference, accepted, made: done } => {
            configuration(&printable(name), difference.as_deref(), *accepted, done)?;
            for (at, result) in done {
                made(plan, path, *at, result, false)?;
            }
        }
        Taken::UsableImage { id, role } => {
            print("same\n")?;
            say(&format!("image {id}, {}, is in IMS and has a link", printable(role)))?;
        }
    }
    Ok(Exit::Done)
}

/// A configuration was compared with that of the plan; steps whose images waited for that are done.
fn configuration(name: &str, difference: Option<&str>, accepted: bool, done: &[(At, ImageId)]) -> Result<(), Failure> {
    match done.first() {
        Some((_, result)) => print(&format!("made {result}\n"))?,
        None if accepted => print("accepted\n")?,
        None => print("same\n")?,
    }
    say(&match difference.map(printable) {
        None => format!("configuration {name} has the layers and commits of the plan"),
        Some(difference) if accepted => {
            format!("the plan goes on with configuration {name} as it is now: {difference}")
        }
        Some(difference) => format!(
            "configuration {name} has changed, in nothing that the session which is over has applied: {difference}"
        ),
    })
}

/// What a session says of which the attempt has failed already, or was given up.
fn after_failure(plan: &Plan, path: &str, at: At, session: &str, under_way: bool) -> Result<(), Failure> {
    let step = plan.get(at).1;
    let Some(attempt) = step.attempts.iter().find(|attempt| attempt.session == session) else { return Ok(()) };
    let had = if attempt.given_up { "was given up" } else { "has failed" };
    let file = shell_word(path);
    if under_way {
        return say(&format!(
            "step {}: session {session} {had}, and is not over: to delete it ends it, and an image that it would make is lost. Ask again, or delete it",
            step.id
        ));
    }
    let images: Vec<&str> = attempt.result_id.iter().chain(&attempt.other_images).map(ImageId::as_str).collect();
    if images.is_empty() {
        return say(&format!("step {}: session {session} {had} and names no image; it can be deleted", step.id));
    }
    say(&format!(
        "step {}: session {session} {had}, and names image {}. It is kept in the plan, so that the session can be deleted; but the plan does not go on with it: incfg status {file} tells of it, and at the end how to delete it",
        step.id,
        images.join(", ")
    ))
}

/// A step has its image: what comes next.
fn made(plan: &Plan, path: &str, at: At, result: &ImageId, known: bool) -> Result<(), Failure> {
    let was = if known { "was recorded before" } else { "is recorded" };
    say(&format!("step {}: its result {result} {was}", plan.get(at).1.id))?;
    if let Ok(pins) = plan.pins() {
        return say_styled(&plan::through(plan, path, &pins));
    }
    let steps = plan.steps();
    let left = steps.filter(|step| step.state() != StepState::Done).count();
    let plural = if left == 1 { "" } else { "s" };
    say(&format!("{left} step{plural} to go; incfg next {} shows the next one", shell_word(path)))
}

fn say_styled(text: &str) -> Result<(), Failure> {
    // Who reads the words on stdout is a script; a person reads stderr.
    if super::stdout_is_terminal() { print_styled(text) } else { super::say_styled(text.trim_end()) }
}
