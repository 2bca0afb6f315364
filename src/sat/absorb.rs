//! Two texts of one run, made one.

use foldhash::HashMap;

use super::{ImageText, Placed, SatText, name_of};

/// Two texts of one run say different things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// What they disagree on, in words.
    pub what: String,
    /// What the better text says, and where.
    pub better: Placed<String>,
    /// What the other says, and where.
    pub other: Placed<String>,
}

impl SatText {
    /// Fills what this text lacks from a less reliable text of the same run, and says where the two disagree.
    pub fn absorb(&mut self, other: Self) -> Vec<Disagreement> {
        let mut found = Vec::new();
        macro_rules! fill {
            ($($field:ident),*) => { $(if self.$field.is_none() { self.$field = other.$field.clone(); })* };
        }
        if let (Some((code, at)), Some((other_code, other_at))) = (&self.exit_code, &other.exit_code)
            && code != other_code
        {
            found.push(Disagreement {
                what: "the exit code".into(),
                better: (code.to_string(), *at),
                other: (other_code.to_string(), *other_at),
            });
        }
        fill!(operation, skipped, input_file, exit_code, dry_run, interrupted, creating, extent);
        for (index, item) in other.items {
            let known = self.items.entry(index).or_default();
            known.depends_on = known.depends_on.or(item.depends_on);
            known.base = known.base.take().or(item.base);
            known.base_ref = known.base_ref.take().or(item.base_ref);
            known.base_id = known.base_id.take().or(item.base_id);
        }
        for text in other.images {
            match self.by_name.find(&self.images, name_of, &text.name).and_then(|at| self.images.get_mut(at)) {
                Some(known) => {
                    found.extend(disagreement(known, &text));
                    known.absorb(text);
                }
                None => {
                    let (name, first) = (text.name.clone(), text.first);
                    _ = self.with(&name, first, |known| *known = text);
                }
            }
        }
        for (into, from) in [
            (&mut self.configurations, other.configurations),
            (&mut self.configurations_failed, other.configurations_failed),
            (&mut self.templates, other.templates),
        ] {
            for (name, place) in from {
                Self::add(into, &mut self.dropped, name.into(), place);
            }
        }
        let mut mine: HashMap<u32, usize> = HashMap::default();
        for (at, known) in self.given_up.iter().enumerate() {
            mine.entry(known.index).or_insert(at);
        }
        for known in other.given_up {
            match mine.get(&known.index).and_then(|at| self.given_up.get_mut(*at)) {
                Some(mine) => mine.image = mine.image.take().or(known.image),
                None => {
                    mine.insert(known.index, self.given_up.len());
                    self.given_up.push(known);
                }
            }
        }
        if self.errors.is_empty() {
            self.errors = other.errors;
        }
        if self.builds_refused.is_empty() {
            self.builds_refused = other.builds_refused;
        }
        self.fingerprints.extend(other.fingerprints);
        self.dropped += other.dropped;
        found
    }
}

fn disagreement(better: &ImageText, other: &ImageText) -> Option<Disagreement> {
    let id = |text: &ImageText| {
        text.created
            .as_ref()
            .map(|(id, place)| (format!("id {id}"), *place))
            .or_else(|| text.failed.map(|place| ("failed".to_owned(), place)))
    };
    let (mine, theirs) = (id(better)?, id(other)?);
    (mine.0 != theirs.0).then(|| Disagreement { what: format!("image {}", better.name), better: mine, other: theirs })
}
