//! `value_of` and `fault_of`: the parts of a judged cell. The engine's own `get_field` would run the normaliser twice.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::{is_null, nullif};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::ReturnFieldArgs;

use super::function::{Call, Function, FunctionPage};

/// Both accessors.
pub fn functions() -> Vec<Function> {
    vec![
        Function::new(
            FunctionPage {
                name: "value_of",
                signature: "value_of(cell) -> text",
                about: "The value of a judged cell; NULL where it is empty or faulty.",
            },
            (1, 1),
            |args| field_type(args, 0),
            |call| part(call, 0),
        ),
        Function::new(
            FunctionPage {
                name: "fault_of",
                signature: "fault_of(cell) -> number",
                about: "The fault number of a judged cell; 0 where there is none.",
            },
            (1, 1),
            |args| field_type(args, 1),
            |call| part(call, 1),
        ),
    ]
}

fn field_type(args: &ReturnFieldArgs, at: usize) -> Result<DataType> {
    match args.arg_fields[0].data_type() {
        DataType::Struct(fields) if fields.len() == 2 => Ok(fields[at].data_type().clone()),
        other => plan_err!("a judged cell is wanted here, not {other}"),
    }
}

fn part(call: &Call, at: usize) -> Result<ArrayRef> {
    let cells = call.column(0)?;
    let Some(cells) = cells.as_struct_opt() else { return exec_err!("a judged cell is wanted here") };
    let part = cells.column(at);
    Ok(match cells.nulls() {
        None => part.clone(),
        Some(_) => nullif(part, &is_null(cells)?)?,
    })
}
