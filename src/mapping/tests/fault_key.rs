//! Keys: unknown, missing, repeated, with values of the wrong shape.

use insta::assert_snapshot;

use super::{columns, drawn, read, with_head};
use crate::diagnostic::line_and_column;

#[test]
fn an_unknown_key_names_its_nearest() {
    assert_snapshot!(with_head("duplicate: last\n"), @"
    error[Y102]: unknown key `duplicate`
     --> mappings/m.yaml:4:1
      |
    4 | duplicate: last
      | ^^^^^^^^^ not a key of a mapping file
      = help: `duplicates` has a similar name
    ");
}

#[test]
fn an_unknown_key_without_a_near_one_lists_all() {
    assert_snapshot!(with_head("hierarchy: {speed: 3}\n"), @"
    error[Y102]: unknown key `speed`
     --> mappings/m.yaml:4:13
      |
    4 | hierarchy: {speed: 3}
      |             ^^^^^ not a key of `hierarchy`
      = help: keys here: `missing_parent`, `cycles`, `max_depth`, `order`, `known_accounts`
    ");
}

#[test]
fn a_nearly_right_key_is_taken_for_the_right_one() {
    assert_snapshot!(columns("  account_id: {colum: Id, typ: id}\n"), @"
    error[Y102]: unknown key `colum`
     --> mappings/m.yaml:4:16
      |
    4 |   account_id: {colum: Id, typ: id}
      |                ^^^^^ not a key of a column
      = help: `column` has a similar name

    error[Y102]: unknown key `typ`
     --> mappings/m.yaml:4:27
      |
    4 |   account_id: {colum: Id, typ: id}
      |                           ^^^ not a key of a column
      = help: `type` has a similar name
    ");
    let (mapping, _) = read("formt: accounts\nfrom: crm\nColumns: {account_id: Id}\n");
    assert_eq!(mapping.unwrap().format.value, "accounts");
}

#[test]
fn missing_keys_are_all_reported() {
    assert_snapshot!(drawn("description: nothing else\n"), @"
    error[Y105]: `format` is missing
     --> mappings/m.yaml:1:1
      |
    1 | description: nothing else
      | ^^^^^^^^^^^ a mapping file needs `format`
      = help: e.g. `format: accounts`

    error[Y105]: `from` is missing
     --> mappings/m.yaml:1:1
      |
    1 | description: nothing else
      | ^^^^^^^^^^^ a mapping file needs `from`

    error[Y105]: `columns` is missing
     --> mappings/m.yaml:1:1
      |
    1 | description: nothing else
      | ^^^^^^^^^^^ a mapping file needs `columns`
    ");
}

#[test]
fn a_missing_key_of_a_section_is_reported_at_its_name() {
    assert_snapshot!(columns("  Owner: {column: Owner Id, lookup: {in: owners, match: id}}\n"), @"
    error[Y105]: `take` is missing
     --> mappings/m.yaml:4:29
      |
    4 |   Owner: {column: Owner Id, lookup: {in: owners, match: id}}
      |                             ^^^^^^ `lookup` needs `take`
      = help: e.g. `{in: owners, match: id, take: full_name}`
    ");
}

#[test]
fn a_missing_from_is_the_only_source() {
    let (mapping, found) = read("format: accounts\nsources: {crm: {path: a.csv}}\ncolumns: {account_id: Id}\n");
    let mapping = mapping.unwrap();
    assert!(matches!(mapping.from, crate::mapping::From::Source(name) if name.value == "crm"));
    assert_eq!(found.iter().count(), 1);
}

#[test]
fn every_repetition_of_a_key_is_reported() {
    assert_snapshot!(columns("  a: X\n  b: {column: Y, column: Z}\n  a: Z\n  a: Q\n"), @"
    error[Y106]: `column` occurs twice
     --> mappings/m.yaml:5:18
      |
    5 |   b: {column: Y, column: Z}
      |       ------     ^^^^^^ here again
      |       |
      |       first here
      = help: remove one of the two

    error[Y106]: `a` occurs twice
     --> mappings/m.yaml:6:3
      |
    4 |   a: X
      |   - first here
    5 |   b: {column: Y, column: Z}
    6 |   a: Z
      |   ^ here again
      = help: remove one of the two

    error[Y106]: `a` occurs twice
     --> mappings/m.yaml:7:3
      |
    4 |   a: X
      |   - first here
    ...
    7 |   a: Q
      |   ^ here again
      = help: remove one of the two
    ");
}

#[test]
fn a_repeated_key_of_a_map_is_reported() {
    assert_snapshot!(columns("  Status: {column: S, map: {active: A, Active: B, active: C}}\n"), @"
    error[Y106]: `active` occurs twice
     --> mappings/m.yaml:4:51
      |
    4 |   Status: {column: S, map: {active: A, Active: B, active: C}}
      |                             ------ first here     ^^^^^^ here again
      = help: remove one of the two
    ");
}

#[test]
fn a_list_where_text_is_wanted() {
    assert_snapshot!(with_head("where: [a, b]\n"), @"
    error[Y103]: `where` takes text, not a list
     --> mappings/m.yaml:4:8
      |
    4 | where: [a, b]
      |        ^^^^^^ a list
    ");
}

#[test]
fn text_where_a_list_is_wanted() {
    assert_snapshot!(columns("  Start: {column: S, type: date, formats: iso}\n"), @"
    error[Y103]: `formats` takes a list, not text
     --> mappings/m.yaml:4:43
      |
    4 |   Start: {column: S, type: date, formats: iso}
      |                                           ^^^ text
      = help: e.g. `formats: [iso]`
    ");
}

#[test]
fn text_where_a_mapping_is_wanted() {
    assert_snapshot!(with_head("limits: 100\n"), @"
    error[Y103]: `limits` takes a mapping, not text
     --> mappings/m.yaml:4:9
      |
    4 | limits: 100
      |         ^^^ text
      = help: e.g. `limits: {rejects: 0.5%}`
    ");
}

#[test]
fn a_mapping_where_text_is_wanted_is_marked_on_its_first_line() {
    assert_snapshot!(with_head("description:\n  a: 1\n  b: 2\n"), @"
    error[Y103]: `description` takes text, not a mapping
     --> mappings/m.yaml:5:3
      |
    5 |   a: 1
      |   ^^^^ a mapping
    ");
}

#[test]
fn a_key_without_a_value() {
    assert_snapshot!(with_head("where:\nlimits: ~\n"), @"
    error[Y103]: `where` has no value
     --> mappings/m.yaml:4:1
      |
    4 | where:
      | ^^^^^ nothing follows

    error[Y103]: `limits` has no value
     --> mappings/m.yaml:5:9
      |
    5 | limits: ~
      |         ^ this is nothing
      = help: e.g. `limits: {rejects: 0.5%}`
    ");
}

#[test]
fn a_column_that_is_a_list() {
    assert_snapshot!(columns("  account_id: [Id, Name]\n"), @"
    error[Y103]: `account_id` takes a source column or a mapping, not a list
     --> mappings/m.yaml:4:15
      |
    4 |   account_id: [Id, Name]
      |               ^^^^^^^^^^ a list
      = help: e.g. `account_id: {column: Status, type: list}`
    ");
}

#[test]
fn ten_mistakes_are_ten_reports_in_file_order() {
    let text = "\
formt: accounts
sources:
  crm: {path: data/crm.csv, csv: {delimiter: ab}}
from: {querry: q.sql}
where: \"Stage\" is ${STAGE}
columns:
  account_id: {column: Id, sql: x}
  Status: {column: S, on_error: ignore}
  Seats: {column: N, max_length: many}
  Status: Other
duplicates: {by: {column: M}}
limits: {rejects: 120%}
output: {headers: long}
";
    let text = text.replace("where: \"Stage\" is", "where: Stage =");
    let (_, found) = read(&text);
    let places: Vec<(&str, usize)> = found
        .iter()
        .map(|item| (item.code.id, line_and_column(&text, item.place.as_ref().unwrap().span.start).0))
        .collect();
    let expected = [
        ("Y102", 1),
        ("Y104", 3),
        ("Y102", 4),
        ("Y107", 5),
        ("Y108", 7),
        ("Y104", 8),
        ("Y104", 9),
        ("Y106", 10),
        ("Y105", 11),
        ("Y104", 12),
        ("Y104", 13),
    ];
    assert_eq!(places, expected);
}
