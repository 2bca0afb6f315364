//! Which thread reads which piece of a file, and in which order the pieces are gone through.
//!
//! There are a few pieces, and whoever has time takes the next one: so a thread that the system holds up for a moment
//! keeps nobody waiting but with the one piece that it has, as long as another is left.

use std::collections::VecDeque;
use std::io::Result;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::piece::Piece;

/// The pieces of a file: each is taken by the thread that has time for it, and gone through when its turn comes.
pub(super) struct Turns {
    state: Mutex<State>,
    /// The piece whose turn it is can be gone through, or nothing more comes.
    ready: Condvar,
    /// Another piece can be taken, or nobody wants one.
    room: Condvar,
}

/// A piece that has been read and searched, and the error at which it ends, if it does.
pub(super) type Sifted = (Piece, Result<()>);

struct State {
    count: u64,
    /// The first piece that nobody has taken.
    next: u64,
    /// Those before it that are still to be gone through, in order; none where a thread is at it.
    taken: VecDeque<Option<Sifted>>,
    /// What the next ones are read into, in this order.
    spare: VecDeque<Piece>,
    /// Whether the one that goes through the pieces waits.
    awaited: bool,
    /// How many of the others wait.
    waiting: usize,
    stopped: bool,
}

/// What is to be done next by the thread that goes through the pieces.
pub(super) enum Next {
    /// Go through this one.
    Fold(Sifted),
    /// Read this one, of this number.
    Read(u64, Piece),
    /// Nothing: none is left.
    Over,
}

impl Turns {
    /// For `count` pieces, of which as many are in memory as there are in `spare`.
    pub(super) fn new(count: u64, spare: VecDeque<Piece>) -> Self {
        let state = State { count, next: 0, taken: VecDeque::new(), spare, awaited: false, waiting: 0, stopped: false };
        Self { state: Mutex::new(state), ready: Condvar::new(), room: Condvar::new() }
    }

    /// For a thread that only reads: hands over what it has read, and takes the next piece that nobody has taken, when
    /// there is room for one; none when there is nothing to do any more.
    pub(super) fn exchange(&self, done: Option<(u64, Sifted)>) -> Option<(u64, Piece)> {
        let mut state = self.state();
        if let Some((at, sifted)) = done
            && state.put(at, sifted)
        {
            self.ready.notify_one();
        }
        loop {
            if state.stopped || state.all_taken() {
                return None;
            }
            if let Some(taken) = state.take() {
                return Some(taken);
            }
            state.waiting += 1;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
    }

    /// For the thread that goes through the pieces: gives back the one that it has gone through.
    pub(super) fn next(&self, done: Option<Piece>) -> Next {
        let mut state = self.state();
        if let Some(piece) = done {
            state.spare.push_back(piece);
            if state.waiting > 0 {
                self.room.notify_one();
            }
        }
        loop {
            if let Some(sifted) = state.taken.front_mut().and_then(Option::take) {
                state.taken.pop_front();
                return Next::Fold(sifted);
            }
            if state.stopped || state.taken.is_empty() && state.all_taken() {
                self.room.notify_all();
                return Next::Over;
            }
            if let Some((at, piece)) = state.take() {
                return Next::Read(at, piece);
            }
            state.awaited = true;
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.awaited = false;
        }
    }

    /// For the same thread: a piece that it has read itself.
    pub(super) fn put(&self, at: u64, sifted: Sifted) {
        self.state().put(at, sifted);
    }

    /// Nothing more is read.
    pub(super) fn stop(&self) {
        self.state().stopped = true;
        self.ready.notify_all();
        self.room.notify_all();
    }

    /// The memory of the pieces.
    pub(super) fn into_spare(self) -> VecDeque<Piece> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).spare
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn all_taken(&self) -> bool {
        self.next == self.count
    }

    /// The next piece that nobody has taken, if there is room for it.
    fn take(&mut self) -> Option<(u64, Piece)> {
        if self.all_taken() {
            return None;
        }
        let piece = self.spare.pop_front()?;
        let at = self.next;
        self.next += 1;
        self.taken.push_back(None);
        Some((at, piece))
    }

    /// Says whether somebody waits for this very piece.
    fn put(&mut self, at: u64, sifted: Sifted) -> bool {
        let turn = self.next - self.taken.len() as u64;
        let place = usize::try_from(at - turn).ok().and_then(|place| self.taken.get_mut(place));
        if let Some(place) = place {
            *place = Some(sifted);
        }
        self.awaited && at == turn
    }
}

/// Held by each thread that takes part: should one panic, the others do not wait for it.
pub(super) struct Part<'t>(pub(super) &'t Turns);

impl Drop for Part<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn spare(pieces: usize) -> VecDeque<Piece> {
        (0..pieces).map(|_| Piece::default()).collect()
    }

    fn marked(at: u64, mut piece: Piece) -> Sifted {
        piece.read_bytes = at;
        (piece, Ok(()))
    }

    #[test]
    fn pieces_are_gone_through_in_order_and_no_more_are_read_than_there_is_room_for() {
        for (threads, room) in [(1, 1), (2, 1), (2, 6), (4, 3), (4, 12)] {
            let turns = Turns::new(300, spare(room));
            let (held, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let read = |at, piece| {
                most.fetch_max(held.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                // Some take longer than others, so that they come out of order.
                (0..at % 7 * 40).for_each(|_| std::thread::yield_now());
                marked(at, piece)
            };
            let order = std::thread::scope(|scope| {
                for _ in 1..threads {
                    scope.spawn(|| {
                        let mut done = None;
                        while let Some((at, piece)) = turns.exchange(done) {
                            done = Some((at, read(at, piece)));
                        }
                    });
                }
                let (mut order, mut done) = (Vec::new(), None);
                loop {
                    match turns.next(done.take()) {
                        Next::Over => return order,
                        Next::Read(at, piece) => turns.put(at, read(at, piece)),
                        Next::Fold((piece, _)) => {
                            order.push(piece.read_bytes);
                            held.fetch_sub(1, Ordering::SeqCst);
                            done = Some(piece);
                        }
                    }
                }
            });
            assert_eq!(order, (0..300).collect::<Vec<_>>(), "{threads} threads, room for {room}");
            assert!(most.into_inner() <= room, "{threads} threads, room for {room}");
            assert_eq!(turns.into_spare().len(), room);
        }
    }

    #[test]
    fn nobody_waits_for_a_thread_that_panics() {
        let turns = Turns::new(300, spare(3));
        let (taken, is_taken) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let lost = scope.spawn(|| {
                let _part = Part(&turns);
                let first = turns.exchange(None);
                taken.send(first.map(|(at, _)| at)).unwrap();
                (0..100).for_each(|_| std::thread::yield_now());
                std::panic::resume_unwind(Box::new("lost"));
            });
            assert_eq!(is_taken.recv(), Ok(Some(0)));
            let reads = scope.spawn(|| {
                let mut done = None;
                while let Some((at, piece)) = turns.exchange(done) {
                    done = Some((at, marked(at, piece)));
                }
            });
            loop {
                match turns.next(None) {
                    Next::Over => break,
                    Next::Read(at, piece) => turns.put(at, marked(at, piece)),
                    Next::Fold((piece, _)) => panic!("{} was gone through without the first", piece.read_bytes),
                }
            }
            assert!(lost.join().is_err());
            reads.join().unwrap();
        });
    }
}
