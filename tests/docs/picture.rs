//! The picture of the README: the real output of a run with its colours, drawn as SVG.

use std::fmt::Write;
use std::path::Path;

use crate::harness::Site;
use crate::{is_current, typed};

/// The screen, in columns, and a letter of it, in pixels.
const COLUMNS: usize = 100;
const LETTER: f64 = 8.0;
const LINE: f64 = 18.0;
const MARGIN: f64 = 16.0;

const INPUTS: &str = "winter/iuf winter/ansible.log winter/configuration.json --bootprep winter/compute-and-uan-bootprep.yaml --vars-file winter/session_vars.yaml";

/// Letters of one look.
struct Run {
    class: String,
    text: String,
}

/// The classes that a sequence of colours means, after those that were on.
fn class_after(on: &str, codes: &str) -> String {
    let mut classes: Vec<&str> = on.split(' ').filter(|class| !class.is_empty()).collect();
    for code in codes.split(';') {
        match code {
            "" | "0" => classes.clear(),
            "1" => classes.push("bold"),
            "2" => classes.push("dim"),
            "31" => classes.push("red"),
            "32" => classes.push("green"),
            "33" => classes.push("yellow"),
            "36" => classes.push("cyan"),
            other => panic!("a colour that the picture does not know: {other}"),
        }
    }
    classes.join(" ")
}

/// The lines of a screen of [`COLUMNS`]: a longer one goes on in the next, as on a terminal.
fn screen(text: &str) -> Vec<Vec<Run>> {
    let mut lines: Vec<Vec<Run>> = Vec::new();
    let mut class = String::new();
    for line in text.lines() {
        let mut runs: Vec<Run> = vec![Run { class: class.clone(), text: String::new() }];
        let mut column = 0;
        let mut letters = line.chars();
        while let Some(letter) = letters.next() {
            if letter == '\u{1b}' {
                let codes: String = letters.by_ref().skip(1).take_while(|letter| *letter != 'm').collect();
                class = class_after(&class, &codes);
                runs.push(Run { class: class.clone(), text: String::new() });
                continue;
            }
            if column == COLUMNS {
                lines.push(std::mem::replace(&mut runs, vec![Run { class: class.clone(), text: String::new() }]));
                column = 0;
            }
            runs.last_mut().unwrap().text.push(letter);
            column += 1;
        }
        lines.push(runs);
    }
    lines
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A screen as SVG, dark or light as the reader has it.
fn drawn(title: &str, lines: &[Vec<Run>]) -> String {
    let width = COLUMNS as f64 * LETTER + 2.0 * MARGIN;
    let height = lines.len() as f64 * LINE + 2.0 * MARGIN;
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<title>{}</title>
<style>
rect {{ fill: #ffffff; stroke: #d0d7de }}
text {{ font: 13px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }}
.bold {{ font-weight: 700 }} .dim {{ fill: #59636e }} .red {{ fill: #b3001b }} .green {{ fill: #116329 }} .yellow {{ fill: #7d4e00 }} .cyan {{ fill: #0b5c80 }}
@media (prefers-color-scheme: dark) {{
rect {{ fill: #0d1117; stroke: #3d444d }}
text {{ fill: #e6edf3 }}
.dim {{ fill: #9198a1 }} .red {{ fill: #ff8a80 }} .green {{ fill: #6fdd8b }} .yellow {{ fill: #e3b341 }} .cyan {{ fill: #79c0ff }}
}}
</style>
<rect x="0.5" y="0.5" width="{}" height="{}" rx="8"/>
"#,
        escaped(title),
        width - 1.0,
        height - 1.0
    );
    for (number, runs) in lines.iter().enumerate() {
        let y = MARGIN + (number as f64 + 0.75) * LINE;
        let mut column = 0;
        for run in runs {
            let letters = run.text.chars().count();
            let shown = run.text.trim_start_matches(' ');
            let blanks = letters - shown.chars().count();
            let shown = shown.trim_end_matches(' ');
            if !shown.is_empty() {
                let x = MARGIN + (column + blanks) as f64 * LETTER;
                let class = if run.class.is_empty() { String::new() } else { format!(" class=\"{}\"", run.class) };
                let length = shown.chars().count() as f64 * LETTER;
                let _ =
                    writeln!(svg, r#"<text x="{x}" y="{y}" textLength="{length}"{class}>{}</text>"#, escaped(shown));
            }
            column += letters;
        }
    }
    svg + "</svg>\n"
}

#[test]
fn the_picture_of_the_readme_is_current() {
    let site = Site::bare();
    let story = typed(&site, &format!("COLUMNS={COLUMNS} CLICOLOR_FORCE=1 incfg analyze {INPUTS}"));
    assert_eq!(story.code, 0, "{}", story.stdout);
    let begin = story.stdout.split("\u{1b}[1mThe other runs").next().unwrap().trim_end();
    let text = format!(
        "\u{1b}[2m$\u{1b}[0m incfg analyze {}\n{begin}\n",
        INPUTS.replace(" --bootprep", " \\\n    --bootprep")
    );
    let svg = drawn("What incfg analyze prints of a failed activity", &screen(&text));
    assert!(svg.contains("failed layer") && svg.len() < 20_000, "{} bytes", svg.len());
    is_current(Path::new("docs/story.svg"), &svg);
}
