//! In which file an operator keeps what CFS prints: one name for one thing, whichever command of incfg asks for it.

use crate::shown::shell_word;

/// A command of which the output is needed, and the file that takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The command, which ends in the file.
    pub command: String,
    /// The file, a word that needs no quotes.
    pub file: String,
}

impl Saved {
    /// The layers of a configuration, in the form of CFS v2, which every release of `cray` prints.
    #[must_use]
    pub fn configuration(name: &str) -> Self {
        let describe = format!("cray cfs configurations describe {} --format json", shell_word(name));
        Self::of(&describe, format!("configuration-{}.json", file_part(name)))
    }

    /// The log of the ansible container of a session, as `command` prints it. `analyze` tells by the name of the session
    /// of which image it is.
    #[must_use]
    pub fn ansible_log(session: &str, command: &str) -> Self {
        Self::of(command, format!("ansible-{}.log", file_part(session)))
    }

    fn of(command: &str, file: String) -> Self {
        Self { command: format!("{command} > {file}"), file }
    }
}

/// A name as part of a file's name: letters that a shell or a file system takes for something else are left out.
fn file_part(name: &str) -> String {
    name.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' })
        .collect()
}
