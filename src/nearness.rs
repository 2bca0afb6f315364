//! What may have been meant: how far one name is from another.

#![allow(
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "positions come from the lists and texts that they are used on; the fuzz targets hold that"
)]

/// How many letters have to change, or change places with their neighbour, to make one name the other.
#[must_use]
pub fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = [Vec::new(), Vec::new(), (0..=other.len()).collect::<Vec<usize>>()];
    for line in 1..=one.len() {
        rows.rotate_left(1);
        let mut row = vec![line; other.len() + 1];
        for at in 1..=other.len() {
            let changed = rows[1][at - 1] + usize::from(one[line - 1] != other[at - 1]);
            row[at] = changed.min(rows[1][at] + 1).min(row[at - 1] + 1);
            let swapped = line > 1 && at > 1 && one[line - 1] == other[at - 2] && one[line - 2] == other[at - 1];
            if swapped {
                row[at] = row[at].min(rows[0][at - 2] + 1);
            }
        }
        rows[2] = row;
    }
    rows[2][other.len()]
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
