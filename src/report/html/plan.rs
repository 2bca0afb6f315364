//! The page of a plan: where it stands, what comes next, and what can be deleted.

use chrono::DateTime;
use serde::Serialize;

use crate::plan::{Attempt, AttemptState, Plan, PlannedLayer, Step, StepState, Track};
use crate::report::plan::{by_hand, deletion, end_steps, no_pin};
use crate::report::shell_word;
use crate::report::standing::count;
use crate::report::steps::Step as ToDo;

use super::steps::Steps;
use super::{Detail, Masked, NoPage, Shown, more, page};

#[derive(Serialize)]
struct View {
    title: Shown,
    counted: Shown,
    story: Story,
    run: Option<Steps>,
    by_hand: Vec<ByHandView>,
    more_by_hand: Option<Shown>,
    end: Option<Steps>,
    gone: Vec<Shown>,
    delete: Option<Steps>,
    tracks: Vec<TrackView>,
    more_tracks: Option<Shown>,
    files: Vec<FileView>,
    more_files: Option<Shown>,
}

#[derive(Serialize)]
struct Story {
    tone: &'static str,
    headline: Shown,
    why: Option<Shown>,
    made: Vec<Made>,
    more_made: Option<Shown>,
}

/// How far an image has come.
#[derive(Serialize)]
struct Made {
    name: Shown,
    says: Shown,
    id: Option<Shown>,
    tone: &'static str,
    outcome: &'static str,
}

#[derive(Serialize)]
struct ByHandView {
    title: Shown,
    failed: Option<Shown>,
    steps: Steps,
    after: Vec<Shown>,
}

#[derive(Serialize)]
struct TrackView {
    name: Shown,
    tone: &'static str,
    outcome: &'static str,
    facts: Vec<FactView>,
    strip: Vec<BoxView>,
    more_boxes: Option<Shown>,
    last: &'static str,
    steps: Vec<StepView>,
    more_steps: Option<Shown>,
}

#[derive(Serialize)]
struct FactView {
    name: &'static str,
    value: Shown,
    exact: bool,
    note: Option<Shown>,
    places: Option<()>,
}

#[derive(Serialize)]
struct BoxView {
    index: u32,
    state: &'static str,
    label: Shown,
}

#[derive(Serialize)]
struct StepView {
    layers: Vec<LayerView>,
    more_layers: Option<Shown>,
    tone: &'static str,
    outcome: &'static str,
    result: Option<Shown>,
    attempts: Vec<AttemptView>,
    more_attempts: Option<Shown>,
}

#[derive(Serialize)]
struct LayerView {
    index: u32,
    label: Shown,
    repository: Option<Shown>,
    commit: Option<Shown>,
}

#[derive(Serialize)]
struct AttemptView {
    number: u32,
    session: Shown,
    tone: &'static str,
    outcome: &'static str,
    when: Option<Shown>,
    base: Shown,
    /// Images of it that are not the result of the step.
    images: Vec<Shown>,
    reason: Option<Shown>,
    log: Option<Shown>,
    deleted: bool,
}

#[derive(Serialize)]
struct FileView {
    path: Shown,
    role: &'static str,
    sha256: Shown,
}

/// The page of a plan that stands in the file `path`.
///
/// # Errors
/// None that input can cause.
pub fn document(plan: &Plan, path: &str) -> Result<Masked, NoPage> {
    page("plan.html", |detail| view(plan, path, detail))
}

