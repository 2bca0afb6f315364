//! The id of an IMS image: one whole lower-case UUID, or nothing.

use serde::{Deserialize, Serialize};

/// An id as IMS knows it. IMS compares ids as exact text, so no other spelling of a UUID is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ImageId(String);

/// Why a text is no image id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no IMS image id: expected a whole lower-case UUID like f5374c4c-8c5a-4b79-a5e5-aef778ed36cd{}", hint(.suggestion))]
pub struct NotAnImageId {
    /// What was given.
    pub text: String,
    /// The same UUID in the spelling IMS knows, where the text is a UUID in another spelling.
    pub suggestion: Option<String>,
}

fn hint(suggestion: &Option<String>) -> String {
    suggestion.as_ref().map(|s| format!("; IMS would know it as {s}")).unwrap_or_default()
}

impl ImageId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `text` is a whole lower-case UUID.
#[must_use]
pub fn is_canonical_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

impl std::str::FromStr for ImageId {
    type Err = NotAnImageId;

    fn from_str(text: &str) -> Result<Self, NotAnImageId> {
        if is_canonical_uuid(text) {
            return Ok(Self(text.to_owned()));
        }
        let digits: String = text.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
        let suggestion = (digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())).then(|| {
            let dash = |at: usize| if matches!(at, 8 | 12 | 16 | 20) { "-" } else { "" };
            digits.char_indices().fold(String::new(), |id, (at, digit)| format!("{id}{}{digit}", dash(at)))
        });
        Err(NotAnImageId { text: text.to_owned(), suggestion })
    }
}

impl TryFrom<String> for ImageId {
    type Error = NotAnImageId;

    fn try_from(text: String) -> Result<Self, NotAnImageId> {
        if is_canonical_uuid(&text) { Ok(Self(text)) } else { text.parse() }
    }
}

impl From<ImageId> for String {
    fn from(id: ImageId) -> Self {
        id.0
    }
}

impl std::fmt::Display for ImageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_id_is_no_id() {
        assert!("02d49547-1744-431".parse::<ImageId>().is_err());
        assert!("02d49547-1744-431e-8b33-2aaec3bc8cc2".parse::<ImageId>().is_ok());
    }

    #[test]
    fn another_spelling_is_told_what_it_should_be() {
        for text in ["02D49547-1744-431E-8B33-2AAEC3BC8CC2", "02d495471744431e8b332aaec3bc8cc2"] {
            let refused = text.parse::<ImageId>().unwrap_err();
            assert_eq!(refused.suggestion.as_deref(), Some("02d49547-1744-431e-8b33-2aaec3bc8cc2"));
        }
    }
}
