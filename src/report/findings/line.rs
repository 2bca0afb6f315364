//! A line of a checked file with a stretch of it marked, without the secrets in it.

use std::ops::Range;

use crate::secret;
use crate::text::SourceText;

/// The lines of a file, and where its secrets stand: looked for once, as a key goes over many lines.
pub struct Lines<'a> {
    /// The file.
    pub text: &'a SourceText,
    secrets: Vec<Range<usize>>,
}

/// A line in three parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1.
    pub number: usize,
    /// What stands before the marked stretch.
    pub before: String,
    /// The stretch; of one over several lines what is in the first.
    pub marked: String,
    /// What stands behind it.
    pub after: String,
}

impl<'a> Lines<'a> {
    /// The lines of a file.
    #[must_use]
    pub fn new(text: &'a SourceText) -> Self {
        Self { text, secrets: secret::spans(text.as_str()) }
    }

    /// The first line of a stretch of text, with the stretch marked.
    #[must_use]
    pub fn with(&self, range: &Range<usize>) -> Line {
        let (start, end) = (self.text.position(range.start), self.text.position(range.end.max(range.start)));
        let line = self.text.line(start.line - 1);
        let last = if end.line == start.line { end.column - 1 } else { line.chars().count() };
        // The line begins as many bytes before the stretch as the characters between them have.
        let ahead: usize = line.chars().take(start.column - 1).map(char::len_utf8).sum();
        let begin = range.start.min(self.text.as_str().len()).saturating_sub(ahead);
        let here = begin..begin + line.len();
        let from = self.secrets.partition_point(|secret| secret.end <= here.start);
        let secrets: Vec<Range<usize>> = self
            .secrets
            .iter()
            .skip(from)
            .take_while(|secret| secret.start < here.end)
            .map(|secret| secret.start.max(here.start) - begin..secret.end.min(here.end) - begin)
            .collect();
        let (before, marked, after) = secret::around(line, start.column - 1..last, &secrets);
        Line { number: start.line, before, marked, after }
    }
}
