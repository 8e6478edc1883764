//! What batches may look like: slices, nulls at either level, typed orders, columns that are only judged, any file order.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StructArray, TimestampMillisecondArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{Field, Schema};

use super::outcome::{TestRow, batch, columns, outcome, output, row, settled};
use crate::mapping::DuplicatePolicy;
use crate::settle::{Budget, Error, Layout, OrderKind, Rules, Settled, Sink, Task, settle};

fn task(names: &[&str]) -> Task {
    let mut layout = Layout::new(columns(names));
    (layout.key, layout.line_feed) = (vec![0], true);
    Task { layout, rules: Rules::default(), known: Default::default() }
}

fn push_all(task: &Task, sinks: Vec<Vec<RecordBatch>>) -> Result<Settled, Error> {
    let folder = tempfile::tempdir().unwrap();
    let (task, budget) = (Arc::new(task.clone()), Arc::new(Budget::unlimited()));
    let fill = |batches: Vec<RecordBatch>| {
        let mut sink = Sink::all(&task, 1, folder.path(), &budget)?.remove(0);
        batches.iter().try_for_each(|batch| sink.push(batch))?;
        Ok(sink)
    };
    let sinks = sinks.into_iter().map(fill).collect::<Result<Vec<_>, Error>>()?;
    settle(&task, sinks, folder.path(), &budget)
}

/// `batch` with column `index` replaced.
fn with_column(batch: &RecordBatch, index: usize, array: ArrayRef) -> RecordBatch {
    let mut arrays = batch.columns().to_vec();
    arrays[index] = array;
    let fields = arrays.iter().map(|array| Field::new("c", array.data_type().clone(), true)).collect::<Vec<_>>();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

#[test]
fn slices_are_read_from_where_they_begin() {
    let long = "a text that is too long for a view";
    let mut rows = vec![row(1, &["a", "1"]), row(2, &["b", long]), row(3, &["c", ""]), row(4, &["d", "4"])];
    rows[0].cells[0].1 = 7;
    let slice = batch(&rows, 2).slice(1, 2);
    let settled = push_all(&task(&["id", "v"]), vec![vec![slice]]).unwrap();
    assert_eq!(output(&settled, 0), format!("b,{long}\nc,\n"));
}

#[test]
fn a_null_struct_is_an_empty_cell() {
    let whole = batch(&[row(1, &["a", "1"]), row(2, &["b", "2"])], 2);
    let (fields, arrays, _) = whole.column(3).as_struct().clone().into_parts();
    let nulls = NullBuffer::from(vec![true, false]);
    let column = Arc::new(StructArray::new(fields, arrays, Some(nulls)));
    let settled = push_all(&task(&["id", "v"]), vec![vec![with_column(&whole, 3, column)]]).unwrap();
    assert_eq!(output(&settled, 0), "a,1\nb,\n");
}

#[test]
fn newest_takes_typed_columns_too() {
    let mut task = task(&["id", "v"]);
    task.rules.duplicates = DuplicatePolicy::Newest;
    task.layout.order_by = Some(OrderKind::Number);
    let rows = [row(1, &["a", "1", ""]), row(2, &["a", "2", ""]), row(3, &["a", "3", ""])];
    let decimals = Decimal128Array::from(vec![Some(-7), Some(-5), None]).with_precision_and_scale(20, 2).unwrap();
    let orders: [ArrayRef; 3] = [
        Arc::new(Int64Array::from(vec![Some(5), Some(7), None])),
        Arc::new(TimestampMillisecondArray::from(vec![Some(-9), Some(-5), None])),
        Arc::new(decimals),
    ];
    for order in orders {
        let batch = with_column(&batch(&rows, 3), 4, order);
        assert_eq!(output(&push_all(&task, vec![vec![batch]]).unwrap(), 0), "a,2\n");
    }
}

#[test]
fn a_column_that_is_not_written_is_judged_all_the_same() {
    let mut task = task(&["id", "check", "v"]);
    task.layout.columns[1].written = false;
    let mut rows = vec![row(1, &["a", "x", "1"]), row(2, &["b", "y", "2"])];
    rows[1].cells[1].1 = 9;
    let settled = settled(&task, &rows);
    assert_eq!(settled.header, ["id", "v"]);
    assert_eq!(outcome(&settled).outputs, ["a,1\n"]);
}

#[test]
fn a_single_empty_cell_is_still_a_row() {
    let mut task = task(&["v"]);
    task.layout.key.clear();
    let settled = settled(&task, &[row(1, &[""]), row(2, &["x"]), row(3, &["x"])]);
    assert_eq!(output(&settled, 0), "\"\"\nx\nx\n");
    assert_eq!(settled.leave_out(|_, _| Ok::<_, std::io::Error>(())).unwrap(), [2]);
}

#[test]
fn rows_are_in_the_order_of_files_and_lines_or_of_arrival() {
    let at = |file, line, id: &str| TestRow { file, ..row(line, &[id]) };
    let batches = || {
        let one = vec![batch(&[at(1, 5, "c"), at(0, 9, "b")], 1), batch(&[at(0, 2, "a")], 1)];
        vec![one, vec![batch(&[at(1, 6, "d"), at(2, 1, "e")], 1)]]
    };
    let mut task = task(&["id"]);
    assert_eq!(output(&push_all(&task, batches()).unwrap(), 0), "a\nb\nc\nd\ne\n");
    task.layout.arrival_order = true;
    assert_eq!(output(&push_all(&task, batches()).unwrap(), 0), "c\nb\na\nd\ne\n");
}

#[test]
fn a_batch_of_another_shape_is_our_mistake_and_an_error() {
    let task = task(&["id", "v"]);
    let narrow = batch(&[row(1, &["a"])], 1);
    let plain = with_column(&batch(&[row(1, &["a", "b"])], 2), 3, Arc::new(Int64Array::from(vec![1])));
    for wrong in [narrow, plain] {
        assert!(matches!(push_all(&task, vec![vec![wrong]]), Err(Error::Batch(_))));
    }
    let beyond = TestRow { file: 1 << 24, ..row(1, &["a", "b"]) };
    assert!(matches!(push_all(&task, vec![vec![batch(&[beyond], 2)]]), Err(Error::TooLarge(_))));
}
