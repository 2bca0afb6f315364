//! `incfg grammar`.

use std::io::BufRead;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};

use crate::grammar::{Grammar, Taken, explain};
use crate::input::{self, InputError, Kind};
use crate::limits;
use crate::line::Dialect;
use crate::report::printable;
use crate::secret;

use super::{Exit, Failure, print};

/// Check and try the grammars by which logs are read.
///
/// A grammar file lists line kinds with a pattern, samples and counter-samples. incfg brings its own along; a directory given with --grammar adds to them, and an
/// entry with the id of a built-in one takes its place.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg grammar check
  incfg grammar check --grammar my-grammars/
  incfg grammar explain main.log --unmatched")]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Try every sample of every grammar.
    ///
    /// A sample must be taken by its line kind, with the values that its file says, and a counter-sample must not.
    #[command(after_help = "\
Examples:
  incfg grammar check
  incfg grammar check --grammar my-grammars/

Exit codes: 0 all do what their files say, 1 one does not, 3 a grammar cannot be read.")]
    Check {
        /// A directory of grammar files to check beside the built-in ones.
        #[arg(long, value_name = "DIR")]
        grammar: Option<PathBuf>,
    },
    /// Show which line kind takes which line of a log, and why none takes the others.
    ///
    /// For one who writes a grammar: each line that is taken, with its fact and values, and each that holds a literal of a line kind
    /// and is not taken.
    #[command(after_help = "\
Examples:
  incfg grammar explain main.log
  incfg grammar explain main.log --unmatched --grammar my-grammars/")]
    Explain {
        /// The log.
        file: PathBuf,
        /// A directory of grammar files to use beside the built-in ones.
        #[arg(long, value_name = "DIR")]
        grammar: Option<PathBuf>,
        /// Read the file as this, instead of what its content tells.
        #[arg(long = "as", value_enum, value_name = "KIND")]
        dialect: Option<ReadAs>,
        /// Only lines that no line kind takes although they hold a literal of one.
        #[arg(long)]
        unmatched: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum ReadAs {
    /// install.log, or the console of iuf.
    Iuf,
    /// main.log, argo_logs, sat.log.
    Sat,
    /// The log of an ansible container.
    Ansible,
}

/// The built-in grammars and those of a directory.
pub(super) fn load(directory: Option<&Path>) -> Result<Grammar, Failure> {
    let files = match directory {
        Some(directory) => {
            input::read_grammar_directory(directory).map_err(|error| Failure::new(Exit::Input, error))?
        }
        None => Vec::new(),
    };
    if let (Some(directory), true) = (directory, files.is_empty()) {
        return Err(Failure::new(
            Exit::Input,
            format!("{}: no grammar in this directory; expected files called *.yaml", directory.display()),
        ));
    }
    Grammar::with_files(&files).map_err(|error| Failure::new(Exit::Input, error))
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Check { grammar } => check(&load(grammar.as_deref())?),
        Command::Explain { file, grammar, dialect, unmatched } => {
            explain_file(&load(grammar.as_deref())?, file, *dialect, *unmatched)
        }
    }
}

fn check(grammar: &Grammar) -> Result<Exit, Failure> {
    let defects = grammar.defects();
    let mut text: String = defects.iter().map(|defect| format!("{}\n", printable(&defect.to_string()))).collect();
    let samples: usize = grammar.kinds().map(crate::grammar::LineKind::samples).sum();
    if defects.is_empty() {
        text += &format!("{} line kinds, {samples} samples: all as their files say\n", grammar.kinds().len());
    }
    print(&text)?;
    Ok(if defects.is_empty() { Exit::Done } else { Exit::BadNews })
}

fn explain_file(grammar: &Grammar, file: &Path, read_as: Option<ReadAs>, unmatched: bool) -> Result<Exit, Failure> {
    let collected = input::collect(&[file.to_path_buf()]).map_err(|error| Failure::new(Exit::Input, error))?;
    let [source] = collected.sources.as_slice() else {
        return Err(Failure::new(Exit::Usage, format!("{}: give one file, not a directory", file.display())));
    };
    let dialect = match (read_as, source.kind) {
        (Some(ReadAs::Iuf), _) | (None, Kind::InstallLog | Kind::Console) => Dialect::Iuf,
        (Some(ReadAs::Sat), _) | (None, Kind::MainLog | Kind::ArgoLog | Kind::SatLog) => Dialect::Pod,
        (Some(ReadAs::Ansible), _) | (None, Kind::AnsibleLog) => Dialect::Ansible,
        (None, Kind::Archive) => {
            return Err(Failure::new(Exit::Input, InputError::Archive { path: file.display().to_string() }));
        }
        (None, kind) => {
            return Err(Failure::new(
                Exit::Input,
                format!(
                    "{}: recognised as {}, and only the lines of a log are explained. If it is a log, say which with --as iuf, --as sat or --as ansible",
                    file.display(),
                    kind.name()
                ),
            ));
        }
    };
    let unreadable = |error: std::io::Error| {
        Failure::new(Exit::Input, format!("{}: cannot be read: {}", file.display(), input::reason(&error)))
    };
    let mut reader = BufReader::with_capacity(limits::CHUNK_BYTES, source.reader().map_err(unreadable)?);
    print(&format!("{}: recognised as {}\n", printable(&source.shown), source.kind.name()))?;
    let mut line = Vec::new();
    let mut lines = secret::Lines::default();
    let mut number = 0_u64;
    loop {
        line.clear();
        let read = reader.take_line(&mut line).map_err(unreadable)?;
        if read == 0 {
            return Ok(Exit::Done);
        }
        number += 1;
        let shown = String::from_utf8_lossy(&line);
        let shown = lines.mask(&shown);
        if let Some(text) = explanation(&explain(grammar, dialect, &line), unmatched) {
            print(&format!(
                "{number}: {}\n    {text}\n",
                printable(shown.chars().take(200).collect::<String>().trim_end())
            ))?;
        }
    }
}

/// Reads a line and keeps no more of it than incfg ever looks at.
trait TakeLine {
    fn take_line(&mut self, into: &mut Vec<u8>) -> std::io::Result<usize>;
}

impl<R: BufRead> TakeLine for R {
    fn take_line(&mut self, into: &mut Vec<u8>) -> std::io::Result<usize> {
        let mut read = 0;
        loop {
            let available = self.fill_buf()?;
            if available.is_empty() {
                return Ok(read);
            }
            let end = memchr::memchr(b'\n', available);
            let taken = end.map_or(available.len(), |at| at + 1);
            let room = limits::LINE_BYTES.saturating_sub(into.len());
            into.extend(available.iter().take(end.unwrap_or(taken).min(room)));
            self.consume(taken);
            read += taken;
            if end.is_some() {
                return Ok(read);
            }
        }
    }
}

fn explanation(taken: &Taken, unmatched: bool) -> Option<String> {
    match taken {
        Taken::By { id, captures } => {
            let captures: Vec<String> =
                captures.iter().map(|(name, value)| format!("{name}={}", printable(value))).collect();
            (!unmatched).then(|| format!("{id} {}", captures.join(" ")).trim_end().to_owned())
        }
        Taken::Opens { id } => (!unmatched).then(|| format!("{id}: may go on in the next lines")),
        Taken::Nobody { near } if near.is_empty() => None,
        Taken::Nobody { near } => Some(format!(
            "no line kind takes it; {}",
            near.iter().map(|(id, why)| format!("{id}: {why}")).collect::<Vec<_>>().join("; ")
        )),
        Taken::NoEnvelope => None,
    }
}