fn view(plan: &Plan, path: &str, detail: &Detail) -> View {
    let activity = plan.activity.as_ref().map(|name| format!(" of activity {name}")).unwrap_or_default();
    let steps = plan.steps();
    let done = steps.clone().filter(|step| step.state() == StepState::Done).count();
    let counted = format!(
        "{} of {} done. Made {} by {}.",
        done,
        count(steps.count(), "step"),
        moment(&plan.made_at),
        plan.made_by
    );
    let open = plan.open();
    let hand = |at| {
        let by_hand = by_hand(plan, at, path)?;
        Some(ByHandView {
            title: detail.text(&by_hand.title),
            failed: match &plan.get(at).0.obstacle {
                Some(found) => {
                    Some(detail.text(&format!("In the way, as found at {}: {}", moment(&found.found_at), found.why)))
                }
                None => by_hand.failed.as_ref().map(|failed| detail.text(failed)),
            },
            steps: Steps::new(&by_hand.steps, detail),
            after: by_hand.after.iter().map(|line| detail.text(line)).collect(),
        })
    };
    let run =
        ToDo::new("Go on; --dry-run instead shows every command first:", [format!("incfg run {}", shell_word(path))]);
    let most = detail.items.min(MOST_BY_HAND);
    let delete: Vec<String> = plan.deletable().into_iter().flat_map(|attempt| deletion(plan, attempt, path)).collect();
    let delete = ToDo::new("Sessions that are of no more use: what they made, or why they failed, is kept:", delete);
    let gone = plan.exists.iter().filter(|_| open.is_empty()).filter_map(no_pin);
    let files = std::iter::once((&plan.bootprep, "bootprep file"))
        .chain(plan.vars_files.iter().map(|file| (file, "variables")))
        .chain(plan.inputs.iter().map(|file| (file, "input")));
    View {
        title: detail.text(&format!("Plan {}{activity}", plan.id)),
        counted: detail.text(&counted),
        story: story(plan, detail),
        run: (!open.is_empty()).then(|| Steps::new(&[run], detail)),
        by_hand: open.iter().take(most).filter_map(|at| hand(*at)).collect(),
        more_by_hand: more(open.len(), most, "image"),
        end: open.is_empty().then(|| Steps::new(&end_steps(plan, path), detail)),
        gone: gone.take(detail.items).map(|image| detail.text(&image)).collect(),
        delete: (!delete.commands.is_empty()).then(|| Steps::new(&[delete], detail)),
        // The rows of all tables together: one image with many steps takes the room of many images.
        tracks: tracks(plan, detail),
        more_tracks: more(plan.images.len(), detail.rows.min(MOST_TRACKS), "image"),
        files: files
            .clone()
            .take(detail.rows)
            .map(|(file, role)| FileView { path: detail.text(&file.path), role, sha256: detail.text(&file.sha256) })
            .collect(),
        more_files: more(files.count(), detail.rows, "file"),
    }
}

/// Images whose next step is told command by command; `incfg next --image` tells it of each.
const MOST_BY_HAND: usize = 8;

/// Images told layer by layer.
const MOST_TRACKS: usize = 200;

fn story(plan: &Plan, detail: &Detail) -> Story {
    let all = plan.images.len();
    let state = |wanted: &[StepState]| {
        plan.images.iter().find_map(|track| {
            let step = track.open_step()?;
            wanted.contains(&step.state()).then_some((track, step))
        })
    };
    let of = |(track, step): (&Track, &Step)| format!("{} of {}", step.layers_in_words(), track.label());
    let failed = state(&[StepState::Failed]);
    let blocked = plan.images.iter().find_map(|track| Some((track, track.obstacle.as_ref()?)));
    let (tone, headline) = if let Some((track, _)) = blocked {
        ("bad", format!("Something is in the way of {}", track.label()))
    } else if let Some(at) = failed {
        let attempts = at.1.attempts.len();
        let again = if attempts > 1 { format!(", {attempts} times") } else { String::new() };
        ("bad", format!("{} failed{again}; it can be done again", capital(&of(at))))
    } else if let Some(at) = state(&[StepState::Created, StepState::Intended]) {
        ("quiet", format!("{} is under way", capital(&of(at))))
    } else if let Some(at) = state(&[StepState::Todo]) {
        ("quiet", format!("Next: {}", of(at)))
    } else {
        ("good", if all == 1 { "The image is made".to_owned() } else { format!("All {all} images are made") })
    };
    let why = match blocked {
        Some((_, found)) => Some(format!("As found at {}: {}", moment(&found.found_at), found.why)),
        None => failed.and_then(|(_, step)| step.attempts.last()?.reason.clone()),
    };
    let why = why.map(|why| detail.text(&why));
    let most = detail.rows.min(MOST_MADE);
    let one = |track: &Track| {
        let (tone, outcome) = standing(track);
        let layers = track.steps.iter().map(|step| step.layers.len()).sum::<usize>();
        let done = track.steps.iter().filter(|step| step.state() == StepState::Done).map(|step| step.layers.len());
        Made {
            name: detail.text(track.label()),
            says: detail.text(&format!("{} of {} applied", done.sum::<usize>(), count(layers, "layer"))),
            id: track.is_done().then(|| detail.text(track.current().as_str())),
            tone,
            outcome,
        }
    };
    // Those that are not made come first: they decide what is to be done.
    let mut tracks: Vec<&Track> = plan.images.iter().collect();
    tracks.sort_by_key(|track| track.is_done());
    Story {
        tone,
        headline: detail.text(&headline),
        why,
        made: tracks.into_iter().take(most).map(one).collect(),
        more_made: more(all, most, "image"),
    }
}

