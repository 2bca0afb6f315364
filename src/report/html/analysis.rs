//! The page of an analysis: what failed and where, what can be reused, what to do next, and what is not known.

mod failure;
mod life;
mod story;
mod time_line;

use std::collections::HashSet;

use serde::Serialize;

use crate::analysis::{Analysis, SatRun};
use crate::evidence::Evidence;
use crate::excerpt::Excerpts;
use crate::report::standing::{attempts, count};
use crate::report::text::{Invocation, next_steps};

use super::evidence::{Folds, Places};
use super::steps::Steps;
use super::{Detail, Masked, NoPage, Shown, more, page};
use failure::Failures;
use life::Images;
use story::Story;
use time_line::TimeLine;

#[derive(Serialize)]
struct View {
    title: Shown,
    counted: Shown,
    directory: Option<Shown>,
    story: Story,
    failures: Failures,
    images: Images,
    steps: Steps,
    unknown: Notes,
    others: Notes,
    time_line: TimeLine,
    inputs: Vec<InputView>,
    more_inputs: Option<Shown>,
    folds_left_out: usize,
}

/// What to know about the answers, and what would tell more.
#[derive(Serialize)]
struct Notes {
    title: &'static str,
    anchor: &'static str,
    notes: Vec<Note>,
    more: Option<Shown>,
}

#[derive(Serialize)]
struct Note {
    code: Shown,
    message: Shown,
    places: Option<Places>,
}

#[derive(Serialize)]
struct InputView {
    path: Shown,
    kind: Shown,
    bytes: u64,
    lines: u64,
}

/// The page. `excerpts` holds the lines around [`places`].
///
/// # Errors
/// None that input can cause.
pub fn document(analysis: &Analysis, invocation: &Invocation, excerpts: &Excerpts) -> Result<Masked, NoPage> {
    page("analysis.html", |detail| view(analysis, invocation, excerpts, detail))
}

/// The places whose lines the page shows, the most telling first.
#[must_use]
pub fn places(analysis: &Analysis) -> Vec<Evidence> {
    let newest = newest(analysis);
    let runs = analysis.sat_runs.iter().zip(newest).rev();
    let failed: Vec<&SatRun> = runs.filter(|(run, newest)| *newest && run.went_wrong()).map(|(run, _)| run).collect();
    let of_recoveries = analysis
        .recoveries
        .iter()
        .flat_map(|recovery| recovery.failed_task.iter().flat_map(|task| &task.evidence).chain(&recovery.evidence));
    let of_failures = failed.iter().flat_map(|run| {
        run.images
            .iter()
            .flat_map(|image| &image.evidence)
            .chain(run.errors.iter().flat_map(|said| &said.evidence))
            .chain(&run.evidence)
    });
    let of_warnings = analysis.warnings.iter().flat_map(|warning| &warning.evidence);
    let of_runs = analysis.sat_runs.iter().rev().flat_map(|run| {
        let images = run.images.iter().flat_map(|image| &image.evidence);
        let made = run.configurations.iter().chain(&run.session_templates).flat_map(|named| &named.evidence);
        run.evidence.iter().chain(images).chain(made)
    });
    let of_stages = analysis.stages.iter().rev().flat_map(|stage| &stage.evidence);
    let all = of_recoveries.chain(of_failures).chain(of_warnings).chain(of_stages).chain(of_runs);
    let mut seen = HashSet::new();
    all.filter(|place| seen.insert(*place)).cloned().collect()
}

/// Whether each run is the newest of its operation.
fn newest(analysis: &Analysis) -> Vec<bool> {
    let last = |(number, total)| number == total;
    attempts(analysis).into_iter().map(last).collect()
}

/// Whether a warning is of a fact that is not known, not of a circumstance.
fn is_open(code: &str) -> bool {
    ["unknown", "unnamed", "unfinished", "lost", "differ", "without-id"].iter().any(|word| code.ends_with(word))
}

impl Notes {
    fn new(
        (title, anchor): (&'static str, &'static str),
        analysis: &Analysis,
        wanted: impl Fn(&str) -> bool,
        detail: &Detail,
        folds: &Folds<'_>,
    ) -> Self {
        let warnings: Vec<_> = analysis.warnings.iter().filter(|warning| wanted(&warning.code)).collect();
        let note = |warning: &&crate::analysis::Warning| Note {
            code: detail.text(&warning.code),
            message: detail.text(&warning.message),
            places: folds.places(&warning.evidence),
        };
        let notes = warnings.iter().take(detail.rows).map(note).collect();
        Self { title, anchor, notes, more: more(warnings.len(), detail.rows, "note") }
    }
}

fn view(analysis: &Analysis, invocation: &Invocation, excerpts: &Excerpts, detail: &Detail) -> View {
    let folds = Folds::new(&analysis.inputs, excerpts, detail);
    let newest = newest(analysis);
    let steps = next_steps(analysis, invocation);
    let failures = Failures::new(analysis, &newest, detail, &folds);
    let images = Images::new(analysis, &newest, detail, &folds);
    let unknown = Notes::new(("Not known, and what would tell", "unknown"), analysis, is_open, detail, &folds);
    let others = Notes::new(("To know", "to-know"), analysis, |code| !is_open(code), detail, &folds);
    let time_line = TimeLine::new(analysis, detail, &folds);
    let input = |input: &crate::analysis::Input| InputView {
        path: folds.path(&input.path),
        kind: detail.text(&input.kind),
        bytes: input.bytes,
        lines: input.lines,
    };
    let failed = analysis.sat_runs.iter().filter(|run| run.went_wrong()).count();
    let counted = [
        count(analysis.inputs.len(), "input"),
        count(analysis.stages.len(), "stage"),
        count(analysis.sat_runs.len(), "run of SAT"),
        format!("{failed} failed"),
    ];
    View {
        title: match &analysis.activity {
            Some(activity) => detail.text(&format!("Activity {activity}")),
            None => match analysis.inputs.as_slice() {
                [one] => detail.text(&format!("Analysis of {}", one.path.rsplit('/').next().unwrap_or(&one.path))),
                all => detail.text(&format!("Analysis of {}", count(all.len(), "input"))),
            },
        },
        counted: detail.text(&format!(
            "{}{}.",
            counted.join(", "),
            if analysis.activity.is_some() { "" } else { "; no activity is named" }
        )),
        directory: folds.directory(),
        story: Story::new(analysis, &newest, &steps, detail),
        failures,
        images,
        steps: Steps::new(&steps, detail),
        unknown,
        others,
        time_line,
        inputs: analysis.inputs.iter().take(detail.rows).map(input).collect(),
        more_inputs: more(analysis.inputs.len(), detail.rows, "input"),
        folds_left_out: folds.left_out(),
    }
}
