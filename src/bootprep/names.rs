//! What a name of a bootprep file renders to, as far as it can be known.
//!
//! SAT renders names with Jinja2 in a sandbox. What is not known here, the name of a recipe or a variable of a file that
//! is not at hand, becomes a hole in a [`NamePattern`]; the log then tells what filled it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use minijinja::value::{Object, ObjectRepr, Value as Jinja, ValueKind};
use minijinja::{Environment, Output, State, UndefinedBehavior};
use serde_json::Value as Json;

use crate::limits;

/// Stand for a hole in rendered text. Private use characters: no name holds them.
const HOLE: char = '\u{f8f0}';
const BASE_HOLE: char = '\u{f8f1}';

/// Why variables cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariablesError {
    /// The file is not YAML or JSON.
    #[error("{path}: not YAML or JSON: {why}")]
    Syntax {
        /// The file.
        path: String,
        /// What the reader says, with line and column.
        why: String,
    },
    /// The file holds no mapping.
    #[error("{path}: expected a mapping of variables, as in product_vars.yaml or session_vars.yaml")]
    Shape {
        /// The file.
        path: String,
    },
}

/// The variables of a bootprep file, from one or more files; a later file wins, key by key.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variables(BTreeMap<String, Json>);

impl Variables {
    /// Takes a file in. Its top-level names get `_` for `-`, as SAT does it.
    ///
    /// # Errors
    /// Text that is no YAML or JSON mapping.
    pub fn add_file(&mut self, path: &str, text: &str) -> Result<(), VariablesError> {
        let value: Json = serde_yaml::from_str(text)
            .map_err(|error| VariablesError::Syntax { path: path.to_owned(), why: error.to_string() })?;
        let Json::Object(map) = value else { return Err(VariablesError::Shape { path: path.to_owned() }) };
        for (name, value) in map {
            merge(self.0.entry(name.replace('-', "_")).or_insert(Json::Null), value);
        }
        Ok(())
    }

    /// What the name of an image renders to, with holes for `base.name` and for what the variables do not know.
    #[must_use]
    pub fn pattern(&self, template: &str) -> NamePattern {
        self.render(template, "base").map_or_else(NamePattern::anything, |text| NamePattern::of(&text))
    }

    /// What the name of a session template renders to, with holes for `image.name` and for what the variables do not
    /// know. The name of the image fills the same hole as that of a base.
    #[must_use]
    pub fn pattern_of_template(&self, template: &str) -> NamePattern {
        self.render(template, "image").map_or_else(NamePattern::anything, |text| NamePattern::of(&text))
    }

    fn render(&self, template: &str, record: &'static str) -> Option<String> {
        if !["{{", "{%", "{#", "\n", "\r"].iter().any(|sign| template.contains(sign)) {
            return (template.chars().count() <= limits::RENDERED_CHARS).then(|| template.to_owned());
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Lenient);
        environment.set_fuel(Some(limits::RENDER_FUEL));
        environment.set_formatter(python_text);
        let ledger = Arc::new(Ledger::default());
        let scope = Scope { variables: self.0.clone(), record, ledger: Arc::clone(&ledger) };
        let text = environment.render_str(template, Jinja::from_object(scope)).ok()?;
        (ledger.is_settled(&text) && text.chars().count() <= limits::RENDERED_CHARS).then_some(text)
    }
}

/// Whether what a template renders to depends on a variable.
#[must_use]
pub fn uses(template: &str, variable: &str) -> bool {
    template.contains(variable)
        && Environment::new()
            .template_from_str(template)
            .is_ok_and(|template| template.undeclared_variables(false).contains(variable))
}

