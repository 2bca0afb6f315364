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

/// By node: the node it stands in, and how.
#[derive(Debug, Clone)]
pub struct Parents<'t> {
    tree: &'t Tree,
    nodes: Vec<Option<Parent>>,
}

/// Where a node stands.
#[derive(Debug, Clone, Copy)]
struct Parent {
    node: NodeId,
    place: Place,
}

/// How a node stands in another.
#[derive(Debug, Clone, Copy)]
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
        let mut nodes = vec![None; self.nodes.len()];
        for (node, held) in self.nodes.iter().enumerate() {
            match &held.kind {
                NodeKind::Mapping { entries, .. } => {
                    for (key, value) in entries {
                        nodes[*key] = Some(Parent { node, place: Place::Entry(*key) });
                        nodes[*value] = nodes[*key];
                    }
                }
                NodeKind::Sequence { items, .. } => {
                    for (index, item) in items.iter().enumerate() {
                        nodes[*item] = Some(Parent { node, place: Place::Item(index) });
                    }
                }
                NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
            }
        }
        Parents { tree: self, nodes }
    }
}

impl Parents<'_> {
    fn get(&self, id: NodeId) -> Option<Parent> {
        self.nodes.get(id).copied().flatten()
    }

    /// The node in which a node stands.
    #[must_use]
    pub fn of(&self, id: NodeId) -> Option<NodeId> {
        self.get(id).map(|parent| parent.node)
    }

    /// The key of the entry that a node is the key or the value of.
    #[must_use]
    pub fn key(&self, id: NodeId) -> Option<NodeId> {
        match self.get(id)?.place {
            Place::Entry(key) => Some(key),
            Place::Item(_) => None,
        }
    }

    /// The way to a node; to a key it is the way to its value.
    #[must_use]
    pub fn path(&self, id: NodeId) -> Path {
        let mut steps = Vec::new();
        let mut at = id;
        while let Some(parent) = self.get(at) {
            steps.push(match parent.place {
                Place::Entry(key) => Step::Key(self.tree.scalar(key).unwrap_or_default().to_owned()),
                Place::Item(index) => Step::Item(index),
            });
            at = parent.node;
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
