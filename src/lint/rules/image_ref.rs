//! References between the entries of a file: to a `ref_name` that is not there, in a circle, or too early.

use std::collections::{HashMap, HashSet};

use crate::bootprep::{Base, Boots, Text};
use crate::jinja;
use crate::yaml::NodeId;

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family {
    name: "References",
    rules: &[&DANGLING, &TEMPLATE_DANGLING, &USES_NAME, &CYCLE, &TEMPLATED, &DUPLICATE, &FORWARD],
    check,
};

const GOOD: Example = Example::of(
    "images:\n- name: base\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n- name: compute\n  ref_name: compute\n  base: {image_ref: base}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
);
const TEMPLATE: &str = "session_templates:\n- name: compute\n  image: {image_ref: base}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\nimages:\n- name: base\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n";

static DANGLING: Rule = Rule {
    id: "image-ref-dangling",
    severity: Severity::Error,
    finds: "base.image_ref of an image that no image of the file has as its ref_name",
    otherwise: "SAT stops when it looks up the bases: `Unable to resolve image from input instance`. It happens when a finished base was taken out of the file.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  base: {image_ref: base}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
    good: GOOD,
};

static TEMPLATE_DANGLING: Rule = Rule {
    id: "template-image-ref-dangling",
    severity: Severity::Error,
    finds: "image.image_ref of a session template that no image of the file has as its ref_name",
    otherwise: "SAT looks at session templates only after all images are built: `No image exists with ref_name`, hours later.",
    needs: Needs::Nothing,
    bad: Example::of(
        "session_templates:\n- name: compute\n  image: {image_ref: bass}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\nimages:\n- name: base\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n",
    ),
    good: Example::of(TEMPLATE),
};

static USES_NAME: Rule = Rule {
    id: "image-ref-uses-name",
    severity: Severity::Error,
    finds: "an image_ref that is the name of an image, not its ref_name; manta takes it where there is no ref_name",
    otherwise: "SAT finds no such ref_name, for a session template only after all images are built.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: base-image\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n- name: compute\n  base: {image_ref: base-image}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
    good: GOOD,
};

static CYCLE: Rule = Rule {
    id: "image-ref-cycle",
    severity: Severity::Error,
    finds: "images that build on each other in a circle, or one on itself",
    otherwise: "SAT stops: `The following circular dependency exists`, naming positions only.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- {name: one, ref_name: one, base: {image_ref: two}, configuration: c, configuration_group_names: [Compute]}\n- {name: two, ref_name: two, base: {image_ref: one}, configuration: c, configuration_group_names: [Compute]}\n",
    ),
    good: GOOD,
};

static TEMPLATED: Rule = Rule {
    id: "image-ref-templated",
    severity: Severity::Info,
    finds: "a template in image.image_ref of a session template",
    otherwise: "SAT renders it; people and tools that search for the ref_name do not find it.",
    needs: Needs::Nothing,
    bad: Example::of(
        "session_templates:\n- name: compute\n  image: {image_ref: \"{{ 'base' }}\"}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\nimages:\n- name: base\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n",
    ),
    good: Example::of(TEMPLATE),
};

static DUPLICATE: Rule = Rule {
    id: "duplicate-ref-name",
    severity: Severity::Error,
    finds: "two images with the same ref_name",
    otherwise: "SAT stops: `Images must have unique values for \"ref_name\"`.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: one\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n- name: two\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n",
    ),
    good: GOOD,
};

static FORWARD: Rule = Rule {
    id: "base-name-forward-reference",
    severity: Severity::Error,
    finds: "an image that builds on a later image whose name uses base.name",
    otherwise: "SAT does not know that name yet and stops with `'base' is undefined`, blaming the wrong image.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  base: {image_ref: base}\n  configuration: compute\n  configuration_group_names: [Compute]\n- name: \"base-{{base.name}}\"\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n",
    ),
    good: Example::of(
        "images:\n- name: \"base-{{base.name}}\"\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n- name: compute\n  base: {image_ref: base}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let unsure = subject.ref_names_are_unsure();
    for (index, image) in subject.file.images.iter().enumerate() {
        let Base::ImageRef(image_ref) = &image.base else { continue };
        match subject.refs.by_ref(image_ref.as_str()) {
            None if unsure => {}
            None => found.extend(dangling(subject, &DANGLING, image_ref, image_ref.as_str())),
            Some(base) if base > index => found.extend(forward(subject, index, base, image_ref.node)),
            Some(_) => {}
        }
    }
    for (index, template) in subject.file.templates.iter().enumerate().filter(|_| !unsure) {
        let Boots::ImageRef(image_ref) = &template.image else { continue };
        if jinja::is_template(image_ref.as_str()) {
            found.push(
                TEMPLATED
                    .at(subject.place(image_ref.node), "SAT renders this before it looks the image up")
                    .help("write the ref_name out"),
            );
            let known = subject.rendered(image_ref, Some(crate::bootprep::names::Scope::File));
            if let Some(rendered) = known.filter(|rendered| subject.refs.by_ref(rendered).is_none()) {
                found.extend(dangling(subject, &TEMPLATE_DANGLING, image_ref, &rendered));
            }
        } else if subject.refs.boots(index).is_some_and(|ref_name| subject.refs.by_ref(ref_name).is_none()) {
            found.extend(dangling(subject, &TEMPLATE_DANGLING, image_ref, image_ref.as_str()));
        }
    }
    duplicates(subject, found);
    cycles(subject, found);
}

