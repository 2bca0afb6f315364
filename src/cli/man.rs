//! `incfg man`.

mod synopsis;

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;
use roff::{Roff, bold, roman};

use super::save::save;
use super::{Exit, Failure, print_exact, tell};

/// Print the manual page of incfg, or write those of all commands.
///
/// They say what --help says, from the same definitions.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg man | man -l -
  incfg man /usr/local/share/man/man1")]
pub(super) struct Arguments {
    /// The directory for the pages of all commands (incfg.1, incfg-analyze.1 and so on); it is made where it is missing.
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    // Of `incfg help` there is no page: man is that.
    let mut incfg = super::Arguments::command().disable_help_subcommand(true);
    incfg.build();
    let Some(directory) = &arguments.directory else {
        print_exact(&page(&incfg)?)?;
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(directory).map_err(|error| {
        Failure::new(Exit::Input, format!("{}: cannot be made: {}", directory.display(), crate::input::reason(&error)))
    })?;
    let commands = with_all_below(&incfg);
    for command in &commands {
        save(&directory.join(format!("{}.1", name(command))), &page(command)?)?;
    }
    tell(&format!("{} pages in {}", commands.len(), directory.display()));
    Ok(Exit::Done)
}

/// A command and those below it.
fn with_all_below(command: &Command) -> Vec<&Command> {
    std::iter::once(command).chain(command.get_subcommands().flat_map(with_all_below)).collect()
}

/// The name of a page: `incfg-grammar-check`.
fn name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// The page of a command, as roff.
fn page(command: &Command) -> Result<Vec<u8>, Failure> {
    // Those have a section of their own.
    let flags_only = command.clone().mut_args(|arg| if arg.is_positional() { arg.hide(true) } else { arg });
    let man = Man::new(flags_only).title(name(command).to_uppercase()).manual("incfg").source(source());
    let mut page = Vec::new();
    let mut write = || -> std::io::Result<()> {
        man.render_title(&mut page)?;
        unbroken().to_writer(&mut page)?;
        man.render_name_section(&mut page)?;
        synopsis::synopsis(command).to_writer(&mut page)?;
        description(command).to_writer(&mut page)?;
        synopsis::arguments(command).to_writer(&mut page)?;
        man.render_options_section(&mut page)?;
        if command.has_subcommands() {
            man.render_subcommands_section(&mut page)?;
        }
        rest(command).to_writer(&mut page)
    };
    write().map_err(|error| Failure::new(Exit::Defect, error))?;
    Ok(page)
}

/// The section DESCRIPTION, without the sentence that stands in NAME already where there are others.
fn description(command: &Command) -> Roff {
    let text = command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default();
    let mut roff = Roff::new();
    roff.control("SH", ["DESCRIPTION"]);
    let others = text.split_once("\n\n").map_or(text.as_str(), |(_, others)| others);
    for (at, paragraph) in others.split("\n\n").enumerate() {
        if at > 0 {
            roff.control("PP", []);
        }
        roff.text([roman(paragraph.replace('\n', " "))]);
    }
    roff
}

/// Flags and names of pages are there to be copied: no hyphen is put into them.
fn unbroken() -> Roff {
    let mut roff = Roff::new();
    roff.control("nh", []);
    roff.control("ad", ["l"]);
    roff
}

fn source() -> String {
    format!("incfg {}", env!("CARGO_PKG_VERSION"))
}

/// What stands at the end of `--help`, each block a section, and where to read on.
fn rest(command: &Command) -> Roff {
    let mut roff = Roff::new();
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    for block in help.split("\n\n").filter(|block| !block.is_empty()) {
        match block.split_once('\n') {
            Some((title, commands)) if title.starts_with("Example") => {
                roff.control("SH", ["EXAMPLES"]);
                typed(&mut roff, commands);
            }
            Some((title, commands)) if title.ends_with(':') => {
                roff.control("PP", []);
                roff.text([roman(title)]);
                typed(&mut roff, commands);
            }
            _ => {
                let (section, text) = match block.strip_prefix("Exit codes: ") {
                    Some(codes) => ("EXIT STATUS", codes),
                    None => ("NOTES", block),
                };
                roff.control("SH", [section]);
                roff.text([roman(text.replace('\n', " "))]);
            }
        }
    }
    let mut near: Vec<&str> = with_all_below(command).into_iter().skip(1).map(name).collect();
    // Those above it, by the words before its own: of `incfg grammar check`, incfg and incfg-grammar.
    let typed = command.get_bin_name().unwrap_or_default();
    near.splice(0..0, typed.match_indices(' ').filter_map(|(at, _)| name(command).get(..at)));
    roff.control("SH", ["SEE ALSO"]);
    for (at, page) in near.iter().enumerate() {
        let comma = if at + 1 < near.len() { ", " } else { "" };
        roff.text([bold(*page), roman(format!("(1){comma}"))]);
    }
    roff
}

/// Commands, line by line as they stand.
fn typed(roff: &mut Roff, commands: &str) {
    roff.control("nf", []);
    for line in commands.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}
