//! Reading a plan, and refusing one that says what a plan cannot say. A plan may have been edited, cut or mixed up since
//! it was written, and what it says will be done to images.

use std::collections::HashSet;

use crate::image_id::ImageId;
use crate::limits;
use crate::secret;
use crate::text::{Position, SourceText, TextError};
use crate::yaml::{NodeId, Tree, YamlError};

use super::step::At;
use super::{AttemptState, Plan, SCHEMA, StepState, Track, build};

/// Why a file is no plan.
#[derive(Debug, thiserror::Error)]
pub enum BadPlan {
    /// It is no text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Nothing is in it.
    #[error("{path}: this file is empty. Was it copied to its end?")]
    Empty {
        /// The file.
        path: String,
    },
    /// It is not YAML.
    #[error("{path}:{error}; a plan is YAML as incfg plan writes it")]
    Syntax {
        /// The file.
        path: String,
        /// What is wrong, and where.
        error: YamlError,
    },
    /// It is YAML of another kind.
    #[error("{path}: this is no plan: it does not begin with schema: {SCHEMA}. incfg plan makes one")]
    NoPlan {
        /// The file.
        path: String,
    },
    /// It has another schema.
    #[error("{path}:{}:{}: a plan of schema '{found}'; this incfg reads {SCHEMA}. Use the incfg that made it", .at.line, .at.column)]
    Schema {
        /// The file.
        path: String,
        /// Where.
        at: Position,
        /// The schema.
        found: String,
    },
    /// Its end is missing.
    #[error(
        "{path}: the last line of a plan is '...', and here it is missing: the plan was cut, and what it has lost may be a result. Take a whole copy"
    )]
    Cut {
        /// The file.
        path: String,
    },
    /// A field is missing, unknown or of another kind.
    #[error("{path}: {why}")]
    Shape {
        /// The file, and the place where it is known.
        path: String,
        /// What the reader says.
        why: String,
    },
    /// It contradicts itself.
    #[error("{path}:{}:{}: {field}: {why}", .at.line, .at.column)]
    Wrong {
        /// The file.
        path: String,
        /// Where.
        at: Position,
        /// The field.
        field: String,
        /// What is wrong.
        why: String,
    },
}

/// The last line: a plan without it was cut.
pub(super) const END: &str = "...";

