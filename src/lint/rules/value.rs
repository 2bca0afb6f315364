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
    let written = subject.text.part(subject.tree.node(node).span.clone()).lines().next().unwrap_or_default();
    if written.starts_with("{{") {
        return None;
    }
    let held = Held { subject, key, node, shape, written };
    let Some(text) = subject.tree.scalar(node) else { return Some(held.other_type(kind_of(subject, node))) };
    let meaning = subject.tree.meaning(node);
    let is_text = matches!(shape, Shape::Text(_) | Shape::Word(_) | Shape::FilledText(_) | Shape::TextOr(..));
    Some(match (shape, &meaning) {
        (_, Meaning::Null) => held.nothing(),
        (Shape::Bool, Meaning::Text) => held.word_for_truth(text),
        (_, Meaning::Bool(truth)) if is_text => held.truth_for_text(*truth),
        (_, Meaning::Int(_) | Meaning::Float(_) | Meaning::Date | Meaning::Time) if is_text => {
            held.number_for_text(text, &meaning)
        }
        (Shape::Texts, Meaning::Text) => held.text_for_list(text),
        (Shape::Bool, _) => held.other_type(meaning.name()),
        (_, Meaning::Unbuildable) => return None,
        _ => held.other_type(meaning.name()),
    })
}

/// What a key holds in place of what is due.
struct Held<'s> {
    subject: &'s Subject<'s>,
    key: &'static Key,
    node: NodeId,
    /// What is due.
    shape: Shape,
    /// Its first line, as it stands in the file.
    written: &'s str,
}

impl Held<'_> {
    /// What the key holds where all is well.
    fn what(&self) -> String {
        format!("`{}` holds {}", self.key.name, due(self.shape))
    }

    fn finding(&self, rule: &'static Rule, and: &str) -> Finding {
        rule.at(self.subject.place(self.node), format!("{}, and {and}", self.what()))
    }

    fn other_type(&self, here: &str) -> Finding {
        self.finding(&OTHER_TYPE, &format!("here is {here}"))
    }

    fn nothing(&self) -> Finding {
        let Self { subject, key, node, shape, .. } = *self;
        if let Some(finding) = comments::cut_to_nothing(subject, node, key.name) {
            return finding;
        }
        // Others ask for these keys: without them the next error is certain.
        let asked_for = ["configuration_group_names", "node_list", "node_roles_groups", "node_groups", "image", "base"];
        let own = subject.key_node(node);
        let may_go = |own: &NodeId| {
            !key.required && !asked_for.contains(&key.name) && subject.tree.scalar(*own) == Some(key.name)
        };
        let removable = own.filter(may_go).and_then(|own| subject.editor().remove(own));
        let what = match own.and_then(|own| subject.tree.scalar(own)) {
            Some(own) => format!("`{own}` has no value"),
            None => format!("an item of `{}` is empty", key.name),
        };
        let finding = NULL.at(subject.place(node), format!("{what}: {} is due", due(shape)));
        let help = match shape {
            Shape::List(_) | Shape::Texts => format!("remove the key, or write `{}: []`", key.name),
            _ => "write a value, or remove the key".to_owned(),
        };
        finding.help(help).unsafe_fix("remove the key", removable)
    }

    fn word_for_truth(&self, text: &str) -> Finding {
        let is_one_of = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        let word = if is_one_of(["yes", "y", "true", "on", "1"]) {
            "true"
        } else if is_one_of(["no", "n", "false", "off", "0"]) {
            "false"
        } else {
            return self.other_type("a text");
        };
        self.finding(&BOOLEAN, &format!("{} is a text to SAT", self.written))
            .help(format!("write {word}, without quotes"))
            .unsafe_fix(format!("write {word}"), self.subject.editor().set_plain(self.node, word))
    }

    fn truth_for_text(&self, truth: bool) -> Finding {
        let finding = self.finding(&BOOLEAN, &format!("SAT reads {} as {truth}", self.written));
        match self.shape {
            Shape::Word(words) => finding.help(format!("expected {}", words.join(", "))).unsafe_fix("quote it", None),
            _ => finding
                .help("quote it if the word is meant")
                .unsafe_fix("quote it", self.subject.editor().quote(self.node)),
        }
    }

    fn number_for_text(&self, text: &str, meaning: &Meaning) -> Finding {
        let Self { subject, key, node, .. } = *self;
        let printed = meaning.printed().filter(|printed| printed != text);
        let rule = match key.name {
            "schema_version" => &schema_version::NOT_STRING,
            "version" | "branch" | "commit" => &VERSION_NOT_STRING,
            _ if printed.is_some() => &VERSION_NOT_STRING,
            _ => &SCALAR_TYPE,
        };
        let read = printed.map_or_else(|| meaning.name().to_owned(), |printed| format!("the number {printed}"));
        let finding = self.finding(rule, &format!("SAT reads {} as {read}", self.written));
        // A number is never three numbers with dots between: quoting it alone would make another error.
        if key.name == "schema_version" {
            let needed = schema_version::needed(subject);
            let title = format!("declare {needed}, which has all the file uses");
            let change = subject.editor().set_text(node, &needed.to_string());
            return finding.help(title.clone()).unsafe_fix(title, change);
        }
        finding.help("quote it").safe_fix("quote it", subject.editor().quote(node))
    }

    fn text_for_list(&self, text: &str) -> Finding {
        let Self { subject, node, written, .. } = *self;
        let list = Value::Sequence(vec![Value::Scalar { text: text.to_owned(), plain: is_plain(subject, node) }]);
        let change = subject
            .editor()
            .set_flow(node, &format!("[{written}]"), list)
            .filter(|_| !written.contains([',', '[', ']', '{', '}']));
        self.other_type("a text").help("write a list").unsafe_fix("make it a list", change)
    }
}

fn is_plain(subject: &Subject, node: NodeId) -> bool {
    matches!(&subject.tree.node(node).kind, NodeKind::Scalar { style: crate::yaml::ScalarStyle::Plain, .. })
}

fn kind_of(subject: &Subject, node: NodeId) -> &'static str {
    if subject.tree.items(node).is_some() { "a list" } else { "a mapping" }
}
