//! Templates: what SAT's Jinja2 makes of a text, as far as it can be known.
//!
//! SAT renders fields one by one, in a sandbox. What is not known here, the record of a recipe in IMS or a variable of a
//! file that is not at hand, becomes a hole in a [`NamePattern`]; a log may tell what filled it.

mod growth;
mod lookup;
mod pattern;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use minijinja::value::{Object, ObjectRepr, Value as Jinja, ValueKind};
use minijinja::{Environment, Output, State, UndefinedBehavior};
use serde_json::Value as Json;

use crate::limits;

pub use lookup::{Inspection, Lookup, Slip, SlipKind, SyntaxError, inspect};
pub use pattern::NamePattern;
use pattern::{HOLE, RECORD_HOLE};

/// Whether a text is more than itself to Jinja2.
#[must_use]
pub fn is_template(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'{', bytes).any(|at| matches!(bytes.get(at + 1), Some(b'{' | b'%' | b'#')))
}

/// Text that renders to `name`.
#[must_use]
pub fn literal(name: &str) -> String {
    if is_template(name) { name.replace('{', "{{ '{' }}") } else { name.to_owned() }
}

/// What a template renders to with these variables. `record` is the variable that stands for the image in IMS, `base` or
/// `image`; its name becomes a hole of its own.
#[must_use]
pub fn render(template: &str, variables: &Arc<BTreeMap<String, Json>>, record: &'static str) -> NamePattern {
    rendered(template, variables, record).map_or_else(NamePattern::anything, |text| NamePattern::of(&text))
}

fn rendered(template: &str, variables: &Arc<BTreeMap<String, Json>>, record: &'static str) -> Option<String> {
    if !is_template(template) && !template.contains(['\n', '\r']) {
        return (template.chars().count() <= limits::RENDERED_CHARS).then(|| template.to_owned());
    }
    if growth::may_grow(template) {
        return None;
    }
    let ledger = Arc::new(Ledger::default());
    let scope = Scope { variables: Arc::clone(variables), record, ledger: Arc::clone(&ledger) };
    let text = ENVIRONMENT.render_str(template, Jinja::from_object(scope)).ok()?;
    (ledger.is_settled(&text) && text.chars().count() <= limits::RENDERED_CHARS).then_some(text)
}

/// What templates of names are rendered in; to make it for each name would cost more than to render the name.
static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    environment.set_fuel(Some(limits::RENDER_FUEL));
    for filter in growth::FILTERS {
        environment.remove_filter(filter);
    }
    environment.add_filter("replace", replaced);
    environment.set_unknown_method_callback(method);
    environment.set_formatter(|out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Jinja| {
        // What a block takes in counts too, or it could take itself in again and again.
        let written = &mut state.get_or_insert_extension(Written::default()).0;
        *written = written.saturating_add(value.as_str().map_or(1, str::len));
        if *written > limits::RENDER_BYTES {
            return Err(too_long());
        }
        python_text(out, state, value)
    });
    environment
});

/// Bytes that one template has written.
#[derive(Default)]
struct Written(usize);

fn too_long() -> minijinja::Error {
    minijinja::Error::new(minijinja::ErrorKind::OutOfFuel, "the text grows too long")
}

/// `replace` of Jinja2, for texts that do not grow out of all bounds by it.
fn replaced(value: &Jinja, from: &Jinja, to: &Jinja) -> Result<String, minijinja::Error> {
    let (value, from, to) = (value.to_string(), from.to_string(), to.to_string());
    let places = if from.is_empty() { value.len() + 1 } else { value.len() / from.len() };
    if places.saturating_mul(to.len()) > limits::RENDER_BYTES {
        return Err(too_long());
    }
    Ok(value.replace(&from, &to))
}

/// The methods of Python's texts and mappings.
fn method(
    state: &mut State<'_, '_>,
    value: &Jinja,
    name: &str,
    arguments: &[Jinja],
) -> Result<Jinja, minijinja::Error> {
    if let ("replace", Some(_), [from, to]) = (name, value.as_str(), arguments) {
        return replaced(value, from, to).map(Jinja::from);
    }
    minijinja_contrib::pycompat::unknown_method_callback(state, value, name, arguments)
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
        let holes = text.chars().filter(|letter| [HOLE, RECORD_HOLE].contains(letter)).count();
        self.open.load(Ordering::Relaxed) == 0 && self.printed.load(Ordering::Relaxed) == holes
    }
}

