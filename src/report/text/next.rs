//! The next commands, exact and in order.

use crate::analysis::{Analysis, Recovery, SatRun};
use crate::report::{env, printable, shell_word};

use super::Invocation;
use super::page::Page;

pub(super) fn commands(page: &mut Page, analysis: &Analysis, invocation: &Invocation) {
    let recoveries: Vec<&Recovery> = analysis
        .recoveries
        .iter()
        .filter(|recovery| invocation.tells_of(&recovery.image, recovery.ref_name.as_deref()))
        .collect();
    let logs = analysis.logs_to_fetch();
    if recoveries.is_empty() && logs.is_empty() {
        return;
    }
    page.section("Next");
    let mut number = 0;
    let mut step = |page: &mut Page, text: &str| {
        number += 1;
        page.step(number, text);
    };
    let mut fetched: Vec<String> = Vec::new();
    if !logs.is_empty() {
        step(page, "Fetch each SAT log to a file of its own. They are complete; what iuf kept may not be:");
        for run in &logs {
            let file = run.log_file();
            page.command(&format!(
                "cray artifacts get config-data {} {}",
                shell_word(run.s3_key.as_deref().unwrap_or_default()),
                shell_word(&file)
            ));
            fetched.push(file);
        }
    }
    fetched.extend(layer_logs(page, &recoveries, &mut step));
    if !fetched.is_empty() || invocation.bootprep.is_none() {
        step(page, "Ask again with these files, the bootprep file and its variables:");
        page.command(&analyze_again(invocation, &fetched));
    }
    if recoveries.is_empty() {
        return;
    }
    by_hand(page, analysis, &recoveries, &mut step);
    let bootprep = invocation.bootprep.as_deref().map_or("BOOTPREP.yaml".to_owned(), shell_word);
    let vars = vars_flags(invocation);
    step(page, "Pin what exists and the results of the last sessions in the bootprep file, and restart with it:");
    page.command(&format!(
        "incfg rewrite-bootprep {bootprep}{vars}{} -o {}",
        pins(analysis, &recoveries),
        shell_word(&format!("new-{}", base_name(invocation.bootprep.as_deref().unwrap_or("BOOTPREP.yaml"))))
    ));
    step(page, "With a later incfg, which has plan and run, the sessions need no hand:");
    page.command(&format!("incfg plan {} --bootprep {bootprep}{vars} -o plan.yaml", paths(invocation, &fetched)));
    page.command("incfg run plan.yaml");
    page.blank();
}

/// What the bootprep file has to be told: the images of these runs that are there, and those that will be.
fn pins(analysis: &Analysis, recoveries: &[&Recovery]) -> String {
    let in_run = |at: usize, run: &SatRun| {
        analysis.is_newest(at)
            && recoveries.iter().any(|recovery| {
                recovery.operation == run.operation && run.images.iter().any(|image| image.name == recovery.image)
            })
    };
    let runs = analysis.sat_runs.iter().enumerate().filter(|(at, run)| in_run(*at, run)).map(|(_, run)| run);
    let made =
        runs.flat_map(|run| &run.images).filter_map(|image| Some((image.ref_name.as_ref()?, image.id.as_ref()?)));
    let mut pins: Vec<String> =
        made.map(|(ref_name, id)| format!(" --pin {}", shell_word(&format!("{ref_name}={id}")))).collect();
    pins.extend(recoveries.iter().map(|recovery| {
        let image = recovery.ref_name.as_ref().unwrap_or(&recovery.image);
        format!(" --pin {}=RESULT_ID", shell_word(image))
    }));
    pins.concat()
}

