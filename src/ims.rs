//! What IMS says of an image.

use serde_json::Value;

/// An image, from `cray ims images describe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImsImage {
    /// Its id.
    pub id: String,
    /// Its name; several images may have one.
    pub name: String,
    /// Where its manifest is; none for an image that is registered and has nothing uploaded.
    pub link: Option<String>,
    /// Its architecture, from CSM 1.5 on.
    pub arch: Option<String>,
}

impl ImsImage {
    /// The image in a JSON document; `None` when it is something else.
    #[must_use]
    pub fn from_json(document: &Value) -> Option<Self> {
        let link = document.get("link").unwrap_or(&Value::Null);
        Some(Self {
            id: document.get("id")?.as_str()?.to_owned(),
            name: document.get("name")?.as_str()?.to_owned(),
            link: link.get("path").and_then(Value::as_str).filter(|path| !path.is_empty()).map(str::to_owned),
            arch: document.get("arch").and_then(Value::as_str).map(str::to_owned),
        })
    }
}
