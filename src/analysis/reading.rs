//! Reads every input and folds each into a text of its own.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::argo;
use crate::cfs::{AnsibleText, Configuration};
use crate::evidence::{FileId, Place};
use crate::fact::Fact;
use crate::grammar::Grammar;
use crate::input::{Collected, Kind, Source};
use crate::iuf::IufText;
use crate::iuf::state::{ActivityState, sessions_by_workflow};
use crate::limits;
use crate::line::Dialect;
use crate::sat::SatText;
use crate::scan::Scanner;
use crate::statement::{Statement, Window, read_statements};
use crate::yaml::decode;

use super::{CONFIGURATION_KIND, Input, Problem};

/// Everything the inputs say, text by text.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) inputs: Vec<Input>,
    pub(super) iuf: Vec<(Kind, IufText)>,
    pub(super) argo: Vec<(String, FileId, Box<SatText>)>,
    pub(super) main: Vec<(FileId, Box<SatText>)>,
    pub(super) ansible: Vec<(FileId, AnsibleText)>,
    pub(super) configurations: Vec<(FileId, Configuration)>,
    pub(super) states: Vec<State>,
    /// Full session names by workflow.
    pub(super) sessions: HashMap<String, String>,
    pub(super) problems: Vec<Problem>,
    /// Inputs that held nothing of use, with what they are.
    pub(super) useless: Vec<(String, Kind)>,
}

/// What all inputs are read with.
struct Reading<'a, 'w> {
    grammar: &'a Grammar,
    window: Window,
    scanner: &'a mut Scanner<'w>,
}

/// The state of an activity, as it was before a workflow began.
pub(super) struct State {
    pub(super) state: ActivityState,
    pub(super) file: FileId,
    /// The stem of the file's name, which begins with the workflow.
    pub(super) stem: Option<String>,
    /// The line of a log that holds the state, for one that was dumped there.
    pub(super) line: Option<u64>,
    /// The reports, folded, with places in the file.
    pub(super) reports: Vec<(String, SatText)>,
}

pub(super) fn read(collected: &Collected, grammar: &Grammar, window: Window, scanner: &mut Scanner<'_>) -> Texts {
    let mut reading = Reading { grammar, window, scanner };
    let mut texts = Texts::default();
    for left_out in &collected.left_out {
        texts.problems.push(Problem::new("input-left-out", format!("{}: {}", left_out.path, left_out.why), Vec::new()));
    }
    for source in &collected.sources {
        let file = FileId(u32::try_from(texts.inputs.len()).unwrap_or(u32::MAX));
        texts.inputs.push(Input {
            path: source.shown.clone(),
            kind: source.kind.name().to_owned(),
            bytes: 0,
            lines: 0,
        });
        texts.read_source(source, file, &mut reading);
    }
    texts
}

impl Texts {
    /// Whether no input held anything incfg understands.
    pub(super) fn say_nothing(&self) -> bool {
        let logs = self.iuf.iter().all(|(_, text)| text.is_empty())
            && self.argo.iter().all(|(_, _, text)| text.is_empty())
            && self.main.iter().all(|(_, text)| text.is_empty());
        logs && self.ansible.iter().all(|(_, text)| text.is_empty())
            && self.configurations.is_empty()
            && self.states.is_empty()
            && self.sessions.is_empty()
    }

    fn read_source(&mut self, source: &Source, file: FileId, reading: &mut Reading<'_, '_>) {
        match source.kind {
            Kind::InstallLog | Kind::Console => {
                let mut text = IufText::default();
                self.fold(source, file, Dialect::Iuf, reading, |statement| text.take(statement));
                text.finish();
                if text.dropped > 0 {
                    let message = format!(
                        "{}: {} stages, steps and operations were not kept; they are more than an activity can have",
                        source.shown, text.dropped
                    );
                    self.problems.push(Problem::new("too-many-facts", message, Vec::new()));
                }
                for (json, place) in &text.outputs {
                    if let Some(state) = serde_json::from_str(json).ok().as_ref().and_then(ActivityState::from_document)
                    {
                        self.states.push(State {
                            reports: reports_of(&state, *place, |_| None),
                            state,
                            file,
                            stem: None,
                            line: Some(place.line),
                        });
                    }
                }
                if text.is_empty() && source.named {
                    self.useless.push((source.shown.clone(), source.kind));
                }
                self.iuf.push((source.kind, text));
            }
            Kind::MainLog | Kind::SatLog | Kind::ArgoLog => {
                let mut text = Box::<SatText>::default();
                self.fold(source, file, Dialect::Pod, reading, |statement| text.take(statement));
                text.finish();
                let pod = argo::pod_of_file(&source.shown).or_else(|| {
                    source
                        .shown
                        .find("argo/")
                        .and_then(|at| argo::parse_key(source.shown.get(at..)?))
                        .map(|(_, pod)| pod)
                });
                match pod {
                    Some(pod) => self.argo.push((pod.to_owned(), file, text)),
                    None if text.is_empty() => {
                        if source.named {
                            self.useless.push((source.shown.clone(), source.kind));
                        }
                    }
                    None => self.main.push((file, text)),
                }
            }
            Kind::AnsibleLog => {
                let mut text = AnsibleText::default();
                self.fold(source, file, Dialect::Ansible, reading, |statement| text.take(statement));
                if text.is_empty() && source.named {
                    self.useless.push((source.shown.clone(), source.kind));
                }
                self.ansible.push((file, text));
            }
            Kind::Json | Kind::ActivityState | Kind::ActivityHistory => self.read_document(source, file),
            Kind::Bootprep | Kind::Plan | Kind::Empty | Kind::Archive | Kind::Binary | Kind::Unknown => {
                // The logs of pods that had nothing to say are empty, and a directory may hold anything.
                if source.named {
                    self.useless.push((source.shown.clone(), source.kind));
                }
            }
        }
    }

