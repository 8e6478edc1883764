//! `kind: totango` and `tanguero pull`, against the stand-in, as a user runs them.

use std::fs;

use serde_json::json;

use crate::binary::{Place, Said};
use crate::support::{copy, files, root};
use crate::totango::{Answer, Known, Standin, accounts};

const PROJECT: &str = "sources:
  known:
    kind: totango
    search: accounts
    url: ${SERVICE}
    token: ${TOKEN}
    query: |
      {\"terms\": [],
       \"fields\": [{\"type\": \"string_attribute\", \"attribute\": \"Region\", \"field_display_name\": \"Region\"},
                  {\"type\": \"number_attribute\", \"attribute\": \"Seats\", \"field_display_name\": \"Seats\"}],
       \"count\": 1000, \"offset\": 0, \"scope\": \"all\"}
    split: {type: string_attribute, attribute: Region, values: [EMEA, AMER, APJ, LATAM]}
";
const REGIONS: [&str; 4] = ["EMEA", "AMER", "APJ", "LATAM"];

/// Users of a known account and of one that is not; a region looked up.
const USERS: &str = "format: users
sources: {crm: {path: data/users.csv}}
from: crm
columns:
  account_id: Account
  user_id: Mail
  Region: {column: Account, custom: true, lookup: {in: known, match: account_id, take: Region, missing: empty}}
references: {account_id: {in: [known.account_id]}}
";
const JOINED: &str = "format: accounts
sources: {crm: {path: data/users.csv}}
from: {query: queries/joined.sql}
columns: {account_id: account_id, account_name: account_name, Region: Region, Seats: {column: Seats, type: integer, custom: true}}
";

fn place(mappings: &[(&str, &str)]) -> Place {
    let place = Place::new(&[
        ("tanguero.yaml", PROJECT),
        ("data/users.csv", "Account,Mail\nA00001,eva@example.com\nA99999,tom@example.com\nA24998,ann@example.com\n"),
        (
            "queries/joined.sql",
            "select distinct known.account_id, known.account_name, known.\"Region\", known.\"Seats\"\n\
             from known join crm on known.account_id = crm.\"Account\" order by 1\n",
        ),
    ]);
    mappings.iter().for_each(|(name, text)| place.write(&format!("mappings/{name}.yaml"), text));
    place
}

fn go(place: &Place, standin: &Standin, arguments: &[&str]) -> Said {
    let mut command = place.command(arguments);
    let said = command.env("SERVICE", standin.url()).env("TOKEN", standin.token()).output().unwrap();
    let said = Said::new(&said);
    for secret in standin.secrets() {
        assert!(!said.out.contains(secret) && !said.err.contains(secret), "a secret was shown:\n{}", said.err);
        for (name, bytes) in files(place.path()) {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "a secret stands in {name}");
        }
    }
    said
}

#[test]
fn a_set_reads_25000_known_accounts_once() {
    let standin = Standin::start();
    standin.set_accounts(accounts(25_000, &REGIONS));
    let place = place(&[("users", USERS), ("accounts", JOINED)]);
    go(&place, &standin, &["run", "--as-of", "2026-11-20"]).ends_with(0);
    assert_eq!(standin.calls().len(), 1 + 4 * 7, "two mappings, one search");
    assert_eq!(
        place.read("out/users.csv"),
        "account_id,user_id,Region\r\nA00001,eva@example.com,AMER\r\nA24998,ann@example.com,APJ\r\n"
    );
    assert_eq!(
        place.read("out/accounts.csv"),
        "account_id,account_name,Region,Seats\r\nA00001,Account 1,AMER,1\r\nA24998,Account 498,APJ,998\r\n"
    );
    let rejects = place.read("out/users.rejects.csv");
    assert!(rejects.contains("K608,error,account_id,Account,A99999"), "{rejects}");
    assert!(rejects.contains("`A99999` is not in `known.account_id`"), "{rejects}");
}

#[test]
fn the_example_checks_without_a_token_and_runs_with_one() {
    let place = Place::new(&[]);
    copy(&root().join("examples/totango"), place.path());
    place.go(&["check", "--offline", "--strict"]).ends_with(0);
    let standin = Standin::start();
    standin.set_accounts(accounts(12_000, &REGIONS));
    let run = |standin: &Standin| {
        let mut command = place.command(&["run", "--as-of", "2026-11-20"]);
        Said::new(&command.env("TOTANGO_URL", standin.url()).env("TOTANGO_TOKEN", standin.token()).output().unwrap())
    };
    run(&standin).ends_with(0).tells(&["accounts 1 new account, listed in accounts.new_accounts.csv"]);
    assert_eq!(
        place.read("out/accounts.csv"),
        "account_id,account_name,Region\r\nA00001,Acme,AMER\r\nA00002,Bell,APJ\r\nB00001,Cole,\r\n"
    );
    // Tom's account Totango has, Ann's comes with this night's file, Bob's is nowhere.
    assert_eq!(place.read("out/users.new_accounts.csv"), "key,file,line\r\nC00001,data/contacts.csv,5\r\n");
    assert_eq!(place.manifest()["mappings"][1]["rows"]["written"], 3);
}

#[test]
fn rows_of_totango_have_places_that_paging_does_not_change() {
    let mapping = "format: accounts\nfrom: known\ncolumns: {account_id: account_id, Seats: {column: Seats, type: integer, custom: true, required: true}}\n";
    let standin = Standin::start();
    let mut all = accounts(1_200, &REGIONS);
    let third = all.iter().position(|known| known.id == "A00002").unwrap();
    all[third].values["Seats"] = json!("many");
    standin.set_accounts(all.clone());
    let first = place(&[("accounts", mapping)]);
    go(&first, &standin, &["run", "--as-of", "2026-11-20"]).ends_with(0);
    let rejects = first.read("out/accounts.rejects.csv");
    assert!(rejects.contains("A00002,totango:accounts,3,"), "{rejects}");
    let report = first.manifest();
    assert_eq!(report["mappings"][0]["files"][0]["file"], "totango:accounts");
    assert_eq!(report["mappings"][0]["rows"]["written"], 1_199);

    all.reverse();
    standin.set_accounts(all);
    let second = place(&[("accounts", mapping)]);
    go(&second, &standin, &["run", "--as-of", "2026-11-20", "--threads", "1"]).ends_with(0);
    assert_eq!(first.published(), second.published());
}

#[test]
fn checking_needs_neither_token_nor_service() {
    let place = place(&[("users", USERS), ("accounts", JOINED)]);
    for arguments in [&["check"][..], &["check", "--offline"], &["explain", "mappings/users.yaml"]] {
        place.go(arguments).ends_with(0);
    }
    let explained = place.go(&["explain", "mappings/users.yaml"]).ends_with(0);
    assert!(explained.out.contains("table known: a search of accounts in Totango"), "{}", explained.out);
    let lineage = place.go(&["explain", "--lineage", "mappings/users.yaml"]).ends_with(0);
    assert!(lineage.out.contains("known.Region"), "{}", lineage.out);
    place.write("mappings/users.yaml", USERS.replace("take: Region", "take: Regoin"));
    let said = place.go(&["check", "mappings/users.yaml"]).ends_with(3);
    said.tells(&[
        "column `Regoin` not found in source `known`",
        "mappings/users.yaml:7:",
        "`Region` has a similar name",
    ]);
}

#[test]
fn what_is_wrong_with_a_query_is_shown_in_it() {
    let place = place(&[("users", USERS)]);
    place.write("tanguero.yaml", PROJECT.replace("\"count\": 1000,", "\"count\": 1000"));
    place.go(&["check"]).ends_with(3).tells(&["error[Y104]: the query is not JSON", "--> tanguero.yaml:11:"]);
    place.write("tanguero.yaml", PROJECT.replace("\"terms\": [],", ""));
    place.go(&["check"]).ends_with(3).tells(&["the query has no list `terms`", "--> tanguero.yaml:7:"]);
    let in_file = "sources: {known: {kind: totango, query: {file: queries/known.json}}}\n";
    place.write("tanguero.yaml", in_file);
    place.go(&["check"]).ends_with(3).tells(&["the query `queries/known.json` cannot be read"]);
    place.write("queries/known.json", "{\"terms\": [],\n \"fields\": [}\n");
    place.go(&["check"]).ends_with(3).tells(&["--> queries/known.json:2:13"]);
    place.write("queries/known.json", "{\"terms\": [], \"fields\": [{\"attribute\": \"Region\"}]}");
    place.go(&["check"]).ends_with(0);
}

#[test]
fn without_records_nothing_is_published() {
    let standin = Standin::start();
    standin.set_accounts(accounts(1_500, &REGIONS));
    let place = place(&[("users", USERS)]);
    let run = ["run", "--as-of", "2026-11-20"];
    let said = place.command(&run).env("SERVICE", standin.url()).output().unwrap();
    Said::new(&said).ends_with(3).tells(&["error[Y107]", "there is no token for Totango", "--> tanguero.yaml:7:"]);
    assert!(standin.calls().is_empty());

    standin.set_expired(true);
    go(&place, &standin, &run).ends_with(7).tells(&["error[N852]", "401", "--> tanguero.yaml:7:", "source `known`"]);
    standin.set_expired(false);
    place.write("tanguero.yaml", PROJECT.replace("    split:", "    retries: 2\n    split:"));
    standin.answer_next(vec![Answer::Status(500); 3]);
    go(&place, &standin, &run).ends_with(7).tells(&["error[N853]", "answered 500"]);
    standin.answer_next([Answer::Good, Answer::Body("{}".to_owned())]);
    go(&place, &standin, &run).ends_with(7).tells(&["error[N854]", "is not what a search answers"]);
    standin.set_accounts(Vec::new());
    go(&place, &standin, &run).ends_with(6).tells(&["error[S802]", "totango:accounts has no record"]);
    standin.set_accounts(accounts(12_000, &["EMEA", "ANTARCTICA"]));
    go(&place, &standin, &run).ends_with(3).tells(&["error[N857]", "6000 of 12000 records pass no filter"]);
    place.write("tanguero.yaml", PROJECT.split("    split:").next().unwrap());
    go(&place, &standin, &run).ends_with(3).tells(&["error[N856]", "finds 12000 records", "docs/totango.md"]);
    assert!(place.published().is_empty(), "{:?}", place.published().keys());
    standin.set_accounts(accounts(1_500, &REGIONS));
    go(&place, &standin, &run).ends_with(0);
}

#[test]
fn a_token_in_the_file_is_refused_and_not_shown() {
    let standin = Standin::start();
    let place = place(&[("users", USERS)]);
    place.write("tanguero.yaml", PROJECT.replace("${TOKEN}", standin.token()));
    let said = place.go(&["check"]).ends_with(3);
    assert!(!said.err.contains(standin.token()), "{}", said.err);
    said.tells(&["`token` (tanguero.yaml:6) stands in the file for everybody to read"]);
}

#[test]
fn a_mistake_is_told_before_anything_is_fetched() {
    let standin = Standin::start();
    standin.set_accounts(accounts(10, &REGIONS));
    let place = place(&[("users", &USERS.replace("match: account_id", "match: account"))]);
    go(&place, &standin, &["run"]).ends_with(3).tells(&["column `account` not found"]);
    assert!(standin.calls().is_empty());
}

#[test]
fn tests_give_its_rows_and_previews_fetch_them() {
    let standin = Standin::start();
    standin.set_accounts(accounts(10, &REGIONS));
    let place = place(&[("users", USERS)]);
    place.write(
        "mappings/users.test.yaml",
        "cases:
  the region of a known account:
    sources:
      crm: [{Account: A1, Mail: eva@example.com}, {Account: A2, Mail: tom@example.com}]
      known: [{account_id: A1, Region: Mars}]
    expect:
      rows: [{account_id: A1, user_id: eva@example.com, Region: Mars}]
      rejects: [{code: K608, key: A2|tom@example.com}]
",
    );
    let said = place.go(&["test"]);
    assert!(standin.calls().is_empty());
    said.ends_with(0);
    let said = go(&place, &standin, &["preview", "mappings/users.yaml"]).ends_with(0);
    assert!(said.out.contains("AMER"), "{}", said.out);
    assert_eq!(standin.calls().len(), 1);
}

#[test]
fn a_pull_writes_one_file_or_none() {
    let standin = Standin::start();
    standin.set_accounts(accounts(12_000, &REGIONS));
    let place = place(&[(
        "accounts",
        "format: accounts\nsources: {crm: {path: all.csv}}\nfrom: crm\ncolumns: {account_id: account_id, account_name: account_name, Region: Region}\noutput: {changes: true}\n",
    )]);
    place.write(
        "query.json",
        "{\"terms\": [], \"fields\": [{\"type\": \"string_attribute\", \"attribute\": \"Region\"}]}",
    );
    let parts = REGIONS
        .map(|region| format!("{{\"type\":\"string_attribute\",\"attribute\":\"Region\",\"in_list\":[\"{region}\"]}}"));
    let pull = |out: &str, parts: &[String]| {
        let mut arguments =
            vec!["pull", "accounts", "--query", "query.json", "--out", out, "--token-from", "TOKEN", "--url"];
        let url = standin.url();
        arguments.push(&url);
        parts.iter().for_each(|part| arguments.extend(["--part", part]));
        go(&place, &standin, &arguments)
    };
    pull("all.csv", &parts).ends_with(0).tells(&["12,000 accounts in all.csv"]);
    let text = place.read("all.csv");
    assert!(text.starts_with("account_id,account_name,Region\r\nA00000,Account 0,EMEA\r\nA00001,Account 1,AMER\r\n"));
    assert_eq!(text.lines().count(), 12_001);
    pull("all.parquet", &parts).ends_with(0);
    assert_eq!(&fs::read(place.join("all.parquet")).unwrap()[..4], b"PAR1");

    pull("all.csv", &[]).ends_with(3).tells(&["error[N856]"]);
    standin.answer_next([Answer::Good, Answer::Good, Answer::Status(403)]);
    pull("all.csv", &parts).ends_with(7).tells(&["error[N852]"]);
    assert_eq!(place.read("all.csv"), text, "the file that was there stays");
    pull("new.xlsx", &parts).ends_with(3).tells(&["neither `.csv` nor `.parquet`"]);
    pull("new.csv", &["{".to_owned()]).ends_with(3).tells(&["`--part`: `{` is no filter"]);
    let names: Vec<String> = files(place.path()).into_keys().filter(|name| !name.contains('/')).collect();
    assert_eq!(names, ["all.csv", "all.parquet", "query.json", "tanguero.yaml"]);
    let arguments = ["pull", "users", "--query", "query.json", "--out", "x.csv", "--token-from", "NOBODY"];
    go(&place, &standin, &arguments).ends_with(2).tells(&["the variable `NOBODY` is not set"]);

    // What Totango holds is what was published: nothing is new then.
    place.write("tanguero.yaml", "");
    let imported = ["state", "import", "accounts", "all.csv", "--as-of", "2026-11-20"];
    go(&place, &standin, &imported).ends_with(0);
    go(&place, &standin, &["run", "--as-of", "2026-11-20"]).ends_with(0);
    assert_eq!(place.manifest()["mappings"][0]["rows"]["unchanged"], 12_000);
}

#[test]
fn users_are_pulled_with_their_accounts() {
    let standin = Standin::start();
    let user = |number: usize| Known {
        account: format!("A{number}"),
        ..Known::new("eva@example.com", "Eva", json!({"Role": "admin"}))
    };
    standin.set_users((0..3).map(user).collect());
    let place = place(&[]);
    place.write(
        "users.json",
        "{\"terms\":[],\"fields\":[{\"type\":\"string_attribute\",\"attribute\":\"Role\"}],\"parent_account_fields\":\
         [{\"type\":\"string\",\"term\":\"identifier\",\"field_display_name\":\"account_id\",\"index\":0}]}",
    );
    let url = standin.url();
    let arguments =
        ["pull", "users", "--query", "users.json", "--out", "users.csv", "--token-from", "TOKEN", "--url", &url];
    go(&place, &standin, &arguments).ends_with(0).tells(&["3 users in users.csv"]);
    assert_eq!(
        place.read("users.csv"),
        "user_id,user_name,Role,account_id\r\neva@example.com,Eva,admin,A0\r\neva@example.com,Eva,admin,A1\r\n\
         eva@example.com,Eva,admin,A2\r\n"
    );
}
