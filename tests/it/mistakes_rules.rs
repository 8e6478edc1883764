//! Broken mappings, part three: lookups, references, policies, blocks, limits of a format. Each snapshot is what the author sees.

use insta::assert_snapshot;

use crate::author::{mistakes, mistakes_in};

#[test]
fn a_lookup_in_columns_that_are_not_there() {
    assert_snapshot!(mistakes_in(
        "columns:\n  account_id: Id\n  owner: {column: Owner Id, lookup: {in: owner, match: id, take: name}}\n  \
         boss: {column: Owner Id, lookup: {in: owners, match: id, take: fullname}}\n"), @r#"
    error[R202]: unknown source `owner`
     --> mappings/accounts.yaml:9:42
      |
    9 |   owner: {column: Owner Id, lookup: {in: owner, match: id, take: name}}
      |                                          ^^^^^ not declared
      = help: `owners` has a similar name

    error[R204]: column `fullname` not found in source `owners`
      --> mappings/accounts.yaml:10:66
       |
    10 |   boss: {column: Owner Id, lookup: {in: owners, match: id, take: fullname}}
       |                                                                  ^^^^^^^^ no such column
       = help: `full_name` has a similar name
    exit 3
    "#);
}

#[test]
fn references_to_nothing() {
    assert_snapshot!(mistakes_in(
        "references:\n  account_id: {in: [acounts, crm.Idd, owners]}\n  user_id: {in: accounts}\n"), @r#"
    error[R212]: no mapping is called `acounts`
     --> mappings/accounts.yaml:9:21
      |
    9 |   account_id: {in: [acounts, crm.Idd, owners]}
      |                     ^^^^^^^ neither a mapping nor `<source>.<column>`
      = help: `accounts` has a similar name

    error[R204]: column `Idd` not found in source `crm`
     --> mappings/accounts.yaml:9:30
      |
    9 |   account_id: {in: [acounts, crm.Idd, owners]}
      |                              ^^^^^^^ no such column
      = help: `Id` has a similar name

    error[R212]: no mapping is called `owners`
     --> mappings/accounts.yaml:9:39
      |
    9 |   account_id: {in: [acounts, crm.Idd, owners]}
      |                                       ^^^^^^ neither a mapping nor `<source>.<column>`
      = help: a source needs its column too: `owners.<column>`

    error[R212]: `user_id` is not a mapped column
      --> mappings/accounts.yaml:10:3
       |
    10 |   user_id: {in: accounts}
       |   ^^^^^^^ no such target column
    exit 3
    "#);
}

#[test]
fn a_policy_without_what_it_needs() {
    assert_snapshot!(mistakes_in("duplicates: newest\n"), @r#"
    error[R218]: `newest` needs to know what to compare
     --> mappings/accounts.yaml:8:13
      |
    8 | duplicates: newest
      |             ^^^^^^ cannot be used here
      = help: write `duplicates: {policy: newest, by: {column: Last Modified, type: date}}`
    exit 3
    "#);
}

#[test]
fn a_file_name_that_totango_does_not_take() {
    assert_snapshot!(mistakes_in("output: {file: \"accounts 2026.csv\"}\n"), @r#"
    error[R215]: `accounts 2026.csv` is no name for a Totango file
     --> mappings/accounts.yaml:8:16
      |
    8 | output: {file: "accounts 2026.csv"}
      |                ^^^^^^^^^^^^^^^^^^^ letters, digits, `.`, `_`, `-`, ending in `.csv`
      = help: e.g. `output: {file: accounts_2026.csv}`
      = help: other letters make the upload fail. Article PREP.
    exit 3
    "#);
}

#[test]
fn a_block_of_another_format() {
    assert_snapshot!(mistakes_in(
        "format: tasks\ncolumns: {account_id: Id}\nhierarchy: {cycles: detach}\npivot: {module: area, action: event}\n"), @r#"
    error[R205]: `Task ID` is not mapped
     --> mappings/accounts.yaml:6:9
      |
    6 | format: tasks
      |         ^^^^^ `tasks` needs it
      = help: Id in the source system; stored in lower case, so ids must differ by more than case.
      = help: add `Task ID: <source column>` to `columns`

    error[R217]: the format `tasks` has no hierarchy
     --> mappings/accounts.yaml:8:1
      |
    8 | hierarchy: {cycles: detach}
      | ^^^^^^^^^ has no meaning here
      = help: remove `hierarchy`; `references` checks single columns

    error[R217]: the format `tasks` has no pivot
     --> mappings/accounts.yaml:9:8
      |
    9 | pivot: {module: area, action: event}
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ only `usage_aggregations` has one
    exit 3
    "#);
}

#[test]
fn more_than_a_thousand_columns() {
    let columns: String = (0..1001).map(|number| format!("  attribute_{number}: Name\n")).collect();
    assert_snapshot!(mistakes_in(&format!("columns:\n  account_id: Id\n{columns}")), @r#"
    error[R216]: 1002 columns are mapped, Totango takes at most 1000
        --> mappings/accounts.yaml:1008:3
         |
    1008 |   attribute_999: Name
         |   ^^^^^^^^^^^^^ the first too many
         = help: Map fewer columns, or keep the largest with `top`.
    exit 3
    "#);
}

#[test]
fn a_source_that_is_not_there_does_not_hide_other_mistakes() {
    assert_snapshot!(mistakes(
        "format: accounts\nsources:\n  crm: {path: data/crm_2026.csv}\n  owners: {path: data/staff.csv}\nfrom: crm\ncolumns:\n  \
         account_id: Id\n  Contrct Value: {sql: \"uper(Name) +\"}\n  \
         owner: {column: Owner Id, lookup: {in: owners, match: id, take: name}}\n"), @r#"
    error[S801]: data/crm_2026.csv is not there
     --> mappings/accounts.yaml:3:15
      |
    3 |   crm: {path: data/crm_2026.csv}
      |               ^^^^^^^^^^^^^^^^^ source `crm`
      = help: Check the path; see when the export last ran.

    error[S801]: data/staff.csv is not there
     --> mappings/accounts.yaml:4:18
      |
    4 |   owners: {path: data/staff.csv}
      |                  ^^^^^^^^^^^^^^ source `owners`
      = help: Check the path; see when the export last ran.

    error[R203]: `Contrct Value` is nearly the attribute `Contract Value`
     --> mappings/accounts.yaml:8:3
      |
    8 |   Contrct Value: {sql: "uper(Name) +"}
      |   ^^^^^^^^^^^^^ Totango would see another attribute
      = help: write `Contract Value`
      = help: if a custom attribute of this name is meant, add `custom: true`

    error[Q301]: the SQL ends where an expression is expected
     --> mappings/accounts.yaml:8:36
      |
    8 |   Contrct Value: {sql: "uper(Name) +"}
      |                                    ^ it ends here
    exit 3
    "#);
}
