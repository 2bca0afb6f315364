//! A plan: how images get from their base to their last layer, session by session, and how far they have come.
//!
//! It is one YAML file that a person can read. It is made once, from an analysis, the bootprep file and the
//! configurations; afterwards only the attempts of its steps change, and only by the moves of [`step`].

mod build;
pub mod change;
mod check;
mod chosen;
pub mod command;
mod facts;
mod leftover;
pub mod record;
mod sources;
pub mod step;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::image_id::ImageId;
use crate::rewrite::Pin;

pub use build::{Built, FAULT, Made, build, sha256};
pub use check::BadPlan;
pub use leftover::{Leftover, Use};
pub use sources::{For, Given, Hole, Sources};

/// The version of the shape of [`Plan`].
pub const SCHEMA: &str = "incfg.plan/1";

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`SCHEMA`].
    pub schema: String,
    /// Eight hexadecimal digits that no other plan has; part of every session's name.
    pub id: String,
    /// The program that made it.
    pub made_by: String,
    /// When it was made, UTC.
    pub made_at: String,
    /// The IUF activity.
    pub activity: Option<String>,
    /// How CFS is spoken to.
    pub target: Target,
    /// The bootprep file.
    pub bootprep: InputFile,
    /// The variables of the bootprep file.
    pub vars_files: Vec<InputFile>,
    /// What else it was made from.
    pub inputs: Vec<InputFile>,
    /// Images of the bootprep file that exist and need not be made again.
    pub exists: Vec<Existing>,
    /// The images to make.
    pub images: Vec<Track>,
}

/// How CFS is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The version of its API.
    pub cfs: CfsVersion,
    /// How the version is known.
    pub basis: CfsBasis,
}

/// A version of the API of CFS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CfsVersion {
    /// `cray cfs`, which is version 2 in every release.
    V2,
    /// `cray cfs v3`, from CSM 1.5 on.
    V3,
}

/// How the version is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CfsBasis {
    /// It was given with `--cfs`.
    Given,
    /// The configuration was described in its form; `cray` may still know better.
    Configuration,
    /// `cray` has no other.
    Cray,
}

/// A file the plan was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// Its path, as it was given.
    pub path: String,
    /// The SHA-256 of its bytes.
    pub sha256: String,
}

/// An image of the bootprep file that exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Existing {
    /// Its `ref_name`.
    pub ref_name: String,
    /// Its name.
    pub image: String,
    /// Its id.
    pub id: ImageId,
    /// When IMS was found not to have it any more, UTC; then it is no pin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<String>,
}

/// The way of one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// The name of the image.
    pub image: String,
    /// Its `ref_name`; by this, or by its name, the bootprep file knows it.
    pub ref_name: Option<String>,
    /// The operation of IUF that makes it.
    pub operation: Option<String>,
    /// Its architecture, as its names tell or as IMS said of its base.
    pub arch: Option<String>,
    /// Its groups in the inventory.
    pub groups: Vec<String>,
    /// The image to begin with.
    pub base_image: Base,
    /// The configuration.
    pub configuration: PlannedConfiguration,
    /// The layer that failed, where that is known.
    pub failed_layer: Option<u32>,
    /// How the layers are spread over steps.
    pub strategy: Strategy,
    /// The name the last image gets.
    pub result_name: String,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// What stands in the way, until something is done about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<Obstacle>,
}

/// What stands in the way of an image: a run found it, and the next one would find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Obstacle {
    /// What it has to do with.
    pub about: Concern,
    /// When it was found, UTC.
    pub found_at: String,
    /// What it is and what to do, in words; several lines.
    pub why: String,
}

/// What an obstacle has to do with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Concern {
    /// The image that a step begins with.
    Image,
    /// The configuration.
    Configuration,
    /// A session of another hand.
    Session,
}

/// The image a track begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// Its id.
    pub id: ImageId,
    /// Its name, where that is known.
    pub name: Option<String>,
    /// Why it is this one.
    pub basis: String,
}

