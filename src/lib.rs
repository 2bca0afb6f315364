//! incfg reads what a failed IUF or SAT `bootprep` run left behind and says what an operator needs next.
//!
//! # From logs to facts
//!
//! Paths go in, an [`analysis::Analysis`] comes out: what ran, what failed and where, each fact with the lines it rests on.
//!
//! ```
//! use incfg::analysis::{self, Context, ImageStatus};
//! use incfg::{grammar::Grammar, input, limits, scan::Scanner};
//!
//! # let log = std::env::temp_dir().join(format!("incfg-doc-{}.log", std::process::id()));
//! # let log_text = "INFO: Creating images\n\
//! #     INFO: Creation of image cos-base succeeded: ID f5374c4c-8c5a-4b79-a5e5-aef778ed36cd\n";
//! # std::fs::write(&log, log_text)?;
//! let collected = input::collect(&[log.clone()])?;
//! let mut progress = |_bytes: u64| {};
//! let mut scanner = Scanner::new(1, limits::PIECE_BYTES, &mut progress);
//! let analysis = analysis::analyze(&collected, &Context::default(), &Grammar::built_in(), &mut scanner)?;
//!
//! let image = &analysis.sat_runs[0].images[0];
//! assert_eq!((image.name.as_str(), image.status), ("cos-base", ImageStatus::Succeeded));
//! assert_eq!(image.evidence[0].line, 2);
//! # std::fs::remove_file(log)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From a bootprep file to one that uses what exists
//!
//! ```
//! use incfg::bootprep::variables::Variables;
//! use incfg::rewrite::{Options, Pin, rewrite};
//!
//! let file = "\
//! images:
//! - name: base
//!   ref_name: base
//!   base: {product: {name: cos, type: recipe, version: 2.5.101}}
//! ## boots the compute nodes
//! - name: compute
//!   ref_name: compute
//!   base: {image_ref: base}
//!   configuration: compute-24.11
//!   configuration_group_names: [Compute]
//! ";
//! let pin = Pin { image: "base".into(), id: "f5374c4c-8c5a-4b79-a5e5-aef778ed36cd".parse()? };
//! let rewritten = rewrite("bootprep.yaml", file.as_bytes(), &[pin], &Variables::default(), &Options::default())?;
//!
//! let text = rewritten.text.as_str();
//! assert!(text.starts_with("images:\n# boots the compute nodes\n- name: compute\n"));
//! assert!(text.contains("id: f5374c4c-8c5a-4b79-a5e5-aef778ed36cd"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a bootprep file would run into
//!
//! ```
//! use incfg::lint::{self, Context};
//! use incfg::text::SourceText;
//!
//! let text = SourceText::new("bootprep.yaml", b"images:\n- name: compute\n  base: {image_ref: bass}\n")?;
//! let checked = lint::check(&text, &Context::default());
//! assert!(checked.findings.iter().any(|finding| finding.rule.id == "image-ref-dangling"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The layers
//!
//! Data flows one way; a module imports only from modules above it in this list.
//!
//! ```text
//! bytes ── input ──► sieve, scan ──► line, grammar ──► statement    what was said, where, by whom
//!                                                   │
//!              iuf (activity, stages, SAT steps)    │
//!              sat (one run of sat bootprep)   ◄────┤           what one text says as a whole
//!              cfs (ansible log, configuration)◄────┘
//!                        │
//! bootprep (file, names) ┴──► analysis ──► recoveries           what all texts say together
//!       ▲                          │        │
//! text, yaml (tree, edits), jinja  │        │
//!       ▼                          │        ▼
//!    rewrite ──────────────────────┼──────► plan ──► exec        what is to be done, and the doing of it with cray
//!    lint (findings, fixes)        │        │
//!    excerpt (lines, read again)   │        │
//!       │                          ▼        ▼
//!       └───────────────────────► report                         what people read: the only printers
//! ```
//!
//! [`analysis::analyze`] is one front door: paths in, one [`analysis::Analysis`] out. [`rewrite::rewrite`] is another: a
//! bootprep file and pins in, the text that uses them out. [`lint::check`] holds a bootprep file against the rules, and
//! what both change passes the same gate, [`yaml::edit`]. [`plan::build`] makes of an analysis a plan; its moves
//! ([`plan::step`]) are pure, and both hands (`next`, `record`) and [`exec`] make them.
//!
//! Only `cli` touches arguments and the terminal. Files are touched by `input`, `cli`, and two more that would lose what
//! they promise otherwise: [`plan::store`], because a plan is safe only if lock, check and write are one thing, and
//! [`exec`], which starts programs and keeps the log of what failed before its session is deleted.
#![forbid(unsafe_code)]
#![warn(missing_docs)]
#![warn(clippy::print_stdout, clippy::print_stderr)]
#![warn(clippy::unwrap_used, clippy::expect_used)]
#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]

pub mod analysis;
pub mod argo;
pub mod bootprep;
pub mod cfs;
pub mod cli;
pub mod evidence;
pub mod excerpt;
pub mod exec;
pub mod fact;
pub mod grammar;
pub mod image_id;
pub mod ims;
pub mod input;
pub mod iuf;
pub mod jinja;
pub mod limits;
pub mod line;
pub mod lint;
pub mod nearness;
pub mod plan;
mod positions;
pub mod report;
pub mod rewrite;
pub mod sat;
pub mod scan;
pub mod secret;
pub mod shown;
pub mod sieve;
pub mod statement;
pub mod text;
pub mod whole_file;
pub mod yaml;
