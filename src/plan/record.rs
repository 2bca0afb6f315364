//! Taking in what a person pasted: the JSON of a session, a configuration or an image.

use serde_json::Value;

use crate::cfs::{Configuration, NotASession, Session};
use crate::image_id::ImageId;
use crate::ims::ImsImage;

use super::change::Means;
use super::step::{At, Failure, Foreign, Misfit, Verdict};
use super::{Attempt, AttemptState, Concern, Look, Plan, PlannedConfiguration, Step, StepState, Track};

/// How a document is taken in.
#[derive(Debug, Clone, Copy)]
pub struct How<'a> {
    /// The plan goes on with a changed configuration, where it can.
    pub accept: bool,
    /// What time it is, UTC.
    pub now: &'a str,
    /// The file of the plan, as a shell takes it, for what is told.
    pub file: &'a str,
}

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The session is not over.
    Waiting {
        /// Its step.
        at: At,
        /// It is at work.
        running: bool,
    },
    /// The session made an image, which counts when [all was looked at](super::Step::open_looks).
    Unchecked {
        /// Its step.
        at: At,
        /// The image.
        result: ImageId,
    },
    /// The step has its image.
    Made {
        /// Its step.
        at: At,
        /// The image.
        result: ImageId,
        /// The plan knew it before.
        known: bool,
    },
    /// The session failed.
    Failed {
        /// Its step.
        at: At,
        /// Why.
        reason: String,
    },
    /// The attempt had failed, or was given up, before this was taken in; images that the session names are kept.
    AfterFailure {
        /// Its step.
        at: At,
        /// The session.
        session: String,
        /// It is not over.
        under_way: bool,
    },
    /// The session ended and CFS has not said all.
    Unsettled {
        /// Its step.
        at: At,
        /// What is missing.
        why: String,
    },
    /// A configuration is as the plan has it, or is taken over, or differs in nothing that a session which is over has
    /// applied.
    Configuration {
        /// Its name.
        name: String,
        /// What is different.
        difference: Option<String>,
        /// The plan goes on with it.
        accepted: bool,
        /// Images that count now: the look at it was the last that was missing.
        made: Vec<(At, ImageId)>,
    },
    /// An image is there with all of its parts.
    UsableImage {
        /// Its id.
        id: ImageId,
        /// What the plan uses it for.
        role: String,
    },
}

/// Why nothing was taken in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// It is none of the documents a plan is interested in.
    #[error(transparent)]
    NotASession(#[from] NotASession),
    /// It is another session.
    #[error("{found} is no session of this plan that is awaited now. {}", if .awaited.is_empty() { "None is: every image is made. incfg next shows what follows".to_owned() } else { format!("Awaited: {}", .awaited.join(", ")) })]
    OtherSession {
        /// Its name.
        found: String,
        /// The names of those that are.
        awaited: Vec<String>,
    },
    /// A session of the right name does something else.
    #[error("{0}. Nothing was recorded; see who made it before you go on")]
    Foreign(#[from] Foreign),
    /// Its result is not the recorded one.
    #[error(
        "step {step} is done with result {recorded}, and this session says otherwise: {said}. Nothing was recorded"
    )]
    Contradiction {
        /// The step.
        step: String,
        /// The result in the plan.
        recorded: ImageId,
        /// What the session says.
        said: String,
    },
    /// A configuration is not as it was.
    #[error("{0}")]
    Configuration(
        /// What is different, what it means and what settles it.
        String,
    ),
    /// A configuration no image of the plan uses.
    #[error("{found} is no configuration of this plan. Its configurations: {}", .known.join(", "))]
    OtherConfiguration {
        /// Its name.
        found: String,
        /// Those of the plan.
        known: Vec<String>,
    },
    /// An image that the plan does not know.
    #[error("{found} is no image this plan begins with or has made. It awaits {}", .known.join(", "))]
    OtherImage {
        /// Its id.
        found: String,
        /// Those of the plan.
        known: Vec<String>,
    },
    /// An image that cannot be used.
    #[error("image {id} {misfit}. {remedy}")]
    Unusable {
        /// Its id.
        id: String,
        /// Why.
        misfit: Misfit,
        /// What to do.
        remedy: String,
    },
    /// A session whose outcome is not recorded cannot be called gone.
    #[error(
        "session {session} is not over as far as the plan knows. Record it, or give it up: incfg record {file} --give-up {session}"
    )]
    NotOver {
        /// Its name.
        session: String,
        /// The plan.
        file: String,
    },
    /// No session of that name was ever made.
    #[error("{session} is no session of this plan. Its sessions: {}", .known.join(", "))]
    NoSession {
        /// The name that was given.
        session: String,
        /// Those that the plan has had or will have.
        known: Vec<String>,
    },
    /// No session of that name is open.
    #[error("no session {session} of this plan is under way{}. incfg status shows where it stands", if .open.is_empty() { ", and no other either".to_owned() } else { format!("; these are: {}", .open.join(", ")) })]
    NotOpen {
        /// The name that was given.
        session: String,
        /// Those that are.
        open: Vec<String>,
    },
}

