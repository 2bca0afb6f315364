//! When what ran: sessions, their stages, and the runs of SAT in them.
//!
//! Times are evidence, not order: each is the clock of the machine that wrote the line. Where they contradict each other,
//! or the order of the lines of one file, the page says so.

mod axis;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::analysis::{Analysis, ImageStatus, SatRun, Stage};
use crate::report::standing::{Standing, attempts, count};

use super::super::evidence::{Folds, Places};
use super::super::{Detail, Shown, more};
use axis::{Axis, AxisView, Bar};

/// The time line, and how much of it is not shown.
#[derive(Serialize)]
pub(super) struct TimeLine {
    axis: Option<AxisView>,
    sessions: Vec<SessionView>,
    more: Option<Shown>,
    /// Any row tells of a clock that contradicts another.
    odd: usize,
}

#[derive(Serialize)]
struct SessionView {
    name: Option<Shown>,
    when: Option<Shown>,
    /// What lies between the session before and this one.
    gap: Option<Shown>,
    stages: Vec<StageView>,
}

#[derive(Serialize)]
struct StageView {
    gap: Option<Shown>,
    row: Row,
    runs: Vec<RunView>,
    more_runs: Option<Shown>,
}

#[derive(Serialize)]
struct RunView {
    row: Row,
    made: Vec<MadeView>,
    more_made: Option<Shown>,
}

#[derive(Serialize)]
struct Row {
    name: Shown,
    outcome: Shown,
    tone: &'static str,
    /// Of the newest run of an operation; an older one is history.
    superseded: bool,
    says: Option<Shown>,
    when: Option<Shown>,
    bar: Option<Bar>,
    odd: Vec<Shown>,
    places: Option<Places>,
}

/// Something a run made.
#[derive(Serialize)]
struct MadeView {
    what: &'static str,
    name: Shown,
    id: Option<Shown>,
}

/// A stretch of time in which nothing runs is told from this length on.
const GAP: TimeDelta = TimeDelta::minutes(10);

/// Clocks of two machines may differ by this much before it is told.
const SKEW: TimeDelta = TimeDelta::seconds(5);

/// A stage, or runs of which no stage is known, before it is shown.
struct Entry<'a> {
    session: Option<&'a str>,
    stage: Option<&'a Stage>,
    runs: Vec<usize>,
}

type Span = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

impl TimeLine {
    pub(super) fn new(analysis: &Analysis, detail: &Detail, folds: &Folds<'_>) -> Self {
        let entries = entries(analysis);
        let weight = |entry: &Entry<'_>| entry.runs.len() + usize::from(entry.stage.is_some());
        let all: usize = entries.iter().map(weight).sum();
        // The newest are shown: they decide what is to be done.
        let mut room = detail.rows.min(MOST_ROWS);
        let with_room = entries.iter().rev().enumerate().take_while(|(at, entry)| {
            let fits = room > 0 || *at == 0;
            room = room.saturating_sub(weight(entry));
            fits
        });
        let shown = entries.split_at(entries.len() - with_room.count()).1;
        let axis = Axis::new(shown.iter().flat_map(|entry| spans(analysis, entry)).collect());
        let builder = Builder { analysis, attempts: attempts(analysis), axis: axis.as_ref(), detail, folds };
        let mut sessions: Vec<SessionView> = Vec::new();
        let mut told: Option<&str> = None;
        let mut before: Option<DateTime<Utc>> = None;
        let mut stage_before = None;
        for entry in shown {
            let span = extent(spans(analysis, entry));
            let gap = before.zip(span.0).filter(|(before, begin)| *begin - *before >= GAP).map(|(before, begin)| {
                detail.text(&format!("{} in which nothing of these logs begins or ends", duration(begin - before)))
            });
            before = before.max(span.0).max(span.1);
            let clock = clock_went_back(stage_before, entry.stage);
            stage_before = entry.stage;
            let stage = builder.stage(entry, clock);
            if told == entry.session && !sessions.is_empty() {
                if let Some(session) = sessions.last_mut() {
                    session.stages.push(StageView { gap, ..stage });
                }
                continue;
            }
            told = entry.session;
            sessions.push(SessionView {
                name: entry.session.map(|name| detail.text(name)),
                when: span.0.or(span.1).map(|moment| detail.text(&moment.format("%Y-%m-%d").to_string())),
                gap,
                stages: vec![stage],
            });
        }
        let rows: usize = shown.iter().map(weight).sum();
        let odd = sessions
            .iter()
            .flat_map(|session| &session.stages)
            .map(|stage| stage.row.odd.len() + stage.runs.iter().map(|run| run.row.odd.len()).sum::<usize>())
            .sum();
        Self { axis: axis.as_ref().map(|axis| axis.view(detail)), sessions, more: more(all, rows, "older row"), odd }
    }
}

