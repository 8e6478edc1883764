//! `unknown_accounts`: rows of accounts that Totango does not have are listed, and rejected or not.

use crate::binary::Place;

const KNOWN: &str = "account_id\nA1\nA2\n";
const ACCOUNTS: &str = "Id,Name\nA1,Acme\nA7,Bell\nA2,Cole\nA8,Dent\nA7,Bell again\n,Nobody\n";
const USERS: &str =
    "Account,Mail\nA1,eva@example.com\nA9,tom@example.com\nA9,ann@example.com\nA8,\nA8,bob@example.com\n";

fn place(mapping: &str, name: &str) -> Place {
    Place::new(&[
        ("tanguero.yaml", "sources: {known: {path: data/known.csv}}\n"),
        ("data/known.csv", KNOWN),
        ("data/accounts.csv", ACCOUNTS),
        ("data/users.csv", USERS),
        (&format!("mappings/{name}.yaml"), mapping),
    ])
}

fn accounts(policy: &str) -> String {
    format!(
        "format: accounts\nsources: {{crm: {{path: data/accounts.csv}}}}\nfrom: crm\n\
         columns: {{account_id: Id, account_name: Name}}\nunknown_accounts: {{in: [known.account_id]{policy}}}\n"
    )
}

fn users(policy: &str) -> String {
    format!(
        "format: users\nsources: {{crm: {{path: data/users.csv}}}}\nfrom: crm\n\
         columns: {{account_id: Account, user_id: Mail}}\nunknown_accounts: {{in: [known.account_id]{policy}}}\n"
    )
}

const NEW: &str = "key,file,line\r\nA8,data/accounts.csv,5\r\nA7,data/accounts.csv,6\r\n";

#[test]
fn allow_and_report_write_and_list_them() {
    for (policy, warned) in [("", false), (", policy: allow", false), (", policy: report", true)] {
        let place = place(&accounts(policy), "accounts");
        let said = place.go(&["run", "--as-of", "2026-11-20"]).ends_with(0);
        assert_eq!(
            place.read("out/accounts.csv"),
            "account_id,account_name\r\nA1,Acme\r\nA2,Cole\r\nA8,Dent\r\nA7,Bell again\r\n"
        );
        assert_eq!(place.read("out/accounts.new_accounts.csv"), NEW);
        let mapping = &place.manifest()["mappings"][0];
        assert_eq!(mapping["new_accounts"], 2);
        assert_eq!(mapping["warnings"]["W922"]["account_id"].as_u64(), warned.then_some(2));
        assert_eq!(said.err.contains("W922"), warned, "{}", said.err);
        assert!(said.err.contains("2 new accounts"), "{}", said.err);
    }
}

#[test]
fn reject_keeps_them_out_row_by_row() {
    let place = place(&accounts(", policy: reject"), "accounts");
    place.go(&["run", "--as-of", "2026-11-20"]).ends_with(0);
    assert_eq!(place.read("out/accounts.csv"), "account_id,account_name\r\nA1,Acme\r\nA2,Cole\r\n");
    assert_eq!(place.read("out/accounts.new_accounts.csv"), NEW);
    let rejects = place.read("out/accounts.rejects.csv");
    assert!(
        rejects.contains("K610,error,account_id,Id,A8,`A8` is not in `known.account_id`,A8,data/accounts.csv,5,"),
        "{rejects}"
    );
    assert!(
        rejects.contains("K610,error,account_id,Id,A7,") && rejects.contains(",A7,data/accounts.csv,6,"),
        "{rejects}"
    );
    assert_eq!(rejects.matches("K610").count(), 2);
    let rows = &place.manifest()["mappings"][0]["rows"];
    assert_eq!((rows["read"].as_u64(), rows["written"].as_u64()), (Some(6), Some(2)));
    assert_eq!((rows["rejected"].as_u64(), rows["duplicate"].as_u64()), (Some(3), Some(1)));
    let why = place.go(&["why", "accounts", "A8"]).ends_with(0);
    assert!(why.out.contains("K610 in `account_id`"), "{}", why.out);
}

