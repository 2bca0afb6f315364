//! What checks found, in the forms that people, scripts and CI services read.

pub mod github;
pub mod json;
pub mod junit;
pub mod line;
pub mod sarif;
pub mod text;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};

use crate::limits;
use crate::lint::{Finding, Needs, Rule, Severity};
use crate::secret;
use crate::text::SourceText;

/// A checked file.
#[derive(Debug)]
pub struct FileReport {
    /// Its path, as it was given or found.
    pub path: String,
    /// Its text; none where it could not be read.
    pub text: Option<SourceText>,
    /// What was found, in order.
    pub findings: Vec<Finding>,
    /// Findings that were too many to keep.
    pub left_out: usize,
    /// Why it could not be checked.
    pub error: Option<String>,
}

/// All checked files.
#[derive(Debug, Default)]
pub struct Report {
    /// The files, in the order of their paths.
    pub files: Vec<FileReport>,
    /// Rules that were not checked, with what they need.
    pub skipped: Vec<(&'static Rule, Needs)>,
}

/// Shorter values are not looked for: they would be found within words that are none.
const SHORTEST_VALUE: usize = 6;

/// How many findings there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Summary {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// For information.
    pub infos: usize,
}

impl Report {
    /// How many findings there are.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for finding in self.files.iter().flat_map(|file| &file.findings) {
            match finding.severity {
                Severity::Error => summary.errors += 1,
                Severity::Warning => summary.warnings += 1,
                Severity::Info => summary.infos += 1,
            }
        }
        summary
    }

    /// Whether any finding is at least this bad.
    #[must_use]
    pub fn has(&self, severity: Severity) -> bool {
        self.files.iter().flat_map(|file| &file.findings).any(|finding| finding.severity >= severity)
    }

    /// Takes the secrets of the files out of what is said of them: also where a message has the value alone, without the
    /// name that tells what it is. A fix that would need one is not offered; incfg check --fix makes it all the same.
    pub fn mask(&mut self) {
        for file in self.files.iter_mut().filter(|file| !file.findings.is_empty()) {
            let Some(text) = &file.text else { continue };
            let secrets = secret::spans(text.as_str());
            // A help may have a part of the value, as what a name is to be written like.
            let values: BTreeSet<&str> = secrets
                .iter()
                .filter_map(|span| text.as_str().get(span.clone()))
                .flat_map(|value| {
                    let parts = value.split(|letter: char| !letter.is_alphanumeric());
                    std::iter::once(value).chain(parts.filter(|part| part.len() > SHORTEST_VALUE))
                })
                .filter(|value| value.len() >= SHORTEST_VALUE)
                .collect();
            // A value that is a part of another one is looked for after it.
            let mut values: Vec<&str> = values.into_iter().collect();
            values.sort_by_key(|value| Reverse(value.len()));
            for some in values.chunks(limits::VALUES_AT_ONCE) {
                let Ok(some) = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(some) else {
                    continue;
                };
                let masks = vec![secret::MASK; some.patterns_len()];
                mask(&mut file.findings, |words| some.is_match(words).then(|| some.replace_all(words, &masks)));
            }
            mask(&mut file.findings, |words| match secret::masked(words) {
                Cow::Owned(masked) => Some(masked),
                Cow::Borrowed(_) => None,
            });
        }
    }

    /// Findings with the file they stand in.
    fn placed(&self) -> impl Iterator<Item = (&FileReport, &SourceText, &Finding)> {
        self.files
            .iter()
            .filter_map(|file| Some((file, file.text.as_ref()?)))
            .flat_map(|(file, text)| file.findings.iter().map(move |finding| (file, text, finding)))
    }
}

/// Puts what `masked` makes of their words in their place; a fix of which it would make something else is taken away.
fn mask(findings: &mut [Finding], masked: impl Fn(&str) -> Option<String>) {
    let replace = |words: &mut String| {
        if let Some(masked) = masked(words) {
            *words = masked;
        }
    };
    for finding in findings {
        replace(&mut finding.message);
        finding.help.iter_mut().for_each(replace);
        finding.related.iter_mut().for_each(|related| replace(&mut related.message));
        finding.fix = finding.fix.take().filter(|fix| {
            let words = std::iter::once(&fix.title).chain(fix.change.edits.iter().map(|edit| &edit.text));
            words.into_iter().all(|words| masked(words).is_none())
        });
    }
}

/// A stretch of text as lines and columns, from 1; the end is behind the last character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Region {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

fn region(text: &SourceText, range: &std::ops::Range<usize>) -> Region {
    let (start, end) = (text.position(range.start), text.position(range.end.max(range.start)));
    Region { line: start.line, column: start.column, end_line: end.line, end_column: end.column }
}
