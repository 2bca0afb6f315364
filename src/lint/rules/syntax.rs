//! Text that is no YAML to SAT, and why.

use std::ops::Range;

use crate::text::SourceText;
use crate::yaml::change::{Change, Meant};
use crate::yaml::edit::Edit;
use crate::yaml::{Meaning, NodeId, NodeKind, ScalarStyle};

use super::super::finding::{Example, Finding, Needs, Place, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family =
    Family { name: "YAML syntax", rules: &[&SYNTAX, &UNQUOTED_JINJA, &MULTIPLE_DOCUMENTS], check: in_tree };

pub(super) static SYNTAX: Rule = Rule {
    id: "yaml-syntax",
    severity: Severity::Error,
    finds: "text that is no YAML to SAT: a tab outside quotes, a wrong indent, `: ` in an unquoted value, a quote that does not close",
    otherwise: "SAT stops at once with `Failed to load YAML from input file`, often pointing elsewhere.",
    needs: Needs::Nothing,
    bad: Example::of("configurations:\n- name: compute\n\tlayers: []\n"),
    good: Example::of("configurations:\n- name: compute\n  layers: []\n"),
};

pub(super) static UNQUOTED_JINJA: Rule = Rule {
    id: "yaml-unquoted-jinja",
    severity: Severity::Error,
    finds: "an unquoted value that begins with `{{` or `{%`, or a line of a Jinja statement",
    otherwise: "YAML reads a brace as the beginning of a mapping. SAT stops at once, and its message names another cause.",
    needs: Needs::Nothing,
    bad: Example::of("configurations:\n- name: {{default.note}}compute\n  layers: []\n"),
    good: Example::of("configurations:\n- name: \"{{default.note}}compute\"\n  layers: []\n"),
};

pub(super) static MULTIPLE_DOCUMENTS: Rule = Rule {
    id: "yaml-multiple-documents",
    severity: Severity::Error,
    finds: "a second YAML document",
    otherwise: "SAT stops at once with `expected a single document in the stream`.",
    needs: Needs::Nothing,
    bad: Example::of("images: []\n---\nsession_templates: []\n"),
    good: Example::of("images: []\nsession_templates: []\n"),
};

/// The place of an error: what is left of its line, or the last thing before it.
pub(super) fn place(text: &SourceText, at: usize) -> Place {
    let at = at.min(text.as_str().len());
    let line = text.line_of(at);
    let end = text.line_range(line).start + text.line(line).len();
    Place { range: at.min(end)..end.max(at.min(end)), path: String::new() }
}

pub(super) fn unread(range: Range<usize>, text: String) -> Option<Change> {
    Some(Change { edits: vec![Edit { range, text }], means: vec![Meant::Anything] })
}

/// What the parser of incfg lets through and SAT's does not.
fn in_tree(subject: &Subject, found: &mut Vec<Finding>) {
    for id in nodes(subject) {
        let node = subject.tree.node(id);
        if matches!(node.kind, NodeKind::Mapping { flow: true, .. })
            && subject.text.part(node.span.clone()).starts_with("{{")
        {
            jinja_as_mapping(subject, id, found);
        }
        let built = subject.tree.meaning(id) != Meaning::Unbuildable;
        let tag = node.tag.filter(|tag| !tag.starts_with("tag:yaml.org,2002:") && *tag != "!");
        if !built || tag.is_some() {
            let what = tag.map_or("`=`".to_owned(), |tag| format!("the tag `{tag}`"));
            found.push(
                SYNTAX
                    .at(subject.place(id), format!("SAT's reader of YAML cannot build {what}"))
                    .help("write a plain value"),
            );
        }
    }
    breaks_in_comments(subject, found);
    tabs(subject, found);
}

fn nodes(subject: &Subject) -> Vec<NodeId> {
    subject.tree.root().map(|root| subject.tree.within(root)).unwrap_or_default()
}

/// Signs that end a line to SAT's reader, and with it a comment: what follows them is no comment any more.
fn breaks_in_comments(subject: &Subject, found: &mut Vec<Finding>) {
    let breaks = ['\u{85}', '\u{2028}', '\u{2029}'];
    for comment in subject.tree.comments() {
        if let Some(at) = subject.text.part(comment.clone()).find(breaks) {
            let range = comment.start + at..comment.end;
            found.push(
                SYNTAX
                    .at(
                        Place { range, path: String::new() },
                        "SAT's reader of YAML takes this sign for the end of the line, and of the comment",
                    )
                    .help("remove it: an editor shows it as nothing or as a blank"),
            );
        }
    }
}

/// Tabs where SAT's reader takes none; of a line the first.
fn tabs(subject: &Subject, found: &mut Vec<Finding>) {
    let source = subject.text.as_str();
    if !source.contains('\t') {
        return;
    }
    let mut quiet: Vec<Range<usize>> = subject.tree.comments().to_vec();
    quiet.extend(nodes(subject).into_iter().map(|id| subject.tree.node(id)).filter_map(|node| match node.kind {
        NodeKind::Scalar { style: ScalarStyle::Quoted | ScalarStyle::Block, .. } => Some(node.span.clone()),
        _ => None,
    }));
    quiet.sort_by_key(|range| range.start);
    let mut last_line = None;
    for tab in memchr::memchr_iter(b'\t', source.as_bytes()) {
        let before = quiet.partition_point(|range| range.start <= tab);
        let is_quiet = before.checked_sub(1).and_then(|last| quiet.get(last)).is_some_and(|range| range.contains(&tab));
        let line = subject.text.line_of(tab);
        if is_quiet || last_line == Some(line) {
            continue;
        }
        last_line = Some(line);
        let rest = subject.text.part(tab..);
        let width = rest.len() - rest.trim_start_matches(['\t', ' ']).len();
        let range = tab..tab + width;
        let change = subject.editor().rewrite(range.clone(), " ".to_owned());
        found.push(
            SYNTAX
                .at(
                    Place { range, path: String::new() },
                    "a tab: SAT's reader of YAML takes one only inside quotes, blocks of text and comments",
                )
                .help("put a blank in its place")
                .safe_fix("put a blank in place of the tab", Some(change)),
        );
    }
}

/// `key: {{x}}` is a mapping with a mapping as its key: YAML, but nothing Python can build.
fn jinja_as_mapping(subject: &Subject, id: usize, found: &mut Vec<Finding>) {
    let inner = subject.parents.of(id).is_some_and(|parent| {
        let parent = subject.tree.node(parent);
        matches!(parent.kind, NodeKind::Mapping { flow: true, .. })
            && subject.text.part(parent.span.clone()).starts_with("{{")
    });
    if inner {
        return;
    }
    let span = subject.tree.node(id).span.clone();
    let written = subject.text.part(span.clone());
    let one_line = !written.contains('\n');
    let change = quoted(written).filter(|_| one_line).and_then(|quoted| unread(span, quoted));
    found.push(
        UNQUOTED_JINJA
            .at(subject.place(id), "a value that begins with a brace of Jinja needs quotes: YAML reads a mapping")
            .help("quote the value")
            .safe_fix("quote the value", change),
    );
}

/// A value with quotes around it, where one kind of quotes will do.
pub(super) fn quoted(value: &str) -> Option<String> {
    if !value.contains(['"', '\\']) {
        return Some(format!("\"{value}\""));
    }
    (!value.contains('\'')).then(|| format!("'{value}'"))
}
