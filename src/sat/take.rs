//! The lines of a text, taken in one by one.

use foldhash::HashSet;

use crate::evidence::Place;
use crate::fact::{Fact, Text};
use crate::image_id::ImageId;
use crate::limits;
use crate::statement::Statement;

use super::report::{ReportReader, ReportRow, is_of_report};
use super::sessions::Sessions;
use super::{GivenUp, ImageText, SatText};

/// What is remembered from line to line. Images are told by where they stand in the list.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// The image whose failure the next `given up` line is about.
    just_failed: Option<usize>,
    /// The image of the last session header.
    watched: Option<usize>,
    /// The image whose session was created last.
    last_session: Option<usize>,
    traceback: bool,
    /// Not before the report begins.
    pub(super) report: Option<Box<ReportReader>>,
    /// Made by the first line that names a session and no image: most releases of SAT print none.
    sessions: Option<Sessions>,
    /// Containers kept so far, of all images.
    containers: usize,
    /// What was given up, by index and reason.
    given_up: HashSet<(u32, String)>,
}

impl SatText {
    /// Takes one more statement in.
    pub fn take(&mut self, statement: Statement<'_>) {
        let Statement { place, stamp, copy, fact, .. } = statement;
        if !matches!(
            fact,
            Fact::Error { .. }
                | Fact::Nothing {}
                | Fact::Exception { .. }
                | Fact::LogSaved { .. }
                | Fact::ReportGroup { .. }
                | Fact::ReportSection { .. }
        ) {
            self.extent = Some(self.extent.map_or((place, place), |(first, _)| (first, place)));
            self.first_stamp = self.first_stamp.or(stamp);
            self.last_stamp = stamp.or(self.last_stamp);
        }
        let mut reading = self.reading.take().unwrap_or_default();
        let just_failed = reading.just_failed.take();
        match fact {
            Fact::ImageGivenUp { index, reason } => {
                self.image_given_up(
                    &mut reading,
                    just_failed,
                    GivenUp { index, reason: reason.into_owned(), image: None, place },
                );
            }
            fact if is_of_report(&fact) => {
                if let Some(row) = reading.report.get_or_insert_default().take(fact, place, copy) {
                    self.add_row(row);
                }
            }
            fact => self.take_fact(&mut reading, fact, place),
        }
        self.reading = Some(reading);
    }

    fn take_fact(&mut self, reading: &mut Reading, fact: Fact<'_>, place: Place) {
        match fact {
            Fact::ScriptBegin { operation, .. } => {
                self.operation = self.operation.take().or_else(|| Some((operation.into_owned(), place)));
            }
            Fact::ScriptSkipped { operation } => {
                self.skipped = Some(place);
                self.operation = Some((operation.into_owned(), place));
            }
            Fact::ScriptFailed { file, .. } => {
                self.input_file = self.input_file.take().or_else(|| Some((file?.into_owned(), place)));
            }
            Fact::InputFile { file } => self.input_file = Some((file.into_owned(), place)),
            Fact::ExitCode { code } => self.exit_code = Some((code, place)),
            Fact::DryRun {} => self.dry_run = Some(place),
            Fact::Interrupted {} | Fact::Killed {} => self.interrupted = Some(place),
            Fact::Creating { count } => self.creating = Some((count, place)),
            Fact::Traceback {} => reading.traceback = true,
            Fact::Exception { error } if reading.traceback => self.error(error, place),
            Fact::Error { message } => self.error(message, place),
            Fact::Depends { index, base } => {
                if let Some(item) = self.item(index) {
                    item.depends_on = Some((base, place));
                }
            }
            Fact::Base { index, base } => {
                if let Some(item) = self.item(index) {
                    item.base = Some((base.into_owned(), place));
                }
            }
            Fact::BaseRef { index, ref_name } => {
                if let Some(item) = self.item(index) {
                    item.base_ref = Some((ref_name.into_owned(), place));
                }
            }
            Fact::BaseId { index, id } => {
                if let (Some(item), Ok(id)) = (self.item(index), id.parse()) {
                    item.base_id = Some((id, place));
                }
            }
            Fact::ConfigurationCreated { configuration } => {
                Self::add(&mut self.configurations, &mut self.dropped, configuration, place);
            }
            Fact::ConfigurationFailed { configuration, reason } => {
                let reason = reason.as_deref().unwrap_or("no reason given");
                self.error(format!("configuration {configuration} was not created: {reason}").into(), place);
                Self::add(&mut self.configurations_failed, &mut self.dropped, configuration, place);
            }
            Fact::TemplateCreated { template } => Self::add(&mut self.templates, &mut self.dropped, template, place),
            Fact::BuildCreated { job } => self.fingerprint(&job),
            Fact::BuildRefused { reason } => {
                self.error(format!("IMS refused a build: {reason}").into(), place);
                if self.builds_refused.len() < limits::RUN_ITEMS {
                    self.builds_refused.push((reason.into_owned(), place));
                } else {
                    self.dropped += 1;
                }
            }
            fact => self.take_image(reading, fact, place),
        }
    }

