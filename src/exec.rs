//! The executor: it does with `cray` what a plan says, one move at a time. What the moves are is in [`crate::plan::step`];
//! here is only how they are made safely: the intent on disk before the call, the result on disk before the session is
//! deleted, and after any doubt a look at what CFS has.

mod ask;
mod attempt;
mod check;
pub mod cray;
mod end;
mod log;
mod process;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use crate::grammar::Grammar;
use crate::image_id::ImageId;
use crate::plan::command::CrayCommand;
use crate::plan::step::{At, Doing, OutOfTurn};
use crate::plan::store::{Store, StoreError};
use crate::plan::{Attempt, CfsBasis, CfsVersion, Concern, Obstacle, Plan, StepState, Target};

use cray::{About, Cray, Expect, Trouble};

/// How to go about it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The time between two looks at a session.
    pub poll: Duration,
    /// How long a session may be pending.
    pub pending_timeout: Duration,
    /// How long a session may be running.
    pub running_timeout: Duration,
    /// The last step to do.
    pub until: Option<At>,
    /// Leave the sessions there.
    pub keep_sessions: bool,
    /// The program that prints the log of a container.
    pub kubectl: PathBuf,
}

/// Something to tell while it goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step is begun or gone on with.
    Step {
        /// The plan.
        plan: &'a Plan,
        /// The step.
        at: At,
        /// The attempt.
        attempt: &'a Attempt,
        /// What is done.
        doing: Doing,
    },
    /// Its session is there.
    Created {
        /// Its name.
        session: &'a str,
        /// It was there already, and is exactly what was meant.
        adopted: bool,
    },
    /// Its session is not over.
    Waiting {
        /// The step.
        step: &'a str,
        /// The session.
        session: &'a str,
        /// Where it stands.
        state: &'static str,
        /// Since when this run waits for it.
        elapsed: Duration,
    },
    /// A call brought no answer and is made again.
    Again {
        /// Why.
        why: &'a str,
    },
    /// A step has its image.
    Made {
        /// The step.
        step: &'a str,
        /// The image.
        result: &'a ImageId,
    },
    /// A step does not go on, and nothing more is done for its image.
    Halted {
        /// The step.
        step: &'a str,
        /// Why, and what to do; several lines.
        why: &'a str,
    },
    /// A session was deleted.
    Deleted {
        /// Its name.
        session: &'a str,
    },
    /// Something to know.
    Note(&'a str),
}

/// What a run came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The steps that do not go on.
    pub halted: Vec<String>,
    /// One of them does not go on in the next run either, unless something else is done first.
    pub dead: bool,
}

/// Why a run ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// `cray` cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// The plan cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was wished to stop.
    #[error("stopped")]
    Interrupted,
    /// A defect of incfg.
    #[error(transparent)]
    OutOfTurn(#[from] OutOfTurn),
}

/// Why a step does not go on.
enum Halt {
    /// This image stops; others may go on.
    Track(String),
    /// This image stops, and not even the next run goes on with it unless something else is done first.
    Dead(Concern, String),
    /// Everything stops.
    All(Stop),
}

impl<E: Into<Stop>> From<E> for Halt {
    fn from(stop: E) -> Self {
        Self::All(stop.into())
    }
}

/// How often a look that brings no answer is repeated before the executor gives up.
const LOOKS: u32 = 8;

/// How often something is asked for that is over and has not told all.
const SETTLING: u32 = 6;

/// The executor of a plan.
pub struct Executor<'a> {
    /// The plan.
    pub store: &'a mut Store,
    /// `cray`.
    pub cray: &'a Cray,
    /// How to go about it.
    pub settings: &'a Settings,
    /// The grammar of logs.
    pub grammar: &'a Grammar,
    /// Whether to stop.
    pub stop: &'a dyn Fn() -> bool,
    /// Who is told what goes on.
    pub tell: &'a mut dyn FnMut(Event<'_>),
    /// What time it is, UTC.
    pub now: &'a dyn Fn() -> String,
}

