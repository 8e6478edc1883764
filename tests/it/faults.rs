//! One file with one of every fault: each is rejected for its own reason at its own line, the rest is published, and the
//! ledger balances.

use std::collections::BTreeMap;

use crate::binary::Place;
use crate::checker::{Ledger, place, stands_there};

const MAPPING: &str = r#"# One of every fault.
format: accounts
sources: {crm: {path: crm.csv, csv: {footer: {match: "^Total"}}}}
from: crm
where: "\"Type\" is distinct from 'Test'"
columns:
  account_id: Id
  account_name: Name
  Account Type: {column: Type, default: empty}
  parent_id: {column: Parent, default: empty}
  Status: {column: Status, values: [Active, Churned], default: empty}
  Contract Start Date: {column: Start, formats: [iso, "%m/%d/%Y", "%d/%m/%Y"], default: empty}
  seen_at: {column: Seen, type: date, formats: ["%Y-%m-%d %H:%M"], timezone: America/New_York, default: empty}
  Contract Value: {column: Value, default: empty}
  seats: {column: Seats, type: integer, default: empty}
  vip: {column: Vip, type: flag, default: empty}
  owner_mail: {column: Mail, type: email, default: empty}
  note: {column: Note, default: empty}
"#;

const HEADER: &str = "Id,Name,Type,Parent,Status,Start,Seen,Value,Seats,Vip,Mail,Note";

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Written,
    /// With this code, in this column.
    Rejected(&'static str, &'static str),
    Duplicate,
    Filtered,
    Skipped,
}

use Fate::{Duplicate, Filtered, Rejected, Skipped, Written};

fn records() -> Vec<(Vec<u8>, Fate)> {
    let row = |text: &str| text.as_bytes().to_vec();
    // Twelve fields, the named one set.
    let one = |id: &str, column: usize, value: &str| {
        let mut fields = vec![id, "a name", "", "", "", "", "", "", "", "", "", ""];
        fields[column] = value;
        fields.join(",").into_bytes()
    };
    let too_long = "x".repeat(513);
    vec![
        (
            row(
                "G1,good,Group,,Active,2024-01-31,2024-03-10 01:30,\"$1,234.50\",12,yes,a@b.example,\"two\nlines, and \ttab\"",
            ),
            Written,
        ),
        (row("F1,short"), Rejected("D501", "record")),
        (row("F2,long,,,,,,,,,,,too many"), Rejected("D501", "record")),
        (b"F3,caf\xe9,,,,,,,,,,".to_vec(), Rejected("D502", "record")),
        (row("F4,\"after\" the quote,,,,,,,,,,"), Rejected("D503", "record")),
        (one("F 5", 1, "bad id"), Rejected("V402", "account_id")),
        (one("", 1, "no id"), Rejected("V401", "account_id")),
        (one("1.23E+11", 1, "spreadsheet"), Rejected("V423", "account_id")),
        (one("F6", 5, "yesterday"), Rejected("V404", "Contract Start Date")),
        (one("F7", 5, "2024-02-30"), Rejected("V405", "Contract Start Date")),
        (one("F8", 5, "01/02/2024"), Rejected("V406", "Contract Start Date")),
        (one("F9", 6, "2024-03-10 02:30"), Rejected("V407", "seen_at")),
        (one("F10", 5, "1776-07-04"), Rejected("V408", "Contract Start Date")),
        (one("F11", 7, "1.234.5"), Rejected("V409", "Contract Value")),
        (one("F12", 8, "1.5"), Rejected("V410", "seats")),
        (one("F13", 10, "nobody"), Rejected("V412", "owner_mail")),
        (one("F14", 9, "maybe"), Rejected("V413", "vip")),
        (row(""), Skipped),
        (one("F15", 4, "active"), Rejected("V414", "Status")),
        (one("F16", 11, "\"say \"\"hi\"\"\""), Rejected("V415", "note")),
        (one("F17", 11, "bell\u{7}"), Rejected("V416", "note")),
        (one("F18", 11, &too_long), Rejected("V403", "note")),
        (one("D1", 1, "first"), Duplicate),
        (one("D1", 1, "\"second,\nof two lines\""), Duplicate),
        (one("D1", 1, "last"), Written),
        (one("H1", 3, "H1"), Rejected("K605", "parent_id")),
        (one("H2", 3, "H3"), Rejected("K606", "parent_id")),
        (one("H3", 3, "H4"), Rejected("K606", "parent_id")),
        (one("H4", 3, "H2"), Rejected("K606", "parent_id")),
        (one("H5", 3, "NOBODY"), Rejected("K603", "parent_id")),
        (one("H6", 3, "F6"), Rejected("K604", "parent_id")),
        (one("H7", 3, "H6"), Rejected("K604", "parent_id")),
        (one("T1", 2, "Test"), Filtered),
        (one("G2", 3, "G1"), Written),
        (row("O1,\"open,,,,,,,,,,"), Rejected("D504", "record")),
        (one("G3", 1, "after the open quote"), Written),
        (row("Total,35,,,,,,,,,,"), Skipped),
    ]
}

/// The file, and the line on which each record starts.
fn file(records: &[(Vec<u8>, Fate)]) -> (Vec<u8>, Vec<u64>) {
    let mut bytes = format!("{HEADER}\n").into_bytes();
    let mut lines = Vec::new();
    for (record, _) in records {
        lines.push(1 + bytes.iter().filter(|byte| **byte == b'\n').count() as u64);
        bytes.extend_from_slice(record);
        bytes.push(b'\n');
    }
    (bytes, lines)
}

