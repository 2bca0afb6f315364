//! Findings for people: where, what, the line itself, and what to do.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::line::{Line, Lines};
use super::{FileReport, Report, region};
use crate::lint::{Finding, Rule, Severity, rules};
use crate::report::printable;
use crate::report::wrap::{wrapped, wrapped_behind};
use crate::text::SourceText;

/// Characters of a line that are shown.
const SHOWN: usize = 160;

fn colour(severity: Severity) -> Style {
    match severity {
        Severity::Error => AnsiColor::Red.on_default().bold(),
        Severity::Warning => AnsiColor::Yellow.on_default().bold(),
        Severity::Info => AnsiColor::Cyan.on_default(),
    }
}

/// All findings. Those for information take a line each, unless `infos` asks for the whole of them. Prose is broken at
/// `columns`, lines of a file are not.
#[must_use]
pub fn findings(report: &Report, infos: bool, columns: Option<usize>) -> String {
    let mut out = String::new();
    for file in &report.files {
        // In a file with nothing to tell, nothing has to be looked for that is to be masked.
        let Some(text) = file.text.as_ref().filter(|_| !file.findings.is_empty()) else { continue };
        let lines = Lines::new(text);
        for finding in &file.findings {
            let mut line = String::new();
            first_line(&mut line, file, text, finding);
            out += &wrapped_behind(&line, columns, 4);
            if finding.severity > Severity::Info || infos {
                snippet(&mut out, &lines, finding, columns);
            }
        }
    }
    out
}

fn first_line(out: &mut String, file: &FileReport, text: &SourceText, finding: &Finding) {
    let at = region(text, &finding.range);
    let (style, bold) = (colour(finding.severity), Style::new().bold());
    let _ = writeln!(
        out,
        "{bold}{}:{}:{}{bold:#}: {style}{}[{}]{style:#}: {}",
        printable(&file.path),
        at.line,
        at.column,
        finding.severity.name(),
        finding.rule.id,
        printable(&finding.message)
    );
}

fn snippet(out: &mut String, lines: &Lines<'_>, finding: &Finding, columns: Option<usize>) {
    let text = lines.text;
    let style = colour(finding.severity);
    let at = region(text, &finding.range);
    let last = finding.related.iter().map(|related| region(text, &related.range).line).chain([at.line]).max();
    let gutter = last.unwrap_or(1).to_string().len();
    let room = columns.map_or(SHOWN, |columns| columns.saturating_sub(gutter + " | ".len()).clamp(SHOWN / 4, SHOWN));
    let frame = Frame { gutter, room };
    marked(out, lines, &finding.range, &frame, style, "^", "");
    for related in finding.related.iter().take(4) {
        marked(out, lines, &related.range, &frame, AnsiColor::Blue.on_default(), "-", &related.message);
    }
    let mut note = |what: &str, text: &str| {
        let line = format!("{:gutter$} = {what}: {text}\n", "");
        out.push_str(&wrapped_behind(&line, columns, gutter + what.len() + " = : ".len()));
    };
    if let Some(help) = &finding.help {
        note("help", &printable(help));
    }
    if let Some(fix) = &finding.fix {
        let how = if fix.safe { "--fix" } else { "--fix --unsafe" };
        note("fix", &format!("{} ({how})", printable(&fix.title)));
    }
    out.push('\n');
}

/// What is around the lines of a file that are shown.
struct Frame {
    /// Columns of the number of a line.
    gutter: usize,
    /// Characters of a line that have room.
    room: usize,
}

/// A line of the file with a stretch of it marked; of a longer stretch its first line.
fn marked(
    out: &mut String,
    lines: &Lines<'_>,
    range: &std::ops::Range<usize>,
    Frame { gutter, room }: &Frame,
    style: Style,
    sign: &str,
    note: &str,
) {
    let Line { number, before, marked, after } = lines.with(range);
    let column = before.chars().count();
    let whole = format!("{before}{marked}{after}");
    let length = whole.chars().count();
    let (gutter, room) = (*gutter, *room);
    let from = if length > room { column.saturating_sub(room / 2) } else { 0 };
    let shown: String = whole.chars().skip(from).take(room).collect();
    let ahead: String = before.chars().skip(from).map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
    let width = marked.chars().count().clamp(1, room - (column - from).min(room - 1));
    let note = if note.is_empty() { String::new() } else { format!(" {}", printable(note)) };
    let _ = writeln!(out, "{}", format!("{number:>gutter$} | {}", printable(&shown)).trim_end());
    let _ = writeln!(out, "{:gutter$} | {}{style}{}{note}{style:#}", "", ahead.replace('\t', " "), sign.repeat(width));
}

