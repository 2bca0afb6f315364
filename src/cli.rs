//! The command line: arguments in, exit codes out. The only module that knows of the terminal.

mod analyze;
mod check;
mod document;
mod grammar;
mod rewrite;
mod save;
mod schema;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

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
    /// A defect of incfg.
    Defect = 70,
}

/// Why a command ended early: what to say on stderr, and the exit code.
struct Failure {
    exit: Exit,
    message: String,
}

impl Failure {
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

/// From a failed IUF or SAT bootprep run to the facts, with evidence, and the next commands.
///
/// Everything works offline, on copied files.
#[derive(Parser)]
#[command(
    name = "incfg",
    version,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 done and the answer is bad news, 2 usage error, 3 an input cannot be read, parsed or safely rewritten, 70 a defect of incfg."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// When to use colour.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    color: Colour,
}

#[derive(Subcommand)]
enum Command {
    Analyze(analyze::Arguments),
    #[command(name = "rewrite-bootprep")]
    Rewrite(rewrite::Arguments),
    Check(Box<check::Arguments>),
    Grammar(grammar::Arguments),
    Schema(schema::Arguments),
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    Always,
    Never,
}

/// Runs the command the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        eprintln!(
            "incfg: this is a defect of incfg, not of your input: {panic}\nPlease report it with the command you gave. No input was changed."
        );
    }));
    let arguments = Arguments::parse();
    set_colour(arguments.color);
    let outcome = std::panic::catch_unwind(|| match &arguments.command {
        Command::Analyze(arguments) => analyze::run(arguments),
        Command::Rewrite(arguments) => rewrite::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Grammar(arguments) => grammar::run(arguments),
        Command::Schema(arguments) => schema::run(arguments),
    });
    let exit = match outcome {
        Ok(Ok(exit)) => exit,
        Ok(Err(failure)) => {
            if !failure.message.is_empty() {
                eprintln!("incfg: {}", failure.message);
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

/// Prints data to stdout, byte for byte.
fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Prints data to stdout.
fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(())
}

/// Prints text for people to stdout; colours are dropped where they are not wanted.
fn print_styled(text: &str) -> Result<(), Failure> {
    let mut out = anstream::AutoStream::auto(std::io::stdout().lock());
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}
