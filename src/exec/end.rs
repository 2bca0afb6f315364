//! The end of an attempt: what its session has made is checked and kept, or why it has made nothing.

use crate::cfs::Session;
use crate::image_id::ImageId;
use crate::plan::command::Container;
use crate::plan::step::{At, Failure, Misfit};
use crate::plan::{Attempt, AttemptState, Concern};

use super::log::NoLog;
use super::{Event, Executor, Halt, SETTLING, Stop, log};

impl Executor<'_> {
    /// The session has gone by another hand, and with it what it would have said.
    pub(super) fn gone(&mut self, at: At, attempt: &Attempt, before_this_run: bool) -> Result<(), Halt> {
        let reason = format!(
            "session {} was deleted by another hand, or by CFS after its time to live, before its end was recorded; an image called {} may exist and is not used",
            attempt.session, attempt.result_name
        );
        let mut plan = self.store.plan().clone();
        plan.failed(at, Failure { reason: reason.clone(), given_up: true }, &(self.now)())?;
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
                    return match self.fail(at, attempt, Failure { reason: why, given_up: false }) {
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
                return self.fail(at, attempt, Failure { reason: why, given_up: false });
            }
            (self.tell)(Event::Again { why: &why });
            self.pause()?;
        }
        let mut plan = self.store.plan().clone();
        // A person may have recorded one of them before.
        for look in plan.get(at).1.open_looks() {
            plan.looked_at(at, look, &(self.now)())?;
        }
        let step = plan.get(at).1.id.clone();
        self.store.save(plan, &format!("the result of step {step} is image {result}; its session was not deleted"))?;
        (self.tell)(Event::Made { step: &step, result: &result });
        Ok(())
    }

    /// The session made nothing that can be used. That is kept and told before its log is fetched, which may take long.
    pub(super) fn fail(&mut self, at: At, attempt: &Attempt, failure: Failure) -> Result<(), Halt> {
        let reason = failure.reason.clone();
        let mut plan = self.store.plan().clone();
        plan.failed(at, failure, &(self.now)())?;
        let step = plan.get(at).1.id.clone();
        self.store.save(plan, &format!("session {} failed: {reason}", attempt.session))?;
        (self.tell)(Event::Note(&format!("step {step} failed: {reason}; its log is fetched")));
        let told = self.explain(at, &attempt.session, &reason)?;
        Err(Halt::Track(told))
    }

    /// Fetches the logs that say why an attempt failed, and keeps what they tell; that, and where the logs are, in words.
    fn explain(&mut self, at: At, session: &str, reason: &str) -> Result<String, Stop> {
        let (told, log) = match self.fetch_log(session, Container::Ansible) {
            Ok(name) => {
                let (track, step) = self.store.plan().get(at);
                let file = self.store.shown().with_file_name(&name);
                // Of a session that has made its image, the log does not say what is wrong with that.
                let made_none = step.attempts.last().is_some_and(|attempt| attempt.result_id.is_none());
                let told = if made_none { log::told(&file, track, step, self.grammar) } else { log::Told::default() };
                (told, Some(name))
            }
            Err(NoLog { not_begun: true, .. }) => (log::Told::before_the_layers(), None),
            Err(no_log) => return Ok(format!("{reason}\n{}", no_log.of(session, Container::Ansible))),
        };
        let mut reason = told.words.map_or_else(|| reason.to_owned(), |words| format!("{reason}: {words}"));
        let file = |name: &str| format!("its log is {}", self.store.shown().with_file_name(name).display());
        let mut log = log;
        if let Some(container) = told.why_in {
            match self.fetch_log(session, container) {
                Ok(name) => {
                    reason += &format!("; {name}, the log of container {}, tells more", container.name());
                    log = Some(name);
                }
                // An attempt without a log keeps its session, and the next run asks for the logs again.
                Err(no_log) => {
                    let ansible = log.map(|name| format!("{}\n", file(&name))).unwrap_or_default();
                    return Ok(format!("{reason}\n{ansible}{}", no_log.of(session, container)));
                }
            }
        }
        let Some(log) = log else { return Ok(reason) };
        let its_log = file(&log);
        let mut plan = self.store.plan().clone();
        plan.explained(at, reason.clone(), told.layer, log);
        self.store.save(plan, &format!("session {session} failed: {reason}"))?;
        Ok(format!("{reason}\n{its_log}"))
    }

    /// Fetches the log of a container beside the plan: the name of its file.
    fn fetch_log(&self, session: &str, container: Container) -> Result<String, NoLog> {
        let (kubectl, path, timeout) = (&self.settings.kubectl, self.store.shown(), self.cray.timeout);
        log::fetch(kubectl, path, session, container, timeout, self.stop)
    }

    /// A run may have been killed before it had the log of an attempt that failed.
    pub(super) fn explain_last(&mut self, at: At) -> Result<(), Stop> {
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
}
