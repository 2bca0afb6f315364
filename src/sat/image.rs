//! What one text says of one image.

use crate::evidence::Place;
use crate::image_id::ImageId;
use crate::positions::ByName;

use super::{Placed, ReportRow};

/// What is told of few images. There may be thousands of them, so it only takes room where it is told.
pub type Rare<T> = Option<Box<Placed<T>>>;

/// What the text says of an image.
#[derive(Debug, Clone)]
pub struct ImageText {
    /// The rendered name.
    pub name: String,
    /// The first line that names it.
    pub first: Place,
    /// `Creation of image ... succeeded`, the id of the last such line.
    pub created: Option<Placed<ImageId>>,
    /// Another id that lines of the same run give it: the lines are of two attempts, and neither id is proven.
    pub other_id: Rare<ImageId>,
    /// Its step succeeded, and the lines with its id were lost.
    pub lost_id: Option<Place>,
    /// SAT called it created without an id.
    pub without_id: Option<Place>,
    /// The image as it was built, where it was to be configured.
    pub built: Option<Placed<ImageId>>,
    /// Its build failed.
    pub build_failed: Option<Place>,
    /// Its creation failed.
    pub failed: Option<Place>,
    /// It was given up for another reason than its own failure, in SAT's words.
    pub given_up: Rare<String>,
    /// It is final as built.
    pub unconfigured: Option<Place>,
    /// Its base is an image.
    pub prebuilt: Option<Place>,
    /// It was in IMS already.
    pub skipped: Option<Place>,
    /// The id CFS made, which a rename destroyed.
    pub renamed: Rare<ImageId>,
    /// SAT asked for this session.
    pub session_asked: Option<Placed<String>>,
    /// CFS took this session; SAT 3.21 prints a name here that is not the session's.
    pub session_created: Option<Placed<String>>,
    /// The session as SAT watched it.
    pub session_seen: Option<Placed<String>>,
    /// The last state of each container of the session.
    pub containers: Vec<(String, Placed<String>)>,
    pub(super) containers_by_name: ByName,
    /// Where the log of the failed container is: pod and container.
    pub failed_container: Rare<(String, String)>,
    /// Its configuration.
    pub configuration: Rare<String>,
    /// Its row in the report.
    pub row: Option<Box<ReportRow>>,
}

impl ImageText {
    pub(super) fn new(name: &str, first: Place) -> Self {
        Self {
            name: name.to_owned(),
            first,
            created: None,
            other_id: None,
            lost_id: None,
            without_id: None,
            built: None,
            build_failed: None,
            failed: None,
            given_up: None,
            unconfigured: None,
            prebuilt: None,
            skipped: None,
            renamed: None,
            session_asked: None,
            session_created: None,
            session_seen: None,
            containers: Vec::new(),
            containers_by_name: ByName::default(),
            failed_container: None,
            configuration: None,
            row: None,
        }
    }

    /// Whether its customization was attempted: its base was ready.
    #[must_use]
    pub fn customized(&self) -> bool {
        self.session_asked.is_some() || self.session_created.is_some() || self.session_seen.is_some()
    }

    /// Whether any line says that work on it began.
    #[must_use]
    pub fn begun(&self) -> bool {
        self.customized()
            || self.prebuilt.is_some()
            || self.created.is_some()
            || self.built.is_some()
            || self.failed.is_some()
            || self.build_failed.is_some()
            || self.without_id.is_some()
    }

    /// Its id, when all lines agree on it.
    #[must_use]
    pub fn id(&self) -> Option<&Placed<ImageId>> {
        self.created.as_ref().filter(|_| self.other_id.is_none())
    }

    /// The session that CFS had; none when it was refused at creation.
    #[must_use]
    pub fn session(&self) -> Option<&Placed<String>> {
        self.session_seen.as_ref().or(self.session_created.as_ref())
    }

    /// The container that failed: the one SAT points to, else the one that the states of all before it prove.
    #[must_use]
    pub fn failing_container(&self) -> Option<(String, Place)> {
        if let Some(((_, container), place)) = self.failed_container.as_deref() {
            return Some((container.clone(), *place));
        }
        if self.created.is_some() {
            return None;
        }
        let failed = |group: &str| {
            let of_group = self.containers.iter().filter(move |(name, (state, _))| {
                state == "failed"
                    && (name == group || name.strip_prefix(group).is_some_and(|rest| rest.starts_with('-')))
            });
            of_group.min_by_key(|(name, _)| layer_number(name)).map(|(name, (_, place))| (name.clone(), *place))
        };
        let passed = |name: &str| {
            let at = self.containers_by_name.find(&self.containers, |(name, _)| name, name);
            at.and_then(|at| self.containers.get(at)).is_some_and(|(_, (state, _))| state == "succeeded")
        };
        if let Some(first) = failed("git-clone").or_else(|| failed("inventory")) {
            return Some(first);
        }
        if let Some((name, place)) = failed("ansible").filter(|_| passed("inventory")) {
            let layers_before = layer_of_container(&name).unwrap_or(0);
            return (0..layers_before).all(|layer| passed(&format!("ansible-{layer}"))).then_some((name, place));
        }
        let mut layers = self.containers.iter().filter(|(name, _)| name.starts_with("ansible")).peekable();
        let all_passed = layers.peek().is_some() && layers.all(|(name, _)| passed(name));
        failed("teardown").filter(|_| all_passed)
    }

    /// Whether the container is one of CFS with a container per layer, or the single one.
    #[must_use]
    pub fn has_container_per_layer(&self) -> bool {
        self.containers.iter().any(|(name, _)| name.starts_with("ansible-"))
    }

    pub(super) fn absorb(&mut self, other: Self) {
        macro_rules! fill {
            ($($field:ident),*) => { $(if self.$field.is_none() { self.$field = other.$field; })* };
        }
        // An end that the better text has is not overruled by lines of the other, which may be of another attempt.
        let ended = self.created.is_some()
            || self.failed.is_some()
            || self.build_failed.is_some()
            || self.given_up.is_some()
            || self.without_id.is_some();
        if !ended {
            fill!(created, other_id, without_id, failed, build_failed, given_up, failed_container);
        } else if self.created.is_none() {
            fill!(failed_container);
        }
        fill!(
            built,
            unconfigured,
            prebuilt,
            skipped,
            renamed,
            session_asked,
            session_created,
            session_seen,
            configuration,
            row
        );
        if self.containers.is_empty() {
            (self.containers, self.containers_by_name) = (other.containers, other.containers_by_name);
        }
    }
}

/// The layer index of `ansible-<k>`; the single `ansible` has none.
#[must_use]
pub fn layer_of_container(container: &str) -> Option<u32> {
    container.strip_prefix("ansible-")?.parse().ok()
}

fn layer_number(container: &str) -> u32 {
    container.rsplit('-').next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
