//! The moves of a plan under any sequence of events: sound ones, foreign ones, and ones out of turn.

use std::cell::Cell;
use std::collections::HashSet;

use incfg::cfs::Session;
use incfg::plan::record::{How, Taken};
use incfg::plan::step::{At, Doing, Verdict};
use incfg::plan::{Look, Plan, StepState};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::Site;

const HOW: How<'static> = How { accept: false, now: "now", file: "plan.yaml" };

/// Something that happens to a plan.
#[derive(Debug, Clone)]
enum Event {
    /// The session of the open step, as it stands now, is recorded.
    Record { status: u8, succeeded: u8, artifacts: u8, wrong: u8 },
    /// A session of a step that was done before is recorded again.
    Again,
    /// The configuration is recorded; some layer may have changed.
    Configuration { changed: Option<usize>, accept: bool },
    /// The image that the session of the open step has named is recorded; it may have no link, or be of another
    /// architecture.
    Image { wrong: u8 },
    /// The open session is given up.
    GiveUp,
    /// The last image that was made is given up.
    GiveUpMade,
    /// A move is made without asking whether it is its turn.
    Move(u8),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        8 => (0..4_u8, 0..6_u8, 0..6_u8, 0..20_u8).prop_map(|(status, succeeded, artifacts, wrong)| Event::Record { status, succeeded, artifacts, wrong }),
        1 => Just(Event::Again),
        4 => (prop::option::weighted(0.3, 0..5_usize), any::<bool>())
            .prop_map(|(changed, accept)| Event::Configuration { changed, accept }),
        4 => (0..8_u8).prop_map(|wrong| Event::Image { wrong }),
        1 => Just(Event::GiveUp),
        1 => Just(Event::GiveUpMade),
        2 => (0..10_u8).prop_map(Event::Move),
    ]
}

/// The session of an attempt as CFS may print it.
fn session(plan: &Plan, at: At, event: &Event, fresh: u32) -> Option<Value> {
    let Event::Record { status, succeeded, artifacts, wrong } = event else { return None };
    let attempt = plan.attempt(at)?;
    let (track, step) = plan.get(at);
    let base = attempt.base_id.to_string();
    let result = format!("{fresh:08x}-2222-4333-8444-555555555555");
    let artifact = |result: &str| json!({"image_id": base, "result_id": result, "type": "ims_customized_image"});
    let taken = track.base_image.id.to_string();
    let artifacts = match artifacts {
        0 => json!([]),
        1 => json!([artifact(&base)]),
        2 => json!([artifact(&taken)]),
        3 => json!([artifact(&result), artifact(&result)]),
        _ => json!([artifact(&result)]),
    };
    let tags: serde_json::Map<String, Value> =
        plan.tags(at, &attempt).into_iter().map(|(tag, value)| (tag.to_owned(), value.into())).collect();
    let status = ["pending", "running", "complete", "complete"][usize::from(*status)];
    let succeeded = ["none", "unknown", "false", "true", "true", "true"][usize::from(*succeeded)];
    let mut session = json!({
        "name": attempt.session,
        "configuration": {"name": track.configuration.name, "limit": step.limit},
        "tags": tags,
        "status": {"artifacts": artifacts, "session": {
            "status": status, "succeeded": succeeded, "job": "j"}},
        "target": {"definition": "image", "groups": [{"name": "Compute", "members": [base]}],
            "image_map": [{"source_id": base, "result_name": attempt.result_name}]},
    });
    match wrong {
        0 => session["name"] = "another".into(),
        1 => session["configuration"]["limit"] = "".into(),
        2 => session["target"]["groups"][0]["members"][0] = "00000000-2222-4333-8444-555555555555".into(),
        3 => session["tags"]["incfg-attempt"] = "77".into(),
        _ => {}
    }
    Some(session)
}

