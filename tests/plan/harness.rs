//! A site of its own for each test: the winter activity, a plan of it, and a stand-in for `cray` with the images and the
//! configuration that the plan speaks of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use crate::stand_in;

pub const BASE_ID: &str = "c5e01698-9dea-448f-80aa-21dba7c0cbb6";
pub const UAN_ID: &str = "8ecc2e27-78e5-4edd-8b55-1be4b28f96fc";
pub const CONFIGURATION: &str = "winter-compute-24.11";

pub const BOOTPREP: [&str; 4] =
    ["--bootprep", "winter/compute-and-uan-bootprep.yaml", "--vars-file", "winter/session_vars.yaml"];

/// A site that is gone when the test is over.
pub struct Site(PathBuf);

/// What a command left.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Outcome {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The files of the winter activity.
pub fn winter() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/winter")
}

impl Site {
    /// A site without a plan.
    pub fn bare() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("incfg-plan-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        let site = Self(path);
        stand_in::install(&site.0);
        site.state("form", "v3");
        let configuration: Value =
            serde_json::from_str(&fs::read_to_string(winter().join("configuration.json")).unwrap()).unwrap();
        site.state(&format!("configurations/{CONFIGURATION}.json"), &configuration.to_string());
        site.image(BASE_ID, "hpe-cos-24.11.x86_64-winter");
        site.image(UAN_ID, "uan-hpe-cos-24.11.x86_64-winter");
        std::os::unix::fs::symlink(winter(), site.0.join("winter")).unwrap();
        site
    }

    /// A site with a shorter plan: layers 0 to 2 in one session, 3 and 4 in another.
    pub fn short() -> Self {
        let site = Self::bare();
        let made = site.plan(&["--strategy", "all"]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        site
    }

    /// A site with `plan.yaml`: layers 0 to 2 in one session, 3 and 4 in one each.
    pub fn new() -> Self {
        let site = Self::bare();
        let made = site.plan(&[]);
        assert_eq!(made.code, 0, "{}", made.stderr);
        site
    }

    /// Makes `plan.yaml` of the winter activity, with more flags.
    pub fn plan(&self, more: &[&str]) -> Outcome {
        self.plan_of(&["winter/iuf", "winter/ansible.log", "winter/configuration.json"], more)
    }

    /// Makes `plan.yaml` of these inputs and the bootprep file of the winter activity.
    pub fn plan_of(&self, inputs: &[&str], more: &[&str]) -> Outcome {
        self.incfg(&[&["plan"], inputs, &BOOTPREP, &["-o", "plan.yaml"], more].concat())
    }

    /// The analysis of the winter activity.
    pub fn analysis(&self) -> Value {
        let inputs = ["winter/iuf", "winter/ansible.log", "winter/configuration.json", "--format", "json"];
        let outcome = self.incfg(&[&["analyze"], inputs.as_slice(), &BOOTPREP].concat());
        serde_json::from_str(&outcome.stdout).unwrap()
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub fn write(&self, name: &str, content: &str) {
        assert!(!name.starts_with("winter/"), "{name} is a link to the files of every test");
        fs::write(self.0.join(name), content).unwrap();
    }

    /// Writes a script that is run.
    pub fn program(&self, name: &str, text: &str) {
        stand_in::program(&self.0.join(name), text);
    }

    /// A part of the state of the stand-in.
    pub fn state(&self, name: &str, content: &str) {
        fs::write(self.0.join("state").join(name), content).unwrap();
    }

    /// Faults of calls: `"cfs sessions create 1": "lost"`, or `"#7": "kill-before"`.
    pub fn faults(&self, faults: &Value) {
        self.state("faults.json", &faults.to_string());
    }

    /// What becomes of the sessions of a limit, one word per attempt.
    pub fn fates(&self, fates: &Value) {
        self.state("fates.json", &fates.to_string());
    }

    /// Puts an image without any layer into IMS.
    pub fn image(&self, id: &str, name: &str) {
        let link = json!({"etag": "x", "path": format!("s3://boot-images/{id}/manifest.json"), "type": "s3"});
        let image = json!({"arch": "x86_64", "id": id, "link": link, "metadata": {}, "name": name});
        self.state(&format!("images/{id}.json"), &image.to_string());
        self.state(&format!("layers/{id}.json"), "[]");
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_incfg"));
        command
            .args(arguments)
            .current_dir(&self.0)
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("COLUMNS");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn incfg(&self, arguments: &[&str]) -> Outcome {
        self.command(arguments).output().unwrap().into()
    }

    pub fn incfg_with_stdin(&self, arguments: &[&str], stdin: &str) -> Outcome {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let text = stdin.to_owned();
        let feeder = std::thread::spawn(move || drop(std::io::Write::write_all(&mut input, text.as_bytes())));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        output.into()
    }

    /// The words of `incfg run plan.yaml` against the stand-in.
    pub fn run_words<'a>(&self, more: &[&'a str]) -> Vec<&'a str> {
        let fixed = ["run", "plan.yaml", "--cray", "./cray", "--kubectl", "./kubectl"];
        let poll: &[&str] = if more.contains(&"--poll") { &[] } else { &["--poll", "5ms"] };
        fixed.iter().chain(poll).chain(more).copied().collect()
    }

