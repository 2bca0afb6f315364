//! Reads logs on as many cores as there are, and shows how far it is when that takes long.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use crate::analysis::{Analysis, Context, analyze};
use crate::grammar::Grammar;
use crate::input::{Collected, Source};
use crate::limits;
use crate::scan::Scanner;

use super::{Exit, Failure};

/// Shorter work is not worth a word.
const QUIET: Duration = Duration::from_secs(1);

/// How often the line is written anew.
const PACE: Duration = Duration::from_millis(100);

/// Analyses inputs with up to `threads` threads; as many as there are cores, when none are given.
pub(super) fn analysed(
    collected: &Collected,
    context: &Context,
    grammar: &Grammar,
    threads: Option<NonZeroUsize>,
) -> Result<Analysis, Failure> {
    let threads = threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let mut progress = super::stderr_is_terminal().then(|| Progress::new(collected));
    let mut watch = |bytes| {
        if let Some(progress) = &mut progress {
            progress.goes_on(bytes);
        }
    };
    let mut scanner = Scanner::new(threads.min(limits::THREADS), limits::PIECE_BYTES, &mut watch);
    let analysis = analyze(collected, context, grammar, &mut scanner);
    if let Some(progress) = progress {
        progress.over();
    }
    analysis.map_err(|error| Failure::new(Exit::Input, error))
}

/// One line on the terminal that says how much has been read.
struct Progress {
    begun: Instant,
    told: Option<Instant>,
    read: u64,
    /// Bytes of all inputs, where every one of them is a plain file.
    all: Option<u64>,
}

impl Progress {
    fn new(collected: &Collected) -> Self {
        Self { begun: Instant::now(), told: None, read: 0, all: collected.sources.iter().map(Source::bytes).sum() }
    }

    fn goes_on(&mut self, bytes: u64) {
        self.read += bytes;
        let now = Instant::now();
        if now - self.begun < QUIET || self.told.is_some_and(|told| now - told < PACE) {
            return;
        }
        self.told = Some(now);
        let of = self.all.map_or(String::new(), |all| format!(" of {}", size(all)));
        // Progress is a courtesy: a terminal that is gone does not end the work.
        super::tell_on_one_line(&format!("read {}{of}", size(self.read)));
    }

    fn over(self) {
        if self.told.is_some() {
            super::tell_on_one_line("");
        }
    }
}

fn size(bytes: u64) -> String {
    format!("{}.{} GiB", bytes >> 30, ((bytes & ((1 << 30) - 1)) * 10) >> 30)
}
