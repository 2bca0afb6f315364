//! What the targets have in common.

pub mod meaning;
pub mod other_reader;
pub mod reading;
pub mod scratch;
pub mod shown;
pub mod winter;

use std::path::Path;

use incfg::plan::Plan;
use incfg::report::plan::{Rehearsal, rehearsal};
use incfg::text::SourceText;

/// The text in bytes; none where they are no text.
#[must_use]
pub fn text(data: &[u8]) -> Option<SourceText> {
    SourceText::new("f.yaml", data).ok()
}

/// The bytes in two: what comes before the first NUL, and what comes after it.
#[must_use]
pub fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.iter().position(|byte| *byte == 0).unwrap_or(data.len());
    (&data[..at], data.get(at + 1..).unwrap_or_default())
}

/// Every command of a run of a plan.
#[must_use]
pub fn rehearsed(plan: &Plan) -> String {
    let (path, cray, kubectl) = (Path::new("plan.yaml"), "cray", "kubectl");
    rehearsal(&Rehearsal { plan, path, cray, kubectl, until: None, keep_sessions: false })
}
