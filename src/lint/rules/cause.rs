//! Why a text is no YAML: the mistakes people make, each told where it was made and not where the parser gave up.

use std::sync::LazyLock;

use regex::Regex;

use crate::limits;
use crate::text::SourceText;
use crate::yaml::Tree;
use crate::yaml::edit::Edit;

use super::super::finding::{Finding, Place};
use super::syntax::{MULTIPLE_DOCUMENTS, SYNTAX, UNQUOTED_JINJA, place, quoted, unread};

/// The true cause of an error, where it is one of those people make.
pub(super) fn cause(text: &SourceText, at: usize, what: &str, mended: &[Edit]) -> Option<Finding> {
    if what.starts_with("a second YAML document") {
        return Some(
            MULTIPLE_DOCUMENTS
                .at(place(text, at), "a second YAML document begins here; SAT reads files with one document only"),
        );
    }
    let line = text.line_of(at.min(text.as_str().len()));
    let untouched = |line: &usize| {
        let range = text.line_range(*line);
        !mended.iter().any(|edit| range.contains(&edit.range.start))
    };
    let near = [Some(line), line.checked_sub(1), Some(line + 1)];
    let near: Vec<usize> = near.into_iter().flatten().filter(|line| *line < text.lines()).filter(untouched).collect();
    near.iter()
        .find_map(|line| jinja_in_flow(text, *line))
        .or_else(|| near.iter().find_map(|line| tab(text, *line)))
        .or_else(|| near.iter().find_map(|line| first_letter(text, *line, what)))
        .or_else(|| no_blank_behind_colon(text, line, what))
        .or_else(|| near.iter().find_map(|line| colon(text, *line)))
        .or_else(|| open_quote(text, line, what))
        .or_else(|| open_bracket(text, line))
        .or_else(|| indent(text, line))
}

/// A value in braces or brackets that holds a brace of Jinja without quotes: YAML takes the braces for its own.
fn jinja_in_flow(text: &SourceText, line: usize) -> Option<Finding> {
    let content = text.line(line);
    let (begin, brace) = brace_of_jinja(content)?;
    let end = content.len() - behind_value(content.get(brace..)?)?.len();
    let written = content.get(begin..end)?;
    let start = begin + (written.len() - written.trim_start().len());
    let value = written.trim();
    // A value of a block is told by the line itself.
    let in_flow = content.get(..start)?.contains(['{', '[']);
    if !in_flow || value.is_empty() {
        return None;
    }
    let offset = text.line_range(line).start;
    let range = offset + start..offset + start + value.len();
    Some(
        UNQUOTED_JINJA
            .at(
                Place { range: range.clone(), path: String::new() },
                "a value with braces of Jinja needs quotes: YAML takes them for its own",
            )
            .help("quote the value")
            .safe_fix("quote the value", quoted(value).and_then(|quoted| unread(range, quoted))),
    )
}

/// Where the value begins that has a brace of Jinja without quotes, and where the brace stands; of several the first.
fn brace_of_jinja(content: &str) -> Option<(usize, usize)> {
    let (mut quote, mut begin, mut before) = (None, 0, None);
    let mut bytes = content.bytes().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        let next = bytes.peek().map(|(_, next)| *next);
        match (quote, byte) {
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'#') if before == Some(b' ') => return None,
            (None, b'"' | b'\'') if content.get(begin..at)?.trim().is_empty() => quote = Some(byte),
            (None, b'{') if next == Some(b'{') => return Some((begin, at)),
            (None, b':') if next == Some(b' ') => begin = at + 1,
            (None, b',' | b'[' | b'{') => begin = at + 1,
            (None, _) => {}
        }
        before = Some(byte);
    }
    None
}

/// What stands behind a value in flow style, from the sign on that ends it; signs in braces of Jinja do not.
fn behind_value(mut rest: &str) -> Option<&str> {
    loop {
        let mut letters = rest.chars();
        match letters.next() {
            None | Some(',' | '}' | ']') => return Some(rest),
            Some('{') if rest.starts_with("{{") => rest = rest.split_once("}}")?.1,
            Some(_) => rest = letters.as_str(),
        }
    }
}

