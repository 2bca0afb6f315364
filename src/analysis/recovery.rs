//! What it takes to go on: for each image whose customization was attempted without success, its base, its
//! configuration, and the layers that are proven good.

use std::collections::HashSet;

use crate::cfs::{AnsibleText, Configuration};
use crate::evidence::{FileId, Place};
use crate::image_id::ImageId;
use crate::limits;
use crate::sat::ImageText;
use crate::shown::shell_word;

use super::assignment::{ProvenBase, built_base, built_name};
use super::outcome::{layer_by_container, outcome, places};
use super::reading::Texts;
use super::run::Run;
use super::{BaseImage, Candidate, Context, ImageStatus, Places, Problem, Recovery, Said};

/// A recovery whose places are still numbers.
pub(super) struct Found {
    /// The position of its run.
    pub(super) run: usize,
    pub(super) image: String,
    recovery: Recovery,
    task: Option<(String, Place)>,
    places: Vec<Place>,
    /// The line of an ansible log that tells the layer.
    pub(super) layer_place: Option<Place>,
    /// Its ansible log was given and tells of no failed layer.
    answered: bool,
}

impl Found {
    pub(super) fn layer(&self) -> Option<(u32, String)> {
        Some((self.recovery.failed_layer?, self.recovery.failed_layer_basis.clone()?))
    }

    pub(super) fn shown(mut self, shown: &Places) -> Recovery {
        self.recovery.evidence = shown.evidence(self.places);
        self.recovery.failed_task =
            self.task.map(|(message, place)| Said { message, evidence: shown.evidence([place]) });
        self.recovery
    }
}

/// One recovery per image of the newest run of its operation.
pub(super) fn recoveries(runs: &[Run], texts: &Texts, context: &Context, problems: &mut Vec<Problem>) -> Vec<Found> {
    let mut found = Vec::new();
    for (at, run) in newest_runs(runs) {
        let mut choices = None;
        for image in run.text.images() {
            let status = outcome(image).status;
            if image.customized() && matches!(status, ImageStatus::Failed | ImageStatus::Unfinished) {
                let choices = choices.get_or_insert_with(|| Choices::of(run, runs));
                found.push(recovery_of(at, run, image, choices, problems));
            }
        }
        if let Some(choices) = choices {
            choices.tell_left_out(run, problems);
        }
        warn_of(run, context, problems);
    }
    place_ansible_logs(&mut found, runs, texts, problems);
    for found in &found {
        tell_what_is_missing(found, runs, problems);
    }
    found
}

/// The newest run of each operation, with its place; of runs without an operation, each.
fn newest_runs(runs: &[Run]) -> Vec<(usize, &Run)> {
    let mut seen = HashSet::new();
    let mut newest: Vec<(usize, &Run)> = runs
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, run)| run.operation.as_ref().is_none_or(|operation| seen.insert(operation.clone())))
        .collect();
    newest.reverse();
    newest
}