fn set_up() -> (Place, Vec<u8>, Vec<(u64, Fate)>) {
    let records = records();
    let (bytes, lines) = file(&records);
    let place = Place::new(&[("accounts.yaml", MAPPING)]);
    place.write("crm.csv", &bytes);
    (place, bytes, lines.into_iter().zip(records.into_iter().map(|(_, fate)| fate)).collect())
}

#[test]
fn one_of_every_fault_is_rejected_at_its_line_for_its_reason() {
    let (project, source, fates) = set_up();
    project.go(&["run", "accounts.yaml"]).ends_with(0);
    let ledger = Ledger::read(&project.join("out"), "accounts");

    let of = |wanted: fn(&Fate) -> bool| fates.iter().filter(|(_, fate)| wanted(fate)).count() as u64;
    let skipped = of(|fate| *fate == Skipped);
    ledger.balances(fates.len() as u64 - skipped, skipped);
    assert_eq!(ledger.written.len() as u64, of(|fate| *fate == Written));
    assert_eq!(ledger.duplicates.len() as u64, of(|fate| *fate == Duplicate));
    assert_eq!(ledger.report["rows"]["filtered"], of(|fate| *fate == Filtered));

    let expected: BTreeMap<u64, (&str, &str)> = fates
        .iter()
        .filter_map(
            |(line, fate)| if let Rejected(code, column) = fate { Some((*line, (*code, *column))) } else { None },
        )
        .collect();
    let found: BTreeMap<u64, (&str, &str)> = ledger
        .rejects
        .iter()
        .map(|reject| (place(reject).1, (reject["code"].as_str(), reject["column"].as_str())))
        .collect();
    assert_eq!(found, expected);
    // One reason each, in the order of the lines.
    assert_eq!(ledger.rejects.len(), expected.len());
    assert!(ledger.rejects.is_sorted_by_key(|reject| place(reject).1));
    for reject in &ledger.rejects {
        assert_eq!(reject["file"], "crm.csv");
        assert!(!reject["message"].is_empty(), "{reject:?}");
        stands_there(&source, reject);
    }
}

#[test]
fn links_name_their_root_and_duplicates_their_winner() {
    let (project, _, fates) = set_up();
    project.go(&["run", "accounts.yaml"]).ends_with(0);
    let ledger = Ledger::read(&project.join("out"), "accounts");
    let related = |key: &str| ledger.rejects.iter().find(|reject| reject["key"] == key).unwrap()["related"].clone();
    assert_eq!(related("H6"), "F6");
    assert_eq!(related("H7"), "F6", "the root cause, not the parent between");
    assert_eq!(related("H5"), "NOBODY");

    let lines: Vec<u64> = fates.iter().filter(|(_, fate)| *fate == Duplicate).map(|(line, _)| *line).collect();
    for (duplicate, line) in ledger.duplicates.iter().zip(&lines) {
        assert_eq!(place(duplicate), ("crm.csv".to_owned(), *line));
        assert_eq!(duplicate["key"], "D1");
        // The winner stands after the loser of two lines.
        assert_eq!(duplicate["winner_line"], (lines[1] + 2).to_string());
        assert_eq!((duplicate["winner_fate"].as_str(), duplicate["decided_by"].as_str()), ("written", "last"));
    }
}

#[test]
fn a_refused_run_publishes_nothing_and_keeps_its_evidence() {
    let (project, source, fates) = set_up();
    project.write("crm.csv", format!("{HEADER}\nOLD,an older export,Group,,,,,,,,,\nTotal,1,,,,,,,,,,\n"));
    project.go(&["run", "accounts.yaml"]).ends_with(0);
    let before = crate::support::files(&project.join("out"));
    project.write("crm.csv", &source);

    let said = project.go(&["run", "accounts.yaml", "--fail-on-rejects"]).ends_with(4);
    let said = said.tells(&["[L701]", "not published  accounts (refused)"]);
    let evidence = said.err.lines().find_map(|line| line.strip_prefix("evidence")).unwrap().trim().to_owned();
    assert_eq!(crate::support::files(&project.join("out")), before, "the old files are untouched, run.json too");
    assert_eq!(project.leftovers(), [""; 0]);

    // The evidence is complete: every reject, every duplicate, and the figures.
    let evidence = crate::support::files(&project.join(&evidence));
    let run: serde_json::Value = serde_json::from_slice(&evidence["run.json"]).unwrap();
    assert_eq!((&run["status"], &run["mappings"][0]["status"]), (&"refused".into(), &"refused".into()));
    let rejected = fates.iter().filter(|(_, fate)| matches!(fate, Rejected(..))).count();
    assert_eq!(run["mappings"][0]["rows"]["rejected"], rejected);
    let mut reader = csv::Reader::from_reader(evidence["accounts.rejects.csv"].as_slice());
    assert_eq!(reader.records().count(), rejected);
    assert!(evidence.contains_key("accounts.duplicates.csv"));

    // The limit in the mapping does the same, and `--accept` lifts it.
    project.write("accounts.yaml", format!("{MAPPING}limits: {{rejects: 10}}\n"));
    project.go(&["run", "accounts.yaml"]).ends_with(4);
    assert_eq!(crate::support::files(&project.join("out")), before);
    project.go(&["run", "accounts.yaml", "--accept", "rejects"]).ends_with(0);
    assert_eq!(project.manifest()["accepted"][0], "rejects");
}
