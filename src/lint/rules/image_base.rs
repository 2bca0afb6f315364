//! Bases that leave nothing to do, and the old form of a base.

use crate::bootprep::{Base, Boots, Image, Ims};
use crate::yaml::change::{Change, Meant};
use crate::yaml::edit::Edit;
use crate::yaml::{NodeId, Value};

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family { name: "Bases", rules: &[&WITHOUT_WORK, &DEPRECATED], check };

static WITHOUT_WORK: Rule = Rule {
    id: "image-without-work",
    severity: Severity::Error,
    finds: "an image on an image, in IMS, of a product or of this file, without a configuration",
    otherwise: "SAT says it was created and makes nothing: its id is None. What builds on it fails when its turn comes, and session templates after all images are built. It is what comes of turning a finished image into a build of its own id instead of removing it.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: base\n  ref_name: base\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n- name: compute\n  base: {image_ref: base}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
    good: Example::of(
        "images:\n- name: compute\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
};

static DEPRECATED: Rule = Rule {
    id: "deprecated-image-ims",
    severity: Severity::Warning,
    finds: "the old form of a base: `ims` beside the name of the image, with is_recipe",
    otherwise: "It works, takes no ref_name, and its fields are not rendered.",
    needs: Needs::Nothing,
    bad: Example::of("images:\n- name: base\n  ims:\n    is_recipe: true\n    name: recipe\n"),
    good: Example::of("images:\n- name: base\n  base:\n    ims:\n      type: recipe\n      name: recipe\n"),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    for (index, image) in subject.file.images.iter().enumerate() {
        if let Base::Ims(ims) = &image.base
            && ims.deprecated
        {
            found.push(deprecated(subject, image, ims));
        }
        // A chain that leads nowhere, or in a circle, is told by the rules of references.
        let on_image = image.base.is_recipe() == Some(false) && subject.root(index).is_some();
        if on_image && image.configuration.is_none() && subject.tree.get(image.node, "configuration").is_none() {
            found.push(without_work(subject, index, image));
        }
    }
}

fn without_work(subject: &Subject, index: usize, image: &Image) -> Finding {
    let mut finding = WITHOUT_WORK
        .at(
            subject.head(image.node),
            format!("{} builds on an image and has no configuration: SAT makes nothing of it", image.label()),
        )
        .help("remove the entry, and let what refers to it use its base");
    let Some(ref_name) = image.ref_name() else { return finding };
    for user in subject.refs.users(ref_name).iter().filter(|user| **user != index).take(10) {
        if let Base::ImageRef(image_ref) = &subject.file.image(*user).base {
            finding = finding.related(subject.place(image_ref.node).range, "this needs it");
        }
    }
    for (template, held) in subject.file.templates.iter().enumerate().take(1000) {
        if subject.refs.boots(template) == Some(ref_name)
            && let Boots::ImageRef(image_ref) = &held.image
        {
            finding = finding.related(subject.place(image_ref.node).range, "this boots it");
        }
    }
    finding
}

fn deprecated(subject: &Subject, image: &Image, ims: &Ims) -> Finding {
    let place =
        subject.tree.entry(image.node, "ims").map_or_else(|| subject.place(ims.node), |(key, _)| subject.at_key(key));
    DEPRECATED
        .at(place, "the old form of a base: it takes no ref_name, and its fields are not rendered")
        .help("write base: with ims: and type: in it")
        .safe_fix("write it in the new form", in_new_form(subject, image.node, ims))
}

/// The old form written anew, with the fields in their order. Fields with comments or of several lines are left to people.
fn in_new_form(subject: &Subject, image: NodeId, ims: &Ims) -> Option<Change> {
    let (key, value) = subject.tree.own_entry(image, "ims")?;
    let recipe = ims.recipe?;
    let template = [&ims.id, &ims.name].into_iter().flatten().any(|text| crate::jinja::is_template(text.as_str()));
    let span = subject.tree.node(key).outer..subject.tree.node(value).span.end;
    let commented = subject.tree.comments().iter().any(|comment| span.contains(&comment.start));
    let entries = subject.tree.entries(value)?;
    if template || commented || subject.tree.node(value).shared || subject.tree.node(image).shared || ims.node != value
    {
        return None;
    }
    let kind = if recipe { "recipe" } else { "image" };
    let mut fields = Vec::new();
    let mut meaning = Vec::new();
    for (name, held) in entries {
        let name = subject.tree.scalar(*name)?;
        let written = subject.text.part(subject.tree.node(*held).span.clone());
        if name == "is_recipe" {
            fields.push(format!("type: {kind}"));
            meaning.push((Value::plain("type"), Value::plain(kind)));
        } else if subject.tree.scalar(*held).is_some() && !written.contains('\n') {
            fields.push(format!("{name}: {written}"));
            meaning.push((Value::plain(name), subject.tree.value(*held).ok()?));
        } else {
            return None;
        }
    }
    let column = subject.text.column_bytes(subject.tree.node(key).outer);
    let text = if subject.tree.is_flow(image) || subject.tree.is_flow(value) {
        format!("base: {{ims: {{{}}}}}", fields.join(", "))
    } else {
        let step = subject
            .tree
            .entries(value)?
            .first()
            .map(|(first, _)| subject.text.column_bytes(subject.tree.node(*first).outer))?;
        let step = step.checked_sub(column).filter(|step| *step > 0)?;
        let line_break = subject.text.line_break();
        let inner: String = fields
            .iter()
            .map(|field| format!("{line_break}{:indent$}{field}", "", indent = column + 2 * step))
            .collect();
        format!("base:{line_break}{:indent$}ims:{inner}", "", indent = column + step)
    };
    let path = subject.parents.path(value);
    Some(Change {
        edits: vec![Edit { range: span, text }],
        means: vec![
            Meant::Set(path.clone(), Value::Mapping(vec![(Value::plain("ims"), Value::Mapping(meaning))])),
            Meant::Rename(path, "base".into()),
        ],
    })
}
