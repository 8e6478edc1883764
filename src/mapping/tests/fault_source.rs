//! Sources, `from` and their files.

use insta::assert_snapshot;

use super::with_head;

#[test]
fn a_source_without_origin_or_with_two() {
    assert_snapshot!(with_head("sources:\n  a: {kind: csv}\n  b: {path: b.csv, query: b.sql}\n"), @"
    error[Y108]: source `a` has no origin
     --> mappings/m.yaml:5:3
      |
    5 |   a: {kind: csv}
      |   ^ where are its rows?
      = help: give `path` or `query`

    error[Y108]: source `b` has two origins
     --> mappings/m.yaml:6:20
      |
    6 |   b: {path: b.csv, query: b.sql}
      |       ----         ^^^^^ a second origin
      |       |
      |       the first
      = help: keep `path` or `query`
    ");
}

#[test]
fn a_source_that_is_only_a_path() {
    assert_snapshot!(with_head("sources: {crm: data/crm.csv}\n"), @"
    error[Y103]: `crm` takes a mapping, not text
     --> mappings/m.yaml:4:16
      |
    4 | sources: {crm: data/crm.csv}
      |                ^^^^^^^^^^^^ text
      = help: e.g. `crm: {path: data/crm_*.csv}`
    ");
}

#[test]
fn a_source_whose_name_sql_cannot_use() {
    assert_snapshot!(with_head("sources: {crm.prod: {path: a.csv}}\n"), @"
    error[Y104]: `crm.prod` cannot be a name
     --> mappings/m.yaml:4:11
      |
    4 | sources: {crm.prod: {path: a.csv}}
      |           ^^^^^^^^ not a name in SQL
      = help: letters, digits and `_`, not beginning with a digit
    ");
}

#[test]
fn csv_characters_are_single_and_differ() {
    assert_snapshot!(with_head("sources:\n  a: {path: a.csv, csv: {delimiter: \\t}}\n  b: {path: b, csv: {delimiter: \"'\", quote: \"'\"}}\n"), @r#"
    error[Y104]: `delimiter` cannot be `\t`
     --> mappings/m.yaml:5:37
      |
    5 |   a: {path: a.csv, csv: {delimiter: \t}}
      |                                     ^^ not one such character
      = help: one ASCII character, neither letter nor digit; a tab is written `"\t"`

    error[Y104]: `delimiter` cannot be `'`
     --> mappings/m.yaml:6:33
      |
    6 |   b: {path: b, csv: {delimiter: "'", quote: "'"}}
      |                                 ^^^ the quote too
      = help: `delimiter` and `quote` must differ
    "#);
}

#[test]
fn sizes_and_ages_have_units() {
    assert_snapshot!(with_head("sources:\n  a: {path: a.csv, max_age: 36, csv: {max_field: 1MiB, preamble: -1}}\n"), @"
    error[Y104]: `max_age` cannot be `36`
     --> mappings/m.yaml:5:29
      |
    5 |   a: {path: a.csv, max_age: 36, csv: {max_field: 1MiB, preamble: -1}}
      |                             ^^ not an age
      = help: e.g. `36h`; units are s, m, h, d, w

    error[Y104]: `max_field` cannot be `1MiB`
     --> mappings/m.yaml:5:50
      |
    5 |   a: {path: a.csv, max_age: 36, csv: {max_field: 1MiB, preamble: -1}}
      |                                                  ^^^^ not a size
      = help: e.g. `100MB`; units are B, kB, MB, GB, powers of 1,000

    error[Y104]: `preamble` cannot be `-1`
     --> mappings/m.yaml:5:66
      |
    5 |   a: {path: a.csv, max_age: 36, csv: {max_field: 1MiB, preamble: -1}}
      |                                                                  ^^ not such a number
      = help: a whole number of at least 0
    ");
}

#[test]
fn a_footer_is_one_of_three() {
    assert_snapshot!(with_head("sources:\n  a: {path: a.csv, csv: {footer: salesfroce}}\n  b: {path: a.csv, csv: {footer: {lines: 1, match: x}}}\n"), @"
    error[Y104]: `footer` cannot be `salesfroce`
     --> mappings/m.yaml:5:34
      |
    5 |   a: {path: a.csv, csv: {footer: salesfroce}}
      |                                  ^^^^^^^^^^ not one of the words
      = help: `salesforce` has a similar name; allowed: `salesforce`

    error[Y103]: `footer` takes `lines` or `match`, one of them, not a mapping
     --> mappings/m.yaml:6:34
      |
    6 |   b: {path: a.csv, csv: {footer: {lines: 1, match: x}}}
      |                                  ^^^^^^^^^^^^^^^^^^^^ a mapping
      = help: e.g. `footer: {lines: 5}`
    ");
}

#[test]
fn words_of_a_source() {
    assert_snapshot!(with_head("sources: {a: {path: \"\", kind: excel, on_empty: warn, missing_columns: ok}}\n"), @r#"
    error[Y104]: `path` cannot be empty
     --> mappings/m.yaml:4:21
      |
    4 | sources: {a: {path: "", kind: excel, on_empty: warn, missing_columns: ok}}
      |                     ^^ no path
      = help: relative to the project's folder, e.g. `data/crm.csv`

    error[Y104]: `kind` cannot be `excel`
     --> mappings/m.yaml:4:31
      |
    4 | sources: {a: {path: "", kind: excel, on_empty: warn, missing_columns: ok}}
      |                               ^^^^^ not one of the words
      = help: allowed: `csv`, `tsv`, `parquet`, `ndjson`, `arrow`, `totango`

    error[Y104]: `on_empty` cannot be `warn`
     --> mappings/m.yaml:4:48
      |
    4 | sources: {a: {path: "", kind: excel, on_empty: warn, missing_columns: ok}}
      |                                                ^^^^ not one of the words
      = help: allowed: `fail`, `ok`

    error[Y104]: `missing_columns` cannot be `ok`
     --> mappings/m.yaml:4:71
      |
    4 | sources: {a: {path: "", kind: excel, on_empty: warn, missing_columns: ok}}
      |                                                                       ^^ not one of the words
      = help: allowed: `fail`, `empty`
    "#);
}

#[test]
fn from_is_one_of_three() {
    let text = "format: accounts\nfrom: {sql: select 1, query: q.sql}\ncolumns: {account_id: Id}\n";
    assert_snapshot!(super::drawn(text), @"
    error[Y103]: `from` takes a source, or one of `query` and `sql`, not a mapping
     --> mappings/m.yaml:2:7
      |
    2 | from: {sql: select 1, query: q.sql}
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a mapping
      = help: e.g. `from: {query: queries/accounts.sql}`
    ");
    let text = "format: accounts\nfrom: [a, b]\ncolumns: {account_id: Id}\n";
    assert_snapshot!(super::drawn(text), @"
    error[Y103]: `from` takes a source, or one of `query` and `sql`, not a list
     --> mappings/m.yaml:2:7
      |
    2 | from: [a, b]
      |       ^^^^^^ a list
      = help: e.g. `from: {query: queries/accounts.sql}`
    ");
}
