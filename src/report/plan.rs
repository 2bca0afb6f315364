//! A plan for a person: where it stands, what comes next, and what to do with what it made.

mod next;
mod rehearsal;
mod script;
mod through;

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::image_id::ImageId;
use crate::plan::command::CrayCommand;
use crate::plan::step::At;
use crate::plan::{Attempt, AttemptState, Existing, Look, Obstacle, Plan, SCHEMA, StepState, Track};

use crate::secret;

use super::steps::{NOT_PRINTED, Step};
use super::{Masked, printable, shell_word};

pub use next::{ByHand, by_hand, looks, next};
pub use rehearsal::{Rehearsal, rehearsal};
pub use script::script;
pub(super) use through::restart;
pub use through::{end_steps, left_sessions, no_pin, through};

/// Where a plan stands, as JSON.
#[derive(Debug, Serialize)]
struct StatusDocument<'a> {
    schema: &'static str,
    id: &'a str,
    done: bool,
    images: Vec<ImageDocument<'a>>,
    /// Images that existed when the logs were written, and that IMS was found not to have any more.
    gone: Vec<&'a Existing>,
}

#[derive(Debug, Serialize)]
struct ImageDocument<'a> {
    image: &'a str,
    ref_name: Option<&'a str>,
    configuration: &'a str,
    base_image_id: &'a ImageId,
    current_image_id: &'a ImageId,
    result_name: &'a str,
    done: bool,
    obstacle: Option<&'a Obstacle>,
    steps: Vec<StepDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct StepDocument<'a> {
    id: &'a str,
    layers: &'a [u32],
    limit: &'a str,
    session: String,
    state: StepState,
    attempt: u32,
    result_id: Option<&'a ImageId>,
    /// The image that its session has named and that does not count yet.
    unchecked_id: Option<&'a ImageId>,
    /// What is left to look at before that image counts.
    open_looks: Vec<Look>,
    other_images: &'a [ImageId],
    reason: Option<&'a str>,
    failed_layer: Option<u32>,
    log: Option<&'a str>,
}

/// Where a plan stands, as JSON.
///
/// # Errors
/// Never, with the types at hand; what the writer says.
pub fn json(plan: &Plan) -> serde_json::Result<Masked> {
    let step = |track: usize, step: usize| {
        let at = At { track, step };
        let content = plan.get(at).1;
        let last = content.attempts.last();
        StepDocument {
            id: &content.id,
            layers: &content.layers,
            limit: &content.limit,
            // Of a step that is not begun: the one its first attempt will have.
            session: last.map_or_else(|| plan.session_name(at, 1), |attempt| attempt.session.clone()),
            state: content.state(),
            attempt: last.map_or(0, |attempt| attempt.number),
            result_id: content.result(),
            unchecked_id: content.unchecked(),
            open_looks: content.open_looks(),
            other_images: last.map(|attempt| attempt.other_images.as_slice()).unwrap_or_default(),
            reason: last.and_then(|attempt| attempt.reason.as_deref()),
            failed_layer: last.and_then(|attempt| attempt.failed_layer),
            log: last.and_then(|attempt| attempt.log.as_deref()),
        }
    };
    let images = plan.images.iter().enumerate().map(|(at, track)| ImageDocument {
        image: &track.image,
        ref_name: track.ref_name.as_deref(),
        configuration: &track.configuration.name,
        base_image_id: &track.base_image.id,
        current_image_id: track.current(),
        result_name: &track.result_name,
        done: track.is_done(),
        obstacle: track.obstacle.as_ref(),
        steps: (0..track.steps.len()).map(|number| step(at, number)).collect(),
    });
    let gone = plan.exists.iter().filter(|image| image.gone_at.is_some()).collect();
    let document =
        StatusDocument { schema: SCHEMA, id: &plan.id, done: plan.is_done(), images: images.collect(), gone };
    Masked::json(&document)
}

/// Where a plan stands: its images, layer by layer.
#[must_use]
pub fn status(plan: &Plan, path: &str) -> String {
    let mut out = String::new();
    let bold = Style::new().bold();
    let steps = plan.steps();
    let done = steps.clone().filter(|step| step.state() == StepState::Done).count();
    let activity = plan.activity.as_ref().map(|name| format!(" of activity {}", printable(name))).unwrap_or_default();
    let _ =
        writeln!(out, "{bold}Plan {}{activity}{bold:#}: {} of {} done", plan.id, done, count(steps.count(), "step"));
    for track in &plan.images {
        image(&mut out, track);
    }
    if !plan.is_done() {
        let file = shell_word(path);
        let _ = writeln!(out, "\n{bold}Next{bold:#}");
        command(&mut out, &format!("incfg run {file}"));
        let _ = writeln!(out, "  or by hand:");
        command(&mut out, &format!("incfg next {file}"));
    }
    out
}

