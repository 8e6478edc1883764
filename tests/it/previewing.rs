//! `tanguero preview` as a user sees it: what is shown, how much is read, where a followed record ends.

use std::fmt::Write as _;

use serde_json::Value;

use crate::binary::Place;
use crate::support::files;

const MAPPING: &str = "# Accounts.
format: accounts
sources: {crm: {path: crm.csv}}
from: crm
where: \"\\\"Type\\\" is distinct from 'Test'\"
let: {id: trim(\"Id\")}
columns:
  account_id: {sql: id}
  account_name: Name
  parent_id: Parent
  Contract Value: {column: ARR, type: currency, map: {lots: \"$1,000\"}, default: empty}
  tag##vip: {sql: \"\\\"Type\\\" = 'VIP'\"}
duplicates: last
limits: {rejects: 1%}
";

const ROWS: &str = "Id,Name,Parent,ARR,Type
A1,One,,lots,VIP
A2,Two
A3,Three,,ask Tom,
A4,Four,A3,1,Test
A5,Five,A3,2,
A1,Again,,3,
";

fn project() -> Place {
    Place::new(&[("mappings/accounts.yaml", MAPPING), ("mappings/crm.csv", ROWS)])
}

#[test]
fn records_are_shown_in_order_with_their_faults_in_place() {
    let place = project();
    let before = files(place.path());
    let said = place.go(&["preview", "mappings/accounts.yaml"]).ends_with(0);
    assert!(said.out.starts_with("1 of 5  crm.csv:2\n"), "{}", said.out);
    for part in [
        "→ 1000\n",
        "2 of 5  crm.csv:3  ✗ cannot be read\n  ✗ D501: ",
        "  _raw  A2,Two\n",
        "3 of 5  crm.csv:4  ✗ rejected\n",
        "✗ V409\n      ✗ V409: `ask Tom` is not a number (decimal sign `.`)\n",
        "· crm.csv:5  filtered by `where`\n",
        "5 of 5  crm.csv:7\n",
    ] {
        assert!(said.out.contains(part), "`{part}` is not in\n{}", said.out);
    }
    assert!(said.out.lines().all(|line| line.chars().count() <= 100), "{}", said.out);
    assert!(!said.out.contains('\u{1b}'));
    said.tells(&["these are all records there are", "decided over the whole input"]);
    assert_eq!(files(place.path()), before, "nothing is left behind");
    let named = place.go(&["preview", "accounts", "-n", "1", "--column", "Contract Value"]).ends_with(0);
    assert_eq!(named.out, "1 of 1  crm.csv:2\n  Contract Value  ARR  lots → 1000\n\n");
    place
        .go(&["preview", "accounts", "--column", "Contract Valu"])
        .ends_with(3)
        .tells(&["`Contract Value` has a similar name"]);
    place.go(&["preview", "nowhere.yaml"]).ends_with(2).tells(&["no mapping is at"]);
}

#[test]
fn a_followed_key_tells_every_step_and_where_it_ends() {
    let place = project();
    let said = place.go(&["preview", "accounts", "--key", "A1"]).ends_with(0);
    for part in [
        "1 of 2  crm.csv:2\n",
        "    Id    A1\n",
        "  let\n    id  A1\n",
        "map $1,000 → type 1000\n",
        "2 of 2  crm.csv:7\n",
        "where `A1` ends\n",
        "written: accounts.csv:2\n",
        "duplicate: crm.csv:2 lost to crm.csv:7",
    ] {
        assert!(said.out.contains(part), "`{part}` is not in\n{}", said.out);
    }
    let said = place.go(&["preview", "accounts", "--key", "A3"]).ends_with(0);
    for part in ["✗ V409: `ask Tom`", "rejected: crm.csv:4: V409", "took along: 1 record\n  `A5` at crm.csv:6\n"] {
        assert!(said.out.contains(part), "`{part}` is not in\n{}", said.out);
    }
    let said = place.go(&["preview", "accounts", "--key", "A4"]).ends_with(0);
    assert!(said.out.contains("filtered: crm.csv:5 by `where`\n") && !said.out.contains("never seen"), "{}", said.out);
    let said = place.go(&["preview", "accounts", "--key", "A99"]).ends_with(1);
    assert!(said.out.contains("where `A99` ends\n"), "{}", said.out);
    assert!(!place.join("mappings/out").exists() && !place.join("mappings/.tanguero").exists());
}

#[test]
fn a_composite_key_is_joined_and_a_faulty_one_is_found_as_it_is_read() {
    let mapping = "format: users
sources: {app: {path: app.csv}}
from: app
columns: {user_id: User, account_id: Account, Email: {column: User, default: empty}}
";
    let rows = "User,Account\nu@x.org,A1\nbad one,A1\n";
    let place = Place::new(&[("mappings/users.yaml", mapping), ("mappings/app.csv", rows)]);
    let said = place.go(&["preview", "users", "--key", "A1|u@x.org"]).ends_with(0);
    assert!(said.out.starts_with("1 of 1  app.csv:2\n") && said.out.contains("written: users.csv:2"), "{}", said.out);
    let said = place.go(&["preview", "users", "--key", "A1|bad one"]).ends_with(0);
    assert!(
        said.out.contains("app.csv:3  ✗ rejected") && said.out.contains("rejected: app.csv:3: V402"),
        "{}",
        said.out
    );
}

#[test]
fn machines_read_lines_of_json() {
    let place = project();
    let said = place.go(&["preview", "accounts", "--message-format", "json"]).ends_with(0);
    let lines = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    // Warnings about the mapping are lines too.
    let lines: Vec<Value> = lines.filter(|line| line["fate"].is_string()).collect();
    let fates: Vec<&str> = lines.iter().map(|line| line["fate"].as_str().unwrap()).collect();
    assert_eq!(fates, ["good", "unreadable", "rejected", "filtered", "good", "good"]);
    assert_eq!(lines[2]["columns"][3]["fault"]["code"], "V409");
    assert_eq!((&lines[0]["columns"][3]["read"], &lines[0]["columns"][3]["written"]), (&"lots".into(), &"1000".into()));
    let said = place.go(&["preview", "accounts", "--key", "A1", "--message-format", "json"]).ends_with(0);
    let last: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    assert_eq!((&last["key"], &last["seen"]), (&"A1".into(), &true.into()));
}

#[test]
fn no_more_is_read_than_is_shown() {
    let place = project();
    let mut rows = String::from("Id,Name,Parent,ARR,Type\n");
    for number in 0..400_000 {
        let _ = writeln!(rows, "A{number},Name {number},,{number},");
    }
    // What stands at the end would be told of if it were read.
    rows.push_str("A,\"never closed\n");
    place.write("mappings/crm.csv", &rows);
    let said = place.go(&["preview", "accounts", "-n", "2"]).ends_with(0);
    assert!(said.out.contains("2 of 2  crm.csv:3\n"), "{}", said.out);
    assert!(!said.out.contains("D504"));
    place.write("mappings/crm.csv", rows.replace(",\n", ",Test\n"));
    place.go(&["preview", "accounts", "-n", "2"]).ends_with(0).tells(&["stopped after 1000 records: `where` drops"]);
}

#[test]
fn a_query_gives_no_more_rows_than_are_shown() {
    let mapping = "format: accounts
sources: {crm: {path: crm.csv}}
from: {sql: 'select \"Id\" as id, \"Name\" as name, _file, _line from crm order by \"Id\" desc'}
columns: {account_id: id, account_name: name}
";
    let place = Place::new(&[("mappings/accounts.yaml", mapping), ("mappings/crm.csv", "Id,Name\nA1,a\nA2,b\nA3,c\n")]);
    let said = place.go(&["preview", "accounts", "-n", "2"]).ends_with(0);
    let heads: Vec<&str> = said.out.lines().filter(|line| line.contains(" of ")).collect();
    assert_eq!(heads, ["1 of 2  crm.csv:4", "2 of 2  crm.csv:3"]);
}
