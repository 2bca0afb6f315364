//! A directory of its own for each test, the command run in it, and logs in the shapes of IUF and SAT.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

pub const BASE_ID: &str = "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0";
pub const FINAL_ID: &str = "11111111-2222-4333-8444-555555555555";
pub const OTHER_ID: &str = "99999999-8888-4777-8666-555555555555";
pub const BASE: &str = "cos-base";
pub const WORKFLOW: &str = "demo-ab1cd-prepare-images-x2k4z";
pub const MANAGED: &str = "prepare-managed-images";

/// A directory that is gone when the test is over.
pub struct Dir(PathBuf);

/// What a command left.
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Dir {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let path = std::env::temp_dir().join(format!(
            "incfg-test-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        ));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    /// A copy of incfg in this directory, which any user may run. Another process copies it: while this one held it open,
    /// a process that another thread of the tests starts would have it open for writing, too, and nobody could run it
    /// ("Text file busy").
    pub fn with_incfg(&self) -> PathBuf {
        let copy = self.0.join("incfg");
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_incfg")).arg(&copy).status().unwrap();
        assert!(copied.success());
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o755)).unwrap();
        copy
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_with_stdin(arguments, &[])
    }

    pub fn run_with_stdin(&self, arguments: &[&str], stdin: &[u8]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_incfg"));
        command
            .args(arguments)
            .current_dir(&self.0)
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env_remove("COLUMNS");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let bytes = stdin.to_vec();
        let feeder = std::thread::spawn(move || drop(std::io::Write::write_all(&mut input, &bytes)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The analysis of the given paths and flags, as JSON.
    pub fn analysis(&self, arguments: &[&str]) -> Value {
        let outcome = self.run(&[&["analyze", "--format", "json"], arguments].concat());
        assert_eq!(outcome.code, 0, "{}", outcome.stderr);
        let analysis: Value = serde_json::from_str(&outcome.stdout).unwrap();
        self.evidence_holds(&analysis);
        analysis
    }

    /// Every place in an analysis is a line that exists.
    fn evidence_holds(&self, value: &Value) {
        match value {
            Value::Object(map) if map.len() == 2 && map.contains_key("path") && map.contains_key("line") => {
                let path = self.0.join(map["path"].as_str().unwrap());
                let line = usize::try_from(map["line"].as_u64().unwrap()).unwrap();
                let bytes = fs::read(&path).unwrap();
                let packed = bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
                assert!(
                    packed || (1..=bytes.split(|byte| *byte == b'\n').count()).contains(&line),
                    "{}:{line}",
                    path.display()
                );
            }
            Value::Object(map) => map.values().for_each(|value| self.evidence_holds(value)),
            Value::Array(items) => items.iter().for_each(|value| self.evidence_holds(value)),
            _ => {}
        }
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The analysis of one `main.log`.
pub fn main_log(text: &str) -> Value {
    let dir = Dir::new();
    dir.file("main.log", text);
    dir.analysis(&["main.log"])
}

/// The same of a log so large that its evidence is not looked up line by line.
pub fn large_main_log(text: &str) -> Value {
    let dir = Dir::new();
    let outcome = dir.file("main.log", text).run(&["analyze", "--format", "json", "main.log"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    serde_json::from_str(&outcome.stdout).unwrap()
}

/// The image of that name in a run.
pub fn image<'a>(run: &'a Value, name: &str) -> &'a Value {
    let images = run["images"].as_array().unwrap();
    images.iter().find(|image| image["name"] == name).unwrap_or_else(|| panic!("no image {name} in {images:#?}"))
}

/// The codes of the warnings.
pub fn warnings(analysis: &Value) -> Vec<&str> {
    analysis["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap()).collect()
}

/// The first warning of a code.
pub fn warning<'a>(analysis: &'a Value, code: &str) -> &'a Value {
    analysis["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|warning| warning["code"] == code)
        .unwrap_or_else(|| panic!("no warning {code} in {:#}", analysis["warnings"]))
}

/// The pods of the runs, in order.
pub fn pods(analysis: &Value) -> Vec<&str> {
    analysis["sat_runs"].as_array().unwrap().iter().map(|run| run["pod"].as_str().unwrap_or("-")).collect()
}

/// 32-bit FNV-1a, by which Argo numbers the pods of a workflow.
pub fn fnv1a(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

pub fn pod(workflow: &str, operation: &str, retry: &str) -> String {
    format!("{workflow}-sat-wrapper-{}", fnv1a(&format!("{workflow}.{operation}[1].sat-bootprep-run{retry}")))
}

/// What SAT prints, as (level, message); no level is text it prints as it is.
pub type Lines = Vec<(&'static str, String)>;

/// A user who owns nothing.
pub const NOBODY: u32 = 65_534;

/// SAT's lines in the form of `main.log`.
pub fn as_main_log(lines: &Lines) -> String {
    lines
        .iter()
        .map(|(level, text)| if level.is_empty() { format!("{text}\n") } else { format!("{level}: {text}\n") })
        .collect()
}

pub fn begin(operation_of: &str, images: usize) -> Lines {
    vec![
        (
            "",
            format!(
                "INFO Using bootprep file .bootprep-demo/compute-and-uan-bootprep.yaml for preparing images on {operation_of} nodes"
            ),
        ),
        ("INFO", "Validating given input file /media/.bootprep-demo/compute-and-uan-bootprep.yaml".into()),
        ("INFO", format!("Creating {images} images.")),
        ("INFO", "Creating images".into()),
    ]
}

/// The lines that tell on what the items build: `None` for a recipe, else the index of another item.
pub fn items(bases: &[Option<usize>]) -> Lines {
    let mut lines = Lines::new();
    for (at, base) in bases.iter().enumerate() {
        if let Some(base) = base {
            lines.push(("INFO", format!("image at index {at} depends on image at index {base}.")));
        }
    }
    for (at, base) in bases.iter().enumerate() {
        let words = base.map_or("recipe provided by version 1 of product cos".to_owned(), |base| {
            format!("image from input instance with ref_name=\"ref{base}\"")
        });
        lines.push(("INFO", format!("Found IMS base for image at index {at}: {words}")));
    }
    lines
}

/// An image from a recipe, without configuration.
pub fn built(name: &str, id: &str) -> Lines {
    vec![
        ("INFO", format!("Creation of image {name} succeeded: ID {id}")),
        ("INFO", format!("Image {name} does not need configuration.")),
        ("INFO", format!("Creation of image {name} succeeded: ID {id}")),
    ]
}

pub fn session(name: &str) -> String {
    format!("sat-{:08x}-0000-4000-8000-000000000000", fnv1a(name))
}

/// The lines of a customization up to the point where its containers run.
pub fn customizing(name: &str) -> Lines {
    let session = session(name);
    vec![
        ("INFO", format!("Base for image with name {name} is a pre-built image.")),
        ("INFO", format!("Creating CFS session {session} to configure image {name}")),
        ("INFO", format!("Created CFS session {session} to configure image {name}")),
        ("INFO", format!("Waiting for CFS to create Kubernetes job associated with session {session}.")),
        ("INFO", format!("CFS session: {session:<45} Image: {name}:")),
        ("INFO", "    Container ansible   transitioned to running   from waiting  ".into()),
    ]
}

pub fn customized(name: &str, id: &str) -> Lines {
    let mut lines = customizing(name);
    lines.push(("INFO", format!("Creation of image {name} succeeded: ID {id}")));
    lines
}

/// A customization that failed in a container, of the item at `index`.
pub fn failed_in(name: &str, container: &str, index: usize) -> Lines {
    let mut lines = customizing(name);
    lines.push(("INFO", format!("CFS session: {:<45} Image: {name}:", session(name))));
    lines.push(("INFO", format!("    Container {container} transitioned to failed    from running  ")));
    lines.push((
        "INFO",
        format!("Logs from the failed image configuration K8s container for image {name} may be viewed with 'kubectl logs -n services {} -c {container}'.", cfs_pod(name)),
    ));
    lines.push(("ERROR", format!("Creation of image {name} failed")));
    lines.push((
        "ERROR",
        format!(
            "Failed to wait for condition \"creation of IMS images\" for member image at index {index}: creation failed"
        ),
    ));
    lines
}

pub fn cfs_pod(name: &str) -> String {
    format!("cfs-{:08x}-0000-4000-8000-000000000000-abcde", fnv1a(name))
}

pub fn ended_badly(failed: usize) -> Lines {
    vec![
        ("ERROR", format!("Creation of {failed} images failed")),
        ("", "Script content exited with return code 1".into()),
    ]
}

/// A base and a compute image on it that fails in `container`.
pub fn compute_fails(container: &str) -> Lines {
    [
        begin("managed", 2),
        items(&[None, Some(0)]),
        built(BASE, BASE_ID),
        failed_in("compute-cos-base", container, 1),
        ended_badly(1),
    ]
    .concat()
}

/// A bootprep file with a base and a compute image for each of two architectures.
pub fn two_architectures() -> &'static str {
    "images:\n- {name: '{{base.name}}-1', ref_name: base.x86, base: {product: {name: cos, type: recipe}}}\n- {name: 'compute-{{base.name}}', ref_name: compute.x86, base: {image_ref: base.x86}, configuration: 'c-{{v}}', configuration_group_names: [Compute]}\n- {name: '{{base.name}}-1', ref_name: base.arm, base: {product: {name: cos, type: recipe}}}\n- {name: 'compute-{{base.name}}', ref_name: compute.arm, base: {image_ref: base.arm}, configuration: 'c-{{v}}', configuration_group_names: [Compute]}\n"
}

/// Lines of [`items`] with the `ref_name`s of [`two_architectures`].
pub fn of_two_architectures(lines: Lines) -> Lines {
    let renamed = |text: String| {
        let text = text.replace("ref_name=\"ref0\"", "ref_name=\"base.x86\"");
        text.replace("ref_name=\"ref2\"", "ref_name=\"base.arm\"")
    };
    lines.into_iter().map(|(level, text)| (level, renamed(text))).collect()
}

/// A log of `iuf`, one line a second.
pub struct InstallLog {
    lines: String,
    second: u32,
    workflow: String,
    stamped: bool,
}

impl InstallLog {
    pub fn new() -> Self {
        Self { lines: String::new(), second: 0, workflow: WORKFLOW.into(), stamped: true }
    }

    /// Begins at another minute of the same day.
    pub fn at(minute: u32) -> Self {
        Self { second: minute * 60, ..Self::new() }
    }

    pub fn console() -> Self {
        Self { stamped: false, ..Self::new() }
    }

    pub fn text(&self) -> &str {
        &self.lines
    }

    pub fn raw(&mut self, line: &str) -> &mut Self {
        self.lines += line;
        self.lines.push('\n');
        self
    }

    /// A line of `iuf` itself: level and text.
    pub fn own(&mut self, level: &str, text: &str) -> &mut Self {
        self.second += 1;
        if self.stamped {
            let second = self.second;
            let _ = write!(
                self.lines,
                "2024-02-01T{:02}:{:02}:{:02}.000001Z ",
                9 + second / 3600,
                second / 60 % 60,
                second % 60
            );
        }
        let line = format!("{level:<4} {text}");
        self.raw(&line)
    }

    pub fn column(&mut self, level: &str, column: &str, text: &str) -> &mut Self {
        self.own(level, &format!("[{column:<57.57}] {text}"))
    }

    pub fn begin(&mut self, activity: &str, session: &str) -> &mut Self {
        self.own(
            "INFO",
            &format!("All logs will be stored in /etc/cray/upgrade/csm/iuf/{activity}/log/20240201090000"),
        );
        self.column("INFO", &format!("ACTIVITY: {activity}"), "BEG Install started at 2024-02-01 03:00:00.000001");
        self.column("INFO", &format!("IUF SESSION: {session}"), "BEG Started at 2024-02-01 03:00:01.000001")
    }

    pub fn stage(&mut self, stage: &str, workflow: &str) -> &mut Self {
        self.workflow = workflow.into();
        self.column("INFO", &format!("STAGE: {stage}"), &format!("BEG Argo workflow: {workflow}"));
        self.own("DBG", &format!("Monitoring workflow {workflow}"))
    }

    /// What a pod prints, relayed: with its level, or with a stamp where there is none.
    pub fn relay(&mut self, operation: &str, lines: &Lines) -> &mut Self {
        for (level, text) in lines {
            let (level, text) = match (*level, text.strip_prefix("INFO ")) {
                ("", Some(rest)) => ("INFO", rest.to_owned()),
                ("", None) => (
                    "DBG",
                    format!("2024-02-01T08:{:02}:{:02}.123456789Z {text}", self.second / 60 % 60, self.second % 60),
                ),
                ("ERROR", _) => ("ERR", text.clone()),
                ("WARNING", _) => ("WARN", text.clone()),
                (level, _) => (level, text.clone()),
            };
            self.column(level, operation, &format!("      {text}"));
        }
        self
    }

    pub fn sat_begins(&mut self, operation: &str) -> &mut Self {
        self.column("INFO", operation, &format!("BEG {operation}"));
        self.column("INFO", operation, "BEG sat-bootprep-run")
    }

    /// The end of a SAT step, as `iuf` writes it: failures twice.
    pub fn sat_ends(&mut self, operation: &str, status: &str) -> &mut Self {
        if status == "Failed" {
            self.column("ERR", operation, &format!("END sat-bootprep-run [{status}]"));
        }
        self.column("INFO", operation, &format!("END sat-bootprep-run [{status}]"))
    }

    pub fn key(&mut self, operation: &str) -> &mut Self {
        let workflow = self.workflow.clone();
        self.column(
            "DBG",
            operation,
            &format!("LOG FILE FOR sat-bootprep-run: argo/{workflow}/{}/main.log", pod(&workflow, operation, "")),
        )
    }

    /// A whole run of SAT.
    pub fn sat(&mut self, operation: &str, lines: &Lines, status: &str) -> &mut Self {
        self.sat_begins(operation).relay(operation, lines).sat_ends(operation, status).key(operation)
    }
}

/// The analysis of an activity directory with one `install.log`.
pub fn activity(log: &InstallLog) -> (Dir, Value) {
    let dir = Dir::new();
    dir.file("act/log/20240201090000/install.log", log.text());
    let analysis = dir.analysis(&["act"]);
    (dir, analysis)
}

/// A run whose failed image has a configuration called `configuration`.
pub fn with_configuration(configuration: &str) -> Dir {
    let dir = Dir::new();
    let bootprep = format!(
        "images:\n- {{name: b, ref_name: ref0, base: {{product: {{name: cos, type: recipe}}}}}}\n- {{name: one, base: {{image_ref: ref0}}, configuration: {configuration}, configuration_group_names: [G]}}\n"
    );
    let lines = [
        begin("managed", 2),
        items(&[None, Some(0)]),
        built("b", BASE_ID),
        failed_in("one", "ansible-2", 1),
        ended_badly(1),
    ]
    .concat();
    let mut log = InstallLog::new();
    log.begin("demo", "demo-ab1cd").stage("prepare-images", WORKFLOW).sat(MANAGED, &lines, "Failed");
    dir.file("install.log", log.text()).file("b.yaml", bootprep);
    dir
}
