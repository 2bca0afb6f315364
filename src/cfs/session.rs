//! A CFS session, from `cray cfs sessions describe` or `create`: v3, v2, and v2 as CSM 1.4 prints it.

use std::collections::BTreeMap;

use serde_json::Value;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its name.
    pub name: String,
    /// The configuration.
    pub configuration: String,
    /// The limit to layers; empty means all.
    pub limit: String,
    /// `image`, for a session that makes an image.
    pub definition: String,
    /// The groups of the inventory.
    pub groups: Vec<Group>,
    /// The names of the results.
    pub image_map: Vec<Mapped>,
    /// The tags.
    pub tags: BTreeMap<String, String>,
    /// Where it stands.
    pub status: Status,
    /// How it ended.
    pub succeeded: Succeeded,
    /// The Kubernetes job; none before CFS has picked the session up.
    pub job: Option<String>,
    /// The images it made.
    pub artifacts: Vec<Artifact>,
}

/// A group of the inventory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The ids of its images.
    pub members: Vec<String>,
}

/// The name of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// The image it is made from.
    pub source_id: String,
    /// The name of the new image.
    pub result_name: String,
}

/// An image that a session made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The image it was made from.
    pub image_id: String,
    /// The new image.
    pub result_id: String,
    /// `ims_customized_image`.
    pub kind: String,
}

/// Where a session stands; never backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Not begun.
    Pending,
    /// At work.
    Running,
    /// Over.
    Complete,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Succeeded {
    /// It has not ended.
    None,
    /// CFS lost sight of it.
    Unknown,
    /// It failed.
    False,
    /// All went well.
    True,
}

/// Why a JSON document is no session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASession {
    /// A part is missing or of another kind.
    #[error(
        "this is no CFS session: {0} is missing or of another kind. Expected what cray cfs sessions describe NAME --format json prints"
    )]
    Missing(&'static str),
    /// A word that CFS does not use.
    #[error("this is no CFS session that incfg understands: {field} is '{found}', expected {expected}")]
    Word {
        /// The field.
        field: &'static str,
        /// What stands there.
        found: String,
        /// What may stand there.
        expected: &'static str,
    },
}

impl Session {
    /// The session in a JSON document.
    ///
    /// # Errors
    /// A document that is something else, with the part that tells.
    pub fn from_json(document: &Value) -> Result<Self, NotASession> {
        let text = |value: Option<&Value>, what| {
            value.and_then(Value::as_str).map(str::to_owned).ok_or(NotASession::Missing(what))
        };
        let status = document.get("status").and_then(|status| status.get("session"));
        let status = status.ok_or(NotASession::Missing("status.session"))?;
        let configuration = document.get("configuration").ok_or(NotASession::Missing("configuration"))?;
        let target = document.get("target").ok_or(NotASession::Missing("target"))?;
        Ok(Self {
            name: text(document.get("name"), "name")?,
            configuration: text(configuration.get("name"), "configuration.name")?,
            limit: configuration.get("limit").and_then(Value::as_str).unwrap_or_default().to_owned(),
            definition: text(target.get("definition"), "target.definition")?,
            groups: list(target.get("groups"))
                .iter()
                .map(|group| {
                    Some(Group {
                        name: group.get("name")?.as_str()?.to_owned(),
                        members: list(group.get("members"))
                            .iter()
                            .map(|member| member.as_str().map(str::to_owned))
                            .collect::<Option<_>>()?,
                    })
                })
                .collect::<Option<_>>()
                .ok_or(NotASession::Missing("the name or a member of target.groups"))?,
            image_map: list(["image_map", "imageMap"].iter().find_map(|key| target.get(key)))
                .iter()
                .map(|entry| {
                    let part = |keys: [&str; 2]| keys.iter().find_map(|key| entry.get(key)?.as_str());
                    Some(Mapped {
                        source_id: part(["source_id", "sourceId"])?.to_owned(),
                        result_name: part(["result_name", "resultName"])?.to_owned(),
                    })
                })
                .collect::<Option<_>>()
                .ok_or(NotASession::Missing("the source or the name in target.image_map"))?,
            tags: document
                .get("tags")
                .and_then(Value::as_object)
                .map(|tags| {
                    tags.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
                })
                .unwrap_or_default(),
            status: status_of(&text(status.get("status"), "status.session.status")?)?,
            succeeded: succeeded_of(status.get("succeeded").and_then(Value::as_str).unwrap_or("none"))?,
            job: status.get("job").and_then(Value::as_str).map(str::to_owned),
            artifacts: list(document.get("status").and_then(|status| status.get("artifacts")))
                .iter()
                .map(|artifact| {
                    Some(Artifact {
                        image_id: artifact.get("image_id")?.as_str()?.to_owned(),
                        result_id: artifact.get("result_id")?.as_str()?.to_owned(),
                        kind: artifact.get("type")?.as_str()?.to_owned(),
                    })
                })
                .collect::<Option<_>>()
                .ok_or(NotASession::Missing("an id or the type in status.artifacts"))?,
        })
    }
}

/// The items of a list; one object where CFS documents show it without its list.
fn list(value: Option<&Value>) -> &[Value] {
    match value {
        Some(Value::Array(items)) => items,
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => &[],
    }
}

fn status_of(word: &str) -> Result<Status, NotASession> {
    match word {
        "pending" => Ok(Status::Pending),
        "running" => Ok(Status::Running),
        "complete" => Ok(Status::Complete),
        _ => Err(NotASession::Word {
            field: "status.session.status",
            found: word.to_owned(),
            expected: "pending, running or complete",
        }),
    }
}

fn succeeded_of(word: &str) -> Result<Succeeded, NotASession> {
    match word {
        "none" => Ok(Succeeded::None),
        "unknown" => Ok(Succeeded::Unknown),
        "false" => Ok(Succeeded::False),
        "true" => Ok(Succeeded::True),
        _ => Err(NotASession::Word {
            field: "status.session.succeeded",
            found: word.to_owned(),
            expected: "none, unknown, false or true",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_all_releases_are_one_session() {
        let form = |map: &str, source: &str, name: &str| {
            serde_json::json!({
                "name": "s", "configuration": {"name": "c", "limit": "0"}, "tags": {"a": "b"},
                "status": {"artifacts": [], "session": {"status": "pending", "succeeded": "none", "job": null}},
                "target": {"definition": "image", "groups": [{"name": "Compute", "members": ["i"]}],
                           map: [{source: "i", name: "n"}]},
            })
        };
        let v3 = Session::from_json(&form("image_map", "source_id", "result_name")).unwrap();
        let v14 = Session::from_json(&form("imageMap", "sourceId", "resultName")).unwrap();
        assert_eq!(v3, v14);
        assert_eq!(v3.image_map, [Mapped { source_id: "i".into(), result_name: "n".into() }]);
    }

    #[test]
    fn another_document_is_told_by_the_part_it_lacks() {
        let error = Session::from_json(&serde_json::json!({"name": "c", "layers": []})).unwrap_err();
        assert!(error.to_string().contains("status.session is missing"), "{error}");
    }
}