/// The configuration as CFS prints it, with another commit in one layer.
fn configuration(plan: &Plan, changed: Option<usize>, number: usize) -> Value {
    let planned = &plan.images[0].configuration;
    let layers = planned.layers.iter().enumerate().map(|(at, layer)| {
        let commit = if changed == Some(at) { Some(format!("{number:040x}")) } else { layer.commit.clone() };
        json!({"name": layer.name, "clone_url": layer.repository, "playbook": layer.playbook, "commit": commit})
    });
    json!({"name": planned.name, "last_updated": "2026-11-22T04:05:43Z", "layers": layers.collect::<Vec<_>>()})
}

/// The image that the open session has named, as IMS prints it; another where it has named none.
fn image(plan: &Plan, at: At, wrong: u8) -> Value {
    let id = plan.get(at).1.unchecked().map_or("00000000-2222-4333-8444-555555555555".into(), ToString::to_string);
    let link = if wrong == 0 { Value::Null } else { json!({"path": "s3://boot-images/x/manifest.json"}) };
    json!({"id": id, "name": "x", "link": link, "arch": if wrong == 1 { "aarch64" } else { "x86_64" }})
}

/// The layers that sessions have begun, with what they are.
fn begun(plan: &Plan) -> Vec<(u32, String)> {
    let track = &plan.images[0];
    let steps = track.steps.iter().filter(|step| !matches!(step.state(), StepState::Todo | StepState::Failed));
    steps
        .flat_map(|step| &step.layers)
        .map(|at| (*at, format!("{:?}", track.configuration.layers[*at as usize])))
        .collect()
}

/// What is written is read as the same plan.
fn is_read_again(plan: &Plan) -> Result<(), TestCaseError> {
    let text = plan.to_yaml();
    match Plan::parse("plan.yaml", text.as_bytes()) {
        Ok(read) => prop_assert_eq!(&read, plan),
        Err(error) => prop_assert!(false, "{error}\n{text}"),
    }
    Ok(())
}

/// What has to hold whatever happened.
fn holds(plan: &Plan, sessions: &HashSet<String>) -> Result<(), TestCaseError> {
    let text = plan.to_yaml();
    let read = Plan::parse("plan.yaml", text.as_bytes());
    prop_assert!(
        read.as_ref().is_ok_and(|read| read == plan),
        "{:?}\n{text}",
        read.err().map(|error| error.to_string())
    );
    let attempts = plan.images.iter().flat_map(|track| &track.steps).flat_map(|step| &step.attempts);
    let names: Vec<&String> = attempts.map(|attempt| &attempt.session).collect();
    prop_assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "one session per attempt");
    for name in names {
        prop_assert!(name.len() <= 45 && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')));
        prop_assert!(sessions.contains(name), "a session nobody meant: {}", name);
    }
    for track in &plan.images {
        let mut ids: Vec<String> =
            track.steps.iter().filter_map(|step| step.result()).map(ToString::to_string).collect();
        ids.push(track.base_image.id.to_string());
        prop_assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "every result is new");
        let behind = track.steps.iter().skip_while(|step| step.state() == StepState::Done).skip(1);
        let idle = |state| matches!(state, StepState::Todo | StepState::Failed);
        prop_assert!(behind.map(|step| step.state()).all(idle), "at most one step is under way");
    }
    Ok(())
}

fn fresh_plan() -> Plan {
    let site = Site::bare();
    let made = site.plan(&["--strategy", "single"]);
    assert_eq!(made.code, 0, "{}", made.stderr);
    Plan::parse("plan.yaml", site.read("plan.yaml").as_bytes()).unwrap()
}

/// What was looked at since the open session has named its image.
#[derive(Default)]
struct Looks {
    result: Option<String>,
    configuration: bool,
    image: bool,
}

