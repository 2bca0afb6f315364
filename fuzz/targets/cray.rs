//! What `cray` prints, on both streams.

use incfg::cfs::{Configuration, Session};
use incfg::exec::cray::{About, Expect, Trouble, answer, trouble};
use incfg::ims::ImsImage;
use incfg::plan::PlannedConfiguration;
use incfg_fuzz::shown;
use incfg_fuzz::winter::PLAN;

fn is_told(trouble: &Trouble) {
    match trouble {
        Trouble::Unusable(why)
        | Trouble::NotFound(why)
        | Trouble::Conflict(why)
        | Trouble::Refused(why)
        | Trouble::Unsure(why)
        | Trouble::Garbage(why) => {
            shown::is_plain(why);
            assert!(!why.is_empty() && why.chars().count() < 1_000, "{why:?}");
        }
        Trouble::Stopped => panic!("nobody wished to stop"),
    }
}

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    for expect in [Expect::Answer, Expect::Created, Expect::Silence] {
        match answer(data, expect) {
            Ok(document) => {
                let _ = Session::from_json(&document).map_err(|error| error.to_string());
                let _ = ImsImage::from_json(&document);
                if let Some(configuration) = Configuration::from_json(&document) {
                    let planned = PlannedConfiguration::of(&configuration);
                    let mut plan = PLAN.clone();
                    plan.images.iter_mut().for_each(|track| track.configuration = planned.clone());
                    assert_eq!(plan.change(&planned), None);
                }
            }
            Err(error) => is_told(&error),
        }
    }
    let text = String::from_utf8_lossy(data);
    for about in [About::Session("s-1"), About::Configuration("c"), About::Image, About::Artifact] {
        let told = trouble(2, &text, about);
        is_told(&told);
        // A gateway that finds nothing is no session that is gone.
        if let (Trouble::NotFound(_), About::Session(name)) = (&told, about) {
            assert!(text.contains(name));
        }
    }
}
