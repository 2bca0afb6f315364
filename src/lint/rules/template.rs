//! Session templates: their names, and the old form of their image.

use std::collections::HashMap;

use crate::bootprep::names::Scope;
use crate::bootprep::{Boots, Text};
use crate::image_id::is_canonical_uuid;
use crate::yaml::Value;

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family {
    name: "Session templates",
    rules: &[&DUPLICATE_NAME, &NAME_INVALID, &NAME_LENGTH, &DEPRECATED, &OTHER_CONFIGURATION],
    check,
};

const GOOD: Example = Example::of(
    "session_templates:\n- name: compute-2024.11\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
);

static DUPLICATE_NAME: Rule = Rule {
    id: "duplicate-template-name",
    severity: Severity::Error,
    finds: "two session templates whose names render to the same text",
    otherwise: "SAT says so only after all images are built.",
    needs: Needs::Nothing,
    bad: Example::of(
        "session_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d12}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_groups: [blue]}}}\n",
    ),
    good: GOOD,
};

static NAME_INVALID: Rule = Rule {
    id: "template-name-invalid",
    severity: Severity::Error,
    finds: "a rendered name that BOS refuses: letters, digits, `-`, `.` and `_` only, with a letter or digit at both ends",
    otherwise: "BOS refuses the session template with 400, after all images are built. An empty suffix leaves such a name.",
    needs: Needs::Nothing,
    bad: Example::of(
        "session_templates:\n- name: compute nodes\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
    good: GOOD,
};

static NAME_LENGTH: Rule = Rule {
    id: "template-name-length",
    severity: Severity::Error,
    finds: "a rendered name of more than 127 characters; as a warning, of more than 45, the limit of older releases of CSM",
    otherwise: "BOS refuses the session template, after all images are built.",
    needs: Needs::Nothing,
    bad: Example::of(
        "session_templates:\n- name: compute-for-the-nodes-of-the-second-system-and-the-third-and-the-fourth-system-of-the-site-with-the-image-of-november-2024-and-later\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
    good: GOOD,
};

static DEPRECATED: Rule = Rule {
    id: "deprecated-template-image-string",
    severity: Severity::Warning,
    finds: "the old form of an image: a text, which SAT takes for a name, or else for an id",
    otherwise: "It works. What it means depends on what IMS holds when SAT looks.",
    needs: Needs::Nothing,
    bad: Example::of(
        "session_templates:\n- name: compute-2024.11\n  image: golden-compute\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
    good: GOOD,
};

static OTHER_CONFIGURATION: Rule = Rule {
    id: "unused-template-image",
    severity: Severity::Info,
    finds: "a session template with another configuration than that of the image it boots",
    otherwise: "It is allowed, and the booted nodes are configured by it. It is often what is left when a name was changed in one place only.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  ref_name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute-24.11\n  configuration_group_names: [Compute]\nsession_templates:\n- name: compute\n  image: {image_ref: compute}\n  configuration: compute-24.07\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
    good: Example::of(
        "images:\n- name: compute\n  ref_name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute-24.11\n  configuration_group_names: [Compute]\nsession_templates:\n- name: compute\n  image: {image_ref: compute}\n  configuration: compute-24.11\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
};

/// Whether BOS takes a name, apart from its length.
pub(super) fn is_bos_name(name: &str) -> bool {
    let end = |letter: char| letter.is_ascii_alphanumeric();
    name.starts_with(end) && name.ends_with(end) && name.chars().all(|letter| end(letter) || "-._".contains(letter))
}

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let mut first = HashMap::new();
    for (index, template) in subject.file.templates.iter().enumerate() {
        if let Boots::NameOrId(written) = &template.image {
            found.extend(deprecated(subject, written));
        }
        found.extend(other_configuration(subject, index));
        let Some(written) = &template.name else { continue };
        let Some(name) = subject.rendered(written, Some(Scope::Template(index))) else { continue };
        let place = subject.place(written.node);
        let length = name.chars().count();
        if length > 127 {
            found.push(NAME_LENGTH.at(place.clone(), format!("the name has {length} characters, and BOS takes 127")));
        } else if !is_bos_name(&name) {
            let help = "letters, digits, -, . and _ only, with a letter or digit at both ends";
            let shown = if name == written.as_str() { String::new() } else { format!(" renders to {name:?}, which") };
            found.push(NAME_INVALID.at(place.clone(), format!("this name{shown} BOS refuses")).help(help));
        } else if length > 45 {
            let message = format!("the name has {length} characters; older releases of CSM take 45");
            found.push(NAME_LENGTH.at(place.clone(), message).severity(Severity::Warning).renders_to(written, &name));
        }
        match first.get(&name).copied() {
            None => {
                first.insert(name, written.node);
            }
            Some(earlier) => found.push(
                DUPLICATE_NAME
                    .at(
                        place,
                        format!("a session template called {name} stands in line {} already", subject.line(earlier)),
                    )
                    .related(subject.place(earlier).range, "the first one"),
            ),
        }
    }
}

fn deprecated(subject: &Subject, written: &Text) -> Option<Finding> {
    if !written.is_text() || subject.is_refused(written.node) {
        return None;
    }
    let source = subject.text.part(subject.tree.node(written.node).span.clone());
    let finding = DEPRECATED
        .at(subject.place(written.node), "the old form of an image: SAT takes it for a name, or else for an id");
    let builder = subject.image_named(written.as_str()).and_then(|image| subject.file.image(image).ref_name());
    if let Some(ref_name) = builder {
        let inner = Value::Scalar { text: ref_name.to_owned(), plain: false };
        let value = Value::Mapping(vec![(Value::plain("image_ref"), inner)]);
        let simple = ref_name.chars().all(|letter| letter.is_alphanumeric() || "-_.".contains(letter));
        let change = subject.editor().set_flow(written.node, &format!("{{image_ref: \"{ref_name}\"}}"), value);
        return Some(
            finding
                .help(format!("this file builds it: write image: {{image_ref: {ref_name}}}"))
                .unsafe_fix("refer to the image of this file", change.filter(|_| simple)),
        );
    }
    let key = if is_canonical_uuid(written.as_str()) { "id" } else { "name" };
    let inner = subject.tree.value(written.node).ok()?;
    let value = Value::Mapping(vec![(Value::plain("ims"), Value::Mapping(vec![(Value::plain(key), inner)]))]);
    let simple = !source.contains([',', '{', '}', '[', ']']) || source.starts_with(['"', '\'']);
    let change = subject.editor().set_flow(written.node, &format!("{{ims: {{{key}: {source}}}}}"), value);
    Some(
        finding
            .help(format!("write image: {{ims: {{{key}: ...}}}}"))
            .unsafe_fix("write it in the new form", change.filter(|_| simple)),
    )
}

fn other_configuration(subject: &Subject, index: usize) -> Option<Finding> {
    let template = subject.file.templates.get(index)?;
    let written = template.configuration.as_ref()?;
    let image = subject.refs.by_ref(subject.refs.boots(index)?)?;
    let of_image = subject.file.image(image).configuration.as_ref()?;
    let own = subject.rendered(written, Some(Scope::File))?;
    let other = subject.rendered(of_image, Some(Scope::Image(image)))?;
    (own != other && of_image.text != written.text).then(|| {
        OTHER_CONFIGURATION
            .at(subject.place(written.node), format!("the image it boots was customized with {other}"))
            .related(subject.place(of_image.node).range, "the configuration of the image")
    })
}
