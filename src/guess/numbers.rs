//! Whether a column's numbers have a decimal point or a decimal comma.

use crate::functions::Judge;
use crate::guess::profile::Field;
use crate::mapping::CellType;
use crate::resolve::CellSpec;

/// What the values of a column say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Style {
    /// All are read with a point, and with a comma alike or not at all.
    Point,
    /// Some are read with a comma only: how many, and one of them.
    Comma(usize, String),
    /// All are read both ways, some as different numbers: how many, one of them, and its two readings.
    Question(usize, String, [String; 2]),
}

/// The style of `field`'s values as `kind`, and how many of them it reads.
pub(super) fn style(field: &Field, kind: CellType) -> (Style, usize) {
    let point = CellSpec::new(kind);
    let comma = CellSpec { decimal_comma: true, ..point.clone() };
    let (Some(mut by_point), Some(mut by_comma)) = (Judge::new(&point), Judge::new(&comma)) else {
        return (Style::Point, 0);
    };
    let (mut read_point, mut read_comma, mut only_point, mut only_comma, mut different) = (0, 0, 0, 0, 0);
    let (mut example, mut asked) = (String::new(), None);
    for (value, count) in &field.values {
        let (one, other) = (by_point.written(value), by_comma.written(value));
        read_point += if one.is_ok() { *count } else { 0 };
        read_comma += if other.is_ok() { *count } else { 0 };
        match (one, other) {
            (Ok(_), Err(_)) => only_point += count,
            (Err(_), Ok(_)) => {
                only_comma += count;
                if example.is_empty() {
                    example.clone_from(value);
                }
            }
            (Ok(one), Ok(other)) if one != other => {
                different += count;
                asked.get_or_insert((value.clone(), [one, other]));
            }
            _ => {}
        }
    }
    if only_comma > only_point {
        return (Style::Comma(only_comma, example), read_comma);
    }
    match asked {
        Some((value, readings)) if only_point == 0 && only_comma == 0 => {
            (Style::Question(different, value, readings), read_point)
        }
        _ => (Style::Point, read_point),
    }
}

/// Whether `field` is of numbers with a decimal point (true) or comma (false) for certain: most of its values are numbers, and
/// some can be read one way only.
pub(super) fn certain(field: &Field) -> Option<bool> {
    let signs = field.count(|value| value.bytes().any(|byte| byte.is_ascii_digit()) && value.contains([',', '.']));
    if signs == 0 {
        return None;
    }
    let (found, read) = style(field, CellType::Currency);
    match found {
        _ if read * 10 < field.filled * 9 => None,
        Style::Comma(..) => Some(false),
        Style::Point => {
            // Without a value that a comma cannot read nothing is told.
            let comma = CellSpec { decimal_comma: true, ..CellSpec::new(CellType::Currency) };
            (field.share(&comma) * (field.filled as f64) < read as f64).then_some(true)
        }
        Style::Question(..) => None,
    }
}

/// Digits that are no number: with zeros in front, or longer than any number that is counted with.
pub(super) fn is_code(value: &str) -> bool {
    let value = value.trim();
    let digits = value.len() > 1 && value.bytes().all(|byte| byte.is_ascii_digit());
    digits && (value.starts_with('0') || value.len() > 15)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guess::profile::Sample;

    fn of(values: &[&str]) -> Style {
        let cells = values.iter().map(|value| Some((*value).to_owned())).collect();
        style(&Sample::new(&["x".to_owned()], &[], vec![cells]).fields[0], CellType::Currency).0
    }

    #[test]
    fn the_style_is_that_of_values_that_only_one_style_reads() {
        assert_eq!(of(&["$1,234.50", "1,234"]), Style::Point);
        assert_eq!(of(&["1.234,50 €", "1.234"]), Style::Comma(1, "1.234,50 €".to_owned()));
        assert_eq!(of(&["12", "15"]), Style::Point);
        assert_eq!(of(&["12.5"]), Style::Point);
    }

    #[test]
    fn what_both_styles_read_differently_is_asked() {
        let readings = ["1234".to_owned(), "1.234".to_owned()];
        assert_eq!(of(&["1,234", "12"]), Style::Question(1, "1,234".to_owned(), readings));
    }

    #[test]
    fn codes_are_no_numbers() {
        assert!(is_code("0012") && is_code("1234567890123456"));
        assert!(!is_code("0") && !is_code("12") && !is_code("0.5") && !is_code("A01"));
    }
}
