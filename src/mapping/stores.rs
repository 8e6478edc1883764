//! `stores`: how object stores and servers are spoken to.

use super::read::{Entry, Reader, Section, Takes, words};
use super::tree::{StoreEntry, Text};
use super::variables::Use;
use crate::diagnostic::{Diagnostic, code};
use crate::yaml::Spanned;

pub(super) const STORE: Section = Section {
    what: "a store",
    keys: &[&[
        ("url", Takes::Text),
        ("endpoint", Takes::Text),
        ("region", Takes::Text),
        ("access_key_id", Takes::Text),
        ("secret_access_key", Takes::Text),
        ("session_token", Takes::Text),
        ("profile", Takes::Text),
        ("path_style", Takes::Flag),
        ("request_payer", Takes::Flag),
        ("kms_key", Takes::Text),
        ("anonymous", Takes::Flag),
        ("service_account", Takes::Text),
        ("service_account_key", Takes::Text),
        ("account", Takes::Text),
        ("access_key", Takes::Text),
        ("sas_token", Takes::Text),
        ("tenant_id", Takes::Text),
        ("client_id", Takes::Text),
        ("client_secret", Takes::Text),
        ("token", Takes::Text),
        ("user", Takes::Text),
        ("password", Takes::Text),
        ("key_file", Takes::Text),
        ("host_keys", Takes::Words(|| words(HOST_KEYS))),
        ("access_token", Takes::Text),
        ("refresh_token", Takes::Text),
        ("proxy", Takes::Text),
        ("allow_http", Takes::Flag),
        ("timeout", Takes::Age),
        ("connect_timeout", Takes::Age),
        ("deadline", Takes::Age),
        ("retries", Takes::Number(0)),
    ]],
    required: &["url"],
    one_of: &[],
    example: "{url: \"s3://exports\", region: eu-west-1}",
};

/// Known hosts only, new ones too, or any.
const HOST_KEYS: &[(&str, ())] = &[("known", ()), ("new", ()), ("any", ())];

/// Settings whose values nobody may see: they stand in variables, never in the file.
pub const SECRET_SETTINGS: &[&str] = &[
    "secret_access_key",
    "session_token",
    "service_account_key",
    "access_key",
    "sas_token",
    "client_secret",
    "token",
    "password",
    "access_token",
    "refresh_token",
    "slack",
    "teams",
];

/// `stores:`.
pub(super) fn stores(reader: &mut Reader<'_>, entry: Entry<'_>) -> Vec<StoreEntry> {
    let entries = reader.names(entry, "{exports: {url: \"s3://exports\", region: eu-west-1}}");
    entries.into_iter().filter_map(|entry| store(reader, entry)).collect()
}

fn store(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<StoreEntry> {
    let keys = reader.keys(entry, &STORE)?;
    let mut secrets = Vec::new();
    let mut settings: Vec<(&'static str, Text)> = Vec::new();
    for (key, takes) in STORE.keys() {
        let Some(entry) = keys.get(key) else { continue };
        let value = match takes {
            Takes::Flag => reader.flag(entry).map(|flag| Spanned::new(flag.value.to_string(), flag.span)),
            Takes::Age => reader.age(entry).map(|age| Spanned::new(age.value.to_string(), age.span)),
            Takes::Number(least) => {
                reader.number(entry, *least).map(|count| Spanned::new(count.value.to_string(), count.span))
            }
            Takes::Words(_) => {
                let said = reader.text(entry, Use::Text);
                reader.word(entry, HOST_KEYS).and(said)
            }
            _ => text(reader, entry, key, &mut secrets),
        };
        if let Some(value) = value {
            settings.push((key, value));
        }
    }
    let url = keys.required(reader, "url").and_then(|_| {
        let at = settings.iter().position(|(key, _)| *key == "url")?;
        Some(settings.remove(at).1)
    })?;
    if !url.value.contains("://") {
        let entry = keys.get("url")?;
        reader.bad_value(entry, &url.value, "no URL", "e.g. `s3://exports`, `sftp://host/folder`, `https://host`");
        return None;
    }
    let name = Spanned::new(entry.name.to_owned(), entry.key);
    Some(StoreEntry { name, path: reader.path.to_owned(), url, settings, secrets })
}

/// A setting's text; what a variable gave, and what the key keeps secret, goes into `secrets`.
pub(super) fn text(reader: &mut Reader<'_>, entry: Entry<'_>, key: &str, secrets: &mut Vec<String>) -> Option<Text> {
    let written = reader.verbatim(entry)?;
    let by_variable = written.value.contains("${");
    if SECRET_SETTINGS.contains(&key) && !by_variable {
        secrets.push(written.value);
        in_the_open(reader, entry, key);
        return None;
    }
    let before = reader.found.iter().count();
    let filled = reader.text(entry, Use::Store)?;
    // A variable without a value leaves its name, which is no secret.
    if reader.found.iter().count() > before {
        return None;
    }
    if filled.value.is_empty() {
        reader.bad_value(entry, "", "nothing", "leave the key out");
        return None;
    }
    if by_variable {
        secrets.push(filled.value.clone());
        secrets.extend(reader.variables.given(&written.value));
    }
    Some(filled)
}

/// Reports a secret that is written out.
pub(super) fn in_the_open(reader: &mut Reader<'_>, entry: Entry<'_>, key: &str) {
    // No caret: the line must not be drawn.
    let line = reader.text.get(..entry.key.start).map_or(1, |before| before.matches('\n').count() + 1);
    let message = format!("`{key}` ({}:{line}) stands in the file for everybody to read", reader.path);
    let help = format!("put it into a variable of the environment: `{key}: ${{NAME}}`");
    reader.report(Diagnostic::error(&code::BAD_VALUE, message).help(help));
}