/// A value that begins with a sign that means something to YAML.
fn first_letter(text: &SourceText, line: usize, what: &str) -> Option<Finding> {
    let (at, value) = value_of(text.line(line))?;
    let first = value.chars().next()?;
    let means = match first {
        '*' if what.contains("anchor") => "an alias",
        '@' | '`' => "nothing yet, and is kept for later",
        '%' => "a directive",
        _ => return None,
    };
    let start = text.line_range(line).start + at;
    let range = start..start + value.len();
    Some(
        SYNTAX
            .at(
                Place { range: range.clone(), path: String::new() },
                format!("a value that begins with {first} needs quotes: to YAML that means {means}"),
            )
            .help("quote the value")
            .unsafe_fix("quote the value", quoted(value).and_then(|quoted| unread(range, quoted))),
    )
}

/// `key:value` and `key value` are texts, not entries.
fn no_blank_behind_colon(text: &SourceText, line: usize, what: &str) -> Option<Finding> {
    if !what.contains("expected ':'") {
        return None;
    }
    (0..=line).rev().take(3).find_map(|line| {
        let content = text.line(line);
        let trimmed = content.trim_start().trim_start_matches("- ");
        let entry = trimmed.split_once(':').is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with(' '));
        if trimmed.is_empty() || trimmed.starts_with('#') || entry {
            return None;
        }
        let start = text.line_range(line).start + content.len() - trimmed.len();
        let place = Place { range: start..start + trimmed.trim_end().len(), path: String::new() };
        Some(SYNTAX.at(place, "this line is no `key: value`").help("write a colon and a blank behind the key"))
    })
}

/// A brace or bracket that does not close: the parser notices where it gives up, the reader needs where it opens.
fn open_bracket(text: &SourceText, line: usize) -> Option<Finding> {
    let mut closed = 0_usize;
    for line in (0..=line).rev().take(limits::QUOTE_LINES) {
        let content = text.line(line);
        if content.contains(['"', '\'']) && content.contains("{{") {
            continue;
        }
        let content = content.split_once(" #").map_or(content, |(content, _)| content);
        for (at, sign) in content.char_indices().rev() {
            match sign {
                '}' | ']' => closed += 1,
                '{' | '[' if closed > 0 => closed -= 1,
                '{' | '[' => {
                    let start = text.line_range(line).start + at;
                    let place = Place { range: start..start + 1, path: String::new() };
                    return Some(
                        SYNTAX.at(place, format!("the {sign} that opens here does not close")).help("close it"),
                    );
                }
                _ => {}
            }
        }
    }
    None
}

/// A quote that does not close: the parser notices where it gives up, the reader needs where it opens.
fn open_quote(text: &SourceText, line: usize, what: &str) -> Option<Finding> {
    if !what.contains("quoted scalar") {
        return None;
    }
    (0..=line).rev().take(limits::QUOTE_LINES).find_map(|line| {
        let content = text.line(line);
        let (at, value) = value_of(content)?;
        let quote = value.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
        let closed = value.len() > 1 && value.ends_with(quote);
        (!closed).then(|| {
            let start = text.line_range(line).start + at;
            let place = Place { range: start..start + value.len(), path: String::new() };
            SYNTAX.at(place, format!("the quote {quote} that opens here does not close on this line")).help("close it")
        })
    })
}

/// An indent that no open entry has.
fn indent(text: &SourceText, line: usize) -> Option<Finding> {
    let content = text.line(line);
    let depth = |content: &str| content.len() - content.trim_start_matches(' ').len();
    let own = depth(content);
    let mut open: Vec<usize> = Vec::new();
    // What stands further up may have the indent, unless the lines seen go up to the margin.
    let mut all_seen = line <= limits::QUOTE_LINES;
    for above in (0..line).rev().take(limits::QUOTE_LINES) {
        let content = text.line(above);
        let trimmed = content.trim_start_matches(' ');
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let outer = depth(content);
        let inner = outer + (trimmed.len() - trimmed.trim_start_matches("- ").len());
        for depth in [inner, outer] {
            if open.last().is_none_or(|last| depth < *last) {
                open.push(depth);
            }
        }
        if outer == 0 {
            all_seen = true;
            break;
        }
    }
    if !all_seen || open.contains(&own) || open.first().is_none_or(|first| own > *first) {
        return None;
    }
    let near: Vec<String> = open.iter().filter(|depth| depth.abs_diff(own) <= 3).map(ToString::to_string).collect();
    let start = text.line_range(line).start;
    let place = Place { range: start..start + content.trim_end().len(), path: String::new() };
    let finding = SYNTAX.at(place, format!("this line is indented by {own}, and no entry above it is"));
    Some(if near.is_empty() {
        finding
    } else {
        finding.help(format!("the entries above are indented by {}", near.join(", ")))
    })
}

