//! Values of Rust from a document. The reader below takes a long time for some texts that are nothing, so it gets only what
//! the tree has accepted.

use serde::de::DeserializeOwned;

use crate::text::{SourceText, TextError};

use super::{Tree, YamlError};

/// Why a text is not the value that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Undecodable {
    /// It is too large.
    #[error(transparent)]
    Text(#[from] TextError),
    /// It is no document.
    #[error(transparent)]
    Syntax(#[from] YamlError),
    /// It is a document of another shape.
    #[error(transparent)]
    Shape(#[from] serde_yaml::Error),
}

/// Reads a value; `name` is the file, for messages.
///
/// # Errors
/// Text that is no document, is beyond a limit, or does not hold such a value.
pub fn decode<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Undecodable> {
    let text = SourceText::new(name, text.as_bytes())?;
    Tree::parse(&text)?;
    Ok(serde_yaml::from_str(text.as_str())?)
}
