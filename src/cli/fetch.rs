//! `incfg fetch`.

use std::fs;
use std::io::{BufReader, BufWriter};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use rustix::process::{Pid, test_kill_process};

use crate::analysis::{Context, KeyBasis, SatRun};
use crate::exec::cray::{About, Cray, Expect, Trouble};
use crate::input;
use crate::limits;
use crate::plan::command::CrayCommand;
use crate::report::{printable, shell_word};
use crate::secret;
use crate::whole_file;

use super::run::duration;
use super::{Exit, Failure, print, say};

/// Fetch the SAT logs that an analysis names from S3, each to a file of its own.
///
/// Those are the logs of all runs of SAT that have a key in S3 and were not skipped. A file that is there already is left
/// alone. Give the files to incfg analyze, beside what was analysed.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg fetch /etc/cray/upgrade/csm/iuf/winter-24.11 --dir logs
  incfg fetch --analysis analysis.json --dry-run

Exit codes: 0 all there, 1 a log is not in S3 or could not be fetched, or you stopped it, 3 an input cannot be read or a file not be written, 4 cray is missing, not initialised, not logged in, or gave no answer to any call.")]
pub(super) struct Arguments {
    /// What to analyse, as for incfg analyze.
    #[arg(value_name = "PATH", required_unless_present = "analysis", conflicts_with = "analysis")]
    paths: Vec<PathBuf>,
    /// The JSON of an analysis, from incfg analyze --format json; - is stdin.
    #[arg(long, value_name = "JSON")]
    analysis: Option<PathBuf>,
    /// Where to put the files.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// Print the commands and call nothing.
    #[arg(long)]
    dry_run: bool,
    /// The Cray CLI.
    #[arg(long, value_name = "PATH", default_value = "cray")]
    cray: PathBuf,
    /// How long one call of cray may take.
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    call_timeout: Duration,
    /// A directory of grammar files to use beside the built-in ones.
    #[arg(long, value_name = "DIR")]
    grammar: Option<PathBuf>,
}

const BUCKET: &str = "config-data";

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let analysis = match &arguments.analysis {
        Some(path) => super::plan::read_analysis(path)?,
        None => super::plan::of_paths(&arguments.paths, &Context::default(), arguments.grammar.as_deref())?,
    };
    let wanted = analysis.sat_runs.iter().filter(|run| !run.skipped && !analysis.has_main_log(run));
    let wanted: Vec<(&SatRun, &str)> = wanted.filter_map(|run| Some((run, run.s3_key.as_deref()?))).collect();
    if wanted.is_empty() {
        say("nothing to fetch: no run of SAT in these logs names a log in S3 that is not here already")?;
        return Ok(Exit::Done);
    }
    let cray = Cray { program: arguments.cray.clone(), timeout: arguments.call_timeout };
    if !arguments.dry_run {
        fs::create_dir_all(&arguments.dir).map_err(|error| {
            let why = format!("--dir {}: cannot be made: {}", arguments.dir.display(), crate::input::reason(&error));
            Failure::new(Exit::Input, printable(&why))
        })?;
        remove_remains(&arguments.dir);
    }
    let stop = super::stop_on_signals()?;
    let stop = || stop.load(Ordering::Relaxed);
    let mut exit = Exit::Done;
    let (mut answers, mut silences) = (0, 0);
    for (run, key) in wanted {
        let file = arguments.dir.join(run.log_file());
        if arguments.dry_run {
            let shown = file.display().to_string();
            let words = CrayCommand::get_artifact(BUCKET, key, &shown).words;
            let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
            print(&format!("cray {}\n", words.join(" ")))?;
        } else if file.symlink_metadata().is_ok() {
            say(&format!("{}: is there already and was left alone", file.display()))?;
        } else {
            let fetched = fetch(&cray, key, &file, &stop);
            match &fetched {
                Ok(()) | Err(NotFetched::Missing) => answers += 1,
                Err(_) => silences += 1,
            }
            if tell(fetched, run, key, &file)? == Exit::BadNews {
                exit = Exit::BadNews;
            }
        }
    }
    if silences > 0 && answers == 0 {
        return Err(Failure::new(Exit::Outside, "cray gave no answer to any call; nothing was fetched"));
    }
    Ok(exit)
}

