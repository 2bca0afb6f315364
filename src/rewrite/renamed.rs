//! Names that hold the name of a pinned image: from now on IMS decides what they are.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::bootprep::names::uses;
use crate::bootprep::{Base, Section};
use crate::image_id::ImageId;

use super::{Pinned, Work};

/// A name that depends on the image in IMS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Renamed {
    #[serde(skip)]
    pub(super) section: Section,
    #[serde(skip)]
    pub(super) index: usize,
    /// It names the pinned image itself, not one whose name follows it.
    #[serde(skip)]
    pub(super) direct: bool,
    /// Where, as a path in the original.
    pub path: String,
    /// The line in the original.
    pub line: usize,
    /// The name as written.
    pub template: String,
    /// What it rendered to, where that can be known.
    pub before: Option<String>,
    /// The image whose name in IMS decides from now on.
    pub follows: ImageId,
    /// The name that image must have for the name to stay.
    pub stays_if_called: Option<String>,
}

impl Work<'_> {
    /// Names of what builds on or boots a pinned image, where they hold the name of that image, and in turn the names
    /// that hold those.
    pub(super) fn renamed(&self, pinned: &Pinned, removed: &BTreeSet<usize>) -> Vec<Renamed> {
        let sources = self.sources(pinned);
        let mut found = Vec::new();
        let mut tell = |section, index, node, template: &str, before: Option<&str>, (source, direct): (usize, bool)| {
            let Some(id) = pinned.get(&source) else { return };
            found.push(Renamed {
                section,
                index,
                direct,
                path: format!("{}[{index}].name", Section::key(section)),
                line: self.line(self.tree.node(node).outer),
                template: template.to_owned(),
                before: before.map(str::to_owned),
                follows: id.clone(),
                stays_if_called: self.names.rendered(source).map(str::to_owned),
            });
        };
        for (index, item) in self.file.images.iter().enumerate().filter(|(index, _)| !removed.contains(index)) {
            let Some(source) = sources[index] else { continue };
            let direct = matches!(&item.base, Base::ImageRef(base) if self.names.by_ref(base) == Some(source));
            let node = item.name_node.unwrap_or(item.node);
            tell(Section::Images, index, node, &item.name, self.names.rendered(index), (source, direct));
        }
        for (index, template) in self.file.templates.iter().enumerate() {
            if !uses(&template.name, "image") {
                continue;
            }
            let Some(image) = self.names.boots(index).and_then(|ref_name| self.names.by_ref(ref_name)) else {
                continue;
            };
            let direct = pinned.contains_key(&image);
            if let Some(source) = if direct { Some(image) } else { sources[image] } {
                let before = self.names.template(index);
                tell(Section::SessionTemplates, index, template.node, &template.name, before, (source, direct));
            }
        }
        found
    }

    /// By image: the pinned image that its name follows.
    fn sources(&self, pinned: &Pinned) -> Vec<Option<usize>> {
        let images = &self.file.images;
        let mut sources = vec![None; images.len()];
        let mut left: Vec<(usize, usize)> = pinned.keys().map(|item| (*item, *item)).collect();
        while let Some((item, source)) = left.pop() {
            let Some(ref_name) = &images[item].ref_name else { continue };
            for user in self.names.users(ref_name) {
                if !pinned.contains_key(user) && sources[*user].is_none() && uses(&images[*user].name, "base") {
                    sources[*user] = Some(source);
                    left.push((*user, source));
                }
            }
        }
        sources
    }
}
