//! Which image of a log is which item of the bootprep file.
//!
//! A log names images by their rendered names and items by their index, and only some lines tie the two. So names,
//! indices and bases are found together: what remains possible for each item when every line and every name pattern
//! holds, and each image is one item. An answer is one only when it is the same in all that remains.

#![allow(
    clippy::indexing_slicing,
    reason = "items and names are told by their numbers in two lists of this module, which keep their lengths"
)]

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::bootprep::variables::Variables;
use crate::bootprep::{Base, Bootprep, Ims};
use crate::evidence::Place;
use crate::image_id::ImageId;
use crate::jinja::NamePattern;
use crate::limits;
use crate::sat::{ImageText, PRE_CONFIGURATION, Placed, SatText};

/// What is known of an item before any image is tied to it.
#[derive(Debug, Clone)]
struct ItemView {
    ref_name: Option<String>,
    name: NamePattern,
    base: ItemBase,
    configuration: Option<NamePattern>,
    /// Whether it is to be configured.
    configured: Option<bool>,
    /// Whether building it takes a job of IMS.
    recipe: Option<bool>,
    groups: Option<Vec<String>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum ItemBase {
    Item(usize),
    Id(ImageId, Option<Place>),
    Elsewhere,
}

/// The base of an image, where it is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProvenBase {
    /// Another image of the run, by name.
    Image(String),
    /// An image that was in IMS before.
    Id(ImageId, Option<Place>),
}

/// What remains possible.
#[derive(Debug, Clone)]
pub(super) struct Assignment {
    items: Vec<ItemView>,
    names: Vec<String>,
    /// For each item, the names it can have, as positions in `names`.
    possible: Vec<BTreeSet<usize>>,
    /// Whether a name must be one of an item. A list of images that were there before is split at commas, which names
    /// may hold.
    needs_item: Vec<bool>,
    /// From a bootprep file, not from the log alone.
    pub(super) from_bootprep: bool,
}

/// Ties the images of `text` to the items of `bootprep`. `None` when they do not fit together, or nothing is known.
pub(super) fn assign(text: &SatText, bootprep: Option<(&Bootprep, &Variables)>) -> Option<Assignment> {
    let items = match bootprep {
        Some((bootprep, variables)) => items_of_file(bootprep, variables, text)?,
        None => items_of_log(text)?,
    };
    let images = text.images();
    if items.len() > limits::ASSIGNMENT_ITEMS || images.len() > limits::ASSIGNMENT_ITEMS {
        return None;
    }
    let names: Vec<String> = images.iter().map(|image| image.name.clone()).collect();
    let given_up: HashSet<usize> = text.given_up.iter().map(|known| known.index as usize).collect();
    let tied: HashMap<&str, usize> =
        text.given_up.iter().filter_map(|known| Some((known.image.as_deref()?, known.index as usize))).collect();
    let possible = items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            (0..images.len())
                .filter(|name| {
                    let image = &images[*name];
                    let there = given_up.contains(&at)
                        && image.created.is_some()
                        && image.failed.is_none()
                        && image.given_up.is_none();
                    tied.get(image.name.as_str()).is_none_or(|index| *index == at) && !there && item.can_be(image)
                })
                .collect()
        })
        .collect();
    let needs_item =
        images.iter().map(|image| image.begun() || image.row.is_some() || image.skipped.is_none()).collect();
    let mut assignment = Assignment { items, names, possible, needs_item, from_bootprep: bootprep.is_some() };
    assignment.narrow(images).then_some(assignment)
}

/// Whether there are more images, or items of the file and of the log, than are matched with each other.
pub(super) fn are_too_many(text: &SatText, bootprep: Option<&Bootprep>) -> bool {
    let in_file = bootprep.map(|bootprep| bootprep.images.len());
    let in_log = text.items.keys().max().map(|last| (*last as usize).saturating_add(1));
    in_file.max(in_log).is_some_and(|items| items.max(text.images().len()) > limits::ASSIGNMENT_ITEMS)
}