    fn fold(
        &mut self,
        source: &Source,
        file: FileId,
        dialect: Dialect,
        reading: &mut Reading<'_, '_>,
        take: impl FnMut(Statement<'_>),
    ) {
        let at = file.0 as usize;
        let (extent, error) = match source.open() {
            Ok(input) => {
                match read_statements(reading.scanner, input, file, dialect, reading.grammar, reading.window, take) {
                    Ok(extent) => (extent, None),
                    Err((error, extent)) => (extent, Some(error)),
                }
            }
            Err(error) => (Default::default(), Some(error)),
        };
        if let Some(input) = self.inputs.get_mut(at) {
            (input.bytes, input.lines) = (extent.bytes, extent.lines);
        }
        if let Some(error) = error {
            let message = format!(
                "{}: reading stopped after line {}: {error}; what stands before it was analysed",
                source.shown, extent.lines
            );
            self.problems.push(Problem::new(
                "input-incomplete",
                message,
                vec![Place { file, line: extent.lines.max(1) }],
            ));
        }
        if extent.cut_lines > 0 {
            let message = format!(
                "{}: {} lines longer than {} kB were read in their first part only",
                source.shown,
                extent.cut_lines,
                limits::LINE_BYTES >> 10
            );
            self.problems.push(Problem::new("line-cut", message, Vec::new()));
        }
    }

    /// Notes what the text of an input has told of its kind.
    fn is_of_kind(&mut self, file: FileId, kind: &str) {
        if let Some(input) = self.inputs.get_mut(file.0 as usize) {
            input.kind = kind.into();
        }
    }

    fn read_document(&mut self, source: &Source, file: FileId) {
        let text = match source.read_document() {
            Ok(text) => text,
            Err(error) => {
                self.problems.push(Problem::new("input-unreadable", error.to_string(), Vec::new()));
                return;
            }
        };
        if let Some(input) = self.inputs.get_mut(file.0 as usize) {
            (input.bytes, input.lines) = (text.len() as u64, text.lines().count() as u64);
        }
        if source.kind == Kind::ActivityHistory {
            match sessions_by_workflow(&text) {
                Some(sessions) => self.sessions.extend(sessions),
                None => self.useless.push((source.shown.clone(), source.kind)),
            }
            return;
        }
        let document: Option<Json> = if source.kind == Kind::Json {
            serde_json::from_str(&text).ok()
        } else {
            decode(&source.shown, &text).ok()
        };
        let Some(document) = document else {
            self.problems.push(Problem::new(
                "input-unreadable",
                format!(
                    "{}: half a document, or not {}",
                    source.shown,
                    if source.kind == Kind::Json { "JSON" } else { "YAML" }
                ),
                vec![Place { file, line: 1 }],
            ));
            return;
        };
        if let Some(configuration) = Configuration::from_json(&document) {
            self.is_of_kind(file, CONFIGURATION_KIND);
            self.configurations.push((file, configuration));
        } else if let Some(state) = ActivityState::from_document(&document) {
            self.is_of_kind(file, "activity-state");
            let lines: Vec<&str> = text.lines().collect();
            let line_of = |needle: &str| lines.iter().position(|line| line.contains(needle)).map(|at| at as u64 + 1);
            let reports = reports_of(&state, Place { file, line: 1 }, line_of);
            let stem = std::path::Path::new(&source.shown).file_stem().map(|stem| stem.to_string_lossy().into_owned());
            self.states.push(State { state, file, stem, line: None, reports });
        } else {
            self.useless.push((source.shown.clone(), source.kind));
        }
    }
}

/// Folds the reports that a state holds. The report is a string in a document, so its lines are looked up in the file.
fn reports_of(state: &ActivityState, fallback: Place, line_of: impl Fn(&str) -> Option<u64>) -> Vec<(String, SatText)> {
    state
        .reports
        .iter()
        .filter_map(|(operation, report)| {
            Some((operation.clone(), report_text(&serde_json::from_str(report).ok()?, fallback, &line_of)))
        })
        .collect()
}

fn report_text(report: &Json, fallback: Place, line_of: &impl Fn(&str) -> Option<u64>) -> SatText {
    let mut text = SatText::default();
    let mut say = |needle: &str, fact: Fact<'_>| {
        let place = Place { line: line_of(needle).unwrap_or(fallback.line), ..fallback };
        text.take(Statement { place, stamp: None, level: None, column: None, copy: None, fact });
    };
    for (section, rows) in report.as_object().into_iter().flatten() {
        say(section, Fact::ReportSection { section: section.into() });
        for row in rows.as_array().into_iter().flatten() {
            let Some(name) = row.get("name").and_then(Json::as_str) else { continue };
            say(name, Fact::ReportName { name: Json::from(name).to_string().into() });
            let field = |key: &str| row.get(key).map(Json::to_string);
            if let Some(value) = field("preconfigured_image_id") {
                say(value.clone().trim_matches('"'), Fact::ReportPreconfigured { value: value.into() });
            }
            if let Some(value) = field("final_image_id") {
                say(value.clone().trim_matches('"'), Fact::ReportFinal { value: value.into() });
            }
            if let Some(value) = field("configuration") {
                say(name, Fact::ReportConfiguration { value: value.into() });
            }
            for (at, group) in
                row.get("configuration_group_names").and_then(Json::as_array).into_iter().flatten().enumerate()
            {
                if at == 0 {
                    say(name, Fact::ReportGroups { value: "[".into() });
                }
                say(name, Fact::ReportGroup { value: group.to_string().into() });
            }
        }
    }
    text.finish();
    text
}