#[test]
fn whatever_happens_the_plan_holds() {
    let plan = fresh_plan();
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() };
    let (ends, refusals) = (Cell::new(0), Cell::new(0));
    proptest!(config, |(events in prop::collection::vec(event(), 0..80))| {
        let mut plan = plan.clone();
        let mut sessions = HashSet::new();
        let mut named: HashSet<String> = HashSet::new();
        let mut looks = Looks::default();
        let mut last_named: Option<Value> = None;
        let mut last_made: Option<Value> = None;
        for (number, event) in events.iter().enumerate() {
            let before = plan.clone();
            let Some(at) = plan.open().first().copied() else { break };
            sessions.extend(plan.attempt(at).map(|attempt| attempt.session));
            let unchecked = plan.get(at).1.unchecked().map(ToString::to_string);
            if looks.result != unchecked {
                looks = Looks { result: unchecked.clone(), ..Looks::default() };
            }
            match event {
                Event::Record { wrong, .. } => {
                    let fresh = u32::try_from(number).unwrap() + 1;
                    let document = session(&plan, at, event, fresh).unwrap();
                    let taken = plan.record(&document, HOW);
                    if *wrong < 4 {
                        prop_assert!(taken.is_err(), "{:?}", taken);
                    }
                    if let Ok(Taken::Unsettled { .. } | Taken::Failed { .. } | Taken::Unchecked { .. }) = &taken {
                        let made = document["status"]["artifacts"].as_array().unwrap();
                        named.extend(made.iter().map(|image| image["result_id"].as_str().unwrap().to_owned()));
                    }
                    match taken {
                        Err(_) => prop_assert_eq!(&plan, &before, "what was refused changed nothing"),
                        Ok(Taken::Unchecked { .. }) => last_named = Some(document),
                        Ok(taken) => prop_assert!(!matches!(taken, Taken::Made { .. }), "a session alone makes nothing"),
                    }
                }
                Event::Again => {
                    if let Some(made) = &last_made {
                        let known = matches!(plan.record(made, HOW), Ok(Taken::Made { known: true, .. }));
                        prop_assert!(known);
                        prop_assert_eq!(&plan, &before);
                    }
                }
                Event::Configuration { changed, accept } => {
                    let own = changed.is_some_and(|layer| plan.get(at).1.layers.contains(&u32::try_from(layer).unwrap()));
                    let document = configuration(&plan, *changed, number);
                    match plan.record(&document, How { accept: *accept, ..HOW }) {
                        Err(error) => {
                            refusals.set(refusals.get() + 1);
                            let told = error.to_string();
                            prop_assert_eq!(&plan, &before, "what was refused changed nothing");
                            prop_assert!(changed.is_some());
                            // What is advised is what helps.
                            let mut advised = plan.clone();
                            for part in told.split("--give-up ").skip(1) {
                                let name = part.split([' ', '`']).next().unwrap();
                                prop_assert!(advised.give_up(name, "now").is_ok(), "{}", told);
                            }
                            prop_assert!(told.contains("--accept-configuration"));
                            prop_assert!(advised.record(&document, How { accept: true, ..HOW }).is_ok(), "{}", told);
                        }
                        Ok(Taken::Configuration { accepted, made, .. }) => {
                            prop_assert_eq!(accepted, *accept && changed.is_some());
                            prop_assert!(!(own && unchecked.is_some()), "what it has applied has changed");
                            prop_assert_eq!(made.len(), usize::from(unchecked.is_some() && looks.image));
                            prop_assert_eq!(begun(&plan), begun(&before));
                            looks.configuration = unchecked.is_some();
                        }
                        Ok(other) => prop_assert!(false, "{:?}", other),
                    }
                }
                Event::Image { wrong } => {
                    let document = image(&plan, at, *wrong);
                    match plan.record(&document, HOW) {
                        Err(_) => {
                            prop_assert_eq!(&plan, &before, "what was refused changed nothing");
                            prop_assert!(*wrong < 2 || unchecked.is_none());
                        }
                        Ok(taken) => {
                            prop_assert!(*wrong >= 2 && unchecked.is_some());
                            prop_assert_eq!(matches!(taken, Taken::Made { .. }), looks.configuration);
                            looks.image = true;
                        }
                    }
                }
                Event::GiveUp => {
                    let name = plan.attempt(at).unwrap().session;
                    let open = plan.doing(at) != Doing::Begin;
                    prop_assert_eq!(plan.give_up(&name, "now").is_ok(), open);
                }
                Event::GiveUpMade => {
                    if let Some(step) = at.step.checked_sub(1) {
                        let name = plan.images[0].steps[step].attempts.last().unwrap().session.clone();
                        let free = plan.doing(at) == Doing::Begin;
                        prop_assert_eq!(plan.give_up(&name, "now").is_ok(), free);
                        if free {
                            last_made = None;
                        }
                    }
                }
                Event::Move(kind) => {
                    let at = if kind % 2 == 0 { at } else { At { step: (at.step + 1).min(4), ..at } };
                    let open = plan.doing(at) != Doing::Begin;
                    let moved = match kind / 2 {
                        0 => {
                            let intended = plan.intend(at, "now").map(|attempt| sessions.insert(attempt.session));
                            intended.is_ok() != open
                        }
                        1 => plan.created(at, "now").is_ok() == open,
                        2 => plan.failed(at, Default::default(), "now").is_ok() == open,
                        3 => {
                            let result = format!("{number:08x}-3333-4333-8444-555555555555");
                            let moved = plan.named(at, result.parse().unwrap(), "now").is_ok();
                            if moved {
                                named.insert(result);
                                last_named = None;
                            }
                            moved == open
                        }
                        _ => {
                            let there = plan.get(at).1.unchecked().is_some();
                            looks.image |= there;
                            plan.looked_at(at, Look::Image, "now").is_ok() == there
                        }
                    };
                    prop_assert!(moved || plan == before, "a move out of turn changed something");
                }
            }
            let was_made = plan.open().first() > Some(&at) || plan.is_done();
            if was_made {
                prop_assert!(looks.configuration && looks.image, "an image counts when all was looked at");
                last_made = last_named.take();
                ends.set(ends.get() + 1);
            }
            holds(&plan, &sessions)?;
            let text = plan.to_yaml();
            prop_assert!(named.iter().all(|id| text.contains(id.as_str())), "an image is lost");
        }
        is_read_again(&plan)?;
    });
    assert!(ends.get() > 10 && refusals.get() > 10, "the events lead somewhere: {ends:?} {refusals:?}");
}

