//! The variables of a bootprep file: what SAT renders its templates with.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

use crate::jinja::{self, NamePattern};
use crate::text::{SourceText, TextError};
use crate::yaml::{Meaning, NodeId, NodeKind, Tree, YamlError};

/// Why variables cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariablesError {
    /// The file is no text.
    #[error(transparent)]
    Text(#[from] TextError),
    /// The file is not YAML or JSON.
    #[error("{path}:{error}")]
    Syntax {
        /// The file.
        path: String,
        /// What the reader says, with line and column.
        error: YamlError,
    },
    /// The file holds no mapping.
    #[error("{path}: expected a mapping of variables, as in product_vars.yaml or session_vars.yaml")]
    Shape {
        /// The file.
        path: String,
    },
}

/// A file of variables, read as PyYAML reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct VariablesFile {
    /// Its name, for messages.
    pub path: String,
    /// Its text.
    pub text: SourceText,
    /// Its tree.
    pub tree: Tree,
}

impl VariablesFile {
    /// Reads a file.
    ///
    /// # Errors
    /// Bytes that are no text, or text that is no YAML; JSON is YAML.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, VariablesError> {
        let text = SourceText::new(path, bytes)?;
        let tree = Tree::parse(&text).map_err(|error| VariablesError::Syntax { path: path.to_owned(), error })?;
        Ok(Self { path: path.to_owned(), text, tree })
    }

    fn values(&self) -> Result<Map<String, Json>, VariablesError> {
        match self.tree.root().map(|root| value(&self.tree, root, 0)) {
            Some(Json::Object(map)) => Ok(map),
            _ => Err(VariablesError::Shape { path: self.path.clone() }),
        }
    }
}

/// The variables of a bootprep file, from one or more files; a later file wins, key by key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variables(Arc<BTreeMap<String, Json>>);

/// What a lookup of a variable or attribute finds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Known<'a> {
    /// A value.
    Value(&'a Json),
    /// Nothing: the name at this position of the path is not there.
    Missing(usize),
    /// A list, or a method of a text, has been asked for; what Python makes of that is not known here.
    Opaque,
}

/// Methods of Python's texts: an attribute of these names is there.
const METHODS: [&str; 12] = [
    "capitalize",
    "endswith",
    "format",
    "join",
    "lower",
    "replace",
    "rsplit",
    "split",
    "startswith",
    "strip",
    "title",
    "upper",
];

impl Variables {
    /// Takes a file in. Its top-level names get `_` for `-`, as SAT does it.
    ///
    /// # Errors
    /// Text that is no YAML or JSON mapping.
    pub fn add_file(&mut self, path: &str, text: &str) -> Result<(), VariablesError> {
        self.add(&VariablesFile::parse(path, text.as_bytes())?)
    }

    /// Takes a file in that has been read.
    ///
    /// # Errors
    /// A file that holds no mapping.
    pub fn add(&mut self, file: &VariablesFile) -> Result<(), VariablesError> {
        for (name, value) in file.values()? {
            merge(Arc::make_mut(&mut self.0).entry(name.replace('-', "_")).or_insert(Json::Null), value);
        }
        Ok(())
    }

    /// Sets one variable, `name.attribute=value`, over what the files say.
    pub fn set(&mut self, names: &[String], value: &str) {
        let Some((last, rest)) = names.split_last() else { return };
        let mut tree = Json::Object(Map::from_iter([(last.clone(), Json::String(value.to_owned()))]));
        for name in rest.iter().rev() {
            tree = Json::Object(Map::from_iter([(name.clone(), tree)]));
        }
        if let Json::Object(map) = tree {
            for (name, value) in map {
                merge(Arc::make_mut(&mut self.0).entry(name.replace('-', "_")).or_insert(Json::Null), value);
            }
        }
    }

