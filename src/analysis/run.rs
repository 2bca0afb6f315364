//! Gathers the texts of each run: one run per pod, however often and by whomever it was logged.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::argo::{self, PodNames};
use crate::evidence::{FileId, Place};
use crate::input::Kind;
use crate::iuf::{IufText, StepText, argo_pod};
use crate::sat::SatText;

use super::assignment::Assignment;
use super::reading::Texts;
use super::{Input, KeyBasis, Problem};

/// A run of SAT.
pub(super) struct Run {
    pub(super) operation: Option<String>,
    pub(super) workflow: Option<String>,
    pub(super) pod: Option<String>,
    pub(super) session: Option<String>,
    pub(super) status: Option<String>,
    pub(super) basis: Option<KeyBasis>,
    pub(super) local_log: Option<String>,
    pub(super) places: Vec<Place>,
    pub(super) stamp: Option<DateTime<Utc>>,
    /// When the last line that tells of it was written.
    pub(super) last_stamp: Option<DateTime<Utc>>,
    /// When it counts as begun, where its file has lines of before and after.
    order: Option<DateTime<Utc>>,
    /// How far its text can be trusted.
    trust: Trust,
    /// A text of it; all of them as one, when it is settled.
    pub(super) text: Box<SatText>,
    /// The other texts of it, until then.
    others: Vec<Source>,
    pub(super) assignment: Option<Assignment>,
}

/// A text of a run.
pub(super) type Source = (Trust, Box<SatText>);

/// How far a text can be trusted, the best first: the log in S3, the copy beside install.log, what was relayed, what a
/// console shows of it, the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    Main,
    Argo,
    Relayed,
    Captured,
    State,
}

impl Run {
    fn of((trust, text): Source) -> Self {
        Self {
            operation: None,
            workflow: None,
            pod: None,
            session: None,
            status: None,
            basis: None,
            local_log: None,
            places: Vec::new(),
            stamp: None,
            last_stamp: None,
            order: None,
            trust,
            text,
            others: Vec::new(),
            assignment: None,
        }
    }

    /// Another text of the same run.
    pub(super) fn add_source(&mut self, source: Source) {
        self.others.push(source);
    }

    fn sources(&self) -> impl Iterator<Item = (Trust, &SatText)> {
        let others = self.others.iter().map(|(trust, text)| (*trust, &**text));
        std::iter::once((self.trust, &*self.text)).chain(others)
    }

    /// Takes all texts out, the best first, where there are several.
    pub(super) fn take_sources(&mut self) -> Vec<Source> {
        let mut sources = std::mem::take(&mut self.others);
        if !sources.is_empty() {
            sources.insert(0, (self.trust, std::mem::take(&mut self.text)));
            sources.sort_by_key(|(trust, _)| *trust);
        }
        sources
    }

    pub(super) fn key(&self) -> Option<String> {
        Some(argo::key_of(self.workflow.as_deref()?, self.pod.as_deref()?))
    }

    fn first_place(&self) -> Option<Place> {
        self.places.first().copied()
    }

    fn seen_at(&mut self, stamp: Option<DateTime<Utc>>) {
        self.stamp = match (self.stamp, stamp) {
            (Some(known), Some(stamp)) => Some(known.min(stamp)),
            (known, stamp) => known.or(stamp),
        };
    }

    fn last_seen_at(&mut self, stamp: Option<DateTime<Utc>>) {
        self.last_stamp = self.last_stamp.max(stamp);
    }
}

/// Puts runs in their order: by time, and those of one file as they stand in it, whatever the clock did meanwhile. A run of
/// unknown time comes before all others, so that it never counts as the newest beside them; among its like it stays where
/// its text was given.
pub(super) fn put_in_order(runs: &mut [Run]) {
    let mut latest: HashMap<FileId, DateTime<Utc>> = HashMap::new();
    runs.sort_by_cached_key(Run::first_place);
    for run in runs.iter_mut() {
        let file = run.first_place().map(|place| place.file);
        let before = file.and_then(|file| latest.get(&file).copied());
        run.order = run.stamp.map(|stamp| before.map_or(stamp, |before| before.max(stamp)));
        latest.extend(file.zip(run.order));
    }
    runs.sort_by_cached_key(|run| run.order);
}

