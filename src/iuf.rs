//! One text of the `iuf` command, read as a whole: an `install.log`, or a captured console.

pub mod state;
mod steps;

use chrono::{DateTime, Utc};
use foldhash::{HashMap, HashSet};

use crate::argo::{self, PodNames, SAT_STEP};
use crate::evidence::Place;
use crate::fact::Fact;
use crate::limits;
use crate::line::COLUMN_WIDTH;
use crate::positions::Positions;
use crate::sat::{Placed, SatText};
use crate::statement::Statement;
use steps::StepPositions;

/// Everything one text of `iuf` says.
#[derive(Debug, Clone, Default)]
pub struct IufText {
    /// The activity, by the best line that names it.
    pub activity: Option<Placed<String>>,
    /// Where this run of `iuf` wrote its logs.
    pub log_directory: Option<Placed<String>>,
    /// The stages, in order; one per workflow.
    pub stages: Vec<StageText>,
    /// The SAT steps, in order.
    pub steps: Vec<StepText>,
    /// Operations that run SAT, and how they ended.
    pub operations: Vec<OperationText>,
    /// Other steps that failed, with the operation, product or hook they belong to.
    pub failed_steps: Vec<FailedStep>,
    /// Sessions named in full.
    pub sessions: Vec<String>,
    /// `iuf` ended without having come to its end.
    pub giving_up: Option<Place>,
    /// Outputs of earlier stages, as they stood before a workflow began.
    pub outputs: Vec<Placed<String>>,
    /// Facts dropped because there were more than incfg keeps.
    pub dropped: u64,
    /// The form of CSM 1.4, which has no bracket column.
    pub without_column: bool,
    /// Whether any line has a column: then one without is iuf's own.
    has_column: bool,
    /// How often a session of this name began.
    pub sessions_begun: HashMap<String, usize>,
    session: Option<Placed<String>>,
    workflow: Option<String>,
    operation: Option<String>,
    /// Pods of which Argo stored a log, by their workflow and operation: the first of each.
    saved: HashMap<(String, &'static str), (String, Place)>,
    saved_pods: HashSet<String>,
    names: Option<PodNames>,
    step_positions: StepPositions,
    stage_names: Positions<Option<String>>,
    /// The first stage of each workflow.
    stage_workflows: HashMap<String, usize>,
    operation_positions: HashMap<(String, Option<String>), usize>,
    known_sessions: HashSet<String>,
    /// Where failed steps stand in their list, by what they are of and their names.
    failed_positions: HashMap<(String, String), usize>,
}

/// A stage.
#[derive(Debug, Clone)]
pub struct StageText {
    /// Its name.
    pub stage: Option<String>,
    /// Its session, as the text names it: perhaps cut.
    pub session: Option<String>,
    /// Its workflow.
    pub workflow: Option<String>,
    /// How it ended.
    pub status: Option<String>,
    /// When the line that begins it was written.
    pub started_at: Option<DateTime<Utc>>,
    /// When the line that ends it was written.
    pub ended_at: Option<DateTime<Utc>>,
    /// The lines that begin and end it.
    pub places: Vec<Place>,
}

/// A step that runs SAT.
#[derive(Debug, Clone)]
pub struct StepText {
    /// Its operation.
    pub operation: Option<String>,
    /// The number of a retried step.
    pub attempt: Option<u32>,
    /// Its workflow.
    pub workflow: Option<String>,
    /// Its session, as the text names it: perhaps cut.
    pub session: Option<String>,
    /// How it ended.
    pub status: Option<Placed<String>>,
    /// Where its log is: an S3 key or a path, as logged.
    pub location: Option<Placed<String>>,
    /// When its first line was written.
    pub first_stamp: Option<DateTime<Utc>>,
    /// When the line that ends it was written.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its first line.
    pub first: Place,
    /// What its pod printed, as far as it was relayed.
    pub relayed: Option<Box<SatText>>,
}

/// An operation, and how it ended.
#[derive(Debug, Clone)]
pub struct OperationText {
    /// Its name.
    pub operation: String,
    /// Its workflow.
    pub workflow: Option<String>,
    /// How it ended.
    pub status: Option<String>,
    /// The last line about it.
    pub place: Place,
}

/// A step other than SAT's that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedStep {
    /// The operation, product or hook it belongs to.
    pub of: String,
    /// Its name.
    pub step: String,
    /// How it ended.
    pub status: String,
    /// The line.
    pub place: Place,
    /// Where its log is.
    pub log: Option<String>,
}

