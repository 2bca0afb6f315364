//! Pins: images that exist, as ids. Their entries go, and whoever referred to them gets the id.

mod error;
mod intended;
mod item;
mod keep;
mod reference;
mod renamed;
mod report;
mod sharing;

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use crate::bootprep::names::Names;
use crate::bootprep::refs::Refs;
use crate::bootprep::variables::Variables;
use crate::bootprep::{Bootprep, BootprepError, Section};
use crate::image_id::ImageId;
use crate::nearness;
use crate::text::SourceText;
use crate::yaml::edit::{Edit, Refused, apply};
use crate::yaml::{Intended, NodeId, Parents, Sense, Tree};

pub use error::RewriteError;
use reference::Reference;
pub use renamed::Renamed;
pub use report::{Change, ChangeKind, Deleted, EntryAt, RemarkAt, Report};

/// An image that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Its `ref_name`, or its name, as written or rendered.
    pub image: String,
    /// Its id in IMS.
    pub id: ImageId,
}

/// How to rewrite.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Remove builds that nothing refers to any more.
    pub prune: bool,
    /// Write out the names that would follow a pinned image.
    pub keep_names: bool,
    /// Go on although a restart would delete a pinned image.
    pub force: bool,
    /// Pins for the images that no other pin means, however it names them.
    pub otherwise: Vec<Pin>,
}

/// A rewritten file.
#[derive(Debug)]
pub struct Rewritten {
    /// The text.
    pub text: SourceText,
    /// What was changed, and what that entails.
    pub report: Report,
}

/// Rewrites a file so that it uses the pinned images.
///
/// # Errors
/// A file or pin that cannot be used, a change inside shared text, or a result that is not exactly what was meant.
pub fn rewrite(
    path: &str,
    bytes: &[u8],
    pins: &[Pin],
    variables: &Variables,
    options: &Options,
) -> Result<Rewritten, RewriteError> {
    let text = SourceText::new(path, bytes)?;
    let tree = Tree::parse(&text).map_err(|error| BootprepError::Syntax { path: path.to_owned(), error })?;
    if let Some(error) = tree.unseen_line_break(&text) {
        return Err(BootprepError::Syntax { path: path.to_owned(), error }.into());
    }
    let file = Bootprep::read(path, &text, &tree)?;
    let refs = Refs::of(&file, variables);
    let names = Names::of(&file, &refs, variables);
    let work = Work { path, text: &text, tree: &tree, parents: tree.parents(), file: &file, refs, names, variables };
    let pinned = work.pinned(pins, &options.otherwise)?;
    let unreferenced = work.unreferenced(&pinned);
    let mut removed: BTreeSet<usize> = pinned.keys().copied().collect();
    if options.prune {
        removed.extend(&unreferenced);
    }
    let mut changes = work.references(&pinned, &removed)?;
    work.removal_is_safe(&changes, &removed)?;
    let mut report = Report { file: path.to_owned(), ..Report::default() };
    report.unreferenced = unreferenced.difference(&removed).map(|item| work.entry_at(*item)).collect();
    report.deleted_by_restart = work.deleted_by_restart(&pinned, &removed);
    if !report.deleted_by_restart.is_empty() && !options.force {
        return Err(RewriteError::WouldDelete { path: path.to_owned(), deleted: report.deleted_by_restart });
    }
    let renamed = work.renamed(&pinned, &removed);
    let kept = if options.keep_names { work.kept(&renamed)? } else { Vec::new() };
    report.renamed = if options.keep_names { Vec::new() } else { renamed };
    report.without_work = work.without_work(&pinned, &removed);
    report.by_name = work.by_name(&pinned);
    report.remarks = work.remarks();
    let intended = work.intended(&changes, &kept, &removed);
    let edits: Vec<Edit> = changes
        .iter()
        .flat_map(|change| &change.edits)
        .chain(kept.iter().flat_map(|kept| &kept.edits))
        .cloned()
        .collect();
    let (rewritten, edits) = work
        .written(&edits, &removed, &intended)
        .map_err(|why| RewriteError::Refused { path: path.to_owned(), why })?;
    changes.sort_by_key(|change| work.tree.node(change.replaced).outer);
    report.changes = work.told(&changes, &kept, &removed, &pinned);
    report.bytes_changed = edits.iter().map(|edit| edit.range.len() + edit.text.len()).sum();
    Ok(Rewritten { text: rewritten, report })
}

