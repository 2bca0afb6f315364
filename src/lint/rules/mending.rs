//! Reading a text that may be no YAML: why it is not, and what it would be with that mended.

use crate::limits;
use crate::text::SourceText;
use crate::yaml::Tree;
use crate::yaml::edit::Edit;

use super::super::Context;
use super::super::finding::{Finding, Place};
use super::super::target::Dialect;
use super::cause::{cause, spliced, value_of};
use super::syntax::{MULTIPLE_DOCUMENTS, SYNTAX, UNQUOTED_JINJA, place, quoted, unread};

/// A text that has become YAML by mending it, in memory only, so that the other rules can be checked, too.
pub struct Mended {
    /// The text.
    pub text: SourceText,
    /// What was changed, in the order of the places.
    edits: Vec<Edit>,
}

impl Mended {
    /// Moves a finding from the mended text to the place in the original. Its fix waits until the file is YAML.
    pub fn place_back(&self, finding: &mut Finding) {
        finding.range = self.back(finding.range.start)..self.back(finding.range.end);
        for related in &mut finding.related {
            related.range = self.back(related.range.start)..self.back(related.range.end);
        }
        finding.fix = None;
    }

    fn back(&self, offset: usize) -> usize {
        let mut grown = 0;
        let mut lost = 0;
        for edit in &self.edits {
            let start = edit.range.start + grown - lost;
            if offset < start {
                break;
            }
            if offset < start + edit.text.len() {
                return (edit.range.start + (offset - start)).min(edit.range.end);
            }
            grown += edit.text.len();
            lost += edit.range.len();
        }
        offset + lost - grown
    }
}

/// Reads a text; where it is no YAML, says why, and mends what it can.
#[must_use]
pub fn read(text: &SourceText, context: &Context) -> (Option<Mended>, Option<Tree>, Vec<Finding>) {
    if let Ok(tree) = Tree::parse(text) {
        return (None, Some(tree), Vec::new());
    }
    let mut found = Vec::new();
    let mut edits = Vec::new();
    if context.target.dialect() == Dialect::Sat {
        for finding in unquoted_jinja(text) {
            edits.extend(finding.fix.iter().flat_map(|fix| fix.change.edits.clone()));
            found.push(finding);
        }
    }
    for _ in 0..limits::MENDING_ROUNDS {
        edits.sort_by_key(|edit: &Edit| edit.range.start);
        let mut mended = Mended { text: spliced(text, &edits), edits };
        let error = match Tree::parse(&mended.text) {
            Ok(tree) => return (Some(mended), Some(tree), found),
            Err(error) => error,
        };
        let at = mended.back(error.offset.min(mended.text.as_str().len()));
        edits = std::mem::take(&mut mended.edits);
        match cause(text, at, &error.what, &edits) {
            Some(finding) => {
                let repaired = finding.fix.iter().flat_map(|fix| fix.change.edits.clone());
                let before = edits.len();
                edits.extend(repaired);
                let cut = finding.rule.id == MULTIPLE_DOCUMENTS.id;
                found.push(finding);
                if cut {
                    edits.push(Edit { range: at..text.as_str().len(), text: String::new() });
                } else if edits.len() == before {
                    return (None, None, found);
                }
            }
            None => {
                if found.is_empty() {
                    let what = error.what.trim_start_matches("not YAML: ");
                    found.push(SYNTAX.at(place(text, at), format!("not YAML: {what}")));
                }
                return (None, None, found);
            }
        }
    }
    (None, None, found)
}

/// Values that begin with a brace of Jinja, line by line; blocks of text are passed over.
fn unquoted_jinja(text: &SourceText) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut block: Option<usize> = None;
    for line in 0..text.lines() {
        let content = text.line(line);
        let trimmed = content.trim_start();
        let indent = content.len() - trimmed.len();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        if block.is_some_and(|outer| indent > outer) {
            continue;
        }
        block = None;
        let start = text.line_range(line).start;
        if trimmed.starts_with("{%") || trimmed.starts_with("{{") {
            let range = start + indent..start + content.len();
            found.push(
                UNQUOTED_JINJA
                    .at(
                        Place { range, path: String::new() },
                        "a Jinja statement on a line of its own: SAT renders values, not files",
                    )
                    .help("write out what it would make; only manta takes such lines (--target dialect=manta)"),
            );
            continue;
        }
        let Some((at, value)) = value_of(content) else { continue };
        let header = value.trim_start_matches(['|', '>']);
        if header.len() < value.len() && header.chars().all(|letter| letter.is_ascii_digit() || "+-".contains(letter)) {
            block = Some(indent);
        }
        if value.starts_with("{{") || value.starts_with("{%") {
            let range = start + at..start + at + value.len();
            found.push(
                UNQUOTED_JINJA
                    .at(
                        Place { range: range.clone(), path: String::new() },
                        "a value that begins with a brace of Jinja needs quotes: YAML reads a mapping",
                    )
                    .help("quote the value")
                    .safe_fix("quote the value", quoted(value).and_then(|quoted| unread(range, quoted))),
            );
        }
    }
    found
}
