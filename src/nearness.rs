//! What may have been meant: how far one name is from another.

/// How many letters have to change to make one name the other.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = line + 1;
        for (at, same) in other.iter().enumerate() {
            let changed = before + usize::from(letter != *same);
            before = row[at + 1];
            row[at + 1] = changed.min(before + 1).min(row[at] + 1);
        }
    }
    row[other.len()]
}

/// Sorts names by how near they are to the one that was given.
pub fn sort(names: &mut [String], given: &str) {
    names.sort_by_cached_key(|name| distance(name, given));
}

/// The name that was probably meant: the nearest one, when it is near at all, or else the one that is its beginning.
#[must_use]
pub fn nearest<'a>(names: impl IntoIterator<Item = &'a str>, given: &str) -> Option<&'a str> {
    let length = given.chars().count();
    let near = (length / 3).clamp(1, 3);
    let names: Vec<&str> = names.into_iter().collect();
    names
        .iter()
        .filter(|name| name.chars().count().abs_diff(length) <= near)
        .map(|name| (distance(name, given), *name))
        .filter(|(distance, _)| *distance <= near)
        .min()
        .map(|(_, name)| name)
        .or_else(|| names.into_iter().find(|name| name.len() >= 4 && given.starts_with(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        assert_eq!(nearest(["image_ref", "ims", "product"], "image_reff"), Some("image_ref"));
        assert_eq!(nearest(["session_templates", "images"], "session_template"), Some("session_templates"));
        assert_eq!(nearest(["prefix", "arch"], "architecture"), Some("arch"));
        assert_eq!(nearest(["name", "base"], "groups"), None);
    }
}
