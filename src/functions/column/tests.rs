//! Columns: whatever array the values come in, each cell gets the answer it gets alone.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal128Array, DictionaryArray,
    Float64Array, Int32Array, Int64Array, LargeStringArray, NullArray, StringArray, StringViewArray,
    TimestampMicrosecondArray, TimestampNanosecondArray, UInt8Array,
};
use datafusion::arrow::datatypes::{DataType, Int8Type};
use proptest::prelude::*;

use super::*;
use crate::functions::cell::Cell;
use crate::functions::fault;
use crate::functions::kernel::Value;
use crate::functions::kernel::date::Hint;
use crate::functions::lookup::LookupTables;
use crate::mapping::{CellType, QuotePolicy};
use crate::resolve::CellSpec;

type Answer = (Option<String>, u8);

fn answers(array: &ArrayRef) -> Vec<Answer> {
    let (values, faults) = judged_parts(array).unwrap();
    // Checks offsets, padding and UTF-8 of every view.
    StringViewArray::try_new(values.views().clone(), values.data_buffers().to_vec(), values.nulls().cloned()).unwrap();
    values.iter().zip(faults.values()).map(|(value, fault)| (value.map(str::to_owned), *fault)).collect()
}

fn run(spec: &CellSpec, array: &ArrayRef) -> Vec<Answer> {
    let input = read(array).unwrap();
    let spec = if input.typed { Cell::spec_of_typed(spec) } else { spec.clone() };
    let cell = Cell::new(spec, &LookupTables::new()).unwrap();
    let made = judge(&cell, &input.text, input.judged.as_ref());
    assert_eq!((made.len(), made.data_type()), (array.len(), &judged_type()));
    answers(&made)
}

fn alone(spec: &CellSpec, value: Option<&str>) -> Answer {
    let cell = Cell::new(spec.clone(), &LookupTables::new()).unwrap();
    let mut side = Vec::new();
    let verdict = cell.judge(value.map(str::as_bytes), &mut Hint::default(), &mut side);
    let bytes = match verdict.value {
        Value::Empty => None,
        Value::Part(part) => Some(part.to_vec()),
        Value::Side => Some(side),
    };
    (bytes.map(|bytes| String::from_utf8(bytes).unwrap()), verdict.fault)
}

fn texts(array: ArrayRef) -> Vec<Option<String>> {
    read(&array).unwrap().text.iter().map(|value| value.map(str::to_owned)).collect()
}

fn some(values: &[&str]) -> Vec<Option<String>> {
    values.iter().map(|value| Some(value.to_string())).collect()
}

#[test]
fn typed_values_have_one_spelling() {
    assert_eq!(texts(Arc::new(Int32Array::from(vec![Some(-5), None]))), [Some("-5".to_owned()), None]);
    let edges = [0, 9, 10, 999_999_999_999, -99_999_999_999];
    let written: Vec<_> = edges.iter().map(|number| Some(number.to_string())).collect();
    assert_eq!(texts(Arc::new(Int64Array::from(edges.to_vec()))), written);
    assert_eq!(texts(Arc::new(Int64Array::from(vec![i64::MIN]))), some(&["-9223372036854775808"]));
    assert_eq!(texts(Arc::new(Int64Array::from(vec![1_000_000_000_000, 7]))), some(&["1000000000000", "7"]));
    assert_eq!(
        texts(Arc::new(Float64Array::from(vec![1.5, 3.0, 1e21, -0.1, f64::NAN]))),
        some(&["1.5", "3", "1000000000000000000000", "-0.1", "NaN"])
    );
    let decimals =
        Decimal128Array::from(vec![1_234_500_000_000, 10_000_000_000, 5]).with_precision_and_scale(38, 9).unwrap();
    assert_eq!(texts(Arc::new(decimals)), some(&["1234.5", "10", "0.000000005"]));
    assert_eq!(
        texts(Arc::new(Decimal128Array::from(vec![1200]).with_precision_and_scale(10, 0).unwrap())),
        some(&["1200"])
    );
    assert_eq!(texts(Arc::new(BooleanArray::from(vec![true, false]))), some(&["true", "false"]));
    assert_eq!(texts(Arc::new(Date32Array::from(vec![19_753, -1]))), some(&["2024-01-31", "1969-12-31"]));
    assert_eq!(texts(Arc::new(Date64Array::from(vec![19_753 * 86_400_000]))), some(&["2024-01-31"]));
    let micros = TimestampMicrosecondArray::from(vec![1_706_659_200_250_000, -1]);
    assert_eq!(texts(Arc::new(micros.clone())), some(&["2024-01-31T00:00:00.25", "1969-12-31T23:59:59.999999"]));
    assert_eq!(texts(Arc::new(micros.with_timezone("+01:00")))[0], Some("2024-01-31T00:00:00.25Z".to_owned()));
    assert_eq!(texts(Arc::new(TimestampNanosecondArray::from(vec![1]))), some(&["1970-01-01T00:00:00.000000001"]));
    assert_eq!(texts(Arc::new(NullArray::new(2))), [None, None]);
    assert!(!can_read(&DataType::new_list(DataType::Utf8, true)));
    let structure = StructArray::new_empty_fields(1, None);
    assert!(read(&(Arc::new(structure) as ArrayRef)).is_err());
}

