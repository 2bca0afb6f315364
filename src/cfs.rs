//! What CFS leaves: the log of an ansible container, and the JSON of a configuration.

mod saved;
mod session;

use serde::Deserialize;
use serde_json::Value;

use crate::evidence::Place;
use crate::fact::{Fact, Text};
use crate::limits;
use crate::statement::Statement;

pub use saved::Saved;
pub use session::{Artifact, Group, Mapped, NotASession, Session, Status, Succeeded};

/// The log of an ansible container.
#[derive(Debug, Clone, Default)]
pub struct AnsibleText {
    /// The layers that began, in order.
    pub layers: Vec<LayerRun>,
    /// The line that says a layer failed.
    pub failed: Option<(LayerRun, Place)>,
    /// All layers passed.
    pub passed: Option<Place>,
    /// The inventory could not be made, so no layer ran.
    pub inventory_failed: Option<Place>,
    /// The container runs one layer only, as CFS of CSM 1.3.0 and before had it.
    pub one_layer: Option<Place>,
    /// The task that failed last, and on which host with what message.
    pub failed_task: Option<FailedTask>,
    task: Option<String>,
}

/// A layer as the log names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerRun {
    /// The playbook.
    pub playbook: String,
    /// The repository; absent for a layer of another source, where the log says `null`.
    pub repository: Option<String>,
    /// The line.
    pub place: Place,
}

/// A task that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedTask {
    /// Its name.
    pub task: Option<String>,
    /// The host it failed on: an image, here.
    pub host: String,
    /// What ansible says.
    pub detail: String,
    /// The line.
    pub place: Place,
}

impl AnsibleText {
    /// Takes one more statement in.
    pub fn take(&mut self, statement: Statement<'_>) {
        let place = statement.place;
        match statement.fact {
            Fact::Inventory { result } if result == "failed" => self.inventory_failed = Some(place),
            Fact::LayerBegin { playbook, repository } => {
                if self.layers.len() < limits::ANSIBLE_LAYERS {
                    self.layers.push(layer_run(playbook, repository, place));
                }
                self.task = None;
                self.failed_task = None;
            }
            Fact::LayerFailed { playbook, repository } => {
                self.failed = Some((layer_run(playbook, repository, place), place))
            }
            Fact::LayersPassed {} => self.passed = Some(place),
            Fact::LayerSkipped {} | Fact::LayerWaiting {} => self.one_layer = Some(place),
            Fact::Task { task } => self.task = Some(task.into_owned()),
            Fact::TaskFailed { host, detail } => {
                let (host, detail) = (host.into_owned(), detail.into_owned());
                self.failed_task = Some(FailedTask { task: self.task.clone(), host, detail, place });
            }
            _ => {}
        }
    }

    /// Whether the log says anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
            && self.failed.is_none()
            && self.passed.is_none()
            && self.inventory_failed.is_none()
            && self.one_layer.is_none()
    }

    /// The layer that failed, as its position among the layers that ran: the one the log says failed, else the last one
    /// that began and had no end.
    #[must_use]
    pub fn failing(&self) -> Option<(usize, &LayerRun)> {
        if self.passed.is_some() {
            return None;
        }
        let position = match &self.failed {
            Some((failed, _)) => self
                .layers
                .iter()
                .rposition(|run| run.playbook == failed.playbook && run.repository == failed.repository)?,
            None => self.layers.len().checked_sub(1)?,
        };
        Some((position, self.layers.get(position)?))
    }
}

fn layer_run(playbook: Text<'_>, repository: Option<Text<'_>>, place: Place) -> LayerRun {
    LayerRun {
        playbook: playbook.into_owned(),
        repository: repository.filter(|name| name != "null" && !name.is_empty()).map(Text::into_owned),
        place,
    }
}

/// A CFS configuration, from `cray cfs configurations describe` (v2 or v3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Its name.
    pub name: String,
    /// Its layers; the position is the index CFS uses.
    pub layers: Vec<Layer>,
    /// When it was last changed, as CFS prints it.
    pub last_updated: Option<String>,
    /// An inventory repository and its commit, where it has one.
    pub additional_inventory: Option<String>,
    /// It is written as CFS v3 writes it.
    pub v3: bool,
}

