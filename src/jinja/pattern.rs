//! A rendered name, with holes for what is not known.

/// Stand for a hole in rendered text. Private use characters: no name holds them.
pub(super) const HOLE: char = '\u{f8f0}';
pub(super) const RECORD_HOLE: char = '\u{f8f1}';

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

    pub(super) fn of(rendered: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = rendered;
        while let Some(at) = rest.find([HOLE, RECORD_HOLE]) {
            let (text, behind) = rest.split_at(at);
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            let mut letters = behind.chars();
            parts.push(if letters.next() == Some(HOLE) { Part::Unknown } else { Part::Base });
            rest = letters.as_str();
        }
        if !rest.is_empty() || parts.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
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
                Part::Text(text) => match rest.split_once(text.as_str()) {
                    Some((_, after)) => {
                        rest = after;
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
