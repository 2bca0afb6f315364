//! What a document means beside what it is to mean: compared where both stand, because a copy of either is many times as
//! large as its text.

use super::value::TooLarge;
use super::{Intended, Node, NodeId, NodeKind, ScalarStyle, Tree, Value};
use crate::limits;

/// The meaning of a value that is at hand, or of a node, as it is or as it is intended.
#[derive(Debug, Clone, Copy)]
pub struct Sense<'a>(Of<'a>);

#[derive(Debug, Clone, Copy)]
enum Of<'a> {
    Value(&'a Value),
    Node { tree: &'a Tree, node: NodeId, intended: Option<&'a Intended> },
}

enum Content<'a> {
    Scalar {
        text: &'a str,
        plain: bool,
    },
    /// Keys and values in turn.
    Mapping(Vec<Sense<'a>>),
    Sequence(Vec<Sense<'a>>),
}

impl<'a> From<&'a Value> for Sense<'a> {
    fn from(value: &'a Value) -> Self {
        Self(Of::Value(value))
    }
}

impl<'a> Sense<'a> {
    /// What a document means, in its whole; none if it is empty.
    #[must_use]
    pub fn of(tree: &'a Tree) -> Option<Self> {
        tree.root().map(|node| Self(Of::Node { tree, node, intended: None }))
    }

    /// What a document is intended to mean; none if it is empty.
    #[must_use]
    pub fn intended(tree: &'a Tree, intended: &'a Intended) -> Option<Self> {
        tree.root().map(|node| Self(Of::Node { tree, node, intended: Some(intended) }))
    }

    /// Whether the other one is the same.
    ///
    /// # Errors
    /// When aliases expand beyond [`limits::YAML_EXPANDED`] values.
    pub fn is(self, other: Self) -> Result<bool, TooLarge> {
        self.compare(other, &mut 0)
    }

    fn compare(self, other: Self, count: &mut usize) -> Result<bool, TooLarge> {
        *count += 1;
        if *count > limits::YAML_EXPANDED {
            return Err(TooLarge);
        }
        let ((tag, content), (other_tag, other_content)) = (self.taken_apart(), other.taken_apart());
        if tag != other_tag {
            return Ok(false);
        }
        let (ours, theirs) = match (content, other_content) {
            (Some(Content::Scalar { text, plain }), Some(Content::Scalar { text: other, plain: other_plain })) => {
                return Ok((text, plain) == (other, other_plain));
            }
            (Some(Content::Mapping(ours)), Some(Content::Mapping(theirs)))
            | (Some(Content::Sequence(ours)), Some(Content::Sequence(theirs))) => (ours, theirs),
            _ => return Ok(false),
        };
        if ours.len() != theirs.len() {
            return Ok(false);
        }
        for (one, other) in ours.into_iter().zip(theirs) {
            if !one.compare(other, count)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Its tag, and what stands under it; nothing if that is a second tag.
    fn taken_apart(self) -> (Option<&'a str>, Option<Content<'a>>) {
        match self.0 {
            Of::Value(Value::Tagged(tag, value)) => (Some(tag), of_value(value)),
            Of::Value(value) => (None, of_value(value)),
            Of::Node { tree, node, intended } => {
                if let Some(value) = intended.and_then(|intended| intended.becomes.get(&node)) {
                    return Self::from(value).taken_apart();
                }
                let sense = |node: NodeId| Self(Of::Node { tree, node, intended });
                let stays = |node: &NodeId| intended.is_none_or(|intended| !intended.gone.contains(node));
                let Node { kind, tag, .. } = tree.node(node);
                let content = match kind {
                    NodeKind::Scalar { text, style } => Content::Scalar { text, plain: style == ScalarStyle::Plain },
                    NodeKind::Mapping { entries, .. } => Content::Mapping(
                        entries
                            .iter()
                            .filter(|(key, _)| stays(key))
                            .flat_map(|(key, value)| [sense(*key), sense(*value)])
                            .collect(),
                    ),
                    NodeKind::Sequence { items, .. } => {
                        Content::Sequence(items.iter().copied().filter(stays).map(sense).collect())
                    }
                    NodeKind::Alias { target } => {
                        return Self(Of::Node { tree, node: target, intended: None }).taken_apart();
                    }
                };
                (tag, Some(content))
            }
        }
    }
}

fn of_value(value: &Value) -> Option<Content<'_>> {
    match value {
        Value::Scalar { text, plain } => Some(Content::Scalar { text, plain: *plain }),
        Value::Mapping(entries) => Some(Content::Mapping(
            entries.iter().flat_map(|(key, value)| [Sense::from(key), Sense::from(value)]).collect(),
        )),
        Value::Sequence(items) => Some(Content::Sequence(items.iter().map(Sense::from).collect())),
        Value::Tagged(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceText;

    #[test]
    fn aliases_may_stand_for_so_many_values_and_no_more() {
        // The mapping, three keys, three lists, what is in them, and each alias with the list that it stands for.
        let (listed, aliases) = (399, 9_998);
        let others = limits::YAML_EXPANDED - 7 - listed - aliases * (listed + 1);
        for (others, is_taken) in [(others, true), (others + 1, false)] {
            let list = |word: &str, times: usize| vec![word; times].join(",");
            let document =
                format!("a: &a [{}]\nb: [{}]\nc: [{}]\n", list("x", listed), list("*a", aliases), list("y", others));
            let tree = Tree::parse(&SourceText::new("b.yaml", document.as_bytes()).unwrap()).unwrap();
            let intended = Intended::default();
            let sense = || Sense::intended(&tree, &intended).unwrap();
            assert_eq!(sense().is(sense()).ok(), is_taken.then_some(true), "{others}");
        }
    }
}
