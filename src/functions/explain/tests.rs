//! Every message, as it stands in the rejects file.

use super::*;
use crate::functions::lookup::LookupKey;
use crate::mapping::{Alphabet, CellType, DstPolicy, OnError};
use crate::resolve::LookupSpec;

/// Judges the value, then explains the fault it has.
fn say(kind: CellType, change: impl FnOnce(&mut CellSpec), input: &str) -> String {
    let mut spec = CellSpec::new(kind);
    change(&mut spec);
    let tables = LookupTables::new();
    let name = LookupKey { source: "owners".into(), key: "id".into(), take: "name".into() };
    tables.insert(name, [("a1", "Ann")]).unwrap();
    let cell = Cell::new(spec.clone(), &tables).unwrap();
    let fault = cell.judge(Some(input.as_bytes()), &mut Hint::default(), &mut Vec::new()).fault;
    assert_ne!(fault, fault::NONE, "{input} has no fault");
    explain(&spec, &tables, fault, Some(input))
}

#[test]
fn dates() {
    let date = |formats: &[&str], input| {
        say(CellType::Date, |spec| spec.formats = formats.iter().map(|format| format.to_string()).collect(), input)
    };
    assert_eq!(date(&["%d/%m/%Y"], "31/02/2024"), "`31/02/2024` is no date that exists (layout `%d/%m/%Y`)");
    assert_eq!(date(&[], "soon"), "`soon` does not fit the layout `iso`");
    assert_eq!(date(&["%m/%d/%Y", "iso"], "2024-1"), "`2024-1` fits none of the layouts `%m/%d/%Y`, `iso`");
    assert_eq!(
        date(&["%m/%d/%Y", "%d/%m/%Y"], "01/02/2024"),
        "`01/02/2024` is 2024-01-02 by `%m/%d/%Y` and 2024-02-01 by `%d/%m/%Y`"
    );
    assert_eq!(date(&["iso"], "0024-01-01"), "`0024-01-01` lies outside the years 1900 to 2200");
    let zoned = |input| {
        let change =
            |spec: &mut CellSpec| (spec.timezone, spec.dst) = (Some("America/New_York".into()), DstPolicy::Reject);
        say(CellType::Date, change, input)
    };
    assert_eq!(
        zoned("2024-11-03 01:30:00"),
        "`2024-11-03 01:30:00` came twice: clocks were set back in America/New_York"
    );
    assert_eq!(
        zoned("2024-03-10 02:30:00"),
        "`2024-03-10 02:30:00` never came: clocks were set forward in America/New_York"
    );
}

#[test]
fn a_typed_value_is_explained_by_the_rules_for_typed_values() {
    let mut spec = CellSpec::new(CellType::Date);
    spec.formats = vec!["%m/%d/%Y".into()];
    let message = explain(&spec, &LookupTables::new(), fault::DATE_RANGE, Some("1800-01-01T00:00:00"));
    assert_eq!(message, "`1800-01-01T00:00:00` lies outside the years 1900 to 2200");
}

#[test]
fn numbers() {
    let number = |kind, input| say(kind, |spec| spec.min = Some(1), input);
    assert_eq!(
        number(CellType::Number, "12,5"),
        "`12,5` is not a number (decimal sign `.`); with `decimal: \",\"` it is 12.5"
    );
    assert_eq!(number(CellType::Number, "1e5"), "`1e5` is not a number (decimal sign `.`)");
    assert_eq!(number(CellType::Integer, "3.5"), "`3.5` has a fraction");
    assert_eq!(number(CellType::Integer, "0"), "`0` is below 1");
}

#[test]
fn ids_and_addresses() {
    let id = |alphabet, input| {
        let change = |spec: &mut CellSpec| (spec.id_extra, spec.alphabet) = ("-".into(), alphabet);
        say(CellType::Id, change, input)
    };
    assert_eq!(id(None, "bad #12"), "`bad #12` holds a space at character 4; an id takes letters, digits, `_`, `-`");
    assert_eq!(id(None, "é\u{200b}"), "`é\\u{200b}` holds `é` at character 1; an id takes letters, digits, `_`, `-`");
    assert_eq!(
        id(Some(Alphabet::Strict), "a.b"),
        "`a.b` holds `.` at character 2; an id takes letters, digits, `_`, `-` (`alphabet: strict`)"
    );
    assert_eq!(id(None, "1.2E+10"), "`1.2E+10` was rewritten by a spreadsheet: the id's digits are lost");
    assert_eq!(
        id(None, "001D000000IqhSL"),
        "`001D000000IqhSL` has 15 characters; Totango wants the 18 of `001D000000IqhSLIAZ`"
    );
    let email = |input| say(CellType::Email, |_| {}, input);
    assert_eq!(email("Joe <joe@x.org>"), "`Joe <joe@x.org>` is not an e-mail address; `joe@x.org` is");
    assert_eq!(email("joe"), "`joe` is not an e-mail address");
    assert_eq!(say(CellType::Flag, |_| {}, "maybe"), "`maybe` is neither yes nor no");
}

