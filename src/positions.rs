//! Where things stand in a list, by what they are known by: a log may have tens of thousands of them, and each of its
//! lines asks.

use std::borrow::Borrow;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use foldhash::HashMap;

/// So many items are found as fast by looking at each as by a table of them, and most lists have no more.
const FEW: usize = 16;

/// Positions in a list of items that each have a name of their own: a short list is searched as it stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct ByName(Option<Box<HashMap<String, usize>>>);

impl ByName {
    /// The positions in a list.
    pub(crate) fn of<T>(list: &[T], name: impl Fn(&T) -> &str) -> Self {
        let table = || list.iter().enumerate().map(|(at, item)| (name(item).to_owned(), at)).collect();
        Self((list.len() > FEW).then(|| Box::new(table())))
    }

    /// Where the item of that name stands in the list.
    pub(crate) fn find<T>(&self, list: &[T], name: impl Fn(&T) -> &str, wanted: &str) -> Option<usize> {
        match &self.0 {
            Some(table) => table.get(wanted).copied(),
            None => list.iter().position(|item| name(item) == wanted),
        }
    }

    /// The last item of the list is new.
    pub(crate) fn grew<T>(&mut self, list: &[T], name: impl Fn(&T) -> &str) {
        match (&mut self.0, list.last()) {
            (Some(table), Some(item)) => _ = table.insert(name(item).to_owned(), list.len() - 1),
            _ => *self = Self::of(list, name),
        }
    }
}

/// Positions in a list, by a key that several of its items may have and that may change.
#[derive(Debug, Clone)]
pub(crate) struct Positions<K> {
    by_key: HashMap<K, Places>,
}

/// Where the items of a key stand. Nearly every key has one.
#[derive(Debug, Clone)]
enum Places {
    One(usize),
    /// In their order.
    Many(Vec<usize>),
}

impl Places {
    fn all(&self) -> &[usize] {
        match self {
            Self::One(at) => std::slice::from_ref(at),
            Self::Many(places) => places,
        }
    }

    fn add(&mut self, at: usize) {
        match self {
            Self::One(one) if *one == at => {}
            Self::One(one) => *self = Self::Many(vec![at.min(*one), at.max(*one)]),
            Self::Many(places) => {
                if let Err(place) = places.binary_search(&at) {
                    places.insert(place, at);
                }
            }
        }
    }

    /// Whether none is left.
    fn remove(&mut self, at: usize) -> bool {
        match self {
            Self::One(one) => *one == at,
            Self::Many(places) => {
                places.binary_search(&at).map(|place| places.remove(place)).is_ok() && places.is_empty()
            }
        }
    }
}

impl<K> Default for Positions<K> {
    fn default() -> Self {
        Self { by_key: HashMap::default() }
    }
}

impl<K: Eq + Hash> Positions<K> {
    /// The item at `at` has this key.
    pub(crate) fn insert(&mut self, key: K, at: usize) {
        match self.by_key.entry(key) {
            Entry::Vacant(vacant) => _ = vacant.insert(Places::One(at)),
            Entry::Occupied(mut known) => known.get_mut().add(at),
        }
    }

    /// The item at `at` has this key no more.
    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, at: usize)
    where
        K: Borrow<Q>,
    {
        if self.by_key.get_mut(key).is_some_and(|places| places.remove(at)) {
            self.by_key.remove(key);
        }
    }

    /// All items with this key, in their order.
    pub(crate) fn all<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> &[usize]
    where
        K: Borrow<Q>,
    {
        self.by_key.get(key).map_or(&[], Places::all)
    }

    /// The first item with this key.
    pub(crate) fn first<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.all(key).first().copied()
    }

    /// The last item with this key.
    pub(crate) fn last<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.all(key).last().copied()
    }
}
