//! One text of one run of `sat bootprep`, read as a whole.
//!
//! The same run may be told by several texts: `main.log` from S3, the file under `argo_logs`, the lines that `iuf`
//! relayed. Each is folded into a [`SatText`] of its own; [`SatText::absorb`] then fills what the better text lacks from
//! the next one and reports where two disagree.

mod absorb;
mod finish;
mod image;
mod names;
mod report;
mod sessions;
mod take;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use foldhash::HashSet;

use crate::evidence::Place;
use crate::fact::Text;
use crate::image_id::ImageId;
use crate::limits;
use crate::positions::ByName;

pub use absorb::Disagreement;
pub use image::{ImageText, Rare, layer_of_container};
pub use names::Names;
pub use report::ReportRow;
use take::Reading;

/// The suffix SAT gives a built image that is still to be configured.
pub const PRE_CONFIGURATION: &str = "-pre-configuration";

/// A value and the line it stands on.
pub type Placed<T> = (T, Place);

/// Everything one text says of one run.
#[derive(Debug, Clone, Default)]
pub struct SatText {
    /// The operation, as the script names it.
    pub operation: Option<Placed<String>>,
    /// The script had no bootprep file and did nothing.
    pub skipped: Option<Place>,
    /// The bootprep file, as SAT was given it.
    pub input_file: Option<Placed<String>>,
    /// The exit code of the script; absent after success.
    pub exit_code: Option<Placed<u32>>,
    /// Nothing was created: a dry run.
    pub dry_run: Option<Place>,
    /// Someone or something ended SAT.
    pub interrupted: Option<Place>,
    /// How many images SAT set out to create.
    pub creating: Option<Placed<u32>>,
    /// What the text says of each item of the file's `images`, by index.
    pub items: BTreeMap<u32, ItemText>,
    /// Items that were given up, in order.
    pub given_up: Vec<GivenUp>,
    /// Builds that IMS refused; SAT does not say of which image.
    pub builds_refused: Vec<Placed<String>>,
    /// Configurations that were created.
    pub configurations: Names,
    /// Configurations that were not created.
    pub configurations_failed: Names,
    /// Session templates that were created.
    pub templates: Names,
    /// The first errors, in order.
    pub errors: Vec<Placed<String>>,
    /// Ids of sessions and build jobs: two texts that share one are of one run.
    pub fingerprints: HashSet<String>,
    /// Facts dropped because there were more than incfg keeps.
    pub dropped: u64,
    /// When the first line that said anything was written.
    pub first_stamp: Option<DateTime<Utc>>,
    /// When the last line that said anything was written.
    pub last_stamp: Option<DateTime<Utc>>,
    /// The first and last line that said anything.
    pub extent: Option<(Place, Place)>,
    images: Vec<ImageText>,
    by_name: ByName,
    /// What only matters while lines are taken in.
    reading: Option<Box<Reading>>,
    /// This release of SAT announces sessions by names they do not have.
    announces_wrong_sessions: bool,
}

/// Room for the fingerprints of a run of a few images.
const FINGERPRINTS: usize = 14;

/// What the text says of an item of the file's `images`.
#[derive(Debug, Clone, Default)]
pub struct ItemText {
    /// The item it builds on.
    pub depends_on: Option<Placed<u32>>,
    /// What it builds on, in SAT's words.
    pub base: Option<Placed<String>>,
    /// The `ref_name` of the item it builds on.
    pub base_ref: Option<Placed<String>>,
    /// The image in IMS it builds on.
    pub base_id: Option<Placed<ImageId>>,
}

/// An item that SAT gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The index in the file's `images`.
    pub index: u32,
    /// SAT's words.
    pub reason: String,
    /// The image, where the lines around it tell.
    pub image: Option<String>,
    /// The line.
    pub place: Place,
}

impl SatText {
    /// The images, in the order in which the text names them.
    #[must_use]
    pub fn images(&self) -> &[ImageText] {
        &self.images
    }

    /// Takes the images out of the text.
    #[must_use]
    pub fn take_images(&mut self) -> Vec<ImageText> {
        self.by_name = ByName::default();
        std::mem::take(&mut self.images)
    }

    /// An image by its rendered name.
    #[must_use]
    pub fn image(&self, name: &str) -> Option<&ImageText> {
        self.by_name.find(&self.images, name_of, name).and_then(|at| self.images.get(at))
    }

    /// Whether the text says anything of SAT or its script.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.extent.is_none()
    }

    /// Takes in that the step of this run succeeded: no image of it failed, whatever lines of another attempt say, and an
    /// image without an end has one that was lost. Interrupted, SAT ends as if it had succeeded.
    pub fn step_succeeded(&mut self) {
        self.exit_code = None;
        if self.interrupted.is_some() || self.dry_run.is_some() {
            return;
        }
        for text in &mut self.images {
            text.failed = None;
            text.build_failed = None;
            text.given_up = None;
            text.failed_container = None;
            if text.begun() && text.created.is_none() && text.without_id.is_none() {
                text.lost_id = Some(text.first);
            }
        }
    }

    /// Notes that an image was given up, where only other lines together tell which one it was.
    pub fn give_up(&mut self, image: &str, reason: &str, place: Place) {
        self.with(image, place, |text| text.given_up = Some(Box::new((reason.to_owned(), place))));
    }

    /// Changes an image; gives where it stands in the list.
    fn with(&mut self, name: &str, place: Place, change: impl FnOnce(&mut ImageText)) -> Option<usize> {
        let at = self.position(name, place)?;
        change(self.images.get_mut(at)?);
        Some(at)
    }

    /// Where the image stands in the list, new if it has to be.
    fn position(&mut self, name: &str, place: Place) -> Option<usize> {
        if let Some(at) = self.by_name.find(&self.images, name_of, name) {
            return Some(at);
        }
        if self.images.len() >= limits::RUN_ITEMS {
            self.dropped += 1;
            return None;
        }
        let at = self.images.len();
        self.images.push(ImageText::new(name, place));
        self.by_name.grew(&self.images, name_of);
        Some(at)
    }

    fn item(&mut self, index: u32) -> Option<&mut ItemText> {
        if self.items.len() >= limits::RUN_ITEMS && !self.items.contains_key(&index) {
            self.dropped += 1;
            return None;
        }
        Some(self.items.entry(index).or_default())
    }

    fn add(into: &mut Names, dropped: &mut u64, name: Text<'_>, place: Place) {
        *dropped += u64::from(into.add(name, place));
    }

    fn error(&mut self, message: Text<'_>, place: Place) {
        if self.errors.len() < limits::RUN_ERRORS && !self.errors.iter().any(|(known, _)| *known == message) {
            self.errors.push((message.into_owned(), place));
        }
    }

    fn fingerprint(&mut self, id: &str) {
        if self.fingerprints.len() < limits::RUN_ITEMS && !self.fingerprints.contains(id) {
            if self.fingerprints.is_empty() {
                self.fingerprints.reserve(FINGERPRINTS);
            }
            self.fingerprints.insert(id.to_owned());
        }
    }
}

fn name_of(image: &ImageText) -> &str {
    &image.name
}
