//! The version of the schema a file declares, and what it uses beyond it.

use std::collections::HashSet;

use crate::bootprep::examined::UsedKey;
use crate::bootprep::schema::Version;
use crate::yaml::NodeId;
use crate::yaml::change::{Change, Meant};
use crate::yaml::edit::Edit;

use super::super::finding::{Example, Finding, Needs, Place, Rule, Severity};
use super::super::subject::Subject;
use super::super::target::Dialect;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family {
    name: "The schema's version",
    rules: &[&MISSING, &NOT_STRING, &NOT_SEMVER, &NEWER, &MAJOR, &MINOR_OLDER, &FEATURE, &AMBIGUOUS],
    check,
};

const IMAGE: &str = "images:\n- name: base\n  base: {ims: {name: recipe, type: recipe}}\n";
const IMAGE_OF_106: &str =
    "schema_version: 1.0.6\nimages:\n- name: base\n  base: {ims: {name: recipe, type: recipe}}\n";

static MISSING: Rule = Rule {
    id: "schema-version-missing",
    severity: Severity::Info,
    finds: "a file without schema_version",
    otherwise: "SAT assumes 1.0.0 and takes the file; nobody can tell for which release it was written.",
    needs: Needs::Nothing,
    bad: Example::of(IMAGE),
    good: Example::of(IMAGE_OF_106),
};

/// A version that is a number.
pub(super) static NOT_STRING: Rule = Rule {
    id: "schema-version-not-string",
    severity: Severity::Error,
    finds: "a schema_version that YAML reads as a number, like 1.0",
    otherwise: "SAT ends with a traceback: `TypeError: not expecting type '<class 'float'>'`.",
    needs: Needs::Nothing,
    bad: Example::of("schema_version: 1.0\nimages: []\nsession_templates: []\n"),
    good: Example::of("schema_version: 1.0.6\nimages: []\nsession_templates: []\n"),
};

static NOT_SEMVER: Rule = Rule {
    id: "schema-version-not-semver",
    severity: Severity::Error,
    finds: "a schema_version that is not three numbers with dots between",
    otherwise: "SAT stops at once with `Invalid schema version`.",
    needs: Needs::Nothing,
    bad: Example::of("schema_version: v1.0.6\nimages: []\n"),
    good: Example::of(IMAGE_OF_106),
};

static NEWER: Rule = Rule {
    id: "schema-version-newer",
    severity: Severity::Error,
    finds: "a schema_version that is newer than the schema of SAT (say which SAT with --target)",
    otherwise: "SAT stops at once: `is newer than current schema version`. Even one patch is too much.",
    needs: Needs::Nothing,
    bad: Example::of("schema_version: 1.1.0\nimages: []\n"),
    good: Example::of(IMAGE_OF_106),
};

static MAJOR: Rule = Rule {
    id: "schema-version-major",
    severity: Severity::Error,
    finds: "a schema_version of an older major version",
    otherwise: "SAT stops at once: `has an older major version than`.",
    needs: Needs::Nothing,
    bad: Example::of("schema_version: 0.9.0\nimages: []\n"),
    good: Example::of(IMAGE_OF_106),
};

static MINOR_OLDER: Rule = Rule {
    id: "schema-version-minor-older",
    severity: Severity::Warning,
    finds: "a schema_version of an older minor version than that of SAT",
    otherwise: "SAT warns of unexpected behavior and goes on. No release has had another minor version than 0 yet.",
    needs: Needs::Nothing,
    bad: Example::of("schema_version: 1.0.9\nimages: []\n").target("schema=1.1.0"),
    good: Example::of(IMAGE_OF_106),
};

static FEATURE: Rule = Rule {
    id: "schema-version-feature",
    severity: Severity::Warning,
    finds: "a key that came with a later version than schema_version declares; an error where --target names a SAT that does not know it",
    otherwise: "A newer SAT takes the file. A SAT of the declared version refuses it.",
    needs: Needs::Nothing,
    bad: Example::of(
        "schema_version: 1.0.2\nimages:\n- name: base\n  base: {product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: x86_64}}}\n",
    ),
    good: Example::of(
        "schema_version: 1.0.5\nimages:\n- name: base\n  base: {product: {name: uss, type: recipe, version: 1.1.0, filter: {arch: x86_64}}}\n",
    ),
};

