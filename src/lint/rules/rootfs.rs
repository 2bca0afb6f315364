//! The root file system of booted nodes: who provides it, and what the provider is told.

use std::sync::LazyLock;

use regex::Regex;

use crate::bootprep::names::Scope;
use crate::bootprep::schema::Version;
use crate::bootprep::{BootSet, Text};
use crate::yaml::NodeId;

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family {
    name: "Root file systems",
    rules: &[
        &PROVIDER_EMPTY,
        &PASSTHROUGH_EMPTY,
        &PROVIDER_MISSING,
        &PROVIDER_UNKNOWN,
        &PROVIDER_RETIRED,
        &PAIR,
        &SBPS_FORMAT,
        &DVS_FORMAT,
    ],
    check,
};

macro_rules! with_rootfs {
    ($fields:literal) => {
        Example::of(concat!(
            "session_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters:\n    boot_sets:\n      compute:\n        arch: X86\n        node_roles_groups: [Compute]\n",
            $fields
        ))
    };
}

const GOOD: Example = with_rootfs!(
    "        rootfs_provider: sbps\n        rootfs_provider_passthrough: sbps:v1:iqn.2023-06.csm.iscsi:_sbps-hsn._tcp.winter.example.org:300\n"
);

static PROVIDER_EMPTY: Rule = Rule {
    id: "rootfs-provider-empty",
    severity: Severity::Error,
    finds: "a rootfs_provider that is empty, as written or rendered",
    otherwise: "SAT refuses it after all images are built (from 3.32.11 on; before, BOS does).",
    needs: Needs::Nothing,
    bad: with_rootfs!("        rootfs_provider: \"\"\n"),
    good: GOOD,
};

static PASSTHROUGH_EMPTY: Rule = Rule {
    id: "rootfs-passthrough-empty",
    severity: Severity::Error,
    finds: "a rootfs_provider_passthrough that is empty, as written or rendered",
    otherwise: "SAT refuses it after all images are built (from 3.32.11 on; before, BOS does).",
    needs: Needs::Nothing,
    bad: with_rootfs!("        rootfs_provider: sbps\n        rootfs_provider_passthrough: \"\"\n"),
    good: GOOD,
};

static PROVIDER_MISSING: Rule = Rule {
    id: "rootfs-provider-missing",
    severity: Severity::Warning,
    finds: "a boot set without rootfs_provider",
    otherwise: "SAT before 3.33.9 filled in cpss3, and nothing since: after an upgrade the same file boots in another way.",
    needs: Needs::Nothing,
    bad: with_rootfs!(""),
    good: GOOD,
};

static PROVIDER_UNKNOWN: Rule = Rule {
    id: "rootfs-provider-unknown",
    severity: Severity::Error,
    finds: "a provider that BOS does not know; it knows sbps and cpss3",
    otherwise: "BOS warns when the session template is saved, and then every boot fails.",
    needs: Needs::Nothing,
    bad: with_rootfs!(
        "        rootfs_provider: sbp\n        rootfs_provider_passthrough: sbps:v1:iqn.2023-06.csm.iscsi:_sbps-hsn._tcp.winter.example.org:300\n"
    ),
    good: GOOD,
};

static PROVIDER_RETIRED: Rule = Rule {
    id: "rootfs-provider-retired",
    severity: Severity::Warning,
    finds: "cpss3, the provider of DVS; an error where --target names a BOS of 2.45.0 or later",
    otherwise: "BOS 2.45.0 took it out: sessions fail.",
    needs: Needs::Nothing,
    bad: with_rootfs!(
        "        rootfs_provider: cpss3\n        rootfs_provider_passthrough: dvs:api-gw-service-nmn.local:300:hsn0,nmn0:0\n"
    ),
    good: GOOD,
};

