//! Plans from end to end: what `plan`, `next`, `record`, `run`, `status` and `fetch` print, exit with and leave behind,
//! against a stand-in for `cray` that can fail in every way the real one can.

mod by_hand;
mod faults;
mod harness;
mod kills;
mod machine;
mod making;
mod page;
mod plan_files;
#[path = "../cli/planted.rs"]
mod planted;
mod procedure;
mod running;
mod secrets;
mod stand_in;
