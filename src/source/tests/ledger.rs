//! The account of a source: complete, and the same however often it is read.

use super::*;

fn folder() -> Folder {
    let folder = Folder::new();
    let mut text = "Id,Name\n".to_owned();
    for number in 0..300 {
        text.push_str(&match number % 10 {
            3 => "\n".to_owned(),
            7 => format!("{number},too,many\n"),
            _ => format!("{number},a\n"),
        });
    }
    folder.write("a.csv", &text);
    folder.write("b.csv", "Name,Id\nx,1\ny\n");
    folder
}

fn small(folder: &Folder) -> Arc<Source> {
    open(SourceDefinition { piece_bytes: 50, ..folder.definition("*.csv") }).unwrap()
}

fn counts(source: &Arc<Source>) -> Vec<(u64, u64, u64)> {
    source.files().iter().map(|file| (file.records, file.skipped, file.unreadable)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_scans_at_once_do_not_double_it() {
    let folder = folder();
    let source = small(&folder);
    let sql = r#"select count(*) from t as a join t as b on a._file = b._file and a._line = b._line"#;
    let rows = query(source.table(), 4, sql).await.unwrap();
    assert_eq!(joined(&rows), ["241"]);
    assert_eq!(counts(&source), [(270, 30, 30), (2, 0, 1)]);
    query(source.table(), 4, "select * from t").await.unwrap();
    assert_eq!(counts(&source), [(270, 30, 30), (2, 0, 1)]);
    assert_eq!(source.unreadable().len(), 31);
    let lines: Vec<(u32, u64)> = source.unreadable().iter().map(|record| (record.file, record.line)).collect();
    assert!(lines.is_sorted());
    assert_eq!(lines[30], (1, 3));
}

#[tokio::test]
async fn more_unreadable_records_than_there_is_memory_for_end_the_pass() {
    let folder = folder();
    let source = small(&folder);
    let left = std::sync::atomic::AtomicU64::new(100);
    let order = std::sync::atomic::Ordering::Relaxed;
    source.keep_within(move |bytes| left.fetch_update(order, order, |left| left.checked_sub(bytes)).is_ok());
    let error = source.complete().unwrap_err();
    assert_eq!(error.code.id, "L705");
    assert!(error.to_string().contains("so many records cannot be read"), "{error}");
}

#[tokio::test]
async fn a_scan_that_stops_early_is_no_account_and_can_be_completed() {
    let folder = folder();
    let source = small(&folder);
    query(source.table(), 1, "select * from t limit 1").await.unwrap();
    assert!(!source.is_scanned());
    assert_eq!(counts(&source), [(0, 0, 0), (0, 0, 0)]);
    source.complete().unwrap();
    assert_eq!(counts(&source), [(270, 30, 30), (2, 0, 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_can_be_run_again() {
    let folder = folder();
    let context = session(3);
    context.register_table("t", small(&folder).table()).unwrap();
    let plan = context.sql("select count(*) from t").await.unwrap().create_physical_plan().await.unwrap();
    for _ in 0..3 {
        let batches = datafusion::physical_plan::collect(Arc::clone(&plan), context.task_ctx()).await.unwrap();
        assert_eq!(joined(&cells(&batches)), ["241"]);
    }
    let sql = "with recursive n as (select 1 as i union all select i + 1 from n where i < 3) \
               select i, (select count(*) from t) from n order by i";
    let rows = query(small(&folder).table(), 3, sql).await.unwrap();
    assert_eq!(joined(&rows), ["1|241", "2|241", "3|241"]);
}

#[tokio::test]
async fn a_file_that_changes_ends_the_run() {
    let folder = folder();
    let source = small(&folder);
    folder.write("b.csv", "Name,Id\nx,1\ny,2\nz,3\n");
    let error = query(source.table(), 2, "select * from t").await.unwrap_err();
    let inside = SourceError::inside(&error).unwrap();
    assert_eq!((inside.code.id, inside.file.as_deref()), ("S805", Some("b.csv")));
    assert!(!source.is_scanned());

    let source = small(&folder);
    source.complete().unwrap();
    fs::remove_file(folder.path().join("a.csv")).unwrap();
    let error = query(source.records(vec![(1, 2)]), 2, "select * from t").await.unwrap_err();
    assert_eq!(SourceError::inside(&error).unwrap().code.id, "S805");
    assert_eq!(source.raw(&[(0, 9)]).unwrap_err().code.id, "S805");
}

#[tokio::test]
async fn a_file_that_changes_during_the_scan_ends_the_run() {
    let folder = folder();
    let source = small(&folder);
    let context = session(1);
    context.register_table("t", source.table()).unwrap();
    let mut stream = context.sql("select * from t").await.unwrap().execute_stream().await.unwrap();
    assert!(stream.try_next().await.unwrap().is_some());
    let path = folder.path().join("a.csv");
    let text = fs::read(&path).unwrap();
    fs::write(&path, [&text[..], b"9,z\n"].concat()).unwrap();
    let error = loop {
        match stream.try_next().await {
            Ok(batch) => assert!(batch.is_some(), "the change went unseen"),
            Err(error) => break error,
        }
    };
    assert_eq!(SourceError::inside(&error).unwrap().code.id, "S805");
}

#[tokio::test]
async fn an_engine_error_holds_the_source_error_through_operators() {
    let folder = folder();
    let source = small(&folder);
    folder.write("b.csv", "Name,Id\n");
    let sql = r#"select "Name", count(*) as n from t group by "Name" order by n"#;
    let error = query(source.table(), 4, sql).await.unwrap_err();
    assert_eq!(SourceError::inside(&error).unwrap().code.id, "S805");
}
