//! What a rewrite changed, for a person, and how to restart with it.

use std::fmt::Write;

use crate::plan::Plan;
use crate::rewrite::{ChangeKind, Report};

use super::{plan, printable, shell_word};

/// What was there before the rewrite is told so often: behind more of it, nobody would see what was changed.
const REMARKS: usize = 20;

/// The report; `new_file` is where the result was written, and `plan` the one whose images the file uses now.
#[must_use]
pub fn text(report: &Report, new_file: Option<&str>, plan: Option<&Plan>) -> String {
    let mut out = String::new();
    changed(&mut out, report);
    now_following(&mut out, report);
    left_alone(&mut out, report);
    before_the_rewrite(&mut out, report);
    if let Some(new_file) = new_file {
        restart(&mut out, new_file, plan);
    }
    out
}

/// What was changed, place by place.
fn changed(out: &mut String, report: &Report) {
    let file = printable(&report.file);
    for change in &report.changes {
        let (line, path, before) = (change.line, &change.path, printable(&change.before));
        let _ = match (change.kind, &change.after) {
            (ChangeKind::Pinned, Some(id)) => writeln!(out, "{file}:{line}: {path}: {before} -> {id}"),
            (ChangeKind::Named, Some(name)) => {
                writeln!(out, "{file}:{line}: {path}: {before} -> {}, the name it had", printable(name))
            }
            (ChangeKind::Removed, Some(id)) => {
                writeln!(out, "{file}:{line}: {path}: {before} removed; it exists as {id}")
            }
            _ => writeln!(out, "{file}:{line}: {path}: {before} removed; nothing refers to it any more"),
        };
    }
    if report.changes.is_empty() {
        let _ = writeln!(out, "{file}: nothing to change");
    }
}

/// Names that follow the record of a pinned image from now on.
fn now_following(out: &mut String, report: &Report) {
    let file = printable(&report.file);
    for renamed in &report.renamed {
        let stays = match &renamed.stays_if_called {
            Some(name) => format!("it stays the same only if that image is called {}", printable(name)),
            None => "look at that text before the restart".to_owned(),
        };
        let keep = if renamed.before.is_some() { "; --keep-names keeps it" } else { "" };
        let before = renamed.before.as_ref().map(|name| format!(" (so far {})", printable(name))).unwrap_or_default();
        let _ = writeln!(
            out,
            "{file}:{}: {}: {}{before} now follows the record that IMS has of image {}; {stays}{keep}",
            renamed.line,
            renamed.path,
            printable(&renamed.template),
            renamed.follows
        );
    }
}

/// What the restart will do with what is left in the file, and nobody would expect.
fn left_alone(out: &mut String, report: &Report) {
    let file = printable(&report.file);
    for deleted in &report.deleted_by_restart {
        let _ = writeln!(
            out,
            "{file}:{}: {} is built under the name {}: a restart with --overwrite-images deletes the pinned image {}",
            deleted.line,
            deleted.because,
            printable(&deleted.name),
            deleted.id
        );
    }
    let entries = [
        (
            &report.without_work,
            "has no configuration and builds on an existing image: SAT calls it created and makes nothing. Remove it, and pin what refers to it",
        ),
        (
            &report.by_name,
            "uses a pinned image by its name, which works while IMS has one image of that name; it was left alone",
        ),
        (&report.unreferenced, "is referred to by nothing any more, and would still be built; --prune removes it"),
    ];
    for (entry, said) in entries.into_iter().flat_map(|(entries, said)| entries.iter().map(move |entry| (entry, said)))
    {
        let _ = writeln!(out, "{file}:{}: {}: {} {said}", entry.line, entry.path, printable(&entry.name));
    }
}

/// What was in the file before.
fn before_the_rewrite(out: &mut String, report: &Report) {
    let file = printable(&report.file);
    for remark in report.remarks.iter().take(REMARKS) {
        let _ = writeln!(out, "{file}:{}: {}: {}", remark.line, remark.path, printable(&remark.what));
    }
    if let Some(more) = report.remarks.len().checked_sub(REMARKS).filter(|more| *more > 0) {
        let _ =
            writeln!(out, "{file}: and {more} more of these, which `incfg check {}` tells", shell_word(&report.file));
    }
}

/// The command that restarts IUF with the file. Only `run` takes a new one; `resume` and `restart` use the old.
fn restart(out: &mut String, new_file: &str, plan: Option<&Plan>) {
    let Some(plan) = plan else {
        let _ = writeln!(out, "\nRestart with it (-bm instead of -bc when it is the management file):");
        let _ = writeln!(
            out,
            "  iuf -a \"$ACTIVITY\" -m \"$MEDIA_DIR\" run -r prepare-images -sv \"$SITE_VARS\" -rv \"$PRODUCT_VARS\" -bc {}",
            shell_word(new_file)
        );
        out.push_str("IUF keeps the other bootprep file of an earlier run: if one was given with -bm or -bpcd, its images are built again.\n");
        return;
    };
    let step = plan::restart(plan, new_file);
    let _ = writeln!(out, "\n{}", step.says);
    for command in &step.commands {
        let _ = writeln!(out, "  {command}");
    }
    if let Some(note) = &step.note {
        let _ = writeln!(out, "{note}");
    }
}
