//! The envelope of a log line: what stands before the message, and who speaks.
//!
//! | text | looks like | found in |
//! |---|---|---|
//! | [`Dialect::Iuf`] | `<stamp> <LEVEL> [<module>] [<column>] <message>` | `install.log`, a captured console |
//! | [`Dialect::Pod`] | `LEVEL: message`, `<stamp> LEVEL message`, `<date> - LEVEL - <logger> - message`, bare text | `main.log`, `argo_logs`, `sat.log` |
//! | [`Dialect::Ansible`] | bare text, after a stamp or not | the log of an ansible container |
//!
//! The forms are told apart line by line, never once per file: releases differ, documents collapse blanks, and a file
//! may have been pasted together.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike, Utc};
use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, satisfy};
use nom::combinator::{consumed, opt, peek, recognize};
use nom::error::ErrorKind;
use nom::sequence::{delimited, terminated};
use nom::{IResult, Parser};

/// The text a line belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Written by the `iuf` command.
    Iuf,
    /// Printed by a pod: SAT and the script around it.
    Pod,
    /// Printed by an ansible container of CFS.
    Ansible,
}

/// Who says the message of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Voice {
    /// The `iuf` command itself.
    Iuf,
    /// A pod, directly or relayed by `iuf`.
    Pod,
    /// The form does not tell: one blank after the column in a document, or no column at all (CSM 1.4).
    IufOrPod,
    /// An ansible container.
    Ansible,
}

/// How loud a line is. Names of all releases are folded into these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// `DBG`, `DEBUG`, `TRACE`, `DRYRUN`.
    Debug,
    /// `INFO`, `NOTICE`.
    Info,
    /// `WARN`, `WARNING`.
    Warning,
    /// `ERR`, `ERROR`, `CRIT`, `CRITICAL`.
    Error,
}

/// A line taken apart. All parts are slices of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// When the line was written, UTC.
    pub stamp: Option<DateTime<Utc>>,
    /// The level, where the line names one.
    pub level: Option<Level>,
    /// The text of the bracket column, trimmed: an operation, `STAGE: <stage>`, ...
    pub column: Option<&'a [u8]>,
    /// Who speaks.
    pub voice: Voice,
    /// The nanosecond stamp Kubernetes put before a line that `iuf` relayed unchanged. Two lines with one stamp are one.
    pub printed: Option<&'a [u8]>,
    /// The message; leading blanks are kept, they are part of some messages.
    pub body: &'a [u8],
}

/// Width to which `iuf` pads and cuts the text of the bracket column.
pub const COLUMN_WIDTH: usize = 57;

/// Blanks between the bracket column and a relayed message.
const RELAY_BLANKS: usize = 7;

/// Blanks before a relayed message of CSM 1.4, which has no bracket column.
const RELAY_BLANKS_CSM_1_4: usize = 12;

type Parsed<'a, T> = IResult<&'a [u8], T>;

/// Takes the envelope of a line apart. `None` for a line that no fact can stand on: a continuation line of `iuf`.
///
/// `line` is without its line break; one carriage return at its end is dropped.
#[must_use]
pub fn parse(dialect: Dialect, line: &[u8]) -> Option<Line<'_>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match dialect {
        Dialect::Iuf => iuf_line(line),
        Dialect::Pod => Some(pod_line(line)),
        Dialect::Ansible => Some(ansible_line(line)),
    }
}

fn iuf_line(line: &[u8]) -> Option<Line<'_>> {
    let (rest, stamp) = opt(terminated(stamp, char(' '))).parse(line).ok()?;
    let (rest, level) = iuf_level(rest).ok()?;
    let rest = module(rest).map_or(rest, |(rest, _)| rest);
    let stamp = stamp.map(|(stamp, _)| stamp);
    let level = Some(level);
    let Some((column, rest)) = column(rest) else {
        if let Ok((body, printed)) = printed_stamp(rest) {
            return Some(Line { stamp, level, column: None, voice: Voice::Pod, printed: Some(printed), body });
        }
        if let Some(body) = csm_1_4_relay(rest) {
            return Some(Line { stamp, level, column: None, voice: Voice::Pod, printed: None, body });
        }
        return Some(Line { stamp, level, column: None, voice: Voice::IufOrPod, printed: None, body: rest });
    };
    let blanks = blanks(rest);
    let (voice, envelope) =
        if blanks <= 1 { (Voice::IufOrPod, blanks) } else { (Voice::Pod, blanks.min(RELAY_BLANKS)) };
    let rest = behind(rest, envelope);
    match printed_stamp(rest) {
        Ok((body, printed)) => {
            Some(Line { stamp, level, column: Some(column), voice: Voice::Pod, printed: Some(printed), body })
        }
        Err(_) => Some(Line { stamp, level, column: Some(column), voice, printed: None, body: rest }),
    }
}

