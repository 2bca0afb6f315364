//! Boot sets: SAT lets everything through, and BOS refuses it after all images are built.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::bootprep::names::Scope;
use crate::bootprep::schema::BOOT_SET;
use crate::bootprep::{BootSet, SessionTemplate, TextList};

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::Family;
use super::image_groups::{ROLES, SUB_ROLES};
use super::template::is_bos_name;

/// These rules.
pub static FAMILY: Family = Family {
    name: "Boot sets",
    rules: &[
        &NAME_INVALID,
        &UNKNOWN_FIELD,
        &RETIRED_FIELD,
        &RESERVED_FIELD,
        &NO_NODES,
        &EMPTY_NODES,
        &OVERLAP,
        &NOT_XNAME,
        &ROLE_UNKNOWN,
        &PARAMETERS_LENGTH,
        &HAS_ROOT,
    ],
    check,
};

macro_rules! with_boot_set {
    ($name:literal, $boot_set:literal) => {
        Example::of(concat!(
            "session_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters:\n    boot_sets:\n      ",
            $name,
            ":\n",
            $boot_set
        ))
    };
}

const GOOD: Example = with_boot_set!("compute", "        arch: X86\n        node_roles_groups: [Compute]\n");

static NAME_INVALID: Rule = Rule {
    id: "boot-set-name-invalid",
    severity: Severity::Error,
    finds: "a name of a boot set that BOS refuses: letters, digits, `-`, `.` and `_` only, with a letter or digit at both ends, 127 at most",
    otherwise: "BOS refuses the session template with 400, after all images are built.",
    needs: Needs::Nothing,
    bad: with_boot_set!("compute/x86", "        arch: X86\n        node_roles_groups: [Compute]\n"),
    good: GOOD,
};

static UNKNOWN_FIELD: Rule = Rule {
    id: "boot-set-unknown-field",
    severity: Severity::Error,
    finds: "a key of a boot set that BOS does not have",
    otherwise: "SAT lets any key through; BOS refuses the session template with 400, after all images are built.",
    needs: Needs::Nothing,
    bad: with_boot_set!(
        "compute",
        "        arch: X86\n        node_role_groups: [Compute]\n        node_list: [x3000c0s19b1n0]\n"
    ),
    good: GOOD,
};

static RETIRED_FIELD: Rule = Rule {
    id: "boot-set-retired-field",
    severity: Severity::Error,
    finds: "a key of a boot set that BOS had once: network, boot_ordinal, shutdown_ordinal, partition",
    otherwise: "BOS refuses the session template with 400, after all images are built. Some documentation still lists network.",
    needs: Needs::Nothing,
    bad: with_boot_set!("compute", "        arch: X86\n        network: nmn\n        node_roles_groups: [Compute]\n"),
    good: GOOD,
};

static RESERVED_FIELD: Rule = Rule {
    id: "boot-set-reserved-field",
    severity: Severity::Warning,
    finds: "path, etag, type or cfs of a boot set, which SAT fills in from the image",
    otherwise: "What the file says wins over the image: the nodes boot another one than image names.",
    needs: Needs::Nothing,
    bad: with_boot_set!("compute", "        arch: X86\n        type: s3\n        node_roles_groups: [Compute]\n"),
    good: GOOD,
};

static NO_NODES: Rule = Rule {
    id: "boot-set-no-nodes",
    severity: Severity::Error,
    finds: "a boot set without node_list, node_roles_groups and node_groups",
    otherwise: "BOS refuses the session template, `No hardware specifier fields`, after all images are built.",
    needs: Needs::Nothing,
    bad: with_boot_set!("compute", "        arch: X86\n"),
    good: GOOD,
};

static EMPTY_NODES: Rule = Rule {
    id: "boot-set-empty-nodes",
    severity: Severity::Error,
    finds: "an empty list of nodes, roles or groups",
    otherwise: "BOS refuses the session template, after all images are built.",
    needs: Needs::Nothing,
    bad: with_boot_set!("compute", "        arch: X86\n        node_list: []\n        node_roles_groups: [Compute]\n"),
    good: GOOD,
};

