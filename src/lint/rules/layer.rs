//! Layers: what CFS refuses, and names that make its limits run more than was asked for.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::bootprep::names::Scope;
use crate::bootprep::{Configuration, Layer, LayerSource, Text};
use crate::yaml::NodeId;

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::super::target::Cfs;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family {
    name: "Layers",
    rules: &[
        &PLAYBOOK_MISSING,
        &PLAYBOOK_FORMAT,
        &COMMIT_FORMAT,
        &BRANCH_FORMAT,
        &NAME_LENGTH,
        &NAME_MISSING,
        &NAME_SUBSTRING,
        &NAME_DIGITS,
        &DUPLICATE_PLAYBOOK,
        &DEFAULT_COLLISION,
        &SECRET,
        &URL_FORM,
    ],
    check,
};

const GOOD: Example = Example::of(
    "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    git:\n      url: https://api-gw-service-nmn.local/vcs/cray/site-config.git\n      branch: main\n",
);

static PLAYBOOK_MISSING: Rule = Rule {
    id: "layer-playbook-missing",
    severity: Severity::Error,
    finds: "a layer without a playbook: an error with CFS v3, for information with v2",
    otherwise: "SAT stops with `A playbook is required when using the CFS v3 API`. With v2 the playbook is site.yml. SAT uses v3 from 3.33.0 on, so a file that worked breaks with an upgrade.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    git:\n      url: https://api-gw-service-nmn.local/vcs/cray/site-config.git\n      branch: main\n",
    ),
    good: GOOD,
};

static PLAYBOOK_FORMAT: Rule = Rule {
    id: "layer-playbook-format",
    severity: Severity::Error,
    finds: "a playbook with a blank or a semicolon in it; as a warning, one that does not end in .yml or .yaml, or whose path leaves the repository",
    otherwise: "CFS refuses the configuration with 400, or the session finds no playbook.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site one.yml\n    git:\n      url: https://api-gw-service-nmn.local/vcs/cray/site-config.git\n      branch: main\n",
    ),
    good: GOOD,
};

static COMMIT_FORMAT: Rule = Rule {
    id: "layer-commit-format",
    severity: Severity::Error,
    finds: "a commit that is not 40 lower-case hexadecimal digits",
    otherwise: "CFS refuses the configuration with 400.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    git:\n      url: https://api-gw-service-nmn.local/vcs/cray/site-config.git\n      commit: 2b7e0f5\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    git:\n      url: https://api-gw-service-nmn.local/vcs/cray/site-config.git\n      commit: 2b7e0f5c8d6a4b39a1c3e5d7f9b1a3c5e7f90123\n",
    ),
};

static BRANCH_FORMAT: Rule = Rule {
    id: "layer-branch-format",
    severity: Severity::Error,
    finds: "a blank or a semicolon in a branch or URL",
    otherwise: "CFS refuses the configuration with 400.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    git:\n      url: https://api-gw-service-nmn.local/vcs/cray/site-config.git\n      branch: main line\n",
    ),
    good: GOOD,
};

static NAME_LENGTH: Rule = Rule {
    id: "layer-name-length",
    severity: Severity::Error,
    finds: "a rendered name of a layer or an additional inventory that is empty or longer than 45 characters, with CFS v3",
    otherwise: "CFS refuses the configuration with 400.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: shs-cassini-integration-2.2.0-for-the-compute-nodes\n    playbook: site.yml\n    product: {name: slingshot-host-software, version: 2.2.0}\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: shs-cassini-2.2.0\n    playbook: site.yml\n    product: {name: slingshot-host-software, version: 2.2.0}\n",
    ),
};

static NAME_MISSING: Rule = Rule {
    id: "layer-name-missing",
    severity: Severity::Warning,
    finds: "a layer without a name",
    otherwise: "A session limited to layers by name always runs it: CFS looks for the layer's name in the text of the limit, and every text holds an empty one.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - playbook: site.yml\n    product: {name: csm, version: 1.5.2}\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: csm\n    playbook: site.yml\n    product: {name: csm, version: 1.5.2}\n",
    ),
};