/// How layers are spread over steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strategy {
    /// The layers proven good in one session, then one layer a session.
    Prefix,
    /// One layer a session.
    Single,
    /// The layers proven good in one session, the rest in another.
    All,
}

/// A configuration as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedConfiguration {
    /// Its name.
    pub name: String,
    /// When it was last changed, as CFS prints it.
    pub last_updated: Option<String>,
    /// Its additional inventory.
    pub additional_inventory: Option<String>,
    /// Its layers.
    pub layers: Vec<PlannedLayer>,
}

/// A layer as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedLayer {
    /// Its index, from 0.
    pub index: u32,
    /// Its name.
    pub name: Option<String>,
    /// Its repository, or its source.
    pub repository: Option<String>,
    /// Its playbook.
    pub playbook: Option<String>,
    /// Its commit.
    pub commit: Option<String>,
    /// The image needs DKMS while it is configured.
    pub requires_dkms: bool,
}

/// A step: some layers in one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The image and the layers: `compute.x86_64/0-2`.
    pub id: String,
    /// The layers.
    pub layers: Vec<u32>,
    /// The layers as CFS takes them.
    pub limit: String,
    /// The attempts, oldest first.
    pub attempts: Vec<Attempt>,
}

/// An attempt: one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// The name of the session.
    pub session: String,
    /// The image it begins with.
    pub base_id: ImageId,
    /// The name of the image it makes.
    pub result_name: String,
    /// Where it stands.
    pub state: AttemptState,
    /// When the session was meant to be created, UTC.
    pub intended_at: String,
    /// When it was first seen, UTC.
    pub created_at: Option<String>,
    /// When its end was recorded, UTC.
    pub ended_at: Option<String>,
    /// The image it made. It counts when the attempt is done; of a failed one it is of no use.
    pub result_id: Option<ImageId>,
    /// What was found good since the session has named its image; the attempt is done when that is all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looked_at: Vec<Look>,
    /// Images that the session has named and that are not its result: CFS lost sight of it, or it named several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_images: Vec<ImageId>,
    /// Why it failed.
    pub reason: Option<String>,
    /// It was given up: nobody waits for it any more, and CFS had not said that it failed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub given_up: bool,
    /// The layer that failed.
    pub failed_layer: Option<u32>,
    /// Where its log is kept.
    pub log: Option<String>,
    /// The session is gone.
    pub session_deleted: bool,
}

/// What has to be looked at when a session has named its image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Look {
    /// The configuration: it may have changed while the session was under way.
    Configuration,
    /// The image: IMS has it, with a link.
    Image,
}

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttemptState {
    /// The session is about to be created; whether it was, only CFS knows.
    Intended,
    /// The session is there.
    Created,
    /// The image is made.
    Done,
    /// There is no image.
    Failed,
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    /// Not begun.
    Todo,
    /// Its session is about to be created.
    Intended,
    /// Its session is there.
    Created,
    /// Its image is made.
    Done,
    /// Its last session made no image; another may.
    Failed,
}

/// Why a plan has no pins yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan is not through: {} {} open. incfg run or incfg next goes on with it; incfg status says where it stands", .0.join(", "), if .0.len() == 1 { "is" } else { "are" })]
pub struct NotThrough(
    /// The steps that are not done.
    pub Vec<String>,
);

impl Target {
    /// Whether `cray` may have another version: only the form of a configuration told of this one.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.basis == CfsBasis::Configuration && self.cfs == CfsVersion::V3
    }
}