/// The labels of CSM 1.4 are right-aligned, so a relayed message is told from them only by its blanks.
fn csm_1_4_relay(rest: &[u8]) -> Option<&[u8]> {
    let blanks = blanks(rest);
    let text = behind(rest, blanks);
    let label = blanks == 13 && (text.starts_with(b"BEGIN: ") || text.starts_with(b"BEGIN PHASE: "));
    (blanks >= RELAY_BLANKS_CSM_1_4 && !label).then(|| behind(rest, RELAY_BLANKS_CSM_1_4))
}

/// How many blanks a text begins with.
fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| **byte == b' ').count()
}

/// A text behind so many bytes.
fn behind(text: &[u8], bytes: usize) -> &[u8] {
    text.get(bytes..).unwrap_or_default()
}

fn pod_line(line: &[u8]) -> Line<'_> {
    // Where other lines have a T.
    if let Some(b' ') = line.get(10)
        && let Ok((body, (stamp, level))) = sat_log_header(line)
    {
        return Line { stamp, level: Some(level), column: None, voice: Voice::Pod, printed: None, body };
    }
    let (rest, stamped) = match terminated(stamp, char(' ')).parse(line) {
        Ok((rest, (when, text))) => (rest, Some((when, text))),
        Err(_) => (line, None),
    };
    let (body, level) = match pod_level(rest) {
        Ok((body, level)) => (body, Some(level)),
        Err(_) => (rest, None),
    };
    Line {
        stamp: stamped.map(|(when, _)| when),
        level,
        column: None,
        voice: Voice::Pod,
        printed: if level.is_none() { stamped.map(|(_, text)| text) } else { None },
        body,
    }
}

fn ansible_line(line: &[u8]) -> Line<'_> {
    let (body, stamp) = match terminated(stamp, char(' ')).parse(line) {
        Ok((rest, (when, _))) => (rest, Some(when)),
        Err(_) => (line, None),
    };
    Line { stamp, level: None, column: None, voice: Voice::Ansible, printed: None, body }
}

/// An RFC 3339 stamp in UTC with none to nine digits of fraction; gives the moment and the text.
fn stamp(input: &[u8]) -> Parsed<'_, (DateTime<Utc>, &[u8])> {
    let (rest, (text, (when, nanos, _))) = consumed((moment(b'T'), fraction, char('Z'))).parse(input)?;
    match when.and_then(|when| when.with_nanosecond(nanos)) {
        Some(when) => Ok((rest, (when.and_utc(), text))),
        None => Err(not_so(input, ErrorKind::Verify)),
    }
}

/// A date and a time with `between` between them. A moment that does not exist is none, and has been read all the same.
fn moment(between: u8) -> impl Fn(&[u8]) -> Parsed<'_, Option<NaiveDateTime>> {
    move |input| {
        let head = input.split_first_chunk::<19>().filter(|(head, _)| head[10] == between);
        let Some((&[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, _, h1, h2, b':', n1, n2, b':', s1, s2], rest)) = head
        else {
            return Err(not_so(input, ErrorKind::Tag));
        };
        let numbers = [[y1, y2], [y3, y4], [m1, m2], [d1, d2], [h1, h2], [n1, n2], [s1, s2]];
        if !numbers.as_flattened().iter().all(u8::is_ascii_digit) {
            return Err(not_so(input, ErrorKind::Digit));
        }
        let [century, year, month, day, hour, minute, second] =
            numbers.map(|[ten, one]| u32::from(ten - b'0') * 10 + u32::from(one - b'0'));
        let year = i32::try_from(century * 100 + year).unwrap_or_default();
        let date = NaiveDate::from_ymd_opt(year, month, day);
        Ok((rest, date.and_then(|date| date.and_hms_opt(hour, minute, second))))
    }
}

