//! Writes an `install.log` of any size: the same bytes for the same numbers, on every machine.
//!
//! Most lines are what `iuf` relays of pods that have nothing to do with images; a share of them are decoys, which look
//! like facts and are none. Between them stand the facts, as runs of `sat bootprep`, each of which builds and
//! configures images and ends well or badly.

use std::io::Write;

/// What to write.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Bytes to write at least; the log ends with the line that reaches them.
    pub bytes: u64,
    /// Lines with facts in a million.
    pub facts_ppm: u64,
    /// Lines that look like facts in a million.
    pub decoys_ppm: u64,
    /// Another number, another log.
    pub seed: u64,
}

/// Width to which `iuf` pads its bracket column.
const COLUMN: usize = 57;

/// Bodies of noise that lines are drawn from; enough that no cache of a few lines helps.
const BODIES: usize = 4096;

const WORKFLOW: &str = "autumn-24-11-r7k2p-prepare-images-x9f4d";
const OPERATION: &str = "prepare-managed-images";

/// Writes the log.
pub fn write(plan: Plan, out: &mut dyn Write) -> std::io::Result<()> {
    let mut random = Random(plan.seed);
    let bodies: Vec<Vec<u8>> = (0..BODIES).map(|_| noise(&mut random)).collect();
    let mut log = Log { buffer: Vec::with_capacity(1 << 20), written: 0, second: 0, micros: 0, out };
    log.own("INFO", "", "All logs will be stored in /etc/cray/upgrade/csm/iuf/autumn-24.11/log/20241105081503")?;
    log.own("INFO", "ACTIVITY: autumn-24.11", "BEG Install started at 2024-11-05 08:15:03.102938")?;
    log.own("INFO", "IUF SESSION: autumn-24-11-r7k2p", "BEG Started at 2024-11-05 08:15:09.564738")?;
    log.own("INFO", "STAGE: prepare-images", &format!("BEG Argo workflow: {WORKFLOW}"))?;
    log.own("DBG", "", &format!("Monitoring workflow {WORKFLOW}"))?;
    log.own("INFO", OPERATION, &format!("BEG {OPERATION}"))?;
    let mut facts = Vec::<Fact>::new();
    let mut run = 0;
    while log.size() < plan.bytes {
        let draw = random.below(1_000_000);
        if draw < plan.facts_ppm {
            if facts.is_empty() {
                run += 1;
                facts = run_of_sat(run, &mut random);
                facts.reverse();
            }
            if let Some(fact) = facts.pop() {
                log.fact(&fact)?;
            }
        } else if draw < plan.facts_ppm + plan.decoys_ppm {
            let decoy = DECOYS[random.below(DECOYS.len() as u64) as usize];
            log.relayed("INFO", decoy.as_bytes())?;
        } else {
            let body = &bodies[random.below(BODIES as u64) as usize];
            log.relayed(if draw.is_multiple_of(8) { "INFO" } else { "DBG" }, body)?;
        }
    }
    // A run that was begun is brought to its end, so that a log of any size tells a whole story.
    while let Some(fact) = facts.pop() {
        log.fact(&fact)?;
    }
    log.own("ERR", OPERATION, &format!("END {OPERATION} [Failed]"))?;
    log.own("ERR", "STAGE: prepare-images", "END Failed in 2:04:11")?;
    log.flush()
}

struct Log<'a> {
    buffer: Vec<u8>,
    written: u64,
    second: u64,
    micros: u64,
    out: &'a mut dyn Write,
}

