//! Changes to a text, and the gate every change has to pass.

use std::ops::Range;

use crate::text::SourceText;

use super::{Sense, Tree, YamlError};

/// A stretch of text and what takes its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The stretch, in bytes.
    pub range: Range<usize>,
    /// What takes its place.
    pub text: String,
}

/// Why edits were refused. The text is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Two edits touch the same bytes.
    #[error("line {line}: two changes meet in the same place")]
    Overlap {
        /// The line of the second.
        line: usize,
    },
    /// The result is no document.
    #[error("with the change the file would not be YAML: {0}")]
    Broken(YamlError),
    /// The result means something else.
    #[error("the changed file would mean something else than the original plus the change")]
    OtherMeaning,
    /// The document is too large to be compared.
    #[error(transparent)]
    TooLarge(#[from] super::TooLarge),
}

/// Makes the edits, reads the result again, and gives it only when it means exactly `intended`. Every byte outside the
/// edits is the same, because nothing else is ever written.
///
/// # Errors
/// Edits that overlap, or a result that is no document or means anything else.
pub fn apply(text: &SourceText, edits: &[Edit], intended: Sense<'_>) -> Result<SourceText, Refused> {
    let result = spliced(text, edits)?;
    let tree = Tree::parse(&result).map_err(Refused::Broken)?;
    let is_meant = Sense::of(&tree).map(|meaning| meaning.is(intended)).transpose()?;
    if is_meant == Some(true) { Ok(result) } else { Err(Refused::OtherMeaning) }
}

/// Makes edits in a text that is no document, and gives the result only when it has become one.
///
/// # Errors
/// Edits that overlap, or a result that is no document.
pub fn apply_unread(text: &SourceText, edits: &[Edit]) -> Result<SourceText, Refused> {
    let result = spliced(text, edits)?;
    Tree::parse(&result).map_err(Refused::Broken)?;
    Ok(result)
}

fn spliced(text: &SourceText, edits: &[Edit]) -> Result<SourceText, Refused> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let mut result = String::with_capacity(text.as_str().len());
    let mut done = 0;
    for edit in sorted {
        if edit.range.start < done {
            return Err(Refused::Overlap { line: text.position(edit.range.start).line });
        }
        result.push_str(text.part(done..edit.range.start));
        result.push_str(&edit.text);
        done = edit.range.end;
    }
    result.push_str(text.part(done..));
    Ok(text.with_text(result))
}
