//! How results are printed: the only modules that know of text, JSON, HTML and shell.

pub mod diff;
mod directory;
pub mod env;
pub mod findings;
pub mod html;
mod masked;
pub mod plan;
pub mod rewritten;
pub mod rule_page;
pub mod schema;
mod standing;
pub mod steps;
pub mod text;
pub mod wrap;

pub use masked::{Masked, styled};

pub use crate::shown::{printable, shell_word};
