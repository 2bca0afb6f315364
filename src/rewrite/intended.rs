//! What the rewritten file has to mean: the original, with the changes, and nothing else.

use std::collections::BTreeSet;

use crate::yaml::edit::Refused;
use crate::yaml::{Intended, Value};

use super::keep::Kept;
use super::{Reference, Work};

impl Work<'_> {
    /// The original with the changes and nothing else.
    pub(super) fn intended(
        &self,
        changes: &[Reference],
        kept: &[Kept],
        removed: &BTreeSet<usize>,
    ) -> Result<Value, Refused> {
        let Some(root) = self.tree.root() else { return Ok(Value::Mapping(Vec::new())) };
        let mut intended = Intended::default();
        for change in changes {
            intended.becomes.extend(change.becomes.iter().cloned());
            intended.gone.extend(&change.gone);
        }
        intended.becomes.extend(kept.iter().map(|kept| (kept.node, kept.after.clone())));
        intended.gone.extend(removed.iter().map(|item| self.file.images[*item].node));
        Ok(self.tree.value_with(root, &intended)?)
    }
}