static AMBIGUOUS: Rule = Rule {
    id: "schema-version-ambiguous",
    severity: Severity::Warning,
    finds: "a layer of a `source` in a file that declares 1.0.7, a version of which there are two",
    otherwise: "SAT 3.27 to 3.33 have a 1.0.7 without `source` and refuse the file; 3.34.5 and later have one with it.",
    needs: Needs::Nothing,
    bad: Example::of(
        "schema_version: 1.0.7\nconfigurations:\n- name: compute\n  layers:\n  - {name: site, playbook: site.yml, source: site-gitlab, branch: main}\n",
    ),
    good: Example::of(
        "schema_version: 1.0.8\nconfigurations:\n- name: compute\n  layers:\n  - {name: site, playbook: site.yml, source: site-gitlab, branch: main}\n",
    ),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let target = subject.context.target;
    if target.dialect() == Dialect::Manta {
        return;
    }
    let Some(root) =
        subject.tree.root().filter(|root| subject.tree.entries(*root).is_some_and(|entries| !entries.is_empty()))
    else {
        return;
    };
    let Some(written) = &subject.file.schema_version else {
        if subject.tree.get(root, "schema_version").is_none() {
            found.push(missing(subject, root));
        }
        features(subject, None, found);
        return;
    };
    if !written.is_text() {
        return;
    }
    let place = subject.place(written.node);
    let Ok(declared) = written.as_str().parse::<Version>() else {
        found.push(
            NOT_SEMVER
                .at(place, format!("{:?} is no schema version", written.text))
                .help(format!("expected three numbers, as in {}", target.schema())),
        );
        return;
    };
    let current = target.schema();
    if declared > current {
        found.push(
            NEWER
                .at(place, format!("{declared} is newer than the schema of SAT, {current}"))
                .help(format!("declare {current}, or say with --target which SAT reads the file")),
        );
    } else if declared.0 < current.0 {
        found.push(
            MAJOR
                .at(place, format!("SAT refuses {declared}: its schema is {current}"))
                .help(format!("declare {current}")),
        );
    } else if declared.1 < current.1 {
        found.push(MINOR_OLDER.at(place, format!("{declared} is older than the schema of SAT, {current}")));
    }
    if declared.0 >= current.0 {
        features(subject, Some(declared), found);
    }
}

/// The version that brought the latest of the keys the file uses.
pub(super) fn needed(subject: &Subject) -> Version {
    subject.examined.keys.iter().map(|used| used.key.since).max().unwrap_or(Version::ASSUMED).max(Version(1, 0, 1))
}

fn missing(subject: &Subject, root: usize) -> Finding {
    let needed = needed(subject);
    let at = subject.tree.node(root).span.start;
    let block = !subject.tree.is_flow(root) && subject.text.column_bytes(at) == 0;
    let change = block.then(|| Change {
        edits: vec![Edit { range: at..at, text: format!("schema_version: {needed}{}", subject.text.line_break()) }],
        means: vec![Meant::Prepend("schema_version".into(), crate::yaml::Value::plain(&needed.to_string()))],
    });
    let line = subject.text.line_of(at);
    let place =
        Place { range: at..subject.text.line_range(line).start + subject.text.line(line).len(), path: String::new() };
    MISSING
        .at(place, "no schema_version: SAT assumes 1.0.0")
        .help(format!("what the file uses needs {needed}: schema_version: {needed}"))
        .unsafe_fix("declare it", change)
}

/// Keys that came later than the file declares, or than the SAT at hand knows: each once, and nothing in what came late as
/// a whole.
fn features(subject: &Subject, declared: Option<Version>, found: &mut Vec<Finding>) {
    let target = subject.context.target;
    let too_new = |used: &UsedKey| {
        let refused = target.says_schema()
            && (used.key.since > target.schema() || (is_source(used) && !target.knows_source_layers()));
        refused || declared.is_some_and(|declared| used.key.since > declared)
    };
    let mut told: Vec<(&str, &str)> = Vec::new();
    let late: HashSet<NodeId> =
        subject.examined.keys.iter().filter(|used| too_new(used)).map(|used| used.node).collect();
    for used in &subject.examined.keys {
        let key = used.key.name;
        let within = std::iter::successors(subject.parents.of(used.node), |node| subject.parents.of(*node));
        let inside = within
            .filter_map(|node| subject.parents.key(node))
            .any(|outer| outer != used.node && late.contains(&outer));
        let beside =
            ["branch", "commit"].contains(&key) && used.mapping.name == "layer" && used.key.since == Version(1, 0, 7);
        if key == "schema_version" || inside || beside || told.contains(&(used.mapping.name, key)) {
            continue;
        }
        let before = found.len();
        found.extend(feature(subject, used, declared));
        if found.len() > before {
            told.push((used.mapping.name, key));
        }
    }
}

fn is_source(used: &UsedKey) -> bool {
    used.key.name == "source" && used.mapping.name == "layer"
}

fn feature(subject: &Subject, used: &UsedKey, declared: Option<Version>) -> Option<Finding> {
    let target = subject.context.target;
    let since = used.key.since;
    let called = || format!("`{}` of {}", used.key.name, used.mapping.called());
    let place = || subject.at_key(used.node);
    if target.says_schema() && is_source(used) && !target.knows_source_layers() {
        let message = format!("the SAT at hand does not know {}: it came with SAT 3.34.5", called());
        return Some(FEATURE.at(place(), message).severity(Severity::Error));
    }
    if target.says_schema() && since > target.schema() {
        let message = format!("the SAT at hand does not know {}: it came with schema {since}", called());
        return Some(FEATURE.at(place(), message).severity(Severity::Error));
    }
    let declared = declared?;
    if is_source(used) && declared == Version(1, 0, 7) {
        return Some(
            AMBIGUOUS
                .at(place(), "two schemas are called 1.0.7, and only the later one knows `source`")
                .help("declare 1.0.8"),
        );
    }
    // The first version that surely has layers of a source is the one after the two called 1.0.7.
    let surely = if is_source(used) { Version(1, 0, 8) } else { since };
    (since > declared).then(|| {
        FEATURE
            .at(place(), format!("{} came with schema {since}, and the file declares {declared}", called()))
            .help(format!("declare {surely} if the SAT at hand knows it"))
    })
}
