//! Where things stand in a list, by what they are known by: a log may have tens of thousands of them, and each of its
//! lines asks.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::hash::Hash;

use foldhash::HashMap;

/// Positions in a list, by a key that several of its items may have and that may change.
#[derive(Debug, Clone)]
pub(crate) struct Positions<K> {
    by_key: HashMap<K, BTreeSet<usize>>,
}

impl<K> Default for Positions<K> {
    fn default() -> Self {
        Self { by_key: HashMap::default() }
    }
}

impl<K: Eq + Hash> Positions<K> {
    /// The item at `at` has this key.
    pub(crate) fn insert(&mut self, key: K, at: usize) {
        self.by_key.entry(key).or_default().insert(at);
    }

    /// The item at `at` has this key no more.
    pub(crate) fn remove<Q: Eq + Hash + ?Sized>(&mut self, key: &Q, at: usize)
    where
        K: Borrow<Q>,
    {
        if let Some(positions) = self.by_key.get_mut(key) {
            positions.remove(&at);
            if positions.is_empty() {
                self.by_key.remove(key);
            }
        }
    }

    /// All items with this key, in their order.
    pub(crate) fn all<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> impl DoubleEndedIterator<Item = usize>
    where
        K: Borrow<Q>,
    {
        self.by_key.get(key).into_iter().flatten().copied()
    }

    /// The first item with this key.
    pub(crate) fn first<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.by_key.get(key)?.first().copied()
    }

    /// The last item with this key.
    pub(crate) fn last<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<usize>
    where
        K: Borrow<Q>,
    {
        self.by_key.get(key)?.last().copied()
    }
}