#[test]
fn text() {
    let text = |input| say(CellType::Text, |spec| (spec.max_length, spec.required) = (Some(8), true), input);
    assert_eq!(text(""), "the cell is empty");
    assert_eq!(text(" \u{a0}"), "the cell holds only white space");
    assert_eq!(text("123456789"), "9 characters; at most 8 are taken");
    assert_eq!(text("a \"b\""), "`a \"b\"` holds `\"` at character 3");
    assert_eq!(text("é\u{1b}x"), "`é\\u{1b}x` holds `\\u{1b}` at character 2");
    let cut = |spec: &mut CellSpec| (spec.max_length, spec.truncate) = (Some(3), true);
    assert_eq!(say(CellType::Text, cut, "abcdef"), "cut from 6 to 3 characters");
    let mapped = |spec: &mut CellSpec| (spec.required, spec.map) = (true, vec![("N/A".into(), String::new())]);
    assert_eq!(say(CellType::Text, mapped, "N/A"), "`N/A` leaves the cell empty");
}

#[test]
fn allowed_values_with_the_near_miss() {
    let status = |input| {
        let change = |spec: &mut CellSpec| {
            spec.values = vec!["Active".into(), "Churned".into()];
            spec.map = vec![("x".into(), "y".into())];
        };
        say(CellType::List, change, input)
    };
    assert_eq!(status("active"), "`active` is not allowed; `Active` is");
    assert_eq!(status("Lead"), "`Lead` is not allowed; these are: `Active`, `Churned`");
    assert_eq!(status("x"), "`y` (from `x`) is not allowed; these are: `Active`, `Churned`");
    let list = |change: fn(&mut CellSpec), input| {
        let all = |spec: &mut CellSpec| {
            spec.separator_in = Some("|".into());
            change(spec);
        };
        say(CellType::MultiList, all, input)
    };
    assert_eq!(list(|spec| spec.values = vec!["Alpha".into()], "Alpha|Alpa"), "`Alpa` is not allowed; `Alpha` is");
    assert_eq!(list(|_| {}, "a|b,c"), "the element `b,c` holds `,`, which separates elements");
}

#[test]
fn lookups_templates_tags_and_emptied_cells() {
    let look = |spec: &mut CellSpec| {
        spec.lookup = Some(LookupSpec {
            source: "owners".into(),
            key: "id".into(),
            take: "name".into(),
            missing: Default::default(),
        });
    };
    assert_eq!(say(CellType::Text, look, "zz"), "`zz` is not in the column `id` of `owners`");
    assert_eq!(say(CellType::Text, look, "A1"), "`A1` is not in the column `id` of `owners`; `a1` is");
    let spec = CellSpec::new(CellType::Id);
    let general = |fault, input| explain(&spec, &LookupTables::new(), fault, Some(input));
    assert_eq!(
        general(fault::TEMPLATE_EMPTY, "A001_{Product Code}"),
        "the part `Product Code` of the template is empty, after `A001_`"
    );
    assert_eq!(general(fault::TEMPLATE_EMPTY, "{Account Id}_{x}"), "the part `Account Id` of the template is empty");
    assert_eq!(general(fault::TAG_UNKNOWN, "vipp"), "the tag `vipp` is not in `known`");
    assert_eq!(
        say(CellType::Number, |spec| spec.on_error = OnError::Empty, "abc"),
        "`abc` is not a number (decimal sign `.`); written empty"
    );
}

#[test]
fn every_fault_has_some_message_for_any_value() {
    for kind in [CellType::Text, CellType::Id, CellType::Date, CellType::Number, CellType::MultiList] {
        let explainer = Explainer::new(&CellSpec::new(kind), &LookupTables::new());
        for &fault in fault::ALL {
            for input in [None, Some(""), Some("x"), Some("\u{1}\"é|,{}")] {
                assert!(!explainer.message(fault, input).is_empty());
            }
        }
    }
}
