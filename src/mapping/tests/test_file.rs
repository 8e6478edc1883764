//! Test files: what they say, and what is said about faulty ones.

use insta::assert_snapshot;

use super::show;
use crate::mapping::{GivenRows, TestFile, parse_test};

fn read(text: &str) -> (Option<TestFile>, String) {
    let (file, found) = parse_test("mappings/m.yaml", text);
    (file, show(text, &found))
}

fn drawn(text: &str) -> String {
    read(text).1
}

#[test]
fn a_file_that_says_everything() {
    let text = "as_of: 2026-11-20\nenvironment: prod\nvariables: {day: 0012}\nsources:\n  owners: [{Id: 0012, Name: ~}]\n\
                mappings: {accounts: [A1, No]}\ncases:\n  one:\n    sources:\n      crm: |\n        Id\n        A1\n      \
                events: {rows: [{n: 1}], types: {n: integer}}\n      other: {file: x.csv}\n    expect:\n      rows: |\n        \
                a,b\n        1,\"x, y\"\n      rejects: [V405, {code: K603, line: 2}]\n      duplicates: [A1]\n      warnings: []\n      \
                counts: {filtered: 2}\n  two:\n    expect: {error: [S802], exit: 6}\n  three: {}\n";
    let (file, wrong) = read(text);
    assert_eq!(wrong, "");
    let file = file.unwrap();
    assert_eq!(file.shared.as_of.as_ref().unwrap().value.to_string(), "2026-11-20");
    assert_eq!(file.shared.variables[0].1.value, "0012");
    assert_eq!(file.shared.mappings[0].1.iter().map(|key| key.value.as_str()).collect::<Vec<_>>(), ["A1", "No"]);
    let GivenRows::Records(records) = &file.shared.sources[0].rows else { panic!() };
    assert_eq!(records[0].cells[0].1.as_deref(), Some("0012"));
    assert_eq!(records[0].cells[1].1, None);
    let one = &file.cases[0];
    assert!(matches!(&one.given.sources[0].rows, GivenRows::Content(text) if text.value == "Id\nA1\n"));
    assert!(matches!(&one.given.sources[2].rows, GivenRows::File(path) if path.value == "x.csv"));
    let expect = one.expect.as_ref().unwrap();
    assert!(text[expect.span.start..expect.span.end].starts_with("expect:"));
    let row = &expect.rows.as_ref().unwrap()[0];
    assert_eq!((row.cells[1].0.value.as_str(), row.cells[1].1.as_str()), ("b", "x, y"));
    let rejects = expect.rejects.as_ref().unwrap();
    assert_eq!((rejects[0].cells[0].0.value.as_str(), rejects[0].cells[0].1.as_str()), ("code", "V405"));
    assert_eq!(rejects[1].cells.len(), 2);
    assert_eq!(expect.warnings.as_ref().unwrap().len(), 0);
    assert_eq!(expect.counts[0].1, 2);
    assert_eq!(file.cases[1].expect.as_ref().unwrap().exit.as_ref().unwrap().value, 6);
    assert!(file.cases[2].expect.is_none());
}

