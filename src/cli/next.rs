//! `incfg next`.

use std::path::PathBuf;

use clap::Args;

use crate::plan::store;
use crate::report::plan;

use super::{Exit, Failure, print, print_wrapped};

/// Print the commands of the next step of a plan, to go on by hand.
///
/// Nothing is changed. Each command can be copied as it is. incfg record takes in what they print, and advances the plan.
#[derive(Args)]
#[command(after_help = "\
Examples:
  incfg next plan.yaml
  incfg next plan.yaml --image compute.x86_64
  incfg next plan.yaml --script > rest.sh")]
pub(super) struct Arguments {
    /// The plan.
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// The image whose next step to print, by ref_name or name; without it, the first that is not made.
    #[arg(long, value_name = "REF")]
    image: Option<String>,
    /// Print the rest of the plan as a POSIX shell script, which stops at the first surprise.
    #[arg(long, conflicts_with = "image")]
    script: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let content = store::read(&arguments.plan)?;
    let path = arguments.plan.display().to_string();
    if arguments.script {
        print(&plan::script(&content, &path))?;
        return Ok(Exit::Done);
    }
    let open = content.open();
    let at = match &arguments.image {
        None => open.first(),
        Some(image) => {
            let is = |track: &&crate::plan::Track| track.label() == image || track.image == *image;
            if content.images.iter().find(is).is_none() {
                let known: Vec<&str> = content.images.iter().map(crate::plan::Track::label).collect();
                let why = format!("--image {image}: the plan makes no such image; it makes {}", known.join(", "));
                return Err(Failure::new(Exit::Usage, why));
            }
            open.iter().find(|at| is(&content.get(**at).0))
        }
    };
    match at {
        Some(at) => print_wrapped(&plan::next(&content, *at, &path))?,
        None => match content.pins() {
            Ok(pins) => print_wrapped(&plan::through(&content, &path, &pins))?,
            Err(open) => print(&format!("This image is made; {open}\n"))?,
        },
    }
    Ok(Exit::Done)
}
