//! The command line: arguments in, exit codes out. The only module that knows of the terminal.

mod analyze;
mod check;
mod completions;
mod document;
mod fetch;
mod grammar;
mod man;
mod next;
mod plan;
mod reading;
mod record;
mod rewrite;
mod run;
mod save;
mod schema;
mod status;

use std::io::{IsTerminal, Read, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Parser, Subcommand, ValueEnum};
use serde_json::Value;

use crate::input;
use crate::limits;
use crate::plan::store::StoreError;
use crate::report::wrap::wrapped;
use crate::report::{Masked, printable, styled};

/// How a command ended, as an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, nothing wrong.
    Done = 0,
    /// Done, and the answer is bad news.
    BadNews = 1,
    /// The arguments make no sense.
    Usage = 2,
    /// An input cannot be read or parsed.
    Input = 3,
    /// An outside program, `cray`, cannot be used.
    Outside = 4,
    /// A defect of incfg.
    Defect = 70,
}

/// Why a command ended early: what to say on stderr, and the exit code.
struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
    /// What is told is masked and made printable where it is told.
    fn new(exit: Exit, message: impl ToString) -> Self {
        Self { exit, message: message.to_string() }
    }
}

impl From<std::io::Error> for Failure {
    /// Nobody reads on: not a failure, and nothing to say.
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self { exit: Exit::Done, message: String::new() },
            _ => Self::new(Exit::Input, format!("the result cannot be written: {error}")),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Exit::Input, printable(&error.to_string()))
    }
}

/// From a failed IUF or SAT bootprep run to the facts, with evidence, and on to whole images.
///
/// Everything works offline, on copied files; only run and fetch call cray.
#[derive(Parser)]
#[command(
    name = "incfg",
    version,
    max_term_width = 100,
    after_help = "\
Examples:
  incfg analyze activity/ --bootprep bootprep.yaml --vars-file session_vars.yaml
  incfg plan activity/ ansible.log configuration.json --bootprep bootprep.yaml \\
    --vars-file session_vars.yaml -o plan.yaml
  incfg run plan.yaml
  incfg rewrite-bootprep bootprep.yaml --vars-file session_vars.yaml --from plan.yaml -o new.yaml
  incfg check new.yaml --vars-file session_vars.yaml

Exit codes: 0 done, 1 done and the answer is bad news, 2 usage error, 3 an input cannot be read, parsed or safely changed, 4 cray is missing or cannot be used, 70 a defect of incfg."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// When to use colour; auto is on a terminal, unless NO_COLOR is set.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN", display_order = 900)]
    color: Colour,
}

#[derive(Subcommand)]
enum Command {
    Analyze(analyze::Arguments),
    Fetch(fetch::Arguments),
    Plan(Box<plan::Arguments>),
    Run(run::Arguments),
    Next(next::Arguments),
    Record(record::Arguments),
    Status(status::Arguments),
    #[command(name = "rewrite-bootprep")]
    Rewrite(rewrite::Arguments),
    Check(Box<check::Arguments>),
    Grammar(grammar::Arguments),
    Schema(schema::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

/// Runs the command the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        tell(&format!(
            "incfg: this is a defect of incfg, not of your input: {panic}\nPlease report it with the command you gave. No input was changed."
        ));
    }));
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(other) if !other.use_stderr() => other.exit(),
        Err(error) => {
            tell_styled(error.render().ansi().to_string().trim_end());
            return ExitCode::from(Exit::Usage as u8);
        }
    };
    set_colour(arguments.color);
    // A limit to the size of files is then an error to tell, not an end without a word.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::new(AtomicBool::new(false)));
    let outcome = std::panic::catch_unwind(|| match &arguments.command {
        Command::Analyze(arguments) => analyze::run(arguments),
        Command::Fetch(arguments) => fetch::run(arguments),
        Command::Plan(arguments) => plan::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Next(arguments) => next::run(arguments),
        Command::Record(arguments) => record::run(arguments),
        Command::Status(arguments) => status::run(arguments),
        Command::Rewrite(arguments) => rewrite::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Grammar(arguments) => grammar::run(arguments),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Completions(arguments) => completions::run(arguments),
        Command::Man(arguments) => man::run(arguments),
    });
    let exit = match outcome {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            if !failure.message.is_empty() {
                tell(&format!("incfg: {}", failure.message));
            }
            failure.exit
        }
        Err(_) => Exit::Defect,
    };
    ExitCode::from(exit as u8)
}

