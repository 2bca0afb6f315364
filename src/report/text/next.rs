//! The next commands, exact and in order.

use crate::analysis::{Analysis, Image, ImageStatus, Recovery, SatRun};
use crate::cfs::Saved;
use crate::report::shell_word;
use crate::report::steps::Step;

use super::Invocation;
use super::page::Page;

pub(super) fn commands(page: &mut Page, analysis: &Analysis, invocation: &Invocation) {
    let steps = next_steps(analysis, invocation);
    if steps.is_empty() {
        return;
    }
    page.section("Next");
    for (at, step) in steps.iter().enumerate() {
        page.step(at + 1, &step.says);
        for command in &step.commands {
            page.command(command);
        }
    }
    page.blank();
}

/// Logs of containers that are asked for at once.
const LOGS: usize = 8;

/// What to do next, in order; nothing where nothing failed.
#[must_use]
pub fn next_steps(analysis: &Analysis, invocation: &Invocation) -> Vec<Step> {
    let mut steps = Vec::new();
    let recoveries: Vec<&Recovery> = analysis
        .recoveries
        .iter()
        .filter(|recovery| invocation.tells_of(&recovery.image, recovery.ref_name.as_deref()))
        .collect();
    let mut logs = analysis.logs_to_fetch();
    logs.retain(|run| !is_settled(run, analysis));
    if recoveries.is_empty() && logs.is_empty() {
        if analysis.recoveries.is_empty() {
            steps.extend(analysis.ended_badly_last().and_then(|run| mend_and_restart(run, invocation)));
        }
        return steps;
    }
    let mut fetched: Vec<String> = logs.iter().map(|run| run.log_file()).collect();
    if !logs.is_empty() {
        let fetch = logs.iter().zip(&fetched).map(|(run, file)| {
            format!(
                "cray artifacts get config-data {} {}",
                shell_word(run.s3_key.as_deref().unwrap_or_default()),
                shell_word(file)
            )
        });
        steps.push(Step::new(
            "Fetch each SAT log to a file of its own. They are complete; what iuf kept may not be:",
            fetch,
        ));
    }
    fetched.extend(layer_logs(&recoveries, &mut steps));
    if !fetched.is_empty() || invocation.bootprep.is_none() {
        steps.push(Step::new(
            "Ask again with these files, the bootprep file and its variables:",
            [analyze_again(invocation, &fetched)],
        ));
    }
    if !recoveries.is_empty() {
        plan_and_run(&recoveries, analysis, invocation, &fetched, &mut steps);
    }
    steps
}

/// Images that one command pins; with more it would be no command to read.
const PINS: usize = 40;

/// After a run that is over and of which no image can be brought to its end by sessions: what SAT said has to be mended,
/// and what it made before need not be made again.
fn mend_and_restart(run: &SatRun, invocation: &Invocation) -> Option<Step> {
    let (bootprep, vars) = (bootprep_file(invocation), vars_flags(invocation));
    let made = || run.images.iter().filter(|image| image.status == ImageStatus::Succeeded && image.id.is_some());
    if made().next().is_none() {
        return (!run.errors.is_empty()).then(|| {
            Step::new(
                "See what else SAT would refuse in the bootprep file, mend it, and restart:",
                [format!("incfg check {bootprep}{vars}")],
            )
        });
    }
    let all_at_hand = invocation.bootprep.is_some() && !invocation.vars_files.is_empty();
    if !all_at_hand && made().any(|image| image.ref_name.is_none()) {
        return Some(Step::new(
            "Ask again with the bootprep file and its variables, for what need not be made again:",
            [analyze_again(invocation, &[])],
        ));
    }
    let pins: Vec<String> = made()
        .filter_map(|image| {
            let pin = format!("{}={}", image.ref_name.as_ref()?, image.id.as_ref()?);
            Some(format!(" --pin {}", shell_word(&pin)))
        })
        .collect();
    let these = match pins.len() {
        0 => return None,
        all if all > PINS => format!(" (here the first {PINS} of {all}; add the others that are listed as fine)"),
        _ => String::new(),
    };
    let pins: String = pins.into_iter().take(PINS).collect();
    Some(Step::new(
        format!(
            "Mend what failed, pin what is fine in the bootprep file{these}, so that it is not made again, and restart with it:"
        ),
        [format!("incfg rewrite-bootprep {bootprep}{vars}{pins} -o {}", new_file(invocation))],
    ))
}

