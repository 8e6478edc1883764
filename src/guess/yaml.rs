//! Words of a draft as YAML: bare where that is safe, between quotes where not.

/// `text` as a value in which no variable is filled in.
pub(super) fn scalar(text: &str) -> String {
    let text = text.replace("${", "$${");
    if is_plain(&text) { text } else { quoted(&text) }
}

/// `text` as a key.
pub(super) fn key(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// `[a, b]`
pub(super) fn list<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| scalar(item.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is always JSON")
}

/// Whether `text` stands for itself, also between brackets.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|first| first.is_alphanumeric() || first == '_');
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    first
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.parse::<f64>().is_err()
        && !words.iter().any(|word| text.eq_ignore_ascii_case(word))
        && !text.contains("  ")
        && text.chars().all(|c| {
            c.is_alphanumeric()
                || matches!(c, ' ' | '_' | '-' | '.' | '/' | '(' | ')' | '#' | '"' | '\'' | '+' | '$' | ':' | '@')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_for_itself_is_bare() {
        for plain in ["Account Id", "sf18(\"Id\")", "Close Date (UTC)", "Größe", "Reports##View"] {
            assert_eq!(scalar(plain), plain);
        }
        for quoted in ["", "no", "12", "a: b", "%m/%d/%Y", "a, b", "- x", "{x}", " x", "x ", "*", "1.50", "a #b", "x:"]
        {
            assert!(scalar(quoted).starts_with('"'), "{quoted}");
        }
        assert_eq!(scalar("${x}"), "\"$${x}\"");
        assert_eq!(list(["iso", "%d.%m.%Y"]), "[iso, \"%d.%m.%Y\"]");
    }
}
