//! What to do with what a finished plan made.

use std::fmt::Write;

use anstyle::Style;

use crate::plan::command::CrayCommand;
use crate::plan::{Existing, Leftover, Plan, StepState, Use};
use crate::report::steps::Step;
use crate::rewrite::Pin;

use super::{command, count, deletion, numbered, printable, shell_word};

/// The end of a plan: its pins, how to use them, and what may be deleted.
#[must_use]
pub fn through(plan: &Plan, path: &str, pins: &[Pin]) -> String {
    let mut out = String::new();
    let bold = Style::new().bold();
    let _ = writeln!(out, "{bold}{} made{bold:#}", count(plan.images.len(), "image"));
    for track in &plan.images {
        let _ = writeln!(out, "  {}  {}  {}", printable(track.label()), track.current(), printable(&track.result_name));
    }
    let _ = writeln!(out, "\n{bold}Pins{bold:#}: these images exist, and the bootprep file is to use them");
    for pin in pins {
        let _ = writeln!(out, "  {}={}", printable(&pin.image), pin.id);
    }
    for gone in plan.exists.iter().filter_map(no_pin) {
        let _ = writeln!(out, "  {gone}");
    }
    let _ = writeln!(out, "\n{bold}Next{bold:#}");
    numbered(&mut out, &end_steps(plan, path));
    let left = left_sessions(plan, path);
    if !left.is_empty() {
        let _ = writeln!(
            out,
            "\nSessions that are of no more use, and not deleted as far as the plan knows; incfg run {} deletes them, or:",
            shell_word(path)
        );
        for line in left {
            command(&mut out, &line);
        }
    }
    out
}

/// That an image is no pin although it existed; nothing of one that is.
#[must_use]
pub fn no_pin(image: &Existing) -> Option<String> {
    let when = image.gone_at.as_ref()?;
    Some(format!(
        "no pin: {} existed as {}, which IMS has no more (found at {when}); without a --pin it is built again",
        printable(&image.ref_name),
        image.id
    ))
}

/// What to do with what a finished plan made, in order.
#[must_use]
pub fn end_steps(plan: &Plan, path: &str) -> Vec<Step> {
    let new_file = format!("new-{}", base_name(&plan.bootprep.path));
    let vars: String = plan.vars_files.iter().map(|file| format!(" --vars-file {}", shell_word(&file.path))).collect();
    let rewrite = Step::new(
        "Rewrite the bootprep file; --diff instead of -o shows what would change:",
        [format!(
            "incfg rewrite-bootprep {}{vars} --from {} -o {}",
            shell_word(&plan.bootprep.path),
            shell_word(path),
            shell_word(&new_file)
        )],
    );
    let mut steps = vec![rewrite, restart(plan, &new_file)];
    steps.extend(intermediate(plan));
    steps
}

/// Only `run` takes a new bootprep file; `resume` and `restart` use the old one. What the plan does not know stands as a
/// variable.
pub(in crate::report) fn restart(plan: &Plan, new_file: &str) -> Step {
    let of = |name: &str| plan.images.iter().any(|track| track.operation.as_deref() == Some(name));
    let (managed, management) = (of("prepare-managed-images"), of("prepare-management-images"));
    let file = shell_word(new_file);
    let flags = match (managed, management) {
        (true, true) => format!("-bc {file} -bm {file}"),
        (false, true) => format!("-bm {file}"),
        _ => format!("-bc {file}"),
    };
    let hint = if managed || management { "" } else { " (-bm instead of -bc when it is the management file)" };
    let activity = plan.activity.as_ref().map_or("\"$ACTIVITY\"".to_owned(), |name| shell_word(name));
    let iuf = format!(
        "iuf -a {activity} -m \"$MEDIA_DIR\" run -r prepare-images -sv \"$SITE_VARS\" -rv \"$PRODUCT_VARS\" {flags}"
    );
    let other = match (managed, management) {
        (true, true) => None,
        (false, true) => Some("-bc"),
        _ => Some("-bm"),
    };
    let note = other.map(|flag| format!("IUF keeps the other bootprep file of an earlier run: if one was given with {flag} or -bpcd, its images are built again."));
    let unknown = if plan.activity.is_none() { "ACTIVITY, " } else { "" };
    let says = format!(
        "Restart IUF with the new file{hint}; {unknown}MEDIA_DIR, SITE_VARS and PRODUCT_VARS are those of the run before:"
    );
    let step = Step::new(says, [iuf]);
    Step { note: step.note.or(note), ..step }
}

/// Each layer leaves an image as large as the last, and nobody else deletes them.
fn intermediate(plan: &Plan) -> impl Iterator<Item = Step> {
    let (unclear, known): (Vec<_>, Vec<_>) = plan.leftovers().into_iter().partition(|image| image.was == Use::Unclear);
    let lists = [
        (
            known,
            "When the restart went well, delete the images between the base and the last; each takes as much room as the last:",
        ),
        (
            unclear,
            "Images that CFS named and the plan does not use, as their sessions did not end as expected; look at them, and delete them:",
        ),
    ];
    lists.into_iter().filter(|(images, _)| !images.is_empty()).map(|(images, says)| {
        let line = |image: &Leftover<'_>| {
            let deletion = CrayCommand::delete_image(image.id).in_shell();
            format!("{deletion}  # {}{}", printable(&image.step.id), note(image))
        };
        Step::new(says, images.iter().map(line))
    })
}

fn note(image: &Leftover<'_>) -> String {
    match image.was {
        Use::Between => String::new(),
        Use::Failed => format!(", attempt {}, which failed", image.attempt),
        Use::Unclear => format!(", attempt {}", image.attempt),
    }
}

/// The commands that delete the sessions a plan is through with.
#[must_use]
pub fn left_sessions(plan: &Plan, path: &str) -> Vec<String> {
    let steps = plan.steps().filter(|step| step.state() == StepState::Done);
    let left = steps.flat_map(|step| &step.attempts).filter(|attempt| !attempt.session_deleted);
    left.flat_map(|attempt| deletion(plan, attempt, path)).collect()
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
