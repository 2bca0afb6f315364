//! `incfg schema`.

use clap::Args;

use crate::report::schema::json_schema;

use super::{Exit, Failure, print_document};

/// Print the JSON Schema of bootprep files, for editors.
#[derive(Args)]
#[command(after_help = "\
Example, for yaml-language-server:
  incfg schema > bootprep.schema.json
  # yaml-language-server: $schema=bootprep.schema.json   (first line of the bootprep file)")]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments) -> Result<Exit, Failure> {
    print_document(&json_schema().map_err(|error| Failure::new(Exit::Defect, error))?)?;
    Ok(Exit::Done)
}
