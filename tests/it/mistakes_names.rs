//! Broken mappings, part two: formats, sources, columns, their values and options. Each snapshot is what the author sees.

use insta::assert_snapshot;

use crate::author::mistakes_in;

#[test]
fn an_unknown_format() {
    assert_snapshot!(mistakes_in("format: acounts\n"), @r#"
    error[R201]: unknown format `acounts`
     --> mappings/accounts.yaml:7:9
      |
    7 | format: acounts
      |         ^^^^^^^ no such Totango file
      = help: `accounts` has a similar name
    exit 3
    "#);
}

#[test]
fn an_unknown_source_does_not_hide_an_unknown_column() {
    assert_snapshot!(mistakes_in("from: cmr\ncolumns:\n  account_id: Idd\n"), @r#"
    error[R202]: unknown source `cmr`
     --> mappings/accounts.yaml:6:7
      |
    6 | from: cmr
      |       ^^^ not declared
      = help: `crm` has a similar name

    error[R204]: column `Idd` not found in source `crm`
     --> mappings/accounts.yaml:8:15
      |
    8 |   account_id: Idd
      |               ^^^ no such column
      = help: `Id` has a similar name
    exit 3
    "#);
}

#[test]
fn a_misspelt_source_column() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: Id\n  account_name: {column: Nmae}\n"), @r#"
    error[R204]: column `Nmae` not found in source `crm`
     --> mappings/accounts.yaml:9:26
      |
    9 |   account_name: {column: Nmae}
      |                          ^^^^ no such column
      = help: `Name` has a similar name
    exit 3
    "#);
}

#[test]
fn a_source_column_that_resembles_nothing() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: Id\n  account_name: Bezeichnung\n"), @r#"
    error[R204]: column `Bezeichnung` not found in source `crm`
     --> mappings/accounts.yaml:9:17
      |
    9 |   account_name: Bezeichnung
      |                 ^^^^^^^^^^^ no such column
      = help: columns: Id, Name, Type, Stage, Owner Id, Renewal, ARR, Parent Id, Labels, Seats, Mail, Note, Note#2
    exit 3
    "#);
}

#[test]
fn a_wrong_delimiter() {
    assert_snapshot!(mistakes_in(
        "sources:\n  crm: {path: data/crm.csv, csv: {delimiter: \";\"}}\ncolumns:\n  account_id: Id\n"), @r#"
    error[R204]: column `Id` not found in source `crm`
     --> mappings/accounts.yaml:6:15
      |
    6 |   account_id: Id
      |               ^^ no such column
      = help: the header is read as one column; it is separated by ',': set `csv: {delimiter: ','}`
    exit 3
    "#);
}

#[test]
fn a_misspelt_attribute() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: Id\n  Contrct Value: ARR\n"), @r#"
    error[R203]: `Contrct Value` is nearly the attribute `Contract Value`
     --> mappings/accounts.yaml:9:3
      |
    9 |   Contrct Value: ARR
      |   ^^^^^^^^^^^^^ Totango would see another attribute
      = help: write `Contract Value`
      = help: if a custom attribute of this name is meant, add `custom: true`
    exit 3
    "#);
}

