//! Text that an alias elsewhere shares: a change in one place would be a change in another.

use std::collections::BTreeSet;

use crate::bootprep::Section;
use crate::yaml::{NodeId, NodeKind};

use super::{Reference, RewriteError, Work};

impl Work<'_> {
    /// Refuses nodes that an alias elsewhere shares, and nodes that are themselves aliases.
    pub(super) fn own_text(&self, nodes: impl IntoIterator<Item = NodeId>) -> Result<(), RewriteError> {
        for node in nodes {
            if self.tree.node(node).shared {
                let lines: Vec<String> =
                    self.aliases_of(node).iter().map(|at| self.text.position(*at).line.to_string()).collect();
                return Err(self.shared(
                    node,
                    format!(
                        "this text is shared by the alias in line {}, and a change here would change that too",
                        lines.join(", ")
                    ),
                ));
            }
            if let NodeKind::Alias { target } = self.tree.node(node).kind {
                return Err(self.shared(
                    node,
                    format!(
                        "this is an alias of line {}, and a change there would change all its users",
                        self.text.position(self.tree.node(target).outer).line
                    ),
                ));
            }
        }
        Ok(())
    }

    /// Refuses a node that stands elsewhere than in its owner, or in text that an alias shares. What a merge key of the
    /// owner writes out stands in it.
    pub(super) fn own_place(&self, owner: NodeId, node: NodeId, key: &str) -> Result<(), RewriteError> {
        let mut holders: Vec<NodeId> = std::iter::successors(Some(node), |at| self.parents.of(*at)).skip(1).collect();
        if !holders.contains(&self.tree.resolved(owner)) {
            return Err(self.shared(owner, format!("`{key}` comes from another place by a merge key")));
        }
        holders.reverse();
        self.own_text(holders)
    }

    pub(super) fn shared(&self, node: NodeId, what: String) -> RewriteError {
        RewriteError::Shared { path: self.path.to_owned(), at: self.text.position(self.tree.node(node).outer), what }
    }

    fn aliases_of(&self, node: NodeId) -> Vec<usize> {
        let Some(root) = self.tree.root() else { return Vec::new() };
        self.tree
            .within(root)
            .into_iter()
            .filter(|other| matches!(self.tree.node(*other).kind, NodeKind::Alias { target } if target == node))
            .map(|alias| self.tree.node(alias).outer)
            .collect()
    }

    /// An entry that goes must not take along text that an alias elsewhere needs.
    pub(super) fn removal_is_safe(&self, changes: &[Reference], removed: &BTreeSet<usize>) -> Result<(), RewriteError> {
        if let Some((_, list)) = self.file.section(Section::Images).filter(|_| !removed.is_empty()) {
            self.own_text([list])?;
        }
        let items = removed.iter().map(|item| self.file.image(*item).node);
        let going: BTreeSet<NodeId> =
            items.chain(changes.iter().map(|change| change.replaced)).flat_map(|node| self.tree.within(node)).collect();
        let Some(root) = self.tree.root() else { return Ok(()) };
        for alias in self.tree.within(root).into_iter().filter(|node| !going.contains(node)) {
            if let NodeKind::Alias { target } = self.tree.node(alias).kind
                && going.contains(&target)
            {
                let line = self.text.position(self.tree.node(alias).outer).line;
                return Err(
                    self.shared(target, format!("this entry would go, and the alias in line {line} needs its text"))
                );
            }
        }
        Ok(())
    }
}
