//! Comments that cut a value short.

use crate::yaml::change::{Change, Meant};
use crate::yaml::edit::Edit;
use crate::yaml::{Meaning, NodeId, NodeKind, ScalarStyle, Value};

use super::super::finding::{Example, Finding, Needs, Place, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family { name: "Comments", rules: &[&CUTS], check };

static CUTS: Rule = Rule {
    id: "yaml-comment-cuts-value",
    severity: Severity::Error,
    finds: "a comment that takes the value of its line: all of it (an error), or its end, as in `quiet #debug` (a warning)",
    otherwise: "SAT refuses a key without a value. What is left of a value is used without a word: the rest never reaches the nodes.",
    needs: Needs::Nothing,
    bad: Example::of("configurations:\n- name: #compute\n  layers: []\n"),
    good: Example::of("configurations:\n- name: \"#compute\"\n  layers: []\n"),
};

/// A value that is nothing because a comment on the line of its key took it.
pub(super) fn cut_to_nothing(subject: &Subject, node: NodeId, key: &str) -> Option<Finding> {
    let key_node = subject.key_node(node)?;
    let line = subject.text.line_of(subject.tree.node(key_node).span.start);
    let range = subject.text.line_range(line);
    let comment = subject.tree.comments().iter().find(|comment| range.contains(&comment.start))?;
    if !subject.tree.node(node).span.is_empty() {
        return None;
    }
    let place = Place { range: comment.clone(), path: subject.parents.path(node).to_string() };
    Some(
        CUTS.at(place, format!("`{key}` has no value: what follows on its line is a comment"))
            .help("quote the value, or write one below"),
    )
}

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    for comment in subject.tree.comments() {
        let sign = subject.text.part(comment.start + 1..comment.end).chars().next();
        if sign.is_some_and(|next| !next.is_whitespace() && next != '#') {
            let before = subject.text.part(..comment.start).trim_end_matches([' ', '\t']);
            if before.is_empty() || before.ends_with(['\n', '\r']) {
                continue;
            }
            found.extend(cut_short(subject, before.len(), comment.start..comment.end));
        }
    }
}

/// A plain scalar that ends right before a comment.
fn cut_short(subject: &Subject, end: usize, comment: std::ops::Range<usize>) -> Option<Finding> {
    let root = subject.tree.root()?;
    let node = subject.plain_ending_at(root, end)?;
    if subject.tree.meaning(node) == Meaning::Null {
        return None;
    }
    let in_flow = subject.parents.of(node).is_some_and(|parent| subject.tree.is_flow(parent));
    let is_key = subject.key_node(node) == Some(node);
    if in_flow || is_key {
        return None;
    }
    let span = subject.tree.node(node).span.clone();
    let whole = subject.text.part(span.start..comment.end).trim_end().to_owned();
    let key = subject.key_node(node).and_then(|key| subject.tree.scalar(key));
    let is_parameters = key.is_some_and(|key| ["kernel_parameters", "rootfs_provider_passthrough"].contains(&key));
    let quotable = is_parameters && !whole.contains(['"', '\\', '\n']);
    let change = quotable.then(|| Change {
        edits: vec![Edit { range: span.start..span.start + whole.len(), text: format!("\"{whole}\"") }],
        means: vec![Meant::Set(subject.parents.path(node), Value::Scalar { text: whole.clone(), plain: false })],
    });
    let place = Place { range: comment, path: subject.parents.path(node).to_string() };
    Some(
        CUTS.at(place, "this is a comment: the value ends before it")
            .severity(Severity::Warning)
            .help("quote the value if this belongs to it; put a blank behind the # if it is a comment")
            .unsafe_fix("quote the value with it", change),
    )
}

impl Subject<'_> {
    /// The plain scalar that ends at a byte.
    fn plain_ending_at(&self, root: NodeId, end: usize) -> Option<NodeId> {
        let mut at = root;
        loop {
            let ends_before = |child: NodeId| self.tree.node(child).span.end < end;
            at = match &self.tree.node(at).kind {
                NodeKind::Scalar { style: ScalarStyle::Plain, .. } if self.tree.node(at).span.end == end => {
                    return Some(at);
                }
                NodeKind::Mapping { entries, .. } => {
                    let next = entries.partition_point(|(key, value)| ends_before(*key) && ends_before(*value));
                    let (key, value) = *entries.get(next)?;
                    if ends_before(key) { value } else { key }
                }
                NodeKind::Sequence { items, .. } => *items.get(items.partition_point(|item| ends_before(*item)))?,
                NodeKind::Scalar { .. } | NodeKind::Alias { .. } => return None,
            };
        }
    }
}
