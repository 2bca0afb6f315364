//! The head of the page: what a person at 3 am reads first.

use serde::Serialize;

use crate::analysis::{Analysis, Image, ImageStatus, SatRun};
use crate::report::standing::{Standing, attempt, attempts, count, recovery_of, run_name};
use crate::report::steps::Step;

use super::super::steps::Steps;
use super::super::{Detail, Shown, more};
use super::is_open;
use super::life::{outcome, why};

#[derive(Serialize)]
pub(super) struct Story {
    tone: &'static str,
    headline: Shown,
    /// SAT itself failed.
    in_sat: bool,
    /// Where it happened.
    whereabouts: Vec<Shown>,
    /// What was said, where no image tells what failed.
    said: Vec<Shown>,
    /// Of some of them the log has no end.
    unfinished: bool,
    failed: Vec<Item>,
    more_failed: Option<Shown>,
    safe: Vec<Item>,
    more_safe: Option<Shown>,
    next: Option<Shown>,
    steps: usize,
    unknown: Vec<Shown>,
    more_unknown: Option<Shown>,
}

#[derive(Serialize)]
struct Item {
    name: Shown,
    says: Option<Shown>,
    /// What ansible said of the task that failed.
    task: Option<Shown>,
    id: Option<Shown>,
}

/// Items of each list at the head; the page below has them all.
const HEAD: usize = 3;

impl Story {
    pub(super) fn new(analysis: &Analysis, newest: &[bool], steps: &[Step], detail: &Detail) -> Self {
        let attempts = attempts(analysis).into_iter();
        let all = attempts.zip(&analysis.sat_runs).zip(newest).rev();
        let runs: Vec<((usize, usize), &SatRun)> = all.filter(|(_, newest)| **newest).map(|(run, _)| run).collect();
        let wrong: Vec<((usize, usize), &SatRun)> = runs.iter().copied().filter(|(_, run)| run.went_wrong()).collect();
        let lost = |image: &Image| matches!(image.status, ImageStatus::Failed | ImageStatus::Unfinished);
        let there = |image: &Image| image.status == ImageStatus::Succeeded && image.id.is_some();
        let failed: Vec<(&SatRun, &Image)> = images_of(&wrong).filter(|(_, image)| lost(image)).collect();
        let safe: Vec<(&SatRun, &Image)> = images_of(&runs).filter(|(_, image)| there(image)).collect();
        let failed_item = |(run, image): &(&SatRun, &Image)| {
            let recovery = recovery_of(analysis, run, image);
            let layer = recovery.and_then(|recovery| why(analysis, recovery, detail));
            let words = layer.map_or(outcome(image).0.to_owned(), |layer| format!("{}: {}", outcome(image).0, layer.0));
            let task = recovery.and_then(|recovery| recovery.failed_task.as_ref());
            Item {
                name: detail.text(&image.name),
                says: Some(detail.text(&words)),
                task: task.map(|task| detail.text(&task.message)),
                id: None,
            }
        };
        let safe_item = |(_, image): &(&SatRun, &Image)| Item {
            name: detail.text(&image.name),
            says: None,
            task: None,
            id: image.id.as_ref().map(|id| detail.text(id.as_str())),
        };
        let whereabouts =
            wrong.iter().take(HEAD).map(|(of, run)| detail.text(&format!("{}{}", run_name(run), attempt(*of))));
        let (tone, headline) = headline(analysis, &wrong, &failed, safe.len(), detail);
        let unknown: Vec<&str> = analysis
            .warnings
            .iter()
            .filter(|warning| is_open(&warning.code))
            .map(|warning| warning.message.as_str())
            .collect();
        Self {
            tone,
            headline,
            in_sat: !wrong.is_empty(),
            whereabouts: whereabouts.collect(),
            said: if failed.is_empty() { said(analysis, &wrong, detail) } else { Vec::new() },
            unfinished: failed.iter().any(|(_, image)| image.status == ImageStatus::Unfinished),
            failed: failed.iter().take(HEAD).map(failed_item).collect(),
            more_failed: more(failed.len(), HEAD, "image"),
            safe: safe.iter().take(HEAD).map(safe_item).collect(),
            more_safe: more(safe.len(), HEAD, "image"),
            next: Steps::first(steps, detail),
            steps: steps.len(),
            unknown: unknown
                .iter()
                .take(2)
                .map(|message| detail.text(message.split(". ").next().unwrap_or(message)))
                .collect(),
            more_unknown: more(analysis.warnings.len(), unknown.len().min(2), "note"),
        }
    }
}

