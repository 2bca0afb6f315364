//! The lines of a text, taken in one by one.

use foldhash::{HashMap, HashSet};

use crate::evidence::Place;
use crate::fact::Fact;
use crate::image_id::ImageId;
use crate::limits;
use crate::statement::Statement;

use super::report::{ReportReader, ReportRow};
use super::sessions::Sessions;
use super::{GivenUp, SatText};

/// What is remembered from line to line.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// The image whose failure the next `given up` line is about.
    just_failed: Option<String>,
    /// The image of the last session header.
    watched: Option<String>,
    /// The image whose session was created last.
    last_session: Option<String>,
    traceback: bool,
    pub(super) report: ReportReader,
    pub(super) sessions: Sessions,
    /// Where containers of that name stand in the lists of the images, by these.
    containers: HashMap<String, HashMap<usize, usize>>,
    /// How many there are.
    container_count: usize,
    /// What was given up, by index and reason.
    given_up: HashSet<(u32, String)>,
}

impl SatText {
    /// Takes one more statement in.
    pub fn take(&mut self, statement: &Statement) {
        let place = statement.place;
        if !matches!(
            statement.fact,
            Fact::Error { .. }
                | Fact::Nothing {}
                | Fact::Exception { .. }
                | Fact::LogSaved { .. }
                | Fact::ReportGroup { .. }
                | Fact::ReportSection { .. }
        ) {
            self.extent = Some(self.extent.map_or((place, place), |(first, _)| (first, place)));
            self.first_stamp = self.first_stamp.or(statement.stamp);
            self.last_stamp = statement.stamp.or(self.last_stamp);
        }
        match &statement.fact {
            Fact::ScriptBegin { operation, .. } => {
                self.operation = self.operation.take().or_else(|| Some((operation.clone(), place)))
            }
            Fact::ScriptSkipped { operation } => {
                self.skipped = Some(place);
                self.operation = Some((operation.clone(), place));
            }
            Fact::ScriptFailed { file, .. } => {
                if let (None, Some(file)) = (&self.input_file, file) {
                    self.input_file = Some((file.clone(), place));
                }
            }
            Fact::InputFile { file } => self.input_file = Some((file.clone(), place)),
            Fact::ExitCode { code } => self.exit_code = Some((*code, place)),
            Fact::DryRun {} => self.dry_run = Some(place),
            Fact::Interrupted {} | Fact::Killed {} => self.interrupted = Some(place),
            Fact::Creating { count } => self.creating = Some((*count, place)),
            Fact::Traceback {} => self.reading.traceback = true,
            Fact::Exception { error } if self.reading.traceback => self.error(error, place),
            Fact::Error { message } => self.error(message, place),
            fact => self.take_detail(fact, statement),
        }
        if !matches!(statement.fact, Fact::ImageFailed { .. }) {
            self.reading.just_failed = None;
        }
    }

    fn take_detail(&mut self, fact: &Fact, statement: &Statement) {
        let place = statement.place;
        match fact {
            Fact::Depends { index, base } => {
                if let Some(item) = self.item(*index) {
                    item.depends_on = Some((*base, place));
                }
            }
            Fact::Base { index, base } => {
                if let Some(item) = self.item(*index) {
                    item.base = Some((base.clone(), place));
                }
            }
            Fact::BaseRef { index, ref_name } => {
                if let Some(item) = self.item(*index) {
                    item.base_ref = Some((ref_name.clone(), place));
                }
            }
            Fact::BaseId { index, id } => {
                if let (Some(item), Ok(id)) = (self.item(*index), id.parse()) {
                    item.base_id = Some((id, place));
                }
            }
            Fact::ConfigurationCreated { configuration } => {
                Self::add(&mut self.configurations, &mut self.dropped, configuration, place)
            }
            Fact::ConfigurationFailed { configuration, reason } => {
                Self::add(&mut self.configurations_failed, &mut self.dropped, configuration, place);
                let reason = reason.as_deref().unwrap_or("no reason given");
                self.error(&format!("configuration {configuration} was not created: {reason}"), place);
            }
            Fact::TemplateCreated { template } => Self::add(&mut self.templates, &mut self.dropped, template, place),
            Fact::BuildCreated { job } => self.fingerprint(job),
            Fact::BuildRefused { reason } => {
                if self.builds_refused.len() < limits::RUN_ITEMS {
                    self.builds_refused.push((reason.clone(), place));
                } else {
                    self.dropped += 1;
                }
                self.error(&format!("IMS refused a build: {reason}"), place);
            }
            Fact::ReportSection { .. }
            | Fact::ReportName { .. }
            | Fact::ReportPreconfigured { .. }
            | Fact::ReportFinal { .. }
            | Fact::ReportConfiguration { .. }
            | Fact::ReportGroups { .. }
            | Fact::ReportGroup { .. } => self.take_report(fact, statement),
            fact => self.take_image(fact, place),
        }
    }

