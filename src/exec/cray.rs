//! One call of `cray`, and what its answer means. `cray` exits with 2 for nearly everything, so the text behind `Error:`
//! tells; and with 0 for a login page, so an answer is only one when it is the JSON that was asked for.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::limits;
use crate::plan::command::CrayCommand;
use crate::shown::printable;

use super::process::{Bounds, How, call};

/// `cray`, as it is called.
#[derive(Debug, Clone)]
pub struct Cray {
    /// The program.
    pub program: PathBuf,
    /// The longest a call may take: `cray` itself waits for ever.
    pub timeout: Duration,
}

/// What a call is about; by this "not found" is told from a gateway that finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About<'a> {
    /// A session.
    Session(&'a str),
    /// A configuration.
    Configuration(&'a str),
    /// An image.
    Image,
    /// An object of S3.
    Artifact,
}

/// What a call expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// JSON; nothing is changed by the call.
    Answer,
    /// JSON; the call creates something.
    Created,
    /// Nothing but the end of the line; the call does something.
    Silence,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// `cray` cannot be used: it is not there, not initialised, not logged in, or too old. Asking again does not help.
    Unusable(String),
    /// What the call is about does not exist.
    NotFound(String),
    /// The name is in use.
    Conflict(String),
    /// It was refused, and nothing was done.
    Refused(String),
    /// There is no telling what was done: no connection, no reply in time, an error of the server.
    Unsure(String),
    /// An answer that is none: a login page, or half of one. What was done there is no telling either.
    Garbage(String),
    /// It was wished to stop.
    Stopped,
}

/// What a `cray` says that has no version 3 of the API of CFS.
pub(super) const NO_V3: &str = "No such command 'v3'";

/// How long a call that changes something may go on after the wish to stop.
const GRACE: Duration = Duration::from_secs(5);

impl Cray {
    /// Calls `cray`.
    ///
    /// # Errors
    /// Anything that is not the expected answer, by what it means.
    pub fn call(
        &self,
        command: &CrayCommand,
        about: About<'_>,
        expect: Expect,
        stop: &dyn Fn() -> bool,
    ) -> Result<Value, Trouble> {
        let changes = expect != Expect::Answer && about != About::Artifact;
        let grace = if changes { GRACE } else { Duration::ZERO };
        let bounds = Bounds { timeout: self.timeout, bytes: limits::ANSWER_BYTES, grace, stop };
        let ended = call(&self.program, &command.words, None, &bounds).map_err(|error| self.missing(&error))?;
        match ended.how {
            How::Stopped => Err(Trouble::Stopped),
            How::TimedOut => Err(Trouble::Unsure(format!("no answer within {} s", self.timeout.as_secs_f64()))),
            How::TooMuch => Err(Trouble::Garbage(format!("an answer of more than {} MiB", limits::ANSWER_BYTES >> 20))),
            How::Exited(None) => Err(Trouble::Unsure("cray was ended by a signal".into())),
            How::Exited(Some(0)) => answer(&ended.stdout, expect),
            How::Exited(Some(code)) => Err(trouble(code, &String::from_utf8_lossy(&ended.stderr), about)),
        }
    }

    fn missing(&self, error: &std::io::Error) -> Trouble {
        let program = self.program.display();
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such program".to_owned(),
            _ => error.to_string(),
        };
        Trouble::Unusable(format!(
            "{program} cannot be started: {why}. Install the Cray CLI, or say where it is with --cray PATH"
        ))
    }
}

/// What `cray` printed before it exited with 0.
///
/// # Errors
/// Anything that is not the expected answer.
pub fn answer(stdout: &[u8], expect: Expect) -> Result<Value, Trouble> {
    let text = String::from_utf8_lossy(stdout);
    let text = text.trim();
    if expect == Expect::Silence {
        let silent = text.is_empty() || matches!(serde_json::from_str(text), Ok(Value::Null | Value::Object(_)));
        return if silent { Ok(Value::Null) } else { Err(no_json(text)) };
    }
    match serde_json::from_str(text) {
        Ok(value @ (Value::Object(_) | Value::Array(_))) => Ok(value),
        _ => Err(no_json(text)),
    }
}

fn no_json(text: &str) -> Trouble {
    let said = if text.is_empty() { "nothing".to_owned() } else { format!("'{}'", shortened(text)) };
    Trouble::Garbage(format!(
        "cray exited with 0 and printed {said} instead of JSON; a login page or a proxy answers so"
    ))
}

/// What an error of `cray` means: its exit code and what it printed.
#[must_use]
pub fn trouble(code: i32, stderr: &str, about: About<'_>) -> Trouble {
    let text = error_text(stderr);
    let shown = shortened(&text);
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    let holds = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let not_found = match about {
        About::Session(name) => {
            begins(&["Session not found", "Session could not found"])
                && holds(&[&format!("Session {name} could not be found")])
        }
        About::Configuration(name) => {
            begins(&["Configuration not found"]) && holds(&[&format!("Configuration {name} could not be found")])
        }
        About::Image => begins(&["Not Found: Requested resource does not exist"]),
        About::Artifact => holds(&["An error occurred (404)"]),
    };
    if not_found {
        return Trouble::NotFound(shown);
    }
    if begins(&["Conflicting session name"]) {
        return Trouble::Conflict(shown);
    }
    if begins(&["No configuration exists"]) {
        return Trouble::Unusable(format!("cray is not initialised ({shown}). Run cray init, then try again"));
    }
    if begins(&["Your session has expired", "Unable to open token file"])
        || begins(&["Error received from server: 401", "Error received from server: 403", "Forbidden", "Unauthorized"])
    {
        return Trouble::Unusable(format!(
            "cray is not logged in, or may not do this ({shown}). Run cray auth login, then try again"
        ));
    }
    if begins(&["No such command", "no such option", "No such option"]) {
        return Trouble::Unusable(format!(
            "this cray is too old or too new for the plan ({shown}). --target-image-map needs CSM 1.4, cray cfs v3 needs CSM 1.5"
        ));
    }
    let server = text.strip_prefix("Error received from server: ");
    let refusal = server.is_some_and(|status| {
        status.starts_with('4') && !["404", "408", "425", "429"].iter().any(|open| status.starts_with(open))
    });
    let usage = ["Bad Request", "Invalid", "Missing ", "Got unexpected extra argument", "Error parsing the tags"];
    if refusal || begins(&usage) {
        return Trouble::Refused(shown);
    }
    Trouble::Unsure(if text.is_empty() { format!("cray exited with {code} and said nothing") } else { shown })
}

