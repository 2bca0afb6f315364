//! A stand-in for `cray`: flags, JSON, error texts and exit codes of the real one, on a state in a directory, with faults
//! on demand.
//!
//! It is this very test executable: a script called `cray` starts it with the ignored test [`cray`] and hands on what it
//! leaves in files, so that the words of the test runner are not in the way.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

/// The environment variable that says where one call leaves its answer.
const CALL: &str = "STAND_IN_CALL";
/// The environment variable that says where the state is.
const STATE: &str = "STAND_IN_STATE";

/// Writes the scripts `cray` and `kubectl` into a directory, for the state in it.
pub fn install(dir: &Path) {
    let state = dir.join("state");
    for part in ["sessions", "images", "layers", "configurations", "objects", "calls.d"] {
        fs::create_dir_all(state.join(part)).unwrap();
    }
    let this = std::env::current_exe().unwrap();
    // As few programs as can be: the tests call this thousands of times.
    let cray = format!(
        r#"#!/bin/sh
call='{state}'/calls.d/$$
for word; do printf '%s\n' "$word"; done > "$call.words"
printf %s "$PPID" > "$call.parent"
{CALL}="$call" {STATE}='{state}' '{this}' --ignored --exact stand_in::cray --test-threads 1 > /dev/null 2>&1
[ ! -s "$call.err" ] || cat "$call.err" >&2
[ ! -s "$call.out" ] || cat "$call.out"
read -r code < "$call.code"
exit "$code"
"#,
        state = state.display(),
        this = this.display()
    );
    program(&dir.join("cray"), &cray);
    program(
        &dir.join("kubectl"),
        &format!(
            "#!/bin/sh\necho \"kubectl $*\" >> '{0}/calls'\ncat '{0}/ansible.log' 2> /dev/null || {{ echo 'Error from server (NotFound): pods not found' >&2; exit 1; }}\n",
            state.display()
        ),
    );
}

/// Writes a script that is run. Another process writes it: while this one held it open, a process that another thread of
/// the tests starts would have it open for writing, too, and nobody could run it ("Text file busy").
pub fn program(path: &Path, text: &str) {
    let mut command = Command::new("sh");
    command.args(["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh"]).arg(path).stdin(Stdio::piped());
    let mut writer = command.spawn().unwrap();
    writer.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success(), "{}", path.display());
}

/// How a call ends.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn json(value: &Value) -> Self {
        Self { code: 0, out: format!("{value:#}\n"), err: String::new() }
    }

    fn error(text: &str) -> Self {
        let err = format!("Usage: cray cfs v3 sessions [OPTIONS]\nTry 'cray -h' for help.\n\nError: {text}\n");
        Self { code: 2, out: String::new(), err }
    }

    fn unreachable() -> Self {
        Self::error(
            "Unable to connect to cray. Please verify your cray hostname:\n  cray config get core.hostname\n  hint\n  hint",
        )
    }
}

#[test]
#[ignore = "this is the stand-in for cray, started by its script"]
fn cray() {
    let (Some(call), Some(state)) = (std::env::var_os(CALL), std::env::var_os(STATE)) else { return };
    let call = |part: &str| PathBuf::from(format!("{}.{part}", call.to_string_lossy()));
    let words: Vec<String> = fs::read_to_string(call("words")).unwrap().lines().map(str::to_owned).collect();
    let parent = fs::read_to_string(call("parent")).unwrap();
    let said = Cray { state: PathBuf::from(state), parent }.answer(&words);
    fs::write(call("err"), said.err).unwrap();
    fs::write(call("out"), said.out).unwrap();
    fs::write(call("code"), format!("{}\n", said.code)).unwrap();
}

struct Cray {
    state: PathBuf,
    parent: String,
}

