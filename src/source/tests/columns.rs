//! Columns: by name in every file, only those asked for, hidden ones.

use super::*;
use crate::resolve::FieldType;

fn names(source: &Arc<Source>) -> Vec<String> {
    source.schema().fields.iter().map(|field| field.name.clone()).collect()
}

#[tokio::test]
async fn columns_are_matched_by_name_in_every_file() {
    let folder = Folder::new();
    folder.write("a.csv", "Id,Name\n1,a\n");
    folder.write("b.csv", "Name,Extra,Id\nb,x,2\n");
    let rows = everywhere(folder.definition("*.csv")).await;
    assert_eq!(rows, ["1|a|NULL|0|2", "2|b|x|1|2"]);
    let schema = folder.open("*.csv").schema();
    assert_eq!(schema.files, ["a.csv", "b.csv"]);
    assert_eq!(schema.field("Extra").unwrap().missing_in, [0]);
    assert_eq!(schema.field("Id").unwrap().missing_in, Vec::<usize>::new());
    assert!(schema.fields.iter().all(|field| field.field_type == FieldType::Text));
    assert!(!schema.open);
    let lenient = SourceDefinition { missing_columns_empty: true, ..folder.definition("*.csv") };
    assert_eq!(open(lenient).unwrap().schema().field("Extra").unwrap().missing_in, Vec::<usize>::new());
}

#[tokio::test]
async fn the_second_column_of_a_name_has_a_number() {
    let folder = Folder::new();
    folder.write("a.csv", "Id,Name,Name\n1,a,b\n");
    let source = folder.open("a.csv");
    assert_eq!(names(&source), ["Id", "Name", "Name#2"]);
    assert!(source.schema().field("Name").unwrap().duplicated);
    assert!(!source.schema().field("Name#2").unwrap().duplicated);
    let rows = query(source.table(), 2, r#"select "Name#2", "Name" from t"#).await.unwrap();
    assert_eq!(joined(&rows), ["b|a"]);
}

#[tokio::test]
async fn only_the_columns_asked_for_are_made() {
    let folder = Folder::new();
    folder.write("a.csv", "a,b,c\n1,2,3\n4,5,6\n");
    let source = folder.open("a.csv");
    let context = session(2);
    context.register_table("t", source.table()).unwrap();
    let plan = context.sql("select c, _line from t").await.unwrap().create_physical_plan().await.unwrap();
    let shown = datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string();
    assert!(shown.contains("SourceExec: t, columns=[c, _line]"), "{shown}");
    let rows = query(source.table(), 2, "select c, _line from t order by _line").await.unwrap();
    assert_eq!(joined(&rows), ["3|2", "6|3"]);
    assert_eq!(joined(&query(source.table(), 2, "select count(*) from t").await.unwrap()), ["2"]);
}

#[tokio::test]
async fn order_by_file_and_line_needs_no_sort() {
    let folder = Folder::new();
    folder.write("a.csv", "a\n1\n2\n");
    let context = session(4);
    context.register_table("t", folder.open("a.csv").table()).unwrap();
    let frame = context.sql("select a from t order by _file, _line").await.unwrap();
    let plan = frame.create_physical_plan().await.unwrap();
    let shown = datafusion::physical_plan::displayable(plan.as_ref()).indent(false).to_string();
    assert!(!shown.contains("SortExec"), "{shown}");
    assert!(shown.contains("SortPreservingMergeExec"), "{shown}");
}

#[tokio::test]
async fn folders_with_an_equals_sign_are_columns() {
    let folder = Folder::new();
    folder.write("events/dt=2026-11-20/region=eu/x.csv", "a\n1\n");
    folder.write("events/dt=2026-11-21/x.csv", "a,region\n2,own\n");
    let rows = everywhere(folder.definition("events")).await;
    assert_eq!(rows, ["1|eu|2026-11-20|0|2", "2|own|2026-11-21|1|2"]);
    let rows = query(folder.open("events/dt=*/").table(), 1, "select a from t where dt > '2026-11-20'").await.unwrap();
    assert_eq!(joined(&rows), ["2"]);
}

#[tokio::test]
async fn an_empty_file_has_no_columns_and_lacks_none() {
    let folder = Folder::new();
    folder.write("a.csv", "");
    folder.write("b.csv", "Id\n1\n");
    let source = folder.open("*.csv");
    assert_eq!(source.schema().field("Id").unwrap().missing_in, Vec::<usize>::new());
    assert_eq!(everywhere(folder.definition("*.csv")).await, ["1|1|2"]);
}

#[tokio::test]
async fn a_source_of_empty_files_has_the_columns_asked_for_and_is_an_error_after_the_scan() {
    let folder = Folder::new();
    folder.write("a.csv", "");
    let mut definition = folder.definition("a.csv");
    definition.asked = vec!["Id".to_owned()];
    let source = open(definition.clone()).unwrap();
    assert!(source.schema().open);
    assert_eq!(names(&source), ["Id"]);
    assert_eq!(source.check_after_scan(), Ok(()));
    assert_eq!(query(source.table(), 2, r#"select "Id" from t"#).await.unwrap().len(), 0);
    let error = source.check_after_scan().unwrap_err();
    assert_eq!((error.code.id, error.message.as_str()), ("S802", "a.csv has no record"));
    definition.empty_is_ok = true;
    let source = open(definition).unwrap();
    source.complete().unwrap();
    assert_eq!(source.check_after_scan(), Ok(()));
}
