//! `cargo bench --bench write_log -- BYTES FACTS_PPM DECOYS_PPM SEED > install.log`

#[path = "log.rs"]
mod log;

fn main() -> std::io::Result<()> {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .filter_map(|text| text.parse().ok())
        .collect();
    let [bytes, facts_ppm, decoys_ppm, seed] = numbers[..] else {
        eprintln!("usage: cargo bench --bench write_log -- BYTES FACTS_PPM DECOYS_PPM SEED > install.log");
        std::process::exit(2);
    };
    #[allow(clippy::disallowed_methods, reason = "the log it makes is its only output")]
    log::write(log::Plan { bytes, facts_ppm, decoys_ppm, seed }, &mut std::io::stdout().lock())
}