/// Images at the head of the page.
const MOST_MADE: usize = 12;

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

fn tracks(plan: &Plan, detail: &Detail) -> Vec<TrackView> {
    let mut room = detail.rows;
    let view = |track: &Track| {
        let view = TrackView::new(track, room, detail);
        room = room.saturating_sub(view.steps.len());
        view
    };
    plan.images.iter().take(detail.rows.min(MOST_TRACKS)).map(view).collect()
}

fn step_words(state: StepState) -> (&'static str, &'static str, &'static str) {
    match state {
        StepState::Todo => ("quiet", "to do", "open"),
        StepState::Intended => ("warn", "about to be created", "unknown"),
        StepState::Created => ("warn", "session is there", "unknown"),
        StepState::Done => ("good", "done", "ok"),
        StepState::Failed => ("bad", "failed", "failed"),
    }
}

/// How an image stands, in words.
fn standing(track: &Track) -> (&'static str, &'static str) {
    match track.open_step().map(Step::state) {
        None => ("good", "made"),
        Some(_) if track.obstacle.is_some() => ("bad", "something is in the way"),
        Some(StepState::Failed) => ("bad", "a step failed"),
        Some(_) if track.steps.iter().all(|step| step.attempts.is_empty()) => ("quiet", "not begun"),
        Some(_) => ("warn", "under way"),
    }
}

impl TrackView {
    fn new(track: &Track, room: usize, detail: &Detail) -> Self {
        let layer = |index: u32| track.configuration.layers.get(index as usize);
        let boxes: Vec<(u32, StepState)> =
            track.steps.iter().flat_map(|step| step.layers.iter().map(|layer| (*layer, step.state()))).collect();
        let most = detail.items.max(8);
        let strip = boxes.iter().take(most).map(|(index, state)| BoxView {
            index: *index,
            state: step_words(*state).2,
            label: detail.text(&layer(*index).map(PlannedLayer::label).unwrap_or_default()),
        });
        let (tone, outcome) = standing(track);
        Self {
            name: detail.text(track.label()),
            tone,
            outcome,
            facts: facts(track, detail),
            strip: strip.collect(),
            more_boxes: more(boxes.len(), most, "layer"),
            last: if track.is_done() { "ok" } else { "open" },
            steps: track.steps.iter().take(room).map(|step| StepView::new(step, track, detail)).collect(),
            more_steps: more(track.steps.len(), room, "step"),
        }
    }
}

