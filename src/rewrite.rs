//! Pins: images that exist, as ids. Their entries go, and whoever referred to them gets the id.

mod item;
mod keep;
mod names;
mod report;

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use crate::bootprep::names::Variables;
use crate::bootprep::{Base, Bootprep, BootprepError, Boots};
use crate::image_id::ImageId;
use crate::text::{Position, SourceText, TextError};
use crate::yaml::edit::{Edit, Refused, apply};
use crate::yaml::{NodeId, NodeKind, Tree, Value};

use names::Names;
pub use report::{Change, ChangeKind, Deleted, Idle, Renamed, Report, Section};

use keep::Kept;

/// An image that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Its `ref_name`, or its name, as written or rendered.
    pub image: String,
    /// Its id in IMS.
    pub id: ImageId,
}

/// Why a file was not rewritten. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// The file is no text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The file is no bootprep file.
    #[error(transparent)]
    Bootprep(#[from] BootprepError),
    /// A pin names no image of the file.
    #[error("{path}: no image has the ref_name or name '{image}'{hint}", hint = hint(.nearest))]
    UnknownImage {
        /// The file.
        path: String,
        /// What was asked for.
        image: String,
        /// What may have been meant.
        nearest: Vec<String>,
    },
    /// A name fits several images of the file.
    #[error("{path}: '{image}' is {}", several(*.by_ref, *.count))]
    SeveralImages {
        /// The file.
        path: String,
        /// What was asked for.
        image: String,
        /// It is their `ref_name`.
        by_ref: bool,
        /// How many there are.
        count: usize,
    },
    /// One image is pinned to two ids.
    #[error("{path}: image '{image}' is pinned twice, to {first} and to {second}")]
    PinnedTwice {
        /// The file.
        path: String,
        /// The image.
        image: String,
        /// The first id.
        first: ImageId,
        /// The second id.
        second: ImageId,
    },
    /// The change would be made in text that an alias elsewhere shares, or that comes from elsewhere.
    #[error("{path}:{}:{}: {what}. Write the value out where it is used, and try again", .at.line, .at.column)]
    Shared {
        /// The file.
        path: String,
        /// Where.
        at: Position,
        /// What is shared with which lines.
        what: String,
    },
    /// A name cannot be kept, because it is not known.
    #[error("{path}:{}:{}: the name {template} cannot be kept, because what it renders to is not known here. Give the variables of the file with --vars-file, or write the name that the log shows into the file first", .at.line, .at.column)]
    NameUnknown {
        /// The file.
        path: String,
        /// Where.
        at: Position,
        /// The name as written.
        template: String,
    },
    /// A name cannot be kept, because of how it is written.
    #[error("{path}:{}:{}: the name {name} cannot be kept in a text of several lines. Write it in one line, in quotes, and try again", .at.line, .at.column)]
    NameNotKept {
        /// The file.
        path: String,
        /// Where.
        at: Position,
        /// What it renders to.
        name: String,
    },
    /// The change did not pass the gate.
    #[error("{path}: not rewritten: {why}. Nothing was written; please report this file")]
    Refused {
        /// The file.
        path: String,
        /// Why.
        why: Refused,
    },
    /// A restart would delete a pinned image.
    #[error("{path}: a restart with --overwrite-images would delete {}. Rename or remove what is built under that name, or say --force", list(.deleted))]
    WouldDelete {
        /// The file.
        path: String,
        /// The pinned images, and what deletes them.
        deleted: Vec<Deleted>,
    },
}

fn hint(nearest: &[String]) -> String {
    if nearest.is_empty() {
        "; the file has no images".to_owned()
    } else {
        format!("; did you mean {}?", nearest.join(" or "))
    }
}

fn several(by_ref: bool, count: usize) -> String {
    if by_ref {
        format!("the ref_name of {count} images, and SAT refuses such a file. Give each a ref_name of its own first")
    } else {
        format!("the name of {count} images; pin it by its ref_name")
    }
}

