//! The log of a session that failed: fetched with `kubectl` while there is one, kept beside the plan, and read for the
//! layer and the task that failed.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cfs::AnsibleText;
use crate::evidence::FileId;
use crate::grammar::Grammar;
use crate::input::Opened;
use crate::limits;
use crate::line::Dialect;
use crate::plan::command::{Container, in_shell, log_file, log_words};
use crate::plan::{Step, Track};
use crate::scan::Scanner;
use crate::shown::printable;
use crate::statement::{Statement, Window, read_statements};
use crate::whole_file;

use super::process::{Bounds, How, call};

/// That a log could not be fetched.
pub(super) struct NoLog {
    /// Why, in words.
    why: String,
    /// The container has not begun, says `kubectl`: what went wrong did so before it.
    pub(super) not_begun: bool,
}

impl From<String> for NoLog {
    fn from(why: String) -> Self {
        Self { not_begun: why.contains("waiting to start"), why }
    }
}

impl NoLog {
    /// That the log of a container is not there, and how to see it.
    pub(super) fn of(&self, session: &str, container: Container) -> String {
        let (what, or) = match container {
            Container::Ansible => (
                "its log".to_owned(),
                ", or, where no layer ran, that of -c git-clone or -c inventory, and where all passed, of -c teardown",
            ),
            other => (format!("the log of container {}, which tells more,", other.name()), ""),
        };
        format!(
            "{what} could not be fetched ({}), so the session was kept; see it with `{}`{or}",
            self.why,
            in_shell("kubectl", &log_words(session, container))
        )
    }
}

/// Fetches the log of a container of a session beside the plan; the name of its file.
pub(super) fn fetch(
    kubectl: &Path,
    plan: &Path,
    session: &str,
    container: Container,
    timeout: Duration,
    stop: &dyn Fn() -> bool,
) -> Result<String, NoLog> {
    let name = log_file(plan, session, container);
    let directory = plan.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = directory.join(format!(".{name}.tmp"));
    let outcome = fetch_to(kubectl, &temporary, &log_words(session, container), timeout, stop)
        .and_then(|()| fs::rename(&temporary, directory.join(&name)).map_err(|error| error.to_string()));
    whole_file::sync_directory(directory);
    if outcome.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    outcome.map(|()| name).map_err(NoLog::from)
}

fn fetch_to(
    kubectl: &Path,
    file: &PathBuf,
    words: &[String],
    timeout: Duration,
    stop: &dyn Fn() -> bool,
) -> Result<(), String> {
    let text = |error: std::io::Error| error.to_string();
    let content = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file).map_err(text)?;
    let bounds = Bounds { timeout, bytes: limits::CONTAINER_LOG_BYTES, grace: Duration::ZERO, stop };
    let kept = content.try_clone().map_err(text)?;
    let ended = call(kubectl, words, Some(content), &bounds)
        .map_err(|error| format!("{} cannot be started: {error}", kubectl.display()))?;
    if let Some(error) = ended.unwritten {
        return Err(format!("it cannot be written: {error}"));
    }
    match ended.how {
        How::Exited(Some(0)) => {}
        How::Exited(_) => {
            let said = String::from_utf8_lossy(&ended.stderr);
            let said = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it says nothing");
            return Err(format!("kubectl failed: {}", printable(said)));
        }
        How::TimedOut => return Err(format!("kubectl gave no answer within {} s", timeout.as_secs_f64())),
        How::TooMuch => return Err(format!("it is larger than {} MiB", limits::CONTAINER_LOG_BYTES >> 20)),
        How::Stopped => return Err("stopped".into()),
    }
    kept.sync_all().map_err(text)?;
    if kept.metadata().map_err(text)?.len() == 0 {
        return Err("kubectl found no log of it".into());
    }
    Ok(())
}

/// What a log tells.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The layer that failed, as the configuration counts.
    pub(super) layer: Option<u32>,
    /// What happened, in words, with the line of the log.
    pub(super) words: Option<String>,
    /// The container whose log says why, when no layer failed.
    pub(super) why_in: Option<Container>,
}

impl Told {
    /// What it means that ansible has not begun: the containers before it say why.
    pub(super) fn before_the_layers() -> Self {
        let words = "no layer ran, as container ansible never began".to_owned();
        Self { words: Some(words), why_in: Some(Container::GitClone), ..Self::default() }
    }
}

/// Reads what a log tells of a step.
pub(super) fn told(path: &Path, track: &Track, step: &Step, grammar: &Grammar) -> Told {
    let Ok(file) = File::open(path) else { return Told::default() };
    read_told(file, &path.file_name().unwrap_or_default().to_string_lossy(), track, step, grammar)
}

fn read_told(log: impl Read + Send, name: &str, track: &Track, step: &Step, grammar: &Grammar) -> Told {
    let mut text = AnsibleText::default();
    let take = |statement: Statement<'_>| text.take(statement);
    let mut unwatched = |_| {};
    let mut scanner = Scanner::new(1, limits::PIECE_BYTES, &mut unwatched);
    let log = Opened::Stream(Box::new(log));
    if read_statements(&mut scanner, log, FileId(0), Dialect::Ansible, grammar, Window::default(), take).is_err() {
        return Told::default();
    }
    if let Some(place) = text.inventory_failed {
        let words = format!("the inventory failed, so no layer ran ({name}:{})", place.line);
        return Told { words: Some(words), why_in: Some(Container::Inventory), ..Told::default() };
    }
    if let Some(place) = text.passed {
        let words = format!("all layers passed, so it went wrong after them ({name}:{})", place.line);
        return Told { words: Some(words), why_in: Some(Container::Teardown), ..Told::default() };
    }
    if text.layers.is_empty() && text.failed.is_none() {
        let words = format!("{name} names no layer that began");
        return Told { words: Some(words), why_in: Some(Container::Inventory), ..Told::default() };
    }
    let Some((position, run)) = text.failing() else { return Told::default() };
    let place = text.failed.as_ref().map_or(run.place, |(_, place)| *place);
    // CFS runs the layers of a limit in their order and names none: only the count tells which one it is.
    let layer = step.layers.get(position).and_then(|index| track.configuration.layers.get(*index as usize));
    let layer = layer.filter(|layer| layer.playbook.as_ref().is_none_or(|playbook| *playbook == run.playbook));
    let what = match layer {
        Some(layer) => format!("layer {} ({})", layer.index, layer.label()),
        None => format!("playbook {}", run.playbook),
    };
    // A pod that was killed, or a session that was given up while it was at work, has no line that says so.
    let what = if text.failed.is_some() { format!("{what} failed") } else { format!("the log ends in {what}") };
    let task = text.failed_task.as_ref().map(|task| {
        let name_of_task = task.task.as_ref().map(|task| format!(" in task [{task}]")).unwrap_or_default();
        format!("{name_of_task}: {} ({name}:{})", task.detail, task.place.line)
    });
    let words = format!("{what}{}", task.unwrap_or_else(|| format!(" ({name}:{})", place.line)));
    // Of a session that was given up, the layer it was in has not failed unless the log says so.
    let given_up = step.attempts.last().is_some_and(|attempt| attempt.given_up);
    let failed = layer.filter(|_| text.failed.is_some() || !given_up);
    Told { layer: failed.map(|layer| layer.index), words: Some(printable(&words)), why_in: None }
}
