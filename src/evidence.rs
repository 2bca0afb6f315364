//! Where a fact stands: a line of a file.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The number of an input in the order it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

/// A line of an input; lines count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The input.
    pub file: FileId,
    /// The line in it, from 1; of the text, for a compressed input.
    pub line: u64,
}

/// A [`Place`] as it is printed: a path as the user gave it, and a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Evidence {
    /// The path as given, or found below a directory as given; `-` is stdin.
    pub path: Arc<str>,
    /// The line, from 1.
    pub line: u64,
}

impl std::fmt::Display for Evidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}
