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
            let ims = (Value::plain("ims"), Value::Mapping(ims));
            let Some(holder) = value.at_mut(&self.parents.path(change.holder)) else { continue };
            if change.whole {
                *holder = Value::Mapping(vec![ims]);
                continue;
            }
            if let Value::Mapping(entries) = holder.untagged_mut() {
                let image_ref = entries
                    .iter_mut()
                    .rev()
                    .find(|(name, _)| matches!(name, Value::Scalar { text, .. } if text == "image_ref"));
                if let Some(image_ref) = image_ref {
                    *image_ref = ims;
                }
            }
        }
        for kept in kept {
            if let Some(text) = value.at_mut(&self.parents.path(kept.node)) {
                *text.untagged_mut() = kept.after.clone();
            }
        }
        if let Some(Value::Sequence(images)) = value.get_mut("images").map(Value::untagged_mut) {
            let mut at = 0;
            images.retain(|_| {
                at += 1;
                !removed.contains(&(at - 1))
            });
        }
        Ok(value)
    }
}
