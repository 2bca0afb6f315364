//! The lines a claim rests on, folded, with file and line.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use serde::Serialize;

use crate::analysis::Input;
use crate::evidence::Evidence;
use crate::excerpt::Excerpts;
use crate::report::directory;

use super::{Detail, Shown};

/// The places of one claim.
#[derive(Debug, Serialize)]
pub(super) struct Places {
    /// The places in short: `install.log:152, 153`.
    title: Shown,
    /// The lines around them, one excerpt for places that are near each other.
    excerpts: Vec<ExcerptView>,
    /// The fold that shows these lines already.
    above: Option<usize>,
    /// The number of the fold.
    number: usize,
    /// Why no lines are shown.
    without: Option<Shown>,
}

#[derive(Debug, Serialize)]
struct ExcerptView {
    path: Shown,
    lines: Vec<LineView>,
}

#[derive(Debug, Serialize)]
struct LineView {
    number: u64,
    text: Shown,
    /// The line the claim rests on.
    here: bool,
}

/// Makes the folds of a page: lines are shown once, and no more of them than the page has room for.
pub(super) struct Folds<'a> {
    excerpts: &'a Excerpts,
    directory: Option<String>,
    detail: Detail,
    left: Cell<usize>,
    next: Cell<usize>,
    left_out: Cell<usize>,
    shown_in: RefCell<HashMap<Evidence, usize>>,
}

impl<'a> Folds<'a> {
    pub(super) fn new(inputs: &[Input], excerpts: &'a Excerpts, detail: &Detail) -> Self {
        Self {
            excerpts,
            directory: directory::common(inputs.iter().map(|input| input.path.as_str())),
            detail: *detail,
            left: Cell::new(detail.excerpts),
            next: Cell::new(0),
            left_out: Cell::new(0),
            shown_in: RefCell::default(),
        }
    }

    /// The directory from which on files are named.
    pub(super) fn directory(&self) -> Option<Shown> {
        self.directory.as_ref().map(|directory| self.detail.text(&format!("{directory}/")))
    }

    /// Folds whose lines are left out because the page has no room for them.
    pub(super) fn left_out(&self) -> usize {
        self.left_out.get()
    }

    /// A path, from the common directory on.
    pub(super) fn path(&self, path: &str) -> Shown {
        self.detail.text(directory::below(path, self.directory.as_deref()))
    }

    /// The places of a claim; nothing for none.
    pub(super) fn places(&self, evidence: &[Evidence]) -> Option<Places> {
        let first = evidence.first()?;
        let mut places = Places {
            title: self.title(evidence, true),
            excerpts: Vec::new(),
            above: self.shown_in.borrow().get(first).copied(),
            number: self.next.get(),
            without: None,
        };
        let unseen: Vec<&Evidence> =
            evidence.iter().filter(|place| !self.shown_in.borrow().contains_key(place)).collect();
        if unseen.is_empty() {
            places.title = self.title(evidence, false);
            return Some(places);
        }
        places.above = None;
        let had = unseen.iter().any(|place| self.excerpts.around(place, 0).next().is_some());
        if !had {
            places.without = Some("the lines cannot be read again".into());
            return Some(places);
        }
        if self.left.get() == 0 {
            self.left_out.set(self.left_out.get() + 1);
            places.without = Some("the lines are left out, there are too many for this page".into());
            return Some(places);
        }
        self.left.set(self.left.get().saturating_sub(evidence.len()));
        self.next.set(places.number + 1);
        for place in evidence {
            self.shown_in.borrow_mut().entry(place.clone()).or_insert(places.number);
        }
        places.title = self.title(evidence, false);
        places.excerpts = self.excerpts_of(evidence);
        Some(places)
    }

    fn excerpts_of(&self, evidence: &[Evidence]) -> Vec<ExcerptView> {
        let mut sorted: Vec<&Evidence> = evidence.iter().collect();
        // In the order of the claim's files; within one, by line.
        let file = |path: &str| evidence.iter().position(|place| *place.path == *path);
        sorted.sort_by_key(|place| (file(&place.path), place.line));
        let mut blocks: Vec<(&str, u64, u64)> = Vec::new();
        let around = self.detail.around;
        for place in &sorted {
            let (from, to) = (place.line.saturating_sub(around), place.line + around);
            match blocks.last_mut() {
                Some((path, _, end)) if **path == *place.path && from <= *end + 1 => *end = to,
                _ => blocks.push((&place.path, from, to)),
            }
        }
        let here = |path: &str, number: u64| sorted.iter().any(|place| *place.path == *path && place.line == number);
        blocks
            .into_iter()
            .map(|(path, from, to)| {
                let middle = Evidence { path: path.into(), line: from.midpoint(to) };
                let lines = self.excerpts.around(&middle, to - from).filter(|(number, _)| (from..=to).contains(number));
                let lines = lines.map(|(number, text)| LineView {
                    number,
                    text: self.detail.text(text),
                    here: here(path, number),
                });
                ExcerptView { path: self.path(path), lines: lines.collect() }
            })
            .collect()
    }

    /// The places, those of one file together; a file by its name where its path stands above the lines.
    fn title(&self, evidence: &[Evidence], whole: bool) -> Shown {
        let mut files: Vec<(&str, Vec<u64>)> = Vec::new();
        for place in evidence {
            match files.iter_mut().find(|(path, _)| **path == *place.path) {
                Some((_, lines)) => lines.push(place.line),
                None => files.push((&place.path, vec![place.line])),
            }
        }
        let titles = files.into_iter().map(|(path, mut lines)| {
            lines.sort_unstable();
            let lines: Vec<String> = lines.iter().map(u64::to_string).collect();
            let path = if whole { self.path(path).0 } else { path.rsplit('/').next().unwrap_or(path).to_owned() };
            format!("{path}:{}", lines.join(","))
        });
        self.detail.text(&titles.collect::<Vec<_>>().join("; "))
    }
}
