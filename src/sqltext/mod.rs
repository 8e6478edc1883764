//! Safe SQL text: names, literals and comments that cannot end where they should not.
//!
//! In: names and values from mappings, headers and variables. Out: text to be put into SQL. Leaf room: it knows the
//! engine's quoting rules (`"name"`, `'text'`, doubled inside) and nothing else.

mod scanner;
#[cfg(test)]
mod tests;

pub use scanner::Scanner;

/// `name` as a quoted identifier: case, spaces and dots stay as they are.
pub fn identifier(name: &str) -> String {
    quoted(name, '"')
}

/// `text` as a text literal.
pub fn literal(text: &str) -> String {
    quoted(text, '\'')
}

/// `text` as a comment to the end of the line; control characters become spaces, so that it cannot end earlier.
pub fn comment(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let line: String = text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect();
    format!("-- {}", line.trim())
}

fn quoted(text: &str, quote: char) -> String {
    let mut safe = String::with_capacity(text.len() + 2);
    safe.push(quote);
    for character in text.chars() {
        if character == quote {
            safe.push(quote);
        }
        safe.push(character);
    }
    safe.push(quote);
    safe
}
