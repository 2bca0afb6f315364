//! The SAT steps of an activity by what a line names of them.

use crate::positions::Positions;

use super::StepText;

/// The steps by what they are known by. Lines are about the one that began last.
#[derive(Debug, Clone, Default)]
pub(super) struct StepPositions {
    operations: Positions<Option<String>>,
    attempts: Positions<(Option<String>, Option<u32>)>,
    of_workflows: Positions<(Option<String>, Option<u32>, Option<String>)>,
}

impl StepPositions {
    /// What the step is known by is about to change.
    pub(super) fn forget(&mut self, step: &StepText, at: usize) {
        self.operations.remove(&step.operation, at);
        self.attempts.remove(&(step.operation.clone(), step.attempt), at);
        self.of_workflows.remove(&(step.operation.clone(), step.attempt, step.workflow.clone()), at);
    }

    /// It has changed, or the step is new.
    pub(super) fn note(&mut self, step: &StepText, at: usize) {
        self.operations.insert(step.operation.clone(), at);
        self.attempts.insert((step.operation.clone(), step.attempt), at);
        self.of_workflows.insert((step.operation.clone(), step.attempt, step.workflow.clone()), at);
    }

    /// The last step of an operation.
    pub(super) fn last_of(&self, operation: &Option<String>) -> Option<usize> {
        self.operations.last(operation)
    }

    /// The last step of that operation and attempt in that workflow, or in one that is not known.
    pub(super) fn last_attempt(
        &self,
        operation: Option<String>,
        attempt: Option<u32>,
        workflow: Option<String>,
    ) -> Option<usize> {
        if workflow.is_none() {
            return self.attempts.last(&(operation, attempt));
        }
        let known = self.of_workflows.last(&(operation.clone(), attempt, workflow));
        known.max(self.of_workflows.last(&(operation, attempt, None)))
    }
}
