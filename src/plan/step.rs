//! The moves of a plan: which step is next, what a session says of it, and how it goes on from there. Pure: `next`,
//! `record` and `run` all use these and nothing else.

use crate::cfs::{Session, Status, Succeeded};
use crate::image_id::ImageId;
use crate::ims::ImsImage;

use super::{Attempt, AttemptState, Look, Obstacle, Plan, Step, StepState, Track};

/// A step of a plan, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    /// The place of the track.
    pub track: usize,
    /// The place of the step in it.
    pub step: usize,
}

/// What is to be done for an open step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// A new attempt: checks, intent, create.
    Begin,
    /// The session may or may not be there: look, and create it if it is not.
    Resolve,
    /// The session is there: wait for its end.
    Follow,
}

/// What a session says of its attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is not over.
    Waiting {
        /// It is at work.
        running: bool,
        /// CFS has picked it up.
        picked_up: bool,
    },
    /// It made this image.
    Made(ImageId),
    /// It is over, but CFS may have more to say: ask again.
    Unsettled(String),
    /// It made no image, or none that can be used.
    Failed(String),
}

/// A session of the right name that is not the one the plan means.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("session {session} is not the one the plan means: {}", .differences.join("; "))]
pub struct Foreign {
    /// Its name.
    pub session: String,
    /// What is different.
    pub differences: Vec<String>,
}

/// Why an image cannot be what a step begins with or makes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// There is nothing in it.
    #[error("is registered in IMS and has no link: nothing was uploaded, so it cannot be configured")]
    Empty,
    /// It is of another architecture.
    #[error("is an {found} image, and {image} is {expected}")]
    OtherArch {
        /// Its architecture.
        found: String,
        /// The image of the plan.
        image: String,
        /// The architecture of that.
        expected: String,
    },
}

impl Track {
    /// Why an image cannot be what a step of this track begins with or makes.
    #[must_use]
    pub fn misfit(&self, image: &ImsImage) -> Option<Misfit> {
        match (&self.arch, &image.arch) {
            _ if image.link.is_none() => Some(Misfit::Empty),
            (Some(expected), Some(found)) if expected != found => Some(Misfit::OtherArch {
                found: found.clone(),
                image: self.label().to_owned(),
                expected: expected.clone(),
            }),
            _ => None,
        }
    }
}

/// How an attempt ended that made no image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// Why it failed.
    pub reason: String,
    /// Nobody waits for it any more, and CFS had not said that it failed.
    pub given_up: bool,
}

/// A move that the plan does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("step {step} is {state:?}, so {wanted} is out of turn")]
pub struct OutOfTurn {
    /// The step.
    pub step: String,
    /// Where it stands.
    pub state: StepState,
    /// The move.
    pub wanted: &'static str,
}

impl Plan {
    /// The track and the step at a place.
    ///
    /// # Panics
    /// With a place of another plan: what is recorded of one image must never be recorded of another.
    #[must_use]
    #[allow(clippy::indexing_slicing, reason = "a place is made by the plan it is used on, of which no step ever goes")]
    pub fn get(&self, at: At) -> (&Track, &Step) {
        let track = &self.images[at.track];
        (track, &track.steps[at.step])
    }

    #[allow(clippy::indexing_slicing, reason = "as in `get`")]
    fn get_mut(&mut self, at: At) -> (&mut Option<Obstacle>, &mut Step) {
        let track = &mut self.images[at.track];
        (&mut track.obstacle, &mut track.steps[at.step])
    }

    /// Every step, image by image.
    pub fn steps(&self) -> impl Iterator<Item = &Step> + Clone {
        self.images.iter().flat_map(|track| &track.steps)
    }

    /// Every step with its place, image by image.
    pub fn steps_at(&self) -> impl Iterator<Item = (At, &Step)> {
        let images = self.images.iter().enumerate();
        images.flat_map(|(track, image)| {
            image.steps.iter().enumerate().map(move |(step, content)| (At { track, step }, content))
        })
    }

    /// The first open step of each image that is not made yet, in order.
    #[must_use]
    pub fn open(&self) -> Vec<At> {
        let open = |(track, image): (usize, &Track)| {
            image.steps.iter().position(|step| step.state() != StepState::Done).map(|step| At { track, step })
        };
        self.images.iter().enumerate().filter_map(open).collect()
    }

    /// What is to be done for an open step.
    #[must_use]
    pub fn doing(&self, at: At) -> Doing {
        match self.get(at).1.state() {
            StepState::Intended => Doing::Resolve,
            StepState::Created => Doing::Follow,
            StepState::Todo | StepState::Failed | StepState::Done => Doing::Begin,
        }
    }