fn dangling(subject: &Subject, rule: &'static Rule, image_ref: &Text, wanted: &str) -> Option<Finding> {
    let images = &subject.file.images;
    // Templates in what SAT does not render are told by another rule.
    let templated = |ref_name: &str| {
        jinja::is_template(ref_name)
            && (ref_name == wanted || subject.context.variables.pattern(ref_name).matches(wanted))
    };
    if !image_ref.is_text()
        || (jinja::is_template(wanted) && rule.id == DANGLING.id)
        || images.iter().any(|image| image.ref_name().is_some_and(templated))
    {
        return None;
    }
    let place = subject.place(image_ref.node);
    if let Some(image) = subject.image_named(wanted).map(|image| subject.file.image(image)) {
        let finding = USES_NAME
            .at(place, format!("{wanted} is the name of an image; image_ref takes a ref_name"))
            .related(subject.head(image.node).range, "the image of that name");
        return Some(match image.ref_name() {
            Some(ref_name) => finding
                .help(format!("its ref_name is {ref_name}"))
                .unsafe_fix(format!("write {ref_name}"), subject.editor().set_text(image_ref.node, ref_name)),
            None => finding
                .help(format!("give it a ref_name: {wanted}"))
                .unsafe_fix("give it that ref_name", subject.editor().append(image.node, "ref_name", wanted, true)),
        });
    }
    let finding = rule.at(place, format!("no image of this file has the ref_name {wanted:?}"));
    let near = subject.nearest(images.iter().filter_map(|image| image.ref_name()), wanted);
    Some(match near {
        Some(near) => finding
            .help(format!("did you mean {near}?"))
            .unsafe_fix(format!("write {near}"), subject.editor().set_text(image_ref.node, near)),
        None if rule.id == DANGLING.id => {
            finding.help("if the image exists already, write base: {ims: {id: ID, type: image}}")
        }
        None => finding.help("if the image exists already, write image: {ims: {id: ID}}"),
    })
}

fn forward(subject: &Subject, index: usize, base: usize, node: NodeId) -> Option<Finding> {
    let image = subject.file.image(base);
    if !jinja::uses(image.name(), "base") {
        return None;
    }
    let list = subject.file.section(crate::bootprep::Section::Images).map(|(_, list)| list)?;
    Some(
        FORWARD
            .at(
                subject.place(node),
                format!("the name of {} uses base.name, and it stands below: SAT does not know it yet", image.label()),
            )
            .related(subject.head(image.node).range, "the base")
            .help("move the base up")
            .safe_fix("move the base up", subject.editor().move_item(list, base, index)),
    )
}

fn duplicates(subject: &Subject, found: &mut Vec<Finding>) {
    let mut first: HashMap<&str, NodeId> = HashMap::new();
    for image in &subject.file.images {
        let Some(ref_name) = &image.ref_name else { continue };
        match first.get(ref_name.as_str()).copied() {
            None => {
                first.insert(ref_name.as_str(), ref_name.node);
            }
            Some(earlier) => found.push(
                DUPLICATE
                    .at(
                        subject.place(ref_name.node),
                        format!("the image in line {} has this ref_name already", subject.line(earlier)),
                    )
                    .related(subject.place(earlier).range, "the first one"),
            ),
        }
    }
}

fn cycles(subject: &Subject, found: &mut Vec<Finding>) {
    let images = &subject.file.images;
    let mut settled: HashSet<usize> = HashSet::new();
    for start in 0..images.len() {
        let mut chain: Vec<usize> = Vec::new();
        let mut place: HashMap<usize, usize> = HashMap::new();
        let mut at = Some(start);
        while let Some(image) = at.filter(|image| !settled.contains(image)) {
            if let Some(from) = place.get(&image) {
                found.extend(chain.get(*from..).and_then(|circle| cycle(subject, circle)));
                break;
            }
            place.insert(image, chain.len());
            chain.push(image);
            at = subject.refs.base(&subject.file, image);
        }
        settled.extend(chain);
    }
}

fn cycle(subject: &Subject, circle: &[usize]) -> Option<Finding> {
    let first = *circle.iter().min()?;
    let Base::ImageRef(image_ref) = &subject.file.image(first).base else { return None };
    let names: Vec<&str> = circle.iter().map(|image| subject.label(*image)).collect();
    let message = match names.as_slice() {
        [name] => format!("{name} builds on itself"),
        [first, ..] => format!("these images build on each other in a circle: {} -> {first}", names.join(" -> ")),
        [] => return None,
    };
    let mut finding = CYCLE.at(subject.place(image_ref.node), message);
    for image in circle.iter().filter(|image| **image != first).take(10) {
        if let Base::ImageRef(other) = &subject.file.image(*image).base {
            finding = finding.related(subject.place(other.node).range, "part of the circle");
        }
    }
    Some(finding)
}
