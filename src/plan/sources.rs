//! What a plan is made from, what may be given beside it, and how it is told that something is missing.

use crate::analysis::{Analysis, Image};
use crate::bootprep::Bootprep;
use crate::bootprep::variables::Variables;
use crate::cfs::Configuration;
use crate::image_id::ImageId;

use super::{CfsVersion, Strategy};

/// What a plan is made from.
pub struct Sources {
    /// The analysis.
    pub analysis: Analysis,
    /// The path of the bootprep file.
    pub bootprep_path: String,
    /// The bootprep file.
    pub bootprep: Bootprep,
    /// Its variables.
    pub variables: Variables,
    /// Configurations, each with the path of its JSON.
    pub configurations: Vec<(String, Configuration)>,
}

/// A value for one image, or for the only one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct For<T> {
    /// The image, by its `ref_name` or name.
    pub image: Option<String>,
    /// The value.
    pub value: T,
}

/// What was given by flags.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The images to plan; all that are to be recovered when empty.
    pub images: Vec<String>,
    /// `--base-image-id`.
    pub base_ids: Vec<For<ImageId>>,
    /// `--configuration`.
    pub configurations: Vec<For<String>>,
    /// `--group`.
    pub groups: Vec<For<String>>,
    /// `--failed-layer`.
    pub failed_layers: Vec<For<u32>>,
    /// `--result-name`.
    pub result_names: Vec<For<String>>,
    /// `--strategy`.
    pub strategy: Option<Strategy>,
    /// `--cfs`.
    pub cfs: Option<CfsVersion>,
}

/// A fact that is missing, ambiguous or wrong, and what settles it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{what}. {remedy}", .image.as_ref().map(|image| format!("image {image}: ")).unwrap_or_default())]
pub struct Hole {
    /// The image.
    pub image: Option<String>,
    /// What is the matter.
    pub what: String,
    /// What to do, with the flag.
    pub remedy: String,
}

impl Hole {
    pub(super) fn of(image: &str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { image: Some(crate::shown::printable(image)), what: what.into(), remedy: remedy.into() }
    }

    pub(super) fn general(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { image: None, what: what.into(), remedy: remedy.into() }
    }
}

impl Sources {
    /// The images of all runs, newest first.
    pub(super) fn run_images(&self) -> impl Iterator<Item = &Image> {
        self.analysis.sat_runs.iter().rev().flat_map(|run| &run.images)
    }
}