/// Rows of the time line; older ones are counted.
const MOST_ROWS: usize = 120;

/// Stages in their order, each with its runs; runs without a stage stand where their time puts them.
fn entries(analysis: &Analysis) -> Vec<Entry<'_>> {
    let mut entries: Vec<Entry<'_>> = analysis
        .stages
        .iter()
        .map(|stage| Entry { session: stage.session.as_deref(), stage: Some(stage), runs: Vec::new() })
        .collect();
    let mut by_workflow: HashMap<&str, usize> = HashMap::new();
    for (at, stage) in analysis.stages.iter().enumerate() {
        if let Some(workflow) = &stage.workflow {
            by_workflow.insert(workflow, at);
        }
    }
    let mut alone: HashMap<Option<&str>, usize> = HashMap::new();
    for (at, run) in analysis.sat_runs.iter().enumerate() {
        let known = run.workflow.as_deref().and_then(|workflow| by_workflow.get(workflow)).copied();
        let entry = known.unwrap_or_else(|| {
            *alone.entry(run.session.as_deref()).or_insert_with(|| {
                entries.push(Entry { session: run.session.as_deref(), stage: None, runs: Vec::new() });
                entries.len() - 1
            })
        });
        if let Some(entry) = entries.get_mut(entry) {
            entry.runs.push(at);
        }
    }
    let mut keyed: Vec<_> = entries.into_iter().map(|entry| (extent(spans(analysis, &entry)).0, entry)).collect();
    keyed.sort_by_key(|(begin, entry)| (begin.is_none() && entry.stage.is_some(), *begin));
    keyed.into_iter().map(|(_, entry)| entry).collect()
}

fn spans(analysis: &Analysis, entry: &Entry<'_>) -> Vec<Span> {
    let stage = entry.stage.map(|stage| (moment(&stage.started_at), moment(&stage.ended_at)));
    let runs = entry.runs.iter().filter_map(|at| analysis.sat_runs.get(*at)).map(run_span);
    stage.into_iter().chain(runs).collect()
}

fn run_span(run: &SatRun) -> Span {
    (moment(&run.started_at), moment(&run.ended_at))
}

fn extent(spans: Vec<Span>) -> Span {
    let begin = spans.iter().filter_map(|(begin, end)| begin.or(*end)).min();
    let end = spans.iter().filter_map(|(begin, end)| end.or(*begin)).max();
    (begin, end)
}

fn moment(text: &Option<String>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.as_deref()?).ok().map(|moment| moment.to_utc())
}

/// A log is written from its first line to its last; a later line with an earlier time is a clock that was set.
fn clock_went_back(before: Option<&Stage>, stage: Option<&Stage>) -> Option<String> {
    let (before, stage) = before.zip(stage)?;
    let (one, other) = before.evidence.first().zip(stage.evidence.first())?;
    let later = one.path == other.path && one.line > other.line;
    later.then(|| {
        format!(
            "it stands before {} in {} and has a later time: the clock was set back between them",
            before.stage.as_deref().unwrap_or("the stage above"),
            one.path.rsplit('/').next().unwrap_or(&one.path)
        )
    })
}