fn image(out: &mut String, track: &Track) {
    let bold = Style::new().bold();
    let _ = writeln!(out, "\n{bold}{}{bold:#}  {}", printable(track.label()), printable(&track.result_name));
    let name = track.base_image.name.as_ref().map(|name| format!("  {}", printable(name))).unwrap_or_default();
    let _ = writeln!(out, "  begins with    {}{name}", track.base_image.id);
    let _ = writeln!(out, "                 {}", printable(&track.base_image.basis));
    let _ = writeln!(out, "  configuration  {}", printable(&track.configuration.name));
    let _ = writeln!(out, "  groups         {}", printable(&track.groups.join(", ")));
    if let Some(found) = &track.obstacle {
        obstacle(out, found);
    }
    let _ = writeln!(out, "  layer  state");
    for step in &track.steps {
        let (word, style) = state(step.state());
        for index in &step.layers {
            let layer = track.configuration.layers.get(*index as usize).map(|layer| layer.label()).unwrap_or_default();
            let _ = writeln!(out, "  {index:>5}  {style}{word:<8}{style:#}  {}", printable(&layer));
        }
        let Some(attempt) = step.attempts.last() else { continue };
        // Of a step that went well at once, its image is all there is to know.
        if step.state() != StepState::Done || attempt.number > 1 || !attempt.session_deleted {
            let _ = writeln!(out, "{:19}attempt {}, session {}", "", attempt.number, attempt.session);
        }
        if let Some(result) = step.result() {
            let _ = writeln!(out, "{:19}image {result}", "");
        }
        if let Some(result) = step.unchecked() {
            let _ = writeln!(out, "{:19}image {result}, which does not count yet: incfg next tells why", "");
        }
        for other in &attempt.other_images {
            let _ = writeln!(out, "{:19}image {other}, which its session named and the plan does not use", "");
        }
        if let Some(reason) = &attempt.reason {
            let _ = writeln!(out, "{:19}{}", "", printable(reason));
        }
        if let Some(log) = &attempt.log {
            let _ = writeln!(out, "{:19}log {}, beside the plan", "", printable(log));
        } else if step.state() == StepState::Failed && !attempt.session_deleted {
            let _ = writeln!(out, "{:19}no log is kept yet: incfg next tells of which containers there may be one", "");
        }
    }
}

fn state(state: StepState) -> (&'static str, Style) {
    match state {
        StepState::Todo => ("todo", Style::new().dimmed()),
        StepState::Intended => ("intended", AnsiColor::Yellow.on_default()),
        StepState::Created => ("created", AnsiColor::Yellow.on_default()),
        StepState::Done => ("done", AnsiColor::Green.on_default()),
        StepState::Failed => ("failed", AnsiColor::Red.on_default().bold()),
    }
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A command, on one line whatever its length: it is there to be copied. So one whose secret may not be printed is none.
fn command(out: &mut String, command: &str) {
    if secret::is_in(command) || command.contains(secret::MASK) {
        let _ = writeln!(out, "      ({NOT_PRINTED})");
        return;
    }
    let style = AnsiColor::Cyan.on_default();
    let _ = writeln!(out, "      {style}{command}{style:#}");
}

/// Steps with their numbers, their commands and what to know about them.
fn numbered(out: &mut String, steps: &[Step]) {
    for (at, step) in steps.iter().enumerate() {
        let _ = writeln!(out, " {}. {}", at + 1, step.says);
        for line in &step.commands {
            command(out, line);
        }
        if let Some(note) = &step.note {
            let _ = writeln!(out, "    {note}");
        }
    }
}

/// What stands in the way of an image.
fn obstacle(out: &mut String, found: &Obstacle) {
    let red = AnsiColor::Red.on_default().bold();
    let mut lines = found.why.lines();
    let first = printable(lines.next().unwrap_or_default());
    let _ = writeln!(out, "  {red}in the way{red:#}     as found at {}: {first}", printable(&found.found_at));
    for line in lines {
        let _ = writeln!(out, "                 {}", printable(line));
    }
}

/// The commands that delete a session and say so to the plan. One that failed, or was given up, may have named an image
/// since: that is looked at first.
pub(super) fn deletion(plan: &Plan, attempt: &Attempt, path: &str) -> Vec<String> {
    let session = &attempt.session;
    let look = CrayCommand::describe_session(plan.target.cfs, session);
    let look = (attempt.state == AttemptState::Failed).then(|| handed_over(&look, path));
    let delete = CrayCommand::delete_session(plan.target.cfs, session).in_shell();
    // A login page is no error: only that CFS does not find it says that it is gone.
    let gone = CrayCommand::describe_session(plan.target.cfs, session).in_shell();
    let told = format!("incfg record {} --deleted {session}", shell_word(path));
    let delete = format!("{delete}; {gone} 2>&1 | grep -q 'Session {session} could not be found' && {told}");
    look.into_iter().chain([delete]).collect()
}

/// A command whose answer incfg takes in.
fn handed_over(words: &CrayCommand, path: &str) -> String {
    format!("{} | incfg record {} -", words.in_shell(), shell_word(path))
}