/// The items as the file has them; `None` when the log is of another file.
fn items_of_file(bootprep: &Bootprep, variables: &Variables, text: &SatText) -> Option<Vec<ItemView>> {
    let last = text.items.keys().chain(text.given_up.iter().map(|known| &known.index)).max();
    if last.is_some_and(|last| *last as usize >= bootprep.images.len()) {
        return None;
    }
    if text.creating.is_some_and(|(count, _)| count as usize > bootprep.images.len()) {
        return None;
    }
    let items: Vec<ItemView> = bootprep
        .images
        .iter()
        .map(|item| ItemView {
            ref_name: item.ref_name().map(str::to_owned),
            name: variables.pattern(item.name()),
            base: match &item.base {
                Base::ImageRef(ref_name) => {
                    bootprep.by_ref(ref_name.as_str()).map_or(ItemBase::Elsewhere, ItemBase::Item)
                }
                Base::Ims(Ims { recipe: None | Some(false), id: Some(id), .. }) => variables
                    .pattern(id.as_str())
                    .text()
                    .and_then(|id| id.parse().ok())
                    .map_or(ItemBase::Elsewhere, |id| ItemBase::Id(id, None)),
                _ => ItemBase::Elsewhere,
            },
            configuration: item.configuration().map(|configuration| variables.pattern(configuration)),
            configured: Some(item.configuration.is_some()),
            recipe: item.base.is_recipe(),
            groups: item.group_names(),
        })
        .collect();
    let fits = text.items.iter().all(|(index, known)| {
        let item = &items[*index as usize];
        let base = known.depends_on.is_none_or(|(base, _)| item.base == ItemBase::Item(base as usize));
        let id = known.base_id.as_ref().is_none_or(|(id, _)| matches!(&item.base, ItemBase::Id(own, _) if own == id) || item.base == ItemBase::Elsewhere);
        base && id && known.base_ref.as_ref().is_none_or(|(ref_name, _)| matches!(&bootprep.images[*index as usize].base, Base::ImageRef(own) if *own.text == **ref_name))
    });
    fits.then_some(items)
}

/// The items as far as the log tells of them.
fn items_of_log(text: &SatText) -> Option<Vec<ItemView>> {
    let last = text.items.keys().max()?;
    let count = (*last as usize + 1).min(limits::ASSIGNMENT_ITEMS + 1);
    let mut items: Vec<ItemView> = (0..count)
        .map(|at| {
            let known = text.items.get(&u32::try_from(at).unwrap_or(u32::MAX));
            let said = known.and_then(|known| known.base.as_ref());
            let depends_on = known.and_then(|known| known.depends_on);
            let base = match (depends_on, known.and_then(|known| known.base_id.clone())) {
                (Some((base, _)), _) => ItemBase::Item(base as usize),
                (None, Some((id, place))) => ItemBase::Id(id, Some(place)),
                (None, None) => ItemBase::Elsewhere,
            };
            ItemView {
                ref_name: None,
                name: NamePattern::anything(),
                recipe: if base == ItemBase::Elsewhere {
                    said.map(|(words, _)| words.starts_with("recipe "))
                } else {
                    Some(false)
                },
                base,
                configuration: None,
                configured: None,
                groups: None,
            }
        })
        .collect();
    for known in text.items.values() {
        if let (Some((base, _)), Some((ref_name, _))) = (&known.depends_on, &known.base_ref)
            && let Some(item) = items.get_mut(*base as usize)
        {
            item.ref_name = Some(ref_name.clone());
        }
    }
    Some(items)
}

impl ItemView {
    fn can_be(&self, image: &ImageText) -> bool {
        if !self.name.matches(&image.name) {
            return false;
        }
        if self.configured == Some(false)
            && (image.customized() || image.built.is_some() || image.build_failed.is_some())
        {
            return false;
        }
        if self.configured == Some(true) && image.unconfigured.is_some() {
            return false;
        }
        if self.recipe == Some(true) && image.prebuilt.is_some() {
            return false;
        }
        if self.recipe == Some(false) && (image.built.is_some() || image.build_failed.is_some()) {
            return false;
        }
        // An image on a recipe is built before it is configured, and the log says so.
        if self.recipe == Some(true) && image.customized() && image.built.is_none() && image.created.is_some() {
            return false;
        }
        // An image on another item never has a line of its own before its customization.
        if matches!(self.base, ItemBase::Item(_)) && image.unconfigured.is_some() && image.prebuilt.is_none() {
            return false;
        }
        // Two rows of the report may run into one where lines between them were lost; a line of its own outweighs that.
        let Some(row) = image.row.as_ref().filter(|_| image.unconfigured.is_none()) else { return true };
        if row.final_id.is_some() && self.configured.is_some_and(|configured| configured != row.configuration.is_some())
        {
            return false;
        }
        let configuration = row
            .configuration
            .as_ref()
            .is_none_or(|(name, _)| self.configuration.as_ref().is_none_or(|pattern| pattern.matches(name)));
        configuration && row.groups.is_none_or_same(self.groups.as_deref())
    }
}