impl Plan {
    /// Whether every image is made.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.images.iter().all(Track::is_done)
    }

    /// What the bootprep file is to be told: the images that exist, and those that were made.
    ///
    /// # Errors
    /// When an image is not made yet.
    pub fn pins(&self) -> Result<Vec<Pin>, NotThrough> {
        let open: Vec<String> =
            self.images.iter().filter_map(|track| track.open_step()).map(|s| s.id.clone()).collect();
        if !open.is_empty() {
            return Err(NotThrough(open));
        }
        let there = self.exists.iter().filter(|image| image.gone_at.is_none());
        let there = there.map(|image| Pin { image: image.ref_name.clone(), id: image.id.clone() });
        let made = self.images.iter().map(|track| Pin { image: track.label().to_owned(), id: track.current().clone() });
        Ok(there.chain(made).collect())
    }

    /// What the bootprep file calls an image, by what the plan calls it.
    #[must_use]
    pub fn label_of(&self, image: &str) -> Option<&str> {
        let made = self.images.iter().map(|track| (track.image.as_str(), track.label()));
        let there = self.exists.iter().map(|there| (there.image.as_str(), there.ref_name.as_str()));
        made.chain(there).find(|(name, _)| *name == image).map(|(_, label)| label)
    }
}

impl Track {
    /// What the bootprep file calls the image.
    #[must_use]
    pub fn label(&self) -> &str {
        self.ref_name.as_deref().unwrap_or(&self.image)
    }

    /// Whether the image is made.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.open_step().is_none()
    }

    /// The first step that is not done.
    #[must_use]
    pub fn open_step(&self) -> Option<&Step> {
        self.steps.iter().find(|step| step.state() != StepState::Done)
    }

    /// The image as far as it is made: the result of the last step that is done, else the base.
    #[must_use]
    pub fn current(&self) -> &ImageId {
        self.steps.iter().map_while(Step::result).last().unwrap_or(&self.base_image.id)
    }

    /// The image a step begins with, when the steps before it are done.
    #[must_use]
    pub fn base_of(&self, step: usize) -> Option<&ImageId> {
        match step.checked_sub(1) {
            None => Some(&self.base_image.id),
            Some(before) => self.steps.get(before)?.result(),
        }
    }
}

impl Step {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> StepState {
        match self.attempts.last().map(|attempt| attempt.state) {
            None => StepState::Todo,
            Some(AttemptState::Intended) => StepState::Intended,
            Some(AttemptState::Created) => StepState::Created,
            Some(AttemptState::Done) => StepState::Done,
            Some(AttemptState::Failed) => StepState::Failed,
        }
    }

    /// The image it made.
    #[must_use]
    pub fn result(&self) -> Option<&ImageId> {
        self.attempts
            .last()
            .filter(|attempt| attempt.state == AttemptState::Done)
            .and_then(|attempt| attempt.result_id.as_ref())
    }

    /// The image that its session has named and that does not count yet: see [`Attempt::looked_at`].
    #[must_use]
    pub fn unchecked(&self) -> Option<&ImageId> {
        self.attempts
            .last()
            .filter(|attempt| attempt.state == AttemptState::Created)
            .and_then(|attempt| attempt.result_id.as_ref())
    }

    /// What is left to look at before that image counts.
    #[must_use]
    pub fn open_looks(&self) -> Vec<Look> {
        let looked = self.attempts.last().map(|attempt| attempt.looked_at.as_slice()).unwrap_or_default();
        let all = [Look::Configuration, Look::Image].into_iter().filter(|_| self.unchecked().is_some());
        all.filter(|look| !looked.contains(look)).collect()
    }

    /// Its layers as a person says it: `layer 3`, or `layers 0,1,2`.
    #[must_use]
    pub fn layers_in_words(&self) -> String {
        match self.layers.as_slice() {
            [_] => format!("layer {}", self.limit),
            // So many are a wall of numbers, and the command beside has them one by one.
            [first, .., last]
                if self.layers.len() > SPELT_OUT && self.layers.is_sorted_by(|one, next| one + 1 == *next) =>
            {
                format!("layers {first} to {last}")
            }
            _ => format!("layers {}", self.limit),
        }
    }

    /// Its layers in short: `3`, or `0-2`.
    #[must_use]
    pub fn span(&self) -> String {
        span(&self.layers)
    }
}

/// Layers that are told one by one.
const SPELT_OUT: usize = 5;

fn span(layers: &[u32]) -> String {
    match layers {
        [] => String::new(),
        [one] => one.to_string(),
        [first, .., last] => format!("{first}-{last}"),
    }
}
