//! Broken mappings, part one: YAML, keys, shapes. Each snapshot is what the author sees.

use insta::assert_snapshot;

use crate::author::{mistakes, mistakes_in};

#[test]
fn a_quote_that_is_never_closed() {
    assert_snapshot!(mistakes("format: accounts\nfrom: crm\ncolumns:\n  account_id: \"Id\n  account_name: Name\n"), @r#"
    error[Y101]: text in quotes goes on at the margin; is the quote closed?
     --> mappings/accounts.yaml:4:15
      |
    4 |   account_id: "Id
      |               ^^^
    exit 3
    "#);
}

#[test]
fn an_indentation_that_does_not_fit() {
    assert_snapshot!(mistakes("format: accounts\nfrom: crm\ncolumns:\n    account_id: Id\n  account_name: Name\n"), @r#"
    error[Y101]: the line does not fit the indentation of those above
     --> mappings/accounts.yaml:5:3
      |
    5 |   account_name: Name
      |   ^
    exit 3
    "#);
}

#[test]
fn an_unknown_key_with_a_near_one() {
    assert_snapshot!(mistakes_in("duplicats: last\n"), @r#"
    error[Y102]: unknown key `duplicats`
     --> mappings/accounts.yaml:8:1
      |
    8 | duplicats: last
      | ^^^^^^^^^ not a key of a mapping file
      = help: `duplicates` has a similar name
    exit 3
    "#);
}

#[test]
fn an_unknown_key_of_a_column() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: {column: Id, tpye: id, colour: red}\n"), @r#"
    error[Y102]: unknown key `tpye`
     --> mappings/accounts.yaml:8:28
      |
    8 |   account_id: {column: Id, tpye: id, colour: red}
      |                            ^^^^ not a key of a column
      = help: `type` has a similar name

    error[Y102]: unknown key `colour`
     --> mappings/accounts.yaml:8:38
      |
    8 |   account_id: {column: Id, tpye: id, colour: red}
      |                                      ^^^^^^ not a key of a column
      = help: keys here: `column`, `sql`, `value`, `template`, `type`, `formats`, `timezone`, `dst`, `decimal`, `map`, `lookup`, `values`, `default`, `on_error`, `quotes`, `html`, `max_length`, `truncate`, `trim`, `separator`, `case`, `alphabet`, `absent`, `custom`, `note`
    exit 3
    "#);
}

#[test]
fn a_list_where_text_is_wanted() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: [Id]\n"), @r#"
    error[Y103]: `account_id` takes a source column or a mapping, not a list
     --> mappings/accounts.yaml:8:15
      |
    8 |   account_id: [Id]
      |               ^^^^ a list
      = help: e.g. `account_id: {column: Status, type: list}`
    exit 3
    "#);
}

#[test]
fn a_word_that_is_none() {
    assert_snapshot!(mistakes_in("duplicates: newst\n"), @r#"
    error[Y104]: `duplicates` cannot be `newst`
     --> mappings/accounts.yaml:8:13
      |
    8 | duplicates: newst
      |             ^^^^^ not one of the words
      = help: `newest` has a similar name; allowed: `last`, `first`, `newest`, `merge`, `sum`, `split`, `error`
    exit 3
    "#);
}

#[test]
fn a_key_that_occurs_twice() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: Id\n  account_name: Name\n  account_name: Type\n"), @r#"
    error[Y106]: `account_name` occurs twice
      --> mappings/accounts.yaml:10:3
       |
     9 |   account_name: Name
       |   ------------ first here
    10 |   account_name: Type
       |   ^^^^^^^^^^^^ here again
       = help: remove one of the two
    exit 3
    "#);
}

#[test]
fn two_origins_of_one_value() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: {column: Id, sql: sf18(\"Id\")}\n"), @r#"
    error[Y108]: `account_id` has several origins
     --> mappings/accounts.yaml:8:28
      |
    8 |   account_id: {column: Id, sql: sf18("Id")}
      |                ------      ^^^ a second origin
      |                |
      |                the first
      = help: keep one of `column`, `sql`, `value`, `template`
    exit 3
    "#);
}

#[test]
fn a_lookup_that_says_too_little() {
    assert_snapshot!(
        mistakes_in("columns:\n  account_id: Id\n  owner: {column: Owner Id, lookup: {in: owners, match: id}}\n"), @r#"
    error[Y105]: `take` is missing
     --> mappings/accounts.yaml:9:29
      |
    9 |   owner: {column: Owner Id, lookup: {in: owners, match: id}}
      |                             ^^^^^^ `lookup` needs `take`
      = help: e.g. `{in: owners, match: id, take: full_name}`
    exit 3
    "#);
}

#[test]
fn a_variable_without_a_value() {
    assert_snapshot!(mistakes_in("where: \"\\\"Stage\\\" = ${stage}\"\n"), @r#"
    error[Y107]: variable `stage` has no value
     --> mappings/accounts.yaml:8:21
      |
    8 | where: "\"Stage\" = ${stage}"
      |                     ^^^^^^^^ no value
      = help: pass `--var stage=VALUE`, or write `${stage:-default}`
    exit 3
    "#);
}
