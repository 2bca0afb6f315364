//! Files of variables: their findings stand in them.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::jinja::{Lookup, is_template};
use crate::text::SourceText;
use crate::yaml::change::Editor;
use crate::yaml::{Meaning, NodeId, NodeKind, Tree};

use super::super::finding::{Example, Finding, Needs, Place, Rule, Severity};
use super::super::subject::Subject;
use super::super::{Context, VariablesText};
use super::{Family, mending, written};

/// These rules. What they find in the files of variables themselves is found once, not for every bootprep file.
pub static FAMILY: Family = Family {
    name: "Variables",
    rules: &[&NOT_MAPPING, &VERSION_NOT_STRING, &COLLISION, &NESTED, &UNUSED],
    check: |_, _| {},
};

macro_rules! named {
    ($name:literal) => {
        Example::of(concat!(
            "configurations:\n- name: \"",
            $name,
            "\"\n  layers: [{name: csm, playbook: a.yml, product: {name: csm, version: 1.5.2}}]\n"
        ))
    };
}

static NOT_MAPPING: Rule = Rule {
    id: "vars-not-mapping",
    severity: Severity::Error,
    finds: "a file of variables whose top level is no mapping",
    otherwise: "SAT stops at once: `must define a mapping at the top level`.",
    needs: Needs::Nothing,
    bad: named!("compute").variables("- recipe\n"),
    good: named!("compute-{{recipe.version}}").variables("recipe: {version: 24.11.0}\n"),
};

static VERSION_NOT_STRING: Rule = Rule {
    id: "vars-version-not-string",
    severity: Severity::Error,
    finds: "an unquoted number in a file of variables that renders as another text than is written: 1.10 as 1.1",
    otherwise: "SAT takes another version, or finds none.",
    needs: Needs::Nothing,
    bad: named!("compute-{{recipe.version}}").variables("recipe: {version: 24.10}\n"),
    good: named!("compute-{{recipe.version}}").variables("recipe: {version: \"24.10\"}\n"),
};

static COLLISION: Rule = Rule {
    id: "vars-hyphen-collision",
    severity: Severity::Warning,
    finds: "two top-level names that differ only in - and _",
    otherwise: "SAT makes one name of them, and the last one wins without a word.",
    needs: Needs::Nothing,
    bad: named!("compute-{{csm_diags.version}}")
        .variables("csm-diags: {version: 1.0.0}\ncsm_diags: {version: 2.0.0}\n"),
    good: named!("compute-{{csm_diags.version}}").variables("csm-diags: {version: 1.0.0}\n"),
};

static NESTED: Rule = Rule {
    id: "jinja-nested-variable",
    severity: Severity::Error,
    finds: "a variable in use whose value is a template itself, as in product_vars.yaml before IUF has rendered it",
    otherwise: "SAT renders once: the braces stay in the name, without a word.",
    needs: Needs::Variables,
    bad: named!("compute-{{uss.working_branch}}").variables("uss: {working_branch: \"{{ working_branch }}\"}\n"),
    good: named!("compute-{{uss.working_branch}}").variables("uss: {working_branch: integration-1.1.0}\n"),
};

static UNUSED: Rule = Rule {
    id: "vars-unused",
    severity: Severity::Info,
    finds: "a top-level variable that no checked file uses",
    otherwise: "Nothing happens. It may be what is left of a product, or a slip in a name.",
    needs: Needs::Variables,
    bad: named!("compute-{{uss.version}}").variables("uss: {version: 1.1.0}\ncos: {version: 2.5.120}\n"),
    good: named!("compute-{{uss.version}}").variables("uss: {version: 1.1.0}\n"),
};

/// What is wrong with the files of variables, whatever uses them.
pub(in super::super) fn of_files(context: &Context) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, variables) in context.variable_files.iter().enumerate() {
        let Some(tree) = &variables.tree else {
            let (_, _, broken) = mending::read(&variables.text, context);
            found.extend(broken.into_iter().map(|finding| finding.in_variables(file)));
            continue;
        };
        let mut own = Vec::new();
        in_file(&variables.text, tree, &mut own);
        found.extend(own.into_iter().map(|finding| finding.in_variables(file)));
    }
    found
}

