//! `tanguero diff A B` as a user sees it: files, output folders, evidence.

use std::fs;

use serde_json::Value;

use crate::binary::Place;

const PROJECT: &str = "sources: {crm: {path: data/crm.csv}, people: {path: data/people.csv}}\n";
const ACCOUNTS: &str = "format: accounts
from: crm
columns:
  account_id: Id
  account_name: Name
  Status: {column: Stage, default: empty}
";
const USERS: &str = "format: users
from: people
columns: {user_id: Mail, account_id: Id, First Name: {column: First, default: empty}}
";

fn project() -> Place {
    Place::new(&[
        ("tanguero.yaml", PROJECT),
        ("mappings/accounts.yaml", ACCOUNTS),
        ("mappings/users.yaml", USERS),
        ("data/crm.csv", "Id,Name,Stage\nA1,One,Active\nA2,\"Two, Ltd\",Trial\nA3,Three,Trial\n"),
        ("data/people.csv", "Mail,Id,First\na@x.example,A1,Ann\na@x.example,A2,Ann\n"),
    ])
}

/// Two nights, the second published to another folder.
fn two_nights() -> Place {
    let place = project();
    place.go(&["run", "--out", "one"]).ends_with(0);
    place.write("data/crm.csv", "Id,Name,Stage\nA3,Three,\nA2,\"Two, Ltd\",Active\nA4,Four,Trial\n");
    place.write("mappings/users.yaml", USERS.replace("First Name:", "Last Name:"));
    place.go(&["run", "--out", "two"]).ends_with(0);
    place
}

#[test]
fn folders_are_compared_mapping_by_mapping() {
    let place = two_nights();
    let said = place.go(&["diff", "one", "two"]).ends_with(0);
    assert_eq!(
        said.out,
        "accounts: two/accounts.csv, against one/accounts.csv
rows      3 before, 3 now: 2 changed, 1 added, 1 removed
  added: A4
  removed: A1
attribute `Status`: 1 changed, 1 now emptied
  A3: `Trial` → (empty)
users: two/users.csv, against one/users.csv
rows      2 before, 2 now: 0 changed, 0 added, 0 removed
header    added: `Last Name`
header    removed: `First Name`
"
    );
    let said = place.go(&["diff", "one", "one"]).ends_with(0);
    assert!(
        said.out.contains("accounts: one/accounts.csv, against one/accounts.csv\nidentical, byte for byte: 3 rows\n")
    );
    fs::rename(place.join("two/run.json"), place.join("two/other.json")).unwrap();
    place.go(&["diff", "one", "two"]).ends_with(2).tells(&["`two` has no run.json"]);
}

#[test]
fn every_change_is_told_on_request() {
    let place = two_nights();
    let said = place.go(&["diff", "one/accounts.csv", "two/accounts.csv", "--all"]).ends_with(0);
    let cells = "accounts
  ~ A3 `Status`: `Trial` → (empty)
  ~ A2 `Status`: `Trial` → `Active`
  + A4
  - A1
accounts: two/accounts.csv, against one/accounts.csv
";
    assert!(said.out.starts_with(cells), "{}", said.out);
    let said = place.go(&["diff", "one/accounts.csv", "two", "--all", "--message-format", "json"]).ends_with(0);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["change", "change", "change", "change", "difference"]);
    assert_eq!(lines[1]["cells"][0]["now"], "Active");
    assert_eq!((&lines[4]["key"][0], &lines[4]["rows"]["same"]), (&"account_id".into(), &0.into()));
}

#[test]
fn the_key_comes_from_flags_from_run_json_or_from_the_header() {
    let place = two_nights();
    // Away from its run.json, the header tells.
    fs::copy(place.join("one/accounts.csv"), place.join("a.csv")).unwrap();
    fs::copy(place.join("two/accounts.csv"), place.join("b.csv")).unwrap();
    let said = place.go(&["diff", "a.csv", "b.csv"]).ends_with(0);
    assert!(said.out.contains("2 changed, 1 added, 1 removed"), "{}", said.out);
    let said = place.go(&["diff", "a.csv", "b.csv", "--key", "account_name"]).ends_with(0);
    assert!(said.out.contains("  added: Four\n"), "{}", said.out);
    place.write("c.csv", "number,name\n1,x\n");
    place.write("d.csv", "number,name\n1,y\n");
    place.go(&["diff", "c.csv", "d.csv"]).ends_with(2).tells(&["say `--format NAME`, or its key with `--key COLUMN`"]);
    place.go(&["diff", "c.csv", "d.csv", "--key", "id"]).ends_with(2).tells(&["it has number, name"]);
    place.go(&["diff", "c.csv", "d.csv", "--format", "users"]).ends_with(2).tells(&["has no account_id, user_id"]);
    let said = place.go(&["diff", "c.csv", "d.csv", "--key", "number"]).ends_with(0);
    assert!(said.out.contains("attribute `name`: 1 changed\n  1: `x` → `y`"), "{}", said.out);
    place.write("e.csv", "");
    place.go(&["diff", "e.csv", "d.csv", "--key", "number"]).ends_with(1).tells(&["F208", "is empty"]);
    place.go(&["diff", "a.csv"]).ends_with(2);
    place.go(&["diff", "a.csv", "nothing"]).ends_with(2).tells(&["is no file, no folder, and no run kept in"]);
}

#[test]
fn a_runs_evidence_stands_for_what_it_published_while_that_is_there() {
    let place = project();
    place.go(&["run", "--out", "one"]).ends_with(0);
    let run = fs::read_dir(place.join(".tanguero/runs")).unwrap().next().unwrap().unwrap().path();
    let id = run.file_name().unwrap().to_str().unwrap().to_owned();
    place.write("data/crm.csv", "Id,Name,Stage\nA1,Eins,Active\n");
    place.go(&["run", "mappings/accounts.yaml", "--out", "two"]).ends_with(0);
    let said = place.go(&["diff", &id, "two"]).ends_with(0).tells(&["note: users: only in"]);
    assert!(said.out.contains("1 changed, 0 added, 2 removed"), "{}", said.out);
    place.go(&["diff", run.to_str().unwrap(), "two"]).ends_with(0);
    place.go(&["run", "mappings/accounts.yaml", "--out", "one"]).ends_with(0);
    place.go(&["diff", &id, "two"]).ends_with(2).tells(&["is gone:", "one/accounts.csv` has other bytes now (run 2"]);
}
