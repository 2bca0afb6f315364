//! Patterns that are texts and runs of bytes, one behind the other, as nearly every wording of a log line is. Such a
//! pattern can be compared with a message as it stands: nothing has to be compiled first, and it takes a fraction of the
//! steps.

use std::borrow::Cow;

use regex_syntax::hir::{Capture, Class, Hir, HirKind, Look, Repetition};

use crate::limits::TEMPLATE_PARTS;

/// A pattern, from the begin of a message on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    /// What follows each other.
    pub parts: Cow<'static, [Part]>,
    /// The named captures in the order in which they open: name, first part, part behind the last.
    pub groups: Cow<'static, [(Cow<'static, str>, usize, usize)]>,
    /// The message ends with the last part.
    pub to_end: bool,
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// This text.
    Text(Cow<'static, [u8]>),
    /// One of these texts, an earlier one rather than a later one.
    OneOf(Cow<'static, [Cow<'static, [u8]>]>),
    /// Bytes of a set.
    Run {
        /// A bit for each byte of the set.
        set: [u64; 4],
        /// The fewest.
        least: usize,
        /// The most.
        most: usize,
        /// As many as there can be, rather than as few.
        greedy: bool,
    },
}

/// The template of a pattern, if it has one.
#[must_use]
pub fn template(hir: &Hir) -> Option<Template> {
    let HirKind::Concat(parts) = hir.kind() else { return None };
    let is = |part: &Hir, look: Look| matches!(part.kind(), HirKind::Look(found) if *found == look);
    let (first, rest) = parts.split_first()?;
    let (last, inner) = rest.split_last()?;
    let to_end = is(last, Look::End);
    let mut build = Build::default();
    for part in if to_end { inner } else { rest } {
        build.add(part)?;
    }
    let fits = is(first, Look::Start) && build.parts.len() <= TEMPLATE_PARTS;
    fits.then(|| Template { parts: build.parts.into(), groups: build.groups.into(), to_end })
}

#[derive(Default)]
struct Build {
    parts: Vec<Part>,
    groups: Vec<(Cow<'static, str>, usize, usize)>,
}

impl Build {
    fn add(&mut self, hir: &Hir) -> Option<()> {
        match hir.kind() {
            HirKind::Empty => {}
            HirKind::Literal(literal) => self.parts.push(Part::Text(literal.0.to_vec().into())),
            HirKind::Class(class) => self.parts.push(Part::Run { set: set(class)?, least: 1, most: 1, greedy: true }),
            HirKind::Repetition(repetition) => self.add_repetition(repetition)?,
            HirKind::Alternation(branches) => {
                self.parts.push(Part::OneOf(branches.iter().map(text).collect::<Option<Vec<_>>>()?.into()));
            }
            HirKind::Capture(capture) => self.add_group(capture)?,
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.add(part))?,
            HirKind::Look(_) => return None,
        }
        Some(())
    }

    fn add_repetition(&mut self, repetition: &Repetition) -> Option<()> {
        if let Some(part) = repeated(repetition) {
            self.parts.push(part);
            return Some(());
        }
        let (sub, times) = (&repetition.sub, repetition.min);
        let fixed = repetition.max == Some(times) && times as usize <= TEMPLATE_PARTS;
        let plain = sub.properties().explicit_captures_len() == 0;
        if fixed && plain { (0..times).try_for_each(|_| self.add(sub)) } else { None }
    }

    fn add_group(&mut self, capture: &Capture) -> Option<()> {
        let (place, first) = (self.groups.len(), self.parts.len());
        if let Some(name) = &capture.name {
            self.groups.push((name.to_string().into(), first, first));
        }
        self.add(&capture.sub)?;
        if capture.name.is_some() {
            self.groups.get_mut(place)?.2 = self.parts.len();
        }
        Some(())
    }
}

fn text(hir: &Hir) -> Option<Cow<'static, [u8]>> {
    match hir.kind() {
        HirKind::Empty => Some(Cow::Borrowed(&[])),
        HirKind::Literal(literal) => Some(literal.0.to_vec().into()),
        _ => None,
    }
}

fn repeated(repetition: &Repetition) -> Option<Part> {
    let run = |set| Part::Run {
        set,
        least: repetition.min as usize,
        most: repetition.max.map_or(usize::MAX, |most| most as usize),
        greedy: repetition.greedy,
    };
    match (repetition.sub.kind(), repetition.min, repetition.max) {
        (HirKind::Class(class), ..) => set(class).map(run),
        (HirKind::Literal(literal), ..) if literal.0.len() == 1 => {
            literal.0.first().map(|byte| run(with(*byte, [0; 4])))
        }
        (HirKind::Literal(literal), 0, Some(1)) => {
            let (some, none) = (Cow::Owned(literal.0.to_vec()), Cow::Borrowed([].as_slice()));
            Some(Part::OneOf(if repetition.greedy { vec![some, none] } else { vec![none, some] }.into()))
        }
        _ => None,
    }
}

fn set(class: &Class) -> Option<[u64; 4]> {
    let Class::Bytes(class) = class else { return None };
    let bytes = class.iter().flat_map(|range| range.start()..=range.end());
    Some(bytes.fold([0; 4], |set, byte| with(byte, set)))
}

fn with(byte: u8, mut set: [u64; 4]) -> [u64; 4] {
    if let Some(bits) = set.get_mut(usize::from(byte >> 6)) {
        *bits |= 1 << (byte & 63);
    }
    set
}
