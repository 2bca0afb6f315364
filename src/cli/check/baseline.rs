//! A baseline: findings that are known, so that a repository full of them can take the check up.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::input;
use crate::report::findings::Report;

use super::super::document::read_text;
use super::super::save::save;
use super::super::{Exit, Failure, say};

const SCHEMA: &str = "incfg.baseline/1";

#[derive(Serialize, Deserialize)]
struct Baseline {
    schema: String,
    findings: Vec<Known>,
}

#[derive(Serialize, Deserialize)]
struct Known {
    path: String,
    rule: String,
    fingerprint: String,
    /// How many there are of them.
    count: usize,
}

type Key = (String, String, String);

/// Takes out what the baseline lists, each as often as it lists it.
pub(super) fn apply(report: &mut Report, path: &Path) -> Result<(), Failure> {
    let wrong = |why: &dyn std::fmt::Display| {
        Failure::new(Exit::Input, format!("{}: no baseline: {why}; --write-baseline writes one", path.display()))
    };
    let baseline: Baseline = serde_json::from_str(&read_text(path)?).map_err(|error| wrong(&input::no_json(&error)))?;
    if baseline.schema != SCHEMA {
        return Err(wrong(&format!("expected schema {SCHEMA}, found {}", baseline.schema)));
    }
    let mut left: BTreeMap<Key, usize> = BTreeMap::new();
    for known in baseline.findings {
        *left.entry((known.path, known.rule, known.fingerprint)).or_default() += known.count;
    }
    for file in &mut report.files {
        let Some(text) = &file.text else { continue };
        let path = file.path.clone();
        file.findings.retain(|finding| {
            let key = (path.clone(), finding.rule.id.to_owned(), finding.fingerprint(text));
            match left.get_mut(&key).filter(|count| **count > 0) {
                Some(count) => {
                    *count -= 1;
                    false
                }
                None => true,
            }
        });
    }
    Ok(())
}

/// Writes all findings down.
pub(super) fn write(report: &Report, path: &Path) -> Result<(), Failure> {
    let mut known: BTreeMap<Key, usize> = BTreeMap::new();
    for file in &report.files {
        let Some(text) = &file.text else { continue };
        for finding in &file.findings {
            let key = (file.path.clone(), finding.rule.id.to_owned(), finding.fingerprint(text));
            *known.entry(key).or_default() += 1;
        }
    }
    let findings: Vec<Known> =
        known.into_iter().map(|((path, rule, fingerprint), count)| Known { path, rule, fingerprint, count }).collect();
    let total = report.files.iter().map(|file| file.findings.len()).sum::<usize>();
    let baseline = Baseline { schema: SCHEMA.to_owned(), findings };
    let mut text = serde_json::to_string_pretty(&baseline).map_err(|error| Failure::new(Exit::Defect, error))?;
    text.push('\n');
    save(path, text.as_bytes())?;
    say(&format!("{}: {total} findings written; --baseline {} leaves them out", path.display(), path.display()))
}
