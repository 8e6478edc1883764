//! What `plan`, `diff` and references take from a snapshot: what was published last, wherever it went and whatever became of the
//! files.

use std::fs;

use serde_json::Value;

use crate::binary::Place;

const ACCOUNTS: &str = "# Changed rows alone are sent.
format: accounts
sources: {crm: {path: crm.csv}}
from: crm
columns:
  account_id: Id
  account_name: Name
  City: {column: City, custom: true, default: empty}
output: {changes: true}
";

const MONDAY: &str = "Id,Name,City\nA1,One,Rome\nA2,Two,Oslo\nA3,Three,Bern\n";
const TUESDAY: &str = "Id,Name,City\nA1,One,Turin\nA2,Two,Oslo\n";

fn project(more: &str) -> Place {
    Place::new(&[("tanguero.yaml", more), ("mappings/accounts.yaml", ACCOUNTS)])
}

fn night(place: &Place, day: &str, crm: &str) {
    place.write("crm.csv", crm);
    place.go(&["-q", "run", "--as-of", day]).ends_with(0);
}

#[track_caller]
fn plan(place: &Place, day: &str) -> Value {
    let said = place.go(&["-q", "plan", "accounts", "--as-of", day, "--message-format", "json"]).ends_with(0);
    serde_json::from_str(said.out.lines().last().unwrap()).unwrap()
}

/// Created, changed, as they are, no longer sent.
fn rows(plan: &Value) -> [u64; 4] {
    let rows = &plan["rows"];
    ["added", "changed", "same", "removed"].map(|name| rows[name].as_u64().unwrap_or_else(|| panic!("{name}: {plan}")))
}

#[test]
fn a_plan_against_changed_rows_alone_misses_none_of_the_others() {
    let place = project("");
    night(&place, "2026-11-16", MONDAY);
    night(&place, "2026-11-17", TUESDAY);
    assert_eq!(place.read("out/accounts.csv").replace('\r', ""), "account_id,account_name,City\nA1,One,Turin\n");

    // A3 comes back as it was, A4 is new, A1 loses its city, A2 is not sent any more.
    place.write("crm.csv", "Id,Name,City\nA1,One,\nA3,Three,Bern\nA4,Four,Paris\n");
    let planned = plan(&place, "2026-11-18");
    assert_eq!(rows(&planned), [1, 1, 1, 1], "{planned}");
    assert_eq!(planned["rows"]["before"], 2, "the rows published last, without A3 that was gone: {planned}");
    assert_eq!((&planned["last"]["as_of"], &planned["deletions"]["values"]), (&"2026-11-17".into(), &1.into()));
    assert_eq!(planned["last"]["files"][0], "state:accounts@2026-11-17");
    let said = place.go(&["plan", "accounts", "--as-of", "2026-11-18"]).ends_with(0);
    assert!(said.out.contains("  no longer sent: A2\n"), "{}", said.out);
    assert!(said.out.contains("`output.changes`: rows that are as they are would not be sent"), "{}", said.out);

    // The same rows once more: all are as they are.
    place.write("crm.csv", TUESDAY);
    assert_eq!(rows(&plan(&place, "2026-11-18")), [0, 0, 2, 0]);
}

#[test]
fn a_plan_needs_no_file_where_a_snapshot_is() {
    let place = project("state: {snapshot: always}\n");
    place.write("mappings/accounts.yaml", ACCOUNTS.replace("output: {changes: true}\n", ""));
    night(&place, "2026-11-16", MONDAY);
    let planned = plan(&place, "2026-11-17");
    assert_eq!((rows(&planned), &planned["identical"]), ([0, 0, 3, 0], &true.into()), "{planned}");

    fs::remove_dir_all(place.join("out")).unwrap();
    place.write("crm.csv", TUESDAY);
    let planned = plan(&place, "2026-11-17");
    assert_eq!((rows(&planned), &planned["identical"]), ([0, 1, 1, 1], &false.into()), "{planned}");

    // Where `--out` names another folder, what was published there is meant.
    let said = place.go(&["plan", "accounts", "--as-of", "2026-11-17", "--out", "elsewhere"]).ends_with(0);
    assert!(said.out.contains("nothing was published before"), "{}", said.out);

    // What was published later, without remembering, counts.
    place.go(&["-q", "run", "--as-of", "2026-11-18", "--state", "off"]).ends_with(0);
    let planned = plan(&place, "2026-11-19");
    assert_eq!((rows(&planned), &planned["last"]["as_of"]), ([0, 0, 2, 0], &"2026-11-18".into()), "{planned}");
    assert_eq!(planned["last"]["files"][0], "out/accounts.csv");
}

