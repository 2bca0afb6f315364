//! One recovery as POSIX shell assignments, for the documented procedure by hand.

use crate::analysis::{Analysis, Recovery};
use crate::secret;

use super::shell_word;

/// Why no assignments are printed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvRefused {
    /// No image is to be recovered.
    #[error("no image of the newest runs failed in its customization, so there is nothing to go on from")]
    Nothing,
    /// Several images are.
    #[error("several images failed: {}. Choose one with --image NAME", .0.join(", "))]
    Several(
        /// Their names.
        Vec<String>,
    ),
    /// The chosen image is not among them.
    #[error("no image called '{name}' is to be recovered; there is: {}", .known.join(", "))]
    NoSuchImage {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A name could do harm in a terminal.
    #[error("the name of the configuration, {name}, holds control characters; CFS has no such configuration")]
    ControlCharacters {
        /// The name, made printable.
        name: String,
    },
    /// A value looks like a secret, and a masked one would do something else.
    #[error("{name} of image {image} would hold what looks like a password or a token, so nothing is printed")]
    Secret {
        /// The name of the assignment.
        name: &'static str,
        /// The image.
        image: String,
    },
    /// A fact is not known for sure.
    #[error("{what} of image {image} is not known for sure{candidates}. {remedy}")]
    NotProven {
        /// The image.
        image: String,
        /// The fact.
        what: &'static str,
        /// What it may be.
        candidates: String,
        /// What would prove it.
        remedy: &'static str,
    },
}

/// The assignments for one recovery.
///
/// # Errors
/// When none or several are meant, or an id or name is not known for sure.
pub fn assignments(analysis: &Analysis, image: Option<&str>) -> Result<String, EnvRefused> {
    let recovery = choose(&analysis.recoveries, image)?;
    let missing = |what, candidates: Vec<String>, remedy| EnvRefused::NotProven {
        image: super::printable(&recovery.image),
        what,
        candidates: if candidates.is_empty() {
            String::new()
        } else {
            format!(" (it may be {})", candidates.join(" or "))
        },
        remedy,
    };
    let key = recovery.logs_s3_key.as_deref().ok_or_else(|| {
        missing("the key of the log", Vec::new(), "Give the activity directory or its install.log too")
    })?;
    let base = recovery.base_image.as_ref().ok_or_else(|| {
        let candidates = recovery
            .base_image_candidates
            .iter()
            .map(|candidate| format!("{} {}", candidate.id, super::printable(&candidate.name)))
            .collect();
        missing(
            "the base image",
            candidates,
            "Give --bootprep FILE and --vars-file FILE, or the log of the run from S3",
        )
    })?;
    let configuration = recovery.configuration.as_deref().ok_or_else(|| {
        let candidates = recovery.configuration_candidates.iter().map(|name| super::printable(name)).collect();
        missing("the configuration", candidates, "Give --bootprep FILE and --vars-file FILE")
    })?;
    if configuration.chars().any(char::is_control) {
        return Err(EnvRefused::ControlCharacters { name: super::printable(configuration) });
    }
    let limit = recovery.configuration_limit.as_deref().unwrap_or("0");
    let session = session_name(base.id.as_str(), configuration, limit);
    let lines = [
        ("LOGS_S3_KEY", key),
        ("BASE_IMAGE_ID", base.id.as_str()),
        ("CFS_CONFIGURATION_NAME", configuration),
        ("CONFIGURATION_LIMIT", limit),
        ("SESSION_NAME", &session),
    ];
    if let Some((name, _)) = lines.iter().find(|(_, value)| secret::is_in(value)) {
        return Err(EnvRefused::Secret { name, image: super::printable(&recovery.image) });
    }
    Ok(lines.iter().map(|(name, value)| format!("{name}={}\n", shell_word(value))).collect())
}

fn choose<'a>(recoveries: &'a [Recovery], image: Option<&str>) -> Result<&'a Recovery, EnvRefused> {
    let names = || recoveries.iter().map(|recovery| super::printable(&recovery.image)).collect();
    let Some(image) = image else {
        return match recoveries {
            [] => Err(EnvRefused::Nothing),
            [one] => Ok(one),
            _ => Err(EnvRefused::Several(names())),
        };
    };
    let mut fitting =
        recoveries.iter().filter(|recovery| recovery.image == image || recovery.ref_name.as_deref() == Some(image));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(EnvRefused::Several(names())),
        _ if recoveries.is_empty() => Err(EnvRefused::Nothing),
        _ => Err(EnvRefused::NoSuchImage { name: super::printable(image), known: names() }),
    }
}

/// A name CFS takes, the same for the same step and another for any other.
fn session_name(base: &str, configuration: &str, limit: &str) -> String {
    let hash = [base, configuration, limit]
        .join("\n")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("incfg-{:08x}-l{}", hash >> 32, limit.rsplit(',').next().unwrap_or("0"))
}