fn recovery_of(at: usize, run: &Run, image: &ImageText, choices: &mut Choices, problems: &mut Vec<Problem>) -> Found {
    let (base_image, mut evidence) = base_of(run, image);
    let base_image_candidates = if base_image.is_some() { Vec::new() } else { choices.bases_for(run, image) };
    let configuration = run.configuration_of(image);
    let configuration_candidates = if configuration.is_some() { Vec::new() } else { choices.configurations() };
    let layer = image
        .failing_container()
        .and_then(|(container, place)| layer_by_container(&container).map(|(layer, basis)| (layer, basis, place)));
    let groups = run
        .assignment
        .as_ref()
        .and_then(|assignment| assignment.groups(&image.name))
        .or_else(|| image.row.as_ref()?.groups.clone());
    let mut places = places(image);
    places.append(&mut evidence);
    if outcome(image).status == ImageStatus::Unfinished {
        let look = image.session().map_or("cray cfs sessions list --format json".to_owned(), |(session, _)| {
            format!("cray cfs sessions describe {session} --format json")
        });
        problems.push(Problem::new(
            "image-unfinished",
            format!(
                "the log has no end of image {}: SAT was ended, the log is cut, or it is still at work. See whether its session still runs before you go on: {look}",
                image.name
            ),
            vec![image.first],
        ));
    }
    Found {
        run: at,
        image: image.name.clone(),
        task: None,
        places,
        layer_place: None,
        answered: false,
        recovery: Recovery {
            operation: run.operation.clone(),
            image: image.name.clone(),
            ref_name: run.assignment.as_ref().and_then(|assignment| assignment.ref_name(&image.name)),
            logs_s3_key: run.key(),
            base_image,
            base_image_candidates,
            configuration,
            configuration_candidates,
            groups,
            configuration_limit: layer.as_ref().and_then(|(layer, _, _)| proven(*layer)),
            failed_layer: layer.as_ref().map(|(layer, _, _)| *layer),
            failed_layer_basis: layer.map(|(_, basis, _)| basis),
            failed_layer_name: None,
            failed_container: image.failing_container().map(|(container, _)| container),
            cfs_session: image.session().map(|(session, _)| session.clone()),
            no_failed_layer: no_failed_layer(image).map(str::to_owned),
            layers: None,
            debug_command: debug_command(image),
            failed_task: None,
            evidence: Vec::new(),
        },
    }
}

/// The layers before the failed one. None before the first: an empty limit would mean all layers to CFS.
fn proven(failed_layer: u32) -> Option<String> {
    (failed_layer > 0).then(|| (0..failed_layer).map(|layer| layer.to_string()).collect::<Vec<_>>().join(","))
}

/// Why no layer failed, where the failure was before the first or after the last.
fn no_failed_layer(image: &ImageText) -> Option<&'static str> {
    match image.failing_container() {
        Some((container, _)) if container.starts_with("git-clone") => {
            Some("the repository of a layer could not be cloned, so no layer ran")
        }
        Some((container, _)) if container == "inventory" => Some("the inventory failed, so no layer ran"),
        Some((container, _)) if container == "teardown" => Some("all layers ran, and packaging the image failed"),
        None if image.renamed.is_some() && image.failed.is_none() => {
            Some("all layers ran; the log ends while SAT gave the result its name")
        }
        None if image.session().is_none() && image.given_up.is_some() => {
            Some("CFS refused the session, so no layer ran")
        }
        _ => None,
    }
}

fn debug_command(image: &ImageText) -> Option<String> {
    if let Some(((pod, container), _)) = image.failed_container.as_deref() {
        return Some(format!("kubectl logs -n services {} -c {}", shell_word(pod), shell_word(container)));
    }
    let (session, _) = image.session()?;
    let container = image.failing_container().map_or("ansible".to_owned(), |(container, _)| container);
    let selector = shell_word(&format!("cfsession={session}"));
    Some(format!("kubectl logs -n services -l {selector} -c {} --tail=-1", shell_word(&container)))
}

fn base_of(run: &Run, image: &ImageText) -> (Option<BaseImage>, Vec<Place>) {
    if let Some((id, place)) = built_base(image) {
        let name = built_name(&image.name);
        return (
            Some(BaseImage {
                id: id.clone(),
                name: Some(name),
                basis: "built for this image, before its configuration".into(),
            }),
            vec![*place],
        );
    }
    let proven = run
        .assignment
        .as_ref()
        .and_then(|assignment| Some((assignment.base(&image.name, run.text.images())?, assignment.from_bootprep)));
    match proven {
        Some((ProvenBase::Image(name), from_file)) => {
            let Some((id, place)) = run
                .text
                .image(&name)
                .filter(|base| outcome(base).status == ImageStatus::Succeeded)
                .and_then(|base| base.id().cloned())
            else {
                return (None, Vec::new());
            };
            let basis = if from_file {
                "the image of this run that the bootprep file names as its base"
            } else {
                "the only image of this run that it can build on"
            };
            (Some(BaseImage { id, name: Some(name), basis: basis.into() }), vec![place])
        }
        Some((ProvenBase::Id(id, place), from_file)) => {
            let basis = if from_file {
                "the image in IMS that the bootprep file names as its base"
            } else {
                "the image in IMS that the log names as its base"
            };
            (Some(BaseImage { id, name: None, basis: basis.into() }), place.into_iter().collect())
        }
        None => (None, Vec::new()),
    }
}

