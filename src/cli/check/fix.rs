//! `incfg check --fix` and `--diff`.

use std::path::{Path, PathBuf};

use crate::lint::{self, Checked, Context, repair};
use crate::report::diff;
use crate::report::findings::{FileReport, Report};
use crate::text::SourceText;

use super::super::document::unchanged;
use super::super::save::save;
use super::super::{Exit, Failure, print_exact, print_styled, say};
use super::{Arguments, collect, exit, is_wanted, print_report, same_file};

/// A file and its repaired text.
struct Fixed {
    path: PathBuf,
    report: FileReport,
    /// The bytes as they were read; a file that has changed since is left alone.
    original: Vec<u8>,
    repaired: repair::Repaired,
    checked: Checked,
}

pub(super) fn run(arguments: &Arguments, context: &Context, sources: Vec<collect::Source>) -> Result<Exit, Failure> {
    let mut report = Report { files: Vec::new(), skipped: super::skipped(arguments, context) };
    let mut fixed = Vec::new();
    for source in sources {
        match one(arguments, context, source) {
            Ok(file) => fixed.push(file),
            Err(file) => report.files.push(*file),
        }
    }
    let variables = variables(arguments, context, &fixed)?;
    let from_stdin = fixed.iter().any(|file| file.path.as_os_str() == "-");
    let mut count = 0;
    for file in fixed.into_iter().chain(variables) {
        count += file.repaired.fixed.len();
        for refusal in &file.repaired.refused {
            let at = if refusal.path.is_empty() { String::new() } else { format!(" at {}", refusal.path) };
            say(&format!(
                "incfg: {}: the fix of {}{at} was not made: {}",
                file.report.path, refusal.rule, refusal.why
            ))?;
        }
        if arguments.diff {
            let (before, after) = (String::from_utf8_lossy(&file.original).into_owned(), file.repaired.text.as_str());
            print_styled(&diff::unified(&file.report.path, before.trim_start_matches('\u{feff}'), after))?;
        } else if file.path.as_os_str() == "-" {
            print_exact(&file.repaired.text.to_bytes())?;
        } else if file.repaired.text.to_bytes() != file.original {
            write(&file)?;
        }
        report.files.push(FileReport { text: Some(file.repaired.text), findings: file.repaired.left, ..file.report });
    }
    for file in &mut report.files {
        file.findings.retain(|finding| is_wanted(arguments, finding.rule));
    }
    report.files.sort_by(|one, other| one.path.cmp(&other.path));
    let what = if arguments.diff { "would be fixed" } else { "fixed" };
    if !arguments.diff && !from_stdin {
        print_report(arguments, &mut report)?;
    } else {
        for error in report.files.iter().filter_map(|file| file.error.as_ref()) {
            say(&format!("incfg: {error}"))?;
        }
    }
    say(&format!("{count} {what}"))?;
    Ok(exit(arguments, &report))
}

fn one(arguments: &Arguments, context: &Context, source: collect::Source) -> Result<Fixed, Box<FileReport>> {
    let (report, checked) = super::one(&source, context);
    let (Some(text), Ok(original)) = (&report.text, source.bytes) else { return Err(Box::new(report)) };
    let repaired =
        repair::repair(text, arguments.all_fixes, |text| wanted(arguments, lint::check(text, context).findings));
    Ok(Fixed { path: source.path, report, original, repaired, checked })
}

fn wanted(arguments: &Arguments, findings: Vec<lint::Finding>) -> Vec<lint::Finding> {
    findings.into_iter().filter(|finding| is_wanted(arguments, finding.rule)).collect()
}

/// The files of variables, repaired by what is found in them.
fn variables(arguments: &Arguments, context: &Context, files: &[Fixed]) -> Result<Vec<Fixed>, Failure> {
    let mut fixed = Vec::new();
    for (at, variables) in context.variable_files.iter().enumerate() {
        let check = |text: &SourceText| {
            let mut own = context.clone();
            if let Some(file) = own.variable_files.get_mut(at) {
                file.tree = crate::yaml::Tree::parse(text).ok();
                file.text = text.clone();
            }
            let found = lint::check_variables(&own, files.iter().map(|file| &file.checked));
            wanted(arguments, found.into_iter().filter(|finding| finding.variables_file == Some(at)).collect())
        };
        let repaired = repair::repair(&variables.text, arguments.all_fixes, check);
        if repaired.fixed.is_empty() && repaired.left.is_empty() {
            continue;
        }
        let path = PathBuf::from(&variables.path);
        let report =
            FileReport { path: variables.path.clone(), text: None, findings: Vec::new(), left_out: 0, error: None };
        fixed.push(Fixed { original: variables.text.to_bytes(), path, report, repaired, checked: Checked::default() });
    }
    let doubled =
        fixed.iter().enumerate().any(|(at, one)| fixed.iter().take(at).any(|other| same_file(&one.path, &other.path)));
    if doubled {
        return Err(Failure::new(Exit::Usage, "a file of variables is given twice; with --fix give it once"));
    }
    Ok(fixed)
}

fn write(file: &Fixed) -> Result<(), Failure> {
    let path: &Path = &file.path;
    unchanged(path, &file.original)?;
    save(path, &file.repaired.text.to_bytes())
}
