//! `incfg rewrite-bootprep`.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args, ValueEnum};
use serde::Serialize;

use crate::bootprep::variables::Variables;
use crate::image_id::ImageId;
use crate::plan::{Plan, store};
use crate::report::{Masked, diff, printable, rewritten};
use crate::rewrite::{Options, Pin, Report, Rewritten, rewrite};
use crate::whole_file;

use super::document::{read_bytes, read_text, unchanged};
use super::save::{save, spare};
use super::{Exit, Failure, print_document, print_exact, print_styled, say_styled};

/// Make a bootprep file use images that exist: their entries go, and every reference to them becomes their id.
///
/// Every byte outside the touched entries stays as it is. The result is read again and must mean exactly the original plus the change; otherwise nothing is
/// written. The original is changed only by --in-place.
#[derive(Args)]
#[command(group = ArgGroup::new("where").args(["output", "in_place", "diff", "check"]))]
#[command(group = ArgGroup::new("what").args(["pins", "from"]).required(true).multiple(true), after_help = "\
Examples:
  incfg rewrite-bootprep bootprep.yaml --pin compute.x86_64=UUID --diff
  incfg rewrite-bootprep bootprep.yaml --pin base.x86_64=UUID --pin uan.x86_64=UUID -o new.yaml
  incfg rewrite-bootprep bootprep.yaml --vars-file session_vars.yaml --from plan.yaml -o new.yaml
  incfg rewrite-bootprep bootprep.yaml --pin compute.x86_64=UUID --prune --in-place=.orig

Exit codes: 0 done, 1 with --check: something would change, 3 the file cannot be read or not be changed safely; nothing was written.")]
pub(super) struct Arguments {
    /// The bootprep file; - is stdin.
    file: PathBuf,
    /// An image that exists: its ref_name (or name) and its id in IMS; repeats.
    #[arg(long = "pin", value_name = "IMAGE=ID", value_parser = pin)]
    pins: Vec<Pin>,
    /// A plan that is through: pins the images it made, and those it found made. A --pin of the same image wins.
    #[arg(long, value_name = "PLAN")]
    from: Option<PathBuf>,
    /// Variables of the file, to render names; repeats, a later file wins.
    #[arg(long, value_name = "FILE")]
    vars_file: Vec<PathBuf>,
    /// A single variable, over what the files say; repeats.
    #[arg(long = "vars", value_name = "NAME=VALUE", value_parser = super::document::variable)]
    vars: Vec<(Vec<String>, String)>,
    /// Also remove builds that nothing refers to any more.
    #[arg(long)]
    prune: bool,
    /// Write out the names that would follow the name of a pinned image, so that they stay.
    #[arg(long)]
    keep_names: bool,
    /// Go on although a restart would delete a pinned image.
    #[arg(long)]
    force: bool,
    /// Write the result to this file; without it, and without --in-place, --diff and --check, it is printed.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Change the file itself; with =SUFFIX a copy of the original is kept under that ending.
    #[arg(long, value_name = "SUFFIX", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    in_place: Option<String>,
    /// Show what would change.
    #[arg(long)]
    diff: bool,
    /// Change nothing; exit 1 when something would change.
    #[arg(long)]
    check: bool,
    /// How to report: text for people on stderr, or JSON on stdout.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    report: &'a Report,
    /// The rewritten file, where it is written nowhere else.
    result: Option<&'a str>,
}

fn pin(text: &str) -> Result<Pin, String> {
    let (image, id) = text
        .rsplit_once('=')
        .ok_or("expected IMAGE=ID, a ref_name or name of the file and the id of an image in IMS")?;
    if image.is_empty() {
        return Err("expected IMAGE=ID; the name is missing before the =".into());
    }
    let id: ImageId = id.parse().map_err(|error: crate::image_id::NotAnImageId| error.to_string())?;
    Ok(Pin { image: image.to_owned(), id })
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let shown = arguments.file.display().to_string();
    let bytes = read_bytes(&arguments.file)?;
    let mut variables = Variables::default();
    for path in &arguments.vars_file {
        let text = read_text(path)?;
        variables.add_file(&path.display().to_string(), &text).map_err(|error| Failure::new(Exit::Input, error))?;
    }
    for (names, value) in &arguments.vars {
        variables.set(names, value);
    }
    let mut pins = arguments.pins.clone();
    let plan = arguments.from.as_ref().map(|path| store::read(path)).transpose()?;
    let otherwise = match (&plan, &arguments.from) {
        (Some(plan), Some(path)) => pins_of(plan, path, &mut pins)?,
        _ => Vec::new(),
    };
    let options =
        Options { prune: arguments.prune, keep_names: arguments.keep_names, force: arguments.force, otherwise };
    let result =
        rewrite(&shown, &bytes, &pins, &variables, &options).map_err(|error| Failure::new(Exit::Input, error))?;
    let changed = result.text.to_bytes() != bytes;
    write(arguments, &bytes, &result)?;
    report(arguments, &shown, &bytes, &result, plan.as_ref())?;
    Ok(if arguments.check && changed { Exit::BadNews } else { Exit::Done })
}

