//! The story of an analysis, for a person at a terminal at 3 am.

mod next;
mod page;

use std::collections::HashMap;

use crate::analysis::{Analysis, Image, ImageStatus, KeyBasis, Recovery, SatRun, Warning};
use crate::evidence::Evidence;

use super::standing::{Bases, Standing, attempt, attempts, count, recovery_of, run_name};
use super::{directory, printable};
use page::{Page, Tone};

pub use next::next_steps;

/// The width where there is no terminal.
pub const WIDTH: usize = 100;

/// How incfg was called, to print commands that go on from there.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The paths.
    pub paths: Vec<String>,
    /// The bootprep file.
    pub bootprep: Option<String>,
    /// The variables.
    pub vars_files: Vec<String>,
    /// Other flags to repeat.
    pub flags: Vec<String>,
    /// The image to tell of.
    pub image: Option<String>,
}

impl Invocation {
    fn tells_of(&self, name: &str, ref_name: Option<&str>) -> bool {
        self.image.as_deref().is_none_or(|image| image == name || Some(image) == ref_name)
    }
}

/// The story, newest failure first, each claim with the line it rests on, and the next commands at its end.
///
/// `width` is that of the screen in columns: on a narrow one, a path that has been told is shortened. Without a screen
/// lines are [`WIDTH`] long and every path is whole.
#[must_use]
pub fn story(analysis: &Analysis, invocation: &Invocation, width: Option<usize>) -> String {
    let mut page = Page::new(width, directory::common(analysis.inputs.iter().map(|input| input.path.as_str())));
    head(&mut page, analysis);
    let runs = analysis.sat_runs.iter().zip(attempts(analysis)).rev();
    // The last attempt at an operation is the one that counts.
    let (failures, rest) = runs.partition::<Vec<_>, _>(|(run, (number, total))| number == total && run.went_wrong());
    for (run, of) in &failures {
        failure(&mut page, analysis, run, *of, invocation);
    }
    if failures.is_empty() {
        let (tone, all_in_all) = without_failure(analysis);
        page.paragraph(tone, all_in_all);
        page.blank();
    }
    if invocation.image.is_none() {
        others(&mut page, &rest, failures.is_empty());
    }
    stages(&mut page, analysis);
    warnings(&mut page, &analysis.warnings);
    next::commands(&mut page, analysis, invocation);
    page.finish()
}

/// What is said where no newest run of an operation went wrong.
fn without_failure(analysis: &Analysis) -> (Tone, &'static str) {
    let runs = &analysis.sat_runs;
    let is_open = |run: &SatRun| matches!(Standing::of(run), Standing::Unknown | Standing::NotOver);
    if runs.is_empty() && analysis.stages.is_empty() {
        let lacks =
            "No run of SAT and no stage in these logs: give the activity directory, or the log of SAT, beside them.";
        (Tone::Quiet, lacks)
    } else if runs.is_empty() {
        (Tone::Quiet, "No run of SAT in these logs.")
    } else if runs.iter().any(is_open) {
        (Tone::Quiet, "No failure in these logs; they do not tell how every run ended.")
    } else if runs.iter().any(SatRun::went_wrong) {
        (Tone::Good, "The newest run of every operation went well.")
    } else {
        (Tone::Good, "No failure in these logs.")
    }
}

fn head(page: &mut Page, analysis: &Analysis) {
    let what = match &analysis.activity {
        Some(activity) => format!("Activity {}", printable(activity)),
        None => "No activity named in these logs".to_owned(),
    };
    let failed = analysis.sat_runs.iter().filter(|run| run.went_wrong()).count();
    let counted = [
        count(analysis.inputs.len(), "input"),
        count(analysis.stages.len(), "stage"),
        count(analysis.sat_runs.len(), "run of SAT"),
        format!("{failed} failed"),
    ];
    page.title(&what, &counted.join(", "));
    page.directory();
    page.blank();
}

