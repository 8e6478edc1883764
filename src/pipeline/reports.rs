//! The second look: rejected records are read once more, judged again, and told in full.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use futures::StreamExt;

use crate::diagnostic::{Code, Severity, code, escape};
use crate::functions::{LookupTables, fault};
use crate::output::{
    Disclosure, Duplicate, DuplicatesWriter, NewAccountsWriter, Record, Reject, RejectsFile, RejectsWriter, Staged,
    Staging,
};
use crate::pipeline::judged::{Batch, Judged, judged, text_at};
use crate::pipeline::open::register;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::{Failure, Stop, words};
use crate::resolve::Input;
use crate::settle::{Absence, Explainer, Explanation, Fate, KeySet, Reason, Recall, Rejected, Settled, rules_of_row};
use crate::source::{FileRegister, Source, Unreadable};

/// Batches that are judged again before those at hand are told.
const AHEAD: usize = 4;

/// Unreadable records whose text is held at once.
const READ_AHEAD: usize = 1000;

/// What the second look needs.
pub(super) struct SecondLook<'a> {
    pub prepared: &'a Prepared,
    /// The source of the mapping's rows.
    pub rows: &'a Arc<Source>,
    pub settled: &'a Settled,
    pub tables: &'a LookupTables,
    /// Makes an ordered session that knows the mapping's functions but not yet its rows; asked for only where there is something to
    /// tell.
    pub session: &'a (dyn Fn() -> SessionContext + Sync),
    pub staging: &'a Staging<'a>,
    /// Keys of the rows that `where` dropped.
    pub filtered: &'a KeySet,
    /// The day up to which values were published that empty cells keep.
    pub kept_from: Option<&'a str>,
    pub stop: &'a Stop,
}

impl SecondLook<'_> {
    /// Writes the rejects file.
    pub(super) async fn rejects(&self) -> Result<RejectsFile, Failure> {
        let resolved = &self.prepared.resolved;
        let disclosure = self.disclosure();
        let mut telling = Telling {
            look: self,
            judged: judged(resolved),
            files: &self.prepared.files,
            explainer: self.settled.explainer(),
            writer: RejectsWriter::new(self.staging, resolved.output.stem(), disclosure),
            unreadable: self.prepared.sources.values().map(|source| (Arc::clone(source), 0)).collect(),
            next_unreadable: None,
            raw: BTreeMap::new(),
        };
        telling.find_unreadable();
        let mut recall = self.settled.recall()?;
        while let Some(places) = recall.part()? {
            self.again(&mut recall, places, &mut telling).await?;
        }
        telling.unreadable_before((u32::MAX, u64::MAX))?;
        Ok(telling.writer.finish()?)
    }

    fn disclosure(&self) -> Disclosure {
        let resolved = &self.prepared.resolved;
        let key = || resolved.key.iter().map(|&index| &resolved.columns[index]);
        // A key that SQL or a template made may hold what must not be shown.
        let composed = key().any(|column| matches!(column.input, Input::Sql(_) | Input::Template(_)));
        let may_hold = resolved.output.redact.iter().filter(|_| composed).cloned();
        Disclosure {
            record: resolved.output.reject_record,
            redact: resolved.output.redact.clone(),
            key_columns: key().filter_map(|column| column.source_column().map(str::to_owned)).chain(may_hold).collect(),
        }
    }

    /// Reads the rejected records at `places` again and tells of each.
    async fn again(
        &self,
        recall: &mut Recall<'_>,
        places: Vec<(u32, u64)>,
        telling: &mut Telling<'_>,
    ) -> Result<(), Failure> {
        let engine = |error| Failure::engine(&error, None);
        let table = self.rows.records(places);
        let session = (self.session)();
        register(&session, crate::compile::table(&self.prepared.resolved), table)?;
        let frame = session.sql(&self.prepared.report_sql()).await.map_err(engine)?;
        let stream = frame.execute_stream().await.map_err(engine)?;
        // Reading and judging goes on while what was judged is told.
        let (judged, mut batches) = tokio::sync::mpsc::channel(AHEAD);
        let reading = tokio::spawn(async move {
            let mut stream = stream;
            while let Some(batch) = stream.next().await {
                if judged.send(batch).await.is_err() {
                    break;
                }
            }
        });
        while let Some(batch) = batches.recv().await {
            self.stop.check()?;
            let mut batch = Batch::new(batch.map_err(engine)?, telling.judged.len())?;
            let task = self.settled.task();
            if let Some(kept) = &task.known.kept {
                batch.keep(kept, &task.layout)?;
            }
            for row in 0..batch.batch.num_rows() {
                let place = batch.place(row);
                let reasons = recall.meet(place);
                if !reasons.is_empty() {
                    telling.unreadable_before(place)?;
                }
                for rejected in &reasons {
                    telling.tell(&batch, row, rejected)?;
                }
            }
        }
        if let Err(panic) = reading.await
            && let Ok(panic) = panic.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
        Ok(())
    }

    /// Writes the duplicates file, where there are any; gives the non-empty cells of the written rows too, because both need
    /// the rows that are left out.
    pub(super) fn duplicates(&self) -> Result<LeftOut, Failure> {
        let mut writer = DuplicatesWriter::new(self.staging, self.prepared.resolved.output.stem(), self.disclosure());
        let shown = |file| self.prepared.files.shown(file);
        let fill = self.settled.leave_out(|duplicate, key| -> Result<(), Failure> {
            Ok(writer.push(&Duplicate {
                key,
                file: &shown(duplicate.position.file),
                line: duplicate.position.line,
                winner_file: &shown(duplicate.winner.file),
                winner_line: duplicate.winner.line,
                winner_fate: duplicate.winner_fate,
                decided_by: duplicate.decided_by,
            })?)
        })?;
        let mut accounts =
            NewAccountsWriter::new(self.staging, self.prepared.resolved.output.stem(), self.disclosure());
        self.settled.unknown_accounts(|account, position| -> Result<(), Failure> {
            Ok(accounts.push(account, &shown(position.file), position.line)?)
        })?;
        Ok(LeftOut { duplicates: writer.finish()?, new_accounts: accounts.finish()?, fill })
    }
}

