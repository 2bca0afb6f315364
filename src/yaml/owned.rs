//! What belongs to an item of a block list: its own lines, the comments directly above it, and those below it that are
//! indented deeper.

use std::ops::Range;

use crate::text::SourceText;

use super::{NodeId, Tree};

/// The lines of an item, from 0, to behind the last. `None` where something else stands before its dash.
#[must_use]
pub fn lines(text: &SourceText, tree: &Tree, item: NodeId) -> Option<Range<usize>> {
    let dash = dash_of(text, tree.node(item).outer)?;
    Some(first_line(text, text.line_of(dash), text.column_bytes(dash))..last_line(text, tree, item, dash) + 1)
}

/// The last line of an item with the comments below it that are indented deeper than its dash.
pub(crate) fn last_line(text: &SourceText, tree: &Tree, item: NodeId, dash: usize) -> usize {
    let column = text.column_bytes(dash);
    let mut last = text.line_of(tree.node(item).span.end.saturating_sub(1).max(dash));
    while last + 1 < text.lines() && is_comment(text.line(last + 1)) && indent(text.line(last + 1)) > column {
        last += 1;
    }
    last
}

/// The next sign behind a place, `:` or `,` say, when there is nothing but blanks and comments in between.
pub(crate) fn sign_after(source: &str, end: usize, sign: char) -> Option<usize> {
    let mut rest = source.get(end..)?;
    loop {
        rest = rest.trim_start();
        match rest.chars().next()? {
            '#' => rest = rest.trim_start_matches(|letter| !['\n', '\r'].contains(&letter)),
            found => return (found == sign).then(|| source.len() - rest.len()),
        }
    }
}

/// The head of a block of text, `|2-` say, whose text begins at `start`. `comments` are those above.
pub(crate) fn head_of_block(source: &str, comments: &[Range<usize>], start: usize) -> Option<Range<usize>> {
    let mut ahead = source.get(..start)?.trim_end();
    for comment in comments.iter().rev() {
        if comment.end < ahead.len() {
            break;
        }
        ahead = source.get(..comment.start.min(start))?.trim_end();
    }
    let sign = ahead.trim_end_matches(|letter: char| letter.is_ascii_digit() || "+-".contains(letter));
    sign.ends_with(['|', '>']).then(|| sign.len() - 1..ahead.len())
}

/// The first line of an entry with the comments directly above it, which stand in its column.
pub(crate) fn first_line(text: &SourceText, own: usize, column: usize) -> usize {
    let mut first = own;
    while first > 0
        && is_comment(text.line(first - 1))
        && indent(text.line(first - 1)) == column
        && !is_commented_out(text.line(first - 1))
    {
        first -= 1;
    }
    // Comments from the top of the file on are its header.
    if first == 0 { own } else { first }
}

/// The dash of an entry: on its line, or on a line above with nothing but comments between. `None` where something else
/// stands before the dash.
fn dash_of(text: &SourceText, item: usize) -> Option<usize> {
    let mut line = text.line_of(item);
    let mut before = text.part(text.line_range(line).start..item);
    loop {
        let content = before.split_once(" #").map_or(before, |(content, _)| content);
        let trimmed = content.trim_end();
        if let Some(blank) = trimmed.strip_suffix('-') {
            return blank.trim().is_empty().then(|| text.line_range(line).start + blank.len());
        }
        if !(trimmed.is_empty() || is_comment(before)) || line == 0 {
            return None;
        }
        line -= 1;
        before = text.line(line);
    }
}

/// Blanks at the beginning of a line.
pub(crate) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with('#')
}

/// A comment that is YAML put out of use: an entry for another architecture, say. It belongs to no entry.
fn is_commented_out(line: &str) -> bool {
    let text = line.trim_start().trim_start_matches('#').trim();
    if text.starts_with("- ") || text == "-" {
        return true;
    }
    let Some((word, value)) = text.split_once(':') else { return false };
    let key = !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || byte == b'-');
    key && (value.is_empty() || value.starts_with(' '))
}
