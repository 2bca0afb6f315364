//! The rest of a plan as one POSIX shell script. It judges nothing itself: every answer of `cray` goes to `incfg record`,
//! so what the script believes is what the plan says.

use std::fmt::Write;

use crate::plan::command::CrayCommand;
use crate::plan::step::At;
use crate::plan::{Attempt, AttemptState, Plan};

use super::{printable, shell_word};

/// Stands for what the script fills in; no word of a plan holds a control character.
const HOLE: &str = "\u{1}";

/// The exit code of a script that has made every image and left a session behind: none of those that incfg has.
const LEFT: u8 = 5;

const HEAD: &str = r##"set -eu
INCFG=${INCFG:-incfg}
CRAY=${CRAY:-cray}
POLL=${POLL:-15}
# cray itself waits for ever.
LIMIT=
if timeout --foreground 5 true 2> /dev/null; then LIMIT='timeout --foreground 120'; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

stop() {
  printf '%s\n' "$*" >&2
  exit 1
}

# What cray or incfg said last: cray prints hints behind its error.
last_words() {
  if grep -q '^Error: ' "$work/words"; then
    sed -n '/^Error: /,$p' "$work/words" | tr -s '[:space:]' ' ' | sed 's/ $//'
  else
    tail -n 1 "$work/words"
  fi
}

# Asks cray and gives the answer to incfg. The word of incfg is left in $said; it is "missing" where cray does not find what
# it was asked for. No answer, or one that is none, like a login page, is asked for again a few times.
ask() {
  tries=0
  while :; do
    said=garbage
    if $LIMIT "$CRAY" "$@" > "$work/answer" 2> "$work/words"; then
      said=$("$INCFG" record "$PLAN" "$work/answer" 2> "$work/words") || :
    elif grep -q -e 'Session not found' -e 'Session could not found' -e 'Configuration not found' -e 'Not Found: Requested' "$work/words"; then
      said=missing
    elif grep -q -e 'cray init' -e 'cray auth login' -e 'server: 401' -e 'server: 403' "$work/words"; then
      stop "stopped: cray cannot be used ($(last_words)). When it can, run this script again"
    fi
    [ -n "$said" ] || surprise "stopped: incfg could not take in what it was told by: cray $*"
    [ "$said" = garbage ] || return 0
    tries=$((tries + 1))
    [ "$tries" -lt 8 ] || stop "stopped: asked $tries times without an answer: cray $*: $(last_words). Run this script again to go on"
    sleep "$POLL"
  done
}

# Stops, with what incfg or cray said.
surprise() {
  cat "$work/words" >&2
  stop "$@"
}

# An answer of cray has to be what the plan expects: incfg compares them.
check() {
  ask "$@"
  case $said in
    same | accepted | "made "* | "unchecked "*) ;;
    missing) stop "stopped: there is no such thing: cray $*" ;;
    *) surprise "stopped: this is not what the plan expects: cray $*" ;;
  esac
}

# An image that a session has made counts when the configuration has not changed meanwhile and the image is in IMS. It is
# left in $base.
take() {
  describe_configuration
  check ims images describe "$1" --format json
  [ "$said" = "made $1" ] || surprise "stopped: image $1 does not count"
  base=$1
  printf 'image %s is made\n' "$base" >&2
}

# What the plan has already is not done again; then its image is left in $base.
has() {
  said=$("$INCFG" record "$PLAN" --known "$1") || stop "stopped: the plan does not tell of session $1"
  case $said in
    "made "*) base=${said#made } ;;
    "unchecked "*) take "${said#unchecked }" ;;
    failed) stop "stopped: session $1 has failed, says the plan. For another attempt make this script anew: incfg next --script" ;;
    *) return 1 ;;
  esac
}

# Deletes a session. Whether it is gone only a look at it tells: a login page is no error.
goes() {
  delete_session "$1" > "$work/answer" 2> "$work/words" || :
  why=$(last_words)
  describe_session "$1"
  if [ "$said" != missing ]; then
    why=${why:-cray printed no error, and it is still there}
  elif "$INCFG" record "$PLAN" --deleted "$1" 2> "$work/words"; then
    return
  else
    why=$(last_words)
  fi
  printf 'session %s was not deleted: %s\n' "$1" "$why" >&2
  return 1
}

# A session that cannot be deleted is in nobody's way: the images are made first.
delete() {
  goes "$1" || undeleted="$undeleted $1"
}

# A session of an attempt that failed, or was given up, may have named an image since: incfg keeps that before the session
# goes.
forget() {
  describe_session "$1"
  case $said in
    missing) ;;
    failed) cat "$work/words" >&2 ;;
    *)
      cat "$work/words" >&2
      printf 'session %s was not deleted\n' "$1" >&2
      unforgotten="$unforgotten $1"
      return
      ;;
  esac
  goes "$1" || unforgotten="$unforgotten $1"
}

