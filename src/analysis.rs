//! What all inputs say together: the analysis, in the shape scripts rely on.

mod assignment;
mod join;
mod logs;
mod outcome;
mod reading;
mod recovery;
mod run;
mod settle;
mod stage;

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

use crate::bootprep::Bootprep;
use crate::bootprep::variables::Variables;
use crate::evidence::{Evidence, Place};
use crate::grammar::Grammar;
use crate::image_id::ImageId;
use crate::input::{Collected, Kind};
use crate::limits;
use crate::scan::Scanner;
use crate::statement::Window;

/// The version of the shape of [`Analysis`].
pub const SCHEMA: &str = "incfg.analysis/1";

/// The kind of an [`Input`] that holds a CFS configuration.
pub const CONFIGURATION_KIND: &str = "cfs-configuration";

/// An analysis. Every fact taken from a log has evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// [`SCHEMA`].
    pub schema: String,
    /// What was read, in order.
    pub inputs: Vec<Input>,
    /// The IUF activity.
    pub activity: Option<String>,
    /// Its stages, oldest first; one per workflow.
    pub stages: Vec<Stage>,
    /// Runs of SAT, oldest first; one per pod, however often it was logged.
    pub sat_runs: Vec<SatRun>,
    /// Images that can be configured on from where they failed.
    pub recoveries: Vec<Recovery>,
    /// The configurations whose layers an input describes.
    #[serde(default)]
    pub configurations: Vec<DescribedConfiguration>,
    /// What to know about the answers.
    pub warnings: Vec<Warning>,
}

/// Something that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// The path, as given or as found below a directory as given.
    pub path: String,
    /// What it was recognised as.
    pub kind: String,
    /// Bytes read, after decompression.
    pub bytes: u64,
    /// Lines read.
    pub lines: u64,
}

/// A stage of the activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub stage: Option<String>,
    /// Its session, in full.
    pub session: Option<String>,
    /// Its workflow.
    pub workflow: Option<String>,
    /// How it ended; absent when no line says.
    pub status: Option<String>,
    /// When it began, UTC.
    pub started_at: Option<String>,
    /// When it ended, UTC.
    pub ended_at: Option<String>,
    /// Where that stands.
    pub evidence: Vec<Evidence>,
}

/// A run of `sat bootprep`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SatRun {
    /// The operation.
    pub operation: Option<String>,
    /// The stage.
    pub stage: Option<String>,
    /// The session, in full.
    pub session: Option<String>,
    /// The workflow.
    pub workflow: Option<String>,
    /// The pod that ran it.
    pub pod: Option<String>,
    /// How its step ended; absent when the log does not say.
    pub status: Option<String>,
    /// The script was told of no bootprep file and did nothing.
    pub skipped: bool,
    /// The key of its log in bucket `config-data`.
    pub s3_key: Option<String>,
    /// How the key is known.
    pub s3_key_basis: Option<KeyBasis>,
    /// A copy of its log at hand, or the path `iuf` logged.
    pub local_log: Option<String>,
    /// The bootprep file SAT was given.
    pub bootprep_file: Option<String>,
    /// The exit code of the script; absent after success, skip and interrupt.
    pub exit_code: Option<u32>,
    /// Its images, in the order in which the log names them.
    pub images: Vec<Image>,
    /// The configurations it created.
    pub configurations: Vec<Named>,
    /// The session templates it created.
    pub session_templates: Vec<Named>,
    /// The first errors it printed.
    pub errors: Vec<Said>,
    /// When its first line was written, UTC.
    pub started_at: Option<String>,
    /// When the last line that tells of it was written, UTC.
    pub ended_at: Option<String>,
    /// Where the run stands.
    pub evidence: Vec<Evidence>,
}

/// How the key of a log is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyBasis {
    /// It stands in a `LOG FILE FOR` line.
    Logged,
    /// A `LOG FILE FOR` line holds a path that tells it.
    FromPath,
    /// From a file's name, a saved path, or the hash of the node's name; the log may not be in S3.
    Computed,
}

