//! Questions to CFS and IMS that change nothing, asked until there is an answer.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cfs::{Configuration, Session};
use crate::image_id::ImageId;
use crate::ims::ImsImage;
use crate::plan::command::CrayCommand;
use crate::plan::{Attempt, AttemptState, PlannedConfiguration};
use crate::shown::shell_word;

use super::cray::{About, Expect, Trouble};
use super::{Event, Executor, Halt, LOOKS, Stop};

impl Executor<'_> {
    pub(super) fn session(&mut self, name: &str) -> Result<Option<Session>, Halt> {
        let command = CrayCommand::describe_session(self.store.plan().target.cfs, name);
        self.ask(&command, About::Session(name), |answer| named(answer, name))
    }

    /// Whether CFS has a session, whatever it is. When it refuses to say so, it may.
    pub(super) fn is_there(&mut self, session: &str) -> Result<bool, Stop> {
        match self.session(session) {
            Ok(found) => Ok(found.is_some()),
            Err(Halt::Track(_) | Halt::Dead(..)) => Ok(true),
            Err(Halt::All(stop)) => Err(stop),
        }
    }

    /// A session that was given up may have made an image since: it is in the plan before the session is gone.
    pub(super) fn look_again(&mut self, session: &str) -> Result<(), Stop> {
        let failed = |attempt: &&Attempt| attempt.session == session && attempt.state == AttemptState::Failed;
        let attempt = self.store.plan().steps().flat_map(|step| &step.attempts).find(failed).cloned();
        let Some(attempt) = attempt else { return Ok(()) };
        match self.session(session) {
            Ok(Some(found)) => self.keep_others(&attempt, &found),
            Ok(None) | Err(Halt::Track(_) | Halt::Dead(..)) => Ok(()),
            Err(Halt::All(stop)) => Err(stop),
        }
    }

    pub(super) fn image(&mut self, id: &ImageId) -> Result<Option<ImsImage>, Halt> {
        let command = CrayCommand::describe_image(id.as_str());
        self.ask(&command, About::Image, |answer| {
            ImsImage::from_json(answer)
                .filter(|image| image.id == id.as_str())
                .ok_or_else(|| format!("IMS was asked for image {id} and answered with something else"))
        })
    }

    /// An image that the restart is to use may have been deleted since the log was written: then it is no pin.
    pub(super) fn look_at_pins(&mut self) -> Result<(), Stop> {
        let pins =
            self.store.plan().exists.clone().into_iter().enumerate().filter(|(_, image)| image.gone_at.is_none());
        for (at, image) in pins {
            match self.image(&image.id) {
                Ok(None) => {}
                Ok(Some(_)) => continue,
                Err(Halt::All(stop @ (Stop::Interrupted | Stop::Store(_) | Stop::OutOfTurn(_)))) => return Err(stop),
                Err(Halt::Track(why) | Halt::Dead(_, why) | Halt::All(Stop::Unusable(why))) => {
                    (self.tell)(Event::Note(&format!(
                        "whether image {} is still in IMS is not known: {why}",
                        image.id
                    )));
                    return Ok(());
                }
            }
            let mut plan = self.store.plan().clone();
            if let Some(gone) = plan.exists.get_mut(at) {
                gone.gone_at = Some((self.now)());
            }
            self.store.save(plan, &format!("image {} is not in IMS any more, so it is no pin", image.id))?;
            (self.tell)(Event::Note(&format!(
                "image {} ({}) existed when the logs were written and is not in IMS any more, so the plan pins it no more. Without a pin its entry stays in the bootprep file and it is built again; to use another image, give --pin {}=ID to incfg rewrite-bootprep beside --from",
                image.id,
                image.image,
                shell_word(&image.ref_name)
            )));
        }
        Ok(())
    }

    pub(super) fn configuration(&mut self, name: &str) -> Result<Option<PlannedConfiguration>, Halt> {
        let command = CrayCommand::describe_configuration(self.store.plan().target.cfs, name);
        self.ask(&command, About::Configuration(name), |answer| {
            Configuration::from_json(answer)
                .filter(|configuration| configuration.name == name)
                .map(|configuration| PlannedConfiguration::of(&configuration))
                .ok_or_else(|| format!("CFS was asked for configuration {name} and answered with something else"))
        })
    }

    /// Asks until there is an answer; none when what is asked for does not exist.
    pub(super) fn ask<T>(
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

    pub(super) fn again(&mut self, tries: &mut u32, why: &str) -> Result<(), Stop> {
        *tries += 1;
        if *tries >= LOOKS {
            return Err(Stop::Unusable(format!("cray was asked {LOOKS} times without an answer: {why}")));
        }
        (self.tell)(Event::Again { why });
        self.pause()
    }

    pub(super) fn pause(&self) -> Result<(), Stop> {
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
pub(super) fn named(answer: &Value, name: &str) -> Result<Session, String> {
    let session = Session::from_json(answer).map_err(|error| format!("CFS answered, but {error}"))?;
    if session.name == name {
        Ok(session)
    } else {
        Err(format!("CFS was asked for session {name} and answered with {}", session.name))
    }
}
