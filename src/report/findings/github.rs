//! Findings as annotations of GitHub Actions.

use std::fmt::Write;

use super::{Report, region};
use crate::lint::Severity;
use crate::report::Masked;
use crate::secret;
use crate::shown::is_obeyed;

/// Workflow commands, a line each.
#[must_use]
pub fn annotations(report: &Report) -> Masked {
    let mut out = String::new();
    for (file, text, finding) in report.placed() {
        let at = region(text, &finding.range);
        let command = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let help = finding.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        let _ = writeln!(
            out,
            "::{command} file={},line={},col={},endLine={},endColumn={},title={}::{}",
            property(&file.path),
            at.line,
            at.column,
            at.end_line,
            at.end_column,
            property(finding.rule.id),
            data(&format!("{}{help}", finding.message)),
        );
    }
    for file in &report.files {
        if let Some(error) = &file.error {
            let _ = writeln!(out, "::error file={},title=unreadable::{}", property(&file.path), data(error));
        }
    }
    Masked::of_masked_words(out)
}

/// Text behind the command: a line break would end it, and who reads the log of a job reads it at a terminal, too.
fn data(text: &str) -> String {
    let text: String = secret::masked(text)
        .chars()
        .map(|letter| if is_obeyed(letter) && !matches!(letter, '\n' | '\r') { '\u{fffd}' } else { letter })
        .collect();
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value in front of it: a comma or colon would end that.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
