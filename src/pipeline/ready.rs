//! A mapping on its way to its judged rows: first what it looks up and refers to, then what settling needs, then the rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::prelude::SessionContext;

use crate::functions::LookupTables;
use crate::pipeline::clock::Clock;
use crate::pipeline::judge::{Judging, judge};
use crate::pipeline::known::{Knowledge, MappingKeys};
use crate::pipeline::mapping::{Finished, Mappings};
use crate::pipeline::open::register;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::remember::Past;
use crate::pipeline::task::task;
use crate::pipeline::{Failure, Stage, beside, lookups};
use crate::settle::{Budget, Kept, KeySet, Sink, Task};
use crate::source::{Share, Source};

/// What a mapping looks up and refers to, and where its rows are.
pub(super) struct Known {
    pub tables: Arc<LookupTables>,
    pub knowledge: Knowledge,
    pub rows: Arc<Source>,
    pub session: SessionContext,
    /// The rows' own order is the order they come in.
    arrival: bool,
}

/// A mapping whose rows can be judged.
pub(super) struct Ready {
    pub known: Known,
    pub past: Past,
    pub kept: Option<Arc<Kept>>,
    pub task: Arc<Task>,
    /// What the rows may take, with those of all mappings that are judged beside them.
    pub budget: Arc<Budget>,
}

/// A mapping whose rows are judged, and not yet settled.
pub(super) struct JudgedRows {
    pub ready: Ready,
    pub sinks: Vec<Sink>,
    /// Keys that `where` drops, where the cluster told them.
    pub filtered: Option<KeySet>,
}

impl Mappings<'_> {
    /// Reads what `prepared` looks up and refers to, which stays until it is settled: rows have what it leaves of `budget`. `keys` are
    /// those of the mappings before it.
    pub(super) async fn know(
        &self,
        prepared: &Prepared,
        keys: &BTreeMap<String, MappingKeys>,
        budget: &Budget,
        (finished, clock): (&mut Finished, &mut Clock<'_>),
    ) -> Result<Known, Failure> {
        let resolved = &prepared.resolved;
        clock.enter(Stage::Lookups);
        let plain = prepared.session(self.engine, &Arc::new(LookupTables::new()), false)?;
        let tables = Arc::new(lookups::read(resolved, &plain, &prepared.files, budget).await?);
        let as_of = self.request.as_of.to_string();
        let before = |name: &str| self.remembering.published_keys(name, &as_of);
        let knowledge = Knowledge::read(resolved, &plain, keys, before, budget).await?;

        clock.enter(Stage::Query);
        #[cfg(feature = "cluster")]
        let away = self.query_away(prepared, finished).await?;
        #[cfg(not(feature = "cluster"))]
        let (away, _) = (None, finished);
        let rows = match away {
            Some(rows) => rows,
            None if prepared.query.is_none() => prepared.rows(&plain, self.spill, self.stop).await?,
            None => {
                // The engine has what keys and tables leave.
                let engine = self.engine.within(budget.free()).map_err(|error| Failure::engine(&error, None))?;
                let plain = prepared.session(&engine, &Arc::new(LookupTables::new()), false)?;
                prepared.rows(&plain, self.spill, self.stop).await?
            }
        };
        let arrival = prepared.query.as_ref().is_some_and(|query| query.ordered && query.traceable);
        let session = prepared.session(self.engine, &tables, arrival)?;
        if prepared.query.is_some() {
            register(&session, crate::compile::QUERY_TABLE, rows.table())?;
        }
        Ok(Known { tables, knowledge, rows, session, arrival })
    }

    /// Reads what the rows are settled with.
    pub(super) async fn ready(
        &self,
        prepared: &Prepared,
        known: Known,
        budget: &Arc<Budget>,
        clock: &mut Clock<'_>,
    ) -> Result<Ready, Failure> {
        clock.enter(Stage::Judge);
        let resolved = &prepared.resolved;
        let beside = beside::read(prepared, &known.session, budget).await?;
        let past = Past::read(self.remembering, prepared, &self.request.as_of.to_string())?;
        let mut task = task(resolved, &known.knowledge, beside, known.arrival, self.request.threads);
        let multiplies = prepared.query.as_ref().is_some_and(|query| query.traceable);
        Arc::make_mut(&mut task).layout.one_row_a_record = !multiplies;
        let (kept, pinned) = (past.kept(resolved, self.spill, budget)?, past.pinned(resolved));
        if kept.is_some() || pinned.is_some() {
            let task = Arc::make_mut(&mut task);
            task.known.kept.clone_from(&kept);
            // What was published or imported under another type may need quotes.
            for (column, _) in kept.iter().flat_map(|kept| kept.filled()) {
                task.layout.columns[column].bare = false;
            }
            task.rules.pivot.columns = pinned.or(task.rules.pivot.columns.take());
        }
        for source in prepared.sources.values() {
            let budget = Arc::clone(budget);
            source.keep_within(move |bytes| budget.hold(bytes, "telling of unreadable records").is_ok());
        }
        Ok(Ready { known, past, kept, task, budget: Arc::clone(budget) })
    }

    /// Judges the rows; `share` is the mapping's part in a pass that others read too.
    pub(super) async fn judge_rows(
        &self,
        prepared: &Prepared,
        ready: Ready,
        share: Option<Share>,
        finished: &mut Finished,
        clock: &mut Clock<'_>,
    ) -> Result<JudgedRows, Failure> {
        clock.enter(Stage::Judge);
        let Ready { known, task, budget, .. } = &ready;
        let judging = Judging {
            task,
            budget,
            folder: self.spill,
            place: prepared.sql_place(),
            stop: self.stop,
            watcher: self.watcher,
            share,
        };
        #[cfg(feature = "cluster")]
        let away = self.judge_away((prepared, &known.rows), (task, budget), &known.tables, finished).await?;
        #[cfg(feature = "cluster")]
        let (sinks, filtered) = away.map(|away| (away.sinks, away.filtered)).unzip();
        #[cfg(not(feature = "cluster"))]
        let (sinks, filtered, _) = (None, None, finished);
        let sinks = match sinks {
            Some(sinks) => sinks,
            None => judge(&known.session, prepared, judging).await?,
        };
        for source in prepared.sources.values() {
            source.complete()?;
            source.check_after_scan()?;
        }
        Ok(JudgedRows { ready, sinks, filtered })
    }
}