static NAME_SUBSTRING: Rule = Rule {
    id: "layer-name-substring",
    severity: Severity::Warning,
    finds: "a layer whose name is part of the name of another layer of its configuration",
    otherwise: "A session limited to the longer name runs both: CFS looks for each layer's name in the text of the limit. Limits by index are exact.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - {name: uss, playbook: a.yml, product: {name: uss, version: 1.1.0}}\n  - {name: uss-last, playbook: b.yml, product: {name: uss, version: 1.1.0}}\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - {name: uss-first, playbook: a.yml, product: {name: uss, version: 1.1.0}}\n  - {name: uss-last, playbook: b.yml, product: {name: uss, version: 1.1.0}}\n",
    ),
};

static NAME_DIGITS: Rule = Rule {
    id: "layer-name-digits",
    severity: Severity::Warning,
    finds: "a layer whose name is a number",
    otherwise: "CFS reads a limit of digits as positions, not as names.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - {name: \"1\", playbook: a.yml, product: {name: uss, version: 1.1.0}}\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - {name: uss, playbook: a.yml, product: {name: uss, version: 1.1.0}}\n",
    ),
};

static DUPLICATE_PLAYBOOK: Rule = Rule {
    id: "layer-duplicate-repo-playbook",
    severity: Severity::Error,
    finds: "two layers of a configuration with the same repository and the same playbook",
    otherwise: "CFS refuses the configuration with 400: `Two or more layers apply the same playbook from the same repo, but have different commit ids`, even when the commits agree.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - {name: first, playbook: site.yml, product: {name: uss, version: 1.1.0}}\n  - {name: second, playbook: site.yml, product: {name: uss, version: 1.2.0}}\n",
    ),
    good: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - {name: first, playbook: site.yml, product: {name: uss, version: 1.1.0}}\n  - {name: second, playbook: last.yml, product: {name: uss, version: 1.1.0}}\n",
    ),
};

static DEFAULT_COLLISION: Rule = Rule {
    id: "layer-playbook-default-collision",
    severity: Severity::Warning,
    finds: "two layers of a configuration with the same repository, both without a playbook",
    otherwise: "Both mean site.yml, and CFS refuses the configuration as it refuses the same playbook given twice.",
    needs: Needs::Nothing,
    bad: Example::of("configurations:\n- name: compute\n  layers:\n  - {name: first, product: {name: uss, version: 1.1.0}}\n  - {name: second, product: {name: uss, version: 1.1.0}}\n").target("cfs=v2"),
    good: Example::of("configurations:\n- name: compute\n  layers:\n  - {name: first, product: {name: uss, version: 1.1.0}}\n").target("cfs=v2"),
};

static SECRET: Rule = Rule {
    id: "secret-in-url",
    severity: Severity::Error,
    finds: "a password or token in a URL; as a warning, a user name",
    otherwise: "CFS stores it and shows it to everyone who describes the configuration. CFS brings its own credentials, and these do not match a URL with a user in it.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    git:\n      url: https://crayvcs:secret@api-gw-service-nmn.local/vcs/cray/site-config.git\n      branch: main\n",
    ),
    good: GOOD,
};

static URL_FORM: Rule = Rule {
    id: "git-url-form",
    severity: Severity::Warning,
    finds: "a git URL that is not https or http, does not end in .git, or is not of the VCS of the system, api-gw-service-nmn.local",
    otherwise: "CFS cuts the URL at its slashes to find server and repository, and its credentials are for the VCS of the system.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: compute\n  layers:\n  - name: site\n    playbook: site.yml\n    git:\n      url: git@git.example.org:cray/site-config\n      branch: main\n",
    ),
    good: GOOD,
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    for configuration in &subject.file.configurations {
        for layer in &configuration.layers {
            layer_alone(subject, configuration, layer, found);
        }
        names(subject, configuration, found);
        duplicates(subject, configuration, found);
        if let Some(inventory) = &configuration.additional_inventory {
            name_length(subject, inventory.name.as_ref(), found);
            url(subject, inventory.url.as_ref(), found);
            branch(subject, inventory.branch.as_ref(), Some(Scope::File), found);
            commit(subject, inventory.commit.as_ref(), Some(Scope::File), found);
        }
    }
}