    fn take_image(&mut self, reading: &mut Reading, fact: Fact<'_>, place: Place) {
        match fact {
            Fact::ImageCreated { image, id } => {
                let Ok(id) = id.parse::<ImageId>() else { return };
                self.fingerprint(id.as_str());
                self.with(&image, place, |text| {
                    if let Some((known, at)) = text.created.replace((id, place))
                        && text.created.as_ref().is_some_and(|(id, _)| *id != known)
                    {
                        text.other_id.get_or_insert_with(|| Box::new((known, at)));
                    }
                });
            }
            Fact::ImageWithoutId { image } => _ = self.with(&image, place, |text| text.without_id = Some(place)),
            Fact::ImageFailed { image } => {
                reading.just_failed = self.with(&image, place, |text| text.failed = Some(place));
            }
            Fact::ImageUnconfigured { image } => _ = self.with(&image, place, |text| text.unconfigured = Some(place)),
            Fact::ImagePrebuilt { image } => _ = self.with(&image, place, |text| text.prebuilt = Some(place)),
            Fact::ImageSkipped { image } => _ = self.with(&image, place, |text| text.skipped = Some(place)),
            Fact::ImagesSkipped { images } => {
                for image in images.split(", ") {
                    self.with(image, place, |text| text.skipped = Some(place));
                }
            }
            Fact::ImageRenaming { image, id } => {
                if let Ok(id) = id.parse() {
                    self.with(&image, place, |text| text.renamed = Some(Box::new((id, place))));
                }
            }
            Fact::ImageConfiguration { image, configuration } => {
                self.error(format!("configuration {configuration} is not usable for image {image}").into(), place);
                self.with(&image, place, |text| {
                    text.configuration = Some(Box::new((configuration.into_owned(), place)))
                });
            }
            Fact::SessionCreating { session, image } => {
                if let Some(at) = self.position(&image, place) {
                    self.with_session(reading, at, |text| text.session_asked = Some((session.into_owned(), place)));
                }
            }
            Fact::SessionCreated { session, image } => {
                self.fingerprint(&session);
                reading.last_session = self.position(&image, place);
                if let Some(at) = reading.last_session {
                    self.with_session(reading, at, |text| text.session_created = Some((session.into_owned(), place)));
                }
            }
            Fact::SessionWaiting { session } => self.session_waiting(reading, session, place),
            Fact::SessionHeader { session, image } => {
                reading.watched = self.session_seen(reading, &image, session, place);
            }
            Fact::Container { container, state } => {
                if let Some(at) = reading.watched {
                    self.container(reading, at, container, state, place);
                }
            }
            Fact::FailedContainer { image, pod, container } => {
                self.with(&image, place, |text| {
                    text.failed_container = Some(Box::new(((pod.into_owned(), container.into_owned()), place)));
                });
            }
            _ => {}
        }
    }

