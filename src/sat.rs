//! One text of one run of `sat bootprep`, read as a whole.
//!
//! The same run may be told by several texts: `main.log` from S3, the file under `argo_logs`, the lines that `iuf`
//! relayed. Each is folded into a [`SatText`] of its own; [`SatText::absorb`] then fills what the better text lacks from
//! the next one and reports where two disagree.

mod image;
mod report;
mod sessions;

use std::collections::BTreeMap;
use std::ops::Deref;

use chrono::{DateTime, Utc};
use foldhash::{HashMap, HashSet};

use crate::evidence::Place;
use crate::fact::Fact;
use crate::image_id::ImageId;
use crate::limits;
use crate::statement::Statement;

pub use image::{ImageText, layer_of_container};
use report::ReportReader;
pub use report::ReportRow;
use sessions::Sessions;

/// The suffix SAT gives a built image that is still to be configured.
pub const PRE_CONFIGURATION: &str = "-pre-configuration";

/// A value and the line it stands on.
pub type Placed<T> = (T, Place);

/// Everything one text says of one run.
#[derive(Debug, Clone, Default)]
pub struct SatText {
    /// The operation, as the script names it.
    pub operation: Option<Placed<String>>,
    /// The script had no bootprep file and did nothing.
    pub skipped: Option<Place>,
    /// The bootprep file, as SAT was given it.
    pub input_file: Option<Placed<String>>,
    /// The exit code of the script; absent after success.
    pub exit_code: Option<Placed<u32>>,
    /// Nothing was created: a dry run.
    pub dry_run: Option<Place>,
    /// Someone or something ended SAT.
    pub interrupted: Option<Place>,
    /// How many images SAT set out to create.
    pub creating: Option<Placed<u32>>,
    /// What the text says of each item of the file's `images`, by index.
    pub items: BTreeMap<u32, ItemText>,
    /// Items that were given up, in order.
    pub given_up: Vec<GivenUp>,
    /// Builds that IMS refused; SAT does not say of which image.
    pub builds_refused: Vec<Placed<String>>,
    /// Configurations that were created.
    pub configurations: Names,
    /// Configurations that were not created.
    pub configurations_failed: Names,
    /// Session templates that were created.
    pub templates: Names,
    /// The first errors, in order.
    pub errors: Vec<Placed<String>>,
    /// Ids of sessions and build jobs: two texts that share one are of one run.
    pub fingerprints: HashSet<String>,
    /// Facts dropped because there were more than incfg keeps.
    pub dropped: u64,
    /// When the first line that said anything was written.
    pub first_stamp: Option<DateTime<Utc>>,
    /// When the last line that said anything was written.
    pub last_stamp: Option<DateTime<Utc>>,
    /// The first and last line that said anything.
    pub extent: Option<(Place, Place)>,
    images: Vec<ImageText>,
    by_name: HashMap<String, usize>,
    reading: Reading,
    /// This release of SAT announces sessions by names they do not have.
    announces_wrong_sessions: bool,
}

/// Distinct names in the order in which they were first read, each with that line.
#[derive(Debug, Clone, Default)]
pub struct Names {
    placed: Vec<Placed<String>>,
    known: HashSet<String>,
}

impl Names {
    /// Whether the name is new and beyond those that are kept.
    fn add(&mut self, name: &str, place: Place) -> bool {
        if self.known.contains(name) {
            return false;
        }
        if self.placed.len() >= limits::RUN_ITEMS {
            return true;
        }
        self.known.insert(name.to_owned());
        self.placed.push((name.to_owned(), place));
        false
    }

    /// A name with a line break stands cut in some lines: only the full one is kept.
    fn drop_cut(&mut self) {
        let cut: HashSet<String> = self.placed.iter().flat_map(|(name, _)| heads(name)).map(str::to_owned).collect();
        self.placed.retain(|(name, _)| !cut.contains(name));
        self.known.retain(|name| !cut.contains(name));
    }
}

impl Deref for Names {
    type Target = [Placed<String>];

    fn deref(&self) -> &Self::Target {
        &self.placed
    }
}