fn layer_alone(subject: &Subject, configuration: &Configuration, layer: &Layer, found: &mut Vec<Finding>) {
    if subject.tree.entries(layer.node).is_none() {
        return;
    }
    let v3 = subject.context.target.cfs() == Cfs::V3;
    match &layer.playbook {
        None if subject.tree.get(layer.node, "playbook").is_none() => {
            let head = subject.head(layer.node);
            let others = configuration.layers.iter().filter(|other| other.node != layer.node);
            let alone = others
                .map(|other| other.playbook.as_ref())
                .all(|other| other.is_some_and(|other| other.as_str() != "site.yml"));
            let fix = subject.editor().append(layer.node, "playbook", "site.yml", false).filter(|_| alone);
            let finding = if v3 {
                PLAYBOOK_MISSING.at(head, "this layer has no playbook, and CFS v3 needs one")
            } else {
                PLAYBOOK_MISSING.at(head, "this layer has no playbook; CFS v2 runs site.yml").severity(Severity::Info)
            };
            found
                .push(finding.help("playbook: site.yml is what CFS v2 runs").unsafe_fix("add playbook: site.yml", fix));
        }
        None => {}
        Some(playbook) => playbook_format(subject, playbook, found),
    }
    if layer.name.is_none() && subject.tree.get(layer.node, "name").is_none() {
        found.push(
            NAME_MISSING
                .at(
                    subject.head(layer.node),
                    "this layer has no name: a session limited to layers by name always runs it",
                )
                .help("give it a name"),
        );
    }
    name_length(subject, layer.name.as_ref(), found);
    // The branch and the commit of a source are not rendered.
    let scope = (!matches!(layer.source, LayerSource::Source { .. })).then_some(Scope::File);
    branch(subject, layer.source.branch(), scope, found);
    commit(subject, layer.source.commit(), scope, found);
    if let LayerSource::Git { url: written, .. } = &layer.source {
        url(subject, written.as_ref(), found);
    }
}

fn playbook_format(subject: &Subject, playbook: &Text, found: &mut Vec<Finding>) {
    let Some(name) = subject.rendered(playbook, Some(Scope::File)) else { return };
    let place = || subject.place(playbook.node);
    if name.contains(|letter: char| letter.is_whitespace() || letter == ';') {
        found.push(PLAYBOOK_FORMAT.at(place(), format!("CFS takes no blank and no semicolon in a playbook: {name:?}")));
    } else if name.starts_with('/') || name.split('/').any(|part| part == "..") {
        found.push(
            PLAYBOOK_FORMAT
                .at(place(), "a playbook stands in its repository; this path leaves it")
                .severity(Severity::Warning),
        );
    } else if !(name.ends_with(".yml") || name.ends_with(".yaml")) {
        found.push(
            PLAYBOOK_FORMAT
                .at(place(), format!("a playbook ends in .yml or .yaml: {name:?}"))
                .severity(Severity::Warning),
        );
    }
}

fn name_length(subject: &Subject, name: Option<&Text>, found: &mut Vec<Finding>) {
    let Some(written) = name else { return };
    let Some(name) = subject.rendered(written, Some(Scope::File)) else { return };
    let length = name.chars().count();
    if subject.context.target.cfs() != Cfs::V3 || (1..=45).contains(&length) {
        return;
    }
    let place = subject.place(written.node);
    found.push(if length == 0 {
        NAME_LENGTH.at(place, "CFS v3 takes no empty name").help("give it a name, or leave the key out")
    } else {
        NAME_LENGTH
            .at(place, format!("the name has {length} characters, and CFS v3 takes 45"))
            .renders_to(written, &name)
    });
}

