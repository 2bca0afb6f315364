//! Names of images: which of them are the same, and which a restart destroys or changes.

use std::collections::HashMap;

use crate::bootprep::names::Scope;
use crate::bootprep::{Base, Boots, Ims, Text};
use crate::jinja;

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family =
    Family { name: "Names of images", rules: &[&DUPLICATE, &AFTER_REWRITE, &BASE_OVERWRITTEN, &DELETES_PINNED], check };

static DUPLICATE: Rule = Rule {
    id: "duplicate-image-name",
    severity: Severity::Error,
    finds: "two images whose names render to the same text",
    otherwise: "SAT stops when it looks up the bases: `Names of images to create must be unique`.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: base\n  base: {ims: {name: one, type: recipe}}\n- name: base\n  base: {ims: {name: two, type: recipe}}\n",
    ),
    good: Example::of(
        "images:\n- name: \"base-{{base.name}}\"\n  base: {ims: {name: one, type: recipe}}\n- name: \"base-{{base.name}}\"\n  base: {ims: {name: two, type: recipe}}\n",
    ),
};

static AFTER_REWRITE: Rule = Rule {
    id: "base-name-after-rewrite",
    severity: Severity::Warning,
    finds: "a name that uses base.name of an image in IMS",
    otherwise: "The name follows the record in IMS: an image that CFS made is called `NAME_cfs_SESSION` or `NAME-pre-configuration`. The new image gets a new name, the old one is not overwritten, and a session template that looks for the name misses it.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: \"compute-{{base.name}}\"\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
    good: Example::of(
        "images:\n- name: compute-2024.11\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
};

static BASE_OVERWRITTEN: Rule = Rule {
    id: "ims-base-overwritten",
    severity: Severity::Error,
    finds: "a base in IMS by a name that this file builds",
    otherwise: "SAT stops with a conflict when it looks up the bases: the base would be overwritten.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: base\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n- name: compute\n  base: {ims: {name: base, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
    good: Example::of(
        "images:\n- name: base\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n- name: compute\n  base: {image_ref: base}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
};

const IMAGES: &str = "[{\"id\": \"5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11\", \"name\": \"compute\"}]";

static DELETES_PINNED: Rule = Rule {
    id: "overwrite-deletes-pinned-image",
    severity: Severity::Error,
    finds: "an image in IMS, used by its id, that is called like an image this file builds",
    otherwise: "IUF runs SAT with --overwrite-images: once the image is built, every other image of its name is deleted, the one used by its id included.",
    needs: Needs::Images,
    bad: Example::of("images:\n- name: compute\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n").images(IMAGES),
    good: Example::of("images:\n- name: compute-2\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n").images(IMAGES),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let mut built: HashMap<String, usize> = HashMap::new();
    for (index, image) in subject.file.images.iter().enumerate() {
        let Some(name) = name_of(subject, index) else { continue };
        let Some(earlier) = built.get(&name).copied() else {
            built.insert(name, index);
            continue;
        };
        let node = image.name.as_ref().map_or(image.node, |name| name.node);
        let first =
            subject.file.image(earlier).name.as_ref().map_or(subject.file.image(earlier).node, |name| name.node);
        found.push(
            DUPLICATE
                .at(
                    subject.place(node),
                    format!("an image called {name} is built in line {} already", subject.line(first)),
                )
                .related(subject.place(first).range, "the first one"),
        );
    }
    for image in &subject.file.images {
        let Base::Ims(ims) = &image.base else { continue };
        if let Some(name) =
            image.name.as_ref().filter(|name| ims.recipe != Some(true) && jinja::uses(name.as_str(), "base"))
        {
            found.push(
                AFTER_REWRITE
                    .at(subject.place(name.node), "this name follows the name that the base has in IMS")
                    .help("write out the name the image had, as the log shows it"),
            );
        }
        if ims.recipe == Some(false) {
            found.extend(overwritten(subject, ims, &built));
        }
    }
    if subject.context.system.knows_images() {
        pinned(subject, &built, found);
    }
}

/// The name of an image, where it can be known.
fn name_of(subject: &Subject, index: usize) -> Option<String> {
    let name = subject.file.image(index).name.as_ref()?;
    subject.rendered(name, Some(Scope::Image(index)))
}

fn overwritten(subject: &Subject, ims: &Ims, built: &HashMap<String, usize>) -> Option<Finding> {
    let name = ims.name.as_ref()?;
    let rendered = subject.rendered(name, (!ims.deprecated).then_some(Scope::File))?;
    let builder = built.get(&rendered).copied()?;
    let image = subject.file.image(builder);
    let finding = BASE_OVERWRITTEN
        .at(subject.place(name.node), format!("this file builds {rendered}, and would overwrite the base"))
        .related(subject.head(image.node).range, "where it is built");
    Some(match image.ref_name() {
        Some(ref_name) => finding.help(format!("build on it: base: {{image_ref: {ref_name}}}")),
        None => finding.help("give it a ref_name and build on that, or use the id"),
    })
}

/// Images used by their id that a restart deletes.
fn pinned(subject: &Subject, built: &HashMap<String, usize>, found: &mut Vec<Finding>) {
    let bases = subject.file.images.iter().filter_map(|image| match &image.base {
        Base::Ims(ims) => ims.id.as_ref(),
        _ => None,
    });
    let booted = subject.file.templates.iter().filter_map(|template| match &template.image {
        Boots::Id(id) => Some(id),
        _ => None,
    });
    for written in bases.chain(booted) {
        found.extend(pinned_one(subject, written, built));
    }
}

fn pinned_one(subject: &Subject, written: &Text, built: &HashMap<String, usize>) -> Option<Finding> {
    let id = subject.rendered(written, Some(Scope::File))?;
    let name = subject.context.system.name_of(&id)?;
    let builder = *built.get(name)?;
    let image = subject.file.image(builder);
    Some(
        DELETES_PINNED
            .at(subject.place(written.node), format!("this image is called {name}, and so is one that this file builds: a run with --overwrite-images deletes it"))
            .related(subject.head(image.node).range, "what is built under that name")
            .help("remove that build, or give it another name"),
    )
}