impl Cray {
    fn answer(&self, words: &[String]) -> Said {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let number = self.log(&words.join(" "));
        let (group, rest, v3) = match words.as_slice() {
            ["cfs", version @ ("v3" | "v2"), rest @ ..] => {
                if self.form() == "1.4" {
                    return Said::error(&format!("No such command '{version}'."));
                }
                ("cfs", rest, *version == "v3")
            }
            [group, rest @ ..] => (*group, rest, false),
            [] => return Said::error("Missing command."),
        };
        let kind = format!("{group} {}", rest.iter().take(2).copied().collect::<Vec<_>>().join(" "));
        let fault = self.fault(&kind, number);
        match fault.as_deref() {
            Some("kill-before") => self.kill(),
            Some("kill-instead") => {
                self.kill();
                return Said::unreachable();
            }
            Some("503") => return Said::error("Error received from server: 503 Service Unavailable"),
            Some("500") => {
                return Said::error(
                    "Internal Server Error: The server encountered an internal error and was unable to complete your request.",
                );
            }
            Some("401") => return Said::error("Error received from server: 401 Unauthorized"),
            Some("404-gateway") => return Said::error("Error received from server: 404 Not Found"),
            Some("unreachable") => return Said::unreachable(),
            Some("uninitialised") => return Said::error("No configuration exists. Run `cray init`"),
            Some("expired") => {
                return Said::error("Your session has expired, please run:\n\t`cray auth login` to reauthenticate");
            }
            Some("login") => {
                return Said { code: 0, out: "<!DOCTYPE html><html>Please log in</html>\n".into(), err: String::new() };
            }
            Some("not-found") => return self.no_session(rest.get(2).copied().unwrap_or_default()),
            Some("foreign") => self.foreign(rest),
            Some("empty") => return Said { code: 0, out: "\n".into(), err: String::new() },
            Some("hang") => std::thread::sleep(Duration::from_secs(1_000)),
            Some("flood") => return Said { code: 0, out: "x".repeat(20 << 20), err: String::new() },
            Some("traceback") => {
                return Said {
                    code: 1,
                    out: String::new(),
                    err: "Traceback (most recent call last):\n  File \"x\"\nIndexError: list index out of range\n"
                        .into(),
                };
            }
            _ => {}
        }
        let said = self.effect(group, rest, v3);
        match fault.as_deref() {
            Some("kill-after") => self.kill(),
            Some("lost") => return Said::unreachable(),
            Some("hang-after") => std::thread::sleep(Duration::from_secs(1_000)),
            Some("garbage") => {
                return Said { code: 0, out: said.out.chars().take(40).collect(), err: String::new() };
            }
            Some("other") => return Said { out: said.out.replace("\"name\": \"", "\"name\": \"other-"), ..said },
            _ => {}
        }
        said
    }

    fn effect(&self, group: &str, rest: &[&str], v3: bool) -> Said {
        match (group, rest) {
            ("cfs", ["sessions", "list", ..]) => {
                Said::json(&if v3 { json!({"next": null, "sessions": []}) } else { json!([]) })
            }
            ("cfs", ["sessions", "create", flags @ ..]) => self.create(flags, v3),
            ("cfs", ["sessions", "describe", name, ..]) => self.describe(name, v3),
            ("cfs", ["sessions", "delete", name, ..]) => match fs::remove_file(self.session(name)) {
                Ok(()) => Said { code: 0, out: "\n".into(), err: String::new() },
                Err(_) => self.no_session(name),
            },
            ("cfs", ["configurations", "describe", name, ..]) => self.configuration(name, v3),
            ("ims", ["images", "describe", id, ..]) => match self.read(&format!("images/{id}.json")) {
                Some(image) => Said::json(&image),
                None => Said::error("Not Found: Requested resource does not exist. Re-run request with valid ID."),
            },
            ("ims", ["images", "delete", id]) => match fs::remove_file(self.state.join(format!("images/{id}.json"))) {
                Ok(()) => Said { code: 0, out: String::new(), err: String::new() },
                Err(_) => Said::error("Not Found: Requested resource does not exist. Re-run request with valid ID."),
            },
            ("artifacts", ["get", _bucket, key, file, ..]) => {
                let object = self.state.join("objects").join(key.replace('/', "_"));
                match fs::copy(object, file) {
                    Ok(_) => Said { code: 0, out: "\n".into(), err: String::new() },
                    Err(_) => {
                        let err = "An error occurred (404) when calling the HeadObject operation: Not Found\n".into();
                        let _ = fs::remove_file(file);
                        Said { code: 1, out: String::new(), err }
                    }
                }
            }
            _ => Said::error(&format!("No such command '{}'.", rest.join(" "))),
        }
    }

    /// Another hand is quicker and makes a session of the same name for something else.
    fn foreign(&self, words: &[&str]) {
        let flags: Vec<&str> = words.iter().skip(2).map(|word| if *word == "0,1,2" { "7" } else { word }).collect();
        self.create(&flags, true);
    }

