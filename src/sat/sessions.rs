//! The images of a run by their sessions, for lines that name a session and no image.

use std::collections::BTreeSet;

use crate::positions::Positions;

use super::ImageText;

/// The images by their sessions.
#[derive(Debug, Clone, Default)]
pub(super) struct Sessions {
    running: Positions<String>,
    asked: Positions<String>,
    /// Images whose session was asked for, and nothing told of it since.
    unanswered: BTreeSet<usize>,
    /// How long the names are, in bytes.
    lengths: BTreeSet<usize>,
}

/// The sessions that CFS has, or that SAT watches.
fn running(image: &ImageText) -> impl Iterator<Item = &String> {
    [&image.session_created, &image.session_seen].into_iter().flatten().map(|(session, _)| session)
}

impl Sessions {
    pub(super) fn of(images: &[ImageText]) -> Self {
        let mut sessions = Self::default();
        images.iter().enumerate().for_each(|(at, image)| sessions.note(image, at));
        sessions
    }

    /// What is known of the sessions of an image is about to change.
    pub(super) fn forget(&mut self, image: &ImageText, at: usize) {
        running(image).for_each(|session| self.running.remove(session, at));
        image.session_asked.iter().for_each(|(session, _)| self.asked.remove(session, at));
        self.unanswered.remove(&at);
    }

    /// It has changed.
    pub(super) fn note(&mut self, image: &ImageText, at: usize) {
        running(image).for_each(|session| self.running.insert(session.clone(), at));
        image.session_asked.iter().for_each(|(session, _)| self.asked.insert(session.clone(), at));
        self.lengths
            .extend(running(image).chain(image.session_asked.iter().map(|(session, _)| session)).map(String::len));
        if image.session_asked.is_some() && image.session().is_none() && image.given_up.is_none() {
            self.unanswered.insert(at);
        }
    }

    /// The first image with this session.
    pub(super) fn image_of(&self, session: &str) -> Option<usize> {
        self.running.first(session)
    }

    /// The only image one of whose sessions stands in `text`.
    pub(super) fn only_named_in(&self, text: &str) -> Option<usize> {
        let mut only = None;
        for length in &self.lengths {
            for name in (0..=text.len()).filter_map(|at| text.get(at..at.checked_add(*length)?)) {
                for image in self.running.all(name).iter().chain(self.asked.all(name)) {
                    if only.is_some_and(|known| known != *image) {
                        return None;
                    }
                    only = Some(*image);
                }
            }
        }
        only
    }

    /// The only image whose session was asked for, and nothing told of it since.
    pub(super) fn only_unanswered(&self) -> Option<usize> {
        self.unanswered.first().copied().filter(|_| self.unanswered.len() == 1)
    }
}