/// How a run stands, in one word.
fn verdict(run: &SatRun) -> (&'static str, Tone) {
    let standing = Standing::of(run);
    let tone = match standing {
        Standing::Failed | Standing::Unfinished => Tone::Bad,
        Standing::Succeeded | Standing::Made => Tone::Good,
        Standing::Skipped | Standing::NotOver | Standing::Unknown => Tone::Quiet,
    };
    (standing.word(), tone)
}

fn failure(page: &mut Page, analysis: &Analysis, run: &SatRun, of: (usize, usize), invocation: &Invocation) {
    let (verdict, tone) = verdict(run);
    page.heading(tone, verdict, &format!("{}{}", run_name(run), attempt(of)), &run.evidence);
    if let Some(started) = &run.started_at {
        page.fact("began", started, &[]);
    }
    if let Some(code) = run.exit_code {
        page.fact("exit code", &code.to_string(), &[]);
    }
    if let Some(file) = &run.bootprep_file {
        page.fact("bootprep file", &printable(file), &[]);
    }
    log_of(page, analysis, run);
    page.blank();
    let bad = run.images.iter().filter(|image| {
        matches!(image.status, ImageStatus::Failed | ImageStatus::Unfinished)
            && invocation.tells_of(&image.name, image.ref_name.as_deref())
    });
    let (whole, short) = bad.clone().zip(0..).partition::<Vec<_>, _>(|(_, number)| *number < IN_FULL);
    let mut bases = Bases::default();
    for (image, _) in whole {
        match recovery_of(analysis, run, image) {
            Some(recovery) => broken(page, image, recovery, bases.named_for(recovery)),
            None => lost(page, image),
        }
    }
    if !short.is_empty() {
        page.group(Tone::Bad, "failed as well; --image NAME tells all of one");
        for (image, _) in short.iter().take(LISTED) {
            page.item(&printable(&image.name), first(&image.evidence));
        }
        and_more(page, short.len());
        page.blank();
    }
    fine(page, run);
    said(page, run);
}

fn log_of(page: &mut Page, analysis: &Analysis, run: &SatRun) {
    if let Some(key) = &run.s3_key {
        let basis = match run.s3_key_basis {
            Some(KeyBasis::Logged) => "",
            Some(KeyBasis::FromPath) => " (from the path in the log)",
            _ => " (computed; the log may not be in S3)",
        };
        page.fact("log in S3", &format!("{}{basis}", printable(key)), &[]);
    }
    if let Some(path) = &run.local_log {
        let at_hand = analysis.inputs.iter().any(|input| input.path == *path);
        page.path(if at_hand { "log at hand" } else { "iuf kept it as" }, path);
    }
}

/// An image that can be gone on with; `above` is the image for which the candidates for its base are named.
fn broken(page: &mut Page, image: &Image, recovery: &Recovery, above: Option<&Recovery>) {
    let how = if image.status == ImageStatus::Unfinished {
        "was being configured; the log has no end of it"
    } else {
        "failed while being configured"
    };
    page.image(Tone::Bad, &printable(&image.name), how, &image.evidence);
    if let Some(ref_name) = &recovery.ref_name {
        page.fact("ref_name", &printable(ref_name), &[]);
    }
    layer(page, recovery);
    base(page, image, recovery, above);
    match &recovery.configuration {
        Some(configuration) => page.fact("configuration", &printable(configuration), &[]),
        None if recovery.configuration_candidates.is_empty() => page.fact("configuration", "not in these logs", &[]),
        None => {
            let names: Vec<String> = recovery.configuration_candidates.iter().map(|name| printable(name)).collect();
            page.fact("configuration", &format!("not in this log; one of {}", names.join(", ")), &[]);
        }
    }
    if let Some(groups) = &recovery.groups {
        page.fact("groups", &printable(&groups.join(", ")), &[]);
    }
    if let Some(session) = &image.cfs_session {
        page.fact("CFS session", &printable(session), &[]);
    }
    if let Some(container) = &image.failed_container {
        page.fact("container", &printable(container), &[]);
    }
    page.blank();
}

