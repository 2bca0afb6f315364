//! `incfg analyze`.

use std::io::Read;
use std::mem::ManuallyDrop;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use clap::{Args, ValueEnum};

use crate::analysis::{Analysis, Context, ImageStatus};
use crate::bootprep::{Bootprep, BootprepError};
use crate::excerpt;
use crate::input::{self, Kind, Source};
use crate::report::{Masked, env, html, text};
use crate::statement::Window;

use super::save::{deliver, deliver_styled, spare};
use super::{Exit, Failure};

/// Say what failed, from which base image, with which configuration, in which layer, and what to do next.
///
/// PATH is an IUF activity directory, its log/, an install.log, a main.log fetched from S3, a file of argo_logs, a captured iuf console, the log of an
/// ansible container, or the JSON of a CFS configuration; compressed or not; - is stdin. All paths are one analysis.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg analyze /etc/cray/upgrade/csm/iuf/winter-24.11
  incfg analyze main.log --bootprep bootprep.yaml --vars-file session_vars.yaml
  incfg analyze activity/ ansible.log configuration.json --format json > analysis.json
  incfg analyze activity/ --since 2024-11-05T08:00 --format html -o report.html
  eval \"$(incfg analyze activity/ ansible.log configuration.json --bootprep bootprep.yaml \\
    --vars-file session_vars.yaml --format env --image compute.x86_64)\"

Exit codes: 0 done, whatever the logs tell, 1 with --format env: not all of it is proven, 3 an input cannot be read, or nothing in it is recognised.")]
pub(super) struct Arguments {
    /// What to read; without it, stdin.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The bootprep file of the run: ties images to ref_names, bases and configurations.
    #[arg(long, value_name = "FILE")]
    bootprep: Option<PathBuf>,
    /// Variables of the bootprep file (product_vars.yaml, session_vars.yaml); repeats, a later file wins.
    #[arg(long, value_name = "FILE")]
    vars_file: Vec<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the result to this file, not to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// An image, by name or ref_name: env is of this one, text tells of no other, and the next commands of html are for it only.
    #[arg(long, value_name = "NAME")]
    image: Option<String>,
    /// Leave out lines stamped before this moment (UTC): 2023-11-01, 2023-11-01T14:06 or 2023-11-01T14:06:36Z.
    #[arg(long, value_name = "WHEN", value_parser = moment_begin)]
    since: Option<DateTime<Utc>>,
    /// Leave out lines stamped after this moment (UTC).
    #[arg(long, value_name = "WHEN", value_parser = moment_end)]
    until: Option<DateTime<Utc>>,
    /// A directory of grammar files to use beside the built-in ones.
    #[arg(long, value_name = "DIR")]
    grammar: Option<PathBuf>,
    /// Threads that read; as many as there are cores, unless given. What is printed does not depend on it.
    #[arg(short = 'j', long, value_name = "N")]
    jobs: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The story, for people.
    Text,
    /// Everything, for scripts; see the schema in the documentation.
    Json,
    /// One recovery as POSIX shell assignments.
    Env,
    /// A page for a browser, whole in one file.
    Html,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.paths.is_empty() && super::stdin_is_terminal() {
        return Err(Failure::new(
            Exit::Usage,
            "nothing to analyse: give an IUF activity directory (/etc/cray/upgrade/csm/iuf/<activity>), its log/, or log files; - reads what you type or paste",
        ));
    }
    let grammar = super::grammar::load(arguments.grammar.as_deref())?;
    let (context, bootprep) = context(arguments)?;
    let collected = input::collect(&paths(arguments)).map_err(|error| Failure::new(Exit::Input, error))?;
    let named = arguments.paths.iter().chain(&arguments.vars_file).chain(&arguments.bootprep);
    let found = collected.sources.iter().filter(|source| !is_own(source)).map(|source| Path::new(&source.shown));
    spare(arguments.output.as_deref(), named.map(PathBuf::as_path).chain(found))?;
    // The process ends with this command: to free what is kept of many runs, text by text, would only make it wait.
    let analysis = ManuallyDrop::new(super::reading::analysed(&collected, &context, &grammar, arguments.jobs)?);
    if let (Some(image), Format::Text | Format::Html) = (&arguments.image, arguments.format) {
        is_there(image, &analysis)?;
    }
    match arguments.format {
        Format::Json => {
            let json = Masked::json(&*analysis).map_err(|error| Failure::new(Exit::Defect, error))?;
            deliver(arguments.output.as_deref(), &json)?;
        }
        Format::Text => {
            let width = if arguments.output.is_some() { None } else { super::columns() };
            let story = text::story(&analysis, &invocation(arguments, bootprep), width);
            deliver_styled(arguments.output.as_deref(), &story)?;
        }
        Format::Html => {
            let excerpts = excerpt::read(&collected, &html::analysis::places(&analysis));
            let page = html::analysis::document(&analysis, &invocation(arguments, bootprep), &excerpts)
                .map_err(|error| Failure::new(Exit::Defect, error))?;
            deliver(arguments.output.as_deref(), &page)?;
        }
        Format::Env => {
            let assignments = env::assignments(&analysis, arguments.image.as_deref()).map_err(|refused| {
                // What was given to prove it, and could not be used, is the first thing to mend.
                let unused = analysis.warnings.iter().filter(|warning| warning.code == "bootprep-unusable");
                let unused: String = unused.map(|warning| format!("\n{}", warning.message)).collect();
                Failure::new(Exit::BadNews, format!("{refused}{unused}"))
            })?;
            deliver(arguments.output.as_deref(), &Masked::text(&assignments))?;
        }
    }
    Ok(Exit::Done)
}