    /// Whether there are none at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names, as Jinja2 sees them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What a variable, or an attribute of one, is.
    #[must_use]
    pub fn get(&self, names: &[String]) -> Known<'_> {
        let Some(mut value) = names.first().and_then(|name| self.0.get(name)) else { return Known::Missing(0) };
        for (at, name) in names.iter().enumerate().skip(1) {
            match value {
                Json::Object(map) => match map.get(name) {
                    Some(next) => value = next,
                    None => return Known::Missing(at),
                },
                // Lists have items and methods that Python knows; texts and numbers have no attributes of their own.
                Json::Array(_) => return Known::Opaque,
                _ if METHODS.contains(&name.as_str()) => return Known::Opaque,
                _ => return Known::Missing(at),
            }
        }
        Known::Value(value)
    }

    /// What the name of an image renders to, with holes for `base.name` and for what the variables do not know.
    #[must_use]
    pub fn pattern(&self, template: &str) -> NamePattern {
        jinja::render(template, &self.0, "base")
    }

    /// What the name of a session template renders to, with holes for `image.name` and for what the variables do not
    /// know. The name of the image fills the same hole as that of a base.
    #[must_use]
    pub fn pattern_of_template(&self, template: &str) -> NamePattern {
        jinja::render(template, &self.0, "image")
    }
}

fn merge(into: &mut Json, from: Json) {
    match (into, from) {
        (Json::Object(into), Json::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Json::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// A value as Python has it once PyYAML has read it. Dates are given as the text they print.
fn value(tree: &Tree, id: NodeId, depth: usize) -> Json {
    let id = tree.resolved(id);
    if depth > crate::limits::YAML_DEPTH {
        return Json::Null;
    }
    match &tree.node(id).kind {
        NodeKind::Mapping { .. } => tree
            .effective(id)
            .into_iter()
            .filter_map(|(key, held)| Some((tree.scalar(key)?.to_owned(), value(tree, held, depth + 1))))
            .collect::<Map<_, _>>()
            .into(),
        NodeKind::Sequence { items, .. } => items.iter().map(|item| value(tree, *item, depth + 1)).collect(),
        NodeKind::Scalar { text, .. } => match tree.meaning(id) {
            Meaning::Null => Json::Null,
            Meaning::Bool(truth) => Json::Bool(truth),
            Meaning::Int(Some(number)) => i64::try_from(*number)
                .map(|number| Json::Number(number.into()))
                .unwrap_or_else(|_| Json::String(number.to_string())),
            meaning @ Meaning::Float(number) => Number::from_f64(number)
                .filter(|_| (1e-4..1e16).contains(&number.abs()))
                .map_or_else(|| Json::String(meaning.printed().unwrap_or_default()), Json::Number),
            _ => Json::String(text.to_string()),
        },
        NodeKind::Alias { .. } => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(text: &str) -> Variables {
        let mut variables = Variables::default();
        variables.add_file("vars.yaml", text).unwrap();
        variables
    }

    #[test]
    fn values_are_read_as_pyyaml_reads_them() {
        let variables = variables(
            "a: {v: 1.10, o: 010, y: yes, s: '1.10', d: 2024-11-05, n: ~}\nb-c: &x {k: 1}\nd: {<<: *x, l: 2}\n",
        );
        let rendered = |template: &str| variables.pattern(template).text().map(str::to_owned);
        assert_eq!(
            rendered("{{a.v}} {{a.o}} {{a.y}} {{a.s}} {{a.d}} {{a.n}}").as_deref(),
            Some("1.1 8 True 1.10 2024-11-05 None")
        );
        assert_eq!(rendered("{{b_c.k}}{{d.k}}{{d.l}}").as_deref(), Some("112"));
    }

    #[test]
    fn a_later_file_wins_key_by_key_and_hyphens_become_underscores() {
        let mut variables = variables("default: {note: ssi-, suffix: -1}\nslingshot-host-software: {version: '2'}\n");
        variables.add_file("b", "{\"default\": {\"suffix\": \"-2\"}}").unwrap();
        assert_eq!(
            variables.pattern("{{default.note}}x{{default.suffix}}-{{slingshot_host_software.version}}").text(),
            Some("ssi-x-2-2")
        );
    }

    #[test]
    fn a_flag_wins_over_the_files() {
        let mut variables = variables("default: {suffix: -1, note: n}\n");
        variables.set(&["default".into(), "suffix".into()], "-2");
        assert_eq!(variables.pattern("{{default.note}}{{default.suffix}}").text(), Some("n-2"));
    }

    #[test]
    fn a_lookup_tells_which_name_is_missing() {
        let variables = variables("default: {suffix: x}\n");
        let get = |path: &str| variables.get(&path.split('.').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(get("default.suffix"), Known::Value(&Json::String("x".into())));
        assert_eq!(
            (get("defaut.suffix"), get("default.sufix"), get("default.suffix.x")),
            (Known::Missing(0), Known::Missing(1), Known::Missing(2))
        );
    }
}