/// The image it builds on, or those that it may build on.
fn base(page: &mut Page, image: &Image, recovery: &Recovery, above: Option<&Recovery>) {
    if let Some(base) = &recovery.base_image {
        let name = base.name.as_deref().map(|name| format!("  {}", printable(name))).unwrap_or_default();
        let own = recovery.evidence.iter().find(|evidence| !image.evidence.contains(evidence));
        page.fact("base image", &format!("{}{name}", base.id), own.map(std::slice::from_ref).unwrap_or_default());
        page.note(&base.basis);
        return;
    }
    page.fact("base image", "not proven", &[]);
    if let Some(above) = above {
        page.note(&format!("may be one of those named for {}", printable(&above.image)));
        return;
    }
    let candidates = &recovery.base_image_candidates;
    for candidate in candidates.iter().take(CANDIDATES) {
        page.note(&format!("may be {}  {}", candidate.id, printable(&candidate.name)));
    }
    if let Some(more) = candidates.len().checked_sub(CANDIDATES).filter(|more| *more > 0) {
        page.note(&format!("or one of {more} more; --format json has them all"));
    }
}

fn layer(page: &mut Page, recovery: &Recovery) {
    let Some(layer) = recovery.failed_layer else {
        let why = recovery
            .no_failed_layer
            .as_ref()
            .map_or("not in these logs; see below".to_owned(), |why| format!("none: {why}"));
        page.fact("failed layer", &why, &[]);
        task(page, recovery);
        return;
    };
    let of = recovery.layers.map(|layers| format!(" of 0..{}", layers.saturating_sub(1))).unwrap_or_default();
    let name = recovery.failed_layer_name.as_ref().map(|name| format!(": {}", printable(name))).unwrap_or_default();
    page.fact("failed layer", &format!("{layer}{of}{name}"), &[]);
    if let Some(basis) = &recovery.failed_layer_basis {
        page.note(&printable(basis));
    }
    task(page, recovery);
    match &recovery.configuration_limit {
        Some(limit) => {
            let layers = if limit.contains(',') { "layers" } else { "layer" };
            page.fact("proven good", &format!("{layers} {limit}"), &[]);
        }
        None => page.fact("proven good", "no layer", &[]),
    }
}

/// What ansible said of the task that failed.
fn task(page: &mut Page, recovery: &Recovery) {
    if let Some(task) = &recovery.failed_task {
        page.fact("failed task", &printable(&task.message), &task.evidence);
    }
}

fn lost(page: &mut Page, image: &Image) {
    let how = match (image.status, image.failed_stage.as_deref()) {
        (ImageStatus::Unfinished, _) => "began; the log has no end of it",
        (_, Some("build")) => "failed in its build: there is no image to go on from",
        _ => "failed",
    };
    page.image(Tone::Bad, &printable(&image.name), how, &image.evidence);
    page.blank();
}

fn fine(page: &mut Page, run: &SatRun) {
    list(page, run, ImageStatus::Succeeded, Tone::Good, "fine, need not be made again");
    list(page, run, ImageStatus::Skipped, Tone::Quiet, "in IMS before, not made again");
    list(page, run, ImageStatus::NotRun, Tone::Quiet, "never begun");
}

/// Candidates for one fact that are told; the rest is counted.
const CANDIDATES: usize = 8;

/// Images shown of one kind; the rest is counted.
const LISTED: usize = 40;

/// Failures of one run that are told in full; of more, the name and the line.
const IN_FULL: usize = 8;

/// Warnings of one kind that are told; they say the same of one image after the other.
const ALIKE: usize = 4;

fn list(page: &mut Page, run: &SatRun, status: ImageStatus, tone: Tone, title: &str) {
    let images: Vec<&Image> = run.images.iter().filter(|image| image.status == status).collect();
    if images.is_empty() {
        return;
    }
    page.group(tone, title);
    for image in images.iter().take(LISTED) {
        let id = image.id.as_ref().map_or("no id".to_owned(), ToString::to_string);
        let shown = if status == ImageStatus::Succeeded {
            format!("{id}  {}", printable(&image.name))
        } else {
            printable(&image.name)
        };
        page.item(&shown, first(&image.evidence));
    }
    and_more(page, images.len());
    page.blank();
}