    /// The attempt that is under way, or else the next one; none while the image it begins with is not made.
    #[must_use]
    pub fn attempt(&self, at: At) -> Option<Attempt> {
        let (track, step) = self.get(at);
        match step.attempts.last() {
            Some(attempt) if attempt.state != AttemptState::Failed => Some(attempt.clone()),
            _ => Some(self.next_attempt(at, track.base_of(at.step)?)),
        }
    }

    /// The next attempt of a step, on an image.
    #[must_use]
    pub fn next_attempt(&self, at: At, base: &ImageId) -> Attempt {
        let (track, step) = self.get(at);
        let number = step.attempts.last().map_or(1, |attempt| attempt.number + 1);
        let session = self.session_name(at, number);
        let result_name = if at.step + 1 == track.steps.len() {
            track.result_name.clone()
        } else {
            format!("{}-{session}", track.result_name)
        };
        Attempt {
            number,
            session,
            base_id: base.clone(),
            result_name,
            state: AttemptState::Intended,
            intended_at: String::new(),
            created_at: None,
            ended_at: None,
            result_id: None,
            looked_at: Vec::new(),
            other_images: Vec::new(),
            reason: None,
            given_up: false,
            failed_layer: None,
            log: None,
            session_deleted: false,
        }
    }

    /// The name of the session of an attempt: no other plan, image, step or attempt has it.
    #[must_use]
    pub fn session_name(&self, at: At, number: u32) -> String {
        format!("incfg-{}-{}-l{}-a{number}", self.id, at.track, self.get(at).1.span())
    }

