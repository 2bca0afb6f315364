//! Names that a text tells, each once.

use std::ops::Deref;

use foldhash::HashSet;

use crate::evidence::Place;
use crate::fact::Text;
use crate::limits;
use crate::positions::ByName;

use super::Placed;

/// Distinct names in the order in which they were first read, each with that line.
#[derive(Debug, Clone, Default)]
pub struct Names {
    placed: Vec<Placed<String>>,
    by_name: ByName,
}

impl Names {
    /// Whether the name is new and beyond those that are kept.
    pub(super) fn add(&mut self, name: Text<'_>, place: Place) -> bool {
        if self.by_name.find(&self.placed, name_of, &name).is_some() {
            return false;
        }
        if self.placed.len() >= limits::RUN_ITEMS {
            return true;
        }
        self.placed.push((name.into_owned(), place));
        self.by_name.grew(&self.placed, name_of);
        false
    }

    /// A name with a line break stands cut in some lines: only the full one is kept.
    pub(super) fn drop_cut(&mut self) {
        let cut: HashSet<String> = self.placed.iter().flat_map(|(name, _)| heads(name)).map(str::to_owned).collect();
        self.placed.retain(|(name, _)| !cut.contains(name));
        self.by_name = ByName::of(&self.placed, name_of);
    }
}

impl Deref for Names {
    type Target = [Placed<String>];

    fn deref(&self) -> &Self::Target {
        &self.placed
    }
}

fn name_of((name, _): &Placed<String>) -> &str {
    name
}

/// What stands of a name before each of its line breaks.
fn heads(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('\n').filter_map(|(at, _)| name.get(..at))
}

impl IntoIterator for Names {
    type Item = Placed<String>;
    type IntoIter = std::vec::IntoIter<Placed<String>>;

    fn into_iter(self) -> Self::IntoIter {
        self.placed.into_iter()
    }
}
