//! The lines around a place, read again from the inputs.
//!
//! An analysis keeps where a fact stands, not the line: a log of gigabytes may give thousands of facts. Who shows the
//! lines asks for them here, for as many places as it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read};

use crate::evidence::Evidence;
use crate::input::Collected;
use crate::limits;
use crate::secret;

/// Lines of the inputs, by path and number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excerpts(BTreeMap<String, BTreeMap<u64, String>>);

impl Excerpts {
    /// The lines from `around` before a place to `around` after it, in order, with their numbers; those that the input
    /// has.
    pub fn around(&self, place: &Evidence, around: u64) -> impl Iterator<Item = (u64, &str)> {
        let wanted = place.line.saturating_sub(around)..=place.line.saturating_add(around);
        self.0
            .get(&*place.path)
            .into_iter()
            .flat_map(move |lines| lines.range(wanted.clone()))
            .map(|(number, line)| (*number, line.as_str()))
    }
}

/// Reads the lines around the first [`limits::EXCERPTS`] of these places. An input that cannot be read again has none:
/// the excerpts are there to look at, and the facts stand without them.
#[must_use]
pub fn read(collected: &Collected, places: &[Evidence]) -> Excerpts {
    let mut wanted: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    let mut asked = BTreeSet::new();
    for place in places {
        if asked.len() == limits::EXCERPTS {
            break;
        }
        if asked.insert(place) {
            let around = limits::EXCERPT_AROUND;
            let lines = place.line.saturating_sub(around).max(1)..=place.line.saturating_add(around);
            wanted.entry(&place.path).or_default().extend(lines);
        }
    }
    let mut found = BTreeMap::new();
    for source in &collected.sources {
        if let Some(wanted) = wanted.get(source.shown.as_str())
            && let Ok(reader) = source.open_again()
        {
            found.entry(source.shown.clone()).or_insert_with(|| without_secrets(lines(BufReader::new(reader), wanted)));
        }
    }
    Excerpts(found)
}

/// Lines that follow each other are masked together: a private key goes over many.
fn without_secrets(lines: BTreeMap<u64, String>) -> BTreeMap<u64, String> {
    let mut all = BTreeMap::new();
    let mut lines = lines.into_iter().peekable();
    while let Some((first, line)) = lines.next() {
        let mut together = vec![line];
        while let Some((_, next)) = lines.next_if(|(number, _)| *number == first + together.len() as u64) {
            together.push(next);
        }
        all.extend((first..).zip(secret::masked_part(&together.join("\n")).split('\n').map(str::to_owned)));
    }
    all
}

/// The wanted lines. Reading ends with the last of them, and where the input cannot be read on.
fn lines(mut input: impl BufRead, wanted: &BTreeSet<u64>) -> BTreeMap<u64, String> {
    let mut found = BTreeMap::new();
    let mut number = 0;
    for next in wanted {
        while number + 1 < *next {
            match input.skip_until(b'\n') {
                Ok(read) if read > 0 => number += 1,
                _ => return found,
            }
        }
        let mut line = Vec::new();
        let head = limits::EXCERPT_BYTES as u64 + 1;
        match input.by_ref().take(head).read_until(b'\n', &mut line) {
            Ok(read) if read > 0 => number += 1,
            _ => return found,
        }
        let whole = line.pop_if(|last| *last == b'\n').is_some();
        let long = line.len() > limits::EXCERPT_BYTES;
        line.truncate(limits::EXCERPT_BYTES);
        let mut text = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
        if long {
            text.push('…');
        }
        found.insert(*next, text);
        if !whole && input.skip_until(b'\n').is_err() {
            return found;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(text: &str, wanted: impl IntoIterator<Item = u64>) -> Vec<(u64, String)> {
        lines(text.as_bytes(), &wanted.into_iter().collect()).into_iter().collect()
    }

    #[test]
    fn the_lines_asked_for_are_found_and_no_more() {
        let text = "one\ntwo\r\nthree\n\nfive";
        assert_eq!(wanted(text, [2, 4, 5, 6]), [(2, "two".into()), (4, String::new()), (5, "five".into())]);
        assert_eq!(wanted(text, [9]), []);
        assert_eq!(wanted("", [1]), []);
    }

    #[test]
    fn of_a_long_line_the_head_is_kept_and_the_next_has_its_number() {
        let text = format!("{}\nnext\n", "x".repeat(3 * limits::EXCERPT_BYTES));
        let found = wanted(&text, [1, 2]);
        assert_eq!(found[0].1, format!("{}…", "x".repeat(limits::EXCERPT_BYTES)));
        assert_eq!(found[1], (2, "next".into()));
    }

    #[test]
    fn a_line_as_long_as_the_bound_is_whole() {
        let line = "x".repeat(limits::EXCERPT_BYTES);
        assert_eq!(wanted(&format!("{line}\nnext"), [1, 2]), [(1, line), (2, "next".into())]);
    }

    #[test]
    fn as_many_places_have_their_lines_as_are_shown() {
        let path = std::env::temp_dir().join(format!("incfg-excerpts-{}.log", std::process::id()));
        let apart = 2 * limits::EXCERPT_AROUND + 2;
        let last = limits::EXCERPTS as u64 * apart + 1;
        std::fs::write(&path, "INFO: Creating images\n".repeat(usize::try_from(last).unwrap())).unwrap();
        let collected = crate::input::collect(std::slice::from_ref(&path)).unwrap();
        let shown = path.display().to_string();
        let places: Vec<Evidence> = (1..=last)
            .step_by(usize::try_from(apart).unwrap())
            .map(|line| Evidence { path: shown.as_str().into(), line })
            .collect();
        assert_eq!(places.len(), limits::EXCERPTS + 1);
        let excerpts = read(&collected, &places);
        let has = |place: &Evidence| excerpts.around(place, 0).next().is_some();
        assert!(places[..limits::EXCERPTS].iter().all(has));
        assert!(!has(&places[limits::EXCERPTS]));
        std::fs::remove_file(path).unwrap();
    }
}
