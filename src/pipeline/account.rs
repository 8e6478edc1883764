//! The ledger of a mapping: every record in exactly one place, every warning counted.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::prelude::SessionContext;
use futures::StreamExt;

use crate::diagnostic::{Diagnostic, Place, code, excerpt, find_code};
use crate::engine::Engine;
use crate::functions::fault;
use crate::mapping::{Amount, OnError};
use crate::output::{MappingReport, QuerySource, RejectsFile, Rows, SourceFile};
use crate::pipeline::mapping::Finished;
use crate::pipeline::open::register;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::{Failure, RunRequest};
use crate::resolve::Resolved;
use crate::settle::{Budget, KeySet, KeySetBuilder, Settled, WarningKind};
use crate::source::Source;

/// What is known of a mapping before its rows are read.
pub(super) fn opening(prepared: &Prepared) -> MappingReport {
    let resolved = &prepared.resolved;
    MappingReport {
        mapping: prepared.file.name.clone(),
        format: resolved.format.name.clone(),
        columns: resolved.columns.iter().map(|column| column.header.clone()).collect(),
        key: resolved.key.clone(),
        key_ignores_case: resolved.format.key_ignores_case,
        ..MappingReport::default()
    }
}

/// A file of nothing but its header, where there were rows.
pub(super) fn nothing_left(report: &MappingReport) -> Option<Diagnostic> {
    let rows = &report.rows;
    let none = rows.rejected > 0 && rows.written + rows.merged + rows.unchanged == 0;
    let message = format!(
        "`{}` writes a header and no row: {} of {} records are rejected",
        report.mapping, rows.rejected, rows.read
    );
    none.then(|| Diagnostic::warning(&code::NOTHING_WRITTEN, message).help(code::NOTHING_WRITTEN.cure))
}

/// Fills in where the rows went.
pub(super) fn tell(
    prepared: &Prepared,
    rows: &Source,
    settled: &Settled,
    (rejects, fill): (&RejectsFile, &[u64]),
    finished: &mut Finished,
) {
    let resolved = &prepared.resolved;
    let report = &mut finished.report;
    report.files =
        prepared.sources.values().filter(|source| source.is_scanned()).flat_map(|source| files(source)).collect();
    report.rows = count(rows, prepared.query.is_some(), settled);
    report.rejects = rejects.counts.clone();
    report.reports = finished.reports.iter().map(|staged| staged.file.clone()).collect();
    report.columns.clone_from(&settled.header);
    let name = |header: &String| {
        let column = resolved.columns.iter().find(|column| column.header == *header);
        column.map_or(header, |column| &column.name).clone()
    };
    report.fill = settled.header.iter().map(name).zip(fill.iter().copied()).collect();
    let judged = super::task::judged(resolved);
    for warning in &settled.warnings {
        let column = judged.get(warning.column).map_or("record", |index| resolved.columns[*index].name.as_str());
        let id = match warning.kind {
            WarningKind::Fault(number) => fault::code_of(number).id,
            WarningKind::Code(id) => id,
        };
        report.warnings.add(id, column, warning.rows);
    }
    for (index, place) in judged.iter().zip(0..) {
        let column = &resolved.columns[*index];
        let filled = fill.get(place).copied().unwrap_or_default();
        let empty = (report.rows.written + report.rows.unchanged).saturating_sub(filled);
        if column.warn_empty && empty > 0 {
            report.warnings.add(code::MAY_DELETE.id, &column.name, empty);
        }
    }
    for source in prepared.sources.values() {
        for file in source.files().iter().filter(|file| file.footer_missing) {
            report.warnings.add(code::FOOTER_ABSENT.id, "record", 1);
            finished.warnings.push(
                Diagnostic::warning(&code::FOOTER_ABSENT, format!("{}: the expected footer is not there", file.shown))
                    .help(code::FOOTER_ABSENT.cure),
            );
        }
    }
    left_out(prepared, settled, finished);
    let report = &finished.report;
    if report.rows.written > 0 {
        for column in &resolved.columns {
            let warning = resolved.format.column(&column.name).and_then(|spec| spec.warning.as_deref());
            if let Some(code) = warning.map(|id| find_code(id).expect("the catalogue's tests look its codes up")) {
                finished.warnings.push(
                    Diagnostic::warning(code, code.title)
                        .at(Place::new(resolved.path.clone(), column.span), "written by this column")
                        .help(code.cure),
                );
            }
        }
    }
}