    pub fn run(&self, more: &[&str]) -> Outcome {
        self.incfg(&self.run_words(more))
    }

    pub fn start(&self, more: &[&str]) -> Child {
        self.command(&self.run_words(more)).spawn().unwrap()
    }

    /// Calls the stand-in itself.
    pub fn cray(&self, words: &str) -> Outcome {
        Command::new("./cray").args(words.split_whitespace()).current_dir(&self.0).output().unwrap().into()
    }

    pub fn status(&self) -> Value {
        let outcome = self.incfg(&["status", "plan.yaml", "--format", "json"]);
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        serde_json::from_str(&outcome.stdout).unwrap()
    }

    /// A field of the steps of the first image.
    pub fn steps(&self, field: &str) -> Vec<Value> {
        let status = self.status();
        status["images"][0]["steps"].as_array().unwrap().iter().map(|step| step[field].clone()).collect()
    }

    /// The calls of `cray` so far.
    pub fn calls(&self) -> Vec<String> {
        let text = fs::read_to_string(self.0.join("state/calls")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The sessions that are there.
    pub fn sessions(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.join("state/sessions")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().replace(".json", "")).collect();
        names.sort();
        names
    }

    /// The sessions that were ever made, in order.
    pub fn created(&self) -> Vec<String> {
        let text = fs::read_to_string(self.0.join("state/created")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// The layers that are in an image, in the order in which they were applied.
    pub fn layers_of(&self, image: &Value) -> String {
        let path = format!("state/layers/{}.json", image.as_str().unwrap());
        let layers: Vec<String> = serde_json::from_str(&self.read(&path)).unwrap();
        layers.join(" ")
    }

    /// The files at the site that incfg made, beside the plan.
    pub fn left_over(&self) -> Vec<String> {
        let known = ["cray", "kubectl", "state", "winter", "plan.yaml"];
        let entries = fs::read_dir(&self.0).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| !known.contains(&name.as_str())).collect();
        names.sort();
        names
    }

    /// The plan is through: every layer applied once and in order, no session left, none made twice.
    pub fn is_whole(&self) {
        let status = self.status();
        let image = &status["images"][0];
        assert_eq!(image["done"], true, "{status:#}");
        assert_eq!(self.layers_of(&image["current_image_id"]), "0 1 2 3 4");
        assert_eq!(self.sessions(), Vec::<String>::new());
        let mut created = self.created();
        created.dedup();
        assert_eq!(created, self.created(), "a session was made twice");
    }
}

/// Waits for something another process does; far longer than it can take.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("{what} did not come about");
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
