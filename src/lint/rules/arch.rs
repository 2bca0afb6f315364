//! Architectures: of images, and of the nodes that boot them.

use crate::bootprep::names::Scope;
use crate::bootprep::{BootSet, Boots, Text};

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family { name: "Architectures", rules: &[&MISMATCH, &BOOT_SET_MISSING, &CHAIN], check };

const GOOD: Example = Example::of(
    "images:\n- name: compute\n  ref_name: compute\n  base: {product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: aarch64}}}\nsession_templates:\n- name: compute\n  image: {image_ref: compute}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: ARM, node_roles_groups: [Compute]}}}\n",
);

static MISMATCH: Rule = Rule {
    id: "arch-mismatch",
    severity: Severity::Error,
    finds: "a boot set for another architecture than that of its image, and boot sets of one session template for different ones",
    otherwise: "BOS refuses or warns, as it is set up, and the nodes do not boot.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  ref_name: compute\n  base: {product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: aarch64}}}\nsession_templates:\n- name: compute\n  image: {image_ref: compute}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
    good: GOOD,
};

static BOOT_SET_MISSING: Rule = Rule {
    id: "boot-set-arch-missing",
    severity: Severity::Warning,
    finds: "a boot set without arch whose image is not surely for x86_64, or in a file with ARM anywhere",
    otherwise: "BOS takes it for X86.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  ref_name: compute\n  base: {product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: aarch64}}}\nsession_templates:\n- name: compute\n  image: {image_ref: compute}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {node_roles_groups: [Compute]}}}\n",
    ),
    good: GOOD,
};

static CHAIN: Rule = Rule {
    id: "arch-chain-mixed",
    severity: Severity::Warning,
    finds: "an image whose name says another architecture than that of the base it comes from",
    otherwise: "Customizing keeps the architecture of the base: the image is for the wrong nodes, without a word.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: base\n  ref_name: base\n  base: {product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: x86_64}}}\n- name: compute.aarch64\n  ref_name: compute.aarch64\n  base: {image_ref: base}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
    good: GOOD,
};

/// The architecture of a boot set that IMS calls so.
fn of_boot_set(arch: &str) -> Option<&'static str> {
    match arch {
        "x86_64" => Some("X86"),
        "aarch64" => Some("ARM"),
        _ => None,
    }
}

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let has_arm = subject
        .file
        .templates
        .iter()
        .flat_map(|template| &template.boot_sets)
        .any(|boot_set| boot_set.arch.as_ref().is_some_and(|arch| arch.as_str() == "ARM"))
        || (0..subject.file.images.len()).any(|image| subject.arch(image) == Some("aarch64"));
    let rendered = |text: &Text| subject.rendered(text, Some(Scope::File));
    for (index, template) in subject.file.templates.iter().enumerate() {
        let arch = match &template.image {
            Boots::ImageRef(_) => subject
                .refs
                .boots(index)
                .and_then(|ref_name| subject.refs.by_ref(ref_name))
                .and_then(|image| subject.arch(image)),
            Boots::Id(id) => rendered(id).and_then(|id| subject.context.system.arch_of_id(&id)),
            Boots::Name(name) | Boots::NameOrId(name) => {
                rendered(name).and_then(|name| subject.context.system.arch_of_name(&name))
            }
            Boots::Unknown => None,
        };
        let wanted = arch.and_then(of_boot_set);
        let mut first: Option<&BootSet> = None;
        for boot_set in template.boot_sets.iter().filter(|boot_set| subject.tree.entries(boot_set.node).is_some()) {
            let Some(own) = &boot_set.arch else {
                if subject.tree.get(boot_set.node, "arch").is_none() && (wanted != Some("X86") || has_arm) {
                    found.push(missing(subject, boot_set, wanted));
                }
                continue;
            };
            if !["X86", "ARM"].contains(&own.as_str()) {
                continue;
            }
            if let Some(wanted) = wanted.filter(|wanted| *wanted != own.as_str()) {
                let finding = MISMATCH.at(
                    subject.place(own.node),
                    format!("the image is for {wanted}, and this boot set is for {}", own.text),
                );
                found.push(
                    finding
                        .help(format!("write {wanted}, or boot another image"))
                        .unsafe_fix(format!("write {wanted}"), subject.editor().set_text(own.node, wanted)),
                );
            } else if let Some(other) =
                first.and_then(|other| other.arch.as_ref()).filter(|other| other.text != own.text)
            {
                found.push(
                    MISMATCH
                        .at(subject.place(own.node), format!("one image boots all boot sets of a session template, and this one is for {}, another for {}", own.text, other.text))
                        .related(subject.place(other.node).range, "the other one")
                        .help("make two session templates of it"),
                );
            }
            first = first.or(Some(boot_set));
        }
    }
    chains(subject, found);
}

fn missing(subject: &Subject, boot_set: &BootSet, wanted: Option<&'static str>) -> Finding {
    let head = subject.head(boot_set.node);
    let name = boot_set.name.as_str();
    let finding = match wanted {
        Some("ARM") => BOOT_SET_MISSING
            .at(head, format!("boot set {name} has no arch, so BOS takes it for X86, and the image is for ARM"))
            .severity(Severity::Error),
        _ => BOOT_SET_MISSING.at(head, format!("boot set {name} has no arch: BOS takes it for X86")),
    };
    match wanted {
        Some(wanted) => finding
            .help(format!("add arch: {wanted}"))
            .unsafe_fix(format!("add arch: {wanted}"), subject.editor().append(boot_set.node, "arch", wanted, false)),
        None => finding.help("add arch: X86 or arch: ARM"),
    }
}

fn chains(subject: &Subject, found: &mut Vec<Finding>) {
    for (index, image) in subject.file.images.iter().enumerate() {
        let Some(arch) = subject.arch(index) else { continue };
        let other = if arch == "x86_64" { "aarch64" } else { "x86_64" };
        let says = [&image.ref_name, &image.name].into_iter().flatten().find(|text| text.as_str().ends_with(other));
        if let Some(text) = says {
            let mut finding = CHAIN.at(
                subject.place(text.node),
                format!("the name says {other}, and the base it comes from is for {arch}"),
            );
            if let Some(root) = subject.root(index).filter(|root| *root != index) {
                finding = finding.related(subject.head(subject.file.image(root).node).range, "the base");
            }
            found.push(finding.help("customizing keeps the architecture of the base"));
        }
    }
}