static PAIR: Rule = Rule {
    id: "rootfs-pair-mismatch",
    severity: Severity::Error,
    finds: "a passthrough that is not of its provider: that of sbps begins with sbps:v1:iqn., that of cpss3 with dvs:",
    otherwise: "SAT and BOS take it, and the node ends in the emergency shell of dracut when it boots.",
    needs: Needs::Nothing,
    bad: with_rootfs!(
        "        rootfs_provider: sbps\n        rootfs_provider_passthrough: dvs:api-gw-service-nmn.local:300:hsn0,nmn0:0\n"
    ),
    good: GOOD,
};

static SBPS_FORMAT: Rule = Rule {
    id: "sbps-passthrough-format",
    severity: Severity::Error,
    finds: "a passthrough of sbps that is not sbps:v1:IQN:_sbps-hsn._tcp.SYSTEM.DOMAIN:SECONDS (or _sbps-nmn), has an empty part, or still has my-system or my-site-domain from the documentation",
    otherwise: "The node does not find its root file system when it boots.",
    needs: Needs::Nothing,
    bad: with_rootfs!(
        "        rootfs_provider: sbps\n        rootfs_provider_passthrough: sbps:v1:iqn.2023-06.csm.iscsi:_sbps-hsn._tcp..example.org:300\n"
    ),
    good: GOOD,
};

static DVS_FORMAT: Rule = Rule {
    id: "dvs-passthrough-format",
    severity: Severity::Warning,
    finds: "a passthrough of cpss3 that is not dvs:SERVER:TIMEOUT:INTERFACES or dvs:SERVER:TIMEOUT:INTERFACES:NUMBER",
    otherwise: "The node does not find its root file system when it boots.",
    needs: Needs::Nothing,
    bad: with_rootfs!(
        "        rootfs_provider: cpss3\n        rootfs_provider_passthrough: dvs:api-gw-service-nmn.local\n"
    ),
    good: with_rootfs!(
        "        rootfs_provider: cpss3\n        rootfs_provider_passthrough: dvs:api-gw-service-nmn.local:300:hsn0,nmn0:0\n"
    ),
};

/// A provider or passthrough that is empty.
pub(super) fn empty(subject: &Subject, node: NodeId, key: &str) -> Finding {
    let rule = if key == "rootfs_provider" { &PROVIDER_EMPTY } else { &PASSTHROUGH_EMPTY };
    rule.at(subject.place(node), format!("`{key}` is empty"))
        .help("write a value, or remove the key")
        .unsafe_fix("remove the key", subject.key_node(node).and_then(|key| subject.editor().remove(key)))
}

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    for (index, template) in subject.file.templates.iter().enumerate() {
        for boot_set in template.boot_sets.iter().filter(|boot_set| subject.tree.entries(boot_set.node).is_some()) {
            one(subject, index, boot_set, found);
        }
    }
}

