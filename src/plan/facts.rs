//! The facts a plan needs of each image, from the analysis, the bootprep file and the configurations, or from a flag. A
//! fact that is missing or ambiguous is an error that names the flag which settles it; nothing is guessed.

use crate::analysis::{Analysis, Image, ImageStatus, Recovery};
use crate::bootprep::variables::Variables;
use crate::bootprep::{Base as EntryBase, Bootprep, Image as Entry, Ims};
use crate::cfs::Configuration;
use crate::image_id::ImageId;

use super::{Base, CfsVersion, Strategy};

/// What a plan is made from.
pub struct Sources {
    /// The analysis.
    pub analysis: Analysis,
    /// The path of the bootprep file.
    pub bootprep_path: String,
    /// The bootprep file.
    pub bootprep: Bootprep,
    /// Its variables.
    pub variables: Variables,
    /// Configurations, each with the path of its JSON.
    pub configurations: Vec<(String, Configuration)>,
}

/// A value for one image, or for the only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct For<T> {
    /// The image, by its `ref_name` or name.
    pub image: Option<String>,
    /// The value.
    pub value: T,
}

/// What was given by flags.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The images to plan; all that are to be recovered when empty.
    pub images: Vec<String>,
    /// `--base-image-id`.
    pub base_ids: Vec<For<ImageId>>,
    /// `--configuration`.
    pub configurations: Vec<For<String>>,
    /// `--group`.
    pub groups: Vec<For<String>>,
    /// `--failed-layer`.
    pub failed_layers: Vec<For<u32>>,
    /// `--result-name`.
    pub result_names: Vec<For<String>>,
    /// `--strategy`.
    pub strategy: Option<Strategy>,
    /// `--cfs`.
    pub cfs: Option<CfsVersion>,
}

/// A fact that is missing, ambiguous or wrong, and what settles it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}. {remedy}", .image.as_ref().map(|image| format!("image {image}: ")).unwrap_or_default())]
pub struct Hole {
    /// The image.
    pub image: Option<String>,
    /// What is the matter.
    pub what: String,
    /// What to do, with the flag.
    pub remedy: String,
}

impl Hole {
    pub(super) fn of(image: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { image: Some(crate::shown::printable(image)), what: what.into(), remedy: remedy.into() }
    }

    pub(super) fn general(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { image: None, what: what.into(), remedy: remedy.into() }
    }
}

/// All that is known of an image to make.
pub(super) struct Facts<'a> {
    pub(super) item: usize,
    pub(super) image: String,
    pub(super) ref_name: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) arch: Option<String>,
    pub(super) base: Base,
    pub(super) configuration: &'a Configuration,
    pub(super) groups: Vec<String>,
    pub(super) failed_layer: Option<u32>,
    pub(super) result_name: String,
}

/// An image that was chosen: an entry of the file, and what the logs say of it.
struct Chosen<'a> {
    item: usize,
    entry: &'a Entry,
    image: String,
    recovery: Option<&'a Recovery>,
}

impl Chosen<'_> {
    fn label(&self) -> &str {
        self.entry.ref_name().unwrap_or(&self.image)
    }

    fn is(&self, name: &str) -> bool {
        self.image == name || self.entry.ref_name() == Some(name)
    }
}

/// The facts of every image to plan.
pub(super) fn facts<'a>(sources: &'a Sources, given: &Given) -> Result<Vec<Facts<'a>>, Hole> {
    let chosen = sources.chosen(given)?;
    let names: Vec<String> = chosen.iter().map(|image| image.label().to_owned()).collect();
    check_flags(&chosen, &names, given)?;
    chosen.iter().map(|image| sources.facts_of(image, given)).collect()
}

