//! `incfg status`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::plan::store;
use crate::report::plan;

use super::{Exit, Failure, print, print_styled};

/// Say where a plan stands: its images layer by layer, and when it is through, what to do with them.
#[derive(Args)]
pub(super) struct Arguments {
    /// The plan.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let content = store::read(&arguments.plan)?;
    let path = arguments.plan.display().to_string();
    if arguments.format == Format::Json {
        let json = plan::json(&content).map_err(|error| Failure::new(Exit::Defect, error))?;
        print(&format!("{json}\n"))?;
        return Ok(Exit::Done);
    }
    print_styled(&plan::status(&content, &path))?;
    if let Ok(pins) = content.pins() {
        print_styled(&format!("\n{}", plan::through(&content, &path, &pins)))?;
    }
    Ok(Exit::Done)
}