/// The text behind the last `Error:` at the beginning of a line; of a traceback or other words, the last line.
fn error_text(stderr: &str) -> String {
    let lines: Vec<&str> = stderr.lines().collect();
    let at = lines.iter().rposition(|line| line.starts_with("Error: "));
    match at.and_then(|at| lines.get(at..)) {
        Some(last) => {
            let rest: Vec<&str> = last.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect();
            rest.join(" ").trim_start_matches("Error: ").to_owned()
        }
        None => lines.iter().rev().map(|line| line.trim()).find(|line| !line.is_empty()).unwrap_or_default().to_owned(),
    }
}

fn shortened(text: &str) -> String {
    let shown = printable(text.trim());
    match shown.char_indices().nth(limits::REASON_CHARS).and_then(|(end, _)| shown.get(..end)) {
        Some(head) => format!("{head}..."),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, about: About<'_>) -> Trouble {
        let usage = "Usage: cray cfs v3 sessions describe [OPTIONS] SESSION_NAME\nTry 'cray cfs v3 sessions describe -h' for help.\n\n";
        trouble(2, &format!("{usage}Error: {text}\n"), about)
    }

    #[test]
    fn a_session_is_not_found_only_when_cfs_itself_says_so() {
        let about = About::Session("s-1");
        for text in [
            "Session not found.: Session s-1 could not be found",
            "Session could not found.: Session s-1 could not be found",
        ] {
            assert!(matches!(of(text, about), Trouble::NotFound(_)), "{text}");
        }
        for text in [
            "Error received from server: 404 Not Found",
            "Session not found.: Session s-10 could not be found",
            "Not Found: Requested resource does not exist. Re-run request with valid ID.",
            "Configuration not found: Configuration s-1 could not be found",
        ] {
            assert!(matches!(of(text, about), Trouble::Unsure(_)), "{text}");
        }
    }

    #[test]
    fn a_reason_is_shown_up_to_a_length() {
        for (length, expected) in [(limits::REASON_CHARS, ""), (limits::REASON_CHARS + 1, "...")] {
            let Trouble::Unsure(why) = of(&"é".repeat(length), About::Image) else { panic!("nobody knows it") };
            assert_eq!(why, format!("{}{expected}", "é".repeat(limits::REASON_CHARS)));
        }
    }

    #[test]
    fn what_may_have_been_done_is_never_called_refused() {
        for text in [
            "Error received from server: 503 Service Unavailable",
            "Error received from server: 504 Gateway Timeout",
            "Error received from server: 429 Too Many Requests",
            "Internal Server Error: The server encountered an internal error and was unable to complete your request.",
            "Kafka timeout error: no broker",
            "Unable to connect to cray. Please verify your cray hostname:\n  hint\n  hint",
        ] {
            assert!(matches!(of(text, About::Session("s")), Trouble::Unsure(_)), "{text}");
        }
        assert!(
            matches!(trouble(1, "Traceback (most recent call last):\n  x\nIndexError: list index out of range\n", About::Image), Trouble::Unsure(why) if why.starts_with("IndexError"))
        );
    }

    #[test]
    fn what_only_a_person_can_mend_is_told_apart() {
        for text in [
            "No configuration exists. Run `cray init`",
            "Your session has expired, please run:\n\t`cray auth login`",
            "Error received from server: 401 Unauthorized",
            "Error received from server: 403 Forbidden",
            "Unable to open token file, is it valid JSON?",
            "No such command 'v3'.",
            "no such option: --target-image-map",
        ] {
            assert!(matches!(of(text, About::Image), Trouble::Unusable(_)), "{text}");
        }
        for text in ["Invalid configuration: No configurations exist named X", "Bad Request: 'X' is too long - 'name'"]
        {
            assert!(matches!(of(text, About::Session("s")), Trouble::Refused(_)), "{text}");
        }
        assert!(matches!(
            of("Conflicting session name: A session with the name X already exists", About::Session("X")),
            Trouble::Conflict(_)
        ));
    }

    #[test]
    fn a_login_page_is_no_answer() {
        assert!(matches!(answer(b"<html>Log in</html>", Expect::Answer), Err(Trouble::Garbage(_))));
        assert!(matches!(answer(b"<html>Log in</html>", Expect::Silence), Err(Trouble::Garbage(_))));
        assert!(matches!(answer(b"", Expect::Created), Err(Trouble::Garbage(_))));
        assert_eq!(answer(b"\n", Expect::Silence), Ok(Value::Null));
    }
}