/// Groups of a report against groups of a file; what either does not say is no contradiction.
trait Groups {
    fn is_none_or_same(&self, other: Option<&[String]>) -> bool;
}

impl Groups for Option<Vec<String>> {
    fn is_none_or_same(&self, other: Option<&[String]>) -> bool {
        match (self, other) {
            (Some(mine), Some(other)) => mine == other,
            _ => true,
        }
    }
}

impl Assignment {
    /// Drops what cannot be until nothing more can be dropped; false when an image is left with no item.
    fn narrow(&mut self, images: &[ImageText]) -> bool {
        loop {
            let before: usize = self.possible.iter().map(BTreeSet::len).sum();
            for item in 0..self.items.len() {
                let kept =
                    self.possible[item].iter().copied().filter(|name| self.has_base(item, *name, images)).collect();
                self.possible[item] = kept;
            }
            for (base, told) in (0..self.items.len()).filter_map(|item| self.told_base(item)).collect::<Vec<_>>() {
                self.possible[base].retain(|name| *name == told);
            }
            if !self.keep_matchable() {
                return false;
            }
            if self.possible.iter().map(BTreeSet::len).sum::<usize>() == before {
                return true;
            }
        }
    }

    /// Whether `item`, called by that name, finds its base among what is possible.
    fn has_base(&self, item: usize, name: usize, images: &[ImageText]) -> bool {
        let ItemBase::Item(base) = self.items[item].base else { return true };
        !self.bases(item, name, base, images).is_empty() || self.unnamed_base(item, name, base).is_some()
    }

    /// The base of an item and its name, where an image that is this item and no other has it in its own name.
    fn told_base(&self, item: usize) -> Option<(usize, usize)> {
        let ItemBase::Item(base) = self.items[item].base else { return None };
        let is_only = |name: &usize| {
            let others =
                self.possible.iter().enumerate().filter(|(other, names)| *other != item && names.contains(name));
            self.needs_item[*name] && others.count() == 0
        };
        let own = self.possible[item].iter().copied().find(is_only)?;
        let told = self.position(self.items[item].name.base_in(&self.names[own])?)?;
        (base < self.possible.len()).then_some((base, told))
    }

    /// The names that the base of `item` can have when the item is called by that name.
    fn bases(&self, item: usize, name: usize, base: usize, images: &[ImageText]) -> Vec<usize> {
        let pattern = &self.items[item].name;
        let Some(possible) = self.possible.get(base) else { return Vec::new() };
        possible
            .iter()
            .copied()
            .filter(|other| {
                *other != name
                    && pattern.with_base(&self.names[*other]).matches(&self.names[name])
                    && ready_before(&images[*other], &images[name])
            })
            .collect()
    }

    /// The name of a base that no line names, as the name of the item on it tells it; empty when it does not.
    fn unnamed_base(&self, item: usize, name: usize, base: usize) -> Option<&str> {
        let pattern = &self.items[item].name;
        match pattern.base_in(&self.names[name]).filter(|_| pattern.has_base()) {
            Some(told) if self.names.iter().any(|known| known == told) => None,
            Some(told) => self.items.get(base).is_some_and(|base| base.name.matches(told)).then_some(told),
            None => self.possible.get(base).is_none_or(BTreeSet::is_empty).then_some(""),
        }
    }