/// What may be the base and the configuration of an image of one run, where nothing proves it: no more than are listed.
struct Choices {
    bases: Vec<Candidate>,
    more_bases: usize,
    configurations: Vec<String>,
    more_configurations: usize,
    /// Images whose lists leave something out.
    shortened: usize,
}

impl Choices {
    fn of(run: &Run, runs: &[Run]) -> Self {
        let images = run.text.images();
        let mut bases: Vec<Candidate> =
            images.iter().filter(|image| !image.customized()).filter_map(as_candidate).collect();
        if bases.is_empty() {
            bases = images.iter().filter_map(as_candidate).collect();
        }
        let mut configurations = configurations_for(run, runs);
        let (more_bases, more_configurations) =
            (beyond(&mut bases, limits::CANDIDATES), beyond(&mut configurations, limits::CANDIDATES));
        Self { bases, more_bases, configurations, more_configurations, shortened: 0 }
    }

    /// The images that may be the base: those the items leave possible, else those without a configuration, else all.
    fn bases_for(&mut self, run: &Run, image: &ImageText) -> Vec<Candidate> {
        let possible =
            run.assignment.as_ref().and_then(|assignment| assignment.base_candidates(&image.name, run.text.images()));
        let Some(possible) = possible else {
            self.shortened += usize::from(self.more_bases > 0);
            return self.bases.clone();
        };
        let mut bases = possible.iter().filter_map(|name| run.text.image(name)).filter_map(as_candidate).collect();
        self.shortened += usize::from(beyond(&mut bases, limits::CANDIDATES) > 0);
        bases
    }

    fn configurations(&mut self) -> Vec<String> {
        self.shortened += usize::from(self.more_configurations > 0);
        self.configurations.clone()
    }

    fn tell_left_out(&self, run: &Run, problems: &mut Vec<Problem>) {
        if self.shortened > 0 {
            problems.push(Problem::new(
                "too-many-facts",
                format!(
                    "run {}: {} lists of what may be the base or the configuration of an image are cut after {} entries",
                    run.pod.as_deref().unwrap_or("whose pod is not known"),
                    self.shortened,
                    limits::CANDIDATES
                ),
                Vec::new(),
            ));
        }
    }
}

/// Cuts a list, and says by how many entries.
fn beyond<T>(list: &mut Vec<T>, most: usize) -> usize {
    let more = list.len().saturating_sub(most);
    list.truncate(most);
    more
}

/// An image that is there, as a base.
fn as_candidate(image: &ImageText) -> Option<Candidate> {
    let (id, _) = image.id().filter(|_| outcome(image).status == ImageStatus::Succeeded)?;
    Some(Candidate { id: id.clone(), name: image.name.clone() })
}

/// The configurations that the newest run before this one created for the same kind of node.
fn configurations_for(run: &Run, runs: &[Run]) -> Vec<String> {
    let creating = match run.operation.as_deref() {
        Some("prepare-managed-images") => "update-managed-cfs-config",
        Some("prepare-management-images") => "update-management-cfs-config",
        _ => return runs.iter().flat_map(|run| run.text.configurations.iter().map(|(name, _)| name.clone())).collect(),
    };
    let newest = runs
        .iter()
        .rev()
        .find(|other| other.operation.as_deref() == Some(creating) && !other.text.configurations.is_empty());
    newest.map(|run| run.text.configurations.iter().map(|(name, _)| name.clone()).collect()).unwrap_or_default()
}

