//! Files are named from the directory that holds them all: on a terminal and on a page.

/// The directory that holds every one of these paths, without a slash at its end; none where that is the root, or where the
/// command was given.
pub(super) fn common<'a>(paths: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut parts = paths.map(|path| path.split('/').collect::<Vec<_>>());
    let mut common = parts.next()?;
    common.pop();
    for other in parts {
        let same = common.iter().zip(&other).take_while(|(one, other)| one == other).count();
        common.truncate(same.min(other.len() - 1));
    }
    let directory = common.join("/").trim_end_matches('/').to_owned();
    (!directory.is_empty()).then_some(directory)
}

/// A path from a directory on; one that is elsewhere is whole.
pub(super) fn below<'a>(path: &'a str, directory: Option<&str>) -> &'a str {
    let below = directory.and_then(|directory| path.strip_prefix(directory)?.strip_prefix('/'));
    below.map_or(path, |below| below.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_named_from_the_directory_of_all_on() {
        for (paths, directory, first) in [
            (&["a/b/x", "a/b/c/y"][..], Some("a/b"), "x"),
            (&["a//b/x", "a//c/y"], Some("a"), "b/x"),
            (&["/a/x", "/b/y"], None, "/a/x"),
            (&["x", "y"], None, "x"),
            (&["ab/x", "a/y"], None, "ab/x"),
            (&[], None, ""),
        ] {
            let found = common(paths.iter().copied());
            assert_eq!(found.as_deref(), directory, "{paths:?}");
            assert_eq!(below(paths.first().unwrap_or(&""), found.as_deref()), first, "{paths:?}");
        }
    }
}
