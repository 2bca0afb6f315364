//! What a plain scalar means to SAT: PyYAML reads YAML 1.1, where `yes` is a truth and `1:30` a number.

use std::sync::LazyLock;

use regex::Regex;

use super::{NodeId, NodeKind, ScalarStyle, Tree};

/// What PyYAML makes of a scalar.
#[derive(Debug, Clone, PartialEq)]
pub enum Meaning {
    /// A text.
    Text,
    /// Nothing.
    Null,
    /// A truth.
    Bool(bool),
    /// A whole number; none where it is beyond what is counted here. In a box, or every text of a file would be larger
    /// for it.
    Int(Option<Box<i128>>),
    /// A number with a fraction.
    Float(f64),
    /// A day.
    Date,
    /// A day and a time.
    Time,
    /// Something SAT cannot build: a tag of another language, `=`.
    Unbuildable,
}

impl Meaning {
    /// What it is called in a sentence.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Null => "nothing",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Date | Self::Time => "a date",
            Self::Unbuildable => "something SAT cannot read",
        }
    }

    /// The text Python prints for it, where that is not simply what is written.
    #[must_use]
    pub fn printed(&self) -> Option<String> {
        match self {
            Self::Null => Some("None".into()),
            Self::Bool(true) => Some("True".into()),
            Self::Bool(false) => Some("False".into()),
            Self::Int(number) => number.as_ref().map(|number| number.to_string()),
            Self::Float(number) => Some(python_float(*number)),
            Self::Text | Self::Date | Self::Time | Self::Unbuildable => None,
        }
    }
}

/// The shortest digits that mean the number, as Python's `repr` writes them.
fn python_float(number: f64) -> String {
    if number.is_nan() {
        return "nan".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf".into() } else { "-inf".into() };
    }
    let size = number.abs();
    if size != 0.0 && !(1e-4..1e16).contains(&size) {
        let text = format!("{number:e}");
        let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, power) = power.strip_prefix('-').map_or(("+", power), |power| ("-", power));
        return format!("{digits}e{sign}{power:0>2}");
    }
    format!("{number:?}")
}

struct Words {
    int: Regex,
    float: Regex,
    date: Regex,
    time: Regex,
}

/// PyYAML's resolvers: what it takes for a number or a date.
static WORDS: LazyLock<Option<Words>> = LazyLock::new(|| {
    let regex = |pattern: &str| Regex::new(&format!("^(?:{pattern})$")).ok();
    Some(Words {
        int: regex(
            r"[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+",
        )?,
        float: regex(
            r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        )?,
        date: regex("[0-9]{4}-[0-9]{2}-[0-9]{2}")?,
        time: regex(
            r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?",
        )?,
    })
});

/// What PyYAML makes of a plain scalar.
#[must_use]
pub fn plain_meaning(text: &str) -> Meaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Meaning::Null,
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Meaning::Bool(true),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Meaning::Bool(false),
        "=" => return Meaning::Unbuildable,
        _ => {}
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) {
        return Meaning::Text;
    }
    let Some(words) = WORDS.as_ref() else { return Meaning::Text };
    if words.int.is_match(text) {
        Meaning::Int(int(text).map(Box::new))
    } else if words.float.is_match(text) {
        float(text).map_or(Meaning::Text, Meaning::Float)
    } else if words.date.is_match(text) {
        Meaning::Date
    } else if words.time.is_match(text) {
        Meaning::Time
    } else {
        Meaning::Text
    }
}

fn signed(text: &str) -> (bool, String) {
    let digits = text.replace('_', "");
    match digits.strip_prefix('-') {
        Some(digits) => (true, digits.to_owned()),
        None => (false, digits.strip_prefix('+').unwrap_or(&digits).to_owned()),
    }
}

fn int(text: &str) -> Option<i128> {
    let (negative, digits) = signed(text);
    let number = if let Some(binary) = digits.strip_prefix("0b") {
        i128::from_str_radix(binary, 2).ok()?
    } else if let Some(hex) = digits.strip_prefix("0x") {
        i128::from_str_radix(hex, 16).ok()?
    } else if digits.len() > 1 && digits.starts_with('0') {
        i128::from_str_radix(&digits, 8).ok()?
    } else {
        digits.split(':').try_fold(0_i128, |sum, part| sum.checked_mul(60)?.checked_add(part.parse().ok()?))?
    };
    Some(if negative { -number } else { number })
}

fn float(text: &str) -> Option<f64> {
    let (negative, digits) = signed(&text.to_lowercase());
    let number = match digits.as_str() {
        ".inf" => f64::INFINITY,
        ".nan" => f64::NAN,
        _ => digits.split(':').try_fold(0.0, |sum, part| Some(sum * 60.0 + part.parse::<f64>().ok()?))?,
    };
    Some(if negative { -number } else { number })
}

impl Tree {
    /// What SAT makes of a scalar; [`Meaning::Text`] for a collection, too.
    #[must_use]
    pub fn meaning(&self, id: NodeId) -> Meaning {
        let node = self.node(self.resolved(id));
        let NodeKind::Scalar { text, style } = &node.kind else { return Meaning::Text };
        match node.tag {
            None if *style == ScalarStyle::Plain => plain_meaning(text),
            None | Some("!" | "tag:yaml.org,2002:str") => Meaning::Text,
            Some("tag:yaml.org,2002:null") => Meaning::Null,
            Some(
                "tag:yaml.org,2002:bool"
                | "tag:yaml.org,2002:int"
                | "tag:yaml.org,2002:float"
                | "tag:yaml.org,2002:timestamp",
            ) => match plain_meaning(text) {
                Meaning::Text => Meaning::Unbuildable,
                meaning => meaning,
            },
            Some(_) => Meaning::Unbuildable,
        }
    }

    /// Whether SAT reads a text here.
    #[must_use]
    pub fn is_text(&self, id: NodeId) -> bool {
        matches!(self.node(self.resolved(id)).kind, NodeKind::Scalar { .. }) && self.meaning(id) == Meaning::Text
    }

    /// Whether SAT reads nothing here.
    #[must_use]
    pub fn is_null(&self, id: NodeId) -> bool {
        self.meaning(id) == Meaning::Null
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_are_read_as_pyyaml_reads_them() {
        for (text, printed) in [
            ("1.10", "1.1"),
            ("010", "8"),
            ("24_11", "2411"),
            ("1:30", "90"),
            ("0x1F", "31"),
            ("-0b11", "-3"),
            ("1_0.5", "10.5"),
            ("1.0e+20", "1e+20"),
            ("2.", "2.0"),
            ("1:30.5", "90.5"),
            (".inf", "inf"),
            ("yes", "True"),
            ("Off", "False"),
            ("~", "None"),
        ] {
            assert_eq!(plain_meaning(text).printed().as_deref(), Some(printed), "{text}");
        }
        for text in ["y", "n", "1.2.3", "1e5", "08", "0o7", "+", "-", ".", "2024-1-1", "1.0.6", "x86_64", "yEs"] {
            assert_eq!(plain_meaning(text), Meaning::Text, "{text}");
        }
        assert_eq!(plain_meaning("2024-11-05"), Meaning::Date);
        assert_eq!(plain_meaning("2024-1-5 1:02:03.5 +1"), Meaning::Time);
    }
}
