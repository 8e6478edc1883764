//! `tanguero explain` and `tanguero formats`: what is printed is what is run, and what can be copied runs.

use insta::assert_snapshot;
use tanguero::format::catalog;

use crate::author::{project, wrapped};
use crate::binary::Place;

#[test]
fn the_sql_has_a_line_per_column_with_the_line_of_the_mapping() {
    let place = project();
    place.write(
        "mappings/accounts.yaml",
        wrapped(
            "where: \"\\\"Type\\\" <> 'Test'\"\nlet: {id: sf18(\"Id\"), long_id: \"id || '_x'\"}\ncolumns:\n  account_id: {sql: long_id}\n  \
             account_name: Name\n  Status:\n    column: Stage\n    map: {active: Active, gone: Churned, new: Trial, \"it's\": Active}\n    \
             values: [Active, Churned, Trial]\n  plan: {template: \"{Type}-{Stage}\"}\nduplicates: first\n",
        ),
    );
    assert_snapshot!(place.go(&["explain", "accounts"]).ends_with(0).out, @r#"
    -- mappings/accounts.yaml: format accounts, written to accounts.csv
    -- table crm: data/crm.csv

    -- each row judged: a struct(value, fault) per column
    select
      "_file", "_line",
      normalize_id((long_id), '{"id_extra": "-", "required": true, "max_length": 480}') as "account_id", -- mappings/accounts.yaml:10
      normalize_text("Name", '{"max_length": 128}') as "account_name", -- mappings/accounts.yaml:11
      normalize_text(
        "Stage",
        '{"map": [["active", "Active"], ["gone", "Churned"], ["new", "Trial"], ["it''s", "Active"]],
         "values": ["Active", "Churned", "Trial"], "max_length": 512}'
      ) as "Status", -- mappings/accounts.yaml:12
      normalize_text(template_text('{Type}-{Stage}', "Type", "Stage"), '{"max_length": 512}') as "plan" -- mappings/accounts.yaml:16
    from (
      select *, (id || '_x') as "long_id" -- mappings/accounts.yaml:8
      from (
        select *, (sf18("Id")) as "id" -- mappings/accounts.yaml:8
        from "crm"
      ) as "let id"
    ) as "let long_id"
    where ("Type" <> 'Test') -- mappings/accounts.yaml:7

    -- of several rows of one (account_id) the first is written
    "#);
    let plan = place.go(&["explain", "mappings/accounts.yaml", "--plan"]).ends_with(0).out;
    assert!(
        plan.contains("logical plan") && plan.contains("physical plan") && plan.contains("SourceExec: crm"),
        "{plan}"
    );
}

#[test]
fn lineage_goes_through_joins_roll_ups_windows_unions_and_sub_selects() {
    let place = project();
    place.write(
        "queries/deals.sql",
        "with all_rows as (\n  select \"Id\", \"ARR\", \"Owner Id\", \"Name\" from crm\n  union all\n  \
         select \"Id\", \"Seats\", \"Owner Id\", \"Mail\" from crm\n)\n\
         select all_rows.\"Id\" as id, sum(number(\"ARR\")) as amount, max(owners.full_name) as owner,\n  \
         max(\"Name\") || (select min(account) from events) as label\n\
         from all_rows join owners on owners.id = all_rows.\"Owner Id\"\ngroup by all_rows.\"Id\"\norder by 1\n",
    );
    place.write(
        "mappings/accounts.yaml",
        wrapped(
            "from: {query: queries/deals.sql}\nlet: {both: label || owner}\ncolumns:\n  account_id: id\n  Contract Value: {sql: amount}\n  \
             account_name: {sql: upper(both)}\n  Status: {value: Active}\n  \
             Success Manager: {column: owner, lookup: {in: owners, match: full_name, take: id}}\n",
        ),
    );
    assert_snapshot!(place.go(&["explain", "accounts", "--lineage"]).ends_with(0).out, @r#"
    accounts.csv     source columns         through
    account_id       crm: Id                query
    Contract Value   crm: ARR, Seats        query, sql
    account_name     crm: Mail, Name        query, let both
                     events: account
                     owners: full_name
    Status           -                      constant `Active`
    Success Manager  owners: full_name      query
                     owners: full_name, id  lookup in owners
    "#);
    let chart = place.go(&["explain", "accounts", "--lineage=mermaid"]).ends_with(0).out;
    assert!(chart.starts_with("flowchart LR\n") && chart.contains("|\"lookup in owners\"|"), "{chart}");
}

#[test]
fn a_mapping_that_is_wrong_is_told_as_check_tells_it() {
    let place = project();
    place.write("mappings/accounts.yaml", wrapped("columns: {account_id: Idd}\n"));
    let said = place.go(&["explain", "accounts"]).ends_with(3);
    assert_eq!(said.out, "");
    said.tells(&["error[R204]", "`Id` has a similar name"]);
    place.go(&["explain", "absent"]).ends_with(2).tells(&["no mapping is at"]);
    place.go(&["explain", "accounts", "--plan", "--lineage"]).ends_with(2);
    std::fs::remove_file(place.join("data/crm.csv")).unwrap();
    place.go(&["explain", "accounts"]).ends_with(6).tells(&["error[S801]"]);
}

#[test]
fn the_mapping_that_each_format_shows_writes_the_file_that_it_shows() {
    for format in catalog() {
        let name = &format.name;
        let place = Place::new(&[("tanguero.yaml", "")]);
        let screen = place.go(&["formats", name]).ends_with(0).out;
        let (_, mapping) = screen.split_once("A mapping to start from\n\n").unwrap();
        place.write(&format!("mappings/{name}.yaml"), mapping);
        place.write(&format!("data/{name}.csv"), format.example_source());
        place.write("data/known_accounts.csv", "account_id\nACC-1000\nACC-1001\n");
        place.go(&["check"]).ends_with(0).tells(&[" 0 errors"]);
        place.go(&["run", "--fail-on-rejects"]).ends_with(0);
        assert_eq!(place.read(&format!("out/{name}.csv")).replace("\r\n", "\n"), format.example(), "{name}");
    }
}

#[test]
fn formats_without_a_name_lists_all_and_a_wrong_name_has_a_near_one() {
    let place = project();
    let said = place.go(&["formats"]).ends_with(0);
    for format in catalog() {
        assert!(said.out.lines().any(|line| line.starts_with(&format.name)), "{}", format.name);
    }
    place.go(&["formats", "acounts"]).ends_with(2).tells(&["`accounts` has a similar name"]);
    place.go(&["formats", "zzz"]).ends_with(2).tells(&["formats: totango_users, accounts"]);
}
