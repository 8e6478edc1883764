//! Rows for tests, run through sinks, and everything that a `Settled` tells in a form that can be compared.

use std::os::unix::fs::FileExt;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, RecordBatch, StringViewArray, StructArray, UInt8Array, UInt32Array, UInt64Array,
};
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema};

use crate::settle::{Budget, Counts, Error, Layout, LayoutColumn, Settled, Sink, Task, WarningKind, settle};

/// A judged row: position, then a text and a fault per struct column.
#[derive(Debug, Clone)]
pub(super) struct TestRow {
    pub(super) file: u32,
    pub(super) line: u64,
    pub(super) cells: Vec<(String, u8)>,
}

/// Row number `line` of file 0 without faults.
pub(super) fn row(line: u64, cells: &[&str]) -> TestRow {
    TestRow { file: 0, line, cells: cells.iter().map(|cell| ((*cell).to_owned(), 0)).collect() }
}

/// Written columns with these names; those that end in `#` are numbers.
pub(super) fn columns(names: &[&str]) -> Vec<LayoutColumn> {
    let column = |name: &&str| LayoutColumn {
        name: name.trim_end_matches('#').to_owned(),
        attribute: name.trim_end_matches('#').to_owned(),
        is_number: name.ends_with('#'),
        bare: false,
        written: true,
    };
    names.iter().map(column).collect()
}

/// One batch as the judging plan makes it.
pub(super) fn batch(rows: &[TestRow], width: usize) -> RecordBatch {
    let mut arrays: Vec<ArrayRef> = vec![
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.file))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.line))),
    ];
    let pair =
        Fields::from(vec![Field::new("value", DataType::Utf8View, true), Field::new("fault", DataType::UInt8, false)]);
    for column in 0..width {
        let texts = rows.iter().map(|row| Some(row.cells[column].0.as_str()).filter(|text| !text.is_empty()));
        let values: StringViewArray = texts.collect();
        let faults = UInt8Array::from_iter_values(rows.iter().map(|row| row.cells[column].1));
        arrays.push(Arc::new(StructArray::new(pair.clone(), vec![Arc::new(values), Arc::new(faults)], None)));
    }
    let fields = arrays
        .iter()
        .enumerate()
        .map(|(index, array)| Field::new(format!("c{index}"), array.data_type().clone(), true));
    RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), arrays).unwrap()
}

/// Struct columns of a row of `layout`.
pub(super) fn width(layout: &Layout) -> usize {
    layout.width() - 2
}

/// Settles `rows` as they come, in one sink and one batch.
pub(super) fn settled(task: &Task, rows: &[TestRow]) -> Settled {
    cut(task, rows, 1, &[rows.len().max(1)]).unwrap()
}

/// Settles `rows` (in source order) with `sinks` sinks; batches have the given lengths in turn, and go to the sinks in an
/// order that depends on them.
pub(super) fn cut(task: &Task, rows: &[TestRow], sinks: usize, lengths: &[usize]) -> Result<Settled, Error> {
    cut_within(task, rows, sinks, lengths, Budget::unlimited())
}

/// The same with so much memory.
pub(super) fn cut_within(
    task: &Task,
    rows: &[TestRow],
    sinks: usize,
    lengths: &[usize],
    budget: Budget,
) -> Result<Settled, Error> {
    let folder = tempfile::tempdir().unwrap();
    let task = Arc::new(task.clone());
    let budget = Arc::new(budget);
    let mut all = Sink::all(&task, sinks, folder.path(), &budget).unwrap();
    let (mut at, mut turn) = (0, 0);
    while at < rows.len() {
        let length = lengths[turn % lengths.len()].clamp(1, rows.len() - at);
        let sink = (turn * 7 + length) % sinks;
        all[sink].push(&batch(&rows[at..at + length], width(&task.layout)))?;
        at += length;
        turn += 1;
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "temporary files have no names");
    settle(&task, all, folder.path(), &budget)
}

/// All that can be seen of a `Settled`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outcome {
    /// Per pass the text of the output.
    pub(super) outputs: Vec<String>,
    /// Line, code, related; sorted.
    pub(super) rejected: Vec<(u64, String, String)>,
    /// Line, line of the winner, its fate, what decided.
    pub(super) duplicates: Vec<(u64, u64, String, String)>,
    pub(super) counts: Counts,
    pub(super) fill: Vec<u64>,
    /// Code or fault number, column, rows.
    pub(super) warnings: Vec<(String, usize, u64)>,
    /// Code, rows, first line.
    pub(super) refusals: Vec<(String, u64, u64)>,
}

/// Reads the bytes of a pass.
pub(super) fn output(settled: &Settled, pass: usize) -> String {
    let mut text = Vec::new();
    let mut rows = 0;
    for extent in settled.extents(pass) {
        let mut bytes = vec![0; usize::try_from(extent.length).unwrap()];
        settled.files()[extent.file].read_exact_at(&mut bytes, extent.offset).unwrap();
        text.extend(bytes);
        rows += extent.rows;
    }
    assert_eq!(rows, settled.rows(pass).count() as u64);
    assert_eq!(text.len() as u64, settled.rows(pass).map(|extent| extent.length).sum::<u64>());
    String::from_utf8(text).unwrap()
}

/// Everything, in a form to compare.
pub(super) fn outcome(settled: &Settled) -> Outcome {
    let mut explainer = settled.explainer();
    let mut rejected: Vec<_> = settled
        .rejected()
        .map(|rejected| {
            let told = explainer.explain(&rejected, None).unwrap();
            (rejected.position.line, told.code.map_or("", |code| code.id).to_owned(), told.related)
        })
        .collect();
    rejected.sort();
    let duplicates = settled
        .duplicates()
        .map(|lost| (lost.position.line, lost.winner.line, lost.winner_fate.to_owned(), lost.decided_by.to_owned()));
    let counts = settled.counts;
    assert_eq!(counts.read, counts.rejected + counts.duplicate + counts.merged + counts.written, "{counts:?}");
    Outcome {
        outputs: (0..settled.passes).map(|pass| output(settled, pass)).collect(),
        rejected,
        duplicates: duplicates.collect(),
        counts,
        fill: settled.leave_out(|_, _| Ok::<_, std::io::Error>(())).unwrap(),
        warnings: settled
            .warnings
            .iter()
            .map(|warning| match warning.kind {
                WarningKind::Fault(fault) => (fault.to_string(), warning.column, warning.rows),
                WarningKind::Code(code) => (code.to_owned(), warning.column, warning.rows),
            })
            .collect(),
        refusals: settled
            .refusals
            .iter()
            .map(|refusal| (refusal.code.to_owned(), refusal.rows, refusal.first.line))
            .collect(),
    }
}
