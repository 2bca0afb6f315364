//! The page of checked bootprep files: what was found, file by file, on its lines.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Serialize;

use crate::lint::{Finding, Severity};
use crate::report::directory;
use crate::report::findings::line::{Line, Lines};
use crate::report::findings::{FileReport, Report};
use crate::report::standing::count;

use super::{Detail, Masked, NoPage, Shown, more, page};

#[derive(Serialize)]
struct View {
    title: Shown,
    counted: Shown,
    directory: Option<Shown>,
    tone: &'static str,
    headline: Shown,
    counts: Vec<CountView>,
    fixes: Vec<Shown>,
    skipped: Vec<SkippedView>,
    unreadable: Vec<Shown>,
    more_unreadable: Option<Shown>,
    files: Vec<FileView>,
    more_files: Option<Shown>,
    left_out: Option<Shown>,
    rules: Vec<RuleView>,
    more_rules: Option<Shown>,
}

#[derive(Serialize)]
struct CountView {
    severity: &'static str,
    tone: &'static str,
    number: usize,
    plural: &'static str,
}

/// Rules that were not checked, by what they need.
#[derive(Serialize)]
struct SkippedView {
    flag: &'static str,
    rules: Shown,
}

#[derive(Serialize)]
struct FileView {
    path: Shown,
    summary: Shown,
    /// It has an error or a warning that is shown.
    open: bool,
    findings: Vec<FindingView>,
    more: Option<Shown>,
}

#[derive(Serialize)]
struct FindingView {
    severity: &'static str,
    tone: &'static str,
    rule: &'static str,
    /// The rule is explained on this page.
    explained: bool,
    at: Shown,
    path: Shown,
    message: Shown,
    lines: Vec<LineView>,
    help: Option<Shown>,
    fix: Option<FixView>,
}

#[derive(Serialize)]
struct LineView {
    number: usize,
    before: Shown,
    marked: Shown,
    after: Shown,
    note: Option<Shown>,
}

#[derive(Serialize)]
struct FixView {
    title: Shown,
    flags: &'static str,
}

#[derive(Serialize)]
struct RuleView {
    id: &'static str,
    severity: &'static str,
    finds: &'static str,
    otherwise: &'static str,
    number: usize,
    command: Shown,
}

/// The page.
///
/// # Errors
/// None that input can cause.
pub fn document(report: &Report) -> Result<Masked, NoPage> {
    page("findings.html", |detail| view(report, detail))
}

fn view(report: &Report, detail: &Detail) -> View {
    let summary = report.summary();
    let checked = report.files.iter().filter(|file| file.error.is_none()).count();
    let total = summary.errors + summary.warnings + summary.infos;
    let clean = report.files.iter().filter(|file| file.error.is_none() && file.findings.is_empty()).count();
    let with = checked - clean;
    let having = |severity| {
        let has = |file: &&FileReport| file.findings.iter().any(|finding| finding.severity == severity);
        count(report.files.iter().filter(has).count(), "file")
    };
    let (tone, headline) = match (summary.errors, summary.warnings, summary.infos) {
        _ if checked == 0 => ("bad", "Nothing could be checked".to_owned()),
        (0, 0, 0) => ("good", "Nothing found".to_owned()),
        (0, 0, infos) => ("quiet", format!("No error and no warning; {infos} for information")),
        (0, warnings, _) => {
            ("warn", format!("No error; {} in {}", count(warnings, "warning"), having(Severity::Warning)))
        }
        (errors, ..) => ("bad", format!("{} in {}", count(errors, "error"), having(Severity::Error))),
    };
    let directory = directory::common(report.files.iter().map(|file| file.path.as_str()));
    let shown = Shows::new(report, detail);
    let rules = rules(report, detail);
    let explained: BTreeSet<&str> = rules.iter().take(detail.rows.min(MOST_RULES)).map(|rule| rule.id).collect();
    let files: Vec<FileView> = report
        .files
        .iter()
        .enumerate()
        .filter(|(_, file)| !file.findings.is_empty())
        .take(detail.rows)
        .map(|(at, file)| {
            FileView::new(file, directory::below(&file.path, directory.as_deref()), shown.of(at), &explained, detail)
        })
        .collect();
    let unreadable: Vec<&String> = report.files.iter().filter_map(|file| file.error.as_ref()).collect();
    View {
        title: detail.text(&format!("{} checked", count(checked, "bootprep file"))),
        counted: detail.text(&format!("{with} with findings, {clean} without.")),
        directory: directory.as_ref().map(|directory| detail.text(&format!("{directory}/"))),
        tone,
        headline: detail.text(&headline),
        counts: counts(&summary),
        fixes: fixes(report, detail),
        skipped: skipped(report, detail),
        unreadable: unreadable.iter().take(detail.rows).map(|error| detail.text(error)).collect(),
        more_unreadable: more(unreadable.len(), detail.rows, "file"),
        more_files: more(with, detail.rows, "file"),
        files,
        left_out: more(total, shown.number, "finding"),
        more_rules: more(rules.len(), detail.rows.min(MOST_RULES), "rule"),
        rules: rules.into_iter().take(detail.rows.min(MOST_RULES)).collect(),
    }
}

