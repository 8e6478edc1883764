//! Reads and judges records until enough are seen, or those of one key.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{UInt32Type, UInt64Type};
use datafusion::logical_expr::LogicalPlanBuilder;
use datafusion::prelude::SessionContext;
use futures::StreamExt;

use crate::engine::Engine;
use crate::functions::{Step, code_of, fault, is_warning, text_of, trace};
use crate::pipeline::judged::{Batch, Judged, judged, text_at};
use crate::pipeline::known::Knowledge;
use crate::pipeline::open::register;
use crate::pipeline::preview::{
    CellFault, Opened, Preview, PreviewCell, PreviewFate, PreviewRecord, PreviewRequest, shown,
};
use crate::pipeline::task::task;
use crate::pipeline::{Failure, Stop, query};
use crate::resolve::{Input, Piece};
use crate::settle::{Beside, Task, rule_in_words, rules_of_row};
use crate::source::Source;
use crate::vet::VettedQuery;

/// Records that are read for each one that is to be shown, before it is said that `where` drops too many.
const PATIENCE: usize = 500;

/// Looks at the rows of one mapping.
#[derive(Clone, Copy)]
pub(in crate::pipeline) struct Looking<'a> {
    pub request: &'a PreviewRequest,
    pub opened: &'a Opened,
    pub engine: &'a Engine,
    /// For the result of a query.
    pub folder: &'a Path,
    pub stop: &'a Stop,
}

/// What telling of a record needs.
struct Telling<'a> {
    judged: Vec<Judged<'a>>,
    shown: Vec<bool>,
    task: Arc<Task>,
    /// Names of the record's columns, then of the `let`s.
    names: Vec<String>,
    /// Steps and the whole record too.
    in_full: bool,
}

