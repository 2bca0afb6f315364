//! Texts that depend on the record of a pinned image: from now on IMS decides what they are.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use crate::bootprep::Boots;
use crate::bootprep::names::Scope;
use crate::image_id::ImageId;
use crate::jinja;
use crate::yaml::{NodeId, NodeKind};

use super::{Pinned, Work};

/// A text that depends on the image in IMS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Renamed {
    #[serde(skip)]
    pub(super) node: NodeId,
    /// It uses the pinned image itself, not one whose name follows it.
    #[serde(skip)]
    pub(super) direct: bool,
    /// Where, as a path in the original.
    pub path: String,
    /// The line in the original.
    pub line: usize,
    /// The text as written.
    pub template: String,
    /// What it rendered to, where that can be known.
    pub before: Option<String>,
    /// The image whose record in IMS decides from now on.
    pub follows: ImageId,
    /// The name that image must have for the text to stay; none where more than its name is used.
    pub stays_if_called: Option<String>,
}

/// How a template uses the record of its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Only the name in it.
    Name,
    /// Other parts of it, too.
    Record,
}

impl Work<'_> {
    /// Texts of what builds on or boots a pinned image, where they use the record of that image, and in turn the texts
    /// that use a name which follows it.
    pub(super) fn renamed(&self, pinned: &Pinned, removed: &BTreeSet<usize>) -> Vec<Renamed> {
        let sources = self.sources(pinned);
        let mut found = Vec::new();
        for (index, image) in self.file.images.iter().enumerate().filter(|(index, _)| !removed.contains(index)) {
            let Some(base) = self.refs.base(self.file, index) else { continue };
            let Some((source, direct)) = followed(base, pinned, &sources) else { continue };
            for text in [&image.name, &image.configuration].into_iter().flatten() {
                found.extend(self.follower(text.node, pinned, source, direct, "base", Scope::Image(index)));
            }
        }
        for (index, template) in self.file.templates.iter().enumerate() {
            let image = match &template.image {
                Boots::NameOrId(written) => self.pinned_by_name(pinned, written.as_str(), index),
                _ => self.refs.boots(index).and_then(|ref_name| self.refs.by_ref(ref_name)),
            };
            let Some((source, direct)) = image.and_then(|image| followed(image, pinned, &sources)) else { continue };
            let fields = template.boot_sets_node.map(|node| self.tree.within(node)).unwrap_or_default();
            for node in template.name.iter().map(|name| name.node).chain(fields) {
                found.extend(self.follower(node, pinned, source, direct, "image", Scope::Template(index)));
            }
        }
        found.sort_by_key(|renamed| renamed.line);
        found
    }

    fn follower(
        &self,
        node: NodeId,
        pinned: &Pinned,
        source: usize,
        direct: bool,
        record: &str,
        scope: Scope,
    ) -> Option<Renamed> {
        let NodeKind::Scalar { text, .. } = &self.tree.node(node).kind else { return None };
        let used = used(text, record)?;
        Some(Renamed {
            node,
            direct,
            path: self.path_of(node),
            line: self.line(node),
            template: text.to_string(),
            before: self.names.render(self.variables, text, scope),
            follows: pinned.get(&source)?.clone(),
            stays_if_called: self.names.image(source).filter(|_| used == Use::Name).map(str::to_owned),
        })
    }

    /// By image: the pinned image that its name follows.
    fn sources(&self, pinned: &Pinned) -> HashMap<usize, usize> {
        let mut sources = HashMap::new();
        let mut left: Vec<(usize, usize)> = pinned.keys().map(|item| (*item, *item)).collect();
        while let Some((item, source)) = left.pop() {
            let Some(ref_name) = self.file.image(item).ref_name() else { continue };
            for user in self.refs.users(ref_name) {
                if !pinned.contains_key(user)
                    && !sources.contains_key(user)
                    && used(self.file.image(*user).name(), "base").is_some()
                {
                    sources.insert(*user, source);
                    left.push((*user, source));
                }
            }
        }
        sources
    }
}

/// The pinned image whose record decides over an image: itself, or the one its name follows.
fn followed(image: usize, pinned: &Pinned, sources: &HashMap<usize, usize>) -> Option<(usize, bool)> {
    if pinned.contains_key(&image) { Some((image, true)) } else { sources.get(&image).map(|source| (*source, false)) }
}

/// How a template uses a record.
fn used(template: &str, record: &str) -> Option<Use> {
    if !template.contains(record) || !jinja::uses(template, record) {
        return None;
    }
    let only_name = jinja::inspect(template).is_ok_and(|found| {
        found
            .lookups
            .iter()
            .filter(|lookup| lookup.root() == record)
            .all(|lookup| lookup.names.get(1).is_some_and(|name| name == "name"))
    });
    Some(if only_name { Use::Name } else { Use::Record })
}
