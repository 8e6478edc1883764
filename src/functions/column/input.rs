//! Any array to text, by stated rules; text itself is taken as it is, without copying where Arrow allows.
//!
//! Whole numbers in decimal digits; floats the shortest way without exponent; decimals without trailing zeros of the
//! fraction; `true` and `false`; dates and timestamps in ISO form, with `Z` only if they carry a time zone; bytes as UTF-8.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringViewArray, UInt8Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, UInt8Type};
use datafusion::arrow::error::ArrowError;

use super::typed;

/// A column as text.
#[derive(Debug)]
pub struct Input {
    /// The text.
    pub text: StringViewArray,
    /// It was made from typed values: dates are ISO, numbers have a point, whatever the column says about its source.
    pub typed: bool,
    /// Faults found before.
    pub judged: Option<UInt8Array>,
}

/// Whether a column of this type can be read as text.
pub fn can_read(kind: &DataType) -> bool {
    match kind {
        DataType::Dictionary(_, value) => can_read(value),
        DataType::RunEndEncoded(_, value) => can_read(value.data_type()),
        DataType::Struct(_) => *kind == super::judged_type(),
        DataType::Null | DataType::Boolean | DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => true,
        DataType::Time32(_) | DataType::Time64(_) => true,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => true,
        _ => kind.is_numeric(),
    }
}

/// Reads a column as text.
///
/// # Errors
/// The type holds no text ([`can_read`]), or Arrow cannot convert it.
pub fn read(array: &ArrayRef) -> Result<Input, ArrowError> {
    let plain = |text| Input { text, typed: false, judged: None };
    let typed = |text| Input { text, typed: true, judged: None };
    Ok(match array.data_type() {
        DataType::Utf8View => plain(array.as_string_view().clone()),
        DataType::Utf8 | DataType::LargeUtf8 => plain(as_views(array)?),
        DataType::Null => plain(StringViewArray::new_null(array.len())),
        DataType::Dictionary(_, value) => return read(&cast(array, value)?),
        DataType::RunEndEncoded(_, value) => return read(&cast(array, value.data_type())?),
        DataType::Struct(_) if *array.data_type() == super::judged_type() => judged(array)?,
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => {
            let (text, faults) = typed::bytes(array)?;
            Input { text, typed: false, judged: Some(faults) }
        }
        DataType::Time32(_) | DataType::Time64(_) => typed(as_views(array)?),
        DataType::Struct(_) => {
            return Err(ArrowError::CastError("a structure holds no text; take one of its fields".to_owned()));
        }
        _ => typed(typed::text(array)?),
    })
}

fn as_views(array: &ArrayRef) -> Result<StringViewArray, ArrowError> {
    Ok(cast(array, &DataType::Utf8View)?.as_string_view().clone())
}

fn judged(array: &ArrayRef) -> Result<Input, ArrowError> {
    let cells = array.as_struct();
    // A missing structure is an empty cell without a fault.
    let (text, faults) = (cells.column(0), cells.column(1));
    let text: ArrayRef = match cells.nulls() {
        None => Arc::clone(text),
        Some(_) => {
            let missing = datafusion::arrow::compute::is_null(cells)?;
            datafusion::arrow::compute::nullif(text, &missing)?
        }
    };
    Ok(Input {
        text: text.as_string_view().clone(),
        typed: false,
        judged: Some(faults.as_primitive::<UInt8Type>().clone()),
    })
}
