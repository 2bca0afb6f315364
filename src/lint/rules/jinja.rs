//! Templates: what SAT's Jinja2 refuses, leaves empty, or never sees.

use crate::bootprep::examined::Field;
use crate::bootprep::schema::Rendered;
use crate::bootprep::variables::Known;
use crate::jinja::{Lookup, Slip, SlipKind, inspect, is_template};

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::super::target::Dialect;
use super::{Family, variables};

/// These rules.
pub static FAMILY: Family = Family {
    name: "Templates",
    rules: &[&SYNTAX, &UNDEFINED, &SILENT, &HYPHEN, &UNRENDERED, &SCOPE, &UNKNOWN_FILTER, &SANDBOX, &NOT_PORTABLE],
    check,
};

macro_rules! named {
    ($name:literal) => {
        Example::of(concat!(
            "configurations:\n- name: \"",
            $name,
            "\"\n  layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]\n"
        ))
    };
}

const VARIABLES: &str =
    "default: {suffix: -1, system-name: winter}\nuss: {version: 1.1.0}\ncsm-diags: {version: 1.5.10}\n";

static SYNTAX: Rule = Rule {
    id: "jinja-syntax",
    severity: Severity::Error,
    finds: "a text that Jinja2 cannot read: braces that do not close, two names side by side",
    otherwise: "SAT stops when it renders the field; for a session template only after all images are built.",
    needs: Needs::Nothing,
    bad: named!("compute-{{uss.version}"),
    good: named!("compute-{{uss.version}}"),
};

static UNDEFINED: Rule = Rule {
    id: "jinja-undefined-variable",
    severity: Severity::Error,
    finds: "an attribute of a variable that no file of variables defines",
    otherwise: "SAT stops when it renders the field: `'cne' is undefined`. Products change their names between releases.",
    needs: Needs::Variables,
    bad: named!("compute-{{cos.version}}").variables(VARIABLES),
    good: named!("compute-{{uss.version}}").variables(VARIABLES),
};

static SILENT: Rule = Rule {
    id: "jinja-undefined-silent",
    severity: Severity::Error,
    finds: "a variable, or an attribute of a variable that is there, that no file of variables defines; in a session template also any attribute of image but its name",
    otherwise: "SAT renders it as nothing and says nothing: an image called `compute` instead of `compute-1`. With --overwrite-images that deletes another image.",
    needs: Needs::Nothing,
    bad: named!("compute{{default.sufix}}").variables(VARIABLES),
    good: named!("compute{{default.suffix}}").variables(VARIABLES),
};

static HYPHEN: Rule = Rule {
    id: "jinja-hyphen-variable",
    severity: Severity::Error,
    finds: "a hyphen in a name, which Jinja2 reads as a minus. SAT gives top-level names `_` for `-`; further down, a name with a hyphen is written ['a-b']",
    otherwise: "SAT stops when it renders the field; for a session template only after all images are built. Published examples have this defect.",
    needs: Needs::Nothing,
    bad: named!("compute-{{csm-diags.version}}").variables(VARIABLES),
    good: named!("compute-{{csm_diags.version}}").variables(VARIABLES),
};

static UNRENDERED: Rule = Rule {
    id: "jinja-in-unrendered-field",
    severity: Severity::Error,
    finds: "a template in a field that SAT does not render: ref_name and base.image_ref, product names, groups, the branch of a source, the old form of a base",
    otherwise: "The braces stay: no such product, no such ref_name, no such group.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: base\n  ref_name: \"base-{{uss.version}}\"\n  base: {ims: {name: recipe, type: recipe}}\n",
    ),
    good: Example::of(
        "images:\n- name: \"base-{{uss.version}}\"\n  ref_name: base\n  base: {ims: {name: recipe, type: recipe}}\n",
    ),
};

static SCOPE: Rule = Rule {
    id: "jinja-base-name-scope",
    severity: Severity::Error,
    finds: "`base` outside the name and configuration of an image, or `image` outside the name and boot sets of a session template",
    otherwise: "SAT does not have it there: it stops, or renders nothing.",
    needs: Needs::Nothing,
    bad: named!("compute-{{base.name}}"),
    good: named!("compute-{{uss.version}}"),
};

