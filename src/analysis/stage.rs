//! Stages and sessions, from every text that tells of their workflow; and what the state has of earlier stages.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::argo;
use crate::evidence::Place;
use crate::input::Kind;
use crate::iuf::{IufText, may_be_cut};
use crate::sat::SatText;

use super::reading::{State, Texts};
use super::run::{Run, Trust};
use super::{Places, Problem, Stage, stamp_text};

/// A stage, from every text that tells of its workflow.
pub(super) struct JoinedStage {
    stage: Option<String>,
    session: Option<String>,
    workflow: Option<String>,
    status: Option<String>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    places: Vec<Place>,
}

impl JoinedStage {
    pub(super) fn shown(self, shown: &Places, sessions: &Sessions) -> Stage {
        Stage {
            session: sessions.full(self.session.as_deref(), self.workflow.as_deref()),
            stage: self.stage,
            workflow: self.workflow,
            status: self.status,
            started_at: self.started_at.map(stamp_text),
            ended_at: self.ended_at.map(stamp_text),
            evidence: shown.evidence(self.places),
        }
    }
}

pub(super) fn stages(texts: &Texts) -> Vec<JoinedStage> {
    let mut joined: Vec<JoinedStage> = Vec::new();
    let mut by_workflow: HashMap<&str, usize> = HashMap::new();
    for stage in texts.iuf.iter().flat_map(|(_, text)| &text.stages) {
        let new = joined.len();
        let at = stage.workflow.as_deref().map_or(new, |workflow| *by_workflow.entry(workflow).or_insert(new));
        if let Some(known) = joined.get_mut(at) {
            known.status = known.status.take().or_else(|| stage.status.clone());
            known.started_at = known.started_at.into_iter().chain(stage.started_at).min();
            known.ended_at = known.ended_at.or(stage.ended_at);
            known.session = known.session.take().or_else(|| stage.session.clone());
            known.places.extend(&stage.places);
        } else {
            joined.push(JoinedStage {
                stage: stage.stage.clone(),
                session: stage.session.clone(),
                workflow: stage.workflow.clone(),
                status: stage.status.clone(),
                started_at: stage.started_at,
                ended_at: stage.ended_at,
                places: stage.places.clone(),
            });
        }
    }
    joined.sort_by_key(|stage| (stage.started_at.or(stage.ended_at).is_none(), stage.started_at.or(stage.ended_at)));
    joined
}

/// What the state has of earlier stages belongs to the newest run of the operation before that moment.
pub(super) fn attach_states(
    runs: &mut [Run],
    states: &[State],
    stages: &[JoinedStage],
    texts: &[(Kind, IufText)],
    problems: &mut Vec<Problem>,
) {
    for state in states {
        let began = state_moment(state, stages, texts);
        for (operation, report) in &state.reports {
            let before = |run: &&mut Run| {
                run.operation.as_deref() == Some(operation)
                    && run.status.as_deref().is_none_or(|status| status == "Succeeded")
                    && began.is_none_or(|began| run.stamp.is_none_or(|stamp| stamp < began))
            };
            match runs.iter_mut().rev().find(before) {
                Some(run) => run.add_source((Trust::State, Box::new(report.clone()))),
                None => problems.extend(report_without_run(operation, report)),
            }
        }
    }
}

/// A report of a run that no log at hand tells of.
fn report_without_run(operation: &str, report: &SatText) -> Option<Problem> {
    let (first, _) = report.extent?;
    let configurations = report.configurations.iter().map(|(name, _)| format!("configuration {name}"));
    let images = report
        .images()
        .iter()
        .filter_map(|image| Some(format!("image {} as {}", image.name, image.created.as_ref()?.0)));
    let made: Vec<String> = configurations.chain(images).take(REPORTED).collect();
    let message =
        format!("the state tells that an earlier {operation} made {}; no log at hand is of that run", made.join(", "));
    (!made.is_empty()).then(|| Problem::new("report-without-run", message, vec![first]))
}

/// Things named of such a report.
const REPORTED: usize = 12;

