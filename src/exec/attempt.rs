//! One attempt of a step: its session, from the intent to its end.

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::{Duration, Instant};

use crate::cfs::Session;
use crate::plan::Attempt;
use crate::plan::command::CrayCommand;
use crate::plan::step::{At, Failure, Verdict};

use super::ask::named;
use super::cray::{About, Expect, Trouble};
use super::{Event, Executor, Halt, SETTLING, Stop, seconds};

/// How often one session is created when each time there is no telling whether it was.
const CREATIONS: u32 = 6;

/// How many answers in a row may be none while a session is waited for: a login page does not go away by itself.
const GARBAGE: u32 = 20;

/// What was seen of a session since this run waits for it.
struct Watch {
    begun: Instant,
    running_since: Option<Instant>,
    /// When it said something of itself last.
    last_heard: Instant,
    /// Nothing was done or heard of it since the run began: what is not there has gone before.
    before_this_run: bool,
    /// How often in a row it was not there.
    missing: u32,
    /// How often it was over and had not told all.
    unsettled: u32,
    /// How many answers in a row were none.
    garbage: u32,
}

impl Watch {
    fn begin(before_this_run: bool) -> Self {
        let now = Instant::now();
        Self { begun: now, running_since: None, last_heard: now, before_this_run, missing: 0, unsettled: 0, garbage: 0 }
    }

    fn heard(&mut self) {
        (self.missing, self.garbage, self.before_this_run) = (0, 0, false);
        self.last_heard = Instant::now();
    }

    fn running_since(&mut self) -> Instant {
        *self.running_since.get_or_insert_with(Instant::now)
    }
}

