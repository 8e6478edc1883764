//! Variables: what they become where, and what they may not do.

use insta::assert_snapshot;

use super::{columns, good, with_head};
use crate::mapping::{From, Origin, SourceOrigin};

/// What `text` becomes as a column's constant.
fn filled(text: &str) -> String {
    let mapping = good(&format!("format: f\nfrom: crm\ncolumns: {{a: {{value: '{text}'}}}}\n"));
    let Origin::Value(value) = mapping.columns.into_iter().next().unwrap().origin else { panic!() };
    value.value
}

/// What `text` becomes as a column's SQL.
fn in_sql(text: &str) -> String {
    let mapping = good(&format!("format: f\nfrom: crm\ncolumns:\n  a:\n    sql: |-\n      {text}\n"));
    let Origin::Sql(sql) = mapping.columns.into_iter().next().unwrap().origin else { panic!() };
    sql.value
}

/// What `text` becomes as a source's path.
fn in_path(text: &str) -> String {
    let text = format!("format: f\nfrom: crm\nsources: {{crm: {{path: '{text}'}}}}\ncolumns: {{a: b}}\n");
    let SourceOrigin::Path(path) = good(&text).sources.into_iter().next().unwrap().origin else { panic!() };
    path.value
}

#[test]
fn forms() {
    assert_eq!(filled("<${EMPTY}>"), "<>");
    assert_eq!(filled("${env}-${EMPTY:-none}-${NOWHERE:-}-${STAR:-x}"), "prod-none--a*[b]");
    assert_eq!(filled("$$ $1 $x $${REGION} a$"), "$ $1 $x ${REGION} a$");
    assert_eq!(filled("${STAR:?is needed}"), "a*[b]");
}

#[test]
fn days() {
    assert_eq!(filled("${as_of}"), "2024-03-02");
    assert_eq!(filled("${as_of-2d} ${as_of+1w}"), "2024-02-29 2024-03-09");
    assert_eq!(filled("${as_of-1d:%Y/%m/%d} ${as_of:%d.%m.%y}"), "2024/03/01 02.03.24");
}

#[test]
fn in_sql_it_is_a_text_literal() {
    assert_eq!(in_sql("\"Region\" = ${REGION} and d < ${as_of-1d}"), "\"Region\" = 'O''Brien' and d < '2024-03-01'");
    assert_eq!(in_sql("f('$${x}', ${STAR}) -- it's"), "f('${x}', 'a*[b]') -- it's");
}

#[test]
fn in_a_path_its_wildcards_are_literal() {
    assert_eq!(in_path("d/${STAR}/*.csv"), "d/a[*][[]b[]]/*.csv");
    assert_eq!(in_path("d/${as_of:%Y/%m}/x_${env}.csv"), "d/2024/03/x_prod.csv");
    assert_eq!(in_path("../${env}/x.csv"), "../prod/x.csv");
}

