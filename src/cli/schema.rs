//! `incfg schema`.

use clap::Args;

use crate::report::schema::json_schema;

use super::{Exit, Failure, print_document};

/// Print the JSON Schema of bootprep files, for editors.
///
/// It is made of the tables that incfg check uses. What needs more than the shape of the file is found by that only.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg schema > bootprep.schema.json

Editors with yaml-language-server take it by the first line of the bootprep file:
  # yaml-language-server: $schema=bootprep.schema.json")]
pub(super) struct Arguments {}

pub(super) fn run(_: &Arguments) -> Result<Exit, Failure> {
    print_document(&json_schema().map_err(|error| Failure::new(Exit::Defect, error))?)?;
    Ok(Exit::Done)
}
