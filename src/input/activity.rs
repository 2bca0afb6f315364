//! Which files of a directory matter.

use std::ffi::OsString;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use crate::argo::pod_of_file;
use crate::limits;

use super::{InputError, LeftOut};

/// The files to read below `directory`, in order.
///
/// An activity directory, or its `log/`, has a layout, and only that is read: every `log/<14 digits>/install.log` with
/// the `argo_logs` beside it, and the state. The link `log/install.log` is never followed: it dangles in a copy, or
/// points at the log of a five-line command. Any other directory gives all its files.
pub(super) fn files_below(directory: &Path, left_out: &mut Vec<LeftOut>) -> Result<Vec<PathBuf>, InputError> {
    let listed = list(directory)
        .map_err(|error| InputError::Unreadable { path: directory.display().to_string(), why: error.to_string() })?;
    if is_log_directory(directory) {
        return Ok(log_files(directory));
    }
    if let Some(log) =
        listed.iter().find(|path| path.is_dir() && named(path, "log")).filter(|log| is_log_directory(log))
    {
        let mut files = log_files(log);
        files.extend(state_files(&directory.join("state")));
        return Ok(files);
    }
    if is_run_directory(directory) {
        return Ok(run_files(directory));
    }
    let activities: Vec<String> = listed
        .iter()
        .filter(|path| is_log_directory(&path.join("log")))
        .filter_map(|path| path.file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    if activities.len() > 1 {
        return Err(InputError::SeveralActivities { path: directory.display().to_string(), activities });
    }
    if let [activity] = activities.as_slice() {
        return files_below(&directory.join(activity), left_out);
    }
    let mut files = Vec::new();
    walk(directory, 0, &mut files, left_out);
    Ok(files)
}

/// `log/`: it holds directories named by 14 digits, each with an `install.log`.
fn is_log_directory(directory: &Path) -> bool {
    list(directory).is_ok_and(|listed| listed.iter().any(|path| is_run_directory(path)))
}

fn is_run_directory(directory: &Path) -> bool {
    directory.file_name().is_some_and(|name| name.len() == 14 && name.as_encoded_bytes().iter().all(u8::is_ascii_digit))
        && (directory.join("install.log").is_file() || directory.join("argo_logs").is_dir())
}

fn log_files(log: &Path) -> Vec<PathBuf> {
    list(log)
        .unwrap_or_default()
        .iter()
        .filter(|path| is_run_directory(path))
        .flat_map(|path| run_files(path))
        .collect()
}

fn run_files(run: &Path) -> Vec<PathBuf> {
    let beside = list(run).unwrap_or_default();
    let logs = beside.iter().filter(|path| {
        path.is_file() && path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("install.log"))
    });
    let pods = list(&run.join("argo_logs")).unwrap_or_default();
    let pods = pods.into_iter().filter(|path| pod_of_file(&path.to_string_lossy()).is_some());
    logs.cloned().chain(pods).collect()
}

fn state_files(state: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        list(&state.join("sessions")).unwrap_or_default().into_iter().filter(|path| path.is_file()).collect();
    let activities = state.join("activity_dict.yaml");
    if activities.is_file() {
        files.push(activities);
    }
    files
}

fn walk(directory: &Path, depth: usize, files: &mut Vec<PathBuf>, left_out: &mut Vec<LeftOut>) {
    let entries = match entries(directory) {
        Ok(entries) => entries,
        Err(error) => {
            left_out.push(LeftOut { path: directory.display().to_string(), why: format!("cannot be listed: {error}") });
            return;
        }
    };
    let mut too_deep = false;
    for (_, entry) in entries {
        if files.len() >= limits::DIRECTORY_FILES {
            left_out.push(LeftOut {
                path: directory.display().to_string(),
                why: format!("more than {} files; the rest is not read", limits::DIRECTORY_FILES),
            });
            return;
        }
        // A link is neither.
        let (Ok(kind), path) = (entry.file_type(), entry.path()) else { continue };
        if kind.is_dir() && depth < limits::DIRECTORY_DEPTH {
            walk(&path, depth + 1, files, left_out);
        } else if kind.is_dir() {
            too_deep = true;
        } else if kind.is_file() && !of_executor(&path) {
            files.push(path);
        }
    }
    if too_deep {
        left_out.push(LeftOut {
            path: directory.display().to_string(),
            why: format!("its folders are more than {} deep and are not read", limits::DIRECTORY_DEPTH),
        });
    }
}

/// What the executor of Argo printed beside a pod says nothing of SAT.
fn of_executor(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| ["-init.txt", "-wait.txt"].iter().any(|ending| name.to_string_lossy().ends_with(ending)))
}

fn list(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    Ok(entries(directory)?.into_iter().map(|(_, entry)| entry.path()).collect())
}

/// What a directory holds, by name.
fn entries(directory: &Path) -> std::io::Result<Vec<(OsString, DirEntry)>> {
    let mut entries: Vec<(OsString, DirEntry)> =
        fs::read_dir(directory)?.filter_map(Result::ok).map(|entry| (entry.file_name(), entry)).collect();
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(entries)
}

fn named(path: &Path, name: &str) -> bool {
    path.file_name().is_some_and(|file| file == name)
}
