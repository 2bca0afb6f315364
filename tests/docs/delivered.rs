//! What comes with the program: completions, manual pages, and a package of the crate that is no heavier than it needs
//! to be.

use std::process::Command;

use regex::Regex;

use crate::harness::Site;
use crate::{root, typed};

#[test]
fn a_shell_completes_commands_flags_and_choices() {
    let site = Site::bare();
    let complete = |words: &str| {
        let count = words.split(' ').count() - 1;
        let script = format!(
            "source <(incfg completions bash); COMP_WORDS=({words}); COMP_CWORD={count}; _incfg incfg \"${{COMP_WORDS[{count}]}}\" \"${{COMP_WORDS[{}]}}\"; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            count - 1
        );
        typed(&site, &script).stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(complete("incfg rew"), ["rewrite-bootprep"]);
    assert_eq!(complete("incfg analyze --boot"), ["--bootprep"]);
    assert_eq!(complete("incfg grammar exp"), ["explain"]);
    assert_eq!(complete("incfg plan --strategy pre"), ["prefix"]);
    for shell in ["zsh", "fish"] {
        let outcome = typed(&site, &format!("incfg completions {shell}"));
        assert!(outcome.code == 0 && outcome.stdout.contains("rewrite-bootprep"), "{shell}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let site = Site::bare();
    let outcome = typed(&site, "incfg man pages/man1 && ls pages/man1");
    assert_eq!(outcome.code, 0, "{}", outcome.stdout);
    for page in ["incfg.1", "incfg-analyze.1", "incfg-rewrite-bootprep.1", "incfg-grammar-explain.1"] {
        let text = site.read(&format!("pages/man1/{page}"));
        for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "\"SEE ALSO\""] {
            assert!(text.contains(&format!("\n.SH {section}\n")), "{page}: {section}\n{text}");
        }
    }
    let index = site.read("pages/man1/incfg.1");
    for page in outcome.stdout.lines().filter_map(|line| line.strip_prefix("incfg-")?.strip_suffix(".1")) {
        assert!(index.contains(&page.replace('-', "\\-")), "incfg.1 does not name {page}");
    }
    assert!(index.contains(".SH \"EXIT STATUS\"\n"));
    assert_eq!(typed(&site, "incfg man").stdout, index);
    site.write("in-the-way", "");
    let refused = typed(&site, "incfg man in-the-way");
    assert!(refused.code == 3 && refused.stdout.contains("in-the-way: cannot be made"), "{}", refused.stdout);
}

/// The text of a section of a manual page, without its fonts.
fn section(page: &str, title: &str) -> String {
    let text = page.split(&format!("\n.SH {title}\n")).nth(1).unwrap_or_default();
    let text = text.split("\n.SH ").next().unwrap_or_default();
    // What is left are the controls between the paragraphs.
    let text = text.lines().filter(|line| !line.starts_with('.')).collect::<Vec<_>>().join("\n");
    ["\\fB", "\\fI", "\\fR"].iter().fold(text, |text, font| text.replace(font, "")).replace("\\-", "-")
}

#[test]
fn a_manual_page_says_how_its_command_is_called_and_names_pages_that_are_there() {
    let site = Site::bare();
    let outcome = typed(&site, "incfg man pages && ls pages");
    let pages: Vec<&str> = outcome.stdout.lines().filter_map(|line| line.strip_suffix(".1")).collect();
    assert!(pages.len() > 10, "{}", outcome.stdout);
    let flag = Regex::new(r"(?m)^ {2,6}(?:-\w, )?(--[a-z-]+) <(.+?)>").unwrap();
    for page in &pages {
        let text = site.read(&format!("pages/{page}.1"));
        let synopsis = section(&text, "SYNOPSIS");
        let command = synopsis.split([' ', '\n']).take_while(|word| !word.is_empty() && !"[{-".contains(&word[..1]));
        let command: Vec<&str> = command.take_while(|word| word.chars().any(char::is_lowercase)).collect();
        assert_eq!(command.join("-"), *page);
        let help = typed(&site, &format!("{} --help", command.join(" "))).stdout;
        for found in flag.captures_iter(&help) {
            assert!(synopsis.contains(&format!("{} {}", &found[1], &found[2])), "{page}: {}\n{synopsis}", &found[0]);
        }
        for near in section(&text, "\"SEE ALSO\"").split([' ', ',', '\n']).filter_map(|word| word.strip_suffix("(1)")) {
            assert!(pages.contains(&near) && near != *page, "{page} names {near}");
        }
        let (name, description) = (section(&text, "NAME"), section(&text, "DESCRIPTION"));
        let (_, about) = name.split_once(" - ").unwrap();
        assert!(!description.is_empty() && !description.contains(about.trim()), "{page} says twice: {about}");
    }
    let synopsis = |page: &str| section(&site.read(&format!("pages/{page}.1")), "SYNOPSIS").trim().to_owned();
    assert!(synopsis("incfg-analyze").ends_with(" [PATH]..."));
    assert!(synopsis("incfg-plan").contains(" --bootprep FILE [PATH]..."));
    assert!(synopsis("incfg-rewrite-bootprep").ends_with(" {--pin IMAGE=ID | --from PLAN}... FILE"));
    assert!(synopsis("incfg-rewrite-bootprep").contains(" [--in-place[=SUFFIX]] "));
}

#[test]
fn the_package_of_the_crate_holds_the_program_and_no_logs() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let list = ["package", "--list", "--allow-dirty", "--offline"];
    let output = Command::new(cargo).args(list).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = String::from_utf8(output.stdout).unwrap();
    for needed in
        ["src/main.rs", "build.rs", "grammars/sat.yaml", "Cargo.lock", "README.md", "LICENSE", "docs/procedure.md"]
    {
        assert!(files.lines().any(|file| file == needed), "{needed} is not in the package: {files}");
    }
    let readme = crate::text_of(std::path::Path::new("README.md"));
    for link in readme.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
        assert!(files.lines().any(|file| file == link), "{link} of the README is not in the package");
    }
    for file in files.lines() {
        assert!(!["tests/", "testdata/", "fuzz/", ".ci/"].iter().any(|part| file.starts_with(part)), "{file}");
    }
}