struct Builder<'a> {
    analysis: &'a Analysis,
    attempts: Vec<(usize, usize)>,
    axis: Option<&'a Axis>,
    detail: &'a Detail,
    folds: &'a Folds<'a>,
}

impl Builder<'_> {
    fn stage(&self, entry: &Entry<'_>, clock: Option<String>) -> StageView {
        let detail = self.detail;
        let span = entry.stage.map(|stage| (moment(&stage.started_at), moment(&stage.ended_at)));
        let row = match entry.stage {
            Some(stage) => {
                let (tone, outcome) = match stage.status.as_deref() {
                    Some("Succeeded") => ("good", "succeeded"),
                    Some("Failed" | "Error") => ("bad", "FAILED"),
                    Some(other) => ("quiet", other),
                    None => ("warn", "no end in the log"),
                };
                let mut odd: Vec<Shown> = backwards(span.unwrap_or_default()).into_iter().collect();
                odd.extend(clock.map(|clock| detail.text(&clock)));
                Row {
                    name: stage.stage.as_ref().map_or("a stage without a name".into(), |name| detail.text(name)),
                    outcome: detail.text(outcome),
                    tone,
                    superseded: false,
                    says: None,
                    when: span.and_then(|span| when(span, detail)),
                    bar: span.and_then(|span| self.axis?.bar(span)),
                    odd,
                    places: self.folds.places(&stage.evidence),
                }
            }
            None => Row {
                name: "runs of which no stage is known".into(),
                outcome: "".into(),
                tone: "quiet",
                superseded: false,
                says: None,
                when: None,
                bar: None,
                odd: Vec::new(),
                places: None,
            },
        };
        let most = detail.rows.min(MOST_ROWS);
        // The newest of too many, in their order.
        let first = entry.runs.len().saturating_sub(most);
        let runs = entry.runs.iter().skip(first).filter_map(|at| self.run(*at, span)).collect();
        StageView { gap: None, row, runs, more_runs: more(entry.runs.len(), most, "older run") }
    }

    fn run(&self, at: usize, stage: Option<Span>) -> Option<RunView> {
        let (detail, run, of) = (self.detail, self.analysis.sat_runs.get(at)?, *self.attempts.get(at)?);
        let standing = Standing::of(run);
        let superseded = of.0 < of.1;
        let tone = match standing {
            Standing::Failed => "bad",
            Standing::Unfinished => "warn",
            Standing::Succeeded | Standing::Made => "good",
            Standing::Skipped | Standing::NotOver | Standing::Unknown => "quiet",
        };
        let attempt = if of.1 > 1 { format!(", attempt {} of {}", of.0, of.1) } else { String::new() };
        let operation = run.operation.as_deref().unwrap_or("a run of sat bootprep");
        let span = run_span(run);
        let mut odd: Vec<Shown> = backwards(span).into_iter().collect();
        odd.extend(outside(span, stage));
        let made = made(run);
        let most = detail.items.min(MOST_MADE);
        Some(RunView {
            row: Row {
                name: detail.text(&format!("{operation}{attempt}")),
                outcome: standing.word().into(),
                tone,
                superseded: superseded && run.went_wrong(),
                says: says(run, standing, detail),
                when: when(span, detail),
                bar: self.axis.and_then(|axis| axis.bar(span)),
                odd,
                places: self.folds.places(&run.evidence),
            },
            made: made
                .iter()
                .take(most)
                .map(|(what, name, id)| MadeView { what, name: detail.text(name), id: id.map(|id| detail.text(id)) })
                .collect(),
            more_made: more(made.len(), most, "item"),
        })
    }
}

/// Things listed of what one run made.
const MOST_MADE: usize = 20;