/// Whether all that a log of a run could tell is proven: what became of each image, and what a plan needs of those that
/// failed.
fn is_settled(run: &SatRun, analysis: &Analysis) -> bool {
    let of_run = |recovery: &&Recovery| recovery.logs_s3_key == run.s3_key;
    let recovery = |image: &Image| analysis.recoveries.iter().filter(of_run).find(|found| found.image == image.name);
    let known = |image: &Image| match image.status {
        ImageStatus::Succeeded => image.id.is_some(),
        ImageStatus::Skipped => true,
        ImageStatus::Failed => recovery(image).is_some_and(|recovery| is_proven(recovery, analysis)),
        ImageStatus::Unfinished | ImageStatus::NotRun => false,
    };
    !run.images.is_empty() && run.images.iter().all(known)
}

/// Whether a plan can be made of a recovery as it is.
fn is_proven(recovery: &Recovery, analysis: &Analysis) -> bool {
    recovery.ref_name.is_some()
        && recovery.base_image.is_some()
        && recovery.configuration.is_some()
        && recovery.groups.is_some()
        && has_layers(recovery, analysis)
        && (recovery.failed_layer.is_some() || recovery.no_failed_layer.is_some())
}

/// What makes the images: a plan with a flag for each fact that these inputs do not prove, its run, and the file for
/// the restart.
fn plan_and_run(
    recoveries: &[&Recovery],
    analysis: &Analysis,
    invocation: &Invocation,
    fetched: &[String],
    steps: &mut Vec<Step>,
) {
    let (bootprep, vars) = (bootprep_file(invocation), vars_flags(invocation));
    let mut inputs = fetched.to_vec();
    let missing = configurations_to_fetch(recoveries, analysis, fetched);
    if !missing.is_empty() {
        let (commands, files): (Vec<_>, Vec<_>) = missing.into_iter().map(|saved| (saved.command, saved.file)).unzip();
        steps.push(Step::new("Fetch the layers of the configuration:", commands));
        inputs.extend(files);
    }
    let image = invocation.image.as_ref().map(|image| format!(" --image {}", shell_word(image))).unwrap_or_default();
    // What the bootprep file and the files fetched since may prove is not asked for.
    let all_at_hand = invocation.bootprep.is_some() && !invocation.vars_files.is_empty() && fetched.is_empty();
    let open: String = recoveries.iter().filter(|_| all_at_hand).map(|recovery| open_facts(recovery)).collect();
    steps.push(Step::new(
        if open.is_empty() {
            "Write down the sessions that make what is missing, one per layer, each on the result of the last:"
        } else {
            "Write down the sessions that make what is missing. These logs leave open what the flags say; choose from the story above:"
        },
        [format!("incfg plan {} --bootprep {bootprep}{vars}{image}{open} -o plan.yaml", paths(invocation, &inputs))],
    ));
    steps.push(Step::new(
        "Let it run (--dry-run shows every command first), or go by hand with incfg next and incfg record:",
        ["incfg run plan.yaml".to_owned()],
    ));
    steps.push(Step::new(
        "Pin what exists and what was made in the bootprep file, and restart with it:",
        [format!("incfg rewrite-bootprep {bootprep}{vars} --from plan.yaml -o {}", new_file(invocation))],
    ));
}

/// Whether an input holds the layers of its configuration.
fn has_layers(recovery: &Recovery, analysis: &Analysis) -> bool {
    let described =
        || analysis.configurations.iter().any(|described| Some(&described.name) == recovery.configuration.as_ref());
    recovery.layers.is_some() || described()
}

