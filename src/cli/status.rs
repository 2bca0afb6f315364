//! `incfg status`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::plan::store;
use crate::report::wrap::wrapped;
use crate::report::{html, plan};

use super::save::{deliver, deliver_styled, spare};
use super::{Exit, Failure};

/// Say where a plan stands: its images layer by layer, and when it is through, what to do with them.
///
/// It reads the plan only, and changes nothing. What is in the way of a step, and what only a person can clear away, is told too.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg status plan.yaml
  incfg status plan.yaml --format json
  incfg status plan.yaml --format html -o plan.html")]
pub(super) struct Arguments {
    /// The plan.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the result to this file, not to standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For scripts.
    Json,
    /// A page for a browser, whole in one file.
    Html,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let content = store::read(&arguments.plan)?;
    let path = arguments.plan.display().to_string();
    let output = arguments.output.as_deref();
    spare(output, [arguments.plan.as_path()])?;
    match arguments.format {
        Format::Json => {
            let json = plan::json(&content).map_err(|error| Failure::new(Exit::Defect, error))?;
            deliver(output, &json)?;
        }
        Format::Html => {
            let page = html::plan::document(&content, &path).map_err(|error| Failure::new(Exit::Defect, error))?;
            deliver(output, &page)?;
        }
        Format::Text => {
            let mut text = plan::status(&content, &path);
            if let Ok(pins) = content.pins() {
                text += &format!("\n{}", plan::through(&content, &path, &pins));
            }
            let columns = if output.is_some() { None } else { super::columns() };
            deliver_styled(output, &wrapped(&text, columns))?;
        }
    }
    Ok(Exit::Done)
}
