//! `tanguero why`, and queries whose rows can or cannot be traced to their records.

use crate::binary::Place;
use crate::checker::Ledger;

const MAPPING: &str = "# Accounts.
format: accounts
sources: {crm: {path: crm.csv}}
from: crm
where: \"\\\"Type\\\" <> 'Test'\"
columns: {account_id: Id, account_name: Name, Account Type: Type, parent_id: {column: Parent, default: empty}}
";

const ROWS: &str = "Id,Name,Type,Parent\nACC-1,one,Group,\nACC-2,\"qu\"\"ote\",Group,\nACC-3,child,Customer,ACC-2\n\
                    ACC-1,again,Group,\nTEST-4,test,Test,\n";

#[test]
fn why_says_where_a_record_ended() {
    let rows = [ROWS, "ACC-5,\"five\"!,Group,\n"].concat();
    let place = Place::new(&[("accounts.yaml", MAPPING), ("crm.csv", &rows)]);
    let why = |key: &str| place.go(&["why", "accounts.yaml", key]);
    why("ACC-1").ends_with(2).tells(&["no run was kept"]);
    place.go(&["run", "accounts.yaml", "--as-of", "2026-11-20"]).ends_with(0);
    let told = |key: &str, code: i32, parts: &[&str]| {
        let said = why(key).ends_with(code);
        for part in parts {
            assert!(said.out.contains(part), "{key}: `{part}` is not in\n{}", said.out);
        }
    };
    told("ACC-1", 0, &["written: accounts.csv:2", "account_name = again", "duplicate: crm.csv:2 lost to crm.csv:5"]);
    told("ACC-2", 0, &["rejected: crm.csv:3: V415 in `account_name`", "took along: 1 record", "`ACC-3` at crm.csv:4"]);
    told("ACC-3", 0, &["rejected: crm.csv:4: K604", "root cause: `ACC-2`"]);
    told("ACC-9", 1, &["not found", "near: `ACC-1`"]);
    told("ACC-5", 0, &["in a record that cannot be read: crm.csv:7", "D503: something stands after a closing quote"]);
    told("TEST-4", 1, &["not found", "`where` dropped 1 of the records", "`tanguero preview accounts --key …`"]);
    place.go(&["preview", "accounts.yaml", "--key", "TEST-4"]).ends_with(0);
    told("acc-1", 1, &["not found", "near: `ACC-1`"]);

    // An earlier run can be asked, by its id and by its day.
    let id = place.manifest()["run_id"].as_str().unwrap().to_owned();
    place.write("crm.csv", ROWS.replace("ACC-1", "ACC-7"));
    place.go(&["run", "accounts.yaml"]).ends_with(0);
    told("ACC-1", 1, &["not found"]);
    let day = format!("{}-{}-{}", &id[..4], &id[4..6], &id[6..8]);
    assert!(place.go(&["why", "accounts.yaml", "ACC-2", "--run", &id]).ends_with(0).out.contains("V415"));
    place.go(&["why", "accounts.yaml", "ACC-2", "--run", &day]).ends_with(0);
    place.go(&["why", "accounts.yaml", "ACC-2", "--run", "1999-01-01"]).ends_with(2).tells(&["1999-01-01"]);
    place.go(&["why", "absent.yaml", "ACC-2"]).ends_with(2);
}

const OVER_A_QUERY: &str = "# From a query.
format: accounts
sources: {crm: {path: crm.csv}}
from: {query: rows.sql}
columns: {account_id: Id, account_name: Name}
";

#[test]
fn rows_of_a_query_that_keeps_file_and_line_are_traced_to_their_records() {
    let query = "select _file, _line, \"Id\", upper(\"Name\") as \"Name\" from crm where \"Type\" <> 'Test'\n";
    let place = Place::new(&[("accounts.yaml", OVER_A_QUERY), ("rows.sql", query), ("crm.csv", ROWS)]);
    place.go(&["run", "accounts.yaml"]).ends_with(0);
    let ledger = Ledger::read(&place.join("out"), "accounts");
    ledger.balances(4, 0);
    let [reject] = ledger.rejects.as_slice() else { panic!("{:?}", ledger.rejects) };
    assert_eq!((reject["file"].as_str(), reject["line"].as_str(), reject["code"].as_str()), ("crm.csv", "3", "V415"));
    assert_eq!(ledger.duplicates[0]["line"], "2");
    // What the query dropped is told for its source.
    let source = &ledger.report["sources"][0];
    assert_eq!((&source["source"], &source["used"], &source["dropped"]), (&"crm".into(), &4.into(), &1.into()));
}

#[test]
fn rows_of_a_query_that_folds_are_told_as_rows_of_the_query() {
    let query = "select \"Id\", max(\"Name\") as \"Name\" from crm group by \"Id\" order by \"Id\"\n";
    let place = Place::new(&[("accounts.yaml", OVER_A_QUERY), ("rows.sql", query), ("crm.csv", ROWS)]);
    place.go(&["run", "accounts.yaml"]).ends_with(0);
    let ledger = Ledger::read(&place.join("out"), "accounts");
    ledger.balances(4, 0);
    assert_eq!(ledger.written.len(), 3);
    assert_eq!((ledger.rejects[0]["key"].as_str(), ledger.rejects[0]["line"].as_str()), ("ACC-2", "2"));
}

#[test]
fn values_and_names_from_outside_are_never_sql() {
    let header = "\"I\"\"d\",\"x\"\"); drop table crm; --\",it's\n";
    let rows = "A1,\"'); drop table crm; --\",o'neill\nA2,$$,${HOME}\n";
    let mapping = "format: accounts\nsources: {crm: {path: crm.csv}}\nfrom: crm\nwhere: \"\\\"it's\\\" <> ''';--'\"\ncolumns:\n  \
                   account_id: 'I\"d'\n  account_name: 'x\"); drop table crm; --'\n  \
                   'we\"ird; '' --': {column: \"it's\", custom: true}\n  \
                   constant: {value: \"a'b; drop table crm; --\"}\n  both: {template: \"{I\\\"d} {it's}\"}\n";
    let place = Place::new(&[("accounts.yaml", mapping), ("crm.csv", &format!("{header}{rows}"))]);
    place.go(&["run", "accounts.yaml"]).ends_with(0);
    let written = Ledger::read(&place.join("out"), "accounts").written;
    assert_eq!(written.len(), 2);
    assert_eq!(written[0]["account_name"], "'); drop table crm; --");
    assert_eq!(written[0]["we\"ird; ' --"], "o'neill");
    assert_eq!(written[0]["constant"], "a'b; drop table crm; --");
    assert_eq!(written[1]["both"], "A2 ${HOME}");
}
