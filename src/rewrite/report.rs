//! What a rewrite changed, and what a restart with the result will do.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde::Serialize;

use crate::bootprep::{Base, Boots, Image, Ims};
use crate::image_id::ImageId;

use super::keep::Kept;
use super::renamed::Renamed;
use super::{Pinned, Reference, Work};

/// The report of a rewrite.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Report {
    /// The file.
    pub file: String,
    /// The changes, in the order of their lines.
    pub changes: Vec<Change>,
    /// Names that follow the name of an image in IMS from now on.
    pub renamed: Vec<Renamed>,
    /// Pinned images that a restart with `--overwrite-images` would delete.
    pub deleted_by_restart: Vec<Deleted>,
    /// Entries that have nothing to do: SAT calls them created and makes nothing.
    pub without_work: Vec<EntryAt>,
    /// Builds that nothing refers to any more; `--prune` removes them.
    pub unreferenced: Vec<EntryAt>,
    /// Entries that use a pinned image by its name in IMS, and were left alone.
    pub by_name: Vec<EntryAt>,
    /// What SAT reads in another way than may be expected; left as it is.
    pub remarks: Vec<RemarkAt>,
    /// Bytes taken out and put in.
    pub bytes_changed: usize,
}

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What was done.
    pub kind: ChangeKind,
    /// Where, as a path in the original.
    pub path: String,
    /// The line in the original.
    pub line: usize,
    /// What stood there.
    pub before: String,
    /// What stands there now.
    pub after: Option<String>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// An entry was removed.
    Removed,
    /// A reference became an id.
    Pinned,
    /// A name was written out.
    Named,
}

/// A pinned image that a restart would delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deleted {
    /// The image.
    pub id: ImageId,
    /// Its name.
    pub name: String,
    /// The entry that is built under that name, as a path in the original.
    pub because: String,
    /// The line of that entry.
    pub line: usize,
}

/// An entry and the line of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EntryAt {
    /// Where, as a path in the original.
    pub path: String,
    /// The line in the original.
    pub line: usize,
    /// Its `ref_name`, or its name as written.
    pub name: String,
}

/// Something SAT reads in another way than may be expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemarkAt {
    /// Where, as a path in the original.
    pub path: String,
    /// The line in the original.
    pub line: usize,
    /// What SAT reads.
    pub what: String,
}

impl Work<'_> {
    pub(super) fn told(
        &self,
        changes: &[Reference],
        kept: &[Kept],
        removed: &BTreeSet<usize>,
        pinned: &Pinned,
    ) -> Vec<Change> {
        let mut told: Vec<Change> = changes
            .iter()
            .map(|change| Change {
                kind: ChangeKind::Pinned,
                path: self.path_of(change.holder) + if change.whole { "" } else { ".image_ref" },
                line: self.line(change.replaced),
                before: change.before.clone(),
                after: Some(change.id.to_string()),
            })
            .collect();
        told.extend(kept.iter().map(|kept| Change {
            kind: ChangeKind::Named,
            path: self.path_of(kept.node),
            line: self.line(kept.node),
            before: kept.before.clone(),
            after: Some(kept.written.clone()),
        }));
        told.extend(removed.iter().map(|item| Change {
            kind: ChangeKind::Removed,
            path: format!("images[{item}]"),
            line: self.line(self.file.image(*item).node),
            before: self.file.image(*item).label().to_owned(),
            after: pinned.get(item).map(ImageId::to_string),
        }));
        told.sort_by_key(|change| change.line);
        told
    }

    /// Under `--overwrite-images` SAT deletes every image of the name it built, and a pinned one with them.
    pub(super) fn deleted_by_restart(&self, pinned: &Pinned, removed: &BTreeSet<usize>) -> Vec<Deleted> {
        let mut builders = HashMap::new();
        for other in (0..self.file.images.len()).filter(|other| !removed.contains(other)) {
            if let Some(name) = self.names.image(other) {
                builders.entry(name).or_insert(other);
            }
        }
        let mut found = Vec::new();
        for (item, id) in pinned {
            let Some(name) = self.names.image(*item) else { continue };
            if let Some(builder) = builders.get(name) {
                found.push(Deleted {
                    id: id.clone(),
                    name: name.to_owned(),
                    because: format!("images[{builder}]"),
                    line: self.line(self.file.image(*builder).node),
                });
            }
        }
        found
    }

    /// An image on an existing image without a configuration is a copy that SAT never makes.
    pub(super) fn without_work(&self, pinned: &Pinned, removed: &BTreeSet<usize>) -> Vec<EntryAt> {
        let idle = |(index, item): &(usize, &Image)| {
            !removed.contains(index)
                && item.configuration.is_none()
                && matches!(&item.base, Base::ImageRef(ref_name) if self.pin_of(pinned, ref_name.as_str()).is_some())
        };
        self.file.images.iter().enumerate().filter(idle).map(|(index, _)| self.entry_at(index)).collect()
    }

    /// Where an image stands.
    pub(super) fn entry_at(&self, index: usize) -> EntryAt {
        let item = self.file.image(index);
        EntryAt { path: format!("images[{index}]"), line: self.line(item.node), name: item.label().to_owned() }
    }

    /// Entries that look a pinned image up by name go on working only while IMS has one image of that name.
    pub(super) fn by_name(&self, pinned: &Pinned) -> Vec<EntryAt> {
        let names: HashSet<&str> = pinned
            .keys()
            .flat_map(|item| [Some(self.file.image(*item).name()), self.names.image(*item)])
            .flatten()
            .collect();
        let images = self.file.images.iter().enumerate().filter_map(|(index, image)| match &image.base {
            Base::Ims(Ims { name: Some(name), .. })
                if names.contains(name.as_str()) && !pinned.contains_key(&index) =>
            {
                Some((format!("images[{index}].base"), image.node, image.label()))
            }
            _ => None,
        });
        let templates = self.file.templates.iter().enumerate().filter_map(|(index, template)| match &template.image {
            Boots::Name(name) if names.contains(name.as_str()) => {
                Some((format!("session_templates[{index}].image"), template.node, template.name()))
            }
            // What may be the name of a pinned image, and cannot be told from it.
            Boots::NameOrId(name) if self.pinned_by_name(pinned, name.as_str(), index).is_none() => pinned
                .keys()
                .any(|image| {
                    let known = self.names.image(*image).is_some();
                    !known && self.variables.pattern(self.file.image(*image).name()).matches(name.as_str())
                })
                .then(|| (format!("session_templates[{index}].image"), template.node, template.name())),
            _ => None,
        });
        images
            .chain(templates)
            .map(|(path, node, name)| EntryAt { path, line: self.line(node), name: name.to_owned() })
            .collect()
    }

    /// What SAT reads in another way than may be expected.
    pub(super) fn remarks(&self) -> Vec<RemarkAt> {
        let remarks = self.file.remarks.iter();
        remarks
            .map(|remark| RemarkAt {
                path: self.path_of(remark.node),
                line: self.line(remark.node),
                what: remark.what.clone(),
            })
            .collect()
    }
}
