//! Joins the texts: stages, runs and recoveries, each with its evidence, and what to know about them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::argo;
use crate::cfs::{Configuration, Layer};
use crate::evidence::{FileId, Place};
use crate::input::Kind;
use crate::iuf::IufText;
use crate::sat::{ImageText, Names, Placed};
use crate::secret;

use super::assignment::{are_too_many, built_base};
use super::outcome::{layer_by_container, outcome, places};
use super::reading::Texts;
use super::recovery::{Found, recoveries};
use super::run::{Run, put_in_order, runs};
use super::stage::{Sessions, attach_states, stages};
use super::{
    Analysis, Context, DescribedConfiguration, Image, ImageStatus, KeyBasis, Named, Places, Problem, SCHEMA, Said,
    SatRun, Warning, stamp_text,
};

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
    put_in_order(&mut runs);
    attach_states(&mut runs, &texts.states, &stages, &texts.iuf, &mut problems);
    let sessions = Sessions::new(&texts);
    for run in &mut runs {
        run.settle(context, &sessions, &mut problems);
    }
    warn_of_useless_bootprep(&runs, context, &mut problems);
    let activity = activity(&texts, &mut problems);
    steps_that_failed(&texts.iuf, &mut problems);
    operations_without_run(&texts.iuf, &runs, &mut problems);
    let recoveries = recoveries(&runs, &texts, context, &mut problems);
    let inputs = std::mem::take(&mut texts.inputs);
    let shown = Places::of(&inputs);
    let configurations = described(&texts.configurations, &shown);
    let stages = stages.into_iter().map(|stage| stage.shown(&shown, &sessions)).collect();
    let mut sat_runs: Vec<SatRun> = runs.into_iter().map(|run| run.shown(&shown)).collect();
    mark_layers(&mut sat_runs, &recoveries, &shown);
    let recoveries = recoveries.into_iter().map(|found| found.shown(&shown)).collect();
    let warnings = problems
        .into_iter()
        .map(|problem| Warning {
            code: problem.code.into(),
            message: problem.message,
            evidence: shown.evidence(problem.places),
        })
        .collect();
    Analysis { schema: SCHEMA.into(), inputs, activity, stages, sat_runs, recoveries, configurations, warnings }
}

fn described(configurations: &[(FileId, Configuration)], shown: &Places) -> Vec<DescribedConfiguration> {
    let described = |(file, configuration): &(FileId, Configuration)| DescribedConfiguration {
        name: configuration.name.clone(),
        layers: configuration.layers.iter().map(Layer::label).collect(),
        evidence: shown.evidence([Place { file: *file, line: 1 }]),
    };
    configurations.iter().map(described).collect()
}

/// An ansible log tells the layer of an image; the image says so too.
fn mark_layers(runs: &mut [SatRun], recoveries: &[Found], shown: &Places) {
    let of_logs =
        recoveries.iter().filter_map(|found| Some(((found.run, found.image.as_str()), (found, found.layer()?))));
    let mut of_logs: HashMap<_, _> = of_logs.collect();
    for (at, run) in runs.iter_mut().enumerate() {
        for image in run.images.iter_mut().filter(|image| image.failed_layer.is_none()) {
            if let Some((found, (layer, basis))) = of_logs.remove(&(at, image.name.as_str())) {
                image.failed_layer = Some(layer);
                image.failed_layer_basis = Some(basis);
                image.evidence.extend(shown.evidence(found.layer_place));
            }
        }
    }
}

/// A bootprep file that fits no run helps nobody, and its owner must know.
fn warn_of_useless_bootprep(runs: &[Run], context: &Context, problems: &mut Vec<Problem>) {
    let Some((path, bootprep)) = &context.bootprep else { return };
    let fits = runs.iter().any(|run| run.assignment.as_ref().is_some_and(|assignment| assignment.from_bootprep));
    let with_images = runs.iter().any(|run| !run.text.images().is_empty());
    let compared = !runs.iter().any(|run| are_too_many(&run.text, Some(bootprep)));
    if with_images && compared && !fits && !problems.iter().any(|problem| problem.code == "bootprep-mismatch") {
        problems.push(Problem::new(
            "bootprep-mismatch",
            format!("{path} fits no run of these logs: their images are not those of the file, or the variables differ. The logs alone are used"),
            Vec::new(),
        ));
    }
}