#[test]
fn words_that_look_like_something_else_to_yaml_come_back_as_they_were() {
    let words = [
        "12345678",
        "0e123456",
        "yes",
        "null",
        "~",
        "1.10",
        "2024-06-14",
        "a: b",
        "# x",
        "'q",
        "\u{feff}x",
        "a\u{85}b",
        "...",
    ];
    for word in words {
        let mut plan = fresh_plan();
        if word.len() == 8 {
            plan.id = word.to_owned();
        }
        plan.activity = Some(word.to_owned());
        let track = &mut plan.images[0];
        track.result_name = format!("{word} ");
        track.configuration.layers[0].name = Some(word.to_owned());
        track.configuration.layers[0].commit = Some("1234567890123456789012345678901234567890".into());
        if !word.chars().any(char::is_control) {
            is_read_again(&plan).unwrap();
        }
    }
}

#[test]
fn a_verdict_is_made_only_of_a_sound_result() {
    let plan = fresh_plan();
    let at = At { track: 0, step: 0 };
    let attempt = plan.attempt(at).unwrap();
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(status in 0..4_u8, succeeded in 0..6_u8, artifacts in 0..6_u8)| {
        let event = Event::Record { status, succeeded, artifacts, wrong: 9 };
        let document = session(&plan, at, &event, 7).unwrap();
        let session = Session::from_json(&document).unwrap();
        let made = matches!(plan.verdict(&attempt, &session), Verdict::Made(_));
        prop_assert_eq!(made, status >= 2 && succeeded >= 3 && artifacts >= 4);
    });
}
