//! Two outputs side by side: each sorted by key, merged row by row.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::path::PathBuf;

use datafusion::arrow::array::{Array, RecordBatch, StringViewArray};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::SessionContext;
use futures::StreamExt;

use crate::engine::Engine;
use crate::functions::text_of;
use crate::mapping::SourceKind;
use crate::pipeline::open::register;
use crate::pipeline::{Failure, Stop};
use crate::source::{FileRegister, SourceDefinition, open};
use crate::sqltext::identifier;

/// Keys that are named of those added or removed.
const NAMED: usize = 5;

/// A table that was written: its files, one after the other.
pub(super) struct Output {
    pub files: Vec<PathBuf>,
    pub header: Vec<String>,
    /// Places of the key's columns; none: rows have no key.
    pub key: Vec<usize>,
}

/// What two outputs differ in.
#[derive(Debug, Default)]
pub struct TableDifference {
    /// Columns that are new.
    pub header_added: Vec<String>,
    /// Columns that are gone.
    pub header_removed: Vec<String>,
    /// The columns of both stand in another order.
    pub header_moved: bool,
    /// Attributes of which values differ, in the order of the new header.
    pub attributes: Vec<AttributeDifference>,
    /// Rows whose key is new, and the first of their keys.
    pub added: (u64, Vec<String>),
    /// Rows whose key is gone, and the first of their keys.
    pub removed: (u64, Vec<String>),
    /// Rows of both with a difference.
    pub changed: u64,
    /// Rows of both without one, in the columns of both.
    pub same: u64,
}

/// How the values of an attribute differ, in rows of both.
#[derive(Debug, Clone, Default)]
pub struct AttributeDifference {
    /// Its column.
    pub column: String,
    /// Another value than before.
    pub changed: u64,
    /// A value before, none now.
    pub emptied: u64,
    /// None before, a value now.
    pub filled: u64,
    /// The first: key, before, now.
    pub first: Option<(String, String, String)>,
}

impl TableDifference {
    /// Nothing differs.
    pub fn is_none(&self) -> bool {
        self.header_added.is_empty()
            && self.header_removed.is_empty()
            && !self.header_moved
            && self.changed + self.added.0 + self.removed.0 == 0
    }
}

/// Compares `before` with `now`. Rows without a key are the same if all their cells are.
pub(super) async fn tables(
    engine: &Engine,
    before: &Output,
    now: &Output,
    stop: &Stop,
) -> Result<TableDifference, Failure> {
    let both: Vec<&String> = now.header.iter().filter(|name| before.header.contains(name)).collect();
    let old_order: Vec<&String> = before.header.iter().filter(|name| now.header.contains(name)).collect();
    let mut difference = TableDifference {
        header_added: now.header.iter().filter(|name| !before.header.contains(name)).cloned().collect(),
        header_removed: before.header.iter().filter(|name| !now.header.contains(name)).cloned().collect(),
        header_moved: both != old_order,
        ..TableDifference::default()
    };
    let names = |output: &Output| {
        output.key.iter().filter_map(|place| output.header.get(*place).cloned()).collect::<BTreeSet<_>>()
    };
    let key = if names(before) == names(now) || before.files.is_empty() { names(now) } else { BTreeSet::new() };
    // Key columns first, so that a row's key is its beginning.
    let (mut columns, rest): (Vec<&String>, Vec<&String>) = match before.files.is_empty() {
        true => now.header.iter().partition(|name| key.contains(*name)),
        false => both.into_iter().partition(|name| key.contains(*name)),
    };
    let keys = if columns.is_empty() { columns.len() + rest.len() } else { columns.len() };
    columns.extend(rest);
    difference.attributes = columns[keys.min(columns.len())..]
        .iter()
        .map(|name| AttributeDifference { column: (*name).clone(), ..AttributeDifference::default() })
        .collect();
    let mut left = Sorted::open(engine, before, &columns, stop).await?;
    let mut right = Sorted::open(engine, now, &columns, stop).await?;
    loop {
        let order = match (left.row(), right.row()) {
            (None, None) => break,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(one), Some(other)) => one[..keys].cmp(&other[..keys]),
        };
        match (order, left.row(), right.row()) {
            (Ordering::Less, Some(row), _) => count(&mut difference.removed, row, keys),
            (Ordering::Greater, _, Some(row)) => count(&mut difference.added, row, keys),
            (Ordering::Equal, Some(one), Some(other)) => pair(&mut difference, one, other, keys),
            _ => {}
        }
        if order != Ordering::Greater {
            left.advance().await?;
        }
        if order != Ordering::Less {
            right.advance().await?;
        }
    }
    difference.attributes.retain(|one| one.changed + one.emptied + one.filled > 0);
    Ok(difference)
}