/// The last line: how much was found.
#[must_use]
pub fn summary(report: &Report) -> String {
    let summary = report.summary();
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let files = count(report.files.iter().filter(|file| file.error.is_none()).count(), "file");
    let total = summary.errors + summary.warnings + summary.infos;
    if report.files.iter().all(|file| file.error.is_some()) {
        return "nothing could be checked\n".to_owned();
    }
    let mut out = if total == 0 {
        format!("{files} checked, nothing found\n")
    } else {
        let mut parts = vec![count(summary.errors, "error"), count(summary.warnings, "warning")];
        if summary.infos > 0 {
            parts.push(format!("{} for information", summary.infos));
        }
        format!("{files} checked: {}\n", parts.join(", "))
    };
    for file in report.files.iter().filter(|file| file.left_out > 0) {
        let _ = writeln!(out, "{}: {} more findings are left out", printable(&file.path), file.left_out);
    }
    let fixes = |safe| {
        let findings = report.files.iter().flat_map(|file| &file.findings);
        findings.filter_map(|finding| finding.fix.as_ref()).filter(|fix| fix.safe == safe).count()
    };
    let fixable = match (fixes(true), fixes(false)) {
        (0, 0) => String::new(),
        (safe, 0) => format!("{safe} can be fixed by --fix\n"),
        (0, others) => format!("{others} can be fixed by --fix --unsafe; look at them first with --diff --unsafe\n"),
        (safe, others) => format!("{safe} can be fixed by --fix, {others} more by --fix --unsafe; --diff shows how\n"),
    };
    out.push_str(&fixable);
    let mut flags: Vec<&str> = report.skipped.iter().filter_map(|(_, needs)| needs.flag()).collect();
    flags.dedup();
    for flag in flags {
        let rules: Vec<&str> =
            report.skipped.iter().filter(|(_, needs)| needs.flag() == Some(flag)).map(|(rule, _)| rule.id).collect();
        let _ = writeln!(out, "not checked without {flag}: {}", rules.join(", "));
    }
    out
}

/// All that is to be said of a rule, its prose broken at `columns`.
#[must_use]
pub fn explanation(rule: &Rule, columns: Option<usize>) -> String {
    let bold = Style::new().bold();
    let mut out = format!("{bold}{}{bold:#} ({})\n\n", rule.id, rule.severity.name());
    let _ = writeln!(out, "Finds {}.\n\nOtherwise: {}\n", rule.finds, rule.otherwise);
    if let Some(flag) = rule.needs.flag() {
        let _ = writeln!(out, "Needs {flag}.\n");
    }
    out = wrapped(&out, columns);
    for (name, example) in [("Wrong", &rule.bad), ("Right", &rule.good)] {
        let _ = writeln!(out, "{bold}{name}{bold:#}:\n");
        for (title, text) in rules::parts(example) {
            if !title.is_empty() {
                let _ = writeln!(out, "    # {title}:");
            }
            for line in text.lines() {
                let _ = writeln!(out, "    {}", printable(line));
            }
            out.push('\n');
        }
    }
    out
}

/// All rules, a line each, family by family.
#[must_use]
pub fn rule_list() -> String {
    let mut out = String::new();
    let bold = Style::new().bold();
    for family in rules::FAMILIES {
        let _ = writeln!(out, "{bold}{}{bold:#}", family.name);
        for rule in family.rules {
            let _ = writeln!(out, "  {:<36} {:<8} {}", rule.id, rule.severity.name(), rule.finds);
        }
        out.push('\n');
    }
    out
}
