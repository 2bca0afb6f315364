//! Each image as a row of its life: built, each layer of its configuration, final.

use serde::Serialize;

use crate::analysis::{Analysis, Image, ImageStatus, Recovery, SatRun};
use crate::report::standing::recovery_of;

use super::super::evidence::{Folds, Places};
use super::super::{Detail, Shown, more};

/// Layers drawn as boxes; of a longer configuration the rest is counted.
const BOXES: usize = 60;

/// The images of the newest runs, those that failed first.
#[derive(Serialize)]
pub(super) struct Images {
    rows: Vec<Row>,
    more: Option<Shown>,
    /// More than one operation made images.
    several: bool,
}

#[derive(Serialize)]
struct Row {
    name: Shown,
    ref_name: Option<Shown>,
    operation: Option<Shown>,
    configuration: Option<Shown>,
    outcome: &'static str,
    tone: &'static str,
    why: Option<Shown>,
    reuse: Reuse,
    life: Life,
    places: Option<Places>,
}

/// Whether an image may be used as it is.
#[derive(Serialize)]
struct Reuse {
    /// `yes`, `base`, `no` or `unknown`.
    answer: &'static str,
    says: Shown,
    id: Option<Shown>,
}

/// The stations of an image, and the same in words.
#[derive(Serialize)]
struct Life {
    built: State,
    layers: Vec<LayerView>,
    /// What is behind the last layer drawn.
    rest: Option<Rest>,
    last: State,
    configured: bool,
    words: Shown,
}

#[derive(Serialize)]
struct LayerView {
    index: usize,
    state: State,
    label: Option<Shown>,
}

#[derive(Serialize)]
struct Rest {
    state: State,
    says: Shown,
}

/// How a station stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Failed,
    /// Not reached.
    Open,
    Unknown,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "passed",
            Self::Failed => "failed",
            Self::Open => "not run",
            Self::Unknown => "not known",
        }
    }
}

impl Images {
    pub(super) fn new(analysis: &Analysis, newest: &[bool], detail: &Detail, folds: &Folds<'_>) -> Self {
        let runs = analysis.sat_runs.iter().zip(newest).filter(|(_, newest)| **newest).map(|(run, _)| run).rev();
        let mut images: Vec<(&SatRun, &Image)> =
            runs.clone().flat_map(|run| run.images.iter().map(move |image| (run, image))).collect();
        images.sort_by_key(|(_, image)| urgency(image.status));
        let rows = images.iter().take(detail.rows).map(|(run, image)| Row::new(analysis, run, image, detail, folds));
        Self {
            rows: rows.collect(),
            more: more(images.len(), detail.rows, "image"),
            several: runs.filter(|run| !run.images.is_empty()).count() > 1,
        }
    }
}

fn urgency(status: ImageStatus) -> u8 {
    match status {
        ImageStatus::Failed => 0,
        ImageStatus::Unfinished => 1,
        ImageStatus::NotRun => 2,
        ImageStatus::Succeeded => 3,
        ImageStatus::Skipped => 4,
    }
}

impl Row {
    fn new(analysis: &Analysis, run: &SatRun, image: &Image, detail: &Detail, folds: &Folds<'_>) -> Self {
        let recovery = recovery_of(analysis, run, image);
        let configuration =
            image.configuration.as_ref().or_else(|| recovery.and_then(|recovery| recovery.configuration.as_ref()));
        let (outcome, tone) = outcome(image);
        Self {
            name: detail.text(&image.name),
            ref_name: image.ref_name.as_ref().map(|name| detail.text(name)),
            operation: run.operation.as_ref().map(|operation| detail.text(operation)),
            configuration: configuration.map(|name| detail.text(name)),
            outcome,
            tone,
            why: recovery.and_then(|recovery| why(analysis, recovery, detail)),
            reuse: reuse(image, recovery, detail),
            life: Life::new(&Told::of(analysis, image, recovery), detail),
            places: folds.places(&image.evidence),
        }
    }
}

