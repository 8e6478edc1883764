//! Where a record ended: found again in reports and outputs.

use std::fs;
use std::path::Path;

use super::{home, mapping_report, run_report};
use crate::diagnostic::{Severity, code};
use crate::output::{
    Disclosure, Duplicate, DuplicatesWriter, Evidence, Finding, Lock, Place, Problem, PublishPlan, Record, Reject,
    RejectsWriter, Staging, Status, render, why,
};

const OUTPUT: &str = "account_id,Notes\r\n001A,\"two\r\nlines, one row\"\r\n001B,\r\n0010000000abcde,x\r\n";

/// A run with its output, rejects and duplicates; gives the evidence folder.
fn run(base: &Path, run_id: &str, output: &str, status: Status) -> std::path::PathBuf {
    let lock = Lock::take(&base.join("out"), run_id).unwrap();
    let staging = Staging::begin(&lock, None, run_id).unwrap();
    let mut staged = vec![super::stage(&staging, Place::Output, "accounts.csv", output)];
    let mut rejects = RejectsWriter::new(&staging, "accounts", Disclosure::default());
    let mut reject = Reject {
        code: &code::NOT_A_DATE,
        severity: Severity::Error,
        column: "Renewal",
        source_column: "Renewal Date",
        value: "soon",
        message: "`soon` matches no layout",
        key: "001P",
        file: "data/crm.csv",
        line: 7,
        related: "",
        record: Record::Fields(&[("Id", Some("001P"))]),
    };
    rejects.push(&reject).unwrap();
    for (key, line) in [("C1", 8), ("C2", 9), ("C2", 9), ("C3", 10), ("C4", 11), ("C5", 12), ("C6", 13)] {
        (reject.key, reject.line, reject.related, reject.column) = (key, line, "001P", "parent_id");
        (reject.code, reject.value, reject.message) = (&code::YAML_SYNTAX, "001P", "parent `001P` is not written");
        rejects.push(&reject).unwrap();
    }
    (reject.key, reject.line, reject.related, reject.column) = ("", 20, "", "account_id");
    (reject.code, reject.value, reject.message) = (&code::BAD_ID, "00 1A\t", "a space in an id");
    rejects.push(&reject).unwrap();
    staged.extend(rejects.finish().unwrap().staged);
    let mut duplicates = DuplicatesWriter::new(&staging, "accounts", Disclosure::default());
    let (file, winner_fate, decided_by) = ("data/crm.csv", "written", "last");
    duplicates
        .push(&Duplicate { key: "001A", file, line: 2, winner_file: file, winner_line: 3, winner_fate, decided_by })
        .unwrap();
    staged.extend(duplicates.finish().unwrap());
    let mut report = run_report(run_id, false);
    let mut mapping = mapping_report("accounts", status, &staged);
    mapping.key = vec![0];
    mapping.columns = vec!["account_id".into(), "Notes".into()];
    if status != Status::Published {
        mapping.problem = Some(Problem { code: "L701".into(), message: "2 of 3 records are rejected".into() });
    }
    report.mappings = vec![mapping];
    let evidence = Evidence::begin(&base.join(".tanguero"), None, run_id).unwrap();
    for report in staged.iter().filter(|file| file.place == Place::Reports) {
        evidence.add(report).unwrap();
    }
    evidence.finish(&report).unwrap();
    if status == Status::Published {
        staging.publish(PublishPlan { files: staged, remove: Vec::new(), manifest: report.to_json() }).unwrap();
    }
    evidence.folder().to_path_buf()
}

fn told(evidence: &Path, base: &Path, key: &str) -> String {
    render(&why(evidence, base, "accounts", key).unwrap())
}