fn one(subject: &Subject, index: usize, boot_set: &BootSet, found: &mut Vec<Finding>) {
    let rendered = |text: &Option<Text>, key: &str, found: &mut Vec<Finding>| {
        let text = text.as_ref()?;
        let value = subject.rendered(text, Some(Scope::Template(index)))?;
        if value.is_empty() {
            if !text.text.is_empty() {
                found.push(empty(subject, text.node, key));
            }
            return None;
        }
        Some((text.node, value))
    };
    let provider = rendered(&boot_set.rootfs_provider, "rootfs_provider", found);
    let passthrough = rendered(&boot_set.rootfs_provider_passthrough, "rootfs_provider_passthrough", found);
    if boot_set.rootfs_provider.is_none() && subject.tree.get(boot_set.node, "rootfs_provider").is_none() {
        found.push(
            PROVIDER_MISSING
                .at(
                    subject.head(boot_set.node),
                    format!(
                        "boot set {} names no rootfs_provider: which one it gets depends on the release of SAT",
                        boot_set.name.text
                    ),
                )
                .help("rootfs_provider: sbps, and a rootfs_provider_passthrough"),
        );
    }
    if let Some((node, provider)) = &provider {
        provider_alone(subject, *node, provider, found);
    }
    let Some((node, passthrough)) = passthrough else { return };
    let begins = |sign: &str| passthrough.starts_with(sign);
    let place = subject.place(node);
    match provider.as_ref().map(|(_, provider)| provider.as_str()) {
        Some("sbps") if !begins("sbps:v1:iqn.") => {
            found.push(
                PAIR.at(place, "the passthrough of sbps begins with sbps:v1:iqn.")
                    .help("sbps:v1:IQN:_sbps-hsn._tcp.SYSTEM.DOMAIN:SECONDS"),
            );
        }
        Some("cpss3") if !begins("dvs:") => {
            found.push(
                PAIR.at(place, "the passthrough of cpss3 begins with dvs:").help("dvs:SERVER:TIMEOUT:INTERFACES"),
            );
        }
        Some("sbps") => found.extend(sbps(subject, node, &passthrough)),
        Some("cpss3") if !DVS.as_ref().is_none_or(|form| form.is_match(&passthrough)) => {
            found.push(
                DVS_FORMAT
                    .at(place, format!("{passthrough:?} is not of the form of DVS"))
                    .help("expected dvs:SERVER:TIMEOUT:INTERFACES, and a number if wanted"),
            );
        }
        _ => {}
    }
}

fn provider_alone(subject: &Subject, node: NodeId, provider: &str, found: &mut Vec<Finding>) {
    let place = subject.place(node);
    match provider {
        "sbps" => {}
        "cpss3" => {
            let gone = subject.context.target.bos_from(Version(2, 45, 0));
            let severity = if gone { Severity::Error } else { Severity::Warning };
            found.push(
                PROVIDER_RETIRED
                    .at(place, "BOS 2.45.0 took DVS out: with it, sessions of this boot set fail")
                    .severity(severity)
                    .help("sbps provides the root file system since"),
            );
        }
        other => {
            let finding = PROVIDER_UNKNOWN.at(place, format!("BOS knows no provider {other:?}"));
            found.push(match subject.nearest(["sbps", "cpss3"], other) {
                Some(near) => finding
                    .help(format!("did you mean {near}?"))
                    .unsafe_fix(format!("write {near}"), subject.editor().set_text(node, near)),
                None => finding.help("expected sbps or cpss3"),
            });
        }
    }
}

static SBPS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^sbps:v1:iqn\.[^:\s]+(?::[^:_\s][^:\s]*)?:_sbps-(?:hsn|nmn)\._tcp\.([^:\s]+):\d+$").ok()
});
static DVS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^dvs:[^:\s]+:\d+:[^:\s]+(?::\d+)?$").ok());

fn sbps(subject: &Subject, node: NodeId, passthrough: &str) -> Option<Finding> {
    let place = subject.place(node);
    let help = "expected sbps:v1:IQN:_sbps-hsn._tcp.SYSTEM.DOMAIN:SECONDS, as in sbps:v1:iqn.2023-06.csm.iscsi:_sbps-hsn._tcp.my-system.my-site-domain:300 with the names of the site";
    let Some(parts) = SBPS.as_ref()?.captures(passthrough) else {
        return Some(SBPS_FORMAT.at(place, format!("{passthrough:?} is not of the form of SBPS")).help(help));
    };
    let domain = parts.get(1).map(|domain| domain.as_str()).unwrap_or_default();
    if domain.split('.').any(str::is_empty) {
        return Some(
            SBPS_FORMAT
                .at(place, format!("a part of {domain:?} is empty; a variable may have rendered to nothing"))
                .help(help),
        );
    }
    if domain.contains("my-system") || domain.contains("my-site-domain") {
        return Some(
            SBPS_FORMAT
                .at(place, format!("{domain} is an example of the documentation"))
                .help("write the names of the system and the site"),
        );
    }
    if !domain.contains('.') {
        return Some(SBPS_FORMAT.at(place, format!("{domain} has no domain behind the name of the system")).help(help));
    }
    None
}