/// Names the pairs of a pivot that `top` or a fixed header leaves out.
fn left_out(prepared: &Prepared, settled: &Settled, finished: &mut Finished) {
    let pivot = prepared.file.mapping.as_ref().and_then(|mapping| mapping.pivot.as_ref());
    let (Some(pivot), Some(first)) = (pivot, settled.left_out.first()) else { return };
    let count = settled.left_out.len();
    let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
    finished.report.warnings.add(code::PAIRS_LEFT_OUT.id, "pivot", count as u64);
    finished.warnings.push(
        Diagnostic::warning(&code::PAIRS_LEFT_OUT, format!("`{}`{more} are left out", excerpt(first)))
            .at(Place::new(&prepared.file.shown, pivot.span), "by `top` or `columns`")
            .help(code::PAIRS_LEFT_OUT.cure),
    );
}

/// Warns of files too large for a one-time upload.
pub(super) fn sizes(prepared: &Prepared, finished: &mut Finished) {
    let most = prepared.resolved.format.max_bytes;
    for file in finished.report.outputs.iter().filter(|file| file.bytes > most) {
        finished.warnings.push(
            Diagnostic::warning(
                &code::LARGE_FILE,
                format!(
                    "{} has {} MB; a one-time upload takes {} MB",
                    file.file,
                    file.bytes / 1_000_000,
                    most / 1_000_000
                ),
            )
            .help(code::LARGE_FILE.cure),
        );
    }
}

/// Whether every record is in exactly one place, and the files hold as many rows as were written.
pub(super) fn balance(finished: &Finished) -> Result<(), Failure> {
    let rows = &finished.report.rows;
    let in_files: u64 = finished.report.outputs.iter().map(|file| file.rows).sum();
    let complete = finished.report.outputs.is_empty() || in_files == rows.written;
    if rows.balances() && complete {
        return Ok(());
    }
    Err(Failure::World(
        Diagnostic::error(
            &code::UNBALANCED,
            format!(
                "the ledger does not balance: {} read, but {} skipped, {} filtered, {} rejected, {} duplicate, {} merged, \
                 {} written, {in_files} in the files",
                rows.read, rows.skipped, rows.filtered, rows.rejected, rows.duplicate, rows.merged, rows.written
            ),
        )
        .help(code::UNBALANCED.cure),
    ))
}

/// What `limits.rejects` says to these figures; `elsewhere` are unreadable records of the sources of a query.
pub(super) fn limit(request: &RunRequest, resolved: &Resolved, rows: &Rows, unreadable: u64) -> Option<Diagnostic> {
    if request.accept.iter().any(|name| name == "rejects") {
        return None;
    }
    let limit = if request.fail_on_rejects { Some(Amount::Count(0)) } else { resolved.limits };
    // The rows of a query do not include the records its sources could not read.
    let from_query = matches!(resolved.from, crate::resolve::RowSource::Query(_));
    let extra = if from_query { unreadable } else { 0 };
    let rejected = rows.rejected + extra;
    let records = rows.read - rows.skipped + extra;
    let (passed, words) = match limit? {
        Amount::Count(most) => (rejected > most, format!("{most}")),
        Amount::Percent(most) => (rejected as f64 * 100.0 > most * records as f64, format!("{most} % of {records}")),
    };
    let share = if records == 0 { 0.0 } else { rejected as f64 * 100.0 / records as f64 };
    passed.then(|| {
        Diagnostic::error(
            &code::LIMIT_REJECTS,
            format!("{rejected} of {records} records rejected ({share:.2} %); `limits.rejects` allows {words}"),
        )
        .help(code::LIMIT_REJECTS.cure)
    })
}

fn files(source: &Source) -> Vec<SourceFile> {
    let files = source.files().into_iter();
    files
        .map(|file| SourceFile {
            file: file.shown,
            records: file.records,
            skipped: file.skipped,
            unreadable: file.unreadable,
            footer: file.footer,
        })
        .collect()
}

fn count(source: &Source, is_query: bool, settled: &Settled) -> Rows {
    let files = source.files();
    let records: u64 = files.iter().map(|file| file.records).sum();
    let skipped: u64 = files.iter().map(|file| file.skipped).sum();
    let unreadable: u64 = if is_query { 0 } else { files.iter().map(|file| file.unreadable).sum() };
    let counts = &settled.counts;
    Rows {
        read: records + skipped,
        skipped,
        // What was readable and did not reach the judge was dropped by `where`.
        filtered: (records - unreadable).saturating_sub(counts.read),
        rejected: unreadable + counts.rejected,
        duplicate: counts.duplicate,
        merged: counts.merged,
        written: counts.written,
        unchanged: counts.unchanged,
    }
}

