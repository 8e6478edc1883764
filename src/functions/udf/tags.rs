//! `tag_in`: whether a cell that lists tags holds one. Totango keeps tags in lower case, so case is ignored.
//!
//! With a fourth argument, the known tags as a JSON list, the answer is a judged cell: where the cell lists an unknown tag,
//! that tag and the fault, which the normaliser around it passes on.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, StringViewArray, UInt8Array};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::ReturnFieldArgs;

use crate::functions::column::{judged_array, judged_type};
use crate::functions::fault;
use crate::functions::kernel::{list, space};

use super::function::{Call, Function, FunctionPage, literal, want_text};

/// The one function.
pub fn functions() -> Vec<Function> {
    let page = FunctionPage {
        name: "tag_in",
        signature: "tag_in(cell, tag, separator [, known]) -> boolean or struct(value, fault)",
        about: "Whether a cell lists a tag; with the known tags, an unknown one is a fault.",
    };
    vec![Function::new(page, (3, 4), returns, run)]
}

fn returns(args: &ReturnFieldArgs) -> Result<DataType> {
    want_text(args, 0)?;
    literal(args.scalar_arguments[1])?;
    literal(args.scalar_arguments[2])?;
    match args.scalar_arguments.get(3) {
        None => Ok(DataType::Boolean),
        Some(list) => known(literal(*list)?).map(|_| judged_type()),
    }
}

fn known(list: &str) -> Result<Vec<String>> {
    match serde_json::from_str(list) {
        Ok(known) => Ok(known),
        Err(error) => plan_err!("the known tags are no JSON list: {error}"),
    }
}

fn run(call: &Call) -> Result<ArrayRef> {
    let cells = call.input(0)?.text;
    let (tag, separator) = (call.literal(1)?, call.literal(2)?);
    let elements = |row: usize| {
        let cell = if cells.is_null(row) { &b""[..] } else { cells.value(row).as_bytes() };
        list::split(cell, separator.as_bytes()).map(space::trim).filter(|element| !element.is_empty())
    };
    let holds = |row: usize| elements(row).any(|element| element.eq_ignore_ascii_case(tag.as_bytes()));
    if call.count() == 3 {
        return Ok(Arc::new((0..cells.len()).map(|row| Some(holds(row))).collect::<BooleanArray>()));
    }
    let known = known(call.literal(3)?)?;
    let is_known = |element: &[u8]| known.iter().any(|tag| element.eq_ignore_ascii_case(tag.as_bytes()));
    let mut faults = Vec::with_capacity(cells.len());
    let values: StringViewArray = (0..cells.len())
        .map(|row| match elements(row).find(|element| !is_known(element)) {
            Some(unknown) => {
                faults.push(fault::TAG_UNKNOWN);
                Some(String::from_utf8_lossy(unknown).into_owned())
            }
            None => {
                faults.push(fault::NONE);
                Some(holds(row).to_string())
            }
        })
        .collect();
    Ok(judged_array(values, UInt8Array::from(faults)))
}
