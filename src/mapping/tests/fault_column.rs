//! Columns and their options.

use insta::assert_snapshot;

use super::{columns, with_head};

#[test]
fn a_column_without_origin() {
    assert_snapshot!(columns("  Status: {type: list}\n"), @"
    error[Y108]: `Status` has no origin
     --> mappings/m.yaml:4:3
      |
    4 |   Status: {type: list}
      |   ^^^^^^ where does its value come from?
      = help: give one of `column`, `sql`, `value`, `template`
    ");
}

#[test]
fn a_column_with_several_origins() {
    assert_snapshot!(columns("  Plan: {value: a, column: b, sql: c}\n"), @"
    error[Y108]: `Plan` has several origins
     --> mappings/m.yaml:4:31
      |
    4 |   Plan: {value: a, column: b, sql: c}
      |          -----     ------     ^^^ a second origin
      |          |         |
      |          |         the first
      |          one more
      = help: keep one of `column`, `sql`, `value`, `template`
    ");
}

#[test]
fn an_unknown_type() {
    assert_snapshot!(columns("  ARR: {column: ARR, type: currancy}\n  N: {column: N, type: money}\n"), @"
    error[Y104]: `type` cannot be `currancy`
     --> mappings/m.yaml:4:28
      |
    4 |   ARR: {column: ARR, type: currancy}
      |                            ^^^^^^^^ not one of the words
      = help: `currency` has a similar name; allowed: `text`, `id`, `email`, `integer`, `number`, `currency`, `date`, `list`, `multi_list`, `flag`, `tag`, `foreign_key`

    error[Y104]: `type` cannot be `money`
     --> mappings/m.yaml:5:24
      |
    5 |   N: {column: N, type: money}
      |                        ^^^^^ not one of the words
      = help: allowed: `text`, `id`, `email`, `integer`, `number`, `currency`, `date`, `list`, `multi_list`, `flag`, `tag`, `foreign_key`
    ");
}

#[test]
fn a_word_outside_the_list() {
    assert_snapshot!(columns("  A: {column: A, quotes: replaced, dst: never}\n"), @"
    error[Y104]: `quotes` cannot be `replaced`
     --> mappings/m.yaml:4:26
      |
    4 |   A: {column: A, quotes: replaced, dst: never}
      |                          ^^^^^^^^ not one of the words
      = help: `replace` has a similar name; allowed: `reject`, `replace`, `strip`, `double`

    error[Y104]: `dst` cannot be `never`
     --> mappings/m.yaml:4:41
      |
    4 |   A: {column: A, quotes: replaced, dst: never}
      |                                         ^^^^^ not one of the words
      = help: allowed: `reject`, `earlier`, `later`
    ");
}

#[test]
fn yes_is_not_true() {
    assert_snapshot!(columns("  A: {column: A, truncate: yes}\n"), @"
    error[Y104]: `truncate` cannot be `yes`
     --> mappings/m.yaml:4:28
      |
    4 |   A: {column: A, truncate: yes}
      |                            ^^^ not one of the words
      = help: allowed: `true`, `false`
    ");
}

#[test]
fn a_default_that_is_no_word() {
    assert_snapshot!(columns("  A: {column: A, default: Active}\n  B: {column: B, default: {val: x}}\n"), @"
    error[Y104]: `default` cannot be `Active`
     --> mappings/m.yaml:4:27
      |
    4 |   A: {column: A, default: Active}
      |                           ^^^^^^ not one of the words
      = help: allowed: empty, keep, today, reject; a constant is written `{value: Active}`

    error[Y102]: unknown key `val`
     --> mappings/m.yaml:5:28
      |
    5 |   B: {column: B, default: {val: x}}
      |                            ^^^ not a key of `default`
      = help: `value` has a similar name
    ");
}

#[test]
fn a_number_that_is_none() {
    assert_snapshot!(columns("  A: {column: A, max_length: 0}\n  B: {column: B, max_length: 1e3}\n"), @"
    error[Y104]: `max_length` cannot be `0`
     --> mappings/m.yaml:4:30
      |
    4 |   A: {column: A, max_length: 0}
      |                              ^ not such a number
      = help: a whole number of at least 1

    error[Y104]: `max_length` cannot be `1e3`
     --> mappings/m.yaml:5:30
      |
    5 |   B: {column: B, max_length: 1e3}
      |                              ^^^ not such a number
      = help: a whole number of at least 1
    ");
}

#[test]
fn a_decimal_sign_that_is_none() {
    assert_snapshot!(columns("  A: {column: A, decimal: \";\"}\n"), @r#"
    error[Y104]: `decimal` cannot be `;`
     --> mappings/m.yaml:4:27
      |
    4 |   A: {column: A, decimal: ";"}
      |                           ^^^ not one of the words
      = help: allowed: `.`, `,`
    "#);
}

#[test]
fn null_in_a_constant_is_asked_about() {
    assert_snapshot!(columns("  A: {value: null}\n  B: {column: B, map: {x: ~}, values: [a, NULL]}\n"), @r#"
    error[Y104]: `value` cannot be `null`
     --> mappings/m.yaml:4:14
      |
    4 |   A: {value: null}
      |              ^^^^ the word, or nothing?
      = help: write `""` for nothing, or `"null"` for the word

    error[Y104]: `x` cannot be `~`
     --> mappings/m.yaml:5:27
      |
    5 |   B: {column: B, map: {x: ~}, values: [a, NULL]}
      |                           ^ the word, or nothing?
      = help: write `""` for nothing, or `"~"` for the word

    error[Y104]: `values` cannot be `NULL`
     --> mappings/m.yaml:5:43
      |
    5 |   B: {column: B, map: {x: ~}, values: [a, NULL]}
      |                                           ^^^^ the word, or nothing?
      = help: write `""` for nothing, or `"NULL"` for the word
    "#);
}

#[test]
fn an_empty_separator() {
    assert_snapshot!(columns("  A: {column: A, separator: \"\"}\n  B: {column: B, separator: {inn: \"|\"}}\n"), @r#"
    error[Y104]: `separator` cannot be empty
     --> mappings/m.yaml:4:29
      |
    4 |   A: {column: A, separator: ""}
      |                             ^^ nothing separates nothing
      = help: e.g. `"|"`

    error[Y102]: unknown key `inn`
     --> mappings/m.yaml:5:30
      |
    5 |   B: {column: B, separator: {inn: "|"}}
      |                              ^^^ not a key of `separator`
      = help: `in` has a similar name
    "#);
}

#[test]
fn defaults_for_an_unknown_type_or_with_a_column_of_their_own() {
    assert_snapshot!(with_head("defaults: {dates: {formats: [iso]}, text: {column: A}}\n"), @"
    error[Y102]: unknown type `dates`
     --> mappings/m.yaml:4:12
      |
    4 | defaults: {dates: {formats: [iso]}, text: {column: A}}
      |            ^^^^^ not a type
      = help: `date` has a similar name

    error[Y102]: unknown key `column`
     --> mappings/m.yaml:4:44
      |
    4 | defaults: {dates: {formats: [iso]}, text: {column: A}}
      |                                            ^^^^^^ not a key of a type's defaults
      = help: keys here: `formats`, `timezone`, `dst`, `decimal`, `map`, `lookup`, `values`, `default`, `on_error`, `quotes`, `html`, `max_length`, `truncate`, `trim`, `separator`, `case`, `alphabet`, `absent`
    ");
}

#[test]
fn a_let_that_is_no_name() {
    assert_snapshot!(with_head("let: {\"crm id\": sf18(x), 2nd: y}\n"), @r#"
    error[Y104]: `crm id` cannot be a name
     --> mappings/m.yaml:4:7
      |
    4 | let: {"crm id": sf18(x), 2nd: y}
      |       ^^^^^^^^ not a name in SQL
      = help: letters, digits and `_`, not beginning with a digit

    error[Y104]: `2nd` cannot be a name
     --> mappings/m.yaml:4:26
      |
    4 | let: {"crm id": sf18(x), 2nd: y}
      |                          ^^^ not a name in SQL
      = help: letters, digits and `_`, not beginning with a digit
    "#);
}
