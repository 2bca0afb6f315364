//! The facts a plan needs of each image, from the analysis, the bootprep file and the configurations, or from a flag. A
//! fact that is missing or ambiguous is an error that names the flag which settles it; nothing is guessed.

use crate::analysis::{Image, ImageStatus, SatRun};
use crate::bootprep::refs::Refs;
use crate::bootprep::{Base as EntryBase, Ims};
use crate::cfs::{Configuration, Saved};
use crate::image_id::ImageId;

use super::Base;
use super::chosen::{Chosen, check_flags, label};
use super::sources::{For, Given, Hole, Sources};

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

/// The facts of every image to plan.
pub(super) fn facts<'a>(sources: &'a Sources, given: &Given) -> Result<Vec<Facts<'a>>, Hole> {
    let chosen = sources.chosen(given)?;
    let names: Vec<String> = chosen.iter().map(|image| image.label().to_owned()).collect();
    check_flags(&chosen, &names, given)?;
    chosen.iter().map(|image| sources.facts_of(image, given)).collect()
}

impl Sources {
    fn facts_of(&self, chosen: &Chosen<'_>, given: &Given) -> Result<Facts<'_>, Hole> {
        let arch = self.root_arch(chosen).or_else(|| arch_of([Some(chosen.label()), Some(chosen.image.as_str())]));
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

    /// The architecture that the bootprep file asks for where the chain of images begins.
    fn root_arch(&self, chosen: &Chosen<'_>) -> Option<String> {
        let root = Refs::of(&self.bootprep, &self.variables).root(chosen.item)?;
        let EntryBase::Product(product) = &self.bootprep.images.get(root)?.base else { return None };
        let arch = self.variables.pattern(product.filter.as_ref()?.arch.as_ref()?.as_str());
        arch.text().filter(|arch| matches!(*arch, "x86_64" | "aarch64")).map(str::to_owned)
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
        let flag = format!("--configuration {}=NAME", crate::shown::shell_word(chosen.label()));
        let name = self.configuration_name(chosen, given, &flag)?;
        self.described(chosen, &name, &flag)
    }

    /// The name of the configuration; `flag` settles it.
    fn configuration_name(&self, chosen: &Chosen<'_>, given: &Given, flag: &str) -> Result<String, Hole> {
        let label = chosen.label();
        let rendered = || {
            let template = chosen.entry.configuration()?;
            self.variables.pattern(template).text().map(str::to_owned)
        };
        let known = chosen.recovery.and_then(|recovery| recovery.configuration.clone());
        match (value(&given.configurations, chosen), known, rendered()) {
            (Some(given), _, _) => Ok(given.clone()),
            (None, Some(log), Some(file)) if log != file => Err(Hole::of(
                label,
                format!("the log says configuration {log}, the bootprep file {file}: they are not of one run"),
                format!("Settle it with {flag}"),
            )),
            (None, Some(name), _) | (None, None, Some(name)) => Ok(name),
            (None, None, None) => {
                let candidates =
                    chosen.recovery.map(|recovery| recovery.configuration_candidates.join(", ")).unwrap_or_default();
                let may = if candidates.is_empty() { String::new() } else { format!(": it may be {candidates}") };
                Err(Hole::of(
                    label,
                    format!("its configuration is not known for sure{may}"),
                    format!("Settle it with {flag}, or give the variables of the run with --vars-file"),
                ))
            }
        }
    }

    /// The configuration of a name, with its layers; `flag` gives another.
    fn described(&self, chosen: &Chosen<'_>, name: &str, flag: &str) -> Result<&Configuration, Hole> {
        let label = chosen.label();
        let mut fitting = self.configurations.iter().filter(|(_, configuration)| configuration.name == name);
        let Some((path, configuration)) = fitting.next() else {
            let others: Vec<String> = self
                .configurations
                .iter()
                .map(|(path, configuration)| format!("{path} holds {}", configuration.name))
                .collect();
            let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
            let Saved { command, file } = Saved::configuration(name);
            return Err(Hole::of(
                label,
                format!("the layers of configuration {name} are not known{others}"),
                format!("Fetch them with: {command}, and give --configuration-file {file}"),
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
        let now = configuration.layers.get(layer as usize).map(|layer| layer.label()).unwrap_or_default();
        let differs = recovery.layers.is_some_and(|layers| layers as usize != count)
            || recovery.failed_layer_name.as_ref().is_some_and(|name| *name != now);
        if differs {
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
        self.succeeded(operations)
            .filter_map(|image| Some((self.entry_of(image)?, image.name.clone(), image.id.clone()?)))
            .collect()
    }

    /// What the bootprep file calls an image of a log: by its ref_name, or, of an entry that has none, by its name.
    pub(super) fn entry_of(&self, image: &Image) -> Option<String> {
        match &image.ref_name {
            Some(ref_name) => self.bootprep.by_ref(ref_name).map(|_| ref_name.clone()),
            None => {
                let patterns = self.bootprep.images.iter().map(|entry| (entry, self.variables.pattern(entry.name())));
                let mut called = patterns.filter(|(_, name)| name.text() == Some(&image.name));
                let (entry, _) = called.next()?;
                (entry.ref_name().is_none() && called.next().is_none()).then(|| image.name.clone())
            }
        }
    }

    /// Images of these operations that exist, and of which the logs do not prove which entry of the bootprep file they
    /// are: their names and ids.
    pub(super) fn unplaced(&self, operations: &[Option<String>]) -> Vec<(String, ImageId)> {
        self.succeeded(operations)
            .filter(|image| self.entry_of(image).is_none())
            .filter_map(|image| Some((image.name.clone(), image.id.clone()?)))
            .collect()
    }

    fn succeeded(&self, operations: &[Option<String>]) -> impl Iterator<Item = &Image> {
        let runs = &self.analysis.sat_runs;
        let wanted = |(at, run): &(usize, &SatRun)| self.analysis.is_newest(*at) && operations.contains(&run.operation);
        let images = runs.iter().enumerate().filter(wanted).flat_map(|(_, run)| &run.images);
        images.filter(|image| image.status == ImageStatus::Succeeded)
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

/// The architecture that names tell, when they tell of one only.
fn arch_of<const N: usize>(names: [Option<&str>; N]) -> Option<String> {
    let tells = |arch: &str| names.iter().flatten().any(|name| name.contains(arch));
    match (tells("x86_64"), tells("aarch64")) {
        (true, false) => Some("x86_64".into()),
        (false, true) => Some("aarch64".into()),
        _ => None,
    }
}