impl Plan {
    /// Takes a document in: the plan has advanced afterwards where it says so.
    ///
    /// # Errors
    /// What is wrong with the document; the plan is as it was.
    pub fn record(&mut self, document: &Value, how: How<'_>) -> Result<Taken, NotTaken> {
        if document.get("layers").is_some()
            && let Some(configuration) = Configuration::from_json(document)
        {
            return self.record_configuration(&PlannedConfiguration::of(&configuration), how);
        }
        if document.get("status").is_none()
            && let Some(image) = ImsImage::from_json(document)
        {
            return self.record_image(&image, how);
        }
        self.record_session(&Session::from_json(document)?, how.now)
    }

    fn record_session(&mut self, session: &Session, now: &str) -> Result<Taken, NotTaken> {
        let Some((at, attempt)) = self.attempt_of(&session.name) else {
            let awaited = self.open().into_iter().filter_map(|at| Some(self.attempt(at)?.session)).collect();
            return Err(NotTaken::OtherSession { found: session.name.clone(), awaited });
        };
        self.is_own(at, &attempt, session, true)?;
        let verdict = self.verdict(&attempt, session);
        match (attempt.state, &attempt.result_id) {
            (AttemptState::Done, Some(recorded)) => {
                return match verdict {
                    Verdict::Made(result) if result == *recorded => Ok(Taken::Made { at, result, known: true }),
                    other => Err(NotTaken::Contradiction {
                        step: self.get(at).1.id.clone(),
                        recorded: recorded.clone(),
                        said: said(&other),
                    }),
                };
            }
            (AttemptState::Failed, _) => {
                self.keep_others(&attempt, session);
                let under_way = matches!(verdict, Verdict::Waiting { .. });
                return Ok(Taken::AfterFailure { at, session: session.name.clone(), under_way });
            }
            _ => {}
        }
        if matches!(self.get(at).1.state(), StepState::Todo | StepState::Failed) && self.intend(at, now).is_err() {
            return Err(NotTaken::NotOpen { session: session.name.clone(), open: Vec::new() });
        }
        let seen = self.created(at, now);
        debug_assert!(seen.is_ok(), "an intended session can be there");
        self.keep_others(&attempt, session);
        Ok(match verdict {
            Verdict::Waiting { running, .. } => Taken::Waiting { at, running },
            Verdict::Unsettled(why) => Taken::Unsettled { at, why },
            Verdict::Made(result) => {
                let _ = self.named(at, result.clone(), now);
                Taken::Unchecked { at, result }
            }
            Verdict::Failed(reason) => {
                let _ = self.failed(at, Failure { reason: reason.clone(), given_up: false }, now);
                Taken::Failed { at, reason }
            }
        })
    }

    /// The attempt a session belongs to: one that was made, or the next one of an open step.
    fn attempt_of(&self, session: &str) -> Option<(At, Attempt)> {
        let mut made = self.steps_at().filter_map(|(at, step)| {
            step.attempts.iter().find(|attempt| attempt.session == session).map(|attempt| (at, attempt.clone()))
        });
        made.next().or_else(|| {
            self.open()
                .into_iter()
                .find_map(|at| self.attempt(at).filter(|next| next.session == session).map(|next| (at, next)))
        })
    }