static OVERLAP: Rule = Rule {
    id: "boot-set-overlap",
    severity: Severity::Warning,
    finds: "two boot sets of a session template for the same nodes and architecture; for information, of two session templates",
    otherwise: "Which of them a node boots with is not clear.",
    needs: Needs::Nothing,
    bad: Example::of(
        "session_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters:\n    boot_sets:\n      one: {arch: X86, node_roles_groups: [Compute]}\n      two: {arch: X86, node_roles_groups: [Compute], kernel_parameters: quiet}\n",
    ),
    good: GOOD,
};

static NOT_XNAME: Rule = Rule {
    id: "node-list-not-xname",
    severity: Severity::Error,
    finds: "an item of node_list that is no xname of a node, like x3000c0s19b1n0",
    otherwise: "BOS refuses a NID, or no node matches and none boots.",
    needs: Needs::Nothing,
    bad: with_boot_set!("compute", "        arch: X86\n        node_list: [nid001048]\n"),
    good: with_boot_set!("compute", "        arch: X86\n        node_list: [x3000c0s19b1n0]\n"),
};

static ROLE_UNKNOWN: Rule = Rule {
    id: "role-unknown",
    severity: Severity::Warning,
    finds: "an item of node_roles_groups that is no role, or role and sub-role, of HSM; case counts (--roles adds those of a site)",
    otherwise: "No node matches, and none boots.",
    needs: Needs::Nothing,
    bad: with_boot_set!("compute", "        arch: X86\n        node_roles_groups: [compute]\n"),
    good: GOOD,
};

static PARAMETERS_LENGTH: Rule = Rule {
    id: "kernel-parameters-length",
    severity: Severity::Error,
    finds: "kernel_parameters or rootfs_provider_passthrough of more than 4096 characters",
    otherwise: "BOS refuses the session template, after all images are built.",
    needs: Needs::Nothing,
    bad: with_boot_set!(
        "compute",
        "        arch: X86\n        node_roles_groups: [Compute]\n        kernel_parameters: \"{{ 'console=ttyS0,115200 ' * 200 }}\"\n"
    ),
    good: with_boot_set!(
        "compute",
        "        arch: X86\n        node_roles_groups: [Compute]\n        kernel_parameters: console=ttyS0,115200\n"
    ),
};

static HAS_ROOT: Rule = Rule {
    id: "kernel-parameters-has-root",
    severity: Severity::Warning,
    finds: "root= in kernel_parameters, which BOS adds itself, and a ${...} that nothing fills in; SPIRE_JOIN_TOKEN is filled in",
    otherwise: "The kernel gets two roots, or the text of the variable.",
    needs: Needs::Nothing,
    bad: with_boot_set!(
        "compute",
        "        arch: X86\n        node_roles_groups: [Compute]\n        kernel_parameters: quiet root=live\n"
    ),
    good: with_boot_set!(
        "compute",
        "        arch: X86\n        node_roles_groups: [Compute]\n        kernel_parameters: quiet spire_join_token=${SPIRE_JOIN_TOKEN}\n"
    ),
};

const RETIRED: [&str; 4] = ["network", "boot_ordinal", "shutdown_ordinal", "partition"];
const RESERVED: [&str; 4] = ["path", "etag", "type", "cfs"];
const NODES: [&str; 3] = ["node_list", "node_roles_groups", "node_groups"];

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let mut aims = HashMap::new();
    for (index, template) in subject.file.templates.iter().enumerate() {
        for boot_set in template.boot_sets.iter().filter(|boot_set| subject.tree.entries(boot_set.node).is_some()) {
            let name = boot_set.name.as_str();
            if name.chars().count() > 127 || !is_bos_name(name) {
                let help = if crate::jinja::is_template(name) {
                    "SAT renders the values of boot sets, not their names: write the name itself"
                } else {
                    "letters, digits, -, . and _ only, with a letter or digit at both ends"
                };
                let place = subject.at_key(boot_set.name.node);
                found.push(NAME_INVALID.at(place, format!("BOS refuses the name {name:?}")).help(help));
            }
            fields(subject, boot_set, found);
            nodes(subject, index, boot_set, found);
            parameters(subject, index, boot_set, found);
            overlap(subject, index, boot_set, &mut aims, found);
        }
    }
}