enum Fact {
    Own(&'static str, String),
    Relayed(&'static str, String),
}

impl Log<'_> {
    fn size(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn stamp(&mut self) {
        self.micros += 137_911;
        self.second += self.micros / 1_000_000;
        self.micros %= 1_000_000;
        // Days of one month over and over: the order of lines is their order in the file.
        let (day, second) = (1 + self.second / 86_400 % 28, self.second % 86_400);
        let mut text = *b"2024-11-00T00:00:00.000000Z ";
        let mut put = |at: usize, digits: usize, mut value: u64| {
            for place in (at..at + digits).rev() {
                text[place] = b'0' + (value % 10) as u8;
                value /= 10;
            }
        };
        put(8, 2, day);
        put(11, 2, second / 3600);
        put(14, 2, second / 60 % 60);
        put(17, 2, second % 60);
        put(20, 6, self.micros);
        self.buffer.extend_from_slice(&text);
    }

    fn envelope(&mut self, level: &str, column: &str) {
        self.stamp();
        self.buffer.extend_from_slice(format!("{level:<4} ").as_bytes());
        if !column.is_empty() {
            self.buffer.extend_from_slice(format!("[{column:<COLUMN$}] ").as_bytes());
        }
    }

    fn own(&mut self, level: &str, column: &str, message: &str) -> std::io::Result<()> {
        self.envelope(level, column);
        self.end(message.as_bytes())
    }

    fn relayed(&mut self, level: &'static str, message: &[u8]) -> std::io::Result<()> {
        self.stamp();
        let envelope: &[u8] = match level {
            "INFO" => b"INFO [prepare-managed-images                                   ]       ",
            "ERR" => b"ERR  [prepare-managed-images                                   ]       ",
            _ => b"DBG  [prepare-managed-images                                   ]       ",
        };
        self.buffer.extend_from_slice(envelope);
        self.end(message)
    }

    fn fact(&mut self, fact: &Fact) -> std::io::Result<()> {
        match fact {
            Fact::Own(level, message) => self.own(level, OPERATION, message),
            Fact::Relayed(level, message) => self.relayed(level, message.as_bytes()),
        }
    }

    fn end(&mut self, message: &[u8]) -> std::io::Result<()> {
        self.buffer.extend_from_slice(message);
        self.buffer.push(b'\n');
        if self.buffer.len() > (1 << 20) - (16 << 10) { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// One try of the step that runs `sat bootprep`: four images, one of which depends on another.
fn run_of_sat(run: u64, random: &mut Random) -> Vec<Fact> {
    let relayed = |text: String| Fact::Relayed("INFO", text);
    let images = ["base-cos-24.11.x86_64", "compute-24.11.x86_64", "uan-24.11.x86_64", "gpu-24.11.x86_64"];
    let step = format!("sat-bootprep-run({run})");
    let mut facts = vec![
        Fact::Own("INFO", format!("BEG {step}")),
        relayed("Using bootprep file /etc/cray/upgrade/csm/admin/compute-and-uan-bootprep.yaml for preparing images on managed nodes".into()),
        relayed("Creating 4 images.".into()),
    ];
    for image in images {
        facts.push(relayed(format!("Creation of image {image} succeeded: ID {}", random.id())));
    }
    let failing = random.below(3) as usize + 1;
    for (at, image) in images.iter().enumerate().skip(1) {
        let session = format!("sat-{}", random.id());
        facts.push(relayed(format!("Creating CFS session {session} to configure image {image}")));
        facts.push(relayed(format!("Created CFS session {session} to configure image {image}")));
        facts.push(relayed(format!("CFS session: {session}      Image: {image}:")));
        let fails = at == failing;
        for container in ["git-clone", "inventory", "ansible"] {
            let state = if fails && container == "ansible" { "failed" } else { "succeeded" };
            facts.push(relayed(format!("    Container {container:<20} transitioned to {state:<10} from running   ")));
        }
        facts.push(if fails {
            Fact::Relayed("ERR", format!("Creation of image {image} failed"))
        } else {
            relayed(format!("Creation of image {image} succeeded: ID {}", random.id()))
        });
    }
    facts.push(Fact::Relayed("ERR", "Creation of 1 images failed".into()));
    facts.push(Fact::Relayed("DBG", "Script content exited with return code 1".into()));
    facts.push(Fact::Own("ERR", format!("END {step} [Failed]")));
    facts.push(Fact::Own(
        "DBG",
        format!("LOG FILE FOR {step}: argo/{WORKFLOW}/{WORKFLOW}-sat-wrapper-{}/main.log", 100_000_000 + run),
    ));
    facts
}

/// Lines that hold the words of facts and state none.
const DECOYS: [&str; 8] = [
    "echo 'Creation of image will follow' >> /tmp/motd",
    "pulled image registry.local/cray-sat:3.33.4 in 2.1s",
    "Container runtime is up; 12 of 12 ready",
    "checking: Found IMS base is a phrase of the manual, not a message",
    "note that Created CFS session is what the other tool prints",
    "the operator wrote: END of shift, BEG the night crew for coffee",
    "S3 Save path is not set for this step, key: none",
    "retry 3: Waiting for CFS to answer GET /healthz",
];

/// What pods have to say all day: one body in one of the forms of the trade.
fn noise(random: &mut Random) -> Vec<u8> {
    let mut text = String::new();
    let pick = random.below(9);
    match pick {
        0 => text.push_str("Alloc=8413 TotalAlloc=14478 Sys=24786 NumGC=4 Goroutines=2 "),
        1 => text.push_str("Successfully saved file: /tmp/argo/outputs/logs/main.log "),
        2 => text.push_str(&format!("2024-11-05T08:20:{:02}.{:09}Z ", random.below(60), random.below(1_000_000_000))),
        3 => text.push_str("changed: [x3000c0s17b2n0.local] => "),
        4 => text.push_str("                \"value\": "),
        5 => text.push_str("level=debug msg=reconciling controller=workflow "),
        6 => text.push_str("rpm: installing "),
        _ => {}
    }
    let words = 3 + random.below(22);
    for _ in 0..words {
        match random.below(5) {
            0 => text.push_str(&format!("{:x} ", random.next() >> 24)),
            1 => text.push_str(&format!("/var/lib/{}/{} ", random.word(), random.word())),
            _ => {
                text.push_str(random.word());
                text.push(' ');
            }
        }
    }
    text.into_bytes()
}

const WORDS: [&str; 40] = [
    "package",
    "node",
    "mount",
    "overlay",
    "kernel",
    "initrd",
    "squashfs",
    "service",
    "started",
    "reloading",
    "timeout",
    "socket",
    "cgroup",
    "volume",
    "snapshot",
    "manifest",
    "index",
    "layer",
    "digest",
    "blob",
    "upload",
    "chunk",
    "checksum",
    "verified",
    "repository",
    "mirror",
    "cache",
    "retry",
    "queue",
    "worker",
    "lease",
    "leader",
    "probe",
    "healthy",
    "schema",
    "token",
    "refreshed",
    "label",
    "selector",
    "event",
];

/// A small generator of numbers that are the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.below(WORDS.len() as u64) as usize]
    }

    /// An id as IMS gives them.
    fn id(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 52,
            low & 0xffff_ffff_ffff
        )
    }
}