    /// Gives up the attempt of a session that is stuck or gone, or that made an image which cannot be used.
    ///
    /// # Errors
    /// When no attempt of that session is open.
    pub fn give_up(&mut self, session: &str, now: &str) -> Result<At, NotTaken> {
        if let Some(at) = self.last_done(session) {
            self.undone(at, "its result was given up by hand");
            return Ok(at);
        }
        let open: Vec<(At, String)> = self
            .open()
            .into_iter()
            .filter(|at| is_under_way(self.get(*at).1.state()))
            .filter_map(|at| Some((at, self.attempt(at)?.session)))
            .collect();
        let Some((at, _)) = open.iter().find(|(_, name)| name == session) else {
            let open = open.into_iter().map(|(_, name)| name).collect();
            return Err(NotTaken::NotOpen { session: session.to_owned(), open });
        };
        let failure = Failure { reason: "given up by hand".into(), given_up: true };
        self.failed(*at, failure, now)
            .map(|()| *at)
            .map_err(|_| NotTaken::NotOpen { session: session.to_owned(), open: Vec::new() })
    }

    /// Takes in that a session which is over was deleted.
    ///
    /// # Errors
    /// A session that is not over, or is none of the plan.
    pub fn deleted(&mut self, session: &str, file: &str) -> Result<At, NotTaken> {
        let over = |attempt: &Attempt| matches!(attempt.state, AttemptState::Done | AttemptState::Failed);
        match self.attempt_of(session) {
            Some((at, attempt)) if over(&attempt) => {
                self.session_deleted(session);
                Ok(at)
            }
            Some(_) => Err(NotTaken::NotOver { session: session.to_owned(), file: file.to_owned() }),
            None => Err(self.no_session(session)),
        }
    }

    fn record_configuration(&mut self, found: &PlannedConfiguration, how: How<'_>) -> Result<Taken, NotTaken> {
        let users = self.users(&found.name);
        if users.is_empty() {
            let known = once_each(self.images.iter().map(|track| track.configuration.name.clone()));
            return Err(NotTaken::OtherConfiguration { found: found.name.clone(), known });
        }
        let change = self.change(found);
        let is_over = |at: &At| users.contains(&at.track) && self.get(*at).1.unchecked().is_some();
        let over: Vec<At> = self.open().into_iter().filter(is_over).collect();
        if let Some(change) = &change {
            // A session that is over can have applied something else only where that has changed.
            let untouched = !over.is_empty() && over.iter().all(|at| self.change_in(*at, found).is_none());
            let settled = if how.accept { change.means == Means::Open } else { untouched };
            if !settled {
                return Err(NotTaken::Configuration(change.told(self, how.file)));
            }
        }
        let accepted = how.accept && change.is_some();
        self.written_anew(found);
        for track in users {
            let Some(track) = self.images.get_mut(track) else { continue };
            if accepted {
                track.configuration = found.clone();
            }
            track
                .obstacle
                .take_if(|obstacle| obstacle.about == Concern::Configuration && (accepted || change.is_none()));
        }
        let made = over.into_iter().filter_map(|at| {
            let result = self.looked_at(at, Look::Configuration, how.now).ok()??;
            Some((at, result))
        });
        let made = made.collect();
        let difference = change.map(|change| change.difference);
        Ok(Taken::Configuration { name: found.name.clone(), difference, accepted, made })
    }

