//! What to do, in order: the same words and commands for a terminal and for a page.

use crate::secret;

/// Stands for a command that is not printed.
pub(super) const NOT_PRINTED: &str =
    "A command is not printed here, because a name or path in it looks like a password or a token";

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
    /// A command that holds a secret, or lacks one, is left out: with the secret it may not be printed, and without it, it
    /// would do something else.
    pub(super) fn new(says: impl Into<String>, commands: impl IntoIterator<Item = String>) -> Self {
        let (secret, commands): (Vec<_>, Vec<_>) =
            commands.into_iter().partition(|command| secret::is_in(command) || command.contains(secret::MASK));
        let note = (!secret.is_empty()).then(|| format!("{NOT_PRINTED}."));
        Self { says: says.into(), commands, note }
    }
}