/// When the workflow began before which the state was taken.
fn state_moment(state: &State, stages: &[JoinedStage], texts: &[(Kind, IufText)]) -> Option<DateTime<Utc>> {
    if let Some(stem) = &state.stem {
        let of =
            |workflow: &Option<String>| workflow.as_ref().is_some_and(|workflow| stem.starts_with(workflow.as_str()));
        return stages.iter().find(|stage| of(&stage.workflow)).and_then(|stage| stage.started_at).or_else(|| {
            texts
                .iter()
                .flat_map(|(_, text)| &text.steps)
                .find(|step| of(&step.workflow))
                .and_then(|step| step.first_stamp)
        });
    }
    let line = state.line?;
    let after = |stage: &&JoinedStage| stage.places.iter().any(|place| place.file == state.file && place.line > line);
    stages.iter().filter(after).filter_map(|stage| stage.started_at).min()
}

/// Full names of sessions.
pub(super) struct Sessions {
    by_workflow: HashMap<String, String>,
    full: Vec<String>,
    /// Names under which two sessions began: the column cut them.
    ambiguous: HashSet<String>,
}

impl Sessions {
    pub(super) fn new(texts: &Texts) -> Self {
        let mut by_workflow = texts.sessions.clone();
        let stages = || texts.iuf.iter().flat_map(|(_, text)| &text.stages);
        let workflows = stages()
            .map(|stage| &stage.workflow)
            .chain(texts.iuf.iter().flat_map(|(_, text)| text.steps.iter().map(|step| &step.workflow)));
        for workflow in workflows.flatten() {
            let of = |state: &&State| state.stem.as_ref().is_some_and(|stem| stem.starts_with(workflow.as_str()));
            if let Some(session) = texts.states.iter().filter(of).find_map(|state| state.state.session.clone()) {
                by_workflow.insert(workflow.clone(), session);
            }
        }
        let begun = texts.iuf.iter().flat_map(|(_, text)| &text.sessions_begun);
        let ambiguous = begun.clone().filter(|(session, times)| may_be_cut(session) && **times > 1);
        let ambiguous: HashSet<String> = ambiguous.map(|(session, _)| session.clone()).collect();
        let mut full: Vec<String> = texts.iuf.iter().flat_map(|(_, text)| text.sessions.iter().cloned()).collect();
        full.extend(begun.filter(|(session, _)| !may_be_cut(session)).map(|(session, _)| session.clone()));
        full.sort_unstable();
        full.dedup();
        for stage in stages().filter(|stage| stage.session.as_ref().is_some_and(|session| !may_be_cut(session))) {
            if let (Some(workflow), Some(session)) = (&stage.workflow, &stage.session) {
                by_workflow.entry(workflow.clone()).or_insert_with(|| session.clone());
            }
        }
        Self { by_workflow, full, ambiguous }
    }

    /// The full name; nothing where a name may be cut and two would fit.
    pub(super) fn full(&self, session: Option<&str>, workflow: Option<&str>) -> Option<String> {
        if let Some(known) = workflow.and_then(|workflow| self.by_workflow.get(workflow)) {
            return Some(known.clone());
        }
        // A resumed command names no session. Its workflow begins with one that another log names.
        let Some(session) = session else {
            let workflow = workflow?;
            return session_of(workflow).find_map(|session| self.exact(session)).cloned();
        };
        if !may_be_cut(session) {
            return Some(session.to_owned());
        }
        if self.ambiguous.contains(session) {
            return None;
        }
        let first = self.full.partition_point(|full| full.as_str() < session);
        let mut fitting = self.full.iter().skip(first).take_while(|full| full.starts_with(session));
        fitting.next().filter(|_| fitting.next().is_none()).cloned()
    }

    fn exact(&self, session: &str) -> Option<&String> {
        let at = self.full.binary_search_by(|full| full.as_str().cmp(session)).ok()?;
        self.full.get(at)
    }
}

/// What stands in the name of a workflow before `-<stage>-` and the five letters that Kubernetes adds.
fn session_of(workflow: &str) -> impl Iterator<Item = &str> {
    let stem = workflow.rsplit_once('-').filter(|(_, suffix)| suffix.len() == 5).map(|(stem, _)| stem);
    argo::OPERATIONS.iter().filter_map(move |(_, stage)| stem?.strip_suffix(stage)?.strip_suffix('-'))
}
