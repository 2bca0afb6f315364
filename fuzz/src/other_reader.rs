//! Another reader of YAML beside our own. Where both accept a text they have to agree on what it means.

use incfg::yaml::{NodeId, NodeKind, ScalarStyle, Tree};
use serde_yaml::Value;

/// What the other reader makes of a text; none where it is not for it: it knows no byte order mark within a text, refuses
/// doubled keys, and takes other characters for line breaks.
#[must_use]
pub fn read(text: &str) -> Option<Value> {
    if text.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}']) {
        return None;
    }
    serde_yaml::from_str(text).ok()
}

/// Whether a tree says the same as the other reader. What is under a tag is left out, and what a plain text means.
#[must_use]
pub fn agrees(tree: &Tree, node: NodeId, other: &Value) -> bool {
    if tree.node(node).tag.is_some() || matches!(other, Value::Tagged(_)) {
        return true;
    }
    match (&tree.node(node).kind, other) {
        (NodeKind::Alias { target }, _) => agrees(tree, *target, other),
        (NodeKind::Scalar { text, style }, Value::String(other)) => {
            **text == **other || (*style == ScalarStyle::Plain && other.is_empty() && **text == *"~")
        }
        (NodeKind::Scalar { style, .. }, Value::Null | Value::Bool(_) | Value::Number(_)) => {
            *style == ScalarStyle::Plain
        }
        (NodeKind::Sequence { items, .. }, Value::Sequence(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(item, other)| agrees(tree, *item, other))
        }
        (NodeKind::Mapping { entries, .. }, Value::Mapping(others)) => {
            entries.len() == others.len()
                && entries.iter().zip(others).all(|((key, value), (other_key, other))| {
                    agrees(tree, *key, other_key) && agrees(tree, *value, other)
                })
        }
        _ => false,
    }
}
