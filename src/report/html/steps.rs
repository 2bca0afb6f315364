//! What to do, on a page.

use serde::Serialize;

use crate::report::steps::Step;

use super::{Detail, Shown, more};

/// Steps, and how many more there are.
#[derive(Debug, Serialize)]
pub(super) struct Steps {
    steps: Vec<StepView>,
    more: Option<Shown>,
}

#[derive(Debug, Serialize)]
struct StepView {
    says: Shown,
    commands: Vec<Shown>,
    more: Option<Shown>,
    too_long: usize,
    note: Option<Shown>,
}

impl Steps {
    pub(super) fn new(steps: &[Step], detail: &Detail) -> Self {
        let shown = steps.iter().take(detail.rows).map(|step| StepView::new(step, detail)).collect();
        Self { steps: shown, more: more(steps.len(), detail.rows, "step") }
    }

    /// What the first step says, without the colon before its commands.
    pub(super) fn first(steps: &[Step], detail: &Detail) -> Option<Shown> {
        steps.first().map(|step| detail.text(step.says.trim_end_matches(':')))
    }
}

impl StepView {
    fn new(step: &Step, detail: &Detail) -> Self {
        let shown = step.commands.iter().take(detail.items);
        let commands: Vec<Shown> = shown.clone().filter_map(|command| detail.command(command)).collect();
        Self {
            says: detail.text(&step.says),
            too_long: shown.count() - commands.len(),
            more: more(step.commands.len(), detail.items, "command"),
            commands,
            note: step.note.as_ref().map(|note| detail.text(note)),
        }
    }
}
