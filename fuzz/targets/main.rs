//! One program for all targets: `INCFG_FUZZ_TARGET` names the one that the bytes of libFuzzer go to.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

/// The modules of the targets, and their names with what each promises.
macro_rules! targets {
    ($($name:ident)*) => {
        $(mod $name;)*
        const TARGETS: &[(&str, fn(&[u8]))] = &[$((stringify!($name), $name::promise)),*];
    };
}

targets! { activity ansible check cray edits grammar lines log names plan record report rewrite words yaml }

static CHOSEN: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("INCFG_FUZZ_TARGET").unwrap_or_default();
    let Some((_, promise)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        let names: Vec<&str> = TARGETS.iter().map(|(known, _)| *known).collect();
        eprintln!("INCFG_FUZZ_TARGET is '{name}'; a target is one of: {}", names.join(" "));
        std::process::exit(2)
    };
    *promise
});

fuzz_target!(init: { LazyLock::force(&CHOSEN); }, |data: &[u8]| -> () { (*CHOSEN)(data) });