/// What became of an image, in words.
pub(super) fn outcome(image: &Image) -> (&'static str, &'static str) {
    match (image.status, image.failed_stage.as_deref()) {
        (ImageStatus::Succeeded, _) => ("made", "good"),
        (ImageStatus::Skipped, _) => ("in IMS before, not made again", "quiet"),
        (ImageStatus::NotRun, _) => ("never begun", "quiet"),
        (ImageStatus::Unfinished, _) => ("no end in the log", "warn"),
        (ImageStatus::Failed, Some("build")) => ("failed in its build", "bad"),
        (ImageStatus::Failed, Some("customize")) => ("failed while being configured", "bad"),
        (ImageStatus::Failed, _) => ("failed", "bad"),
    }
}

/// Where it failed, in words.
pub(super) fn why(analysis: &Analysis, recovery: &Recovery, detail: &Detail) -> Option<Shown> {
    let Some(layer) = recovery.failed_layer else {
        return recovery.no_failed_layer.as_ref().map(|why| detail.text(why));
    };
    let labels = labels_of(analysis, recovery.configuration.as_ref());
    let count = recovery.layers.map(|layers| layers as usize).or(labels.map(<[String]>::len));
    let of = count.map(|layers| format!(" of 0 to {}", layers.saturating_sub(1))).unwrap_or_default();
    let label = labels.and_then(|labels| labels.get(layer as usize));
    let name = recovery.failed_layer_name.as_ref().or(label).map(|name| format!(": {name}")).unwrap_or_default();
    Some(detail.text(&format!("layer {layer}{of}{name}")))
}

/// The layers of a configuration in words, where the inputs describe it. Two descriptions of one name that differ are of
/// two times, and nobody knows which was applied.
fn labels_of<'a>(analysis: &'a Analysis, name: Option<&String>) -> Option<&'a [String]> {
    let mut described = analysis.configurations.iter().filter(|known| Some(&known.name) == name);
    let first = described.next()?;
    described.all(|other| other.layers == first.layers).then_some(first.layers.as_slice())
}

fn reuse(image: &Image, recovery: Option<&Recovery>, detail: &Detail) -> Reuse {
    let id = |id: &Option<crate::image_id::ImageId>| id.as_ref().map(|id| detail.text(id.as_str()));
    match (image.status, &image.id) {
        (ImageStatus::Succeeded, Some(_)) => Reuse { answer: "yes", says: "Safe to reuse".into(), id: id(&image.id) },
        (ImageStatus::Succeeded, None) => {
            Reuse { answer: "unknown", says: "Its id is not in these logs".into(), id: None }
        }
        (ImageStatus::Skipped, _) => {
            Reuse { answer: "unknown", says: "In IMS; its id is not in these logs".into(), id: None }
        }
        (ImageStatus::Failed | ImageStatus::Unfinished, _) => {
            match recovery.and_then(|found| found.base_image.as_ref()) {
                Some(base) => Reuse {
                    answer: "base",
                    says: "Not itself; go on from its base image".into(),
                    id: Some(detail.text(base.id.as_str())),
                },
                None if recovery.is_some() => {
                    Reuse { answer: "no", says: "Not itself; its base image is not proven".into(), id: None }
                }
                None => Reuse { answer: "no", says: "There is nothing to reuse".into(), id: None },
            }
        }
        (ImageStatus::NotRun, _) => Reuse { answer: "no", says: "There is nothing to reuse".into(), id: None },
    }
}

/// What the analysis tells of the life of an image.
struct Told<'a> {
    status: ImageStatus,
    built: State,
    /// The layers of its configuration in words, where they are known.
    labels: Option<&'a [String]>,
    /// How many layers it has, where that is known.
    count: Option<usize>,
    configured: bool,
    layer: Option<usize>,
    layers: State,
    last: State,
}

