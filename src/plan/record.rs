//! Taking in what a person pasted: the JSON of a session, a configuration or an image.

use serde_json::Value;

use crate::cfs::{Configuration, NotASession, Session};
use crate::image_id::ImageId;
use crate::ims::ImsImage;

use super::step::{At, Failure, Foreign, Verdict};
use super::{Attempt, AttemptState, Plan, PlannedConfiguration, StepState};

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
    /// The session made an image; whether IMS has it, its JSON has to tell.
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
    /// The session ended and CFS has not said all.
    Unsettled {
        /// Its step.
        at: At,
        /// What is missing.
        why: String,
    },
    /// A configuration is as the plan has it.
    SameConfiguration {
        /// Its name.
        name: String,
    },
    /// A configuration has changed in layers that no step has applied yet, and the plan goes on with it.
    NewConfiguration {
        /// Its name.
        name: String,
        /// What changed first.
        difference: String,
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
    #[error("{found} is no session of this plan that is awaited now. Awaited: {}", .awaited.join(", "))]
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
    #[error("configuration {name} is not what the plan was made with: {difference}. {remedy}")]
    Configuration {
        /// Its name.
        name: String,
        /// What is different.
        difference: String,
        /// What to do.
        remedy: &'static str,
    },
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
    /// An image without content.
    #[error(
        "image {id} is registered in IMS and has no link: nothing was uploaded, so it cannot be configured. {remedy}"
    )]
    NoLink {
        /// Its id.
        id: String,
        /// What to do.
        remedy: String,
    },
    /// An image of another architecture.
    #[error("image {id} is an {found} image, and {image} is {expected}. {remedy}")]
    OtherArch {
        /// Its id.
        id: String,
        /// Its architecture.
        found: String,
        /// The image of the plan.
        image: String,
        /// The architecture of that.
        expected: String,
        /// What to do.
        remedy: String,
    },
    /// No session of that name is open.
    #[error("no session {session} of this plan is under way. Under way: {}", if .open.is_empty() { "none".to_owned() } else { .open.join(", ") })]
    NotOpen {
        /// The name that was given.
        session: String,
        /// Those that are.
        open: Vec<String>,
    },
}

/// A change of layers that is accepted as long as none of them was applied.
pub const ACCEPT_FLAG: &str = "--accept-configuration";

