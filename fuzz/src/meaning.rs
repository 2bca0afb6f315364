//! What changes mean to another reader: the same as [`incfg::yaml::change`] promises, made anew.

use incfg::yaml::change::Meant;
use incfg::yaml::{self, Step};
use serde_yaml::Value;

/// The value at a path.
pub fn at<'v>(value: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.as_mapping_mut()?.get_mut(key.as_str()),
        Step::Item(index) => value.as_sequence_mut()?.get_mut(*index),
    })
}

/// A value as the other reader has it.
fn other(value: &yaml::Value) -> Option<Value> {
    Some(match value {
        yaml::Value::Scalar { text, plain: false } => Value::from(text.as_str()),
        yaml::Value::Scalar { text, plain: true } => serde_yaml::from_str(text).ok()?,
        yaml::Value::Sequence(items) => Value::Sequence(items.iter().map(other).collect::<Option<_>>()?),
        yaml::Value::Mapping(entries) => Value::Mapping(
            entries.iter().map(|(key, value)| Some((other(key)?, other(value)?))).collect::<Option<_>>()?,
        ),
        yaml::Value::Tagged(..) => return None,
    })
}

/// Gives a key another name, where it stands.
pub fn rename(value: &mut Value, path: &[Step], new: &str) -> Option<()> {
    let (Step::Key(name), rest) = path.split_last()? else { return None };
    let mapping = at(value, rest)?.as_mapping_mut()?;
    mapping.get(name.as_str())?;
    // A key under a tag is another one.
    let is_it = |key: &Value| matches!(key, Value::String(text) if text == name);
    let renamed = std::mem::take(mapping)
        .into_iter()
        .map(|(key, value)| (if is_it(&key) { Value::from(new) } else { key }, value));
    *mapping = renamed.collect();
    Some(())
}

/// Takes an entry or an item out.
pub fn remove(value: &mut Value, path: &[Step]) -> Option<()> {
    match path.split_last()? {
        (Step::Key(name), rest) => at(value, rest)?.as_mapping_mut()?.shift_remove(name.as_str()).map(|_| ()),
        (Step::Item(index), rest) => {
            let items = at(value, rest)?.as_sequence_mut()?;
            (*index < items.len()).then(|| drop(items.remove(*index)))
        }
    }
}

/// Makes a change; none where the other reader does not find the place, because a key is no text to it, or where it knows
/// no such document: it refuses doubled keys.
pub fn intend(value: &mut Value, meant: &Meant) -> Option<()> {
    match meant {
        Meant::Set(path, new) => *at(value, &path.0)? = other(new)?,
        Meant::Remove(path) => remove(value, &path.0)?,
        Meant::Rename(path, new) => rename(value, &path.0, new)?,
        Meant::Append(path, key, new) => {
            let (key, new) = (Value::from(key.as_str()), other(new)?);
            if at(value, &path.0)?.as_mapping_mut()?.insert(key, new).is_some() {
                return None;
            }
        }
        Meant::Prepend(key, new) => {
            let mapping = value.as_mapping_mut()?;
            let rest = std::mem::take(mapping);
            mapping.insert(Value::from(key.as_str()), other(new)?);
            mapping.extend(rest);
        }
        Meant::Move { list, from, before } => {
            let items = at(value, &list.0)?.as_sequence_mut()?;
            if *from >= items.len() {
                return None;
            }
            let item = items.remove(*from);
            items.insert(*before, item);
        }
        Meant::Nothing => {}
        Meant::KeepLast(_) | Meant::Anything => return None,
    }
    Some(())
}
