//! A pivot's columns beside its key and its metrics: aggregates that the engine computes over the valid rows.

use std::collections::HashMap;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::UInt8Type;
use datafusion::prelude::{DataFrame, SessionContext};
use futures::StreamExt;

use crate::diagnostic::{Diagnostic, Place, code, escape};
use crate::functions::fault;
use crate::pipeline::Failure;
use crate::pipeline::distinct::in_two_steps;
use crate::pipeline::prepare::Prepared;
use crate::settle::{Beside, Budget, key_hash};

/// Bytes of a key in the table, with what stands free there, and of a cell beside its text.
const KEY_BYTES: usize = 96;
const CELL_BYTES: usize = 40;

/// Runs the aggregates of `prepared`, where it has any.
pub(super) async fn read(prepared: &Prepared, session: &SessionContext, budget: &Budget) -> Result<Beside, Failure> {
    let resolved = &prepared.resolved;
    let Some(sql) = &prepared.compiled.aggregates else { return Ok(Beside::default()) };
    let engine = |error| Failure::engine(&error, None);
    let keys = resolved.key.len();
    let others: Vec<_> = (resolved.columns.iter().enumerate())
        .filter(|(index, _)| !resolved.key.contains(index))
        .map(|(_, column)| column)
        .collect();
    let mut beside =
        Beside { columns: others.iter().map(|column| column.header.clone()).collect(), cells: HashMap::new() };
    // The query has the key in the order of the columns, the hash wants it in the order of the format.
    let mut in_file_order = resolved.key.clone();
    in_file_order.sort_unstable();
    let places: Vec<usize> = resolved
        .key
        .iter()
        .map(|index| in_file_order.iter().position(|other| other == index).expect("the same columns"))
        .collect();
    let (state, plan) = session.sql(sql).await.map_err(engine)?.into_parts();
    let frame = DataFrame::new(state, in_two_steps(plan).map_err(engine)?);
    let mut stream = frame.execute_stream().await.map_err(engine)?;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(engine)?;
        for row in 0..batch.num_rows() {
            let part = |place: &usize| {
                let values = batch.column(*place).as_string_view();
                if values.is_valid(row) { values.value(row).as_bytes() } else { b"" }
            };
            let key: Vec<&[u8]> = places.iter().map(part).collect();
            let mut cells = Vec::with_capacity(others.len());
            for (number, column) in others.iter().enumerate() {
                let cell = batch.column(keys + number).as_struct();
                let found = cell.column(1).as_primitive::<UInt8Type>().value(row);
                let values = cell.column(0).as_string_view();
                let value = if values.is_valid(row) { values.value(row) } else { "" };
                if found != fault::NONE && !fault::is_warning(found) {
                    let key: Vec<String> = key.iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect();
                    return Err(Failure::Refused(vec![
                        Diagnostic::error(
                            fault::code_of(found),
                            format!(
                                "`{}` of `{}` is no value Totango takes: {}",
                                column.name,
                                escape(&key.join("|")),
                                fault::code_of(found).title
                            ),
                        )
                        .at(Place::new(&prepared.file.shown, column.span), "this aggregate")
                        .help(code::NOT_WHOLE.cure),
                    ]));
                }
                cells.push(value.to_owned());
            }
            let bytes = cells.iter().map(|cell| cell.len() + CELL_BYTES).sum::<usize>() + KEY_BYTES;
            budget.hold(bytes as u64, "columns beside a pivot")?;
            beside.cells.insert(key_hash(&key, resolved.format.key_ignores_case), cells);
        }
    }
    Ok(beside)
}
