//! Every command of a `console` block is typed, page by page and in order, and what it prints is what stands there.
//!
//! A block called `file=NAME` is a file that the reader writes; its commands find it.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::harness::Site;
use crate::{all_pages, blocks, is_current, text_of, typed};

/// Plans by the id they have on the pages; every plan has another one.
const PLANS: [(&str, &str); 2] = [("1a2b3c4d", "plan.yaml"), ("5e6f7a8b", "by-hand.yaml")];

/// A text with the ids of the plans as they are, or as they are on the page.
fn with_ids(site: &Site, text: &str, as_on_page: bool) -> String {
    PLANS.iter().fold(text.to_owned(), |text, (id, file)| {
        let Ok(plan) = fs::read_to_string(site.path().join(file)) else { return text };
        let own = plan.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().trim_matches('\'').to_owned();
        if as_on_page { text.replace(&own, id) } else { text.replace(id, &own) }
    })
}

/// The winter activity at a site with `cray`. The first session of layer 3 fails, and leaves the log of the activity.
fn site() -> Site {
    let site = Site::bare();
    site.fates(&json!({"3": ["fail", "ok"]}));
    let log = site.read("winter/ansible.log");
    let failing = log.lines().position(|line| line.starts_with("Running sma-ldms-compute.yml")).unwrap();
    site.state("ansible.log", &log.lines().skip(failing).map(|line| format!("{line}\n")).collect::<String>());
    std::os::unix::fs::symlink(crate::root().join("testdata"), site.path().join("testdata")).unwrap();
    site
}

/// A page as it should be: its own words, and what its commands print.
fn executed(site: &Site, page: &str) -> String {
    let mut written = String::new();
    let mut block: Option<&str> = None;
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        match (block, line.strip_prefix("```")) {
            (None, Some(words)) => {
                block = Some(words);
                written += &format!("{line}\n");
                if let Some(name) = words.split(' ').find_map(|word| word.strip_prefix("file=")) {
                    let content: Vec<&str> = page_block(page, words);
                    let path = site.path().join(name);
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, content.join("\n") + "\n").unwrap();
                }
            }
            (Some(_), Some("")) => {
                block = None;
                written += &format!("{line}\n");
            }
            (Some("console"), _) => {
                // What was printed at another time; it is printed anew.
                let Some(first) = line.strip_prefix("$ ") else { continue };
                let mut command = first.to_owned();
                written += &format!("{line}\n");
                while command.ends_with('\\') {
                    let more = lines.next().expect("a command goes on in the next line");
                    written += &format!("{more}\n");
                    command += &format!("\n{more}");
                }
                let own = with_ids(site, &command, false);
                // The time between two looks at a session is shorter than that of a reader.
                let own = own.replace("incfg run plan.yaml", "incfg run plan.yaml --poll 5ms");
                let printed = with_ids(site, &typed(site, &own).stdout, true);
                written += &printed;
                if !printed.is_empty() && !printed.ends_with('\n') {
                    written.push('\n');
                }
            }
            _ => written += &format!("{line}\n"),
        }
    }
    written
}

fn page_block<'a>(page: &'a str, words: &str) -> Vec<&'a str> {
    blocks(page).into_iter().find(|(other, _)| *other == words).unwrap().1
}

/// A test for each page, so that they run side by side.
macro_rules! pages {
    ($($test:ident $path:literal)*) => {
        const TESTED: &[&str] = &["docs/procedure.md", $($path),*];
        $(
            #[test]
            fn $test() {
                let page = Path::new($path);
                is_current(page, &executed(&site(), &text_of(page)));
            }
        )*
    };
}

pages! {
    readme "README.md"
    analyze "docs/analyze.md"
    check "docs/check.md"
    completions_and_man "docs/completions-and-man.md"
    fetch "docs/fetch.md"
    grammar "docs/grammar.md"
    install "docs/install.md"
    next "docs/next.md"
    plan "docs/plan.md"
    plan_file "docs/plan-file.md"
    record "docs/record.md"
    rewrite_bootprep "docs/rewrite-bootprep.md"
    run "docs/run.md"
    schema "docs/schema.md"
    scripts "docs/scripts.md"
    status "docs/status.md"
}

#[test]
fn procedure() {
    let page = Path::new("docs/procedure.md");
    let site = site();
    is_current(page, &executed(&site, &text_of(page)));
    let result = site.status()["images"][0]["current_image_id"].clone();
    assert_eq!(site.layers_of(&result), "0 1 2 3 4");
    let restart = site.read("new-compute-and-uan-bootprep.yaml");
    assert!(restart.contains(&format!("  image:\n    ims:\n      id: {}\n", result.as_str().unwrap())), "{restart}");
}

#[test]
fn every_page_with_commands_is_executed() {
    for page in all_pages() {
        let has_commands = blocks(&text_of(&page)).iter().any(|(words, _)| *words == "console");
        let tested = TESTED.iter().any(|tested| Path::new(tested) == page);
        assert!(tested || !has_commands, "{} is in no test", page.display());
    }
}

#[test]
fn a_reader_is_told_how_every_block_is_meant() {
    let known = ["console", "bash", "yaml", "json", "text", "groovy", "rust", "toml"];
    for page in all_pages() {
        for (words, _) in blocks(&text_of(&page)) {
            let language = words.split([' ', ',']).next().unwrap_or_default();
            assert!(known.contains(&language), "{}: a block called '{words}'", page.display());
        }
    }
}