    /// Each image is one item and no two are the same: keeps the ties of which that can hold.
    fn keep_matchable(&mut self) -> bool {
        let mut can: Vec<Vec<usize>> = vec![Vec::new(); self.names.len()];
        for (item, names) in self.possible.iter().enumerate() {
            for name in names {
                can[*name].push(item);
            }
        }
        let mut taken: Vec<Option<usize>> = vec![None; self.items.len()];
        for name in (0..can.len()).filter(|name| self.needs_item[*name]) {
            if !seat(name, &can, &mut taken, &mut vec![false; self.items.len()]) {
                return false;
            }
        }
        for (item, names) in self.possible.iter_mut().enumerate() {
            let holder = taken[item];
            names.retain(|name| {
                holder == Some(*name) || holder.is_none_or(|holder| can_leave(holder, *name, item, &can, &taken))
            });
        }
        true
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }

    fn items_for(&self, name: &str) -> Vec<usize> {
        let Some(name) = self.position(name) else { return Vec::new() };
        (0..self.items.len()).filter(|item| self.possible[*item].contains(&name)).collect()
    }

    /// The one value that all items the image can be agree on.
    fn agreed<T: PartialEq>(&self, name: &str, value: impl Fn(&ItemView) -> Option<T>) -> Option<T> {
        let mut values = self.items_for(name).into_iter().map(|item| value(&self.items[item]));
        let first = values.next()??;
        values.all(|other| other.as_ref() == Some(&first)).then_some(first)
    }

    /// The `ref_name` of an image.
    pub(super) fn ref_name(&self, name: &str) -> Option<String> {
        match self.items_for(name).as_slice() {
            [item] => self.items[*item].ref_name.clone(),
            _ => None,
        }
    }

    /// The configuration of an image.
    pub(super) fn configuration(&self, name: &str) -> Option<String> {
        self.agreed(name, |item| item.configuration.as_ref()?.text().map(str::to_owned))
    }

    /// Whether the name of the configuration of an image holds what is not known, whichever item the image is.
    pub(super) fn has_open_configuration(&self, name: &str) -> bool {
        self.agreed(name, |item| Some(item.configuration.as_ref()?.text().is_none())) == Some(true)
    }

    /// The groups of an image.
    pub(super) fn groups(&self, name: &str) -> Option<Vec<String>> {
        self.agreed(name, |item| item.groups.clone())
    }

    /// The base of an image.
    pub(super) fn base(&self, name: &str, images: &[ImageText]) -> Option<ProvenBase> {
        let position = self.position(name)?;
        let mut found: Vec<ProvenBase> = Vec::new();
        for item in self.items_for(name) {
            match &self.items[item].base {
                ItemBase::Item(base) => {
                    found.extend(
                        self.bases(item, position, *base, images)
                            .into_iter()
                            .map(|base| ProvenBase::Image(self.names[base].clone())),
                    );
                    let told = self.unnamed_base(item, position, *base);
                    if let Some(told) = told {
                        found.push(ProvenBase::Image(told.to_owned()));
                    }
                }
                ItemBase::Id(id, place) => found.push(ProvenBase::Id(id.clone(), *place)),
                ItemBase::Elsewhere => return None,
            }
        }
        found.dedup();
        match found.as_slice() {
            [base] => Some(base.clone()),
            [first, rest @ ..] if rest.iter().all(|other| other == first) => Some(first.clone()),
            _ => None,
        }
    }

    /// The images that may be the base of an image; empty when its base was in IMS before, `None` when the item is open.
    pub(super) fn base_candidates(&self, name: &str, images: &[ImageText]) -> Option<Vec<String>> {
        let position = self.position(name)?;
        let mut found: Vec<String> = Vec::new();
        let items = self.items_for(name);
        for item in &items {
            if let ItemBase::Item(base) = self.items[*item].base {
                for base in self.bases(*item, position, base, images) {
                    if !found.contains(&self.names[base]) {
                        found.push(self.names[base].clone());
                    }
                }
            }
        }
        (!items.is_empty()).then_some(found)
    }

    /// Whether an image builds on another image of the file, whichever.
    pub(super) fn builds_on_item(&self, name: &str) -> bool {
        let items = self.items_for(name);
        !items.is_empty() && items.iter().all(|item| matches!(self.items[*item].base, ItemBase::Item(_)))
    }