impl Executor<'_> {
    /// Goes on with the plan until it is through, or something stops it.
    ///
    /// # Errors
    /// What stopped everything. The plan on disk says how far it came.
    pub fn run(&mut self) -> Result<Outcome, Stop> {
        let mut outcome = Outcome::default();
        let mut stopped = BTreeSet::new();
        let mut undeletable = BTreeSet::new();
        let mut worked = false;
        loop {
            if (self.stop)() {
                return Err(Stop::Interrupted);
            }
            let until = self.settings.until;
            let open = self.store.plan().open();
            let next =
                open.into_iter().find(|at| !stopped.contains(&at.track) && until.is_none_or(|until| *at <= until));
            // A session that is left tells that the run before this one was killed, perhaps before it had looked.
            let plan = self.store.plan();
            if next.is_none() && plan.is_done() && (worked || !plan.deletable().is_empty()) {
                self.look_at_pins()?;
            }
            self.delete_sessions(&mut undeletable)?;
            let Some(at) = next else { return Ok(outcome) };
            worked = true;
            match self.step(at) {
                Ok(()) => {}
                Err(Halt::All(Stop::Unusable(why))) if self.speaks_v2(&why)? => {}
                Err(halt @ (Halt::Track(_) | Halt::Dead(..))) => {
                    self.keep_obstacle(at, &halt)?;
                    self.halt(at, &halt, &mut outcome);
                    stopped.insert(at.track);
                }
                Err(Halt::All(stop)) => return Err(stop),
            }
        }
    }

    /// Looks at everything the next steps need and changes nothing: what would stop them.
    ///
    /// # Errors
    /// What stopped everything.
    pub fn look(&mut self) -> Result<Outcome, Stop> {
        let mut outcome = Outcome::default();
        for at in self.store.plan().open() {
            let Some(attempt) = self.store.plan().attempt(at) else { continue };
            let follows = self.store.plan().doing(at) == Doing::Follow;
            let mut looked = || {
                if !follows {
                    self.check(at, &attempt, false)?;
                }
                if let Some(session) = self.session(&attempt.session)? {
                    self.own(at, &attempt, &session)?;
                }
                Ok(())
            };
            match looked() {
                Ok(()) => {}
                Err(Halt::All(stop)) => return Err(stop),
                Err(halt) => self.halt(at, &halt, &mut outcome),
            }
        }
        Ok(outcome)
    }

    fn halt(&mut self, at: At, halt: &Halt, outcome: &mut Outcome) {
        outcome.dead |= matches!(halt, Halt::Dead(..));
        let why = &match halt {
            Halt::Track(why) | Halt::Dead(_, why) => why.clone(),
            Halt::All(stop) => stop.to_string(),
        };
        let step = self.store.plan().get(at).1.id.clone();
        (self.tell)(Event::Halted { step: &step, why });
        outcome.halted.push(step);
    }

    /// What only a person can clear away is in the plan, for everybody who looks at it later.
    fn keep_obstacle(&mut self, at: At, halt: &Halt) -> Result<(), Stop> {
        let Halt::Dead(about, why) = halt else { return Ok(()) };
        let mut plan = self.store.plan().clone();
        plan.blocked(at.track, Obstacle { about: *about, found_at: (self.now)(), why: why.clone() });
        self.store.save(plan, why)?;
        Ok(())
    }

    /// For a run that is only rehearsed: the plan goes on in memory, never on disk, with the version of the API that a run
    /// would find `cray` to have.
    pub fn suppose_what_cray_speaks(&mut self) {
        let plan = self.store.plan();
        let Some(at) = plan.open().first().copied().filter(|_| plan.target.is_open()) else { return };
        let name = plan.get(at).0.configuration.name.clone();
        let describe = CrayCommand::describe_configuration(plan.target.cfs, &name);
        let said = self.cray.call(&describe, About::Configuration(&name), Expect::Answer, self.stop);
        if matches!(said, Err(Trouble::Unusable(why)) if why.contains(cray::NO_V3)) {
            let mut plan = plan.clone();
            plan.target = Target { cfs: CfsVersion::V2, basis: CfsBasis::Cray };
            self.store.suppose(plan);
            (self.tell)(Event::Note(
                "this cray has no cfs v3; the plan would go on with plain cray cfs, which is version 2",
            ));
        }
    }

    /// Where only the form of a configuration told the version of the API, `cray` may know better: then it is version 2.
    fn speaks_v2(&mut self, why: &str) -> Result<bool, Stop> {
        if !self.store.plan().target.is_open() || !why.contains(cray::NO_V3) {
            return Ok(false);
        }
        let mut plan = self.store.plan().clone();
        plan.target = Target { cfs: CfsVersion::V2, basis: CfsBasis::Cray };
        self.store.save(plan, "cray has no version 3 of the API of CFS")?;
        (self.tell)(Event::Note("this cray has no cfs v3; the plan goes on with plain cray cfs, which is version 2"));
        Ok(true)
    }

    /// Brings one step to its result.
    fn step(&mut self, at: At) -> Result<(), Halt> {
        let mut first_look = true;
        loop {
            let plan = self.store.plan();
            let (state, doing) = (plan.get(at).1.state(), plan.doing(at));
            let Some(attempt) = plan.attempt(at) else { return Ok(()) };
            if state == StepState::Done {
                return Ok(());
            }
            (self.tell)(Event::Step { plan: self.store.plan(), at, attempt: &attempt, doing });
            match doing {
                Doing::Begin => self.begin(at, &attempt)?,
                Doing::Resolve => self.resolve(at, &attempt)?,
                Doing::Follow => self.follow(at, &attempt, first_look)?,
            }
            first_look = false;
        }
    }

    /// Deletes the sessions that are of no more use; one that cannot be deleted is tried again by the next run.
    fn delete_sessions(&mut self, undeletable: &mut BTreeSet<String>) -> Result<(), Stop> {
        if self.settings.keep_sessions {
            return Ok(());
        }
        let deletable = self.store.plan().deletable().into_iter().map(|attempt| attempt.session.clone());
        for session in deletable.collect::<Vec<_>>() {
            if !undeletable.contains(&session) {
                self.delete_session(&session, undeletable)?;
            }
        }
        Ok(())
    }

    fn delete_session(&mut self, session: &str, undeletable: &mut BTreeSet<String>) -> Result<(), Stop> {
        self.look_again(session)?;
        let command = CrayCommand::delete_session(self.store.plan().target.cfs, session);
        for _ in 0..LOOKS {
            let why = match self.cray.call(&command, About::Session(session), Expect::Silence, self.stop) {
                // A proxy that answers with an empty page says the same as a session that was deleted.
                Ok(_) if self.is_there(session)? => {
                    format!("cray printed no error, and session {session} is still there")
                }
                Ok(_) | Err(Trouble::NotFound(_)) => {
                    let mut plan = self.store.plan().clone();
                    plan.session_deleted(session);
                    self.store.save(plan, &format!("session {session} was deleted"))?;
                    (self.tell)(Event::Deleted { session });
                    return Ok(());
                }
                Err(Trouble::Unusable(why)) => return Err(Stop::Unusable(why)),
                Err(Trouble::Stopped) => return Err(Stop::Interrupted),
                Err(Trouble::Unsure(why) | Trouble::Garbage(why) | Trouble::Conflict(why) | Trouble::Refused(why)) => {
                    why
                }
            };
            (self.tell)(Event::Again { why: &why });
            self.pause()?;
        }
        (self.tell)(Event::Note(&format!("session {session} could not be deleted; the next run tries again")));
        undeletable.insert(session.to_owned());
        Ok(())
    }
}

/// A length of time as a person says it.
#[must_use]
pub fn seconds(time: Duration) -> String {
    let whole = time.as_secs();
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, _) if whole < 10 => format!("{:.1}s", time.as_secs_f64()),
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m {seconds:02}s"),
        (hours, minutes, _) => format!("{hours}h {minutes:02}m"),
    }
}
