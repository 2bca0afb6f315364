//! The state and the history of an activity, YAML and JSON, through the front door.

use incfg::analysis::analyze;
use incfg::input::collect;
use incfg::report::text::{Invocation, WIDTH, story};
use incfg::scan::Scanner;
use incfg_fuzz::{scratch, shown, winter};

/// Holds what is promised against these bytes.
pub fn promise(data: &[u8]) {
    let Some((first, data)) = data.split_first() else { return };
    let name = ["state/sessions/w-a.yaml", "state/activity_dict.yaml", "configuration.json"][usize::from(first % 3)];
    let path = scratch::file(name, data);
    let collected = collect(&[path]).expect("a file that is there");
    if let Ok(analysis) =
        analyze(&collected, &winter::context(), &winter::GRAMMAR, &mut Scanner::new(1, 1 << 20, &mut |_| ()))
    {
        shown::is_plain(&story(&analysis, &Invocation::default(), Some(WIDTH)));
    }
}
