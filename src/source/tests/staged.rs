//! Results of queries as sources.

use std::fs::File;

use datafusion::arrow::array::{ArrayRef, StringArray, UInt32Array, UInt64Array};
use datafusion::arrow::ipc::writer::FileWriter;

use super::*;
use crate::source::{open_staged, schema_of};

fn stage(folder: &Folder, files: Vec<Option<u32>>, lines: Vec<u64>, names: Vec<&str>) -> PathBuf {
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("_line", Arc::new(UInt64Array::from(lines)) as ArrayRef, true),
        ("name", Arc::new(StringArray::from(names)) as ArrayRef, true),
        ("_file", Arc::new(UInt32Array::from(files)) as ArrayRef, true),
    ])
    .unwrap();
    let path = folder.path().join("query.arrow");
    let mut writer = FileWriter::try_new(File::create(&path).unwrap(), &batch.schema()).unwrap();
    for row in 0..batch.num_rows() {
        writer.write(&batch.slice(row, 1)).unwrap();
    }
    writer.finish().unwrap();
    path
}

#[tokio::test]
async fn a_traceable_result_carries_the_records_it_comes_from() {
    let folder = Folder::new();
    let path = stage(&folder, vec![Some(1), Some(0), Some(1)], vec![9, 4, 9], vec!["x", "y", "z"]);
    let register = FileRegister::new();
    let source = open_staged(&path, "q", true, &register).unwrap();
    assert!(register.is_empty());
    assert_eq!(source.schema().fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["name"]);
    let rows = query(source.table(), 1, "select * from t").await.unwrap();
    assert_eq!(joined(&rows), ["x|1|9", "y|0|4", "z|1|9"]);
    let rows = query(source.records(vec![(1, 9)]), 1, "select name from t").await.unwrap();
    assert_eq!(joined(&rows), ["x", "z"]);
    assert_eq!(query(source.records(vec![(0, 5)]), 1, "select name from t").await.unwrap().len(), 0);
    source.complete().unwrap();
    assert_eq!(source.check_after_scan(), Ok(()));
}

#[tokio::test]
async fn rows_of_another_result_are_numbered() {
    let folder = Folder::new();
    let path = stage(&folder, vec![Some(1), Some(0), Some(1)], vec![9, 4, 9], vec!["x", "y", "z"]);
    let register = FileRegister::new();
    register.add("first.csv");
    let source = open_staged(&path, "q", false, &register).unwrap();
    assert_eq!(register.shown(1), "q");
    assert_eq!(all(source.table(), 2).await.unwrap(), ["x|1|1", "y|1|2", "z|1|3"]);
    assert_eq!(all(source.records(vec![(1, 2)]), 2).await.unwrap(), ["y|1|2"]);
    assert_eq!(schema_of(&source.table().schema()).fields, source.schema().fields);
}

#[tokio::test]
async fn a_traceable_row_without_its_record_is_an_error() {
    let folder = Folder::new();
    let path = stage(&folder, vec![Some(1), None], vec![9, 4], vec!["x", "y"]);
    let source = open_staged(&path, "q", true, &FileRegister::new()).unwrap();
    let error = query(source.table(), 1, "select * from t").await.unwrap_err();
    assert_eq!(SourceError::inside(&error).unwrap().code.id, "Q306");
}
