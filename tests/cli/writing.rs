//! A file that is written is whole at any moment: the old or the new, whatever happens to incfg, to the disk and to the
//! name that was given.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::harness::*;

const BOOTPREP: &str = "images:\n- name: base\n  ref_name: base\n  base: {product: {name: cos, type: recipe}}\n- name: compute\n  ref_name: compute\n  base: {image_ref: base}\n  configuration: cfg\n  configuration_group_names: [Compute]\n  vesrion: 1\n";

/// Every command that writes a file, and the file: it is there before, but for those of which a new one is meant.
fn commands() -> Vec<(Vec<&'static str>, &'static str)> {
    let pin = "base=0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0";
    vec![
        (vec!["rewrite-bootprep", "b.yaml", "--pin", pin, "-o", "out"], "out"),
        (vec!["rewrite-bootprep", "b.yaml", "--pin", pin, "--in-place=.orig"], "b.yaml"),
        (vec!["check", "fixable.yaml", "--fix"], "fixable.yaml"),
        (vec!["check", "b.yaml", "--write-baseline", "out"], "out"),
        (vec!["check", "b.yaml", "--format", "json", "-o", "out"], "out"),
        (vec!["analyze", "main.log", "--format", "html", "-o", "out"], "out"),
    ]
}

fn site() -> Dir {
    let dir = Dir::new();
    dir.file("b.yaml", BOOTPREP).file(
        "fixable.yaml",
        "images:\n- name: a\n  ref_name : a\n  base: {ims: {id: 0F1E2D3C-4b5a-4978-8796-a5b4c3d2e1f0, type: image}}\n",
    );
    dir.file("main.log", as_main_log(&compute_fails("ansible"))).file("out", "the old content\n");
    dir
}