fn facts(track: &Track, detail: &Detail) -> Vec<FactView> {
    let fact = |name, value: &str| FactView { name, value: detail.text(value), exact: false, note: None, places: None };
    let exact = |name, value: &str| FactView { exact: true, ..fact(name, value) };
    let base = &track.base_image;
    let base_name = base.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
    let mut facts = vec![
        exact("Becomes", &track.result_name),
        FactView {
            note: Some(detail.text(&format!("{base_name}{}", base.basis))),
            ..exact("Begins with", base.id.as_str())
        },
    ];
    if track.current() != &base.id {
        facts.push(FactView {
            note: Some(if track.is_done() { "the image itself" } else { "with the layers that are done" }.into()),
            ..exact("Is now", track.current().as_str())
        });
    }
    facts.push(FactView {
        note: track
            .configuration
            .last_updated
            .as_ref()
            .map(|moment| detail.text(&format!("as it was last changed {moment}"))),
        ..exact("Configuration", &track.configuration.name)
    });
    facts.push(fact("Groups", &track.groups.join(", ")));
    facts.extend(track.arch.as_ref().map(|arch| fact("Architecture", arch)));
    facts
}

impl StepView {
    fn new(step: &Step, track: &Track, detail: &Detail) -> Self {
        let (tone, outcome, _) = step_words(step.state());
        let layer = |index: &u32| {
            let layer = track.configuration.layers.get(*index as usize);
            LayerView {
                index: *index,
                label: detail.text(&layer.map(PlannedLayer::label).unwrap_or_default()),
                repository: layer
                    .and_then(|layer| layer.repository.as_deref())
                    .map(|name| detail.text(name.rsplit('/').next().unwrap_or(name))),
                commit: layer.and_then(|layer| layer.commit.as_ref()).map(|commit| detail.text(commit)),
            }
        };
        let most = detail.items.min(MOST_ATTEMPTS);
        // The newest attempts say how the step stands.
        let first = step.attempts.len().saturating_sub(most);
        Self {
            layers: step.layers.iter().take(detail.items).map(layer).collect(),
            more_layers: more(step.layers.len(), detail.items, "layer"),
            tone,
            outcome,
            result: step.result().map(|id| detail.text(id.as_str())),
            attempts: step.attempts.iter().skip(first).map(|attempt| AttemptView::new(attempt, detail)).collect(),
            more_attempts: more(step.attempts.len(), most, "older attempt"),
        }
    }
}

/// Attempts of one step that are told.
const MOST_ATTEMPTS: usize = 10;

/// `2024-06-14 10:16:20`; what is no time stays as it is.
fn moment(text: &str) -> String {
    let parsed = DateTime::parse_from_rfc3339(text);
    parsed.map_or(text.to_owned(), |moment| moment.to_utc().format("%Y-%m-%d %H:%M:%S").to_string())
}

impl AttemptView {
    fn new(attempt: &Attempt, detail: &Detail) -> Self {
        let (tone, outcome) = match attempt.state {
            AttemptState::Intended => ("warn", "about to be created"),
            AttemptState::Created => ("warn", "session is there"),
            AttemptState::Done => ("good", "done"),
            AttemptState::Failed => ("bad", "failed"),
        };
        let began = attempt.created_at.as_ref().unwrap_or(&attempt.intended_at);
        let when = match (began.is_empty(), &attempt.ended_at) {
            (true, _) => None,
            (false, Some(ended)) => Some(format!("{} to {}", moment(began), moment(ended))),
            (false, None) => Some(format!("since {}", moment(began))),
        };
        let standing = match attempt.state {
            AttemptState::Done => None,
            AttemptState::Failed => Some("is of no use"),
            AttemptState::Intended | AttemptState::Created => Some("does not count yet"),
        };
        let result = attempt.result_id.iter().filter_map(|id| Some(format!("image {id}, which {}", standing?)));
        let others = attempt.other_images.iter();
        let others = others.map(|id| format!("image {id}, which its session named and the plan does not use"));
        let images = result.chain(others);
        Self {
            number: attempt.number,
            session: detail.text(&attempt.session),
            tone,
            outcome,
            when: when.map(|when| detail.text(&when)),
            base: detail.text(attempt.base_id.as_str()),
            images: images.take(detail.items).map(|image| detail.text(&image)).collect(),
            reason: attempt.reason.as_ref().map(|reason| detail.text(reason)),
            log: attempt.log.as_ref().map(|log| detail.text(log)),
            deleted: attempt.session_deleted,
        }
    }
}