/// What memory is taken for.
const FILTERED: &str = "keys that `where` drops";

/// Keys of the rows that `where` dropped, where others may ask for them.
pub(super) async fn filtered_keys(
    prepared: &Prepared,
    session: &SessionContext,
    budget: &Budget,
) -> Result<KeySet, Failure> {
    let resolved = &prepared.resolved;
    let mut keys = KeySetBuilder::new(resolved.format.key_ignores_case);
    let (Some(sql), 1) = (&prepared.compiled.filtered, resolved.key.len()) else { return Ok(keys.build()) };
    let engine = |error| Failure::engine(&error, None);
    let mut stream = session.sql(sql).await.map_err(engine)?.execute_stream().await.map_err(engine)?;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(engine)?;
        let values = batch.column(2).as_struct().column(0).as_string_view();
        for row in 0..batch.num_rows() {
            if values.is_valid(row) {
                keys.add(values.value(row).as_bytes());
            }
        }
        budget.ask(keys.bytes(), FILTERED)?;
    }
    let keys = keys.build();
    budget.hold(keys.bytes(), FILTERED)?;
    Ok(keys)
}

/// Per source of a traceable query: how many of its records the query used, dropped and multiplied.
/// `rows` are those of the query; they leave `bytes` to the engine.
pub(super) async fn query_sources(
    prepared: &Prepared,
    rows: &Arc<Source>,
    (engine, bytes): (&Engine, u64),
) -> Result<Vec<QuerySource>, Failure> {
    let traceable = prepared.query.as_ref().is_some_and(|query| query.traceable);
    if !traceable {
        return Ok(Vec::new());
    }
    let engine = engine.within(bytes).map_err(|error| Failure::engine(&error, None))?;
    let session = engine.session();
    register(&session, crate::compile::QUERY_TABLE, rows.table())?;
    let table = crate::sqltext::identifier(crate::compile::QUERY_TABLE);
    let sql = format!(
        "select \"_file\", count(*) as records, sum(case when rows > 1 then 1 else 0 end) as multiplied from \
         (select \"_file\", \"_line\", count(*) as rows from {table} group by \"_file\", \"_line\") as records group by \"_file\""
    );
    let mut used: std::collections::BTreeMap<u32, (u64, u64)> = std::collections::BTreeMap::new();
    super::column::texts(&session, &sql, |row| {
        let number = |place: usize| row[place].and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        used.insert(u32::try_from(number(0)).unwrap_or(u32::MAX), (number(1), number(2)));
        Ok(())
    })
    .await?;
    let mut sources = Vec::new();
    for (name, source) in &prepared.sources {
        let files = source.files();
        let own: Vec<(u64, u64)> = files.iter().filter_map(|file| used.get(&file.file).copied()).collect();
        if own.is_empty() {
            continue;
        }
        let readable: u64 = files.iter().map(|file| file.records - file.unreadable).sum();
        let records: u64 = own.iter().map(|(records, _)| records).sum();
        sources.push(QuerySource {
            source: name.clone(),
            used: records,
            dropped: readable.saturating_sub(records),
            multiplied: own.iter().map(|(_, multiplied)| multiplied).sum(),
        });
    }
    Ok(sources)
}

/// Columns whose faults refuse the run (`on_error: fail`), of those that rejected something.
pub(super) fn refused_columns(resolved: &Resolved, rejects: &RejectsFile) -> Vec<(String, u64)> {
    let fails = resolved.columns.iter().filter(|column| column.cell.on_error == OnError::Fail);
    fails
        .filter_map(|column| {
            let governed = |code: &str| {
                let number = fault::ALL.iter().find(|number| fault::code_of(**number).id == code);
                number.is_some_and(|number| fault::obeys_on_error(*number))
            };
            let counts = rejects.counts.0.iter().filter(|(code, _)| governed(code));
            let count: u64 = counts.filter_map(|(_, columns)| columns.get(&column.name)).sum();
            (count > 0).then(|| (column.name.clone(), count))
        })
        .collect()
}