fn names(dir: &Dir) -> Vec<String> {
    let entries = fs::read_dir(dir.path()).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn read(dir: &Dir, name: &str) -> Vec<u8> {
    fs::read(dir.path().join(name)).unwrap()
}

/// What a command makes of its file.
fn made(words: &[&str], file: &str) -> (Vec<u8>, Vec<u8>) {
    let dir = site();
    let old = read(&dir, file);
    let outcome = dir.run(words);
    assert!(outcome.code < 2, "{words:?}: {}", outcome.stderr);
    let new = read(&dir, file);
    assert_ne!(old, new, "{words:?} writes nothing: {}{}", outcome.stdout, outcome.stderr);
    (old, new)
}

#[test]
fn a_result_never_takes_the_place_of_what_it_was_made_from() {
    let dir = site();
    dir.file("vars.yaml", "a: 1\n").file("iuf/main.log", as_main_log(&compute_fails("ansible")));
    dir.file("plan.yaml", "schema: incfg.plan/1\n");
    symlink("b.yaml", dir.path().join("link")).unwrap();
    fs::hard_link(dir.path().join("main.log"), dir.path().join("other-name")).unwrap();
    let pin = "base=0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0";
    for (words, file) in [
        (&["analyze", "main.log", "-o", "main.log"][..], "main.log"),
        (&["analyze", "main.log", "--format", "html", "-o", "other-name"], "main.log"),
        (&["analyze", "iuf", "--format", "json", "-o", "iuf/main.log"], "iuf/main.log"),
        (&["analyze", "main.log", "--bootprep", "b.yaml", "-o", "link"], "b.yaml"),
        (&["analyze", "main.log", "--vars-file", "vars.yaml", "-o", "vars.yaml"], "vars.yaml"),
        (&["check", "b.yaml", "-o", "b.yaml"], "b.yaml"),
        (&["check", ".", "--format", "html", "-o", "link"], "b.yaml"),
        (&["check", "b.yaml", "--vars-file", "vars.yaml", "--write-baseline", "vars.yaml"], "vars.yaml"),
        (&["rewrite-bootprep", "b.yaml", "--pin", pin, "--vars-file", "vars.yaml", "-o", "vars.yaml"], "vars.yaml"),
    ] {
        let old = read(&dir, file);
        let outcome = dir.run(words);
        assert_eq!(outcome.code, 2, "{words:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("is one of the files that were given to be read"), "{}", outcome.stderr);
        assert_eq!(read(&dir, file), old, "{words:?}");
    }
}

#[test]
fn a_report_among_the_logs_of_a_directory_is_written_anew() {
    let dir = Dir::new();
    dir.file("iuf/main.log", as_main_log(&compute_fails("ansible")));
    for format in ["text", "json", "html"] {
        let words = ["analyze", "iuf", "--format", format, "-o", "iuf/report"];
        for time in ["first", "second"] {
            assert_eq!(dir.run(&words).code, 0, "{format}, the {time} time");
        }
    }
}

fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs a command with something done to its `nth` call of the system; whether it came to that.
fn with_fault(dir: &Dir, words: &[&str], call: &str, fault: &str, nth: usize) -> (bool, std::process::Output) {
    let trace = dir.path().join("../").join(format!("{}.trace", dir.path().file_name().unwrap().to_string_lossy()));
    let output = Command::new("strace")
        .args(["-f", "-qq", "-e", &format!("trace={call}"), "-e", &format!("inject={call}:{fault}:when={nth}"), "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_incfg"))
        .args(words)
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let traced = fs::read_to_string(&trace).unwrap_or_default();
    let _ = fs::remove_file(trace);
    let came = traced.contains("(INJECTED)") || traced.contains("+++ killed by SIGKILL");
    (came, output)
}

/// What holds after anything: the file is the old or the new one, and its copy, where one was made, is the old one.
fn is_whole(dir: &Dir, file: &str, (old, new): &(Vec<u8>, Vec<u8>), what: &str) {
    let now = read(dir, file);
    assert!(now == *old || now == *new, "{what}: {file} is neither old nor new: {}", String::from_utf8_lossy(&now));
    if let Ok(copy) = fs::read(dir.path().join("b.yaml.orig")) {
        assert_eq!(copy, BOOTPREP.as_bytes(), "{what}");
    } else if file == "b.yaml" {
        assert_eq!(now, *old, "{what}: changed before its copy was there");
    }
}

#[test]
fn a_command_that_is_killed_anywhere_leaves_a_whole_file() {
    for (words, file) in commands() {
        let versions = made(&words, file);
        if !is_there("strace") {
            // Without strace it is killed after longer and longer: it hits the same places, but not each of them.
            for wait in (0..60).map(|step| Duration::from_millis(step * 3)) {
                let dir = site();
                let mut command = Command::new(env!("CARGO_BIN_EXE_incfg"));
                command.args(&words).current_dir(dir.path()).stdout(Stdio::null()).stderr(Stdio::null());
                let mut child = command.spawn().unwrap();
                std::thread::sleep(wait);
                child.kill().unwrap();
                child.wait().unwrap();
                is_whole(&dir, file, &versions, &format!("{words:?} killed after {wait:?}"));
            }
            continue;
        }
        let mut kills = 0;
        for call in ["write", "fsync", "rename", "fchmod", "unlink"] {
            for nth in 1..40 {
                let dir = site();
                let (came, output) = with_fault(&dir, &words, call, "signal=KILL", nth);
                is_whole(&dir, file, &versions, &format!("{words:?} killed at {call} {nth}"));
                if !came {
                    assert!(output.status.code().is_some_and(|code| code < 2), "{words:?}: {output:?}");
                    break;
                }
                kills += 1;
            }
        }
        assert!(kills >= 3, "{words:?}: killed {kills} times only");
    }
}

#[test]
fn a_disk_that_is_full_at_any_write_costs_nothing_and_is_told() {
    for (words, file) in commands() {
        let versions = made(&words, file);
        let full = |dir: &Dir, output: &std::process::Output, what: &str| {
            is_whole(dir, file, &versions, what);
            let left: Vec<String> = names(dir).into_iter().filter(|name| name.contains("tmp")).collect();
            assert_eq!(left, Vec::<String>::new(), "{what}");
            let said = String::from_utf8_lossy(&output.stderr);
            let unchanged = read(dir, file) == versions.0;
            if unchanged && !said.is_empty() {
                assert_eq!(output.status.code(), Some(3), "{what}: {said}");
                assert!(said.contains("cannot be written") && said.contains("Nothing was changed"), "{what}: {said}");
            }
        };
        let dir = site();
        let script = format!("ulimit -f 0; exec '{}' \"$@\" > /dev/null", env!("CARGO_BIN_EXE_incfg"));
        let output =
            Command::new("sh").args(["-c", &script, "sh"]).args(&words).current_dir(dir.path()).output().unwrap();
        full(&dir, &output, &format!("{words:?} with no room at all"));
        assert_eq!(read(&dir, file), versions.0);
        if is_there("strace") {
            for call in ["write", "fsync", "rename"] {
                for nth in 1..40 {
                    let dir = site();
                    let (came, output) = with_fault(&dir, &words, call, "error=ENOSPC", nth);
                    full(&dir, &output, &format!("{words:?} with a full disk at {call} {nth}"));
                    if !came {
                        break;
                    }
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_written_to_is_told_and_left_as_it_is() {
    for (words, file) in commands().into_iter().filter(|(_, file)| *file == "out") {
        let dir = site();
        let out = dir.path().join(file);
        let run = |expected: &str| {
            let outcome = dir.run(&words);
            assert_eq!(outcome.code, 3, "{words:?}: {}", outcome.stderr);
            assert!(outcome.stderr.contains(expected), "{words:?}: {}", outcome.stderr);
            assert!(!names(&dir).iter().any(|name| name.contains("tmp")), "{:?}", names(&dir));
        };
        fs::remove_file(&out).unwrap();
        fs::create_dir(&out).unwrap();
        run("this is a directory");
        fs::remove_dir(&out).unwrap();
        assert!(Command::new("mkfifo").arg(&out).status().unwrap().success());
        run("this is no regular file");
        assert!(fs::symlink_metadata(&out).unwrap().file_type().is_fifo());
        fs::remove_file(&out).unwrap();
        symlink("nowhere/out", &out).unwrap();
        run("cannot be written");
        assert!(fs::symlink_metadata(&out).unwrap().is_symlink());
    }
}

#[test]
fn a_link_is_kept_and_what_it_leads_to_is_written() {
    for (words, file) in commands() {
        let (_, new) = made(&words, file);
        let dir = site();
        fs::create_dir(dir.path().join("real")).unwrap();
        fs::rename(dir.path().join(file), dir.path().join("real/file")).unwrap();
        symlink("real/file", dir.path().join(file)).unwrap();
        fs::set_permissions(dir.path().join("real/file"), fs::Permissions::from_mode(0o640)).unwrap();
        let outcome = dir.run(&words);
        assert!(outcome.code < 2, "{words:?}: {}", outcome.stderr);
        assert!(fs::symlink_metadata(dir.path().join(file)).unwrap().is_symlink(), "{words:?}");
        assert_eq!(read(&dir, "real/file"), new, "{words:?}");
        assert_eq!(fs::metadata(dir.path().join("real/file")).unwrap().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(dir.path().join("real")).unwrap().count(), 1);
    }
}

#[test]
fn a_result_goes_to_a_device_that_takes_it() {
    let dir = site();
    for output in ["/dev/null", "/dev/stdout"] {
        let outcome = dir.run(&["analyze", "main.log", "--format", "json", "-o", output]);
        assert_eq!(outcome.code, 0, "{output}: {}", outcome.stderr);
        assert_eq!(outcome.stdout.is_empty(), output == "/dev/null");
    }
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
}

#[test]
fn a_directory_that_is_read_only_is_told() {
    let dir = site();
    let incfg = dir.with_incfg();
    for (words, file) in commands() {
        let before = (names(&dir), read(&dir, file));
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o555)).unwrap();
        let mut command = Command::new(&incfg);
        command.args(&words).current_dir(dir.path()).stdin(Stdio::null());
        if fs::write(dir.path().join("probe"), "").is_ok() {
            fs::remove_file(dir.path().join("probe")).unwrap();
            command.uid(NOBODY).gid(NOBODY);
        }
        let output = command.output().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{words:?}: {said}");
        assert!(said.contains("in directory") && said.contains("Permission denied"), "{words:?}: {said}");
        assert_eq!((names(&dir), read(&dir, file)), before, "{words:?}");
    }
}

#[test]
fn a_file_of_another_user_stays_that_of_this_user() {
    for (words, file) in commands() {
        let dir = site();
        let path = dir.path().join(file);
        // Only root can give a file away; anybody else has their own.
        let _ = chown(&path, Some(4321), Some(4321));
        let owner = |path: &Path| fs::metadata(path).map(|file| (file.uid(), file.gid())).unwrap();
        let before = owner(&path);
        let outcome = dir.run(&words);
        assert!(outcome.code < 2, "{words:?}: {}", outcome.stderr);
        assert_eq!(owner(&path), before, "{words:?}");
    }
}

/// Opens a pipe once the other end is open, and no sooner; none if the process ends before that.
fn opened_by(pipe: &Path, process: &mut Child) -> Option<fs::File> {
    const NONBLOCK: i32 = 0o4000;
    loop {
        // Without anybody who reads it, a pipe cannot be opened so.
        match fs::OpenOptions::new().write(true).custom_flags(NONBLOCK).open(pipe) {
            Ok(pipe) => return Some(pipe),
            Err(_) if process.try_wait().unwrap().is_none() => std::thread::sleep(Duration::from_millis(1)),
            Err(_) => return None,
        }
    }
}

#[test]
fn a_file_that_another_hand_changed_since_it_was_read_is_left_alone() {
    let pin = "base=0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0";
    let cases = [
        (vec!["rewrite-bootprep", "b.yaml", "--pin", pin, "--vars-file", "pipe", "--in-place=.orig"], "b.yaml"),
        (vec!["check", "--fix", "fixable.yaml", "pipe"], "fixable.yaml"),
    ];
    for (words, file) in cases {
        let dir = site();
        let pipe = dir.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let mut command = Command::new(env!("CARGO_BIN_EXE_incfg"));
        command.args(&words).current_dir(dir.path()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let opened = opened_by(&pipe, &mut process);
        // The file was read before the pipe, which is waited for.
        fs::write(dir.path().join(file), "written: by another hand\n").unwrap();
        opened.expect("the pipe is read").write_all(b"name: value\n").unwrap();
        let output = process.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{words:?}: {told}");
        assert!(told.contains(&format!("{file}: changed by another hand since it was read")), "{words:?}: {told}");
        assert_eq!(read(&dir, file), b"written: by another hand\n", "{words:?}");
        assert!(names(&dir).iter().all(|name| !name.contains("tmp") && !name.contains("orig")), "{:?}", names(&dir));
    }
}

#[test]
fn two_processes_that_write_one_file_leave_one_whole_file() {
    for (words, file) in commands().into_iter().filter(|(_, file)| *file == "out") {
        let versions = made(&words, file);
        let dir = site();
        let start = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_incfg"));
            command.args(&words).current_dir(dir.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        };
        let mut all: Vec<_> = (0..6).map(|_| start()).collect();
        for child in &mut all {
            assert!(child.wait().unwrap().code().is_some_and(|code| code < 2), "{words:?}");
        }
        is_whole(&dir, file, &versions, &format!("{words:?}"));
        assert!(!names(&dir).iter().any(|name| name.contains("tmp")), "{:?}", names(&dir));
    }
}
