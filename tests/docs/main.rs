//! The docs say what the program does: every command on a page is run, every flag a page names exists, every link leads
//! somewhere, and the examples of `--help` can be typed.

mod delivered;
#[path = "../plan/harness.rs"]
#[allow(dead_code)]
mod harness;
mod help;
mod links;
mod pages;
mod picture;
mod promises;
mod readme;
#[path = "../plan/stand_in.rs"]
mod stand_in;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Outcome, Site};

/// The directory of the crate.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The README and every page of the docs, by their paths below the root.
fn all_pages() -> Vec<PathBuf> {
    let below = fs::read_dir(root().join("docs")).unwrap();
    let names = below.map(|entry| Path::new("docs").join(entry.unwrap().file_name()));
    let mut pages: Vec<PathBuf> = names.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    pages.sort();
    pages.insert(0, PathBuf::from("README.md"));
    pages
}

/// A page as text.
fn text_of(page: &Path) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{}: {error}", page.display()))
}

/// Compares a file of the docs with what it should be, or writes it, when that is asked for.
fn is_current(path: &Path, current: &str) {
    let path = root().join(path);
    if std::env::var_os("INCFG_WRITE_DOCS").is_some() {
        fs::write(&path, current).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(current.lines()).find(|(kept, current)| kept != current);
    assert!(
        kept == current,
        "{} is not what incfg prints; .ci/docs writes it anew. First difference: {differs:?}",
        path.display()
    );
}

/// What a shell prints at a site, both streams, with incfg and the stand-ins for cray and kubectl at hand.
fn typed(site: &Site, command: &str) -> Outcome {
    let incfg = Path::new(env!("CARGO_BIN_EXE_incfg")).parent().unwrap();
    let path = format!("{}:{}:{}", site.path().display(), incfg.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("{{ {command}\n}} 2>&1")]).current_dir(site.path()).env("PATH", path);
    for variable in ["NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"] {
        shell.env_remove(variable);
    }
    shell.output().unwrap().into()
}

/// The fenced blocks of a page: the words behind the fence, and the lines between.
fn blocks(page: &str) -> Vec<(&str, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, Vec<&str>)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(words)) => open = Some((words, Vec::new())),
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some((_, lines)), _) => lines.push(line),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}