    fn take_image(&mut self, fact: &Fact, place: Place) {
        match fact {
            Fact::ImageCreated { image, id } => {
                let Ok(id) = id.parse::<ImageId>() else { return };
                self.fingerprint(id.as_str());
                self.with(image, place, |text| {
                    let other = text.created.as_ref().filter(|(known, _)| *known != id);
                    text.other_id = text.other_id.take().or(other.cloned());
                    text.created = Some((id, place));
                });
            }
            Fact::ImageWithoutId { image } => self.with(image, place, |text| text.without_id = Some(place)),
            Fact::ImageFailed { image } => {
                self.with(image, place, |text| text.failed = Some(place));
                self.reading.just_failed = Some(image.clone());
            }
            Fact::ImageUnconfigured { image } => self.with(image, place, |text| text.unconfigured = Some(place)),
            Fact::ImagePrebuilt { image } => self.with(image, place, |text| text.prebuilt = Some(place)),
            Fact::ImageSkipped { image } => self.with(image, place, |text| text.skipped = Some(place)),
            Fact::ImagesSkipped { images } => {
                for image in images.split(", ") {
                    self.with(image, place, |text| text.skipped = Some(place));
                }
            }
            Fact::ImageRenaming { image, id } => {
                if let Ok(id) = id.parse() {
                    self.with(image, place, |text| text.renamed = Some((id, place)));
                }
            }
            Fact::ImageConfiguration { image, configuration } => {
                self.error(&format!("configuration {configuration} is not usable for image {image}"), place);
                self.with(image, place, |text| text.configuration = Some((configuration.clone(), place)));
            }
            Fact::SessionCreating { session, image } => {
                self.with_session(image, place, |text| text.session_asked = Some((session.clone(), place)))
            }
            Fact::SessionCreated { session, image } => {
                self.fingerprint(session);
                self.with_session(image, place, |text| text.session_created = Some((session.clone(), place)));
                self.reading.last_session = Some(image.clone());
            }
            Fact::SessionWaiting { session } => self.session_waiting(session, place),
            Fact::SessionHeader { session, image } => {
                self.fingerprint(session);
                self.session_seen(image, session, place);
                self.reading.watched = Some(image.clone());
            }
            Fact::Container { container, state } => {
                if let Some(image) = self.reading.watched.take() {
                    self.container(&image, container, state, place);
                    self.reading.watched = Some(image);
                }
            }
            Fact::FailedContainer { image, pod, container } => {
                self.with(image, place, |text| text.failed_container = Some(((pod.clone(), container.clone()), place)))
            }
            Fact::ImageGivenUp { index, reason } => self.image_given_up(*index, reason, place),
            _ => {}
        }
    }

    /// The header of a session stands above each change of its containers, so nearly always it tells nothing new.
    fn session_seen(&mut self, image: &str, session: &str, place: Place) {
        let known = self.by_name.get(image).and_then(|at| self.images.get_mut(*at)?.session_seen.as_mut());
        match known.filter(|(known, _)| known == session) {
            Some((_, seen_at)) => *seen_at = place,
            None => self.with_session(image, place, |text| text.session_seen = Some((session.to_owned(), place))),
        }
    }

    /// SAT 3.21 and others print a wrong session name when they create one and the real one when they wait for it.
    fn session_waiting(&mut self, session: &str, place: Place) {
        self.fingerprint(session);
        let image = match self.reading.sessions.image_of(session).and_then(|at| self.images.get(at)) {
            Some(text) => text.name.clone(),
            None => match self.reading.last_session.clone() {
                Some(image) => {
                    self.announces_wrong_sessions = true;
                    image
                }
                None => return,
            },
        };
        self.with_session(&image, place, |text| {
            if text.session_seen.is_none() {
                text.session_seen = Some((session.to_owned(), place));
            }
        });
    }

    fn container(&mut self, image: &str, container: &str, state: &str, place: Place) {
        let Some(at) = self.position(image, place) else { return };
        let Some(image) = self.images.get_mut(at) else { return };
        let said = (state.to_owned(), place);
        match self.reading.containers.get(container).and_then(|images| images.get(&at)) {
            Some(at) => {
                if let Some(container) = image.containers.get_mut(*at) {
                    container.1 = said;
                }
            }
            None if self.reading.container_count < limits::RUN_CONTAINERS => {
                let images = self.reading.containers.entry(container.to_owned()).or_default();
                images.insert(at, image.containers.len());
                self.reading.container_count += 1;
                image.containers.push((container.to_owned(), said));
            }
            None => self.dropped += 1,
        }
    }

    fn image_given_up(&mut self, index: u32, reason: &str, place: Place) {
        let own_failure = reason == "creation failed";
        let image = if own_failure {
            self.reading.just_failed.take()
        } else {
            let sessions = &self.reading.sessions;
            let at = sessions.only_named_in(reason).or_else(|| sessions.only_unanswered());
            at.and_then(|at| self.images.get(at)).map(|text| text.name.clone())
        };
        if let (false, Some(image)) = (own_failure, &image) {
            self.with_session(image, place, |text| text.given_up = Some((reason.to_owned(), place)));
        }
        if !own_failure {
            self.error(reason, place);
        }
        if self.given_up.len() < limits::RUN_ITEMS && self.reading.given_up.insert((index, reason.to_owned())) {
            self.given_up.push(GivenUp { index, reason: reason.to_owned(), image, place });
        }
    }

    fn take_report(&mut self, fact: &Fact, statement: &Statement) {
        let Some(row) = self.reading.report.take(fact, statement.place, statement.copy) else { return };
        self.add_row(row);
    }

    pub(super) fn add_row(&mut self, row: ReportRow) {
        match row.section.as_str() {
            "configurations" => Self::add(&mut self.configurations, &mut self.dropped, &row.name, row.place),
            "session_templates" => Self::add(&mut self.templates, &mut self.dropped, &row.name, row.place),
            "images" if row.of_image => self.with(&row.name.clone(), row.place, |text| {
                text.created = text.created.take().or(row.final_id.clone());
                text.row = text.row.take().or(Some(Box::new(row)));
            }),
            "skipped_images" if row.of_image => {
                self.with(&row.name.clone(), row.place, |text| text.skipped = text.skipped.or(Some(row.place)))
            }
            _ => {}
        }
    }
}
