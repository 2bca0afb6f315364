//! The axis of the time line: time as a share of the width, with the stretches in which nothing runs cut short.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::super::super::{Detail, Shown};
use super::{GAP, Span};

/// Per mille of the width that a cut takes, and that all of them together take at most.
const CUT: i64 = 24;
const CUTS: i64 = 288;

/// Per mille of the width that the shortest bar takes.
const SHORTEST: i64 = 6;

/// Cuts of one axis, which are the longest gaps.
const MOST_CUTS: usize = 60;

/// Where a time lies.
pub(super) struct Axis {
    /// Stretches in which something runs, in order and apart.
    busy: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// Where each of them begins, and how wide it is, in per mille.
    placed: Vec<(i64, i64)>,
    /// How wide a cut between two of them is.
    cut: i64,
}

/// A bar, in percent of the width.
#[derive(Debug, Serialize)]
pub(super) struct Bar {
    x: String,
    width: String,
    /// Only one end of it is known.
    open: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct AxisView {
    from: Shown,
    to: Shown,
    cuts: Vec<Cut>,
}

#[derive(Debug, Serialize)]
struct Cut {
    x: String,
    width: String,
}

fn percent(per_mille: i64) -> String {
    format!("{}.{}%", per_mille / 10, per_mille % 10)
}

impl Axis {
    /// The axis on which these spans lie; none where no time is known.
    pub(super) fn new(spans: Vec<Span>) -> Option<Self> {
        let mut known: Vec<_> = spans
            .into_iter()
            .filter_map(|(begin, end)| begin.or(end).zip(end.or(begin)))
            .map(|(one, other)| (one.min(other), one.max(other)))
            .collect();
        known.sort_unstable();
        let mut busy: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        for (begin, end) in known {
            match busy.last_mut() {
                Some((_, last)) if begin <= *last => *last = (*last).max(end),
                _ => busy.push((begin, end)),
            }
        }
        let begin = busy.first()?.0;
        let running: TimeDelta = busy.iter().map(|(begin, end)| *end - *begin).sum();
        // A gap that is short beside what runs says something by its length.
        let shortest = GAP.max(running / 4);
        let neighbours = busy.iter().zip(busy.iter().skip(1));
        let mut gaps: Vec<_> = neighbours.map(|((_, end), (behind, _))| (*behind - *end, *behind)).collect();
        gaps.retain(|(length, _)| *length >= shortest);
        gaps.sort_unstable_by(|one, other| other.cmp(one));
        gaps.truncate(MOST_CUTS);
        let behind_a_cut = |begin: DateTime<Utc>| gaps.iter().any(|(_, behind)| *behind == begin);
        let mut joined = vec![(begin, begin)];
        for (begin, end) in busy {
            match joined.last_mut() {
                Some((_, last)) if !behind_a_cut(begin) => *last = end,
                _ => joined.push((begin, end)),
            }
        }
        let busy = joined;
        let cuts = i64::try_from(busy.len()).unwrap_or(i64::MAX) - 1;
        let cut = CUT.min(CUTS / cuts.max(1));
        let length: i64 = busy.iter().map(|(begin, end)| seconds(*end - *begin)).sum();
        let room = 1_000 - cuts * cut;
        let mut placed = Vec::new();
        let mut at = 0;
        for (begin, end) in &busy {
            let width = seconds(*end - *begin) * room / length;
            placed.push((at, width));
            at += width + cut;
        }
        Some(Self { busy, placed, cut })
    }

    /// Where a moment lies, in per mille.
    fn at(&self, moment: DateTime<Utc>) -> i64 {
        for ((begin, end), (at, width)) in self.busy.iter().zip(&self.placed) {
            if moment <= *end {
                let into = (moment - *begin).num_seconds().max(0);
                return (at + into * width / seconds(*end - *begin)).min(1_000);
            }
        }
        1_000
    }

    /// The bar of a span.
    pub(super) fn bar(&self, span: Span) -> Option<Bar> {
        let (one, other) = (span.0.or(span.1)?, span.1.or(span.0)?);
        let (x, end) = (self.at(one.min(other)), self.at(one.max(other)));
        let width = (end - x).max(SHORTEST);
        let x = x.min(1_000 - width);
        Some(Bar { x: percent(x), width: percent(width), open: span.0.is_none() || span.1.is_none() })
    }

    pub(super) fn view(&self, detail: &Detail) -> AxisView {
        let text = |moment: Option<DateTime<Utc>>| {
            detail.text(&moment.map(|moment| moment.format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default())
        };
        let cut = |(at, width): &(i64, i64)| Cut { x: percent(at + width), width: percent(self.cut) };
        AxisView {
            from: text(self.busy.first().map(|(begin, _)| *begin)),
            to: text(self.busy.last().map(|(_, end)| *end)),
            cuts: self.placed.iter().take(self.placed.len().saturating_sub(1)).map(cut).collect(),
        }
    }
}

/// At least one second, so that shares of it are defined.
fn seconds(length: TimeDelta) -> i64 {
    length.num_seconds().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn span(begin: i64, end: i64) -> Span {
        (Some(moment(begin)), Some(moment(end)))
    }

    #[test]
    fn a_night_in_which_nothing_runs_is_cut_short() {
        let axis = Axis::new(vec![span(0, 60), span(800, 860)]).unwrap();
        assert_eq!(axis.at(moment(0)), 0);
        assert_eq!(axis.at(moment(60)), 488);
        assert_eq!(axis.at(moment(800)), 512);
        assert_eq!(axis.at(moment(860)), 1_000);
    }

    #[test]
    fn short_runs_of_thirty_days_are_bars_and_not_dots() {
        let day = 24 * 60;
        let axis = Axis::new((0..30).map(|n| span(n * day, n * day + 4)).collect()).unwrap();
        for n in 0..30 {
            let bar = axis.bar(span(n * day, n * day + 4)).unwrap();
            assert!(bar.width.trim_end_matches('%').parse::<f64>().unwrap() > 2.0, "{bar:?}");
        }
        assert_eq!(axis.placed.len(), 30);
        // Of more gaps than there is room for, the longest are cut.
        let many = Axis::new((0..200).map(|n| span(n * n * day, n * n * day + 4)).collect()).unwrap();
        assert_eq!(many.placed.len(), MOST_CUTS + 1);
        assert_eq!(many.busy[0].1, moment(139 * 139 * day + 4));
    }

    #[test]
    fn every_bar_lies_on_the_axis_whatever_the_times() {
        let axis = Axis::new(vec![span(0, 0), span(1, 90), (None, Some(moment(100))), span(100, 3)]).unwrap();
        for span in [span(0, 0), span(100, 3), (None, Some(moment(100))), (Some(moment(90)), None), span(-50, 5_000)] {
            let bar = axis.bar(span).unwrap();
            let number = |text: &str| text.trim_end_matches('%').parse::<f64>().unwrap();
            let (x, width) = (number(&bar.x), number(&bar.width));
            assert!(x >= 0.0 && width > 0.0 && x + width <= 100.05, "{bar:?}");
        }
        assert!(Axis::new(vec![(None, None)]).is_none());
    }
}
