//! One attempt of a step: its checks, its session, its end.

use std::time::{Duration, Instant};

use crate::cfs::Session;
use crate::image_id::ImageId;
use crate::plan::command::{CrayCommand, in_shell, log_words};
use crate::plan::step::{At, Failure, Misfit, Verdict};
use crate::plan::{Attempt, AttemptState, Concern, Look, PlannedConfiguration};
use crate::shown::shell_word;

use super::ask::named;
use super::cray::{About, Expect, Trouble};
use super::{Event, Executor, Halt, Stop, log, seconds};

/// How often a session is asked for that is over and has not told all.
const SETTLING: u32 = 6;

/// How often one session is created when each time there is no telling whether it was.
const CREATIONS: u32 = 6;

/// How many answers in a row may be none while a session is waited for: a login page does not go away by itself.
const GARBAGE: u32 = 20;

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
                    // A person who recorded it may have typed it without tags.
                    self.is_own(at, attempt, &session, true)?;
                    self.keep_others(attempt, &session)?;
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
                        if let Some(result) = self.store.plan().get(at).1.unchecked().cloned() {
                            return self.take(at, attempt, result);
                        }
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

    pub(super) fn stuck(&self, attempt: &Attempt, running: bool, picked_up: bool, limit: Duration) -> String {
        let session = &attempt.session;
        let what = match (running, picked_up) {
            (true, _) => "running: ansible may hang, or the job of IMS is not ready",
            (false, false) => {
                "pending and has no job: CFS has not picked it up; its operator may be down or far behind"
            }
            (false, true) => "pending although it has a job: its pod cannot be scheduled, or the configuration is gone",
        };
        let delete = CrayCommand::delete_session(self.store.plan().target.cfs, session).in_shell();
        format!(
            "after {} session {session} is still {what}. It was left alone. incfg run waits on for it; or end it with `{delete}`, and incfg run makes a new attempt on the same base image",
            seconds(limit)
        )
    }

    /// The session has gone by another hand, and with it what it would have said.
    pub(super) fn gone(&mut self, at: At, attempt: &Attempt, before_this_run: bool) -> Result<(), Halt> {
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

    /// Images that the session names and that are not its result are in the plan from now on.
    pub(super) fn keep_others(&mut self, attempt: &Attempt, session: &Session) -> Result<(), Stop> {
        let mut plan = self.store.plan().clone();
        plan.keep_others(attempt, session);
        if plan != *self.store.plan() {
            self.store.save(plan, &format!("session {} names images that the plan does not know", session.name))?;
        }
        Ok(())
    }

    /// The session names a result: it is checked, kept, and only then the session is of no more use.
    pub(super) fn take(&mut self, at: At, attempt: &Attempt, result: ImageId) -> Result<(), Halt> {
        let mut plan = self.store.plan().clone();
        plan.named(at, result.clone(), &(self.now)())?;
        self.store.save(plan, &format!("session {} made image {result}, which is to be checked", attempt.session))?;
        let name = self.store.plan().get(at).0.configuration.name.clone();
        match self.configuration(&name)? {
            Some(now) => {
                let plan = self.store.plan();
                if let Some(difference) = plan.change_in(at, &now) {
                    let why = format!(
                        "configuration {name} was changed while the session was under way ({difference}), so image {result} may hold other layers than the plan says"
                    );
                    return match self.fail(at, attempt, why) {
                        Err(Halt::Track(told)) => {
                            Err(Halt::Dead(Concern::Configuration, [told, self.changed(&now)].join("\n")))
                        }
                        ended => ended,
                    };
                }
                if let Some(change) = plan.change(&now) {
                    (self.tell)(Event::Note(&format!(
                        "configuration {name} was changed while the session was under way ({}), in nothing that this session applies, so its image is good",
                        change.difference
                    )));
                } else {
                    self.written_anew(&now)?;
                }
            }
            None => (self.tell)(Event::Note(&format!("configuration {name} is gone since the session began"))),
        }
        let mut left = SETTLING;
        loop {
            left -= 1;
            let (why, final_word) = match self.image(&result)? {
                None => ("is not in IMS".to_owned(), false),
                Some(image) => match self.store.plan().get(at).0.misfit(&image) {
                    None => break,
                    Some(misfit) => (misfit.to_string(), misfit != Misfit::Empty),
                },
            };
            let why = format!("its result {result} {why}");
            if left == 0 || final_word {
                return self.fail(at, attempt, why);
            }
            (self.tell)(Event::Again { why: &why });
            self.pause()?;
        }
        let mut plan = self.store.plan().clone();
        for look in [Look::Configuration, Look::Image] {
            plan.looked_at(at, look, &(self.now)())?;
        }
        let step = plan.get(at).1.id.clone();
        self.store.save(plan, &format!("the result of step {step} is image {result}; its session was not deleted"))?;
        (self.tell)(Event::Made { step: &step, result: &result });
        Ok(())
    }

    /// The session made nothing that can be used. That is kept and told before its log is fetched, which may take long.
    pub(super) fn fail(&mut self, at: At, attempt: &Attempt, reason: String) -> Result<(), Halt> {
        let mut plan = self.store.plan().clone();
        plan.failed(at, Failure { reason: reason.clone(), ..Failure::default() }, &(self.now)())?;
        let step = plan.get(at).1.id.clone();
        self.store.save(plan, &format!("session {} failed: {reason}", attempt.session))?;
        (self.tell)(Event::Note(&format!("step {step} failed: {reason}; its log is fetched")));
        let told = self.explain(at, &attempt.session, &reason)?;
        Err(Halt::Track(told))
    }

    /// Fetches the log of an attempt that failed, and keeps what it tells; why it failed and where the log is, in words.
    fn explain(&mut self, at: At, session: &str, reason: &str) -> Result<String, Stop> {
        let path = self.store.shown().to_path_buf();
        match log::fetch(&self.settings.kubectl, &path, session, self.cray.timeout, self.stop) {
            Ok(name) => {
                let file = path.with_file_name(&name);
                let (track, step) = self.store.plan().get(at);
                let told = log::told(&file, track, step, self.grammar);
                let reason = told.words.map_or_else(|| reason.to_owned(), |words| format!("{reason}: {words}"));
                let mut plan = self.store.plan().clone();
                plan.explained(at, Failure { reason: reason.clone(), layer: told.layer, log: Some(name) });
                self.store.save(plan, &format!("session {session} failed: {reason}"))?;
                Ok(format!("{reason}\nits log is {}", file.display()))
            }
            Err(why) => Ok(format!(
                "{reason}\nits log could not be fetched ({why}), so the session was kept; see it with `{}`",
                in_shell("kubectl", &log_words(session))
            )),
        }
    }

    /// A run may have been killed before it had the log of an attempt that failed.
    fn explain_last(&mut self, at: At) -> Result<(), Stop> {
        let last = self.store.plan().get(at).1.attempts.last();
        let silent =
            last.filter(|last| last.state == AttemptState::Failed && last.log.is_none() && !last.session_deleted);
        let Some((session, reason)) =
            silent.map(|last| (last.session.clone(), last.reason.clone().unwrap_or_default()))
        else {
            return Ok(());
        };
        let told = self.explain(at, &session, &reason)?;
        if self.store.plan().get(at).1.attempts.last().is_some_and(|last| last.log.is_some()) {
            (self.tell)(Event::Note(&format!("the attempt before: {}", told.replace('\n', "; "))));
        }
        Ok(())
    }

    /// What has to hold before a session is created.
    pub(super) fn check(&mut self, at: At, attempt: &Attempt, learn: bool) -> Result<(), Halt> {
        let base = &attempt.base_id;
        let found = self.image(base)?;
        let track = self.store.plan().get(at).0;
        let unfit = match &found {
            None => Some("is not in IMS. It was deleted since, perhaps by a restart".to_owned()),
            Some(image) => track.misfit(image).map(|misfit| misfit.to_string()),
        };
        if let Some(why) = unfit {
            return Err(Halt::Dead(
                Concern::Image,
                format!(
                    "image {base}, on which the step begins, {why}; nothing was created\n{}",
                    self.another_base(at)
                ),
            ));
        }
        if let (None, Some(arch), true) = (&track.arch, found.and_then(|image| image.arch), learn) {
            let mut plan = self.store.plan().clone();
            plan.images[at.track].arch = Some(arch);
            self.store.save(plan, "the architecture of the base image")?;
        }
        let planned = self.store.plan().get(at).0.configuration.clone();
        let Some(now) = self.configuration(&planned.name)? else {
            let track = self.store.plan().get(at).0;
            return Err(Halt::Dead(
                Concern::Configuration,
                format!(
                    "configuration {} does not exist any more; nothing was created\ncreate it again with the same layers and commits, then incfg run goes on; or make a new plan with another: incfg plan ... --image {} --configuration NAME --base-image-id {}",
                    planned.name,
                    shell_word(track.label()),
                    track.base_image.id
                ),
            ));
        };
        if self.store.plan().change(&now).is_some() {
            let told = format!("{}\nnothing was created", self.changed(&now));
            return Err(Halt::Dead(Concern::Configuration, told));
        }
        if learn { Ok(self.written_anew(&now)?) } else { Ok(()) }
    }

    /// A configuration that was written with the same content: nothing has changed, and it is told once.
    fn written_anew(&mut self, now: &PlannedConfiguration) -> Result<(), Stop> {
        let mut plan = self.store.plan().clone();
        if plan.written_anew(now) {
            (self.tell)(Event::Note(&format!(
                "configuration {} was written anew at {} with the same layers and commits",
                now.name,
                now.last_updated.as_deref().unwrap_or("an unknown time")
            )));
            self.store.save(plan, "when the configuration was written last")?;
        }
        Ok(())
    }

    /// What it means that the configuration is not as it was, and what settles it.
    fn changed(&self, now: &PlannedConfiguration) -> String {
        let plan = self.store.plan();
        plan.change(now).map(|change| change.told(plan, &self.file())).unwrap_or_default()
    }

    /// What to do when the image a step begins with cannot be used.
    fn another_base(&self, at: At) -> String {
        let (track, _) = self.store.plan().get(at);
        let made_by = at.step.checked_sub(1).and_then(|before| track.steps[before].attempts.last());
        match made_by {
            Some(attempt) => {
                let file = self.file();
                format!(
                    "to do the step again that made it: incfg record {file} --give-up {}, then incfg run {file}",
                    attempt.session
                )
            }
            None => format!(
                "make a new plan with another base: incfg plan ... --image {} --base-image-id ID",
                shell_word(track.label())
            ),
        }
    }

    /// The plan as a shell takes it.
    fn file(&self) -> String {
        shell_word(&self.store.shown().display().to_string())
    }

    pub(super) fn own(&self, at: At, attempt: &Attempt, session: &Session) -> Result<(), Halt> {
        self.is_own(at, attempt, session, false)
    }

    fn is_own(&self, at: At, attempt: &Attempt, session: &Session, by_hand: bool) -> Result<(), Halt> {
        self.store.plan().is_own(at, attempt, session, by_hand).map_err(|foreign| {
            Halt::Dead(
                Concern::Session,
                format!("{foreign}. It was left alone; see who made it, and delete it if it is of no use"),
            )
        })
    }
}
