//! Parquet, Arrow and NDJSON.

use std::fs::File;

use datafusion::arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array, StringArray,
};
use datafusion::arrow::datatypes::{Int32Type, SchemaRef};
use datafusion::arrow::ipc::writer::FileWriter;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;

use super::*;
use crate::resolve::FieldType;

/// Rows `first..end`.
fn batch(first: i64, end: i64) -> RecordBatch {
    let numbers: Vec<i64> = (first..end).collect();
    let names: Vec<Option<String>> =
        numbers.iter().map(|number| (number % 5 != 0).then(|| format!("a name of some length {number}"))).collect();
    let tiers: DictionaryArray<Int32Type> =
        numbers.iter().map(|number| if number % 2 == 0 { "gold" } else { "silver" }).collect();
    RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(numbers.clone())) as ArrayRef),
        ("name", Arc::new(StringArray::from(names)) as ArrayRef),
        ("tier", Arc::new(tiers) as ArrayRef),
        (
            "score",
            Arc::new(Float64Array::from_iter_values(numbers.iter().map(|number| *number as f64 / 2.0))) as ArrayRef,
        ),
        ("day", Arc::new(Date32Array::from_iter_values(numbers.iter().map(|number| *number as i32))) as ArrayRef),
        (
            "money",
            Arc::new(
                Decimal128Array::from_iter_values(numbers.iter().map(|number| i128::from(*number)))
                    .with_precision_and_scale(10, 2)
                    .unwrap(),
            ) as ArrayRef,
        ),
    ])
    .unwrap()
}

fn expected(rows: i64) -> Vec<String> {
    (0..rows)
        .map(|number| {
            let name = if number % 5 == 0 { "NULL".to_owned() } else { format!("a name of some length {number}") };
            let tier = if number % 2 == 0 { "gold" } else { "silver" };
            format!("{number}|{name}|{tier}|0|{}", number + 1)
        })
        .collect()
}

fn write_parquet(path: &Path, rows: i64, group: usize) {
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group)).build();
    let batch = batch(0, rows);
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn write_arrow(path: &Path, schema: SchemaRef, batches: &[RecordBatch]) {
    let mut writer = FileWriter::try_new(File::create(path).unwrap(), &schema).unwrap();
    batches.iter().for_each(|batch| writer.write(batch).unwrap());
    writer.finish().unwrap();
}

async fn check(folder: &Folder, name: &str, rows: i64) {
    for partitions in [1, 2, 8] {
        let source = folder.open(name);
        let sql = "select id, name, tier, _file, _line from t order by _file, _line";
        let found = joined(&query(source.table(), partitions, sql).await.unwrap());
        assert_eq!(found, expected(rows));
        let whole = all(source.table(), partitions).await.unwrap();
        assert_eq!(account(&source), (rows as u64, 0, 0));
        check_second_look(&source, &whole, partitions).await;
        let some =
            query(source.records(vec![(0, 3), (0, rows as u64)]), partitions, "select _line from t order by _line");
        assert_eq!(joined(&some.await.unwrap()), ["3".to_owned(), rows.to_string()]);
        let count = query(source.table(), partitions, "select count(*) from t").await.unwrap();
        assert_eq!(joined(&count), [rows.to_string()]);
    }
}

#[tokio::test]
async fn parquet_rows_are_numbered_across_row_groups() {
    let folder = Folder::new();
    write_parquet(&folder.path().join("a.parquet"), 50, 7);
    check(&folder, "a.parquet", 50).await;
    write_parquet(&folder.path().join("b.parquet"), 10_000, 1_000_000);
    check(&folder, "b.parquet", 10_000).await;
}

#[tokio::test]
async fn arrow_rows_are_numbered_across_batches() {
    let folder = Folder::new();
    let whole = batch(0, 40);
    let batches = [whole.slice(0, 3), whole.slice(3, 1), whole.slice(4, 0), whole.slice(4, 36)];
    write_arrow(&folder.path().join("a.arrow"), batches[0].schema(), &batches);
    check(&folder, "a.arrow", 40).await;
}

#[tokio::test]
async fn typed_files_keep_their_types() {
    let folder = Folder::new();
    write_parquet(&folder.path().join("a.parquet"), 3, 7);
    let types: Vec<(String, FieldType)> =
        folder.open("a.parquet").schema().fields.into_iter().map(|field| (field.name, field.field_type)).collect();
    let expected = [
        ("id", FieldType::Integer),
        ("name", FieldType::Text),
        ("tier", FieldType::Text),
        ("score", FieldType::Float),
        ("day", FieldType::Date),
        ("money", FieldType::Decimal),
    ];
    assert_eq!(types, expected.map(|(name, kind)| (name.to_owned(), kind)));
    let sql = "select sum(id), max(day), max(money) from t where score > 0";
    let rows = query(folder.open("a.parquet").table(), 2, sql).await.unwrap();
    assert_eq!(joined(&rows), ["3|1970-01-03|0.02"]);
}