/// The width left for a session in its column: a session that long may be cut.
const SESSION_WIDTH: usize = COLUMN_WIDTH - "IUF SESSION: ".len();

/// Whether a session, as a column names it, may be cut.
#[must_use]
pub fn may_be_cut(session: &str) -> bool {
    session.len() >= SESSION_WIDTH
}

impl StageText {
    /// Takes one more line in: the first ones are kept, and the last.
    fn stands_at(&mut self, place: Place) {
        self.places.truncate(limits::EVIDENCE_PLACES - 1);
        self.places.push(place);
    }
}

impl IufText {
    /// Whether the text says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.activity.is_none()
            && self.log_directory.is_none()
            && self.stages.is_empty()
            && self.steps.is_empty()
            && self.operations.is_empty()
    }

    /// How pods are named in this release.
    #[must_use]
    pub fn pod_names(&self) -> PodNames {
        self.names.unwrap_or(if self.without_column { PodNames::Plain } else { PodNames::WithTemplate })
    }

    /// The pod of a step's log that the executor of Argo says it stored, where it can only be this step's.
    #[must_use]
    pub fn saved_pod(&self, workflow: &str, operation: &str) -> Option<(&str, Place)> {
        let operation = argo::OPERATIONS.iter().find(|(name, _)| *name == operation)?.0;
        let (pod, place) = self.saved.get(&(workflow.to_owned(), operation))?;
        Some((pod.as_str(), *place))
    }

    /// Takes one more statement in.
    pub fn take(&mut self, statement: Statement<'_>) {
        let place = statement.place;
        self.has_column |= statement.column.is_some();
        match &statement.fact {
            Fact::Arguments { activity } | Fact::Activity { activity } => {
                if self.activity.is_none() {
                    self.activity = Some((activity.to_string(), place));
                }
            }
            Fact::LogDirectory { directory } => self.log_directory = Some((directory.to_string(), place)),
            Fact::Session { session } => {
                self.session = Some((session.to_string(), place));
                if self.sessions_begun.len() < limits::ACTIVITY_ITEMS {
                    *self.sessions_begun.entry(session.to_string()).or_default() += 1;
                }
            }
            Fact::SessionFull { session } => {
                if self.sessions.len() < limits::ACTIVITY_ITEMS && self.known_sessions.insert(session.to_string()) {
                    self.sessions.push(session.to_string());
                }
            }
            Fact::StageBegin { stage, workflow } => self.stage_begins(stage, workflow.as_deref(), &statement),
            Fact::Workflow { workflow } => self.workflow_named(workflow, &statement),
            Fact::StageEnd { stage, status } => self.stage_ends(stage.as_deref(), status, &statement),
            Fact::StepBegin { step } => self.step_begins(step, &statement),
            Fact::StepEnd { step, status } => self.step_ends(step, status, &statement),
            Fact::LogFile { step, location } => self.step_has_log(step, location, &statement),
            Fact::GivingUp { .. } => self.giving_up = Some(place),
            Fact::Outputs { json } => {
                if self.outputs.len() < limits::OUTPUTS && json.contains("script_stdout") {
                    self.outputs.push((json.to_string(), place));
                }
            }
            Fact::LogSaved { workflow, pod } => {
                if let Some(operation) = argo::operation_of(workflow, pod)
                    && self.saved_pods.len() < limits::ACTIVITY_ITEMS
                    && self.saved_pods.insert(pod.to_string())
                {
                    self.saved.entry((workflow.to_string(), operation)).or_insert_with(|| (pod.to_string(), place));
                }
            }
            Fact::Nothing {} | Fact::Command { .. } => {}
            _ => self.relayed(statement),
        }
    }

    /// Ends the reading.
    pub fn finish(&mut self) {
        self.steps.iter_mut().filter_map(|step| step.relayed.as_mut()).for_each(|text| text.finish());
    }

    fn stage_begins(&mut self, stage: &str, workflow: Option<&str>, statement: &Statement<'_>) {
        self.without_column |= statement.column.is_none();
        if let Some(workflow) = workflow {
            self.workflow = Some(workflow.to_owned());
        }
        if let Some(at) = workflow.and_then(|workflow| self.stage_workflows.get(workflow)).copied()
            && let Some(known) = self.stages.get_mut(at)
        {
            self.stage_names.remove(&known.stage, at);
            known.stage = Some(stage.to_owned());
            self.stage_names.insert(known.stage.clone(), at);
            return;
        }
        self.add_stage(StageText {
            stage: Some(stage.to_owned()),
            session: self.session.as_ref().map(|(session, _)| session.clone()),
            workflow: workflow.map(str::to_owned),
            status: None,
            started_at: statement.stamp,
            ended_at: None,
            places: vec![statement.place],
        });
        self.operation = None;
    }

    fn add_stage(&mut self, stage: StageText) {
        if self.stages.len() >= limits::ACTIVITY_ITEMS {
            self.dropped += 1;
            return;
        }
        let at = self.stages.len();
        self.stage_names.insert(stage.stage.clone(), at);
        if let Some(workflow) = &stage.workflow {
            self.stage_workflows.entry(workflow.clone()).or_insert(at);
        }
        self.stages.push(stage);
    }

    fn workflow_named(&mut self, workflow: &str, statement: &Statement<'_>) {
        self.workflow = Some(workflow.to_owned());
        if statement.level == Some(crate::line::Level::Info)
            && let Some(stage) = self.stages.last_mut().filter(|stage| stage.workflow.is_none())
        {
            stage.workflow = Some(workflow.to_owned());
            stage.stands_at(statement.place);
            let last = self.stages.len().saturating_sub(1);
            self.stage_workflows.entry(workflow.to_owned()).or_insert(last);
        }
    }

    fn stage_ends(&mut self, stage: Option<&str>, status: &str, statement: &Statement<'_>) {
        let known = match stage {
            None => self.stages.last_mut(),
            Some(stage) => self.stage_names.last(&Some(stage.to_owned())).and_then(|at| self.stages.get_mut(at)),
        };
        if let Some(known) = known {
            known.status = Some(status.to_owned());
            known.ended_at = statement.stamp;
            known.stands_at(statement.place);
        } else if let Some(stage) = stage {
            self.add_stage(StageText {
                stage: Some(stage.to_owned()),
                session: self.session.as_ref().map(|(session, _)| session.clone()),
                workflow: self.workflow.clone(),
                status: Some(status.to_owned()),
                started_at: None,
                ended_at: statement.stamp,
                places: vec![statement.place],
            });
        }
    }

    fn step_begins(&mut self, step: &str, statement: &Statement<'_>) {
        if argo::is_operation(step) {
            self.operation = Some(step.to_owned());
            self.operation_seen(step, None, statement.place);
        }
        if let Some(attempt) = sat_step(step) {
            let goes_on = self.workflow.is_some();
            match self.step_mut(attempt, statement).filter(|step| step.status.is_none() || goes_on) {
                Some(step) => step.first_stamp = step.first_stamp.or(statement.stamp),
                None => _ = self.add_step(attempt, statement),
            }
        }
    }

    fn step_ends(&mut self, step: &str, status: &str, statement: &Statement<'_>) {
        if argo::is_operation(step) {
            self.operation_seen(step, Some(status), statement.place);
        }
        let Some(attempt) = sat_step(step) else {
            self.step_failed(step, status, statement);
            return;
        };
        // Without a workflow line, a step whose log is known is over: this is the end of another one.
        let is_of_it = |step: &StepText| self.workflow.is_some() || step.location.is_none();
        let at = self.step_at(attempt, statement).filter(|at| self.steps.get(*at).is_some_and(is_of_it));
        let at = at.or_else(|| self.add_step(attempt, statement));
        if let Some(step) = at.and_then(|at| self.steps.get_mut(at)) {
            step.status = Some((status.to_owned(), statement.place));
            step.ended_at = statement.stamp.or(step.ended_at);
        }
    }

    fn step_has_log(&mut self, step: &str, location: &str, statement: &Statement<'_>) {
        if self.names.is_none() {
            self.names = self.names_in(location);
        }
        let Some(attempt) = sat_step(step) else {
            let column = statement.column.as_deref().unwrap_or_default();
            let at = self.failed_positions.get(&(column.to_owned(), step.to_owned()));
            if let Some(failed) = at.and_then(|at| self.failed_steps.get_mut(*at)) {
                failed.log = Some(location.to_owned());
            }
            return;
        };
        let fits =
            |known: &StepText| known.location.as_ref().is_none_or(|(known, _)| argo_pod(known) == argo_pod(location));
        let at = self.step_at(attempt, statement).filter(|at| self.steps.get(*at).is_some_and(fits));
        let Some(at) = at.or_else(|| self.add_step(attempt, statement)) else { return };
        if let Some((workflow, _)) = argo::parse_key(location)
            && self.steps.get(at).is_some_and(|step| step.workflow.as_deref() != Some(workflow))
        {
            self.change_step(at, |step| step.workflow = Some(workflow.to_owned()));
        }
        if let Some(step) = self.steps.get_mut(at) {
            step.location = step.location.take().or_else(|| Some((location.to_owned(), statement.place)));
        }
    }

    fn step_failed(&mut self, step: &str, status: &str, statement: &Statement<'_>) {
        let of = statement.column.as_deref().unwrap_or_default().to_owned();
        let above = step == of || argo::is_operation(step) || step.starts_with('[');
        if !matches!(status, "Failed" | "Error") || above {
            return;
        }
        let key = (of.clone(), step.to_owned());
        if self.failed_steps.len() < limits::ACTIVITY_ITEMS && !self.failed_positions.contains_key(&key) {
            self.failed_positions.insert(key, self.failed_steps.len());
            let (step, status) = (step.to_owned(), status.to_owned());
            self.failed_steps.push(FailedStep { of, step, status, place: statement.place, log: None });
        }
    }

    /// Another pod of the workflow tells how pods are named.
    fn names_in(&self, location: &str) -> Option<PodNames> {
        let pod = argo_pod(location)?;
        let workflow = argo::parse_key(location).map(|(workflow, _)| workflow).or(self.workflow.as_deref())?;
        let rest = pod.strip_prefix(workflow)?.strip_prefix('-')?;
        Some(if rest.bytes().all(|byte| byte.is_ascii_digit()) { PodNames::Plain } else { PodNames::WithTemplate })
    }

    fn operation_seen(&mut self, operation: &str, status: Option<&str>, place: Place) {
        let key = (operation.to_owned(), self.workflow.clone());
        match self.operation_positions.get(&key) {
            Some(at) => {
                if let (Some(status), Some(known)) = (status, self.operations.get_mut(*at)) {
                    (known.status, known.place) = (Some(status.to_owned()), place);
                }
            }
            None if self.operations.len() >= limits::ACTIVITY_ITEMS => self.dropped += 1,
            None => {
                let (operation, workflow) = key.clone();
                self.operation_positions.insert(key, self.operations.len());
                self.operations.push(OperationText { operation, workflow, status: status.map(str::to_owned), place });
            }
        }
    }

    fn operation_for<'s>(&'s self, statement: &'s Statement<'_>) -> Option<&'s str> {
        match &statement.column {
            Some(column) => Some(column),
            None => self.operation.as_deref().filter(|_| !self.has_column),
        }
    }

    fn step_at(&self, attempt: Option<u32>, statement: &Statement<'_>) -> Option<usize> {
        self.step_positions.last_attempt(self.operation_for(statement), attempt, self.workflow.as_deref())
    }

    fn step_mut(&mut self, attempt: Option<u32>, statement: &Statement<'_>) -> Option<&mut StepText> {
        self.step_at(attempt, statement).and_then(|at| self.steps.get_mut(at))
    }

    /// Changes what a step is known by.
    fn change_step(&mut self, at: usize, change: impl FnOnce(&mut StepText)) {
        if let Some(step) = self.steps.get_mut(at) {
            self.step_positions.forget(step, at);
            change(step);
            self.step_positions.note(step, at);
        }
    }

    fn add_step(&mut self, attempt: Option<u32>, statement: &Statement<'_>) -> Option<usize> {
        if self.steps.len() >= limits::ACTIVITY_ITEMS {
            self.dropped += 1;
            return None;
        }
        let step = StepText {
            operation: self.operation_for(statement).map(str::to_owned),
            attempt,
            workflow: self.workflow.clone(),
            session: self.session.as_ref().map(|(session, _)| session.clone()),
            status: None,
            location: None,
            first_stamp: statement.stamp,
            ended_at: None,
            first: statement.place,
            relayed: None,
        };
        let at = self.steps.len();
        self.step_positions.note(&step, at);
        self.steps.push(step);
        Some(at)
    }

    /// Text of a pod goes to the SAT step of its operation that began last: pods of other steps print nothing that a
    /// grammar of SAT takes, and text may come after the end of its step.
    fn relayed(&mut self, statement: Statement<'_>) {
        if statement.column.is_none() && self.has_column {
            return;
        }
        let named = match &statement.fact {
            Fact::ScriptBegin { operation, .. } | Fact::ScriptSkipped { operation } if statement.column.is_none() => {
                Some(&**operation)
            }
            _ => None,
        };
        let operation = named.or_else(|| self.operation_for(&statement));
        let Some(operation) = operation.filter(|operation| argo::is_operation(operation)) else { return };
        let at = self.step_positions.last_of(operation);
        let unnamed = |text: &Self, at: usize| text.steps.get(at).is_some_and(|step| step.operation.is_none());
        let operation = at.is_none_or(|at| unnamed(self, at)).then(|| operation.to_owned());
        let at = at.or_else(|| tells_of_sat(&statement.fact).then(|| self.add_step(None, &statement)).flatten());
        let Some(at) = at else { return };
        if let Some(operation) = operation.filter(|_| unnamed(self, at)) {
            self.change_step(at, |step| step.operation = Some(operation));
        }
        if let Some(step) = self.steps.get_mut(at) {
            step.relayed.get_or_insert_default().take(statement);
        }
    }
}

/// Only lines that no other pod prints may stand for a step whose beginning was lost.
fn tells_of_sat(fact: &Fact<'_>) -> bool {
    !matches!(
        fact,
        Fact::Error { .. }
            | Fact::Traceback {}
            | Fact::Exception { .. }
            | Fact::ReportGroup { .. }
            | Fact::ReportSection { .. }
            | Fact::ReportName { .. }
            | Fact::ReportConfiguration { .. }
    )
}

/// `Some` for the display name of a SAT step: the number of a retried one inside.
fn sat_step(step: &str) -> Option<Option<u32>> {
    let rest = step.strip_prefix(SAT_STEP)?;
    if rest.is_empty() {
        return Some(None);
    }
    rest.strip_prefix('(')?.strip_suffix(')')?.parse().ok().map(Some)
}

/// The pod of a log's location, in either form.
#[must_use]
pub fn argo_pod(location: &str) -> Option<&str> {
    argo::parse_key(location).map(|(_, pod)| pod).or_else(|| argo::pod_of_file(location))
}