impl Executor<'_> {
    /// A new attempt: everything it needs is there, and nothing has its name.
    pub(super) fn begin(&mut self, at: At, attempt: &Attempt) -> Result<(), Halt> {
        self.explain_last(at)?;
        self.check(at, attempt, true)?;
        let there = self.session(&attempt.session)?;
        if let Some(session) = &there {
            self.own(at, attempt, session)?;
        }
        let mut plan = self.store.plan().clone();
        plan.intend(at, &(self.now)())?;
        if there.is_some() {
            plan.created(at, &(self.now)())?;
        }
        let meant = if there.is_some() {
            "is there already, and is the one that is meant"
        } else {
            "is about to be created; it was not"
        };
        self.store.save(plan, &format!("session {} {meant}", attempt.session))?;
        match there {
            Some(_) => {
                (self.tell)(Event::Created { session: &attempt.session, adopted: true });
                Ok(())
            }
            None => self.create(at, attempt),
        }
    }

    /// The session was meant to be created: it is there, or it is created now.
    pub(super) fn resolve(&mut self, at: At, attempt: &Attempt) -> Result<(), Halt> {
        match self.session(&attempt.session)? {
            Some(session) => {
                self.own(at, attempt, &session)?;
                self.keep_created(at, attempt, true)
            }
            None => {
                self.check(at, attempt, true)?;
                self.create(at, attempt)
            }
        }
    }

    /// Creates the session. A second request under the same name is safe: at worst CFS says that it has it.
    pub(super) fn create(&mut self, at: At, attempt: &Attempt) -> Result<(), Halt> {
        let command = CrayCommand::create_session(self.store.plan(), at, attempt, attempt.base_id.as_str());
        let mut why = String::new();
        for _ in 0..CREATIONS {
            // That the name is in use says enough: whose session it is, the look at it tells.
            let mut in_use = false;
            match self.cray.call(&command, About::Session(&attempt.session), Expect::Created, self.stop) {
                Ok(answer) => match named(&answer, &attempt.session) {
                    Ok(session) => {
                        self.own(at, attempt, &session)?;
                        return self.keep_created(at, attempt, false);
                    }
                    Err(no_session) => why = no_session,
                },
                Err(Trouble::Refused(said)) => {
                    return Err(Halt::Track(format!("CFS refuses session {}: {said}", attempt.session)));
                }
                Err(Trouble::Unusable(said)) => return Err(Stop::Unusable(said).into()),
                Err(Trouble::Stopped) => return Err(Stop::Interrupted.into()),
                Err(Trouble::Conflict(said)) => (why, in_use) = (said, true),
                Err(Trouble::Unsure(said) | Trouble::Garbage(said) | Trouble::NotFound(said)) => why = said,
            }
            if !in_use {
                (self.tell)(Event::Again { why: &why });
            }
            if let Some(session) = self.session(&attempt.session)? {
                self.own(at, attempt, &session)?;
                return self.keep_created(at, attempt, true);
            }
            self.pause()?;
        }
        Err(Stop::Unusable(format!(
            "session {} could not be created in {CREATIONS} tries, and CFS does not have it: {why}",
            attempt.session
        ))
        .into())
    }

    pub(super) fn keep_created(&mut self, at: At, attempt: &Attempt, adopted: bool) -> Result<(), Halt> {
        let mut plan = self.store.plan().clone();
        plan.created(at, &(self.now)())?;
        self.store
            .save(plan, &format!("session {} was created; the next run finds it by its name", attempt.session))?;
        (self.tell)(Event::Created { session: &attempt.session, adopted });
        Ok(())
    }

    /// Waits for the end of the session and takes what it made.
    pub(super) fn follow(&mut self, at: At, attempt: &Attempt, first_look: bool) -> Result<(), Halt> {
        let mut watch = Watch::begin(first_look);
        let describe = CrayCommand::describe_session(self.store.plan().target.cfs, &attempt.session);
        loop {
            let answer = self.cray.call(&describe, About::Session(&attempt.session), Expect::Answer, self.stop);
            let answer = answer.and_then(|answer| named(&answer, &attempt.session).map_err(Trouble::Garbage));
            let over = match answer {
                Ok(session) => {
                    watch.heard();
                    self.hear(at, attempt, &session, &mut watch)?
                }
                Err(trouble) => self.hear_nothing(at, attempt, trouble, &mut watch)?,
            };
            if over.is_break() {
                return Ok(());
            }
            self.pause()?;
        }
    }

    /// What a session says of itself: whether that is its end.
    fn hear(
        &mut self,
        at: At,
        attempt: &Attempt,
        session: &Session,
        watch: &mut Watch,
    ) -> Result<ControlFlow<()>, Halt> {
        // A person who recorded it may have typed it without tags.
        self.is_own(at, attempt, session, true)?;
        self.keep_others(attempt, session)?;
        match self.store.plan().verdict(attempt, session) {
            Verdict::Waiting { running, picked_up } => {
                let (state, since, limit) = if running {
                    ("running", watch.running_since(), self.settings.running_timeout)
                } else {
                    ("pending", watch.begun, self.settings.pending_timeout)
                };
                let step = self.store.plan().get(at).1.id.clone();
                let elapsed = watch.begun.elapsed();
                (self.tell)(Event::Waiting { step: &step, session: &attempt.session, state, elapsed });
                if since.elapsed() >= limit {
                    return Err(Halt::Track(self.stuck(attempt, running, picked_up, limit)));
                }
            }
            Verdict::Unsettled(why) => {
                watch.unsettled += 1;
                if watch.unsettled >= SETTLING {
                    return self.fail(at, attempt, Failure { reason: why, given_up: true }).map(Break);
                }
                (self.tell)(Event::Again { why: &why });
            }
            Verdict::Made(result) => return self.take(at, attempt, result).map(Break),
            Verdict::Failed(why) => {
                return self.fail(at, attempt, Failure { reason: why, given_up: false }).map(Break);
            }
        }
        Ok(Continue(()))
    }

    /// What it means that a session says nothing of itself: whether that is its end.
    fn hear_nothing(
        &mut self,
        at: At,
        attempt: &Attempt,
        trouble: Trouble,
        watch: &mut Watch,
    ) -> Result<ControlFlow<()>, Halt> {
        match trouble {
            Trouble::NotFound(_) => {
                watch.missing += 1;
                if watch.missing > 1 {
                    let ended = match self.store.plan().get(at).1.unchecked().cloned() {
                        Some(result) => self.take(at, attempt, result),
                        None => self.gone(at, attempt, watch.before_this_run),
                    };
                    return ended.map(Break);
                }
            }
            Trouble::Garbage(why) => {
                watch.garbage += 1;
                if watch.garbage >= GARBAGE {
                    return Err(Stop::Unusable(why).into());
                }
                (self.tell)(Event::Again { why: &why });
            }
            Trouble::Unsure(why) | Trouble::Conflict(why) => {
                let silence = watch.last_heard.elapsed();
                if silence >= self.settings.running_timeout {
                    return Err(Stop::Unusable(format!("no answer for {}: {why}", seconds(silence))).into());
                }
                (self.tell)(Event::Again { why: &why });
            }
            Trouble::Refused(why) | Trouble::Unusable(why) => return Err(Stop::Unusable(why).into()),
            Trouble::Stopped => return Err(Stop::Interrupted.into()),
        }
        Ok(Continue(()))
    }

    pub(super) fn stuck(&self, attempt: &Attempt, running: bool, picked_up: bool, limit: Duration) -> String {
        let session = &attempt.session;
        let what = match (running, picked_up) {
            (true, _) => "running: ansible may hang, or the job of IMS is not ready",
            (false, false) => {
                "pending and has no job: CFS has not picked it up; its operator may be down or far behind"
            }
            (false, true) => "pending although it has a job: its pod cannot be scheduled, or the configuration is gone",
        };
        let cfs = self.store.plan().target.cfs;
        let file = self.file();
        format!(
            "after {} session {session} is still {what}. It was left alone. incfg run {file} waits on for it\nor give it up: `incfg record {file} --give-up {session}`; then incfg run {file} makes a new attempt on the same base image. It looks once more what has become of session {session} before it deletes it; by hand that is `{}`, then `{}`",
            seconds(limit),
            CrayCommand::describe_session(cfs, session).in_shell(),
            CrayCommand::delete_session(cfs, session).in_shell()
        )
    }
}
