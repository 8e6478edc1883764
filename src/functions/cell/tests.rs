//! The steps of a cell, one by one and in their order.

use super::*;
use crate::functions::fault;
use crate::functions::lookup::LookupKey;
use crate::mapping::{Case, LookupMissing, OnError, QuotePolicy};
use crate::resolve::LookupSpec;

fn tables() -> LookupTables {
    let tables = LookupTables::new();
    let name = LookupKey { source: "owners".into(), key: "id".into(), take: "name".into() };
    tables.insert(name, [("1", "Ann Lee"), ("2", ""), ("3", "Bob \"B\" Ray")]).unwrap();
    tables
}

fn owners(missing: LookupMissing) -> Option<LookupSpec> {
    Some(LookupSpec { source: "owners".into(), key: "id".into(), take: "name".into(), missing })
}

/// Value and fault; the value of a fault that is no warning is empty.
fn run(spec: CellSpec, value: &str) -> (String, u8) {
    let cell = Cell::new(spec, &tables()).unwrap();
    let mut side = b"before".to_vec();
    let verdict = cell.judge(Some(value.as_bytes()), &mut Hint::default(), &mut side);
    let text = match verdict.value {
        Value::Empty => {
            assert_eq!(side, b"before", "an empty cell leaves nothing beside it");
            Vec::new()
        }
        Value::Part(part) => part.to_vec(),
        Value::Side => side[6..].to_vec(),
    };
    (String::from_utf8(text).unwrap(), verdict.fault)
}

fn spec(kind: CellType, change: impl FnOnce(&mut CellSpec)) -> CellSpec {
    let mut spec = CellSpec::new(kind);
    change(&mut spec);
    spec
}

fn good(text: &str) -> (String, u8) {
    (text.to_owned(), fault::NONE)
}

fn bad(fault: u8) -> (String, u8) {
    (String::new(), fault)
}

#[test]
fn white_space_goes_unless_trim_is_off() {
    let text = |keep_space, value| run(spec(CellType::Text, |spec| spec.keep_space = keep_space), value);
    assert_eq!(text(false, "\u{a0} a b \t\n"), good("a b"));
    assert_eq!(text(false, " \u{a0} "), good(""));
    assert_eq!(text(true, " a "), good(" a "));
}

#[test]
fn html_goes_before_everything_else() {
    let html = |value| run(spec(CellType::Text, |spec| spec.html = true), value);
    assert_eq!(html(" <p>Hello &amp; <b>bye</b></p> "), good("Hello & bye"));
    assert_eq!(html("<p> &nbsp; </p>"), good(""));
    assert_eq!(html("&quot;x&quot;"), bad(fault::QUOTE_IN_TEXT));
    let number = spec(CellType::Number, |spec| spec.html = true);
    assert_eq!(run(number, "<b>1,234</b>"), good("1234"));
}

#[test]
fn lookups_translate_and_miss_by_policy() {
    let look = |missing, value| run(spec(CellType::Text, |spec| spec.lookup = owners(missing)), value);
    assert_eq!(look(LookupMissing::Reject, " 1 "), good("Ann Lee"));
    assert_eq!(look(LookupMissing::Reject, "9"), bad(fault::LOOKUP_MISSING));
    assert_eq!(look(LookupMissing::Empty, "9"), good(""));
    assert_eq!(look(LookupMissing::Pass, "9"), good("9"));
    assert_eq!(look(LookupMissing::Reject, "2"), good(""));
    assert_eq!(look(LookupMissing::Reject, ""), good(""));
    assert_eq!(look(LookupMissing::Reject, "3"), bad(fault::QUOTE_IN_TEXT));
    let emptied = spec(CellType::Text, |spec| {
        spec.lookup = owners(LookupMissing::Reject);
        spec.on_error = OnError::Empty;
    });
    assert_eq!(run(emptied, "9"), (String::new(), fault::EMPTIED));
}

#[test]
fn map_is_exact_then_the_one_that_ignores_case() {
    let mapped = |value| {
        let spec = spec(CellType::Text, |spec| {
            spec.map = vec![("active".into(), "Active".into()), ("N/A".into(), String::new())];
            spec.map_any_case = vec![("practitioner".into(), "Spark".into()), ("ACTIVE".into(), "Any".into())];
        });
        run(spec, value)
    };
    assert_eq!(mapped("active"), good("Active"));
    assert_eq!(mapped("Active"), good("Any"));
    assert_eq!(mapped("PRACTITIONER"), good("Spark"));
    assert_eq!(mapped("other"), good("other"));
    assert_eq!(mapped("N/A"), good(""));
}

