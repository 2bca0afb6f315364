//! Checks of bootprep files: what SAT, CFS, IMS and BOS would say an hour later.
//!
//! [`check`] holds one file against every rule of the [`rules`] and gives findings, each with its place and, where one is
//! known, a fix. [`repair`] applies fixes through the same gate as every other edit.

pub mod finding;
pub mod ignore;
pub mod repair;
pub mod rules;
pub mod subject;
pub mod system;
pub mod target;

use std::collections::BTreeSet;

use crate::bootprep::variables::{Variables, VariablesError, VariablesFile};
use crate::bootprep::{is_of_incfg, what_else};
use crate::jinja;
use crate::limits;
use crate::nearness;
use crate::text::{SourceText, TextError};
use crate::yaml::Tree;

pub use finding::{Example, Finding, Fix, Needs, Place, Related, Rule, Severity};
use subject::Subject;
use system::System;
use target::Target;

/// A file of variables, whether it can be read or not.
#[derive(Debug, Clone)]
pub struct VariablesText {
    /// Its name.
    pub path: String,
    /// Its text.
    pub text: SourceText,
    /// Its tree; none where it is no YAML.
    pub tree: Option<Tree>,
}

/// What files are checked against: variables, the system they are for, and what is known of it.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// The files of variables, in order; a later one wins.
    pub variable_files: Vec<VariablesText>,
    /// What all of them say, and flags.
    pub variables: Variables,
    /// Variables were given, and all of them could be read: what they do not define is not defined.
    pub has_variables: bool,
    /// The system at hand.
    pub target: Target,
    /// Lists of what it holds.
    pub system: System,
    /// Report findings that a comment in the file asks to leave out.
    pub no_ignores: bool,
}

impl Context {
    /// Takes files of variables in, and after them single variables as `name.attribute=value`. A file that cannot be
    /// read is a finding in that file; what needs variables then stays silent.
    ///
    /// # Errors
    /// Bytes that are no text.
    pub fn add_variables(
        &mut self,
        files: &[(String, Vec<u8>)],
        flags: &[(Vec<String>, String)],
    ) -> Result<(), TextError> {
        let mut whole = !files.is_empty() || !flags.is_empty();
        for (path, bytes) in files {
            let text = SourceText::new(path, bytes)?;
            let tree = match VariablesFile::parse(path, bytes) {
                Ok(file) => {
                    whole &= self.variables.add(&file).is_ok();
                    Some(file.tree)
                }
                Err(VariablesError::Text(error)) => return Err(error),
                Err(_) => {
                    whole = false;
                    None
                }
            };
            self.variable_files.push(VariablesText { path: path.clone(), text, tree });
        }
        for (names, value) in flags {
            self.variables.set(names, value);
        }
        self.has_variables = whole;
        Ok(())
    }
}

/// What a check of a file gives.
#[derive(Debug, Clone, Default)]
pub struct Checked {
    /// What was found in it, in the order of the places.
    pub findings: Vec<Finding>,
    /// Findings that were too many to keep.
    pub left_out: usize,
    /// What was found in the files of variables because of what it uses of them.
    pub in_variables: Vec<Finding>,
    /// The variables it uses.
    pub variables: BTreeSet<String>,
    /// It is YAML of another kind, and was not checked: a mapping with no key of a bootprep file, nor one that is nearly one,
    /// or what incfg writes itself. What it is, or what was expected.
    pub other_file: Option<String>,
    /// Its text could be read as YAML, mended or not.
    pub read: bool,
}