pub(super) fn runs(texts: &mut Texts, problems: &mut Vec<Problem>) -> Vec<Run> {
    let mut workflows: HashSet<String> = HashSet::new();
    for (_, text) in &texts.iuf {
        let named = text.stages.iter().map(|stage| &stage.workflow).chain(text.steps.iter().map(|step| &step.workflow));
        for workflow in named.flatten() {
            // Many steps are of one workflow.
            if !workflows.contains(workflow) {
                workflows.insert(workflow.clone());
            }
        }
    }
    let files: HashSet<String> = texts.argo.iter().map(|(pod, _, _)| pod.clone()).collect();
    let mut pods = Pods::default();
    for (kind, text) in &mut texts.iuf {
        let relayed: Vec<_> = text.steps.iter_mut().map(|step| step.relayed.take()).collect();
        let trust = if *kind == Kind::InstallLog { Trust::Relayed } else { Trust::Captured };
        // A retried step has a node of its own above its attempts. It has no pod, or that of an attempt.
        let retried: HashSet<_> = text.steps.iter().filter(|step| step.attempt.is_some()).map(of_whom).collect();
        for (step, relayed) in text.steps.iter().zip(relayed) {
            if step.attempt.is_some() || !retried.contains(&of_whom(step)) {
                add_step(&mut pods, step, (trust, relayed.unwrap_or_default()), text, &workflows, &files);
            }
        }
    }
    for (pod, file, text) in std::mem::take(&mut texts.argo) {
        add_pod(&mut pods, &pod, file, text, &workflows, &texts.inputs);
    }
    let mut runs = pods.runs;
    merge_podless(&mut runs);
    for (file, text) in std::mem::take(&mut texts.main) {
        add_main(&mut runs, file, text, &texts.inputs, problems);
    }
    runs
}

/// The operation and the workflow of a step.
fn of_whom(step: &StepText) -> (Option<&str>, Option<&str>) {
    (step.operation.as_deref(), step.workflow.as_deref())
}

/// The runs by their pods.
#[derive(Default)]
struct Pods {
    runs: Vec<Run>,
    by_pod: HashMap<String, usize>,
}

impl Pods {
    /// The run of that pod; one without a pod is always a new one.
    #[expect(clippy::indexing_slicing, reason = "`by_pod` holds places of `runs`, which only grows")]
    fn run_of(&mut self, pod: Option<&str>, source: Source) -> &mut Run {
        let new = self.runs.len();
        let at = pod.map_or(new, |pod| *self.by_pod.entry(pod.to_owned()).or_insert(new));
        if at == new {
            self.runs.push(Run { pod: pod.map(str::to_owned), ..Run::of(source) });
        } else {
            self.runs[at].add_source(source);
        }
        &mut self.runs[at]
    }
}