/// Configurations that no input holds.
fn configurations_to_fetch(recoveries: &[&Recovery], analysis: &Analysis, fetched: &[String]) -> Vec<Saved> {
    let mut found: Vec<Saved> = Vec::new();
    for recovery in recoveries.iter().filter(|recovery| !has_layers(recovery, analysis)) {
        // CFS has no name with control characters, and a terminal does not print one as it is.
        for name in recovery.configuration.iter().filter(|name| !name.chars().any(char::is_control)) {
            let saved = Saved::configuration(name);
            let known = fetched.contains(&saved.file) || found.iter().any(|other| other.file == saved.file);
            if !known {
                found.push(saved);
            }
        }
    }
    found
}

/// The flags for what is not proven of an image.
fn open_facts(recovery: &Recovery) -> String {
    let image = recovery.ref_name.as_ref().unwrap_or(&recovery.image);
    let flag = |flag: &str, open: bool, value: &str| {
        if open { format!(" {flag} {}", shell_word(&format!("{image}={value}"))) } else { String::new() }
    };
    [
        flag("--base-image-id", recovery.base_image.is_none(), "ID"),
        flag("--configuration", recovery.configuration.is_none(), "NAME"),
    ]
    .concat()
}

/// The logs of the images of which the failed layer is not known, and their configurations, each of them once.
fn layer_logs(recoveries: &[&Recovery], steps: &mut Vec<Step>) -> Vec<String> {
    let open = |recovery: &&&Recovery| recovery.failed_layer.is_none() && recovery.no_failed_layer.is_none();
    let mut files: Vec<String> = Vec::new();
    let mut commands: Vec<String> = Vec::new();
    let wanted = || recoveries.iter().filter(open).filter(|recovery| recovery.debug_command.is_some());
    for recovery in wanted().take(LOGS) {
        let (Some(command), Some(session)) = (&recovery.debug_command, &recovery.cfs_session) else { continue };
        let log = Saved::ansible_log(session, command);
        commands.push(log.command);
        files.push(log.file);
        for name in recovery.configuration.iter().chain(recovery.configuration_candidates.iter().take(4)) {
            let saved = Saved::configuration(name);
            if !files.contains(&saved.file) {
                commands.push(saved.command);
                files.push(saved.file);
            }
        }
    }
    if !commands.is_empty() {
        steps.push(Step::new(of_the_first(wanted().count(), "See what failed, and in which layer"), commands));
    }
    let told = |in_layer: bool| {
        let those = recoveries.iter().filter(|recovery| !open(recovery));
        those.filter(move |recovery| recovery.failed_layer.is_some() == in_layer)
    };
    for (in_layer, says) in [(true, "See what failed in the layer"), (false, "See what failed")] {
        // Where a log has told of the task that failed, it is at hand.
        let open = told(in_layer).filter(|recovery| recovery.failed_task.is_none());
        let commands: Vec<String> = open.filter_map(|recovery| recovery.debug_command.clone()).collect();
        if !commands.is_empty() {
            steps.push(Step::new(of_the_first(commands.len(), says), commands.into_iter().take(LOGS)));
        }
    }
    files
}

/// What a step is for, when only the first of `all` images are in it.
fn of_the_first(all: usize, says: &str) -> String {
    if all > LOGS {
        format!("{says}, of the first {LOGS} of {all} images; --image NAME asks for another:")
    } else {
        format!("{says}:")
    }
}

fn analyze_again(invocation: &Invocation, fetched: &[String]) -> String {
    let bootprep = bootprep_file(invocation);
    let more: String = invocation.flags.iter().map(|flag| format!(" {}", shell_word(flag))).collect();
    format!("incfg analyze {} --bootprep {bootprep}{}{more}", paths(invocation, fetched), vars_flags(invocation))
}

fn bootprep_file(invocation: &Invocation) -> String {
    shell_word(invocation.bootprep.as_deref().unwrap_or(SOME_FILE))
}

/// Where the bootprep file goes that the next run gets.
fn new_file(invocation: &Invocation) -> String {
    shell_word(&format!("new-{}", base_name(invocation.bootprep.as_deref().unwrap_or(SOME_FILE))))
}

/// Stands for the bootprep file, where none was given.
const SOME_FILE: &str = "BOOTPREP.yaml";

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