static UNKNOWN_FILTER: Rule = Rule {
    id: "jinja-unknown-filter",
    severity: Severity::Error,
    finds: "a filter or test that Jinja2 does not have",
    otherwise: "SAT stops when it renders the field: `No filter named ...`.",
    needs: Needs::Nothing,
    bad: named!("compute-{{uss.version | uppercase}}"),
    good: named!("compute-{{uss.version | upper}}"),
};

static SANDBOX: Rule = Rule {
    id: "jinja-sandbox",
    severity: Severity::Error,
    finds: "an attribute that the sandbox keeps back, like __class__",
    otherwise: "SAT stops when it renders the field: `access to attribute ... is unsafe`.",
    needs: Needs::Nothing,
    bad: named!("compute-{{uss.__class__}}"),
    good: named!("compute-{{uss.version}}"),
};

static NOT_PORTABLE: Rule = Rule {
    id: "jinja-not-portable",
    severity: Severity::Info,
    finds: "a method of Python's texts, like .split()",
    otherwise: "It works in SAT; manta does not know it.",
    needs: Needs::Nothing,
    bad: named!("compute-{{uss.version.split('.')[0]}}"),
    good: named!("compute-{{uss.version}}"),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    if subject.context.target.dialect() == Dialect::Manta {
        return;
    }
    for field in &subject.examined.fields {
        let Some(text) = subject.tree.scalar(field.node).filter(|text| is_template(text)) else { continue };
        if field.rendered == Rendered::No {
            found.extend(unrendered(subject, field, text));
            continue;
        }
        match inspect(text) {
            Err(error) => {
                let behind = text.get(error.offset..).and_then(|behind| behind.find("}}"));
                let end = behind.map_or(text.len(), |end| error.offset + end + 2);
                let ahead = text.get(..error.offset.max(1)).unwrap_or(text);
                let start = ahead.rfind('{').map_or(0, |at| at.saturating_sub(1));
                let start = (0..=start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
                found.push(
                    SYNTAX.at(
                        subject.part(field.node, &(start..end)),
                        format!("Jinja2 cannot read this: {}", error.what),
                    ),
                );
            }
            Ok(inspection) => {
                for slip in &inspection.slips {
                    found.extend(slipped(subject, field, slip, text));
                }
                for lookup in &inspection.lookups {
                    looked_up(subject, field, lookup, found);
                }
            }
        }
    }
}

fn unrendered(subject: &Subject, field: &Field, text: &str) -> Option<Finding> {
    let key =
        subject.key_node(field.node).or_else(|| subject.parents.of(field.node).and_then(|list| subject.key_node(list)));
    let name = key.and_then(|key| subject.tree.scalar(key)).unwrap_or("this");
    // SAT ignores descriptions, and says itself what a version is.
    if ["description", "schema_version"].contains(&name) {
        return None;
    }
    let value = subject
        .context
        .has_variables
        .then(|| subject.context.variables.pattern(text).text().map(str::to_owned))
        .flatten();
    let finding =
        UNRENDERED.at(subject.place(field.node), format!("SAT does not render `{name}`: the braces stay as they are"));
    Some(match value {
        Some(value) => finding
            .help(format!("write the value itself: {value}"))
            .unsafe_fix("write the value itself", subject.editor().set_text(field.node, &value)),
        None => finding.help("write the value itself"),
    })
}

fn slipped(subject: &Subject, field: &Field, slip: &Slip, text: &str) -> Option<Finding> {
    let place = subject.part(field.node, &slip.range);
    Some(match &slip.kind {
        SlipKind::UnknownFilter(name) => UNKNOWN_FILTER.at(place, format!("Jinja2 has no filter {name}")),
        SlipKind::UnknownTest(name) => UNKNOWN_FILTER.at(place, format!("Jinja2 has no test {name}")),
        SlipKind::Private(name) => SANDBOX.at(place, format!("the sandbox of SAT keeps {name} back")),
        SlipKind::PythonMethod(name) => {
            NOT_PORTABLE.at(place, format!(".{name}() is a method of Python's texts; manta does not know it"))
        }
        SlipKind::Hyphens { taken_away, repaired } => {
            let is_there = matches!(subject.context.variables.get(std::slice::from_ref(taken_away)), Known::Value(_));
            if is_there {
                return None;
            }
            let mut whole = text.to_owned();
            whole.replace_range(slip.range.clone(), repaired);
            HYPHEN
                .at(place, format!("Jinja2 subtracts here: {taken_away} is no variable"))
                .help(format!("write {repaired}"))
                .safe_fix(format!("write {repaired}"), subject.editor().set_text(field.node, &whole))
        }
    })
}

fn looked_up(subject: &Subject, field: &Field, lookup: &Lookup, found: &mut Vec<Finding>) {
    let place = subject.part(field.node, &lookup.range);
    let variables = &subject.context.variables;
    let Some((root, attributes)) = lookup.names.split_first() else { return };
    let path = lookup.names.join(".");
    let defined = variables.get(std::slice::from_ref(root)) != Known::Missing(0);
    match root.as_str() {
        "base" if field.rendered == Rendered::WithBase => return,
        "image" if field.rendered == Rendered::WithImage => {
            if attributes.first().is_some_and(|name| name != "name") && !lookup.guarded {
                found.push(
                    SILENT
                        .at(place, format!("image has only a name in a session template: {path} renders to nothing"))
                        .help("write {{image.name}}, or the value itself"),
                );
            }
            return;
        }
        "base" | "image" if !defined => {
            let (of, there) = if root == "base" {
                ("an image", "name and configuration")
            } else {
                ("a session template", "name and boot_sets")
            };
            found.push(
                SCOPE
                    .at(place, format!("there is no `{root}` here: SAT has it in {there} of {of} only"))
                    .help("write the value itself"),
            );
            return;
        }
        _ => {}
    }
    // Which way a condition goes is not worked out here.
    if !subject.context.has_variables || lookup.conditional {
        return;
    }
    match variables.get(&lookup.names) {
        Known::Value(value) => variables::used(subject, lookup, value, found),
        Known::Opaque => {}
        Known::Missing(at) if lookup.strict && at + 1 == lookup.names.len() => {
            let finding =
                UNDEFINED.at(place, format!("no file of variables defines {path}, and Jinja2 stops where it is used"));
            found.push(with_nearest(finding, subject, lookup, at));
        }
        Known::Missing(at) if at + 1 < lookup.names.len() => {
            let missing = lookup.names.get(..=at).unwrap_or_default().join(".");
            let finding = UNDEFINED.at(place, format!("no file of variables defines {missing}"));
            found.push(with_nearest(finding, subject, lookup, at));
        }
        Known::Missing(_) if lookup.guarded => {}
        Known::Missing(at) => {
            let finding =
                SILENT.at(place, format!("no file of variables defines {path}: SAT renders nothing, and says nothing"));
            found.push(with_nearest(finding, subject, lookup, at));
        }
    }
}

/// Says what may have been meant by the name at `at` of a lookup, which its parent does not have.
fn with_nearest(finding: Finding, subject: &Subject, lookup: &Lookup, at: usize) -> Finding {
    let Some((parent, [name, ..])) = lookup.names.split_at_checked(at) else { return finding };
    let variables = &subject.context.variables;
    let known: Vec<&str> = if parent.is_empty() {
        variables.names().collect()
    } else {
        match variables.get(parent) {
            Known::Value(serde_json::Value::Object(map)) => map.keys().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    };
    match subject.nearest(known.iter().copied(), name) {
        Some(near) => finding.help(format!("did you mean {near}?")),
        None if parent.is_empty() || known.is_empty() => finding,
        None => finding.help(format!("{} has {}", parent.join("."), known.join(", "))),
    }
}