/// What the text says of an item of the file's `images`.
#[derive(Debug, Clone, Default)]
pub struct ItemText {
    /// The item it builds on.
    pub depends_on: Option<Placed<u32>>,
    /// What it builds on, in SAT's words.
    pub base: Option<Placed<String>>,
    /// The `ref_name` of the item it builds on.
    pub base_ref: Option<Placed<String>>,
    /// The image in IMS it builds on.
    pub base_id: Option<Placed<ImageId>>,
}

/// An item that SAT gave up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenUp {
    /// The index in the file's `images`.
    pub index: u32,
    /// SAT's words.
    pub reason: String,
    /// The image, where the lines around it tell.
    pub image: Option<String>,
    /// The line.
    pub place: Place,
}

/// Two texts of one run say different things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// What they disagree on, in words.
    pub what: String,
    /// What the better text says, and where.
    pub better: Placed<String>,
    /// What the other says, and where.
    pub other: Placed<String>,
}

/// What is remembered from line to line.
#[derive(Debug, Clone, Default)]
struct Reading {
    /// The image whose failure the next `given up` line is about.
    just_failed: Option<String>,
    /// The image of the last session header.
    watched: Option<String>,
    /// The image whose session was created last.
    last_session: Option<String>,
    traceback: bool,
    report: ReportReader,
    sessions: Sessions,
    /// Where containers of that name stand in the lists of the images, by these.
    containers: HashMap<String, HashMap<usize, usize>>,
    /// How many there are.
    container_count: usize,
    /// What was given up, by index and reason.
    given_up: HashSet<(u32, String)>,
}

impl SatText {
    /// The images, in the order in which the text names them.
    #[must_use]
    pub fn images(&self) -> &[ImageText] {
        &self.images
    }

    /// An image by its rendered name.
    #[must_use]
    pub fn image(&self, name: &str) -> Option<&ImageText> {
        self.by_name.get(name).and_then(|at| self.images.get(*at))
    }