#[test]
fn on_error_empties_what_the_type_refuses_and_nothing_after_it() {
    let emptied = |kind, value| {
        run(
            spec(kind, |spec| {
                spec.on_error = OnError::Empty;
                spec.values = vec!["1".into()];
            }),
            value,
        )
    };
    assert_eq!(emptied(CellType::Number, "x"), (String::new(), fault::EMPTIED));
    assert_eq!(emptied(CellType::Number, "2"), bad(fault::VALUE_UNKNOWN));
    let with_default = spec(CellType::Number, |spec| {
        spec.on_error = OnError::Empty;
        spec.default = Some("0".into());
    });
    assert_eq!(run(with_default, "x"), ("0".to_owned(), fault::EMPTIED));
    let required = spec(CellType::Number, |spec| {
        spec.on_error = OnError::Empty;
        spec.required = true;
    });
    assert_eq!(run(required, "x"), bad(fault::NOT_A_NUMBER));
    assert_eq!(run(spec(CellType::Number, |spec| spec.on_error = OnError::Fail), "x"), bad(fault::NOT_A_NUMBER));
}

#[test]
fn empty_cells_take_the_default_or_are_needed() {
    assert_eq!(run(spec(CellType::Text, |spec| spec.required = true), " "), bad(fault::EMPTY_VALUE));
    let needed = spec(CellType::Text, |spec| {
        spec.required = true;
        spec.default = Some("x".into());
    });
    assert_eq!(run(needed, ""), good("x"));
    let unknown = spec(CellType::Text, |spec| {
        spec.values = vec!["a".into()];
        spec.default = Some("b".into());
    });
    assert_eq!(run(unknown, ""), bad(fault::VALUE_UNKNOWN));
}

#[test]
fn a_default_is_written_as_its_type_writes_it() {
    let today = spec(CellType::Date, |spec| {
        spec.formats = vec!["%m/%d/%Y".into()];
        spec.default = Some("2024-07-01".into());
        spec.service_timezone = Some("Europe/Berlin".into());
    });
    assert_eq!(run(today, ""), good("2024-06-30T22:00:00.0Z"));
    assert_eq!(run(spec(CellType::Flag, |spec| spec.default = Some("true".into())), ""), good("yes"));
    assert_eq!(run(spec(CellType::Date, |spec| spec.default = Some("unknown".into())), ""), good("unknown"));
    assert_eq!(run(spec(CellType::Text, |spec| spec.default = Some("a\"b".into())), ""), bad(fault::QUOTE_IN_TEXT));
}

#[test]
fn values_are_exact() {
    let status = |value| run(spec(CellType::List, |spec| spec.values = vec!["Active".into(), "On hold".into()]), value);
    assert_eq!(status(" Active "), good("Active"));
    assert_eq!(status("active"), bad(fault::VALUE_UNKNOWN));
    assert_eq!(status(""), good(""));
}

#[test]
fn quotes_follow_their_policy_after_all_else() {
    let quoted = |policy, value| run(spec(CellType::Text, |spec| spec.quotes = policy), value);
    assert_eq!(quoted(QuotePolicy::Reject, "a \"b\""), bad(fault::QUOTE_IN_TEXT));
    assert_eq!(quoted(QuotePolicy::Replace, "a \"b\""), good("a 'b'"));
    assert_eq!(quoted(QuotePolicy::Strip, "\" b\""), good("b"));
    assert_eq!(quoted(QuotePolicy::Strip, "\"\""), good(""));
    assert_eq!(quoted(QuotePolicy::Double, "a \"b\""), good("a \"b\""));
}

#[test]
fn length_counts_characters() {
    let short = |truncate, value| {
        run(
            spec(CellType::Text, |spec| {
                spec.max_length = Some(5);
                spec.truncate = truncate;
            }),
            value,
        )
    };
    assert_eq!(short(false, "ééééé"), good("ééééé"));
    assert_eq!(short(false, "éééééé"), bad(fault::TOO_LONG));
    assert_eq!(short(true, "éééé éé"), ("éééé".to_owned(), fault::TRUNCATED));
    assert_eq!(short(true, "12345"), good("12345"));
}

