//! Pages for a browser: one file each, that needs nothing beside it.
//!
//! A page is a view (what is shown, as plain values) put into a template. Two things keep it safe whatever the input:
//!
//! - A view holds text only as `Shown`, and text of an input becomes `Shown` in one place, `Detail::text`, which masks
//!   its secrets.
//! - A template prints values through one writer, `write_value`, which escapes; only the style and the script of this
//!   crate pass it as they are, and a policy in the page lets a browser run nothing else.
//!
//! A page is at most [`limits::PAGE_BYTES`] long: where there is more to say, it is made again with less `Detail`, and says
//! what it leaves out.

pub mod analysis;
mod evidence;
pub mod findings;
pub mod plan;
mod steps;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, Value};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::limits;
use crate::secret;

use super::{Masked, printable};

/// Why there is no page: a defect of a template, which no input causes.
#[derive(Debug, thiserror::Error)]
#[error("the page cannot be made: {0:#}")]
pub struct NoPage(#[from] minijinja::Error);

const STYLE: &str = include_str!("html/style.css");
const SCRIPT: &str = include_str!("html/script.js");

const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("html/layout.html")),
    ("parts.html", include_str!("html/parts.html")),
    ("analysis.html", include_str!("html/analysis.html")),
    ("plan.html", include_str!("html/plan.html")),
    ("findings.html", include_str!("html/findings.html")),
];

/// Text that may be shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
struct Shown(String);

impl From<&'static str> for Shown {
    /// The words of incfg itself.
    fn from(own: &'static str) -> Self {
        Self(own.to_owned())
    }
}

/// How much a page tells.
#[derive(Debug, Clone, Copy)]
struct Detail {
    /// Rows of one table or list.
    rows: usize,
    /// Items below one row.
    items: usize,
    /// Places whose lines are shown.
    excerpts: usize,
    /// Lines before and after such a place.
    around: u64,
    /// Characters of one text.
    chars: usize,
    /// Characters of a command. Half a command would do harm, so a longer one is not shown at all.
    command: usize,
}

/// From all to what always fits.
const DETAILS: [Detail; 8] = [
    Detail { rows: 1_000, items: 60, excerpts: 400, around: 3, chars: 600, command: 3_000 },
    Detail { rows: 400, items: 40, excerpts: 200, around: 3, chars: 600, command: 3_000 },
    Detail { rows: 250, items: 20, excerpts: 100, around: 2, chars: 400, command: 3_000 },
    Detail { rows: 200, items: 12, excerpts: 40, around: 2, chars: 300, command: 2_000 },
    Detail { rows: 100, items: 8, excerpts: 20, around: 1, chars: 200, command: 2_000 },
    Detail { rows: 50, items: 5, excerpts: 10, around: 1, chars: 160, command: 1_000 },
    Detail { rows: 20, items: 3, excerpts: 5, around: 0, chars: 120, command: 1_000 },
    Detail { rows: 8, items: 2, excerpts: 0, around: 0, chars: 80, command: 400 },
];

impl Detail {
    /// Text as it may be shown: every word of an input on a page has come through here.
    fn text(&self, text: &str) -> Shown {
        let text = secret::masked(text);
        let mut shown: String = printable(&text).chars().take(self.chars).collect();
        let more = text.chars().count().saturating_sub(self.chars);
        if more > 0 {
            shown += &format!("… ({more} more characters)");
        }
        Shown(shown)
    }

    /// A command to copy; nothing when it is too long to be shown whole.
    fn command(&self, command: &str) -> Option<Shown> {
        (command.chars().count() <= self.command && !secret::is_in(command)).then(|| Shown(printable(command)))
    }
}

/// What was left out of a list.
fn more(all: usize, shown: usize, what: &str) -> Option<Shown> {
    let left_out = all.saturating_sub(shown);
    let plural = if left_out == 1 { "" } else { "s" };
    (left_out > 0).then(|| Shown(format!("{left_out} more {what}{plural}")))
}

/// The page that a template makes of a view, with as much detail as fits.
fn page<V: Serialize>(template: &str, view: impl Fn(&Detail) -> V) -> Result<Masked, NoPage> {
    let environment = environment()?;
    let template = environment.get_template(template)?;
    let mut page = String::new();
    for detail in &DETAILS {
        page = template.render(minijinja::context! {
            view => Value::from(Serde(view(detail))),
            style => Value::from_safe_string(STYLE.to_owned()),
            script => Value::from_safe_string(SCRIPT.to_owned()),
            policy => policy(),
        })?;
        if page.len() <= limits::PAGE_BYTES {
            break;
        }
    }
    Ok(Masked::of_masked_words(page))
}

fn environment() -> Result<Environment<'static>, NoPage> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.remove_filter("safe");
    environment.set_formatter(write_value);
    environment.add_filter("by_flags", by_flags);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

/// A stretch of a text: a flag, which must not be broken after one of its hyphens, or what stands between two.
#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
    is_flag: bool,
}

/// Text in parts that are, put together, the text again.
fn by_flags(text: &str) -> Value {
    let parts = text.split_inclusive(' ').flat_map(|word| {
        let flag = word.trim_end_matches(' ');
        let (flag, blank) = if flag.starts_with('-') { word.split_at(flag.len()) } else { ("", word) };
        [Part { text: flag, is_flag: true }, Part { text: blank, is_flag: false }]
    });
    Value::from(Serde(parts.filter(|part| !part.text.is_empty()).collect::<Vec<_>>()))
}

/// Writes a value so that it is text and nothing else, in an element as in an attribute.
fn write_value(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    let text = value.to_string();
    if value.is_safe() {
        return Ok(out.write_str(&text)?);
    }
    for part in printable(&text).split_inclusive(['&', '<', '>', '"', '\'']) {
        let sign = match part.chars().next_back() {
            Some('&') => "&amp;",
            Some('<') => "&lt;",
            Some('>') => "&gt;",
            Some('"') => "&quot;",
            Some('\'') => "&#39;",
            _ => "",
        };
        let plain = if sign.is_empty() { part } else { part.get(..part.len() - 1).unwrap_or_default() };
        out.write_str(plain)?;
        out.write_str(sign)?;
    }
    Ok(())
}

/// Nothing is loaded, and only the style and the script of this crate are used.
fn policy() -> String {
    let hash = |text: &str| BASE64_STANDARD.encode(Sha256::digest(text));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}
