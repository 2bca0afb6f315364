//! A YAML document as a tree that knows where everything stands.
//!
//! `text -> tree -> edits -> text`. The tree is the gatekeeper: text it refuses is read by nothing else, and every change
//! to a file goes through [`edit::apply`], which reads its own result again and compares.

pub mod change;
mod decode;
pub mod edit;
mod events;
mod node;
pub mod owned;
mod padded;
mod path;
mod scalar;
mod sense;
mod unseen;
mod value;

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use crate::limits;
use crate::text::{Position, SourceText};

pub use decode::{Undecodable, decode};
pub use node::{Node, NodeId, NodeKind, ScalarStyle};
pub use path::{Parents, Path, Step};
pub use scalar::{Meaning, plain_meaning};
pub use sense::Sense;
pub use value::{Intended, TooLarge, Value};

use node::Nodes;

/// Why a text is no document incfg can work on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{}: {what}", .at.line, .at.column)]
pub struct YamlError {
    /// Where.
    pub at: Position,
    /// Where, in bytes.
    pub offset: usize,
    /// What is wrong, and what was expected.
    pub what: String,
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    nodes: Nodes,
    root: Option<NodeId>,
    /// The comments, each from its `#` to the end of its line.
    comments: Vec<Range<usize>>,
}

/// Entries up to which a mapping is compared entry by entry.
const SMALL: usize = 16;

/// The key by which a mapping takes over the entries of another.
const MERGE_KEY: &str = "<<";

impl Tree {
    /// Reads a document.
    ///
    /// # Errors
    /// Text that is not one YAML document, or is beyond a limit: depth, nodes, aliases.
    pub fn parse(text: &SourceText) -> Result<Self, YamlError> {
        events::read(text)
    }

    /// The outermost node; none in an empty document.
    #[must_use]
    pub fn root(&self) -> Option<NodeId> {
        self.root
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Node<'_> {
        self.nodes.get(id)
    }

    /// The comments.
    #[must_use]
    pub fn comments(&self) -> &[Range<usize>] {
        &self.comments
    }

    /// The node itself, or the one an alias stands for.
    #[must_use]
    pub fn resolved(&self, id: NodeId) -> NodeId {
        self.nodes.target(id).unwrap_or(id)
    }

    /// The text of a scalar.
    #[must_use]
    pub fn scalar(&self, id: NodeId) -> Option<&str> {
        self.nodes.scalar(self.resolved(id))
    }

    /// The same, to be kept beside the tree.
    #[must_use]
    pub fn kept_scalar(&self, id: NodeId) -> Option<Arc<str>> {
        self.nodes.text(self.resolved(id))
    }

    /// The items of a sequence.
    #[must_use]
    pub fn items(&self, id: NodeId) -> Option<&[NodeId]> {
        match self.nodes.kind(self.resolved(id)) {
            NodeKind::Sequence { items, .. } => Some(items),
            _ => None,
        }
    }

    /// The entries of a mapping, as written.
    #[must_use]
    pub fn entries(&self, id: NodeId) -> Option<&[(NodeId, NodeId)]> {
        match self.nodes.kind(self.resolved(id)) {
            NodeKind::Mapping { entries, .. } => Some(entries),
            _ => None,
        }
    }

    /// Key and value of an entry as SAT reads it: the last of several with one key, else what a merge key brings.
    #[must_use]
    pub fn entry(&self, mapping: NodeId, key: &str) -> Option<(NodeId, NodeId)> {
        self.own_entry(mapping, key).or_else(|| {
            self.entries(mapping)?.iter().find(|(key, _)| self.is_merge(*key))?;
            self.layers(mapping).into_iter().skip(1).find_map(|layer| self.own_entry(layer, key))
        })
    }

    /// Every entry with a key, here and in what merge keys bring: the one that SAT reads, then those it hides.
    #[must_use]
    pub fn all_entries(&self, mapping: NodeId, key: &str) -> Vec<(NodeId, NodeId)> {
        let layers = self.layers(mapping).into_iter();
        layers
            .flat_map(|layer| self.entries(layer).unwrap_or_default().iter().rev())
            .filter(|(name, _)| self.scalar(*name) == Some(key))
            .copied()
            .collect()
    }

    /// The value of an entry as SAT reads it.
    #[must_use]
    pub fn get(&self, mapping: NodeId, key: &str) -> Option<NodeId> {
        self.entry(mapping, key).map(|(_, value)| value)
    }

    /// Key and value of an entry that stands in the mapping itself.
    #[must_use]
    pub fn own_entry(&self, mapping: NodeId, key: &str) -> Option<(NodeId, NodeId)> {
        self.entries(mapping)?.iter().rev().find(|(name, _)| self.scalar(*name) == Some(key)).copied()
    }

    /// Whether a key takes over the entries of other mappings: `<<`, and not in quotes.
    fn is_merge(&self, key: NodeId) -> bool {
        let node = self.node(self.resolved(key));
        match (&node.kind, node.tag) {
            (NodeKind::Scalar { .. }, Some(tag)) => tag == "tag:yaml.org,2002:merge",
            (NodeKind::Scalar { text, style }, None) => *style == ScalarStyle::Plain && *text == MERGE_KEY,
            _ => false,
        }
    }

