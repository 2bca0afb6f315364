//! References to images that exist: each becomes an id, written as the file is written.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::bootprep::names::Scope;
use crate::bootprep::{Base, Boots, Section, Text};
use crate::image_id::ImageId;
use crate::jinja;
use crate::yaml::change::Editor;
use crate::yaml::edit::Edit;
use crate::yaml::{NodeId, NodeKind, Value};

use super::{Pinned, RewriteError, Work};

/// A reference that becomes an id.
pub(super) struct Reference {
    pub(super) edits: Vec<Edit>,
    /// What they are meant to make of nodes, and the entries that they are meant to take out.
    pub(super) becomes: Vec<(NodeId, Value)>,
    pub(super) gone: Vec<NodeId>,
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
        let ref_names = pinned.keys().filter_map(|image| self.file.image(*image).ref_name());
        match ref_names.into_iter().find(|ref_name| pattern.matches(ref_name)) {
            Some(ref_name) => Err(RewriteError::ReferenceUnknown {
                path: self.path.to_owned(),
                at: self.text.position(self.tree.node(written.node).outer),
                template: written.text.to_string(),
                image: ref_name.to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// The pinned image whose name a session template of the old form gives: written alike, or rendered alike.
    pub(super) fn pinned_by_name(&self, pinned: &Pinned, written: &str, template: usize) -> Option<usize> {
        let rendered = self.names.render(self.variables, written, Scope::Template(template));
        let mut named = pinned.keys().copied().filter(|image| {
            let name = self.file.image(*image).name();
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
        self.written_out(section, owner, holder, key)?;
        if let NodeKind::Alias { .. } = self.tree.node(holder).kind {
            let range = self.tree.node(holder).span.clone();
            return Ok(Reference {
                edits: vec![Edit { range, text: format!("{{{}}}", in_flow(fields)) }],
                becomes: vec![(holder, Value::Mapping(vec![(Value::plain("ims"), meaning(fields))]))],
                gone: Vec::new(),
                holder,
                whole: false,
                replaced: holder,
                before: before.to_owned(),
                id,
            });
        }
        self.own_text([holder])?;
        let mut found = Reference {
            edits: Vec::new(),
            becomes: Vec::new(),
            gone: Vec::new(),
            holder,
            whole: false,
            replaced: holder,
            before: before.to_owned(),
            id: id.clone(),
        };
        // The first is the one that SAT reads. Without it the others would come to light.
        for (at, (name, value)) in self.tree.all_entries(holder, "image_ref").into_iter().enumerate() {
            self.own_place(holder, name, "image_ref")?;
            // An alias in place of a name goes with it, and its anchor is left alone.
            self.own_text([name, value].into_iter().filter(|node| !self.is_alias(*node)))?;
            let start = self.start_of_entry(name);
            if at == 0 {
                found.replaced = value;
            } else if let Some(change) = self.editor().remove(name).filter(|_| start == self.tree.node(name).outer) {
                found.edits.extend(change.edits);
                found.gone.push(name);
                continue;
            }
            found.becomes.extend([(name, Value::plain("ims")), (value, meaning(fields))]);
            found.edits.push(self.in_place_of_entry(name, value, start, fields));
        }
        Ok(found)
    }

    /// The entry `ims` in the place of another, written in its style.
    fn in_place_of_entry(&self, name: NodeId, value: NodeId, start: usize, fields: &[(&str, &str)]) -> Edit {
        let range = start..self.tree.node(value).span.end.max(self.tree.node(name).span.end);
        let text = match self.parents.of(name) {
            Some(mapping) if !self.tree.is_flow(mapping) => self.in_block(mapping, &range, fields),
            _ => in_flow(fields),
        };
        Edit { range, text }
    }

    /// The old form, `image: NAME`: the name goes, and a mapping with the id takes its place.
    fn whole_reference(
        &self,
        owner: NodeId,
        holder: NodeId,
        before: &str,
        id: ImageId,
    ) -> Result<Reference, RewriteError> {
        self.written_out(Section::SessionTemplates, owner, holder, "image")?;
        if !self.is_alias(holder) {
            self.own_text([holder])?;
        }
        let fields = [("id", id.as_str())];
        let outer = self.tree.node(holder).outer;
        Ok(Reference {
            edits: self.in_place_of(holder, outer, &format!("{{{}}}", in_flow(&fields))),
            becomes: vec![(holder, Value::Mapping(vec![(Value::plain("ims"), meaning(&fields))]))],
            gone: Vec::new(),
            holder,
            whole: true,
            replaced: holder,
            before: before.to_owned(),
            id,
        })
    }

    /// Refuses a value that is not written out in its entry.
    fn written_out(&self, section: Section, owner: NodeId, value: NodeId, key: &str) -> Result<(), RewriteError> {
        self.own_text(self.list(section).into_iter().chain([owner]))?;
        self.own_place(owner, value, key)
    }

    fn is_alias(&self, node: NodeId) -> bool {
        matches!(self.tree.node(node).kind, NodeKind::Alias { .. })
    }

    fn editor(&self) -> Editor<'_> {
        Editor { text: self.text, tree: self.tree, parents: &self.parents }
    }

    /// Where an entry begins: at its key, or at the `?` that announces it.
    fn start_of_entry(&self, key: NodeId) -> usize {
        let start = self.tree.node(key).outer;
        let before = self.text.part(self.text.line_range(self.text.line_of(start)).start..start);
        before.trim_end().strip_suffix('?').map_or(start, |ahead| start - (before.len() - ahead.len()))
    }

    /// `ims:` with its fields below, indented as the file does it.
    fn in_block(&self, mapping: NodeId, range: &Range<usize>, fields: &[(&str, &str)]) -> String {
        let column = self.text.column_bytes(range.start);
        let of_key = self.parents.key(mapping).map_or(column, |key| self.text.column_bytes(self.tree.node(key).outer));
        let step = column.checked_sub(of_key).filter(|step| *step > 0).unwrap_or(2);
        let comments = self.tree.comments();
        let comments: String = comments
            .iter()
            .skip_while(|comment| comment.start < range.start)
            .take_while(|comment| comment.end <= range.end)
            .map(|comment| format!("  {}", self.text.part(comment.clone())))
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

/// What fields of plain words mean.
fn meaning(fields: &[(&str, &str)]) -> Value {
    Value::Mapping(fields.iter().map(|(name, value)| (Value::plain(name), Value::plain(value))).collect())
}

fn in_flow(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("ims: {{{}}}", fields.join(", "))
}
