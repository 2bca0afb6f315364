//! `incfg plan`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use serde_json::Value;

use crate::analysis::{self, Analysis, Context};
use crate::bootprep::Bootprep;
use crate::bootprep::variables::Variables;
use crate::cfs::Configuration;
use crate::image_id::ImageId;
use crate::input;
use crate::plan::{self, CfsVersion, For, Given, InputFile, Made, Plan, Sources, Strategy, store};
use crate::report::{printable, shell_word};
use crate::secret;

use super::{Exit, Failure, print, say};

/// Write down how the images that failed are made: one CFS session per layer, each on the result of the last.
///
/// The facts come from an analysis (PATHs as for incfg analyze, or its JSON), the bootprep file, and the JSON of the configurations, which may be among the
/// PATHs. Each fact can be given by a flag instead; with several images a flag says which one it is for: IMAGE=VALUE. A fact that is missing or ambiguous is an
/// error that names its flag.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg plan activity/ ansible.log configuration.json --bootprep bootprep.yaml \\
    --vars-file session_vars.yaml -o plan.yaml
  incfg plan --analysis analysis.json --bootprep bootprep.yaml --vars-file session_vars.yaml \\
    --configuration-file configuration.json -o plan.yaml
  incfg plan activity/ --bootprep bootprep.yaml --vars-file session_vars.yaml \\
    --image compute.x86_64 --base-image-id UUID --configuration-file configuration.json \\
    --failed-layer 3 -o plan.yaml

Then: incfg run plan.yaml, or by hand: incfg next plan.yaml

