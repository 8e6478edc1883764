//! Hive partitions: folders called `name=value` are columns of the files in them.

use std::path::Path;

/// What writers put where the value is NULL.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// Columns and values that the folders of `shown` speak of, outermost first. `%2F` and the like are decoded.
pub(super) fn of_path(shown: &str) -> Vec<(String, Option<String>)> {
    let Some(folders) = Path::new(shown).parent() else { return Vec::new() };
    let mut found: Vec<(String, Option<String>)> = Vec::new();
    for folder in folders.components() {
        let text = folder.as_os_str().to_string_lossy();
        let Some((name, value)) = text.split_once('=') else { continue };
        let name = decode(name);
        if name.is_empty() || found.iter().any(|(earlier, _)| *earlier == name) {
            continue;
        }
        found.push((name, (value != NULL_PARTITION && !value.is_empty()).then(|| decode(value))));
    }
    found
}

/// `text` with its percent escapes decoded; what is no escape stays.
pub(super) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|hex| Some(hex_digit(hex[0])? << 4 | hex_digit(hex[1])?)) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

fn hex_digit(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_with_an_equals_sign_are_columns() {
        let of = |path: &str| of_path(path);
        assert_eq!(of("events/dt=2026-11-20/x.csv"), [("dt".into(), Some("2026-11-20".into()))]);
        assert_eq!(
            of("/data/a=1/b=x%2Fy%zz/part.parquet"),
            [("a".into(), Some("1".into())), ("b".into(), Some("x/y%zz".into()))]
        );
        assert_eq!(of("dt=__HIVE_DEFAULT_PARTITION__/x.csv"), [("dt".into(), None)]);
        assert_eq!(of("events/name=of=file.csv"), []);
        assert_eq!(of("a=1/a=2/=3/x.csv"), [("a".into(), Some("1".into()))]);
    }
}