struct Work<'a> {
    path: &'a str,
    text: &'a SourceText,
    tree: &'a Tree,
    parents: Parents<'a>,
    file: &'a Bootprep,
    refs: Refs,
    names: Names,
    variables: &'a Variables,
}

/// Pinned images, by their place in the file.
type Pinned = BTreeMap<usize, ImageId>;

impl Work<'_> {
    /// The items that the pins mean, with their ids.
    fn pinned(&self, pins: &[Pin], otherwise: &[Pin]) -> Result<Pinned, RewriteError> {
        let mut found = Pinned::new();
        for pin in pins {
            match found.entry(self.item_called(&pin.image)?) {
                Entry::Occupied(first) if *first.get() != pin.id => {
                    return Err(RewriteError::PinnedTwice {
                        path: self.path.to_owned(),
                        image: pin.image.clone(),
                        first: first.get().clone(),
                        second: pin.id.clone(),
                    });
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(free) => {
                    free.insert(pin.id.clone());
                }
            }
        }
        for pin in otherwise {
            found.entry(self.item_called(&pin.image)?).or_insert_with(|| pin.id.clone());
        }
        Ok(found)
    }

    fn item_called(&self, image: &str) -> Result<usize, RewriteError> {
        let images = &self.file.images;
        let ways: [&dyn Fn(usize) -> bool; 3] =
            [&|at| self.file.image(at).ref_name() == Some(image), &|at| self.file.image(at).name() == image, &|at| {
                self.names.image(at) == Some(image)
            }];
        for (at, way) in ways.iter().enumerate() {
            match (0..images.len()).filter(|item| way(*item)).collect::<Vec<_>>().as_slice() {
                [] => {}
                [one] => return Ok(*one),
                several => {
                    return Err(RewriteError::SeveralImages {
                        path: self.path.to_owned(),
                        image: image.to_owned(),
                        by_ref: at == 0,
                        count: several.len(),
                    });
                }
            }
        }
        let mut known: Vec<String> =
            images.iter().map(|item| item.label().to_owned()).filter(|label| !label.is_empty()).collect();
        nearness::sort(&mut known, image);
        known.truncate(3);
        Err(RewriteError::UnknownImage { path: self.path.to_owned(), image: image.to_owned(), nearest: known })
    }

    /// The id of the pinned image that a `ref_name` means.
    fn pin_of<'p>(&self, pinned: &'p Pinned, ref_name: &str) -> Option<(usize, &'p ImageId)> {
        let item = self.refs.by_ref(ref_name)?;
        pinned.get(&item).map(|id| (item, id))
    }

    /// Builds that something referred to, and nothing does any more, because what did is gone.
    fn unreferenced(&self, pinned: &Pinned) -> BTreeSet<usize> {
        let mut gone: BTreeSet<usize> = pinned.keys().copied().collect();
        let mut found = BTreeSet::new();
        let mut left: Vec<usize> = pinned.keys().copied().collect();
        while let Some(item) = left.pop() {
            let Some(ref_name) = self.file.image(item).base.image_ref() else { continue };
            let Some(base) = self.refs.by_ref(ref_name).filter(|base| !gone.contains(base)) else { continue };
            let needed =
                self.refs.is_booted(ref_name) || self.refs.users(ref_name).iter().any(|user| !gone.contains(user));
            if !needed {
                gone.insert(base);
                found.insert(base);
                left.push(base);
            }
        }
        found
    }

    /// The text with the edits made and the entries gone, in the first of the ways of removing them that passes the gate.
    fn written(
        &self,
        edits: &[Edit],
        removed: &BTreeSet<usize>,
        intended: &Intended,
    ) -> Result<(SourceText, Vec<Edit>), Refused> {
        let attempt = |leave| {
            let intended = Sense::intended(self.tree, intended).ok_or(Refused::OtherMeaning)?;
            let mut all = edits.to_vec();
            all.extend(item::removals(self.text, self.tree, self.file, removed, leave));
            apply(self.text, &all, intended).map(|text| (text, all))
        };
        let [first, others @ ..] = item::Leave::IN_ORDER;
        others.into_iter().fold(attempt(first), |result, leave| result.or_else(|_| attempt(leave)))
    }

    fn list(&self, section: Section) -> Option<NodeId> {
        self.file.section(section).map(|(_, list)| list)
    }

    fn line(&self, node: NodeId) -> usize {
        self.text.position(self.tree.node(node).outer).line
    }

    fn path_of(&self, node: NodeId) -> String {
        self.parents.path(node).to_string()
    }
}
