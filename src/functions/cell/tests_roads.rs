//! The short road never answers differently from the whole one; what is normal stays so; nothing makes a cell panic.

use proptest::prelude::*;

use super::*;
use crate::functions::fault;
use crate::mapping::{Case, OnError, QuotePolicy};

/// Values of every kind that columns hold, and their neighbours.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ \u{a0}]{0,2}[A-Za-z0-9_@.+-]{0,20}[ ]{0,1}",
        "[-($€ ]{0,2}[0-9., ']{0,12}[) %€]{0,1}",
        "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9](:[0-6][0-9](\\.[0-9]{1,4})?)?(Z|[+-][01][0-9]:?[0-5][0-9])?)?",
        "[0-3]?[0-9]/[0-3]?[0-9]/(19|20)?[0-9]{2}",
        "[a-z.+]{1,8}@[a-z-]{1,8}\\.[a-z]{1,4}",
        "(yes|NO|True|f|1|0|on|off|maybe|001D000000IqhSL|1\\.2E\\+10|4532[0-9](\\.[0-9]{0,4})?)",
        "[a-zé |,;\"'\t]{0,30}",
        "\\PC{0,40}",
        ".{0,20}",
    ]
}

fn kind() -> impl Strategy<Value = CellType> {
    use CellType::*;
    let kinds = [Text, Id, Email, Integer, Number, Currency, Date, List, MultiList, Flag, Tag, ForeignKey];
    (0..kinds.len()).prop_map(move |at| kinds[at])
}

fn spec() -> impl Strategy<Value = CellSpec> {
    let quotes = [QuotePolicy::Reject, QuotePolicy::Replace, QuotePolicy::Strip, QuotePolicy::Double];
    let cases = [None, Some(Case::Lower), Some(Case::Upper)];
    let extras = ["", "-", "-@.", "-@.+", "-@.+!#"];
    let formats: [&[&str]; 4] = [&[], &["%m/%d/%Y", "iso"], &["%d/%m/%Y", "%m/%d/%Y"], &["excel"]];
    let numbers = (0..4usize, 0..3usize, 0..5usize, 0..4usize);
    (kind(), any::<[bool; 8]>(), numbers, proptest::option::of(1..12u64)).prop_map(
        move |(
            kind,
            [space, comma, empty, required, truncate, default, zone, remove],
            (quote, case, extra, format),
            length,
        )| CellSpec {
            keep_space: space,
            decimal_comma: comma,
            on_error: if empty { OnError::Empty } else { OnError::Reject },
            required,
            truncate,
            max_length: length,
            default: default.then(|| "a default that is long".to_owned()),
            // A zone takes a while to load: not too often.
            timezone: (zone && truncate && empty).then(|| "America/New_York".to_owned()),
            absent_remove: remove,
            quotes: quotes[quote],
            case: cases[case],
            id_extra: extras[extra].to_owned(),
            formats: formats[format].iter().map(|format| format.to_string()).collect(),
            ..CellSpec::new(kind)
        },
    )
}

fn text(verdict: Verdict<'_>, side: &[u8]) -> (Option<String>, u8) {
    let bytes = match verdict.value {
        Value::Empty => None,
        Value::Part(part) => Some(part.to_vec()),
        Value::Side => Some(side.to_vec()),
    };
    (bytes.map(|bytes| String::from_utf8(bytes).expect("text stays text")), verdict.fault)
}

fn whole(cell: &Cell, value: &str) -> (Option<String>, u8) {
    let mut side = Vec::new();
    text(cell.judge(Some(value.as_bytes()), &mut Hint::default(), &mut side), &side)
}

fn short(cell: &Cell, value: &str) -> (Option<String>, u8) {
    let (mut side, mut hint) = (Vec::new(), Hint::default());
    let bytes = value.as_bytes();
    let verdict = match &cell.normaliser {
        Normaliser::Text(rules) => cell.judge_with(rules, bytes, &mut hint, &mut side),
        Normaliser::Id(rules) => cell.judge_with(rules, bytes, &mut hint, &mut side),
        Normaliser::Email(rules) => cell.judge_with(rules, bytes, &mut hint, &mut side),
        Normaliser::Number(rules) => cell.judge_with(rules, bytes, &mut hint, &mut side),
        Normaliser::Date(rules) => cell.judge_with(rules.as_ref(), bytes, &mut hint, &mut side),
        Normaliser::Flag(rules) => cell.judge_with(rules, bytes, &mut hint, &mut side),
        Normaliser::List(rules) => cell.judge_with(rules, bytes, &mut hint, &mut side),
    };
    text(verdict, &side)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn both_roads_answer_alike(spec in spec(), value in value()) {
        let cell = Cell::new(spec, &LookupTables::new()).unwrap();
        prop_assert!(cell.plain);
        prop_assert_eq!(short(&cell, &value), whole(&cell, &value));
    }

    #[test]
    fn what_is_normal_stays_as_it_is(spec in spec(), value in value()) {
        let spec = CellSpec { default: None, ..spec };
        let cell = Cell::new(spec.clone(), &LookupTables::new()).unwrap();
        let (Some(once), fault::NONE) = whole(&cell, &value) else { return Ok(()) };
        // Dates and numbers come out in Totango's own spelling, lists in the written one, whatever the source's is.
        let again = CellSpec { separator_in: None, ..Cell::spec_of_typed(&spec) };
        let (twice, found) = whole(&Cell::new(again, &LookupTables::new()).unwrap(), &once);
        prop_assert_eq!((twice.as_deref(), found), (Some(once.as_str()), fault::NONE));
    }

    #[test]
    fn a_rejected_cell_has_no_value_and_a_kept_one_keeps_its_limits(spec in spec(), value in value()) {
        let most = spec.max_length.unwrap_or(u64::MAX);
        let quotes = spec.quotes;
        let (made, found) = whole(&Cell::new(spec, &LookupTables::new()).unwrap(), &value);
        prop_assert_eq!(made.is_some() && found != 0, fault::is_warning(found) && made.is_some());
        if let Some(made) = made {
            prop_assert!(!made.is_empty());
            prop_assert!(made.chars().count() as u64 <= most);
            prop_assert!(quotes == QuotePolicy::Double || !made.contains('"'));
        }
    }

    #[test]
    fn no_bytes_make_a_cell_panic(spec in spec(), html: bool, value in proptest::collection::vec(any::<u8>(), 0..40)) {
        let cell = Cell::new(CellSpec { html, ..spec }, &LookupTables::new()).unwrap();
        cell.judge(Some(&value), &mut Hint::default(), &mut Vec::new());
    }
}