/// Gives each ansible log to the image it is of, and takes from it the layer that failed.
fn place_ansible_logs(found: &mut [Found], runs: &[Run], texts: &Texts, problems: &mut Vec<Problem>) {
    for (file, log) in &texts.ansible {
        let Some((position, run)) = log.failing() else {
            if let Some(place) = log.passed.or(log.inventory_failed) {
                let what =
                    if log.passed.is_some() { "all layers passed" } else { "no layer ran, the inventory failed" };
                problems.push(Problem::new(
                    "layer-unknown",
                    format!("{}: {what} in this log, so it tells of no failed layer", path_of(texts, *file)),
                    vec![place],
                ));
                let one = match images_for(found, runs, path_of(texts, *file)).as_slice() {
                    [(at, _)] => found.get_mut(*at),
                    _ => None,
                };
                if let Some(one) = one {
                    one.answered = true;
                }
            }
            continue;
        };
        let place = log.failed.as_ref().map_or(run.place, |(_, place)| *place);
        match image_of(found, runs, texts, *file, log, position) {
            Ok((at, configuration, index)) => {
                let Some(image) = found.get_mut(at) else { continue };
                match image.recovery.failed_layer.filter(|known| *known != index) {
                None => image.take_layer(index, configuration, texts, *file, log, place),
                Some(known) => problems.push(Problem::new(
                    "layer-log-of-another",
                    format!(
                        "{}: the log of layer {index}, but image {} failed in layer {known}: {}. The log is not used",
                        path_of(texts, *file),
                        image.image,
                        image.recovery.failed_layer_basis.as_deref().unwrap_or_default()
                    ),
                    vec![place],
                )),
                }
            }
            Err(why) => problems.push(Problem::new(
                "layer-unknown",
                format!(
                    "{}: layer {position} of those that ran failed, {} from {}, but it is not proven which image and layer that is: {why}",
                    path_of(texts, *file),
                    run.playbook,
                    run.repository.as_deref().unwrap_or("another source")
                ),
                vec![place],
            )),
        }
    }
}

/// The one image, configuration and layer index that a log can be of.
fn image_of<'a>(
    found: &[Found],
    runs: &[Run],
    texts: &'a Texts,
    file: FileId,
    log: &AnsibleText,
    position: usize,
) -> Result<(usize, &'a Configuration, u32), String> {
    let images = images_for(found, runs, path_of(texts, file));
    if images.is_empty() {
        return Err("no image failed in its ansible container".into());
    }
    if texts.configurations.is_empty() {
        let names: Vec<&str> = images.iter().filter_map(|(_, found)| found.recovery.configuration.as_deref()).collect();
        return Err(format!(
            "give the configuration too, which this prints: cray cfs configurations describe {} --format json",
            names.first().unwrap_or(&"NAME")
        ));
    }
    let mut fitting = Vec::new();
    let mut misfits = Vec::new();
    let several = images.len() > 1;
    for (at, image) in images {
        let wanted = image.recovery.configuration.as_deref();
        if let Some(wanted) = wanted.filter(|wanted| {
            several && !texts.configurations.iter().any(|(_, configuration)| configuration.name == *wanted)
        }) {
            return Err(format!(
                "it may be of image {} too; give its configuration as well (cray cfs configurations describe {wanted} --format json), or name the file after its pod or session",
                image.image
            ));
        }
        let candidates = &image.recovery.configuration_candidates;
        for (_, configuration) in &texts.configurations {
            if wanted.is_some_and(|wanted| wanted != configuration.name)
                || (wanted.is_none()
                    && (1..limits::CANDIDATES).contains(&candidates.len())
                    && !candidates.contains(&configuration.name))
            {
                misfits.push(format!("configuration {} is not that of image {}", configuration.name, image.image));
                continue;
            }
            match configuration.index_of(log, position) {
                Ok(index) => {
                    let found = (at, configuration, u32::try_from(index).unwrap_or(u32::MAX));
                    if !fitting.contains(&found) {
                        fitting.push(found);
                    }
                }
                Err(why) => misfits.push(why),
            }
        }
    }
    match fitting.as_slice() {
        [one] => Ok(*one),
        [] => Err(misfits.join("; ")),
        several => Err(format!(
            "it fits {}; name the file after its pod or session",
            several
                .iter()
                .filter_map(|(at, _, _)| Some(found.get(*at)?.image.as_str()))
                .collect::<Vec<_>>()
                .join(" and ")
        )),
    }
}

