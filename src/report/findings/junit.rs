//! Findings as JUnit XML: a suite a file, a failed case a finding.

use std::fmt::Write;

use super::{Report, region};
use crate::lint::Severity;
use crate::report::Masked;
use crate::secret;
use crate::shown::is_obeyed;

/// The XML. Findings below `threshold` are no failures; they stand in the output of their suite.
#[must_use]
pub fn document(report: &Report, threshold: Severity) -> Masked {
    let failing = |severity: Severity| severity >= threshold;
    let total: usize = report.files.iter().map(|file| file.findings.len().max(1)).sum();
    let failures = report.placed().filter(|(_, _, finding)| failing(finding.severity)).count();
    let errors = report.files.iter().filter(|file| file.error.is_some()).count();
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        out,
        "<testsuites name=\"incfg check\" tests=\"{total}\" failures=\"{failures}\" errors=\"{errors}\">"
    );
    for file in &report.files {
        let failed = file.findings.iter().filter(|finding| failing(finding.severity)).count();
        let path = escaped(&file.path);
        let broken = usize::from(file.error.is_some());
        let tests = file.findings.len().max(1);
        let _ =
            writeln!(out, "  <testsuite name=\"{path}\" tests=\"{tests}\" failures=\"{failed}\" errors=\"{broken}\">");
        if let Some(error) = &file.error {
            let _ = writeln!(
                out,
                "    <testcase name=\"readable\" classname=\"{path}\"><error message=\"{}\"/></testcase>",
                escaped(error)
            );
        } else if file.findings.is_empty() {
            let _ = writeln!(out, "    <testcase name=\"no findings\" classname=\"{path}\"/>");
        }
        for (text, finding) in
            file.text.iter().flat_map(|text| file.findings.iter().map(move |finding| (text, finding)))
        {
            let at = region(text, &finding.range);
            let name = format!("{} {}:{}", finding.rule.id, at.line, at.column);
            let said = format!("{}:{}:{}: {}", file.path, at.line, at.column, finding.message);
            let help = finding.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
            let body = escaped(&format!("{said}{help}"));
            let _ = write!(out, "    <testcase name=\"{}\" classname=\"{path}\">", escaped(&name));
            let _ = if failing(finding.severity) {
                write!(
                    out,
                    "<failure type=\"{}\" message=\"{}\">{body}</failure>",
                    finding.severity.name(),
                    escaped(&finding.message)
                )
            } else {
                write!(out, "<system-out>{}: {body}</system-out>", finding.severity.name())
            };
            out.push_str("</testcase>\n");
        }
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    Masked::of_masked_words(out)
}

/// Text that XML can hold: no markup, and no character that XML does not have.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in secret::masked(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            letter if is_obeyed(letter) || ('\u{fffe}'..='\u{ffff}').contains(&letter) => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}