/// A fraction of a second, in nanoseconds; none is zero.
fn fraction(input: &[u8]) -> Parsed<'_, u32> {
    let Some((b'.', digits)) = input.split_first() else { return Ok((input, 0)) };
    let (mut nanos, mut unit, mut rest) = (0, 1_000_000_000, digits);
    while let Some((digit @ b'0'..=b'9', behind)) = rest.split_first().filter(|_| unit > 1) {
        unit /= 10;
        nanos += u32::from(digit - b'0') * unit;
        rest = behind;
    }
    // A point with no digit behind it is no fraction.
    if unit == 1_000_000_000 { Ok((input, 0)) } else { Ok((rest, nanos)) }
}

fn not_so(input: &[u8], kind: ErrorKind) -> nom::Err<nom::error::Error<&[u8]>> {
    nom::Err::Error(nom::error::Error::new(input, kind))
}

/// `2023-11-01T14:58:22.123456789Z ` before text that `iuf` passed on as it came.
fn printed_stamp(input: &[u8]) -> Parsed<'_, &[u8]> {
    terminated(recognize(stamp), char(' ')).parse(input)
}

/// The level of nearly every line: a word padded to four letters.
fn padded_level(input: &[u8]) -> Parsed<'_, Level> {
    let Some((word, rest)) = input.split_first_chunk::<5>() else { return Err(not_so(input, ErrorKind::Tag)) };
    let level = match word {
        b"DBG  " => Level::Debug,
        b"INFO " => Level::Info,
        b"WARN " => Level::Warning,
        b"ERR  " | b"CRIT " => Level::Error,
        _ => return Err(not_so(input, ErrorKind::Tag)),
    };
    Ok((rest, level))
}

/// Levels are padded to four since CSM 1.5, spelled out in CSM 1.4.
fn iuf_level(input: &[u8]) -> Parsed<'_, Level> {
    alt((
        padded_level,
        terminated(level_word, char(' ')),
        tag("ERR ").map(|_| Level::Error),
        tag("DBG ").map(|_| Level::Debug),
    ))
    .parse(input)
}

fn level_word(input: &[u8]) -> Parsed<'_, Level> {
    // Most lines have none, and each of the words below would be tried.
    peek(satisfy(|first| first.is_ascii_uppercase())).parse(input)?;
    alt((
        alt((tag("DEBUG"), tag("TRACE"), tag("DRYRUN"))).map(|_| Level::Debug),
        alt((tag("INFO"), tag("NOTICE"))).map(|_| Level::Info),
        alt((tag("WARNING"), tag("WARN"))).map(|_| Level::Warning),
        alt((tag("ERROR"), tag("ERR"), tag("CRITICAL"), tag("CRIT"))).map(|_| Level::Error),
    ))
    .parse(input)
}

/// `Activity.monitor_workflow:868 `, written with `iuf -v`.
fn module(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let word = || {
        take_while1::<_, _, nom::error::Error<&[u8]>>(|byte: u8| {
            byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'<' || byte == b'>'
        })
    };
    let digits = take_while1(|byte: u8| byte.is_ascii_digit());
    terminated(recognize((word(), char('.'), word(), char(':'), digits)), char(' ')).parse(input).ok()
}

/// `[text padded to 57]`. A longer activity overflows the column, a document collapses it.
fn column(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = input.strip_prefix(b"[")?;
    let end = match inside.get(COLUMN_WIDTH) {
        Some(b']') => COLUMN_WIDTH,
        _ => memchr::memchr(b']', inside)?,
    };
    let (mut text, rest) = inside.split_at_checked(end)?;
    let rest = rest.strip_prefix(b"]")?;
    // Most of a column is padding, and there is one in every line.
    while let Some(before) = text.strip_suffix(b"        ") {
        text = before;
    }
    matches!(rest, [] | [b' ', ..]).then(|| (text.trim_ascii(), rest))
}

/// `INFO: ` of SAT's logger, `INFO ` of the script around SAT and of `argo_logs`.
fn pod_level(input: &[u8]) -> Parsed<'_, Level> {
    terminated(level_word, alt((tag(": "), tag(" ")))).parse(input)
}