#[tokio::test]
async fn a_column_of_two_types_is_the_wider_one_or_text() {
    let folder = Folder::new();
    let of = |column: &str, array: ArrayRef| RecordBatch::try_from_iter([(column, array)]).unwrap();
    let small = of("n", Arc::new(Int32Array::from(vec![1])));
    let large = of("n", Arc::new(Int64Array::from(vec![2])));
    let text = of("n", Arc::new(StringArray::from(vec!["x"])));
    write_arrow(&folder.path().join("1.arrow"), small.schema(), &[small]);
    write_arrow(&folder.path().join("2.arrow"), large.schema(), &[large]);
    let source = folder.open("*.arrow");
    assert_eq!(source.schema().fields[0].field_type, FieldType::Integer);
    assert_eq!(all(source.table(), 2).await.unwrap(), ["1|0|1", "2|1|1"]);
    write_arrow(&folder.path().join("3.arrow"), text.schema(), &[text]);
    folder.write("4.csv", "n\ny\n");
    let source = folder.open("*");
    assert_eq!(source.schema().fields[0].field_type, FieldType::Text);
    assert_eq!(all(source.table(), 2).await.unwrap(), ["1|0|1", "2|1|1", "x|2|1", "y|3|2"]);
}

#[tokio::test]
async fn damaged_files_are_errors_with_the_files_name() {
    let folder = Folder::new();
    for name in ["a.parquet", "a.arrow"] {
        folder.write(name, "");
        let error = folder.error(name);
        assert_eq!((error.code.id, error.file.as_deref()), ("S804", Some(name)));
        folder.write(name, "this is neither Parquet nor Arrow, just some text");
        assert_eq!(folder.error(name).code.id, "S804");
    }
    let path = folder.path().join("b.arrow");
    write_arrow(&path, batch(0, 4).schema(), &[batch(0, 4)]);
    let whole = fs::read(&path).unwrap();
    for at in (8..whole.len()).step_by(5) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xFF;
        fs::write(&path, &bytes).unwrap();
        // Whatever it is, it is no panic.
        if let Ok(source) = open(folder.definition("b.arrow")) {
            let _ = all(source.table(), 1).await;
        }
    }
    folder.write("c.parquet.gz", "x");
    assert_eq!(folder.error("c.parquet.gz").code.id, "S804");
}

#[tokio::test]
async fn json_lines_are_text_as_spelt() {
    let folder = Folder::new();
    let lines = concat!(
        "\u{FEFF}{\"id\": 1.10, \"name\": \"Zo\\u00eb, a name that is longer\", \"tags\": [1, {\"x\": 2}]}\r\n",
        "\n",
        "  \t\n",
        "{\"name\": \"plain text that stays where it is\", \"id\": null, \"late\": true}\n",
        "[1, 2]\n",
        "{\"id\": 3} {\"id\": 4}\n",
        "{\"id\": \"\"}"
    );
    folder.write("a.ndjson", lines);
    let rows = everywhere(folder.definition("a.ndjson")).await;
    assert_eq!(
        rows,
        [
            "1.10|Zoë, a name that is longer|[1, {\"x\": 2}]|NULL|0|1",
            "NULL|plain text that stays where it is|NULL|true|0|4",
            "|NULL|NULL|NULL|0|7"
        ]
    );
    let source = folder.open("a.ndjson");
    assert_eq!(account(&source), (5, 2, 2));
    assert_eq!(faults(&source), [("D507", 5), ("D507", 6)]);
    let raw = source.raw(&[(0, 5), (0, 6)]).unwrap();
    assert_eq!(raw[0], (0, 5, "[1, 2]".to_owned()));
    assert!(source.schema().open);
}

#[tokio::test]
async fn what_is_rejected_in_json_does_not_depend_on_the_columns_read() {
    let folder = Folder::new();
    folder.write(
        "a.jsonl",
        b"{\"a\": 1, \"b\": \"\\ud800\"}\n{\"a\": 2, \"b\": \"\xE9\"}\n{\"a\": 3, \"b\": 01}\n{\"a\": 4}\n",
    );
    for sql in ["select a from t", "select b from t", "select count(*) from t"] {
        let source = folder.open("a.jsonl");
        query(source.table(), 2, sql).await.unwrap();
        assert_eq!(faults(&source), [("D507", 1), ("D502", 2), ("D507", 3)], "{sql}");
    }
}

#[tokio::test]
async fn keys_that_come_late_can_be_asked_for() {
    let folder = Folder::new();
    let mut text = "{\"a\": 1}\n".repeat(1_200);
    text.push_str("{\"a\": 2, \"late\": \"yes\"}\n");
    folder.write("a.json", text);
    assert_eq!(folder.open("a.json").schema().fields.len(), 1);
    let mut definition = folder.definition("a.json");
    definition.asked = vec!["late".to_owned(), "a".to_owned()];
    let source = open(definition).unwrap();
    let rows = query(source.table(), 2, "select late, _line from t where late is not null").await.unwrap();
    assert_eq!(joined(&rows), ["yes|1201"]);
    assert_eq!(source.schema().field("late").unwrap().missing_in, Vec::<usize>::new());
}

#[tokio::test]
async fn a_json_line_over_the_limit_is_rejected_and_passed_over() {
    let folder = Folder::new();
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(300));
    folder.write("a.ndjson", format!("{{\"a\": 1}}\n{long}\n{{\"a\": 2}}\n"));
    let mut definition = folder.definition("a.ndjson");
    definition.csv.max_record = Some(crate::yaml::Spanned::new(100, crate::yaml::Span::new(0, 0)));
    let rows = everywhere(definition.clone()).await;
    assert_eq!(rows, ["1|0|1", "2|0|3"]);
    for piece_bytes in [1, 50, PIECE_BYTES] {
        let source = open(SourceDefinition { piece_bytes, ..definition.clone() }).unwrap();
        assert_eq!(faults(&source), [("D506", 2)]);
        assert_eq!(source.raw(&[(0, 2)]).unwrap(), [(0, 2, long[..100].to_owned())]);
    }
}