/// Says what became of one log; an error where the next would fare no better.
fn tell(fetched: Result<(), NotFetched>, run: &SatRun, key: &str, file: &Path) -> Result<Exit, Failure> {
    match fetched {
        Ok(()) => {
            print(&format!("{}\n", file.display()))?;
            return Ok(Exit::Done);
        }
        Err(NotFetched::Missing) if run.s3_key_basis == Some(KeyBasis::Computed) => {
            say(&format!(
                "{key}: not in S3. This key stands in no log; it was computed, and SAT may not have saved a log"
            ))?;
            return Ok(Exit::Done);
        }
        Err(NotFetched::Missing) => say(&format!("{key}: not in S3. It may have been deleted since"))?,
        Err(NotFetched::Failed(why)) => say(&format!("{key}: could not be fetched: {}", printable(&why)))?,
        Err(NotFetched::Unusable(why)) => return Err(Failure::new(Exit::Outside, printable(&why))),
        Err(NotFetched::NotWritten(why)) => return Err(Failure::new(Exit::Input, printable(&why))),
        Err(NotFetched::Stopped) => {
            let why = "stopped; the files that are there are whole, and the same command fetches the others";
            return Err(Failure::new(Exit::BadNews, why));
        }
    }
    Ok(Exit::BadNews)
}

/// Why a log was not fetched.
enum NotFetched {
    Missing,
    Failed(String),
    NotWritten(String),
    Unusable(String),
    Stopped,
}

/// Fetches a log into a directory of its own first, so that a file of the right name is always whole, and what is not
/// masked yet is for its owner only.
fn fetch(cray: &Cray, key: &str, file: &Path, stop: &dyn Fn() -> bool) -> Result<(), NotFetched> {
    let beside = file.with_file_name(format!("{WORK}{}", std::process::id()));
    let (fetched, masked) = (beside.join("fetched"), beside.join("masked"));
    // A process of the same number may have been killed here.
    let _ = fs::remove_dir_all(&beside);
    // Whoever may not write here is told so before anything is fetched.
    fs::DirBuilder::new().mode(0o700).create(&beside).map_err(|error| not_written(file, &error))?;
    let outcome = fetch_to(cray, key, &fetched, stop).and_then(|()| {
        mask(&fetched, &masked).and_then(|()| fs::rename(&masked, file)).map_err(|error| not_written(file, &error))
    });
    let _ = fs::remove_dir_all(&beside);
    if outcome.is_ok() {
        whole_file::sync_directory(file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")));
    }
    outcome
}

/// How the directory of a process is called in which it fetches; its number follows.
const WORK: &str = ".incfg-fetch-";

/// Removes what processes that were killed have left: what they fetched may not be masked yet.
fn remove_remains(dir: &Path) {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(WORK)).and_then(|number| number.parse().ok());
        let dead = |pid| matches!(test_kill_process(pid), Err(error) if error == rustix::io::Errno::SRCH);
        if number.and_then(Pid::from_raw).is_some_and(dead) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Keeps a log without the secrets in it. It is kept unpacked.
fn mask(log: &Path, kept: &Path) -> std::io::Result<()> {
    let mut log = BufReader::with_capacity(limits::CHUNK_BYTES, input::open_unpacked(log)?);
    let mut kept = BufWriter::new(fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(kept)?);
    secret::copy(&mut log, &mut kept)?;
    kept.get_ref().sync_all()
}

fn fetch_to(cray: &Cray, key: &str, temporary: &Path, stop: &dyn Fn() -> bool) -> Result<(), NotFetched> {
    let command = CrayCommand::get_artifact(BUCKET, key, &temporary.display().to_string());
    cray.call(&command, About::Artifact, Expect::Silence, stop).map_err(|trouble| match trouble {
        Trouble::Unusable(why) => NotFetched::Unusable(why),
        Trouble::NotFound(_) => NotFetched::Missing,
        Trouble::Refused(why) | Trouble::Unsure(why) | Trouble::Garbage(why) | Trouble::Conflict(why) => {
            NotFetched::Failed(why)
        }
        Trouble::Stopped => NotFetched::Stopped,
    })?;
    match fs::metadata(temporary).map_or(0, |metadata| metadata.len()) {
        0 => Err(NotFetched::Failed("cray says that it is there, and wrote nothing".into())),
        _ => Ok(()),
    }
}

fn not_written(file: &Path, error: &std::io::Error) -> NotFetched {
    NotFetched::NotWritten(format!("{}: cannot be written: {error}", file.display()))
}