    fn create(&self, flags: &[&str], v3: bool) -> Said {
        let mut flags = flags.iter().copied();
        let mut session = json!({
            "ansible": {"config": "cfs-default-ansible-cfg", "limit": null, "passthrough": null, "verbosity": 0},
            "configuration": {"limit": "", "name": ""},
            "status": {"artifacts": [], "session": {"completion_time": null, "job": null, "ims_job": null,
                "start_time": "2026-11-22T04:05:45", "status": "pending", "succeeded": "none"}},
            "tags": {},
            "target": {"definition": "dynamic", "groups": [], "image_map": []},
        });
        while let Some(flag) = flags.next() {
            let mut word = || flags.next().unwrap_or_default().to_owned();
            match flag {
                "--name" => session["name"] = word().into(),
                "--configuration-name" => session["configuration"]["name"] = word().into(),
                "--configuration-limit" => session["configuration"]["limit"] = word().into(),
                "--target-definition" => session["target"]["definition"] = word().into(),
                "--target-group" => {
                    let (name, members) = (word(), word());
                    let members: Vec<&str> = members.split(',').collect();
                    let group = json!({"name": name, "members": members});
                    session["target"]["groups"].as_array_mut().unwrap().push(group);
                }
                "--target-image-map" => {
                    let entry = json!({"source_id": word(), "result_name": word()});
                    session["target"]["image_map"].as_array_mut().unwrap().push(entry);
                }
                "--tags" => {
                    for pair in word().split(',') {
                        let (key, value) = pair.split_once('=').unwrap();
                        session["tags"][key] = value.into();
                    }
                }
                "--format" => assert_eq!(word(), "json"),
                other => return Said::error(&format!("no such option: {other}")),
            }
        }
        let name = session["name"].as_str().unwrap().to_owned();
        if name.len() > 45 || !name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
            return Said::error(&format!("Bad Request: '{name}' is too long - 'name'"));
        }
        if self.session(&name).exists() {
            return Said::error(&format!("Conflicting session name: A session with the name {name} already exists"));
        }
        let configuration = session["configuration"]["name"].as_str().unwrap();
        if self.read(&format!("configurations/{configuration}.json")).is_none() {
            return Said::error(&format!("Invalid configuration: No configurations exist named {configuration}"));
        }
        session["looks"] = 0.into();
        self.write(&format!("sessions/{name}.json"), &session);
        fs::write(self.state.join("created"), format!("{}{name}\n", self.text("created"))).unwrap();
        Said::json(&self.shown(&session, v3))
    }

    /// A session gets on a bit each time it is looked at.
    fn describe(&self, name: &str, v3: bool) -> Said {
        let path = format!("sessions/{name}.json");
        let Some(mut session) = self.read(&path) else { return self.no_session(name) };
        let looks = session["looks"].as_u64().unwrap() + 1;
        session["looks"] = looks.into();
        let limit = session["configuration"]["limit"].as_str().unwrap().to_owned();
        let fate = self.fate(&limit, name);
        let state = &mut session["status"]["session"];
        match (looks, fate.as_str()) {
            (_, "pending") => {}
            (2, "vanish") => {
                fs::remove_file(self.session(name)).unwrap();
                return self.no_session(name);
            }
            (1, _) => state["job"] = "cfs-712dee37-2b80-498c-867c-42753716cad6".into(),
            (2, _) => state["status"] = "running".into(),
            (_, "running") => {}
            _ if state["status"] == "complete" => {}
            _ => self.end(&mut session, &limit, &fate),
        }
        self.write(&path, &session);
        Said::json(&self.shown(&session, v3))
    }

    fn end(&self, session: &mut Value, limit: &str, fate: &str) {
        let base = session["target"]["groups"][0]["members"][0].as_str().unwrap().to_owned();
        let state = &mut session["status"]["session"];
        state["status"] = "complete".into();
        state["completion_time"] = "2026-11-22T05:05:45".into();
        let base_layers = self.read(&format!("layers/{base}.json"));
        let known = base_layers.is_some() && self.read(&format!("images/{base}.json")).is_some();
        let succeeded = match fate {
            "fail" => "false",
            "unknown" | "unknown-with-image" => "unknown",
            _ if known => "true",
            _ => "false",
        };
        state["succeeded"] = succeeded.into();
        if succeeded == "false" || matches!(fate, "unknown" | "no-artifact") {
            return;
        }
        // An id is never given twice, not even that of an image which is gone.
        let count = fs::read_dir(self.state.join("layers")).unwrap().count();
        let result = if fate == "equal" { base.clone() } else { format!("{count:08x}-1111-4222-8333-444444444444") };
        if let Some(layer) = fate.strip_prefix("changes-") {
            let name = session["configuration"]["name"].as_str().unwrap();
            self.change(name, layer.parse().unwrap());
        }
        if fate != "equal" {
            let mut layers = base_layers.unwrap().as_array().unwrap().clone();
            layers.extend(limit.split(',').map(Value::from));
            self.write(&format!("layers/{result}.json"), &Value::from(layers));
            let link = json!({"etag": "x", "path": format!("s3://boot-images/{result}/manifest.json"), "type": "s3"});
            let name = session["target"]["image_map"][0]["result_name"].clone();
            let arch = if fate == "other-arch" { "aarch64" } else { "x86_64" };
            let image = json!({"arch": arch, "created": "2026-11-22T04:24:51.743183", "id": result, "metadata": {},
                "link": if fate == "no-link" { Value::Null } else { link }, "name": name});
            if fate != "not-in-ims" {
                self.write(&format!("images/{result}.json"), &image);
            }
        }
        let made = |result: &str| json!({"image_id": base, "result_id": result, "type": "ims_customized_image"});
        session["status"]["artifacts"] = json!([made(&result)]);
        if fate == "several" {
            let other = format!("{count:08x}-5555-4222-8333-444444444444");
            session["status"]["artifacts"] = json!([made(&result), made(&other), made(&base)]);
        }
    }

    /// Somebody changes a layer while a session is under way.
    fn change(&self, configuration: &str, layer: usize) {
        let path = format!("configurations/{configuration}.json");
        let mut content = self.read(&path).unwrap();
        content["layers"][layer]["commit"] = format!("{layer}").repeat(40).into();
        self.write(&path, &content);
    }

    /// What becomes of a session: the fates of its layers, one per attempt; the last one lasts.
    fn fate(&self, limit: &str, name: &str) -> String {
        let attempt: usize = name.rsplit("-a").next().and_then(|number| number.parse().ok()).unwrap_or(1);
        let fates = self.read("fates.json").unwrap_or_default();
        let own = fates.get(limit).and_then(Value::as_array).cloned().unwrap_or_default();
        own.get(attempt - 1).or(own.last()).and_then(Value::as_str).unwrap_or("ok").to_owned()
    }

    fn configuration(&self, name: &str, v3: bool) -> Said {
        let Some(configuration) = self.read(&format!("configurations/{name}.json")) else {
            return Said::error(&format!("Configuration not found: Configuration {name} could not be found"));
        };
        let text = configuration.to_string();
        let old = || text.replace("\"clone_url\"", "\"cloneUrl\"").replace("\"last_updated\"", "\"lastUpdated\"");
        Said::json(&if v3 { configuration } else { serde_json::from_str(&old()).unwrap() })
    }

    /// A session as v3, v2 and CSM 1.4 print it.
    fn shown(&self, session: &Value, v3: bool) -> Value {
        let mut shown = session.clone();
        shown.as_object_mut().unwrap().remove("looks");
        if v3 {
            shown["debug_on_failure"] = false.into();
            shown["logs"] = format!("ara.cmn.SITE/?label={}", shown["name"].as_str().unwrap()).into();
            shown["ansible"]["limit"] = "".into();
            return shown;
        }
        let text = shown
            .to_string()
            .replace("\"completion_time\"", "\"completionTime\"")
            .replace("\"start_time\"", "\"startTime\"");
        let text = if self.form() == "1.4" {
            text.replace("\"image_map\"", "\"imageMap\"")
                .replace("\"result_name\"", "\"resultName\"")
                .replace("\"source_id\"", "\"sourceId\"")
        } else {
            text
        };
        serde_json::from_str(&text).unwrap()
    }

    fn no_session(&self, name: &str) -> Said {
        let words = if self.form() == "1.4" { "Session could not found." } else { "Session not found." };
        Said::error(&format!("{words}: Session {name} could not be found"))
    }

    /// The fault planned for this call: by its number among all, or among those of its kind.
    fn fault(&self, kind: &str, number: usize) -> Option<String> {
        let faults = self.read("faults.json")?;
        let counted =
            self.text("calls").lines().filter(|line| line.replace("cfs v3 ", "cfs ").starts_with(kind)).count();
        let keys = [format!("#{number}"), format!("{kind} {counted}"), kind.to_owned()];
        keys.iter().find_map(|key| faults.get(key)?.as_str()).map(str::to_owned)
    }

    fn kill(&self) {
        let _ = Command::new("kill").args(["-9", &self.parent]).status();
    }

    fn form(&self) -> String {
        self.text("form")
    }

    fn log(&self, words: &str) -> usize {
        let calls = format!("{}{words}\n", self.text("calls"));
        fs::write(self.state.join("calls"), &calls).unwrap();
        calls.lines().filter(|line| !line.starts_with("kubectl ")).count()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.state.join(name)).unwrap_or_default()
    }

    fn session(&self, name: &str) -> PathBuf {
        self.state.join(format!("sessions/{name}.json"))
    }

    fn read(&self, name: &str) -> Option<Value> {
        serde_json::from_str(&fs::read_to_string(self.state.join(name)).ok()?).ok()
    }

    fn write(&self, name: &str, value: &Value) {
        let path = self.state.join(name);
        // A call may be killed in between: then nothing is left where sessions are looked for.
        let temporary = self.state.join(format!("calls.d/{}.new", std::process::id()));
        fs::write(&temporary, format!("{value:#}")).unwrap();
        fs::rename(temporary, path).unwrap();
    }
}
