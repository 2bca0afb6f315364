//! `incfg run`.

use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;

use crate::exec::cray::Cray;
use crate::exec::{Event, Executor, Outcome, Settings, Stop, seconds};
use crate::grammar::Grammar;
use crate::plan::step::{At, Doing};
use crate::plan::store::Store;
use crate::plan::{Plan, Step, StepState};
use crate::report::plan::{self, Rehearsal};
use crate::report::{printable, shell_word};

use super::{Exit, Failure, print_wrapped, say, stderr_is_terminal, tell, tell_on_one_line};

/// Go on with a plan until its images are made, with cray.
///
/// Before each session: its base image is in IMS and has a link, and the configuration has the layers of the plan. The intent is on disk before the session is
/// created, its result before the session is deleted; killed anywhere, the next run goes on from there. A failed layer stops its image: its log is kept beside the
/// plan, and the next run tries the layer again on the same base image. Ctrl-C stops the waiting only; the session goes on.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg run plan.yaml --dry-run
  incfg run plan.yaml --until compute.x86_64/0-2
  incfg run plan.yaml --yes --poll 30s

Exit codes: 0 through (or the step of --until is done), 1 a step failed or does not go on, or you stopped it, 3 the plan cannot be read or kept, 4 cray is missing, not initialised, not logged in, or gives no answer.")]
pub(super) struct Arguments {
    /// The plan.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Print every command of the rest of the plan, in order, and look whether its first steps can be done. Changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Do not ask. Without it incfg asks before it begins, on a terminal only.
    #[arg(long)]
    yes: bool,
    /// The last step to do, by its id in incfg status --format json (IMAGE/LAYERS), or by its layers when the plan has one image.
    #[arg(long, value_name = "STEP")]
    until: Option<String>,
    /// Leave the sessions there when they are over.
    #[arg(long)]
    keep_sessions: bool,
    /// The Cray CLI.
    #[arg(long, value_name = "PATH", default_value = "cray")]
    cray: PathBuf,
    /// The program that prints the log of a container.
    #[arg(long, value_name = "PATH", default_value = "kubectl")]
    kubectl: PathBuf,
    /// The time between two looks at a session; CFS itself looks every 30s.
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = duration)]
    poll: Duration,
    /// How long to wait for a session that is pending.
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration)]
    pending_timeout: Duration,
    /// How long to wait for a session that is running.
    #[arg(long, value_name = "TIME", default_value = "6h", value_parser = duration)]
    running_timeout: Duration,
    /// How long one call of cray may take, and kubectl for a log; cray itself waits for ever.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    call_timeout: Duration,
}

/// A length of time: a number with ms, s, m, h or d; seconds without.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let expected =
        || format!("'{text}' is no length of time; expected a number with ms, s, m, h or d, like 15s, 15m or 6h");
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).ok_or_else(expected)?;
    let number: f64 = number.parse().map_err(|_| expected())?;
    let unit = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(expected()),
    };
    Duration::try_from_secs_f64(number * unit).map_err(|_| expected())
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut store = Store::open(&arguments.plan)?;
    let path = arguments.plan.display().to_string();
    let until = arguments.until.as_ref().map(|step| step_called(store.plan(), step)).transpose()?;
    let grammar = Grammar::built_in();
    let cray = Cray { program: arguments.cray.clone(), timeout: arguments.call_timeout };
    let settings = Settings {
        poll: arguments.poll,
        pending_timeout: arguments.pending_timeout,
        running_timeout: arguments.running_timeout,
        until,
        keep_sessions: arguments.keep_sessions,
        kubectl: arguments.kubectl.clone(),
    };
    if !arguments.dry_run && !arguments.yes && !store.plan().is_done() && !confirmed(store.plan(), until)? {
        say("nothing was done")?;
        return Ok(Exit::BadNews);
    }
    let stop = super::stop_on_signals()?;
    let mut progress = Progress { line: stderr_is_terminal(), last: String::new(), open: false };
    let ended = {
        let mut executor = Executor {
            store: &mut store,
            cray: &cray,
            settings: &settings,
            grammar: &grammar,
            stop: &|| stop.load(Ordering::Relaxed),
            tell: &mut |event| progress.tell(&event),
            now: &super::now,
        };
        if arguments.dry_run {
            executor.suppose_what_cray_speaks();
            print_wrapped(&plan::rehearsal(&Rehearsal {
                plan: executor.store.plan(),
                path: &arguments.plan,
                cray: &arguments.cray.display().to_string(),
                kubectl: &arguments.kubectl.display().to_string(),
                until,
                keep_sessions: arguments.keep_sessions,
            }))?;
            executor.look()
        } else {
            executor.run()
        }
    };
    progress.end_line();
    match ended {
        Ok(outcome) => finished(arguments, store.plan(), &path, &outcome),
        Err(Stop::Unusable(why)) if arguments.dry_run => {
            let why = printable(&why);
            let told = "These are the commands; whether what they need is there could not be asked";
            Err(Failure::new(Exit::Outside, format!("{}. {told}", why.trim_end_matches('.'))))
        }
        Err(stop) => Err(stopped(&stop, store.plan(), &path)),
    }
}

fn finished(arguments: &Arguments, content: &Plan, path: &str, outcome: &Outcome) -> Result<Exit, Failure> {
    let file = shell_word(path);
    if !outcome.halted.is_empty() {
        if !arguments.dry_run {
            let on = if outcome.dead { "" } else { &format!(". incfg run {file} goes on from there") };
            tell(&format!("the plan says how far it came: incfg status {file}{on}"));
        }
        return Ok(Exit::BadNews);
    }
    if arguments.dry_run {
        tell("everything the next steps need is there; nothing was changed");
        return Ok(Exit::Done);
    }
    match content.pins() {
        Ok(pins) => print_wrapped(&plan::through(content, path, &pins))?,
        Err(open) => tell(&format!("done until {}; {open}", arguments.until.as_deref().unwrap_or("there"))),
    }
    Ok(Exit::Done)
}