/// What the rows that are not written tell.
pub(super) struct LeftOut {
    /// The duplicates file, where there are any.
    pub duplicates: Option<Staged>,
    /// The accounts that Totango does not have, where there are any and they are asked for.
    pub new_accounts: Option<Staged>,
    /// Non-empty cells of the written rows, by column of the output.
    pub fill: Vec<u64>,
}

/// Writes the reasons, record by record, in the order of files and lines.
struct Telling<'a> {
    look: &'a SecondLook<'a>,
    judged: Vec<Judged<'a>>,
    files: &'a FileRegister,
    explainer: Explainer<'a>,
    writer: RejectsWriter<'a>,
    /// Sources, and how many of the unreadable records of each were told.
    unreadable: Vec<(Arc<Source>, usize)>,
    /// The next of them, and the number of its source.
    next_unreadable: Option<(usize, Unreadable)>,
    /// Raw text of the next unreadable records.
    raw: BTreeMap<(u32, u64), String>,
}

/// One reason, but for the record it is about.
struct Told {
    code: &'static Code,
    column: String,
    source_column: String,
    value: String,
    message: String,
    related: String,
}

impl Telling<'_> {
    fn tell(&mut self, batch: &Batch, row: usize, rejected: &Rejected) -> Result<(), Failure> {
        let told = match rejected.reason {
            Reason::Cells => self.cells(batch, row, rejected)?,
            _ => vec![self.reason(batch, row, rejected)?],
        };
        let names = self.look.prepared.fields.iter().map(String::as_str);
        let values = batch.fields.iter().map(|column| text_at(column, row));
        let record: Vec<(&str, Option<&str>)> = names.zip(values).collect();
        let key = self.key(batch, row, rejected);
        let file = self.files.shown(rejected.position.file);
        for told in told {
            self.writer.push(&Reject {
                code: told.code,
                severity: Severity::Error,
                column: &told.column,
                source_column: &told.source_column,
                value: &told.value,
                message: &told.message,
                key: &key,
                file: &file,
                line: rejected.position.line,
                related: &told.related,
                record: Record::Fields(&record),
            })?;
        }
        Ok(())
    }

    /// Faulty cells, then broken rules.
    fn cells(&mut self, batch: &Batch, row: usize, rejected: &Rejected) -> Result<Vec<Told>, Failure> {
        let mut all = Vec::new();
        for (number, judged) in self.judged.iter().enumerate() {
            let found = batch.fault(number, row);
            if found == fault::NONE || fault::is_warning(found) {
                continue;
            }
            let input = text_at(&batch.inputs[number], row);
            all.push(Told {
                code: fault::code_of(found),
                column: judged.name.to_owned(),
                source_column: judged.source_column.to_owned(),
                value: input.unwrap_or_default().to_owned(),
                message: judged.message(&self.look.prepared.fields, self.look.tables, (batch, row), found, input),
                related: String::new(),
            });
        }
        for rule in rules_of_row(self.look.settled.task(), &batch.judged, row)? {
            let broken = Rejected { reason: Reason::Merged(rule), ..*rejected };
            all.push(self.reason(batch, row, &broken)?);
        }
        Ok(all)
    }

    /// A reason that other rows, or several cells together, give.
    fn reason(&mut self, batch: &Batch, row: usize, rejected: &Rejected) -> Result<Told, Failure> {
        let told = self
            .explainer
            .explain(rejected, Some(&|column| batch.value(column, row).unwrap_or_default().to_owned()))?;
        let judged = told.column.and_then(|column| self.judged.get(column));
        let input = told.column.and_then(|column| text_at(batch.inputs.get(column)?, row));
        let is_kept = told.column.is_some_and(|column| batch.is_kept(column, row));
        let whence = self.look.kept_from.filter(|_| is_kept).map_or_else(String::new, |day| {
            format!("; the cell is empty and keeps the value published last, up to {day}")
        });
        Ok(Told {
            code: told.code.unwrap_or(&code::WORLD),
            column: judged.map_or("record", |judged| judged.name).to_owned(),
            source_column: judged.map_or("", |judged| judged.source_column).to_owned(),
            message: self.reason_in_words(rejected.reason, &told) + &whence,
            value: input.map_or(told.value, str::to_owned),
            related: told.related,
        })
    }

    /// The explanation, with the names and places that settling does not know.
    fn reason_in_words(&self, reason: Reason, told: &Explanation) -> String {
        let resolved = &self.look.prepared.resolved;
        let here = || self.look.filtered.holds(told.value.as_bytes());
        match (reason, told.absence) {
            (Reason::ParentMissing, Some(Absence::NeverSeen)) if here() => {
                format!("parent `{}` was dropped by `where`", escape(&told.value))
            }
            (Reason::ReferenceMissing { reference }, Some(absence)) => {
                let judged = super::task::judged(resolved);
                let mut references = resolved.references.iter().filter(|one| judged.contains(&one.column));
                let unknown =
                    resolved.unknown_accounts.as_ref().map(|unknown| &unknown.targets[..]).unwrap_or_default();
                let targets = references.nth(reference as usize).map_or(unknown, |one| &one.targets);
                words::absent(&told.value, absence, targets, &resolved.name)
            }
            (Reason::ParentMissing, Some(absence @ (Absence::Rejected | Absence::Filtered))) => {
                let known = &resolved.hierarchy.known_accounts;
                format!("parent {}", words::absent(&told.value, absence, known, &resolved.name))
            }
            (Reason::ParentRejected { .. } | Reason::ReferenceRejected { .. } | Reason::KeyShared { .. }, _) => {
                let place = told.related_position.map(|place| (self.files.shown(place.file), place.line));
                place.map_or_else(|| told.message.clone(), |(file, line)| format!("{} ({file}:{line})", told.message))
            }
            _ => told.message.clone(),
        }
    }

    /// The key as it would be written; as it was read where it is faulty.
    fn key(&self, batch: &Batch, row: usize, rejected: &Rejected) -> String {
        let layout = &self.look.settled.task().layout;
        if self.look.settled.fate(rejected.row) != Fate::RejectedKey {
            let key = layout.joined(layout.key.iter().map(|column| batch.value(*column, row).unwrap_or_default()));
            if !key.is_empty() {
                return key;
            }
        }
        layout.joined(layout.key.iter().map(|column| text_at(&batch.inputs[*column], row).unwrap_or_default()))
    }

    /// Tells of the unreadable records that stand before `place`.
    fn unreadable_before(&mut self, place: (u32, u64)) -> Result<(), Failure> {
        while let Some((source, record)) =
            self.next_unreadable.take_if(|(_, record)| (record.file, record.line) < place)
        {
            let own = (record.file, record.line);
            let (source, told) = &mut self.unreadable[source];
            if !self.raw.contains_key(&own) {
                let ahead = (*told..).map_while(|number| source.unreadable_at(number)).take(READ_AHEAD);
                let places: Vec<(u32, u64)> = ahead.map(|record| (record.file, record.line)).collect();
                // A compressed file is read through once for many.
                let found = source.raw(&places)?;
                self.raw = found.into_iter().map(|(file, line, raw)| ((file, line), raw)).collect();
            }
            *told += 1;
            self.find_unreadable();
            let raw = self.raw.remove(&own).unwrap_or_default();
            self.writer.push(&Reject {
                code: record.code,
                severity: Severity::Error,
                column: "record",
                source_column: "",
                value: "",
                message: &record.message,
                key: "",
                file: &self.files.shown(record.file),
                line: record.line,
                related: "",
                record: Record::Raw(raw.as_bytes()),
            })?;
        }
        Ok(())
    }

    /// Looks for the next unreadable record of all sources, by file and line.
    fn find_unreadable(&mut self) {
        let heads = self.unreadable.iter().enumerate();
        let heads = heads.filter_map(|(number, (source, told))| Some((number, source.unreadable_at(*told)?)));
        self.next_unreadable = heads.min_by_key(|(_, record)| (record.file, record.line));
    }
}
