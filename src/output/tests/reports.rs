//! Rejects, duplicates, `run.json`, evidence: read back by others.

use std::fs;

use proptest::prelude::*;

use super::{home, mapping_report, run_report, stage};
use crate::diagnostic::{Severity, code};
use crate::mapping::RejectRecord;
use crate::output::{
    Disclosure, Duplicate, DuplicatesWriter, Evidence, Lock, Place, Record, Reject, RejectsFile, RejectsWriter, Rows,
    RunReport, Staging, Status, find_run, runs,
};

fn reject<'a>(column: &'a str, value: &'a str, line: u64, record: Record<'a>) -> Reject<'a> {
    Reject {
        code: &code::NOT_A_DATE,
        severity: Severity::Error,
        column,
        source_column: column,
        value,
        message: value,
        key: "001A",
        file: "data/crm.csv",
        line,
        related: "",
        record,
    }
}

/// What the `csv` crate reads in a rejects file of `rejects`.
fn written(disclosure: Disclosure, rejects: &[Reject<'_>]) -> (RejectsFile, Vec<Vec<String>>) {
    let home = home();
    let lock = Lock::take(home.path(), "run").unwrap();
    let staging = Staging::begin(&lock, None, "run").unwrap();
    let mut writer = RejectsWriter::new(&staging, "accounts", disclosure);
    for reject in rejects {
        writer.push(reject).unwrap();
    }
    let file = writer.finish().unwrap();
    let rows = file.staged.as_ref().map(|staged| read_csv(&fs::read(&staged.path).unwrap())).unwrap_or_default();
    (file, rows)
}

fn read_csv(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

const FIELDS: &[(&str, Option<&str>)] = &[("Id", Some("001A")), ("Date", Some("soon")), ("Note", None)];

#[test]
fn a_record_stands_once_and_each_reason_is_counted() {
    let (file, rows) = written(
        Disclosure::default(),
        &[
            reject("Date", "soon", 7, Record::Fields(FIELDS)),
            reject("Start", "later", 7, Record::Fields(FIELDS)),
            reject("record", "", 9, Record::Raw(b"a,\"b\xFF")),
        ],
    );
    assert_eq!(rows[0].join(","), "code,severity,column,source_column,value,message,key,file,line,related,record");
    let record = r#"{"Id":"001A","Date":"soon","Note":null}"#;
    assert_eq!(rows[1], ["V404", "error", "Date", "Date", "soon", "soon", "001A", "data/crm.csv", "7", "", record]);
    assert_eq!(rows[2][10], "");
    assert_eq!(rows[3][10], "{\"_raw\":\"a,\\\"b\u{FFFD}\"}");
    assert_eq!(serde_json::to_string(&file.counts).unwrap(), r#"{"V404":{"Date":1,"Start":1,"record":1}}"#);
    assert_eq!(file.staged.unwrap().file.rows, 3);
}

#[test]
fn redacted_columns_show_in_no_field() {
    let disclosure = Disclosure { redact: vec!["Date".into()], ..Disclosure::default() };
    let list = [
        reject("Date", "soon", 7, Record::Fields(FIELDS)),
        reject("Id", "001A", 8, Record::Raw(b"001A,soon")),
        reject("Date", "", 9, Record::Fields(&[])),
    ];
    let (_, rows) = written(disclosure, &list);
    assert!(!format!("{rows:?}").contains("soon"), "{rows:?}");
    assert_eq!(rows[1][4..6], ["[redacted]", "a value matches none of the date layouts"]);
    assert_eq!(rows[1][10], r#"{"Id":"001A","Date":"[redacted]","Note":null}"#);
    assert_eq!((rows[2][4].as_str(), rows[2][10].as_str()), ("001A", r#"{"_raw":"[redacted]"}"#));
    assert_eq!(rows[3][4], "");
}

#[test]
fn a_redacted_key_shows_in_no_report() {
    let disclosure =
        Disclosure { redact: vec!["Id".into()], key_columns: vec!["Id".into()], record: RejectRecord::Full };
    let mut orphan = reject("Parent", "001P", 7, Record::Fields(FIELDS));
    (orphan.message, orphan.related) = ("parent `001A` is not written", "001A");
    let (_, rows) = written(disclosure.clone(), &[orphan]);
    assert!(!format!("{rows:?}").contains("001A"), "{rows:?}");
    assert_eq!((rows[1][6].as_str(), rows[1][9].as_str()), ("[redacted]", "[redacted]"));

    let home = home();
    let lock = Lock::take(home.path(), "run").unwrap();
    let staging = Staging::begin(&lock, None, "run").unwrap();
    let mut writer = DuplicatesWriter::new(&staging, "accounts", disclosure);
    let (file, fate) = ("data/crm.csv", "written");
    let loser = Duplicate {
        key: "001A",
        file,
        line: 2,
        winner_file: file,
        winner_line: 9,
        winner_fate: fate,
        decided_by: "last",
    };
    writer.push(&loser).unwrap();
    let text = fs::read_to_string(writer.finish().unwrap().unwrap().path).unwrap();
    assert!(text.ends_with("[redacted],data/crm.csv,2,data/crm.csv,9,written,last\r\n"), "{text}");
}

#[test]
fn a_record_can_be_left_out_or_cut_down_to_its_key() {
    let list = [reject("Date", "soon", 7, Record::Fields(FIELDS)), reject("record", "", 8, Record::Raw(b"001A"))];
    let key = Disclosure { record: RejectRecord::Key, key_columns: vec!["Id".into()], redact: Vec::new() };
    let (_, rows) = written(key, &list);
    assert_eq!((rows[1][10].as_str(), rows[2][10].as_str()), (r#"{"Id":"001A"}"#, ""));
    let (_, rows) = written(Disclosure { record: RejectRecord::None, ..Disclosure::default() }, &list);
    assert_eq!((rows[1][10].as_str(), rows[2][10].as_str()), ("", ""));
}

#[test]
fn empty_reports_are_no_files() {
    let home = home();
    let lock = Lock::take(home.path(), "run").unwrap();
    let staging = Staging::begin(&lock, None, "run").unwrap();
    assert_eq!(RejectsWriter::new(&staging, "accounts", Disclosure::default()).finish().unwrap().staged, None);
    assert_eq!(DuplicatesWriter::new(&staging, "accounts", Disclosure::default()).finish().unwrap(), None);
    assert_eq!(fs::read_dir(home.path().join(".tanguero-run")).unwrap().count(), 0);
}

proptest! {
    #[test]
    fn whatever_stands_in_a_report_is_read_back(text in "\\PC*|[,;'\"\r\nax]{0,12}", line: u64, name in "[a\"\\\\\u{1}é]{0,4}") {
        let fields = [(name.as_str(), Some(text.as_str())), ("Note", None)];
        let (_, rows) = written(Disclosure::default(), &[reject("Date", &text, line, Record::Fields(&fields))]);
        prop_assert_eq!(&rows[1][4], &text);
        prop_assert_eq!(&rows[1][8], &line.to_string());
        let record: serde_json::Value = serde_json::from_str(&rows[1][10]).unwrap();
        prop_assert_eq!(record, serde_json::json!({ &name: text, "Note": null }));

        let home = home();
        let lock = Lock::take(home.path(), "run").unwrap();
        let staging = Staging::begin(&lock, None, "run").unwrap();
        let mut writer = DuplicatesWriter::new(&staging, "accounts", Disclosure::default());
        let file = name.as_str();
        writer.push(&Duplicate {
            key: &text, file, line, winner_file: "b", winner_line: 9, winner_fate: "written", decided_by: "last",
        }).unwrap();
        let rows = read_csv(&fs::read(writer.finish().unwrap().unwrap().path).unwrap());
        prop_assert_eq!(&rows[1], &[&text, file, &line.to_string(), "b", "9", "written", "last"]);
    }

    #[test]
    fn a_ledger_balances_only_if_nothing_is_lost(ends in proptest::array::uniform6(0_u64..1000), off in -2_i64..3) {
        let [skipped, filtered, rejected, duplicate, merged, written] = ends;
        let read = ends.iter().sum::<u64>() + 2;
        let read = read.checked_add_signed(off).unwrap();
        let rows = Rows { read, skipped, filtered, rejected, duplicate, merged, written, unchanged: 0 };
        prop_assert_eq!(rows.balances(), off == -2);
    }
}

#[test]
fn a_ledger_that_overflows_does_not_balance() {
    assert!(!Rows { skipped: u64::MAX, written: 1, ..Rows::default() }.balances());
}

#[test]
fn run_json_begins_as_documented() {
    let mut report = run_report("20261121T204135Z-3f9a", false);
    let mut mapping = mapping_report("accounts", Status::Published, &[]);
    mapping.fill = [("account_id", 2_u64), ("Notes", 0)].into_iter().collect();
    mapping.rejects.add("V404", "Start", 2);
    mapping.rejects.add("V404", "Never", 0);
    report.mappings = vec![mapping];
    let text = String::from_utf8(report.to_json()).unwrap();
    let flat: String = text.split_whitespace().collect();
    let rows = r#"{"read":0,"skipped":0,"filtered":0,"rejected":0,"duplicate":0,"merged":0,"written":0}"#;
    let documented = format!(
        r#"{{"version":1,"run_id":"20261121T204135Z-3f9a","status":"published","as_of":"2026-11-21","mappings":[{{"mapping":"accounts","format":"accounts","status":"published","rows":{rows},"rejects":{{"V404":{{"Start":2}}}},"warnings":{{}},"fill":{{"account_id":2,"Notes":0}},"outputs":[],"files":[],"seconds":{{}},"#
    );
    assert!(flat.starts_with(&documented), "{flat}");
    assert_eq!(serde_json::from_str::<RunReport>(&text).unwrap(), report);
}

#[test]
fn a_report_of_a_newer_program_is_read() {
    let home = home();
    let text = r#"{"version": 2, "run_id": "x", "status": "deferred", "mood": 1, "mappings": [
        {"mapping": "accounts", "colour": "blue", "outputs": [{"file": "a.csv", "rows": 1, "bytes": 2, "xxh3": "0", "sha": 1}]}]}"#;
    fs::write(home.path().join("run.json"), text).unwrap();
    let report = RunReport::read(home.path()).unwrap().unwrap();
    assert_eq!((report.status, report.mapping("accounts").unwrap().outputs[0].bytes), (Status::Unknown, 2));
    assert_eq!(RunReport::read(&home.path().join("nowhere")).unwrap(), None);
}

#[test]
fn evidence_of_the_last_thirty_runs_outlives_the_next_publish() {
    let home = home();
    let state = home.path().join(".tanguero");
    for number in 0..33 {
        let run_id = format!("202611{:02}T000000Z-aaaa", number % 28 + 1 + number / 28);
        let run_id = format!("{run_id}{number:02}");
        let lock = Lock::take(&home.path().join("out"), &run_id).unwrap();
        let staging = Staging::begin(&lock, None, &run_id).unwrap();
        let report = stage(&staging, Place::Reports, "accounts.rejects.csv", &run_id);
        let evidence = Evidence::begin(&state, None, &run_id).unwrap();
        evidence.add(&report).unwrap();
        drop(staging);
        evidence.finish(&run_report(&run_id, false)).unwrap();
        assert_eq!(fs::read_to_string(evidence.folder().join("accounts.rejects.csv")).unwrap(), run_id);
        assert_eq!(super::contents(evidence.folder()).len(), 2);
    }
    fs::create_dir(state.join("runs/99999999T000000Z-killed")).unwrap();
    assert_eq!(fs::read_to_string(state.join(".gitignore")).unwrap(), "*\n");
    assert_eq!(runs(&state).unwrap().len(), 31);
    let newest = find_run(&state, None).unwrap().unwrap();
    assert!(newest.join("run.json").is_file());
    assert_eq!(find_run(&state, Some("2026-11-20")).unwrap(), find_run(&state, Some("20261120T000000Z")).unwrap());
    assert!(find_run(&state, Some("2026-11-20")).unwrap().is_some());
    assert_eq!(find_run(&state, Some("2025-01-01")).unwrap(), None);
    assert_eq!(find_run(&home.path().join("nowhere"), None).unwrap(), None);
}
