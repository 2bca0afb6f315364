//! A rewrite as a whole: any file, any pins. The result is the file without the pinned images, and whoever referred to
//! them has the id; nothing else means anything else, and no comment is made up.

use std::collections::BTreeMap;

use incfg::bootprep::variables::Variables;
use incfg::bootprep::{Base, Bootprep, Boots};
use incfg::image_id::ImageId;
use incfg::report::rewritten;
use incfg::rewrite::{Options, Pin, rewrite};
use incfg::yaml::Tree;
use incfg_fuzz::other_reader::read;
use incfg_fuzz::{shown, winter};
use serde_yaml::{Mapping, Value};

const IDS: [&str; 2] = ["11111111-2222-4333-8444-555555555555", "66666666-7777-4888-9999-aaaaaaaaaaaa"];

/// The images that pins mean: by `ref_name`, or else by name.
fn pinned(file: &Bootprep, pins: &[Pin]) -> BTreeMap<usize, ImageId> {
    let by = |matches: &dyn Fn(usize) -> bool| (0..file.images.len()).find(|at| matches(*at));
    pins.iter()
        .filter_map(|pin| {
            let found = by(&|at| file.images[at].ref_name() == Some(&pin.image))
                .or_else(|| by(&|at| file.images[at].name() == pin.image))?;
            Some((found, pin.id.clone()))
        })
        .collect()
}

/// The rewrite as another reader would do it. None where that reader sees another file: merge keys and tags it does not
/// follow, templates it does not render.
fn model(source: &str, file: &Bootprep, pinned: &BTreeMap<usize, ImageId>) -> Option<Value> {
    if ["<<", "!", "{{", "{%", "{#", "? "].iter().any(|special| source.contains(special)) {
        return None;
    }
    let mut whole = read(source)?;
    let images = whole.get("images")?.as_sequence()?.clone();
    let text = |value: &Value, key: &str| match value.get(key) {
        None => Some(None),
        Some(Value::String(text)) => Some(Some(text.clone())),
        Some(_) => None,
    };
    let fields = |id: &ImageId, of_image: bool| {
        let mut fields = Mapping::from_iter([(Value::from("id"), Value::from(id.as_str()))]);
        if of_image {
            fields.insert("type".into(), "image".into());
        }
        Value::Mapping(fields)
    };
    let first = |ref_name: &str| file.images.iter().position(|image| image.ref_name() == Some(ref_name));
    let id_of = |ref_name: &str| first(ref_name).and_then(|at| pinned.get(&at));
    let mut kept = Vec::new();
    for (at, mut image) in images.into_iter().enumerate() {
        if pinned.contains_key(&at) {
            continue;
        }
        if let Some(base) = image.get_mut("base").and_then(Value::as_mapping_mut) {
            let ref_name = text(&Value::Mapping(base.clone()), "image_ref")?;
            let alone = !base.contains_key("ims") && !base.contains_key("product");
            if let Some(id) = ref_name.filter(|_| alone).and_then(|ref_name| id_of(&ref_name)) {
                base.shift_remove("image_ref");
                base.insert("ims".into(), fields(id, true));
            }
        }
        kept.push(image);
    }
    *whole.get_mut("images")? = Value::Sequence(kept);
    let Some(templates) = whole.get_mut("session_templates").and_then(Value::as_sequence_mut) else {
        return Some(whole);
    };
    for template in templates {
        let Some(image) = template.get_mut("image") else { continue };
        match image {
            Value::Mapping(boots) => {
                let ref_name = text(&Value::Mapping(boots.clone()), "image_ref")?;
                if ref_name.is_some() && boots.contains_key("ims") {
                    return None;
                }
                if let Some(id) = ref_name.and_then(|ref_name| id_of(&ref_name)) {
                    boots.shift_remove("image_ref");
                    boots.insert("ims".into(), fields(id, false));
                }
            }
            Value::String(name) => {
                let mut named = pinned.iter().filter(|(at, _)| file.images[**at].name() == name);
                if let (Some((_, id)), None) = (named.next(), named.next()) {
                    *image = Value::Mapping(Mapping::from_iter([("ims".into(), fields(id, false))]));
                }
            }
            _ => return None,
        }
    }
    Some(whole)
}

fn comments(text: &str, tree: &Tree) -> Vec<String> {
    tree.comments().iter().map(|comment| text[comment.clone()].to_owned()).collect()
}

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let [choice, which, data @ ..] = data else { return };
    let Ok(file) = Bootprep::parse("f.yaml", data) else { return };
    let pins: Vec<Pin> = file
        .images
        .iter()
        .enumerate()
        .filter(|(at, _)| which >> (at % 8) & 1 == 1)
        .map(|(at, image)| {
            let id: ImageId = IDS[at % 2].parse().expect("an id");
            Pin { image: image.label().to_owned(), id }
        })
        .collect();
    let options =
        Options { prune: choice & 1 == 1, keep_names: choice & 2 == 2, force: choice & 4 == 4, otherwise: Vec::new() };
    let variables = if choice & 8 == 8 { winter::VARIABLES.clone() } else { Variables::default() };
    let result = match rewrite("f.yaml", data, &pins, &variables, &options) {
        Ok(result) => result,
        Err(error) => {
            assert!(error.to_string().starts_with("f.yaml"), "{error}");
            return;
        }
    };
    shown::is_plain(&rewritten::text(&result.report, None, None));
    let bytes = result.text.to_bytes();
    if pins.is_empty() {
        assert_eq!(bytes, data, "nothing was pinned");
        return;
    }
    let before = incfg_fuzz::text(data).expect("a text");
    let after = Bootprep::parse("f.yaml", &bytes).expect("a bootprep file");
    let removed =
        result.report.changes.iter().filter(|change| change.path.starts_with("images[") && change.path.ends_with(']'));
    assert_eq!(after.images.len() + removed.count(), file.images.len());
    assert_eq!(after.configurations.len(), file.configurations.len());
    assert_eq!(after.templates.len(), file.templates.len());
    // What is pinned by a `ref_name` of its own is referred to by nobody any more.
    for pin in &pins {
        let alone = file.images.iter().filter(|image| image.ref_name() == Some(&pin.image)).count() == 1;
        if alone {
            let of = |base: &Base| matches!(base, Base::ImageRef(text) if text.as_str() == pin.image);
            assert!(!after.images.iter().any(|image| of(&image.base)), "an image still builds on {}", pin.image);
            let boots = |image: &Boots| matches!(image, Boots::ImageRef(text) if text.as_str() == pin.image);
            let literal = !incfg::jinja::is_template(&pin.image) && !pin.image.ends_with(['\n', '\r']);
            assert!(
                !(literal && after.templates.iter().any(|template| boots(&template.image))),
                "{} is booted",
                pin.image
            );
        }
    }
    if !options.prune && !options.keep_names {
        if let (Some(wanted), Some(found)) =
            (model(before.as_str(), &file, &pinned(&file, &pins)), read(result.text.as_str()))
        {
            assert_eq!(found, wanted, "{:?} became {:?}", before.as_str(), result.text.as_str());
        }
    }
    // The comments that are left were there, in this order.
    let tree = |text: &incfg::text::SourceText| Tree::parse(text).expect("a document");
    let all = comments(before.as_str(), &tree(&before));
    let mut known = all.iter();
    for comment in comments(result.text.as_str(), &tree(&result.text)) {
        assert!(known.any(|known| *known == comment), "{comment:?} was not among {all:?}");
    }
    assert_eq!(before.has_bom(), result.text.has_bom());
}