fn fields(subject: &Subject, boot_set: &BootSet, found: &mut Vec<Finding>) {
    for (key, _) in subject.tree.effective(boot_set.node) {
        let name = subject.tree.scalar(key).unwrap_or_default();
        if BOOT_SET.key(name).is_some() || name == "name" {
            continue;
        }
        let place = subject.at_key(key);
        let remove = subject.editor().remove(key);
        found.push(if RETIRED.contains(&name) {
            RETIRED_FIELD
                .at(place, format!("BOS has no `{name}` any more, and refuses it"))
                .help("remove it")
                .safe_fix("remove it", remove)
        } else if RESERVED.contains(&name) {
            RESERVED_FIELD
                .at(place, format!("SAT fills `{name}` in from the image; given here, it wins over the image"))
                .help("remove it")
                .unsafe_fix("remove it", remove)
        } else {
            let finding = UNKNOWN_FIELD.at(place, format!("BOS knows no `{name}`, and refuses it"));
            let keys = BOOT_SET.keys.iter().map(|key| key.name);
            let free: Vec<&str> = keys.filter(|key| subject.tree.get(boot_set.node, key).is_none()).collect();
            match subject.nearest(free.iter().copied(), name) {
                Some(near) => finding
                    .help(format!("did you mean `{near}`?"))
                    .unsafe_fix(format!("call it {near}"), subject.editor().rename(key, near)),
                None if free.is_empty() => finding.help("remove it: all keys of a boot set are there already"),
                None => finding.help(format!("expected one of {}", free.join(", "))),
            }
        });
    }
}

static XNAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^x\d+c\d+s\d+b\d+n\d+$").ok());

fn nodes(subject: &Subject, index: usize, boot_set: &BootSet, found: &mut Vec<Finding>) {
    let lists = [&boot_set.node_list, &boot_set.node_roles_groups, &boot_set.node_groups];
    let given = NODES.iter().filter(|key| subject.tree.get(boot_set.node, key).is_some()).count();
    let slip = subject.tree.effective(boot_set.node).into_iter().any(|(key, _)| {
        subject.tree.scalar(key).is_some_and(|name| !NODES.contains(&name) && subject.nearest(NODES, name).is_some())
    });
    if given == 0 && !slip {
        found.push(
            NO_NODES
                .at(
                    subject.head(boot_set.node),
                    format!("boot set {} says nowhere which nodes it is for", boot_set.name.text),
                )
                .help("add node_roles_groups, node_groups or node_list"),
        );
    }
    for list in
        lists.into_iter().flatten().filter(|list| subject.tree.items(list.node).is_some_and(<[usize]>::is_empty))
    {
        let key = subject.key_node(list.node);
        let change = key.filter(|_| given > 1).and_then(|key| subject.editor().remove(key));
        found.push(
            EMPTY_NODES
                .at(subject.place(list.node), "an empty list: BOS refuses it")
                .help("name at least one, or remove the key")
                .safe_fix("remove the key", change),
        );
    }
    xnames(subject, index, boot_set, found);
    roles(subject, index, boot_set, found);
}

fn xnames(subject: &Subject, index: usize, boot_set: &BootSet, found: &mut Vec<Finding>) {
    for item in boot_set.node_list.iter().flat_map(|list: &TextList| &list.items) {
        let Some(name) = subject.rendered(item, Some(Scope::Template(index))) else { continue };
        if XNAME.as_ref().is_some_and(|xname| xname.is_match(&name)) {
            continue;
        }
        let nid = name.strip_prefix("nid").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let what = if nid { "a NID" } else { "no xname of a node" };
        found.push(
            NOT_XNAME
                .at(subject.place(item.node), format!("{name:?} is {what}"))
                .help("expected an xname of a node, like x3000c0s19b1n0"),
        );
    }
}