/// Says how many of `all` are not listed.
fn and_more(page: &mut Page, all: usize) {
    if all > LISTED {
        page.item(&format!("and {} more; --format json has them all", all - LISTED), &[]);
    }
}

fn said(page: &mut Page, run: &SatRun) {
    let telling: Vec<_> = run.errors.iter().filter(|error| !error.message.starts_with("Creation of")).collect();
    if telling.is_empty() {
        return;
    }
    page.group(Tone::Quiet, "what SAT said");
    for error in telling {
        page.item(&printable(&error.message), &error.evidence);
    }
    page.blank();
}

/// The first place of several: a list has room for one.
fn first(evidence: &[Evidence]) -> &[Evidence] {
    evidence.get(..1).unwrap_or_default()
}

/// The runs of which no failure was told; `all` says that there are no others.
fn others(page: &mut Page, others: &[(&SatRun, (usize, usize))], all: bool) {
    if others.is_empty() {
        return;
    }
    page.section(if all { "The runs, newest first" } else { "The other runs, newest first" });
    for (run, of) in others {
        let (verdict, tone) = verdict(run);
        let superseded = if run.went_wrong() { ", superseded" } else { "" };
        page.heading(tone, verdict, &format!("{}{}{superseded}", run_name(run), attempt(*of)), first(&run.evidence));
        if run.skipped {
            page.item("no bootprep file was given, so SAT did nothing", &[]);
        }
        if !run.went_wrong() {
            for image in run.images.iter().filter(|image| image.status == ImageStatus::Succeeded).take(LISTED) {
                page.item(
                    &format!(
                        "image {}  {}",
                        image.id.as_ref().map_or("no id".to_owned(), ToString::to_string),
                        printable(&image.name)
                    ),
                    first(&image.evidence),
                );
            }
            for (what, names) in [("configuration", &run.configurations), ("session template", &run.session_templates)]
            {
                for name in names.iter().take(LISTED) {
                    page.item(&format!("{what} {}", printable(&name.name)), first(&name.evidence));
                }
            }
        }
    }
    page.blank();
}

/// Stages are told only where no run of SAT tells the story.
fn stages(page: &mut Page, analysis: &Analysis) {
    let failed: Vec<_> = analysis.stages.iter().filter(|stage| stage.status.as_deref() != Some("Succeeded")).collect();
    if failed.is_empty() || analysis.sat_runs.iter().any(SatRun::went_wrong) {
        return;
    }
    page.section("Stages that did not succeed");
    for stage in failed {
        let name = stage.stage.as_deref().map_or("a stage".to_owned(), printable);
        page.item(&format!("{name}: {}", stage.status.as_deref().unwrap_or("no end in the log")), &stage.evidence);
    }
    page.blank();
}

fn warnings(page: &mut Page, warnings: &[Warning]) {
    if warnings.is_empty() {
        return;
    }
    page.section("To know");
    let mut alike: HashMap<&str, usize> = HashMap::new();
    for warning in warnings {
        let number = alike.entry(&warning.code).or_default();
        *number += 1;
        if *number <= ALIKE {
            page.item(&format!("- {} [{}]", printable(&warning.message), warning.code), &warning.evidence);
        }
    }
    let mut more: Vec<_> = alike.into_iter().filter(|(_, number)| *number > ALIKE).collect();
    more.sort_unstable();
    for (code, number) in more {
        page.item(&format!("- and {} more of [{code}]; --format json has them all", number - ALIKE), &[]);
    }
    page.blank();
}

/// Evidence as it is printed: the first places, those of one file together, each as the path and its lines.
fn shown(evidence: &[Evidence], page: &Page) -> Vec<(String, String)> {
    let mut files: Vec<(&str, String)> = Vec::new();
    for place in evidence.iter().take(PLACES) {
        match files.last_mut() {
            Some((path, lines)) if **path == *place.path => *lines += &format!(" :{}", place.line),
            _ => files.push((&place.path, format!(":{}", place.line))),
        }
    }
    files.into_iter().map(|(path, lines)| (page.shown(path), lines)).collect()
}

/// Places shown of one claim; more add little for a reader.
const PLACES: usize = 3;
