//! Judges a published folder without any code of the product: the `csv` crate reads, this file counts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

/// One row of the rejects file, by column.
pub type Row = BTreeMap<String, String>;

/// The rows of a CSV file, by column; none if it is not there.
pub fn rows(path: &Path) -> Vec<Row> {
    if !path.exists() {
        return Vec::new();
    }
    let mut reader = csv::ReaderBuilder::new().from_path(path).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader.records().map(|record| {
        let record = record.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        header.iter().cloned().zip(record.iter().map(str::to_owned)).collect()
    });
    rows.collect()
}

/// Where the records of one mapping went, as its files say.
pub struct Ledger {
    pub written: Vec<Row>,
    pub rejects: Vec<Row>,
    pub duplicates: Vec<Row>,
    /// The mapping's part of `run.json`.
    pub report: Value,
}

impl Ledger {
    /// Of the mapping `name` in the folder `out`.
    pub fn read(out: &Path, name: &str) -> Self {
        let text = std::fs::read_to_string(out.join("run.json")).unwrap();
        let run: Value = serde_json::from_str(&text).unwrap();
        let report = run["mappings"].as_array().unwrap().iter().find(|one| one["mapping"] == name).unwrap().clone();
        Self {
            written: rows(&out.join(format!("{name}.csv"))),
            rejects: rows(&out.join(format!("{name}.rejects.csv"))),
            duplicates: rows(&out.join(format!("{name}.duplicates.csv"))),
            report,
        }
    }

    /// Places of the records that were rejected, each once whatever its reasons.
    pub fn rejected_places(&self) -> BTreeSet<(String, u64)> {
        self.rejects.iter().map(place).collect()
    }

    /// Ends the test unless the files and `run.json` agree on the same balanced figures for `records` source records.
    #[track_caller]
    pub fn balances(&self, records: u64, skipped: u64) {
        let figure =
            |name: &str| self.report["rows"][name].as_u64().unwrap_or_else(|| panic!("rows.{name} is missing"));
        let parts = ["written", "rejected", "duplicate", "merged", "filtered", "skipped"];
        assert_eq!(figure("read"), parts.iter().map(|part| figure(part)).sum::<u64>(), "{}", self.report["rows"]);
        assert_eq!(figure("read"), records + skipped, "{}", self.report["rows"]);
        assert_eq!(figure("skipped"), skipped, "{}", self.report["rows"]);
        assert_eq!(figure("written"), self.written.len() as u64, "written");
        assert_eq!(figure("rejected"), self.rejected_places().len() as u64, "rejected");
        assert_eq!(figure("duplicate"), self.duplicates.len() as u64, "duplicate");
        let by_code = self.report["rejects"].as_object().unwrap().values();
        let reasons: u64 =
            by_code.flat_map(|columns| columns.as_object().unwrap().values()).map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(reasons, self.rejects.len() as u64, "reasons");
    }
}

/// File and line of a row of a report.
pub fn place(row: &Row) -> (String, u64) {
    (row["file"].clone(), row["line"].parse().unwrap())
}

/// The bytes of a file from the start of line `number` (from 1) on, as `tail -n +number` prints them.
pub fn from_line(bytes: &[u8], number: u64) -> &[u8] {
    let mut start = 0;
    for _ in 1..number {
        start += bytes[start..].iter().position(|byte| *byte == b'\n').expect("the file has that line") + 1;
    }
    &bytes[start..]
}

/// Ends the test unless the record that `record` shows starts exactly where `line` says in the CSV text `source`.
#[track_caller]
pub fn stands_there(source: &[u8], reject: &Row) {
    let record: Value = serde_json::from_str(&reject["record"]).unwrap_or_else(|error| panic!("{error}: {reject:?}"));
    let at = from_line(source, reject["line"].parse().unwrap());
    if let Some(raw) = record.get("_raw") {
        let raw = raw.as_str().unwrap();
        let text = String::from_utf8_lossy(at);
        assert!(text.starts_with(raw) && !raw.is_empty(), "line {}: {raw:?}\n{text:?}", reject["line"]);
        return;
    }
    let mut header = csv::ReaderBuilder::new().from_reader(source);
    let header = header.headers().unwrap().clone();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(at);
    let fields = reader.records().next().unwrap().unwrap();
    let shown = record.as_object().unwrap();
    assert_eq!(shown.len(), header.len(), "{reject:?}");
    for (name, field) in header.iter().zip(&fields) {
        let value = shown[name].as_str().unwrap_or_default();
        assert_eq!(value, field, "line {}, column {name}", reject["line"]);
    }
}
