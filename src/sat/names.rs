//! Names that a text tells, each once.

use std::ops::Deref;

use foldhash::HashSet;

use crate::evidence::Place;
use crate::limits;

use super::Placed;

/// Distinct names in the order in which they were first read, each with that line.
#[derive(Debug, Clone, Default)]
pub struct Names {
    placed: Vec<Placed<String>>,
    known: HashSet<String>,
}

impl Names {
    /// Whether the name is new and beyond those that are kept.
    pub(super) fn add(&mut self, name: &str, place: Place) -> bool {
        if self.known.contains(name) {
            return false;
        }
        if self.placed.len() >= limits::RUN_ITEMS {
            return true;
        }
        self.known.insert(name.to_owned());
        self.placed.push((name.to_owned(), place));
        false
    }

    /// A name with a line break stands cut in some lines: only the full one is kept.
    pub(super) fn drop_cut(&mut self) {
        let cut: HashSet<String> = self.placed.iter().flat_map(|(name, _)| heads(name)).map(str::to_owned).collect();
        self.placed.retain(|(name, _)| !cut.contains(name));
        self.known.retain(|name| !cut.contains(name));
    }
}

impl Deref for Names {
    type Target = [Placed<String>];

    fn deref(&self) -> &Self::Target {
        &self.placed
    }
}

/// What stands of a name before each of its line breaks.
fn heads(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('\n').filter_map(|(at, _)| name.get(..at))
}
