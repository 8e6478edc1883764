//! Numbers: what is taken, what it becomes, what is refused.

use proptest::prelude::*;

use super::*;

fn read(rules: NumberRules, value: &str) -> Result<String, u8> {
    let mut side = b"before".to_vec();
    match rules.normal(value.as_bytes(), &mut side)? {
        Value::Part(part) => {
            assert_eq!(side, b"before", "a kept value leaves nothing beside it");
            Ok(String::from_utf8(part.to_vec()).unwrap())
        }
        Value::Side => Ok(String::from_utf8(side[6..].to_vec()).unwrap()),
        Value::Empty => panic!("a number never becomes empty"),
    }
}

const POINT: NumberRules = NumberRules { decimal_comma: false, whole: false, min: None };
const COMMA: NumberRules = NumberRules { decimal_comma: true, whole: false, min: None };
const WHOLE: NumberRules = NumberRules { decimal_comma: false, whole: true, min: None };

#[test]
fn digits_are_kept() {
    for (value, expected) in [
        ("0", "0"),
        ("007", "007"),
        ("12", "12"),
        ("-12", "-12"),
        ("12.50", "12.50"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("0.1000000000000000000000000001", "0.1000000000000000000000000001"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("-0", "0"),
        ("-0.00", "0.00"),
        ("\u{2212}5", "-5"),
    ] {
        assert_eq!(read(POINT, value).as_deref(), Ok(expected), "{value}");
    }
}

#[test]
fn thousands_are_taken_out_only_between_full_groups_of_three() {
    for (value, expected) in [
        ("1,234", "1234"),
        ("12,345,678.90", "12345678.90"),
        ("1 234 567", "1234567"),
        ("1\u{a0}234,567".replace(',', "\u{a0}").as_str(), "1234567"),
        ("1\u{202f}234.5", "1234.5"),
        ("1'234'567.00", "1234567.00"),
        ("1\u{2019}234", "1234"),
    ] {
        assert_eq!(read(POINT, value).as_deref(), Ok(expected), "{value}");
    }
    for value in [
        "12,5",
        "1,23",
        "1,2345",
        "1234,567",
        "1,,234",
        ",123",
        "1,234,",
        "1,234 567",
        "0,123",
        "1.234.567",
        "1,234,5.0",
    ] {
        assert_eq!(read(POINT, value), Err(fault::NOT_A_NUMBER), "{value}");
    }
}

#[test]
fn a_decimal_comma_swaps_the_signs() {
    for (value, expected) in
        [("12,5", "12.5"), ("1.234,50", "1234.50"), ("1.234", "1234"), ("1 234,5", "1234.5"), ("-,5", "-0.5")]
    {
        assert_eq!(read(COMMA, value).as_deref(), Ok(expected), "{value}");
    }
    for value in ["12.5", "1,234,567", "1,234.50"] {
        assert_eq!(read(COMMA, value), Err(fault::NOT_A_NUMBER), "{value}");
    }
}

#[test]
fn one_currency_and_one_minus_are_taken() {
    for (value, expected) in [
        ("$1,234.50", "1234.50"),
        ("$5", "5"),
        ("-$5", "-5"),
        ("$-5", "-5"),
        ("$ 5", "5"),
        ("5 €", "5"),
        ("5€", "5"),
        ("€1'234.50", "1234.50"),
        ("USD 1,234", "1234"),
        ("1,234 USD", "1234"),
        ("usd5", "5"),
        ("CHF1'234", "1234"),
        ("(1,234.50)", "-1234.50"),
        ("($5)", "-5"),
        ("$(5)", "-5"),
        ("(5) USD", "-5"),
        ("(USD 5)", "-5"),
        ("- 5", "-5"),
        ("-\u{a3}5", "-5"),
        ("₹1", "1"),
    ] {
        assert_eq!(read(POINT, value).as_deref(), Ok(expected), "{value}");
    }
    for value in [
        "$5 USD", "$$5", "USD", "$", "-", "()", "(-5)", "-(5)", "--5", "5-", "(5", "5)", "XYZ 5", "USDT 5", "((5))",
        "- -5", "-$-5",
    ] {
        assert_eq!(read(POINT, value), Err(fault::NOT_A_NUMBER), "{value}");
    }
}

#[test]
fn no_exponent_percent_plus_or_words() {
    for value in
        ["1e5", "1E+11", "5%", "+5", "5.", ".", "1.2.3", "0x1f", "NaN", "inf", "abc", "12a", "1 2", "٣", "1_000"]
    {
        assert_eq!(read(POINT, value), Err(fault::NOT_A_NUMBER), "{value}");
    }
}

#[test]
fn whole_numbers_take_a_fraction_of_zeros_only() {
    assert_eq!(read(WHOLE, "3.00").as_deref(), Ok("3"));
    assert_eq!(read(WHOLE, "1,234.0").as_deref(), Ok("1234"));
    assert_eq!(read(WHOLE, "-0.0").as_deref(), Ok("0"));
    assert_eq!(read(WHOLE, "3.5"), Err(fault::NOT_WHOLE));
    assert_eq!(read(WHOLE, "3.001"), Err(fault::NOT_WHOLE));
}

#[test]
fn the_smallest_number_is_kept_for_any_length() {
    let from_one = NumberRules { min: Some(1), ..POINT };
    for (value, good) in [
        ("1", true),
        ("0", false),
        ("0.99", false),
        ("1.0", true),
        ("-5", false),
        ("100000000000000000000000", true),
        ("001", true),
    ] {
        assert_eq!(read(from_one, value).is_ok(), good, "{value}");
    }
    let from_minus_two = NumberRules { min: Some(-2), ..POINT };
    for (value, good) in [("-2", true), ("-2.01", false), ("-1.99", true), ("-10", false), ("0", true), ("(3)", false)]
    {
        assert_eq!(read(from_minus_two, value).is_ok(), good, "{value}");
    }
}

proptest! {
    #[test]
    fn plain_digits_stay_and_a_second_pass_changes_nothing(value in "[-($€]{0,2}[0-9., ']{1,14}[) A-Z€]{0,4}") {
        for rules in [POINT, WHOLE] {
            if let Ok(once) = read(rules, value.trim()) {
                let twice = read(rules, &once);
                prop_assert_eq!(twice.as_deref(), Ok(once.as_str()));
                prop_assert!(once.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
            }
        }
    }

    #[test]
    fn formatted_numbers_are_read_back(number in any::<u64>(), cents in 0..100u8, negative: bool) {
        let digits = number.to_string();
        let mut grouped = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) { grouped.push(','); }
            grouped.push(digit);
        }
        let sign = if negative && (number, cents) != (0, 0) { "-" } else { "" };
        let value = format!("{sign}${grouped}.{cents:02}");
        prop_assert_eq!(read(POINT, &value), Ok(format!("{sign}{digits}.{cents:02}")));
    }

    #[test]
    fn comparison_agrees_with_arithmetic(number in -2000i64..2000, tenths in 0..10i64, other in -2000i64..2000) {
        let scaled = number * 10 + if number < 0 { -tenths } else { tenths };
        let text = format!("{number}.{tenths}");
        prop_assert_eq!(compare(text.as_bytes(), other), scaled.cmp(&(other * 10)));
    }

    #[test]
    fn no_bytes_make_it_panic(value in proptest::collection::vec(any::<u8>(), 0..30)) {
        for rules in [POINT, COMMA, WHOLE, NumberRules { min: Some(0), ..WHOLE }] {
            let _ = rules.normal(&value, &mut Vec::new());
        }
    }
}

proptest! {
    #[test]
    fn short_values_become_what_the_long_road_makes_of_them(
        value in prop_oneof!["[$]?[0-9]{1,3}(,[0-9]{3}){0,3}([.][0-9]{0,3})?", "[$]?[0-9]{0,5}[.][0]{0,3}", "[$0-9,.]{1,12}", "[ -~]{1,12}"],
        whole: bool,
    ) {
        prop_assume!(value.len() <= Short::MOST);
        let bytes = value.bytes().rev().fold(0, |bytes, byte| bytes << 8 | u128::from(byte));
        let rules = NumberRules { whole, ..POINT };
        if let Some(plain) = rules.plain(Short::of_view(bytes << 32 | value.len() as u128).unwrap()) {
            prop_assert_eq!(Ok(String::from_utf8(plain.bytes().as_slice().to_vec()).unwrap()), read(rules, &value));
        }
    }
}

#[test]
fn what_spreadsheets_show_is_read_in_a_register() {
    for (value, whole, expected) in [
        ("$964,206.92", false, "964206.92"),
        ("12,148", true, "12148"),
        ("12,148.00", true, "12148"),
        ("0.50", false, "0.50"),
        ("1,234,567", true, "1234567"),
    ] {
        let bytes = value.bytes().rev().fold(0, |bytes, byte| bytes << 8 | u128::from(byte));
        let short = Short::of_view(bytes << 32 | value.len() as u128).unwrap();
        let plain = NumberRules { whole, ..POINT }.plain(short).unwrap();
        assert_eq!(plain.bytes().as_slice(), expected.as_bytes(), "{value}");
    }
}

#[test]
fn a_short_number_that_stands_is_one_that_stays_as_it_is() {
    for min in [None, Some(-1), Some(0), Some(1), Some(2)] {
        for (decimal_comma, whole) in [(false, true), (false, false), (true, true), (true, false)] {
            let rules = NumberRules { decimal_comma, whole, min };
            for text in ["0", "1", "2", "7", "10", "00", "07", "999999999999", "-1", "1.0", "1,0", " 1", "a"] {
                let bytes = text.bytes().rev().fold(0, |all, byte| all << 8 | u128::from(byte));
                let short = Short::of_view(bytes << 32 | text.len() as u128).unwrap();
                if rules.stands(short) {
                    assert_eq!(read(rules, text).as_deref(), Ok(text), "{rules:?}");
                }
            }
            let one = Short::of_view(u128::from(b'1') << 32 | 1).unwrap();
            assert_eq!(rules.stands(one), min.is_none_or(|min| min <= 1));
        }
    }
}
