//! CSV as text: cells, lines, records that cannot be read.

use super::*;
use crate::yaml::{Span, Spanned};

fn said<T>(value: T) -> Option<Spanned<T>> {
    Some(Spanned::new(value, Span::new(0, 0)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_cell_is_text_and_every_record_has_its_line() {
    let folder = Folder::new();
    folder
        .write("a.csv", "Id,Name\n007,\"Acme \"\"A\"\"\"\n\n8,\"two\nlines, long enough for a buffer\"\r\n9,\n10,\"\"");
    let rows = everywhere(folder.definition("a.csv")).await;
    assert_eq!(rows, ["007|Acme \"A\"|0|2", "8|two\nlines, long enough for a buffer|0|4", "9|NULL|0|6", "10|NULL|0|7"]);
    assert_eq!(account(&folder.open("a.csv")), (4, 1, 0));
}

#[tokio::test]
async fn lines_are_what_a_naive_count_says() {
    let folder = Folder::new();
    let mut text = "Id,Text\n".to_owned();
    let mut expected = Vec::new();
    for number in 0..500 {
        let line = text.matches('\n').count() + 1;
        match number % 7 {
            3 => text.push('\n'),
            5 => {
                text.push_str(&format!("{number},\"a\n{}\nb\"\n", "x".repeat(number)));
                expected.push(format!("{number}|a\n{}\nb|0|{line}", "x".repeat(number)));
            }
            _ => {
                text.push_str(&format!("{number},plain\n"));
                expected.push(format!("{number}|plain|0|{line}"));
            }
        }
    }
    folder.write("a.csv", text);
    assert_eq!(everywhere(folder.definition("a.csv")).await, expected);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_told_and_the_others_are_read() {
    let folder = Folder::new();
    folder.write("a.csv", b"Id,Name\n1,a\n2,b,c\n3\n4,\"x\"y\n5,\xE9\n6,f\n7,\"open\n8,h\n");
    let rows = everywhere(folder.definition("a.csv")).await;
    assert_eq!(rows, ["1|a|0|2", "6|f|0|7", "8|h|0|9"]);
    let source = folder.open("a.csv");
    assert_eq!(account(&source), (8, 0, 5));
    let found: Vec<(u64, &str, String)> =
        source.unreadable().iter().map(|record| (record.line, record.code.id, record.message.clone())).collect();
    assert_eq!(
        found,
        [
            (3, "D501", "3 fields, the header has 2".to_owned()),
            (4, "D501", "1 field, the header has 2: looks like a report's footer".to_owned()),
            (5, "D503", crate::diagnostic::find_code("D503").unwrap().title.to_owned()),
            (6, "D502", "character 3 (byte E9) is not UTF-8".to_owned()),
            (8, "D504", crate::diagnostic::find_code("D504").unwrap().title.to_owned()),
        ]
    );
}

#[tokio::test]
async fn the_raw_text_of_unreadable_records_can_be_had() {
    let folder = Folder::new();
    folder.write("a.csv", b"Id,Name\n1,a\n2,b,c\r\n4,\"x\"y\n5,\xE9\n6,f\n7,\"open\n8,h\n");
    for piece_bytes in [1, 5, PIECE_BYTES] {
        for scanned in [false, true] {
            let source = open(SourceDefinition { piece_bytes, ..folder.definition("a.csv") }).unwrap();
            if scanned {
                source.complete().unwrap();
            }
            let raw = source.raw(&[(0, 3), (0, 4), (0, 5), (0, 7)]).unwrap();
            let text = |line, text: &str| (0, line, text.to_owned());
            assert_eq!(raw, [text(3, "2,b,c"), text(4, "4,\"x\"y"), text(5, "5,\u{FFFD}"), text(7, "7,\"open")]);
        }
    }
}

#[tokio::test]
async fn limits_bound_fields_and_records() {
    let folder = Folder::new();
    let text = format!("a,b\n\"{}\",1\nx,2\n{},3\ny,4\n", "q".repeat(40), "r".repeat(90));
    folder.write("a.csv", text);
    let mut definition = folder.definition("a.csv");
    definition.csv.max_field = said(30);
    definition.csv.max_record = said(80);
    let rows = everywhere(definition.clone()).await;
    assert_eq!(rows, ["x|2|0|3", "y|4|0|5"]);
    let source = open(definition).unwrap();
    assert_eq!(faults(&source), [("D505", 2), ("D506", 4)]);
    assert_eq!(source.raw(&[(0, 4)]).unwrap()[0].2, "r".repeat(80));
}

#[tokio::test]
async fn other_delimiters_quotes_and_nulls() {
    let folder = Folder::new();
    folder.write("a.csv", "a;b\n'x;y';\\N\n'it\\'s';NULL\n\"q\";z\n");
    let mut definition = folder.definition("a.csv");
    definition.csv.delimiter = said(b';');
    definition.csv.quote = said(b'\'');
    definition.csv.escape = said(b'\\');
    definition.csv.nulls = ["\\N", "NULL"].map(|text| Spanned::new(text.to_owned(), Span::new(0, 0))).to_vec();
    let rows = everywhere(definition).await;
    assert_eq!(rows, ["x;y|NULL|0|2", "it's|NULL|0|3", "\"q\"|z|0|4"]);
    folder.write("b.tsv", "a\tb\n1,5\t2\n");
    assert_eq!(everywhere(folder.definition("b.tsv")).await, ["1,5|2|0|2"]);
}

#[tokio::test]
async fn a_dialect_that_cannot_be_is_an_error() {
    let folder = Folder::new();
    folder.write("a.csv", "a,b\n");
    let mut definition = folder.definition("a.csv");
    definition.csv.quote = said(b',');
    assert_eq!(open(definition).unwrap_err().code.id, "Y104");
}

#[tokio::test]
async fn a_file_of_carriage_returns_is_read() {
    let folder = Folder::new();
    folder.write("a.csv", "a,b\r1,x\r\r2,\"y\rz\"\r3,w");
    assert_eq!(everywhere(folder.definition("a.csv")).await, ["1|x|0|2", "2|y\rz|0|4", "3|w|0|6"]);
}

#[tokio::test]
async fn the_preamble_is_passed_over_and_lines_still_count_from_one() {
    let folder = Folder::new();
    folder.write("a.csv", "Report \"x\nmade today\n\na,b\n1,2\n");
    let mut definition = folder.definition("a.csv");
    definition.csv.preamble = said(2);
    assert_eq!(everywhere(definition).await, ["1|2|0|5"]);
}

#[tokio::test]
async fn a_file_without_a_header_is_given_one() {
    let folder = Folder::new();
    folder.write("a.csv", "1,2\n3,4\n");
    let mut definition = folder.definition("a.csv");
    definition.csv.header = Some(["x", "y"].map(|name| Spanned::new(name.to_owned(), Span::new(0, 0))).to_vec());
    assert_eq!(everywhere(definition).await, ["1|2|0|1", "3|4|0|2"]);
}

#[tokio::test]
async fn a_header_that_cannot_be_used_is_an_error_with_the_files_name() {
    let folder = Folder::new();
    folder.write("a.csv", "\"a\"b,c\n1,2\n");
    let error = folder.error("a.csv");
    assert_eq!((error.code.id, error.file.as_deref()), ("S806", Some("a.csv")));
    assert!(error.message.contains("a.csv: line 1"), "{}", error.message);
    folder.write("a.csv", ",,\n1,2,3\n");
    assert_eq!(folder.error("a.csv").code.id, "S806");
    folder.write("a.csv", "a,_line\n1,2\n");
    let error = folder.error("a.csv");
    assert_eq!(error.code.id, "S806");
    assert!(error.message.contains("`_line`"), "{}", error.message);
}

#[tokio::test]
async fn long_files_are_the_same_however_they_are_cut() {
    let folder = Folder::new();
    let mut text = "id,text,more\n".to_owned();
    for number in 0..40_000 {
        let stray = if number % 9_001 == 9_000 { "a\" stray" } else { "plain text of some length" };
        text.push_str(&format!("{number},{stray},\"q{number}\"\n"));
    }
    folder.write("a.csv", &text);
    let whole = all(open(SourceDefinition { piece_bytes: 64 << 20, ..folder.definition("a.csv") }).unwrap().table(), 1);
    let whole = whole.await.unwrap();
    assert_eq!(whole.len(), 40_000);
    for piece_bytes in [5_000, PIECE_BYTES] {
        let source = open(SourceDefinition { piece_bytes, ..folder.definition("a.csv") }).unwrap();
        assert_eq!(all(source.table(), 8).await.unwrap(), whole);
        check_second_look(&source, &whole, 2).await;
        let one = all(source.records(vec![(0, 39_000)]), 2).await.unwrap();
        assert_eq!(one, [whole[38_998].clone()]);
    }
}