    /// Whether the text says anything of SAT or its script.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.extent.is_none()
    }

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

    fn add_row(&mut self, row: ReportRow) {
        match row.section.as_str() {
            "configurations" => Self::add(&mut self.configurations, &mut self.dropped, &row.name, row.place),
            "session_templates" => Self::add(&mut self.templates, &mut self.dropped, &row.name, row.place),
            "images" if row.of_image => self.with(&row.name.clone(), row.place, |text| {
                text.created = text.created.take().or(row.final_id.clone());
                text.row = text.row.take().or(Some(row));
            }),
            "skipped_images" if row.of_image => {
                self.with(&row.name.clone(), row.place, |text| text.skipped = text.skipped.or(Some(row.place)))
            }
            _ => {}
        }
    }

    /// Ends the reading: what could only be told with everything at hand.
    pub fn finish(&mut self) {
        if let Some(row) = self.reading.report.finish() {
            self.add_row(row);
        }
        self.join_cut_names();
        self.join_built_images();
        for text in self.images.iter_mut().filter(|_| self.announces_wrong_sessions) {
            if text.session_seen.is_none() {
                text.session_created = None;
            }
        }
        self.configurations.drop_cut();
        self.templates.drop_cut();
        self.reading = Reading::default();
    }

    /// A name with a line break stands cut in some lines: what they say belongs to the full name.
    fn join_cut_names(&mut self) {
        let mut full: HashMap<String, String> = HashMap::default();
        for name in self.images.iter().map(|text| &text.name).filter(|name| !name.ends_with(PRE_CONFIGURATION)) {
            if let Some((head, _)) = name.split_once('\n') {
                full.entry(head.to_owned()).or_insert_with(|| name.clone());
            }
        }
        let cut = self.take_out(|text| {
            text.created.is_none() && text.failed.is_none() && text.row.is_none() && full.contains_key(&text.name)
        });
        for text in cut {
            let Some(whole) = full.get(&text.name) else { continue };
            let first = text.first;
            self.with(whole, first, |known| {
                known.absorb(text);
                known.first = known.first.min(first);
            });
        }
    }

    /// `N-pre-configuration` is the built form of N, unless it is a name of its own: then it has a session, or a line
    /// says that it needs no configuration.
    fn join_built_images(&mut self) {
        let built = self.take_out(|text| {
            text.name.strip_suffix(PRE_CONFIGURATION).is_some_and(|stem| !stem.is_empty())
                && !text.customized()
                && text.unconfigured.is_none()
                && text.row.is_none()
                && text.skipped.is_none()
        });
        let mut renamed = HashMap::default();
        for text in built {
            let Some(configured) = text.name.strip_suffix(PRE_CONFIGURATION) else { continue };
            self.with(configured, text.first, |whole| {
                whole.built = text.created;
                whole.build_failed = text.failed;
                whole.first = whole.first.min(text.first);
            });
            renamed.insert(text.name.clone(), configured.to_owned());
        }
        self.rename_given_up(&renamed);
    }

    /// The same text with images called `...-pre-configuration` as images of their own, for a bootprep file that has
    /// such a name. `None` when there is none that could be one.
    #[must_use]
    pub fn with_built_images_apart(&self) -> Option<Self> {
        let apart = |text: &ImageText| {
            (text.built.is_some() || text.build_failed.is_some())
                && !text.customized()
                && text.created.is_none()
                && text.row.is_none()
        };
        if !self.images.iter().any(apart) {
            return None;
        }
        let mut whole = self.clone();
        let mut renamed = HashMap::default();
        for joined in whole.take_out(apart) {
            let own = format!("{}{PRE_CONFIGURATION}", joined.name);
            whole.with(&own, joined.first, |text| {
                text.created = joined.built;
                text.failed = joined.build_failed;
            });
            renamed.insert(joined.name, own);
        }
        whole.rename_given_up(&renamed);
        Some(whole)
    }

    fn rename_given_up(&mut self, renamed: &HashMap<String, String>) {
        for name in self.given_up.iter_mut().filter_map(|known| known.image.as_mut()) {
            if let Some(new) = renamed.get(name) {
                name.clone_from(new);
            }
        }
    }

    /// Takes images out, all in one go: one by one, thousands would take long.
    fn take_out(&mut self, goes: impl Fn(&ImageText) -> bool) -> Vec<ImageText> {
        if !self.images.iter().any(&goes) {
            return Vec::new();
        }
        let (gone, kept) = std::mem::take(&mut self.images).into_iter().partition(goes);
        self.images = kept;
        self.by_name = self.images.iter().enumerate().map(|(at, text)| (text.name.clone(), at)).collect();
        gone
    }

    /// Fills what this text lacks from a less reliable text of the same run, and says where the two disagree.
    pub fn absorb(&mut self, other: Self) -> Vec<Disagreement> {
        let mut found = Vec::new();
        macro_rules! fill {
            ($($field:ident),*) => { $(if self.$field.is_none() { self.$field = other.$field.clone(); })* };
        }
        if let (Some((code, at)), Some((other_code, other_at))) = (&self.exit_code, &other.exit_code)
            && code != other_code
        {
            found.push(Disagreement {
                what: "the exit code".into(),
                better: (code.to_string(), *at),
                other: (other_code.to_string(), *other_at),
            });
        }
        fill!(operation, skipped, input_file, exit_code, dry_run, interrupted, creating, extent);
        for (index, item) in other.items {
            let known = self.items.entry(index).or_default();
            known.depends_on = known.depends_on.or(item.depends_on);
            known.base = known.base.take().or(item.base);
            known.base_ref = known.base_ref.take().or(item.base_ref);
            known.base_id = known.base_id.take().or(item.base_id);
        }
        for text in other.images {
            match self.by_name.get(&text.name).and_then(|at| self.images.get_mut(*at)) {
                Some(known) => {
                    found.extend(disagreement(known, &text));
                    known.absorb(text);
                }
                None => {
                    let (name, first) = (text.name.clone(), text.first);
                    self.with(&name, first, |known| *known = text);
                }
            }
        }
        for (into, from) in [
            (&mut self.configurations, other.configurations),
            (&mut self.configurations_failed, other.configurations_failed),
            (&mut self.templates, other.templates),
        ] {
            for (name, place) in from.iter() {
                Self::add(into, &mut self.dropped, name, *place);
            }
        }
        let mut mine: HashMap<u32, usize> = HashMap::default();
        for (at, known) in self.given_up.iter().enumerate() {
            mine.entry(known.index).or_insert(at);
        }
        for known in other.given_up {
            match mine.get(&known.index).and_then(|at| self.given_up.get_mut(*at)) {
                Some(mine) => mine.image = mine.image.take().or(known.image),
                None => {
                    mine.insert(known.index, self.given_up.len());
                    self.given_up.push(known);
                }
            }
        }
        if self.errors.is_empty() {
            self.errors = other.errors;
        }
        if self.builds_refused.is_empty() {
            self.builds_refused = other.builds_refused;
        }
        self.fingerprints.extend(other.fingerprints);
        self.dropped += other.dropped;
        found
    }

    /// Takes in that the step of this run succeeded: no image of it failed, whatever lines of another attempt say, and an
    /// image without an end has one that was lost. Interrupted, SAT ends as if it had succeeded.
    pub fn step_succeeded(&mut self) {
        self.exit_code = None;
        if self.interrupted.is_some() || self.dry_run.is_some() {
            return;
        }
        for text in &mut self.images {
            text.failed = None;
            text.build_failed = None;
            text.given_up = None;
            text.failed_container = None;
            if text.begun() && text.created.is_none() && text.without_id.is_none() {
                text.lost_id = Some(text.first);
            }
        }
    }

    /// Notes that an image was given up, where only other lines together tell which one it was.
    pub fn give_up(&mut self, image: &str, reason: &str, place: Place) {
        self.with(image, place, |text| text.given_up = Some((reason.to_owned(), place)));
    }

    fn with(&mut self, name: &str, place: Place, change: impl FnOnce(&mut ImageText)) {
        if let Some(image) = self.position(name, place).and_then(|at| self.images.get_mut(at)) {
            change(image);
        }
    }

    /// The same, for a change that tells of its session.
    fn with_session(&mut self, name: &str, place: Place, change: impl FnOnce(&mut ImageText)) {
        if let Some(at) = self.position(name, place)
            && let Some(image) = self.images.get_mut(at)
        {
            self.reading.sessions.forget(image, at);
            change(image);
            self.reading.sessions.note(image, at);
        }
    }

    /// Where the image stands in the list, new if it has to be.
    fn position(&mut self, name: &str, place: Place) -> Option<usize> {
        if let Some(at) = self.by_name.get(name) {
            return Some(*at);
        }
        if self.images.len() >= limits::RUN_ITEMS {
            self.dropped += 1;
            return None;
        }
        let at = self.images.len();
        self.images.push(ImageText::new(name, place));
        self.by_name.insert(name.to_owned(), at);
        Some(at)
    }

    fn item(&mut self, index: u32) -> Option<&mut ItemText> {
        if self.items.len() >= limits::RUN_ITEMS && !self.items.contains_key(&index) {
            self.dropped += 1;
            return None;
        }
        Some(self.items.entry(index).or_default())
    }

    fn add(into: &mut Names, dropped: &mut u64, name: &str, place: Place) {
        *dropped += u64::from(into.add(name, place));
    }

    fn error(&mut self, message: &str, place: Place) {
        if self.errors.len() < limits::RUN_ERRORS && !self.errors.iter().any(|(known, _)| known == message) {
            self.errors.push((message.to_owned(), place));
        }
    }

    fn fingerprint(&mut self, id: &str) {
        if self.fingerprints.len() < limits::RUN_ITEMS && !self.fingerprints.contains(id) {
            self.fingerprints.insert(id.to_owned());
        }
    }
}

fn disagreement(better: &ImageText, other: &ImageText) -> Option<Disagreement> {
    let id = |text: &ImageText| {
        text.created
            .as_ref()
            .map(|(id, place)| (format!("id {id}"), *place))
            .or_else(|| text.failed.map(|place| ("failed".to_owned(), place)))
    };
    let (mine, theirs) = (id(better)?, id(other)?);
    (mine.0 != theirs.0).then(|| Disagreement { what: format!("image {}", better.name), better: mine, other: theirs })
}

/// What stands of a name before each of its line breaks.
fn heads(name: &str) -> impl Iterator<Item = &str> {
    name.match_indices('\n').filter_map(|(at, _)| name.get(..at))
}
