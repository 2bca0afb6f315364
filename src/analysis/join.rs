//! Joins the texts: one run per pod, from the best source of each fact, oldest first.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::argo::{self, PodNames};
use crate::evidence::{FileId, Place};
use crate::input::Kind;
use crate::iuf::{IufText, StepText, argo_pod, may_be_cut};
use crate::sat::SatText;

use super::assignment::{Assignment, assign, built_base};
use super::outcome::{layer_by_container, outcome, places};
use super::reading::{State, Texts};
use super::recovery::recoveries;
use super::{
    Analysis, Context, Image, ImageStatus, KeyBasis, Named, Places, Problem, SCHEMA, Said, SatRun, Stage, Warning,
    stamp_text,
};

/// A run of SAT while its sources are gathered.
#[derive(Default)]
pub(super) struct Run {
    pub(super) operation: Option<String>,
    pub(super) workflow: Option<String>,
    pub(super) pod: Option<String>,
    pub(super) session: Option<String>,
    pub(super) status: Option<String>,
    pub(super) basis: Option<KeyBasis>,
    local_log: Option<String>,
    places: Vec<Place>,
    stamp: Option<DateTime<Utc>>,
    /// Texts by how much they can be trusted: the log in S3, the copy beside install.log, what was relayed, the state.
    sources: Vec<(Trust, SatText)>,
    /// All sources as one.
    pub(super) text: SatText,
    pub(super) assignment: Option<Assignment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trust {
    Main,
    Argo,
    Relayed,
    Captured,
    State,
}

impl Run {
    pub(super) fn key(&self) -> Option<String> {
        Some(argo::key_of(self.workflow.as_deref()?, self.pod.as_deref()?))
    }

    /// Where the run comes in the order of runs: by time. A run of unknown time comes before all others, so that it never
    /// counts as the newest beside them; among its like it stays where its text was given.
    fn order(&self) -> (Option<DateTime<Utc>>, Option<Place>) {
        (self.stamp, self.places.first().copied().or(self.text.extent.map(|(first, _)| first)))
    }

