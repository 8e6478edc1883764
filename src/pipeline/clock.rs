//! How long each stage of a mapping takes.

use std::sync::Arc;
use std::time::Instant;

use crate::output::Ordered;
use crate::pipeline::{Stage, Watcher};

/// Measures how long each stage takes, and tells the watcher.
pub(super) struct Clock<'a> {
    watcher: &'a Arc<dyn Watcher>,
    mapping: &'a str,
    since: Option<(Stage, Instant)>,
    seconds: Ordered<f64>,
}

impl<'a> Clock<'a> {
    pub(super) fn new(watcher: &'a Arc<dyn Watcher>, mapping: &'a str) -> Self {
        Self { watcher, mapping, since: None, seconds: Ordered::default() }
    }

    /// The time from now on is that of `stage`.
    pub(super) fn enter(&mut self, stage: Stage) {
        self.pause();
        self.watcher.stage(self.mapping, stage);
        self.since = Some((stage, Instant::now()));
    }

    /// The time from now on is that of no stage: another mapping has its turn.
    pub(super) fn pause(&mut self) {
        if let Some((stage, start)) = self.since.take() {
            let seconds = (start.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
            match self.seconds.0.iter_mut().find(|(name, _)| name == stage.name()) {
                Some((_, known)) => *known = ((*known + seconds) * 1000.0).round() / 1000.0,
                None => self.seconds.0.push((stage.name().to_owned(), seconds)),
            }
        }
    }

    /// Seconds by stage.
    pub(super) fn finish(mut self) -> Ordered<f64> {
        self.pause();
        self.seconds
    }
}