/// Prints a value as Python's Jinja2 does: its names of nothing and of truth differ.
fn python_text(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Jinja) -> Result<(), minijinja::Error> {
    if let Some(open) = value.downcast_object_ref::<Open>() {
        return out.write_str(open.printed().encode_utf8(&mut [0; 4])).map_err(minijinja::Error::from);
    }
    let text = match value.kind() {
        ValueKind::None => Some("None"),
        ValueKind::Bool if value.is_true() => Some("True"),
        ValueKind::Bool => Some("False"),
        _ => None,
    };
    match text {
        Some(text) => out.write_str(text).map_err(minijinja::Error::from),
        None => minijinja::escape_formatter(out, state, value),
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

/// What became of the values that are not known. A template may compare or measure them, and then its text depends on
/// them without showing it: such a text proves nothing.
#[derive(Debug, Default)]
struct Ledger {
    /// Values that were neither printed nor asked for an attribute.
    open: AtomicUsize,
    /// Holes that were printed.
    printed: AtomicUsize,
}

impl Ledger {
    fn is_settled(&self, text: &str) -> bool {
        let holes = text.chars().filter(|letter| [HOLE, BASE_HOLE].contains(letter)).count();
        self.open.load(Ordering::Relaxed) == 0 && self.printed.load(Ordering::Relaxed) == holes
    }
}

/// The names a template can use: the variables, the record of `base` or `image`, and holes for all others.
#[derive(Debug)]
struct Scope {
    variables: BTreeMap<String, Json>,
    record: &'static str,
    ledger: Arc<Ledger>,
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let name = key.as_str()?;
        Some(match self.variables.get(name) {
            _ if name == self.record => Jinja::from_object(Record(Arc::clone(&self.ledger))),
            Some(value) => known(value, &self.ledger),
            None => Open::value(HOLE, &self.ledger),
        })
    }
}

/// A mapping of variables; an attribute it does not have may stand in a file that is not at hand.
#[derive(Debug)]
struct Mapping(serde_json::Map<String, Json>, Arc<Ledger>);

impl Object for Mapping {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let value = key.as_str().and_then(|name| self.0.get(name));
        Some(value.map_or_else(|| Open::value(HOLE, &self.1), |value| known(value, &self.1)))
    }
}

fn known(value: &Json, ledger: &Arc<Ledger>) -> Jinja {
    match value {
        Json::Object(map) => Jinja::from_object(Mapping(map.clone(), Arc::clone(ledger))),
        Json::Array(items) => Jinja::from(items.iter().map(|item| known(item, ledger)).collect::<Vec<_>>()),
        Json::String(text) => Jinja::from(text.as_str()),
        Json::Bool(value) => Jinja::from(*value),
        Json::Null => Jinja::from(()),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Jinja::from(whole),
            (None, Some(float)) => Jinja::from(float),
            (None, None) => Jinja::from(number.to_string()),
        },
    }
}

/// The IMS record of a base or image: its name is a hole of its own, the rest is not in any file.
#[derive(Debug)]
struct Record(Arc<Ledger>);

impl Object for Record {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        Some(Open::value(if key.as_str() == Some("name") { BASE_HOLE } else { HOLE }, &self.0))
    }
}

/// A value that is not known: every attribute of it is not known either.
#[derive(Debug)]
struct Open {
    hole: char,
    settled: AtomicBool,
    ledger: Arc<Ledger>,
}

impl Open {
    fn value(hole: char, ledger: &Arc<Ledger>) -> Jinja {
        ledger.open.fetch_add(1, Ordering::Relaxed);
        Jinja::from_object(Self { hole, settled: AtomicBool::new(false), ledger: Arc::clone(ledger) })
    }

    fn settle(&self) {
        if !self.settled.swap(true, Ordering::Relaxed) {
            self.ledger.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn printed(&self) -> char {
        self.settle();
        self.ledger.printed.fetch_add(1, Ordering::Relaxed);
        self.hole
    }
}

impl Object for Open {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, _key: &Jinja) -> Option<Jinja> {
        self.settle();
        Some(Self::value(HOLE, &self.ledger))
    }

    /// As part of another value, through a filter: what comes out is not the value itself.
    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.printed();
        write!(f, "{HOLE}")
    }
}

/// A part of a rendered name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Base,
    Unknown,
}

/// A rendered name, with holes for what is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern(Vec<Part>);

impl NamePattern {
    /// A name of which nothing is known.
    #[must_use]
    pub fn anything() -> Self {
        Self(vec![Part::Unknown])
    }