impl Plan {
    /// Takes a document in: the plan has advanced afterwards where it says so.
    ///
    /// # Errors
    /// What is wrong with the document; the plan is as it was.
    pub fn record(&mut self, document: &Value, accept: bool, now: &str) -> Result<Taken, NotTaken> {
        if document.get("layers").is_some()
            && let Some(configuration) = Configuration::from_json(document)
        {
            return self.record_configuration(&PlannedConfiguration::of(&configuration), accept);
        }
        if document.get("status").is_none()
            && let Some(image) = ImsImage::from_json(document)
        {
            return self.record_image(&image, now);
        }
        self.record_session(&Session::from_json(document)?, now)
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
                return Ok(Taken::Failed { at, reason: attempt.reason.unwrap_or_default() });
            }
            _ => {}
        }
        if matches!(self.get(at).1.state(), StepState::Todo | StepState::Failed) && self.intend(at, now).is_err() {
            return Err(NotTaken::NotOpen { session: session.name.clone(), open: Vec::new() });
        }
        let seen = self.created(at, now);
        debug_assert!(seen.is_ok(), "an intended session can be there");
        Ok(match verdict {
            Verdict::Waiting { running, .. } => Taken::Waiting { at, running },
            Verdict::Unsettled(why) => Taken::Unsettled { at, why },
            Verdict::Made(result) => {
                let _ = self.named(at, result.clone(), now);
                Taken::Unchecked { at, result }
            }
            Verdict::Failed(reason) => {
                let _ = self.failed(at, Failure { reason: reason.clone(), ..Failure::default() }, now);
                Taken::Failed { at, reason }
            }
        })
    }

    /// The attempt a session belongs to: one that was made, or the next one of an open step.
    fn attempt_of(&self, session: &str) -> Option<(At, Attempt)> {
        let every = self.images.iter().enumerate().flat_map(|(track, image)| {
            image.steps.iter().enumerate().map(move |(step, content)| (At { track, step }, content))
        });
        let mut made = every.filter_map(|(at, step)| {
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
            .filter(|at| matches!(self.get(*at).1.state(), StepState::Intended | StepState::Created))
            .filter_map(|at| Some((at, self.attempt(at)?.session)))
            .collect();
        let Some((at, _)) = open.iter().find(|(_, name)| name == session) else {
            let open = open.into_iter().map(|(_, name)| name).collect();
            return Err(NotTaken::NotOpen { session: session.to_owned(), open });
        };
        let failure = Failure { reason: "given up by hand".into(), ..Failure::default() };
        self.failed(*at, failure, now)
            .map(|()| *at)
            .map_err(|_| NotTaken::NotOpen { session: session.to_owned(), open: Vec::new() })
    }

    fn record_configuration(&mut self, now: &PlannedConfiguration, accept: bool) -> Result<Taken, NotTaken> {
        let users: Vec<usize> =
            (0..self.images.len()).filter(|at| self.images[*at].configuration.name == now.name).collect();
        if users.is_empty() {
            let known = self.images.iter().map(|track| track.configuration.name.clone()).collect();
            return Err(NotTaken::OtherConfiguration { found: now.name.clone(), known });
        }
        let name = now.name.clone();
        let Some(difference) = users.iter().find_map(|at| self.images[*at].configuration.difference(now)) else {
            return Ok(Taken::SameConfiguration { name });
        };
        let refused = |remedy| NotTaken::Configuration { name: name.clone(), difference: difference.clone(), remedy };
        if users.iter().any(|at| !self.allows(*at, now)) {
            return Err(refused(
                "A layer that was applied already, or the number of layers, is another, so what was made is no part of it: make a new plan",
            ));
        }
        if !accept {
            return Err(refused(
                "If the change is meant, give this JSON to incfg record again with --accept-configuration: it changes only layers that no session has begun",
            ));
        }
        for at in users {
            self.images[at].configuration = now.clone();
        }
        Ok(Taken::NewConfiguration { name, difference })
    }

    /// Whether a track can go on with a configuration: all layers that were applied, or are just being, are the same.
    fn allows(&self, track: usize, now: &PlannedConfiguration) -> bool {
        let track = &self.images[track];
        let before = &track.configuration;
        let begun = |state| matches!(state, StepState::Done | StepState::Intended | StepState::Created);
        let applied: Vec<u32> = track
            .steps
            .iter()
            .filter(|step| begun(step.state()))
            .flat_map(|step| step.layers.iter().copied())
            .collect();
        let same = |layer: &u32| before.layers.get(*layer as usize) == now.layers.get(*layer as usize);
        before.layers.len() == now.layers.len()
            && applied.iter().all(same)
            && (applied.is_empty() || before.additional_inventory == now.additional_inventory)
    }

    fn record_image(&mut self, image: &ImsImage, now: &str) -> Result<Taken, NotTaken> {
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
            let known = self.images.iter().map(|track| track.current().to_string()).collect();
            return Err(NotTaken::OtherImage { found: image.id.clone(), known });
        };
        let remedy = match made_by {
            Some(attempt) => format!(
                "The step can be done again on its base image: incfg record PLAN --give-up {}, then incfg run or incfg next",
                attempt.session
            ),
            None => "Make a new plan with another base: incfg plan --base-image-id ID".to_owned(),
        };
        if image.link.is_none() {
            return Err(NotTaken::NoLink { id: image.id.clone(), remedy });
        }
        let (track, step) = self.get(at);
        if let (Some(expected), Some(found)) = (&track.arch, &image.arch)
            && expected != found
        {
            return Err(NotTaken::OtherArch {
                id: image.id.clone(),
                found: found.clone(),
                image: track.label().to_owned(),
                expected: expected.clone(),
                remedy,
            });
        }
        if made_by.is_some() && step.unchecked() == Some(&id) {
            let _ = self.done(at, id.clone(), now);
            return Ok(Taken::Made { at, result: id, known: false });
        }
        Ok(Taken::UsableImage { id, role })
    }

    /// What is recorded of the step a session belongs to; of one that is not known, nothing.
    #[must_use]
    pub fn recorded(&self, session: &str) -> Option<(StepState, Option<&ImageId>)> {
        let attempts = |step: &super::Step| step.attempts.iter().any(|attempt| attempt.session == session);
        let step = self.images.iter().flat_map(|track| &track.steps).find(|step| attempts(step))?;
        let failed =
            step.attempts.iter().any(|attempt| attempt.session == session && attempt.state == AttemptState::Failed);
        match step.state() {
            StepState::Done => Some((StepState::Done, step.result())),
            _ if failed => Some((StepState::Failed, None)),
            state => Some((state, step.unchecked())),
        }
    }

    /// The last step of its image that is done, when that was by this session.
    fn last_done(&self, session: &str) -> Option<At> {
        self.images.iter().enumerate().find_map(|(track, image)| {
            let under_way = |state| matches!(state, StepState::Intended | StepState::Created);
            let step = image.steps.iter().rposition(|step| step.state() == StepState::Done)?;
            let last = image.steps[step].attempts.last()?;
            let free = !image.steps[step..].iter().any(|step| under_way(step.state()));
            (free && last.session == session).then_some(At { track, step })
        })
    }
}

fn said(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Waiting { .. } => "it is not over".into(),
        Verdict::Made(other) => format!("its result is {other}"),
        Verdict::Unsettled(why) | Verdict::Failed(why) => why.clone(),
    }
}
