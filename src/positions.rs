//! Where things stand in a list, by what they are known by: a log may have tens of thousands of them, and each of its
//! lines asks.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use foldhash::HashMap;

/// Positions in a list, by a key that several of its items may have and that may change.
#[derive(Debug, Clone)]
pub(crate) struct Positions<K> {
    by_key: HashMap<K, Places>,
}

/// Where the items of a key stand. Nearly every key has one.
#[derive(Debug, Clone)]
enum Places {
    One(usize),
    Many(BTreeSet<usize>),
}

impl Places {
    fn all(&self) -> impl DoubleEndedIterator<Item = usize> {
        let (one, many) = match self {
            Self::One(at) => (Some(*at), None),
            Self::Many(places) => (None, Some(places)),
        };
        one.into_iter().chain(many.into_iter().flatten().copied())
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
            Entry::Occupied(known) => {
                let places = known.into_mut();
                match places {
                    Places::One(one) if *one == at => {}
                    Places::One(one) => *places = Places::Many(BTreeSet::from([*one, at])),
                    Places::Many(places) => _ = places.insert(at),
                }
            }
        }
    }

    /// The item at `at` has this key no more.
    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, at: usize)
    where
        K: Borrow<Q>,
    {
        let is_empty = match self.by_key.get_mut(key) {
            Some(Places::One(one)) => *one == at,
            Some(Places::Many(places)) => places.remove(&at) && places.is_empty(),
            None => false,
        };
        if is_empty {
            self.by_key.remove(key);
        }
    }

    /// All items with this key, in their order.
    pub(crate) fn all<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> impl DoubleEndedIterator<Item = usize>
    where
        K: Borrow<Q>,
    {
        self.by_key.get(key).into_iter().flat_map(Places::all)
    }

    /// The first item with this key.
    pub(crate) fn first<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.all(key).next()
    }

    /// The last item with this key.
    pub(crate) fn last<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.all(key).next_back()
    }
}
