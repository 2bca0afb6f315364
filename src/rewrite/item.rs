//! Taking entries out of a list: which lines are theirs.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::bootprep::{Bootprep, Section};
use crate::text::SourceText;
use crate::yaml::edit::Edit;
use crate::yaml::{NodeId, Tree};

/// What a removal leaves of the lines around it. A block of text before an entry may own the blank lines after it, and
/// the last line break of the file: which of these fit, only the result tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leave {
    /// Blank lines below the entry stay.
    blank_lines: bool,
    /// A file without a line break at its end stays one.
    open_end: bool,
}

impl Leave {
    /// From the one that changes the fewest lines.
    pub(super) const IN_ORDER: [Self; 3] = [
        Self { blank_lines: true, open_end: true },
        Self { blank_lines: false, open_end: true },
        Self { blank_lines: true, open_end: false },
    ];
}

/// The edits that take `removed` out of `images`. When none is left the list becomes `[]`.
pub(super) fn removals(
    text: &SourceText,
    tree: &Tree,
    file: &Bootprep,
    removed: &BTreeSet<usize>,
    leave: Leave,
) -> Vec<Edit> {
    let Some((key, list)) = file.section(Section::Images).filter(|_| !removed.is_empty()) else { return Vec::new() };
    let items: Vec<NodeId> = file.images.iter().map(|item| item.node).collect();
    let none_left = removed.len() == items.len();
    if tree.is_flow(list) {
        if none_left {
            return vec![Edit { range: tree.node(list).span.clone(), text: "[]".into() }];
        }
        return flow_runs(&items, removed).into_iter().flat_map(|run| flow_removal(text, tree, &items, run)).collect();
    }
    let mut edits: Vec<Edit> =
        removed.iter().filter_map(|item| block_removal(text, tree, items[*item], leave)).collect();
    if none_left {
        let colon = text.as_str()[tree.node(key).span.end..]
            .find(':')
            .map_or(tree.node(key).span.end, |at| tree.node(key).span.end + at + 1);
        edits.push(Edit { range: colon..colon, text: " []".into() });
    }
    let mut edits = merged(edits);
    let at_end = |edit: &&mut Edit| leave.open_end && edit.range.end == text.as_str().len();
    if let Some(edit) = edits.last_mut().filter(at_end) {
        let first = text.line_of(edit.range.start);
        if edit.text.is_empty() && !text.as_str().ends_with('\n') && first > 0 {
            edit.range.start = text.line_range(first - 1).start + text.line(first - 1).len();
        }
    }
    edits
}

/// The lines of an entry: its own, the comments directly above it, and those below it that are indented deeper.
fn block_removal(text: &SourceText, tree: &Tree, item: NodeId, leave: Leave) -> Option<Edit> {
    let dash = dash_of(text, tree.node(item).outer)?;
    let column = text.column_bytes(dash);
    let first = with_comments_above(text, text.line_of(dash), column);
    let mut last = text.line_of(tree.node(item).span.end.saturating_sub(1).max(dash));
    while last + 1 < text.lines() && is_comment(text.line(last + 1)) && indent(text.line(last + 1)) > column {
        last += 1;
    }
    while !leave.blank_lines && last + 1 < text.lines() && text.line(last + 1).trim().is_empty() {
        last += 1;
    }
    Some(Edit { range: text.line_range(first).start..text.line_range(last).end, text: String::new() })
}

/// The first line of an entry with the comments directly above it, which stand in its column.
fn with_comments_above(text: &SourceText, own: usize, column: usize) -> usize {
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
    let mut before = &text.as_str()[text.line_range(line).start..item];
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

fn indent(line: &str) -> usize {
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
    let word = text.split(':').next().unwrap_or_default();
    let key = !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.' || byte == b'-');
    key && text[word.len()..].starts_with(':') && text[word.len() + 1..].chars().next().is_none_or(|next| next == ' ')
}

/// Neighbours that go together.
fn flow_runs(items: &[NodeId], removed: &BTreeSet<usize>) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for item in 0..items.len() {
        match runs.last_mut() {
            Some(run) if removed.contains(&item) && run.end == item => run.end += 1,
            _ if removed.contains(&item) => runs.push(item..item + 1),
            _ => {}
        }
    }
    runs
}

fn flow_removal(text: &SourceText, tree: &Tree, items: &[NodeId], run: Range<usize>) -> Vec<Edit> {
    let source = text.as_str();
    let start = tree.node(items[run.start]).outer;
    let end = tree.node(items[run.end - 1]).span.end;
    let last = run.end == items.len();
    let comma = comma_after(source, end);
    let stop = comma.map_or(end, |comma| comma + 1);
    let gone = |range: Range<usize>| Edit { range, text: String::new() };
    let line_of_start = text.line_of(start);
    let before = &source[text.line_range(line_of_start).start..start];
    let after = source[stop..text.line_range(text.line_of(stop - 1)).end].trim_start();
    if before.trim().is_empty() && (after.is_empty() || after.starts_with('#')) {
        let first = with_comments_above(text, line_of_start, indent(before));
        let lines = gone(text.line_range(first).start..text.line_range(text.line_of(stop - 1)).end);
        let comma_before = comma_after(source, tree.node(items[run.start.saturating_sub(1)]).span.end);
        return match comma_before.filter(|_| last && comma.is_none()) {
            Some(comma) => vec![gone(comma..comma + 1), lines],
            None => vec![lines],
        };
    }
    if last {
        return vec![gone(tree.node(items[run.start - 1]).span.end..end)];
    }
    let next = tree.node(items[run.end]).outer;
    let commented = tree.comments().iter().any(|comment| (stop..next).contains(&comment.start));
    vec![gone(if commented { start..stop } else { start..next })]
}

/// The comma behind an entry of a flow list, which may stand behind comments.
fn comma_after(source: &str, end: usize) -> Option<usize> {
    let mut at = end;
    loop {
        at += source[at..].len() - source[at..].trim_start().len();
        match source[at..].chars().next()? {
            ',' => return Some(at),
            '#' => at += source[at..].find('\n')?,
            _ => return None,
        }
    }
}

/// Removals that touch become one.
fn merged(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort_by_key(|edit| edit.range.start);
    let mut result: Vec<Edit> = Vec::new();
    for edit in edits {
        match result.last_mut() {
            Some(last) if last.text.is_empty() && edit.text.is_empty() && edit.range.start <= last.range.end => {
                last.range.end = last.range.end.max(edit.range.end)
            }
            _ => result.push(edit),
        }
    }
    result
}