/// What a run made, in the order SAT makes it.
fn made(run: &SatRun) -> Vec<(&'static str, &str, Option<&str>)> {
    let there = run.images.iter().filter(|image| image.status == ImageStatus::Succeeded);
    let configurations = run.configurations.iter().map(|named| ("configuration", named.name.as_str(), None));
    let images = there.map(|image| ("image", image.name.as_str(), image.id.as_ref().map(|id| id.as_str())));
    let templates = run.session_templates.iter().map(|named| ("session template", named.name.as_str(), None));
    configurations.chain(images).chain(templates).collect()
}

fn says(run: &SatRun, standing: Standing, detail: &Detail) -> Option<Shown> {
    if standing == Standing::Skipped {
        return Some("no bootprep file was given, so SAT did nothing".into());
    }
    let of = |status: ImageStatus| run.images.iter().filter(|image| image.status == status).count();
    let kinds = [
        (ImageStatus::Failed, "failed"),
        (ImageStatus::Unfinished, "without an end"),
        (ImageStatus::Succeeded, "made"),
        (ImageStatus::Skipped, "there before"),
        (ImageStatus::NotRun, "never begun"),
    ];
    let parts: Vec<String> = kinds
        .into_iter()
        .filter(|(status, _)| of(*status) > 0)
        .map(|(status, words)| format!("{} {words}", of(status)))
        .collect();
    let images = (!parts.is_empty()).then(|| format!("{}: {}", count(run.images.len(), "image"), parts.join(", ")));
    let configurations = (!run.configurations.is_empty()).then(|| count(run.configurations.len(), "configuration"));
    let templates = (!run.session_templates.is_empty()).then(|| count(run.session_templates.len(), "session template"));
    let all: Vec<String> = [configurations, images, templates].into_iter().flatten().collect();
    (!all.is_empty()).then(|| detail.text(&all.join("; ")))
}

fn backwards(span: Span) -> Option<Shown> {
    let (begin, end) = span.0.zip(span.1)?;
    (end < begin)
        .then(|| "it ends before it begins: its lines have the time of two clocks, or the clock was set".into())
}

fn outside(run: Span, stage: Option<Span>) -> Option<Shown> {
    let stage = stage?;
    let early = run.0.zip(stage.0).is_some_and(|(run, stage)| stage - run > SKEW);
    let late = run.0.zip(stage.1).is_some_and(|(run, stage)| run - stage > SKEW);
    match (early, late) {
        (true, _) => Some("its clock has it begin before its stage".into()),
        (_, true) => Some("its clock has it begin after the end of its stage".into()),
        _ => None,
    }
}

/// `10:16:20 to 10:18:33 UTC, 2 min 13 s`.
fn when(span: Span, detail: &Detail) -> Option<Shown> {
    let time = |moment: DateTime<Utc>| moment.format("%H:%M:%S").to_string();
    let text = match span {
        (Some(begin), Some(end)) if begin.date_naive() == end.date_naive() => {
            format!("{} to {}, {}", time(begin), time(end), duration(end - begin))
        }
        (Some(begin), Some(end)) => {
            format!("{} to {}, {}", time(begin), end.format("%Y-%m-%d %H:%M:%S"), duration(end - begin))
        }
        (Some(begin), None) => format!("from {}", time(begin)),
        (None, Some(end)) => format!("until {}", time(end)),
        (None, None) => return None,
    };
    Some(detail.text(&text))
}

/// A length of time, in its two largest units.
fn duration(length: TimeDelta) -> String {
    let seconds = length.num_seconds();
    let (sign, seconds) = (if seconds < 0 { "minus " } else { "" }, seconds.unsigned_abs());
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let text = match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_two_units() {
        let told = |seconds| duration(TimeDelta::seconds(seconds));
        assert_eq!(told(7), "7 s");
        assert_eq!(told(133), "2 min 13 s");
        assert_eq!(told(7_380), "2 h 3 min");
        assert_eq!(told(200_000), "2 d 7 h");
        assert_eq!(told(-61), "minus 1 min 1 s");
    }
}