    fn seen_at(&mut self, stamp: Option<DateTime<Utc>>) {
        self.stamp = match (self.stamp, stamp) {
            (Some(known), Some(stamp)) => Some(known.min(stamp)),
            (known, stamp) => known.or(stamp),
        };
    }
}

pub(super) fn join(mut texts: Texts, context: &Context) -> Analysis {
    let mut problems = std::mem::take(&mut texts.problems);
    for (path, kind) in std::mem::take(&mut texts.useless) {
        problems.push(Problem::new("input-not-used", format!("{path} {}", super::useless(kind)), Vec::new()));
    }
    problems.extend(
        context.unusable.iter().map(|why| {
            Problem::new("bootprep-unusable", format!("{why}. The logs are analysed without it"), Vec::new())
        }),
    );
    let stages = stages(&texts);
    let mut runs = runs(&mut texts, &mut problems);
    runs.sort_by_key(Run::order);
    attach_states(&mut runs, &texts.states, &stages, &texts.iuf);
    let sessions = Sessions::new(&texts);
    for run in &mut runs {
        run.settle(context, &sessions, &mut problems);
    }
    warn_of_useless_bootprep(&runs, context, &mut problems);
    let activity = activity(&texts, &mut problems);
    operations_without_run(&texts.iuf, &runs, &mut problems);
    let recoveries = recoveries(&runs, &texts, context, &mut problems);
    let inputs = std::mem::take(&mut texts.inputs);
    let shown = Places(&inputs);
    let stages = stages.into_iter().map(|stage| stage.shown(&shown, &sessions)).collect();
    let mut sat_runs: Vec<SatRun> = runs.iter().map(|run| run.shown(&shown)).collect();
    for recovery in &recoveries {
        mark_layer(&mut sat_runs, recovery);
    }
    let recoveries = recoveries.into_iter().map(|found| found.shown(&shown)).collect();
    let warnings = problems
        .into_iter()
        .map(|problem| Warning {
            code: problem.code.into(),
            message: problem.message,
            evidence: shown.evidence(problem.places),
        })
        .collect();
    Analysis { schema: SCHEMA.into(), inputs, activity, stages, sat_runs, recoveries, warnings }
}

/// An ansible log tells the layer of an image; the image says so too.
fn mark_layer(runs: &mut [SatRun], found: &super::recovery::Found) {
    let Some((layer, basis)) = found.layer() else { return };
    let run = &mut runs[found.run];
    if let Some(image) = run.images.iter_mut().find(|image| image.name == found.image && image.failed_layer.is_none()) {
        image.failed_layer = Some(layer);
        image.failed_layer_basis = Some(basis);
    }
}

/// A bootprep file that fits no run helps nobody, and its owner must know.
fn warn_of_useless_bootprep(runs: &[Run], context: &Context, problems: &mut Vec<Problem>) {
    let Some((path, _)) = &context.bootprep else { return };
    let fits = runs.iter().any(|run| run.assignment.as_ref().is_some_and(|assignment| assignment.from_bootprep));
    let with_images = runs.iter().any(|run| !run.text.images().is_empty());
    if with_images && !fits && !problems.iter().any(|problem| problem.code == "bootprep-mismatch") {
        problems.push(Problem::new(
            "bootprep-mismatch",
            format!("{path} fits no run of these logs: their images are not those of the file, or the variables differ. The logs alone are used"),
            Vec::new(),
        ));
    }
}

/// A stage, from every text that tells of its workflow.
struct JoinedStage {
    stage: Option<String>,
    session: Option<String>,
    workflow: Option<String>,
    status: Option<String>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    places: Vec<Place>,
}

impl JoinedStage {
    fn shown(self, shown: &Places<'_>, sessions: &Sessions) -> Stage {
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

fn stages(texts: &Texts) -> Vec<JoinedStage> {
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

fn runs(texts: &mut Texts, problems: &mut Vec<Problem>) -> Vec<Run> {
    let mut workflows: HashSet<String> = HashSet::new();
    for (_, text) in &texts.iuf {
        workflows.extend(text.stages.iter().filter_map(|stage| stage.workflow.clone()));
        workflows.extend(text.steps.iter().filter_map(|step| step.workflow.clone()));
    }
    let files: HashSet<String> = texts.argo.iter().map(|(pod, _, _)| pod.clone()).collect();
    let mut runs: Vec<Run> = Vec::new();
    for (kind, text) in &mut texts.iuf {
        let trust = if *kind == Kind::InstallLog { Trust::Relayed } else { Trust::Captured };
        let steps = std::mem::take(&mut text.steps);
        for at in 0..steps.len() {
            if !is_parent_of_attempts(&steps, at) {
                add_step(&mut runs, &steps[at], text, trust, &workflows, &files);
            }
        }
        text.steps = steps;
    }
    for (pod, file, text) in std::mem::take(&mut texts.argo) {
        add_pod(&mut runs, &pod, file, text, &workflows, &texts.inputs);
    }
    merge_podless(&mut runs);
    for (file, text) in std::mem::take(&mut texts.main) {
        add_main(&mut runs, file, text, &texts.inputs, problems);
    }
    runs
}

/// A retried step has a node of its own above its attempts. It has no pod, or that of an attempt.
fn is_parent_of_attempts(steps: &[StepText], at: usize) -> bool {
    let step = &steps[at];
    step.attempt.is_none()
        && steps.iter().any(|other| {
            other.attempt.is_some() && other.operation == step.operation && other.workflow == step.workflow
        })
}

fn add_step(
    runs: &mut Vec<Run>,
    step: &StepText,
    text: &IufText,
    trust: Trust,
    workflows: &HashSet<String>,
    files: &HashSet<String>,
) {
    let location = step.location.as_ref();
    let logged_pod = location.and_then(|(location, _)| argo_pod(location));
    let workflow = logged_pod
        .and_then(|pod| {
            location.and_then(|(location, _)| argo::parse_key(location)).map(|(workflow, _)| workflow).or_else(|| {
                argo::workflow_of(pod, step.workflow.as_deref().into_iter().chain(workflows.iter().map(String::as_str)))
            })
        })
        .map(str::to_owned)
        .or_else(|| step.workflow.clone());
    let by_hash = workflow.as_deref().zip(logged_pod).and_then(|(workflow, pod)| argo::operation_of(workflow, pod));
    let named = step.operation.as_deref().filter(|name| argo::is_operation(name));
    let operation = if text.without_column { by_hash.or(named) } else { named.or(by_hash) }.map(str::to_owned);
    let (pod, basis) = match (logged_pod, workflow.as_deref().zip(operation.as_deref())) {
        (Some(pod), _) => (
            Some(pod.to_owned()),
            location.map(
                |(location, _)| if argo::parse_key(location).is_some() { KeyBasis::Logged } else { KeyBasis::FromPath },
            ),
        ),
        (None, Some((workflow, operation))) => {
            (Some(computed_pod(workflow, operation, step.attempt, text, files)), Some(KeyBasis::Computed))
        }
        (None, None) => (None, None),
    };
    let run = run_of_pod(runs, pod.as_deref());
    run.operation = run.operation.take().or(operation);
    run.workflow = run.workflow.take().or(workflow);
    run.session = run.session.take().or_else(|| step.session.clone());
    run.status = run.status.take().or_else(|| step.status.as_ref().map(|(status, _)| status.clone()));
    run.basis = match (run.basis, basis) {
        (Some(known), Some(basis)) => Some(known.min(basis)),
        (known, basis) => known.or(basis),
    };
    if let Some((location, _)) = location.filter(|(location, _)| argo::parse_key(location).is_none()) {
        run.local_log = run.local_log.take().or_else(|| Some(location.clone()));
    }
    run.places.extend(step.status.iter().map(|(_, place)| *place));
    run.places.extend(location.map(|(_, place)| *place));
    run.places.push(step.first);
    run.seen_at(step.first_stamp);
    run.sources.push((trust, step.relayed.clone()));
}

fn computed_pod(
    workflow: &str,
    operation: &str,
    attempt: Option<u32>,
    text: &IufText,
    files: &HashSet<String>,
) -> String {
    if let Some((pod, _)) = text.saved_pod(workflow, operation).filter(|_| attempt.is_none()) {
        return pod.to_owned();
    }
    let forms =
        [PodNames::WithTemplate, PodNames::Plain].map(|names| argo::pod_of(workflow, operation, attempt, names));
    forms
        .into_iter()
        .find(|pod| files.contains(pod))
        .unwrap_or_else(|| argo::pod_of(workflow, operation, attempt, text.pod_names()))
}

fn run_of_pod<'a>(runs: &'a mut Vec<Run>, pod: Option<&str>) -> &'a mut Run {
    let known = runs.iter().position(|run| pod.is_some() && run.pod.as_deref() == pod);
    let at = known.unwrap_or_else(|| {
        runs.push(Run { pod: pod.map(str::to_owned), ..Run::default() });
        runs.len() - 1
    });
    &mut runs[at]
}

/// The copy of a pod's output beside install.log. Most pods are not of SAT and say nothing.
fn add_pod(
    runs: &mut Vec<Run>,
    pod: &str,
    file: FileId,
    text: SatText,
    workflows: &HashSet<String>,
    inputs: &[super::Input],
) {
    let known = runs.iter().any(|run| run.pod.as_deref() == Some(pod));
    if text.is_empty() && !known {
        return;
    }
    let workflow = argo::workflow_of(pod, workflows.iter().map(String::as_str)).map(str::to_owned);
    let by_hash = workflow.as_deref().and_then(|workflow| argo::operation_of(workflow, pod)).map(str::to_owned);
    if !known && by_hash.is_none() && text.operation.is_none() {
        return;
    }
    let run = run_of_pod(runs, Some(pod));
    run.operation =
        run.operation.take().or(by_hash).or_else(|| text.operation.as_ref().map(|(operation, _)| operation.clone()));
    run.workflow = run.workflow.take().or(workflow);
    run.basis = run.basis.or(Some(KeyBasis::Computed));
    run.local_log = inputs.get(file.0 as usize).map(|input| input.path.clone());
    run.places.extend(text.extent.map(|(first, _)| first).filter(|_| !known));
    run.sources.push((Trust::Argo, text));
}

/// A log fetched from S3 tells no pod. It is of the run its name tells, or with which it shares an id, or else of the
/// only one it can be.
fn add_main(runs: &mut Vec<Run>, file: FileId, text: SatText, inputs: &[super::Input], problems: &mut Vec<Problem>) {
    let shown = inputs.get(file.0 as usize).map(|input| input.path.clone());
    let taken = |run: &Run| run.sources.iter().any(|(trust, _)| *trust == Trust::Main);
    let found = named_in(runs, shown.as_deref().unwrap_or_default())
        .or_else(|| same_run(runs, &text, None).filter(|at| !taken(&runs[*at])));
    if let Some(at) = found {
        runs[at].local_log = shown;
        runs[at].sources.push((Trust::Main, text));
        return;
    }
    if runs.iter().any(|run| run.stamp.is_some()) {
        problems.push(Problem::new(
            "log-without-run",
            format!("{}: no run of the other logs is proven to be this one, so it counts as a run of its own, of unknown time, before them", shown.as_deref().unwrap_or("-")),
            text.extent.map(|(first, _)| first).into_iter().collect(),
        ));
    }
    runs.push(Run {
        operation: text.operation.as_ref().map(|(operation, _)| operation.clone()),
        local_log: shown,
        places: text.extent.map(|(first, _)| first).into_iter().collect(),
        sources: vec![(Trust::Main, text)],
        ..Run::default()
    });
}

/// The run whose pod, or whose pod's number, stands in a path: incfg itself proposes such names.
fn named_in(runs: &[Run], path: &str) -> Option<usize> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let number = |pod: &str| pod.rsplit('-').next().filter(|number| number.len() >= 6).map(str::to_owned);
    let stands = |run: &Run| {
        run.pod.as_deref().is_some_and(|pod| {
            name.contains(pod)
                || number(pod).is_some_and(|number| {
                    name.split(|letter: char| !letter.is_ascii_digit()).any(|digits| digits == number)
                })
        })
    };
    only(runs.iter().enumerate().filter(|(_, run)| stands(run)).map(|(at, _)| at))
}

/// The run that a text without a pod is of: it shares an id, or it is the only one that nothing speaks against.
fn same_run(runs: &[Run], text: &SatText, status: Option<&str>) -> Option<usize> {
    let shares_id =
        |run: &Run| run.sources.iter().any(|(_, source)| !source.fingerprints.is_disjoint(&text.fingerprints));
    let operation = text.operation.as_ref().map(|(operation, _)| operation.as_str());
    let may_be = |run: &Run| {
        operation.is_some()
            && run.operation.as_deref() == operation
            && status.is_none_or(|status| run.status.as_deref().is_none_or(|own| own == status))
            && run.sources.iter().all(|(_, source)| agree(source, text))
    };
    runs.iter()
        .position(shares_id)
        .or_else(|| only(runs.iter().enumerate().filter(|(_, run)| may_be(run)).map(|(at, _)| at)))
}

/// Whether two texts can be of one run. Ids of the one must stand in the other, unless one has none to say.
fn agree(one: &SatText, other: &SatText) -> bool {
    if one.is_empty() || other.is_empty() {
        return true;
    }
    let codes = one.exit_code.zip(other.exit_code).is_none_or(|((one, _), (other, _))| one == other);
    let errors = one.errors.is_empty()
        || other.errors.is_empty()
        || one.errors.iter().any(|(message, _)| other.errors.iter().any(|(same, _)| same == message));
    one.fingerprints.is_empty()
        && other.fingerprints.is_empty()
        && one.skipped.is_some() == other.skipped.is_some()
        && codes
        && errors
}

fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    found.next().filter(|_| found.next().is_none())
}

