//! The pages of promises and of bounds name tests that are there, and every bound.

#[test]
fn every_bound_stands_in_the_table_with_what_happens_beyond_it() {
    let page = include_str!("../../docs/limits.md");
    let source = include_str!("../../src/limits.rs");
    let bounds: Vec<&str> =
        source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next()).collect();
    let rows: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | ").map(|(name, _)| name)).collect();
    assert_eq!(bounds.len(), rows.len(), "a bound without a row, or a row without a bound");
    let untested: Vec<&str> = page.lines().filter(|line| line.starts_with("| `") && line.ends_with("| |")).collect();
    assert!(untested.is_empty(), "{untested:#?}");
    for bound in bounds {
        assert!(rows.contains(&bound), "docs/limits.md has no row for {bound}");
    }
}

#[test]
fn every_test_that_the_pages_of_promises_name_is_there() {
    let page = concat!(include_str!("../../docs/trust.md"), include_str!("../../docs/limits.md"));
    let mut sources = String::new();
    let mut directories = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests")];
    directories.push(directories[0].with_file_name("src"));
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("node_modules") {
                directories.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    let named: Vec<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|code| code.rsplit_once("::"))
        .map(|(_, name)| name)
        .filter(|name| name.matches('_').count() > 1)
        .collect();
    assert!(named.len() > 20, "{named:?}");
    for name in named {
        assert!(sources.contains(&format!("fn {name}(")), "the docs name a test that is not there: {name}");
    }
}
