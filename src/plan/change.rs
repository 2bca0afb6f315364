//! A configuration that is not as it was when the plan was made: what is different, what that means for the images of
//! the plan, and what settles it.

use std::collections::BTreeSet;

use crate::cfs::{Configuration, Layer};
use crate::secret;

use super::command::CrayCommand;
use super::step::At;
use super::{AttemptState, Plan, PlannedConfiguration, PlannedLayer, StepState, Track};

/// The flag of `incfg record` that takes a changed configuration over.
pub const ACCEPT_FLAG: &str = "--accept-configuration";

/// Differences that are told one by one.
const TOLD: usize = 3;

/// How a configuration differs from the one in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The configuration.
    pub name: String,
    /// What is different, in words.
    pub difference: String,
    /// What that means.
    pub means: Means,
}

/// What a change means for the images that use the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Means {
    /// No session has begun what changed: the plan can go on with it.
    Open,
    /// Sessions have applied it as it was, or are at it.
    Begun {
        /// The layers that images have, or are getting.
        layers: BTreeSet<u32>,
        /// The sessions to give up, in this order, before the plan can go on with the change.
        give_up: Vec<String>,
        /// Nothing is applied yet: the only session to give up is under way.
        under_way: bool,
    },
    /// It has another number of layers, which the steps of the plan do not fit.
    Count {
        /// The image.
        image: String,
        /// The image a new plan begins with.
        base: String,
    },
}

impl Plan {
    /// How a configuration differs from the one in the plan; nothing when only the date of its last update does. Images
    /// that are made already have it as it was, and are asked only when no other image uses it.
    #[must_use]
    pub fn change(&self, now: &PlannedConfiguration) -> Option<Change> {
        let users = self.users(&now.name).into_iter().filter_map(|track| self.images.get(track));
        let mut differences = users.clone().map(|track| track.configuration.differences(now));
        let difference = differences.find(|differences| !differences.is_empty())?;
        let changed = |means| Some(Change { name: now.name.clone(), difference: listed(&difference), means });
        let other_count = |track: &&Track| track.configuration.layers.len() != now.layers.len();
        if let Some(track) = users.clone().find(other_count) {
            return changed(Means::Count { image: track.label().to_owned(), base: track.base_image.id.to_string() });
        }
        let mut layers = BTreeSet::new();
        let mut give_up = Vec::new();
        let mut applied = false;
        for track in users {
            let begun = track.begun(now);
            layers.extend(begun.layers);
            give_up.extend(begun.sessions);
            applied |= begun.applied;
        }
        changed(if layers.is_empty() { Means::Open } else { Means::Begun { layers, give_up, under_way: !applied } })
    }

    /// Takes over when a configuration was written last that has not changed; whether that is new.
    pub fn written_anew(&mut self, now: &PlannedConfiguration) -> bool {
        let mut new = false;
        for track in self.users(&now.name) {
            let Some(planned) = self.images.get_mut(track).map(|track| &mut track.configuration) else { continue };
            if planned.differences(now).is_empty() && planned.last_updated != now.last_updated {
                planned.last_updated.clone_from(&now.last_updated);
                new = true;
            }
        }
        new
    }

    /// The images that a configuration of this name concerns.
    pub(super) fn users(&self, configuration: &str) -> Vec<usize> {
        let images = self.images.iter().enumerate();
        let all = images.filter(|(_, track)| track.configuration.name == configuration);
        let open: Vec<usize> = all.clone().filter(|(_, track)| !track.is_done()).map(|(at, _)| at).collect();
        if open.is_empty() { all.map(|(at, _)| at).collect() } else { open }
    }

    /// What has changed in what the session of an open step applies; CFS reads the configuration when it picks the session
    /// up, not when it is created.
    #[must_use]
    pub fn change_in(&self, at: At, now: &PlannedConfiguration) -> Option<String> {
        let (track, step) = self.get(at);
        let before = &track.configuration;
        let layer = |index: &u32| match (before.layers.get(*index as usize), now.layers.get(*index as usize)) {
            (Some(old), Some(new)) => old.difference(new),
            (Some(_), None) => Some(format!("layer {index} is gone")),
            (None, _) => None,
        };
        step.layers.iter().find_map(layer).or_else(|| before.inventory_difference(now))
    }
}

/// What sessions of a track have to do with a change.
#[derive(Default)]
struct Begun {
    layers: BTreeSet<u32>,
    sessions: Vec<String>,
    applied: bool,
}

impl Track {
    fn begun(&self, now: &PlannedConfiguration) -> Begun {
        let mut begun = Begun::default();
        let before = &self.configuration;
        let inventory = before.inventory_difference(now).is_some();
        let changed =
            |layer: &&u32| inventory || before.layers.get(**layer as usize) != now.layers.get(**layer as usize);
        let of_steps = self.steps.iter().filter(|step| !matches!(step.state(), StepState::Todo | StepState::Failed));
        for step in of_steps {
            begun.layers.extend(step.layers.iter().filter(changed));
            // Whatever was made on a changed layer rests on it.
            if !begun.layers.is_empty()
                && let Some(attempt) = step.attempts.last()
            {
                begun.applied |= attempt.state == AttemptState::Done;
                begun.sessions.insert(0, attempt.session.clone());
            }
        }
        begun
    }
}

