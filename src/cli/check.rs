//! `incfg check`.

mod baseline;
mod collect;
mod fix;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::{Args, ValueEnum};

use crate::lint::target::Target;
use crate::lint::{self, Checked, Context, Needs, Rule, Severity, rules};
use crate::nearness;
use crate::report::findings::{FileReport, Report, github, json, junit, sarif, text};
use crate::report::wrap::wrapped_behind;
use crate::report::{html, rule_page};
use crate::text::SourceText;

use super::document::{read_bytes, read_text};
use super::save::{deliver, deliver_styled, spare};
use super::{Exit, Failure, print_document, print_styled, print_wrapped, say};

/// Check bootprep files for what SAT, CFS, IMS and BOS would refuse an hour later.
///
/// Directories are searched for bootprep files, leaving out what .gitignore names. What needs variables or lists of a live system is checked when these are
/// given, and named as not checked otherwise. A comment `# incfg: ignore[RULE] reason`, behind a value or on the line above an item, leaves a finding out.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg check bootprep.yaml --vars-file session_vars.yaml
  incfg check site/ --target sat=3.32,cfs=v2 --format sarif > findings.sarif
  incfg check site/ --format html -o findings.html
  incfg check bootprep.yaml --fix --diff
  incfg check --explain template-image-ref-dangling

Exit codes: 0 no finding of --min-severity or above, 1 there is one, 3 a file cannot be read or is no bootprep file; the others were checked.")]
pub(super) struct Arguments {
    /// Files, directories or patterns like 'site/**/*.yaml'; - is stdin.
    #[arg(value_name = "PATH", required_unless_present_any = ["explain", "list_rules"])]
    paths: Vec<PathBuf>,
    /// Variables of the files (session_vars.yaml); repeats, a later file wins.
    #[arg(long, value_name = "FILE")]
    vars_file: Vec<PathBuf>,
    /// A single variable, over what the files say; repeats.
    #[arg(long = "vars", value_name = "NAME=VALUE", value_parser = super::document::variable)]
    vars: Vec<(Vec<String>, String)>,
    /// The system the files are for: sat=3.36,schema=1.0.9,cfs=v3,bos=2.45,dialect=sat. What is not said is the newest.
    #[arg(long, value_name = "LIST", default_value = "", hide_default_value = true)]
    target: Target,
    /// Images or recipes of IMS: the output of `cray ims images list --format json`; repeats.
    #[arg(long, value_name = "FILE")]
    images: Vec<PathBuf>,
    /// Configurations of CFS: the output of `cray cfs v3 configurations list --format json`.
    #[arg(long, value_name = "FILE")]
    configurations: Option<PathBuf>,
    /// The product catalog: `kubectl get configmap -n services cray-product-catalog -o yaml`.
    #[arg(long, value_name = "FILE")]
    products: Option<PathBuf>,
    /// Roles of the site beside those every system has, one a line.
    #[arg(long, value_name = "FILE")]
    roles: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the result to this file, not to standard output.
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["fix", "diff", "explain", "list_rules", "write_baseline"])]
    output: Option<PathBuf>,
    /// Check these rules only; repeats, commas separate.
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule)]
    only: Vec<&'static Rule>,
    /// Leave these rules out; repeats, commas separate.
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rule)]
    skip: Vec<&'static Rule>,
    /// Exit 1 from findings of this severity on.
    #[arg(long, value_enum, default_value_t = Threshold::Error, value_name = "SEVERITY")]
    min_severity: Threshold,
    /// Apply the fixes that change nothing but what is wrong, and check again.
    #[arg(long)]
    fix: bool,
    /// With --fix or --diff: apply also fixes that a person has to look at.
    #[arg(long = "unsafe")]
    all_fixes: bool,
    /// Show what the fixes would change, and change nothing.
    #[arg(long)]
    diff: bool,
    /// The name for standard input in what is printed.
    #[arg(long, value_name = "NAME", default_value = "-", hide_default_value = true)]
    stdin_name: String,
    /// Report also what comments in the files ask to leave out.
    #[arg(long)]
    no_ignores: bool,
    /// Leave out the findings that this file lists.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write all present findings to this file, to be left out later by --baseline.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    /// Say all about a rule, and check nothing.
    #[arg(long, value_name = "RULE", value_parser = rule, conflicts_with = "paths")]
    explain: Option<&'static Rule>,
    /// List all rules, and check nothing.
    #[arg(long, conflicts_with = "paths")]
    list_rules: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For scripts.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// JUnit XML, for Jenkins and GitLab.
    Junit,
    /// A page for a browser, whole in one file.
    Html,
    /// With --list-rules: the page of all rules.
    #[value(hide = true)]
    Markdown,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Threshold {
    Error,
    Warning,
    Info,
}

