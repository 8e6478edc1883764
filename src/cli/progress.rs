//! A bar on a terminal while long work goes on; nothing elsewhere.

use std::sync::Mutex;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::pipeline::{Stage, Watcher};

/// Shows where a run is.
pub(super) struct Progress {
    bar: ProgressBar,
    mapping: Mutex<String>,
}

impl Progress {
    /// A bar on stderr, or one that nobody sees.
    pub(super) fn new(shown: bool) -> Self {
        let target = if shown { ProgressDrawTarget::stderr_with_hz(8) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style =
            ProgressStyle::with_template("{spinner} {prefix:.bold} {msg} {human_pos} rows {per_sec}  {elapsed}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(125));
        Self { bar, mapping: Mutex::new(String::new()) }
    }
}

impl Watcher for Progress {
    fn stage(&self, mapping: &str, stage: Stage) {
        if let Ok(mut current) = self.mapping.lock()
            && *current != mapping
        {
            mapping.clone_into(&mut current);
            self.bar.set_prefix(mapping.to_owned());
            self.bar.set_position(0);
        }
        self.bar.set_message(match stage {
            Stage::Fetch => "fetching",
            Stage::Lookups => "looking up",
            Stage::Query => "querying",
            Stage::Judge => "judging",
            Stage::Settle => "settling",
            Stage::Compare => "comparing",
            Stage::Write => "writing",
        });
    }

    fn advance(&self, done: u64) {
        self.bar.inc(done);
    }

    fn finished(&self, _mapping: &str) {}
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