impl Change {
    /// What it means and what settles it, in words; `file` is the plan as a shell takes it.
    #[must_use]
    pub fn told(&self, plan: &Plan, file: &str) -> String {
        let name = &self.name;
        let describe = CrayCommand::describe_configuration(plan.target.cfs, name).in_shell();
        let accept = format!("`{describe} | incfg record {file} - {ACCEPT_FLAG}`");
        let settle = match &self.means {
            Means::Open => {
                format!(
                    "No session has begun what changed. If the change is meant, take it over: {accept}; if not, undo it in CFS"
                )
            }
            Means::Begun { layers, give_up, under_way } => {
                let each: Vec<String> =
                    give_up.iter().map(|session| format!("incfg record {file} --give-up {session}")).collect();
                let layers = in_words(layers);
                let again = each.join(" && ");
                if *under_way {
                    let sessions = give_up.join(", ");
                    let open = if give_up.len() == 1 {
                        format!(
                            "Session {sessions} applies {layers}; whether it reads the old or the new is open, so its image does not count. Give it up"
                        )
                    } else {
                        format!(
                            "Sessions {sessions} apply {layers}; whether they read the old or the new is open, so their images do not count. Give them up"
                        )
                    };
                    format!("{open}: `{again}`; then take the change over: {accept}")
                } else {
                    format!(
                        "Images hold {layers} from before the change, so what is made on them would be part old and part new. Undo the change in CFS and go on; or apply what has changed, and all after it, anew: `{again}`, and then take the change over: {accept}"
                    )
                }
            }
            Means::Count { image, base } => format!(
                "The steps of the plan do not fit it. Undo the change in CFS and go on; or make a new plan, which begins with the base image again: incfg plan ... --image {} --base-image-id {base} --configuration-file NEW.json",
                crate::shown::shell_word(image)
            ),
        };
        format!("configuration {name} is not what the plan was made with: {}. {settle}", self.difference)
    }
}

fn in_words(layers: &BTreeSet<u32>) -> String {
    let each: Vec<String> = layers.iter().map(u32::to_string).collect();
    format!("layer{} {}", if each.len() == 1 { "" } else { "s" }, each.join(","))
}

fn listed(differences: &[String]) -> String {
    let told = differences.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
    match differences.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told}; and {more} more"),
    }
}

impl PlannedConfiguration {
    /// The configuration as CFS describes it.
    #[must_use]
    pub fn of(configuration: &Configuration) -> Self {
        let layer = |(index, layer): (usize, &Layer)| PlannedLayer {
            index: u32::try_from(index).unwrap_or(u32::MAX),
            name: layer.name.as_deref().map(without_secret),
            repository: layer.clone_url.as_deref().or(layer.source.as_deref()).map(without_secret),
            playbook: layer.playbook.as_deref().map(without_secret),
            commit: layer.commit.as_deref().map(without_secret),
            requires_dkms: layer.requires_dkms(),
        };
        Self {
            name: configuration.name.clone(),
            last_updated: configuration.last_updated.as_deref().map(without_secret),
            additional_inventory: configuration.additional_inventory.as_deref().map(without_secret),
            layers: configuration.layers.iter().enumerate().map(layer).collect(),
        }
    }

    /// All that is different in a configuration as it is now, but the date of its last update.
    fn differences(&self, now: &Self) -> Vec<String> {
        if self.layers.len() != now.layers.len() {
            return vec![format!("it has {} layers now, and had {}", now.layers.len(), self.layers.len())];
        }
        let layers = self.layers.iter().zip(&now.layers).filter_map(|(old, new)| old.difference(new));
        layers.chain(self.inventory_difference(now)).collect()
    }

    fn inventory_difference(&self, now: &Self) -> Option<String> {
        let text = |inventory: &Option<String>| inventory.clone().unwrap_or_else(|| "none".into());
        (self.additional_inventory.as_deref().map(without_secret) != now.additional_inventory).then(|| {
            format!(
                "its additional inventory is {} now, and was {}",
                text(&now.additional_inventory),
                text(&self.additional_inventory)
            )
        })
    }
}

/// A clone URL may hold a password, and no field is safe from one. A plan has it masked, and two that differ only in it are
/// the same.
fn without_secret(text: &str) -> String {
    secret::masked(text).into_owned()
}

impl PlannedLayer {
    fn difference(&self, now: &Self) -> Option<String> {
        let dkms = |required: bool| Some(if required { "required" } else { "not required" }.to_owned());
        let parts = [
            ("commit", self.commit.clone(), now.commit.clone()),
            ("playbook", self.playbook.clone(), now.playbook.clone()),
            ("repository", self.repository.as_deref().map(without_secret), now.repository.clone()),
            ("name", self.name.clone(), now.name.clone()),
            ("DKMS", dkms(self.requires_dkms), dkms(now.requires_dkms)),
        ];
        parts.into_iter().find(|(_, before, now)| before != now).map(|(part, before, now)| {
            let shown = |text: Option<String>| text.unwrap_or_else(|| "none".into());
            format!("{part} of layer {} is {} now, and was {}", self.index, shown(now), shown(before))
        })
    }

    /// Name and playbook, as far as they are known.
    #[must_use]
    pub fn label(&self) -> String {
        let parts: Vec<&str> = [self.name.as_deref(), self.playbook.as_deref()].into_iter().flatten().collect();
        if parts.is_empty() { self.repository.clone().unwrap_or_default() } else { parts.join(", ") }
    }
}