    /// The tags of the session of an attempt.
    #[must_use]
    pub fn tags(&self, at: At, attempt: &Attempt) -> [(&'static str, String); 4] {
        [
            ("incfg-plan", self.id.clone()),
            ("incfg-image", at.track.to_string()),
            ("incfg-layer", self.get(at).1.span()),
            ("incfg-attempt", attempt.number.to_string()),
        ]
    }

    /// Whether a session is exactly that of an attempt. One that was typed by hand may lack the tags and the name of its
    /// result; what it does have must be right.
    ///
    /// # Errors
    /// Everything that is different.
    pub fn is_own(&self, at: At, attempt: &Attempt, session: &Session, by_hand: bool) -> Result<(), Foreign> {
        let (track, step) = self.get(at);
        let mut differences = Vec::new();
        let mut same = |what: &str, found: &str, expected: &str| {
            if found != expected {
                differences.push(format!("its {what} is '{found}', expected '{expected}'"));
            }
        };
        same("name", &session.name, &attempt.session);
        same("configuration", &session.configuration, &track.configuration.name);
        same("configuration limit", &session.limit, &step.limit);
        same("target definition", &session.definition, "image");
        let groups = |mut names: Vec<String>| {
            names.sort();
            names.join(" ")
        };
        let found = session.groups.iter().map(|group| format!("{}={}", group.name, group.members.join(","))).collect();
        let expected = track.groups.iter().map(|group| format!("{group}={}", attempt.base_id)).collect();
        same("groups and base image", &groups(found), &groups(expected));
        if !(by_hand && session.image_map.is_empty()) {
            let found = session.image_map.iter().map(|map| format!("{} -> {}", map.source_id, map.result_name));
            let expected = format!("{} -> {}", attempt.base_id, attempt.result_name);
            same("image map", &found.collect::<Vec<_>>().join(", "), &expected);
        }
        if !(by_hand && session.tags.is_empty()) {
            for (tag, expected) in self.tags(at, attempt) {
                same(&format!("tag {tag}"), session.tags.get(tag).map_or("", String::as_str), &expected);
            }
        }
        if differences.is_empty() { Ok(()) } else { Err(Foreign { session: session.name.clone(), differences }) }
    }

    /// What a session says of its attempt.
    #[must_use]
    pub fn verdict(&self, attempt: &Attempt, session: &Session) -> Verdict {
        match (session.status, session.succeeded) {
            (Status::Pending, _) => Verdict::Waiting { running: false, picked_up: session.job.is_some() },
            (Status::Running, _) => Verdict::Waiting { running: true, picked_up: true },
            (Status::Complete, Succeeded::None) => {
                Verdict::Unsettled("CFS calls the session complete and does not say yet how it ended".into())
            }
            (Status::Complete, Succeeded::Unknown) => {
                let made: Vec<&str> = session.artifacts.iter().map(|artifact| artifact.result_id.as_str()).collect();
                let look = if made.is_empty() {
                    String::new()
                } else {
                    format!("; it names image {}, which may be incomplete", made.join(", "))
                };
                Verdict::Unsettled(format!("CFS lost sight of the session and calls its outcome unknown{look}"))
            }
            (Status::Complete, Succeeded::False) => Verdict::Failed("CFS says that the session failed".into()),
            (Status::Complete, Succeeded::True) => match results(attempt, session).as_slice() {
                [] if session.artifacts.is_empty() => {
                    Verdict::Unsettled("the session succeeded and names no image: status.artifacts is empty".into())
                }
                [] => Verdict::Failed(format!(
                    "the session succeeded, but status.artifacts names no image of type {CUSTOMIZED} made from {}",
                    attempt.base_id
                )),
                [one] => self.result(attempt, one),
                several => Verdict::Failed(format!(
                    "status.artifacts names {} images made from {}: {}",
                    several.len(),
                    attempt.base_id,
                    several.join(", ")
                )),
            },
        }
    }

    /// An image that stands anywhere in the plan already cannot be the result of a step.
    fn result(&self, attempt: &Attempt, id: &str) -> Verdict {
        let id: ImageId = match id.parse() {
            Ok(id) => id,
            Err(error) => return Verdict::Failed(format!("the result is no image: {error}")),
        };
        if id == attempt.base_id {
            return Verdict::Failed(format!("the result equals the base image {id}, so nothing was applied to it"));
        }
        match self.known_as(&id, attempt) {
            Some(what) => Verdict::Failed(format!("the result {id} is {what}, so it cannot be the new image")),
            None => Verdict::Made(id),
        }
    }

    /// What an image is to the plan, leaving this attempt out.
    fn known_as(&self, id: &ImageId, but: &Attempt) -> Option<String> {
        let of_track = |track: &Track| {
            let base = (track.base_image.id == *id).then(|| format!("the base image of {}", track.label()));
            let is = |other: &Attempt| other.result_id.as_ref() == Some(id) && other.session != but.session;
            let step = || track.steps.iter().find(|step| step.attempts.iter().any(is));
            base.or_else(|| step().map(|step| format!("the result of step {}", step.id)))
        };
        let existing = || self.exists.iter().find(|image| image.id == *id);
        self.images
            .iter()
            .find_map(of_track)
            .or_else(|| existing().map(|image| format!("the existing image {}", image.ref_name)))
    }

    /// Keeps the images that a session names and that are not its result: nobody else knows of them.
    pub fn keep_others(&mut self, attempt: &Attempt, session: &Session) {
        let result = match self.verdict(attempt, session) {
            Verdict::Made(result) if attempt.state != AttemptState::Failed => Some(result),
            _ => attempt.result_id.clone(),
        };
        let named = session.artifacts.iter().filter_map(|artifact| artifact.result_id.parse::<ImageId>().ok());
        let others: Vec<ImageId> = named
            .filter(|id| *id != attempt.base_id && Some(id) != result.as_ref() && self.known_as(id, attempt).is_none())
            .collect();
        if let Some(own) = self.attempt_mut(&session.name) {
            for id in others {
                if !own.other_images.contains(&id) {
                    own.other_images.push(id);
                }
            }
        }
    }

    /// The session of the next attempt is about to be created.
    ///
    /// # Errors
    /// When the step is not the next one of its image, or has a session already.
    pub fn intend(&mut self, at: At, now: &str) -> Result<Attempt, OutOfTurn> {
        let may = matches!(self.get(at).1.state(), StepState::Todo | StepState::Failed);
        let attempt = self.attempt(at).filter(|_| may).ok_or_else(|| self.out_of_turn(at, "a new session"))?;
        let attempt = Attempt { intended_at: now.to_owned(), ..attempt };
        let (obstacle, step) = self.get_mut(at);
        *obstacle = None;
        step.attempts.push(attempt.clone());
        Ok(attempt)
    }

    /// The session is there.
    ///
    /// # Errors
    /// When no session was meant to be there.
    pub fn created(&mut self, at: At, now: &str) -> Result<(), OutOfTurn> {
        let attempt = self.open_attempt(at, "a created session")?;
        attempt.state = AttemptState::Created;
        attempt.created_at.get_or_insert_with(|| now.to_owned());
        Ok(())
    }

    /// The session names its image, which counts when all was [looked at](Self::looked_at).
    ///
    /// # Errors
    /// When no session was under way.
    pub fn named(&mut self, at: At, result: ImageId, now: &str) -> Result<(), OutOfTurn> {
        let attempt = self.open_attempt(at, "a result")?;
        attempt.state = AttemptState::Created;
        attempt.created_at.get_or_insert_with(|| now.to_owned());
        attempt.other_images.retain(|other| *other != result);
        if attempt.result_id.as_ref() != Some(&result) {
            attempt.looked_at.clear();
            attempt.other_images.extend(attempt.result_id.replace(result));
        }
        Ok(())
    }

    /// One thing was looked at since the session has named its image, and is good. The image, when that was the last:
    /// then the step is done.
    ///
    /// # Errors
    /// When no session has named an image that does not count yet.
    pub fn looked_at(&mut self, at: At, look: Look, now: &str) -> Result<Option<ImageId>, OutOfTurn> {
        let error = self.out_of_turn(at, "a look at its result");
        let attempt = self.open_attempt(at, "a look at its result")?;
        let Some(result) = attempt.result_id.clone().filter(|_| attempt.state == AttemptState::Created) else {
            return Err(error);
        };
        if !attempt.looked_at.contains(&look) {
            attempt.looked_at.push(look);
        }
        if ![Look::Configuration, Look::Image].iter().all(|look| attempt.looked_at.contains(look)) {
            return Ok(None);
        }
        attempt.looked_at.clear();
        attempt.state = AttemptState::Done;
        attempt.ended_at = Some(now.to_owned());
        Ok(Some(result))
    }

    /// There is no image.
    ///
    /// # Errors
    /// When no session was under way.
    pub fn failed(&mut self, at: At, failure: Failure, now: &str) -> Result<(), OutOfTurn> {
        let attempt = self.open_attempt(at, "a failure")?;
        attempt.state = AttemptState::Failed;
        attempt.looked_at.clear();
        attempt.ended_at = Some(now.to_owned());
        attempt.reason = Some(failure.reason);
        attempt.given_up = failure.given_up;
        Ok(())
    }

    /// What the logs tell of an attempt that failed: why, which layer, and the file of the log that says so.
    pub fn explained(&mut self, at: At, reason: String, layer: Option<u32>, log: String) {
        if let Some(attempt) = self.step_mut(at).attempts.last_mut().filter(|last| last.state == AttemptState::Failed) {
            attempt.reason = Some(reason);
            attempt.failed_layer = layer;
            attempt.log = Some(log);
        }
    }

    /// The result of the last step that is done cannot be used: the step is to be done again.
    pub(super) fn undone(&mut self, at: At, reason: &str) {
        let (obstacle, step) = self.get_mut(at);
        *obstacle = None;
        if let Some(attempt) = step.attempts.last_mut() {
            attempt.state = AttemptState::Failed;
            attempt.reason = Some(reason.to_owned());
            attempt.given_up = true;
        }
    }

    /// Something stands in the way of an image until something is done about it.
    pub fn blocked(&mut self, track: usize, obstacle: Obstacle) {
        if let Some(track) = self.images.get_mut(track) {
            track.obstacle = Some(obstacle);
        }
    }

    /// The session of an attempt is gone.
    pub fn session_deleted(&mut self, session: &str) {
        if let Some(attempt) = self.attempt_mut(session) {
            attempt.session_deleted = true;
        }
    }

    /// Sessions that are of no use any more: what they made, or why they failed, is kept.
    #[must_use]
    pub fn deletable(&self) -> Vec<&Attempt> {
        self.steps().flat_map(Step::deletable).collect()
    }

    fn attempt_mut(&mut self, session: &str) -> Option<&mut Attempt> {
        let steps = self.images.iter_mut().flat_map(|track| &mut track.steps);
        steps.flat_map(|step| &mut step.attempts).find(|attempt| attempt.session == session)
    }

    fn open_attempt(&mut self, at: At, wanted: &'static str) -> Result<&mut Attempt, OutOfTurn> {
        let error = self.out_of_turn(at, wanted);
        let (obstacle, step) = self.get_mut(at);
        let last = step.attempts.last_mut();
        let open = |attempt: &&mut Attempt| matches!(attempt.state, AttemptState::Intended | AttemptState::Created);
        let attempt = last.filter(open).ok_or(error)?;
        *obstacle = None;
        Ok(attempt)
    }

    fn step_mut(&mut self, at: At) -> &mut Step {
        self.get_mut(at).1
    }

    fn out_of_turn(&self, at: At, wanted: &'static str) -> OutOfTurn {
        let step = self.get(at).1;
        OutOfTurn { step: step.id.clone(), state: step.state(), wanted }
    }
}

impl Step {
    fn deletable(&self) -> impl Iterator<Item = &Attempt> {
        let done = self.state() == StepState::Done;
        let useless = move |attempt: &&Attempt| match attempt.state {
            AttemptState::Done => true,
            AttemptState::Failed => done || attempt.log.is_some(),
            AttemptState::Intended | AttemptState::Created => false,
        };
        self.attempts.iter().filter(|attempt| !attempt.session_deleted).filter(useless)
    }
}

/// The type of an image that a session has made.
const CUSTOMIZED: &str = "ims_customized_image";

/// The images a session made from the base of an attempt.
fn results<'s>(attempt: &Attempt, session: &'s Session) -> Vec<&'s str> {
    let own =
        session.artifacts.iter().filter(|made| made.image_id == attempt.base_id.as_str() && made.kind == CUSTOMIZED);
    own.map(|made| made.result_id.as_str()).collect()
}