#[test]
fn an_account_of_many_rows_is_listed_once() {
    let place = place(&users(", policy: reject"), "users");
    place.go(&["run", "--as-of", "2026-11-20"]).ends_with(0);
    assert_eq!(place.read("out/users.csv"), "account_id,user_id\r\nA1,eva@example.com\r\n");
    assert_eq!(
        place.read("out/users.new_accounts.csv"),
        "key,file,line\r\nA9,data/users.csv,3\r\nA8,data/users.csv,6\r\n"
    );
    assert_eq!(place.read("out/users.rejects.csv").matches("K610").count(), 3);
}

#[test]
fn what_another_mapping_writes_is_known_too() {
    let place = place(&users(", policy: reject"), "users");
    place.write("mappings/accounts.yaml", accounts(", policy: report"));
    place.write(
        "mappings/users.yaml",
        users(", policy: reject").replace("[known.account_id]", "[accounts, known.account_id]"),
    );
    place.go(&["run", "--as-of", "2026-11-20"]).ends_with(0);
    assert_eq!(place.read("out/users.csv"), "account_id,user_id\r\nA1,eva@example.com\r\nA8,bob@example.com\r\n");
    assert_eq!(place.read("out/users.new_accounts.csv"), "key,file,line\r\nA9,data/users.csv,3\r\n");
}

#[test]
fn what_the_mapping_itself_published_before_is_known() {
    let place = place(&accounts("").replace("[known.account_id]", "[accounts]"), "accounts");
    place.write("tanguero.yaml", "state: {snapshot: always}\n");
    let said = place.go(&["run", "--as-of", "2026-11-20"]).ends_with(0);
    assert!(said.err.contains("4 new accounts") && said.err.contains("warning[W921]"), "{}", said.err);
    place.write("data/accounts.csv", format!("{ACCOUNTS}A6,Eve\n"));
    place.go(&["run", "--as-of", "2026-11-21"]).ends_with(0);
    assert_eq!(place.read("out/accounts.new_accounts.csv"), "key,file,line\r\nA6,data/accounts.csv,8\r\n");
}

#[test]
fn without_new_ones_there_is_no_list_and_a_stale_one_goes() {
    let place = place(&accounts(""), "accounts");
    place.go(&["run", "--as-of", "2026-11-20"]).ends_with(0);
    assert!(place.join("out/accounts.new_accounts.csv").exists());
    place.write("data/known.csv", "account_id\nA1\nA2\nA7\nA8\n");
    place.go(&["run", "--as-of", "2026-11-20"]).ends_with(0);
    assert!(!place.join("out/accounts.new_accounts.csv").exists());
    assert!(place.manifest()["mappings"][0]["new_accounts"].is_null());
}

#[test]
fn wide_usage_of_unknown_accounts_is_rejected_by_record() {
    let mapping = "format: usage_aggregations\nsources: {events: {path: data/events.csv}}\nfrom: events\n\
        columns: {account_id: Account}\n\
        pivot: {module: '\"Area\"', action: '\"Event\"'}\n\
        unknown_accounts: {in: [known.account_id], policy: POLICY}\n";
    let events = "Account,Area,Event\nA1,Reports,View\nA9,Reports,View\nA9,Reports,Edit\nA1,Reports,View\n";
    for (policy, rejected) in [("reject", 2), ("report", 0)] {
        let place = place(&mapping.replace("POLICY", policy), "wide");
        place.write("data/events.csv", events);
        place.go(&["run", "--as-of", "2026-11-20"]).ends_with(0);
        let rows = &place.manifest()["mappings"][0]["rows"];
        assert_eq!(rows["rejected"].as_u64(), Some(rejected), "{policy}: {rows}");
        assert_eq!(place.read("out/wide.new_accounts.csv"), "key,file,line\r\nA9,data/events.csv,3\r\n");
    }
}

#[test]
fn what_cannot_be_meant_is_told_by_check() {
    let check = |mapping: &str, name: &str| place(mapping, name).go(&["check"]).ends_with(3).err;
    let word = check(&accounts(", policy: ignore"), "accounts");
    assert!(word.contains("allowed: `allow`, `reject`, `report`"), "{word}");
    let field = check(&accounts("").replace("known.account_id", "known.id"), "accounts");
    assert!(field.contains("column `id` not found in source `known`"), "{field}");
    let staff = "format: totango_users\nsources: {crm: {path: data/users.csv}}\nfrom: crm\ncolumns: {Email: Mail}\nunknown_accounts: {in: [known.account_id]}\n";
    let staff = check(staff, "staff");
    assert!(staff.contains("`unknown_accounts` without `account_id`"), "{staff}");
}
