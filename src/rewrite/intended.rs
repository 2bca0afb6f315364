//! What the rewritten file has to mean: the original, with the changes, and nothing else.

use std::collections::BTreeSet;

use crate::bootprep::Section;
use crate::yaml::Value;
use crate::yaml::edit::Refused;

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
        let mut value = self.tree.value(root)?;
        for change in changes {
            let mut ims = vec![(Value::plain("id"), Value::plain(change.id.as_str()))];
            if change.section == Section::Images {
                ims.push((Value::plain("type"), Value::plain("image")));
            }
            let entry = value
                .get_mut(change.section.key())
                .and_then(|list| list.item_mut(change.index))
                .and_then(|item| item.get_mut(change.section.reference()));
            if let Some(Value::Mapping(entries)) = entry
                && let Some(reference) = entries
                    .iter_mut()
                    .rev()
                    .find(|(name, _)| matches!(name, Value::Scalar { text, .. } if text == "image_ref"))
            {
                *reference = (Value::plain("ims"), Value::Mapping(ims));
            }
        }
        for kept in kept {
            let item = value.get_mut(kept.section.key()).and_then(|list| list.item_mut(kept.index));
            if let Some(name) = item.and_then(|item| item.get_mut("name")) {
                *name = kept.after.clone();
            }
        }
        if let Some(Value::Sequence(images)) = value.get_mut("images") {
            let mut at = 0;
            images.retain(|_| {
                at += 1;
                !removed.contains(&(at - 1))
            });
        }
        Ok(value)
    }
}