impl From<Threshold> for Severity {
    fn from(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Error => Self::Error,
            Threshold::Warning => Self::Warning,
            Threshold::Info => Self::Info,
        }
    }
}

fn rule(id: &str) -> Result<&'static Rule, String> {
    rules::by_id(id).ok_or_else(|| {
        let near = nearness::nearest(rules::all().map(|rule| rule.id), id);
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        format!("there is no such rule{hint} (incfg check --list-rules lists them)")
    })
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if let Some(rule) = arguments.explain {
        print_styled(&text::explanation(rule, super::columns()))?;
        return Ok(Exit::Done);
    }
    if arguments.list_rules {
        match arguments.format {
            Format::Markdown => print_document(&rule_page::markdown())?,
            _ => print_wrapped(&text::rule_list())?,
        }
        return Ok(Exit::Done);
    }
    let context = context(arguments)?;
    let sources = collect::sources(&arguments.paths, &arguments.stdin_name)?;
    let checked = sources.iter().map(|source| Path::new(&source.shown));
    let beside = arguments.vars_file.iter().chain(&arguments.baseline).map(PathBuf::as_path);
    spare(arguments.output.as_deref().or(arguments.write_baseline.as_deref()), checked.chain(beside))?;
    if arguments.fix || arguments.diff {
        return fix::run(arguments, &context, sources);
    }
    let mut report = report(arguments, &context, &sources);
    if let Some(path) = &arguments.baseline {
        baseline::apply(&mut report, path)?;
    }
    if let Some(path) = &arguments.write_baseline {
        baseline::write(&report, path)?;
        return Ok(if has_errors(&report) { Exit::Input } else { Exit::Done });
    }
    print_report(arguments, &mut report)?;
    Ok(exit(arguments, &report))
}

fn has_errors(report: &Report) -> bool {
    report.files.iter().any(|file| file.error.is_some())
}

fn exit(arguments: &Arguments, report: &Report) -> Exit {
    if has_errors(report) {
        Exit::Input
    } else if report.has(arguments.min_severity.into()) {
        Exit::BadNews
    } else {
        Exit::Done
    }
}

fn context(arguments: &Arguments) -> Result<Context, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::new(Exit::Input, error);
    let mut context = Context { target: arguments.target, no_ignores: arguments.no_ignores, ..Context::default() };
    let files: Vec<(String, Vec<u8>)> = arguments
        .vars_file
        .iter()
        .map(|path| Ok((path.display().to_string(), read_bytes(path)?)))
        .collect::<Result<_, Failure>>()?;
    context.add_variables(&files, &arguments.vars).map_err(|error| failed(&error))?;
    let system = &mut context.system;
    for path in &arguments.images {
        system.add_images(&path.display().to_string(), &read_text(path)?).map_err(|error| failed(&error))?;
    }
    if let Some(path) = &arguments.configurations {
        system.add_configurations(&path.display().to_string(), &read_text(path)?).map_err(|error| failed(&error))?;
    }
    if let Some(path) = &arguments.products {
        system.add_products(&path.display().to_string(), &read_text(path)?).map_err(|error| failed(&error))?;
    }
    if let Some(path) = &arguments.roles {
        system.add_roles(&path.display().to_string(), &read_text(path)?).map_err(|error| failed(&error))?;
    }
    Ok(context)
}

