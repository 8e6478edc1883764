//! One prepared mapping, from its judged rows to staged files and its line in `run.json`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use datafusion::prelude::SessionContext;

use crate::csv::{LineEnding, RowBuffer};
use crate::diagnostic::{Diagnostic, Place, code};
use crate::engine::Engine;
use crate::functions::{self, LookupTables};
use crate::output::{MappingReport, RejectsFile, Split, Staged, Staging, write_table};
use crate::pipeline::clock::Clock;
use crate::pipeline::known::MappingKeys;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::ready::{JudgedRows, Known, Ready};
use crate::pipeline::remember::{Left, Remembering, compared, limits, record};
use crate::pipeline::reports::{LeftOut, SecondLook};
use crate::pipeline::{Failure, RunRequest, Stage, Stop, Watcher, account, room};
use crate::settle::{Extent, KeySet, Settled, settle};
use crate::state::Published;
use crate::yaml::Span;

/// Runs prepared mappings of one set.
pub(super) struct Mappings<'a> {
    pub request: &'a RunRequest,
    pub engine: &'a Engine,
    pub staging: &'a Staging<'a>,
    pub spill: &'a Path,
    pub watcher: &'a Arc<dyn Watcher>,
    pub stop: &'a Stop,
    /// Names of the mappings that others of the set refer to: only their keys are kept.
    pub referred: &'a BTreeSet<String>,
    pub remembering: &'a Remembering,
}

/// What became of a mapping. A failure comes with all that is known until then: it is evidence.
pub(super) struct Finished {
    pub report: MappingReport,
    pub outputs: Vec<Staged>,
    pub reports: Vec<Staged>,
    pub keys: Option<MappingKeys>,
    /// What it leaves to later runs, once it stands.
    pub left: Option<Left>,
    pub failure: Option<Failure>,
    pub warnings: Vec<Diagnostic>,
}

impl Finished {
    /// Nothing is known of `prepared` but what it is.
    pub(super) fn new(prepared: &Prepared) -> Self {
        Self {
            report: account::opening(prepared),
            outputs: Vec::new(),
            reports: Vec::new(),
            keys: None,
            left: None,
            failure: None,
            warnings: Vec::new(),
        }
    }
}

/// A mapping whose rows are settled.
pub(super) struct SettledRows {
    ready: Ready,
    pub settled: Settled,
    /// Keys that `where` drops.
    filtered: Arc<KeySet>,
}

