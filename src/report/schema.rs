//! The fields of a bootprep file as JSON Schema, for editors.

#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "what is indexed are objects of JSON that are made here"
)]

use serde_json::{Map, Value as Json, json};

use crate::report::Masked;

use crate::bootprep::schema::{FILE, Key, Mapping, Shape};

/// JSON Schema, draft 7: what yaml-language-server and its like read.
///
/// # Errors
/// None that input can cause.
pub fn json_schema() -> serde_json::Result<Masked> {
    let mut schema = of_mapping(&FILE);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("bootprep file of the System Admin Toolkit");
    Masked::json(&schema)
}

fn of_mapping(mapping: &'static Mapping) -> Json {
    let mut properties = Map::new();
    for key in mapping.keys {
        properties.insert(key.name.to_owned(), of_key(key));
    }
    let required: Vec<&str> = mapping.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    let mut schema = json!({"type": "object", "properties": properties, "additionalProperties": mapping.open});
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if mapping.filled {
        schema["minProperties"] = json!(1);
    }
    let choices: Vec<Json> = mapping
        .choices
        .iter()
        .flat_map(|choice| {
            let pairs = choice.keys.iter().enumerate().flat_map(|(at, one)| {
                choice.keys[at + 1..].iter().map(move |other| json!({"not": {"required": [one, other]}}))
            });
            let any = choice.needed.then(|| {
                let keys = choice.keys.iter().chain(choice.instead);
                json!({"anyOf": keys.map(|key| json!({"required": [key]})).collect::<Vec<_>>()})
            });
            pairs.chain(any).collect::<Vec<_>>()
        })
        .collect();
    if !choices.is_empty() {
        schema["allOf"] = json!(choices);
    }
    if mapping.key("configuration_group_names").is_some() {
        schema["dependencies"] = json!({"configuration": ["configuration_group_names"]});
    }
    schema
}

fn of_key(key: &'static Key) -> Json {
    let mut schema = match key.shape {
        Shape::Text(_) => json!({"type": "string"}),
        Shape::FilledText(_) => json!({"type": "string", "minLength": 1}),
        Shape::Word(words) => json!({"enum": words}),
        Shape::Bool => json!({"type": "boolean"}),
        Shape::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Shape::List(of) => json!({"type": "array", "items": of_mapping(of)}),
        Shape::Mapping(of) => of_mapping(of),
        Shape::Named(of) => json!({"type": "object", "additionalProperties": of_mapping(of), "minProperties": 1}),
        Shape::TextOr(_, of) => json!({"anyOf": [of_mapping(of), {"type": "string"}]}),
    };
    schema["description"] = json!(format!("{} (schema {})", key.about, key.since));
    schema
}