fn in_file(text: &SourceText, tree: &Tree, found: &mut Vec<Finding>) {
    let first = Place { range: 0..text.line(0).len(), path: String::new() };
    let Some(root) = tree.root().filter(|root| tree.entries(*root).is_some()) else {
        found.push(NOT_MAPPING.at(first, "expected a mapping of variables at the top level, as in session_vars.yaml"));
        return;
    };
    let parents = tree.parents();
    let editor = Editor { text, tree, parents: &parents };
    let place = |node: NodeId| Place { range: tree.node(node).span.clone(), path: parents.path(node).to_string() };
    let mut names: HashMap<String, NodeId> = HashMap::new();
    for (key, _) in tree.entries(root).unwrap_or_default() {
        let Some(name) = tree.scalar(*key) else { continue };
        match names.get(&name.replace('-', "_")).copied() {
            None => {
                names.insert(name.replace('-', "_"), *key);
            }
            // The same name twice is a doubled key.
            Some(earlier) if tree.scalar(earlier) == Some(name) => {}
            Some(earlier) => found.push(
                COLLISION
                    .at(
                        place(*key),
                        format!(
                            "SAT calls this {}, as it does what stands in line {}; the last one wins",
                            name.replace('-', "_"),
                            text.position(tree.node(earlier).span.start).line
                        ),
                    )
                    .related(tree.node(earlier).span.clone(), "the first one"),
            ),
        }
    }
    for node in tree.within(root) {
        written::duplicate_keys(&editor, node, found);
        let NodeKind::Scalar { text: written, .. } = &tree.node(node).kind else { continue };
        let meaning = tree.meaning(node);
        if !matches!(meaning, Meaning::Int(_) | Meaning::Float(_)) {
            continue;
        }
        if let Some(printed) = meaning.printed().filter(|printed| printed.as_str() != &**written) {
            found.push(
                VERSION_NOT_STRING
                    .at(place(node), format!("SAT reads the number {printed} here, and renders that"))
                    .help("quote it")
                    .safe_fix("quote it", editor.quote(node)),
            );
        }
    }
}

/// A variable in use: its value has to be one that SAT renders to what is meant.
pub(super) fn used(subject: &Subject, lookup: &Lookup, value: &Json, found: &mut Vec<Finding>) {
    let Json::String(text) = value else { return };
    if !is_template(text) {
        return;
    }
    let Some((file, node, variables)) = place_of(subject.context, &lookup.names) else { return };
    let Some(tree) = &variables.tree else { return };
    let path = tree.parents().path(node).to_string();
    let place = Place { range: tree.node(node).span.clone(), path };
    found.push(
        NESTED
            .at(
                place,
                format!("{} is a template itself, and SAT renders once: the braces stay", lookup.names.join(".")),
            )
            .help("give SAT session_vars.yaml, in which IUF has rendered it")
            .in_variables(file),
    );
}

/// Where a variable stands: in the last file that has it.
fn place_of<'c>(context: &'c Context, names: &[String]) -> Option<(usize, NodeId, &'c VariablesText)> {
    let (root_name, attributes) = names.split_first()?;
    context.variable_files.iter().enumerate().rev().find_map(|(file, variables)| {
        let tree = variables.tree.as_ref()?;
        let root = tree.root()?;
        let (_, mut node) = tree
            .effective(root)
            .into_iter()
            .rev()
            .find(|(key, _)| tree.scalar(*key).is_some_and(|name| name.replace('-', "_") == *root_name))?;
        for name in attributes {
            node = tree.get(node, name)?;
        }
        Some((file, tree.resolved(node), variables))
    })
}

/// Variables that none of the checked files uses; `used` are the variables they use.
pub(in super::super) fn unused(context: &Context, used: &std::collections::BTreeSet<String>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, variables) in context.variable_files.iter().enumerate() {
        let Some(tree) = &variables.tree else { continue };
        for (key, _) in tree.root().and_then(|root| tree.entries(root)).unwrap_or_default() {
            let Some(name) = tree.scalar(*key) else { continue };
            if !used.contains(&name.replace('-', "_")) {
                let place = Place { range: tree.node(*key).span.clone(), path: name.to_owned() };
                found.push(UNUSED.at(place, format!("no checked file uses {name}")).in_variables(file));
            }
        }
    }
    found
}
