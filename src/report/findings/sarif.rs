//! Findings as SARIF 2.1.0.

use serde_json::{Map, Value as Json, json};

use super::{FileReport, Region, Report, region};
use crate::lint::{Finding, Rule, Severity, rules};
use crate::report::Masked;
use crate::text::SourceText;

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// The log of one run. Columns count characters.
///
/// # Errors
/// None that input can cause.
pub fn log(report: &Report) -> serde_json::Result<Masked> {
    let known: Vec<&'static Rule> = rules::all().collect();
    let results: Vec<Json> = report.placed().map(|(file, text, finding)| result(file, text, finding, &known)).collect();
    let notices: Vec<Json> = report
        .files
        .iter()
        .filter_map(|file| {
            let error = file.error.as_ref()?;
            Some(json!({
                "level": "error",
                "message": {"text": error},
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri(&file.path)}}}],
            }))
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "incfg",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": known.iter().map(|rule| json!({
                    "id": rule.id,
                    "shortDescription": {"text": format!("Finds {}.", rule.finds)},
                    "fullDescription": {"text": rule.otherwise},
                    "defaultConfiguration": {"level": level(rule.severity)},
                })).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "invocations": [{"executionSuccessful": notices.is_empty(), "toolExecutionNotifications": notices}],
            "results": results,
        }],
    });
    Masked::json(&log)
}

fn result(file: &FileReport, text: &SourceText, finding: &Finding, known: &[&'static Rule]) -> Json {
    let help = finding.help.as_ref().map(|help| format!(" Help: {help}.")).unwrap_or_default();
    let mut result = object(json!({
        "ruleId": finding.rule.id,
        "ruleIndex": known.iter().position(|rule| rule.id == finding.rule.id),
        "level": level(finding.severity),
        "message": {"text": format!("{}.{help}", finding.message)},
        "locations": [location(file, region(text, &finding.range), None, &finding.path)],
        "partialFingerprints": {"incfg/v1": finding.fingerprint(text)},
    }));
    if !finding.related.is_empty() {
        let related = finding.related.iter();
        let places = related.map(|related| location(file, region(text, &related.range), Some(&related.message), ""));
        result.insert("relatedLocations".to_owned(), places.collect());
    }
    if let Some(fix) = &finding.fix {
        let replacements: Vec<Json> = fix
            .change
            .edits
            .iter()
            .map(|edit| json!({"deletedRegion": region_of(region(text, &edit.range)), "insertedContent": {"text": edit.text}}))
            .collect();
        let fixes = json!([{
            "description": {"text": fix.title},
            "artifactChanges": [{"artifactLocation": {"uri": uri(&file.path)}, "replacements": replacements}],
        }]);
        result.insert("fixes".to_owned(), fixes);
    }
    Json::Object(result)
}

/// The fields of an object, for more to come.
fn object(written: Json) -> Map<String, Json> {
    if let Json::Object(fields) = written { fields } else { Map::new() }
}

fn region_of(region: Region) -> Json {
    json!({
        "startLine": region.line,
        "startColumn": region.column,
        "endLine": region.end_line,
        "endColumn": region.end_column,
    })
}

fn location(file: &FileReport, region: Region, message: Option<&str>, path: &str) -> Json {
    let mut location = object(json!({
        "physicalLocation": {"artifactLocation": {"uri": uri(&file.path)}, "region": region_of(region)},
    }));
    if let Some(message) = message {
        location.insert("message".to_owned(), json!({"text": message}));
    }
    if !path.is_empty() {
        location.insert("logicalLocations".to_owned(), json!([{"fullyQualifiedName": path}]));
    }
    Json::Object(location)
}

/// A path as a reference: what a reference does not hold is written as its bytes.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