#[test]
fn typed_values_need_no_formats_and_know_no_decimal_comma() {
    let date = CellSpec {
        formats: vec!["%m/%d/%Y".into()],
        timezone: Some("Europe/Berlin".into()),
        ..CellSpec::new(CellType::Date)
    };
    let micros = TimestampMicrosecondArray::from(vec![1_706_659_200_000_000]);
    let answer = |text: &str| vec![(Some(text.to_owned()), fault::NONE)];
    assert_eq!(run(&date, &(Arc::new(Date32Array::from(vec![19_753])) as ArrayRef)), answer("2024-01-31"));
    assert_eq!(run(&date, &(Arc::new(micros.clone()) as ArrayRef)), answer("2024-01-30T23:00:00.0Z"));
    assert_eq!(run(&date, &(Arc::new(micros.with_timezone("UTC")) as ArrayRef)), answer("2024-01-31T00:00:00.0Z"));
    let number = CellSpec { decimal_comma: true, ..CellSpec::new(CellType::Number) };
    assert_eq!(run(&number, &(Arc::new(Float64Array::from(vec![1.5])) as ArrayRef)), answer("1.5"));
    let flag = CellSpec::new(CellType::Flag);
    assert_eq!(run(&flag, &(Arc::new(BooleanArray::from(vec![true])) as ArrayRef)), answer("yes"));
}

#[test]
fn bytes_that_are_no_text_are_faults_of_their_rows() {
    let bytes: ArrayRef = Arc::new(BinaryArray::from(vec![Some(&b"ok"[..]), Some(&[0xff]), None]));
    let expected = [(Some("ok".to_owned()), 0), (None, fault::BAD_BYTES), (None, 0)];
    assert_eq!(run(&CellSpec::new(CellType::Text), &bytes), expected);
}

#[test]
fn faults_found_before_are_passed_on() {
    let values = StringViewArray::from(vec![Some("A_B"), Some("A_{Code}"), None, Some("a b")]);
    let faults = UInt8Array::from(vec![0, fault::TEMPLATE_EMPTY, 0, 0]);
    let cells = judged_array(values, faults);
    let expected = [(Some("A_B".to_owned()), 0), (None, fault::TEMPLATE_EMPTY), (None, 0), (None, fault::BAD_ID)];
    assert_eq!(run(&CellSpec::new(CellType::Id), &cells), expected);
    let emptied = CellSpec { on_error: crate::mapping::OnError::Empty, ..CellSpec::new(CellType::Id) };
    assert_eq!(run(&emptied, &cells)[1], (None, fault::EMPTIED));
}

#[test]
fn kept_values_share_the_buffers_they_came_in() {
    let array = StringViewArray::from(vec![
        "a name that is long enough to need a buffer",
        " and one that must be trimmed a bit  ",
        "short",
    ]);
    let made = judge(&Cell::new(CellSpec::new(CellType::Text), &LookupTables::new()).unwrap(), &array, None);
    let (values, _) = judged_parts(&made).unwrap();
    assert_eq!(values.views()[0], array.views()[0]);
    assert_eq!(values.views()[2], array.views()[2]);
    assert_eq!(values.value(1), "and one that must be trimmed a bit");
    assert_eq!(values.data_buffers().len(), 1);
    assert_eq!(values.data_buffers()[0].as_ptr(), array.data_buffers()[0].as_ptr());
}

/// The same values in every array type that holds text, some of them cut out of a longer one.
fn disguises(values: &[Option<String>]) -> Vec<ArrayRef> {
    let padded: Vec<Option<String>> =
        std::iter::once(Some("something else that is long".to_owned())).chain(values.iter().cloned()).collect();
    let cut = |array: ArrayRef| array.slice(1, values.len());
    let words: DictionaryArray<Int8Type> = values.iter().map(Option::as_deref).collect();
    vec![
        Arc::new(StringViewArray::from_iter(values.iter().cloned())),
        cut(Arc::new(StringViewArray::from_iter(padded.iter().cloned()))),
        cut(Arc::new(StringArray::from_iter(padded.iter().cloned()))),
        Arc::new(LargeStringArray::from_iter(values.iter().cloned())),
        Arc::new(words),
    ]
}

fn values() -> impl Strategy<Value = Vec<Option<String>>> {
    let value = prop_oneof![
        "[ ]{0,1}[A-Za-z0-9_-]{0,20}",
        "[$(]{0,1}[0-9,.]{1,10}[)]{0,1}",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](Z|-08:00)?)?",
        "[a-zé \"|,;<>&]{0,30}",
        "(yes|no|a@b\\.co|001D000000IqhSL)",
    ];
    let values = proptest::collection::vec(proptest::option::weighted(0.9, value), 1..120);
    // Values that come once, and the same few again and again.
    (values, proptest::collection::vec(any::<u8>(), 0..200)).prop_map(|(mut values, again)| {
        let few: Vec<_> = values.iter().take(9).cloned().collect();
        values.extend(again.iter().map(|at| few[usize::from(*at) % few.len()].clone()));
        values
    })
}

proptest! {
    #[test]
    fn every_cell_gets_the_answer_it_gets_alone(values in values(), kind in 0..12usize, knobs in any::<[bool; 4]>()) {
        use CellType::*;
        let kind = [Text, Id, Email, Integer, Number, Currency, Date, List, MultiList, Flag, Tag, ForeignKey][kind];
        let [html, default, cut, replace] = knobs;
        let spec = CellSpec {
            html,
            default: default.then(|| "a default of some length".to_owned()),
            max_length: cut.then_some(9),
            truncate: replace,
            quotes: if replace { QuotePolicy::Replace } else { QuotePolicy::Reject },
            ..CellSpec::new(kind)
        };
        let expected: Vec<Answer> = values.iter().map(|value| alone(&spec, value.as_deref())).collect();
        for array in disguises(&values) {
            prop_assert_eq!(&run(&spec, &array), &expected);
        }
    }
}
