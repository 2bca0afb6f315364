//! One call of a program: with an end in time, a bound on what it prints, and nothing left behind.

use std::fs::File;
use std::io::{BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::limits;
use crate::secret;

use rustix::process::{Pid, Signal, kill_process_group};

/// How a call is bounded.
pub(super) struct Bounds<'a> {
    /// The longest it may take.
    pub(super) timeout: Duration,
    /// The most it may print.
    pub(super) bytes: u64,
    /// How much longer it may take after the wish to stop: a call that changes something is better let through.
    pub(super) grace: Duration,
    /// Whether to stop.
    pub(super) stop: &'a dyn Fn() -> bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// By itself, with this exit code; none when a signal ended it.
    Exited(Option<i32>),
    /// It took too long.
    TimedOut,
    /// It printed too much.
    TooMuch,
    /// It was wished to stop.
    Stopped,
}

/// What a call left.
pub(super) struct Ended {
    pub(super) how: How,
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
    /// Why what it printed is not in the file.
    pub(super) unwritten: Option<std::io::Error>,
}

/// How soon a child is looked at again: at first at once, for one that answers at once.
const FIRST_LOOK: Duration = Duration::from_millis(1);
const LAST_LOOK: Duration = Duration::from_millis(50);

/// How long what it printed may still be on its way when a child has ended.
const DRAIN: Duration = Duration::from_secs(2);

/// Runs a program. Its stdout goes to `file`, where one is given, without the secrets in it: they are never on the disk.
pub(super) fn call(
    program: &Path,
    words: &[String],
    file: Option<File>,
    bounds: &Bounds<'_>,
) -> std::io::Result<Ended> {
    let mut command = Command::new(program);
    // A group of its own: Ctrl-C at the terminal ends incfg's waiting, not a call that is half through.
    command.args(words).process_group(0).stdin(Stdio::null()).stderr(Stdio::piped());
    command.stdout(Stdio::piped());
    let mut child = spawn(&mut command)?;
    let stderr = child.stderr.take().map(|pipe| listener(pipe, limits::MESSAGE_BYTES));
    let (mut stdout, mut kept, mut unwritten) = (None, None, None);
    match (child.stdout.take(), file) {
        (Some(pipe), Some(file)) => kept = Some(keeper(pipe, file, bounds.bytes)),
        (Some(pipe), None) => stdout = Some(reader(pipe, bounds.bytes)),
        (None, _) => {}
    }
    let how = wait(&mut child, bounds)?;
    let (stdout, mut too_much) = drained(stdout, bounds.bytes, &child);
    let (stderr, _) = drained(stderr, limits::MESSAGE_BYTES, &child);
    if let Some(kept) = kept.filter(|_| matches!(how, How::Exited(_))) {
        match last_of(&kept, &child) {
            Some(Ok(came)) => too_much = came > bounds.bytes,
            Some(Err(error)) => unwritten = Some(error),
            None => too_much = true,
        }
    }
    let how = if too_much && matches!(how, How::Exited(_)) { How::TooMuch } else { how };
    Ok(Ended { how, stdout, stderr, unwritten })
}

/// A program that was written a moment ago may still be open for writing in another process.
fn spawn(command: &mut Command) -> std::io::Result<Child> {
    let mut left = 20;
    loop {
        match command.spawn() {
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy && left > 0 => {
                left -= 1;
                std::thread::sleep(LAST_LOOK);
            }
            outcome => return outcome,
        }
    }
}

fn wait(child: &mut Child, bounds: &Bounds<'_>) -> std::io::Result<How> {
    let begun = Instant::now();
    let mut wished: Option<Instant> = None;
    let exited = |status: ExitStatus| How::Exited(status.code());
    let mut look = FIRST_LOOK;
    let how = loop {
        if let Some(status) = child.try_wait()? {
            return Ok(exited(status));
        }
        if begun.elapsed() > bounds.timeout {
            break How::TimedOut;
        }
        if (bounds.stop)() && wished.get_or_insert_with(Instant::now).elapsed() >= bounds.grace {
            break How::Stopped;
        }
        std::thread::sleep(look);
        look = (look * 2).min(LAST_LOOK);
    };
    kill(child);
    child.wait()?;
    Ok(how)
}

fn kill(child: &Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
}

fn reader(pipe: impl Read + Send + 'static, bytes: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut content = Vec::new();
        let _ = pipe.take(bytes + 1).read_to_end(&mut content);
        let _ = sender.send(content);
    });
    receiver
}

/// Keeps the first of the messages that come through a pipe and takes the others too: a program that nobody listens to is
/// ended by its next word, in the middle of what it does.
fn listener(mut pipe: impl Read + Send + 'static, bytes: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut content = Vec::new();
        let _ = pipe.by_ref().take(bytes).read_to_end(&mut content);
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        let _ = sender.send(content);
    });
    receiver
}

/// Writes what comes through a pipe to a file, without its secrets; how many bytes came.
fn keeper(pipe: impl Read + Send + 'static, mut file: File, bytes: u64) -> Receiver<std::io::Result<u64>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut log = BufReader::with_capacity(limits::CHUNK_BYTES, pipe.take(bytes + 1));
        let _ = sender.send(secret::copy(&mut log, &mut file));
    });
    receiver
}

/// What a thread at a pipe has to say when the child has ended. Whatever the child left running may hold it open, and is of no use any more.
fn last_of<T>(receiver: &Receiver<T>, child: &Child) -> Option<T> {
    receiver.recv_timeout(DRAIN).ok().or_else(|| {
        kill(child);
        receiver.recv_timeout(DRAIN).ok()
    })
}

/// What came through a pipe, and whether it was too much.
fn drained(receiver: Option<Receiver<Vec<u8>>>, bytes: u64, child: &Child) -> (Vec<u8>, bool) {
    let content = receiver.and_then(|receiver| last_of(&receiver, child));
    let mut content = content.unwrap_or_default();
    let too_much = content.len() as u64 > bytes;
    content.truncate(usize::try_from(bytes).unwrap_or(usize::MAX));
    (content, too_much)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(script: &str, bytes: u64, file: Option<File>) -> Ended {
        let bounds = Bounds { timeout: Duration::from_secs(60), bytes, grace: Duration::ZERO, stop: &|| false };
        call(Path::new("sh"), &["-c".to_owned(), script.to_owned()], file, &bounds).unwrap()
    }

    #[test]
    fn as_much_is_taken_of_an_answer_and_of_a_log_as_they_may_have() {
        let path = std::env::temp_dir().join(format!("incfg-process-{}.log", std::process::id()));
        for (bytes, how) in [(5, How::Exited(Some(0))), (4, How::TooMuch)] {
            assert_eq!(said("printf 12345", bytes, None).how, how, "an answer");
            assert_eq!(said("printf 12345", bytes, Some(File::create(&path).unwrap())).how, how, "a log");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn of_messages_the_first_bytes_are_kept_and_the_call_goes_on() {
        // Behind && only what was let through to its end is gone on from.
        let ended = said("head -c 200000 /dev/zero >&2 && printf done", 10, None);
        assert_eq!((ended.how, ended.stdout.as_slice()), (How::Exited(Some(0)), b"done".as_slice()));
        assert_eq!(ended.stderr.len() as u64, limits::MESSAGE_BYTES);
    }
}
