//! Why a file is not rewritten, in sentences.

use crate::bootprep::BootprepError;
use crate::image_id::ImageId;
use crate::text::{Position, TextError};
use crate::yaml::edit::Refused;

use super::Deleted;

/// Why a file was not rewritten. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RewriteError {
    /// The file is no text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The file is no bootprep file.
    #[error(transparent)]
    Bootprep(#[from] BootprepError),
    /// A pin names no image of the file.
    #[error("{path}: no image has the ref_name or name '{image}'{hint}", hint = hint(.nearest))]
    UnknownImage {
        /// The file.
        path: String,
        /// What was asked for.
        image: String,
        /// What may have been meant.
        nearest: Vec<String>,
    },
    /// A name fits several images of the file.
    #[error("{path}: '{image}' is {}", several(*.by_ref, *.count))]
    SeveralImages {
        /// The file.
        path: String,
        /// What was asked for.
        image: String,
        /// It is their `ref_name`.
        by_ref: bool,
        /// How many there are.
        count: usize,
    },
    /// One image is pinned to two ids.
    #[error("{path}: image '{image}' is pinned twice, to {first} and to {second}; give one --pin for it")]
    PinnedTwice {
        /// The file.
        path: String,
        /// The image.
        image: String,
        /// The first id.
        first: ImageId,
        /// The second id.
        second: ImageId,
    },
    /// The change would be made in text that an alias elsewhere shares, or that comes from elsewhere.
    #[error("{path}:{}:{}: {what}. Write the value out where it is used, and try again", .at.line, .at.column)]
    Shared {
        /// The file.
        path: String,
        /// Where.
        at: Position,
        /// What is shared with which lines.
        what: String,
    },
    /// A session template may boot a pinned image, and may not.
    #[error("{path}:{}:{}: {template} may mean the pinned image {image}: what it renders to is not known here. Give the variables of the file with --vars-file", .at.line, .at.column)]
    ReferenceUnknown {
        /// The file.
        path: String,
        /// Where.
        at: Position,
        /// The reference as written.
        template: String,
        /// The pinned image.
        image: String,
    },
    /// A name cannot be kept, because it is not known.
    #[error("{path}:{}:{}: the name {template} cannot be kept, because what it renders to is not known here. Give the variables of the file with --vars-file; the name of a recipe is in no file, so write the name that the log shows into the file first", .at.line, .at.column)]
    NameUnknown {
        /// The file.
        path: String,
        /// Where.
        at: Position,
        /// The name as written.
        template: String,
    },
    /// The change did not pass the gate.
    #[error("{path}: not rewritten: {why}. Nothing was written; please report this file")]
    Refused {
        /// The file.
        path: String,
        /// Why.
        why: Refused,
    },
    /// A restart would delete a pinned image.
    #[error("{path}: a restart with --overwrite-images would delete {}. Rename or remove what is built under that name, or say --force", list(.deleted))]
    WouldDelete {
        /// The file.
        path: String,
        /// The pinned images, and what deletes them.
        deleted: Vec<Deleted>,
    },
}

fn hint(nearest: &[String]) -> String {
    if nearest.is_empty() {
        "; the file has no images".to_owned()
    } else {
        format!("; did you mean {}?", nearest.join(" or "))
    }
}

fn several(by_ref: bool, count: usize) -> String {
    if by_ref {
        format!("the ref_name of {count} images, and SAT refuses such a file. Give each a ref_name of its own first")
    } else {
        format!("the name of {count} images; pin it by its ref_name")
    }
}

fn list(deleted: &[Deleted]) -> String {
    deleted
        .iter()
        .map(|deleted| {
            format!(
                "image {} ({}), because {} in line {} is built under its name",
                deleted.id, deleted.name, deleted.because, deleted.line
            )
        })
        .collect::<Vec<_>>()
        .join("; ")
}
