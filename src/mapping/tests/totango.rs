//! `kind: totango` and `unknown_accounts`: what they take, and what they do not.

use super::*;
use crate::mapping::{
    SourceOrigin, TotangoQuery, TotangoSearch, TotangoSource, TotangoSplit, TotangoToken, UnknownPolicy,
};

fn source(keys: &str) -> (Option<TotangoSource>, String) {
    let text =
        format!("format: accounts\nsources: {{a: {{kind: totango, {keys}}}}}\nfrom: a\ncolumns: {{account_id: x}}\n");
    let environment = [("TOTANGO_TOKEN", "from the environment"), ("OTHER", "the other one")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let variables = Variables::new(BTreeMap::new(), environment, date(2026, 11, 20), None);
    let (mapping, found) = parse("mappings/m.yaml", &text, &variables);
    let found: Vec<String> = found.iter().map(|one| one.message.clone()).collect();
    let origin = mapping.and_then(|mapping| mapping.sources.into_iter().next()).map(|source| source.origin);
    let source = match origin {
        Some(SourceOrigin::Totango(source)) => Some(*source),
        _ => None,
    };
    (source, found.join("; "))
}

#[track_caller]
fn good_source(keys: &str) -> TotangoSource {
    let (source, found) = source(keys);
    assert_eq!(found, "");
    source.unwrap()
}

#[test]
fn little_has_to_be_said() {
    let source = good_source("query: '{}'");
    assert_eq!(source.search, TotangoSearch::Accounts);
    assert_eq!(source.url.value, "https://api.totango.com");
    assert!(matches!(&source.query, TotangoQuery::Inline(text) if text.value == "{}"));
    assert!(matches!(&source.token, TotangoToken::Given(token) if token == "from the environment"));
    assert_eq!(source.secrets.0, ["from the environment"]);
    assert!(!format!("{source:?}").contains("environment"), "{source:?}");
}

#[test]
fn everything_can_be_said() {
    let source = good_source(
        "search: users, region: eu, token: '${OTHER}', query: {file: q.json}, rate: 50, timeout: 5s, deadline: 1m, retries: 0, on_empty: ok, \
         split: {type: string_attribute, attribute: Region, values: [EMEA, no]}",
    );
    assert_eq!(source.search, TotangoSearch::Users);
    assert_eq!(source.url.value, "https://api-eu1.totango.com");
    assert!(matches!(&source.query, TotangoQuery::File(path) if path.value == "q.json"));
    assert!(matches!(&source.token, TotangoToken::Given(token) if token == "the other one"));
    assert_eq!((source.rate, source.timeout, source.deadline, source.retries), (Some(50), Some(5), Some(60), Some(0)));
    let Some(TotangoSplit::Values { part, values }) = source.split.map(|split| split.value) else { panic!() };
    assert_eq!(
        (part.kind.value.as_str(), part.key, part.name.value.as_str()),
        ("string_attribute", "attribute", "Region")
    );
    assert_eq!(values.iter().map(|value| value.value.as_str()).collect::<Vec<_>>(), ["EMEA", "no"]);
    let range = good_source("query: '{}', split: {type: number_attribute, term: seats, from: 0, to: 9}");
    assert!(matches!(range.split.unwrap().value, TotangoSplit::Range { from: 0, to: 9, .. }));
    let filters = good_source("query: '{}', split: {filters: ['{}', '{}']}");
    assert!(matches!(filters.split.unwrap().value, TotangoSplit::Filters(filters) if filters.len() == 2));
    assert_eq!(good_source("query: '{}', url: 'https://totango.example/'").url.value, "https://totango.example");
}

#[test]
fn a_token_without_a_value_is_no_mistake_before_it_is_needed() {
    let source = good_source("query: '{}', token: '${NOBODY}'");
    assert!(matches!(&source.token, TotangoToken::Unset(why) if why.contains("NOBODY")), "{:?}", source.token);
}

#[test]
fn mistakes_are_told() {
    for (keys, told) in [
        ("search: users", "source `a` has no query"),
        ("query: '{}', path: x.csv", "`path` has no meaning here"),
        ("query: '{}', csv: {delimiter: ';'}, max_age: 1d", "`csv` has no meaning here; `max_age` has no meaning here"),
        ("query: '{}', url: 'https://x', region: eu", "`region` has no meaning here"),
        ("query: '{}', url: 'totango.com'", "`url` cannot be `totango.com`"),
        ("query: {terms: [], fields: []}", "`query` takes the search as text"),
        ("query: '{}', split: {values: [a]}", "`split` takes `type`, and `attribute` or `term`"),
        ("query: '{}', split: {type: t, attribute: a, term: b, values: [a]}", "`split` takes `type`"),
        ("query: '{}', split: {type: t, attribute: a}", "`split` takes `values`, `from` and `to`, or `filters`"),
        ("query: '{}', split: {type: t, attribute: a, from: 3}", "`split` takes `to` beside `from`"),
        ("query: '{}', split: {type: t, attribute: a, from: 3, to: 2}", "`to` cannot be `2`"),
        ("query: '{}', split: {type: t, filters: ['{}']}", "`type` has no meaning here"),
        ("query: '{}', rate: 0", "`rate` cannot be `0`"),
    ] {
        let found = source(keys).1;
        assert!(found.contains(told), "{keys}: {found}");
    }
    let (_, found) = source("query: '{}', token: abcdef0123");
    assert_eq!(found, "`token` (mappings/m.yaml:2) stands in the file for everybody to read");
}

#[test]
fn keys_of_a_search_are_none_of_files() {
    let text = "format: accounts\nsources: {a: {path: x.csv, search: users, split: {filters: []}}}\nfrom: a\ncolumns: {account_id: x}\n";
    let found =
        parse("mappings/m.yaml", text, &Variables::new(BTreeMap::new(), BTreeMap::new(), date(2026, 11, 20), None)).1;
    let found: Vec<&str> = found.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(found, ["`search` has no meaning here", "`split` has no meaning here"]);
}

#[test]
fn unknown_accounts_are_allowed_unless_said() {
    let policy = |text: &str| {
        let text =
            format!("format: accounts\nsources: {{a: {{path: x}}}}\nfrom: a\ncolumns: {{account_id: x}}\n{text}");
        good(&text).unknown_accounts.map(|unknown| (unknown.policy, unknown.targets.len()))
    };
    assert_eq!(policy(""), None);
    assert_eq!(policy("unknown_accounts: {in: k.id}"), Some((UnknownPolicy::Allow, 1)));
    assert_eq!(policy("unknown_accounts: {in: [k.id, users], policy: reject}"), Some((UnknownPolicy::Reject, 2)));
}
