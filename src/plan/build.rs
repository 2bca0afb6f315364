//! Making a plan from facts: which layers go into which session, and what everything is called.

use std::io::Read;

use sha2::{Digest, Sha256};

use crate::limits;

use super::facts::{self, Facts};
use super::{
    CfsBasis, CfsVersion, Existing, Given, Hole, InputFile, Plan, PlannedConfiguration, SCHEMA, Sources, Step,
    Strategy, Target, Track, span,
};

/// The circumstances under which a plan is made.
#[derive(Debug, Clone)]
pub struct Made {
    /// When, UTC.
    pub at: String,
    /// What no other plan has: its facts are hashed with it to the plan's id.
    pub salt: String,
    /// The bootprep file.
    pub bootprep: InputFile,
    /// The variables.
    pub vars_files: Vec<InputFile>,
    /// The other inputs.
    pub inputs: Vec<InputFile>,
}

/// A plan that was made.
#[derive(Debug)]
pub struct Built {
    /// The plan.
    pub plan: Plan,
    /// What to know about it.
    pub warnings: Vec<String>,
}

/// Version 3 of the API refuses a longer name of a configuration.
const V3_NAME_CHARS: usize = 60;

/// Makes a plan.
///
/// # Errors
/// A fact that is missing, ambiguous or unusable, with the flag that settles it.
pub fn build(sources: &Sources, given: &Given, made: Made) -> Result<Built, Hole> {
    let facts = facts::facts(sources, given)?;
    check_together(sources, &facts)?;
    let target = target(&facts, given)?;
    let operations: Vec<Option<String>> = facts.iter().map(|facts| facts.operation.clone()).collect();
    let made_here = |label: &str| facts.iter().any(|facts| facts.ref_name.as_deref().unwrap_or(&facts.image) == label);
    let mut warnings = Vec::new();
    let mut exists: Vec<Existing> = Vec::new();
    for (ref_name, image, id) in sources.existing(&operations) {
        if crate::secret::is_in(&ref_name) {
            warnings.push(format!(
                "image {id} exists, but its ref_name holds what looks like a password or a token, which is never written into a plan: it is built again unless you pin it with --pin"
            ));
        } else if !made_here(&ref_name) && exists.iter().all(|other| other.ref_name != ref_name) {
            exists.push(Existing { ref_name, image, id, gone_at: None });
        }
    }
    warnings.extend(sources.unplaced(&operations).into_iter().map(|(image, id)| {
        format!(
            "image {image} exists as {id}, and these logs do not prove which entry of the bootprep file it is: the plan does not pin it, and the restart builds it again, unless you give --pin IMAGE={id} to incfg rewrite-bootprep beside --from"
        )
    }));
    let mut images = Vec::new();
    for facts in facts {
        warnings.extend(blanks(&facts));
        images.push(track(facts, given)?);
    }
    let activity = sources.analysis.activity.clone().filter(|name| !crate::secret::is_in(name));
    if sources.analysis.activity.is_some() && activity.is_none() {
        warnings.push(
            "the name of the activity holds what looks like a password or a token, which is never written into a plan: where a command needs it, it stands as \"$ACTIVITY\", for you to set"
                .to_owned(),
        );
    }
    let mut plan = Plan {
        schema: SCHEMA.into(),
        id: String::new(),
        made_by: concat!("incfg ", env!("CARGO_PKG_VERSION")).into(),
        made_at: made.at,
        activity,
        target,
        bootprep: made.bootprep,
        vars_files: made.vars_files,
        inputs: made.inputs,
        exists,
        images,
    };
    plan.id = id(&hex(&Sha256::digest(format!("{}\n{}", made.salt, plan.to_yaml()))));
    match plan.fault() {
        None => Ok(Built { plan, warnings }),
        Some((field, why)) => Err(Hole::general(
            format!("the plan would not hold together, {FAULT}: {field}: {why}"),
            "Plan the images one by one with --image",
        )),
    }
}