fn branch(subject: &Subject, branch: Option<&Text>, scope: Option<Scope>, found: &mut Vec<Finding>) {
    let Some(written) = branch else { return };
    let Some(name) = subject.rendered(written, scope) else { return };
    if name.contains(|letter: char| letter.is_whitespace() || letter == ';') && !crate::jinja::is_template(&name) {
        found.push(
            BRANCH_FORMAT
                .at(subject.place(written.node), format!("CFS takes no blank and no semicolon in a branch: {name:?}")),
        );
    }
}

fn commit(subject: &Subject, commit: Option<&Text>, scope: Option<Scope>, found: &mut Vec<Finding>) {
    let Some(written) = commit else { return };
    let Some(name) = subject.rendered(written, scope) else { return };
    let whole = name.len() == 40 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if whole || crate::jinja::is_template(&name) {
        return;
    }
    let lower = name.to_ascii_lowercase();
    let place = subject.place(written.node);
    let finding =
        COMMIT_FORMAT.at(place, format!("{name:?} is no whole commit: CFS takes 40 lower-case hexadecimal digits"));
    let spelled = lower.len() == 40 && lower.bytes().all(|byte| byte.is_ascii_hexdigit()) && written.as_str() == name;
    found.push(if spelled {
        finding
            .help(format!("write {lower}"))
            .safe_fix("write it in lower case", subject.editor().set_text(written.node, &lower))
    } else {
        finding.help("write the commit in full: git rev-parse COMMIT tells it")
    });
}

static URL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^([A-Za-z][A-Za-z0-9+.-]*)://(?:([^/@]*)@)?([^/?#]*)([^?#]*)(.*)$").ok());

fn url(subject: &Subject, url: Option<&Text>, found: &mut Vec<Finding>) {
    let Some(written) = url.filter(|url| url.is_text()) else { return };
    let place = subject.place(written.node);
    secret(subject, written, found);
    let Some(name) = subject.rendered(written, Some(Scope::File)) else { return };
    if name.contains(|letter: char| letter.is_whitespace() || letter == ';') {
        found.push(BRANCH_FORMAT.at(place, format!("CFS takes no blank and no semicolon in a URL: {name:?}")));
        return;
    }
    let help = "expected https://api-gw-service-nmn.local/vcs/cray/REPOSITORY.git";
    let Some(parts) = URL.as_ref().and_then(|url| url.captures(&name)) else {
        found.push(URL_FORM.at(place, "this is no https URL").help(help));
        return;
    };
    let part = |at: usize| parts.get(at).map(|part| part.as_str()).unwrap_or_default();
    let wrong = if !["https", "http"].contains(&part(1)) {
        Some(format!("CFS clones over https, not over {}", part(1)))
    } else if !part(4).ends_with(".git") {
        Some("the URL of a repository ends in .git".to_owned())
    } else if part(3).trim_end_matches(":443") != "api-gw-service-nmn.local" {
        Some(format!("{} is not the VCS of the system; its credentials are not for it", part(3)))
    } else {
        None
    };
    found.extend(wrong.map(|wrong| URL_FORM.at(place, wrong).help(help)));
}

/// A user, password or token in a URL, as written.
fn secret(subject: &Subject, written: &Text, found: &mut Vec<Finding>) {
    let Some(parts) = URL.as_ref().and_then(|url| url.captures(written.as_str())) else { return };
    let query = parts.get(5).map(|query| query.as_str().to_ascii_lowercase()).unwrap_or_default();
    let in_query = ["token=", "password=", "secret="].iter().any(|sign| query.contains(sign));
    let Some(user) = parts.get(2) else {
        if in_query {
            found.push(
                SECRET
                    .at(
                        subject.part(written.node, &parts.get(5).map_or(0..0, |query| query.range())),
                        "a token in a URL: CFS shows it to everyone",
                    )
                    .help("remove it"),
            );
        }
        return;
    };
    let token = ["ghp_", "gho_", "glpat-", "github_pat_", "x-token"].iter().any(|sign| user.as_str().starts_with(sign));
    let is_ssh = parts.get(1).is_some_and(|scheme| scheme.as_str() == "ssh");
    let place = subject.part(written.node, &user.range());
    let mut clean = written.text.to_string();
    clean.replace_range(user.start()..user.end() + 1, "");
    let fix = subject.editor().set_text(written.node, &clean);
    if user.as_str().contains(':') || token {
        found.push(
            SECRET
                .at(place, "a password or token in a URL: CFS stores it and shows it to everyone")
                .help("remove it, and change that password: it is in the history of this file")
                .safe_fix("remove it", fix),
        );
    } else if !is_ssh {
        found.push(
            SECRET
                .at(place, "a user in a URL: the credentials of CFS do not match it")
                .severity(Severity::Warning)
                .help("remove it")
                .safe_fix("remove it", fix),
        );
    }
}

