//! How the creation of one image stands, from what the texts of its run say.

use crate::evidence::Place;
use crate::sat::{ImageText, layer_of_container};

use super::ImageStatus;

/// The stage of its creation in which an image failed.
pub(super) const BUILD: &str = "build";
/// The stage in which a configuration is applied.
pub(super) const CUSTOMIZE: &str = "customize";

/// How the creation of an image stands.
pub(super) struct Outcome {
    pub(super) status: ImageStatus,
    pub(super) failed_stage: Option<&'static str>,
}

/// A failure outweighs a success: an id is only given when nothing speaks against it.
pub(super) fn outcome(image: &ImageText) -> Outcome {
    let customized = image.customized() || image.built.is_some();
    let failed = image.failed.is_some() || image.given_up.is_some();
    let (status, failed_stage) = if image.build_failed.is_some() {
        (ImageStatus::Failed, Some(BUILD))
    } else if failed {
        (ImageStatus::Failed, Some(if customized { CUSTOMIZE } else { BUILD }))
    } else if image.created.is_some() || image.without_id.is_some() || image.lost_id.is_some() {
        (ImageStatus::Succeeded, None)
    } else if image.begun() {
        (ImageStatus::Unfinished, None)
    } else if image.skipped.is_some() {
        (ImageStatus::Skipped, None)
    } else {
        (ImageStatus::NotRun, None)
    };
    Outcome { status, failed_stage }
}

/// The layer the failed container of a session with a container per layer tells, and how it tells it.
pub(super) fn layer_by_container(container: &str) -> Option<(u32, String)> {
    Some((layer_of_container(container)?, format!("container {container} failed")))
}

/// The lines that show how the image stands: the one that decides first.
pub(super) fn places(image: &ImageText) -> Vec<Place> {
    let failed = image.failed.or(image.build_failed).or(image.given_up.as_deref().map(|(_, place)| *place));
    let deciding = [
        failed,
        image.created.as_ref().map(|(_, place)| *place),
        image.without_id,
        image.skipped,
        image.session().map(|(_, place)| *place),
        image.built.as_ref().map(|(_, place)| *place),
        image.failed_container.as_deref().map(|(_, place)| *place),
        image.row.as_ref().map(|row| row.place),
    ];
    let mut places: Vec<Place> = deciding.into_iter().flatten().collect();
    // A line that gives an image up does not name it.
    if places.is_empty() || (image.given_up.is_some() && places.len() == 1) {
        places.push(image.first);
    }
    places
}