/// A tab in the indent of a line. How many blanks it stands for is found by trying.
fn tab(text: &SourceText, line: usize) -> Option<Finding> {
    let content = text.line(line);
    let indent = blanks_before(content);
    indent.contains('\t').then_some(())?;
    let start = text.line_range(line).start;
    let range = start..start + indent.len();
    let tabbed: Vec<usize> = (0..text.lines()).filter(|line| tabs_in_indent(text.line(*line))).collect();
    let width = [2, 4, 8].into_iter().find(|width| {
        let edits: Vec<Edit> = tabbed.iter().map(|line| untabbed(text, *line, *width)).collect();
        Tree::parse(&spliced(text, &edits)).is_ok()
    });
    let finding = SYNTAX
        .at(Place { range: range.clone(), path: String::new() }, "a tab in the indent: YAML takes blanks only")
        .help("put blanks in its place");
    let width = width.unwrap_or(2);
    let edit = untabbed(text, line, width);
    Some(finding.safe_fix("put blanks in place of the tab", unread(edit.range, edit.text)))
}

fn blanks_before(line: &str) -> &str {
    line.strip_suffix(line.trim_start()).unwrap_or_default()
}

fn tabs_in_indent(line: &str) -> bool {
    blanks_before(line).contains('\t')
}

fn untabbed(text: &SourceText, line: usize, width: usize) -> Edit {
    let content = text.line(line);
    let indent = blanks_before(content);
    let start = text.line_range(line).start;
    Edit { range: start..start + indent.len(), text: indent.replace('\t', &" ".repeat(width)) }
}

static ENTRY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^((?:\s*- )*\s*(?:[A-Za-z0-9_.-]+\s*:\s+|- ))(.+?)\s*$").ok());

/// The value of a line `key: value` or `- value`, with its comment left out.
pub(super) fn value_of(line: &str) -> Option<(usize, &str)> {
    let parts = ENTRY.as_ref()?.captures(line)?;
    let value = parts.get(2)?;
    let text = value.as_str();
    let text = text.split_once(" #").map_or(text, |(text, _)| text.trim_end());
    Some((value.start(), text))
}

/// `: ` in an unquoted value.
fn colon(text: &SourceText, line: usize) -> Option<Finding> {
    let (at, value) = value_of(text.line(line))?;
    if value.starts_with(['"', '\'', '{', '[', '|', '>', '&', '*', '!', '#'])
        || !(value.contains(": ") || value.ends_with(':'))
    {
        return None;
    }
    let start = text.line_range(line).start + at;
    let range = start..start + value.len();
    Some(
        SYNTAX
            .at(Place { range: range.clone(), path: String::new() }, "`: ` in a value without quotes begins a mapping")
            .help("quote the value")
            .unsafe_fix("quote the value", quoted(value).and_then(|quoted| unread(range, quoted))),
    )
}

/// The text with edits made; of two that meet the first.
pub(super) fn spliced(text: &SourceText, edits: &[Edit]) -> SourceText {
    let mut result = String::with_capacity(text.as_str().len());
    let mut done = 0;
    for edit in edits.iter().filter(|edit| edit.range.start <= edit.range.end) {
        if edit.range.start < done {
            continue;
        }
        result.push_str(text.part(done..edit.range.start));
        result.push_str(&edit.text);
        done = edit.range.end;
    }
    result.push_str(text.part(done..));
    text.with_text(result)
}
