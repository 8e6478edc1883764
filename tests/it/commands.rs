//! The command line as a user sees it: exit codes, what is said and where, what is left behind.

use serde_json::Value;

use crate::binary::Place;
use crate::support::files;

const MAPPING: &str = "# Accounts.
format: accounts
sources: {crm: {path: crm.csv}}
from: crm
where: \"\\\"Type\\\" <> 'Test'\"
columns: {account_id: Id, account_name: Name, Account Type: Type}
";

const ROWS: &str = "Id,Name,Type\nA1,one,Customer\nA 2,bad,Customer\nA3,test,Test\nA1,again,Customer\n";

fn project() -> Place {
    Place::new(&[("mappings/accounts.yaml", MAPPING), ("mappings/crm.csv", ROWS)])
}

fn run(place: &Place, more: &[&str]) -> crate::binary::Said {
    place.go(&[&["run", "mappings/accounts.yaml", "--out", "out"], more].concat())
}

#[test]
fn a_good_run_says_so_on_stderr_and_nothing_on_stdout() {
    let place = project();
    let said = run(&place, &["--as-of", "2026-11-20"]).ends_with(0);
    assert_eq!(said.out, "");
    said.tells(&[
        "accounts rejected 1 V402 `account_id`",
        "published to out",
        "as of 2026-11-20",
        "1 row written, 1 rejected",
    ]);
    assert_eq!(place.read("out/accounts.csv"), "account_id,account_name,Account Type\r\nA1,again,Customer\r\n");
    assert_eq!(place.manifest()["as_of"], "2026-11-20");
    let quiet = run(&place, &["--force", "-q"]).ends_with(0);
    assert_eq!(quiet.err.lines().count(), 1, "{}", quiet.err);
}

#[test]
fn unchanged_is_said_plainly_and_can_have_an_exit_code_of_its_own() {
    let place = project();
    run(&place, &[]).ends_with(0);
    let before = files(&place.join("out"));
    run(&place, &[]).ends_with(0).tells(&["unchanged: out holds exactly these files"]);
    run(&place, &["--exit-code-unchanged"]).ends_with(99).tells(&["unchanged"]);
    assert_eq!(files(&place.join("out")), before, "not even run.json was written");

    let forced = run(&place, &["--force", "--exit-code-unchanged"]).ends_with(0);
    forced.tells(&["published to"]);
    assert_ne!(files(&place.join("out"))["run.json"], before["run.json"]);

    // A file that somebody changed is not what was published.
    place.write("out/accounts.csv", "by hand\n");
    run(&place, &["--exit-code-unchanged"]).ends_with(0);
    assert_eq!(files(&place.join("out"))["accounts.csv"], before["accounts.csv"]);
    place.write("mappings/crm.csv", ROWS.replace("again", "other"));
    run(&place, &["--exit-code-unchanged"]).ends_with(0);
}

#[test]
fn a_dry_run_leaves_no_trace_where_files_are_published() {
    let place = project();
    let said = run(&place, &["--dry-run"]).ends_with(0);
    said.tells(&["dry run: nothing was published", "accounts rejected 1 V402"]);
    assert!(!place.join("out").exists());
    run(&place, &[]).ends_with(0);
    let before = files(&place.join("out"));
    place.write("mappings/crm.csv", ROWS.replace("again", "other"));
    run(&place, &["--dry-run"]).ends_with(0);
    assert_eq!(files(&place.join("out")), before);
    // Without a state folder nothing at all is left.
    let bare = project();
    let all = files(bare.path());
    run(&bare, &["--dry-run", "--state", "off"]).ends_with(0);
    assert_eq!(files(bare.path()), all);
    run(&bare, &["--dry-run", "--fail-on-rejects", "--state", "off"]).ends_with(4);
    assert_eq!(files(bare.path()), all);
}

#[test]
fn wrong_usage_ends_with_2() {
    let place = project();
    place.go(&["run", "absent.yaml"]).ends_with(2).tells(&["no mapping is at", "absent.yaml"]);
    place.go(&["run", "mappings/crm.csv", "--as-of", "2026-02-30"]).ends_with(2).tells(&["`--as-of 2026-02-30`"]);
    place.go(&["run", "--no-such-flag"]).ends_with(2);
    place.go(&["dance"]).ends_with(2);
    run(&place, &["--memory", "lots"]).ends_with(2).tells(&["--memory lots"]);
    run(&place, &["--memory", "1MB"]).ends_with(2).tells(&["64MB is the least"]);
    run(&place, &["--var", "novalue"]).ends_with(2).tells(&["NAME=VALUE"]);
    run(&place, &["--accept", "everything"]).ends_with(2).tells(&["no such limit", "rejects"]);
    place.write("empty/nothing.txt", "");
    place.go(&["run", "empty"]).ends_with(2).tells(&["holds no mapping"]);
    assert!(!place.join("out").exists());
    let help = place.go(&["run", "--help"]).ends_with(0);
    assert!(help.out.contains("--fail-on-rejects") && help.err.is_empty());
}

