//! Keys that do not belong, keys that are missing, keys that exclude each other: what SAT's schema refuses, by its cause.

use crate::bootprep::examined::{Mismatch, MismatchKind};
use crate::bootprep::schema::{self, Choice, Mapping, SOURCE_REF, Shape};
use crate::nearness;
use crate::yaml::NodeId;

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::{Family, rootfs, syntax};

/// These rules.
pub static FAMILY: Family = Family {
    name: "The schema",
    rules: &[
        &UNKNOWN_KEY,
        &MISSING_KEY,
        &ENUM,
        &ONE_OF,
        &IMS_NAME_AND_ID,
        &EMPTY_FILTER,
        &EMPTY_BOOT_SETS,
        &MISSING_GROUPS,
        &KIND_MISSING,
        &KIND_AMBIGUOUS,
        &BRANCH_AND_COMMIT,
        &PRODUCT_NO_VERSION,
        &SOURCE_NO_REF,
        &TEMPLATE_IMAGE_TYPE,
        &OLD_FIELD,
        &MANTA_ONLY,
    ],
    check,
};

static UNKNOWN_KEY: Rule = Rule {
    id: "schema-unknown-key",
    severity: Severity::Error,
    finds: "a key that SAT's schema does not have",
    otherwise: "SAT refuses the file: `Additional properties are not allowed`, for images deep inside a list of alternatives.",
    needs: Needs::Nothing,
    bad: Example::of("session_template: []\n"),
    good: Example::of("session_templates: []\n"),
};

static MISSING_KEY: Rule = Rule {
    id: "schema-missing-key",
    severity: Severity::Error,
    finds: "a key that has to be there and is not",
    otherwise: "SAT refuses the file: `... is a required property`.",
    needs: Needs::Nothing,
    bad: Example::of("configurations:\n- layers: []\n"),
    good: Example::of("configurations:\n- name: compute\n  layers: []\n"),
};

static ENUM: Rule = Rule {
    id: "schema-enum",
    severity: Severity::Error,
    finds: "a word that is none of those its key takes: type, arch, if_exists",
    otherwise: "SAT refuses the file: `... is not one of [...]`.",
    needs: Needs::Nothing,
    bad: Example::of("images:\n- name: base\n  base: {ims: {name: recipe, type: recipes}}\n"),
    good: Example::of("images:\n- name: base\n  base: {ims: {name: recipe, type: recipe}}\n"),
};

static ONE_OF: Rule = Rule {
    id: "schema-one-of",
    severity: Severity::Error,
    finds: "several of ims, product and image_ref under one base, or both ims and image_ref under one image",
    otherwise: "SAT refuses the file: `... is valid under each of`, or `... is not valid under any of the given schemas`.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: base\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n- name: compute\n  configuration: compute\n  configuration_group_names: [Compute]\n  base:\n    product: {name: uss, type: recipe, version: 1.1.0}\n    image_ref: base\n",
    ),
    good: Example::of(
        "images:\n- name: base\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n- name: compute\n  configuration: compute\n  configuration_group_names: [Compute]\n  base:\n    image_ref: base\n",
    ),
};

static IMS_NAME_AND_ID: Rule = Rule {
    id: "ims-name-and-id",
    severity: Severity::Error,
    finds: "both the name and the id of an image or recipe in IMS",
    otherwise: "SAT refuses the file; releases before 3.35.16 name another cause.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: base\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, name: recipe, type: recipe}}\n",
    ),
    good: Example::of(
        "images:\n- name: base\n  base: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: recipe}}\n",
    ),
};

static EMPTY_FILTER: Rule = Rule {
    id: "schema-empty-filter",
    severity: Severity::Error,
    finds: "a filter without a key",
    otherwise: "SAT refuses the file.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: base\n  base:\n    product:\n      name: uss\n      type: recipe\n      version: 1.1.0\n      filter: {}\n",
    ),
    good: Example::of(
        "images:\n- name: base\n  base:\n    product:\n      name: uss\n      type: recipe\n      version: 1.1.0\n",
    ),
};

