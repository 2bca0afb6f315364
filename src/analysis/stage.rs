//! Stages and sessions, from every text that tells of their workflow; and what the state has of earlier stages.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::evidence::Place;
use crate::input::Kind;
use crate::iuf::{IufText, may_be_cut};

use super::reading::{State, Texts};
use super::run::{Run, Trust};
use super::{Places, Stage, stamp_text};

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
    pub(super) fn shown(self, shown: &Places<'_>, sessions: &Sessions) -> Stage {
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
    for stage in texts.iuf.iter().flat_map(|(_, text)| &text.stages) {
        let known = joined.iter_mut().find(|known| known.workflow.is_some() && known.workflow == stage.workflow);
        if let Some(known) = known {
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
pub(super) fn attach_states(runs: &mut [Run], states: &[State], stages: &[JoinedStage], texts: &[(Kind, IufText)]) {
    for state in states {
        let began = state_moment(state, stages, texts);
        for (operation, report) in &state.reports {
            let before = |run: &&mut Run| {
                run.operation.as_deref() == Some(operation)
                    && run.status.as_deref().is_none_or(|status| status == "Succeeded")
                    && began.is_none_or(|began| run.stamp.is_none_or(|stamp| stamp < began))
            };
            if let Some(run) = runs.iter_mut().rev().find(before) {
                run.sources.push((Trust::State, report.clone()));
            }
        }
    }
}

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
}

impl Sessions {
    pub(super) fn new(texts: &Texts) -> Self {
        let mut by_workflow = texts.sessions.clone();
        let workflows = texts
            .iuf
            .iter()
            .flat_map(|(_, text)| {
                text.stages.iter().map(|stage| &stage.workflow).chain(text.steps.iter().map(|step| &step.workflow))
            })
            .flatten();
        for workflow in workflows {
            for state in &texts.states {
                if let (Some(stem), Some(session)) = (&state.stem, &state.state.session)
                    && stem.starts_with(workflow.as_str())
                {
                    by_workflow.insert(workflow.clone(), session.clone());
                }
            }
        }
        let mut full: Vec<String> = texts.iuf.iter().flat_map(|(_, text)| text.sessions.iter().cloned()).collect();
        full.sort_unstable();
        full.dedup();
        Self { by_workflow, full }
    }

    /// The full name; nothing where a name may be cut and two would fit.
    pub(super) fn full(&self, session: Option<&str>, workflow: Option<&str>) -> Option<String> {
        if let Some(known) = workflow.and_then(|workflow| self.by_workflow.get(workflow)) {
            return Some(known.clone());
        }
        let session = session?;
        if !may_be_cut(session) {
            return Some(session.to_owned());
        }
        let mut fitting = self.full.iter().filter(|full| full.starts_with(session));
        fitting.next().filter(|_| fitting.next().is_none()).cloned()
    }
}