/// Checks the text of a file.
#[must_use]
pub fn check(text: &SourceText, context: &Context) -> Checked {
    let (mended, tree, mut findings) = rules::mending::read(text, context);
    let mut checked = Checked { read: tree.is_some(), ..Checked::default() };
    if let Some(tree) = &tree {
        let source = mended.as_ref().map_or(text, |mended| &mended.text);
        if let Some(other) = other_file(tree) {
            return Checked { other_file: Some(other), ..Checked::default() };
        }
        let subject = Subject::new(source, tree, context);
        let mut rest = held_against_rules(&subject);
        checked.variables = variables_of(&subject);
        if let Some(mended) = &mended {
            for finding in rest.iter_mut().filter(|finding| finding.variables_file.is_none()) {
                mended.place_back(finding);
            }
        }
        let (in_variables, own): (Vec<_>, Vec<_>) =
            rest.into_iter().partition(|finding| finding.variables_file.is_some());
        checked.in_variables = in_variables;
        findings.extend(own);
    }
    finding::sort(&mut findings);
    checked.left_out = findings.len().saturating_sub(limits::FINDINGS);
    findings.truncate(limits::FINDINGS);
    checked.findings = findings;
    checked
}

fn other_file(tree: &Tree) -> Option<String> {
    let known = ["schema_version", "configurations", "images", "session_templates", "hardware"];
    let root = tree.root()?;
    let keys = tree.entries(root).filter(|keys| !keys.is_empty())?;
    let other = what_else(tree)?;
    let of_incfg = tree.get(root, "schema").and_then(|schema| tree.scalar(schema)).is_some_and(is_of_incfg);
    // A key that is nearly one of a bootprep file is a slip in one.
    let slip = keys.iter().filter_map(|(key, _)| tree.scalar(*key)).any(|key| nearness::nearest(known, key).is_some());
    (of_incfg || !slip).then_some(other)
}

fn held_against_rules(subject: &Subject) -> Vec<Finding> {
    let mut found = Vec::new();
    for family in rules::FAMILIES {
        (family.check)(subject, &mut found);
    }
    found.retain(|finding| subject.applies(finding.rule));
    if subject.context.no_ignores {
        return found;
    }
    // Findings in the files of variables have comments of their own.
    let (elsewhere, own) = found.into_iter().partition(|finding| finding.variables_file.is_some());
    let file = ignore::Commented { text: subject.text, tree: subject.tree };
    let mut left: Vec<Finding> = ignore::apply(file, |rule| subject.applies(rule), own);
    left.extend::<Vec<Finding>>(elsewhere);
    left
}

fn variables_of(subject: &Subject) -> BTreeSet<String> {
    let templates = subject.examined.fields.iter().filter_map(|field| subject.tree.scalar(field.node));
    templates
        .filter(|text| jinja::is_template(text))
        .filter_map(|text| jinja::inspect(text).ok())
        .flat_map(|found| found.lookups.into_iter().map(|mut lookup| lookup.names.swap_remove(0)))
        .collect()
}

/// Checks the files of variables: `checked` is what the checks of the bootprep files gave.
#[must_use]
pub fn check_variables<'c>(context: &Context, checked: impl IntoIterator<Item = &'c Checked>) -> Vec<Finding> {
    let mut found = rules::variables::of_files(context);
    let mut used = BTreeSet::new();
    let mut all_read = true;
    for checked in checked {
        all_read &= checked.read;
        found.extend(checked.in_variables.iter().cloned());
        used.extend(checked.variables.iter().cloned());
    }
    if context.has_variables && all_read {
        found.extend(rules::variables::unused(context, &used));
    }
    if !context.no_ignores {
        for (at, file) in context.variable_files.iter().enumerate() {
            let Some(tree) = &file.tree else { continue };
            let (own, others): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|finding| finding.variables_file == Some(at));
            let commented = ignore::Commented { text: &file.text, tree };
            let left = ignore::apply(commented, |rule| all_read && rule.needs <= Needs::Variables, own);
            found = others;
            found.extend(left.into_iter().map(|finding| finding.in_variables(at)));
        }
    }
    finding::sort(&mut found);
    found.dedup_by(|one, other| {
        one.variables_file == other.variables_file && one.range == other.range && one.rule.id == other.rule.id
    });
    found
}