static EMPTY_BOOT_SETS: Rule = Rule {
    id: "schema-empty-boot-sets",
    severity: Severity::Error,
    finds: "a session template without a boot set",
    otherwise: "SAT refuses the file.",
    needs: Needs::Nothing,
    bad: Example::of(
        "session_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters: {boot_sets: {}}\n",
    ),
    good: Example::of(
        "session_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
};

static MISSING_GROUPS: Rule = Rule {
    id: "missing-configuration-group-names",
    severity: Severity::Error,
    finds: "an image with a configuration and without configuration_group_names",
    otherwise: "SAT refuses the file. Without groups no play of the configuration would find the image.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute\n",
    ),
    good: Example::of(
        "images:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
};

static KIND_MISSING: Rule = Rule {
    id: "layer-kind-missing",
    severity: Severity::Error,
    finds: "a layer without git, product or source",
    otherwise: "SAT refuses the file.",
    needs: Needs::Nothing,
    bad: Example::of("configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n"),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    product: {name: csm, version: 1.5.2}\n",
    ),
};

static KIND_AMBIGUOUS: Rule = Rule {
    id: "layer-kind-ambiguous",
    severity: Severity::Error,
    finds: "a layer with more than one of git, product and source",
    otherwise: "SAT refuses the file.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    git: {url: \"https://api-gw-service-nmn.local/vcs/cray/site.git\", branch: main}\n    product: {name: csm, version: 1.5.2}\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    product: {name: csm, version: 1.5.2}\n",
    ),
};

static BRANCH_AND_COMMIT: Rule = Rule {
    id: "layer-branch-and-commit",
    severity: Severity::Error,
    finds: "a layer or an additional inventory with both a branch and a commit",
    otherwise: "SAT refuses the file, and so does CFS.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    product: {name: csm, branch: main, commit: 2b7e0f5c8d6a4b39a1c3e5d7f9b1a3c5e7f90123}\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    product: {name: csm, commit: 2b7e0f5c8d6a4b39a1c3e5d7f9b1a3c5e7f90123}\n",
    ),
};

static PRODUCT_NO_VERSION: Rule = Rule {
    id: "layer-product-no-version",
    severity: Severity::Error,
    finds: "a product layer without version, branch and commit",
    otherwise: "SAT refuses the file. Only beside a branch or commit may the version be left out.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: csm\n    playbook: site.yml\n    product: {name: csm}\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: csm\n    playbook: site.yml\n    product: {name: csm, version: 1.5.2}\n",
    ),
};

static SOURCE_NO_REF: Rule = Rule {
    id: "layer-source-no-ref",
    severity: Severity::Error,
    finds: "a layer of a source without branch or commit",
    otherwise: "SAT refuses the file.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    source: site-gitlab\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    source: site-gitlab\n    branch: main\n",
    ),
};