    fn of(rendered: &str) -> Self {
        let mut parts = Vec::new();
        let mut text = String::new();
        for letter in rendered.chars() {
            if letter != HOLE && letter != BASE_HOLE {
                text.push(letter);
                continue;
            }
            if !text.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut text)));
            }
            parts.push(if letter == HOLE { Part::Unknown } else { Part::Base });
        }
        if !text.is_empty() || parts.is_empty() {
            parts.push(Part::Text(text));
        }
        Self(parts)
    }

    /// The name, when nothing of it is unknown.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Whether the name holds the name of its base.
    #[must_use]
    pub fn has_base(&self) -> bool {
        self.0.contains(&Part::Base)
    }

    /// The pattern with the name of the base filled in.
    #[must_use]
    pub fn with_base(&self, base: &str) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        for part in &self.0 {
            let part = if *part == Part::Base { Part::Text(base.to_owned()) } else { part.clone() };
            match (parts.last_mut(), part) {
                (Some(Part::Text(before)), Part::Text(text)) => before.push_str(&text),
                (_, part) => parts.push(part),
            }
        }
        Self(parts)
    }

    /// Whether `name` can be this name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut rest = name;
        let mut open = false;
        for part in &self.0 {
            match part {
                Part::Text(text) if !open => match rest.strip_prefix(text.as_str()) {
                    Some(after) => rest = after,
                    None => return false,
                },
                // The earliest place leaves the most for the parts after it; the last text must reach the end.
                Part::Text(text) => match rest.find(text.as_str()) {
                    Some(at) => {
                        rest = &rest[at + text.len()..];
                        open = false;
                    }
                    None => return false,
                },
                Part::Base | Part::Unknown => open = true,
            }
        }
        open || rest.is_empty() || self.ends_later(name)
    }

    /// The last text may stand at a later place than its earliest.
    fn ends_later(&self, name: &str) -> bool {
        match self.0.split_last() {
            Some((Part::Text(text), before)) if !before.is_empty() => {
                name.strip_suffix(text.as_str()).is_some_and(|head| Self(before.to_vec()).matches(head))
            }
            _ => false,
        }
    }

    /// The name of the base in `name`, where the pattern leaves nothing else open.
    #[must_use]
    pub fn base_in<'a>(&self, name: &'a str) -> Option<&'a str> {
        match self.0.as_slice() {
            [Part::Base] => Some(name),
            [Part::Text(before), Part::Base] => name.strip_prefix(before.as_str()),
            [Part::Base, Part::Text(after)] => name.strip_suffix(after.as_str()),
            [Part::Text(before), Part::Base, Part::Text(after)] => {
                name.strip_prefix(before.as_str())?.strip_suffix(after.as_str())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables() -> Variables {
        let mut variables = Variables::default();
        variables.add_file("a", "default: {note: ssi-, suffix: -1}\nrecipe: {version: 23.11.0}\nslingshot-host-software: {version: '2'}\n").unwrap();
        variables.add_file("b", "{\"default\": {\"suffix\": \"-2\"}}").unwrap();
        variables
    }

    #[test]
    fn a_later_file_wins_key_by_key_and_hyphens_become_underscores() {
        assert_eq!(
            variables().pattern("{{default.note}}x{{default.suffix}}-{{slingshot_host_software.version}}").text(),
            Some("ssi-x-2-2")
        );
    }

    #[test]
    fn the_name_of_the_base_is_a_hole_that_the_log_fills() {
        let pattern = variables().pattern("{{default.note}}{{base.name}}{{default.suffix}}");
        assert!(pattern.matches("ssi-cos-2") && !pattern.matches("uan-cos-2") && !pattern.matches("ssi-cos"));
        assert_eq!(pattern.base_in("ssi-cos-2"), Some("cos"));
        assert_eq!(pattern.with_base("cos").text(), Some("ssi-cos-2"));
    }

    #[test]
    fn what_no_file_defines_matches_anything_even_nothing() {
        let pattern = variables().pattern("compute-{{nope}}-{{recipe.nope.deeper}}{{base.name | upper}}");
        assert!(pattern.matches("compute--x") && pattern.matches("compute-a-b") && !pattern.matches("uan-"));
    }

    #[test]
    fn a_template_that_cannot_be_rendered_proves_nothing() {
        assert_eq!(variables().pattern("{{ 1 // }}"), NamePattern::anything());
        assert_eq!(variables().pattern("{% for i in range(1000000) %}x{% endfor %}"), NamePattern::anything());
    }

    #[test]
    fn text_that_depends_on_what_is_not_known_without_showing_it_proves_nothing() {
        for template in [
            "x-{{base.name | string | length}}",
            "x-{{base.name | length}}",
            "x-{{'a' if base.name == 'b' else 'c'}}",
            "{% if nope %}x{% else %}y{% endif %}",
        ] {
            assert_eq!(variables().pattern(template), NamePattern::anything(), "{template}");
        }
        assert_eq!(variables().pattern("x-{{base.name | upper}}").with_base("cos").text(), None);
        assert_eq!(variables().pattern("x-{{nope | default('y')}}"), NamePattern::of("x-\u{f8f0}"));
        assert_eq!(variables().pattern("{{'x-' ~ base.name}}"), NamePattern::of("x-\u{f8f0}"));
    }

    #[test]
    fn a_template_uses_what_it_looks_up_and_not_what_it_spells() {
        for template in ["{{base.name}}", "x-{{ base['name'] | upper }}", "{% if base.name == 'a' %}b{% endif %}"] {
            assert!(uses(template, "base"), "{template}");
        }
        for template in ["base", "{{ database.name }}", "{{ default.base.name }}", "{{ 'base.name' }}", "{{ base"] {
            assert!(!uses(template, "base"), "{template}");
        }
    }

    #[test]
    fn text_after_a_hole_may_stand_later_than_its_first_place() {
        assert!(NamePattern::of("a\u{f8f0}-2").matches("a-2-2"));
    }
}