impl Run {
    fn shown(mut self, shown: &Places) -> SatRun {
        let named = |names: Names| {
            names.into_iter().map(|(name, place)| Named { name, evidence: shown.evidence([place]) }).collect()
        };
        let mut places = std::mem::take(&mut self.places);
        places.extend(self.text.exit_code.map(|(_, place)| place));
        places.extend(self.text.skipped);
        if places.is_empty() {
            places.extend(self.text.extent.map(|(first, _)| first));
        }
        let s3_key = self.key();
        SatRun {
            stage: self.operation.as_deref().and_then(argo::stage_of).map(str::to_owned),
            skipped: self.text.skipped.is_some(),
            s3_key_basis: s3_key.as_ref().map(|_| self.basis.unwrap_or(KeyBasis::Computed)),
            s3_key,
            images: self.images(shown),
            errors: errors(std::mem::take(&mut self.text.errors), shown),
            operation: self.operation,
            session: self.session,
            workflow: self.workflow,
            pod: self.pod,
            status: self.status,
            local_log: self.local_log,
            bootprep_file: self.text.input_file.map(|(file, _)| file),
            exit_code: self.text.exit_code.map(|(code, _)| code),
            configurations: named(self.text.configurations),
            session_templates: named(self.text.templates),
            started_at: self.stamp.map(stamp_text),
            ended_at: self.last_stamp.map(stamp_text),
            evidence: shown.evidence(places),
        }
    }

    fn images(&mut self, shown: &Places) -> Vec<Image> {
        let texts = self.text.take_images().into_iter();
        let mut images: Vec<Image> = texts.map(|image| self.image(image, shown)).collect();
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

    fn image(&self, image: ImageText, shown: &Places) -> Image {
        let outcome = outcome(&image);
        let failed = outcome.status == ImageStatus::Failed;
        let succeeded = outcome.status == ImageStatus::Succeeded;
        let container = image.failing_container().filter(|_| failed || outcome.status == ImageStatus::Unfinished);
        let layer = container.as_ref().and_then(|(container, _)| layer_by_container(container));
        Image {
            status: outcome.status,
            id: image.id().map(|(id, _)| id.clone()).filter(|_| succeeded),
            built_id: built_base(&image).map(|(id, _)| id.clone()).or_else(|| {
                let row = image.row.as_ref().filter(|row| row.configuration.is_some())?;
                row.preconfigured_id.as_ref().map(|(id, _)| id.clone())
            }),
            ref_name: self.assignment.as_ref().and_then(|assignment| assignment.ref_name(&image.name)),
            configuration: self.configuration_of(&image),
            failed_stage: outcome.failed_stage.map(str::to_owned),
            failed_container: container.map(|(container, _)| container).filter(|_| failed),
            failed_layer: layer.as_ref().map(|(layer, _)| *layer),
            failed_layer_basis: layer.map(|(_, basis)| basis),
            evidence: shown.evidence(places(&image)),
            cfs_session: image.session_seen.or(image.session_created).map(|(session, _)| session),
            name: image.name,
        }
    }
}

fn errors(said: Vec<Placed<String>>, shown: &Places) -> Vec<Said> {
    let said = said.into_iter().map(|(message, place)| Said { message, evidence: shown.evidence([place]) });
    let mut errors: Vec<Said> = said.collect();
    secret::mask_in_a_row(errors.iter_mut().map(|said| &mut said.message));
    errors
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

/// A hook or another step that failed is why SAT never ran, or what failed after it.
fn steps_that_failed(texts: &[(Kind, IufText)], problems: &mut Vec<Problem>) {
    let mut told: HashSet<(&str, &str)> = HashSet::new();
    for failed in texts.iter().flat_map(|(_, text)| &text.failed_steps) {
        if told.insert((&failed.of, &failed.step)) {
            let of = if failed.of.is_empty() { String::new() } else { format!(" of {}", failed.of) };
            let log = failed.log.as_ref().map(|log| format!("; its log: {log}")).unwrap_or_default();
            let message = format!("step {}{of} ended as {}{log}", failed.step, failed.status);
            problems.push(Problem::new("step-failed", message, vec![failed.place]));
        }
    }
}

/// An operation that was omitted, or whose SAT step never began, has no run: that is told apart from success.
fn operations_without_run(texts: &[(Kind, IufText)], runs: &[Run], problems: &mut Vec<Problem>) {
    let mut told: HashSet<(String, Option<String>)> = HashSet::new();
    let of = |run: &Run| Some((run.operation.clone()?, run.workflow.clone()));
    let ran: HashSet<(String, Option<String>)> = runs.iter().filter_map(of).collect();
    let ran_anywhere: HashSet<&str> = runs.iter().filter_map(|run| run.operation.as_deref()).collect();
    for operation in texts.iter().flat_map(|(_, text)| &text.operations) {
        let key = (operation.operation.clone(), operation.workflow.clone());
        let ran = match operation.workflow {
            None => ran_anywhere.contains(operation.operation.as_str()),
            Some(_) => ran.contains(&key),
        };
        if ran || !told.insert(key) {
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
