//! What nothing uses.

use crate::bootprep::names::Scope;
use crate::bootprep::{Base, Boots, Text};

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family { name: "Unused", rules: &[&CONFIGURATION, &REF_NAME, &IMAGE], check };

static CONFIGURATION: Rule = Rule {
    id: "unused-configuration",
    severity: Severity::Warning,
    finds: "a configuration that no image and no session template of the file uses; silent in a file of configurations only",
    otherwise: "It is created all the same. It is often what is left when a name was changed in one place only.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute-old\n  layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]\nimages:\n- name: base\n  base: {ims: {name: recipe, type: recipe}}\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]\nimages:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
};

static REF_NAME: Rule = Rule {
    id: "unused-ref-name",
    severity: Severity::Warning,
    finds: "an image without a configuration whose ref_name nothing uses",
    otherwise: "It is still built, which takes an hour, and with --overwrite-images it replaces the one that is there. It is what is left when its users were given an id.",
    needs: Needs::Nothing,
    bad: Example::of("images:\n- name: base\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n"),
    good: Example::of(
        "images:\n- name: base\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n- name: compute\n  base: {image_ref: base}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
};

static IMAGE: Rule = Rule {
    id: "unused-image",
    severity: Severity::Info,
    finds: "an image that no image builds on and no session template boots; silent in a file without session templates",
    otherwise: "It is built. In a file for management nodes that is what is wanted.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: spare\n  base: {ims: {name: recipe, type: recipe}}\nsession_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
    good: Example::of(
        "images:\n- name: compute\n  ref_name: compute\n  base: {ims: {name: recipe, type: recipe}}\nsession_templates:\n- name: compute\n  image: {image_ref: compute}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    configurations(subject, found);
    images(subject, found);
}

fn configurations(subject: &Subject, found: &mut Vec<Finding>) {
    let file = &subject.file;
    if file.images.is_empty() && file.templates.is_empty() {
        return;
    }
    let of_images = file
        .images
        .iter()
        .enumerate()
        .filter_map(|(index, image)| Some((image.configuration.as_ref()?, Scope::Image(index))));
    let of_templates =
        file.templates.iter().filter_map(|template| Some((template.configuration.as_ref()?, Scope::File)));
    let used: Vec<(&Text, Option<String>)> =
        of_images.chain(of_templates).map(|(text, scope)| (text, subject.rendered(text, Some(scope)))).collect();
    let raw: std::collections::HashSet<&str> = used.iter().map(|(text, _)| text.as_str()).collect();
    let names: std::collections::HashSet<&str> = used.iter().filter_map(|(_, name)| name.as_deref()).collect();
    let unsure = used.iter().any(|(_, name)| name.is_none());
    for written in file.configurations.iter().filter_map(|configuration| configuration.name.as_ref()) {
        if raw.contains(written.as_str()) || unsure {
            continue;
        }
        let Some(name) = subject.rendered(written, Some(Scope::File)).filter(|name| !names.contains(name.as_str()))
        else {
            continue;
        };
        found.push(
            CONFIGURATION
                .at(subject.place(written.node), format!("no image and no session template of this file uses {name}"))
                .help("remove it, or use it"),
        );
    }
}

fn images(subject: &Subject, found: &mut Vec<Finding>) {
    let file = &subject.file;
    let by_name: std::collections::HashSet<String> = file
        .templates
        .iter()
        .filter_map(|template| match &template.image {
            Boots::Name(name) | Boots::NameOrId(name) => subject.rendered(name, Some(Scope::File)),
            _ => None,
        })
        .collect();
    // A reference that leads nowhere, or cannot be read, may have been meant for any image.
    let astray = |ref_name: Option<&str>| ref_name.is_none_or(|ref_name| subject.refs.by_ref(ref_name).is_none());
    let unsure = file.images.iter().any(|image| match &image.base {
        Base::ImageRef(image_ref) => astray(Some(image_ref.as_str())),
        Base::Unknown => true,
        Base::Ims(_) | Base::Product(_) => false,
    }) || file.templates.iter().enumerate().any(|(index, template)| match &template.image {
        Boots::ImageRef(_) => astray(subject.refs.boots(index)),
        Boots::Name(name) | Boots::NameOrId(name) => subject.rendered(name, Some(Scope::File)).is_none(),
        Boots::Id(_) => false,
        Boots::Unknown => true,
    });
    for (index, image) in file.images.iter().enumerate() {
        let by_ref = image.ref_name().is_some_and(|ref_name| {
            subject.refs.is_booted(ref_name) || subject.refs.users(ref_name).iter().any(|user| *user != index)
        });
        let named = subject.names.image(index).is_some_and(|name| by_name.contains(name));
        if by_ref || named || unsure || subject.tree.entries(image.node).is_none() {
            continue;
        }
        let unconfigured = image.configuration.is_none() && subject.tree.get(image.node, "configuration").is_none();
        match &image.ref_name {
            Some(ref_name) if unconfigured => found.push(
                REF_NAME
                    .at(
                        subject.place(ref_name.node),
                        format!("nothing refers to {}, and it is built all the same", ref_name.text),
                    )
                    .help("remove the image, or its ref_name if it is wanted by itself"),
            ),
            _ if file.templates.is_empty() => {}
            _ => found.push(
                IMAGE
                    .at(
                        subject.head(image.node),
                        format!("no image builds on {}, and no session template boots it", image.label()),
                    )
                    .help("remove it if nothing else uses it"),
            ),
        }
    }
}