/// How the creation of an image stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageStatus {
    /// It is there.
    Succeeded,
    /// It failed.
    Failed,
    /// It was in IMS already and was not made again.
    Skipped,
    /// It began and the log has no end of it.
    Unfinished,
    /// It never began.
    NotRun,
}

/// An image of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its rendered name.
    pub name: String,
    /// How its creation stands.
    pub status: ImageStatus,
    /// Its final id; absent unless it succeeded.
    pub id: Option<ImageId>,
    /// Its id before it was configured, where it has both.
    pub built_id: Option<ImageId>,
    /// Its `ref_name` in the bootprep file.
    pub ref_name: Option<String>,
    /// The configuration applied to it.
    pub configuration: Option<String>,
    /// The CFS session that configured it.
    pub cfs_session: Option<String>,
    /// `build` or `customize`, where it failed.
    pub failed_stage: Option<String>,
    /// The container that failed.
    pub failed_container: Option<String>,
    /// The layer that failed, from 0.
    pub failed_layer: Option<u32>,
    /// How the layer is known.
    pub failed_layer_basis: Option<String>,
    /// Where the image stands.
    pub evidence: Vec<Evidence>,
}

/// Something with a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub evidence: Vec<Evidence>,
}

/// Something a run said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Its words.
    pub message: String,
    /// Where they stand.
    pub evidence: Vec<Evidence>,
}

/// A configuration whose layers an input describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DescribedConfiguration {
    /// Its name.
    pub name: String,
    /// Its layers in words: name, playbook, repository. The position is the index CFS uses.
    pub layers: Vec<String>,
    /// The input.
    pub evidence: Vec<Evidence>,
}

/// An image whose customization was attempted without success: what it takes to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// The operation.
    pub operation: Option<String>,
    /// The image.
    pub image: String,
    /// Its `ref_name` in the bootprep file.
    pub ref_name: Option<String>,
    /// The key of the run's log in bucket `config-data`.
    pub logs_s3_key: Option<String>,
    /// The image it was to be made from, where that is proven.
    pub base_image: Option<BaseImage>,
    /// The images it may have been made from, where that is not proven.
    pub base_image_candidates: Vec<Candidate>,
    /// The configuration, where it is known.
    pub configuration: Option<String>,
    /// The configurations it may be, where it is not known.
    pub configuration_candidates: Vec<String>,
    /// The groups of the image in the inventory.
    pub groups: Option<Vec<String>>,
    /// The layer that failed, from 0.
    pub failed_layer: Option<u32>,
    /// How the layer is known.
    pub failed_layer_basis: Option<String>,
    /// The failed layer in words: name, playbook, repository.
    pub failed_layer_name: Option<String>,
    /// The container that failed.
    pub failed_container: Option<String>,
    /// The CFS session; absent when CFS refused it.
    pub cfs_session: Option<String>,
    /// Why no layer failed, where that is so.
    pub no_failed_layer: Option<String>,
    /// The number of layers of the configuration.
    pub layers: Option<u32>,
    /// The layers proven good, as a limit for CFS.
    pub configuration_limit: Option<String>,
    /// The command that shows the log of the failed container.
    pub debug_command: Option<String>,
    /// What failed, in the words of the ansible log.
    pub failed_task: Option<Said>,
    /// Where the recovery stands.
    pub evidence: Vec<Evidence>,
}

/// An image to go on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseImage {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: Option<String>,
    /// Why it is this one.
    pub basis: String,
}

/// An image that may be the one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its id.
    pub id: ImageId,
    /// Its name.
    pub name: String,
}

/// Something to know about the answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// A stable name of this kind of warning.
    pub code: String,
    /// What is the matter, and what would help.
    pub message: String,
    /// Where it shows.
    pub evidence: Vec<Evidence>,
}

/// A warning whose places are still numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Problem {
    code: &'static str,
    message: String,
    places: Vec<Place>,
}

impl Problem {
    fn new(code: &'static str, message: String, places: Vec<Place>) -> Self {
        Self { code, message, places }
    }
}

/// Why there is no analysis.
#[derive(Debug, thiserror::Error)]
pub enum AnalyzeError {
    /// No input is anything incfg knows.
    #[error("nothing to analyse: {}", .0.join("; "))]
    NothingRecognised(
        /// What each input is instead.
        Vec<String>,
    ),
}

