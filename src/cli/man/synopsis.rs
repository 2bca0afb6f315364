//! How a command is called: the two sections of a manual page that say what takes which value.
//!
//! `clap_mangen` leaves out the names of the values, and which flags and arguments repeat.

use clap::{Arg, ArgAction, Command};
use roff::{Inline, Roff, bold, italic, roman};

/// The section SYNOPSIS: `incfg plan [--image REF]... --bootprep FILE [PATH]...`.
pub(super) fn synopsis(command: &Command) -> Roff {
    let mut line = vec![bold(command.get_bin_name().unwrap_or_else(|| command.get_name()))];
    let of_groups: Vec<Vec<&Arg>> = command
        .get_groups()
        .filter(|group| group.is_required_set())
        .map(|group| group.get_args().filter_map(|id| shown(command).find(|arg| arg.get_id() == id)).collect())
        .collect();
    let alone = || shown(command).filter(|arg| !of_groups.iter().flatten().any(|other| other.get_id() == arg.get_id()));
    let mut flags: Vec<&Arg> = alone().filter(|arg| !arg.is_positional()).collect();
    flags.sort_by_key(|arg| (arg.is_required_set(), arg.get_display_order()));
    for flag in flags {
        line.push(roman(" "));
        line.extend(whole(flag));
    }
    for group in &of_groups {
        line.push(roman(" {"));
        for (at, arg) in group.iter().enumerate() {
            if at > 0 {
                line.push(roman(" | "));
            }
            line.extend(written(arg));
        }
        line.push(roman("}..."));
    }
    for argument in alone().filter(|arg| arg.is_positional()) {
        line.push(roman(" "));
        line.extend(whole(argument));
    }
    if command.has_subcommands() {
        line.extend([roman(" "), italic("COMMAND")]);
    }
    let mut roff = Roff::new();
    roff.control("SH", ["SYNOPSIS"]);
    roff.text(line);
    roff
}

/// The section ARGUMENTS: what is given without a flag. Empty where there is none.
pub(super) fn arguments(command: &Command) -> Roff {
    let mut roff = Roff::new();
    let positionals: Vec<&Arg> = shown(command).filter(|arg| arg.is_positional()).collect();
    if !positionals.is_empty() {
        roff.control("SH", ["ARGUMENTS"]);
    }
    for argument in positionals {
        roff.control("TP", []);
        roff.text(whole(argument));
        let choices: Vec<String> =
            argument.get_possible_values().iter().map(|choice| choice.get_name().to_owned()).collect();
        let choices = if choices.is_empty() { String::new() } else { format!(": {}", choices.join(", ")) };
        let help = argument.get_long_help().or_else(|| argument.get_help());
        roff.text([roman(format!("{}{choices}", help.map(ToString::to_string).unwrap_or_default()))]);
    }
    roff
}

fn shown(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_hide_set())
}

/// An argument with what says whether it must be given, and whether it repeats.
fn whole(arg: &Arg) -> Vec<Inline> {
    let repeats = matches!(arg.get_action(), ArgAction::Append);
    let (before, behind) = match (arg.is_required_set(), repeats) {
        (true, false) => ("", ""),
        (true, true) => ("", "..."),
        (false, false) => ("[", "]"),
        (false, true) => ("[", "]..."),
    };
    std::iter::once(roman(before)).chain(written(arg)).chain([roman(behind)]).collect()
}

/// An argument as it is typed: `-o|--output FILE`, `--in-place[=SUFFIX]`, `PATH`.
fn written(arg: &Arg) -> Vec<Inline> {
    let values = arg.get_value_names().unwrap_or_default().join(" ");
    if arg.is_positional() {
        return vec![italic(values)];
    }
    let mut line = Vec::new();
    if let Some(short) = arg.get_short() {
        line.push(bold(format!("-{short}")));
    }
    if let Some(long) = arg.get_long() {
        if !line.is_empty() {
            line.push(roman("|"));
        }
        line.push(bold(format!("--{long}")));
    }
    if arg.get_action().takes_values() {
        let optional = arg.get_num_args().is_some_and(|range| range.min_values() == 0);
        let (before, behind) = if optional { ("[=", "]") } else { (" ", "") };
        line.extend([roman(before), italic(values), roman(behind)]);
    }
    line
}
