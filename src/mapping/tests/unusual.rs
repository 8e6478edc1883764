//! Files that are not what one expects.

use insta::assert_snapshot;

use super::{drawn, good, read};

#[test]
fn an_empty_file() {
    assert_snapshot!(drawn(""), @"
    error[Y103]: the file is empty
     --> mappings/m.yaml:1:1
      |
    1 |
      | ^
      = help: begin with `format: accounts`
    ");
}

#[test]
fn a_file_of_comments() {
    assert_snapshot!(drawn("# later\n"), @"
    error[Y103]: the file is empty
     --> mappings/m.yaml:1:1
      |
    1 | # later
      | ^
      = help: begin with `format: accounts`
    ");
}

#[test]
fn a_list_at_the_top() {
    assert_snapshot!(drawn("- format: accounts\n- from: crm\n"), @"
    error[Y103]: a mapping file consists of keys and values, it is not a list
     --> mappings/m.yaml:1:1
      |
    1 | - format: accounts
      | ^^^^^^^^^^^^^^^^^^
      = help: begin with `format: accounts`
    ");
}

#[test]
fn text_at_the_top() {
    assert_snapshot!(drawn("accounts\n"), @"
    error[Y103]: a mapping file consists of keys and values, it is not text
     --> mappings/m.yaml:1:1
      |
    1 | accounts
      | ^^^^^^^^
      = help: begin with `format: accounts`
    ");
}

#[test]
fn yaml_that_cannot_be_read() {
    assert_snapshot!(drawn("format: accounts\ncolumns: {account_id: Id\nfrom: crm\n"), @"
    error[Y101]: `,` or `}` is missing before this; the `{` of line 2 is still open
     --> mappings/m.yaml:3:5
      |
    3 | from: crm
      |     ^
    ");
}

#[test]
fn two_documents() {
    assert_snapshot!(drawn("format: accounts\n---\nformat: users\n"), @"
    error[Y101]: a second document begins here; a file holds one
     --> mappings/m.yaml:2:1
      |
    2 | ---
      | ^^^
    ");
}

#[test]
fn a_tab_as_indentation() {
    assert_snapshot!(drawn("format: accounts\ncolumns:\n\taccount_id: Id\n"), @"
    error[Y101]: a tab stands where YAML wants spaces
     --> mappings/m.yaml:3:2
      |
    3 |     account_id: Id
      |     ^
    ");
}

#[test]
fn a_file_that_is_too_large() {
    let text = format!("format: accounts\n# {}\n", "x".repeat(1 << 20));
    let (mapping, found) = read(&text);
    assert!(mapping.is_none());
    assert_eq!(found.iter().map(|item| item.code.id).collect::<Vec<_>>(), ["Y110"]);
}

#[test]
fn an_alias_bomb() {
    let text = "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e]\n";
    assert_snapshot!(drawn(text), @"
    error[Y101]: the aliases (`*name`) multiply beyond 50000 values
     --> mappings/m.yaml:5:7
      |
    5 | e: &e [*d, *d, *d, *d, *d, *d, *d, *d]
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn bytes_are_not_characters() {
    assert_snapshot!(drawn("format: accounts\nfrom: crm\ncolumns: {Größe: {column: Ä, colour: ü}}\n"), @"
    error[Y102]: unknown key `colour`
     --> mappings/m.yaml:3:30
      |
    3 | columns: {Größe: {column: Ä, colour: ü}}
      |                              ^^^^^^ not a key of a column
      = help: keys here: `column`, `sql`, `value`, `template`, `type`, `formats`, `timezone`, `dst`, `decimal`, `map`, `lookup`, `values`, `default`, `on_error`, `quotes`, `html`, `max_length`, `truncate`, `trim`, `separator`, `case`, `alphabet`, `absent`, `custom`, `note`
    ");
}

#[test]
fn line_ends_and_a_byte_order_mark_do_not_move_the_carets() {
    let text = "\u{feff}formt: accounts\r\nfrom: crm\r\ncolumns:\r\n  account_id: {column: Id, typ: id}\r\n";
    assert_snapshot!(drawn(text), @"
    error[Y102]: unknown key `formt`
     --> mappings/m.yaml:1:1
      |
    1 | formt: accounts
      | ^^^^^ not a key of a mapping file
      = help: `format` has a similar name

    error[Y102]: unknown key `typ`
     --> mappings/m.yaml:4:28
      |
    4 |   account_id: {column: Id, typ: id}
      |                            ^^^ not a key of a column
      = help: `type` has a similar name
    ");
}

#[test]
fn control_characters_from_the_file_are_shown_escaped() {
    assert_snapshot!(drawn("format: accounts\nfrom: crm\n\"a\\e[31m\\n\": x\ncolumns: {account_id: Id}\n"), @r#"
    error[Y102]: unknown key `a\u{1b}[31m\n`
     --> mappings/m.yaml:3:1
      |
    3 | "a\e[31m\n": x
      | ^^^^^^^^^^^ not a key of a mapping file
      = help: keys here: `format`, `description`, `collection`, `sources`, `from`, `where`, `defaults`, `let`, `columns`, `tags`, `pivot`, `duplicates`, `hierarchy`, `references`, `unknown_accounts`, `limits`, `output`
    "#);
}

#[test]
fn an_anchor_shared_by_two_columns_is_reported_once() {
    let text = "format: accounts\nfrom: crm\ncolumns:\n  A: {column: A, map: &m {x: ~}}\n  B: {column: B, map: *m}\n";
    assert_snapshot!(drawn(text), @r#"
    error[Y104]: `x` cannot be `~`
     --> mappings/m.yaml:4:30
      |
    4 |   A: {column: A, map: &m {x: ~}}
      |                              ^ the word, or nothing?
      = help: write `""` for nothing, or `"~"` for the word
    "#);
}

#[test]
fn keys_without_spaces_or_in_quotes_are_the_same() {
    let mapping = good("\"format\": accounts\n'from':   crm\ncolumns: {\"account_id\":Id, b: \"c\"}\n");
    assert_eq!(mapping.columns.len(), 2);
}

#[test]
fn a_file_made_of_mistakes_is_answered_quickly() {
    let unknown: String = (0..20_000).map(|number| format!("formt{number}: x\n")).collect();
    let repeated = "format: accounts\n".repeat(20_000);
    let variables = format!("where: \"{}\"\n", "${NOPE} ".repeat(20_000));
    for text in [unknown, repeated, variables] {
        let (_, found) = read(&text);
        assert_eq!(found.iter().count(), 251);
        assert_eq!(found.iter().filter(|item| item.code.id == "Y112").count(), 1);
    }
}
