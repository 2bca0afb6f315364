//! Configurations: their names and whether they do anything.

use std::collections::HashMap;

use crate::bootprep::names::Scope;

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::super::target::Cfs;
use super::Family;

/// These rules.
pub static FAMILY: Family =
    Family { name: "Configurations", rules: &[&DUPLICATE_NAME, &NAME_LENGTH, &NO_LAYERS], check };

static DUPLICATE_NAME: Rule = Rule {
    id: "duplicate-configuration-name",
    severity: Severity::Error,
    finds: "two configurations whose names render to the same text",
    otherwise: "SAT stops before it creates any: `Names of CFS configurations must be unique`.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- {name: compute, layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]}\n- {name: compute, layers: [{name: csm, playbook: b.yml, product: {name: csm, version: 1.5.2}}]}\n",
    ),
    good: Example::of(
        "configurations:\n- {name: compute, layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]}\n- {name: uan, layers: [{name: csm, playbook: b.yml, product: {name: csm, version: 1.5.2}}]}\n",
    ),
};

static NAME_LENGTH: Rule = Rule {
    id: "configuration-name-length",
    severity: Severity::Error,
    finds: "a rendered name of more than 60 characters (63 with CFS v2); as a warning, of more than 52",
    otherwise: "CFS v3 refuses it with 400. v2 takes it, and then the session that customizes an image fails obscurely: Kubernetes labels end at 63.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute-for-the-management-nodes-of-the-second-system-in-2024.11.0\n  layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute-2024.11.0\n  layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]\n",
    ),
};

static NO_LAYERS: Rule = Rule {
    id: "configuration-no-layers",
    severity: Severity::Warning,
    finds: "a configuration without layers",
    otherwise: "CFS takes it, and its sessions do nothing.",
    needs: Needs::Nothing,
    bad: Example::of("configurations:\n- name: compute\n  layers: []\n"),
    good: Example::of(
        "configurations:\n- name: compute\n  layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]\n",
    ),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let mut first = HashMap::new();
    for configuration in &subject.file.configurations {
        if let Some(layers) =
            configuration.layers_node.filter(|node| subject.tree.items(*node).is_some_and(<[usize]>::is_empty))
        {
            found.push(NO_LAYERS.at(subject.place(layers), "a configuration without layers: its sessions do nothing"));
        }
        let Some(written) = &configuration.name else { continue };
        let Some(name) = subject.rendered(written, Some(Scope::File)) else { continue };
        let length = name.chars().count();
        let (limit, cfs) = match subject.context.target.cfs() {
            Cfs::V3 => (60, "CFS v3 takes"),
            Cfs::V2 => (63, "a session can label"),
        };
        if length > limit {
            found.push(
                NAME_LENGTH
                    .at(subject.place(written.node), format!("the name has {length} characters, and {cfs} {limit}"))
                    .renders_to(written, &name),
            );
        } else if length > 52 {
            found.push(
                NAME_LENGTH
                    .at(
                        subject.place(written.node),
                        format!("the name has {length} characters; older releases of CSM take 52"),
                    )
                    .severity(Severity::Warning)
                    .renders_to(written, &name),
            );
        }
        match first.get(&name).copied() {
            None => {
                first.insert(name, written.node);
            }
            Some(earlier) => found.push(
                DUPLICATE_NAME
                    .at(
                        subject.place(written.node),
                        format!("a configuration called {name} stands in line {} already", subject.line(earlier)),
                    )
                    .related(subject.place(earlier).range, "the first one"),
            ),
        }
    }
}
