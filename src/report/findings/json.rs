//! Findings as JSON, for scripts.

use serde::Serialize;

use super::{Region, Report, Summary, region};
use crate::lint::{Finding, Severity};
use crate::report::Masked;
use crate::text::SourceText;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    files: Vec<File<'a>>,
    summary: Summary,
    skipped: Vec<Skipped>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    findings: Vec<One<'a>>,
    #[serde(skip_serializing_if = "is_none")]
    left_out: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct Skipped {
    rule: &'static str,
    needs: &'static str,
}

#[derive(Serialize)]
struct One<'a> {
    rule: &'static str,
    severity: Severity,
    message: &'a str,
    #[serde(flatten)]
    region: Where,
    path: &'a str,
    help: Option<&'a str>,
    related: Vec<Related<'a>>,
    fix: Option<Fix<'a>>,
    fingerprint: String,
}

#[derive(Serialize)]
struct Where {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    region: Where,
    message: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    region: Where,
    text: &'a str,
}

impl From<Region> for Where {
    fn from(region: Region) -> Self {
        let Region { line, column, end_line, end_column } = region;
        Self { line, column, end_line, end_column }
    }
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

fn one<'a>(text: &SourceText, finding: &'a Finding) -> One<'a> {
    One {
        rule: finding.rule.id,
        severity: finding.severity,
        message: &finding.message,
        region: region(text, &finding.range).into(),
        path: &finding.path,
        help: finding.help.as_deref(),
        related: finding
            .related
            .iter()
            .map(|related| Related { region: region(text, &related.range).into(), message: &related.message })
            .collect(),
        fix: finding.fix.as_ref().map(|fix| Fix {
            title: &fix.title,
            safe: fix.safe,
            edits: fix
                .change
                .edits
                .iter()
                .map(|edit| Edit { region: region(text, &edit.range).into(), text: &edit.text })
                .collect(),
        }),
        fingerprint: finding.fingerprint(text),
    }
}

/// The findings.
///
/// # Errors
/// None that input can cause.
pub fn document(report: &Report) -> serde_json::Result<Masked> {
    let files = report
        .files
        .iter()
        .map(|file| File {
            path: &file.path,
            findings: file
                .text
                .iter()
                .flat_map(|text| file.findings.iter().map(move |finding| one(text, finding)))
                .collect(),
            left_out: file.left_out,
            error: file.error.as_deref(),
        })
        .collect();
    let skipped = report
        .skipped
        .iter()
        .map(|(rule, needs)| Skipped { rule: rule.id, needs: needs.flag().unwrap_or_default() })
        .collect();
    let document = Document { schema: "incfg.check/1", files, summary: report.summary(), skipped };
    Masked::json(&document)
}
