//! Runs that failed: the facts of each image, what it takes to go on, and what SAT said.

use serde::Serialize;

use crate::analysis::{Analysis, Image, ImageStatus, KeyBasis, Recovery, SatRun};
use crate::report::standing::{Bases, Standing, attempt, attempts, recovery_of, run_name};

use super::super::evidence::{Folds, Places};
use super::super::{Detail, Shown, more};
use super::life::{outcome, why};

/// The newest runs that failed, newest first.
#[derive(Serialize)]
pub(super) struct Failures {
    runs: Vec<RunView>,
    more: Option<Shown>,
}

#[derive(Serialize)]
struct RunView {
    name: Shown,
    verdict: &'static str,
    facts: Vec<FactView>,
    places: Option<Places>,
    images: Vec<ImageView>,
    more_images: Option<Shown>,
    said: Vec<Shown>,
    said_places: Option<Places>,
}

/// A fact, by its name; an id or a name can be copied.
#[derive(Serialize)]
struct FactView {
    name: &'static str,
    value: Shown,
    /// The value is the name or id of something, letter by letter.
    exact: bool,
    note: Option<Shown>,
    places: Option<Places>,
}

#[derive(Serialize)]
struct ImageView {
    name: Shown,
    outcome: &'static str,
    why: Option<Shown>,
    facts: Vec<FactView>,
    places: Option<Places>,
}

impl Failures {
    pub(super) fn new(analysis: &Analysis, newest: &[bool], detail: &Detail, folds: &Folds<'_>) -> Self {
        let runs = analysis.sat_runs.iter().zip(attempts(analysis)).zip(newest).rev();
        let wrong = runs.filter(|((run, _), newest)| **newest && run.went_wrong());
        let failed: Vec<(&SatRun, (usize, usize))> = wrong.map(|(run, _)| run).collect();
        // One budget for the images of all runs together, so that many runs do not multiply it.
        let mut left = detail.rows.min(MOST_IMAGES);
        let runs = failed.iter().take(detail.items).map(|(run, attempt)| {
            let view = RunView::new(analysis, run, *attempt, left, detail, folds);
            left -= view.images.len();
            view
        });
        Self { runs: runs.collect(), more: more(failed.len(), detail.items, "failed run") }
    }
}

/// Failed images told in full; the table of images has the rest.
const MOST_IMAGES: usize = 60;

impl RunView {
    fn new(
        analysis: &Analysis,
        run: &SatRun,
        of: (usize, usize),
        left: usize,
        detail: &Detail,
        folds: &Folds<'_>,
    ) -> Self {
        let failed = |image: &&Image| matches!(image.status, ImageStatus::Failed | ImageStatus::Unfinished);
        let images: Vec<&Image> = run.images.iter().filter(failed).collect();
        let mut bases = Bases::default();
        let shown = images.iter().take(left).map(|image| {
            let recovery = recovery_of(analysis, run, image);
            let above = recovery.and_then(|recovery| bases.named_for(recovery));
            ImageView::new(analysis, image, recovery, above, detail, folds)
        });
        let shown = shown.collect();
        let telling: Vec<_> =
            run.errors.iter().filter(|said| !said.message.starts_with("Creation of")).take(detail.items).collect();
        let said_at: Vec<_> = telling.iter().flat_map(|said| said.evidence.iter().cloned()).collect();
        Self {
            name: detail.text(&format!("{}{}", run_name(run), attempt(of))),
            verdict: Standing::of(run).word(),
            more_images: more(images.len(), left, "image"),
            images: shown,
            said: telling.iter().map(|said| detail.text(&said.message)).collect(),
            said_places: folds.places(&said_at),
            facts: run_facts(analysis, run, detail, folds),
            places: folds.places(&run.evidence),
        }
    }
}

fn fact(name: &'static str, value: Shown) -> FactView {
    FactView { name, value, exact: false, note: None, places: None }
}

fn exact(name: &'static str, value: Shown) -> FactView {
    FactView { exact: true, ..fact(name, value) }
}

fn run_facts(analysis: &Analysis, run: &SatRun, detail: &Detail, folds: &Folds<'_>) -> Vec<FactView> {
    let mut facts = Vec::new();
    facts.extend(run.started_at.as_ref().map(|moment| fact("Began", detail.text(moment))));
    facts.extend(run.exit_code.map(|code| fact("Exit code", detail.text(&code.to_string()))));
    facts.extend(run.bootprep_file.as_ref().map(|file| exact("Bootprep file", detail.text(file))));
    facts.extend(run.s3_key.as_ref().map(|key| FactView {
        note: match run.s3_key_basis {
            Some(KeyBasis::Logged) => None,
            Some(KeyBasis::FromPath) => Some("from the path in the log".into()),
            _ => Some("computed; the log may not be in S3".into()),
        },
        ..exact("Log in S3", detail.text(key))
    }));
    facts.extend(run.local_log.as_ref().map(|path| {
        let at_hand = analysis.inputs.iter().any(|input| input.path == *path);
        exact(if at_hand { "Log at hand" } else { "iuf kept it as" }, folds.path(path))
    }));
    facts
}

