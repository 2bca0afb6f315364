//! The commands of the next step, for a person to copy.

use std::fmt::Write;

use anstyle::Style;

use crate::image_id::ImageId;
use crate::plan::command::{Container, CrayCommand, in_shell, log_name, log_words};
use crate::plan::step::{At, Doing};
use crate::plan::{Attempt, AttemptState, Look, Plan};
use crate::report::steps::Step;

use super::{deletion, handed_over, numbered, obstacle, printable, shell_word};

/// What a command that deletes a session does beside that.
const TOLD: &str = "; the plan is told when cray does not find it any more";

/// The next step of an image by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByHand {
    /// The step, its layers and the image it begins with.
    pub title: String,
    /// How the attempt before failed.
    pub failed: Option<String>,
    /// What to type, in order.
    pub steps: Vec<Step>,
    /// What to expect, and what to do when it does not come.
    pub after: Vec<String>,
}

/// The next step of the plan by hand: what to type, and what to expect.
#[must_use]
pub fn next(plan: &Plan, at: At, path: &str) -> String {
    let mut out = String::new();
    let bold = Style::new().bold();
    let Some(by_hand) = by_hand(plan, at, path) else { return out };
    let (step, rest) = by_hand.title.split_once(": ").unwrap_or((&by_hand.title, ""));
    let _ = writeln!(out, "{bold}{step}{bold:#}: {rest}");
    if let Some(found) = &plan.get(at).0.obstacle {
        obstacle(&mut out, found);
    }
    if let Some(failed) = &by_hand.failed {
        let _ = writeln!(out, "{failed}");
    }
    numbered(&mut out, &by_hand.steps);
    for line in &by_hand.after {
        let _ = writeln!(out, "{line}");
    }
    let others: Vec<&str> =
        plan.open().iter().filter(|other| other.track != at.track).map(|other| plan.get(*other).0.label()).collect();
    if !others.is_empty() && plan.get(at).1.unchecked().is_none() {
        let _ = writeln!(out, "Open beside it: {}; --image shows their next steps.", printable(&others.join(", ")));
    }
    out
}

/// The next step of an image by hand; nothing while the image it begins with is not made.
#[must_use]
pub fn by_hand(plan: &Plan, at: At, path: &str) -> Option<ByHand> {
    let (track, step) = plan.get(at);
    let attempt = plan.attempt(at)?;
    let title = format!(
        "Step {}: {} of {} on image {}, attempt {}",
        printable(&step.id),
        step.layers_in_words(),
        printable(&track.configuration.name),
        attempt.base_id,
        attempt.number
    );
    let mut by_hand = ByHand { title, failed: None, steps: Vec::new(), after: Vec::new() };
    if let Some(failed) = step.attempts.last().filter(|attempt| attempt.state == AttemptState::Failed) {
        by_hand.failed = Some(format!(
            "Attempt {}{}: {}",
            failed.number,
            if failed.given_up { "" } else { " failed" },
            printable(failed.reason.as_deref().unwrap_or("no reason was recorded"))
        ));
        if !failed.session_deleted {
            by_hand.steps.extend(end_of_failed(plan, failed, path));
        }
    }
    if let Some(left) = left_by_last_step(plan, at) {
        by_hand.steps.push(Step::new(
            format!("Delete the session of the step before, its image is in the plan{TOLD}:"),
            deletion(plan, left, path),
        ));
    }
    match step.unchecked() {
        Some(result) => by_hand.until_the_image_counts(plan, at, &attempt, result, path),
        None => by_hand.until_the_session_is_over(plan, at, &attempt, path),
    }
    Some(by_hand)
}

impl ByHand {
    /// What is left to do with an image that the session has named.
    fn until_the_image_counts(&mut self, plan: &Plan, at: At, attempt: &Attempt, result: &ImageId, path: &str) {
        self.steps.push(Step::new(
            format!(
                "Its session has made image {result}. It counts when the configuration is still that of the plan, and the image is in IMS and has a link; incfg says whether it is so:"
            ),
            looks(plan, at, path),
        ));
        self.steps.push(Step::new(
            format!("When incfg says that the step is done, delete the session{TOLD}:"),
            deletion(plan, attempt, path),
        ));
        self.after.push(format!(
            "If the image cannot be used, make room for another attempt: incfg record {} --give-up {}",
            shell_word(path),
            attempt.session
        ));
    }