fn set_colour(colour: Colour) {
    let choice = match colour {
        Colour::Auto => return,
        Colour::Always => anstream::ColorChoice::Always,
        Colour::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// Prints words and lines to stdout.
fn print(text: &str) -> Result<(), Failure> {
    print_document(&Masked::text(text))
}

/// Prints a document to stdout.
fn print_document(document: &Masked) -> Result<(), Failure> {
    print_exact(document.as_str().as_bytes())
}

/// Prints bytes to stdout as they are: text that has been masked, text of incfg's own, and a bootprep file, the only one
/// that is printed with its secrets, as it may take the place of the original.
#[allow(clippy::disallowed_methods, reason = "a sink")]
fn print_exact(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}

/// Prints lines for people to stdout, broken where the terminal ends.
fn print_wrapped(text: &str) -> Result<(), Failure> {
    print_styled(&wrapped(text, columns()))
}

/// Prints text for people to stdout; colours are dropped where they are not wanted.
#[allow(clippy::disallowed_methods, reason = "a sink")]
fn print_styled(text: &str) -> Result<(), Failure> {
    let text = styled(text);
    if anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never {
        // At once, not line by line as the stream would.
        return print_exact(anstream::adapter::strip_str(&text).to_string().as_bytes());
    }
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

/// The columns of the terminal, or those that `COLUMNS` asks for where there is none.
#[allow(clippy::disallowed_methods, reason = "nothing is printed")]
fn columns() -> Option<usize> {
    let terminal = terminal_size::terminal_size_of(std::io::stdout());
    terminal
        .map(|(terminal_size::Width(width), _)| usize::from(width))
        .or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
        .filter(|columns| *columns > 0)
}

/// Tells a person something, if there is one: what is being done does not depend on a listener.
fn tell(text: &str) {
    let _ = say(text);
}

/// Tells a person something beside the data.
fn say(text: &str) -> Result<(), Failure> {
    say_styled(&lines_of(text))
}

/// Lines without any escape sequence.
fn lines_of(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// The same, with colours where they are wanted.
#[allow(clippy::disallowed_methods, reason = "a sink")]
fn say_styled(text: &str) -> Result<(), Failure> {
    let mut err = anstream::AutoStream::auto(std::io::stderr().lock());
    Ok(writeln!(err, "{}", styled(text))?)
}

/// The same, if there is somebody to listen.
fn tell_styled(text: &str) {
    let _ = say_styled(text);
}

/// Whether a person reads what is told.
#[allow(clippy::disallowed_methods, reason = "nothing is printed")]
fn stderr_is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Whether a person would have to type what is read.
fn stdin_is_terminal() -> bool {
    std::io::stdin().is_terminal()
}

/// Whether a person reads what is printed.
#[allow(clippy::disallowed_methods, reason = "nothing is printed")]
fn stdout_is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Writes over the line of a terminal that tells how far a long work is, or takes it away.
#[allow(clippy::disallowed_methods, reason = "a sink")]
fn tell_on_one_line(text: &str) {
    // A line that is longer than the terminal cannot be written over.
    let room = terminal_size::terminal_size_of(std::io::stderr()).map_or(usize::MAX, |(width, _)| width.0.into());
    let line: String = printable(Masked::text(text).as_str()).chars().take(room.saturating_sub(1)).collect();
    let mut err = std::io::stderr().lock();
    let _ = write!(err, "\r\u{1b}[K{line}");
    let _ = err.flush();
}

/// True once a person wishes to stop, by Ctrl-C, SIGTERM or by closing the terminal: what is half through is brought to an end that can be told.
fn stop_on_signals() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop))
            .map_err(|error| Failure::new(Exit::Defect, format!("signals cannot be caught: {error}")))?;
    }
    Ok(stop)
}

/// The time, UTC.
fn now() -> String {
    DateTime::<Utc>::from(SystemTime::now()).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// What an input is called in a sentence; `-` is stdin.
fn shown_as_input(path: &Path) -> String {
    if path.as_os_str() == "-" { "standard input".to_owned() } else { path.display().to_string() }
}

/// A JSON document from a file or from stdin; what a terminal left around it is passed over.
fn json_document(path: &Path) -> Result<Value, Failure> {
    let shown = shown_as_input(path);
    let text = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(limits::DOCUMENT_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::new(Exit::Input, format!("standard input cannot be read: {error}")))?;
        let bytes = input::unpacked(bytes, &shown).map_err(|error| Failure::new(Exit::Input, error))?;
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        input::read_document(path).map_err(|error| Failure::new(Exit::Input, error))?
    };
    if text.trim().is_empty() {
        return Err(Failure::new(
            Exit::Input,
            format!("{shown}: nothing is in it, expected JSON. Did the command before print an error?"),
        ));
    }
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .or_else(|error| {
            let inner = text.find('{').zip(text.rfind('}')).and_then(|(begin, end)| text.get(begin..=end));
            inner.and_then(|inner| serde_json::from_str(inner).ok()).ok_or(error)
        })
        .map_err(|error| {
            let at = if error.line() == 0 { String::new() } else { format!(":{}:{}", error.line(), error.column()) };
            let remedy = if error.is_eof() { "" } else { ". cray prints JSON only with --format json" };
            Failure::new(Exit::Input, format!("{shown}{at}: {}{remedy}", input::no_json(&error)))
        })
}
