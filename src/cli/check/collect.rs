//! Which files to check: files as they are named, patterns, and the bootprep files in directories.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use globset::GlobBuilder;
use ignore::WalkBuilder;

use crate::limits;

use super::super::document::try_read;
use super::super::{Exit, Failure};

/// A file to check.
pub(super) struct Source {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What it is called in what is printed.
    pub(super) shown: String,
    /// What it holds, or why that cannot be read.
    pub(super) bytes: Result<Vec<u8>, String>,
}

/// The files that arguments mean, in the order of their paths.
pub(super) fn sources(paths: &[PathBuf], stdin_name: &str) -> Result<Vec<Source>, Failure> {
    let mut found: BTreeMap<PathBuf, Source> = BTreeMap::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let bytes = try_read(path);
            found.insert(path.clone(), Source { path: path.clone(), shown: stdin_name.to_owned(), bytes });
        } else if path.is_dir() {
            let before = found.len();
            in_directory(path, &mut found);
            if found.len() == before {
                return Err(Failure::new(
                    Exit::Input,
                    format!(
                        "{}: no bootprep file in this directory; looked at *.yaml, *.yml and *.j2 files",
                        path.display()
                    ),
                ));
            }
        } else if !path.exists() && is_pattern(path) {
            by_pattern(path, &mut found)?;
        } else {
            add(path, &mut found);
        }
    }
    Ok(found.into_values().collect())
}

fn add(path: &Path, found: &mut BTreeMap<PathBuf, Source>) {
    let shown = path.display().to_string();
    let bytes = match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(format!(
            "{shown}: there is no such file or directory. Give bootprep files, directories that hold some, or a pattern like 'site/**/*.yaml'"
        )),
        _ => try_read(path),
    };
    found.insert(path.to_owned(), Source { path: path.to_owned(), shown, bytes });
}

fn is_pattern(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '[', '{'])
}

/// Files below the part of a pattern that holds no sign.
fn by_pattern(path: &Path, found: &mut BTreeMap<PathBuf, Source>) -> Result<(), Failure> {
    let usage = |why: String| Failure::new(Exit::Usage, format!("{}: {why}", path.display()));
    let pattern = GlobBuilder::new(&path.to_string_lossy())
        .literal_separator(true)
        .build()
        .map_err(|error| usage(format!("no pattern: {}", error.kind())))?
        .compile_matcher();
    let fixed: PathBuf = path.components().take_while(|part| !is_pattern(Path::new(part))).collect();
    let from = if fixed.as_os_str().is_empty() { PathBuf::from(".") } else { fixed };
    let before = found.len();
    for entry in walk(&from).build().flatten().take(limits::DIRECTORY_FILES) {
        let file = entry.path().strip_prefix("./").unwrap_or(entry.path());
        if entry.file_type().is_some_and(|kind| kind.is_file()) && pattern.is_match(file) {
            add(file, found);
        }
    }
    if found.len() == before {
        return Err(Failure::new(Exit::Input, format!("{}: no file fits this pattern", path.display())));
    }
    Ok(())
}

/// The bootprep files in a directory. Other files are passed over in silence; what cannot be read is not.
fn in_directory(path: &Path, found: &mut BTreeMap<PathBuf, Source>) {
    for entry in walk(path).build().take(limits::DIRECTORY_FILES) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let shown = path.display().to_string();
                let bytes = Err(format!("{shown}: cannot be searched: {error}"));
                found.insert(path.join("?"), Source { path: path.to_owned(), shown, bytes });
                continue;
            }
        };
        let file = entry.path();
        let suffix = file.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        if !is_file || !["yaml", "yml", "j2"].contains(&suffix) {
            continue;
        }
        let bytes = try_read(file);
        if bytes.as_ref().map_or(true, |bytes| looks_like_bootprep(bytes)) {
            found.insert(file.to_owned(), Source { path: file.to_owned(), shown: file.display().to_string(), bytes });
        }
    }
}

/// Hidden files, and what .gitignore names, are left out.
fn walk(path: &Path) -> WalkBuilder {
    let mut walk = WalkBuilder::new(path);
    walk.require_git(false);
    walk
}

/// Whether a file is a bootprep file, or would be one if it were YAML: it has a section, and in it what only the entries of
/// a bootprep file have. `images` alone is a word many files use.
fn looks_like_bootprep(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let is_key = |line: &str, key: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(':'));
    let mut section = false;
    let mut entry = false;
    for line in text.lines() {
        section |= ["configurations", "images", "session_templates"].iter().any(|key| is_key(line, key));
        entry |=
            ["schema_version:", "layers:", "base:", "ims:", "bos_parameters:"].iter().any(|key| line.contains(key));
        if section && entry {
            return true;
        }
    }
    false
}
