//! The `cray` commands of a plan, word by word.

use std::path::Path;

use crate::image_id::ImageId;
use crate::shown::shell_word;

use super::step::At;
use super::{Attempt, CfsVersion, Plan};

/// A command of `cray`: the words after its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrayCommand {
    /// The words.
    pub words: Vec<String>,
}

impl CrayCommand {
    fn new<I: IntoIterator<Item = S>, S: Into<String>>(words: I) -> Self {
        Self { words: words.into_iter().map(Into::into).collect() }
    }

    fn cfs<const N: usize>(cfs: CfsVersion, words: [&str; N]) -> Self {
        // `cray cfs` is version 2 in every release; `cray cfs v2` is not in all.
        let group: &[&str] = match cfs {
            CfsVersion::V2 => &["cfs"],
            CfsVersion::V3 => &["cfs", "v3"],
        };
        Self::new(group.iter().copied().chain(words))
    }

    /// The command as a shell takes it.
    #[must_use]
    pub fn in_shell(&self) -> String {
        in_shell("cray", &self.words)
    }

    /// Describes an image of IMS.
    #[must_use]
    pub fn describe_image(id: &str) -> Self {
        Self::new(["ims", "images", "describe", id, "--format", "json"])
    }

    /// Deletes an image of IMS.
    #[must_use]
    pub fn delete_image(id: &ImageId) -> Self {
        Self::new(["ims", "images", "delete", id.as_str()])
    }

    /// Describes a configuration.
    #[must_use]
    pub fn describe_configuration(cfs: CfsVersion, name: &str) -> Self {
        Self::cfs(cfs, ["configurations", "describe", name, "--format", "json"])
    }

    /// Describes a session.
    #[must_use]
    pub fn describe_session(cfs: CfsVersion, name: &str) -> Self {
        Self::cfs(cfs, ["sessions", "describe", name, "--format", "json"])
    }

    /// Deletes a session.
    #[must_use]
    pub fn delete_session(cfs: CfsVersion, name: &str) -> Self {
        Self::cfs(cfs, ["sessions", "delete", name, "--format", "json"])
    }

    /// Fetches an object of S3 into a file.
    #[must_use]
    pub fn get_artifact(bucket: &str, key: &str, file: &str) -> Self {
        Self::new(["artifacts", "get", bucket, key, file])
    }

    /// Creates the session of an attempt on the image `base`.
    #[must_use]
    pub fn create_session(plan: &Plan, at: At, attempt: &Attempt, base: &str) -> Self {
        let (track, step) = plan.get(at);
        let mut command = Self::cfs(
            plan.target.cfs,
            [
                "sessions",
                "create",
                "--name",
                &attempt.session,
                "--configuration-name",
                &track.configuration.name,
                "--target-definition",
                "image",
            ],
        );
        for group in &track.groups {
            command.words.extend(["--target-group".to_owned(), group.clone(), base.to_owned()]);
        }
        let tags: Vec<String> = plan.tags(at, attempt).iter().map(|(tag, value)| format!("{tag}={value}")).collect();
        command.words.extend(
            [
                "--configuration-limit",
                &step.limit,
                "--target-image-map",
                base,
                &attempt.result_name,
                "--tags",
                &tags.join(","),
                "--format",
                "json",
            ]
            .map(str::to_owned),
        );
        command
    }
}

/// A command as a shell takes it.
#[must_use]
pub fn in_shell(program: &str, words: &[String]) -> String {
    let words = words.iter().map(|word| shell_word(word));
    std::iter::once(program.to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

/// A container of the pod of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// Fetches what the layers are made of, before the others begin.
    GitClone,
    /// Unpacks the image and makes the inventory.
    Inventory,
    /// Runs the layers.
    Ansible,
    /// Has the image packed again.
    Teardown,
}

impl Container {
    /// All of them, in the order in which an operator asks for their logs.
    pub const ALL: [Self; 4] = [Self::Ansible, Self::GitClone, Self::Inventory, Self::Teardown];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::GitClone => "git-clone",
            Self::Inventory => "inventory",
            Self::Ansible => "ansible",
            Self::Teardown => "teardown",
        }
    }
}

/// The words of the `kubectl` command that prints the log of a container of a session.
#[must_use]
pub fn log_words(session: &str, container: Container) -> Vec<String> {
    let label = format!("cfsession={session}");
    ["logs", "-n", "services", "-l", &label, "-c", container.name(), "--tail=-1"].map(str::to_owned).to_vec()
}

/// The file beside a plan in which the log of a container of a session is kept.
#[must_use]
pub fn log_file(plan: &Path, session: &str, container: Container) -> String {
    let plan = plan.file_stem().unwrap_or_default().to_string_lossy();
    format!("{plan}.{}", log_name(session, container))
}

/// The name of a file for the log of a container of a session.
#[must_use]
pub fn log_name(session: &str, container: Container) -> String {
    match container {
        Container::Ansible => format!("{session}.log"),
        other => format!("{session}.{}.log", other.name()),
    }
}