static TEMPLATE_IMAGE_TYPE: Rule = Rule {
    id: "template-image-type",
    severity: Severity::Error,
    finds: "`type` under image.ims of a session template, where an image is the only thing there can be",
    otherwise: "SAT refuses the file. It comes from copying the base of an image.",
    needs: Needs::Nothing,
    bad: Example::of(
        "session_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11, type: image}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
    good: Example::of(
        "session_templates:\n- name: compute\n  image: {ims: {id: 5b7a1c1e-93c7-4c39-8b0a-5a9a5f4e2d11}}\n  configuration: compute\n  bos_parameters: {boot_sets: {compute: {arch: X86, node_roles_groups: [Compute]}}}\n",
    ),
};

static OLD_FIELD: Rule = Rule {
    id: "deprecated-field-in-new-place",
    severity: Severity::Error,
    finds: "`is_recipe` under base.ims, where `type` says it; manta takes both",
    otherwise: "SAT refuses the file.",
    needs: Needs::Nothing,
    bad: Example::of("images:\n- name: base\n  base: {ims: {name: recipe, is_recipe: true}}\n"),
    good: Example::of("images:\n- name: base\n  base: {ims: {name: recipe, type: recipe}}\n"),
};

static MANTA_ONLY: Rule = Rule {
    id: "manta-only-field",
    severity: Severity::Error,
    finds: "git.tag and hardware, which only manta knows",
    otherwise: "SAT refuses the file.",
    needs: Needs::Nothing,
    bad: Example::of("configurations: []\nhardware: []\n"),
    good: Example::of("configurations: []\n"),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    if subject.context.target.dialect() == super::super::target::Dialect::Manta {
        return;
    }
    for mismatch in &subject.examined.mismatches {
        found.extend(finding(subject, mismatch));
    }
}

fn finding(subject: &Subject, mismatch: &Mismatch) -> Option<Finding> {
    let (node, mapping) = (mismatch.node, mismatch.mapping);
    match mismatch.kind {
        MismatchKind::UnknownKey => Some(unknown_key(subject, node, mapping)),
        MismatchKind::MissingKey(key) => {
            let explained = explained_by_a_slip(subject, node, mapping, &[key]);
            (!explained).then(|| missing(subject, node, mapping, &[key]))
        }
        MismatchKind::NoneOf(choice) => none_of(subject, node, mapping, choice),
        MismatchKind::SeveralOf(choice) => several_of(subject, node, mapping, choice),
        MismatchKind::OtherWord(key, words) => Some(other_word(subject, node, key.name, words)),
        MismatchKind::EmptyText(key) => Some(rootfs::empty(subject, node, key.name)),
        MismatchKind::Empty if mapping.filled => {
            let key = subject.key_node(node);
            Some(
                EMPTY_FILTER
                    .at(subject.place(node), format!("{} without a key", mapping.called()))
                    .help("remove it, or say prefix, wildcard or arch")
                    .safe_fix("remove it", key.and_then(|key| subject.editor().remove(key))),
            )
        }
        MismatchKind::Empty => Some(
            EMPTY_BOOT_SETS
                .at(subject.place(node), "a session template needs at least one boot set")
                .help("name a boot set, with the nodes that boot it"),
        ),
        MismatchKind::NoGroups => {
            let explained = explained_by_a_slip(subject, node, mapping, &["configuration_group_names"]);
            let configuration = subject.tree.get(node, "configuration")?;
            (!explained).then(|| {
                MISSING_GROUPS
                    .at(subject.head(node), "this image has a configuration and no configuration_group_names")
                    .related(subject.place(configuration).range, "its configuration")
                    .help("say to which Ansible groups it belongs: configuration_group_names: [Compute]")
            })
        }
        MismatchKind::OtherKind(_) | MismatchKind::OtherItem(_) => None,
    }
}

/// Unknown keys of a mapping.
fn strangers<'s>(subject: &'s Subject, node: NodeId, mapping: &'static Mapping) -> Vec<(NodeId, &'s str)> {
    let entries = subject.tree.effective(node);
    entries
        .into_iter()
        .filter_map(|(key, _)| Some((key, subject.tree.scalar(key)?)))
        .filter(|(_, name)| mapping.key(name).is_none())
        .collect()
}

/// Whether a missing key stands there under a wrong name, which is told already. In a mapping that lets other keys
/// through nothing else is told of them.
fn explained_by_a_slip(subject: &Subject, node: NodeId, mapping: &'static Mapping, keys: &[&str]) -> bool {
    !mapping.open
        && strangers(subject, node, mapping).iter().any(|(_, stranger)| {
            let near = subject.nearest(keys.iter().copied(), stranger).is_some();
            let replaced = match *stranger {
                "is_recipe" => keys.contains(&"type"),
                "tag" => keys.contains(&"branch"),
                other => other.contains("group") && keys.contains(&"configuration_group_names"),
            };
            near || replaced
                || (only_missing(subject, node, mapping) == keys.first().copied() && belongs_nowhere(mapping, stranger))
        })
}