fn count(rows: &mut (u64, Vec<String>), row: &[Option<String>], keys: usize) {
    rows.0 += 1;
    if rows.1.len() < NAMED {
        rows.1.push(joined(&row[..keys]));
    }
}

fn joined(key: &[Option<String>]) -> String {
    let parts: Vec<&str> = key.iter().map(|part| part.as_deref().unwrap_or_default()).collect();
    parts.join("|")
}

fn pair(difference: &mut TableDifference, before: &[Option<String>], now: &[Option<String>], keys: usize) {
    let mut differs = false;
    for (attribute, (one, other)) in difference.attributes.iter_mut().zip(before[keys..].iter().zip(&now[keys..])) {
        match (one, other) {
            _ if one == other => continue,
            (Some(_), Some(_)) => attribute.changed += 1,
            (Some(_), None) => attribute.emptied += 1,
            (None, _) => attribute.filled += 1,
        }
        differs = true;
        let text = |cell: &Option<String>| cell.clone().unwrap_or_default();
        attribute.first.get_or_insert_with(|| (joined(&now[..keys]), text(one), text(other)));
    }
    match differs {
        true => difference.changed += 1,
        false => difference.same += 1,
    }
}

/// Rows in the order of their cells, read as they are asked for; the sort spills.
struct Sorted<'s> {
    stream: Option<SendableRecordBatchStream>,
    batch: Option<(Vec<StringViewArray>, usize)>,
    at: usize,
    row: Option<Vec<Option<String>>>,
    stop: &'s Stop,
}

impl<'s> Sorted<'s> {
    async fn open(engine: &Engine, output: &Output, columns: &[&String], stop: &'s Stop) -> Result<Self, Failure> {
        let mut sorted = Self { stream: None, batch: None, at: 0, row: None, stop };
        let files = FileRegister::new();
        let session: SessionContext = engine.session();
        let list: Vec<String> = columns.iter().map(|name| identifier(name)).collect();
        let list = list.join(", ");
        let mut parts = Vec::new();
        for (number, path) in output.files.iter().enumerate() {
            let name = format!("part {number}");
            let definition = SourceDefinition {
                kind: Some(SourceKind::Csv),
                empty_is_ok: true,
                ..SourceDefinition::new(name.as_str(), path.to_string_lossy())
            };
            register(&session, &name, open(definition, &files, std::time::SystemTime::UNIX_EPOCH)?.table())?;
            parts.push(format!("select {list} from {}", identifier(&name)));
        }
        if parts.is_empty() || columns.is_empty() {
            return Ok(sorted);
        }
        let order: Vec<String> = columns.iter().map(|name| format!("{} nulls first", identifier(name))).collect();
        let sql = format!("select * from ({}) as whole order by {}", parts.join(" union all "), order.join(", "));
        let engine = |error| Failure::engine(&error, None);
        sorted.stream = Some(session.sql(&sql).await.map_err(engine)?.execute_stream().await.map_err(engine)?);
        sorted.advance().await?;
        Ok(sorted)
    }

    fn row(&self) -> Option<&[Option<String>]> {
        self.row.as_deref()
    }

    async fn advance(&mut self) -> Result<(), Failure> {
        loop {
            if let Some((columns, rows)) = &self.batch
                && self.at < *rows
            {
                let cell =
                    |column: &StringViewArray| column.is_valid(self.at).then(|| column.value(self.at).to_owned());
                self.row = Some(columns.iter().map(cell).collect());
                self.at += 1;
                return Ok(());
            }
            self.stop.check()?;
            let next = match &mut self.stream {
                Some(stream) => stream.next().await,
                None => None,
            };
            let Some(batch) = next else {
                (self.row, self.batch) = (None, None);
                return Ok(());
            };
            let batch: RecordBatch = batch.map_err(|error| Failure::engine(&error, None))?;
            let columns = batch.columns().iter().map(text_of).collect::<Result<Vec<_>, _>>();
            let columns = columns.map_err(|error| Failure::engine(&error.into(), None))?;
            (self.batch, self.at) = (Some((columns, batch.num_rows())), 0);
        }
    }
}