/// The images a log may be of, with their places: the one its file is named after, else all that failed in an ansible
/// container.
fn images_for<'f>(found: &'f [Found], runs: &[Run], path: &str) -> Vec<(usize, &'f Found)> {
    let open: Vec<_> = found.iter().enumerate().filter(|(_, found)| found.may_be_in_ansible(runs)).collect();
    let named: Vec<_> = open.iter().copied().filter(|(_, found)| found.is_named_in(path, runs)).collect();
    if named.is_empty() { open } else { named }
}

impl Found {
    fn run<'a>(&self, runs: &'a [Run]) -> Option<&'a Run> {
        runs.get(self.run)
    }

    fn text<'a>(&self, runs: &'a [Run]) -> Option<&'a ImageText> {
        self.run(runs)?.text.image(&self.image)
    }

    /// A failure before any layer ran, or after all did, leaves no failed layer.
    fn may_be_in_ansible(&self, runs: &[Run]) -> bool {
        self.text(runs)
            .and_then(ImageText::failing_container)
            .is_none_or(|(container, _)| container.starts_with("ansible"))
    }

    fn base_is_of_this_run(&self, runs: &[Run]) -> bool {
        let assignment = self.run(runs).and_then(|run| run.assignment.as_ref());
        assignment.is_some_and(|assignment| assignment.builds_on_item(&self.image))
    }

    /// The base, when SAT called it created without making anything.
    fn base_without_id(&self, runs: &[Run]) -> Option<String> {
        let run = self.run(runs)?;
        match run.assignment.as_ref()?.base(&self.image, run.text.images())? {
            ProvenBase::Image(name) => run
                .text
                .image(&name)
                .filter(|base| base.without_id.is_some() && base.created.is_none())
                .map(|base| base.name.clone()),
            ProvenBase::Id(..) => None,
        }
    }

    fn is_named_in(&self, path: &str, runs: &[Run]) -> bool {
        let Some(text) = self.text(runs) else { return false };
        let session = text.session().is_some_and(|(session, _)| path.contains(session.as_str()));
        session || text.failed_container.as_deref().is_some_and(|((pod, _), _)| path.contains(pod.as_str()))
    }

    fn take_layer(
        &mut self,
        index: u32,
        configuration: &Configuration,
        texts: &Texts,
        file: FileId,
        log: &AnsibleText,
        place: Place,
    ) {
        let layer = configuration.layers.get(index as usize);
        self.recovery.failed_layer = Some(index);
        self.recovery.failed_layer_basis = Some(format!(
            "counted in {} and checked against configuration {}",
            path_of(texts, file),
            configuration.name
        ));
        self.recovery.failed_layer_name = layer.map(crate::cfs::Layer::label);
        self.recovery.layers = u32::try_from(configuration.layers.len()).ok();
        self.recovery.configuration_limit = proven(index);
        self.places.push(place);
        self.layer_place = Some(place);
        self.task = log.failed_task.as_ref().map(|failed| {
            (
                failed.task.as_ref().map(|task| format!("TASK [{task}]: ")).unwrap_or_default() + &failed.detail,
                failed.place,
            )
        });
    }
}

fn path_of(texts: &Texts, file: FileId) -> &str {
    texts.inputs.get(file.0 as usize).map_or("-", |input| input.path.as_str())
}