#[test]
fn a_plan_stands_against_an_import_too() {
    let place = project("");
    place.write("crm.csv", MONDAY);
    // Another column of Totango's is none of this mapping's.
    place.write("totango.csv", "Account ID,Account Name,City,Health\nA1,One,Rome,good\nA2,Two,Kiel,\nA9,Nine,,bad\n");
    place.go(&["state", "import", "accounts", "totango.csv", "--as-of", "2026-11-16"]).ends_with(0);
    let planned = plan(&place, "2026-11-16");
    assert_eq!(rows(&planned), [1, 1, 1, 1], "{planned}");
    assert_eq!(planned["header"]["removed"], Value::Array(Vec::new()), "{planned}");
}

#[test]
fn changed_rows_alone_without_a_snapshot_tell_nothing_and_that_is_said() {
    let place = project("");
    night(&place, "2026-11-16", MONDAY);
    night(&place, "2026-11-17", TUESDAY);
    place.go(&["state", "reset", "accounts"]).ends_with(0);
    let said = place.go(&["plan", "accounts", "--as-of", "2026-11-18"]).ends_with(1);
    said.tells(&[
        "error[F208]",
        "published new and changed rows alone",
        "there is no snapshot",
        "tanguero state import",
    ]);
}

#[test]
fn snapshots_are_compared_like_files() {
    let place = project("");
    night(&place, "2026-11-16", MONDAY);
    night(&place, "2026-11-17", TUESDAY);
    let said = place.go(&["diff", "state:accounts@2026-11-16", "state:accounts"]).ends_with(0);
    assert_eq!(
        said.out,
        "accounts: state:accounts@2026-11-17, against state:accounts@2026-11-16
rows      3 before, 2 now: 1 changed, 0 added, 1 removed
  removed: A3
attribute `City`: 1 changed
  A1: `Rome` → `Turin`
"
    );
    // The file of Tuesday has the changed row alone; a snapshot stands beside files and folders alike.
    let said = place.go(&["diff", "state:accounts@2026-11-17", "out/accounts.csv"]).ends_with(0);
    assert!(said.out.contains("rows      2 before, 1 now: 0 changed, 0 added, 1 removed"), "{}", said.out);
    let said = place.go(&["diff", "out", "state:accounts", "--message-format", "json"]).ends_with(0);
    let line: Value = serde_json::from_str(said.out.lines().last().unwrap()).unwrap();
    assert_eq!((&line["rows"]["added"], &line["rows"]["changed"]), (&1.into(), &0.into()), "{line}");

    let said = place.go(&["diff", "state:accounts@2026-11-01", "out"]).ends_with(2);
    said.tells(&["`state:accounts@2026-11-01`: of `accounts` there is 2026-11-16, 2026-11-17 in "]);
    place.go(&["diff", "state:users", "out"]).ends_with(2).tells(&["of `users` there is nothing in "]);
    place.write("mappings/accounts.yaml", ACCOUNTS.replace("output: {changes: true}\n", ""));
    night(&place, "2026-11-18", TUESDAY);
    place.go(&["diff", "state:accounts", "out"]).ends_with(2).tells(&["has counts and no snapshot"]);
}

const USERS: &str = "format: users
sources: {people: {path: people.csv}}
from: people
columns: {account_id: Account, user_id: Mail}
references: {account_id: {in: [accounts], missing: reject}}
";

const TREE: &str = "format: accounts
sources: {crm: {path: crm.csv}}
from: crm
columns:
  account_id: Id
  account_name: Name
  parent_id: {column: Parent, default: empty}
";