/// The console of a resumed command names neither workflow nor pod; its steps are those of the other logs.
fn merge_podless(runs: &mut Vec<Run>) {
    let (podless, mut kept): (Vec<Run>, Vec<Run>) = std::mem::take(runs).into_iter().partition(|run| run.pod.is_none());
    for run in podless {
        let mut text = run.sources.first().map(|(_, text)| text.clone()).unwrap_or_default();
        text.operation = text.operation.or_else(|| run.operation.clone().zip(run.places.first().copied()));
        match same_run(&kept, &text, run.status.as_deref()) {
            Some(at) => {
                kept[at].places.extend(run.places);
                kept[at].sources.extend(run.sources);
                kept[at].status = kept[at].status.take().or(run.status);
            }
            None => kept.push(run),
        }
    }
    *runs = kept;
}

/// What the state has of earlier stages belongs to the newest run of the operation before that moment.
fn attach_states(runs: &mut [Run], states: &[State], stages: &[JoinedStage], texts: &[(Kind, IufText)]) {
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
    fn new(texts: &Texts) -> Self {
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

impl Run {
    /// Makes one text of all sources and ties its images to the items of the bootprep file.
    fn settle(&mut self, context: &Context, sessions: &Sessions, problems: &mut Vec<Problem>) {
        let mut sources = std::mem::take(&mut self.sources);
        sources.sort_by_key(|(trust, _)| *trust);
        for (_, source) in sources {
            if self.text.is_empty() && self.text.images().is_empty() && self.text.errors.is_empty() {
                self.text = source;
                continue;
            }
            for found in self.text.absorb(source) {
                let (better, at) = found.better;
                let (other, other_at) = found.other;
                problems.push(Problem::new(
                    "sources-disagree",
                    format!("the logs disagree on {}: {better} against {other}; the first is taken, it stands in the better source", found.what),
                    vec![at, other_at],
                ));
            }
        }
        self.session = sessions.full(self.session.as_deref(), self.workflow.as_deref());
        if let (Some(own), Some((said, place))) = (&self.operation, &self.text.operation)
            && own != said
        {
            problems.push(Problem::new(
                "sources-disagree",
                format!("the step belongs to operation {own}, its log speaks of {said}"),
                vec![*place],
            ));
        }
        self.operation =
            self.operation.take().or_else(|| self.text.operation.as_ref().map(|(operation, _)| operation.clone()));
        self.tie_items(context, problems);
        self.name_unnamed(problems);
        if self.text.dropped > 0 {
            problems.push(Problem::new(
                "too-many-facts",
                format!(
                    "{} facts of run {} were not kept; they are more than a run can have",
                    self.text.dropped,
                    self.pod.as_deref().unwrap_or("without pod")
                ),
                Vec::new(),
            ));
        }
    }

    fn tie_items(&mut self, context: &Context, problems: &mut Vec<Problem>) {
        if self.text.images().is_empty() && self.text.items.is_empty() {
            return;
        }
        if let Some((path, bootprep)) = &context.bootprep {
            let file = Some((bootprep, &context.variables));
            self.assignment = assign(&self.text, file);
            if self.assignment.is_none()
                && let Some((assignment, text)) =
                    self.text.with_built_images_apart().and_then(|text| Some((assign(&text, file)?, text)))
            {
                self.text = text;
                self.assignment = Some(assignment);
            }
            let same_name = |file: &str| file.rsplit('/').next() == path.rsplit('/').next();
            if let (None, Some((file, place))) = (&self.assignment, &self.text.input_file)
                && same_name(file)
            {
                problems.push(Problem::new("bootprep-mismatch", format!("{path} is not the file this run used ({file}), or has been changed since, or the variables differ: its images do not fit the log. The log alone is used"), vec![*place]));
            }
        }
        if self.assignment.is_none() {
            self.assignment = assign(&self.text, None);
        }
    }

    /// SAT has failures that name no image. What the other lines prove of them is added.
    fn name_unnamed(&mut self, problems: &mut Vec<Problem>) {
        let Some(assignment) = &self.assignment else { return };
        let unnamed =
            self.text.given_up.iter().filter(|known| known.image.is_none() && known.reason != "creation failed");
        let (mut told, mut open) = (Vec::new(), Vec::new());
        for given_up in unnamed {
            match assignment.image_of(given_up.index) {
                Some(image) => told.push((image, given_up.reason.clone(), given_up.place)),
                None => open.push((given_up.index, given_up.place)),
            }
        }
        let refused = &self.text.builds_refused;
        if !refused.is_empty() {
            let builds = assignment.unnamed_builds();
            if builds.len() == refused.len() {
                told.extend(
                    builds.into_iter().zip(refused).map(|(image, (reason, place))| (image, reason.clone(), *place)),
                );
            } else {
                let message = format!(
                    "IMS refused {} builds, and SAT does not say of which images; the items of the bootprep file without an image are the ones",
                    refused.len()
                );
                problems.push(Problem::new(
                    "image-unnamed",
                    message,
                    refused.iter().map(|(_, place)| *place).collect(),
                ));
            }
        }
        for (index, place) in open {
            problems.push(Problem::new(
                "image-unnamed",
                format!("the item at index {index} of the bootprep file's images failed, and no line tells its name"),
                vec![place],
            ));
        }
        for (image, reason, place) in told {
            self.text.give_up(&image, &reason, place);
        }
    }

    fn shown(&self, shown: &Places<'_>) -> SatRun {
        let named = |names: &[(String, Place)]| {
            names.iter().map(|(name, place)| Named { name: name.clone(), evidence: shown.evidence([*place]) }).collect()
        };
        let mut places = self.places.clone();
        places.extend(self.text.exit_code.map(|(_, place)| place));
        places.extend(self.text.skipped);
        if places.is_empty() {
            places.extend(self.text.extent.map(|(first, _)| first));
        }
        SatRun {
            operation: self.operation.clone(),
            stage: self.operation.as_deref().and_then(argo::stage_of).map(str::to_owned),
            session: self.session.clone(),
            workflow: self.workflow.clone(),
            pod: self.pod.clone(),
            status: self.status.clone(),
            skipped: self.text.skipped.is_some(),
            s3_key: self.key(),
            s3_key_basis: self.basis.or(self.key().map(|_| KeyBasis::Computed)).filter(|_| self.key().is_some()),
            local_log: self.local_log.clone(),
            bootprep_file: self.text.input_file.as_ref().map(|(file, _)| file.clone()),
            exit_code: self.text.exit_code.map(|(code, _)| code),
            images: self.images(shown),
            configurations: named(&self.text.configurations),
            session_templates: named(&self.text.templates),
            errors: self
                .text
                .errors
                .iter()
                .map(|(message, place)| Said { message: message.clone(), evidence: shown.evidence([*place]) })
                .collect(),
            started_at: self.stamp.map(stamp_text),
            evidence: shown.evidence(places),
        }
    }

    fn images(&self, shown: &Places<'_>) -> Vec<Image> {
        let mut images: Vec<Image> = self
            .text
            .images()
            .iter()
            .map(|image| {
                let outcome = outcome(image);
                let failed = outcome.status == ImageStatus::Failed;
                let layer = layer_by_container(image).filter(|_| failed || outcome.status == ImageStatus::Unfinished);
                Image {
                    name: image.name.clone(),
                    status: outcome.status,
                    id: image
                        .created
                        .as_ref()
                        .map(|(id, _)| id.clone())
                        .filter(|_| outcome.status == ImageStatus::Succeeded),
                    built_id: built_base(image).map(|(id, _)| id.clone()).or_else(|| {
                        image
                            .row
                            .as_ref()
                            .filter(|row| row.configuration.is_some())?
                            .preconfigured_id
                            .as_ref()
                            .map(|(id, _)| id.clone())
                    }),
                    ref_name: self.assignment.as_ref().and_then(|assignment| assignment.ref_name(&image.name)),
                    configuration: self.configuration_of(&image.name),
                    cfs_session: image.session().map(|(session, _)| session.clone()),
                    failed_stage: outcome.failed_stage.map(str::to_owned),
                    failed_container: image.failing_container().map(|(container, _)| container).filter(|_| failed),
                    failed_layer: layer.as_ref().map(|(layer, _, _)| *layer),
                    failed_layer_basis: layer.map(|(_, basis, _)| basis),
                    evidence: shown.evidence(places(image)),
                }
            })
            .collect();
        if let Some(assignment) = self.assignment.as_ref().filter(|assignment| assignment.from_bootprep) {
            let place = self.text.creating.map(|(_, place)| place).or(self.text.extent.map(|(first, _)| first));
            images.extend(assignment.unnamed_items().into_iter().map(|name| Image {
                name,
                status: ImageStatus::NotRun,
                id: None,
                built_id: None,
                ref_name: None,
                configuration: None,
                cfs_session: None,
                failed_stage: None,
                failed_container: None,
                failed_layer: None,
                failed_layer_basis: None,
                evidence: shown.evidence(place),
            }));
        }
        images
    }

    /// The configuration of an image: as the log has it, or the bootprep file.
    pub(super) fn configuration_of(&self, image: &str) -> Option<String> {
        let text = self.text.image(image)?;
        let logged = text.configuration.as_ref().or(text.row.as_ref().and_then(|row| row.configuration.as_ref()));
        logged.map(|(name, _)| name.clone()).or_else(|| self.assignment.as_ref()?.configuration(image))
    }
}

fn activity(texts: &Texts, problems: &mut Vec<Problem>) -> Option<String> {
    let mut named: BTreeMap<String, Vec<Place>> = BTreeMap::new();
    for (_, text) in &texts.iuf {
        let in_path =
            text.log_directory.as_ref().and_then(|(directory, place)| Some((activity_in(directory)?, *place)));
        if let Some((activity, place)) = text.activity.clone().or(in_path) {
            named.entry(activity).or_default().push(place);
        }
    }
    if named.len() > 1 {
        let names: Vec<&str> = named.keys().map(String::as_str).collect();
        let places = named.values().filter_map(|places| places.first().copied()).collect();
        problems.push(Problem::new(
            "several-activities",
            format!(
                "the logs are of several activities: {}. Analyse each on its own, unless they are one upgrade",
                names.join(", ")
            ),
            places,
        ));
        return None;
    }
    named.into_keys().next().or_else(|| texts.states.iter().find_map(|state| state.state.activity.clone()))
}

/// The activity in `.../iuf/<activity>/log/<14 digits>`.
fn activity_in(directory: &str) -> Option<String> {
    let parts: Vec<&str> = directory.trim_end_matches('/').rsplit('/').collect();
    match parts.as_slice() {
        [_, "log", activity, ..] if !activity.is_empty() => Some((*activity).to_owned()),
        _ => None,
    }
}

/// An operation that was omitted, or whose SAT step never began, has no run: that is told apart from success.
fn operations_without_run(texts: &[(Kind, IufText)], runs: &[Run], problems: &mut Vec<Problem>) {
    let mut told: HashSet<(String, Option<String>)> = HashSet::new();
    for operation in texts.iter().flat_map(|(_, text)| &text.operations) {
        let ran = runs.iter().any(|run| {
            run.operation.as_deref() == Some(&operation.operation)
                && (operation.workflow.is_none() || run.workflow == operation.workflow)
        });
        if ran || !told.insert((operation.operation.clone(), operation.workflow.clone())) {
            continue;
        }
        let of = operation.workflow.as_ref().map(|workflow| format!(" of workflow {workflow}")).unwrap_or_default();
        let (code, message) = match operation.status.as_deref() {
            Some("Omitted") => (
                "operation-omitted",
                format!("{}{of} was omitted, because something before it failed: SAT never ran", operation.operation),
            ),
            Some(status) => (
                "step-not-begun",
                format!("{}{of} ended as {status} without a SAT step: SAT never ran", operation.operation),
            ),
            None => ("step-not-begun", format!("{}{of} began, and the log has no SAT step of it", operation.operation)),
        };
        problems.push(Problem::new(code, message, vec![operation.place]));
    }
}
