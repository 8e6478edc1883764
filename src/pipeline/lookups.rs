//! Lookup tables: read whole before the rows, unique by key.

use datafusion::prelude::SessionContext;

use crate::diagnostic::{Diagnostic, code, escape};
use crate::functions::{LookupKey, LookupTables};
use crate::pipeline::{Failure, column};
use crate::resolve::{LookupSpec, Resolved};
use crate::settle::Budget;
use crate::source::{FileRegister, LINE_COLUMN};
use crate::sqltext::identifier;

/// What memory is taken for.
const TABLES: &str = "lookup tables";

/// Bytes of a row beside its texts, of which there are three copies while its table is made.
const ROW_BYTES: u64 = 300;

/// Reads every table that a column of `resolved` looks up in.
pub(super) async fn read(
    resolved: &Resolved,
    session: &SessionContext,
    files: &FileRegister,
    budget: &Budget,
) -> Result<LookupTables, Failure> {
    let tables = LookupTables::new();
    for lookup in wanted(resolved) {
        if tables.get(lookup).is_none() {
            table(lookup, &tables, session, (files, budget)).await?;
        }
    }
    budget.hold(tables.bytes(), TABLES)?;
    Ok(tables)
}

/// Whether `resolved` looks anything up.
pub(super) fn any(resolved: &Resolved) -> bool {
    wanted(resolved).next().is_some()
}

fn wanted(resolved: &Resolved) -> impl Iterator<Item = &LookupSpec> {
    let cells = resolved.columns.iter().map(|column| &column.cell);
    let cells = cells.chain(resolved.duplicates.order.iter().map(|order| &order.cell));
    cells.filter_map(|cell| cell.lookup.as_ref())
}

async fn table(
    lookup: &LookupSpec,
    tables: &LookupTables,
    session: &SessionContext,
    (files, budget): (&FileRegister, &Budget),
) -> Result<(), Failure> {
    // Rows of a query have no lines; they are told apart by their values alone.
    let provider = session.table_provider(super::open::quoted(&lookup.source)).await;
    let has_lines = provider.is_ok_and(|table| table.schema().index_of(LINE_COLUMN).is_ok());
    let lines = if has_lines { ", \"_file\", \"_line\"" } else { "" };
    let order = if has_lines { " order by \"_file\", \"_line\"" } else { "" };
    let sql = format!(
        "select {}, {}{lines} from {}{order}",
        identifier(&lookup.key),
        identifier(&lookup.take),
        identifier(&lookup.source)
    );
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut places: Vec<Option<(u32, u64)>> = Vec::new();
    let mut held = tables.bytes();
    column::texts(session, &sql, |row| {
        let text = |place: usize| row.get(place).copied().flatten().unwrap_or_default();
        pairs.push((text(0).to_owned(), text(1).trim().to_owned()));
        places.push(text(2).parse().ok().zip(text(3).parse().ok()));
        held += ROW_BYTES + 3 * (text(0).len() + text(1).len()) as u64;
        Ok(budget.ask(held, TABLES)?)
    })
    .await?;
    tables.insert(LookupKey::of(lookup), pairs).map_err(|clash| {
        let place = |at: usize| match places.get(at).copied().flatten() {
            Some((file, line)) => format!("{}:{line}", files.shown(file)),
            None => format!("row {}", at + 1),
        };
        let (first, second) = (clash.first, clash.second);
        Failure::Refused(vec![
            Diagnostic::error(
                &code::KEY_LOOKUP_TWICE,
                format!(
                    "lookup table `{}` has two values for `{}`: `{}` at {}, `{}` at {}",
                    lookup.source,
                    escape(&clash.key),
                    escape(&first.1),
                    place(first.0),
                    escape(&second.1),
                    place(second.0)
                ),
            )
            .help(code::KEY_LOOKUP_TWICE.cure),
        ])
    })
}