#[test]
fn control_characters_are_faults_in_every_kind_of_text() {
    for kind in [CellType::Text, CellType::List, CellType::MultiList, CellType::ForeignKey] {
        assert_eq!(run(CellSpec::new(kind), "a\u{1}b"), bad(fault::CONTROL_CHARACTER), "{kind:?}");
        assert_eq!(run(CellSpec::new(kind), "a\tb\r\nc"), good("a\tb\r\nc"), "{kind:?}");
    }
}

#[test]
fn flags_and_tags_write_their_words() {
    assert_eq!(run(CellSpec::new(CellType::Flag), "TRUE"), good("yes"));
    assert_eq!(run(CellSpec::new(CellType::Flag), "off"), good("no"));
    assert_eq!(run(CellSpec::new(CellType::Flag), "maybe"), bad(fault::BAD_FLAG));
    let words = spec(CellType::Flag, |spec| (spec.yes, spec.no) = (Some("true".into()), Some("false".into())));
    assert_eq!(run(words, "0"), good("false"));
    assert_eq!(run(CellSpec::new(CellType::Tag), "yes"), good("yes"));
    assert_eq!(run(CellSpec::new(CellType::Tag), "no"), good(""));
    assert_eq!(run(spec(CellType::Tag, |spec| spec.absent_remove = true), "no"), good("no"));
}

#[test]
fn lists_are_judged_by_element() {
    let list = spec(CellType::MultiList, |spec| {
        spec.separator_in = Some("|".into());
        spec.separator_out = Some(";".into());
        spec.map = vec![("a".into(), "Alpha".into())];
        spec.values = vec!["Alpha".into(), "Beta".into()];
    });
    assert_eq!(run(list.clone(), " a |Beta| "), good("Alpha;Beta"));
    assert_eq!(run(list.clone(), "a|b"), bad(fault::VALUE_UNKNOWN));
    assert_eq!(run(list, "|"), good(""));
    let split = spec(CellType::List, |spec| spec.separator_in = Some("|".into()));
    assert_eq!(run(split, "a|b"), good("a,b"));
    assert_eq!(run(CellSpec::new(CellType::List), "Retail, wholesale"), good("Retail, wholesale"));
    let lookup = spec(CellType::MultiList, |spec| spec.lookup = owners(LookupMissing::Empty));
    assert_eq!(run(lookup, "1,9,2"), good("Ann Lee"));
    let stripped = spec(CellType::MultiList, |spec| spec.quotes = QuotePolicy::Strip);
    assert_eq!(run(stripped, "a \",\"\",b"), good("a,b"));
    let lower = spec(CellType::MultiList, |spec| spec.case = Some(Case::Lower));
    assert_eq!(run(lower.clone(), "A, B"), good("a,b"));
    assert_eq!(run(lower, "A,B"), good("a,b"));
}

#[test]
fn ids_and_foreign_keys() {
    let id = |value| run(spec(CellType::Id, |spec| spec.id_extra = "-".into()), value);
    assert_eq!(id(" ACC-1 "), good("ACC-1"));
    assert_eq!(id("ACC 1"), bad(fault::BAD_ID));
    assert_eq!(id("1.23E+11"), bad(fault::SPREADSHEET_NUMBER));
    assert_eq!(id("001D000000IqhSL"), ("001D000000IqhSL".to_owned(), fault::SHORT_SALESFORCE_ID));
    assert_eq!(id("001D000000IqhSLIAZ"), good("001D000000IqhSLIAZ"));
    assert_eq!(run(CellSpec::new(CellType::ForeignKey), "Ab C-É"), good("ab c-é"));
    assert_eq!(run(CellSpec::new(CellType::ForeignKey), "1.2E+10"), bad(fault::SPREADSHEET_NUMBER));
    assert_eq!(run(spec(CellType::Email, |spec| spec.case = Some(Case::Lower)), "A@B.co"), good("a@b.co"));
}

#[test]
fn a_table_that_was_not_filled_is_said_so() {
    let spec = spec(CellType::Text, |spec| spec.lookup = owners(LookupMissing::Reject));
    let message = Cell::new(spec, &LookupTables::new()).unwrap_err();
    assert!(message.contains("`owners`"), "{message}");
}