/// Facts the logs at hand cannot hold, and which log or command has them.
fn tell_what_is_missing(found: &Found, runs: &[Run], problems: &mut Vec<Problem>) {
    let recovery = &found.recovery;
    let place: Vec<Place> = found.places.first().copied().into_iter().collect();
    if recovery.failed_layer.is_none() && !found.answered {
        let message = match &recovery.no_failed_layer {
            Some(why) => format!("image {}: no layer failed: {why}", found.image),
            None => format!(
                "image {}: the failed layer is not in SAT's log. Two files beside it would tell: the ansible log, from {}, and the configuration, from cray cfs configurations describe {} --format json",
                found.image,
                recovery.debug_command.as_deref().unwrap_or("kubectl logs -n services POD -c ansible"),
                recovery.configuration.as_deref().unwrap_or("NAME")
            ),
        };
        problems.push(Problem::new("layer-unknown", message, place.clone()));
    }
    if recovery.base_image.is_none() {
        let known = recovery.base_image_candidates.len();
        let made_nothing = found.base_without_id(runs);
        let message = if let Some(base) = made_nothing {
            format!("image {}: its base {base} has no id, because SAT made nothing for it", found.image)
        } else if known == 0 && found.base_is_of_this_run(runs) {
            format!(
                "image {}: its base is another image of this run, and the lines with its id are not in this log. The whole log has them",
                found.image
            )
        } else if known == 0 {
            format!(
                "image {}: its base is not in this log; it was in IMS before. The line 'Found IMS base' says which: cray ims images list --format json",
                found.image
            )
        } else {
            let images = if known == 1 {
                "one image may be its base, and no line proves it"
            } else {
                "several images may be its base, and no line proves which"
            };
            format!("image {}: {images}. --bootprep FILE and --vars-file FILE may", found.image)
        };
        problems.push(Problem::new("base-unknown", message, place.clone()));
    }
    if recovery.configuration.is_none() {
        let assignment = found.run(runs).and_then(|run| run.assignment.as_ref());
        let message = if assignment.is_some_and(|assignment| assignment.has_open_configuration(&found.image)) {
            format!(
                "image {}: the name of its configuration holds variables. --vars-file FILE tells what they are",
                found.image
            )
        } else {
            format!(
                "image {}: its configuration is not in this log. --bootprep FILE and --vars-file FILE tell it",
                found.image
            )
        };
        problems.push(Problem::new("configuration-unknown", message, place));
    }
}

/// What an operator would not expect of a run.
fn warn_of(run: &Run, context: &Context, problems: &mut Vec<Problem>) {
    for image in run.text.images() {
        let without_id = image.without_id.filter(|_| image.created.is_none());
        if let Some(place) = without_id {
            problems.push(Problem::new("image-without-id", format!("SAT calls image {} created and has no id for it: nothing was made. An item on an existing image without a configuration does nothing, and what refers to it will fail", image.name), vec![place]));
        }
        if let Some((id, place)) = image.renamed.as_deref()
            && image.created.as_ref().is_some_and(|(created, _)| created != id)
        {
            problems.push(Problem::new(
                "id-renamed-away",
                format!(
                    "id {id} of image {} no longer exists: SAT renamed the image, which gave it a new id",
                    image.name
                ),
                vec![*place],
            ));
        }
    }
    let fits = run.assignment.as_ref().is_some_and(|assignment| assignment.from_bootprep);
    let ids: Vec<&ImageId> =
        run.text.images().iter().filter_map(|image| image.created.as_ref().map(|(id, _)| id)).collect();
    if context.bootprep.is_none() && !fits && run.text.interrupted.is_some() {
        let place = run.text.interrupted.into_iter().collect();
        problems.push(Problem::new(
            "run-ended",
            format!("SAT was ended before its end; {} images it made remain in IMS", ids.len()),
            place,
        ));
    }
}