#[test]
fn a_missing_mandatory_attribute() {
    assert_snapshot!(mistakes_in("columns:\n  account_name: Name\n"), @r#"
    error[R205]: `account_id` is not mapped
     --> mappings/accounts.yaml:1:9
      |
    1 | format: accounts
      |         ^^^^^^^^ `accounts` needs it
      = help: Unique across every level of the hierarchy; never blank; case counts.
      = help: add `account_id: <source column>` to `columns`
    exit 3
    "#);
}

#[test]
fn a_column_mapped_twice() {
    assert_snapshot!(mistakes_in(
        "columns:\n  account_id: Id\n  tag##vip: {sql: \"\\\"Type\\\" = 'gold'\"}\ntags: {column: Labels, known: [vip]}\n"),
        @r#"
    error[R207]: `tag##vip` is mapped twice
      --> mappings/accounts.yaml:10:32
       |
     9 |   tag##vip: {sql: "\"Type\" = 'gold'"}
       |   -------- first time
    10 | tags: {column: Labels, known: [vip]}
       |                                ^^^ second time
    exit 3
    "#);
}

#[test]
fn a_value_that_totango_does_not_take() {
    assert_snapshot!(mistakes_in(
        "format: totango_users\ncolumns:\n  User Email: Mail\n  License: {column: Type, map: {Customer: Viewer}}\n"), @r#"
    error[R210]: Totango takes no `Viewer` in column `License`
     --> mappings/accounts.yaml:9:43
      |
    9 |   License: {column: Type, map: {Customer: Viewer}}
      |                                           ^^^^^^ in `map`
      = help: allowed: Spark, Zoe
    exit 3
    "#);
}

#[test]
fn a_default_that_is_not_among_the_values() {
    assert_snapshot!(mistakes_in(
        "columns:\n  account_id: Id\n  Status: {column: Stage, values: [Active, Churned], default: {value: Unknown}}\n"),
        @r#"
    error[R209]: the default `Unknown` is not one of the column's values
     --> mappings/accounts.yaml:9:63
      |
    9 |   Status: {column: Stage, values: [Active, Churned], default: {value: Unknown}}
      |                                                               ^^^^^^^^^^^^^^^^ not allowed here
      = help: allowed: Active, Churned
    exit 3
    "#);
}

#[test]
fn a_default_of_a_key() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: {column: Id, default: {value: none}}\n"), @r#"
    error[R209]: a key has no default
     --> mappings/accounts.yaml:8:37
      |
    8 |   account_id: {column: Id, default: {value: none}}
      |                                     ^^^^^^^^^^^^^ an empty key is always rejected
      = help: remove `default`
    exit 3
    "#);
}

#[test]
fn a_default_of_another_type() {
    assert_snapshot!(mistakes_in(
        "columns:\n  account_id: Id\n  Contract Value: {column: ARR, default: today}\n  Licenses: {column: Seats, default: {value: many}}\n"),
        @r#"
    error[R209]: `today` is a date, the column is of type `currency`
     --> mappings/accounts.yaml:9:42
      |
    9 |   Contract Value: {column: ARR, default: today}
      |                                          ^^^^^ not a date column
      = help: write `default: {value: ...}`, or give the column `type: date`

    error[R209]: the default `many` of `Licenses`: a value is not a number
      --> mappings/accounts.yaml:10:38
       |
    10 |   Licenses: {column: Seats, default: {value: many}}
       |                                      ^^^^^^^^^^^^^ not of type `number`
    exit 3
    "#);
}

#[test]
fn an_option_of_another_type() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: Id\n  account_name: {column: Name, timezone: Europe/Berlin}\n"), @r#"
    error[R208]: `timezone` has no meaning for type `text`
     --> mappings/accounts.yaml:9:42
      |
    9 |   account_name: {column: Name, timezone: Europe/Berlin}
      |                                          ^^^^^^^^^^^^^ would have no effect
      = help: `timezone` goes with: date
    exit 3
    "#);
}

#[test]
fn a_date_layout_and_a_zone_that_are_none() {
    assert_snapshot!(mistakes_in(
        "columns:\n  account_id: Id\n  Create Date: {column: Renewal, formats: [DD/MM/YYYY, \"%q/%Y\"], timezone: Europe/Atlantis}\n"),
        @r#"
    error[Y104]: `DD/MM/YYYY` is no date layout: it is `iso`, `epoch_s`, `epoch_ms`, `excel` or a pattern like `%d/%m/%Y`
     --> mappings/accounts.yaml:9:44
      |
    9 |   Create Date: {column: Renewal, formats: [DD/MM/YYYY, "%q/%Y"], timezone: Europe/Atlantis}
      |                                            ^^^^^^^^^^ this layout

    error[Y104]: `%q/%Y` cannot be read: strptime parsing failed: found unrecognized specifier directive `q`
     --> mappings/accounts.yaml:9:56
      |
    9 |   Create Date: {column: Renewal, formats: [DD/MM/YYYY, "%q/%Y"], timezone: Europe/Atlantis}
      |                                                        ^^^^^^^ this layout

    error[Y104]: there is no time zone `Europe/Atlantis`; zones have names like `Europe/Berlin`
     --> mappings/accounts.yaml:9:76
      |
    9 |   Create Date: {column: Renewal, formats: [DD/MM/YYYY, "%q/%Y"], timezone: Europe/Atlantis}
      |                                                                            ^^^^^^^^^^^^^^^ this zone
    exit 3
    "#);
}

#[test]
fn a_column_that_occurs_twice_in_the_header() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: Id\n  account_name: Note\n"), @r#"
    error[R211]: column `Note` occurs twice in source `crm`
     --> mappings/accounts.yaml:9:17
      |
    9 |   account_name: Note
      |                 ^^^^ which one is meant?
      = help: `Note#2` is the second
    exit 3
    "#);
}

#[test]
fn a_file_of_the_source_that_lacks_a_column() {
    assert_snapshot!(mistakes_in(
        "sources:\n  crm: {path: \"data/month_*.csv\"}\ncolumns:\n  account_id: Id\n  account_name: Name\n"), @r#"
    error[R221]: data/month_2.csv lacks column `Name`
     --> mappings/accounts.yaml:7:17
      |
    7 |   account_name: Name
      |                 ^^^^ used here
      = help: Correct the file, or say `missing_columns: empty`.
    exit 3
    "#);
}
