//! Which images a plan makes: entries of the bootprep file, and what the logs say of each.

use crate::analysis::{Image, ImageStatus, Recovery};
use crate::bootprep::{Base, Image as Entry};
use crate::image_id::ImageId;

use super::sources::{Given, Hole, Sources};

/// An image that was chosen: an entry of the file, and what the logs say of it.
pub(super) struct Chosen<'a> {
    pub(super) item: usize,
    pub(super) entry: &'a Entry,
    pub(super) image: String,
    pub(super) recovery: Option<&'a Recovery>,
}

impl Chosen<'_> {
    pub(super) fn label(&self) -> &str {
        self.entry.ref_name().unwrap_or(&self.image)
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.image == name || self.entry.ref_name() == Some(name)
    }
}

/// A flag is for one image of the plan; with several images it has to say which.
pub(super) fn check_flags(chosen: &[Chosen<'_>], names: &[String], given: &Given) -> Result<(), Hole> {
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
    pub(super) fn chosen(&self, given: &Given) -> Result<Vec<Chosen<'_>>, Hole> {
        let recoveries = &self.analysis.recoveries;
        if given.images.is_empty() {
            if recoveries.is_empty() {
                return Err(Hole::general(
                    "no image of these logs failed while it was configured, so there is nothing to go on from",
                    "--image REF_NAME plans an image of the bootprep file all the same",
                ));
            }
            return self.of_recoveries();
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

    /// Every image that failed. Two of them cannot be one entry of the file: then a name in the logs is not what it was, or
    /// they are of runs with other variables.
    fn of_recoveries(&self) -> Result<Vec<Chosen<'_>>, Hole> {
        let mut chosen: Vec<Chosen<'_>> = Vec::new();
        for recovery in &self.analysis.recoveries {
            let image = self.of_recovery(recovery)?;
            if let Some(other) = chosen.iter().find(|other| other.item == image.item) {
                return Err(Hole::of(
                    image.label(),
                    format!("two images of these logs may be it: {} and {}", other.image, image.image),
                    "Give the logs of one run, or say with --image which of the two is meant",
                ));
            }
            chosen.push(image);
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
                [one] if self.variables.pattern(self.bootprep.image(*one).name()).with_base("").text().is_some() => {
                    Some(*one)
                }
                several => {
                    let names: Vec<String> = several.iter().map(|item| label(self.bootprep.image(*item))).collect();
                    return Err(Hole::of(
                        image,
                        format!("{path}: which entry makes this image is not proven: it may be {}", names.join(" or ")),
                        format!(
                            "Give --vars-file with the variables of the run, so that names can be told apart, or say so with --image {}",
                            crate::shown::shell_word(names.first().unwrap_or(image))
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
        let entry = self.bootprep.image(item);
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
        let entry = self.bootprep.image(item);
        if entry.configuration().is_none() {
            return Err(Hole::of(
                name,
                "it has no configuration, so it is built and not configured, and there is nothing to plan",
                "Choose an image that has one with --image",
            ));
        }
        let is_it = |image: &&Image| match (entry.ref_name(), image.ref_name.as_deref()) {
            (None, None) => self.entry_of(image).is_some() && rendered(entry).as_ref() == Some(&image.name),
            (own, of_log) => own == of_log,
        };
        let seen = self.run_images().find(is_it);
        if let Some(image) = seen.filter(|image| image.status == ImageStatus::Succeeded && image.id.is_some()) {
            return Err(Hole::of(
                name,
                format!("it is made already, as {}", image.id.as_ref().map(ImageId::as_str).unwrap_or_default()),
                "Pin that with incfg rewrite-bootprep --pin; it needs no plan",
            ));
        }
        let on_its_base = || {
            let Base::ImageRef(base) = &entry.base else { return None };
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
}

pub(super) fn label(item: &Entry) -> String {
    item.label().to_owned()
}
