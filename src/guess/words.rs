//! Figures and sentences of a draft's comments.

use crate::guess::profile::Field;

/// How many records have a value.
pub(super) fn filled(field: &Field) -> String {
    match (field.filled, field.records) {
        (_, 0) => "no record to look at".to_owned(),
        (0, records) => format!("empty in all {}", thousands(records)),
        (filled, records) if filled == records => format!("filled in all {}", thousands(records)),
        (filled, records) => format!("filled in {} of {}", thousands(filled), thousands(records)),
    }
}

/// `1234567` as `1,234,567`.
pub(super) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `text` in lines of comment.
pub(super) fn wrap(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always one line");
        if !line.is_empty() && line.chars().count() + word.chars().count() > 110 {
            lines.push(word.to_owned());
            continue;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines
}
