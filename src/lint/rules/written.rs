//! How a file is written: what works, and asks for care.

use crate::limits;
use crate::yaml::NodeId;
use crate::yaml::change::Editor;

use super::super::finding::{Example, Finding, Needs, Place, Rule, Severity};
use super::super::subject::Subject;
use super::Family;

/// These rules.
pub static FAMILY: Family = Family { name: "How it is written", rules: &[&DUPLICATE_KEY, &LINE_ENDS, &ANCHORS], check };

static DUPLICATE_KEY: Rule = Rule {
    id: "yaml-duplicate-key",
    severity: Severity::Error,
    finds: "a key that stands twice in a mapping",
    otherwise: "SAT reads the last one without a word, and what the first one says never happens. manta refuses the file.",
    needs: Needs::Nothing,
    bad: Example::of("images:\n- name: compute\n  name: uan\n  base: {ims: {name: recipe, type: recipe}}\n"),
    good: Example::of("images:\n- name: uan\n  base: {ims: {name: recipe, type: recipe}}\n"),
};

static LINE_ENDS: Rule = Rule {
    id: "yaml-no-final-newline-crlf-bom",
    severity: Severity::Info,
    finds: "a byte order mark, or line ends of both kinds in one file",
    otherwise: "SAT reads such a file; other tools, and people's editors, may change every line of it.",
    needs: Needs::Nothing,
    bad: Example::of("images: []\r\nsession_templates: []\n"),
    good: Example::of("images: []\nsession_templates: []\n"),
};

static ANCHORS: Rule = Rule {
    id: "yaml-anchor-merge",
    severity: Severity::Info,
    finds: "anchors, aliases and merge keys",
    otherwise: "SAT reads them; whoever edits the text of an anchor changes every place that uses it.",
    needs: Needs::Nothing,
    bad: Example::of(
        "images:\n- name: one\n  base: &base {ims: {name: recipe, type: recipe}}\n- name: two\n  base: *base\n",
    ),
    good: Example::of(
        "images:\n- name: one\n  base: {ims: {name: recipe, type: recipe}}\n- name: two\n  base: {ims: {name: recipe, type: recipe}}\n",
    ),
};

fn check(subject: &Subject, found: &mut Vec<Finding>) {
    let Some(root) = subject.tree.root() else { return };
    for node in subject.tree.within(root) {
        duplicate_keys(&subject.editor(), node, found);
        if subject.tree.node(node).anchored {
            let users = subject.tree.node(node).shared;
            let message =
                if users { "an anchor: a change here changes all its users" } else { "an anchor that nothing uses" };
            let start = subject.tree.node(node).outer;
            let place = Place {
                range: start
                    ..subject.text.line_range(subject.text.line_of(start)).start
                        + subject.text.line(subject.text.line_of(start)).len(),
                ..subject.place(node)
            };
            found.push(ANCHORS.at(place, message));
        }
    }
    line_ends(subject, found);
}

/// Keys that stand twice in a mapping, of a bootprep file or of a file of variables.
pub(super) fn duplicate_keys(editor: &Editor<'_>, node: NodeId, found: &mut Vec<Finding>) {
    let (text, tree) = (editor.text, editor.tree);
    for (earlier, key) in tree.doubled(node).into_iter().take(limits::STRANGERS) {
        let name = tree.scalar(key).unwrap_or_default();
        let line = text.position(tree.node(earlier).span.start).line;
        let place = Place { range: tree.node(key).span.clone(), path: editor.parents.path(key).to_string() };
        found.push(
            DUPLICATE_KEY
                .at(place, format!("`{name}` stands in line {line} already; SAT reads only the last one"))
                .related(tree.node(earlier).span.clone(), "the first one")
                .help("remove one of them")
                .unsafe_fix("remove the earlier one, which SAT does not read", editor.remove_earlier(earlier)),
        );
    }
}

fn line_ends(subject: &Subject, found: &mut Vec<Finding>) {
    let source = subject.text.as_str();
    let first = Place { range: 0..subject.text.line(0).len(), path: String::new() };
    if subject.text.has_bom() {
        found.push(LINE_ENDS.at(first.clone(), "the file begins with a byte order mark"));
    }
    let breaks = memchr::memchr_iter(b'\n', source.as_bytes()).count();
    let windows = memchr::memmem::find_iter(source.as_bytes(), "\r\n").count();
    if windows > 0 && windows < breaks {
        found.push(LINE_ENDS.at(first, format!("{windows} of {breaks} lines end with CR LF, the others with LF")));
    }
}
