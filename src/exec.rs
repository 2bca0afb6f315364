//! The executor: it does with `cray` what a plan says, one move at a time. What the moves are is in [`crate::plan::step`];
//! here is only how they are made safely: the intent on disk before the call, the result on disk before the session is
//! deleted, and after any doubt a look at what CFS has.

pub mod cray;
pub mod log;
mod process;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cfs::{Configuration, Session};
use crate::grammar::Grammar;
use crate::image_id::ImageId;
use crate::ims::ImsImage;
use crate::plan::command::CrayCommand;
use crate::plan::step::{At, Doing, Failure, OutOfTurn, Verdict};
use crate::plan::store::{Store, StoreError};
use crate::plan::{Attempt, CfsBasis, CfsVersion, Plan, PlannedConfiguration, StepState};

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
    /// What stopped an image, with the step.
    pub problems: Vec<(String, String)>,
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

/// How often a session is asked for that is over and has not told all.
const SETTLING: u32 = 6;

/// How often one session is created when each time there is no telling whether it was.
const CREATIONS: u32 = 6;

/// How many answers in a row may be none while a session is waited for: a login page does not go away by itself.
const GARBAGE: u32 = 20;

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
        let mut asked = false;
        loop {
            if (self.stop)() {
                return Err(Stop::Interrupted);
            }
            let until = self.settings.until;
            let open = self.store.plan().open();
            let next =
                open.into_iter().find(|at| !stopped.contains(&at.track) && until.is_none_or(|until| *at <= until));
            let leftovers = !self.settings.keep_sessions
                && self.store.plan().deletable().iter().any(|session| !undeletable.contains(session));
            if (next.is_some() || leftovers) && !asked {
                self.settle_version()?;
                asked = true;
            }
            self.delete_sessions(&mut undeletable)?;
            let Some(at) = next else { return Ok(outcome) };
            match self.step(at) {
                Ok(()) => {}
                Err(Halt::Track(why)) => {
                    outcome.problems.push((self.store.plan().get(at).1.id.clone(), why));
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
            let mut looked = || {
                self.check(at, &attempt, false)?;
                if let Some(session) = self.session(&attempt.session)? {
                    self.own(at, &attempt, &session)?;
                }
                Ok(())
            };
            match looked() {
                Ok(()) => {}
                Err(Halt::Track(why)) => outcome.problems.push((self.store.plan().get(at).1.id.clone(), why)),
                Err(Halt::All(stop)) => return Err(stop),
            }
        }
        Ok(outcome)
    }

    /// Asks `cray` which version of the API it has, where only the form of a configuration told.
    fn settle_version(&mut self) -> Result<(), Stop> {
        if self.store.plan().target.basis != CfsBasis::Configuration {
            return Ok(());
        }
        let mut tries = 0;
        let cfs = loop {
            match self.cray.call(&CrayCommand::probe_v3(), About::Commands, Expect::Answer, self.stop) {
                Ok(_) => break CfsVersion::V3,
                Err(Trouble::Unusable(why)) if why.contains("No such command") => break CfsVersion::V2,
                Err(Trouble::Unusable(why)) => return Err(Stop::Unusable(why)),
                Err(Trouble::Stopped) => return Err(Stop::Interrupted),
                Err(
                    Trouble::Unsure(why)
                    | Trouble::Garbage(why)
                    | Trouble::NotFound(why)
                    | Trouble::Conflict(why)
                    | Trouble::Refused(why),
                ) => self.again(&mut tries, &why)?,
            }
        };
        let mut plan = self.store.plan().clone();
        plan.target.cfs = cfs;
        plan.target.basis = CfsBasis::Cray;
        Ok(self.store.save(plan, "the version of the API of CFS")?)
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

    /// A new attempt: everything it needs is there, and nothing has its name.
    fn begin(&mut self, at: At, attempt: &Attempt) -> Result<(), Halt> {
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
        self.store.save(plan, &format!("session {} is about to be created; it was not", attempt.session))?;
        match there {
            Some(_) => {
                (self.tell)(Event::Created { session: &attempt.session, adopted: true });
                Ok(())
            }
            None => self.create(at, attempt),
        }
    }

    /// The session was meant to be created: it is there, or it is created now.
    fn resolve(&mut self, at: At, attempt: &Attempt) -> Result<(), Halt> {
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
    fn create(&mut self, at: At, attempt: &Attempt) -> Result<(), Halt> {
        let command = CrayCommand::create_session(self.store.plan(), at, attempt, attempt.base_id.as_str());
        let mut why = String::new();
        for _ in 0..CREATIONS {
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
                Err(
                    Trouble::Conflict(said) | Trouble::Unsure(said) | Trouble::Garbage(said) | Trouble::NotFound(said),
                ) => why = said,
            }
            (self.tell)(Event::Again { why: &why });
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

    fn keep_created(&mut self, at: At, attempt: &Attempt, adopted: bool) -> Result<(), Halt> {
        let mut plan = self.store.plan().clone();
        plan.created(at, &(self.now)())?;
        self.store
            .save(plan, &format!("session {} was created; the next run finds it by its name", attempt.session))?;
        (self.tell)(Event::Created { session: &attempt.session, adopted });
        Ok(())
    }

    /// Waits for the end of the session and takes what it made.
    fn follow(&mut self, at: At, attempt: &Attempt, first_look: bool) -> Result<(), Halt> {
        let begun = Instant::now();
        let mut running_since = None;
        let mut heard = Instant::now();
        let (mut looks, mut missing, mut settling, mut garbage) = (0_u32, 0_u32, 0_u32, 0_u32);
        let describe = CrayCommand::describe_session(self.store.plan().target.cfs, &attempt.session);
        loop {
            let answer = self.cray.call(&describe, About::Session(&attempt.session), Expect::Answer, self.stop);
            let answer = answer.and_then(|answer| named(&answer, &attempt.session).map_err(Trouble::Garbage));
            if answer.is_ok() {
                (garbage, missing, heard) = (0, 0, Instant::now());
                looks += 1;
            }
            match answer {
                Ok(session) => {
                    self.own(at, attempt, &session)?;
                    match self.store.plan().verdict(attempt, &session) {
                        Verdict::Waiting { running, picked_up } => {
                            let since = if running { *running_since.get_or_insert_with(Instant::now) } else { begun };
                            let state = if running { "running" } else { "pending" };
                            let step = self.store.plan().get(at).1.id.clone();
                            let elapsed = begun.elapsed();
                            (self.tell)(Event::Waiting { step: &step, session: &attempt.session, state, elapsed });
                            let limit =
                                if running { self.settings.running_timeout } else { self.settings.pending_timeout };
                            if since.elapsed() >= limit {
                                return Err(Halt::Track(self.stuck(attempt, running, picked_up, limit)));
                            }
                        }
                        Verdict::Unsettled(why) => {
                            settling += 1;
                            if settling >= SETTLING {
                                return self.fail(at, attempt, why);
                            }
                            (self.tell)(Event::Again { why: &why });
                        }
                        Verdict::Made(result) => return self.take(at, attempt, result),
                        Verdict::Failed(why) => return self.fail(at, attempt, why),
                    }
                }
                Err(Trouble::NotFound(_)) => {
                    missing += 1;
                    if missing > 1 {
                        return self.gone(at, attempt, first_look && looks == 0);
                    }
                }
                Err(Trouble::Garbage(why)) => {
                    garbage += 1;
                    if garbage >= GARBAGE {
                        return Err(Stop::Unusable(why).into());
                    }
                    (self.tell)(Event::Again { why: &why });
                }
                Err(Trouble::Unsure(why) | Trouble::Conflict(why)) => {
                    if heard.elapsed() >= self.settings.running_timeout {
                        return Err(Stop::Unusable(format!("no answer for {}: {why}", seconds(heard.elapsed()))).into());
                    }
                    (self.tell)(Event::Again { why: &why });
                }
                Err(Trouble::Refused(why) | Trouble::Unusable(why)) => return Err(Stop::Unusable(why).into()),
                Err(Trouble::Stopped) => return Err(Stop::Interrupted.into()),
            }
            self.pause()?;
        }
    }

    fn stuck(&self, attempt: &Attempt, running: bool, picked_up: bool, limit: Duration) -> String {
        let session = &attempt.session;
        let what = match (running, picked_up) {
            (true, _) => "running: ansible may hang, or the job of IMS is not ready",
            (false, false) => {
                "pending and has no job: CFS has not picked it up; its operator may be down or far behind"
            }
            (false, true) => "pending although it has a job: its pod cannot be scheduled, or the configuration is gone",
        };
        let delete = shell("cray", &CrayCommand::delete_session(self.store.plan().target.cfs, session));
        format!(
            "after {} session {session} is still {what}. It was left alone. incfg run waits on for it; or end it with `{delete}`, and incfg run makes a new attempt on the same base image",
            seconds(limit)
        )
    }

    /// The session has gone by another hand, and with it what it would have said.
    fn gone(&mut self, at: At, attempt: &Attempt, before_this_run: bool) -> Result<(), Halt> {
        let reason = format!(
            "session {} was deleted by another hand, or by CFS after its time to live, before its end was recorded; an image called {} may exist and is not used",
            attempt.session, attempt.result_name
        );
        let mut plan = self.store.plan().clone();
        plan.failed(at, Failure { reason: reason.clone(), ..Failure::default() }, &(self.now)())?;
        plan.session_deleted(&attempt.session);
        self.store.save(plan, &reason)?;
        if before_this_run {
            // Whoever starts a run knows that it goes on; a new attempt on the same base image is safe.
            (self.tell)(Event::Note(&reason));
            return Ok(());
        }
        Err(Halt::Track(reason))
    }

    /// The session names a result: it is checked, kept, and only then the session is of no more use.
    fn take(&mut self, at: At, attempt: &Attempt, result: ImageId) -> Result<(), Halt> {
        let mut left = SETTLING;
        let image = loop {
            left -= 1;
            let why = match self.image(&result)? {
                Some(image) if image.link.is_some() => break image,
                Some(_) => format!("its result {result} is registered in IMS and has no link: nothing was uploaded"),
                None => format!("its result {result} is not in IMS"),
            };
            if left == 0 {
                return self.fail(at, attempt, why);
            }
            (self.tell)(Event::Again { why: &why });
            self.pause()?;
        };
        if let (Some(expected), Some(found)) = (&self.store.plan().get(at).0.arch, &image.arch)
            && expected != found
        {
            let why = format!("its result {result} is an {found} image, and this one is {expected}");
            return self.fail(at, attempt, why);
        }
        // CFS reads the configuration when it picks the session up, not when it is created.
        let name = self.store.plan().get(at).0.configuration.name.clone();
        match self.configuration(&name)? {
            Some(now) => {
                if let Some(difference) = self.store.plan().get(at).0.configuration.difference(&now) {
                    let why = format!(
                        "configuration {name} was changed while the session was under way ({difference}), so image {result} may hold other layers than the plan says"
                    );
                    return self.fail(at, attempt, why);
                }
            }
            None => (self.tell)(Event::Note(&format!("configuration {name} is gone since the session began"))),
        }
        let mut plan = self.store.plan().clone();
        plan.done(at, result.clone(), &(self.now)())?;
        let step = plan.get(at).1.id.clone();
        self.store.save(plan, &format!("the result of step {step} is image {result}; its session was not deleted"))?;
        (self.tell)(Event::Made { step: &step, result: &result });
        Ok(())
    }

    /// The session made nothing that can be used: its log is fetched while it is there.
    fn fail(&mut self, at: At, attempt: &Attempt, reason: String) -> Result<(), Halt> {
        let session = &attempt.session;
        let path = self.store.shown().to_path_buf();
        let fetched = log::fetch(&self.settings.kubectl, &path, session, self.stop);
        let (log, told) = match &fetched {
            Ok(name) => {
                let (track, step) = self.store.plan().get(at);
                (Some(name.clone()), log::told(&path.with_file_name(name), track, step, self.grammar))
            }
            Err(_) => (None, log::Told::default()),
        };
        let reason = told.words.map_or_else(|| reason.clone(), |words| format!("{reason}: {words}"));
        let look = match fetched {
            Ok(name) => format!("its log is {}", path.with_file_name(name).display()),
            Err(why) => {
                let words: Vec<String> =
                    log::words(session).iter().map(|word| crate::shown::shell_word(word)).collect();
                format!(
                    "its log could not be fetched ({why}), so the session was kept; see it with `kubectl {}`",
                    words.join(" ")
                )
            }
        };
        let mut plan = self.store.plan().clone();
        plan.failed(at, Failure { reason: reason.clone(), layer: told.layer, log }, &(self.now)())?;
        self.store.save(plan, &format!("session {session} failed: {reason}"))?;
        Err(Halt::Track(format!("{reason}\n{look}")))
    }

    /// What has to hold before a session is created.
    fn check(&mut self, at: At, attempt: &Attempt, learn: bool) -> Result<(), Halt> {
        let base = &attempt.base_id;
        let image = match self.image(base)? {
            None => {
                return Err(Halt::Track(format!(
                    "image {base}, on which the step begins, is not in IMS. It was deleted since, perhaps by a restart; nothing was created"
                )));
            }
            Some(image) if image.link.is_none() => {
                return Err(Halt::Track(format!(
                    "image {base}, on which the step begins, is registered in IMS and has no link: nothing was uploaded, so CFS cannot configure it; nothing was created"
                )));
            }
            Some(image) => image,
        };
        let track = self.store.plan().get(at).0;
        match (&track.arch, &image.arch) {
            (Some(expected), Some(found)) if expected != found => {
                return Err(Halt::Track(format!(
                    "image {base} is an {found} image, and {} is {expected}; nothing was created",
                    track.label()
                )));
            }
            (None, Some(found)) if learn => {
                let mut plan = self.store.plan().clone();
                plan.images[at.track].arch = Some(found.clone());
                self.store.save(plan, "the architecture of the base image")?;
            }
            _ => {}
        }
        let planned = self.store.plan().get(at).0.configuration.clone();
        let Some(now) = self.configuration(&planned.name)? else {
            return Err(Halt::Track(format!(
                "configuration {} does not exist any more; nothing was created",
                planned.name
            )));
        };
        if let Some(difference) = planned.difference(&now) {
            let describe =
                shell("cray", &CrayCommand::describe_configuration(self.store.plan().target.cfs, &planned.name));
            return Err(Halt::Track(format!(
                "configuration {} is not what the plan was made with: {difference}; nothing was created. When the change is meant, and touches only layers that are not applied yet: `{describe} | incfg record {} - {}`",
                planned.name,
                crate::shown::shell_word(&self.store.shown().display().to_string()),
                crate::plan::record::ACCEPT_FLAG
            )));
        }
        if planned.last_updated != now.last_updated {
            (self.tell)(Event::Note(&format!(
                "configuration {} was written anew at {} with the same layers and commits",
                planned.name,
                now.last_updated.as_deref().unwrap_or("an unknown time")
            )));
        }
        Ok(())
    }

    fn own(&self, at: At, attempt: &Attempt, session: &Session) -> Result<(), Halt> {
        self.store.plan().is_own(at, attempt, session, false).map_err(|foreign| {
            Halt::Track(format!("{foreign}. It was left alone; see who made it, and delete it if it is of no use"))
        })
    }

    fn session(&mut self, name: &str) -> Result<Option<Session>, Halt> {
        let command = CrayCommand::describe_session(self.store.plan().target.cfs, name);
        self.ask(&command, About::Session(name), |answer| named(answer, name))
    }

    fn image(&mut self, id: &ImageId) -> Result<Option<ImsImage>, Halt> {
        let command = CrayCommand::describe_image(id.as_str());
        self.ask(&command, About::Image, |answer| {
            ImsImage::from_json(answer)
                .filter(|image| image.id == id.as_str())
                .ok_or_else(|| format!("IMS was asked for image {id} and answered with something else"))
        })
    }

    fn configuration(&mut self, name: &str) -> Result<Option<PlannedConfiguration>, Halt> {
        let command = CrayCommand::describe_configuration(self.store.plan().target.cfs, name);
        self.ask(&command, About::Configuration(name), |answer| {
            Configuration::from_json(answer)
                .filter(|configuration| configuration.name == name)
                .map(|configuration| PlannedConfiguration::of(&configuration))
                .ok_or_else(|| format!("CFS was asked for configuration {name} and answered with something else"))
        })
    }

    /// Asks until there is an answer; none when what is asked for does not exist.
    fn ask<T>(
        &mut self,
        command: &CrayCommand,
        about: About<'_>,
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> Result<Option<T>, Halt> {
        let mut tries = 0;
        loop {
            let why = match self.cray.call(command, about, Expect::Answer, self.stop) {
                Ok(answer) => match read(&answer) {
                    Ok(found) => return Ok(Some(found)),
                    Err(why) => why,
                },
                Err(Trouble::NotFound(_)) => return Ok(None),
                Err(Trouble::Unusable(why)) => return Err(Stop::Unusable(why).into()),
                Err(Trouble::Refused(why)) => return Err(Halt::Track(format!("cray refuses to look: {why}"))),
                Err(Trouble::Stopped) => return Err(Stop::Interrupted.into()),
                Err(Trouble::Unsure(why) | Trouble::Garbage(why) | Trouble::Conflict(why)) => why,
            };
            self.again(&mut tries, &why)?;
        }
    }

    fn again(&mut self, tries: &mut u32, why: &str) -> Result<(), Stop> {
        *tries += 1;
        if *tries >= LOOKS {
            return Err(Stop::Unusable(format!("cray was asked {LOOKS} times without an answer: {why}")));
        }
        (self.tell)(Event::Again { why });
        self.pause()
    }

    /// Deletes the sessions that are of no more use; one that cannot be deleted is tried again by the next run.
    fn delete_sessions(&mut self, undeletable: &mut BTreeSet<String>) -> Result<(), Stop> {
        if self.settings.keep_sessions {
            return Ok(());
        }
        for session in self.store.plan().deletable() {
            if !undeletable.contains(&session) {
                self.delete_session(&session, undeletable)?;
            }
        }
        Ok(())
    }

    fn delete_session(&mut self, session: &str, undeletable: &mut BTreeSet<String>) -> Result<(), Stop> {
        let command = CrayCommand::delete_session(self.store.plan().target.cfs, session);
        for _ in 0..LOOKS {
            let why = match self.cray.call(&command, About::Session(session), Expect::Silence, self.stop) {
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

    fn pause(&self) -> Result<(), Stop> {
        let begun = Instant::now();
        while begun.elapsed() < self.settings.poll {
            if (self.stop)() {
                return Err(Stop::Interrupted);
            }
            let left = self.settings.poll.saturating_sub(begun.elapsed());
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
        Ok(())
    }
}

/// The session of that name in an answer.
fn named(answer: &Value, name: &str) -> Result<Session, String> {
    let session = Session::from_json(answer).map_err(|error| format!("CFS answered, but {error}"))?;
    if session.name == name {
        Ok(session)
    } else {
        Err(format!("CFS was asked for session {name} and answered with {}", session.name))
    }
}

fn shell(program: &str, command: &CrayCommand) -> String {
    let words = command.words.iter().map(|word| crate::shown::shell_word(word));
    std::iter::once(program.to_owned()).chain(words).collect::<Vec<_>>().join(" ")
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