#[test]
fn the_process_environment_is_read_in_source_paths_only() {
    assert_eq!(in_path("${HOME_FOLDER}/x.csv"), "/data/x.csv");
    assert_snapshot!(with_head("where: ${HOME_FOLDER}\n"), @"
    error[Y107]: variable `HOME_FOLDER` has no value
     --> mappings/m.yaml:4:8
      |
    4 | where: ${HOME_FOLDER}
      |        ^^^^^^^^^^^^^^ no value
      = help: the process's environment is read in source paths and `stores` only; pass `--var HOME_FOLDER=VALUE`, or write `${HOME_FOLDER:-default}`
    ");
}

#[test]
fn keys_and_the_text_around_stay_as_they_are() {
    let mapping = good("format: f\nfrom:\n  sql: select ${env}\ncolumns: {'$${x}': b}\n");
    assert_eq!(mapping.columns[0].name.value, "$${x}");
    assert!(matches!(mapping.from, From::Sql(sql) if sql.value == "select 'prod'"));
}

#[test]
fn a_variable_without_a_value_is_shown_inside_its_scalar() {
    assert_snapshot!(columns("  é: {value: \"\\u00e9 ${REGON} x\"}\n  b: {value: 'é ${NOPE} ${NEED:?pass the region}'}\n"), @r#"
    error[Y107]: variable `REGON` has no value
     --> mappings/m.yaml:4:22
      |
    4 |   é: {value: "\u00e9 ${REGON} x"}
      |                      ^^^^^^^^ no value
      = help: `REGION` has a similar name

    error[Y107]: variable `NOPE` has no value
     --> mappings/m.yaml:5:17
      |
    5 |   b: {value: 'é ${NOPE} ${NEED:?pass the region}'}
      |                 ^^^^^^^ no value
      = help: pass `--var NOPE=VALUE`, or write `${NOPE:-default}`

    error[Y107]: variable `NEED`: pass the region
     --> mappings/m.yaml:5:25
      |
    5 |   b: {value: 'é ${NOPE} ${NEED:?pass the region}'}
      |                         ^^^^^^^^^^^^^^^^^^^^^^^^ no value
      = help: pass `--var NEED=VALUE`, or write `${NEED:-default}`
    "#);
}

#[test]
fn a_variable_inside_quotes_or_touching_a_word() {
    assert_snapshot!(columns("  a: {sql: \"x = '${REGION}'\"}\n  b: {sql: \"E${REGION}\"}\n  c: {sql: \"1 -- ${REGION}\"}\n  d: {sql: \"${REGION}${env}\"}\n"), @r#"
    error[Y111]: `${REGION}` stands inside quotes or a comment
     --> mappings/m.yaml:4:18
      |
    4 |   a: {sql: "x = '${REGION}'"}
      |                  ^^^^^^^^^ here
      = help: a variable is a text literal by itself: `"Region" = ${REGION}`; join text with `||`

    error[Y111]: `${REGION}` touches its neighbour
     --> mappings/m.yaml:5:14
      |
    5 |   b: {sql: "E${REGION}"}
      |              ^^^^^^^^^ here
      = help: a variable is a text literal by itself: `"Region" = ${REGION}`; join text with `||`

    error[Y111]: `${REGION}` stands inside quotes or a comment
     --> mappings/m.yaml:6:18
      |
    6 |   c: {sql: "1 -- ${REGION}"}
      |                  ^^^^^^^^^ here
      = help: a variable is a text literal by itself: `"Region" = ${REGION}`; join text with `||`

    error[Y111]: `${env}` touches its neighbour
     --> mappings/m.yaml:7:22
      |
    7 |   d: {sql: "${REGION}${env}"}
      |                      ^^^^^^ here
      = help: a variable is a text literal by itself: `"Region" = ${REGION}`; join text with `||`
    "#);
}

#[test]
fn a_variable_in_a_block_of_sql_is_shown_on_its_line() {
    assert_snapshot!(columns("  a:\n    sql: |\n      case\n        when x = ${NOPE} then 1\n      end\n"), @"
    error[Y107]: variable `NOPE` has no value
     --> mappings/m.yaml:7:18
      |
    7 |         when x = ${NOPE} then 1
      |                  ^^^^^^^ no value
      = help: pass `--var NOPE=VALUE`, or write `${NOPE:-default}`
    ");
}

#[test]
fn a_variable_that_leads_out_of_its_folder() {
    assert_snapshot!(with_head("sources: {a: {path: \"data/${UP}/a.csv\"}, b: {query: \".${DOT:-.}/q.sql\"}}\n"), @r#"
    error[Y111]: a variable leads out of its folder
     --> mappings/m.yaml:4:22
      |
    4 | sources: {a: {path: "data/${UP}/a.csv"}, b: {query: ".${DOT:-.}/q.sql"}}
      |                      ^^^^^^^^^^^^^^^^ here
      = help: a variable's content may not contain `..`

    error[Y111]: a variable leads out of its folder
     --> mappings/m.yaml:4:54
      |
    4 | sources: {a: {path: "data/${UP}/a.csv"}, b: {query: ".${DOT:-.}/q.sql"}}
      |                                                      ^^^^^^^^^^^^^^^^ here
      = help: a variable's content may not contain `..`
    "#);
}

#[test]
fn a_variable_with_braces_in_a_template() {
    assert_snapshot!(columns("  a: {template: \"{Id}_${BRACE}\"}\n"), @r#"
    error[Y111]: the content of `${BRACE}` has braces
     --> mappings/m.yaml:4:23
      |
    4 |   a: {template: "{Id}_${BRACE}"}
      |                       ^^^^^^^^ here
      = help: braces name source columns in a template
    "#);
}

#[test]
fn forms_that_do_not_exist() {
    assert_snapshot!(columns("  a: {value: '${as_of-1y}'}\n  b: {value: '${as_of:yesterday}'}\n  c: {value: '${A B}'}\n  d: {value: '${NAME'}\n  e: {value: '${A:-${B}}'}\n  f: {value: '${as_of-999999d}'}\n"), @"
    error[Y111]: `${as_of-1y}` is no variable
     --> mappings/m.yaml:4:15
      |
    4 |   a: {value: '${as_of-1y}'}
      |               ^^^^^^^^^^^ here
      = help: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${as_of-1d:%Y/%m/%d}`; a `$` before `{` is written `$$`

    error[Y111]: `${as_of:yesterday}` is no variable
     --> mappings/m.yaml:5:15
      |
    5 |   b: {value: '${as_of:yesterday}'}
      |               ^^^^^^^^^^^^^^^^^^ here
      = help: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${as_of-1d:%Y/%m/%d}`; a `$` before `{` is written `$$`

    error[Y111]: `${A B}` is no variable
     --> mappings/m.yaml:6:15
      |
    6 |   c: {value: '${A B}'}
      |               ^^^^^^ here
      = help: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${as_of-1d:%Y/%m/%d}`; a `$` before `{` is written `$$`

    error[Y111]: `${NAME` is never closed
     --> mappings/m.yaml:7:15
      |
    7 |   d: {value: '${NAME'}
      |               ^^ here
      = help: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${as_of-1d:%Y/%m/%d}`; a `$` before `{` is written `$$`

    error[Y111]: variables do not nest
     --> mappings/m.yaml:8:15
      |
    8 |   e: {value: '${A:-${B}}'}
      |               ^^^^^^^^^ here
      = help: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${as_of-1d:%Y/%m/%d}`; a `$` before `{` is written `$$`

    error[Y111]: `${as_of-999999d}` is no variable
     --> mappings/m.yaml:9:15
      |
    9 |   f: {value: '${as_of-999999d}'}
      |               ^^^^^^^^^^^^^^^^ here
      = help: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `${as_of-1d:%Y/%m/%d}`; a `$` before `{` is written `$$`
    ");
}