fn add_step(
    pods: &mut Pods,
    step: &StepText,
    relayed: Source,
    text: &IufText,
    workflows: &HashSet<String>,
    files: &HashSet<String>,
) {
    let location = step.location.as_ref();
    let logged_pod = location.and_then(|(location, _)| argo_pod(location));
    let workflow = logged_pod
        .and_then(|pod| {
            location.and_then(|(location, _)| argo::parse_key(location)).map(|(workflow, _)| workflow).or_else(|| {
                argo::workflow_of(pod, |known| step.workflow.as_deref() == Some(known) || workflows.contains(known))
            })
        })
        .map(str::to_owned)
        .or_else(|| step.workflow.clone());
    let by_hash = || workflow.as_deref().zip(logged_pod).and_then(|(workflow, pod)| argo::operation_of(workflow, pod));
    let named = step.operation.as_deref().filter(|name| argo::is_operation(name));
    let operation = if text.without_column { by_hash().or(named) } else { named.or_else(by_hash) }.map(str::to_owned);
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
    let ended = step.ended_at.or(relayed.1.last_stamp);
    let run = pods.run_of(pod.as_deref(), relayed);
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
    run.last_seen_at(ended);
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

/// The copy of a pod's output beside install.log. Most pods are not of SAT and say nothing.
fn add_pod(
    pods: &mut Pods,
    pod: &str,
    file: FileId,
    text: Box<SatText>,
    workflows: &HashSet<String>,
    inputs: &[Input],
) {
    let known = pods.by_pod.contains_key(pod);
    if text.is_empty() && !known {
        return;
    }
    let workflow = argo::workflow_of(pod, |known| workflows.contains(known)).map(str::to_owned);
    let by_hash = workflow.as_deref().and_then(|workflow| argo::operation_of(workflow, pod)).map(str::to_owned);
    if !known && by_hash.is_none() && text.operation.is_none() {
        return;
    }
    let operation = by_hash.or_else(|| text.operation.as_ref().map(|(operation, _)| operation.clone()));
    let (extent, first_stamp, last_stamp) = (text.extent, text.first_stamp, text.last_stamp);
    let run = pods.run_of(Some(pod), (Trust::Argo, text));
    run.operation = run.operation.take().or(operation);
    run.workflow = run.workflow.take().or(workflow);
    run.basis = run.basis.or(Some(KeyBasis::Computed));
    run.local_log = inputs.get(file.0 as usize).map(|input| input.path.clone());
    run.places.extend(extent.map(|(first, _)| first).filter(|_| !known));
    run.seen_at(first_stamp);
    run.last_seen_at(last_stamp);
}

/// A log fetched from S3 tells no pod. It is of the run its name tells, or with which it shares an id, or else of the
/// only one it can be.
fn add_main(runs: &mut Vec<Run>, file: FileId, text: Box<SatText>, inputs: &[Input], problems: &mut Vec<Problem>) {
    let shown = inputs.get(file.0 as usize).map(|input| input.path.clone());
    let taken = |run: &Run| run.sources().any(|(trust, _)| trust == Trust::Main);
    let found = named_in(runs, shown.as_deref().unwrap_or_default())
        .or_else(|| same_run(runs, &text, None).filter(|at| runs.get(*at).is_some_and(|run| !taken(run))));
    if let Some(run) = found.and_then(|at| runs.get_mut(at)) {
        run.local_log = shown;
        run.add_source((Trust::Main, text));
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
        ..Run::of((Trust::Main, text))
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
    let shares_id = |run: &Run| run.sources().any(|(_, source)| !source.fingerprints.is_disjoint(&text.fingerprints));
    let operation = text.operation.as_ref().map(|(operation, _)| operation.as_str());
    let may_be = |run: &Run| {
        operation.is_some()
            && run.operation.as_deref() == operation
            && status.is_none_or(|status| run.status.as_deref().is_none_or(|own| own == status))
            && run.sources().all(|(_, source)| agree(source, text))
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
    if runs.iter().all(|run| run.pod.is_some()) {
        return;
    }
    let (podless, mut kept): (Vec<Run>, Vec<Run>) = std::mem::take(runs).into_iter().partition(|run| run.pod.is_none());
    for run in podless {
        let mut text = run.text.clone();
        text.operation = text.operation.or_else(|| run.operation.clone().zip(run.places.first().copied()));
        match same_run(&kept, &text, run.status.as_deref()).and_then(|at| kept.get_mut(at)) {
            Some(known) => {
                known.places.extend(run.places);
                known.others.push((run.trust, run.text));
                known.others.extend(run.others);
                known.status = known.status.take().or(run.status);
            }
            None => kept.push(run),
        }
    }
    *runs = kept;
}
