//! What must not be shown, and taking it out of texts.
//!
//! Secrets are known to the whole process once a store's settings are read: an error may travel through any library before
//! it is printed, and none of them knows what is secret.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

static SECRETS: RwLock<BTreeSet<String>> = RwLock::new(BTreeSet::new());

/// What stands where a secret was.
const MASK: &str = "[secret]";

/// Shorter ones would be found in every other word, and are none.
const SHORTEST: usize = 4;

/// Parameters of URLs that sign or carry a permission, whoever made them.
const SIGNING: &[&str] =
    &["sig=", "x-amz-signature=", "x-amz-credential=", "x-amz-security-token=", "x-goog-signature="];

/// From now on `value` is taken out of every text that is [scrubbed](scrub).
pub fn keep_secret(value: &str) {
    let value = value.trim();
    if value.len() < SHORTEST {
        return;
    }
    let mut secrets = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    secrets.insert(value.to_owned());
    // Keys in PEM or JSON are quoted line by line.
    for line in value.lines().map(str::trim).filter(|line| line.len() >= 16) {
        secrets.insert(line.to_owned());
    }
    let escaped = escaped(value);
    if escaped != value {
        secrets.insert(escaped);
    }
}

/// `text` without secrets and without the signatures of signed URLs.
pub fn scrub(text: &str) -> String {
    let mut clean = text.to_owned();
    let secrets = SECRETS.read().unwrap_or_else(PoisonError::into_inner);
    let mut found: Vec<&String> = secrets.iter().filter(|secret| clean.contains(secret.as_str())).collect();
    // A secret can be part of another.
    found.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in found {
        clean = clean.replace(secret.as_str(), MASK);
    }
    drop(secrets);
    for name in SIGNING {
        clean = without_parameter(&clean, name);
    }
    clean
}

/// `text` with the values of the parameter `name` masked, in any case.
fn without_parameter(text: &str, name: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in lower.match_indices(name) {
        let begins = at.checked_sub(1).is_some_and(|before| matches!(text.as_bytes()[before], b'?' | b'&'));
        if !begins || at < from {
            continue;
        }
        let value = at + name.len();
        let ends = |c: char| matches!(c, '&' | '"' | '\'' | ')' | '>' | '`' | '#') || c.is_whitespace();
        let end = text[value..].find(ends).map_or(text.len(), |end| value + end);
        clean.push_str(&text[from..value]);
        clean.push_str(MASK);
        from = end;
    }
    clean.push_str(&text[from..]);
    clean
}

/// As it stands in a URL.
fn escaped(value: &str) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(byte as char),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_in_every_spelling() {
        keep_secret("s3cr3t/of+tests==");
        keep_secret("-----BEGIN KEY-----\nabcdefghijklmnopqrstuv\n-----END KEY-----");
        keep_secret("abc");
        let clean = scrub("key s3cr3t/of+tests==, s3cr3t%2Fof%2Btests%3D%3D; line abcdefghijklmnopqrstuv; abc");
        assert_eq!(clean, "key [secret], [secret]; line [secret]; abc");
    }

    #[test]
    fn signatures_of_urls_are_masked() {
        let clean = scrub("GET https://h/c/x?se=2026&sig=AbC%2F1&sp=r (https://h/x?X-Amz-Signature=00ff) design=1");
        assert_eq!(
            clean,
            "GET https://h/c/x?se=2026&sig=[secret]&sp=r (https://h/x?X-Amz-Signature=[secret]) design=1"
        );
    }
}