impl ImageView {
    /// `above` is the image for which the candidates for its base are named.
    fn new(
        analysis: &Analysis,
        image: &Image,
        recovery: Option<&Recovery>,
        above: Option<&Recovery>,
        detail: &Detail,
        folds: &Folds<'_>,
    ) -> Self {
        let facts = |recovery| facts(analysis, image, recovery, above, detail, folds);
        let mut evidence = image.evidence.clone();
        if let Some(recovery) = recovery {
            let own: Vec<_> = recovery.evidence.iter().filter(|place| !evidence.contains(place)).cloned().collect();
            evidence.extend(own);
        }
        Self {
            name: detail.text(&image.name),
            outcome: outcome(image).0,
            why: recovery.and_then(|recovery| why(analysis, recovery, detail)),
            facts: recovery.map(facts).unwrap_or_default(),
            places: folds.places(&evidence),
        }
    }
}

fn facts(
    analysis: &Analysis,
    image: &Image,
    recovery: &Recovery,
    above: Option<&Recovery>,
    detail: &Detail,
    folds: &Folds<'_>,
) -> Vec<FactView> {
    let mut facts = Vec::new();
    facts.push(match (why(analysis, recovery, detail), recovery.failed_layer) {
        (Some(layer), Some(_)) => FactView {
            note: recovery.failed_layer_basis.as_ref().map(|basis| detail.text(basis)),
            ..fact("Failed layer", layer)
        },
        (Some(why), None) => FactView { note: Some(why), ..fact("Failed layer", "none".into()) },
        _ => fact("Failed layer", "not in these logs; what would tell stands under Not known".into()),
    });
    facts.extend(recovery.failed_task.as_ref().map(|task| FactView {
        places: folds.places(&task.evidence),
        ..fact("Failed task", detail.text(&task.message))
    }));
    if recovery.failed_layer.is_some() {
        facts.push(match &recovery.configuration_limit {
            Some(limit) => FactView {
                note: Some("the layers, as CFS takes them in configuration_limit".into()),
                ..exact("Proven good", detail.text(limit))
            },
            None => fact("Proven good", "no layer".into()),
        });
    }
    match &recovery.base_image {
        Some(base) => {
            let name = base.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
            facts.push(FactView {
                note: Some(detail.text(&format!("{name}{}", base.basis))),
                ..exact("Base image", detail.text(base.id.as_str()))
            });
        }
        None => facts.push(FactView {
            note: match above {
                Some(above) => Some(detail.text(&format!("may be one of those named for {}", above.image))),
                None => {
                    let named = recovery.base_image_candidates.iter().map(|one| format!("{} {}", one.id, one.name));
                    may_be(named, detail)
                }
            },
            ..fact("Base image", "not proven".into())
        }),
    }
    facts.push(match &recovery.configuration {
        Some(name) => exact("Configuration", detail.text(name)),
        None => FactView {
            note: may_be(recovery.configuration_candidates.iter().cloned(), detail),
            ..fact("Configuration", "not in these logs".into())
        },
    });
    facts.extend(recovery.groups.as_ref().map(|groups| fact("Groups", detail.text(&groups.join(", ")))));
    facts.extend(recovery.ref_name.as_ref().map(|name| exact("ref_name", detail.text(name))));
    facts.extend(image.cfs_session.as_ref().map(|session| exact("CFS session", detail.text(session))));
    facts.extend(image.failed_container.as_ref().map(|container| exact("Container", detail.text(container))));
    facts
}

/// Candidates named of one fact.
const MOST_CANDIDATES: usize = 4;

fn may_be(candidates: impl Iterator<Item = String>, detail: &Detail) -> Option<Shown> {
    let all: Vec<String> = candidates.collect();
    let shown = all.iter().take(detail.items.min(MOST_CANDIDATES)).cloned().collect::<Vec<_>>().join(" or ");
    let rest = more(all.len(), detail.items.min(MOST_CANDIDATES), "candidate")
        .map(|rest| format!(", and {}", rest.0))
        .unwrap_or_default();
    (!all.is_empty()).then(|| detail.text(&format!("may be {shown}{rest}")))
}
