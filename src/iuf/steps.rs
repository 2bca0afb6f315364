//! The SAT steps of an activity by what a line names of them.

use std::collections::BTreeSet;

use crate::positions::Positions;

use super::StepText;

/// The steps by what they are known by. Lines are about the one that began last.
#[derive(Debug, Clone, Default)]
pub(super) struct StepPositions {
    operations: Positions<String>,
    /// Steps of operations that are not known yet.
    of_none: BTreeSet<usize>,
    attempts: Positions<(Option<String>, Option<u32>)>,
    of_workflows: Positions<(Option<String>, Option<u32>, Option<String>)>,
}

impl StepPositions {
    /// What the step is known by is about to change.
    pub(super) fn forget(&mut self, step: &StepText, at: usize) {
        match &step.operation {
            Some(operation) => self.operations.remove(operation, at),
            None => _ = self.of_none.remove(&at),
        }
        self.attempts.remove(&(step.operation.clone(), step.attempt), at);
        self.of_workflows.remove(&(step.operation.clone(), step.attempt, step.workflow.clone()), at);
    }

    /// It has changed, or the step is new.
    pub(super) fn note(&mut self, step: &StepText, at: usize) {
        match &step.operation {
            Some(operation) => self.operations.insert(operation.clone(), at),
            None => _ = self.of_none.insert(at),
        }
        self.attempts.insert((step.operation.clone(), step.attempt), at);
        self.of_workflows.insert((step.operation.clone(), step.attempt, step.workflow.clone()), at);
    }

    /// The last step of an operation; of those of an unknown one, if it has none.
    pub(super) fn last_of(&self, operation: &str) -> Option<usize> {
        self.operations.last(operation).or_else(|| self.of_none.last().copied())
    }

    /// The last step of that operation and attempt in that workflow, or in one that is not known.
    pub(super) fn last_attempt(
        &self,
        operation: Option<&str>,
        attempt: Option<u32>,
        workflow: Option<&str>,
    ) -> Option<usize> {
        let operation = operation.map(str::to_owned);
        let Some(workflow) = workflow else { return self.attempts.last(&(operation, attempt)) };
        let mut key = (operation, attempt, Some(workflow.to_owned()));
        let known = self.of_workflows.last(&key);
        key.2 = None;
        known.max(self.of_workflows.last(&key))
    }
}