    /// Changes what is known of the session of the image at that place of the list.
    fn with_session(&mut self, reading: &mut Reading, at: usize, change: impl FnOnce(&mut ImageText)) {
        let Some(image) = self.images.get_mut(at) else { return };
        match &mut reading.sessions {
            None => change(image),
            Some(sessions) => {
                sessions.forget(image, at);
                change(image);
                sessions.note(image, at);
            }
        }
    }

    /// The header of a session stands above each change of its containers, so nearly always it tells nothing new.
    fn session_seen(&mut self, reading: &mut Reading, image: &str, session: Text<'_>, place: Place) -> Option<usize> {
        let at = self.position(image, place)?;
        let known = self.images.get_mut(at)?.session_seen.as_mut();
        match known.filter(|(known, _)| *known == session) {
            Some((_, seen_at)) => *seen_at = place,
            None => {
                self.fingerprint(&session);
                self.with_session(reading, at, |text| text.session_seen = Some((session.into_owned(), place)));
            }
        }
        Some(at)
    }

    /// SAT 3.21 and others print a wrong session name when they create one and the real one when they wait for it.
    fn session_waiting(&mut self, reading: &mut Reading, session: Text<'_>, place: Place) {
        self.fingerprint(&session);
        let of_session = reading.sessions(&self.images).image_of(&session);
        let Some(at) = of_session.or(reading.last_session) else { return };
        self.announces_wrong_sessions |= of_session.is_none();
        self.with_session(reading, at, |text| {
            text.session_seen.get_or_insert_with(|| (session.into_owned(), place));
        });
    }

    fn container(&mut self, reading: &mut Reading, image: usize, container: Text<'_>, state: Text<'_>, place: Place) {
        let Some(image) = self.images.get_mut(image) else { return };
        let known = image.containers_by_name.find(&image.containers, |(name, _)| name, &container);
        match known.and_then(|at| image.containers.get_mut(at)) {
            Some((_, (known, at))) => {
                state.as_ref().clone_into(known);
                *at = place;
            }
            None if reading.containers < limits::RUN_CONTAINERS => {
                image.containers.push((container.into_owned(), (state.into_owned(), place)));
                image.containers_by_name.grew(&image.containers, |(name, _)| name);
                reading.containers += 1;
            }
            None => self.dropped += 1,
        }
    }

    fn image_given_up(&mut self, reading: &mut Reading, just_failed: Option<usize>, mut given_up: GivenUp) {
        let GivenUp { index, ref reason, place, .. } = given_up;
        let own_failure = reason == "creation failed";
        let at = if own_failure {
            just_failed
        } else {
            let sessions = reading.sessions(&self.images);
            sessions.only_named_in(reason).or_else(|| sessions.only_unanswered())
        };
        let image = at.and_then(|at| self.images.get(at)).map(|text| text.name.clone());
        if !own_failure {
            if let Some(at) = at {
                self.with_session(reading, at, |text| text.given_up = Some(Box::new((reason.clone(), place))));
            }
            self.error(reason.into(), place);
        }
        if self.given_up.len() < limits::RUN_ITEMS && reading.given_up.insert((index, reason.clone())) {
            given_up.image = image;
            self.given_up.push(given_up);
        }
    }

    pub(super) fn add_row(&mut self, row: ReportRow) {
        let place = row.place;
        match row.section.as_str() {
            "configurations" => Self::add(&mut self.configurations, &mut self.dropped, row.name.into(), place),
            "session_templates" => Self::add(&mut self.templates, &mut self.dropped, row.name.into(), place),
            "images" if row.of_image => {
                let name = row.name.clone();
                self.with(&name, place, |text| {
                    text.created = text.created.take().or(row.final_id.clone());
                    text.row = text.row.take().or(Some(Box::new(row)));
                });
            }
            "skipped_images" if row.of_image => {
                self.with(&row.name, place, |text| text.skipped = text.skipped.or(Some(place)));
            }
            _ => {}
        }
    }
}

impl Reading {
    fn sessions(&mut self, images: &[ImageText]) -> &Sessions {
        self.sessions.get_or_insert_with(|| Sessions::of(images))
    }
}
