//! Images that a plan leaves behind: each is as large as the last, and nobody else deletes them.

use crate::image_id::ImageId;

use super::{AttemptState, Plan, Step};

/// An image that nothing uses once the plan is through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leftover<'a> {
    /// The image.
    pub id: &'a ImageId,
    /// The step it comes from.
    pub step: &'a Step,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What it was.
    pub was: Use,
}

/// What an image was that is left behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// The base of the next step.
    Between,
    /// The result of an attempt that failed.
    Failed,
    /// Nothing: its session named it, and it was not what the plan expects.
    Unclear,
}

impl Plan {
    /// The images that may be deleted when the plan is through and its images are in use. One that the plan begins with,
    /// pins or has made is none of them.
    #[must_use]
    pub fn leftovers(&self) -> Vec<Leftover<'_>> {
        let mut found: Vec<Leftover<'_>> = Vec::new();
        for track in &self.images {
            let last = track.steps.len().saturating_sub(1);
            for (number, step) in track.steps.iter().enumerate() {
                for attempt in &step.attempts {
                    let was = if attempt.state == AttemptState::Failed { Use::Failed } else { Use::Between };
                    let result = attempt.result_id.iter().filter(|_| was == Use::Failed || number < last);
                    let result = result.map(|id| (id, was));
                    let others = attempt.other_images.iter().map(|id| (id, Use::Unclear));
                    for (id, was) in result.chain(others) {
                        if !self.needs(id) && found.iter().all(|other| other.id != id) {
                            found.push(Leftover { id, step, attempt: attempt.number, was });
                        }
                    }
                }
            }
        }
        found
    }

    /// Whether an image is in use whatever the plan says of it elsewhere.
    fn needs(&self, id: &ImageId) -> bool {
        self.images.iter().any(|track| track.base_image.id == *id || track.current() == id)
            || self.exists.iter().any(|image| image.id == *id)
    }
}
