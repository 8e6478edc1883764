//! What holds for any text.

use jiff::civil::date;
use proptest::prelude::*;

use super::sink::SINK;
use super::{owned, read, show};
use crate::mapping::{Origin, Variables, parse, parse_project};

/// Parses and draws `text`; every place must lie in it.
fn survive(text: &str) {
    let (_, found) = read(text);
    for item in found.iter() {
        if let Some(place) = &item.place {
            assert!(text.get(place.span.start..place.span.end).is_some(), "{:?} in {text:?}", place.span);
        }
    }
    show(text, &found);
    let variables = Variables::new(owned(&[]), owned(&[]), date(2024, 3, 2), None);
    parse_project("tanguero.yaml", text, &variables);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_mapping_with_a_piece_replaced_is_judged(at in 0..SINK.len(), length in 0..80usize, piece in r#"(\PC|\n|[\[\]{}:,'"|>*&#!-]){0,6}"#) {
        let end = (at + length).min(SINK.len());
        survive(&format!("{}{piece}{}", &SINK[..at], &SINK[end..]));
    }

    #[test]
    fn a_variable_in_sql_is_one_literal(value in "(\\PC|['\"\\\\\n$-]){0,20}") {
        let variables = Variables::new(owned(&[("X", &value)]), owned(&[]), date(2024, 3, 2), None);
        let text = "format: f\nfrom: crm\ncolumns:\n  a:\n    sql: f(${X}) -- note\n";
        let (mapping, found) = parse("m.yaml", text, &variables);
        prop_assert!(found.is_empty());
        let Origin::Sql(sql) = mapping.unwrap().columns.remove(0).origin else { panic!() };
        let literal = sql.value.strip_prefix("f('").unwrap().strip_suffix("') -- note").unwrap();
        prop_assert!(!literal.replace("''", "").contains('\''));
        prop_assert_eq!(literal.replace("''", "'"), value);
    }

    #[test]
    fn a_variable_in_a_path_matches_itself_only(value in "[a-z*?{},!\\]\\[\\\\. -]{0,12}") {
        prop_assume!(!value.split(['/', '\\']).any(|part| part == ".."));
        let variables = Variables::new(owned(&[("X", &value)]), owned(&[]), date(2024, 3, 2), None);
        let text = "format: f\nfrom: crm\nsources: {crm: {path: 'd/_${X}.csv'}}\ncolumns: {a: b}\n";
        let (mapping, found) = parse("m.yaml", text, &variables);
        prop_assert!(found.is_empty());
        let crate::mapping::SourceOrigin::Path(path) = &mapping.unwrap().sources[0].origin.clone() else { panic!() };
        // Unescaped, it is the value again, and no wildcard stands outside brackets.
        let mut plain = String::new();
        let mut rest = path.value.as_str();
        while let Some(character) = rest.chars().next() {
            if character == '[' {
                let inner = rest[1..].chars().next().unwrap();
                prop_assert_eq!(&rest[2..3], "]");
                plain.push(inner);
                rest = &rest[3..];
            } else {
                prop_assert!(!"*?{}]\\".contains(character), "{}", path.value);
                plain.push(character);
                rest = &rest[character.len_utf8()..];
            }
        }
        prop_assert_eq!(plain, format!("d/_{value}.csv"));
    }
}
