//! What to do, in order: the same words and commands for a terminal and for a page.

/// A step: what it is for, and the commands to copy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    /// What it is for, as a sentence.
    pub says: String,
    /// The commands, each on one line.
    pub commands: Vec<String>,
    /// What to know about it.
    pub note: Option<String>,
}

impl Step {
    pub(super) fn new(says: impl Into<String>, commands: impl IntoIterator<Item = String>) -> Self {
        Self { says: says.into(), commands: commands.into_iter().collect(), note: None }
    }
}
