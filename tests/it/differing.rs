//! `tanguero diff --base` as a user sees it: what a changed mapping changes, on the same input.

use std::process::Command;

use serde_json::Value;

use crate::binary::Place;
use crate::support::files;

const PROJECT: &str = "sources: {crm: {path: data/crm.csv}, deals: {query: queries/deals.sql}}\n";
const MAPPING: &str = "format: accounts
from: crm
columns:
  account_id: Id
  account_name: Name
  Account Type: Type
  Status: {column: Stage, default: empty}
  Contract Renewal Date: {column: Renewal, formats: [\"%m/%d/%Y\"], default: empty}
  pipeline: {column: Id, lookup: {in: deals, match: id, take: amount, missing: empty}, default: empty}
";
const ROWS: &str = "Id,Name,Type,Stage,Renewal
A1,One,Group,Active,03/04/2027
A2,Two,Group,,12/31/2026
A3,Three,Group,Trial,
A4,Four,Test,Trial,01/01/2027
";

/// A repository with one commit and everything in it.
fn repository() -> Place {
    let place = Place::new(&[]);
    std::fs::remove_dir(place.join(".git")).unwrap();
    for (name, text) in [
        ("tanguero.yaml", PROJECT),
        ("mappings/accounts.yaml", MAPPING),
        ("queries/deals.sql", "select \"Id\" as id, '10' as amount from crm where \"Id\" = 'A1'\n"),
        ("data/crm.csv", ROWS),
    ] {
        place.write(name, text);
    }
    git(&place, &["init", "--quiet"]);
    commit(&place);
    place
}

fn git(place: &Place, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(place.path()).env("HOME", place.path()).args([
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.com",
    ]);
    let said = command.args(arguments).output().unwrap();
    assert!(said.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&said.stderr));
}

fn commit(place: &Place) {
    git(place, &["add", "-A"]);
    git(place, &["commit", "--quiet", "-m", "state"]);
}

#[test]
fn a_mapping_that_did_not_change_makes_the_same() {
    let place = repository();
    let before = files(place.path());
    let said = place.go(&["diff", "accounts", "--base", "HEAD"]).ends_with(0);
    assert!(said.out.contains("identical, byte for byte: 4 rows"), "{}", said.out);
    assert_eq!(files(place.path()), before, "neither the index nor any file was touched");
}

#[test]
fn what_changed_is_counted_by_header_attribute_row_and_reject() {
    let place = repository();
    // The input of both runs is what lies here now, whatever the revision had.
    place.write("data/crm.csv", format!("{ROWS}A5,Five,Group,Lost,06/07/2027\n"));
    let changed = MAPPING
        .replace("from: crm\n", "from: crm\nwhere: \"\\\"Type\\\" <> 'Test'\"\n")
        .replace("[\"%m/%d/%Y\"]", "[\"%d/%m/%Y\"]")
        .replace(
            "column: Stage, default: empty",
            "column: Stage, values: [Active, Trial], map: {Trial: \"\"}, default: empty",
        )
        .replace("  Account Type: Type\n", "  region: {value: EMEA}\n");
    place.write("mappings/accounts.yaml", &changed);
    place.write("queries/deals.sql", "select \"Id\" as id, '20' as amount from crm where \"Id\" in ('A1', 'A3')\n");
    let said = place.go(&["diff", "mappings/accounts.yaml", "--base", "HEAD"]).ends_with(0);
    for part in [
        "rows      5 before, 2 now: 2 changed, 0 added, 3 removed",
        "  removed: A2, A4, A5\n",
        "header    added: `region`",
        "header    removed: `Account Type`",
        "attribute `Status`: 1 now emptied\n  A3: `Trial` → (empty)",
        "attribute `Contract Renewal Date`: 1 changed\n  A1: `2027-03-04` → `2027-04-03`",
        "attribute `pipeline`: 1 changed, 1 now filled\n  A1: `10` → `20`",
        "rejects   V405 `Contract Renewal Date`: 0 before, 1 now",
        "rejects   V414 `Status`: 0 before, 1 now",
    ] {
        assert!(said.out.contains(part), "`{part}` is not in\n{}", said.out);
    }
    let said = place.go(&["diff", "accounts", "--base", "HEAD", "--message-format", "json"]).ends_with(0);
    let line: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    assert_eq!((&line["rows"]["removed"], &line["attributes"][0]["emptied"]), (&3.into(), &1.into()));
    let said = place.go(&["diff", "accounts", "--base", "HEAD", "--message-format", "github"]).ends_with(0);
    for part in [
        "::notice file=mappings/accounts.yaml,title=tanguero diff::accounts: header added: region\n",
        "::warning file=mappings/accounts.yaml,title=tanguero diff::accounts: attribute Status: 1 now emptied\n",
        "accounts: rejects V414 Status: 0 before, 1 now\n",
    ] {
        assert!(said.out.contains(part), "`{part}` is not in\n{}", said.out);
    }
}

#[test]
fn rows_without_a_key_are_compared_whole() {
    let place = repository();
    let mapping = "format: usage_legacy\nfrom: crm\ncolumns: {user_id: Id, account_id: Id, Module: Type, Action: Name, Timestamp: {value: 2026-01-01}}\n";
    place.write("mappings/events.yaml", mapping);
    commit(&place);
    place.write("mappings/events.yaml", mapping.replace("Module: Type", "Module: {column: Type, map: {Test: Other}}"));
    let said = place.go(&["diff", "events", "--base", "HEAD"]).ends_with(0);
    assert!(said.out.contains("rows      4 before, 4 now: 0 changed, 1 added, 1 removed"), "{}", said.out);
}

#[test]
fn a_new_mapping_a_wrong_revision_and_a_broken_side_are_said_plainly() {
    let place = repository();
    place.write("mappings/more.yaml", MAPPING);
    let said = place.go(&["diff", "more", "--base", "HEAD"]).ends_with(0);
    assert!(said.out.contains("all of it is new") && said.out.contains("0 before, 4 now"), "{}", said.out);
    place
        .go(&["diff", "accounts", "--base", "nowhere"])
        .ends_with(2)
        .tells(&["`--base nowhere`: the repository has no such revision"]);
    place.go(&["diff", "accounts", "--base", "--help"]).ends_with(2);
    place.go(&["diff", "absent.yaml", "--base", "HEAD"]).ends_with(2).tells(&["no mapping is at"]);
    place.write("mappings/accounts.yaml", MAPPING.replace("account_name: Name", "account_name: Nmae"));
    place.go(&["diff", "accounts", "--base", "HEAD"]).ends_with(3).tells(&["as it stands: column `Nmae` not found"]);
    commit(&place);
    place.write("mappings/accounts.yaml", MAPPING);
    place.go(&["diff", "accounts", "--base", "HEAD"]).ends_with(3).tells(&["as of HEAD: column `Nmae` not found"]);
}
