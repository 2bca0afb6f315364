//! References to images that exist: each becomes an id, written as the file is written.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::bootprep::{Base, Boots, Section};
use crate::image_id::ImageId;
use crate::yaml::edit::Edit;
use crate::yaml::{NodeId, NodeKind};

use super::{Pinned, RewriteError, Work};

/// A reference that becomes an id.
pub(super) struct Reference {
    pub(super) edit: Edit,
    /// Where it stands: `images[1].base`, `session_templates[0].image`.
    pub(super) section: Section,
    pub(super) index: usize,
    pub(super) at: usize,
    /// The node that goes.
    pub(super) replaced: NodeId,
    pub(super) before: String,
    pub(super) id: ImageId,
}

impl Work<'_> {
    /// The references to pinned images, each with the edit that makes it an id.
    pub(super) fn references(
        &self,
        pinned: &Pinned,
        removed: &BTreeSet<usize>,
    ) -> Result<Vec<Reference>, RewriteError> {
        let mut found = Vec::new();
        for (index, item) in self.file.images.iter().enumerate().filter(|(index, _)| !removed.contains(index)) {
            let Base::ImageRef(ref_name) = &item.base else { continue };
            if let (Some((_, id)), Some(base)) = (self.pin_of(pinned, ref_name), item.base_node) {
                found.push(self.reference(item.node, base, Section::Images, index, ref_name, id.clone())?);
            }
        }
        for (index, template) in self.file.templates.iter().enumerate() {
            let Boots::ImageRef(written) = &template.image else { continue };
            let pin = self.names.boots(index).and_then(|ref_name| self.pin_of(pinned, ref_name));
            if let (Some((_, id)), Some(image)) = (pin, template.image_node) {
                let id = id.clone();
                found.push(self.reference(template.node, image, Section::SessionTemplates, index, written, id)?);
            }
        }
        Ok(found)
    }

    fn reference(
        &self,
        owner: NodeId,
        holder: NodeId,
        section: Section,
        index: usize,
        before: &str,
        id: ImageId,
    ) -> Result<Reference, RewriteError> {
        let fields: &[(&str, &str)] =
            if section == Section::Images { &[("id", id.as_str()), ("type", "image")] } else { &[("id", id.as_str())] };
        let in_flow = || {
            format!(
                "ims: {{{}}}",
                fields.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
            )
        };
        let key = section.reference();
        self.own_text(self.list(section).into_iter().chain([owner]))?;
        if self.tree.own_entry(owner, key).is_none() {
            return Err(self.shared(owner, format!("`{key}` comes from another place by a merge key")));
        }
        if let NodeKind::Alias { .. } = self.tree.node(holder).kind {
            let range = self.tree.node(holder).span.clone();
            let at = range.start;
            return Ok(Reference {
                edit: Edit { range, text: format!("{{{}}}", in_flow()) },
                section,
                index,
                at,
                replaced: holder,
                before: before.to_owned(),
                id,
            });
        }
        self.own_text([holder])?;
        let Some((name, value)) = self.tree.own_entry(holder, "image_ref") else {
            return Err(self.shared(holder, "`image_ref` comes from another place by a merge key".to_owned()));
        };
        self.own_text([name])?;
        // An alias in place of the value goes with it, and its anchor is left alone.
        if !matches!(self.tree.node(value).kind, NodeKind::Alias { .. }) {
            self.own_text([value])?;
        }
        let range = self.start_of_entry(name)..self.tree.node(value).span.end;
        let text = if self.tree.is_flow(holder) { in_flow() } else { self.in_block(owner, key, &range, fields) };
        Ok(Reference {
            at: self.tree.node(value).outer,
            replaced: value,
            edit: Edit { range, text },
            section,
            index,
            before: before.to_owned(),
            id,
        })
    }

    /// Where an entry begins: at its key, or at the `?` that announces it.
    fn start_of_entry(&self, key: NodeId) -> usize {
        let start = self.tree.node(key).outer;
        let before = &self.text.as_str()[self.text.line_range(self.text.line_of(start)).start..start];
        before.trim_end().strip_suffix('?').map_or(start, |ahead| start - (before.len() - ahead.len()))
    }

    /// `ims:` with its fields below, indented as the file does it.
    fn in_block(&self, owner: NodeId, key: &str, range: &Range<usize>, fields: &[(&str, &str)]) -> String {
        let column = self.text.column_bytes(range.start);
        let of_key =
            self.tree.own_entry(owner, key).map_or(0, |(key, _)| self.text.column_bytes(self.tree.node(key).outer));
        let step = column.checked_sub(of_key).filter(|step| *step > 0).unwrap_or(2);
        let comments: String = self
            .tree
            .comments()
            .iter()
            .filter(|comment| range.contains(&comment.start) && comment.end <= range.end)
            .map(|comment| format!("  {}", &self.text.as_str()[comment.clone()]))
            .collect();
        let lines: String = fields
            .iter()
            .map(|(name, value)| {
                format!("{}{:indent$}{name}: {value}", self.text.line_break(), "", indent = column + step)
            })
            .collect();
        format!("ims:{comments}{lines}")
    }
}