/// What an analysis may use beside the inputs.
#[derive(Default)]
pub struct Context {
    /// The bootprep file, with its path.
    pub bootprep: Option<(String, Bootprep)>,
    /// The variables of the bootprep file.
    pub variables: Variables,
    /// Why a bootprep file or variables cannot be used. A run may have failed for that very reason, so the rest is
    /// analysed without them.
    pub unusable: Vec<String>,
    /// The stretch of time to look at.
    pub window: Window,
}

/// Analyses everything that was collected as one.
///
/// # Errors
/// When no input is of a kind incfg knows.
pub fn analyze(
    collected: &Collected,
    context: &Context,
    grammar: &Grammar,
    scanner: &mut Scanner<'_>,
) -> Result<Analysis, AnalyzeError> {
    let texts = reading::read(collected, grammar, context.window, scanner);
    if texts.say_nothing() {
        let mut told: Vec<String> = collected
            .sources
            .iter()
            .take(SOURCES_TOLD)
            .map(|source| match source.shown.as_str() {
                "-" => format!("standard input {}", useless(source.kind)),
                shown => format!("{shown} {}", useless(source.kind)),
            })
            .collect();
        if collected.sources.len() > SOURCES_TOLD {
            told.push(format!("and {} more files of no use", collected.sources.len() - SOURCES_TOLD));
        }
        return Err(AnalyzeError::NothingRecognised(told));
    }
    Ok(join::join(texts, context))
}

/// Inputs named when none is of use.
const SOURCES_TOLD: usize = 8;

/// What an input is that has nothing to analyse, and what to do.
fn useless(kind: Kind) -> &'static str {
    match kind {
        Kind::Empty => "is empty; was it copied to its end?",
        Kind::Archive => {
            "is a tar archive; unpack it (tar -xf, in an empty directory) and give the directory that comes out"
        }
        Kind::Binary => {
            "is not text; what xz, bzip2 or zip has packed has to be unpacked first, gzip and zstd are read as they are"
        }
        Kind::Bootprep => "is a bootprep file; give it with --bootprep, beside the logs",
        Kind::Plan => "is a plan of incfg; incfg status says where it stands",
        Kind::Json => {
            "is JSON, but no CFS configuration (cray cfs configurations describe) and no ConfigMap of an activity; an analysis that incfg has written is given to incfg plan and incfg fetch, with --analysis"
        }
        Kind::Unknown => {
            "is no log of IUF, SAT or ansible, no CFS configuration and no state of an activity; incfg looked for lines like 'INFO [prepare-managed-images] ...' (install.log), 'INFO: Creation of image ...' (main.log), 'Running site.yml from repo ...' (ansible)"
        }
        Kind::InstallLog | Kind::Console => {
            "looks like a log of iuf, but no line of it tells of an activity, a stage or a SAT step"
        }
        Kind::MainLog | Kind::SatLog | Kind::ArgoLog => {
            "looks like a log of SAT, but no line of it tells what was made or what failed"
        }
        Kind::AnsibleLog => "looks like an ansible log, but no line of it tells of a layer",
        Kind::ActivityState | Kind::ActivityHistory => {
            "looks like the state of an activity, but cannot be read as such"
        }
    }
}

/// Turns places into evidence.
struct Places(Vec<Arc<str>>);

impl Places {
    fn of(inputs: &[Input]) -> Self {
        Self(inputs.iter().map(|input| input.path.as_str().into()).collect())
    }

    fn evidence(&self, places: impl IntoIterator<Item = Place>) -> Vec<Evidence> {
        let mut found: Vec<Evidence> = Vec::new();
        for place in places {
            let Some(path) = self.0.get(place.file.0 as usize) else { continue };
            let evidence = Evidence { path: Arc::clone(path), line: place.line };
            if found.len() < limits::EVIDENCE_PLACES && !found.contains(&evidence) {
                found.push(evidence);
            }
        }
        found
    }
}

fn stamp_text(stamp: DateTime<Utc>) -> String {
    stamp.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
