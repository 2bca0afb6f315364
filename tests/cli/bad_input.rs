//! The wrong file, half a file, nothing: a sentence that says what to do, the right exit code, never a panic.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::harness::*;

fn refused(dir: &Dir, arguments: &[&str], wanted: &[&str]) {
    let outcome = dir.run(arguments);
    assert_eq!(outcome.code, 3, "{arguments:?}: {}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
    for text in wanted {
        assert!(outcome.stderr.contains(text), "{arguments:?}: {text:?} is not in {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains("panicked") && !outcome.stderr.contains("defect"), "{}", outcome.stderr);
}

#[test]
fn what_stands_in_a_directory_and_is_no_file_is_waited_for_by_nobody() {
    let dir = Dir::new();
    dir.file("logs/m.log", "INFO: Creating images\n")
        .file("g/a.yaml", "lines: []\n")
        .file("files/a.yaml", "schema_version: 1.0.2\nimages: []\n");
    for pipe in ["logs/p.log", "g/p.yaml", "files/p.yaml"] {
        assert!(std::process::Command::new("mkfifo").arg(dir.path().join(pipe)).status().unwrap().success());
    }
    for (link, to) in
        [("logs/endless.log", "/dev/zero"), ("files/endless.yaml", "/dev/zero"), ("logs/self.log", "self.log")]
    {
        std::os::unix::fs::symlink(to, dir.path().join(link)).unwrap();
    }
    for (arguments, code, said) in [
        (&["analyze", "logs"][..], 3, "m.log"),
        (&["check", "files"], 0, ""),
        (&["grammar", "check", "--grammar", "g"], 3, "g/p.yaml: cannot be read: this is a pipe or a device"),
        (&["analyze", "logs/m.log", "--grammar", "g"], 3, "g/p.yaml: cannot be read: this is a pipe or a device"),
    ] {
        // One that waits for the pipe is ended by `timeout`, with 124.
        let mut command = std::process::Command::new("timeout");
        command.arg("100").arg(env!("CARGO_BIN_EXE_incfg")).args(arguments).current_dir(dir.path());
        let output = command.output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

#[test]
fn an_input_that_is_nothing_incfg_knows_is_told_what_it_is() {
    let dir = Dir::new();
    dir.file("empty", "")
        .file("elf", b"\x7fELF\0\0\0\x01\0\0\0\0")
        .file("prose.txt", "Dear operator,\nall is well.\n")
        .file("b.yaml", "schema_version: 1.0.2\nimages: []\n")
        .file("o.json", "{\"a\": 1}\n");
    refused(&dir, &["analyze", "empty"], &["empty is empty", "copied to its end"]);
    refused(&dir, &["analyze", "elf"], &["elf is not text"]);
    refused(
        &dir,
        &["analyze", "prose.txt"],
        &["prose.txt is no log of IUF, SAT or ansible", "install.log", "main.log"],
    );
    refused(&dir, &["analyze", "b.yaml"], &["b.yaml is a bootprep file", "--bootprep"]);
    refused(&dir, &["analyze", "o.json"], &["o.json is JSON", "cray cfs configurations describe"]);
    refused(
        &dir,
        &["analyze", "missing"],
        &["missing: there is no such file or directory", "/etc/cray/upgrade/csm/iuf/<activity>"],
    );
}

#[test]
fn each_command_says_of_a_wrong_file_what_it_is_and_what_was_expected() {
    let dir = Dir::new();
    dir.file("plan.yaml", "# A plan of incfg\nschema: incfg.plan/1\nid: 1a2b3c4d\nimages: []\n")
        .file("analysis.json", "{\"schema\": \"incfg.analysis/1\", \"images\": []}\n")
        .file("half.json", "[{\"id\": ")
        .file("main.log", as_main_log(&compute_fails("ansible")))
        .file("b.yaml", "images:\n- {name: cos-base, base: {product: {name: cos, type: recipe}}}\n")
        .file("some/x", "")
        .file("catalog.yaml", "data:\n  cos: [\n")
        .file("inner.yaml", "data:\n  cos: |\n    2.5.101: [\n")
        .file("empty", "");
    let pin = ["--pin", "cos-base=f5374c4c-8c5a-4b79-a5e5-aef778ed36cd"];
    let a_plan = "it is a plan of incfg; incfg status says where it stands";
    for (arguments, wanted) in [
        (&["analyze", "plan.yaml"][..], &["plan.yaml is a plan of incfg; incfg status"][..]),
        (&["analyze", "analysis.json"], &["an analysis that incfg has written is given to incfg plan"]),
        (&["analyze"], &["standard input is empty"]),
        (&["analyze", "main.log", "--grammar", "nowhere"], &["nowhere: there is no such directory"]),
        (
            &["analyze", "main.log", "--grammar", "b.yaml"],
            &["b.yaml: this is a file; grammars are read from a directory"],
        ),
        (&["check", "plan.yaml"], &["this is no bootprep file", a_plan]),
        (&["check", "analysis.json"], &["incfg has written it, as a report"]),
        (&["check", "missing.yaml"], &["missing.yaml: there is no such file or directory. Give bootprep files"]),
        (
            &["check", "b.yaml", "--vars-file", "some"],
            &["some: cannot be read: this is a directory. Give a file in it"],
        ),
        (&["check", "b.yaml", "--images", "half.json"], &["half.json: this is no whole JSON: it ends in the middle"]),
        (&["check", "b.yaml", "--images", "empty"], &["empty: nothing is in it", "cray ims images list"]),
        (&["check", "b.yaml", "--images", "analysis.json"], &["analysis.json: this is JSON of another kind"]),
        (&["check", "b.yaml", "--roles", "main.log"], &["is no role", "one a line"]),
        (&["check", "b.yaml", "--products", "catalog.yaml"], &["catalog.yaml:2:8: not YAML", "cray-product-catalog"]),
        (
            &["check", "b.yaml", "--products", "inner.yaml"],
            &["inner.yaml: product cos, from its own first line on: 1:10: not YAML"],
        ),
        (&["check", "b.yaml", "--baseline", "half.json"], &["no baseline", "--write-baseline writes one"]),
        (&["rewrite-bootprep", "plan.yaml", pin[0], pin[1]], &["this is no bootprep file", a_plan]),
        (
            &["status", "some"],
            &["some: cannot be read: this is a directory. A plan is one file, which incfg plan -o FILE makes"],
        ),
        (&["status", "b.yaml/x"], &["b.yaml/x: cannot be read: what stands before the last / is a file"]),
        (&["status", "missing.yaml"], &["there is no such file. incfg plan -o FILE makes a plan"]),
        (&["grammar", "explain", "b.yaml"], &["b.yaml: recognised as bootprep", "--as sat"]),
    ] {
        refused(&dir, arguments, wanted);
    }
    // Rules that need more than the files are of no interest when no file was read.
    assert!(!dir.run(&["check", "missing.yaml"]).stderr.contains("not checked without"));
}

#[test]
fn a_file_that_the_user_may_not_read_is_told_as_that() {
    let dir = Dir::new();
    dir.file("secret", as_main_log(&compute_fails("ansible")));
    let incfg = dir.with_incfg();
    let mode = |name: &str, mode| {
        std::fs::set_permissions(dir.path().join(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("secret", 0o000);
    mode(".", 0o755);
    for command in ["analyze", "check", "status", "fetch"] {
        let mut process = std::process::Command::new(&incfg);
        process.args([command, "secret"]).current_dir(dir.path()).stdin(std::process::Stdio::null());
        // Root may read anything.
        if std::fs::read(dir.path().join("secret")).is_ok() {
            process.uid(NOBODY).gid(NOBODY);
        }
        let output = process.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{command}: {said}");
        assert!(
            said.contains("secret: cannot be read: this user may not read it. Ask its owner or root"),
            "{command}: {said}"
        );
    }
}

#[test]
fn an_image_that_is_not_there_hides_no_failure() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")));
    for format in ["text", "html"] {
        let outcome = dir.run(&["analyze", "main.log", "--image", "computer", "--format", format]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{}", outcome.stderr);
        assert!(
            outcome
                .stderr
                .contains("--image computer: no image of these logs is called so; there is: compute-cos-base, "),
            "{}",
            outcome.stderr
        );
    }
    assert_eq!(dir.run(&["analyze", "main.log", "--image", "compute-cos-base"]).code, 0);
}

#[test]
fn assignments_that_are_refused_say_which_file_was_of_no_use() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible"))).file("b.yaml", "images:\n- name: {{x}}-y\n");
    let outcome = dir.run(&["analyze", "main.log", "--bootprep", "b.yaml", "--format", "env"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("\nb.yaml:2:"), "{}", outcome.stderr);
}

/// A tar archive of one file.
fn archive_of(name: &str, text: &str) -> Vec<u8> {
    let mut tar = vec![0_u8; 512];
    let mut put = |at: usize, field: &str| tar[at..at + field.len()].copy_from_slice(field.as_bytes());
    put(0, name);
    put(100, "0000644\0");
    put(124, &format!("{:011o}\0", text.len()));
    put(156, "0");
    put(257, "ustar\x0000");
    tar.extend_from_slice(text.as_bytes());
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    tar
}

#[test]
fn a_tar_archive_is_not_read_as_if_it_were_one_log() {
    let dir = Dir::new();
    let tar = archive_of("iuf/log/main.log", &as_main_log(&compute_fails("ansible")));
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(&tar).unwrap();
    dir.file("activity.tar", &tar).file("activity.tgz", packer.finish().unwrap());
    for name in ["activity.tar", "activity.tgz"] {
        refused(&dir, &["analyze", name], &[name, "is a tar archive; unpack it (tar -xf"]);
        refused(&dir, &["grammar", "explain", name], &[name, "this is a tar archive; unpack it (tar -xf"]);
    }
    let outcome = dir.run_with_stdin(&["analyze", "-"], &tar);
    assert_eq!(outcome.code, 3);
    assert!(outcome.stderr.contains("standard input is a tar archive"), "{}", outcome.stderr);
    // Beside logs it is told and left alone.
    dir.file("main.log", as_main_log(&compute_fails("ansible")));
    let analysis = dir.analysis(&["main.log", "activity.tar"]);
    assert_eq!(analysis["sat_runs"].as_array().unwrap().len(), 1);
    assert!(analysis["warnings"].to_string().contains("activity.tar"), "{}", analysis["warnings"]);
}

#[test]
fn a_document_that_is_an_archive_ends_in_a_sentence_in_every_command() {
    let dir = Dir::new();
    let bootprep = "images:\n- {name: cos-base, base: {product: {name: cos, type: recipe}}}\n";
    let tar = archive_of("bootprep.yaml", bootprep);
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(&tar).unwrap();
    dir.file("a.tar", &tar)
        .file("a.tgz", packer.finish().unwrap())
        .file("a.zip", b"PK\x03\x04\x14\0\0\0\x08\0rest")
        .file("a.xz", b"\xfd7zXZ\0\0\x04rest")
        .file("a.bz2", b"BZh91AY&SYrest")
        .file("b.yaml", bootprep)
        .file("main.log", as_main_log(&compute_fails("ansible")));
    let tar_says = "this is a tar archive; unpack it (tar -xf, in an empty directory)";
    let pin = "cos-base=f5374c4c-8c5a-4b79-a5e5-aef778ed36cd";
    for (file, says) in [
        ("a.tar", tar_says),
        ("a.tgz", tar_says),
        ("a.zip", "this is packed with zip; unpack it first"),
        ("a.xz", "this is packed with xz; unpack it first"),
        ("a.bz2", "this is packed with bzip2; unpack it first"),
    ] {
        for arguments in [
            &["check", file][..],
            &["check", file, "--fix"],
            &["check", "b.yaml", "--vars-file", file],
            &["check", "b.yaml", "--images", file],
            &["check", "b.yaml", "--products", file],
            &["check", "b.yaml", "--roles", file],
            &["check", "b.yaml", "--baseline", file],
            &["rewrite-bootprep", file, "--pin", pin],
            &["rewrite-bootprep", "b.yaml", "--vars-file", file, "--pin", pin],
            &["analyze", "main.log", "--bootprep", file],
            &["analyze", "main.log", "--bootprep", "b.yaml", "--vars-file", file],
            &["plan", "main.log", "--bootprep", file],
            &["plan", "main.log", "--bootprep", "b.yaml", "--vars-file", file],
            &["plan", "main.log", "--bootprep", "b.yaml", "--configuration-file", file],
            &["plan", "--analysis", file, "--bootprep", "b.yaml"],
            &["fetch", "--analysis", file],
        ] {
            refused(&dir, arguments, &[file, says]);
        }
    }
    std::fs::create_dir(dir.path().join("grammars")).unwrap();
    dir.file("grammars/site.yaml", &tar);
    refused(&dir, &["analyze", "main.log", "--grammar", "grammars"], &["grammars/site.yaml", tar_says]);
    for arguments in [&["check", "-"][..], &["rewrite-bootprep", "-", "--pin", pin], &["fetch", "--analysis", "-"]] {
        let outcome = dir.run_with_stdin(arguments, &tar);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (3, ""), "{arguments:?}");
        assert!(outcome.stderr.contains(&format!("standard input: {tar_says}")), "{}", outcome.stderr);
    }
}

#[test]
fn a_plan_that_is_packed_or_an_archive_is_told_as_that_in_every_command() {
    let dir = Dir::new();
    let gzip = |bytes: &[u8]| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    };
    let plan = b"# A plan of incfg\nschema: incfg.plan/1\n";
    let tar = archive_of("plan.yaml", "schema: incfg.plan/1\n");
    let mut cut = gzip(&archive_of("plan.yaml", &"x".repeat(1 << 20)));
    cut.truncate(300);
    dir.file("a.tar", &tar)
        .file("a.tar.gz", gzip(&tar))
        .file("a.tar.zst", zstd::encode_all(tar.as_slice(), 3).unwrap())
        .file("cut.tar.gz", cut)
        .file("plan.gz", gzip(plan))
        .file("plan.zst", zstd::encode_all(plan.as_slice(), 3).unwrap())
        .file("damaged.gz", b"\x1f\x8brest")
        .file("a.zip", b"PK\x03\x04\x14\0\0\0\x08\0rest")
        .file("a.xz", b"\xfd7zXZ\0\0\x04rest")
        .file("a.bz2", b"BZh91AY&SYrest")
        .file("b.yaml", "images: []\n");
    let tar_says = "this is a tar archive; unpack it (tar -xf, in an empty directory) and give the file in it that is";
    for (file, says) in [
        ("a.tar", tar_says),
        ("a.tar.gz", tar_says),
        ("a.tar.zst", tar_says),
        ("cut.tar.gz", tar_says),
        ("plan.gz", "this is packed with gzip, and incfg writes this file in its place"),
        ("plan.zst", "this is packed with zstd, and"),
        ("damaged.gz", "this is packed with gzip, and"),
        ("a.zip", "this is packed with zip, and"),
        ("a.xz", "this is packed with xz, and"),
        ("a.bz2", "this is packed with bzip2, and"),
    ] {
        let before = std::fs::read(dir.path().join(file)).unwrap();
        for arguments in [
            &["status", file][..],
            &["status", file, "--format", "json"],
            &["next", file],
            &["next", file, "--script"],
            &["run", file, "--yes"],
            &["run", file, "--dry-run"],
            &["record", file, "b.yaml"],
            &["record", file, "--known", "x"],
            &["record", file, "--give-up", "x"],
            &["record", file, "--deleted", "x"],
            &["rewrite-bootprep", "b.yaml", "--from", file],
        ] {
            refused(&dir, arguments, &[file, says]);
        }
        assert_eq!(std::fs::read(dir.path().join(file)).unwrap(), before, "{file}");
    }
}

#[test]
fn packed_documents_are_read_by_their_content_and_no_byte_of_them_is_made_up() {
    let packed = |text: &[u8]| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::default());
        packer.write_all(text).unwrap();
        packer.finish().unwrap()
    };
    let dir = Dir::new();
    let plain = b"images:\n- {name: one, ref_name: one}\n- {name: two, base: {image_ref: one}}\n";
    dir.file("b.yaml", plain)
        .file("whole", packed(plain))
        .file("broken", packed(b"images:\n- {name: caf\xe9, ref_name: one}\n"));
    let pin = "one=f5374c4c-8c5a-4b79-a5e5-aef778ed36cd";
    let wanted = dir.run(&["rewrite-bootprep", "b.yaml", "--pin", pin]).stdout;
    assert!(wanted.contains("f5374c4c"), "{wanted}");
    assert_eq!(dir.run(&["rewrite-bootprep", "whole", "--pin", pin]).stdout, wanted);
    assert_eq!(dir.run_with_stdin(&["rewrite-bootprep", "-", "--pin", pin], &packed(plain)).stdout, wanted);
    refused(&dir, &["rewrite-bootprep", "broken", "--pin", pin], &["broken:2:13: not UTF-8 text: byte 0xe9"]);
}

#[test]
fn logs_without_a_run_say_what_is_missing() {
    let dir = Dir::new();
    dir.file("c.json", "{\"name\": \"c\", \"last_updated\": \"x\", \"layers\": []}");
    let outcome = dir.run(&["analyze", "c.json"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("No run of SAT and no stage in these logs: give the activity"),
        "{}",
        outcome.stdout
    );
    dir.file("main.log", as_main_log(&begin("managed", 2)));
    let outcome = dir.run(&["analyze", "main.log"]);
    assert!(outcome.stdout.contains("they do not tell how every run ended"), "{}", outcome.stdout);
}

#[test]
fn a_file_that_is_no_bootprep_file_is_not_asked_for_again() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")))
        .file("vars.yaml", "a: 1\n")
        .file("b.yaml", "images: [\n");
    let outcome = dir.run(&["analyze", "main.log", "--bootprep", "vars.yaml"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stdout.contains("vars.yaml:1:1: this is no bootprep file"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("--bootprep BOOTPREP.yaml") && !outcome.stdout.contains("--bootprep vars.yaml"));
    // One that has to be mended is the right one.
    assert!(dir.run(&["analyze", "main.log", "--bootprep", "b.yaml"]).stdout.contains("--bootprep b.yaml"));
}

#[test]
fn a_rewrite_without_pins_names_both_ways_to_give_them() {
    let dir = Dir::new();
    dir.file("b.yaml", "images: []\n");
    let outcome = dir.run(&["rewrite-bootprep", "b.yaml"]);
    assert_eq!(outcome.code, 2, "{}", outcome.stderr);
    for way in ["--pin <IMAGE=ID>", "--from <PLAN>"] {
        assert!(outcome.stderr.contains(way), "{}", outcome.stderr);
    }
}

#[test]
fn a_file_where_a_directory_is_due_is_told() {
    let dir = Dir::new();
    dir.file("there", "");
    let activity = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/winter/iuf");
    refused(&dir, &["fetch", activity, "--dir", "there"], &["--dir there: cannot be made: a file has that name"]);
    refused(&dir, &["man", "there"], &["there: cannot be made: a file has that name"]);
}

#[test]
fn a_directory_without_logs_says_what_was_looked_for() {
    let dir = Dir::new();
    dir.file("some/deep/elf", b"\x7fELF\0\0\0\x01\0\0\0\0").file("void/.keep", "");
    std::fs::remove_file(dir.path().join("void/.keep")).unwrap();
    refused(
        &dir,
        &["analyze", "void"],
        &["void: no logs in this directory", "log/<14 digits>/install.log", "argo_logs"],
    );
    refused(&dir, &["analyze", "some"], &["elf is not text"]);
}

#[test]
fn a_directory_of_several_activities_asks_which_one() {
    let dir = Dir::new();
    for activity in ["one", "two"] {
        dir.file(
            &format!("iuf/{activity}/log/20240201090000/install.log"),
            "2024-02-01T09:00:00.000001Z INFO All logs will be stored in /x/iuf/a/log/20240201090000\n",
        );
    }
    refused(&dir, &["analyze", "iuf"], &["holds 2 activities", "one, two"]);
}

#[test]
fn a_file_that_fails_in_the_middle_of_reading_is_told() {
    refused(&Dir::new(), &["analyze", "/proc/self/mem"], &["/proc/self/mem: cannot be read"]);
}

#[test]
fn a_wrong_input_among_good_ones_is_a_warning() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")))
        .file("prose.txt", "Dear operator\n")
        .file("b.yaml", "images: []\n")
        .file("empty", "");
    let analysis = dir.analysis(&["prose.txt", "main.log", "b.yaml", "empty"]);
    assert_eq!(analysis["recoveries"][0]["image"], "compute-cos-base");
    let told: Vec<_> = analysis["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|warning| warning["code"] == "input-not-used")
        .map(|warning| warning["message"].as_str().unwrap().split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(told, ["prose.txt", "b.yaml", "empty"]);
}

#[test]
fn compressed_logs_are_recognised_by_their_content() {
    let dir = Dir::new();
    let text = as_main_log(&compute_fails("ansible"));
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    dir.file("plain", &text)
        .file("gz-by-content", &packed)
        .file("zst-by-content", zstd::encode_all(text.as_bytes(), 3).unwrap());
    let strip = |name: &str| dir.analysis(&[name]).to_string().replace(name, "FILE");
    assert_eq!(strip("gz-by-content"), strip("plain"));
    assert_eq!(strip("zst-by-content"), strip("plain"));
    let from_stdin = dir.run_with_stdin(&["analyze", "--format", "json"], &packed);
    assert_eq!(
        from_stdin.stdout.replace("\"-\"", "\"plain\""),
        dir.run(&["analyze", "--format", "json", "plain"]).stdout
    );
}

#[test]
fn half_a_compressed_log_is_analysed_up_to_its_break_with_a_warning() {
    let dir = Dir::new();
    let noise: String =
        (0..40_000_u32).map(|number| format!("INFO: nothing {}\n", number.wrapping_mul(2_654_435_761))).collect();
    let text = as_main_log(&compute_fails("ansible")) + &noise;
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    dir.file("cut.gz", &packed[..packed.len() / 2]);
    let analysis = dir.analysis(&["cut.gz"]);
    assert_eq!(analysis["recoveries"][0]["base_image"]["id"], BASE_ID);
    assert!(
        warning(&analysis, "input-incomplete")["message"]
            .as_str()
            .unwrap()
            .contains("what stands before it was analysed")
    );
}

#[test]
fn bytes_that_are_no_text_cost_nothing_but_themselves() {
    let dir = Dir::new();
    let mut log = b"INFO: caf\xe9 \xff\xfe\0\0 \x1b[31mred\x1b[0m\rback\n".repeat(20);
    log.extend_from_slice(as_main_log(&compute_fails("ansible")).as_bytes());
    log.extend_from_slice(
        b"INFO: Found IMS base for image at index 2: recipe with name=x\nERROR: Creation of image \xff\xfe failed\n",
    );
    dir.file("main.log", log);
    let analysis = dir.analysis(&["main.log"]);
    assert_eq!(analysis["recoveries"][0]["base_image"]["id"], BASE_ID);
    assert_eq!(image(&analysis["sat_runs"][0], "\u{fffd}\u{fffd}")["status"], "failed");
}

#[test]
fn carriage_returns_and_a_byte_order_mark_change_nothing() {
    let dir = Dir::new();
    let text = as_main_log(&compute_fails("ansible"));
    dir.file("plain", &text).file("other", format!("\u{feff}{}", text.replace('\n', "\r\n")));
    let (plain, other) = (dir.analysis(&["plain"]), dir.analysis(&["other"]));
    assert_eq!(
        (&plain["sat_runs"][0]["images"][1]["id"], &plain["recoveries"][0]["base_image"]),
        (&other["sat_runs"][0]["images"][1]["id"], &other["recoveries"][0]["base_image"])
    );
    assert_eq!(other["sat_runs"][0]["exit_code"], 1);
}

#[test]
fn a_bootprep_file_that_fits_no_run_is_told() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")))
        .file("b.yaml", "images:\n- {name: other, base: {product: {name: cos, type: recipe}}}\n");
    let message = warning(&dir.analysis(&["main.log", "--bootprep", "b.yaml"]), "bootprep-mismatch")["message"].clone();
    assert!(message.as_str().unwrap().starts_with("b.yaml fits no run of these logs"), "{message}");
}

#[test]
fn a_bootprep_file_that_sat_could_not_read_either_is_a_warning() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")))
        .file("b.yaml", "images:\n  - name: {{x}}-y\n")
        .file("v.yaml", "- a\n");
    let analysis = dir.analysis(&["main.log", "--bootprep", "b.yaml", "--vars-file", "v.yaml"]);
    assert_eq!(analysis["recoveries"][0]["base_image"]["id"], BASE_ID);
    assert_eq!(warnings(&analysis).iter().filter(|code| **code == "bootprep-unusable").count(), 2);
    refused(
        &dir,
        &["analyze", "main.log", "--bootprep", "missing.yaml"],
        &["missing.yaml: cannot be read: there is no such file"],
    );
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let dir = Dir::new();
    for arguments in [&["analyze", "--format", "xml"][..], &["analyze", "--since", "yesterday"], &["analyse"], &[]] {
        assert_eq!(dir.run(arguments).code, 2, "{arguments:?}");
    }
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let dir = Dir::new();
    dir.file("main.log", as_main_log(&compute_fails("ansible")));
    let command = format!("{} analyze main.log --format json | true", env!("CARGO_BIN_EXE_incfg"));
    let output = std::process::Command::new("sh").args(["-c", &command]).current_dir(dir.path()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