Exit codes: 0 the plan is written, 3 a fact is missing or ambiguous, or an input cannot be read; nothing was written.")]
pub(super) struct Arguments {
    /// What to analyse, as for incfg analyze; JSON of configurations may be among it.
    #[arg(value_name = "PATH", required_unless_present = "analysis", conflicts_with = "analysis")]
    paths: Vec<PathBuf>,
    /// The JSON of an analysis, from incfg analyze --format json; - is stdin.
    #[arg(long, value_name = "JSON")]
    analysis: Option<PathBuf>,
    /// The bootprep file of the run.
    #[arg(long, value_name = "FILE")]
    bootprep: PathBuf,
    /// Variables of the bootprep file; repeats, a later file wins.
    #[arg(long, value_name = "FILE")]
    vars_file: Vec<PathBuf>,
    /// An image to plan, by ref_name or name; repeats. Without it: every image that failed while it was configured.
    #[arg(long = "image", value_name = "REF")]
    images: Vec<String>,
    /// The image to begin with.
    #[arg(long, value_name = "[IMAGE=]ID", value_parser = flag::<ImageId>)]
    base_image_id: Vec<For<ImageId>>,
    /// The configuration to apply.
    #[arg(long, value_name = "[IMAGE=]NAME", value_parser = flag::<String>)]
    configuration: Vec<For<String>>,
    /// The JSON of a configuration, from cray cfs configurations describe NAME --format json; repeats.
    #[arg(long, value_name = "FILE")]
    configuration_file: Vec<PathBuf>,
    /// A group of the image in the inventory; repeats.
    #[arg(long, value_name = "[IMAGE=]GROUP", value_parser = flag::<String>)]
    group: Vec<For<String>>,
    /// The layer that failed, from 0: those before it are proven good.
    #[arg(long, value_name = "[IMAGE=]N", value_parser = flag::<u32>)]
    failed_layer: Vec<For<u32>>,
    /// The name of the final image; without it, the name SAT would have given it.
    #[arg(long, value_name = "[IMAGE=]NAME", value_parser = flag::<String>)]
    result_name: Vec<For<String>>,
    /// How layers are spread over sessions; without it, prefix when the failed layer is known, else single.
    #[arg(long, value_enum)]
    strategy: Option<StrategyName>,
    /// The version of the API of CFS.
    #[arg(long, value_enum, default_value_t = Cfs::Auto)]
    cfs: Cfs,
    /// The file to write; a file that is there is never written over. Without it, or with -, the plan is printed.
    #[arg(short, long, value_name = "PLAN")]
    output: Option<PathBuf>,
    /// A directory of grammar files to use beside the built-in ones.
    #[arg(long, value_name = "DIR")]
    grammar: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StrategyName {
    /// The layers proven good in one session, then one layer a session.
    Prefix,
    /// One layer a session from the first on.
    Single,
    /// The layers proven good in one session, the rest in another.
    All,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Cfs {
    /// Plain cray cfs, which is v2 in every release.
    V2,
    /// cray cfs v3, from CSM 1.5 on.
    V3,
    /// As the configuration is described; run falls back to v2 when cray has no v3.
    Auto,
}

/// `VALUE`, or `IMAGE=VALUE`.
fn flag<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<For<T>, String> {
    let (image, value) = match text.split_once('=') {
        Some(("", _)) => return Err("expected VALUE or IMAGE=VALUE; the image is missing before the =".into()),
        Some((image, value)) => (Some(image.to_owned()), value),
        None => (None, text),
    };
    Ok(For { image, value: value.parse().map_err(|error: T::Err| error.to_string())? })
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let (variables, bootprep) = bootprep(arguments)?;
    let analysis = the_analysis(arguments, &bootprep, &variables)?;
    let (configurations, used) = configurations(arguments, &analysis)?;
    let given = Given {
        images: arguments.images.clone(),
        base_ids: arguments.base_image_id.clone(),
        configurations: arguments.configuration.clone(),
        groups: arguments.group.clone(),
        failed_layers: arguments.failed_layer.clone(),
        result_names: arguments.result_name.clone(),
        strategy: arguments.strategy.map(|strategy| match strategy {
            StrategyName::Prefix => Strategy::Prefix,
            StrategyName::Single => Strategy::Single,
            StrategyName::All => Strategy::All,
        }),
        cfs: match arguments.cfs {
            Cfs::V2 => Some(CfsVersion::V2),
            Cfs::V3 => Some(CfsVersion::V3),
            Cfs::Auto => None,
        },
    };
    let made = Made {
        at: super::now(),
        salt: salt(),
        bootprep: input_file(&arguments.bootprep)?,
        vars_files: arguments.vars_file.iter().map(|path| input_file(path)).collect::<Result<_, _>>()?,
        inputs: inputs(arguments, &analysis, used)?,
    };
    let sources = Sources {
        analysis,
        bootprep_path: arguments.bootprep.display().to_string(),
        bootprep,
        variables,
        configurations,
    };
    check_paths(arguments)?;
    let built =
        plan::build(&sources, &given, made).map_err(|hole| Failure::new(Exit::Input, printable(&hole.to_string())))?;
    for warning in &built.warnings {
        say(&format!("warning: {}", printable(warning)))?;
    }
    match arguments.output.as_ref().filter(|path| path.as_os_str() != "-") {
        None => print(&built.plan.to_yaml())?,
        Some(path) => {
            store::create(path, &built.plan).map_err(|error| Failure::new(Exit::Input, error))?;
            say(&made_text(&built.plan, path))?;
        }
    }
    Ok(Exit::Done)
}

/// Paths that stand in the commands which a plan leads to: with a secret they may not be printed, and without it they lead
/// elsewhere.
fn check_paths(arguments: &Arguments) -> Result<(), Failure> {
    let files = [("--bootprep", &arguments.bootprep)].into_iter();
    let files = files.chain(arguments.vars_file.iter().map(|path| ("--vars-file", path)));
    for (flag, path) in files.chain(arguments.output.iter().map(|path| ("-o", path))) {
        let shown = path.display().to_string();
        // A command has the path as a word of its own, where what is before it may make a secret of it.
        if secret::is_in(&shown) || secret::is_in(&shell_word(&shown)) {
            return Err(Failure::new(
                Exit::Input,
                printable(&format!(
                    "{flag} {shown}: this path holds what looks like a password or a token, which is never written into a plan or printed, so no command with it could be copied. Go into its directory and give the name alone, or give it by a link of another name"
                )),
            ));
        }
    }
    Ok(())
}

fn made_text(plan: &Plan, path: &Path) -> String {
    let steps: usize = plan.images.iter().map(|track| track.steps.len()).sum();
    let file = shell_word(&path.display().to_string());
    let images: Vec<String> = plan.images.iter().map(|track| printable(track.label())).collect();
    format!(
        "{}: plan {} for {}, {steps} step{}. incfg status {file} shows it, incfg run {file} does it, incfg next {file} tells how by hand",
        path.display(),
        plan.id,
        images.join(", "),
        if steps == 1 { "" } else { "s" }
    )
}

fn bootprep(arguments: &Arguments) -> Result<(Variables, Bootprep), Failure> {
    let mut variables = Variables::default();
    for path in &arguments.vars_file {
        let text = document(path)?;
        variables.add_file(&path.display().to_string(), &text).map_err(|error| Failure::new(Exit::Input, error))?;
    }
    let shown = arguments.bootprep.display().to_string();
    let bootprep = Bootprep::parse(&shown, document(&arguments.bootprep)?.as_bytes())
        .map_err(|error| Failure::new(Exit::Input, error))?;
    Ok((variables, bootprep))
}

fn the_analysis(arguments: &Arguments, bootprep: &Bootprep, variables: &Variables) -> Result<Analysis, Failure> {
    match &arguments.analysis {
        Some(path) => read_analysis(path),
        None => {
            let context = Context {
                bootprep: Some((arguments.bootprep.display().to_string(), bootprep.clone())),
                variables: variables.clone(),
                ..Context::default()
            };
            of_paths(&arguments.paths, &context, arguments.grammar.as_deref())
        }
    }
}

/// The analysis of paths.
pub(super) fn of_paths(paths: &[PathBuf], context: &Context, grammar: Option<&Path>) -> Result<Analysis, Failure> {
    let grammar = super::grammar::load(grammar)?;
    let collected = input::collect(paths).map_err(|error| Failure::new(Exit::Input, error))?;
    super::reading::analysed(&collected, context, &grammar, None)
}

/// An analysis that was printed as JSON.
pub(super) fn read_analysis(path: &Path) -> Result<Analysis, Failure> {
    let shown = path.display();
    let value = super::json_document(path)?;
    let schema = value.get("schema").and_then(Value::as_str);
    if schema != Some(analysis::SCHEMA) {
        let found = schema.map_or("no schema".to_owned(), |schema| format!("schema '{}'", printable(schema)));
        return Err(Failure::new(
            Exit::Input,
            format!(
                "{shown}: {found}, expected {}: what incfg analyze --format json prints. Logs and configurations are given without --analysis",
                analysis::SCHEMA
            ),
        ));
    }
    serde_json::from_value(value)
        .map_err(|error| Failure::new(Exit::Input, format!("{shown}: this is no whole analysis: {error}")))
}

type Configurations = Vec<(String, Configuration)>;

/// The configurations that were given, and those among the inputs of the analysis, with their paths.
fn configurations(arguments: &Arguments, analysis: &Analysis) -> Result<(Configurations, Vec<PathBuf>), Failure> {
    let mut found = Configurations::new();
    let mut paths = Vec::new();
    for path in &arguments.configuration_file {
        let shown = path.display().to_string();
        let configuration = Configuration::from_json(&super::json_document(path)?).ok_or_else(|| {
            Failure::new(
                Exit::Input,
                format!("{shown}: this is no CFS configuration. Expected what cray cfs configurations describe NAME --format json prints"),
            )
        })?;
        found.push((shown, configuration));
        paths.push(path.clone());
    }
    for input in analysis.inputs.iter().filter(|input| input.kind == analysis::CONFIGURATION_KIND && input.path != "-")
    {
        let text = input::read_document(Path::new(&input.path)).ok();
        let value: Option<Value> = text.and_then(|text| serde_json::from_str(&text).ok());
        if let Some(configuration) = value.as_ref().and_then(Configuration::from_json) {
            found.push((input.path.clone(), configuration));
            paths.push(PathBuf::from(&input.path));
        }
    }
    Ok((found, paths))
}

/// The files the facts were taken from. Of an activity these are the ones that are evidence for what is recovered.
fn inputs(arguments: &Arguments, analysis: &Analysis, used: Vec<PathBuf>) -> Result<Vec<InputFile>, Failure> {
    let mut paths: Vec<PathBuf> = arguments.analysis.iter().cloned().collect();
    if arguments.analysis.is_none() {
        let evidence = analysis.recoveries.iter().flat_map(|recovery| &recovery.evidence);
        paths.extend(evidence.map(|evidence| PathBuf::from(&*evidence.path)));
    }
    paths.extend(used);
    let mut files: Vec<InputFile> = Vec::new();
    for path in paths.iter().filter(|path| path.as_os_str() != "-") {
        if files.iter().all(|file| Path::new(&file.path) != path) {
            files.push(input_file(path)?);
        }
    }
    Ok(files)
}

fn input_file(path: &Path) -> Result<InputFile, Failure> {
    let shown = path.display().to_string();
    let sha256 = File::open(path)
        .and_then(plan::sha256)
        .map_err(|error| Failure::new(Exit::Input, format!("{shown}: cannot be read: {}", input::reason(&error))))?;
    Ok(InputFile { path: shown, sha256 })
}

fn document(path: &Path) -> Result<String, Failure> {
    input::read_document(path).map_err(|error| Failure::new(Exit::Input, error))
}

/// What no other plan has: the moment and the process.
fn salt() -> String {
    let moment = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{moment} {}", std::process::id())
}
