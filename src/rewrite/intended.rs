//! What the rewritten file has to mean: the original, with the changes, and nothing else.

use std::collections::BTreeSet;

use crate::yaml::Intended;

use super::keep::Kept;
use super::{Reference, Work};

impl Work<'_> {
    /// The original with the changes and nothing else.
    pub(super) fn intended(&self, changes: &[Reference], kept: &[Kept], removed: &BTreeSet<usize>) -> Intended {
        let mut intended = Intended::default();
        for change in changes {
            intended.becomes.extend(change.becomes.iter().cloned());
            intended.gone.extend(&change.gone);
        }
        intended.becomes.extend(kept.iter().map(|kept| (kept.node, kept.after.clone())));
        intended.gone.extend(removed.iter().map(|item| self.file.image(*item).node));
        intended
    }
}
