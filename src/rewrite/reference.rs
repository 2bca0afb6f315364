//! References to images that exist: each becomes an id, written as the file is written.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::bootprep::names::Scope;
use crate::bootprep::{Base, Boots, Section, Text};
use crate::image_id::ImageId;
use crate::jinja;
use crate::yaml::edit::Edit;
use crate::yaml::{NodeId, NodeKind};

use super::{Pinned, RewriteError, Work};

/// A reference that becomes an id.
pub(super) struct Reference {
    pub(super) edit: Edit,
    pub(super) section: Section,
    /// The value that holds the reference: `base` or `image` of an entry.
    pub(super) holder: NodeId,
    /// The holder is the reference: the old form of a session template.
    pub(super) whole: bool,
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
        for (_, image) in self.file.images.iter().enumerate().filter(|(index, _)| !removed.contains(index)) {
            let Base::ImageRef(image_ref) = &image.base else { continue };
            if let (Some((_, id)), Some(base)) = (self.pin_of(pinned, image_ref.as_str()), image.base_node) {
                found.push(self.reference(image.node, base, Section::Images, image_ref.as_str(), id.clone())?);
            }
        }
        for (index, template) in self.file.templates.iter().enumerate() {
            let Some(image) = template.image_node else { continue };
            match &template.image {
                Boots::ImageRef(written) => {
                    self.reference_is_known(pinned, written)?;
                    let pin = self.refs.boots(index).and_then(|ref_name| self.pin_of(pinned, ref_name));
                    if let Some((_, id)) = pin {
                        let section = Section::SessionTemplates;
                        found.push(self.reference(template.node, image, section, written.as_str(), id.clone())?);
                    }
                }
                Boots::NameOrId(written) => {
                    if let Some(id) =
                        self.pinned_by_name(pinned, written.as_str(), index).and_then(|image| pinned.get(&image))
                    {
                        found.push(self.whole_reference(template.node, image, written.as_str(), id.clone())?);
                    }
                }
                Boots::Id(_) | Boots::Name(_) | Boots::Unknown => {}
            }
        }
        Ok(found)
    }

    /// Refuses a template that may mean a pinned image and may not.
    fn reference_is_known(&self, pinned: &Pinned, written: &Text) -> Result<(), RewriteError> {
        let pattern = self.variables.pattern(written.as_str());
        if pattern.text().is_some() {
            return Ok(());
        }
        let ref_names = pinned.keys().filter_map(|image| self.file.images[*image].ref_name());
        match ref_names.into_iter().find(|ref_name| pattern.matches(ref_name)) {
            Some(ref_name) => Err(RewriteError::ReferenceUnknown {
                path: self.path.to_owned(),
                at: self.text.position(self.tree.node(written.node).outer),
                template: written.text.clone(),
                image: ref_name.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// The pinned image whose name a session template of the old form gives: written alike, or rendered alike.
    pub(super) fn pinned_by_name(&self, pinned: &Pinned, written: &str, template: usize) -> Option<usize> {
        let rendered = self.names.render(self.variables, written, Scope::Template(template));
        let mut named = pinned.keys().copied().filter(|image| {
            let name = self.file.images[*image].name();
            let alike = name == written && !jinja::uses(name, "base") && !jinja::uses(name, "image");
            alike || (rendered.is_some() && self.names.image(*image) == rendered.as_deref())
        });
        named.next().filter(|_| named.next().is_none())
    }

    fn reference(
        &self,
        owner: NodeId,
        holder: NodeId,
        section: Section,
        before: &str,
        id: ImageId,
    ) -> Result<Reference, RewriteError> {
        let fields: &[(&str, &str)] =
            if section == Section::Images { &[("id", id.as_str()), ("type", "image")] } else { &[("id", id.as_str())] };
        let key = if section == Section::Images { "base" } else { "image" };
        self.own_entry(section, owner, key)?;
        if let NodeKind::Alias { .. } = self.tree.node(holder).kind {
            let range = self.tree.node(holder).span.clone();
            return Ok(Reference {
                edit: Edit { range, text: format!("{{{}}}", in_flow(fields)) },
                section,
                holder,
                whole: false,
                replaced: holder,
                before: before.to_owned(),
                id,
            });
        }
        self.own_text([holder])?;
        let Some((name, value)) = self.tree.own_entry(holder, "image_ref") else {
            return Err(self.shared(holder, "`image_ref` comes from another place by a merge key".to_owned()));
        };
        let times = self
            .tree
            .entries(holder)
            .unwrap_or_default()
            .iter()
            .filter(|(key, _)| self.tree.scalar(*key) == Some("image_ref"));
        if times.count() > 1 {
            return Err(RewriteError::Doubled {
                path: self.path.to_owned(),
                at: self.text.position(self.tree.node(name).outer),
                key: "image_ref",
            });
        }
        self.own_text([name])?;
        // An alias in place of the value goes with it, and its anchor is left alone.
        if !matches!(self.tree.node(value).kind, NodeKind::Alias { .. }) {
            self.own_text([value])?;
        }
        let range = self.start_of_entry(name)..self.tree.node(value).span.end;
        let text = if self.tree.is_flow(holder) { in_flow(fields) } else { self.in_block(owner, key, &range, fields) };
        Ok(Reference {
            replaced: value,
            edit: Edit { range, text },
            section,
            holder,
            whole: false,
            before: before.to_owned(),
            id,
        })
    }

    /// The old form, `image: NAME`: the name goes, and a mapping with the id takes its place.
    fn whole_reference(
        &self,
        owner: NodeId,
        holder: NodeId,
        before: &str,
        id: ImageId,
    ) -> Result<Reference, RewriteError> {
        let section = Section::SessionTemplates;
        self.own_entry(section, owner, "image")?;
        if !matches!(self.tree.node(holder).kind, NodeKind::Alias { .. }) {
            self.own_text([holder])?;
        }
        let node = self.tree.node(holder);
        let key = self.parents.key(holder).map_or(node.outer, |key| self.tree.node(key).span.end);
        // The sign of a block of text stands before what the parser calls the block.
        let sign = self.text.as_str()[key..node.outer.max(key)].find(['|', '>']).map_or(node.outer, |sign| key + sign);
        Ok(Reference {
            edit: Edit { range: sign..node.span.end, text: format!("{{{}}}", in_flow(&[("id", id.as_str())])) },
            section,
            holder,
            whole: true,
            replaced: holder,
            before: before.to_owned(),
            id,
        })
    }

    /// Refuses an entry that is not written out where it belongs.
    fn own_entry(&self, section: Section, owner: NodeId, key: &str) -> Result<(), RewriteError> {
        self.own_text(self.list(section).into_iter().chain([owner]))?;
        match self.tree.own_entry(owner, key) {
            Some(_) => Ok(()),
            None => Err(self.shared(owner, format!("`{key}` comes from another place by a merge key"))),
        }
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

fn in_flow(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("ims: {{{}}}", fields.join(", "))
}