impl Looking<'_> {
    /// The first records.
    pub async fn first(&self) -> Result<Preview, Failure> {
        let telling = self.telling(false)?;
        let prepared = &self.opened.prepared;
        let plain = prepared.session(self.engine, &self.opened.tables, true)?;
        let count = self.request.count;
        let most = count.saturating_mul(PATIENCE);
        let rows = match &prepared.query {
            None => prepared.rows(&plain, self.folder, self.stop).await?,
            Some(whole) => {
                let limited = LogicalPlanBuilder::from(whole.plan.clone()).limit(0, Some(most + 1));
                let plan =
                    limited.and_then(LogicalPlanBuilder::build).map_err(|error| Failure::engine(&error, None))?;
                let query = VettedQuery {
                    plan,
                    traceable: whole.traceable,
                    ordered: whole.ordered,
                    sources: whole.sources.clone(),
                };
                let (path, span) = prepared.sql_place();
                query::stage(&query, &plain, self.folder, &prepared.files, (&path, span), self.stop).await?
            }
        };
        let session = self.session_on(&rows)?;
        let mut preview = self.nothing();
        let (mut seen, mut read) = (0, 0);
        let engine = |error| Failure::engine(&error, None);
        let mut stream =
            session.sql(&prepared.preview_sql()).await.map_err(engine)?.execute_stream().await.map_err(engine)?;
        preview.complete = true;
        'all: while let Some(batch) = stream.next().await {
            self.stop.check()?;
            let batch = self.filled(&telling, Batch::new(batch.map_err(engine)?, telling.judged.len())?)?;
            for row in 0..batch.batch.num_rows() {
                if seen == count || read == most {
                    preview.complete = false;
                    break 'all;
                }
                let record = self.record(&telling, &batch, row)?;
                seen += usize::from(record.fate != PreviewFate::Filtered);
                read += 1;
                preview.records.push(record);
            }
        }
        drop(stream);
        drop(session);
        preview.gave_up_after = (seen < count && !preview.complete).then_some(read as u64);
        self.unreadable(&rows, &mut preview)?;
        Ok(preview)
    }

    /// All records of `key`.
    pub async fn of_key(&self, key: &str) -> Result<Preview, Failure> {
        let rows = self.rows().await?;
        let places = self.places(&rows, key).await?;
        self.at(&rows, places).await
    }

    /// The mapping's rows, all of them.
    pub async fn rows(&self) -> Result<Arc<Source>, Failure> {
        let prepared = &self.opened.prepared;
        let ordered = prepared.session(self.engine, &self.opened.tables, true)?;
        prepared.rows(&ordered, self.folder, self.stop).await
    }

    /// The records at `places`, in full.
    pub async fn at(&self, rows: &Arc<Source>, mut places: Vec<(u32, u64)>) -> Result<Preview, Failure> {
        let telling = self.telling(true)?;
        let prepared = &self.opened.prepared;
        places.sort_unstable();
        places.dedup();
        let mut preview = self.nothing();
        preview.complete = true;
        if places.is_empty() {
            return Ok(preview);
        }
        let session = self.engine.ordered_session();
        crate::functions::register(&session, Arc::clone(&self.opened.tables));
        register(&session, crate::compile::table(&prepared.resolved), rows.records(places))?;
        let engine = |error| Failure::engine(&error, None);
        let mut stream =
            session.sql(&prepared.preview_sql()).await.map_err(engine)?.execute_stream().await.map_err(engine)?;
        while let Some(batch) = stream.next().await {
            let batch = self.filled(&telling, Batch::new(batch.map_err(engine)?, telling.judged.len())?)?;
            for row in 0..batch.batch.num_rows() {
                preview.records.push(self.record(&telling, &batch, row)?);
            }
        }
        Ok(preview)
    }

    /// Where the records are whose key is `key`, as written or as read.
    async fn places(&self, rows: &Arc<Source>, key: &str) -> Result<Vec<(u32, u64)>, Failure> {
        let prepared = &self.opened.prepared;
        let resolved = &prepared.resolved;
        let session = prepared.session(self.engine, &self.opened.tables, false)?;
        if prepared.query.is_some() {
            register(&session, crate::compile::QUERY_TABLE, rows.table())?;
        }
        let engine = |error| Failure::engine(&error, None);
        let mut stream =
            session.sql(&prepared.keys_sql()).await.map_err(engine)?.execute_stream().await.map_err(engine)?;
        let same = |one: &str| match resolved.format.key_ignores_case {
            true => one.eq_ignore_ascii_case(key),
            false => one == key,
        };
        let mut places = Vec::new();
        while let Some(batch) = stream.next().await {
            self.stop.check()?;
            let batch = batch.map_err(engine)?;
            let files = batch.column(0).as_primitive::<UInt32Type>();
            let lines = batch.column(1).as_primitive::<UInt64Type>();
            let arrow = |error: datafusion::arrow::error::ArrowError| engine(error.into());
            let part = |at: usize| text_of(batch.column(at)).map_err(arrow);
            let keys = 0..resolved.key.len();
            let read = keys.clone().map(|number| part(2 + 2 * number)).collect::<Result<Vec<_>, _>>()?;
            let written = keys
                .map(|number| batch.column(3 + 2 * number).as_struct().column(0).as_string_view())
                .collect::<Vec<_>>();
            for row in 0..batch.num_rows() {
                let joined: Vec<&str> = written.iter().map(|one| text_at(one, row).unwrap_or_default()).collect();
                let spelt: Vec<&str> = read.iter().map(|one| text_at(one, row).unwrap_or_default().trim()).collect();
                let any = !spelt.iter().all(|part| part.is_empty());
                if any && (same(&joined.join("|")) || same(&spelt.join("|"))) {
                    places.push((files.value(row), lines.value(row)));
                }
            }
        }
        Ok(places)
    }

    fn nothing(&self) -> Preview {
        let resolved = &self.opened.prepared.resolved;
        Preview { mapping: resolved.name.clone(), pivots: resolved.pivot.is_some(), ..Preview::default() }
    }

    /// A session in which the rows come one after the other.
    fn session_on(&self, rows: &Arc<Source>) -> Result<SessionContext, Failure> {
        let session = self.engine.ordered_session();
        crate::functions::register(&session, Arc::clone(&self.opened.tables));
        register(&session, crate::compile::table(&self.opened.prepared.resolved), rows.table())?;
        Ok(session)
    }

    fn telling(&self, in_full: bool) -> Result<Telling<'_>, Failure> {
        let prepared = &self.opened.prepared;
        let resolved = &prepared.resolved;
        let judged = judged(resolved);
        let names: Vec<&str> = judged.iter().map(|judged| judged.name).collect();
        let shown = shown(&names, &self.request.columns)?;
        let lets = resolved.lets.iter().map(|own| own.name.clone());
        Ok(Telling {
            task: task(resolved, &Knowledge::default(), Beside::default(), true, 1),
            names: prepared.fields.iter().cloned().chain(lets).collect(),
            judged,
            shown,
            in_full,
        })
    }

    /// With what empty cells keep.
    fn filled(&self, telling: &Telling<'_>, mut batch: Batch) -> Result<Batch, Failure> {
        if let Some(kept) = &self.opened.kept {
            batch.keep(kept, &telling.task.layout)?;
        }
        Ok(batch)
    }

    fn record(&self, telling: &Telling<'_>, batch: &Batch, row: usize) -> Result<PreviewRecord, Failure> {
        let prepared = &self.opened.prepared;
        let (file, line) = batch.place(row);
        let kept = batch.fields.last().and_then(|kept| text_at(kept, row)) == Some("true");
        let mut record = PreviewRecord {
            file: prepared.files.shown(file),
            line,
            fate: if kept { PreviewFate::Good } else { PreviewFate::Filtered },
            cells: Vec::new(),
            faults: Vec::new(),
            fields: Vec::new(),
            lets: prepared.resolved.lets.len(),
        };
        if !kept && !telling.in_full {
            return Ok(record);
        }
        let mut bad = false;
        for (number, judged) in telling.judged.iter().enumerate() {
            let found = batch.fault(number, row);
            bad |= found != fault::NONE && !is_warning(found);
            if telling.shown[number] {
                record.cells.push(self.cell(telling, batch, (number, row), judged, found)?);
            }
        }
        // Of a row with faulty cells the rules are asked too, as in the rejects file.
        for rule in rules_of_row(&telling.task, &batch.judged, row)? {
            let (code, _, message) = rule_in_words(&telling.task.layout, rule);
            record.faults.push(CellFault { code, message, is_warning: false });
            bad = true;
        }
        if bad && kept {
            record.fate = PreviewFate::Rejected;
        }
        if telling.in_full {
            let fields = telling.names.iter().zip(&batch.fields);
            record.fields =
                fields.map(|(name, column)| (name.clone(), text_at(column, row).map(str::to_owned))).collect();
        }
        Ok(record)
    }

    fn cell(
        &self,
        telling: &Telling<'_>,
        batch: &Batch,
        (number, row): (usize, usize),
        judged: &Judged<'_>,
        found: u8,
    ) -> Result<PreviewCell, Failure> {
        let read = text_at(&batch.inputs[number], row);
        let tables = &self.opened.tables;
        // Templates and tags are judged before the normaliser sees them: what is read is not what it takes.
        let traced = telling.in_full && !matches!(judged.input, Some(Input::Template(_) | Input::Tag { .. }));
        let mut steps = match traced {
            true => trace(judged.cell, tables, batch.batch.column(2 + 2 * number), row)
                .map(|trace| trace.steps)
                .unwrap_or_default(),
            false => Vec::new(),
        };
        if batch.is_kept(number, row) {
            steps.push(Step { what: "keep", value: batch.value(number, row).unwrap_or_default().to_owned() });
        }
        let fault = (found != fault::NONE).then(|| CellFault {
            code: code_of(found),
            message: judged.message(&telling.names, tables, (batch, row), found, read),
            is_warning: is_warning(found),
        });
        Ok(PreviewCell {
            column: judged.name.to_owned(),
            source: source_in_words(judged),
            read: read.map(str::to_owned),
            written: batch.value(number, row).map(str::to_owned),
            fault,
            steps,
        })
    }

    /// Puts the records that cannot be read among those that can.
    fn unreadable(&self, rows: &Arc<Source>, preview: &mut Preview) -> Result<(), Failure> {
        if self.opened.prepared.query.is_some() {
            return Ok(());
        }
        let files = &self.opened.prepared.files;
        let numbers: Vec<(u32, String)> = rows.files().into_iter().map(|file| (file.file, file.shown)).collect();
        let number = |shown: &str| numbers.iter().find(|(_, name)| name == shown).map_or(0, |(number, _)| *number);
        let last = preview.records.last().map(|record| (number(&record.file), record.line));
        let within = |place: (u32, u64)| preview.complete || last.is_some_and(|last| place < last);
        let found: Vec<_> = rows
            .unreadable_so_far()
            .into_iter()
            .filter(|one| within((one.file, one.line)))
            .take(self.request.count)
            .collect();
        let places: Vec<(u32, u64)> = found.iter().map(|one| (one.file, one.line)).collect();
        let raw = rows.raw(&places)?;
        for one in found {
            let text = raw.iter().find(|(file, line, _)| (*file, *line) == (one.file, one.line));
            let text = text.map(|(_, _, text)| text.clone()).unwrap_or_default();
            preview.records.push(PreviewRecord {
                file: files.shown(one.file),
                line: one.line,
                fate: PreviewFate::Unreadable,
                cells: Vec::new(),
                faults: vec![CellFault { code: one.code, message: one.message, is_warning: false }],
                fields: vec![("_raw".to_owned(), Some(text))],
                lets: 0,
            });
        }
        preview.records.sort_by_key(|record| (number(&record.file), record.line));
        Ok(())
    }
}

/// Where a value comes from, as the mapping says it.
fn source_in_words(judged: &Judged<'_>) -> String {
    match judged.input {
        Some(Input::Field(name)) | Some(Input::Tag { field: name, .. }) => name.clone(),
        Some(Input::Sql(sql)) => format!("= {}", sql.value.split_whitespace().collect::<Vec<_>>().join(" ")),
        Some(Input::Value(_)) => "(constant)".to_owned(),
        Some(Input::Template(pieces)) => pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Field(name) => format!("{{{name}}}"),
            })
            .collect(),
        None => String::new(),
    }
}