/// Checks all files, on all cores, and puts the reports in the order of the paths.
fn report(arguments: &Arguments, context: &Context, sources: &[collect::Source]) -> Report {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(sources.len()).max(1);
    let mut checked: Vec<(usize, FileReport, Checked)> = std::thread::scope(|scope| {
        let work = || {
            let mut own = Vec::new();
            while let Some((at, source)) = {
                let at = next.fetch_add(1, Ordering::Relaxed);
                sources.get(at).map(|source| (at, source))
            } {
                let (file, checked) = one(source, context);
                own.push((at, file, checked));
            }
            own
        };
        let threads: Vec<_> = (1..workers).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for thread in threads {
            match thread.join() {
                Ok(own) => all.extend(own),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    checked.sort_by_key(|(at, ..)| *at);
    let in_variables = lint::check_variables(context, checked.iter().map(|(_, _, checked)| checked));
    let mut files: Vec<FileReport> = checked.into_iter().map(|(_, file, _)| file).collect();
    for (at, variables) in context.variable_files.iter().enumerate() {
        let findings: Vec<_> =
            in_variables.iter().filter(|finding| finding.variables_file == Some(at)).cloned().collect();
        if !findings.is_empty() {
            let text = Some(variables.text.clone());
            files.push(FileReport { path: variables.path.clone(), text, findings, left_out: 0, error: None });
        }
    }
    for file in &mut files {
        file.findings.retain(|finding| is_wanted(arguments, finding.rule));
    }
    Report { files, skipped: skipped(arguments, context) }
}

fn is_wanted(arguments: &Arguments, rule: &Rule) -> bool {
    let named = |rules: &[&'static Rule]| rules.iter().any(|known| known.id == rule.id);
    (arguments.only.is_empty() || named(&arguments.only)) && !named(&arguments.skip)
}

fn one(source: &collect::Source, context: &Context) -> (FileReport, Checked) {
    let path = source.shown.clone();
    let failed = |error: String| {
        (
            FileReport { path: path.clone(), text: None, findings: Vec::new(), left_out: 0, error: Some(error) },
            Checked::default(),
        )
    };
    let bytes = match &source.bytes {
        Ok(bytes) => bytes,
        Err(error) => return failed(error.clone()),
    };
    let text = match SourceText::new(&path, bytes) {
        Ok(text) => text,
        Err(error) => return failed(error.to_string()),
    };
    let checked = lint::check(&text, context);
    if let Some(why) = &checked.other_file {
        return failed(format!("{path}:1:1: this is no bootprep file: {why}"));
    }
    let (findings, left_out) = (checked.findings.clone(), checked.left_out);
    (FileReport { path, text: Some(text), findings, left_out, error: None }, checked)
}

/// Rules that could not be checked, with what they need.
fn skipped(arguments: &Arguments, context: &Context) -> Vec<(&'static Rule, Needs)> {
    let lacks = |needs: Needs| match needs {
        Needs::Nothing | Needs::Manta => false,
        Needs::Variables => !context.has_variables && context.variable_files.is_empty(),
        Needs::Images => !context.system.knows_images(),
        Needs::Configurations => !context.system.knows_configurations(),
        Needs::Products => !context.system.knows_products(),
    };
    let mut skipped: Vec<_> = rules::all()
        .filter(|rule| lacks(rule.needs) && is_wanted(arguments, rule))
        .map(|rule| (rule, rule.needs))
        .collect();
    skipped.sort_by_key(|(_, needs)| *needs);
    skipped
}

fn print_report(arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    report.mask();
    let report = &*report;
    let defect = |error: serde_json::Error| Failure::new(Exit::Defect, error);
    let output = arguments.output.as_deref();
    match arguments.format {
        Format::Text | Format::Markdown => {
            let columns = if output.is_some() { None } else { super::columns() };
            deliver_styled(output, &text::findings(report, arguments.min_severity == Threshold::Info, columns))?
        }
        Format::Json => deliver(output, &json::document(report).map_err(defect)?)?,
        Format::Sarif => deliver(output, &sarif::log(report).map_err(defect)?)?,
        Format::Github => deliver(output, &github::annotations(report))?,
        Format::Junit => deliver(output, &junit::document(report, arguments.min_severity.into()))?,
        Format::Html => {
            let page = html::findings::document(report).map_err(|error| Failure::new(Exit::Defect, error))?;
            deliver(output, &page)?;
        }
    }
    for error in report.files.iter().filter_map(|file| file.error.as_ref()) {
        say(&format!("incfg: {error}"))?;
    }
    if arguments.format == Format::Text {
        let columns = if output.is_some() { None } else { super::columns() };
        say(wrapped_behind(text::summary(report).trim_end_matches('\n'), columns, 4).as_str())?;
    }
    Ok(())
}

fn same_file(one: &Path, other: &Path) -> bool {
    one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}