    /// The image an item must be, although no line ties the two: the only name left for it, and for no other item, or
    /// the name that the images on it tell.
    pub(super) fn image_of(&self, index: u32) -> Option<String> {
        let index = index as usize;
        let possible = self.possible.get(index)?;
        if let (Some(name), 1) = (possible.first(), possible.len()) {
            let name = &self.names[*name];
            return (self.items_for(name) == [index]).then(|| name.clone());
        }
        if !possible.is_empty() {
            return None;
        }
        let on_it = (0..self.items.len()).filter(|item| self.items[*item].base == ItemBase::Item(index));
        let told: BTreeSet<&str> = on_it
            .flat_map(|item| self.possible[item].iter().filter_map(move |name| self.unnamed_base(item, *name, index)))
            .filter(|name| !name.is_empty())
            .collect();
        let mut told = told.into_iter().chain(self.items[index].name.text());
        let first = told.next()?;
        told.all(|other| other == first).then(|| first.to_owned())
    }

    /// Names of images on recipes that no line names but the names of others tell, or the file says outright.
    pub(super) fn unnamed_builds(&self) -> BTreeSet<String> {
        let mut told = BTreeSet::new();
        for (at, item) in self.items.iter().enumerate() {
            if let ItemBase::Item(base) = item.base {
                told.extend(
                    self.possible[at]
                        .iter()
                        .filter_map(|name| self.unnamed_base(at, *name, base))
                        .filter(|name| !name.is_empty())
                        .map(str::to_owned),
                );
            }
            if item.recipe == Some(true) {
                told.extend(item.name.text().filter(|name| self.position(name).is_none()).map(str::to_owned));
            }
        }
        told
    }

    /// Names of items that no line names and that are known outright.
    pub(super) fn unnamed_items(&self) -> Vec<String> {
        let built: Vec<&str> = self.names.iter().map(String::as_str).collect();
        self.items
            .iter()
            .filter_map(|item| item.name.text())
            .filter(|name| !built.contains(name) && !name.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

/// An image can only be the base of one whose customization began after it was there.
fn ready_before(base: &ImageText, image: &ImageText) -> bool {
    let began = image.session_asked.as_ref().or(image.session_created.as_ref()).map(|(_, place)| *place);
    // The report comes last and tells no time.
    let reported = base.row.as_ref().is_some_and(|row| row.final_id == base.created);
    match (&base.created, began) {
        (Some(_), Some(_)) if reported => true,
        (Some((_, ready)), Some(began)) if ready.file == began.file => ready.line < began.line,
        (None, Some(_)) => base.skipped.is_some() || base.unconfigured.is_some(),
        _ => true,
    }
}

/// Finds a seat for `name`, moving others where they can move.
fn seat(name: usize, can: &[Vec<usize>], taken: &mut [Option<usize>], tried: &mut [bool]) -> bool {
    for item in &can[name] {
        if std::mem::replace(&mut tried[*item], true) {
            continue;
        }
        let free = match taken[*item] {
            None => true,
            Some(holder) => seat(holder, can, taken, tried),
        };
        if free {
            taken[*item] = Some(name);
            return true;
        }
    }
    false
}

/// Whether `holder` can give `item` up for `name`: there is another seat for it, perhaps the one that `name` leaves.
fn can_leave(holder: usize, name: usize, item: usize, can: &[Vec<usize>], taken: &[Option<usize>]) -> bool {
    let mut open = vec![holder];
    let mut seen = vec![false; can.len()];
    while let Some(moving) = open.pop() {
        if std::mem::replace(&mut seen[moving], true) {
            continue;
        }
        for seat in can[moving].iter().filter(|seat| **seat != item) {
            match taken[*seat] {
                None => return true,
                Some(sitting) if sitting == name => return true,
                Some(sitting) => open.push(sitting),
            }
        }
    }
    false
}

/// The image an item with a configuration was before it was configured.
pub(super) fn built_name(name: &str) -> String {
    format!("{name}{PRE_CONFIGURATION}")
}

/// The base of an image that stands in the log itself: what it was before it was configured.
pub(super) fn built_base(image: &ImageText) -> Option<&Placed<ImageId>> {
    image.built.as_ref()
}
