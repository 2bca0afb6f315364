//! Values of another kind than their key holds: what YAML 1.1 makes of unquoted words and numbers.

use crate::bootprep::examined::MismatchKind;
use crate::bootprep::schema::{Key, Shape};
use crate::yaml::{Meaning, NodeId, NodeKind, Value};

use super::super::finding::{Example, Finding, Needs, Rule, Severity};
use super::super::subject::Subject;
use super::{Family, comments, schema_version};

/// These rules.
pub static FAMILY: Family =
    Family { name: "Values", rules: &[&VERSION_NOT_STRING, &SCALAR_TYPE, &BOOLEAN, &NULL, &OTHER_TYPE], check };

static VERSION_NOT_STRING: Rule = Rule {
    id: "yaml-version-not-string",
    severity: Severity::Error,
    finds: "an unquoted number in version, branch or commit, or a number whose text changes when YAML 1.1 reads it",
    otherwise: "SAT refuses the file, since a text is due; the message is deep inside a list of alternatives. 1.10 would be 1.1, and 010 would be 8.",
    needs: Needs::Nothing,
    bad: Example::of("images:\n- name: compute\n  base: {product: {name: uss, type: recipe, version: 1.10}}\n"),
    good: Example::of("images:\n- name: compute\n  base: {product: {name: uss, type: recipe, version: \"1.10\"}}\n"),
};

static SCALAR_TYPE: Rule = Rule {
    id: "yaml-scalar-type",
    severity: Severity::Error,
    finds: "any other unquoted number or date where a text is due",
    otherwise: "SAT refuses the file: `... is not of type 'string'`.",
    needs: Needs::Nothing,
    bad: Example::of("configurations:\n- name: 2024-11-05\n  layers: []\n"),
    good: Example::of("configurations:\n- name: \"2024-11-05\"\n  layers: []\n"),
};

static BOOLEAN: Rule = Rule {
    id: "yaml-boolean-trap",
    severity: Severity::Error,
    finds: "yes, no, on or off where a text is due, and a text like \"yes\" where true or false is due",
    otherwise: "SAT refuses the file: `True is not one of [...]`, or `'yes' is not of type 'boolean'`.",
    needs: Needs::Nothing,
    bad: Example::of(
        "configurations:\n- name: gpu\n  layers:\n  - name: gpu\n    playbook: gpu.yml\n    product: {name: uss, branch: main}\n    special_parameters: {ims_require_dkms: \"yes\"}\n",
    ),
    good: Example::of(
        "configurations:\n- name: gpu\n  layers:\n  - name: gpu\n    playbook: gpu.yml\n    product: {name: uss, branch: main}\n    special_parameters: {ims_require_dkms: true}\n",
    ),
};

static NULL: Rule = Rule {
    id: "yaml-null-value",
    severity: Severity::Error,
    finds: "a key without a value, as deleting the items of a list leaves it",
    otherwise: "SAT refuses the file: `None is not of type ...`.",
    needs: Needs::Nothing,
    bad: Example::of("configurations: []\nimages:\n"),
    good: Example::of("configurations: []\nimages: []\n"),
};

static OTHER_TYPE: Rule = Rule {
    id: "schema-type",
    severity: Severity::Error,
    finds: "a list where a mapping is due, a text where a list is due, and the like",
    otherwise: "SAT refuses the file: `... is not of type ...`.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute\n  configuration_group_names: Compute\n",
    ),
    good: Example::of(
        "images:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n  configuration: compute\n  configuration_group_names: [Compute]\n",
    ),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    for mismatch in &subject.examined.mismatches {
        match mismatch.kind {
            MismatchKind::OtherKind(key) => found.extend(other_kind(subject, key, mismatch.node, key.shape)),
            MismatchKind::OtherItem(key) => {
                let shape = match key.shape {
                    Shape::List(of) => Shape::Mapping(of),
                    _ => Shape::Text(crate::bootprep::schema::Rendered::No),
                };
                found.extend(other_kind(subject, key, mismatch.node, shape));
            }
            _ => {}
        }
    }
}

/// What is due, in words.
fn due(shape: Shape) -> &'static str {
    match shape {
        Shape::Text(_) | Shape::Word(_) | Shape::FilledText(_) => "a text",
        Shape::Bool => "true or false",
        Shape::Texts => "a list of texts",
        Shape::List(_) => "a list of mappings",
        Shape::Mapping(_) | Shape::Named(_) => "a mapping",
        Shape::TextOr(..) => "a mapping or a text",
    }
}