/// The key that is missing, where it is just one.
fn only_missing(subject: &Subject, node: NodeId, mapping: &'static Mapping) -> Option<&'static str> {
    let there = present(subject, node);
    let mut missing = mapping.keys.iter().filter(|key| key.required && !there.contains(&key.name));
    missing.next().filter(|_| missing.next().is_none()).map(|key| key.name)
}

/// Whether a key is no slip for another key of the mapping, and no key of another one.
fn belongs_nowhere(mapping: &'static Mapping, stranger: &str) -> bool {
    schema::holders(stranger).is_empty()
        && nearness::nearest(mapping.keys.iter().map(|key| key.name), stranger).is_none()
}

fn missing(subject: &Subject, node: NodeId, mapping: &'static Mapping, keys: &[&str]) -> Finding {
    let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
    let about = keys.iter().find_map(|key| mapping.key(key)).map(|key| key.about).unwrap_or_default();
    let finding =
        MISSING_KEY.at(subject.head(node), format!("this {} has no {}", mapping.name, names.join(" and no ")));
    let slip = strangers(subject, node, mapping)
        .into_iter()
        .find_map(|(key, stranger)| Some((key, stranger, subject.nearest(keys.iter().copied(), stranger)?)));
    if let Some((key, stranger, near)) = slip {
        return finding
            .related(subject.at_key(key).range, "this may be it")
            .help(format!("did you mean `{near}` by `{stranger}`?"))
            .unsafe_fix(format!("call it {near}"), subject.editor().rename(key, near));
    }
    let words = match keys {
        [key] => mapping.key(key).and_then(|key| match key.shape {
            Shape::Word(words) => Some(words),
            _ => None,
        }),
        _ => None,
    };
    match words {
        Some(words) => finding.help(format!("add one: {}", words.join(" or "))),
        None => finding.help(format!("add one: {}", lower_first(about))),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn unknown_key(subject: &Subject, key: NodeId, mapping: &'static Mapping) -> Finding {
    let place = subject.at_key(key);
    let Some(name) = subject.tree.scalar(key) else {
        return syntax::SYNTAX
            .at(place, "a list or a mapping as a key: SAT's reader of YAML cannot build it")
            .help("write a word");
    };
    let editor = subject.editor();
    if name == "type" && mapping.name == "image in IMS" {
        return TEMPLATE_IMAGE_TYPE
            .at(place, "a session template boots images only: image.ims takes no `type`")
            .help("remove it")
            .safe_fix("remove it", editor.remove(key));
    }
    if name == "is_recipe" && mapping.name == "base in IMS" {
        let parent = subject.parents.of(key);
        let value = parent.and_then(|parent| subject.tree.get(parent, name));
        let word = value.and_then(|value| match subject.tree.meaning(value) {
            crate::yaml::Meaning::Bool(true) => Some((value, "recipe")),
            crate::yaml::Meaning::Bool(false) => Some((value, "image")),
            _ => None,
        });
        let has_type = parent.is_some_and(|parent| subject.tree.get(parent, "type").is_some());
        let change = word
            .filter(|_| !has_type)
            .and_then(|(value, word)| Some(editor.set_plain(value, word)?.and(editor.rename(key, "type")?)));
        return OLD_FIELD
            .at(place, "`is_recipe` belongs to the old form; base.ims says it with `type`")
            .help("write type: recipe or type: image")
            .safe_fix("say it with type", change);
    }
    if (name == "tag" && mapping.name == "git layer") || (name == "hardware" && mapping.name == schema::FILE.name) {
        return MANTA_ONLY.at(place, format!("`{name}` is known to manta only")).help(if name == "tag" {
            "write branch or commit"
        } else {
            "remove it; SAT does not arrange hardware"
        });
    }
    let keys: Vec<&str> = mapping.keys.iter().map(|key| key.name).collect();
    let finding = UNKNOWN_KEY.at(place, format!("`{name}` is no key of {}", mapping.called()));
    let elsewhere = schema::holders(name);
    let taken: Vec<&str> = subject.parents.of(key).map(|parent| present(subject, parent)).unwrap_or_default();
    let free = keys.iter().copied().filter(|key| !taken.contains(key));
    if let Some(near) = subject.nearest(free, name) {
        return finding
            .help(format!("did you mean `{near}`?"))
            .unsafe_fix(format!("call it {near}"), editor.rename(key, near));
    }
    let free: Vec<&str> = keys.iter().copied().filter(|key| !taken.contains(key)).collect();
    let expected = if free.is_empty() {
        format!("remove it: all keys of {} are there already", mapping.called())
    } else {
        format!("expected one of {}", free.join(", "))
    };
    let missing = subject.parents.of(key).and_then(|parent| only_missing(subject, parent, mapping));
    if !elsewhere.is_empty() {
        let elsewhere: Vec<String> = elsewhere.iter().map(|mapping| mapping.called()).collect();
        return finding.help(format!("it is a key of {}; here, {expected}", elsewhere.join(" or of ")));
    }
    match missing {
        Some(missing) => finding.help(format!("`{missing}` is missing: did you mean that? Here, {expected}")),
        None => finding.help(expected),
    }
}

fn present<'s>(subject: &'s Subject, node: NodeId) -> Vec<&'s str> {
    subject.tree.effective(node).into_iter().filter_map(|(key, _)| subject.tree.scalar(key)).collect()
}

fn none_of(subject: &Subject, node: NodeId, mapping: &'static Mapping, choice: &'static Choice) -> Option<Finding> {
    let mut keys = choice.keys.to_vec();
    keys.extend(choice.instead);
    if explained_by_a_slip(subject, node, mapping, &keys) {
        return None;
    }
    let head = subject.head(node);
    Some(match mapping.name {
        "layer" if std::ptr::eq(choice, &raw const SOURCE_REF) => SOURCE_NO_REF
            .at(head, "a layer of a source needs a branch or a commit")
            .help("add branch: or commit: beside source"),
        "layer" => {
            KIND_MISSING.at(head, "this layer says nowhere where its playbook is").help("add git, product or source")
        }
        "product layer" => PRODUCT_NO_VERSION
            .at(head, "a product layer needs a version, a branch or a commit")
            .help("add version:, quoted"),
        "image" => return Some(missing(subject, node, mapping, &["base"])),
        _ => {
            let names: Vec<String> = keys.iter().map(|key| format!("`{key}`")).collect();
            MISSING_KEY
                .at(head, format!("this {} has none of {}", mapping.name, names.join(", ")))
                .help(format!("add one of them: {}", keys.join(", ")))
        }
    })
}

fn several_of(subject: &Subject, node: NodeId, mapping: &'static Mapping, choice: &'static Choice) -> Option<Finding> {
    let mut given: Vec<NodeId> =
        choice.keys.iter().filter_map(|key| subject.tree.entry(node, key)).map(|(key, _)| key).collect();
    given.sort_by_key(|key| subject.tree.node(*key).span.start);
    let (first, last) = (*given.first()?, *given.last()?);
    let names: Vec<&str> = given.iter().filter_map(|key| subject.tree.scalar(*key)).collect();
    let names = names.join(" and ");
    let place = subject.at_key(last);
    let editor = subject.editor();
    let remove = |name: &str| subject.tree.entry(node, name).and_then(|(key, _)| editor.remove(key));
    let finding = match mapping.name {
        "layer" if !std::ptr::eq(choice, &raw const SOURCE_REF) => {
            KIND_AMBIGUOUS.at(place, format!("this layer has {names}")).help("keep the one that holds the playbook")
        }
        "layer" | "git layer" | "product layer" | "additional inventory" => BRANCH_AND_COMMIT
            .at(place, format!("this {} has {names}; one excludes the other", mapping.name))
            .help("keep the commit to stay with it, or the branch to follow it")
            .unsafe_fix("keep the commit", remove("branch")),
        "base in IMS" | "base in IMS, old form" | "image in IMS" => IMS_NAME_AND_ID
            .at(place, format!("this {} has both its name and its id", mapping.name))
            .help("keep the id: names need not be unique")
            .unsafe_fix("keep the id", remove("name")),
        _ => ONE_OF
            .at(place, format!("this {} has {names}; one excludes the other", mapping.name))
            .help("keep one of them"),
    };
    Some(finding.related(subject.tree.node(first).span.clone(), "the first one"))
}

fn other_word(subject: &Subject, node: NodeId, key: &str, words: &[&str]) -> Finding {
    let word = subject.tree.scalar(node).unwrap_or_default();
    let finding = ENUM.at(subject.place(node), format!("`{key}` cannot be {word:?}: expected {}", words.join(", ")));
    let other_spelling = match (key, word) {
        ("arch", "x86_64" | "amd64") => Some("X86"),
        ("arch", "aarch64" | "arm64") => Some("ARM"),
        ("if_exists", "replace") => Some("overwrite"),
        _ => None,
    };
    let near = words
        .iter()
        .copied()
        .find(|known| known.eq_ignore_ascii_case(word))
        .or_else(|| subject.nearest(words.iter().copied(), word))
        .or(other_spelling);
    if crate::jinja::is_template(word) {
        return finding.help("SAT does not render this: write the word itself");
    }
    match near {
        Some(near) => finding
            .help(format!("did you mean {near}?"))
            .unsafe_fix(format!("write {near}"), subject.editor().set_text(node, near)),
        None => finding,
    }
}