    fn record_image(&mut self, image: &ImsImage, how: How<'_>) -> Result<Taken, NotTaken> {
        let mut roles = Vec::new();
        for (track, content) in self.images.iter().enumerate() {
            let base = format!("the base image of {}", content.label());
            roles.push((content.base_image.id.clone(), base, At { track, step: 0 }, None));
            for (step, made) in content.steps.iter().enumerate() {
                if let Some(result) = made.result().or(made.unchecked()) {
                    let role = format!("the result of step {}", made.id);
                    roles.push((result.clone(), role, At { track, step }, made.attempts.last()));
                }
            }
        }
        let Some((id, role, at, made_by)) = roles.into_iter().find(|(id, ..)| id.as_str() == image.id) else {
            let awaited =
                |track: &Track| track.open_step().and_then(Step::unchecked).unwrap_or(track.current()).to_string();
            let known = once_each(self.images.iter().map(awaited));
            return Err(NotTaken::OtherImage { found: image.id.clone(), known });
        };
        let (track, step) = self.get(at);
        if let Some(misfit) = track.misfit(image) {
            let is_needed = |track: &Track| {
                track.current() == &id || track.open_step().and_then(Step::unchecked).is_some_and(|made| *made == id)
            };
            let next = track.steps.get(at.step + 1).filter(|next| is_under_way(next.state()));
            let remedy = match made_by {
                _ if !self.images.iter().any(is_needed) => {
                    "The plan has gone on from it since, and needs it no more".to_owned()
                }
                Some(attempt) => {
                    // What is under way on an image goes before it.
                    let sessions = next.and_then(|next| next.attempts.last()).into_iter().chain([attempt]);
                    let each = sessions.map(|given| format!("incfg record {} --give-up {}", how.file, given.session));
                    format!(
                        "The step can be done again on its base image: {}, then incfg run or incfg next",
                        each.collect::<Vec<_>>().join(" && ")
                    )
                }
                None => "Make a new plan with another base: incfg plan --base-image-id ID".to_owned(),
            };
            return Err(NotTaken::Unusable { id: image.id.clone(), misfit, remedy });
        }
        if made_by.is_some() && step.unchecked() == Some(&id) {
            return Ok(match self.looked_at(at, Look::Image, how.now) {
                Ok(Some(result)) => Taken::Made { at, result, known: false },
                _ => Taken::Unchecked { at, result: id },
            });
        }
        for track in self.images.iter_mut().filter(|track| *track.current() == id) {
            track.obstacle.take_if(|obstacle| obstacle.about == Concern::Image);
        }
        Ok(Taken::UsableImage { id, role })
    }

    /// What is recorded of the step a session belongs to; of one that is still to be created, that it is to do.
    ///
    /// # Errors
    /// A session that the plan never had, and will not have as it stands.
    pub fn recorded(&self, session: &str) -> Result<(StepState, Option<&ImageId>), NotTaken> {
        let mut attempts = self.steps().flat_map(|step| step.attempts.iter().map(move |attempt| (step, attempt)));
        let Some((step, attempt)) = attempts.find(|(_, attempt)| attempt.session == session) else {
            let to_come = self.sessions().iter().any(|known| known == session);
            return if to_come { Ok((StepState::Todo, None)) } else { Err(self.no_session(session)) };
        };
        Ok(match step.state() {
            StepState::Done => (StepState::Done, step.result()),
            _ if attempt.state == AttemptState::Failed => (StepState::Failed, None),
            state => (state, step.unchecked()),
        })
    }

    fn no_session(&self, session: &str) -> NotTaken {
        NotTaken::NoSession { session: session.to_owned(), known: self.sessions() }
    }

    /// The sessions that the plan has had, and the next one of each step that is not made, in the order of the steps.
    fn sessions(&self) -> Vec<String> {
        let of_step = |(at, step): (At, &Step)| {
            let again = matches!(step.state(), StepState::Todo | StepState::Failed);
            let number = step.attempts.last().map_or(1, |attempt| attempt.number + 1);
            let had = step.attempts.iter().map(|attempt| attempt.session.clone());
            had.chain(again.then(|| self.session_name(at, number))).collect::<Vec<_>>()
        };
        self.steps_at().flat_map(of_step).collect()
    }

    /// The last step of its image that is done, when that was by this session.
    fn last_done(&self, session: &str) -> Option<At> {
        self.images.iter().enumerate().find_map(|(track, image)| {
            let step = image.steps.iter().rposition(|step| step.state() == StepState::Done)?;
            let last = image.steps.get(step)?.attempts.last()?;
            let free = !image.steps.iter().skip(step).any(|step| is_under_way(step.state()));
            (free && last.session == session).then_some(At { track, step })
        })
    }
}

fn is_under_way(state: StepState) -> bool {
    matches!(state, StepState::Intended | StepState::Created)
}

/// Names in their order, each once: several images may have the same.
fn once_each(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut each: Vec<String> = Vec::new();
    for name in names {
        if !each.contains(&name) {
            each.push(name);
        }
    }
    each
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Waiting { .. } => "it is not over".into(),
        Verdict::Made(other) => format!("its result is {other}"),
        Verdict::Unsettled(why) | Verdict::Failed(why) => why.clone(),
    }
}