impl<'a> Told<'a> {
    fn of(analysis: &'a Analysis, image: &Image, recovery: Option<&Recovery>) -> Self {
        let configuration =
            image.configuration.as_ref().or_else(|| recovery.and_then(|recovery| recovery.configuration.as_ref()));
        let labels = labels_of(analysis, configuration);
        let count = recovery.and_then(|recovery| recovery.layers).map(|layers| layers as usize);
        let configured = configuration.is_some() || image.cfs_session.is_some() || recovery.is_some();
        let layer =
            recovery.and_then(|recovery| recovery.failed_layer).or(image.failed_layer).map(|layer| layer as usize);
        let reason = recovery.and_then(|recovery| recovery.no_failed_layer.as_deref());
        let build_failed = image.failed_stage.as_deref() == Some("build");
        let (built, layers, last) = match image.status {
            ImageStatus::Succeeded if image.id.is_some() => (State::Ok, State::Ok, State::Ok),
            ImageStatus::Succeeded => (State::Unknown, State::Unknown, State::Unknown),
            ImageStatus::Skipped => (State::Open, State::Open, State::Open),
            ImageStatus::NotRun => (State::Open, State::Open, State::Open),
            ImageStatus::Failed if build_failed => (State::Failed, State::Open, State::Open),
            ImageStatus::Failed => match reason {
                Some(why) if why.starts_with("all layers ran") => (State::Ok, State::Ok, State::Failed),
                Some(_) => (State::Ok, State::Open, State::Open),
                None => (State::Ok, State::Unknown, State::Open),
            },
            ImageStatus::Unfinished if image.cfs_session.is_some() || image.built_id.is_some() => {
                (State::Ok, State::Unknown, State::Unknown)
            }
            ImageStatus::Unfinished => (State::Unknown, State::Unknown, State::Unknown),
        };
        let count = labels.map(<[String]>::len).or(count);
        Self { status: image.status, built, labels, count, configured, layer, layers, last }
    }

    fn state_of(&self, index: usize) -> State {
        match self.layer {
            Some(failed) if index < failed => State::Ok,
            Some(failed) if index == failed => State::Failed,
            Some(_) => State::Open,
            None => self.layers,
        }
    }
}

impl Life {
    fn new(told: &Told<'_>, detail: &Detail) -> Self {
        let known = told.count.unwrap_or(0).max(told.layer.map_or(0, |layer| layer + 1));
        let known = if told.configured { known } else { 0 };
        let drawn = known.min(BOXES.min(detail.items));
        let label = |index: usize| told.labels.and_then(|labels| labels.get(index)).map(|label| detail.text(label));
        let layers = (0..drawn).map(|index| LayerView { index, state: told.state_of(index), label: label(index) });
        let rest = if known > drawn {
            let says = format!("{} more layers", known - drawn);
            Some(Rest { state: told.state_of(known - 1), says: detail.text(&says) })
        } else if told.configured && told.count.is_none() {
            let says = match (known, told.layers) {
                (0, State::Ok) => "all layers",
                (0, _) => "layers",
                _ => "layers after it",
            };
            Some(Rest { state: told.state_of(known), says: says.into() })
        } else {
            None
        };
        let words = detail.text(&words(told, known));
        Self { built: told.built, layers: layers.collect(), rest, last: told.last, configured: told.configured, words }
    }
}

/// The life of an image as a sentence, for those who do not see the boxes.
fn words(told: &Told<'_>, known: usize) -> String {
    if told.status == ImageStatus::Skipped {
        return "It was in IMS before this run.".into();
    }
    let mut parts = vec![match told.built {
        State::Ok => "Base image there".to_owned(),
        state => format!("Build {}", state.word()),
    }];
    let spans = if told.configured { spans(told, known) } else { Vec::new() };
    if !told.configured {
        parts.push("no configuration".into());
    } else if spans.is_empty() {
        parts.push(format!("its layers {}", told.layers.word()));
    }
    parts.extend(spans.into_iter().map(|(from, to, state)| {
        if from == to {
            format!("layer {from} {}", state.word())
        } else {
            format!("layers {from} to {to} {}", state.word())
        }
    }));
    parts.push(match told.last {
        State::Ok => "image made".to_owned(),
        State::Failed => "packaging failed".to_owned(),
        State::Open => "no image made".to_owned(),
        State::Unknown => "whether an image was made is not known".to_owned(),
    });
    format!("{}.", parts.join(", "))
}

/// Layers in a row that stand alike.
fn spans(told: &Told<'_>, known: usize) -> Vec<(usize, usize, State)> {
    let mut spans: Vec<(usize, usize, State)> = Vec::new();
    for index in 0..known {
        let state = told.state_of(index);
        match spans.last_mut() {
            Some((_, to, same)) if *same == state => *to = index,
            _ => spans.push((index, index, state)),
        }
    }
    spans
}