fn list(deleted: &[Deleted]) -> String {
    deleted
        .iter()
        .map(|deleted| {
            format!("image {} ({}), because {} is built under its name", deleted.id, deleted.name, deleted.because)
        })
        .collect::<Vec<_>>()
        .join("; ")
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
    let file = Bootprep::read(path, &tree)?;
    let names = Names::of(&file, variables);
    let work = Work { path, text: &text, tree: &tree, file: &file, names };
    let pinned = work.pinned(pins)?;
    let unreferenced = work.unreferenced(&pinned);
    let mut removed: BTreeSet<usize> = pinned.keys().copied().collect();
    if options.prune {
        removed.extend(&unreferenced);
    }
    let mut changes = work.references(&pinned, &removed)?;
    work.removal_is_safe(&changes, &removed)?;
    let mut report = Report { file: path.to_owned(), ..Report::default() };
    report.unreferenced = unreferenced.difference(&removed).map(|item| work.label(*item)).collect();
    report.deleted_by_restart = work.deleted_by_restart(&pinned, &removed);
    if !report.deleted_by_restart.is_empty() && !options.force {
        return Err(RewriteError::WouldDelete { path: path.to_owned(), deleted: report.deleted_by_restart });
    }
    let renamed = work.renamed(&pinned, &removed);
    let kept = if options.keep_names { work.kept(&renamed, variables)? } else { Vec::new() };
    report.renamed = if options.keep_names { Vec::new() } else { renamed };
    report.without_work = work.without_work(&pinned, &removed);
    report.by_name = work.by_name(&pinned);
    let intended =
        work.intended(&changes, &kept, &removed).map_err(|why| RewriteError::Refused { path: path.to_owned(), why })?;
    let mut edits: Vec<Edit> =
        changes.iter().map(|change| &change.edit).chain(kept.iter().map(|kept| &kept.edit)).cloned().collect();
    let mut result = None;
    for leave in item::Leave::IN_ORDER {
        let mut all = edits.clone();
        all.extend(item::removals(&text, &tree, &file, &removed, leave));
        result = Some(apply(&text, &all, &intended).map(|text| (text, all)));
        if matches!(result, Some(Ok(_))) {
            break;
        }
    }
    let (rewritten, all) = match result {
        Some(Ok(result)) => result,
        Some(Err(why)) => return Err(RewriteError::Refused { path: path.to_owned(), why }),
        None => (text.clone(), Vec::new()),
    };
    edits = all;
    changes.sort_by_key(|change| change.edit.range.start);
    report.changes = work.told(&changes, &kept, &removed, &pinned);
    report.bytes_changed = edits.iter().map(|edit| edit.range.len() + edit.text.len()).sum();
    Ok(Rewritten { text: rewritten, report })
}

/// A reference that becomes an id.
struct Reference {
    edit: Edit,
    /// Where it stands: `images[1].base`, `session_templates[0].image`.
    section: Section,
    index: usize,
    key: &'static str,
    at: usize,
    /// The node that goes.
    replaced: NodeId,
    before: String,
    id: ImageId,
}

struct Work<'a> {
    path: &'a str,
    text: &'a SourceText,
    tree: &'a Tree,
    file: &'a Bootprep,
    names: Names<'a>,
}

/// Pinned images, by their place in the file.
type Pinned = BTreeMap<usize, ImageId>;

