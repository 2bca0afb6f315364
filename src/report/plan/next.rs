//! The commands of the next step, and of the whole plan, for a person to copy.

use std::fmt::Write;

use anstyle::Style;

use crate::plan::command::{CrayCommand, log_words};
use crate::plan::step::{At, Doing};
use crate::plan::{Attempt, AttemptState, Plan, StepState};
use crate::report::steps::Step;

use super::{command, cray, numbered, printable, shell_word};

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
    let cfs = plan.target.cfs;
    let title = format!(
        "Step {}: {} of {} on image {}, attempt {}",
        step.id,
        step.layers_in_words(),
        printable(&track.configuration.name),
        attempt.base_id,
        attempt.number
    );
    let mut by_hand = ByHand { title, failed: None, steps: Vec::new(), after: Vec::new() };
    let steps = &mut by_hand.steps;
    let hand_over = |words: &CrayCommand| format!("{} | incfg record {} -", cray(words), shell_word(path));
    if let Some(failed) = step.attempts.last().filter(|attempt| attempt.state == AttemptState::Failed) {
        by_hand.failed = Some(format!(
            "Attempt {} failed: {}",
            failed.number,
            printable(failed.reason.as_deref().unwrap_or("no reason was recorded"))
        ));
        if !failed.session_deleted {
            let words: Vec<String> = log_words(&failed.session).iter().map(|word| shell_word(word)).collect();
            steps.push(Step::new(
                "Keep the log of the session that failed, if that is not done yet, and delete the session:",
                [
                    format!("kubectl {} > {}.log", words.join(" "), failed.session),
                    cray(&CrayCommand::delete_session(cfs, &failed.session)),
                ],
            ));
        }
    }
    if let Some(session) = left_by_last_step(plan, at) {
        steps.push(Step::new(
            "Delete the session of the step before, if that is not done yet; its image is in the plan:",
            [cray(&CrayCommand::delete_session(cfs, &session))],
        ));
    }
    let doing = plan.doing(at);
    if let Some(result) = step.unchecked() {
        steps.push(Step::new(
            "Its session has made an image. It counts when it is in IMS and has a link; incfg says whether it is so:",
            [hand_over(&CrayCommand::describe_image(result.as_str()))],
        ));
        steps.push(Step::new(
            "When incfg has it, delete the session:",
            [cray(&CrayCommand::delete_session(cfs, &attempt.session))],
        ));
        by_hand.after.push(format!(
            "If the image cannot be used, make room for another attempt: incfg record {} --give-up {}",
            shell_word(path),
            attempt.session
        ));
        return Some(by_hand);
    }
    if doing == Doing::Begin {
        steps.push(Step::new(
            "The image is in IMS and has a link; incfg says whether it is so:",
            [hand_over(&CrayCommand::describe_image(attempt.base_id.as_str()))],
        ));
        steps.push(Step::new(
            "The configuration has the layers and commits of the plan; incfg compares them:",
            [hand_over(&CrayCommand::describe_configuration(cfs, &track.configuration.name))],
        ));
    }
    let create = match doing {
        Doing::Begin => Some("Create the session. An error 'Conflicting session name' means that it is there already:"),
        Doing::Resolve => {
            Some("The session was about to be created. Only if the next command says that it is not found, create it:")
        }
        Doing::Follow => None,
    };
    steps.extend(create.map(|says| {
        Step::new(says, [cray(&CrayCommand::create_session(plan, at, &attempt, attempt.base_id.as_str()))])
    }));
    steps.push(Step::new(
        "Ask until it is complete, which takes minutes to hours. incfg takes the answer in and says what follows:",
        [hand_over(&CrayCommand::describe_session(cfs, &attempt.session))],
    ));
    by_hand.after.push(
        "When the session has made its image, incfg asks for the image too. Then, and not before, the session may be deleted; incfg next says so."
            .into(),
    );
    if doing != Doing::Begin {
        by_hand.after.push(format!(
            "If it is stuck or gone, delete it, and make room for another attempt: incfg record {} --give-up {}",
            shell_word(path),
            attempt.session
        ));
    }
    Some(by_hand)
}

/// The session that the step before ended with, unless it is known to be gone.
fn left_by_last_step(plan: &Plan, at: At) -> Option<String> {
    let before = plan.get(at).0.steps.get(at.step.checked_sub(1)?)?.attempts.last()?;
    (!before.session_deleted).then(|| before.session.clone())
}

/// Every command of the rest of the plan, in order. A result that is not known yet stands as a word that says so.
#[must_use]
pub fn commands(plan: &Plan) -> String {
    let mut out = String::new();
    let bold = Style::new().bold();
    let cfs = plan.target.cfs;
    for open in plan.open() {
        let track = plan.get(open).0;
        let mut base = track.current().to_string();
        for step in open.step..track.steps.len() {
            let at = At { track: open.track, step };
            let content = plan.get(at).1;
            let attempt = plan.attempt(at).unwrap_or_else(|| plan.next_attempt(at, track.current()));
            let begun = if content.state() == StepState::Todo { "" } else { ", goes on" };
            let _ = writeln!(out, "{bold}{}{bold:#}{begun}", content.id);
            for words in step_commands(plan, at, &attempt, &base) {
                command(&mut out, &cray(&words));
            }
            base = format!("RESULT_OF_{}", content.id);
            let image = CrayCommand::describe_image(&base);
            command(&mut out, &cray(&image));
            command(&mut out, &cray(&CrayCommand::delete_session(cfs, &attempt.session)));
        }
    }
    out
}

fn step_commands(plan: &Plan, at: At, attempt: &Attempt, base: &str) -> Vec<CrayCommand> {
    let cfs = plan.target.cfs;
    let describe = CrayCommand::describe_session(cfs, &attempt.session);
    if plan.doing(at) == Doing::Follow {
        return vec![describe];
    }
    vec![
        CrayCommand::describe_image(base),
        CrayCommand::describe_configuration(cfs, &plan.get(at).0.configuration.name),
        CrayCommand::create_session(plan, at, attempt, base),
        describe,
    ]
}