/// A layer of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Layer {
    /// Its name; may be absent.
    pub name: Option<String>,
    /// The playbook; may be absent in v2.
    pub playbook: Option<String>,
    /// The repository; absent for a layer of a source.
    #[serde(alias = "cloneUrl")]
    pub clone_url: Option<String>,
    /// The source, v3 only.
    pub source: Option<String>,
    /// The commit, 40 hexadecimal digits.
    pub commit: Option<String>,
    /// What else CFS is told of the layer.
    #[serde(alias = "specialParameters")]
    pub special_parameters: Option<SpecialParameters>,
}

/// What else CFS is told of a layer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SpecialParameters {
    /// The image needs DKMS while it is configured.
    #[serde(alias = "imsRequireDkms")]
    pub ims_require_dkms: Option<bool>,
}

impl Configuration {
    /// The configuration in a JSON document; `None` when it is something else.
    #[must_use]
    pub fn from_json(document: &Value) -> Option<Self> {
        let layers = document.get("layers")?.as_array()?;
        Some(Self {
            name: document.get("name")?.as_str()?.to_owned(),
            layers: layers.iter().map(|layer| Layer::deserialize(layer).ok()).collect::<Option<_>>()?,
            last_updated: ["last_updated", "lastUpdated"]
                .iter()
                .find_map(|key| document.get(key)?.as_str())
                .map(str::to_owned),
            additional_inventory: ["additional_inventory", "additionalInventory"]
                .iter()
                .find_map(|key| document.get(key)?.as_object())
                .map(inventory_text),
            v3: document.get("last_updated").is_some(),
        })
    }

    /// The index of the layer that the log calls its `position`-th. Every layer up to there must be the configuration's
    /// layer of that position, by repository and playbook.
    ///
    /// # Errors
    /// Where log and configuration part, in words.
    pub fn index_of(&self, log: &AnsibleText, position: usize) -> Result<usize, String> {
        if let (Some(_), Some(run)) = (&log.one_layer, log.layers.get(position)) {
            let same: Vec<usize> =
                self.layers.iter().enumerate().filter(|(_, layer)| layer.is(run)).map(|(at, _)| at).collect();
            return match same.as_slice() {
                [index] => Ok(*index),
                _ => Err(format!(
                    "{} layers of configuration {} run {} from that repository",
                    same.len(),
                    self.name,
                    run.playbook
                )),
            };
        }
        for (at, run) in log.layers.iter().enumerate().take(position + 1) {
            match self.layers.get(at) {
                None => {
                    return Err(format!(
                        "the log runs more layers than the {} of configuration {}",
                        self.layers.len(),
                        self.name
                    ));
                }
                Some(layer) if !layer.is(run) => {
                    return Err(format!(
                        "layer {at} of the log runs {}, layer {at} of configuration {} is {}",
                        run.playbook,
                        self.name,
                        layer.label()
                    ));
                }
                Some(_) => {}
            }
        }
        Ok(position)
    }
}

/// An additional inventory as one text: where it is, and its commit.
fn inventory_text(inventory: &serde_json::Map<String, Value>) -> String {
    let text = |keys: [&str; 3]| keys.iter().find_map(|key| inventory.get(*key)?.as_str());
    let parts = [text(["clone_url", "cloneUrl", "source"]), text(["commit", "commit", "branch"])];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" at ")
}

impl Layer {
    /// Whether the log's layer can be this one.
    fn is(&self, run: &LayerRun) -> bool {
        let repository = match (&run.repository, &self.clone_url) {
            (Some(run), Some(layer)) => run == layer,
            (None, Some(_)) => false,
            (Some(run), None) => self.source.as_ref() == Some(run),
            (None, None) => true,
        };
        repository && self.playbook.as_ref().is_none_or(|playbook| *playbook == run.playbook)
    }

    /// Whether the image needs DKMS while it is configured.
    #[must_use]
    pub fn requires_dkms(&self) -> bool {
        self.special_parameters.as_ref().and_then(|special| special.ims_require_dkms).unwrap_or_default()
    }

    /// Name, playbook and repository, as far as they are known.
    #[must_use]
    pub fn label(&self) -> String {
        let parts =
            [self.name.as_deref(), self.playbook.as_deref(), self.clone_url.as_deref().or(self.source.as_deref())];
        let label: Vec<&str> = parts.into_iter().flatten().collect();
        if label.is_empty() { "without name, playbook and repository".into() } else { label.join(", ") }
    }
}
