//! `incfg completions`.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Exit, Failure, print_exact};

/// Print the completions of incfg for a shell.
///
/// They know every command, flag and choice of this very incfg; a newer one has its own.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg completions bash > /usr/share/bash-completion/completions/incfg
  incfg completions zsh > /usr/share/zsh/site-functions/_incfg
  incfg completions fish > /usr/share/fish/vendor_completions.d/incfg.fish

For this shell only, in bash:
  source <(incfg completions bash)")]
pub(super) struct Arguments {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "incfg", &mut script);
    print_exact(&script)?;
    Ok(Exit::Done)
}