fn other_kind(subject: &Subject, key: &'static Key, node: NodeId, shape: Shape) -> Option<Finding> {
    let place = subject.place(node);
    let written = subject.text.part(subject.tree.node(node).span.clone()).lines().next().unwrap_or_default();
    if written.starts_with("{{") {
        return None;
    }
    let what = format!("`{}` holds {}", key.name, due(shape));
    let Some(text) = subject.tree.scalar(node) else {
        return Some(OTHER_TYPE.at(place, format!("{what}, and here is {}", kind_of(subject, node))));
    };
    let meaning = subject.tree.meaning(node);
    let editor = subject.editor();
    if meaning == Meaning::Null {
        // Others ask for these keys: without them the next error is certain.
        let asked_for = ["configuration_group_names", "node_list", "node_roles_groups", "node_groups", "image", "base"];
        let removable = subject
            .key_node(node)
            .filter(|own| {
                !key.required && !asked_for.contains(&key.name) && subject.tree.scalar(*own) == Some(key.name)
            })
            .and_then(|key| editor.remove(key));
        if let Some(finding) = comments::cut_to_nothing(subject, node, key.name) {
            return Some(finding);
        }
        let what = match subject.key_node(node).and_then(|own| subject.tree.scalar(own)) {
            Some(own) => format!("`{own}` has no value"),
            None => format!("an item of `{}` is empty", key.name),
        };
        let finding = NULL.at(place, format!("{what}: {} is due", due(shape)));
        return Some(
            match shape {
                Shape::List(_) | Shape::Texts => finding.help(format!("remove the key, or write `{}: []`", key.name)),
                _ => finding.help("write a value, or remove the key"),
            }
            .unsafe_fix("remove the key", removable),
        );
    }
    match (shape, &meaning) {
        (Shape::Bool, Meaning::Text) => {
            let truth = ["yes", "y", "true", "on", "1"].iter().any(|word| text.eq_ignore_ascii_case(word));
            let lie = ["no", "n", "false", "off", "0"].iter().any(|word| text.eq_ignore_ascii_case(word));
            if !truth && !lie {
                return Some(OTHER_TYPE.at(place, format!("{what}, and here is a text")));
            }
            let word = if truth { "true" } else { "false" };
            Some(
                BOOLEAN
                    .at(place, format!("{what}, and {written} is a text to SAT"))
                    .help(format!("write {word}, without quotes"))
                    .unsafe_fix(format!("write {word}"), editor.set_plain(node, word)),
            )
        }
        (Shape::Bool, _) => Some(OTHER_TYPE.at(place, format!("{what}, and here is {}", meaning.name()))),
        (Shape::Text(_) | Shape::Word(_) | Shape::FilledText(_) | Shape::TextOr(..), Meaning::Bool(truth)) => Some(
            BOOLEAN
                .at(place, format!("{what}, and SAT reads {written} as {}", if *truth { "true" } else { "false" }))
                .help(match shape {
                    Shape::Word(words) => format!("expected {}", words.join(", ")),
                    _ => "quote it if the word is meant".to_owned(),
                })
                .unsafe_fix("quote it", if matches!(shape, Shape::Word(_)) { None } else { editor.quote(node) }),
        ),
        (
            Shape::Text(_) | Shape::Word(_) | Shape::FilledText(_) | Shape::TextOr(..),
            Meaning::Int(_) | Meaning::Float(_) | Meaning::Date | Meaning::Time,
        ) => {
            let printed = meaning.printed().filter(|printed| printed != text);
            let rule = match key.name {
                "schema_version" => &schema_version::NOT_STRING,
                "version" | "branch" | "commit" => &VERSION_NOT_STRING,
                _ if printed.is_some() => &VERSION_NOT_STRING,
                _ => &SCALAR_TYPE,
            };
            let read = printed.map_or_else(|| meaning.name().to_owned(), |printed| format!("the number {printed}"));
            let finding = rule.at(place, format!("{what}, and SAT reads {written} as {read}"));
            // A number is never three numbers with dots between: quoting it alone would make another error.
            if key.name == "schema_version" {
                let needed = schema_version::needed(subject);
                let title = format!("declare {needed}, which has all the file uses");
                return Some(finding.help(title.clone()).unsafe_fix(title, editor.set_text(node, &needed.to_string())));
            }
            Some(finding.help("quote it").safe_fix("quote it", editor.quote(node)))
        }
        (Shape::Texts, Meaning::Text) => {
            let list = Value::Sequence(vec![Value::Scalar { text: text.to_owned(), plain: is_plain(subject, node) }]);
            let change = editor
                .set_flow(node, &format!("[{written}]"), list)
                .filter(|_| !written.contains([',', '[', ']', '{', '}']));
            Some(
                OTHER_TYPE
                    .at(place, format!("{what}, and here is a text"))
                    .help("write a list")
                    .unsafe_fix("make it a list", change),
            )
        }
        (_, Meaning::Unbuildable) => None,
        _ => Some(OTHER_TYPE.at(place, format!("{what}, and here is {}", meaning.name()))),
    }
}

fn is_plain(subject: &Subject, node: NodeId) -> bool {
    matches!(&subject.tree.node(node).kind, NodeKind::Scalar { style: crate::yaml::ScalarStyle::Plain, .. })
}

fn kind_of(subject: &Subject, node: NodeId) -> &'static str {
    if subject.tree.items(node).is_some() { "a list" } else { "a mapping" }
}