#[test]
fn a_record_is_found_where_it_ended() {
    let home = home();
    let evidence = run(home.path(), "1", OUTPUT, Status::Published);
    let told = |key| told(&evidence, home.path(), key);
    assert_eq!(
        told("001A"),
        "written: accounts.csv:2\n  account_id = 001A\n  Notes = two\\r\\nlines, one row\n\
         duplicate: data/crm.csv:2 lost to data/crm.csv:3, which was written (decided by last)\n"
    );
    assert_eq!(told("001B"), "written: accounts.csv:4\n  account_id = 001B\n  Notes is empty\n");
    let cure = code::NOT_A_DATE.cure;
    assert_eq!(
        told("001P"),
        format!(
            "rejected: data/crm.csv:7: V404 in `Renewal`: `soon` matches no layout\n  value: soon\n  cure: {cure}\n\
             took along: 6 records\n  `C1` at data/crm.csv:8\n  `C2` at data/crm.csv:9\n  `C3` at data/crm.csv:10\n  \
             `C4` at data/crm.csv:11\n  `C5` at data/crm.csv:12\n  and 1 more\n"
        )
    );
    assert!(
        told("C6").contains("parent `001P` is not written\n  value: 001P\n  root cause: `001P`\n"),
        "{}",
        told("C6")
    );
    assert!(told("00 1A\t").starts_with("rejected: data/crm.csv:20: V402 in `account_id`: a space"));
}

#[test]
fn a_key_that_is_nowhere_has_neighbours() {
    let home = home();
    let evidence = run(home.path(), "1", OUTPUT, Status::Published);
    let told = |key| told(&evidence, home.path(), key);
    let nowhere = "not found: neither written nor rejected nor a duplicate\n";
    assert_eq!(told("001a"), format!("{nowhere}  near: `001A`, `001B`, `001P`\n"));
    assert_eq!(told("0010000000abcdeXYZ"), format!("{nowhere}  near: `0010000000abcde`\n"));
    assert_eq!(told("something else"), nowhere);
    let found = why(&evidence, home.path(), "users", "001A").unwrap();
    assert_eq!(render(&found), "run 1 had no mapping `users`\n");
}

#[test]
fn case_is_ignored_where_the_key_ignores_it() {
    let home = home();
    let evidence = run(home.path(), "1", OUTPUT, Status::Published);
    let text = fs::read_to_string(evidence.join("run.json")).unwrap();
    fs::write(evidence.join("run.json"), text.replace("\"key\": [", "\"key_ignores_case\": true,\n\"key\": ["))
        .unwrap();
    assert!(told(&evidence, home.path(), "001a").starts_with("written: accounts.csv:2\n"));
}

#[test]
fn an_older_run_is_told_from_its_reports_alone() {
    let home = home();
    let first = run(home.path(), "1", OUTPUT, Status::Published);
    let second = run(home.path(), "2", &OUTPUT.replace("001B", "001Z"), Status::Published);
    let told = |evidence: &Path| told(evidence, home.path(), "001B");
    assert!(
        told(&first).starts_with("the files of this run have been replaced by run 2\nnot found"),
        "{}",
        told(&first)
    );
    assert!(told(&second).starts_with("not found: "));
    let third = run(home.path(), "3", OUTPUT, Status::Refused);
    let text = told(&third);
    assert!(
        text.starts_with("not published: the mapping was refused: 2 of 3 records are rejected\nnot found"),
        "{text}"
    );
    // A refused run has replaced nothing.
    assert!(told(&second).starts_with("not found: "));
    fs::remove_dir_all(home.path().join("out")).unwrap();
    assert!(told(&second).starts_with("the files of this run are gone\n"));
}

#[test]
fn a_killed_run_has_no_evidence() {
    let home = home();
    let error = why(home.path(), home.path(), "accounts", "001A").unwrap_err();
    assert!(error.to_string().ends_with("run.json` is not there: the run was killed"), "{error}");
}

#[test]
fn long_records_and_many_are_read() {
    let home = home();
    let mut output = String::from("account_id,Notes\r\n");
    for number in 0..30_000 {
        let long = if number % 10_000 == 7 { 1_500_000 } else { 3 };
        output += &format!("A{number},\"{}\r\n\"\r\n", "x,".repeat(long));
    }
    let evidence = run(home.path(), "1", &output, Status::Published);
    let found = why(&evidence, home.path(), "accounts", "A29999").unwrap();
    let [Finding::Written { line: 60_000, fields, .. }] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(fields[1].1, "x,x,x,\r\n");
    let found = why(&evidence, home.path(), "accounts", "A20007").unwrap();
    assert!(matches!(found.as_slice(), [Finding::Written { fields, .. }] if fields[1].1.len() == 3_000_002));
}