# What could not be deleted in its turn is tried once more; what is there even then is no reason to call all well.
finish() {
  again=$undeleted
  again_unforgotten=$unforgotten
  undeleted=
  unforgotten=
  for session in $again; do delete "$session"; done
  for session in $again_unforgotten; do forget "$session"; done
  "$INCFG" status "$PLAN"
  left="$undeleted$unforgotten"
  [ -n "$left" ] || return 0
  printf 'every image is made, and these sessions were not deleted:%s. Run this script again to try that once more\n' "$left" >&2
  exit "$LEFT"
}

# Creates a session, unless it is there already and is the one that the plan means.
create() {
  session=$1
  shift
  describe_session "$session"
  case $said in
    missing) ;;
    waiting* | unsettled | "unchecked "* | "made "* | failed) return ;;
    *) surprise "stopped: session $session is there, and is not the one that the plan means" ;;
  esac
  $LIMIT "$CRAY" "$@" > "$work/answer" || stop "stopped: session $session may not have been created. Run this script again: it looks first"
}

# Waits for a session and leaves its image in $base.
await() {
  unsettled=0
  told=
  while :; do
    describe_session "$1"
    case $said in
      "$told" | "unchecked "*) ;;
      *) cat "$work/words" >&2 ;;
    esac
    told=$said
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
      missing) stop "stopped: session $1 is not there. If it was not created, run this script again; if it was deleted, give it up first: incfg record $PLAN --give-up $1" ;;
      *) stop "stopped at session $1" ;;
    esac
    sleep "$POLL"
  done
}
"##;

/// The rest of the plan as a script.
#[must_use]
pub fn script(plan: &Plan, path: &str) -> String {
    let mut out = String::new();
    let cfs = plan.target.cfs;
    let _ = write!(
        out,
        "#!/bin/sh\n# The rest of plan {} of incfg. It stops at the first surprise, and loses nothing: the plan says how far it came,\n# and the script can be run again. INCFG, CRAY and POLL (seconds) can be set in its environment.\n#\n# Exit codes: 0 every image is made and no session is left, 1 stopped, {LEFT} every image is made, but a session could not be\n# deleted.\n{HEAD}",
        plan.id
    );
    let _ = write!(
        out,
        "\ndescribe_session() {{\n  ask {}\n}}\n\ndelete_session() {{\n  $LIMIT \"$CRAY\" {}\n}}\n\ndescribe_configuration() {{\n  check {}\n}}\n\nLEFT={LEFT}\nPLAN={}\nundeleted=\nunforgotten=\n",
        words(&CrayCommand::describe_session(cfs, HOLE), "\"$1\""),
        words(&CrayCommand::delete_session(cfs, HOLE), "\"$1\""),
        words(&CrayCommand::describe_configuration(cfs, HOLE), "\"$configuration\""),
        shell_word(path)
    );
    let deletable = plan.deletable();
    if !deletable.is_empty() {
        out.push_str("\n# sessions that are of no more use\n");
    }
    for attempt in deletable {
        let word = if attempt.state == AttemptState::Failed { "forget" } else { "delete" };
        let _ = writeln!(out, "{word} {}", attempt.session);
    }
    for open in plan.open() {
        let track = plan.get(open).0;
        let _ = writeln!(
            out,
            "\n# {}\nbase={}\nconfiguration={}",
            printable(track.label()),
            shell_word(track.current().as_str()),
            shell_word(&track.configuration.name)
        );
        for step in open.step..track.steps.len() {
            step_lines(&mut out, plan, At { track: open.track, step });
        }
    }
    out.push_str("\nfinish\n");
    out
}

fn step_lines(out: &mut String, plan: &Plan, at: At) {
    let (track, step) = plan.get(at);
    let attempt = plan.attempt(at).unwrap_or_else(|| plan.next_attempt(at, track.current()));
    let _ = writeln!(out, "\n# step {}", printable(&step.id));
    let _ = writeln!(out, "if ! has {}; then", attempt.session);
    let create = CrayCommand::create_session(plan, at, &attempt, HOLE);
    let _ = writeln!(
        out,
        "  check {}\n  describe_configuration\n  create {} {}\n  await {}\nfi",
        words(&CrayCommand::describe_image(HOLE), BASE),
        attempt.session,
        words(&create, BASE),
        attempt.session
    );
    // Until the step is done, their logs may be the only ones.
    let silent = |attempt: &&Attempt| attempt.state == AttemptState::Failed && attempt.log.is_none();
    let failed = step.attempts.iter().filter(|attempt| !attempt.session_deleted).filter(silent);
    for failed in failed {
        let _ = writeln!(out, "forget {}", failed.session);
    }
    let _ = writeln!(out, "delete {}", attempt.session);
}

/// The image of the step before, in the script.
const BASE: &str = "\"$base\"";

/// The words of a command, with what the script is to put into the hole.
fn words(command: &CrayCommand, filling: &str) -> String {
    let word = |word: &String| if word == HOLE { filling.to_owned() } else { shell_word(word) };
    command.words.iter().map(word).collect::<Vec<_>>().join(" ")
}