#[test]
fn a_mapping_named_in_references_means_what_it_published_before_too() {
    let place = Place::new(&[
        ("tanguero.yaml", ""),
        ("mappings/accounts.yaml", &ACCOUNTS.replace("output: {changes: true}\n", "")),
        ("mappings/users.yaml", USERS),
        ("people.csv", "Account,Mail\nA1,a@x.example\nA3,b@x.example\nA9,c@x.example\n"),
    ]);
    place.write("crm.csv", MONDAY);
    // The first night: A9 is nowhere, and nothing says whether Totango has it.
    let said = place.go(&["run", "--as-of", "2026-11-16"]).ends_with(0);
    said.tells(&[
        "warning[W921]: nothing says what `accounts` published before",
        "mappings/users.yaml:5:32",
        "state import",
    ]);
    assert!(place.read("out/users.rejects.csv").contains("`A9` is not in `accounts`"));
    // Keys alone are kept: nobody asked for more.
    let state = place.go(&["state", "show", "accounts"]).ends_with(0);
    assert!(state.out.contains("3 keys, "), "{}", state.out);

    // The second: A3 is gone from the export, and Totango has it all the same.
    place.write("crm.csv", TUESDAY);
    let said = place.go(&["run", "--as-of", "2026-11-17"]).ends_with(0);
    assert!(!said.err.contains("W921"), "{}", said.err);
    let users = place.read("out/users.csv");
    assert!(users.contains("b@x.example") && !users.contains("c@x.example"), "{users}");
    // What is not remembered is not known, and not warned of.
    place.go(&["run", "--as-of", "2026-11-17", "--state", "off", "--force"]).ends_with(0);
    assert!(!place.read("out/users.csv").contains("b@x.example"));

    // `accounts` alone is remembered for the others too, and `users` alone looks there.
    place.write("crm.csv", "Id,Name,City\nA1,One,Rome\nA9,Nine,Rome\n");
    place.go(&["-q", "run", "mappings/accounts.yaml", "--as-of", "2026-11-18"]).ends_with(0);
    place.write("crm.csv", TUESDAY);
    place.go(&["-q", "run", "mappings/users.yaml", "--as-of", "2026-11-19"]).ends_with(0);
    let users = place.read("out/users.csv");
    assert!(users.contains("b@x.example") && users.contains("c@x.example"), "{users}");
}

#[test]
fn a_mapping_named_in_its_own_known_accounts_knows_what_it_published_before() {
    let place = Place::new(&[("tanguero.yaml", ""), ("mappings/accounts.yaml", TREE)]);
    night(&place, "2026-11-16", "Id,Name,Parent\nP,Parent,\nA,Child,P\n");
    // Without it a child of a parent that is not in the file is rejected.
    place.write("crm.csv", "Id,Name,Parent\nA,Child,P\n");
    place.go(&["run", "--as-of", "2026-11-17"]).ends_with(0);
    assert!(place.read("out/accounts.rejects.csv").contains("K603"));

    place.write("mappings/accounts.yaml", format!("{TREE}hierarchy: {{known_accounts: [accounts]}}\n"));
    place.go(&["run", "--as-of", "2026-11-17"]).ends_with(0).tells(&["warning[W921]", "mappings/accounts.yaml:8:30"]);
    place.go(&["state", "reset"]).ends_with(0);
    night(&place, "2026-11-16", "Id,Name,Parent\nP,Parent,\nA,Child,P\n");
    place.write("crm.csv", "Id,Name,Parent\nA,Child,P\nB,Other,Q\n");
    place.go(&["run", "--as-of", "2026-11-18"]).ends_with(0);
    assert!(place.read("out/accounts.csv").contains("A,Child,P"), "{}", place.read("out/accounts.csv"));
    let rejects = place.read("out/accounts.rejects.csv");
    assert!(rejects.contains("K603") && rejects.contains(",B,") && !rejects.contains(",A,"), "{rejects}");
}

#[test]
fn environments_share_no_output_and_no_reports() {
    let place = project(
        "output: {reports: reports}\nenvironments:\n  prod: {variables: {REGION: eu}}\n  test: {output: {directory: out/}}\n",
    );
    place.write("crm.csv", MONDAY);
    for command in ["check", "run"] {
        let said = place.go(&[command, "--env", "prod"]).ends_with(3);
        said.tells(&[
            "error[L715]: environments `prod` and `test` publish to `out`",
            "tanguero.yaml:4:30",
            "the first of them",
            "error[L715]: environments `prod` and `test` leave their reports in `reports`",
            "Give each environment an `output.directory`",
        ]);
    }
    place.write(
        "tanguero.yaml",
        "output: {directory: \"out/${env}\", reports: \"reports/${env}\"}\nenvironments: {prod: {}, test: {}}\n",
    );
    place.go(&["-q", "run", "--env", "prod", "--as-of", "2026-11-16"]).ends_with(0);
    place.go(&["-q", "run", "--env", "test", "--as-of", "2026-11-16"]).ends_with(0);
    assert!(place.join("out/prod/accounts.csv").exists() && place.join("out/test/accounts.csv").exists());
    // What each remembers lies apart.
    let said = place.go(&["diff", "state:accounts", "out/test", "--env", "test"]).ends_with(0);
    assert!(said.out.contains("the same: 3 rows"), "{}", said.out);
    place.go(&["diff", "state:accounts", "out/test"]).ends_with(2);
}

