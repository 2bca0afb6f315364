//! Every command of a run, in the order in which it would be issued.

use std::fmt::Write;
use std::path::Path;

use anstyle::Style;

use crate::plan::command::{Container, CrayCommand, in_shell, log_file, log_words};
use crate::plan::step::{At, Doing};
use crate::plan::{Attempt, AttemptState, Look, Plan, StepState};

use super::{command, printable, shell_word};

/// A run, as it would be made.
#[derive(Debug, Clone, Copy)]
pub struct Rehearsal<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its file.
    pub path: &'a Path,
    /// The program `cray`.
    pub cray: &'a str,
    /// The program that prints the log of a container.
    pub kubectl: &'a str,
    /// The last step to do.
    pub until: Option<At>,
    /// Leave the sessions there.
    pub keep_sessions: bool,
}

/// Every command of a run that meets no fault, and those for the log of a session that fails. A result that is not known
/// yet stands as a word that says so; a session is described again and again until it is over.
#[must_use]
pub fn rehearsal(run: &Rehearsal<'_>) -> String {
    let mut out = String::new();
    let deletable = run.plan.deletable();
    if !deletable.is_empty() && run.plan.is_done() {
        title(&mut out, "Images that the bootprep file is to use", "");
        run.pins(&mut out);
    }
    if !deletable.is_empty() && !run.keep_sessions {
        title(&mut out, "Sessions that are of no more use", "");
        deletable.iter().for_each(|attempt| run.deletion(&mut out, attempt));
    }
    let steps = run.plan.open().into_iter().flat_map(|open| {
        let steps = open.step..run.plan.get(open).0.steps.len();
        steps.map(move |step| At { track: open.track, step })
    });
    let steps: Vec<At> = steps.filter(|at| run.until.is_none_or(|until| *at <= until)).collect();
    let through = run.until.is_none_or(|until| {
        run.plan.open().iter().all(|open| {
            until.track > open.track || {
                until.track == open.track && until.step + 1 == run.plan.get(*open).0.steps.len()
            }
        })
    });
    for (number, at) in steps.iter().enumerate() {
        run.step(&mut out, *at, through && number + 1 == steps.len());
    }
    out
}

fn title(out: &mut String, text: &str, more: &str) {
    let bold = Style::new().bold();
    let _ = writeln!(out, "{bold}{}{bold:#}{more}", printable(text));
}

impl Rehearsal<'_> {
    fn cray(&self, out: &mut String, words: &CrayCommand) {
        command(out, &in_shell(&shell_word(self.cray), &words.words));
    }

    fn step(&self, out: &mut String, at: At, last: bool) {
        let (plan, cfs) = (self.plan, self.plan.target.cfs);
        let (track, step) = plan.get(at);
        let doing = plan.doing(at);
        title(out, &step.id, if step.state() == StepState::Todo { "" } else { ", goes on" });
        let base = match at.step.checked_sub(1).and_then(|before| track.steps.get(before)) {
            Some(before) if before.result().is_none() => format!("RESULT_OF_{}", before.id),
            _ => track.current().to_string(),
        };
        let attempt = plan.attempt(at).unwrap_or_else(|| plan.next_attempt(at, track.current()));
        let failed = step.attempts.iter().filter(|attempt| attempt.state == AttemptState::Failed);
        if let Some(silent) = failed.clone().next_back().filter(|last| last.log.is_none() && !last.session_deleted) {
            self.log(out, &silent.session, "");
        }
        let session = CrayCommand::describe_session(cfs, &attempt.session);
        let configuration = CrayCommand::describe_configuration(cfs, &track.configuration.name);
        let checks = [CrayCommand::describe_image(&base), configuration.clone()];
        let create = CrayCommand::create_session(plan, at, &attempt, &base);
        match doing {
            Doing::Begin => checks.iter().chain([&session, &create]).for_each(|words| self.cray(out, words)),
            Doing::Resolve => {
                [&session].into_iter().chain(&checks).chain([&create]).for_each(|words| self.cray(out, words))
            }
            Doing::Follow => {}
        }
        self.cray(out, &session);
        self.log(
            out,
            &attempt.session,
            "  # if it fails; then that of -c git-clone, inventory or teardown, where that one says why",
        );
        for look in [Look::Configuration, Look::Image] {
            let result = step.unchecked().map_or_else(|| format!("RESULT_OF_{}", step.id), ToString::to_string);
            let words = match look {
                Look::Configuration => configuration.clone(),
                Look::Image => CrayCommand::describe_image(&result),
            };
            self.cray(out, &words);
        }
        if last {
            self.pins(out);
        }
        if !self.keep_sessions {
            let left = failed.filter(|attempt| attempt.log.is_none() && !attempt.session_deleted);
            left.chain([&attempt]).for_each(|attempt| self.deletion(out, attempt));
        }
    }

    fn pins(&self, out: &mut String) {
        let pins = self.plan.exists.iter().filter(|image| image.gone_at.is_none());
        pins.for_each(|image| self.cray(out, &CrayCommand::describe_image(image.id.as_str())));
    }

    /// Whether a session is gone only a look at it tells. One that failed is looked at before it is deleted, too.
    fn deletion(&self, out: &mut String, attempt: &Attempt) {
        let cfs = self.plan.target.cfs;
        let look = CrayCommand::describe_session(cfs, &attempt.session);
        if attempt.state == AttemptState::Failed {
            self.cray(out, &look);
        }
        self.cray(out, &CrayCommand::delete_session(cfs, &attempt.session));
        self.cray(out, &look);
    }

    fn log(&self, out: &mut String, session: &str, when: &str) {
        let words = in_shell(&shell_word(self.kubectl), &log_words(session, Container::Ansible));
        let file = self.path.with_file_name(log_file(self.path, session, Container::Ansible));
        command(out, &format!("{words} > {}{when}", shell_word(&file.display().to_string())));
    }
}