fn roles(subject: &Subject, index: usize, boot_set: &BootSet, found: &mut Vec<Finding>) {
    let site: Vec<&str> = subject.context.system.roles().collect();
    for item in boot_set.node_roles_groups.iter().flat_map(|list: &TextList| &list.items) {
        let Some(name) = subject.rendered(item, Some(Scope::Template(index))) else { continue };
        let known = |name: &str| match name.split_once('_') {
            None => ROLES.contains(&name),
            Some((role, sub_role)) => {
                ROLES.contains(&role) && (SUB_ROLES.contains(&sub_role) || site.contains(&sub_role))
            }
        };
        if known(&name) || site.contains(&name.as_str()) {
            continue;
        }
        let all: Vec<String> = ROLES
            .iter()
            .map(|role| (*role).to_owned())
            .chain(ROLES.iter().flat_map(|role| SUB_ROLES.iter().map(move |sub_role| format!("{role}_{sub_role}"))))
            .collect();
        let near = all
            .iter()
            .find(|known| known.eq_ignore_ascii_case(&name))
            .map(String::as_str)
            .or_else(|| subject.nearest(all.iter().map(String::as_str), &name));
        let finding =
            ROLE_UNKNOWN.at(subject.place(item.node), format!("{name:?} is no role of HSM that is known here"));
        found.push(match near {
            Some(near) => finding
                .help(format!("did you mean {near}?"))
                .unsafe_fix(format!("write {near}"), subject.editor().set_text(item.node, near)),
            None => finding.help(format!("the roles are {}; --roles FILE names those of the site", ROLES.join(", "))),
        });
    }
}

fn parameters(subject: &Subject, index: usize, boot_set: &BootSet, found: &mut Vec<Finding>) {
    for (key, text) in [
        ("kernel_parameters", &boot_set.kernel_parameters),
        ("rootfs_provider_passthrough", &boot_set.rootfs_provider_passthrough),
    ] {
        let Some(text) = text else { continue };
        let Some(rendered) = subject.rendered(text, Some(Scope::Template(index))) else { continue };
        let length = rendered.chars().count();
        if length > 4096 {
            found.push(
                PARAMETERS_LENGTH
                    .at(subject.place(text.node), format!("{key} has {length} characters, and BOS takes 4096")),
            );
        }
    }
    let Some(text) = boot_set.kernel_parameters.as_ref().filter(|text| text.is_text()) else { return };
    let written = text.as_str();
    let words = written.split_whitespace().map(|word| (word.as_ptr() as usize - written.as_ptr() as usize, word));
    for (at, word) in words.filter(|(_, word)| word.starts_with("root=")) {
        found.push(
            HAS_ROOT
                .at(
                    subject.part(text.node, &(at..at + word.len())),
                    "BOS adds root= itself, from the provider of the root file system",
                )
                .help("remove it, and say rootfs_provider and rootfs_provider_passthrough"),
        );
    }
    for (at, _) in written.match_indices("${") {
        let expression = written.get(at..).and_then(|rest| rest.split_inclusive('}').next()).unwrap_or_default();
        // A dollar before a template is a dollar.
        if expression != "${SPIRE_JOIN_TOKEN}" && !expression.starts_with("${{") {
            found.push(
                HAS_ROOT
                    .at(subject.part(text.node, &(at..at + expression.len())), format!("nothing fills in {expression}"))
                    .help("only ${SPIRE_JOIN_TOKEN} is filled in; SAT's variables are written {{ name }}"),
            );
        }
    }
}

type Aims<'s> = HashMap<(String, String), (usize, &'s str, usize)>;

/// Boot sets that aim at the same nodes.
fn overlap<'s>(
    subject: &'s Subject,
    index: usize,
    boot_set: &'s BootSet,
    aims: &mut Aims<'s>,
    found: &mut Vec<Finding>,
) {
    let arch = boot_set.arch.as_ref().map_or("X86", |arch| arch.as_str());
    for list in [&boot_set.node_list, &boot_set.node_roles_groups, &boot_set.node_groups].into_iter().flatten() {
        for item in &list.items {
            let Some(name) = subject.rendered(item, Some(Scope::Template(index))) else { continue };
            match aims.get(&(name.clone(), arch.to_owned())) {
                None => {
                    aims.insert((name, arch.to_owned()), (index, boot_set.name.as_str(), item.node));
                }
                Some((other, holder, node)) => {
                    let same = *other == index;
                    if same && *holder == boot_set.name.as_str() {
                        continue;
                    }
                    let of = if same {
                        String::new()
                    } else {
                        let template = subject.file.templates.get(*other);
                        format!(" of session template {}", template.map_or("", SessionTemplate::name))
                    };
                    let message = format!("boot set {holder}{of} is for {name} with {arch}, too");
                    let finding = OVERLAP
                        .at(subject.place(item.node), message)
                        .related(subject.place(*node).range, "the other one");
                    found.push(if same { finding } else { finding.severity(Severity::Info) });
                }
            }
        }
    }
}