impl Mappings<'_> {
    /// Settles the rows of `prepared`.
    pub(super) async fn settle_rows(
        &self,
        prepared: &Prepared,
        judged: JudgedRows,
        finished: &mut Finished,
        clock: &mut Clock<'_>,
    ) -> Result<SettledRows, Failure> {
        let JudgedRows { ready, sinks, filtered } = judged;
        clock.enter(Stage::Settle);
        self.stop.check()?;
        let settled = settle(&ready.task, sinks, self.spill, &ready.budget)?;
        let filtered = match filtered {
            Some(filtered) => filtered,
            None => account::filtered_keys(prepared, &ready.known.session, &ready.budget).await?,
        };
        let filtered = Arc::new(filtered);
        if self.referred.contains(&prepared.file.name) {
            finished.keys = Some(MappingKeys {
                written: Arc::new(settled.written_keys()?),
                rejected: Arc::new(settled.rejected_keys()?),
                filtered: Arc::clone(&filtered),
            });
        }
        Ok(SettledRows { ready, settled, filtered })
    }

    /// Compares, reports and stages the settled rows of `prepared`.
    pub(super) async fn write_rows(
        &self,
        prepared: &Prepared,
        rows: SettledRows,
        finished: &mut Finished,
        clock: &mut Clock<'_>,
    ) -> Result<(), Failure> {
        let SettledRows { ready, mut settled, filtered } = rows;
        let Ready { known: Known { tables, knowledge, rows, .. }, past, kept, budget, .. } = ready;
        let (resolved, as_of) = (&prepared.resolved, self.request.as_of.to_string());
        let multiplies = prepared.query.as_ref().is_some_and(|query| query.traceable);
        if past.compares() {
            clock.enter(Stage::Compare);
        }
        let places = (self.staging, self.spill);
        let mut compared = compared(self.remembering, prepared, &past, &settled, places, &as_of)?;
        if !compared.unchanged.is_empty() && !self.request.whole {
            settled.omit(std::mem::take(&mut compared.unchanged));
        }
        let settled = settled;

        clock.enter(Stage::Write);
        let look = SecondLook {
            prepared,
            rows: &rows,
            settled: &settled,
            tables: &tables,
            session: &|| self.report_session(&tables, !multiplies),
            staging: self.staging,
            filtered: &filtered,
            kept_from: past.entry.as_ref().map(|entry| entry.published.as_of.as_str()),
            stop: self.stop,
        };
        let (told, written) = self.tell_and_write(&look, prepared, &settled);
        settled.check()?;
        let (rejects, left_out) = told?;
        finished.reports.extend(rejects.staged.clone());
        finished.reports.extend(left_out.duplicates);
        finished.report.new_accounts = left_out.new_accounts.as_ref().map(|staged| staged.file.rows);
        finished.reports.extend(left_out.new_accounts);
        finished.reports.extend(compared.removed_file.take());
        account::tell(prepared, &rows, &settled, (&rejects, &left_out.fill), finished);
        finished.report.sources = account::query_sources(prepared, &rows, (self.engine, budget.free())).await?;
        finished.report.compared_with = past.entry.as_ref().map(|entry| entry.published.as_of.clone());
        for (column, count) in kept.iter().flat_map(|kept| kept.filled()).filter(|(_, count)| *count > 0) {
            finished.report.kept.0.push((resolved.columns[column].name.clone(), count));
        }
        if self.remembering.reads() {
            finished.warnings.extend(knowledge.forgotten(&prepared.file, &finished.report));
        }
        let (passed, warnings) = limits((self.request, self.remembering), prepared, &past, &compared, &finished.report);
        finished.warnings.extend(warnings);
        if self.remembering.writes {
            finished.warnings.extend(account::nothing_left(&finished.report));
        }
        self.judge_whole(prepared, &settled, finished, &account::refused_columns(resolved, &rejects), passed)?;
        if let Some((staging, snapshot)) = compared.left.take() {
            let places = (as_of.as_str(), self.staging.output());
            let published = record(self.remembering, prepared, &settled, &finished.report, places);
            finished.left = Some(Left::new(staging, Published { snapshot, ..published }));
        }

        if let Some(written) = written {
            self.stop.check()?;
            finished.outputs = written?;
            finished.report.outputs = finished.outputs.iter().map(|staged| staged.file.clone()).collect();
            account::sizes(prepared, finished);
        }
        account::balance(finished)
    }

    /// Tells of rejects and of duplicates and writes the Totango file, all side by side: telling is bound by a processor,
    /// writing by copying. What is written in vain, because the data turns out to be refused, goes with the staging folder.
    fn tell_and_write(
        &self,
        look: &SecondLook<'_>,
        prepared: &Prepared,
        settled: &Settled,
    ) -> (Result<Told, Failure>, Option<Written>) {
        fn join<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
            thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        }
        tokio::task::block_in_place(|| {
            std::thread::scope(|scope| {
                let writer = prepared.file.asked.then(|| scope.spawn(|| self.write(prepared, settled)));
                let duplicates = scope.spawn(|| look.duplicates());
                let rejects = tokio::runtime::Handle::current().block_on(look.rejects());
                let told = rejects.and_then(|rejects| Ok((rejects, join(duplicates)?)));
                (told, writer.map(join))
            })
        })
    }

    /// What refuses the data as a whole.
    fn judge_whole(
        &self,
        prepared: &Prepared,
        settled: &Settled,
        finished: &Finished,
        columns: &[(String, u64)],
        passed: Vec<Diagnostic>,
    ) -> Result<(), Failure> {
        let mut reasons = passed;
        let mapping = prepared.file.mapping.as_ref();
        let at = |diagnostic: Diagnostic, span: Option<Span>, label: &str| match span {
            Some(span) => diagnostic.at(Place::new(&prepared.file.shown, span), label),
            None => diagnostic,
        };
        for refusal in &settled.refusals {
            let code = crate::diagnostic::find_code(refusal.code).unwrap_or(&code::FAIL_POLICY);
            let first = format!("{}:{}", prepared.files.shown(refusal.first.file), refusal.first.line);
            let records = if refusal.rows == 1 { "1 record".to_owned() } else { format!("{} records", refusal.rows) };
            let message = format!("{}: {records}, the first at {first}", refusal.message);
            let policy =
                mapping.and_then(|mapping| mapping.duplicates.as_ref()).map(|duplicates| duplicates.policy.span);
            let policy = policy.filter(|_| refusal.code == code::KEY_TWICE.id);
            reasons.push(at(Diagnostic::error(code, message), policy, "refuses the run").help(code.cure));
        }
        for (column, count) in columns {
            let values = if *count == 1 { "1 faulty value".to_owned() } else { format!("{count} faulty values") };
            let message = format!("column `{column}` has `on_error: fail` and {values}");
            let span = prepared.resolved.columns.iter().find(|one| one.name == *column).map(|one| one.span);
            let diagnostic = at(Diagnostic::error(&code::FAIL_POLICY, message), span, "refuses the run");
            reasons.push(diagnostic.help(code::FAIL_POLICY.cure));
        }
        let unreadable: u64 = finished.report.files.iter().map(|file| file.unreadable).sum();
        if let Some(passed) = account::limit(self.request, &prepared.resolved, &finished.report.rows, unreadable) {
            let limit = mapping.and_then(|mapping| mapping.limits.rejects.as_ref()).map(|limit| limit.span);
            reasons.push(at(passed, limit.filter(|_| !self.request.fail_on_rejects), "refuses the run"));
        }
        if reasons.is_empty() { Ok(()) } else { Err(Failure::Refused(reasons)) }
    }

    /// A session for the second look: the functions, and rows in order. Threads read side by side, and what they read is
    /// merged, where that leaves no doubt (rows of one record come in the order in which they came the first time) and
    /// where there is memory for what waits to be merged.
    fn report_session(&self, tables: &Arc<LookupTables>, one_row_a_record: bool) -> SessionContext {
        let side_by_side = one_row_a_record && room::merges(self.request.memory);
        let session = if side_by_side { self.engine.session() } else { self.engine.ordered_session() };
        functions::register(&session, Arc::clone(tables));
        session
    }

    fn write(&self, prepared: &Prepared, settled: &Settled) -> Result<Vec<Staged>, Failure> {
        let output = &prepared.resolved.output;
        let ending = if output.line_feed { LineEnding::Lf } else { LineEnding::CrLf };
        let mut header = RowBuffer::default();
        header.row(&settled.header, ending);
        let splits = output.split_size.is_some() || output.split_rows.is_some();
        let split = splits.then_some(Split { size: output.split_size, rows: output.split_rows });
        let mut written = Vec::new();
        for pass in 0..settled.passes {
            let file = match settled.passes {
                1 => output.file.clone(),
                _ => format!("{}.pass-{}.csv", output.stem(), pass + 1),
            };
            // Parts are cut between rows, so they need to see each.
            let extents: Box<dyn Iterator<Item = Extent>> =
                if splits { Box::new(settled.rows(pass)) } else { settled.extents(pass) };
            written.extend(write_table(self.staging, &file, header.bytes(), settled.files(), extents, split)?);
        }
        Ok(written)
    }
}

/// The rejects file, and what the rows tell that are not written.
type Told = (RejectsFile, LeftOut);

/// The parts of the Totango file.
type Written = Result<Vec<Staged>, Failure>;
