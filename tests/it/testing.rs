//! `tanguero test` as a user sees it: what passes, what fails and how it is shown, what is written on request.

use serde_json::Value;

use crate::binary::Place;
use crate::support::{files, root};

const MAPPING: &str = "# Accounts.
format: accounts
sources: {crm: {path: \"${DATA}/crm.csv\", csv: {delimiter: \";\"}, max_age: 1h}, owners: {path: owners.csv}}
from: crm
where: \"\\\"Type\\\" is distinct from 'Test'\"
columns:
  account_id: Id
  account_name: Name
  Success Manager: {column: Owner, lookup: {in: owners, match: id, take: name}, default: empty}
  Contract Renewal Date: {column: Renewal, type: date, default: empty}
  Contract Value: {column: ARR, type: currency, default: empty}
duplicates: last
limits: {rejects: 10%}
";

const TESTS: &str = "# What the CRM sends.
sources:
  owners: [{id: O1, name: Ann}]
cases:
  good: # a comment
    sources:
      crm: [{Id: A1, Name: One, Owner: O1, ARR: \"$1,000\"}]
    expect:
      rows: [{account_id: A1, Success Manager: Ann, Contract Value: 1000}]

  bad:
    sources:
      crm: |
        Id;Name;Owner;Renewal;ARR;Type
        A1;One;O1;2026-02-31;;
        A2;Old;;;;
        A2;New;;;;
        A3;x;;;;Test
    expect:
      rows: [{account_id: A2, account_name: New}]
      rejects: [{code: V405, key: A1, line: 2}]
      duplicates: [{key: A2, line: 3, winner_line: 4}]
      counts: {filtered: 1}
";

fn project() -> Place {
    Place::new(&[("mappings/accounts.yaml", MAPPING), ("mappings/accounts.test.yaml", TESTS)])
}

#[test]
fn tests_pass_without_any_of_the_real_sources() {
    let place = project();
    let before = files(place.path());
    let said = place.go(&["test", "mappings"]).ends_with(0).tells(&["✓ accounts  2 cases", "2 passed in"]);
    assert_eq!(said.out, "");
    assert_eq!(files(place.path()), before, "a test leaves nothing behind");
    place.go(&["test", "mappings/accounts.yaml"]).ends_with(0);
    place.go(&["test", "mappings/accounts.test.yaml"]).ends_with(0);
}

#[test]
fn a_failing_case_shows_the_cells_that_differ_and_ends_with_5() {
    let place = project();
    let wrong = TESTS.replace("Contract Value: 1000", "Contract Value: 999").replace("code: V405", "code: V404");
    place.write("mappings/accounts.test.yaml", wrong.replace("account_name: New", "account_name: Newer"));
    let said = place.go(&["test", "mappings"]).ends_with(5).tells(&[
        "✗ accounts  0 of 2 cases",
        "accounts.test.yaml:5",
        "rows 1 (account_id A1)",
        "  Contract Value  999       1000",
        "  account_name  Newer     New",
        "rejects 1 (key A1)",
        "  code  V404      V405",
        "0 passed, 2 failed",
    ]);
    assert!(!said.err.contains("Success Manager"), "only what differs: {}", said.err);

    let said = place.go(&["test", "mappings", "--message-format", "json"]).ends_with(5);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["case"], &lines[0]["passed"]), (&"good".into(), &false.into()));
    assert_eq!(lines[0]["differences"][0]["cells"][0]["expected"], "999");
    let said = place.go(&["test", "mappings", "--message-format", "github"]).ends_with(5);
    assert!(
        said.out.starts_with("::error file=accounts.test.yaml,line=5,title=test failed::accounts: good%0A"),
        "{}",
        said.out
    );
}

#[test]
fn rows_that_are_missing_and_rows_that_nobody_expected_are_told_apart() {
    let place = project();
    let wrong = TESTS.replace(
        "rows: [{account_id: A1, Success Manager: Ann, Contract Value: 1000}]",
        "rows: [{account_id: A0, account_name: Zero}, {account_id: A1}]\n      duplicates: [A9]",
    );
    place.write(
        "mappings/accounts.test.yaml",
        wrong.replace("rejects: [{code: V405, key: A1, line: 2}]", "rejects: []"),
    );
    place.go(&["test", "mappings"]).ends_with(5).tells(&[
        "rows 1: missing  {account_id: A0, account_name: Zero}",
        "duplicates 1: missing  {key: A9}",
        "rejects 1: unexpected  {code: V405, key: A1, column: Contract Renewal Date, line: 2, value: 2026-02-31}\n        `2026-02-31`",
    ]);
}

#[test]
fn what_a_case_lacks_is_named_with_its_place() {
    let place = project();
    place.write("mappings/accounts.test.yaml", TESTS.replace("owners: [{id", "owner: [{id"));
    place.go(&["test", "mappings"]).ends_with(3).tells(&[
        "error[R202]: neither mapping nor project has a source `owner`",
        "`owners` has a similar name",
        "error[T101]: the case gives no rows for source `owners`, which the mapping reads",
        "accounts.test.yaml:5:3",
    ]);
    place.write("mappings/accounts.test.yaml", TESTS.replace("Owner: O1", "Ownr: O1"));
    place.go(&["test", "mappings"]).ends_with(3).tells(&[
        "error[T103]",
        "no column `Ownr` of `crm`",
        "`Owner` has a similar name",
    ]);
    place.write("mappings/accounts.test.yaml", TESTS.replace("Contract Value: 1000", "Contrct Value: 1000"));
    place.go(&["test", "mappings"]).ends_with(3).tells(&["error[T105]", "`Contract Value` has a similar name"]);
    place.write(
        "mappings/accounts.test.yaml",
        TESTS.replace("    expect:\n      rows: [{account_id: A1", "    expected:\n      rows: [{account_id: A1"),
    );
    place.go(&["test", "mappings"]).ends_with(3).tells(&["unknown key `expected`", "`expect` has a similar name"]);
    place.write("mappings/accounts.test.yaml", "cases: {one: {sources: {crm: [{Id: A1}], owners: []}}}\n");
    place.go(&["test", "mappings"]).ends_with(3).tells(&["error[T102]", "the case has no `expect`"]);
    place.write(
        "mappings/accounts.test.yaml",
        "cases: {one: {sources: {crm: {rows: [{Id: x}], types: {Id: integer}}}}}\n",
    );
    place.go(&["test", "mappings"]).ends_with(3).tells(&["error[T104]", "column `Id` can only be text here"]);
    place.write("mappings/users.test.yaml", TESTS);
    place
        .go(&["test", "mappings"])
        .ends_with(3)
        .tells(&["error[T106]", "no mapping `users.yaml` is beside this test file"]);
}

#[test]
fn a_mapping_that_is_wrong_fails_its_tests_with_its_own_mistakes() {
    let place = project();
    place.write("mappings/accounts.yaml", MAPPING.replace("duplicates: last", "duplicats: last"));
    let said = place.go(&["test", "mappings"]).ends_with(5);
    let said = said.tells(&["error: expected none, actual Y102", "`duplicates` has a similar name"]);
    assert_eq!(said.err.matches("error[Y102]").count(), 1, "told once, not in every case: {}", said.err);
    // Nor is a mistake of the mapping ever taken for what somebody expects.
    let before = files(place.path());
    place.go(&["test", "mappings", "--update"]).ends_with(5);
    let text = place.read("mappings/accounts.test.yaml");
    assert!(!text.contains("Y102") && text.contains("# a comment"), "{text}");
    assert_eq!(files(place.path()).len(), before.len());
}

#[test]
fn update_writes_what_comes_out_and_touches_nothing_else() {
    let place = project();
    let open = TESTS
        .replace("Contract Value: 1000", "Contract Value: 999")
        .replace("      rejects: [{code: V405, key: A1, line: 2}]\n", "")
        + "
  new:
    sources: {crm: [{Id: 0012, Name: 'say \"no\"'}]} # kept

  braces: {sources: {crm: [{Id: A 1}]}}
";
    place.write("mappings/accounts.test.yaml", &open);
    place.go(&["test", "mappings", "--update"]).ends_with(0).tells(&["✎ good: `expect` was written", "4 updated"]);
    let text = place.read("mappings/accounts.test.yaml");
    let expected = TESTS
        .replace(
            "      rows: [{account_id: A1, Success Manager: Ann, Contract Value: 1000}]",
            "      rows:\n        - {account_id: A1, Success Manager: Ann, Contract Value: 1000}",
        )
        .replace(
            "      rows: [{account_id: A2, account_name: New}]
      rejects: [{code: V405, key: A1, line: 2}]
      duplicates: [{key: A2, line: 3, winner_line: 4}]
      counts: {filtered: 1}
",
            "      counts: {filtered: 1}
      rows:
        - {account_id: A2, account_name: New}
      rejects:
        - {code: V405, key: A1, column: Contract Renewal Date, line: 2}
      duplicates:
        - {key: A2, line: 3, winner_line: 4}
",
        )
        + "
  new:
    sources: {crm: [{Id: 0012, Name: 'say \"no\"'}]} # kept
    expect:
      rows: []
      rejects:
        - {code: V415, key: 0012, column: account_name, line: 1}

  braces: {sources: {crm: [{Id: A 1}]}, expect: {rows: [], rejects: [{code: V402, key: A 1, column: account_id, line: 1}]}}
";
    assert_eq!(text, expected);
    place.go(&["test", "mappings"]).ends_with(0).tells(&["4 passed"]);
    let again = files(place.path());
    place.go(&["test", "mappings", "--update"]).ends_with(0).tells(&["4 passed"]);
    assert_eq!(files(place.path()), again, "what passes is not rewritten");
}

#[test]
fn a_failure_can_be_what_is_expected() {
    let place = project();
    let cases = "sources: {owners: [{id: O1, name: Ann}]}
cases:
  empty: {sources: {crm: []}, expect: {error: S802, exit: 6}}
  twice: {sources: {crm: [{Id: A1}], owners: [{id: O1, name: Ann}, {id: O1, name: Ben}]}, expect: {error: K609}}
  limit: {sources: {crm: [{Id: A 1}, {Id: A2}]}, expect: {error: L701, rejects: [V402]}}
  lifted: {sources: {crm: [{Id: A 1}, {Id: A2}]}, expect: {rows: [{account_id: A2}], rejects: [V402]}}
";
    place.write("mappings/accounts.test.yaml", cases);
    place.go(&["test", "mappings", "-v"]).ends_with(0).tells(&["4 passed", "✓ twice"]);
    place.write("mappings/accounts.test.yaml", cases.replace("S802", "S801"));
    place.go(&["test", "mappings"]).ends_with(5).tells(&["error: expected S801, actual S802", "crm has no record"]);
}

#[test]
fn there_is_no_today_and_a_case_may_say_when_it_is() {
    let mapping = "format: accounts
sources: {crm: {path: crm.csv}}
from: crm
columns: {account_id: Id, account_name: {sql: \"${as_of-1d}\"}, note: {sql: \"${region}\"}}
";
    let tests = "variables: {region: eu}
cases:
  unsaid: {sources: {crm: [{Id: A1}]}, expect: {rows: [{account_name: 2025-12-31, note: eu}]}}
  said:
    as_of: 2026-03-02
    variables: {region: us}
    sources: {crm: [{Id: A1}]}
    expect: {rows: [{account_name: 2026-03-01, note: us}]}
";
    let place = Place::new(&[("mappings/accounts.yaml", mapping), ("mappings/accounts.test.yaml", tests)]);
    place.go(&["test"]).ends_with(0).tells(&["2 passed"]);
}

#[test]
fn wrong_usage_of_test_ends_with_2() {
    let place = Place::new(&[("mappings/accounts.yaml", MAPPING)]);
    place.go(&["test", "nowhere"]).ends_with(2).tells(&["nothing is at"]);
    place.go(&["test", "mappings"]).ends_with(2).tells(&["no test file"]);
    place.go(&["test", "mappings/accounts.yaml"]).ends_with(2).tells(&["has no tests", "--create"]);
    // A folder of mappings passes test files by.
    place.write("mappings/accounts.test.yaml", TESTS);
    place.go(&["run", "mappings", "--dry-run"]).ends_with(3).tells(&["`DATA`"]);
}

#[test]
fn create_drafts_a_test_from_the_real_sources_that_passes() {
    let place = Place::new(&[]);
    for folder in ["mappings", "queries", "examples"] {
        crate::support::copy(&root().join(folder), &place.join(folder));
    }
    std::fs::copy(root().join("tanguero.yaml"), place.join("tanguero.yaml")).unwrap();
    for name in ["accounts", "users", "collections", "usage_legacy", "account_assignment"] {
        std::fs::remove_file(place.join(&format!("mappings/{name}.test.yaml"))).unwrap();
        let mapping = format!("mappings/{name}.yaml");
        let said = place.go(&["test", "--create", &mapping, "-n", "5", "--as-of", "2026-11-20"]).ends_with(0);
        said.tells(&["real data", "replace names and addresses"]);
        place.go(&["test", &mapping]).ends_with(0).tells(&["1 passed"]);
        place.go(&["test", "--create", &mapping]).ends_with(2).tells(&["is there already"]);
    }
    let text = place.read("mappings/accounts.test.yaml");
    assert!(text.contains("rejects:") && text.contains("duplicates:") && text.contains("as_of: 2026-11-20"), "{text}");
    assert_eq!(text.matches("Last Modified:").count(), 5, "{text}");
}
