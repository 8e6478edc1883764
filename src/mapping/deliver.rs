//! `deliver:` where published files go, and what is called when they are there.

use super::read::{Entry, Reader, Section, Takes, words};
use super::service::{Gathered, Openness, entries};
use super::tree::{DeliverEntry, Text, TriggerEntry};
use super::variables::Use;
use crate::yaml::Value;

pub(super) const DELIVER: Section = Section {
    what: "an entry of `deliver`",
    keys: &[&[("mappings", Takes::OneOrMore), ("to", Takes::OneOrMore), ("trigger", Takes::Section(&TRIGGER))]],
    required: &["to"],
    one_of: &[],
    example: "{mappings: [accounts], to: \"sftp://files.example.com/in\"}",
};
const TRIGGER: Section = Section {
    what: "`trigger`",
    keys: &[&[
        ("url", Takes::Text),
        ("token", Takes::Text),
        ("header", Takes::Text),
        ("method", Takes::Words(|| words(METHODS))),
        ("allow_http", Takes::Flag),
    ]],
    required: &["url"],
    one_of: &[],
    example: "{url: \"${TOTANGO_TRIGGER}\", token: \"${TOTANGO_TOKEN}\"}",
};

/// Whether it is `POST`.
const METHODS: &[(&str, bool)] = &[("POST", true), ("GET", false)];

/// The header in which Totango's REST services take a personal access token.
const HEADER: &str = "app-token";

/// `deliver:`.
pub(super) fn deliver(reader: &mut Reader<'_>, entry: Entry<'_>) -> Vec<DeliverEntry> {
    entries(entry).into_iter().filter_map(|entry| one(reader, entry)).collect()
}

fn one(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<DeliverEntry> {
    let keys = reader.keys(entry, &DELIVER)?;
    let mut gathered = Gathered::default();
    let mappings = keys.get("mappings").map(|entry| reader.one_or_more(entry));
    let to = keys.required(reader, "to");
    let to: Vec<Text> = to
        .map(entries)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|entry| gathered.text(reader, entry, Openness::Shown))
        .collect();
    if let Some(entry) =
        keys.get("to").filter(|entry| matches!(&entry.node.value, Value::Sequence(nodes) if nodes.is_empty()))
    {
        reader.bad_value(entry, "", "nowhere", "name a folder or a URL");
    }
    let trigger = keys.get("trigger").and_then(|entry| trigger(reader, entry, &mut gathered));
    let span = reader.spot(entry.node.span);
    let Gathered { secrets, unset } = gathered;
    Some(DeliverEntry { path: reader.path.to_owned(), span, mappings, to, trigger, secrets, unset })
}

fn trigger(reader: &mut Reader<'_>, entry: Entry<'_>, gathered: &mut Gathered) -> Option<TriggerEntry> {
    let keys = reader.keys(entry, &TRIGGER)?;
    let url = keys.required(reader, "url").and_then(|entry| gathered.url(reader, entry, Openness::Hidden));
    let token = keys.get("token").and_then(|entry| gathered.text(reader, entry, Openness::Secret));
    let header = keys.get("header").and_then(|entry| header(reader, entry));
    let method = keys.get("method").and_then(|entry| reader.word(entry, METHODS));
    let allow_http = keys.get("allow_http").and_then(|entry| reader.flag(entry));
    Some(TriggerEntry {
        url: url?,
        token,
        header: header.unwrap_or_else(|| HEADER.to_owned()),
        post: method.is_none_or(|method| method.value),
        allow_http: allow_http.is_some_and(|flag| flag.value),
    })
}

/// A header's name, in lower case: case means nothing there.
fn header(reader: &mut Reader<'_>, entry: Entry<'_>) -> Option<String> {
    let text = reader.text(entry, Use::Text)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if text.value.is_empty() || !text.value.chars().all(plain) {
        reader.bad_value(entry, &text.value, "no name of a header", "e.g. `app-token`, `Authorization`");
        return None;
    }
    Some(text.value.to_ascii_lowercase())
}
