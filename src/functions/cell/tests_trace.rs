//! A trace ends where the judge ends, and names the steps that changed the value.

use crate::functions::fault;
use crate::functions::lookup::{LookupKey, LookupTables};
use crate::mapping::{CellType, OnError, QuotePolicy};
use crate::resolve::CellSpec;

use super::Cell;

fn spec(kind: CellType) -> CellSpec {
    CellSpec::new(kind)
}

fn way(spec: CellSpec, input: &str) -> (Vec<(&'static str, String)>, Option<String>, u8) {
    let trace = Cell::new(spec, &LookupTables::new()).unwrap().trace(Some(input));
    (trace.steps.into_iter().map(|step| (step.what, step.value)).collect(), trace.written, trace.fault)
}

fn steps(spec: CellSpec, input: &str) -> String {
    let (steps, ..) = way(spec, input);
    steps.iter().map(|(what, value)| format!("{what} {value:?}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn steps_that_change_the_value_are_named_in_order() {
    let mapped = CellSpec { map: vec![("y".into(), "$1,234.50".into())], ..spec(CellType::Currency) };
    assert_eq!(steps(mapped, " y "), r#"trim "y", map "$1,234.50", type "1234.50""#);
    let text = CellSpec { html: true, quotes: QuotePolicy::Replace, ..spec(CellType::Text) };
    assert_eq!(steps(text, "<p>a \"b\"</p>"), r#"html "a \"b\"", quotes "a 'b'""#);
    let cut = CellSpec { max_length: Some(2), truncate: true, ..spec(CellType::Text) };
    assert_eq!(steps(cut, "abc"), r#"truncate "ab""#);
    assert_eq!(steps(spec(CellType::Text), "abc"), "");
}

#[test]
fn an_empty_cell_becomes_its_default_and_a_fault_stops_the_way() {
    let with_default = CellSpec { default: Some("x".into()), ..spec(CellType::Text) };
    assert_eq!(steps(with_default, "  "), r#"trim "", default "x""#);
    let (steps, written, found) = way(spec(CellType::Integer), " much ");
    assert_eq!((steps.len(), written, found), (1, None, fault::NOT_A_NUMBER));
    let emptied = CellSpec { on_error: OnError::Empty, ..spec(CellType::Integer) };
    let (steps, written, found) = way(emptied, "much");
    assert_eq!((steps[0].0, steps[0].1.as_str(), written, found), ("on_error", "", None, fault::EMPTIED));
}

#[test]
fn a_lookup_is_a_step_of_its_own() {
    let lookup: crate::resolve::LookupSpec =
        serde_json::from_str(r#"{"in": "owners", "match": "id", "take": "name", "missing": "reject"}"#).unwrap();
    let tables = LookupTables::new();
    tables.insert(LookupKey::of(&lookup), vec![("O1".to_owned(), "Ann".to_owned())]).unwrap();
    let spec = CellSpec { lookup: Some(lookup), map: vec![("Ann".into(), "Anna".into())], ..spec(CellType::Text) };
    let cell = Cell::new(spec, &tables).unwrap();
    let trace = cell.trace(Some("O1"));
    let steps: Vec<&str> = trace.steps.iter().map(|step| step.what).collect();
    assert_eq!((steps, trace.written.as_deref()), (vec!["lookup", "map"], Some("Anna")));
    assert_eq!(cell.trace(Some("O2")).fault, fault::LOOKUP_MISSING);
}

#[test]
fn the_last_step_is_what_is_written_for_every_type_and_option() {
    let kinds = [
        CellType::Text,
        CellType::Id,
        CellType::Email,
        CellType::Integer,
        CellType::Number,
        CellType::Currency,
        CellType::Date,
        CellType::List,
        CellType::MultiList,
        CellType::Flag,
        CellType::Tag,
        CellType::ForeignKey,
    ];
    let values = [
        "",
        " ",
        "a",
        " a ",
        "A",
        "yes",
        "N",
        "0",
        "1,234",
        "$5.00",
        "-3",
        "2024-02-30",
        "2024-02-29",
        "x@y.org",
        "a,b",
        "a;b",
        "\"",
        "a \"b\"",
        "<b>x</b>",
        "x\u{1}",
        "0015g0000003qKK",
        "1.2E+5",
        "long long long text",
        "é",
        "\u{a0}z",
    ];
    for kind in kinds {
        for (default, on_error) in [(None, OnError::Reject), (Some("1"), OnError::Empty), (None, OnError::Empty)] {
            for quotes in [QuotePolicy::Reject, QuotePolicy::Strip, QuotePolicy::Replace] {
                let spec = CellSpec {
                    default: default.map(str::to_owned),
                    on_error,
                    quotes,
                    html: quotes == QuotePolicy::Strip,
                    max_length: Some(8),
                    truncate: default.is_some(),
                    map: vec![("a".into(), "yes".into())],
                    ..spec(kind)
                };
                for value in values {
                    let (steps, written, found) = way(spec.clone(), value);
                    if found == fault::NONE || fault::is_warning(found) {
                        let end = steps.last().map_or(value, |(_, value)| value);
                        assert_eq!(end, written.unwrap_or_default(), "{kind:?} {value:?}");
                    }
                }
            }
        }
    }
}
