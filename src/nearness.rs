//! What may have been meant: how far one name is from another.

/// How many letters have to change, or change places with their neighbour, to make one name the other.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    // Of each beginning of `other`: how far it is from what was seen of `one`, and from that without its last letter.
    let (mut before, mut row) = (Vec::new(), (0..=other.len()).collect::<Vec<usize>>());
    let mut letter_before = None;
    for (line, letter) in (1..).zip(one.chars()) {
        let mut next = Vec::with_capacity(row.len());
        let (mut last, mut last_other) = (line, None);
        next.push(line);
        let swaps = std::iter::once(None).chain(before.iter().map(Some)).chain(std::iter::repeat(None));
        for (((kept, added), swapped), of_other) in row.iter().zip(row.iter().skip(1)).zip(swaps).zip(&other) {
            let changed = kept + usize::from(letter != *of_other);
            last = changed.min(added + 1).min(last + 1);
            if let Some(swapped) = swapped.filter(|_| last_other == Some(letter) && letter_before == Some(*of_other)) {
                last = last.min(swapped + 1);
            }
            last_other = Some(*of_other);
            next.push(last);
        }
        before = std::mem::replace(&mut row, next);
        letter_before = Some(letter);
    }
    row.last().copied().unwrap_or_default()
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
        .or_else(|| names.into_iter().find(|name| shares_beginning(name, given)))
}

/// One is the beginning of the other, or they begin alike for more than half of their letters.
fn shares_beginning(name: &str, given: &str) -> bool {
    let alike = name.chars().zip(given.chars()).take_while(|(one, other)| one == other).count();
    alike >= 4 && (alike == name.chars().count() || (alike >= 5 && 2 * alike > given.chars().count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        assert_eq!(nearest(["image_ref", "ims", "product"], "image_reff"), Some("image_ref"));
        assert_eq!(nearest(["session_templates", "images"], "session_template"), Some("session_templates"));
        assert_eq!(nearest(["boot_sets", "bos_parameters"], "bos_params"), Some("bos_parameters"));
        assert_eq!(nearest(["base", "uan"], "bsae"), Some("base"));
        assert_eq!(nearest(["prefix", "arch"], "architecture"), Some("arch"));
        assert_eq!(nearest(["name", "base"], "groups"), None);
    }
}
