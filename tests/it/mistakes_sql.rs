//! Broken mappings, part four: SQL, shown at the line of the mapping or of the query file that has it.

use insta::assert_snapshot;

use crate::author::{mistakes_in, project, told, wrapped};

#[test]
fn a_bracket_that_is_never_closed() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: Id\n  account_name: {sql: \"upper(\\\"Name\\\"\"}\n"), @r#"
    error[Q301]: the SQL ends where `)` is expected
     --> mappings/accounts.yaml:9:36
      |
    9 |   account_name: {sql: "upper(\"Name\""}
      |                                    ^^ it ends here
    exit 3
    "#);
}

#[test]
fn a_mistake_inside_a_block_scalar() {
    assert_snapshot!(mistakes_in(
        "columns:\n  account_id: Id\n  account_name:\n    sql: |\n      case\n        when \"Type\" = 'Customer' then \"Name\"\n        \
         when \"Type\" = 'Lead' thn \"Name\"\n      end\n"), @r#"
    error[Q301]: the SQL has `when` where end of expression is expected
      --> mappings/accounts.yaml:12:9
       |
    12 |         when "Type" = 'Customer' then "Name"
       |         ^^^^ here
       = help: a `case` reads `case when ... then ... else ... end`; the mistake may stand further on
    exit 3
    "#);
}

#[test]
fn a_misspelt_column_and_function_inside_a_folded_scalar() {
    assert_snapshot!(mistakes_in(
        "columns:\n  account_id: Id\n  account_name:\n    sql: >-\n      coalesce(\"Name\",\n        \"Nmae\")\n  \
         region:\n    sql: >-\n      uper(\n        \"Type\")\n"), @r#"
    error[R204]: column `Nmae` not found
      --> mappings/accounts.yaml:12:9
       |
    12 |         "Nmae")
       |         ^^^^^^ no such column
       = help: `"Name"` has a similar name

    error[Q303]: no function is called `uper`
      --> mappings/accounts.yaml:15:7
       |
    15 |       uper(
       |       ^^^^ unknown function
       = help: `upper` has a similar name
    exit 3
    "#);
}

#[test]
fn text_compared_with_a_number() {
    assert_snapshot!(mistakes_in("where: \"\\\"Seats\\\" > 10\"\n"), @r#"
    error[Q304]: column `Seats` is text and is compared with the number 10
     --> mappings/accounts.yaml:8:8
      |
    8 | where: "\"Seats\" > 10"
      |        ^^^^^^^^^^^^^^^^ in this expression
      = help: wrap the text: `integer(x)`, `number(x)` or `date(x)`
    exit 3
    "#);
}

#[test]
fn a_where_that_is_no_condition() {
    assert_snapshot!(mistakes_in("where: upper(\"Type\")\n"), @r#"
    error[Q304]: `where` needs a condition
     --> mappings/accounts.yaml:8:8
      |
    8 | where: upper("Type")
      |        ^^^^^^^^^^^^^ this is text
      = help: compare it with something, e.g. `"Stage" <> 'Lead'`
    exit 3
    "#);
}

#[test]
fn a_function_that_cannot_be_repeated() {
    assert_snapshot!(mistakes_in("columns:\n  account_id: Id\n  lottery: {sql: \"'x' || random()\"}\n"), @r#"
    error[Q305]: `random` gives another answer at every call
     --> mappings/accounts.yaml:9:26
      |
    9 |   lottery: {sql: "'x' || random()"}
      |                          ^^^^^^ not repeatable
      = help: the same input must give the same file; use a value of the data
    exit 3
    "#);
}

#[test]
fn a_subquery_a_window_and_an_aggregate() {
    assert_snapshot!(mistakes_in(
        "columns:\n  account_id: Id\n  a: {sql: (select max(id) from owners)}\n  b: {sql: row_number() over ()}\n  \
         c: {sql: max(\"ARR\")}\n"), @r#"
    error[Q302]: a subquery cannot stand in an expression over one row
     --> mappings/accounts.yaml:9:12
      |
    9 |   a: {sql: (select max(id) from owners)}
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ in this expression
      = help: join in a query file: `from: {query: ...}`; or use `lookup`

    error[Q302]: a window function cannot stand in an expression over one row
      --> mappings/accounts.yaml:10:12
       |
    10 |   b: {sql: row_number() over ()}
       |            ^^^^^^^^^^^^^^^^^^^^ in this expression
       = help: use it in a query file: `from: {query: ...}`

    error[Q302]: an aggregate cannot stand in an expression over one row
      --> mappings/accounts.yaml:11:12
       |
    11 |   c: {sql: max("ARR")}
       |            ^^^^^^^^^^ in this expression
       = help: roll up in a query file: `from: {query: ...}`
    exit 3
    "#);
}

#[test]
fn a_statement_that_changes_something() {
    assert_snapshot!(mistakes_in("from: {sql: \"delete from crm\"}\n"), @r#"
    error[Q302]: `DELETE` is not allowed: only SELECT reads and changes nothing
     --> mappings/accounts.yaml:7:13
      |
    7 | from: {sql: "delete from crm"}
      |             ^^^^^^^^^^^^^^^^^ not one SELECT
      = help: a query is one SELECT over declared sources
    exit 3
    "#);
}

#[test]
fn a_file_name_as_a_table() {
    assert_snapshot!(mistakes_in("from:\n  sql: |\n    select *\n    from 'data/crm.csv'\n"), @r#"
    error[R202]: unknown source `data/crm.csv`
      --> mappings/accounts.yaml:10:11
       |
    10 |     from 'data/crm.csv'
       |           ^^^^^^^^^^^^ not declared in `sources`
       = help: files are declared as sources first, then named
    exit 3
    "#);
}

#[test]
fn a_query_that_loses_lineage_under_last() {
    assert_snapshot!(mistakes_in(
        "from:\n  sql: select \"Id\", max(\"Name\") as \"Name\" from crm group by \"Id\"\nduplicates: last\n"), @r#"
    error[Q306]: the rows of this query come in no order, so none of a key is first or last
     --> mappings/accounts.yaml:9:13
      |
    9 | duplicates: last
      |             ^^^^ needs an order
      = help: select `_file` and `_line`, or end the query with `order by`; a roll-up by the key: `duplicates: error`
    exit 3
    "#);
}

#[test]
fn a_let_that_sees_no_later_one() {
    assert_snapshot!(mistakes_in("let: {first: upper(second), second: \"upper(\\\"Name\\\")\"}\n"), @r#"
    error[R204]: `second` is a `let` that stands further down
     --> mappings/accounts.yaml:8:20
      |
    8 | let: {first: upper(second), second: "upper(\"Name\")"}
      |                    ^^^^^^ not known yet
      = help: a `let` sees those above it: change their order
    exit 3
    "#);
}

#[test]
fn mistakes_in_a_query_file_are_shown_there() {
    let place = project();
    place.write("queries/deals.sql", "select \"Id\",\n  sum(number(\"AR\")) as amount\nfrom crm\njoin ownrs on true\n");
    place.write("mappings/accounts.yaml", wrapped("from: {query: queries/deals.sql}\n"));
    assert_snapshot!(told(&place), @r#"
    error[R202]: unknown source `ownrs`
     --> queries/deals.sql:4:6
      |
    4 | join ownrs on true
      |      ^^^^^ not declared in `sources`
      = help: `owners` has a similar name
    exit 3
    "#);
    place.write("queries/deals.sql", "select \"Id\",\n  sum(number(\"AR\")) as amount\nfrom crm\ngroup by \"Id\"\n");
    assert_snapshot!(told(&place), @r#"
    error[R204]: column `AR` not found
     --> queries/deals.sql:2:15
      |
    2 |   sum(number("AR")) as amount
      |               ^^ no such column
      = help: `"ARR"` has a similar name
    exit 3
    "#);
}
