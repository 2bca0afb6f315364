//! Configurations that images and session templates ask for.

use std::collections::{HashMap, HashSet};

use crate::bootprep::names::Scope;
use crate::bootprep::{Section, Text};
use crate::nearness;

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family { name: "Use of configurations", rules: &[&IMAGE, &TEMPLATE], check };

const DEFINED: &str = "configurations:\n- name: compute\n  layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]\nimages:\n- name: compute\n  ref_name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute\n  configuration_group_names: [Compute]\nsession_templates:\n- name: compute\n  image: {image_ref: compute}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n";

static IMAGE: Rule = Rule {
    id: "image-configuration-undefined",
    severity: Severity::Error,
    finds: "the configuration of an image that the file does not define: an error where a list of CFS lacks it or a name of the file is nearly the same, a warning where the file defines others, else for information",
    otherwise: "SAT stops when it looks up the bases: `Configuration ... not found for image`.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]\nimages:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: computer\n  configuration_group_names: [Compute]\n",
    ),
    good: Example::of(DEFINED),
};

static TEMPLATE: Rule = Rule {
    id: "template-configuration-undefined",
    severity: Severity::Error,
    finds: "the configuration of a session template that the file does not define: an error where a list of CFS lacks it or a name of the file is nearly the same, a warning where the file defines others, else for information",
    otherwise: "SAT says so only after all images are built: `Configuration ... specified for ... does not exist`.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]\nsession_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: computer\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
    good: Example::of(DEFINED),
};

/// What the file and the lists say of configurations.
struct Known {
    /// Names of the file.
    names: HashSet<String>,
    /// Names of the file, as written, whatever they render to.
    written: HashSet<String>,
    /// By name: how it is written.
    by_name: HashMap<String, String>,
    /// A name of the file is not known.
    unsure: bool,
}

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let mut known = Known { names: HashSet::new(), written: HashSet::new(), by_name: HashMap::new(), unsure: false };
    known.unsure = subject.file.configurations.iter().any(|configuration| configuration.name.is_none())
        || subject.section_is_unsure(Section::Configurations);
    for written in subject.file.configurations.iter().filter_map(|configuration| configuration.name.as_ref()) {
        known.written.insert(written.text.to_string());
        match subject.rendered(written, Some(Scope::File)) {
            Some(name) => {
                known.by_name.insert(name.clone(), written.text.to_string());
                known.names.insert(name);
            }
            None => known.unsure = true,
        }
    }
    for (index, image) in subject.file.images.iter().enumerate() {
        found.extend(undefined(subject, &IMAGE, image.configuration.as_ref(), Scope::Image(index), &known));
    }
    for template in &subject.file.templates {
        found.extend(undefined(subject, &TEMPLATE, template.configuration.as_ref(), Scope::File, &known));
    }
}

fn undefined(
    subject: &Subject,
    rule: &'static Rule,
    written: Option<&Text>,
    scope: Scope,
    known: &Known,
) -> Option<Finding> {
    let written = written?;
    if known.written.contains(written.as_str()) {
        return None;
    }
    let name = subject.rendered(written, Some(scope))?;
    let system = &subject.context.system;
    let in_cfs = system.has_configuration(&name);
    if known.names.contains(&name) || in_cfs == Some(true) {
        return None;
    }
    let place = subject.place(written.node);
    let near = known
        .names
        .iter()
        .map(String::as_str)
        .chain(system.configurations())
        .map(|other| (nearness::distance(other, &name), other))
        .filter(|(distance, other)| *distance <= 2 && other.chars().count() > 4)
        .min();
    let slip = near.filter(|(_, near)| known.names.iter().any(|name| name == near));
    let severity = if in_cfs == Some(false) || slip.is_some() {
        Severity::Error
    } else if known.unsure {
        return None;
    } else if known.names.is_empty() {
        Severity::Info
    } else {
        Severity::Warning
    };
    let message = match in_cfs {
        Some(_) => format!("neither this file nor CFS has a configuration {name}"),
        None => format!("this file defines no configuration {name}"),
    };
    let finding = rule.at(place, message).severity(severity);
    Some(match near {
        Some((_, near)) => finding.help(format!("did you mean {near}?")).unsafe_fix(
            format!("write {near}"),
            subject.editor().set_text(written.node, known.by_name.get(near).map_or(near, String::as_str)),
        ),
        None if in_cfs.is_none() => finding.help("it has to be in CFS already; --configurations LIST tells"),
        None => finding,
    })
}
