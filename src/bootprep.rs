//! A bootprep file, as far as an analysis needs it: which images it defines, on what, with which configuration.

pub mod names;

use serde_yaml::Value;

/// Why a file is no bootprep file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BootprepError {
    /// It is not YAML.
    #[error("{path}: not YAML: {why}")]
    Syntax {
        /// The file.
        path: String,
        /// What the reader says, with line and column.
        why: String,
    },
    /// It is YAML of another kind.
    #[error("{path}: this is no bootprep file: {why}")]
    Shape {
        /// The file.
        path: String,
        /// What was expected.
        why: String,
    },
}

/// A bootprep file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bootprep {
    /// Its images, in order; SAT counts them from 0.
    pub images: Vec<Item>,
}

/// An entry of `images`. Names and configurations are as written: templates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The name, as written.
    pub name: String,
    /// The name by which other entries refer to it; never rendered.
    pub ref_name: Option<String>,
    /// What it builds on.
    pub base: Base,
    /// The configuration, as written.
    pub configuration: Option<String>,
    /// The groups.
    pub groups: Option<Vec<String>>,
}

/// What an image builds on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// Another entry, by its `ref_name`.
    ImageRef(String),
    /// A recipe or image in IMS; id and name as written.
    Ims {
        /// A recipe, not an image.
        recipe: bool,
        /// Its id.
        id: Option<String>,
        /// Its name.
        name: Option<String>,
    },
    /// A recipe or image that a product brought.
    Product {
        /// A recipe, not an image.
        recipe: bool,
    },
    /// None that incfg understands.
    Unknown,
}

impl Base {
    /// Whether building it takes a job of IMS.
    #[must_use]
    pub fn is_recipe(&self) -> Option<bool> {
        match self {
            Self::ImageRef(_) => Some(false),
            Self::Ims { recipe, .. } | Self::Product { recipe } => Some(*recipe),
            Self::Unknown => None,
        }
    }
}

impl Bootprep {
    /// Reads a bootprep file.
    ///
    /// # Errors
    /// Text that is not YAML, or is YAML of another kind.
    pub fn parse(path: &str, text: &str) -> Result<Self, BootprepError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let value: Value = serde_yaml::from_str(text)
            .map_err(|error| BootprepError::Syntax { path: path.to_owned(), why: error.to_string() })?;
        let shape = |why: &str| BootprepError::Shape { path: path.to_owned(), why: why.to_owned() };
        let known = ["schema_version", "configurations", "images", "session_templates"];
        if !value.is_mapping() || known.iter().all(|key| value.get(key).is_none()) {
            return Err(shape("expected a mapping with configurations, images or session_templates"));
        }
        let images = match value.get("images") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Sequence(items)) => items.iter().map(Item::from_value).collect(),
            Some(_) => return Err(shape("`images` is no list")),
        };
        Ok(Self { images })
    }

    /// The position of the entry with this `ref_name`.
    #[must_use]
    pub fn by_ref(&self, ref_name: &str) -> Option<usize> {
        self.images.iter().position(|item| item.ref_name.as_deref() == Some(ref_name))
    }
}

impl Item {
    fn from_value(value: &Value) -> Self {
        Self {
            name: text(value, "name").unwrap_or_default(),
            ref_name: text(value, "ref_name"),
            base: Base::from_value(value),
            configuration: text(value, "configuration"),
            groups: value
                .get("configuration_group_names")
                .and_then(Value::as_sequence)
                .map(|groups| groups.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        }
    }
}

impl Base {
    fn from_value(item: &Value) -> Self {
        if let Some(ims) = item.get("ims") {
            return Self::Ims {
                recipe: ims.get("is_recipe").and_then(Value::as_bool).unwrap_or(false),
                id: text(ims, "id"),
                name: text(ims, "name"),
            };
        }
        let Some(base) = item.get("base") else { return Self::Unknown };
        if let Some(ref_name) = text(base, "image_ref") {
            return Self::ImageRef(ref_name);
        }
        if let Some(ims) = base.get("ims") {
            return Self::Ims {
                recipe: text(ims, "type").as_deref() == Some("recipe"),
                id: text(ims, "id"),
                name: text(ims, "name"),
            };
        }
        match base.get("product") {
            Some(product) => Self::Product { recipe: text(product, "type").as_deref() == Some("recipe") },
            None => Self::Unknown,
        }
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