#[test]
fn two_places_with_one_memory_are_told_before_one_takes_the_others_values() {
    let place = Place::new(&[
        ("tanguero.yaml", "variables: {REGION: eu}\noutput: {directory: \"out/${REGION}\"}\n"),
        ("mappings/accounts.yaml", KEPT),
        ("crm.csv", "Id,Name,Parent,City\nA,One,,Rome\n"),
    ]);
    let night = |day: &str, more: &[&str]| place.go(&[&["-q", "run", "--as-of", day][..], more].concat());
    night("2026-11-16", &["--var", "REGION=eu"]).ends_with(0);
    place.write("crm.csv", "Id,Name,Parent,City\nA,One,,\n");
    let said = night("2026-11-17", &["--var", "REGION=us"]).ends_with(4);
    said.tells(&[
        "error[L719]: `accounts` was published to `out/eu` for 2026-11-16, and this run publishes to `out/us`",
        "`--env` or a `state` of its own",
        "--accept moved",
    ]);
    assert!(!place.join("out/us/accounts.csv").exists());
    // A trial elsewhere, and a look without remembering, disturb nobody.
    night("2026-11-17", &["--var", "REGION=us", "--state", "read"]).ends_with(0);
    night("2026-11-17", &["--out", "trial"]).ends_with(0);
    night("2026-11-18", &["--var", "REGION=eu"]).ends_with(0);
    night("2026-11-19", &["--var", "REGION=us"]).ends_with(4);
    night("2026-11-19", &["--var", "REGION=us", "--accept", "moved"]).ends_with(0);
    assert!(place.read("out/us/accounts.csv").contains("Rome"));
    // An environment has a memory of its own.
    place.write(
        "tanguero.yaml",
        "environments: {eu: {}, us: {}}\noutput: {directory: \"out/${env}\", reports: \"reports/${env}\"}\n",
    );
    night("2026-11-20", &["--env", "eu"]).ends_with(0);
    night("2026-11-21", &["--env", "us"]).ends_with(0);
    night("2026-11-22", &["--env", "us"]).ends_with(0);
}

const KEPT: &str = "format: accounts
sources: {crm: {path: crm.csv}}
from: crm
columns:
  account_id: Id
  account_name: Name
  parent_id: {column: Parent, default: keep}
  City: {column: City, custom: true, default: keep}
";

#[test]
fn where_a_kept_value_comes_from_is_said() {
    let place = Place::new(&[("tanguero.yaml", ""), ("mappings/accounts.yaml", KEPT)]);
    night(&place, "2026-11-16", "Id,Name,Parent,City\nP,Parent,,Oslo\nA,Child,P,Rome\nB,Other,P,Bern\n");
    place.write("crm.csv", "Id,Name,Parent,City\nA,Child,,\nB,Other,B,\n");
    let shown = place.go(&["preview", "accounts", "--as-of", "2026-11-17", "-n", "1"]).ends_with(0);
    let lines: Vec<&str> =
        shown.out.lines().filter(|line| line.contains("City") || line.contains("parent_id")).collect();
    assert!(lines.iter().any(|line| line.contains("(empty) → Rome  keep")), "{}", shown.out);
    assert!(lines.iter().any(|line| line.contains("(empty) → P  keep")), "{}", shown.out);
    // Followed, it ends as it will in a run.
    let followed = place.go(&["preview", "accounts", "--as-of", "2026-11-17", "--key", "A"]);
    assert!(followed.out.contains("parent `P` is nowhere") && followed.out.contains("keep"), "{}", followed.out);

    place.go(&["-q", "run", "--as-of", "2026-11-17"]).ends_with(0);
    let rejects = place.read("out/accounts.rejects.csv");
    let told = "P,\"parent `P` is nowhere: not in the file and not known; the cell is empty and keeps the value published last, up to 2026-11-16";
    assert!(rejects.contains(told), "{rejects}");
    let why = place.go(&["why", "accounts", "A"]).ends_with(0);
    assert!(why.out.contains("keeps the value published last, up to 2026-11-16"), "{}", why.out);
    let report = place.manifest();
    assert_eq!(
        (&report["mappings"][0]["kept"]["City"], &report["mappings"][0]["kept"]["parent_id"]),
        (&2.into(), &1.into())
    );
}

#[test]
fn an_export_older_than_max_age_ends_with_6_and_a_fresh_one_is_taken() {
    let place = Place::new(&[
        ("tanguero.yaml", ""),
        ("mappings/accounts.yaml", &KEPT.replace("{path: crm.csv}", "{path: crm.csv, max_age: 2h}")),
        ("crm.csv", "Id,Name,Parent,City\nA,Child,,\n"),
    ]);
    place.go(&["-q", "run"]).ends_with(0);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3 * 3600);
    fs::File::options().write(true).open(place.join("crm.csv")).unwrap().set_modified(old).unwrap();
    place.go(&["run"]).ends_with(6).tells(&["error[S803]", "crm.csv", "mappings/accounts.yaml:2:23"]);
    place.go(&["check"]).ends_with(6).tells(&["error[S803]"]);
}
