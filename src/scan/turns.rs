//! Which thread reads which piece of a file, and in which order the pieces are gone through.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The pieces of a file: each is taken by the thread that has time for it, and gone through when its turn comes.
pub(super) struct Turns {
    count: u64,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    /// The first piece that nobody has taken.
    next: u64,
    /// Who has the pieces that are still to be gone through, in the order of the pieces.
    by: VecDeque<usize>,
}

/// Whose piece is to be gone through next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// That of this thread.
    Of(usize),
    /// Nobody has taken it.
    Open,
    /// None is left.
    Over,
}

impl Turns {
    pub(super) fn new(count: u64) -> Self {
        Self { count, taken: Mutex::default() }
    }

    /// The first piece that nobody has taken, which now is the thread's.
    pub(super) fn take(&self, thread: usize) -> Option<u64> {
        let mut taken = self.taken();
        let piece = taken.next;
        (piece < self.count).then(|| {
            taken.next += 1;
            taken.by.push_back(thread);
            piece
        })
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> Turn {
        let taken = self.taken();
        match taken.by.front() {
            Some(thread) => Turn::Of(*thread),
            None if taken.next < self.count => Turn::Open,
            None => Turn::Over,
        }
    }

    /// The piece whose turn it was has been gone through.
    pub(super) fn end(&self) {
        self.taken().by.pop_front();
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
