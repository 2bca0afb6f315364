//! The rest of a plan as one POSIX shell script. It judges nothing itself: every answer of `cray` goes to `incfg record`,
//! so what the script believes is what the plan says.

use std::fmt::Write;

use crate::plan::command::CrayCommand;
use crate::plan::step::At;
use crate::plan::{CfsVersion, Plan};

use super::{printable, shell_word};

/// Stands for the image of the step before; no word of a plan holds a control character.
const BASE: &str = "\u{1}";

const HEAD: &str = r##"set -eu
INCFG=${INCFG:-incfg}
CRAY=${CRAY:-cray}
POLL=${POLL:-15}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

stop() {
  printf '%s\n' "$*" >&2
  exit 1
}

# An answer of cray has to be what the plan expects: incfg compares them.
check() {
  "$CRAY" "$@" > "$work/answer" || stop "stopped: no answer to: cray $*"
  "$INCFG" record "$PLAN" "$work/answer" > /dev/null || stop "stopped: this is not what the plan expects: cray $*"
}

# An image that a session has made counts when it is in IMS. It is left in $base.
take() {
  check ims images describe "$1" --format json
  base=$1
}

# What the plan has already is not done again; then its image is left in $base.
has() {
  said=$("$INCFG" record "$PLAN" --known "$1") || stop "stopped: the plan cannot be read"
  case $said in
    "made "*) base=${said#made } ;;
    "unchecked "*) take "${said#unchecked }" ;;
    failed) stop "stopped: session $1 has failed, says the plan. For another attempt make this script anew: incfg next --script" ;;
    *) return 1 ;;
  esac
}

# A session that cannot be deleted is in nobody's way.
delete() {
  session=$1
  shift
  "$CRAY" "$@" > "$work/answer" 2> "$work/error" && return
  grep -q -e 'Session not found' -e 'Session could not found' "$work/error" && return
  printf 'session %s was not deleted: %s\n' "$session" "$(tail -n 1 "$work/error")" >&2
}

# Creates a session, unless it is there already; whether it is the right one, incfg says when it is described.
create() {
  session=$1
  shift
  if describe "$session" > "$work/answer" 2> "$work/error"; then
    return
  fi
  if ! grep -q -e 'Session not found' -e 'Session could not found' "$work/error"; then
    cat "$work/error" >&2
    stop "stopped: whether session $session is there is not known, so it was not created"
  fi
  "$CRAY" "$@" > "$work/answer" || stop "stopped: session $session may not have been created. Run this script again: it looks first"
}

# Waits for a session and leaves its image in $base.
await() {
  unsettled=0
  while :; do
    describe "$1" > "$work/answer" || stop "stopped: session $1 cannot be described. Run this script again to wait on for it"
    said=$("$INCFG" record "$PLAN" "$work/answer") || [ "$said" = unsettled ] || stop "stopped at session $1"
    case $said in
      "made "*)
        base=${said#made }
        return
        ;;
      "unchecked "*)
        take "${said#unchecked }"
        return
        ;;
      unsettled)
        unsettled=$((unsettled + 1))
        [ "$unsettled" -lt 6 ] || stop "stopped: session $1 is over and does not say what it made"
        ;;
      waiting*) ;;
      *) stop "stopped: incfg says '$said' of session $1" ;;
    esac
    sleep "$POLL"
  done
}
"##;

/// The rest of the plan as a script.
#[must_use]
pub fn script(plan: &Plan, path: &str) -> String {
    let mut out = String::new();
    let group = match plan.target.cfs {
        CfsVersion::V2 => "cfs",
        CfsVersion::V3 => "cfs v3",
    };
    let _ = write!(
        out,
        "#!/bin/sh\n# The rest of plan {} of incfg. It stops at the first surprise, and loses nothing: the plan says how far it came,\n# and the script can be run again. INCFG, CRAY and POLL (seconds) can be set in its environment.\n{HEAD}",
        plan.id
    );
    let _ = write!(
        out,
        "\ndescribe() {{\n  \"$CRAY\" {group} sessions describe \"$1\" --format json\n}}\n\nPLAN={}\n",
        shell_word(path)
    );
    for open in plan.open() {
        let track = plan.get(open).0;
        let _ = writeln!(out, "\n# {}\nbase={}", printable(track.label()), shell_word(track.current().as_str()));
        for step in open.step..track.steps.len() {
            step_lines(&mut out, plan, At { track: open.track, step });
        }
    }
    out.push_str("\n\"$INCFG\" status \"$PLAN\"\n");
    out
}

fn step_lines(out: &mut String, plan: &Plan, at: At) {
    let cfs = plan.target.cfs;
    let (track, step) = plan.get(at);
    let attempt = plan.attempt(at).unwrap_or_else(|| plan.next_attempt(at, track.current()));
    let _ = writeln!(out, "\n# step {}", printable(&step.id));
    let _ = writeln!(out, "if ! has {}; then", attempt.session);
    let mut line = |function: &str, command: &CrayCommand| {
        let _ = writeln!(out, "  {function} {}", words(command));
    };
    line("check", &CrayCommand::describe_image(BASE));
    line("check", &CrayCommand::describe_configuration(cfs, &track.configuration.name));
    line(&format!("create {}", attempt.session), &CrayCommand::create_session(plan, at, &attempt, BASE));
    let _ = writeln!(out, "  await {}\nfi", attempt.session);
    let _ = writeln!(out, "delete {} {}", attempt.session, words(&CrayCommand::delete_session(cfs, &attempt.session)));
}

fn words(command: &CrayCommand) -> String {
    let word = |word: &String| if word == BASE { "\"$base\"".to_owned() } else { shell_word(word) };
    command.words.iter().map(word).collect::<Vec<_>>().join(" ")
}