/// Rules explained on the page; incfg has more than a hundred.
const MOST_RULES: usize = 200;

fn counts(summary: &crate::report::findings::Summary) -> Vec<CountView> {
    let view = |severity: Severity, number, plural| CountView {
        severity: severity.name(),
        tone: severity_tone(severity),
        number,
        plural,
    };
    vec![
        view(Severity::Error, summary.errors, "errors"),
        view(Severity::Warning, summary.warnings, "warnings"),
        view(Severity::Info, summary.infos, "for information"),
    ]
}

fn severity_tone(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "bad",
        Severity::Warning => "warn",
        Severity::Info => "quiet",
    }
}

/// Which findings are shown: the worst first, in the order of their files.
struct Shows {
    of: BTreeMap<usize, BTreeSet<usize>>,
    number: usize,
}

impl Shows {
    fn new(report: &Report, detail: &Detail) -> Self {
        let mut of: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut number = 0;
        for severity in [Severity::Error, Severity::Warning, Severity::Info] {
            let files = report.files.iter().enumerate().filter(|(_, file)| file.text.is_some());
            let findings = files.flat_map(|(at, file)| file.findings.iter().enumerate().map(move |found| (at, found)));
            for (file, (at, _)) in findings.filter(|(_, (_, finding))| finding.severity == severity) {
                if number == detail.rows {
                    return Self { of, number };
                }
                of.entry(file).or_default().insert(at);
                number += 1;
            }
        }
        Self { of, number }
    }

    fn of(&self, file: usize) -> Option<&BTreeSet<usize>> {
        self.of.get(&file)
    }
}

fn fixes(report: &Report, detail: &Detail) -> Vec<Shown> {
    let number = |safe| {
        let findings = report.files.iter().flat_map(|file| &file.findings);
        findings.filter_map(|finding| finding.fix.as_ref()).filter(|fix| fix.safe == safe).count()
    };
    [(true, "incfg check --fix"), (false, "incfg check --fix --unsafe, after a look with --diff")]
        .into_iter()
        .map(|(safe, by)| (number(safe), by))
        .filter(|(number, _)| *number > 0)
        .map(|(number, by)| detail.text(&format!("{number} by {by}")))
        .collect()
}