fn stopped(stop: &Stop, content: &Plan, path: &str) -> Failure {
    let file = shell_word(path);
    match stop {
        Stop::Interrupted => {
            let sessions = |state| {
                let those = content.open().into_iter().filter(move |at| content.get(*at).1.state() == state);
                those.filter_map(|at| Some(content.attempt(at)?.session)).collect::<Vec<_>>().join(", ")
            };
            let (created, intended) = (sessions(StepState::Created), sessions(StepState::Intended));
            let mut told = Vec::new();
            if !created.is_empty() {
                told.push(format!("session {created} goes on without incfg"));
            }
            if !intended.is_empty() {
                told.push(format!("session {intended} may have been created, and the next run looks for it"));
            }
            if told.is_empty() {
                told.push("no session is under way".to_owned());
            }
            Failure::new(Exit::BadNews, format!("stopped; {}. incfg run {file} goes on from here", told.join("; ")))
        }
        Stop::Unusable(why) => Failure::new(
            Exit::Outside,
            format!("{}. Nothing is lost: incfg run {file} goes on from here", printable(why).trim_end_matches('.')),
        ),
        Stop::Store(error) => Failure::new(Exit::Input, printable(&error.to_string())),
        Stop::OutOfTurn(error) => Failure::new(Exit::Defect, error),
    }
}

/// The step that `--until` means.
fn step_called(content: &Plan, name: &str) -> Result<At, Failure> {
    let only = content.images.len() == 1;
    let is = |step: &Step| step.id == name || (only && (step.span() == name || step.limit == name));
    content.steps_at().find(|(_, step)| is(step)).map(|(at, _)| at).ok_or_else(|| {
        let known: Vec<&str> = content.steps().map(|step| step.id.as_str()).collect();
        Failure::new(Exit::Usage, format!("--until {name}: the plan has no such step; it has {}", known.join(", ")))
    })
}

/// Asks, where there is somebody to answer.
fn confirmed(content: &Plan, until: Option<At>) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !stderr_is_terminal() {
        return Ok(true);
    }
    for open in content.open() {
        let (track, _) = content.get(open);
        let steps = (open.step..track.steps.len()).map(|step| At { track: open.track, step });
        for at in steps.filter(|at| until.is_none_or(|until| *at <= until)) {
            let step = content.get(at).1;
            say(&format!(
                "{}: {} of {}",
                printable(&step.id),
                step.layers_in_words(),
                printable(&track.configuration.name)
            ))?;
        }
    }
    tell_on_one_line("Create a CFS session for each of these, one after the other? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Tells what goes on, on stderr: on a terminal the waiting is one line that is written over, elsewhere each state is
/// told once.
struct Progress {
    line: bool,
    last: String,
    open: bool,
}

impl Progress {
    fn tell(&mut self, event: &Event<'_>) {
        match event {
            Event::Step { plan, at, attempt, doing } => {
                let (track, step) = plan.get(*at);
                let verb = match doing {
                    Doing::Begin => "begins",
                    Doing::Resolve => "goes on: its session may be there",
                    Doing::Follow => return,
                };
                let number = at.step + 1;
                self.say(&format!(
                    "step {} ({number} of {}) {verb}: {} of {} on {}, session {}",
                    step.id,
                    track.steps.len(),
                    step.layers_in_words(),
                    track.configuration.name,
                    attempt.base_id,
                    attempt.session
                ));
            }
            Event::Created { session, adopted: true } => {
                self.say(&format!("session {session} is there already, and is the one the plan means"))
            }
            Event::Created { session, adopted: false } => self.say(&format!("session {session} is created")),
            Event::Waiting { step, session, state, elapsed } => self.waiting(step, session, state, *elapsed),
            Event::Again { why } => self.once(&format!("asking again: {why}")),
            Event::Made { step, result } => self.say(&format!("step {step} is done: image {result}")),
            Event::Halted { step, why } => {
                let mut lines = why.lines();
                self.say(&format!("step {step}: {}", lines.next().unwrap_or_default()));
                lines.for_each(|line| self.say(&format!("  {line}")));
            }
            Event::Deleted { session } => self.say(&format!("session {session} is deleted")),
            Event::Note(text) => self.say(text),
        }
    }

    fn waiting(&mut self, step: &str, session: &str, state: &str, elapsed: Duration) {
        if !self.line {
            self.once(&format!("step {step}: session {session} is {state}"));
            return;
        }
        tell_on_one_line(&format!("step {step}: {state} for {}", seconds(elapsed)));
        self.open = true;
    }

    /// The same is not told twice in a row.
    fn once(&mut self, text: &str) {
        if self.last != text {
            self.say(text);
            text.clone_into(&mut self.last);
        }
    }

    fn say(&mut self, text: &str) {
        self.end_line();
        self.last.clear();
        tell(&printable(text));
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.open) {
            tell("");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        let read = |text: &str| duration(text).map(|time| time.as_millis());
        let times = ["15s", "15m", "6h", "1.5h", "250ms", "0", "7", "2d"].map(read);
        let expected = [15_000, 900_000, 21_600_000, 5_400_000, 250, 0, 7_000, 172_800_000].map(Ok);
        assert_eq!(times, expected);
        for text in ["", "s", "-1s", "1x", "1h30m", "1e400s", "NaN", "99999999999999999999999d"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