/// A log is named after its session, so that incfg knows of which image it is; one configuration is fetched once.
fn layer_logs(page: &mut Page, recoveries: &[&Recovery], step: &mut impl FnMut(&mut Page, &str)) -> Vec<String> {
    let open = |recovery: &&&Recovery| recovery.failed_layer.is_none() && recovery.no_failed_layer.is_none();
    let mut files: Vec<String> = Vec::new();
    for (at, recovery) in recoveries.iter().filter(open).enumerate() {
        let (Some(command), Some(session)) = (&recovery.debug_command, &recovery.cfs_session) else { continue };
        if at == 0 {
            step(page, "See what failed, and in which layer:");
        }
        let file = format!("ansible-{}.log", file_part(session));
        page.command(&format!("{command} > {file}"));
        files.push(file);
        for name in recovery.configuration.iter().chain(recovery.configuration_candidates.iter().take(4)) {
            let file = format!("configuration-{}.json", file_part(name));
            if !files.contains(&file) {
                page.command(&format!("cray cfs configurations describe {} --format json > {file}", shell_word(name)));
                files.push(file);
            }
        }
    }
    for recovery in recoveries.iter().filter(|recovery| !open(recovery)) {
        if let Some(command) = &recovery.debug_command {
            step(
                page,
                if recovery.failed_layer.is_some() { "See what failed in the layer:" } else { "See what failed:" },
            );
            page.command(command);
        }
    }
    files
}

/// A name as part of a file's name: letters that a shell or a file system takes for something else are left out.
fn file_part(name: &str) -> String {
    name.chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' })
        .collect()
}

fn analyze_again(invocation: &Invocation, fetched: &[String]) -> String {
    let bootprep = invocation.bootprep.as_deref().map_or("BOOTPREP.yaml".to_owned(), shell_word);
    let more: String = invocation.flags.iter().map(|flag| format!(" {}", shell_word(flag))).collect();
    format!("incfg analyze {} --bootprep {bootprep}{}{more}", paths(invocation, fetched), vars_flags(invocation))
}

fn vars_flags(invocation: &Invocation) -> String {
    if invocation.vars_files.is_empty() {
        " --vars-file SESSION_VARS.yaml".to_owned()
    } else {
        invocation.vars_files.iter().map(|file| format!(" --vars-file {}", shell_word(file))).collect()
    }
}

/// The inputs and the files fetched since. Standard input cannot be read again.
fn paths(invocation: &Invocation, fetched: &[String]) -> String {
    let given = invocation.paths.iter().map(|path| if path == "-" { "INPUT" } else { path.as_str() });
    given.chain(fetched.iter().map(String::as_str)).map(shell_word).collect::<Vec<_>>().join(" ")
}

fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The documented procedure, where every value it needs is known.
fn by_hand(page: &mut Page, analysis: &Analysis, recoveries: &[&Recovery], step: &mut impl FnMut(&mut Page, &str)) {
    for recovery in recoveries {
        let (Some(base), Some(configuration), Some(groups)) =
            (&recovery.base_image, &recovery.configuration, &recovery.groups)
        else {
            continue;
        };
        let Ok(assignments) = env::assignments(analysis, Some(&recovery.image)) else { continue };
        let value = |name: &str| {
            assignments
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .unwrap_or_default()
                .to_owned()
        };
        let targets: String =
            groups.iter().map(|group| format!(" --target-group {} {}", shell_word(group), base.id)).collect();
        let layers = recovery
            .configuration_limit
            .as_deref()
            .map_or("layer 0 first".to_owned(), |limit| format!("the proven layers {limit} first"));
        step(
            page,
            &format!(
                "Configure {}, {layers}, then one layer a session on the result of the last (result_id in its status.artifacts):",
                printable(&recovery.image)
            ),
        );
        page.command(&format!(
            "cray cfs v3 sessions create --name {} --configuration-name {} --target-definition image{targets} --configuration-limit {} --format json",
            value("SESSION_NAME"),
            shell_word(configuration),
            value("CONFIGURATION_LIMIT")
        ));
        page.command(&format!("cray cfs v3 sessions describe {} --format json", value("SESSION_NAME")));
    }
}
