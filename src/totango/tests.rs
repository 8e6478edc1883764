//! Queries and answers, and how the pace is kept.

use std::cell::Cell;
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::page;
use super::pace::Pace;
use super::*;
use crate::mapping::TotangoSearch;

const GENERATED: &str = r#"{"terms":[{"type":"string","term":"status_group","in_list":["paying"]}],"count":1000,"offset":0,
    "fields":[{"type":"string","term":"health","field_display_name":"Health rank "},
    {"type":"health_trend","field_display_name":"Health last change "},
    {"type":"string_attribute","attribute":"Success Manager"},
    {"type":"number_metric","metric":"sum__contract_value","field_display_name":"Health rank"}],"scope":"all"}"#;

fn query(text: &str) -> Query {
    Query::parse(TotangoSearch::Accounts, text).unwrap()
}

#[test]
fn columns_are_called_as_in_totango() {
    let columns =
        ["account_id", "account_name", "Health rank", "Health last change", "Success Manager", "Health rank#2"];
    assert_eq!(query(GENERATED).columns(), columns);
    assert_eq!(query(&format!("query={GENERATED}")).columns(), columns);
    assert_eq!(query(&format!("'query={GENERATED}'")).columns(), columns);
    assert_eq!(query(&format!("{{\"object\": \"accounts\", \"query\": {GENERATED}}}")).columns(), columns);
    let users = Query::parse(
        TotangoSearch::Users,
        r#"{"terms":[],"fields":[],"parent_account_fields":[{"term":"identifier","field_display_name":"account","index":0}]}"#,
    );
    assert_eq!(users.unwrap().columns(), ["user_id", "user_name", "account"]);
}

#[test]
fn what_totango_would_refuse_is_refused_before() {
    let wrong = |text: &str| Query::parse(TotangoSearch::Accounts, text).unwrap_err();
    assert_eq!(wrong("{\"terms\": [],\n \"fields\": [}").offset, Some(26));
    assert_eq!(wrong("[]").message, "the query is no JSON object");
    assert_eq!(wrong("{\"fields\":[]}").message, "the query has no list `terms`");
    assert_eq!(wrong("{\"terms\":[]}").message, "the query has no list `fields`");
}

#[test]
fn a_form_has_the_page_the_order_and_the_filter() {
    let filter = json!({"type": "string_attribute", "attribute": "Region & zone", "in_list": ["Ä+b"]});
    let form = String::from_utf8(query(GENERATED).form(Some(&filter), 3_000)).unwrap();
    assert!(form.is_ascii() && !form["query=".len()..].contains(['=', '&', '+', ' ']), "{form}");
    let mut bytes = Vec::new();
    let mut rest = form.strip_prefix("query=").unwrap().bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let code: Vec<u8> = rest.by_ref().take(2).collect();
            bytes.push(u8::from_str_radix(std::str::from_utf8(&code).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    let body: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!((&body["count"], &body["offset"]), (&json!(1000), &json!(3000)));
    assert_eq!((&body["sort_by"], &body["scope"]), (&json!("display_name"), &json!("all")));
    assert_eq!(body["terms"][1], filter);
}

#[test]
fn values_become_text_as_they_stand() {
    let query = query(
        r#"{"terms":[],"fields":[{"type":"a"},{"type":"b"},{"type":"c"},{"type":"d"},{"type":"e"},{"type":"f"}]}"#,
    );
    let body = r#"{"status":"success","response":{"accounts":{"total_hits":2,"stats":{},"hits":[
        {"name":"001","display_name":"Ünit","selected_fields":["",1.10,["a","b"],null,true,{"owner_value":"Ann","owner_tid_value":"a@b"}]},
        {"name":7,"selected_fields":["x",12345678901234567890,["a;b"],{"x":1},[],{"owner_value":null}],"more":1}]}}}"#;
    let page = page(body.as_bytes(), &query).unwrap();
    let shown = |row: usize| page.rows[row].iter().map(|cell| cell.as_deref().unwrap_or("-")).collect::<Vec<&str>>();
    assert_eq!(page.total, 2);
    assert_eq!(shown(0), ["001", "Ünit", "-", "1.10", "a;b", "-", "true", "Ann"]);
    assert_eq!(shown(1), ["7", "-", "x", "12345678901234567890", "[\"a;b\"]", "{\"x\":1}", "-", "-"]);
}

#[test]
fn strange_answers_are_told_apart() {
    let query = query(r#"{"terms":[],"fields":[{"type":"a"}]}"#);
    let why = |body: &str| page(body.as_bytes(), &query).unwrap_err();
    assert!(why("<html>").starts_with("no whole JSON"));
    assert!(why("{\"response\":{\"accounts\":{\"total_hits\":1,\"hits\":[{\"na").starts_with("no whole JSON"));
    assert!(why("{\"response\":{\"accounts\":{\"hits\":[]}}}").starts_with("another shape"));
    assert_eq!(why("{\"response\":{\"users\":{\"total_hits\":0,\"hits\":[]}}}"), "no `response.accounts`");
    let short = "{\"response\":{\"accounts\":{\"total_hits\":1,\"hits\":[{\"name\":\"a\",\"selected_fields\":[]}]}}}";
    assert_eq!(why(short), "a record with 0 values, where the query asks for 1");
}

/// A clock that moves when it is waited for.
struct Fast(Cell<Duration>);

impl World for Fast {
    fn now(&self) -> Duration {
        self.0.get()
    }
    fn wait(&self, time: Duration) {
        self.0.set(self.0.get() + time);
    }
    fn is_stopped(&self) -> bool {
        self.0.get() > Duration::from_secs(600)
    }
    fn progress(&self, _: u64, _: u64) {}
}

#[test]
fn no_minute_has_more_calls_than_allowed() {
    let world = Fast(Cell::default());
    let pace = Pace::of("https://pace.example", "a");
    let mut pace = pace.lock().unwrap();
    let mut ends = Vec::new();
    for number in 0..350_u64 {
        assert!(pace.wait(100, &world));
        world.wait(Duration::from_millis(number % 7 * 40));
        pace.ended(1, &world);
        ends.push(world.now());
    }
    for pair in ends.windows(101) {
        assert!(pair[100] - pair[0] >= Duration::from_secs(60), "{pair:?}");
    }
    // No slower than it must be: 350 calls fit into four minutes.
    assert!(*ends.last().unwrap() < Duration::from_secs(240), "{:?}", ends.last());
    pace.ended(100, &world);
    world.0.set(Duration::from_secs(601));
    assert!(!pace.wait(100, &world), "nobody wants it any more");
}