/// `2023-11-01 14:58:22,123 - INFO - sat.cli.bootprep - `: the file SAT keeps inside its container, in local time.
fn sat_log_header(input: &[u8]) -> Parsed<'_, (Option<DateTime<Utc>>, Level)> {
    let digit = || satisfy(|digit| digit.is_ascii_digit());
    let (rest, _) = (moment(b' '), char(','), digit(), digit(), digit()).parse(input)?;
    let (rest, level) = delimited(tag(" - "), level_word, tag(" - ")).parse(rest)?;
    let (rest, _) = terminated(take_while(|byte: u8| byte.is_ascii_graphic()), tag(" - ")).parse(rest)?;
    Ok((rest, (None, level)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iuf(line: &str) -> Line<'_> {
        parse(Dialect::Iuf, line.as_bytes()).expect("a line of iuf")
    }

    #[test]
    fn one_blank_after_the_column_is_iuf_seven_are_a_pod() {
        let own = iuf(
            "2023-11-01T14:14:52.778546Z ERR  [prepare-managed-images                                   ] END sat-bootprep-run [Failed]",
        );
        assert_eq!(
            (own.voice, own.level, own.column, own.body),
            (
                Voice::IufOrPod,
                Some(Level::Error),
                Some(&b"prepare-managed-images"[..]),
                &b"END sat-bootprep-run [Failed]"[..]
            )
        );
        let pod = iuf(
            "2023-11-01T14:14:52.778546Z INFO [prepare-managed-images                                   ]           Container ansible   transitioned to failed",
        );
        assert_eq!((pod.voice, pod.body), (Voice::Pod, &b"    Container ansible   transitioned to failed"[..]));
    }

    #[test]
    fn a_stamp_without_fraction_and_a_verbose_module_are_seen() {
        let line = iuf("2023-11-01T14:14:52Z DBG  Activity.monitor_workflow:728 Monitoring workflow a-b");
        assert_eq!((line.stamp.is_some(), line.body), (true, &b"Monitoring workflow a-b"[..]));
    }

    #[test]
    fn a_column_wider_than_the_column_is_still_one() {
        let line = iuf(
            "INFO [ACTIVITY: hpe-cray-ex-system-software-stack-upgrade-to-24.11.0-20251105] BEG Install started at 2025",
        );
        assert_eq!(line.column, Some(&b"ACTIVITY: hpe-cray-ex-system-software-stack-upgrade-to-24.11.0-20251105"[..]));
    }

    #[test]
    fn csm_1_4_labels_and_relayed_text_differ_in_their_blanks() {
        assert_eq!(iuf("2023-08-20T10:02:47.139802Z INFO              BEGIN: [1]").voice, Voice::IufOrPod);
        let relayed = iuf("2023-08-20T10:02:53.978248Z INFO             Configuration file generated.");
        assert_eq!((relayed.voice, relayed.body), (Voice::Pod, &b"Configuration file generated."[..]));
        let printed = iuf("2023-08-20T10:03:33.612800Z DEBUG 2023-08-20T10:03:33.550122737Z     \"configurations\": [");
        assert_eq!(
            (printed.voice, printed.printed, printed.body),
            (Voice::Pod, Some(&b"2023-08-20T10:03:33.550122737Z"[..]), &b"    \"configurations\": ["[..])
        );
    }

    #[test]
    fn a_continuation_line_says_nothing() {
        assert_eq!(parse(Dialect::Iuf, b"    \"kind\": \"ConfigMap\","), None);
    }

    #[test]
    fn pods_speak_in_four_forms() {
        for (text, level, body) in [
            ("INFO: Creating images", Some(Level::Info), "Creating images"),
            ("ERROR <sat bootprep run x> failed", Some(Level::Error), "<sat bootprep run x> failed"),
            ("2023-11-01T14:09:02.47Z INFO Creating images", Some(Level::Info), "Creating images"),
            ("2023-11-01 14:09:02,478 - WARNING - sat.cli.bootprep.main - Retrying", Some(Level::Warning), "Retrying"),
            ("    \"images\": [", None, "    \"images\": ["),
        ] {
            let line = parse(Dialect::Pod, text.as_bytes()).unwrap();
            assert_eq!((line.level, line.body), (level, body.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_date_that_does_not_exist_is_text() {
        assert_eq!(parse(Dialect::Pod, b"2023-13-41T14:09:02Z INFO x").unwrap().stamp, None);
    }
}
