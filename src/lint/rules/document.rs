//! Files that hold nothing, or something else.

use crate::bootprep::Section;

use super::super::finding::{Example, Finding, Needs, Place, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family { name: "The document", rules: &[&EMPTY, &TOP_LEVEL], check };

static EMPTY: Rule = Rule {
    id: "empty-file",
    severity: Severity::Error,
    finds: "a file without anything but comments; as information, one whose sections are all empty",
    otherwise: "SAT ends with a traceback: `'NoneType' object has no attribute 'get'`.",
    needs: Needs::Nothing,
    bad: Example::of("# nothing yet\n"),
    good: Example::of("images:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n"),
};

static TOP_LEVEL: Rule = Rule {
    id: "schema-top-level",
    severity: Severity::Error,
    finds: "a file whose top level is no mapping",
    otherwise: "SAT ends with a traceback instead of a message.",
    needs: Needs::Nothing,
    bad: Example::of("- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n"),
    good: Example::of("images:\n- name: compute\n  base: {ims: {name: recipe, type: recipe}}\n"),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let first_line =
        || Place { range: subject.text.line_range(0).start..subject.text.line(0).len(), path: String::new() };
    let Some(root) = subject.tree.root().filter(|root| !subject.tree.is_null(*root)) else {
        found.push(
            EMPTY
                .at(first_line(), "the file holds nothing")
                .help("SAT needs configurations, images or session_templates"),
        );
        return;
    };
    let Some(entries) = subject.tree.entries(root) else {
        let place = subject.place(root);
        let end = subject.text.line_range(subject.text.line_of(place.range.start)).end.min(place.range.end);
        let place = Place { range: place.range.start..end, ..place };
        found.push(
            TOP_LEVEL
                .at(place, "the top level is no mapping")
                .help("expected the keys configurations, images and session_templates, each with a list"),
        );
        return;
    };
    let sections = Section::ALL.map(|section| subject.tree.get(root, section.key()));
    let is_empty = |node: usize| subject.tree.items(node).is_some_and(<[usize]>::is_empty);
    let other_keys = entries.iter().any(|(key, _)| {
        let key = subject.tree.scalar(*key);
        key != Some("schema_version") && !Section::ALL.iter().any(|section| key == Some(section.key()))
    });
    if !other_keys && sections.into_iter().flatten().all(is_empty) {
        found.push(
            EMPTY
                .at(first_line(), "no section of the file holds anything: there is nothing to do")
                .severity(Severity::Info),
        );
    }
}
