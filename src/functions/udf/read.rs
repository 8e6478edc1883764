//! The readers of users' SQL: typed values from text, NULL for what cannot be read.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::logical_expr::ReturnFieldArgs;

use crate::functions::kernel::date::{Dates, Hint, days_since_epoch};
use crate::functions::kernel::number::NumberRules;
use crate::functions::kernel::{Value, flag, space};
use crate::mapping::DstPolicy;

use super::function::{Call, Function, FunctionPage, literal, want_text};

/// Digits after the point of `number(x)`.
const SCALE: usize = 9;
/// The zone of `timestamp(x)`: moments are in UTC.
const UTC: &str = "UTC";

/// All readers.
pub fn functions() -> Vec<Function> {
    let page = |name, signature, about| FunctionPage { name, signature, about };
    vec![
        Function::new(
            page("integer", "integer(x) -> bigint", "A whole number, read as in an integer column."),
            (1, 1),
            |args| want_text(args, 0).map(|()| DataType::Int64),
            integer,
        ),
        Function::new(
            page(
                "number",
                "number(x) -> decimal(38, 9)",
                "A decimal number, read as in a number column; further digits are rounded.",
            ),
            (1, 1),
            |args| want_text(args, 0).map(|()| DataType::Decimal128(38, SCALE as i8)),
            number,
        ),
        Function::new(
            page(
                "date",
                "date(x, formats...) -> date",
                "The day in a date or moment, as written; formats as in `formats`, default `iso`.",
            ),
            (1, usize::MAX),
            |args| formats(args, 1, None).map(|()| DataType::Date32),
            date,
        ),
        Function::new(
            page(
                "timestamp",
                "timestamp(x, zone, formats...) -> timestamp",
                "The moment in UTC; a value without offset is in `zone` (default UTC).",
            ),
            (1, usize::MAX),
            |args| {
                let zone = if args.arg_fields.len() > 1 { Some(literal(args.scalar_arguments[1])?) } else { None };
                formats(args, 2, zone).map(|()| DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())))
            },
            timestamp,
        ),
        Function::new(
            page("flag", "flag(x) -> boolean", "Yes or no in the spellings of flag columns."),
            (1, 1),
            |args| want_text(args, 0).map(|()| DataType::Boolean),
            flag,
        ),
    ]
}

/// Trims each value and reads it; NULL where there is nothing or `read` finds nothing.
fn each<T>(call: &Call, mut read: impl FnMut(&[u8], bool) -> Option<T>) -> Result<Vec<Option<T>>> {
    let input = call.input(0)?;
    Ok(input
        .text
        .iter()
        .map(|value| {
            let value = space::trim(value?.as_bytes());
            if value.is_empty() { None } else { read(value, input.typed) }
        })
        .collect())
}

/// The plain digits of a number.
fn digits<T>(value: &[u8], whole: bool, use_them: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    let mut side = Vec::new();
    let rules = NumberRules { whole, ..NumberRules::default() };
    let digits = match rules.normal(value, &mut side).ok()? {
        Value::Part(part) => part,
        Value::Side => &side,
        Value::Empty => return None,
    };
    use_them(std::str::from_utf8(digits).ok()?)
}

fn integer(call: &Call) -> Result<ArrayRef> {
    let values = each(call, |value, _| digits(value, true, |digits| digits.parse::<i64>().ok()))?;
    Ok(Arc::new(Int64Array::from(values)))
}

fn number(call: &Call) -> Result<ArrayRef> {
    let values = each(call, |value, _| digits(value, false, scaled))?;
    Ok(Arc::new(Decimal128Array::from(values).with_precision_and_scale(38, SCALE as i8)?))
}

/// Plain digits as a count of billionths, the last one rounded half away from zero.
fn scaled(digits: &str) -> Option<i128> {
    let (negative, digits) = digits.strip_prefix('-').map_or((false, digits), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let place = |at: usize| fraction.as_bytes().get(at).map_or(0, |digit| i128::from(digit & 15));
    let mut value: i128 = whole.parse().ok()?;
    for at in 0..SCALE {
        value = value.checked_mul(10)?.checked_add(place(at))?;
    }
    value = value.checked_add(i128::from(place(SCALE) >= 5))?;
    let value = if negative { -value } else { value };
    (value.unsigned_abs() < 10u128.pow(38)).then_some(value)
}

/// Checks formats and zone while planning.
fn formats(args: &ReturnFieldArgs, from: usize, zone: Option<&str>) -> Result<()> {
    want_text(args, 0)?;
    let given = args.scalar_arguments.iter().skip(from).map(|format| literal(*format));
    match Dates::new(&given.collect::<Result<Vec<_>>>()?, zone, None, DstPolicy::Reject) {
        Ok(_) => Ok(()),
        Err(words) => plan_err!("{words}"),
    }
}

/// Reads dates by the formats from argument `from` on; typed values are ISO already.
fn each_date<T>(
    call: &Call,
    from: usize,
    zone: Option<&str>,
    mut use_it: impl FnMut(&Dates, &[u8], &mut Hint) -> Option<T>,
) -> Result<Vec<Option<T>>> {
    let given = (from..call.count()).map(|at| call.literal(at)).collect::<Result<Vec<_>>>()?;
    let compile = |formats: &[&str]| {
        let key = format!("{}\n{}", zone.unwrap_or_default(), formats.join("\n"));
        call.memo.get(&key, || Dates::new(formats, zone, None, DstPolicy::Reject).map_err(DataFusionError::Execution))
    };
    let (dates, iso) = (compile(&given)?, compile(&[])?);
    let mut hint = Hint::default();
    each(call, |value, typed| use_it(if typed { &iso } else { &dates }, value, &mut hint))
}

fn date(call: &Call) -> Result<ArrayRef> {
    let values = each_date(call, 1, None, |dates, value, hint| {
        let moment = dates.read(value, hint).ok()?;
        i32::try_from(days_since_epoch(&moment)).ok()
    })?;
    Ok(Arc::new(Date32Array::from(values)))
}

fn timestamp(call: &Call) -> Result<ArrayRef> {
    let zone = if call.count() > 1 { Some(call.literal(1)?) } else { None };
    let values = each_date(call, 2, zone, |dates, value, hint| {
        let moment = dates.read(value, hint).ok()?;
        dates.to_micros(&moment).ok()
    })?;
    Ok(Arc::new(TimestampMicrosecondArray::from(values).with_timezone(UTC)))
}

fn flag(call: &Call) -> Result<ArrayRef> {
    Ok(Arc::new(BooleanArray::from(each(call, |value, _| flag::read(value))?)))
}
