//! Taking entries out of a list: which lines are theirs.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::bootprep::{Bootprep, Section};
use crate::text::SourceText;
use crate::yaml::edit::Edit;
use crate::yaml::{NodeId, Tree, owned};

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
    let removal = |item: &usize| {
        let item = *items.get(*item)?;
        block_removal(text, tree, item, leave).or_else(|| beside_colon(text, tree, list, item))
    };
    let mut edits: Vec<Edit> = removed.iter().filter_map(removal).collect();
    if none_left {
        let key = tree.node(key).span.end;
        let colon = owned::sign_after(text.as_str(), key, ':').map_or(key, |colon| colon + 1);
        edits.push(Edit { range: colon..colon, text: " []".into() });
    }
    let mut edits = merged(edits);
    if leave.open_end && !text.is_closed() {
        keep_open_end(text, &mut edits);
    }
    edits
}

/// A file without a line break at its end stays one when its last lines go: the line break before them goes too, and with
/// it the blank lines that would be the last.
fn keep_open_end(text: &SourceText, edits: &mut Vec<Edit>) {
    let whole_lines = |edit: &Edit| edit.text.is_empty() && text.column_bytes(edit.range.start) == 0;
    let Some(mut last) = edits.pop_if(|edit| whole_lines(edit) && edit.range.end == text.as_str().len()) else {
        return;
    };
    let mut first = text.line_of(last.range.start);
    loop {
        while first > 1 && text.line(first - 1).trim().is_empty() {
            first -= 1;
        }
        let above = |edit: &mut Edit| whole_lines(edit) && edit.range.end == text.line_range(first).start;
        match edits.pop_if(above) {
            Some(edit) => {
                last.range.start = edit.range.start;
                first = text.line_of(edit.range.start);
            }
            None => break,
        }
    }
    if first > 0 {
        last.range.start = text.line_range(first - 1).start + text.line(first - 1).len();
    }
    edits.push(last);
}

/// The lines of an entry, and the blank lines below it where these go too.
fn block_removal(text: &SourceText, tree: &Tree, item: NodeId, leave: Leave) -> Option<Edit> {
    let lines = owned::lines(text, tree, item)?;
    let mut end = lines.end;
    while !leave.blank_lines && end < text.lines() && text.line(end).trim().is_empty() {
        end += 1;
    }
    Some(Edit { range: text.line_range(lines.start).start..text.line_range(end - 1).end, text: String::new() })
}

/// The text of the first entry of a list that begins on the line of its colon, `: - name`, without the line break below.
fn beside_colon(text: &SourceText, tree: &Tree, list: NodeId, item: NodeId) -> Option<Edit> {
    let dash = tree.node(list).span.start;
    let ahead = text.part(text.line_range(text.line_of(dash)).start..dash);
    let colon = dash - (ahead.len() - ahead.trim_end().len());
    let last = owned::last_line(text, tree, item, dash);
    let end = text.line_range(last).start + text.line(last).len();
    (ahead.trim() == ":" && tree.items(list)?.first() == Some(&item))
        .then(|| Edit { range: colon..end, text: String::new() })
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
    let Some((first, last)) = items.get(run.clone()).and_then(|run| run.first().zip(run.last())) else {
        return Vec::new();
    };
    let (start, end) = (tree.node(*first).outer, tree.node(*last).span.end);
    let before_run = run.start.checked_sub(1).and_then(|at| items.get(at)).map(|item| tree.node(*item).span.end);
    let next = items.get(run.end).map(|next| tree.node(*next).outer);
    let comma = owned::sign_after(source, end, ',');
    let stop = comma.map_or(end, |comma| comma + 1);
    let gone = |range: Range<usize>| Edit { range, text: String::new() };
    let line_of_start = text.line_of(start);
    let before = text.part(text.line_range(line_of_start).start..start);
    let after = text.part(stop..text.line_range(text.line_of(stop - 1)).end).trim_start();
    if before.trim().is_empty() && (after.is_empty() || after.starts_with('#')) {
        let first = owned::first_line(text, line_of_start, owned::indent(before));
        let lines = gone(text.line_range(first).start..text.line_range(text.line_of(stop - 1)).end);
        let comma_before = before_run.and_then(|before| owned::sign_after(source, before, ','));
        return match comma_before.filter(|_| next.is_none() && comma.is_none()) {
            Some(comma) => vec![gone(comma..comma + 1), lines],
            None => vec![lines],
        };
    }
    let Some(next) = next else { return vec![gone(before_run.unwrap_or(start)..end)] };
    let commented = tree.comments().iter().any(|comment| (stop..next).contains(&comment.start));
    vec![gone(if commented { start..stop } else { start..next })]
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