/// The names a template can use: the variables, the record of `base` or `image`, and holes for all others.
#[derive(Debug)]
struct Scope {
    variables: Arc<BTreeMap<String, Json>>,
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
        Some(Open::value(if key.as_str() == Some("name") { RECORD_HOLE } else { HOLE }, &self.0))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(template: &str) -> NamePattern {
        let variables = serde_json::json!({
            "default": {"note": "ssi-", "suffix": "-2"},
            "recipe": {"version": "23.11.0"},
        });
        render(template, &Arc::new(serde_json::from_value(variables).unwrap()), "base")
    }

    #[test]
    fn the_name_of_the_base_is_a_hole_that_the_log_fills() {
        let name = pattern("{{default.note}}{{base.name}}{{default.suffix}}");
        assert!(name.matches("ssi-cos-2") && !name.matches("uan-cos-2") && !name.matches("ssi-cos"));
        assert_eq!(name.base_in("ssi-cos-2"), Some("cos"));
        assert_eq!(name.with_base("cos").text(), Some("ssi-cos-2"));
    }

    #[test]
    fn what_no_file_defines_matches_anything_even_nothing() {
        let name = pattern("compute-{{nope}}-{{recipe.nope.deeper}}{{base.name | upper}}");
        assert!(name.matches("compute--x") && name.matches("compute-a-b") && !name.matches("uan-"));
    }

    #[test]
    fn a_template_that_cannot_be_rendered_proves_nothing() {
        assert_eq!(pattern("{{ 1 // }}"), NamePattern::anything());
        assert_eq!(pattern("{% for i in range(1000000) %}x{% endfor %}"), NamePattern::anything());
    }

    #[test]
    fn a_template_may_take_so_many_steps_and_no_more() {
        let renders = |rounds: usize| {
            let variables = Arc::new(BTreeMap::from([("list".to_owned(), serde_json::json!(vec![0; rounds]))]));
            render("{% for item in list %}{% endfor %}x", &variables, "base") == NamePattern::of("x")
        };
        let rounds: Vec<usize> = (1..=limits::RENDER_FUEL as usize).collect();
        let most = rounds.partition_point(|rounds| renders(*rounds));
        // A round takes a few steps, so that is where the fuel is used up.
        let steps = limits::RENDER_FUEL / most as u64;
        assert!((2..30).contains(&steps), "{steps} steps for each of {most} rounds");
        assert!(renders(most) && !renders(most + 1));
    }

    #[test]
    fn a_template_may_write_so_much_on_its_way_and_no_more() {
        let half = limits::RENDER_BYTES / 512;
        for (length, renders) in [(half, true), (half + 1, false)] {
            let variables = serde_json::json!({"a": "a".repeat(512), "b": "b".repeat(length)});
            let variables = Arc::new(serde_json::from_value(variables).unwrap());
            let name = render("{{ a | replace('a', b) | length }}", &variables, "base");
            let expected = if renders { NamePattern::of(&(512 * length).to_string()) } else { NamePattern::anything() };
            assert_eq!(name, expected, "{length}");
        }
    }

    #[test]
    fn text_that_depends_on_what_is_not_known_without_showing_it_proves_nothing() {
        for template in [
            "x-{{base.name | string | length}}",
            "x-{{base.name | length}}",
            "x-{{'a' if base.name == 'b' else 'c'}}",
            "{% if nope %}x{% else %}y{% endif %}",
        ] {
            assert_eq!(pattern(template), NamePattern::anything(), "{template}");
        }
        assert_eq!(pattern("x-{{base.name | upper}}").with_base("cos").text(), None);
        assert_eq!(pattern("x-{{nope | default('y')}}"), NamePattern::of("x-\u{f8f0}"));
        assert_eq!(pattern("{{'x-' ~ base.name}}"), NamePattern::of("x-\u{f8f0}"));
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
