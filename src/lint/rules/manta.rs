//! What manta reads in another way than SAT. Checked only when the target says so.

use crate::bootprep::Base;
use crate::jinja::{inspect, is_template};
use crate::yaml::{NodeKind, ScalarStyle};

use super::super::finding::{Example, Finding, Needs, Place, Rule, Severity};
use super::super::subject::Subject;
use super::super::target::Dialect;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family {
    name: "manta",
    rules: &[&LINE_COMMENT, &FILTER_ARCH, &BASE_NAME, &CONFIGURATION, &KERNEL_PARAMETERS],
    check,
};

static LINE_COMMENT: Rule = Rule {
    id: "manta-line-comment",
    severity: Severity::Error,
    finds: "a # inside a value",
    otherwise: "manta cuts the line there, even inside quotes: the value is shortened without a word, or the file is broken.",
    needs: Needs::Manta,
    bad: Example::of("configurations:\n- name: \"compute#1\"\n  layers: []\n").target("dialect=manta"),
    good: Example::of("configurations:\n- name: \"compute-1\"\n  layers: []\n").target("dialect=manta"),
};

static FILTER_ARCH: Rule = Rule {
    id: "manta-filter-arch",
    severity: Severity::Error,
    finds: "filter.arch",
    otherwise: "manta takes one of prefix, wildcard and arch: arch alone it cannot read, and beside another it is dropped without a word.",
    needs: Needs::Manta,
    bad: Example::of("images:\n- name: base\n  configuration: compute\n  configuration_group_names: [Compute]\n  base: {product: {name: uss, type: recipes, version: 1.1.0, filter: {arch: x86_64}}}\n").target("dialect=manta"),
    good: Example::of("images:\n- name: base\n  configuration: compute\n  configuration_group_names: [Compute]\n  base: {product: {name: uss, type: recipes, version: 1.1.0, filter: {wildcard: x86_64}}}\n").target("dialect=manta"),
};

static BASE_NAME: Rule = Rule {
    id: "manta-base-name",
    severity: Severity::Error,
    finds: "base.name and image.name in a template",
    otherwise: "manta has neither, and stops.",
    needs: Needs::Manta,
    bad: Example::of("images:\n- name: \"compute-{{base.name}}\"\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n").target("dialect=manta"),
    good: Example::of("images:\n- name: compute\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n  configuration: compute\n  configuration_group_names: [Compute]\n").target("dialect=manta"),
};

static CONFIGURATION: Rule = Rule {
    id: "manta-needs-configuration",
    severity: Severity::Error,
    finds: "an image without a configuration",
    otherwise: "For manta every image is a session of CFS; it stops with `missing 'configuration' field`.",
    needs: Needs::Manta,
    bad: Example::of("images:\n- name: base\n  base: {ims: {name: recipe, type: recipe}}\n").target("dialect=manta"),
    good: Example::of("images:\n- name: base\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute\n  configuration_group_names: [Compute]\n").target("dialect=manta"),
};

static KERNEL_PARAMETERS: Rule = Rule {
    id: "manta-needs-kernel-parameters",
    severity: Severity::Error,
    finds: "a boot set without kernel_parameters",
    otherwise: "manta stops when it makes the session template.",
    needs: Needs::Manta,
    bad: Example::of("session_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n").target("dialect=manta"),
    good: Example::of("session_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute], kernel_parameters: quiet}}}\n").target("dialect=manta"),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    if subject.context.target.dialect() != Dialect::Manta {
        return;
    }
    let Some(root) = subject.tree.root() else { return };
    for node in subject.tree.within(root) {
        let written = subject.tree.node(node);
        let NodeKind::Scalar { style, text } = &written.kind else { continue };
        if *style != ScalarStyle::Block
            && let Some(at) = subject.text.part(written.span.clone()).find('#')
        {
            let place = Place { range: written.span.start + at..written.span.end, ..subject.place(node) };
            found.push(
                LINE_COMMENT.at(place, "manta cuts the line here, quotes or not").help("write the value without #"),
            );
        }
        if is_template(text) {
            let lookups = inspect(text).map(|found| found.lookups).unwrap_or_default();
            for lookup in lookups.iter().filter(|lookup| ["base", "image"].contains(&lookup.root())) {
                found.push(
                    BASE_NAME
                        .at(subject.part(node, &lookup.range), format!("manta has no {}", lookup.names.join(".")))
                        .help("write the name itself"),
                );
            }
        }
    }
    for image in &subject.file.images {
        if image.configuration.is_none() {
            found.push(
                CONFIGURATION.at(
                    subject.head(image.node),
                    format!("{} has no configuration, and manta needs one", image.label()),
                ),
            );
        }
        if let Base::Product(product) = &image.base
            && let Some(arch) = product.filter.as_ref().and_then(|filter| filter.arch.as_ref())
        {
            found.push(
                FILTER_ARCH
                    .at(subject.place(arch.node), "manta does not filter by arch")
                    .help("use prefix or wildcard"),
            );
        }
    }
    for boot_set in subject.file.templates.iter().flat_map(|template| &template.boot_sets) {
        if boot_set.kernel_parameters.is_none() {
            found.push(KERNEL_PARAMETERS.at(
                subject.head(boot_set.node),
                format!("boot set {} has no kernel_parameters, and manta needs them", boot_set.name.text),
            ));
        }
    }
}