    /// The looks before the session, the session, and the wait for it: as much of that as is still to be done.
    fn until_the_session_is_over(&mut self, plan: &Plan, at: At, attempt: &Attempt, path: &str) {
        let doing = plan.doing(at);
        let cfs = plan.target.cfs;
        let base = attempt.base_id.as_str();
        if doing == Doing::Begin {
            self.steps.push(Step::new(
                "The image is in IMS and has a link; incfg says whether it is so:",
                [handed_over(&CrayCommand::describe_image(base), path)],
            ));
            let configuration = &plan.get(at).0.configuration.name;
            self.steps.push(Step::new(
                "The configuration has the layers and commits of the plan; incfg compares them:",
                [handed_over(&CrayCommand::describe_configuration(cfs, configuration), path)],
            ));
        }
        let create = match doing {
            Doing::Begin => {
                Some("Create the session. An error 'Conflicting session name' means that it is there already:")
            }
            Doing::Resolve => Some(
                "The session was about to be created. Only if the next command says that it is not found, create it:",
            ),
            Doing::Follow => None,
        };
        let created = || CrayCommand::create_session(plan, at, attempt, base).in_shell();
        self.steps.extend(create.map(|says| Step::new(says, [created()])));
        self.steps.push(Step::new(
            "Ask until it is complete, which takes minutes to hours. incfg takes the answer in and says what follows:",
            [handed_over(&CrayCommand::describe_session(cfs, &attempt.session), path)],
        ));
        self.after.push(
            "When the session has made its image, incfg asks for the configuration and the image too. Then, and not before, the session may be deleted; incfg next says so."
                .into(),
        );
        if doing != Doing::Begin {
            self.after.push(format!(
                "If it is stuck or gone, make room for another attempt: incfg record {} --give-up {}. Then incfg next says how to look at it once more before it is deleted.",
                shell_word(path),
                attempt.session
            ));
        }
    }
}

/// What is to be done with the session of an attempt that failed: its logs are kept, it is looked at once more, and it is
/// deleted.
fn end_of_failed(plan: &Plan, failed: &Attempt, path: &str) -> Vec<Step> {
    let log = |container: Container| {
        let command = in_shell("kubectl", &log_words(&failed.session, container));
        format!("{command} > {}", log_name(&failed.session, container))
    };
    let logs = failed.log.is_none().then(|| {
        Step::new(
            "Keep the logs of its session, if that is not done yet. Container ansible tells of a layer that failed; where no layer ran, git-clone or inventory says why, and where all passed, teardown:",
            Container::ALL.map(log),
        )
    });
    let why = if failed.given_up { "CFS had not said that it failed, so it may" } else { "It may, rarely," };
    let mut commands = deletion(plan, failed, path);
    let delete = commands.pop();
    let look = Step::new(
        format!(
            "Ask once more what has become of it. {why} have made an image since: incfg keeps that in the plan, and says so:"
        ),
        commands,
    );
    let delete = Step::new(format!("Then delete the session{TOLD}:"), delete);
    logs.into_iter().chain([look, delete]).collect()
}

/// The commands that make the image count which the session of a step has made.
#[must_use]
pub fn looks(plan: &Plan, at: At, path: &str) -> Vec<String> {
    let (track, step) = plan.get(at);
    let Some(result) = step.unchecked() else { return Vec::new() };
    let words = |look: &Look| match look {
        Look::Configuration => CrayCommand::describe_configuration(plan.target.cfs, &track.configuration.name),
        Look::Image => CrayCommand::describe_image(result.as_str()),
    };
    step.open_looks().iter().map(|look| handed_over(&words(look), path)).collect()
}

/// The session that the step before ended with, unless it is known to be gone.
fn left_by_last_step(plan: &Plan, at: At) -> Option<&Attempt> {
    let before = plan.get(at).0.steps.get(at.step.checked_sub(1)?)?.attempts.last()?;
    (!before.session_deleted).then_some(before)
}
