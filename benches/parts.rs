//! The parts by themselves: `cargo bench --bench parts`. How fast the whole is beside other programs: `benches/compare.py`.

#[path = "log.rs"]
mod log;

use std::sync::LazyLock;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use incfg::analysis::{self, Analysis, Context};
use incfg::bootprep::variables::Variables;
use incfg::grammar::Grammar;
use incfg::line::{self, Dialect};
use incfg::report::Masked;
use incfg::report::text::{Invocation, WIDTH, story};
use incfg::rewrite::{Options, Pin, rewrite};
use incfg::scan::Scanner;
use incfg::text::SourceText;
use incfg::yaml::Tree;
use incfg::{input, limits, lint};

const MIB: u64 = 1 << 20;

/// One line of a thousand is a fact.
static LOG: LazyLock<Vec<u8>> = LazyLock::new(|| written(16 * MIB, 1_000));

/// One line of ten is a fact.
static FACTS: LazyLock<Vec<u8>> = LazyLock::new(|| written(MIB, 100_000));

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(Grammar::built_in);

static BOOTPREP: LazyLock<String> = LazyLock::new(|| {
    let images = (0..500).map(|at| {
        let base = if at % 2 == 0 {
            "product: {name: cos, type: recipe, version: '2.1'}".to_owned()
        } else {
            format!("image_ref: ref-{}", at - 1)
        };
        format!(
            "- name: compute-{at:05}\n  ref_name: ref-{at}\n  base:\n    {base}\n  configuration: c\n  \
             configuration_group_names:\n  - Compute\n"
        )
    });
    format!(
        "configurations:\n- name: c\n  layers:\n  - {{name: l, playbook: p.yml, product: {{name: cos, version: '2.1'}}}}\nimages:\n{}",
        images.collect::<String>()
    )
});

fn main() {
    divan::main();
}

fn written(bytes: u64, facts_ppm: u64) -> Vec<u8> {
    let mut text = Vec::new();
    log::write(log::Plan { bytes, facts_ppm, decoys_ppm: 200, seed: 1 }, &mut text).expect("a log in memory");
    text
}

fn analyzed(text: &[u8]) -> Analysis {
    let path = std::env::temp_dir().join(format!("incfg-bench-{}.log", std::process::id()));
    std::fs::write(&path, text).expect("a directory for temporary files");
    let collected = input::collect(std::slice::from_ref(&path)).expect("a log");
    let mut watch = |_| {};
    let mut scanner = Scanner::new(1, limits::PIECE_BYTES, &mut watch);
    let analysis = analysis::analyze(&collected, &Context::default(), &GRAMMAR, &mut scanner).expect("an analysis");
    std::fs::remove_file(path).expect("the file just written");
    analysis
}

/// Which lines of a text may be facts.
#[divan::bench]
fn sieve(bencher: Bencher) {
    let sieve = GRAMMAR.sieve(Dialect::Iuf);
    bencher.counter(BytesCount::of_slice(&*LOG)).bench(|| {
        let mut hits = 0_u64;
        let lines = sieve.each(black_box(&LOG), |_, _| hits += 1);
        (lines, hits)
    });
}

/// What each line says that the sieve lets through.
#[divan::bench]
fn wordings(bencher: Bencher) {
    let sieve = GRAMMAR.sieve(Dialect::Iuf);
    let lines: Vec<&[u8]> = FACTS.split(|byte| *byte == b'\n').filter(|line| sieve.lets_through(line)).collect();
    bencher.counter(BytesCount::new(lines.iter().map(|line| line.len()).sum::<usize>())).bench(|| {
        let parsed = lines.iter().filter_map(|line| line::parse(Dialect::Iuf, black_box(line)));
        parsed.filter(|line| GRAMMAR.said(line, line.body, false).is_some()).count()
    });
}

/// From a file to an analysis.
#[divan::bench]
fn analysis_of_a_log(bencher: Bencher) {
    bencher.counter(BytesCount::of_slice(&*LOG)).bench(|| analyzed(black_box(&LOG)));
}

#[divan::bench]
fn report_as_text(bencher: Bencher) {
    let analysis = analyzed(&FACTS);
    bencher.bench(|| story(black_box(&analysis), &Invocation::default(), Some(WIDTH)));
}

#[divan::bench]
fn report_as_json(bencher: Bencher) {
    let analysis = analyzed(&FACTS);
    bencher.bench(|| Masked::json(black_box(&analysis)));
}

#[divan::bench]
fn tree_of_a_bootprep_file(bencher: Bencher) {
    let text = SourceText::new("bootprep.yaml", BOOTPREP.as_bytes()).expect("a text");
    bencher.counter(BytesCount::of_str(&*BOOTPREP)).bench(|| Tree::parse(black_box(&text)));
}

#[divan::bench]
fn check_of_a_bootprep_file(bencher: Bencher) {
    let text = SourceText::new("bootprep.yaml", BOOTPREP.as_bytes()).expect("a text");
    let context = lint::Context::default();
    bencher.counter(BytesCount::of_str(&*BOOTPREP)).bench(|| lint::check(black_box(&text), &context));
}

#[divan::bench]
fn rewrite_of_a_bootprep_file(bencher: Bencher) {
    let id = "c5e01698-9dea-448f-80aa-21dba7c0cbb6".parse().expect("an id");
    let pins = [Pin { image: "ref-0".into(), id }];
    let (variables, options) = (Variables::default(), Options::default());
    bencher
        .counter(BytesCount::of_str(&*BOOTPREP))
        .bench(|| rewrite("bootprep.yaml", black_box(BOOTPREP.as_bytes()), &pins, &variables, &options));
}
