//! The `incfg` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    incfg::cli::main()
}
