//! The activity of the test data, and the plan of it.

use std::path::Path;
use std::sync::LazyLock;

use incfg::analysis::{self, Context};
use incfg::bootprep::Bootprep;
use incfg::bootprep::variables::Variables;
use incfg::cfs::Configuration;
use incfg::grammar::Grammar;
use incfg::input::collect;
use incfg::plan::{self, Given, InputFile, Made, Plan, Sources};
use incfg::scan::Scanner;

/// The grammars that incfg brings along.
pub static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| Grammar::built_in());

/// The file of the activity.
pub const BOOTPREP: &str = include_str!("../../testdata/winter/compute-and-uan-bootprep.yaml");

/// Its variables.
pub static VARIABLES: LazyLock<Variables> = LazyLock::new(|| {
    let mut variables = Variables::default();
    variables
        .add_file("session_vars.yaml", include_str!("../../testdata/winter/session_vars.yaml"))
        .expect("the variables of the test data");
    variables
});

/// Its configuration.
pub static CONFIGURATION: LazyLock<Configuration> = LazyLock::new(|| {
    let json = serde_json::from_str(include_str!("../../testdata/winter/configuration.json")).expect("JSON");
    Configuration::from_json(&json).expect("the configuration of the test data")
});

/// What an analysis needs beside the logs.
#[must_use]
pub fn context() -> Context {
    let bootprep = Bootprep::parse("bootprep.yaml", BOOTPREP.as_bytes()).expect("the bootprep file of the test data");
    Context { bootprep: Some(("bootprep.yaml".into(), bootprep)), variables: VARIABLES.clone(), ..Context::default() }
}

/// A plan of an analysis.
#[must_use]
pub fn plan_of(analysis: analysis::Analysis) -> Option<Plan> {
    let sources = Sources {
        analysis,
        bootprep_path: "bootprep.yaml".into(),
        bootprep: Bootprep::parse("bootprep.yaml", BOOTPREP.as_bytes()).ok()?,
        variables: VARIABLES.clone(),
        configurations: vec![("configuration.json".into(), CONFIGURATION.clone())],
    };
    let file = || InputFile { path: "f".into(), sha256: "0".repeat(64) };
    let made = Made {
        at: "2024-06-14T12:00:00Z".into(),
        salt: "salt".into(),
        bootprep: file(),
        vars_files: Vec::new(),
        inputs: vec![file()],
    };
    match plan::build(&sources, &Given::default(), made) {
        Ok(built) => Some(built.plan),
        Err(hole) => {
            assert!(!hole.what.contains(plan::FAULT), "{hole}");
            None
        }
    }
}

/// The plan of the activity.
pub static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/winter");
    let paths = ["iuf", "ansible.log", "configuration.json"].map(|name| data.join(name));
    let collected = collect(&paths).expect("the test data");
    let analysis = analysis::analyze(&collected, &context(), &GRAMMAR, &mut Scanner::new(1, 1 << 20, &mut |_| ()))
        .expect("an analysis");
    plan_of(analysis).expect("a plan")
});