/// What CFS does with the names of layers when a session is limited to some.
fn names(subject: &Subject, configuration: &Configuration, found: &mut Vec<Finding>) {
    let named: Vec<(usize, &Text, String)> = configuration
        .layers
        .iter()
        .enumerate()
        .filter_map(|(at, layer)| {
            let written = layer.name.as_ref()?;
            Some((at, written, subject.rendered(written, Some(Scope::File))?))
        })
        .filter(|(_, _, name)| !name.is_empty())
        .take(crate::limits::LAYERS_COMPARED)
        .collect();
    for (at, written, name) in &named {
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            found.push(NAME_DIGITS.at(
                subject.place(written.node),
                "CFS reads a limit of digits as positions: this name cannot be asked for",
            ));
        }
        let holder = named
            .iter()
            .find(|(other, _, longer)| other != at && longer.contains(name.as_str()) && (longer != name || other < at));
        if let Some((_, holder, longer)) = holder {
            let message = if longer == name {
                format!(
                    "the layer in line {} has the same name: a session limited to it runs both",
                    subject.line(holder.node)
                )
            } else {
                format!("a session limited to {longer} runs this layer, too: its name is part of that one")
            };
            found.push(
                NAME_SUBSTRING
                    .at(subject.place(written.node), message)
                    .related(subject.place(holder.node).range, "the other name")
                    .help("rename one of them, or limit sessions by position"),
            );
        }
    }
}

fn duplicates(subject: &Subject, configuration: &Configuration, found: &mut Vec<Finding>) {
    let mut first: HashMap<(String, Option<String>), NodeId> = HashMap::new();
    for layer in &configuration.layers {
        let rendered = |text: &Option<Text>| subject.rendered(text.as_ref()?, Some(Scope::File));
        let repository = match &layer.source {
            LayerSource::Git { url, .. } => rendered(url).map(|url| format!("git {url}")),
            LayerSource::Product { name, .. } => name.as_ref().map(|name| format!("product {}", name.text)),
            LayerSource::Source { name, .. } => {
                subject.rendered(name, Some(Scope::File)).map(|name| format!("source {name}"))
            }
            LayerSource::Unknown => None,
        };
        let (Some(repository), playbook) = (repository, rendered(&layer.playbook)) else { continue };
        if playbook.is_none() && subject.tree.get(layer.node, "playbook").is_some() {
            continue;
        }
        let Some(earlier) = first.get(&(repository.clone(), playbook.clone())).copied() else {
            first.insert((repository, playbook), layer.node);
            continue;
        };
        let other = subject.head(earlier).range;
        let line = subject.line(earlier);
        found.push(match playbook {
            Some(playbook) => DUPLICATE_PLAYBOOK
                .at(
                    subject.head(layer.node),
                    format!("the layer in line {line} runs {playbook} of the same repository already"),
                )
                .related(other, "the first one")
                .help(
                    "CFS takes a playbook of a repository once in a configuration; give this one a playbook of its own",
                ),
            None => DEFAULT_COLLISION
                .at(
                    subject.head(layer.node),
                    format!("the layer in line {line} is of the same repository, and neither names a playbook"),
                )
                .related(other, "the first one")
                .help("name the playbooks"),
        });
    }
}