fn skipped(report: &Report, detail: &Detail) -> Vec<SkippedView> {
    let mut by_flag: Vec<(&'static str, Vec<&str>)> = Vec::new();
    for (rule, needs) in &report.skipped {
        let Some(flag) = needs.flag() else { continue };
        match by_flag.iter_mut().find(|(known, _)| *known == flag) {
            Some((_, rules)) => rules.push(rule.id),
            None => by_flag.push((flag, vec![rule.id])),
        }
    }
    by_flag.into_iter().map(|(flag, rules)| SkippedView { flag, rules: detail.text(&rules.join(", ")) }).collect()
}

fn rules(report: &Report, detail: &Detail) -> Vec<RuleView> {
    let mut found: BTreeMap<&'static str, RuleView> = BTreeMap::new();
    for finding in report.files.iter().flat_map(|file| &file.findings) {
        let rule = finding.rule;
        let view = found.entry(rule.id).or_insert_with(|| RuleView {
            id: rule.id,
            severity: rule.severity.name(),
            finds: rule.finds,
            otherwise: rule.otherwise,
            number: 0,
            command: detail.text(&format!("incfg check --explain {}", rule.id)),
        });
        view.number += 1;
    }
    found.into_values().collect()
}

impl FileView {
    fn new(
        file: &FileReport,
        path: &str,
        shown: Option<&BTreeSet<usize>>,
        explained: &BTreeSet<&str>,
        detail: &Detail,
    ) -> Self {
        let of = |severity| file.findings.iter().filter(|finding| finding.severity == severity).count();
        let parts = [(of(Severity::Error), "error"), (of(Severity::Warning), "warning")];
        let mut summary: Vec<String> =
            parts.into_iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(number, what)).collect();
        let infos = of(Severity::Info);
        if infos > 0 {
            summary.push(format!("{infos} for information"));
        }
        if file.left_out > 0 {
            summary.push(format!("{} that were too many to keep", file.left_out));
        }
        let findings: Vec<FindingView> = file
            .text
            .iter()
            .flat_map(|text| {
                let lines = Lines::new(text);
                let shown =
                    file.findings.iter().enumerate().filter(|(at, _)| shown.is_some_and(|set| set.contains(at)));
                shown.map(|(_, finding)| FindingView::new(file, &lines, finding, explained, detail)).collect::<Vec<_>>()
            })
            .collect();
        Self {
            path: detail.text(path),
            summary: detail.text(&summary.join(", ")),
            open: findings.iter().any(|finding| finding.severity != Severity::Info.name()),
            more: more(file.findings.len(), findings.len(), "finding"),
            findings,
        }
    }
}

impl FindingView {
    fn new(
        file: &FileReport,
        lines: &Lines<'_>,
        finding: &Finding,
        explained: &BTreeSet<&str>,
        detail: &Detail,
    ) -> Self {
        let at = lines.text.position(finding.range.start);
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        let mut shown = vec![LineView::new(lines, &finding.range, None, detail)];
        let related = finding.related.iter().take(detail.items.min(MOST_RELATED));
        shown.extend(related.map(|one| LineView::new(lines, &one.range, Some(&one.message), detail)));
        Self {
            severity: finding.severity.name(),
            tone: severity_tone(finding.severity),
            rule: finding.rule.id,
            explained: explained.contains(finding.rule.id),
            at: detail.text(&format!("{name}:{}:{}", at.line, at.column)),
            path: detail.text(&finding.path),
            message: detail.text(&finding.message),
            lines: shown,
            help: finding.help.as_ref().map(|help| detail.text(help)),
            fix: finding.fix.as_ref().map(|fix| FixView {
                title: detail.text(&fix.title),
                flags: if fix.safe { "--fix" } else { "--fix --unsafe" },
            }),
        }
    }
}

/// Related places shown of one finding.
const MOST_RELATED: usize = 4;

/// Characters shown of a line before what is marked.
const BEFORE: usize = 100;

impl LineView {
    /// The first line of a stretch of text, with the stretch marked.
    fn new(lines: &Lines<'_>, range: &Range<usize>, note: Option<&str>, detail: &Detail) -> Self {
        let Line { number, before, marked, after } = lines.with(range);
        let cut = before.chars().count().saturating_sub(BEFORE.min(detail.chars));
        let before = if cut > 0 { format!("…{}", before.chars().skip(cut).collect::<String>()) } else { before };
        Self {
            number,
            before: detail.text(&before),
            marked: detail.text(&marked),
            after: detail.text(after.trim_end()),
            note: note.map(|note| detail.text(note)),
        }
    }
}
