//! Whole columns: any Arrow array in, a column of judged cells out.
//!
//! A judged cell is `Struct{value: Utf8View, fault: UInt8}`. Text arrives as views, and a value that does not change leaves as
//! the view it came as: the output shares the input's buffers and adds one of its own for what was rewritten.

mod input;
mod met;
mod output;
mod run;
mod typed;
mod views;

use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{ArrayRef, AsArray, StringViewArray, StructArray, UInt8Array};
use datafusion::arrow::datatypes::{DataType, Field, Fields, UInt8Type};

pub use input::{Input, can_read, read};
pub use met::Met;
pub use run::judge;
pub use views::clean_views;

/// The fields of a judged cell: made once, because every column of every batch has them.
pub fn judged_fields() -> Fields {
    static FIELDS: LazyLock<Fields> = LazyLock::new(|| {
        Fields::from(vec![Field::new("value", DataType::Utf8View, true), Field::new("fault", DataType::UInt8, false)])
    });
    FIELDS.clone()
}

/// The type of a judged cell.
pub fn judged_type() -> DataType {
    DataType::Struct(judged_fields())
}

/// The two columns of judged cells; none if the array is something else.
pub fn judged_parts(array: &ArrayRef) -> Option<(&StringViewArray, &UInt8Array)> {
    let cells = array.as_struct_opt()?;
    let [value, fault] = cells.columns() else { return None };
    Some((value.as_string_view_opt()?, fault.as_primitive_opt::<UInt8Type>()?))
}

/// Judged cells from their two columns, which are of one length.
pub fn judged_array(value: StringViewArray, fault: UInt8Array) -> ArrayRef {
    Arc::new(StructArray::new(judged_fields(), vec![Arc::new(value), Arc::new(fault)], None))
}

#[cfg(test)]
mod tests;
