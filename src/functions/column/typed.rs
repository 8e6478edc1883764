//! Typed values to text: one spelling each, the one the kernels read back without loss.

use std::fmt::Write;

use datafusion::arrow::array::{
    Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray, StringViewArray, StringViewBuilder, UInt8Array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DecimalType, Float32Type,
    Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt64Type,
};
use datafusion::arrow::error::ArrowError;

use crate::functions::fault;
use crate::functions::kernel::date::civil;

/// The text of numbers, flags, dates and timestamps.
pub fn text(array: &ArrayRef) -> Result<StringViewArray, ArrowError> {
    Ok(match array.data_type() {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => {
            whole(cast(array, &DataType::Int64)?.as_primitive())
        }
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => {
            each::<UInt64Type>(cast(array, &DataType::UInt64)?.as_primitive(), |value, out| write!(out, "{value}"))
        }
        DataType::Float16 | DataType::Float32 => {
            each::<Float32Type>(cast(array, &DataType::Float32)?.as_primitive(), |value, out| write!(out, "{value}"))
        }
        DataType::Float64 => each::<Float64Type>(array.as_primitive(), |value, out| write!(out, "{value}")),
        DataType::Decimal32(..) => decimal::<Decimal32Type>(array),
        DataType::Decimal64(..) => decimal::<Decimal64Type>(array),
        DataType::Decimal128(..) => decimal::<Decimal128Type>(array),
        DataType::Decimal256(..) => decimal::<Decimal256Type>(array),
        DataType::Boolean => {
            array.as_boolean().iter().map(|value| value.map(|value| if value { "true" } else { "false" })).collect()
        }
        DataType::Date32 => each::<Date32Type>(array.as_primitive(), |days, out| day(i64::from(days), out)),
        DataType::Date64 => {
            each::<Date32Type>(cast(array, &DataType::Date32)?.as_primitive(), |days, out| day(i64::from(days), out))
        }
        DataType::Timestamp(unit, zone) => {
            let end = if zone.is_some() { "Z" } else { "" };
            match unit {
                TimeUnit::Second => {
                    each::<TimestampSecondType>(array.as_primitive(), |value, out| moment(value, 1, end, out))
                }
                TimeUnit::Millisecond => {
                    each::<TimestampMillisecondType>(array.as_primitive(), |value, out| moment(value, 1_000, end, out))
                }
                TimeUnit::Microsecond => each::<TimestampMicrosecondType>(array.as_primitive(), |value, out| {
                    moment(value, 1_000_000, end, out)
                }),
                TimeUnit::Nanosecond => each::<TimestampNanosecondType>(array.as_primitive(), |value, out| {
                    moment(value, 1_000_000_000, end, out)
                }),
            }
        }
        other => return Err(ArrowError::CastError(format!("a column of type {other} holds no text"))),
    })
}

/// Bytes as UTF-8; what is none is an empty cell with a fault.
pub fn bytes(array: &ArrayRef) -> Result<(StringViewArray, UInt8Array), ArrowError> {
    let views = cast(array, &DataType::BinaryView)?;
    let mut faults = Vec::with_capacity(views.len());
    let mut out = StringViewBuilder::with_capacity(views.len());
    for value in views.as_binary_view() {
        match value.map(std::str::from_utf8) {
            None => out.append_null(),
            Some(Ok(text)) => out.append_value(text),
            Some(Err(_)) => {
                out.append_null();
                faults.push(fault::BAD_BYTES);
                continue;
            }
        }
        faults.push(fault::NONE);
    }
    Ok((out.finish(), UInt8Array::from(faults)))
}

/// Whole numbers: nearly all are so short that they stand in their views.
fn whole(array: &PrimitiveArray<Int64Type>) -> StringViewArray {
    const SHORT: std::ops::Range<i64> = -99_999_999_999..1_000_000_000_000;
    if !array.iter().flatten().all(|value| SHORT.contains(&value)) {
        return each(array, |value, out| write!(out, "{value}"));
    }
    let views: Vec<u128> = array.iter().map(|value| value.map_or(0, short_view)).collect();
    StringViewArray::try_new(views.into(), Vec::new(), array.nulls().cloned()).expect("short views hold their text")
}

/// The view of a number of at most twelve bytes.
fn short_view(number: i64) -> u128 {
    let (mut text, mut length) = (0, 0);
    let mut left = number.unsigned_abs();
    loop {
        // The first digit, which comes last, ends in the lowest byte.
        text = text << 8 | u128::from(b'0' + (left % 10) as u8);
        length += 1;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        (text, length) = (text << 8 | u128::from(b'-'), length + 1);
    }
    text << 32 | length
}

fn each<T: ArrowPrimitiveType>(
    array: &PrimitiveArray<T>,
    mut write: impl FnMut(T::Native, &mut String) -> std::fmt::Result,
) -> StringViewArray {
    let mut out = StringViewBuilder::with_capacity(array.len());
    let mut text = String::new();
    for value in array {
        text.clear();
        match value.map(|value| write(value, &mut text)) {
            Some(Ok(())) => out.append_value(&text),
            _ => out.append_null(),
        }
    }
    out.finish()
}

/// The engine gives `integer(x) * 0.5` many zeros: they say nothing.
fn decimal<T: DecimalType>(array: &ArrayRef) -> StringViewArray {
    let array: &PrimitiveArray<T> = array.as_primitive();
    let text = |row: usize| {
        let text = array.value_as_string(row);
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    (0..array.len()).map(|row| array.is_valid(row).then(|| text(row))).collect()
}

fn day(days: i64, out: &mut String) -> std::fmt::Result {
    match civil(days) {
        Some((year, month, day)) => write!(out, "{year:04}-{month:02}-{day:02}"),
        // Far outside the years taken: as a count it is read as no date, and the message shows it.
        None => write!(out, "day {days}"),
    }
}

fn moment(value: i64, per_second: i64, end: &str, out: &mut String) -> std::fmt::Result {
    let (seconds, fraction) = (value.div_euclid(per_second), value.rem_euclid(per_second));
    let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    day(days, out)?;
    write!(out, "T{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)?;
    if fraction > 0 {
        let width = per_second.ilog10() as usize;
        let digits = format!("{fraction:0width$}");
        write!(out, ".{}", digits.trim_end_matches('0'))?;
    }
    out.push_str(end);
    Ok(())
}