#[test]
fn every_mistake_has_its_place_and_cure() {
    assert_snapshot!(drawn("case: {}\n"), @r#"
    error[Y102]: unknown key `case`
     --> mappings/m.yaml:1:1
      |
    1 | case: {}
      | ^^^^ not a key of a test file
      = help: `cases` has a similar name

    error[Y104]: `cases` cannot be empty
     --> mappings/m.yaml:1:7
      |
    1 | case: {}
      |       ^^ no case
      = help: each case has a name: `a good row: {sources: ..., expect: ...}`
"#);
    assert_snapshot!(drawn("cases: {}\n"), @r#"
    error[Y104]: `cases` cannot be empty
     --> mappings/m.yaml:1:8
      |
    1 | cases: {}
      |        ^^ no case
      = help: each case has a name: `a good row: {sources: ..., expect: ...}`
"#);
    assert_snapshot!(drawn("as_of: today\ncases: {one: {}}\n"), @r#"
    error[Y104]: `as_of` cannot be `today`
     --> mappings/m.yaml:1:8
      |
    1 | as_of: today
      |        ^^^^^ no day
      = help: a day `YYYY-MM-DD`: tests never run as of today
"#);
    assert_snapshot!(drawn("cases:\n  one:\n    source: {crm: []}\n    published: {A1: x}\n"), @r#"
    error[Y102]: unknown key `source`
     --> mappings/m.yaml:3:5
      |
    3 |     source: {crm: []}
      |     ^^^^^^ not a key of a case
      = help: `sources` has a similar name

    error[Y103]: `published` takes a list of rows, or CSV with a header, not a mapping
     --> mappings/m.yaml:4:16
      |
    4 |     published: {A1: x}
      |                ^^^^^^^ a mapping
      = help: e.g. `published: [{account_id: A1}]`
"#);
    assert_snapshot!(drawn("cases:\n  one:\n    sources: {crm: {rows: [], file: x.csv}, other: {}, third: [A1]}\n"), @r#"
    error[Y108]: source `crm` has two origins
     --> mappings/m.yaml:3:15
      |
    3 |     sources: {crm: {rows: [], file: x.csv}, other: {}, third: [A1]}
      |               ^^^ `rows` and `file`
      = help: give `rows` or `file`

    error[Y108]: source `other` has no rows
     --> mappings/m.yaml:3:45
      |
    3 |     sources: {crm: {rows: [], file: x.csv}, other: {}, third: [A1]}
      |                                             ^^^^^ where are its rows?
      = help: give `rows` or `file`

    error[Y103]: `third` takes records, each a mapping of columns to values, not text
     --> mappings/m.yaml:3:64
      |
    3 |     sources: {crm: {rows: [], file: x.csv}, other: {}, third: [A1]}
      |                                                                ^^ text
      = help: e.g. `third: [{Id: A1, Name: One}]`
"#);
    assert_snapshot!(drawn("cases:\n  one:\n    sources: {crm: {rows: [{n: [1]}], types: {n: int}}}\n"), @r#"
    error[Y103]: `n` takes text, not a list
     --> mappings/m.yaml:3:32
      |
    3 |     sources: {crm: {rows: [{n: [1]}], types: {n: int}}}
      |                                ^^^ a list

    error[Y104]: `n` cannot be `int`
     --> mappings/m.yaml:3:50
      |
    3 |     sources: {crm: {rows: [{n: [1]}], types: {n: int}}}
      |                                                  ^^^ not one of the words
      = help: `integer` has a similar name; allowed: `text`, `integer`, `number`, `boolean`, `date`, `timestamp`, `timestamp_utc`
"#);
    assert_snapshot!(
        drawn("cases:\n  one:\n    expect:\n      rejects: [V999, {kod: V405}]\n      error: Y1000\n      counts: {red: 1}\n"),
        @r#"
    error[Y104]: no code is called `V999`
     --> mappings/m.yaml:4:17
      |
    4 |       rejects: [V999, {kod: V405}]
      |                 ^^^^ not in the register
      = help: docs/codes.md lists them

    error[Y102]: unknown key `kod`
     --> mappings/m.yaml:4:24
      |
    4 |       rejects: [V999, {kod: V405}]
      |                        ^^^ not a key of an expected reject
      = help: keys here: `code`, `key`, `column`, `line`, `value`, `source_column`, `message`, `related`, `file`

    error[Y104]: no code is called `Y1000`
     --> mappings/m.yaml:5:14
      |
    5 |       error: Y1000
      |              ^^^^^ not in the register
      = help: docs/codes.md lists them

    error[Y102]: unknown key `red`
     --> mappings/m.yaml:6:16
      |
    6 |       counts: {red: 1}
      |                ^^^ not a key of `counts`
      = help: `read` has a similar name
"#
    );
    assert_snapshot!(drawn("cases:\n  one:\n    expect:\n      rows: |\n        a,b\n        1\n"), @r#"
    error[Y104]: `rows` cannot be `1`
     --> mappings/m.yaml:5:9
      |
    5 |         a,b
      |         ^^^ not a row of this header
      = help: each line needs as many fields as the header has: 2
"#);
    assert_snapshot!(drawn("cases:\n  one: {}\n  one: {}\n"), @r#"
    error[Y106]: `one` occurs twice
     --> mappings/m.yaml:3:3
      |
    2 |   one: {}
      |   --- first here
    3 |   one: {}
      |   ^^^ here again
      = help: remove one of the two
"#);
}