/// A flag is for one image of the plan; with several images it has to say which.
fn check_flags(chosen: &[Chosen<'_>], names: &[String], given: &Given) -> Result<(), Hole> {
    let flags: [(&str, Vec<Option<&String>>); 5] = [
        ("--base-image-id", given.base_ids.iter().map(|flag| flag.image.as_ref()).collect()),
        ("--configuration", given.configurations.iter().map(|flag| flag.image.as_ref()).collect()),
        ("--group", given.groups.iter().map(|flag| flag.image.as_ref()).collect()),
        ("--failed-layer", given.failed_layers.iter().map(|flag| flag.image.as_ref()).collect()),
        ("--result-name", given.result_names.iter().map(|flag| flag.image.as_ref()).collect()),
    ];
    for (flag, images) in flags {
        for image in images {
            match image {
                None if chosen.len() > 1 => {
                    return Err(Hole::general(
                        format!("{flag} does not say for which of the images {}", names.join(", ")),
                        format!("Give {flag} IMAGE=VALUE, or choose one image with --image"),
                    ));
                }
                Some(image) if !chosen.iter().any(|chosen| chosen.is(image)) => {
                    return Err(Hole::general(
                        format!("{flag} is for image '{image}', which this plan does not make"),
                        format!("It makes {}; --image chooses others", names.join(", ")),
                    ));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

impl Sources {
    fn chosen(&self, given: &Given) -> Result<Vec<Chosen<'_>>, Hole> {
        let recoveries = &self.analysis.recoveries;
        if given.images.is_empty() {
            if recoveries.is_empty() {
                return Err(Hole::general(
                    "no image of these logs failed while it was configured, so there is nothing to go on from",
                    "--image REF_NAME plans an image of the bootprep file all the same",
                ));
            }
            return recoveries.iter().map(|recovery| self.of_recovery(recovery)).collect();
        }
        let mut chosen: Vec<Chosen<'_>> = Vec::new();
        for name in &given.images {
            let fitting: Vec<&Recovery> = recoveries
                .iter()
                .filter(|recovery| recovery.image == *name || recovery.ref_name.as_ref() == Some(name))
                .collect();
            let image = match fitting.as_slice() {
                [] => self.of_name(name)?,
                [one] => self.of_recovery(one)?,
                _ => {
                    return Err(Hole::general(
                        format!("--image {name} fits {} images that failed", fitting.len()),
                        "Give the ref_name or the name that only one of them has",
                    ));
                }
            };
            if chosen.iter().all(|other| other.item != image.item) {
                chosen.push(image);
            }
        }
        Ok(chosen)
    }

    /// The entry of the file that a recovered image is. Its name proves it when the template of one entry only fits, and
    /// nothing but the name of the base is open in it.
    fn of_recovery<'a>(&'a self, recovery: &'a Recovery) -> Result<Chosen<'a>, Hole> {
        let path = &self.bootprep_path;
        let image = &recovery.image;
        let item = match &recovery.ref_name {
            Some(ref_name) => self.bootprep.by_ref(ref_name),
            None => match self.entries_for(image).as_slice() {
                [] => None,
                [one] if self.variables.pattern(self.bootprep.images[*one].name()).with_base("").text().is_some() => {
                    Some(*one)
                }
                several => {
                    let names: Vec<String> = several.iter().map(|item| label(&self.bootprep.images[*item])).collect();
                    return Err(Hole::of(
                        image,
                        format!("{path}: which entry makes this image is not proven: it may be {}", names.join(" or ")),
                        format!(
                            "Give --vars-file with the variables of the run, so that names can be told apart, or say so with --image {}",
                            crate::shown::shell_word(&names[0])
                        ),
                    ));
                }
            },
        };
        let Some(item) = item else {
            let of = recovery.operation.as_ref().map(|name| format!(" of {name}")).unwrap_or_default();
            return Err(Hole::of(
                image,
                format!("{path}: no entry of this file makes this image{of}"),
                "Give the bootprep file (and variables) of that run with --bootprep and --vars-file, or leave the image out by choosing others with --image",
            ));
        };
        Ok(self.chosen_as(item, recovery))
    }

    fn chosen_as<'a>(&'a self, item: usize, recovery: &'a Recovery) -> Chosen<'a> {
        let entry = &self.bootprep.images[item];
        Chosen { item, entry, image: recovery.image.clone(), recovery: Some(recovery) }
    }

    /// The entries whose name may be that of an image that was being configured.
    fn entries_for(&self, image: &str) -> Vec<usize> {
        let items = self.bootprep.images.iter().enumerate();
        let fits = |item: &Entry| item.configuration().is_some() && self.variables.pattern(item.name()).matches(image);
        items.filter(|(_, item)| fits(item)).map(|(at, _)| at).collect()
    }

    /// An entry of the file that was named: the only failed image that it can be, else one that no log calls failed.
    fn of_name(&self, name: &str) -> Result<Chosen<'_>, Hole> {
        let item = self.bootprep.by_ref(name);
        let untied = self.analysis.recoveries.iter().filter(|recovery| recovery.ref_name.is_none());
        let mut can_be =
            untied.filter(|recovery| item.is_some_and(|item| self.entries_for(&recovery.image).contains(&item)));
        match (item, can_be.next(), can_be.next()) {
            (Some(item), Some(recovery), None) => Ok(self.chosen_as(item, recovery)),
            (_, Some(one), Some(other)) => Err(Hole::general(
                format!("--image {name} may be {} or {} of these logs", one.image, other.image),
                "Give --vars-file with the variables of the run, so that names can be told apart",
            )),
            _ => self.of_item(name),
        }
    }

    /// An entry of the file that no log calls failed.
    fn of_item(&self, name: &str) -> Result<Chosen<'_>, Hole> {
        let images = &self.bootprep.images;
        let rendered = |item: &Entry| self.variables.pattern(item.name()).text().map(str::to_owned);
        let item = self
            .bootprep
            .by_ref(name)
            .or_else(|| images.iter().position(|item| item.name() == name || rendered(item).as_deref() == Some(name)));
        let Some(item) = item else {
            let known: Vec<String> = images.iter().map(label).collect();
            return Err(Hole::general(
                format!("{}: no image has the ref_name or name '{name}'", self.bootprep_path),
                format!("The file has {}", known.join(", ")),
            ));
        };
        let entry = &images[item];
        if entry.configuration().is_none() {
            return Err(Hole::of(
                name,
                "it has no configuration, so it is built and not configured, and there is nothing to plan",
                "Choose an image that has one with --image",
            ));
        }
        let seen =
            self.run_images().find(|image| image.ref_name.is_some() && image.ref_name.as_deref() == entry.ref_name());
        if let Some(image) = seen.filter(|image| image.status == ImageStatus::Succeeded && image.id.is_some()) {
            return Err(Hole::of(
                name,
                format!("it is made already, as {}", image.id.as_ref().map(ImageId::as_str).unwrap_or_default()),
                "Pin that with incfg rewrite-bootprep --pin; it needs no plan",
            ));
        }
        let on_its_base = || {
            let EntryBase::ImageRef(base) = &entry.base else { return None };
            let base = self
                .run_images()
                .find(|image| image.ref_name.as_deref() == Some(base.as_str()) && image.id.is_some())?;
            self.variables.pattern(entry.name()).with_base(&base.name).text().map(str::to_owned)
        };
        let image = seen.map(|image| image.name.clone()).or_else(|| rendered(entry)).or_else(on_its_base);
        let image = image.ok_or_else(|| {
            Hole::of(
                name,
                format!("what its name {} renders to is not known", entry.name()),
                "Give --vars-file with the variables of the run, and the log of the run",
            )
        })?;
        Ok(Chosen { item, entry, image, recovery: None })
    }

    /// The images of all runs, newest first.
    fn run_images(&self) -> impl Iterator<Item = &Image> {
        self.analysis.sat_runs.iter().rev().flat_map(|run| &run.images)
    }

    fn facts_of(&self, chosen: &Chosen<'_>, given: &Given) -> Result<Facts<'_>, Hole> {
        let arch = arch_of([Some(chosen.label()), Some(chosen.image.as_str())]);
        let base = self.base(chosen, given)?;
        let base_arch = arch_of([base.name.as_deref()]);
        if let (Some(arch), Some(other)) = (&arch, &base_arch)
            && arch != other
        {
            return Err(Hole::of(
                chosen.label(),
                format!("an {arch} image cannot begin with {}, which is an {other} image", base.id),
                "Give the right one with --base-image-id",
            ));
        }
        let configuration = self.configuration(chosen, given)?;
        let failed_layer = self.failed_layer(chosen, given, configuration)?;
        Ok(Facts {
            item: chosen.item,
            image: chosen.image.clone(),
            ref_name: chosen.entry.ref_name().map(str::to_owned),
            operation: chosen.recovery.and_then(|recovery| recovery.operation.clone()),
            arch: arch.or(base_arch),
            base,
            configuration,
            groups: groups(chosen, given)?,
            failed_layer,
            result_name: value(&given.result_names, chosen).cloned().unwrap_or_else(|| chosen.image.clone()),
        })
    }

    fn base(&self, chosen: &Chosen<'_>, given: &Given) -> Result<Base, Hole> {
        let label = chosen.label();
        let flag = format!("--base-image-id {}=ID", crate::shown::shell_word(label));
        if let Some(id) = value(&given.base_ids, chosen) {
            let name = self.run_images().find(|image| image.id.as_ref() == Some(id)).map(|image| image.name.clone());
            let candidates =
                chosen.recovery.map(|recovery| recovery.base_image_candidates.as_slice()).unwrap_or_default();
            if let Some(name) = &name
                && !candidates.is_empty()
                && candidates.iter().all(|candidate| candidate.id != *id)
            {
                return Err(Hole::of(
                    label,
                    format!("{id} is image {name}, on which it does not build"),
                    format!("It may build on {}; give one of them with {flag}", listed(candidates)),
                ));
            }
            return Ok(Base { id: id.clone(), name, basis: "given with --base-image-id".into() });
        }
        if let Some(recovery) = chosen.recovery {
            if let Some(base) = &recovery.base_image {
                return Ok(Base { id: base.id.clone(), name: base.name.clone(), basis: base.basis.clone() });
            }
            if !recovery.base_image_candidates.is_empty() {
                return Err(Hole::of(
                    label,
                    format!(
                        "its base image is not known for sure: it may be {}",
                        listed(&recovery.base_image_candidates)
                    ),
                    format!("Settle it with {flag}"),
                ));
            }
        }
        match &chosen.entry.base {
            EntryBase::ImageRef(base) => {
                let made = self
                    .run_images()
                    .find(|image| image.ref_name.as_deref() == Some(base.as_str()) && image.id.is_some());
                if let Some((image, id)) = made.and_then(|image| Some((image, image.id.clone()?))) {
                    let basis = "the newest image of the logs that the bootprep file names as its base".into();
                    return Ok(Base { id, name: Some(image.name.clone()), basis });
                }
            }
            EntryBase::Ims(Ims { recipe: Some(false), id: Some(id), .. }) => {
                if let Ok(id) = id.as_str().parse() {
                    return Ok(Base { id, name: None, basis: "named by the bootprep file".into() });
                }
            }
            _ => {}
        }
        Err(Hole::of(
            label,
            "its base image is not known: no log says which image it was made from",
            format!("Settle it with {flag}"),
        ))
    }

    fn configuration(&self, chosen: &Chosen<'_>, given: &Given) -> Result<&Configuration, Hole> {
        let label = chosen.label();
        let rendered = || {
            let template = chosen.entry.configuration()?;
            self.variables.pattern(template).text().map(str::to_owned)
        };
        let known = chosen.recovery.and_then(|recovery| recovery.configuration.clone());
        let flag = format!("--configuration {}=NAME", crate::shown::shell_word(label));
        let name = match (value(&given.configurations, chosen), known, rendered()) {
            (Some(given), _, _) => given.clone(),
            (None, Some(log), Some(file)) if log != file => {
                return Err(Hole::of(
                    label,
                    format!("the log says configuration {log}, the bootprep file {file}: they are not of one run"),
                    format!("Settle it with {flag}"),
                ));
            }
            (None, Some(name), _) | (None, None, Some(name)) => name,
            (None, None, None) => {
                let candidates =
                    chosen.recovery.map(|recovery| recovery.configuration_candidates.join(", ")).unwrap_or_default();
                let may = if candidates.is_empty() { String::new() } else { format!(": it may be {candidates}") };
                return Err(Hole::of(
                    label,
                    format!("its configuration is not known for sure{may}"),
                    format!("Settle it with {flag}, or give the variables of the run with --vars-file"),
                ));
            }
        };
        let mut fitting = self.configurations.iter().filter(|(_, configuration)| configuration.name == name);
        let Some((path, configuration)) = fitting.next() else {
            let others: Vec<String> = self
                .configurations
                .iter()
                .map(|(path, configuration)| format!("{path} holds {}", configuration.name))
                .collect();
            let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
            let file = crate::shown::shell_word(&format!("{}.json", name.replace('/', "_")));
            return Err(Hole::of(
                label,
                format!("the layers of configuration {name} are not known{others}"),
                format!(
                    "Fetch them with: cray cfs configurations describe {} --format json > {file}, and give --configuration-file {file}",
                    crate::shown::shell_word(&name)
                ),
            ));
        };
        if let Some((other, _)) = fitting.find(|(_, other)| {
            other.layers != configuration.layers || other.additional_inventory != configuration.additional_inventory
        }) {
            return Err(Hole::of(
                label,
                format!("{path} and {other} both hold configuration {name}, and they differ"),
                "Leave out the older one",
            ));
        }
        if configuration.layers.is_empty() {
            return Err(Hole::of(
                label,
                format!("{path}: configuration {name} has no layers"),
                format!("Give another with {flag}"),
            ));
        }
        Ok(configuration)
    }

    fn failed_layer(
        &self,
        chosen: &Chosen<'_>,
        given: &Given,
        configuration: &Configuration,
    ) -> Result<Option<u32>, Hole> {
        let count = configuration.layers.len();
        let label = chosen.label();
        let within = |layer: u32, remedy: &str| {
            if (layer as usize) < count {
                return Ok(Some(layer));
            }
            let what = format!(
                "layer {layer} is not in configuration {}, which has layers 0 to {}",
                configuration.name,
                count - 1
            );
            Err(Hole::of(label, what, remedy))
        };
        let flag = format!("Settle it with --failed-layer {}=N", crate::shown::shell_word(label));
        if let Some(layer) = value(&given.failed_layers, chosen) {
            return within(*layer, "Give --failed-layer an index that it has; layers count from 0");
        }
        let Some((recovery, layer)) = chosen.recovery.and_then(|recovery| Some((recovery, recovery.failed_layer?)))
        else {
            return Ok(None);
        };
        within(layer, &flag)?;
        let differs = recovery.layers.is_some_and(|layers| layers as usize != count)
            || recovery
                .failed_layer_name
                .as_ref()
                .is_some_and(|name| *name != configuration.layers[layer as usize].label());
        if differs {
            let now = configuration.layers[layer as usize].label();
            let then = recovery.failed_layer_name.clone().unwrap_or_else(|| "another".into());
            return Err(Hole::of(
                label,
                format!(
                    "layer {layer} failed, which was {then}, and is {now} now: configuration {} was changed since",
                    configuration.name
                ),
                flag,
            ));
        }
        Ok(Some(layer))
    }

    /// Images of the same runs that exist: they need not be made again.
    pub(super) fn existing(&self, operations: &[Option<String>]) -> Vec<(String, String, ImageId)> {
        let runs = &self.analysis.sat_runs;
        let wanted = |at: &usize| self.analysis.is_newest(*at) && operations.contains(&runs[*at].operation);
        let images = (0..runs.len()).filter(wanted).flat_map(|at| &runs[at].images);
        images
            .filter(|image| image.status == ImageStatus::Succeeded)
            .filter_map(|image| Some((image.ref_name.clone()?, image.name.clone(), image.id.clone()?)))
            .filter(|(ref_name, _, _)| self.bootprep.by_ref(ref_name).is_some())
            .collect()
    }

    /// Another entry of the file that is built under this name.
    pub(super) fn builds(&self, name: &str, not: usize) -> Option<String> {
        let others = self.bootprep.images.iter().enumerate().filter(|(at, _)| *at != not);
        others.map(|(_, item)| item).find(|item| self.variables.pattern(item.name()).text() == Some(name)).map(label)
    }
}

fn groups(chosen: &Chosen<'_>, given: &Given) -> Result<Vec<String>, Hole> {
    let label = chosen.label();
    let by_flag: Vec<String> = given
        .groups
        .iter()
        .filter(|flag| flag.image.as_ref().is_none_or(|image| chosen.is(image)))
        .map(|flag| flag.value.clone())
        .collect();
    if !by_flag.is_empty() {
        return Ok(by_flag);
    }
    let flag = format!("Settle it with --group {}=NAME, which repeats", crate::shown::shell_word(label));
    let log = chosen.recovery.and_then(|recovery| recovery.groups.clone()).filter(|groups| !groups.is_empty());
    let file = chosen.entry.group_names().filter(|groups| !groups.is_empty());
    match (log, file) {
        (Some(log), Some(file)) if log != file => Err(Hole::of(
            label,
            format!(
                "the log says groups {}, the bootprep file {}: they are not of one run",
                log.join(", "),
                file.join(", ")
            ),
            flag,
        )),
        (Some(groups), _) | (None, Some(groups)) => Ok(groups),
        (None, None) => Err(Hole::of(label, "its groups in the inventory are not known", flag)),
    }
}

fn value<'a, T>(flags: &'a [For<T>], chosen: &Chosen<'_>) -> Option<&'a T> {
    flags.iter().rev().find(|flag| flag.image.as_ref().is_none_or(|image| chosen.is(image))).map(|flag| &flag.value)
}

fn listed(candidates: &[crate::analysis::Candidate]) -> String {
    let each =
        candidates.iter().map(|candidate| format!("{} ({})", candidate.id, crate::shown::printable(&candidate.name)));
    each.collect::<Vec<_>>().join(" or ")
}

fn label(item: &Entry) -> String {
    item.label().to_owned()
}

/// The architecture that names tell, when they tell of one only.
fn arch_of<const N: usize>(names: [Option<&str>; N]) -> Option<String> {
    let tells = |arch: &str| names.iter().flatten().any(|name| name.contains(arch));
    match (tells("x86_64"), tells("aarch64")) {
        (true, false) => Some("x86_64".into()),
        (false, true) => Some("aarch64".into()),
        _ => None,
    }
}
