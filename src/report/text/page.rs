//! Lines on a terminal: indents, wrapping, colour.

use std::collections::HashSet;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::evidence::Evidence;
use crate::report::{directory, printable};
use crate::secret;

/// How a line is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Bad,
    Good,
    Quiet,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Good => AnsiColor::Green.on_default(),
            Self::Quiet => Style::new().dimmed(),
        }
    }
}

/// Columns before a label, and before what it labels.
const INDENT: usize = 4;
const LABEL: usize = 15;

/// Narrower than this, wrapping does more harm than good.
const NARROWEST: usize = 40;

/// A path is never cut shorter than this.
const SHORTEST: usize = 16;

/// A page of text.
pub(super) struct Page {
    out: String,
    width: usize,
    /// Whether somebody looks who would rather have a short line than a whole path for the second time.
    shortens: bool,
    directory: Option<String>,
    /// Paths that stand on the page in full.
    told: HashSet<String>,
}

impl Page {
    /// A page for a screen of `width` columns; without one, for a file or a program, where every path is whole.
    pub(super) fn new(width: Option<usize>, directory: Option<String>) -> Self {
        let columns = width.unwrap_or(super::WIDTH).max(NARROWEST);
        Self { out: String::new(), width: columns, shortens: width.is_some(), directory, told: HashSet::new() }
    }

    pub(super) fn finish(mut self) -> String {
        while self.out.ends_with("\n\n") {
            self.out.pop();
        }
        self.out
    }

    /// A path, from the directory that was given.
    pub(super) fn shown(&self, path: &str) -> String {
        printable(directory::below(path, self.directory.as_deref()))
    }

    pub(super) fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    pub(super) fn title(&mut self, what: &str, counted: &str) {
        let bold = Style::new().bold();
        let _ = write!(self.out, "{bold}{what}{bold:#}");
        self.wrapped_on(what.chars().count(), 2, &format!(": {counted}"), Style::new());
    }

    pub(super) fn directory(&mut self) {
        if let Some(directory) = self.directory.clone() {
            self.wrapped(0, 2, &format!("Files are named from {}/ on.", printable(&directory)), Tone::Quiet.style());
        }
    }

    pub(super) fn section(&mut self, title: &str) {
        self.blank();
        let bold = Style::new().bold();
        let _ = writeln!(self.out, "{bold}{title}{bold:#}");
    }

    pub(super) fn paragraph(&mut self, tone: Tone, text: &str) {
        self.wrapped(0, 0, text, tone.style());
    }

    pub(super) fn heading(&mut self, tone: Tone, word: &str, text: &str, evidence: &[Evidence]) {
        let style = tone.style();
        let _ = write!(self.out, "{style}{word}{style:#}  ");
        let column = word.chars().count() + 2;
        self.wrapped_on(column, column, text, Style::new());
        self.evidence(INDENT, evidence);
    }

    pub(super) fn image(&mut self, tone: Tone, name: &str, how: &str, evidence: &[Evidence]) {
        let style = tone.style();
        let _ = writeln!(self.out, "  {style}{name}{style:#}");
        self.wrapped(INDENT, INDENT, how, Style::new());
        self.evidence(INDENT, evidence);
    }

    pub(super) fn group(&mut self, tone: Tone, title: &str) {
        let style = tone.style();
        let _ = writeln!(self.out, "  {style}{title}{style:#}");
    }

    /// `label  value`, then where it stands.
    pub(super) fn fact(&mut self, label: &str, value: &str, evidence: &[Evidence]) {
        let from = INDENT + LABEL;
        let quiet = Tone::Quiet.style();
        let _ = write!(self.out, "{:INDENT$}{quiet}{label:<LABEL$}{quiet:#}", "");
        self.wrapped_on(from, from, value, Style::new());
        self.evidence(from, evidence);
    }

    pub(super) fn note(&mut self, text: &str) {
        self.wrapped(INDENT + LABEL, INDENT + LABEL, text, Tone::Quiet.style());
    }

    pub(super) fn item(&mut self, text: &str, evidence: &[Evidence]) {
        self.wrapped(INDENT, INDENT + 2, text, Style::new());
        self.evidence(INDENT + 2, evidence);
    }

    /// A command, on one line whatever the width: it is there to be copied.
    pub(super) fn command(&mut self, command: &str) {
        let style = AnsiColor::Cyan.on_default();
        let _ = writeln!(self.out, "      {style}{command}{style:#}");
    }

    pub(super) fn step(&mut self, number: usize, text: &str) {
        self.wrapped(0, 4, &format!(" {number}. {text}"), Style::new());
    }

    fn evidence(&mut self, from: usize, evidence: &[Evidence]) {
        let quiet = Tone::Quiet.style();
        for (path, lines) in super::shown(evidence, self) {
            let room = self.width.saturating_sub(from + lines.chars().count());
            let length = path.chars().count();
            let known = !self.told.insert(path.clone());
            let path = if self.shortens && known && length > room {
                let kept = room.saturating_sub(1).max(SHORTEST);
                format!("…{}", path.chars().skip(length.saturating_sub(kept)).collect::<String>())
            } else {
                path
            };
            let _ = writeln!(self.out, "{:from$}{quiet}{path}{lines}{quiet:#}", "");
        }
    }

    /// A path that a fact tells in full.
    pub(super) fn path(&mut self, label: &str, path: &str) {
        let shown = self.shown(path);
        self.fact(label, &shown, &[]);
        self.told.insert(shown);
    }

    fn wrapped(&mut self, first: usize, rest: usize, text: &str, style: Style) {
        let _ = write!(self.out, "{:first$}", "");
        self.wrapped_on(first, rest, text, style);
    }

    /// Breaks at blanks; a word longer than a line stays whole, because it may be an id to copy.
    fn wrapped_on(&mut self, first: usize, rest: usize, text: &str, style: Style) {
        // Before it is wrapped: a name and its value may come to stand on two lines.
        let text = &*secret::masked(text);
        let mut column = first;
        let mut begun = false;
        let _ = write!(self.out, "{style}");
        for word in text.split_inclusive(' ') {
            let length = word.trim_end().chars().count();
            if begun && column + length > self.width {
                let kept = self.out.trim_end_matches(' ').len();
                self.out.truncate(kept);
                let _ = write!(self.out, "{style:#}\n{:rest$}{style}", "");
                column = rest;
            }
            self.out.push_str(word);
            column += word.chars().count();
            begun = true;
        }
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        let _ = writeln!(self.out, "{style:#}");
    }
}