/// The pins of a plan that is through. In the pins that were `given` beside it, names that only the plan knows become those
/// of the bootprep file.
fn pins_of(plan: &Plan, path: &Path, given: &mut [Pin]) -> Result<Vec<Pin>, Failure> {
    for pin in given {
        if let Some(label) = plan.label_of(&pin.image) {
            label.clone_into(&mut pin.image);
        }
    }
    plan.pins()
        .map_err(|open| Failure::new(Exit::Input, format!("{}: {}", path.display(), printable(&open.to_string()))))
}

/// The file of `-o`; `-` is standard output.
fn written_to(arguments: &Arguments) -> Option<&PathBuf> {
    arguments.output.as_ref().filter(|output| output.as_os_str() != "-")
}

fn write(arguments: &Arguments, original: &[u8], result: &Rewritten) -> Result<(), Failure> {
    let file = &arguments.file;
    if let Some(output) = written_to(arguments) {
        let same = output.canonicalize().is_ok_and(|output| file.canonicalize().is_ok_and(|file| file == output));
        if same {
            return Err(Failure::new(
                Exit::Usage,
                format!("{}: this is the file itself; --in-place changes it", output.display()),
            ));
        }
        spare(Some(output), arguments.vars_file.iter().chain(&arguments.from).map(PathBuf::as_path))?;
        return save(output, &result.text.to_bytes());
    }
    let Some(suffix) = &arguments.in_place else { return Ok(()) };
    if file.as_os_str() == "-" {
        return Err(Failure::new(Exit::Usage, "standard input cannot be changed in place; give a file"));
    }
    unchanged(file, original)?;
    if !suffix.is_empty() {
        let mut copy = file.clone().into_os_string();
        copy.push(suffix);
        keep_copy(file, Path::new(&copy), original)?;
    }
    save(file, &result.text.to_bytes())
}

/// Keeps the original under another name, with its mode. What stands there already and is something else stays.
fn keep_copy(file: &Path, copy: &Path, original: &[u8]) -> Result<(), Failure> {
    match std::fs::read(copy) {
        Ok(there) if there == original => return Ok(()),
        Ok(_) => {
            let why = "is there already and holds something else, perhaps the first original. Nothing was changed; give another suffix";
            return Err(Failure::new(Exit::Input, format!("{}: {why}", copy.display())));
        }
        Err(_) => {}
    }
    let mode = std::fs::metadata(file).map_or(0o600, |metadata| metadata.permissions().mode() & 0o7777);
    whole_file::replace(copy, original, mode).map_err(|error| Failure::new(Exit::Input, error))
}

fn report(
    arguments: &Arguments,
    shown: &str,
    original: &[u8],
    result: &Rewritten,
    plan: Option<&Plan>,
) -> Result<(), Failure> {
    let written = written_to(arguments).is_some() || arguments.in_place.is_some();
    let text = String::from_utf8_lossy(original);
    if arguments.format == Format::Json {
        let document = Document {
            schema: "incfg.rewrite/1",
            report: &result.report,
            result: (!written && !arguments.check).then(|| result.text.as_str()),
        };
        let json = Masked::json_but(&document, Some("result")).map_err(|error| Failure::new(Exit::Defect, error))?;
        return print_document(&json);
    }
    if arguments.diff {
        print_styled(&diff::unified(shown, text.trim_start_matches('\u{feff}'), result.text.as_str()))?;
    } else if !written && !arguments.check {
        print_exact(&result.text.to_bytes())?;
    }
    let new_file = arguments
        .output
        .as_ref()
        .or(arguments.in_place.as_ref().map(|_| &arguments.file))
        .map(|path| path.display().to_string())
        .or_else(|| (!arguments.check).then(|| "NEW_BOOTPREP_FILE".to_owned()));
    let told = rewritten::text(&result.report, new_file.as_deref(), plan);
    say_styled(told.trim_end_matches('\n'))
}
