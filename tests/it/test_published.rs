//! What earlier runs published, given by a test's case: kept values, limits against the last run, changes, pinned columns.

use crate::binary::Place;

const MAPPING: &str = "# Accounts.
format: accounts
sources: {crm: {path: crm.csv}}
from: crm
columns:
  account_id: Id
  account_name: Name
  Status: {column: Status, default: keep}
limits: {fewer_rows: 20%, cleared: 1, headers: fail, rejects: 0}
";

const TESTS: &str = "published:
  - {account_id: A1, account_name: One, Status: Active}
  - {account_id: A2, account_name: Two, Status: Churned}
cases:
  empty cells keep what was published:
    sources: {crm: [{Id: A1, Name: One}, {Id: A2, Name: Two, Status: Active}, {Id: A3, Name: Three}]}
    expect:
      rows:
        - {account_id: A1, Status: Active}
        - {account_id: A2, Status: Active}
        - {account_id: A3, Status: \"\"}
  on the first day there is nothing to keep:
    published: []
    sources: {crm: [{Id: A1, Name: One}]}
    expect: {rows: [{account_id: A1, Status: \"\"}]}
  one of two accounts is gone:
    sources: {crm: [{Id: A1, Name: One}]}
    expect: {error: L708, exit: 4}
  a limit that no case expects is lifted:
    sources: {crm: [{Id: A1, Name: One}]}
    expect: {rows: [{account_id: A1}]}
  more values are emptied than the limit allows, and a column is new:
    published: |
      account_id,account_name
      A1,One
      A2,Two
    sources: {crm: [{Id: A1}, {Id: A2}]}
    expect: {error: [L710, L712]}
";

fn place(mapping: &str, tests: &str) -> Place {
    Place::new(&[("mappings/accounts.yaml", mapping), ("mappings/accounts.test.yaml", tests)])
}

#[test]
fn a_case_says_what_was_published_before() {
    place(MAPPING, TESTS).go(&["test", "mappings"]).ends_with(0).tells(&["5 passed in"]);
    // Each of them can fail.
    let wrong = TESTS.replace(
        "{account_id: A1, Status: Active}\n        - {account_id: A2",
        "{account_id: A1, Status: Churned}\n        - {account_id: A2",
    );
    let said = place(MAPPING, &wrong).go(&["test", "mappings"]).ends_with(5).tells(&["Status  Churned   Active"]);
    assert!(said.err.contains("1 failed"), "{}", said.err);
    let said = place(MAPPING, &TESTS.replace("error: L708, exit: 4", "rows: []"));
    said.go(&["test", "mappings"]).ends_with(5).tells(&["1 failed"]);
    let said = place(&MAPPING.replace("fewer_rows: 20%, ", ""), TESTS);
    said.go(&["test", "mappings"]).ends_with(5).tells(&["1 failed"]);
}

#[test]
fn only_new_and_changed_rows_are_expected_where_a_mapping_writes_those() {
    let mapping = MAPPING.split("limits:").next().unwrap().to_owned() + "output: {changes: true}\n";
    let tests = "as_of: 2026-03-02
published: [{account_id: A1, account_name: One, Status: Active}, {account_id: A2, account_name: Two, Status: Active}]
cases:
  one of two changed:
    sources: {crm: [{Id: A1, Name: One, Status: Active}, {Id: A2, Name: Zwei, Status: Active}]}
    expect: {rows: [{account_id: A2, account_name: Zwei}]}
";
    place(&mapping, tests).go(&["test", "mappings"]).ends_with(0).tells(&["1 passed"]);
}

#[test]
fn pinned_columns_are_those_of_the_rows_published_before() {
    let mapping = "# Usage.
format: usage_aggregations
sources: {events: {path: events.csv}}
from: events
columns: {account_id: Account}
pivot: {module: area, action: event, value: \"1\", aggregate: count, columns: pinned}
";
    let tests = "published: [{account_id: A9, Reports##View: 3}]
cases:
  a new pair is not written:
    sources: {events: [{Account: A1, area: Reports, event: View}, {Account: A1, area: Reports, event: Print}]}
    expect: {rows: \"account_id,Reports##View\\nA1,1\\n\"}
";
    let place = place(mapping, tests);
    place.go(&["test", "mappings"]).ends_with(0).tells(&["1 passed"]);
    place.write("mappings/accounts.test.yaml", tests.replacen("##View", "##Print", 1));
    place
        .go(&["test", "mappings"])
        .ends_with(3)
        .tells(&["error[T105]: the output has no column `Reports##View`", "`Reports##Print` has a similar name"]);
}

#[test]
fn what_was_published_needs_its_key_and_names_that_are_written() {
    let tests = TESTS
        .replace("  - {account_id: A1, account_name: One, Status: Active}", "  - {account_id: A1, Statuss: Active}");
    place(MAPPING, &tests)
        .go(&["test", "mappings"])
        .ends_with(3)
        .tells(&["error[T103]: the mapping writes no `Statuss`", "`Status` has a similar name"]);
    let tests = TESTS
        .replace("account_id: A1, account_name", "account_name")
        .replace("account_id: A2, account_name: Two, Status", "account_name: Two, Status");
    place(MAPPING, &tests)
        .go(&["test", "mappings"])
        .ends_with(3)
        .tells(&["error[T101]: in what was published, there is no column `account_id`, which is part of the key"]);
}