/// How a hole begins that nobody but incfg can be blamed for: better no plan than one that cannot be read.
pub const FAULT: &str = "which is a fault of incfg";

/// The SHA-256 of all that can be read, in hexadecimal.
///
/// # Errors
/// The error of the reader.
pub fn sha256(mut input: impl Read) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; limits::CHUNK_BYTES];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(read) => hash.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Eight digits of a hash, the first of them a letter: YAML takes no such word for a number, whose quotes would come and go.
fn id(hash: &str) -> String {
    let letter = hash.find(|digit: char| digit.is_ascii_alphabetic()).unwrap_or(0);
    hash.get(letter..letter + 8).or_else(|| hash.get(hash.len().checked_sub(8)?..)).unwrap_or(hash).to_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What only several images together can get wrong, and names that a restart would use for something else.
fn check_together(sources: &Sources, facts: &[Facts<'_>]) -> Result<(), Hole> {
    for (at, one) in facts.iter().enumerate() {
        let label = one.ref_name.as_deref().unwrap_or(&one.image);
        if let Some(other) = sources.builds(&one.result_name, one.item) {
            return Err(Hole::of(
                label,
                format!(
                    "its result would be called {}, as image {other} of the bootprep file is: a restart with --overwrite-images deletes every image of that name",
                    one.result_name
                ),
                "Give another name with --result-name",
            ));
        }
        for other in facts.iter().take(at) {
            if one.base.id == other.base.id && one.arch.is_some() && other.arch.is_some() && one.arch != other.arch {
                return Err(Hole::of(
                    label,
                    format!(
                        "it begins with {}, and so does {}, which is of another architecture",
                        one.base.id,
                        other.ref_name.as_deref().unwrap_or(&other.image)
                    ),
                    "Give each its own with --base-image-id IMAGE=ID",
                ));
            }
            if one.result_name == other.result_name {
                return Err(Hole::of(
                    label,
                    format!("its result and that of {} would both be called {}", other.image, one.result_name),
                    "Give another name with --result-name IMAGE=NAME",
                ));
            }
        }
    }
    Ok(())
}

fn target(facts: &[Facts<'_>], given: &Given) -> Result<Target, Hole> {
    let long = facts.iter().find(|facts| facts.configuration.name.chars().count() > V3_NAME_CHARS);
    match (given.cfs, long) {
        (Some(CfsVersion::V3), Some(facts)) => Err(Hole::of(
            &facts.image,
            format!(
                "the name of its configuration, {}, is longer than the {V3_NAME_CHARS} characters that CFS v3 takes",
                facts.configuration.name
            ),
            "Use --cfs v2",
        )),
        (Some(cfs), _) => Ok(Target { cfs, basis: CfsBasis::Given }),
        (None, Some(_)) => Ok(Target { cfs: CfsVersion::V2, basis: CfsBasis::Configuration }),
        (None, None) => {
            let v3 = facts.iter().all(|facts| facts.configuration.v3);
            Ok(Target { cfs: if v3 { CfsVersion::V3 } else { CfsVersion::V2 }, basis: CfsBasis::Configuration })
        }
    }
}

fn track(facts: Facts<'_>, given: &Given) -> Result<Track, Hole> {
    let strategy = match (given.strategy, facts.failed_layer) {
        (Some(Strategy::Prefix), None) => {
            return Err(Hole::of(
                facts.ref_name.as_deref().unwrap_or(&facts.image),
                "which layer failed is not known, so no layers are proven good for --strategy prefix",
                "Give --failed-layer N, or the log of the ansible container and the configuration, or use --strategy single",
            ));
        }
        (Some(strategy), _) => strategy,
        (None, Some(_)) => Strategy::Prefix,
        (None, None) => Strategy::Single,
    };
    let configuration = PlannedConfiguration::of(facts.configuration);
    let count = u32::try_from(configuration.layers.len()).unwrap_or(u32::MAX);
    let label = facts.ref_name.clone().unwrap_or_else(|| facts.image.clone());
    let steps = parts(strategy, facts.failed_layer.unwrap_or(0), count).into_iter().map(|layers| step(&label, layers));
    let track = Track {
        image: facts.image,
        ref_name: facts.ref_name,
        operation: facts.operation,
        arch: facts.arch,
        groups: facts.groups,
        base_image: facts.base,
        configuration,
        failed_layer: facts.failed_layer,
        strategy,
        result_name: facts.result_name,
        steps: steps.collect(),
        obstacle: None,
    };
    match unusable(&track) {
        Some((why, way_out)) => Err(Hole::of(&label, why, way_out)),
        None => Ok(track),
    }
}

/// The layers of each step: `proven` of them are known to be good.
fn parts(strategy: Strategy, proven: u32, count: u32) -> Vec<Vec<u32>> {
    let one_by_one = |from: u32| (from..count).map(|layer| vec![layer]);
    let together = |from: u32, to: u32| (from < to).then(|| (from..to).collect::<Vec<u32>>());
    match strategy {
        Strategy::Single => one_by_one(0).collect(),
        Strategy::Prefix => together(0, proven).into_iter().chain(one_by_one(proven)).collect(),
        Strategy::All => together(0, proven).into_iter().chain(together(proven, count)).collect(),
    }
}

fn step(label: &str, layers: Vec<u32>) -> Step {
    Step { id: step_id(label, &layers), limit: limit(&layers), layers, attempts: Vec::new() }
}

/// Layers as CFS takes them: decimal indices, sorted, each once, without blanks. Anything else means other layers to it.
pub(super) fn limit(layers: &[u32]) -> String {
    layers.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

pub(super) fn step_id(label: &str, layers: &[u32]) -> String {
    format!("{label}/{}", span(layers))
}

/// Why a track cannot become commands, and what to do: a word that `cray` would take for something else.
pub(super) fn unusable(track: &Track) -> Option<(String, &'static str)> {
    const GROUP: &str = "Give one with --group";
    const IN_THE_FILE: &str = "Change it in the bootprep file";
    if track.groups.is_empty() {
        return Some(("it has no group, and CFS takes no image without one".into(), GROUP));
    }
    let named = [
        ("configuration", &track.configuration.name, "Give another with --configuration"),
        ("result name", &track.result_name, "Give another with --result-name"),
        ("name", &track.image, IN_THE_FILE),
    ];
    let ref_name = track.ref_name.iter().map(|name| ("ref_name", name, IN_THE_FILE));
    let groups = track.groups.iter().map(|group| ("group", group, GROUP));
    named.into_iter().chain(ref_name).chain(groups).find_map(|(what, word, way_out)| {
        let why = if word.is_empty() {
            "is empty"
        } else if word.starts_with('-') {
            "begins with a hyphen, so cray would take it for an option"
        } else if word.chars().any(char::is_control) {
            "holds control characters"
        } else if crate::secret::is_in(word) {
            "holds what looks like a password or a token, which is never written into a plan"
        } else {
            return None;
        };
        Some((format!("its {what} '{}' {why}", crate::shown::printable(&crate::secret::masked(word))), way_out))
    })
}

/// CFS splits the list of layers at blanks, so one in a name makes it run something else, or nothing.
fn blanks(facts: &Facts<'_>) -> Vec<String> {
    let layers = facts.configuration.layers.iter().enumerate();
    let blank = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(char::is_whitespace));
    layers
        .filter(|(_, layer)| blank(&layer.name) || blank(&layer.playbook))
        .map(|(index, layer)| {
            format!(
                "configuration {}: layer {index} ({}) has a blank in a value. CFS splits there and may run nothing of it and still succeed; look at its log before you trust its image",
                facts.configuration.name,
                layer.label()
            )
        })
        .collect()
}