    /// The mappings whose entries make up a mapping, each once: what stands further ahead hides what comes later. First
    /// is the mapping itself, then come those of its merge keys, of which the last one counts most.
    fn layers(&self, mapping: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        let mut open = vec![(self.resolved(mapping), 0)];
        while let Some((mapping, depth)) = open.pop() {
            let Some(entries) = self.entries(mapping).filter(|_| seen.insert(mapping)) else { continue };
            found.push(mapping);
            if depth < limits::YAML_DEPTH {
                let merged = entries.iter().filter(|(key, _)| self.is_merge(*key)).map(|(_, value)| *value);
                for value in merged {
                    match self.items(value) {
                        Some(items) => open.extend(items.iter().rev().map(|item| (self.resolved(*item), depth + 1))),
                        None => open.push((self.resolved(value), depth + 1)),
                    }
                }
            }
        }
        found
    }

    /// The entries of a mapping as SAT reads them: of several with one key the last, and what merge keys bring.
    #[must_use]
    pub fn effective(&self, mapping: NodeId) -> Vec<(NodeId, NodeId)> {
        let Some(entries) = self.entries(mapping) else { return Vec::new() };
        // Nearly every mapping is small, and says each thing once.
        let plain = entries.len() <= SMALL
            && entries.iter().enumerate().all(|(at, (key, _))| {
                let name = self.scalar(*key);
                !self.is_merge(*key) && entries.iter().take(at).all(|(other, _)| self.scalar(*other) != name)
            });
        if plain {
            return entries.to_vec();
        }
        let mut found = Vec::new();
        let mut seen = HashSet::new();
        for layer in self.layers(mapping) {
            for (key, value) in self.entries(layer).unwrap_or_default().iter().rev() {
                if !self.is_merge(*key) && self.scalar(*key).is_none_or(|name| seen.insert(name)) {
                    found.push((*key, *value));
                }
            }
        }
        found.sort_by_key(|(key, _)| *key);
        found
    }

    /// The keys of a mapping that stand there already: the first and the later one.
    #[must_use]
    pub fn doubled(&self, mapping: NodeId) -> Vec<(NodeId, NodeId)> {
        let entries = self.entries(mapping).unwrap_or_default();
        let named = entries.iter().filter(|(key, _)| !self.is_merge(*key));
        let named = named.filter_map(|(key, _)| Some((self.scalar(*key)?, *key)));
        if entries.len() <= SMALL {
            let seen: Vec<(&str, NodeId)> = named.collect();
            let earlier = |at: usize, name: &str| seen.iter().take(at).find(|(other, _)| *other == name);
            let doubled = |(at, (name, key)): (usize, &(&str, NodeId))| Some((earlier(at, name)?.1, *key));
            return seen.iter().enumerate().filter_map(doubled).collect();
        }
        let mut first: HashMap<&str, NodeId> = HashMap::with_capacity(entries.len());
        named
            .filter_map(|(name, key)| {
                let before = *first.entry(name).or_insert(key);
                (before != key).then_some((before, key))
            })
            .collect()
    }

    /// The place in the source of a byte of a scalar's text, where text and source are the same letter for letter.
    #[must_use]
    pub fn place_in(&self, source: &SourceText, id: NodeId, offset: usize) -> Option<usize> {
        let node = self.node(self.resolved(id));
        let NodeKind::Scalar { text, style } = &node.kind else { return None };
        let start = match style {
            ScalarStyle::Plain => node.span.start,
            ScalarStyle::Quoted => node.span.start + 1,
            ScalarStyle::Block => return None,
        };
        (source.as_str().get(start..start + text.len()) == Some(*text) && offset <= text.len())
            .then_some(start + offset)
    }

    /// The head of a block of text, `|2-` say.
    #[must_use]
    pub fn head_of_block(&self, source: &SourceText, id: NodeId) -> Option<Range<usize>> {
        let above = self.comments.partition_point(|comment| comment.start < self.nodes.span(id).start);
        owned::head_of_block(source.as_str(), self.comments.get(..above)?, self.nodes.span(id).start)
    }

    /// Whether the node is a block or flow collection written in flow style.
    #[must_use]
    pub fn is_flow(&self, id: NodeId) -> bool {
        matches!(self.nodes.kind(id), NodeKind::Mapping { flow: true, .. } | NodeKind::Sequence { flow: true, .. })
    }

    /// The node and all nodes in it, aliases not followed.
    #[must_use]
    pub fn within(&self, id: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            found.push(id);
            match self.nodes.kind(id) {
                NodeKind::Mapping { entries, .. } => {
                    open.extend(entries.iter().flat_map(|(key, value)| [*key, *value]))
                }
                NodeKind::Sequence { items, .. } => open.extend(items),
                NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
            }
        }
        found
    }
}