/// Whether a file is a report of incfg that lies among the logs of a directory: the next one may take its place.
fn is_own(source: &Source) -> bool {
    let begins = |with: &str| {
        let file = std::fs::File::open(&source.shown).ok()?;
        let mut head = String::new();
        file.take(with.len() as u64).read_to_string(&mut head).ok()?;
        Some(head == with)
    };
    let is_report = match source.kind {
        Kind::Unknown => true,
        Kind::Json => begins("{\n  \"schema\": \"incfg.").unwrap_or(false),
        _ => false,
    };
    !source.named && is_report
}

/// A story without the image that it is to be about would hide what failed.
fn is_there(image: &str, analysis: &Analysis) -> Result<(), Failure> {
    let mut all = analysis.sat_runs.iter().flat_map(|run| &run.images);
    if all.clone().any(|known| known.name == image || known.ref_name.as_deref() == Some(image)) {
        return Ok(());
    }
    let mut names: Vec<&str> = Vec::new();
    // Those that failed are asked for, so they come first.
    let failed = all.clone().filter(|known| known.status == ImageStatus::Failed);
    for name in failed.map(|known| known.name.as_str()).chain(all.by_ref().map(|known| known.name.as_str())) {
        if !names.contains(&name) && names.len() < NAMES_TOLD {
            names.push(name);
        }
    }
    let there = if names.is_empty() { "they name none".to_owned() } else { format!("there is: {}", names.join(", ")) };
    Err(Failure::new(Exit::Usage, format!("--image {image}: no image of these logs is called so; {there}")))
}

/// Names of images that an error lists.
const NAMES_TOLD: usize = 8;

/// What to read: standard input, when nothing is named.
fn paths(arguments: &Arguments) -> Vec<PathBuf> {
    if arguments.paths.is_empty() { vec!["-".into()] } else { arguments.paths.clone() }
}

fn invocation(arguments: &Arguments, bootprep: Option<String>) -> text::Invocation {
    text::Invocation {
        paths: paths(arguments).iter().map(|path| path.display().to_string()).collect(),
        bootprep,
        vars_files: arguments.vars_file.iter().map(|path| path.display().to_string()).collect(),
        flags: repeated_flags(arguments),
        image: arguments.image.clone(),
    }
}

/// Flags without which a repeated command would say something else.
fn repeated_flags(arguments: &Arguments) -> Vec<String> {
    let moment =
        |flag: &str, moment: Option<DateTime<Utc>>| moment.map(|moment| format!("{flag}={}", moment.to_rfc3339()));
    let grammar = arguments.grammar.as_ref().map(|path| format!("--grammar={}", path.display()));
    [moment("--since", arguments.since), moment("--until", arguments.until), grammar].into_iter().flatten().collect()
}

/// What the analysis may use, and the bootprep file that the next commands name: not one of another kind, which is of no
/// use again.
fn context(arguments: &Arguments) -> Result<(Context, Option<String>), Failure> {
    let document = |path: &PathBuf| input::read_document(path).map_err(|error| Failure::new(Exit::Input, error));
    let mut context =
        Context { window: Window { since: arguments.since, until: arguments.until }, ..Context::default() };
    for path in &arguments.vars_file {
        if let Err(error) = context.variables.add_file(&path.display().to_string(), &document(path)?) {
            context.unusable.push(error.to_string());
        }
    }
    let mut named = arguments.bootprep.as_ref().map(|path| path.display().to_string());
    if let Some(path) = &arguments.bootprep {
        let shown = path.display().to_string();
        match Bootprep::parse(&shown, document(path)?.as_bytes()) {
            Ok(parsed) => context.bootprep = Some((shown, parsed)),
            Err(error) => {
                named = named.filter(|_| !matches!(error, BootprepError::Shape { .. }));
                context.unusable.push(error.to_string());
            }
        }
    }
    Ok((context, named))
}

fn moment_begin(text: &str) -> Result<DateTime<Utc>, String> {
    moment(text, (0, 0, 0))
}

fn moment_end(text: &str) -> Result<DateTime<Utc>, String> {
    moment(text, (23, 59, 59))
}

fn moment(text: &str, of_day: (u32, u32, u32)) -> Result<DateTime<Utc>, String> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Ok(moment.with_timezone(&Utc));
    }
    for form in ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"] {
        if let Ok(moment) = NaiveDateTime::parse_from_str(text, form) {
            return Ok(moment.and_utc());
        }
    }
    let day =
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(|day| day.and_hms_opt(of_day.0, of_day.1, of_day.2));
    day.map(|moment| moment.and_utc())
        .ok_or_else(|| "expected a moment in UTC such as 2023-11-01, 2023-11-01T14:06 or 2023-11-01T14:06:36Z".into())
}
