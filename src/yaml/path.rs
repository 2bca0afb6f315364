//! Where a value stands in a document, as people say it: `images[1].base.image_ref`.

use std::fmt;

use super::{NodeId, NodeKind, Tree, Value};

/// One step down a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To the value of a key.
    Key(String),
    /// To an item, from 0.
    Item(usize),
}

/// The way from the root of a document to a value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(pub Vec<Step>);

impl Path {
    /// The path of a key in here.
    #[must_use]
    pub fn key(mut self, key: &str) -> Self {
        self.0.push(Step::Key(key.to_owned()));
        self
    }

    /// The path of an item in here.
    #[must_use]
    pub fn item(mut self, index: usize) -> Self {
        self.0.push(Step::Item(index));
        self
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Item(index) => write!(f, "[{index}]")?,
                Step::Key(key) if !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-".contains(c)) => {
                    write!(f, "{}{key}", if at == 0 { "" } else { "." })?;
                }
                Step::Key(key) => write!(f, "[{key:?}]")?,
            }
        }
        Ok(())
    }
}

/// By node: the node it stands in.
#[derive(Debug, Clone)]
pub struct Parents<'t> {
    tree: &'t Tree,
    nodes: Vec<u32>,
}

/// In the place of a node that stands in none.
const NONE: u32 = u32::MAX;

/// How a node stands in another.
enum Place {
    /// In the entry of this key, as the key or as its value.
    Entry(NodeId),
    /// As an item.
    Item(usize),
}

impl Tree {
    /// By node: the node it stands in. Aliases are not followed.
    #[must_use]
    pub fn parents(&self) -> Parents<'_> {
        let mut nodes = vec![NONE; self.nodes.len()];
        let mut stands = |child: NodeId, parent: NodeId| {
            if let Some(of_child) = nodes.get_mut(child) {
                *of_child = u32::try_from(parent).unwrap_or(NONE);
            }
        };
        for node in 0..self.nodes.len() {
            match self.nodes.kind(node) {
                NodeKind::Mapping { entries, .. } => {
                    for (key, value) in entries {
                        stands(*key, node);
                        stands(*value, node);
                    }
                }
                NodeKind::Sequence { items, .. } => items.iter().for_each(|item| stands(*item, node)),
                NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
            }
        }
        Parents { tree: self, nodes }
    }
}

impl Parents<'_> {
    /// The node in which a node stands.
    #[must_use]
    pub fn of(&self, id: NodeId) -> Option<NodeId> {
        self.nodes.get(id).filter(|node| **node != NONE).map(|node| *node as usize)
    }

    /// Children are numbered in their order.
    fn place(&self, id: NodeId) -> Option<Place> {
        match self.tree.nodes.kind(self.of(id)?) {
            NodeKind::Mapping { entries, .. } => {
                let at = entries.partition_point(|(key, _)| *key <= id).checked_sub(1)?;
                entries.get(at).map(|(key, _)| Place::Entry(*key))
            }
            NodeKind::Sequence { items, .. } => items.binary_search(&id).ok().map(Place::Item),
            NodeKind::Scalar { .. } | NodeKind::Alias { .. } => None,
        }
    }

    /// The key of the entry that a node is the key or the value of.
    #[must_use]
    pub fn key(&self, id: NodeId) -> Option<NodeId> {
        match self.place(id)? {
            Place::Entry(key) => Some(key),
            Place::Item(_) => None,
        }
    }

    /// The way to a node; to a key it is the way to its value.
    #[must_use]
    pub fn path(&self, id: NodeId) -> Path {
        let mut steps = Vec::new();
        let mut at = id;
        while let (Some(parent), Some(place)) = (self.of(at), self.place(at)) {
            steps.push(match place {
                Place::Entry(key) => Step::Key(self.tree.scalar(key).unwrap_or_default().to_owned()),
                Place::Item(index) => Step::Item(index),
            });
            at = parent;
        }
        steps.reverse();
        Path(steps)
    }
}

impl Value {
    /// The value at the end of a path.
    pub fn at_mut(&mut self, path: &Path) -> Option<&mut Self> {
        path.0.iter().try_fold(self, |value, step| match step {
            Step::Key(key) => value.get_mut(key),
            Step::Item(index) => value.item_mut(*index),
        })
    }
}
