//! Messages about numbers.

use crate::functions::kernel::Value;
use crate::functions::kernel::number::NumberRules;

pub fn not_a_number(rules: &NumberRules, shown: &str, value: &str) -> String {
    let other = NumberRules { decimal_comma: !rules.decimal_comma, whole: false, min: None };
    let (sign, other_sign) = if rules.decimal_comma { (",", ".") } else { (".", ",") };
    let mut side = Vec::new();
    let digits = match other.normal(value.as_bytes(), &mut side) {
        Ok(Value::Part(part)) => part,
        Ok(Value::Side) => &side,
        _ => return format!("{shown} is not a number (decimal sign `{sign}`)"),
    };
    format!(
        "{shown} is not a number (decimal sign `{sign}`); with `decimal: \"{other_sign}\"` it is {}",
        String::from_utf8_lossy(digits)
    )
}
