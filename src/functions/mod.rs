//! The SQL functions that normalise values, and those that help users' SQL.
//!
//! In: a column of any type and a [`CellSpec`](crate::resolve::CellSpec) as a JSON literal. Out: a column of judged cells,
//! `struct(value, fault)`. `kernel` turns one value's bytes into its normal form and knows nothing of Arrow; `cell` takes a
//! value through all steps of a column; `column` does it for whole arrays without copying what stays; `udf` are the shells
//! SQL calls. [`explain`] tells people what a fault byte means for the value at hand.
//! This room knows no source, no format and no file; it never panics on data and never asks for the time.

mod cell;
mod column;
mod explain;
pub mod fault;
mod judge;
mod kernel;
mod late;
mod lookup;
mod page;
mod udf;

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringViewArray};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::prelude::SessionContext;

use crate::resolve::CellSpec;

pub use cell::{Step, Trace, is_bare};
pub use column::{clean_views, judged_fields, judged_parts, judged_type};
pub use explain::{Explainer, explain};
pub use fault::{code_of, is_warning};
pub use judge::Judge;
pub use late::{CellWriter, LateCells, Unjudged, Writing, take_out};
pub use lookup::{LookupClash, LookupKey, LookupTable, LookupTables};
pub use page::page;
pub use udf::{CellRules, FunctionPage};

/// Registers every function; normalisers look values up in `tables`, which may be filled later, before a plan runs.
pub fn register(session: &SessionContext, tables: Arc<LookupTables>) {
    for function in udf::functions(&tables) {
        session.register_udf(function);
    }
}

/// Every function with its signature and one line about it, for the docs.
pub fn list() -> Vec<FunctionPage> {
    udf::pages()
}

/// Any column as text, the way the normalisers read it; lists and structures as the engine prints them.
///
/// # Errors
/// Arrow cannot convert it.
pub fn text_of(array: &ArrayRef) -> Result<StringViewArray, ArrowError> {
    if column::can_read(array.data_type()) {
        return Ok(column::read(array)?.text);
    }
    let options = FormatOptions::default();
    let printed = ArrayFormatter::try_new(array, &options)?;
    Ok((0..array.len()).map(|row| array.is_valid(row).then(|| printed.value(row).to_string())).collect())
}

/// The way of a cell to what is written, as the normalisers would take it: `array` is the column it is read from.
///
/// # Errors
/// Rules that cannot be compiled, a column that cannot be read.
pub fn trace(spec: &CellSpec, tables: &LookupTables, array: &ArrayRef, row: usize) -> Result<Trace, String> {
    let input = column::read(array).map_err(|error| error.to_string())?;
    let spec = if input.typed { cell::Cell::spec_of_typed(spec) } else { spec.clone() };
    let value = input.text.is_valid(row).then(|| input.text.value(row));
    Ok(cell::Cell::new(spec, tables)?.trace(value))
}

/// What is wrong with a date layout, in words for the mapping's author; none if it can be used.
pub fn layout_problem(layout: &str) -> Option<String> {
    kernel::date::Layout::compile(layout).err()
}

/// The fault that `value` has as a cell of `spec`, or the one that its options have; no lookup table is known here.
pub fn fault_of(spec: &CellSpec, value: &str) -> Option<u8> {
    let fault = Judge::new(spec)?.fault(value);
    (fault != fault::NONE).then_some(fault)
}

/// What is wrong with a time zone's name; none if it is known.
pub fn zone_problem(zone: &str) -> Option<String> {
    kernel::date::Zone::load(zone).err()
}