impl Plan {
    /// Reads a plan and checks that all it says holds together.
    ///
    /// # Errors
    /// Anything that is not a whole and sound plan.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, BadPlan> {
        let named = || path.to_owned();
        if bytes.len() as u64 > limits::DOCUMENT_BYTES {
            let why =
                format!("larger than {} MiB; a plan is a few kB. Is it the right file?", limits::DOCUMENT_BYTES >> 20);
            return Err(BadPlan::Shape { path: named(), why });
        }
        let text = SourceText::new(path, bytes)?;
        if text.as_str().trim().is_empty() {
            return Err(BadPlan::Empty { path: named() });
        }
        let tree = Tree::parse(&text).map_err(|error| BadPlan::Syntax { path: named(), error })?;
        let schema = tree.root().and_then(|root| tree.get(root, "schema"));
        let found = schema.and_then(|node| Some((node, tree.scalar(node)?)));
        match found.filter(|(_, schema)| schema.starts_with("incfg.plan/")) {
            None => return Err(BadPlan::NoPlan { path: named() }),
            Some((node, schema)) if schema != SCHEMA => {
                let at = text.position(tree.node(node).outer);
                return Err(BadPlan::Schema { path: named(), at, found: schema.to_owned() });
            }
            Some(_) => {}
        }
        if text.as_str().trim_end().lines().next_back() != Some(END) {
            return Err(BadPlan::Cut { path: named() });
        }
        let plan: Self = serde_yaml::from_str(text.as_str()).map_err(|error| shape(path, &error))?;
        plan.fault().map_or(Ok(()), |(field, why)| {
            let at = node_of(&tree, &field).map_or(0, |node| tree.node(node).outer);
            Err(BadPlan::Wrong { path: named(), at: text.position(at), field, why })
        })?;
        Ok(plan)
    }

    /// The first thing that does not hold, and where.
    pub(super) fn fault(&self) -> Option<(String, String)> {
        let wrong = |field: &str, why: &str| Some((field.to_owned(), why.to_owned()));
        if self.id.len() != 8 || !self.id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return wrong("id", "expected eight hexadecimal digits");
        }
        if self.images.is_empty() {
            return wrong("images", "a plan has at least one image");
        }
        let mut labels = HashSet::new();
        for (at, track) in self.images.iter().enumerate() {
            if !labels.insert(track.label()) {
                return wrong(&format!("images[{at}]"), "this image stands twice in the plan");
            }
            if let Some((why, _)) = build::unusable(track) {
                return wrong(&format!("images[{at}]"), &why);
            }
            if let Some((field, why)) = self.track_fault(at, track) {
                return wrong(&format!("images[{at}].{field}"), &why);
            }
        }
        None
    }

    fn track_fault(&self, at: usize, track: &Track) -> Option<(String, String)> {
        let mut expected = 0..u32::try_from(track.configuration.layers.len()).unwrap_or(u32::MAX);
        for (number, layer) in track.configuration.layers.iter().enumerate() {
            if layer.index as usize != number {
                let field = format!("configuration.layers[{number}].index");
                return Some((field, format!("expected {number}: layers stand in the order in which CFS counts them")));
            }
        }
        for (number, step) in track.steps.iter().enumerate() {
            let field = |name: &str| format!("steps[{number}]{name}");
            if step.layers.is_empty() || !step.layers.iter().all(|layer| expected.next() == Some(*layer)) {
                let why = "expected the layers of the configuration in order, each once, and none beyond the last";
                return Some((field(".layers"), why.into()));
            }
            let limit = build::limit(&step.layers);
            if step.limit != limit {
                return Some((field(".limit"), format!("expected '{limit}', the layers of the step")));
            }
            let id = build::step_id(track.label(), &step.layers);
            if step.id != id {
                return Some((field(".id"), format!("expected '{id}'")));
            }
            if let Some((name, why)) = self.attempts_fault(At { track: at, step: number }) {
                return Some((field(&name), why));
            }
        }
        expected.next().map(|layer| ("steps".into(), format!("no step applies layer {layer}")))
    }

    fn attempts_fault(&self, at: At) -> Option<(String, String)> {
        let (track, step) = self.get(at);
        for (number, attempt) in step.attempts.iter().enumerate() {
            let wrong = |name: &str, why: String| Some((format!(".attempts[{number}].{name}"), why));
            let counted = u32::try_from(number + 1).unwrap_or(u32::MAX);
            if attempt.number != counted {
                return wrong("number", format!("expected {counted}"));
            }
            let session = self.session_name(at, counted);
            if attempt.session != session {
                return wrong("session", format!("expected {session}"));
            }
            // An attempt that failed may have begun with a result that was given up since.
            match track.base_of(at.step) {
                _ if attempt.state == AttemptState::Failed => {}
                None => return wrong("state", "the step before has no result, so this one cannot have begun".into()),
                Some(base) if *base != attempt.base_id => {
                    return wrong(
                        "base_id",
                        format!("expected {base}, which the step before made or the plan begins with"),
                    );
                }
                Some(_) => {}
            }
            let last = number + 1 == step.attempts.len();
            if !last && attempt.state != AttemptState::Failed {
                return wrong("state", "only the last attempt of a step can be anything but failed".into());
            }
            match (attempt.state, &attempt.result_id) {
                (AttemptState::Done, None) => return wrong("result_id", "an attempt that is done has a result".into()),
                (AttemptState::Intended, Some(_)) => {
                    return wrong("result_id", "an attempt whose session is not created yet has no result".into());
                }
                _ => {}
            }
            if attempt.result_id.as_ref() == Some(&attempt.base_id) {
                return wrong("result_id", "the result equals the base image".into());
            }
            if !attempt.looked_at.is_empty() && (attempt.state != AttemptState::Created || attempt.result_id.is_none())
            {
                return wrong("looked_at", "only what a session under way has named is looked at".into());
            }
            let used = |id: &&ImageId| **id == attempt.base_id || attempt.result_id.as_ref() == Some(id);
            if let Some(id) = attempt.other_images.iter().find(used) {
                return wrong("other_images", format!("{id} is its base image or its result"));
            }
        }
        let before = at.step.checked_sub(1).and_then(|before| track.steps.get(before));
        let done_before = before.is_none_or(|before| before.state() == StepState::Done);
        let begun = step.attempts.iter().any(|attempt| attempt.state != AttemptState::Failed);
        (begun && !done_before)
            .then(|| (".attempts".into(), "the step before is not done, so this one cannot have begun".into()))
    }

    /// The plan as text: a heading for a person, the fields, the mark of its end. It quotes logs, so it is masked; what is
    /// acted on holds no secret, or there would be no plan.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        let mut fields = serde_yaml::to_value(self).unwrap_or_default();
        mask(&mut fields);
        let fields = serde_yaml::to_string(&fields).unwrap_or_default();
        format!(
            "# A plan of incfg: images configured on from their base, session by session.\n# incfg status FILE tells where it stands, incfg run FILE goes on with it, incfg next FILE shows how to go on by hand.\n# A copy of this file is the same plan: go on with one of them only.\n{fields}{END}\n"
        )
    }
}

/// Masks every text of the fields.
fn mask(value: &mut serde_yaml::Value) {
    match value {
        serde_yaml::Value::String(text) => {
            if let std::borrow::Cow::Owned(masked) = secret::masked(text) {
                *text = masked;
            }
        }
        serde_yaml::Value::Sequence(items) => items.iter_mut().for_each(mask),
        serde_yaml::Value::Mapping(entries) => entries.values_mut().for_each(mask),
        _ => {}
    }
}

/// What the reader of the fields says, with the place in front as everywhere else.
fn shape(path: &str, error: &serde_yaml::Error) -> BadPlan {
    let said = error.to_string();
    let Some(at) = error.location() else { return BadPlan::Shape { path: path.to_owned(), why: said } };
    let (line, column) = (at.line(), at.column());
    let why = said.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&said);
    // To pass over a field that is not known would lose it with the next write.
    let newer = if why.contains("unknown field") {
        concat!(". A newer incfg than this ", env!("CARGO_PKG_VERSION"), " may have written it: use that one")
    } else {
        ""
    };
    BadPlan::Shape { path: format!("{path}:{line}:{column}"), why: format!("{why}{newer}") }
}

/// The node of a field like `images[0].steps[2].limit`; of a missing one, what it should stand in.
fn node_of(tree: &Tree, field: &str) -> Option<NodeId> {
    let mut node = tree.root()?;
    for part in field.split('.') {
        let (key, indices) = part.split_once('[').map_or((part, ""), |(key, rest)| (key, rest));
        if !key.is_empty() {
            let Some(value) = tree.get(node, key) else { return Some(node) };
            node = value;
        }
        for index in indices.split(['[', ']']).filter_map(|index| index.parse::<usize>().ok()) {
            let Some(item) = tree.items(node).and_then(|items| items.get(index)) else { return Some(node) };
            node = *item;
        }
    }
    Some(node)
}