#[test]
fn a_wrong_mapping_tells_all_its_mistakes_at_once_with_their_places() {
    let place = project();
    let wrong = "format: accounts
sources: {crm: {path: crm.csv}}
from: cmr
columns:
  account_id: Idd
  account_name: {column: Name, typo: text}
  Contrct Value: {column: Type}
  note: {sql: \"upper(\\\"Nmae\\\")\"}
where: \"\\\"Type\\\" = \"
duplicats: last
";
    place.write("mappings/accounts.yaml", wrong);
    let said = run(&place, &[]).ends_with(3).tells(&[
        "unknown source `cmr`",
        "accounts.yaml:3:7",
        "column `Idd` not found",
        "`Id` has a similar name",
        "unknown key `typo`",
        "write `Contract Value`",
        "unknown key `duplicats`",
        "`duplicates` has a similar name",
        "`Nmae`",
        "next           correct the mapping",
    ]);
    assert!(said.err.matches("error[").count() >= 7, "{}", said.err);
    assert!(!place.join("out/run.json").exists());
}

#[test]
fn a_mapping_that_is_wrong_and_lacks_its_source_tells_both() {
    let place = project();
    std::fs::remove_file(place.join("mappings/crm.csv")).unwrap();
    place.write("mappings/accounts.yaml", MAPPING.replace("account_name:", "acount_name:"));
    run(&place, &[]).ends_with(3).tells(&["write `account_name`", "error[S801]", "crm.csv is not there"]);
}

#[test]
fn a_missing_or_empty_source_ends_with_6() {
    let place = project();
    run(&place, &[]).ends_with(0);
    let before = files(&place.join("out"));
    place.write("mappings/crm.csv", "Id,Name,Type\n");
    run(&place, &[]).ends_with(6).tells(&["error[S802]", "crm.csv has no record", "on_empty: ok"]);
    place.write("mappings/crm.csv", "");
    run(&place, &[]).ends_with(6);
    std::fs::remove_file(place.join("mappings/crm.csv")).unwrap();
    let said = run(&place, &[]).ends_with(6);
    said.tells(&["error[S801]", "crm.csv is not there", "see whether the export ran", "the files of run"]);
    assert_eq!(files(&place.join("out")), before);
    // An empty export can be meant.
    place.write("mappings/crm.csv", "Id,Name,Type\n");
    place.write("mappings/accounts.yaml", MAPPING.replace("path: crm.csv", "path: crm.csv, on_empty: ok"));
    run(&place, &[]).ends_with(0);
    assert_eq!(place.read("out/accounts.csv"), "account_id,account_name,Account Type\r\n");
    assert!(!place.join("out/accounts.rejects.csv").exists(), "a stale report is removed");
}

#[test]
fn the_first_of_several_ends_gives_the_exit_code_and_what_is_right_is_published() {
    let place = project();
    place.write("mappings/refused.yaml", format!("{MAPPING}limits: {{rejects: 0}}\n"));
    place.go(&["run", "mappings", "--out", "out"]).ends_with(4).tells(&["not published  refused (refused)"]);
    assert!(place.join("out/accounts.csv").exists() && !place.join("out/refused.csv").exists());
    place.write("mappings/absent.yaml", MAPPING.replace("crm.csv", "absent.csv"));
    place.go(&["run", "mappings", "--out", "out"]).ends_with(6);
    place.write("mappings/wrong.yaml", MAPPING.replace("from: crm", "from: nowhere"));
    place.go(&["run", "mappings", "--out", "out"]).ends_with(3);
    place.go(&["run", "mappings", "--out", "out", "--force"]).ends_with(3);
    let manifest = place.manifest();
    let statuses: Vec<&Value> = manifest["mappings"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, ["failed", "published", "refused", "failed"]);
}

#[test]
fn a_folder_that_cannot_be_written_ends_with_1_and_is_named() {
    let place = project();
    place.write("out", "a file");
    run(&place, &[]).ends_with(1).tells(&["error[L703]", "/out`"]);
    assert_eq!(place.read("out"), "a file");
    std::fs::remove_file(place.join("out")).unwrap();
    std::fs::create_dir_all(place.join("out/accounts.csv")).unwrap();
    let said = run(&place, &[]).ends_with(1);
    said.tells(&["is a folder where a file belongs", "not published  accounts (failed)"]);
    assert_eq!(place.leftovers(), [""; 0]);
    assert!(!place.join("out/run.json").exists());
}

#[test]
fn a_state_folder_that_cannot_be_written_stops_the_run_before_it_publishes() {
    let place = project();
    place.write("mappings/.tanguero", "a file");
    run(&place, &[]).ends_with(1).tells(&["error[L703]", ".tanguero"]);
    assert!(!place.join("out/accounts.csv").exists());
    run(&place, &["--state", "off"]).ends_with(0);
}

#[test]
fn a_project_file_that_is_no_text_is_an_error() {
    let place = project();
    place.write("tanguero.yaml", b"output: {directory: caf\xe9}\n");
    place.go(&["run", "mappings"]).ends_with(2).tells(&["tanguero.yaml", "cannot be read"]);
}

#[test]
fn messages_can_be_read_by_machines() {
    let place = project();
    place.write("mappings/accounts.yaml", MAPPING.replace("account_id: Id", "account_id: Idd"));
    let said = run(&place, &["--message-format", "json"]).ends_with(3);
    let lines: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found = lines.iter().find(|line| line["code"] == "R204").unwrap();
    assert_eq!(
        (&found["severity"], &found["file"], &found["line"]),
        (&"error".into(), &"accounts.yaml".into(), &6.into())
    );
    assert!(!said.err.contains("error["), "said once, not twice: {}", said.err);

    let said = run(&place, &["--message-format", "github"]).ends_with(3);
    assert!(said.out.lines().all(|line| line.starts_with("::")), "{}", said.out);
    assert!(said.out.contains("::error file=mappings/accounts.yaml,line=6,"), "{}", said.out);
}

#[test]
fn variables_and_environments_fill_the_mapping_in() {
    let project_file = "variables: {region: eu}\nenvironments: {production: {variables: {region: us}}}\n";
    let mapping = "format: accounts\nsources: {crm: {path: \"${region}.csv\"}}\nfrom: crm\n\
                   columns: {account_id: Id, account_name: {sql: \"${region}\"}}\n";
    let place = Place::new(&[("tanguero.yaml", project_file), ("mappings/accounts.yaml", mapping)]);
    for region in ["eu", "us", "apac", "it's"] {
        place.write(&format!("{region}.csv"), format!("Id\n{}\n", &region[..2]));
    }
    let published = |arguments: &[&str]| {
        place.go(&[&["run"], arguments].concat()).ends_with(0);
        place.read("out/accounts.csv").lines().nth(1).unwrap().to_owned()
    };
    assert_eq!(published(&[]), "eu,eu");
    assert_eq!(published(&["--env", "production"]), "us,us");
    assert_eq!(published(&["--env", "production", "--var", "region=apac"]), "ap,apac");
    // A value is data: it cannot change the SQL.
    assert_eq!(published(&["--var", "region=it's"]), "it,\"it's\"");
    place.go(&["run", "--env", "nowhere"]).ends_with(3).tells(&["nowhere", "production"]);
    place.go(&["run", "--var", "region=../secret"]).ends_with(3).tells(&[".."]);
}

#[test]
fn a_pipe_is_no_source() {
    let place = project();
    std::fs::remove_file(place.join("mappings/crm.csv")).unwrap();
    let made = std::process::Command::new("mkfifo").arg(place.join("mappings/crm.csv")).status().unwrap();
    assert!(made.success());
    // It would wait for ever, and cannot be read twice.
    run(&place, &[]).ends_with(1).tells(&["error[S804]", "crm.csv", "no regular file"]);
}

#[test]
fn evidence_of_a_run_that_failed_as_a_whole_does_not_say_published() {
    let place = project();
    place.write("out", "a file");
    let said = run(&place, &[]).ends_with(1);
    let evidence = said.err.lines().find_map(|line| line.strip_prefix("evidence")).unwrap().trim().to_owned();
    let run: Value = serde_json::from_str(&place.read(&format!("{evidence}/run.json"))).unwrap();
    assert_eq!(run["status"], "failed");
}