fn images_of<'a>(runs: &[((usize, usize), &'a SatRun)]) -> impl Iterator<Item = (&'a SatRun, &'a Image)> {
    runs.iter().flat_map(|(_, run)| run.images.iter().map(|image| (*run, image)))
}

/// What tells of a failure that no image tells of: the words of SAT, or the step beside it that failed.
fn said(analysis: &Analysis, wrong: &[((usize, usize), &SatRun)], detail: &Detail) -> Vec<Shown> {
    let errors = wrong.first().map(|(_, run)| run.errors.as_slice()).unwrap_or_default();
    let words = errors.iter().map(|said| said.message.as_str());
    let steps = analysis.warnings.iter().filter(|warning| wrong.is_empty() && warning.code == "step-failed");
    words.chain(steps.map(|step| step.message.as_str())).take(HEAD).map(|said| detail.text(said.trim())).collect()
}

fn headline(
    analysis: &Analysis,
    wrong: &[((usize, usize), &SatRun)],
    failed: &[(&SatRun, &Image)],
    safe: usize,
    detail: &Detail,
) -> (&'static str, Shown) {
    if let [(run, image)] = failed {
        let how = match recovery_of(analysis, run, image).and_then(|recovery| recovery.failed_layer) {
            Some(layer) => format!("failed in layer {layer} of its configuration"),
            None if image.status == ImageStatus::Unfinished => "has no end in the log".to_owned(),
            None => outcome(image).0.to_owned(),
        };
        return ("bad", detail.text(&format!("{} {how}", image.name)));
    }
    if failed.len() > 1 {
        let unfinished = failed.iter().filter(|(_, image)| image.status == ImageStatus::Unfinished).count();
        let lost = failed.len() - unfinished;
        let lost = (lost > 0).then(|| format!("{} failed", count(lost, "image")));
        let have = if unfinished == 1 { "has" } else { "have" };
        let unfinished = (unfinished > 0).then(|| format!("{} {have} no end in the log", count(unfinished, "image")));
        let safe = (safe > 0).then(|| format!("{} can be reused", count(safe, "image")));
        let all: Vec<String> = [lost, unfinished, safe].into_iter().flatten().collect();
        return ("bad", detail.text(&all.join(", ")));
    }
    if let Some((_, run)) = wrong.first() {
        let operation = run.operation.as_deref().unwrap_or("A run of SAT");
        let made = run.images.is_empty() && run.configurations.is_empty();
        let what = if made { " before it made anything" } else { ", and no image with it" };
        return ("bad", detail.text(&format!("{operation} failed{what}")));
    }
    let stage = analysis.stages.iter().rev().find(|stage| matches!(stage.status.as_deref(), Some("Failed" | "Error")));
    if let Some(stage) = stage {
        let never = if analysis.sat_runs.is_empty() { ", and SAT never ran" } else { ", outside SAT" };
        return (
            "bad",
            detail.text(&format!("Stage {} failed{never}", stage.stage.as_deref().unwrap_or("without a name"))),
        );
    }
    if analysis.sat_runs.is_empty() {
        return ("quiet", "No run of SAT in these logs".into());
    }
    let open = analysis.sat_runs.iter().any(|run| matches!(Standing::of(run), Standing::Unknown | Standing::NotOver));
    if open {
        return ("quiet", "No failure in these logs; they do not tell how every run ended".into());
    }
    if analysis.sat_runs.iter().any(SatRun::went_wrong) {
        return ("good", "The newest run of every operation went well".into());
    }
    ("good", "No failure in these logs".into())
}
