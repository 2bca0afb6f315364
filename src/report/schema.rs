//! The fields of a bootprep file as JSON Schema, for editors.

use serde_json::{Map, Value as Json, json};

use crate::report::Masked;

use crate::bootprep::schema::{FILE, Key, Mapping, Shape};

/// JSON Schema, draft 7: what yaml-language-server and its like read.
///
/// # Errors
/// None that input can cause.
pub fn json_schema() -> serde_json::Result<Masked> {
    let mut schema = of_mapping(&FILE);
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!("bootprep file of the System Admin Toolkit"));
    Masked::json(&Json::Object(schema))
}

fn of_mapping(mapping: &'static Mapping) -> Map<String, Json> {
    let mut properties = Map::new();
    for key in mapping.keys {
        properties.insert(key.name.to_owned(), Json::Object(of_key(key)));
    }
    let required: Vec<&str> = mapping.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = object([
        ("type", json!("object")),
        ("properties", Json::Object(properties)),
        ("additionalProperties", json!(mapping.open)),
    ]);
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if mapping.filled {
        schema.insert("minProperties".to_owned(), json!(1));
    }
    let choices: Vec<Json> = mapping
        .choices
        .iter()
        .flat_map(|choice| {
            let pairs = choice.keys.iter().enumerate().flat_map(|(at, one)| {
                choice.keys.iter().skip(at + 1).map(move |other| json!({"not": {"required": [one, other]}}))
            });
            let any = choice.needed.then(|| {
                let keys = choice.keys.iter().chain(choice.instead);
                json!({"anyOf": keys.map(|key| json!({"required": [key]})).collect::<Vec<_>>()})
            });
            pairs.chain(any).collect::<Vec<_>>()
        })
        .collect();
    if !choices.is_empty() {
        schema.insert("allOf".to_owned(), json!(choices));
    }
    if mapping.key("configuration_group_names").is_some() {
        schema.insert("dependencies".to_owned(), json!({"configuration": ["configuration_group_names"]}));
    }
    schema
}

fn object<const N: usize>(fields: [(&str, Json); N]) -> Map<String, Json> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn of_key(key: &'static Key) -> Map<String, Json> {
    let mut schema = match key.shape {
        Shape::Text(_) => object([("type", json!("string"))]),
        Shape::FilledText(_) => object([("type", json!("string")), ("minLength", json!(1))]),
        Shape::Word(words) => object([("enum", json!(words))]),
        Shape::Bool => object([("type", json!("boolean"))]),
        Shape::Texts => object([("type", json!("array")), ("items", json!({"type": "string"}))]),
        Shape::List(of) => object([("type", json!("array")), ("items", json!(of_mapping(of)))]),
        Shape::Mapping(of) => of_mapping(of),
        Shape::Named(of) => object([
            ("type", json!("object")),
            ("additionalProperties", json!(of_mapping(of))),
            ("minProperties", json!(1)),
        ]),
        Shape::TextOr(_, of) => object([("anyOf", json!([of_mapping(of), {"type": "string"}]))]),
    };
    schema.insert("description".to_owned(), json!(format!("{} (schema {})", key.about, key.since)));
    schema
}