impl Work<'_> {
    /// The items that the pins mean, with their ids.
    fn pinned(&self, pins: &[Pin]) -> Result<Pinned, RewriteError> {
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
        Ok(found)
    }

    fn item_called(&self, image: &str) -> Result<usize, RewriteError> {
        let images = &self.file.images;
        let ways: [&dyn Fn(usize) -> bool; 3] =
            [&|at| images[at].ref_name.as_deref() == Some(image), &|at| images[at].name == image, &|at| {
                self.names.rendered(at) == Some(image)
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
            images.iter().map(|item| item.ref_name.clone().unwrap_or_else(|| item.name.clone())).collect();
        known.sort_by_key(|name| distance(name, image));
        known.truncate(3);
        Err(RewriteError::UnknownImage { path: self.path.to_owned(), image: image.to_owned(), nearest: known })
    }

    /// The id of the pinned image that a `ref_name` means.
    fn pin_of<'p>(&self, pinned: &'p Pinned, ref_name: &str) -> Option<(usize, &'p ImageId)> {
        let item = self.names.by_ref(ref_name)?;
        pinned.get(&item).map(|id| (item, id))
    }

    /// Builds that something referred to, and nothing does any more, because what did is gone.
    fn unreferenced(&self, pinned: &Pinned) -> BTreeSet<usize> {
        let mut gone: BTreeSet<usize> = pinned.keys().copied().collect();
        let mut found = BTreeSet::new();
        let mut left: Vec<usize> = pinned.keys().copied().collect();
        while let Some(item) = left.pop() {
            let Base::ImageRef(ref_name) = &self.file.images[item].base else { continue };
            let Some(base) = self.names.by_ref(ref_name).filter(|base| !gone.contains(base)) else { continue };
            let needed =
                self.names.is_booted(ref_name) || self.names.users(ref_name).iter().any(|user| !gone.contains(user));
            if !needed {
                gone.insert(base);
                found.insert(base);
                left.push(base);
            }
        }
        found
    }

    /// The references to pinned images, each with the edit that makes it an id.
    fn references(&self, pinned: &Pinned, removed: &BTreeSet<usize>) -> Result<Vec<Reference>, RewriteError> {
        let mut found = Vec::new();
        for (index, item) in self.file.images.iter().enumerate().filter(|(index, _)| !removed.contains(index)) {
            let Base::ImageRef(ref_name) = &item.base else { continue };
            if let (Some((_, id)), Some(base)) = (self.pin_of(pinned, ref_name), item.base_node) {
                found.push(self.reference(item.node, base, Section::Images, index, "base", ref_name, id.clone())?);
            }
        }
        for (index, template) in self.file.templates.iter().enumerate() {
            let Boots::ImageRef(written) = &template.image else { continue };
            let pin = self.names.boots(index).and_then(|ref_name| self.pin_of(pinned, ref_name));
            if let (Some((_, id)), Some(image)) = (pin, template.image_node) {
                let id = id.clone();
                found.push(self.reference(
                    template.node,
                    image,
                    Section::SessionTemplates,
                    index,
                    "image",
                    written,
                    id,
                )?);
            }
        }
        Ok(found)
    }

    #[allow(clippy::too_many_arguments)]
    fn reference(
        &self,
        owner: NodeId,
        holder: NodeId,
        section: Section,
        index: usize,
        key: &'static str,
        before: &str,
        id: ImageId,
    ) -> Result<Reference, RewriteError> {
        let fields: &[(&str, &str)] =
            if key == "base" { &[("id", id.as_str()), ("type", "image")] } else { &[("id", id.as_str())] };
        let in_flow = || {
            format!(
                "ims: {{{}}}",
                fields.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
            )
        };
        let list = if key == "base" { self.file.images_entry.map(|(_, list)| list) } else { self.file.templates_node };
        self.own_text(list.into_iter().chain([owner]))?;
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
                key,
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
            key,
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
    fn in_block(&self, owner: NodeId, key: &str, range: &std::ops::Range<usize>, fields: &[(&str, &str)]) -> String {
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

    /// Refuses nodes that an alias elsewhere shares, and nodes that are themselves aliases.
    fn own_text(&self, nodes: impl IntoIterator<Item = NodeId>) -> Result<(), RewriteError> {
        for node in nodes {
            if self.tree.node(node).shared {
                let lines: Vec<String> =
                    self.aliases_of(node).iter().map(|at| self.text.position(*at).line.to_string()).collect();
                return Err(self.shared(
                    node,
                    format!(
                        "this text is shared by the alias in line {}, and a change here would change that too",
                        lines.join(", ")
                    ),
                ));
            }
            if let NodeKind::Alias { target } = self.tree.node(node).kind {
                return Err(self.shared(
                    node,
                    format!(
                        "this is an alias of line {}, and a change there would change all its users",
                        self.text.position(self.tree.node(target).outer).line
                    ),
                ));
            }
        }
        Ok(())
    }

    fn shared(&self, node: NodeId, what: String) -> RewriteError {
        RewriteError::Shared { path: self.path.to_owned(), at: self.text.position(self.tree.node(node).outer), what }
    }

    fn aliases_of(&self, node: NodeId) -> Vec<usize> {
        let Some(root) = self.tree.root() else { return Vec::new() };
        self.tree
            .within(root)
            .into_iter()
            .filter(|other| matches!(self.tree.node(*other).kind, NodeKind::Alias { target } if target == node))
            .map(|alias| self.tree.node(alias).outer)
            .collect()
    }

    /// An entry that goes must not take along text that an alias elsewhere needs.
    fn removal_is_safe(&self, changes: &[Reference], removed: &BTreeSet<usize>) -> Result<(), RewriteError> {
        if let Some((_, list)) = self.file.images_entry.filter(|_| !removed.is_empty()) {
            self.own_text([list])?;
        }
        let items = removed.iter().map(|item| self.file.images[*item].node);
        let going: BTreeSet<NodeId> =
            items.chain(changes.iter().map(|change| change.replaced)).flat_map(|node| self.tree.within(node)).collect();
        let Some(root) = self.tree.root() else { return Ok(()) };
        for alias in self.tree.within(root).into_iter().filter(|node| !going.contains(node)) {
            if let NodeKind::Alias { target } = self.tree.node(alias).kind
                && going.contains(&target)
            {
                let line = self.text.position(self.tree.node(alias).outer).line;
                return Err(
                    self.shared(target, format!("this entry would go, and the alias in line {line} needs its text"))
                );
            }
        }
        Ok(())
    }

    /// The original with the changes and nothing else.
    fn intended(&self, changes: &[Reference], kept: &[Kept], removed: &BTreeSet<usize>) -> Result<Value, Refused> {
        let Some(root) = self.tree.root() else { return Ok(Value::Mapping(Vec::new())) };
        let mut value = self.tree.value(root)?;
        for change in changes {
            let mut ims = vec![(Value::plain("id"), Value::plain(change.id.as_str()))];
            if change.key == "base" {
                ims.push((Value::plain("type"), Value::plain("image")));
            }
            let entry = value
                .get_mut(change.section.key())
                .and_then(|list| list.item_mut(change.index))
                .and_then(|item| item.get_mut(change.key));
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

    fn label(&self, item: usize) -> String {
        let image = &self.file.images[item];
        image.ref_name.clone().unwrap_or_else(|| image.name.clone())
    }
}

/// How many letters have to change to make one name the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = line + 1;
        for (at, same) in other.iter().enumerate() {
            let changed = before + usize::from(letter != *same);
            before = row[at + 1];
            row[at + 1] = changed.min(before + 1).min(row[at] + 1);
        }
    }
    row[other.len()]
}
