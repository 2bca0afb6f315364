//! How a run of SAT stands, in a word, what it is called, and what is named once for several of its images: the same for a
//! terminal and for a page.

use std::collections::HashMap;

use crate::analysis::{Analysis, Image, ImageStatus, Recovery, SatRun};

use super::printable;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// SAT had no bootprep file and did nothing.
    Skipped,
    /// The log has no end of it.
    Unfinished,
    /// It failed.
    Failed,
    /// It succeeded.
    Succeeded,
    /// Its step has another status, such as Running.
    NotOver,
    /// It made something, and no line says how it ended.
    Made,
    /// No line says how it ended, or that it made anything.
    Unknown,
}

impl Standing {
    pub(super) fn of(run: &SatRun) -> Self {
        if run.skipped {
            return Self::Skipped;
        }
        if run.images.iter().any(|image| image.status == ImageStatus::Unfinished)
            && run.status.is_none()
            && run.exit_code.is_none()
        {
            return Self::Unfinished;
        }
        match run.status.as_deref() {
            _ if run.went_wrong() => Self::Failed,
            Some("Succeeded") => Self::Succeeded,
            Some(_) => Self::NotOver,
            None if run.images.iter().any(|image| image.status == ImageStatus::Succeeded)
                || !run.configurations.is_empty() =>
            {
                Self::Made
            }
            None => Self::Unknown,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Unfinished => "unfinished",
            Self::Failed => "FAILED",
            Self::Succeeded => "succeeded",
            Self::NotOver => "not over",
            Self::Made => "made",
            Self::Unknown => "outcome unknown",
        }
    }
}

/// Which attempt of how many each run is, among the runs of its operation, oldest first; 1 of 1 without an operation.
pub(super) fn attempts(analysis: &Analysis) -> Vec<(usize, usize)> {
    let mut totals: HashMap<&str, usize> = HashMap::new();
    let mut numbers = Vec::new();
    for run in &analysis.sat_runs {
        let number = run.operation.as_deref().map_or(1, |operation| {
            let total = totals.entry(operation).or_default();
            *total += 1;
            *total
        });
        numbers.push(number);
    }
    let total = |run: &SatRun| run.operation.as_deref().and_then(|operation| totals.get(operation).copied());
    numbers.into_iter().zip(&analysis.sat_runs).map(|(number, run)| (number, total(run).unwrap_or(1))).collect()
}

/// `, attempt 2 of 3`; nothing for an only attempt.
pub(super) fn attempt((number, total): (usize, usize)) -> String {
    if total > 1 { format!(", attempt {number} of {total}") } else { String::new() }
}

/// The operation and the session.
pub(super) fn run_name(run: &SatRun) -> String {
    let operation = run.operation.as_deref().map_or("a run of sat bootprep".to_owned(), printable);
    match &run.session {
        Some(session) => format!("{operation} of session {}", printable(session)),
        None => operation,
    }
}

/// What it takes to go on with an image of a run that failed.
pub(super) fn recovery_of<'a>(analysis: &'a Analysis, run: &SatRun, image: &Image) -> Option<&'a Recovery> {
    let own = |recovery: &&Recovery| recovery.image == image.name && recovery.operation == run.operation;
    let failed = matches!(image.status, ImageStatus::Failed | ImageStatus::Unfinished);
    analysis.recoveries.iter().filter(|_| failed).find(own)
}

/// Of images that may have the same bases, which names them: the others name that one.
#[derive(Default)]
pub(super) struct Bases<'a> {
    named: Option<&'a Recovery>,
}

impl<'a> Bases<'a> {
    /// The image told before `recovery` for which the same candidates are named; without one, `recovery` names its own.
    pub(super) fn named_for(&mut self, recovery: &'a Recovery) -> Option<&'a Recovery> {
        let candidates = &recovery.base_image_candidates;
        if candidates.len() < 2 {
            return None;
        }
        let same = self.named.filter(|named| named.base_image_candidates == *candidates);
        self.named = same.or(Some(recovery));
        same
    }
}

/// `1 image`, `2 images`, `2 runs of SAT`.
pub(super) fn count(number: usize, what: &str) -> String {
    let plural = if let Some(rest) = what.strip_prefix("run") { format!("runs{rest}") } else { format!("{what}s") };
    format!("{number} {}", if number == 1 { what } else { &plural })
}
