//! Comments that ask to leave findings out: `# incfg: ignore[rule, rule] reason`.
//!
//! Behind a value such a comment speaks of its line. On a line of its own it speaks of what begins on the next line: an
//! item or an entry, whole. One that leaves nothing out is a finding itself, so that they do not pile up.

use std::collections::HashMap;
use std::ops::Range;

use crate::nearness;

use super::finding::{Finding, Place};
use super::rules;
use super::rules::ignored::UNUSED;
use super::subject::Subject;

struct Ignore {
    /// The comment.
    range: Range<usize>,
    /// The rules, each with its place.
    rules: Vec<(String, Range<usize>)>,
    /// The text it speaks of.
    about: Range<usize>,
}

/// Takes out what the comments of the file ask to leave out, and adds the comments that leave nothing out.
pub(super) fn apply(subject: &Subject, findings: Vec<Finding>) -> Vec<Finding> {
    let comments = subject.tree.comments();
    if !comments.iter().any(|comment| subject.text.as_str()[comment.clone()].contains("incfg:")) {
        return findings;
    }
    let extents = extents(subject);
    let ignores: Vec<Ignore> = comments.iter().filter_map(|comment| read(subject, comment, &extents)).collect();
    let mut used = vec![Vec::new(); ignores.len()];
    let mut left = Vec::new();
    for finding in findings {
        let by = ignores.iter().enumerate().find_map(|(at, ignore)| {
            let rule = ignore.rules.iter().position(|(id, _)| id == finding.rule.id)?;
            let start = finding.range.start;
            (ignore.about.contains(&start) || start == ignore.about.start).then_some((at, rule))
        });
        match by {
            Some((ignore, rule)) => used[ignore].push(rule),
            None => left.push(finding),
        }
    }
    for (ignore, used) in ignores.iter().zip(&used) {
        for (at, (id, range)) in ignore.rules.iter().enumerate().filter(|(at, _)| !used.contains(at)) {
            let needs = rules::by_id(id).map(|rule| subject.applies(rule));
            if needs == Some(false) {
                continue;
            }
            let message = match needs {
                Some(_) => format!("nothing to ignore: {id} finds nothing here"),
                None => format!("there is no rule {id}"),
            };
            let place = Place { range: range.clone(), path: String::new() };
            let finding = UNUSED.at(place, message);
            let whole = ignore.rules.len() == 1;
            let near = nearness::nearest(rules::all().map(|rule| rule.id), id).filter(|_| needs.is_none());
            left.push(match near {
                Some(near) => finding.help(format!("did you mean {near}?")),
                None if whole => {
                    let gone = comment_with_blanks(subject, &ignore.range);
                    finding
                        .help("remove the comment")
                        .safe_fix("remove the comment", Some(subject.editor().rewrite(gone, String::new())))
                }
                None => finding.help(format!("take it out of the list, position {}", at + 1)),
            });
        }
    }
    left
}

/// A comment and the blanks before it; a whole line where it stands alone.
fn comment_with_blanks(subject: &Subject, comment: &Range<usize>) -> Range<usize> {
    let line = subject.text.line_range(subject.text.line_of(comment.start));
    let before = &subject.text.as_str()[line.start..comment.start];
    if before.trim().is_empty() { line } else { line.start + before.trim_end().len()..comment.end }
}

fn read(subject: &Subject, comment: &Range<usize>, extents: &HashMap<usize, usize>) -> Option<Ignore> {
    let text = subject.text.as_str().get(comment.clone())?;
    let at = text.find("incfg:")?;
    let rest = text[at + 6..].trim_start();
    let list = rest.strip_prefix("ignore")?.trim_start().strip_prefix('[')?;
    let (list, _) = list.split_once(']')?;
    let start = comment.start + (list.as_ptr() as usize - text.as_ptr() as usize);
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
    Some(Ignore { range: comment.clone(), rules, about: about(subject, comment, extents) })
}

/// What a comment speaks of.
fn about(subject: &Subject, comment: &Range<usize>, extents: &HashMap<usize, usize>) -> Range<usize> {
    let text = subject.text;
    let line = text.line_of(comment.start);
    let own = text.line_range(line);
    if !text.as_str()[own.start..comment.start].trim().is_empty() {
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
fn extents(subject: &Subject) -> HashMap<usize, usize> {
    let mut ends = HashMap::new();
    let mut note = |start: usize, end: usize| {
        let known: &mut usize = ends.entry(subject.text.line_of(start)).or_default();
        *known = end.max(*known);
    };
    let Some(root) = subject.tree.root() else { return ends };
    for node in subject.tree.within(root) {
        for item in subject.tree.items(node).unwrap_or_default() {
            note(subject.tree.node(*item).span.start, subject.tree.node(*item).span.end);
        }
        for (key, value) in subject.tree.entries(node).unwrap_or_default() {
            note(subject.tree.node(*key).span.start, subject.tree.node(*value).span.end);
        }
    }
    ends
}
