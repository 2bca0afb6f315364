//! What a document means, without where and how it is written.

use std::collections::{BTreeMap, BTreeSet};

use super::{NodeId, NodeKind, ScalarStyle, Tree};
use crate::limits;

/// The meaning of a node. Aliases are expanded; keys keep their order and may stand twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text; a plain one may mean a number, a date or nothing to its reader.
    Scalar {
        /// The text.
        text: String,
        /// Without quotes.
        plain: bool,
    },
    /// Keys and values.
    Mapping(Vec<(Value, Value)>),
    /// Items.
    Sequence(Vec<Value>),
    /// A value under a tag.
    Tagged(String, Box<Value>),
}

/// What is intended with single nodes of a document, where they are written; an alias still stands for what they were.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Intended {
    /// By node: what it will mean, with its tag if it is to have one.
    pub becomes: BTreeMap<NodeId, Value>,
    /// Items of lists, and keys of entries, that go.
    pub gone: BTreeSet<NodeId>,
}

/// Aliases make a document far larger than its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "with its aliases written out the document has more than {} values; incfg does not edit such a file",
    limits::YAML_EXPANDED
)]
pub struct TooLarge;

impl Tree {
    /// The meaning of a node.
    ///
    /// # Errors
    /// When aliases expand beyond [`limits::YAML_EXPANDED`] values.
    pub fn value(&self, id: NodeId) -> Result<Value, TooLarge> {
        self.expand(id, &mut 0)
    }

    fn expand(&self, id: NodeId, count: &mut usize) -> Result<Value, TooLarge> {
        *count += 1;
        if *count > limits::YAML_EXPANDED {
            return Err(TooLarge);
        }
        let value = match &self.node(id).kind {
            NodeKind::Scalar { text, style } => {
                Ok(Value::Scalar { text: text.to_string(), plain: *style == ScalarStyle::Plain })
            }
            NodeKind::Mapping { entries, .. } => entries
                .iter()
                .map(|(key, value)| Ok((self.expand(*key, count)?, self.expand(*value, count)?)))
                .collect::<Result<_, _>>()
                .map(Value::Mapping),
            NodeKind::Sequence { items, .. } => {
                items.iter().map(|item| self.expand(*item, count)).collect::<Result<_, _>>().map(Value::Sequence)
            }
            NodeKind::Alias { target } => self.expand(*target, count),
        }?;
        Ok(match &self.node(id).tag {
            Some(tag) => Value::Tagged(tag.to_string(), Box::new(value)),
            None => value,
        })
    }
}

impl Value {
    /// A plain scalar.
    #[must_use]
    pub fn plain(text: &str) -> Self {
        Self::Scalar { text: text.to_owned(), plain: true }
    }

    /// Whether it is this text.
    #[must_use]
    pub fn is(&self, word: &str) -> bool {
        matches!(self, Self::Scalar { text, .. } if text == word)
    }

    /// The value without its tags.
    pub fn untagged_mut(&mut self) -> &mut Self {
        match self {
            Self::Tagged(_, value) => value.untagged_mut(),
            value => value,
        }
    }

    /// The value of the last entry with this key.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match self.untagged_mut() {
            Self::Mapping(entries) => entries
                .iter_mut()
                .rev()
                .find(|(name, _)| matches!(name, Self::Scalar { text, .. } if text == key))
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// The item at this place.
    pub fn item_mut(&mut self, index: usize) -> Option<&mut Self> {
        match self.untagged_mut() {
            Self::Sequence(items) => items.get_mut(index),
            _ => None,
        }
    }
}
