//! Comments that ask to leave findings out: `# incfg: ignore[rule, rule] reason`.
//!
//! Behind a value such a comment speaks of its line. On a line of its own it speaks of what begins on the next line: an
//! item or an entry, whole. One that leaves nothing out is a finding itself, so that they do not pile up.

use std::collections::HashMap;
use std::ops::Range;

use crate::nearness;
use crate::text::SourceText;
use crate::yaml::Tree;
use crate::yaml::change::{Change, Meant};
use crate::yaml::edit::Edit;

use super::finding::{Finding, Place, Rule};
use super::rules;
use super::rules::ignored::UNUSED;

struct Ignore {
    /// The comment.
    range: Range<usize>,
    /// The rules, each with its place.
    rules: Vec<(String, Range<usize>)>,
    /// The text it speaks of.
    about: Range<usize>,
}

/// The text and tree of a file with comments.
#[derive(Clone, Copy)]
pub(super) struct Commented<'a> {
    pub(super) text: &'a SourceText,
    pub(super) tree: &'a Tree,
}

/// Takes out what the comments of the file ask to leave out, and adds the comments that leave nothing out. `applies` says
/// whether a rule could be checked at all.
pub(super) fn apply(file: Commented<'_>, applies: impl Fn(&Rule) -> bool, findings: Vec<Finding>) -> Vec<Finding> {
    let comments = file.tree.comments();
    if !comments.iter().any(|comment| file.text.part(comment.clone()).contains("incfg:")) {
        return findings;
    }
    let extents = extents(file);
    let mut left = Vec::new();
    let mut ignores: Vec<Ignore> = Vec::new();
    for comment in comments {
        match read(file, comment, &extents) {
            Some(ignore) if ignore.rules.is_empty() => left.push(
                UNUSED
                    .at(
                        Place { range: comment.clone(), path: String::new() },
                        "this comment names no rule, and leaves nothing out",
                    )
                    .help("expected # incfg: ignore[RULE] and the reason"),
            ),
            Some(ignore) => ignores.push(ignore),
            None => {}
        }
    }
    let mut used = vec![Vec::new(); ignores.len()];
    for finding in findings {
        let by = ignores.iter().enumerate().find_map(|(at, ignore)| {
            let rule = ignore.rules.iter().position(|(id, _)| id == finding.rule.id)?;
            let start = finding.range.start;
            (ignore.about.contains(&start) || start == ignore.about.start).then_some((at, rule))
        });
        match by.and_then(|(ignore, rule)| Some((used.get_mut(ignore)?, rule))) {
            Some((used, rule)) => used.push(rule),
            None => left.push(finding),
        }
    }
    for (ignore, used) in ignores.iter().zip(&used) {
        for (at, (id, range)) in ignore.rules.iter().enumerate().filter(|(at, _)| !used.contains(at)) {
            let known = rules::by_id(id);
            if known.is_some_and(|rule| !applies(rule)) {
                continue;
            }
            let message = match known {
                Some(_) => format!("nothing to ignore: {id} finds nothing here"),
                None => format!("there is no rule {id}"),
            };
            let finding = UNUSED.at(Place { range: range.clone(), path: String::new() }, message);
            let near = nearness::nearest(rules::all().map(|rule| rule.id), id).filter(|_| known.is_none());
            left.push(match near {
                Some(near) => finding.help(format!("did you mean {near}?")),
                None if ignore.rules.len() == 1 => {
                    let edits =
                        vec![Edit { range: comment_with_blanks(file.text, &ignore.range), text: String::new() }];
                    let change = Change { edits, means: vec![Meant::Nothing] };
                    finding.help("remove the comment").safe_fix("remove the comment", Some(change))
                }
                None => finding.help(format!("take it out of the list, position {}", at + 1)),
            });
        }
    }
    left
}

/// A comment and the blanks before it; a whole line where it stands alone.
fn comment_with_blanks(text: &SourceText, comment: &Range<usize>) -> Range<usize> {
    let line = text.line_range(text.line_of(comment.start));
    let before = text.part(line.start..comment.start);
    if before.trim().is_empty() { line } else { line.start + before.trim_end().len()..comment.end }
}

/// A comment that begins like an ignore comment; its rules are none where it is not written like one.
fn read(file: Commented<'_>, comment: &Range<usize>, extents: &HashMap<usize, usize>) -> Option<Ignore> {
    let text = file.text.as_str().get(comment.clone())?;
    let rest = text.trim_start_matches('#').trim_start().strip_prefix("incfg:")?.trim_start().strip_prefix("ignore")?;
    let list = rest.trim_start().strip_prefix('[').and_then(|list| list.split_once(']')).map_or("", |(list, _)| list);
    let start = comment.start + (list.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    let mut rules = Vec::new();
    let mut offset = 0;
    for part in list.split(',') {
        let id = part.trim();
        if !id.is_empty() {
            let from = start + offset + (part.len() - part.trim_start().len());
            rules.push((id.to_owned(), from..from + id.len()));
        }
        offset += part.len() + 1;
    }
    Some(Ignore { range: comment.clone(), rules, about: about(file.text, comment, extents) })
}

fn about(text: &SourceText, comment: &Range<usize>, extents: &HashMap<usize, usize>) -> Range<usize> {
    let line = text.line_of(comment.start);
    let own = text.line_range(line);
    if !text.part(own.start..comment.start).trim().is_empty() {
        return own;
    }
    let mut next = line + 1;
    while next < text.lines() && (text.line(next).trim().is_empty() || text.line(next).trim_start().starts_with('#')) {
        next += 1;
    }
    let first = text.line_range(next);
    let end = extents.get(&next).copied().unwrap_or(first.end);
    first.start..end.max(first.end)
}

/// By line: the end of the largest part of the file that begins on it, an item or an entry.
fn extents(file: Commented<'_>) -> HashMap<usize, usize> {
    let mut ends = HashMap::new();
    let mut note = |start: usize, end: usize| {
        let known: &mut usize = ends.entry(file.text.line_of(start)).or_default();
        *known = end.max(*known);
    };
    let Some(root) = file.tree.root() else { return ends };
    for node in file.tree.within(root) {
        for item in file.tree.items(node).unwrap_or_default() {
            note(file.tree.node(*item).span.start, file.tree.node(*item).span.end);
        }
        for (key, value) in file.tree.entries(node).unwrap_or_default() {
            note(file.tree.node(*key).span.start, file.tree.node(*value).span.end);
        }
    }
    ends
}
