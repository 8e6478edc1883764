//! The stand-in itself does what its page says.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Answer, Known, Standin, accounts};

/// One call, without any of the program's own code: the status (0: none came) and the body.
fn ask(standin: &Standin, target: &str, token: &str, body: &str) -> (u16, String) {
    let address = standin.url().replace("http://", "");
    let mut server = TcpStream::connect(&address).unwrap();
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: {address}\r\napp-token: {token}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    server.write_all(head.as_bytes()).unwrap();
    server.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    let whole = server.read_to_string(&mut answer).is_ok();
    let Some((head, body)) = answer.split_once("\r\n\r\n").filter(|_| whole) else { return (0, String::new()) };
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn find(standin: &Standin, query: &Value) -> Value {
    let (status, body) = ask(standin, "/api/v1/search/accounts", standin.token(), &format!("query={query}"));
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["response"]["accounts"].clone()
}

#[test]
fn it_pages_filters_and_stops_at_ten_thousand() {
    let standin = Standin::start();
    standin.set_accounts(accounts(12_000, &["EMEA", "AMER", "APJ"]));
    let all = json!({"terms": [], "fields": [{"type": "string_attribute", "attribute": "Region"}]});
    let first = find(&standin, &all);
    assert_eq!((first["total_hits"].as_u64(), first["hits"].as_array().unwrap().len()), (Some(12_000), 1000));
    let mut last = all.clone();
    last["offset"] = json!(9_990);
    assert_eq!(find(&standin, &last)["hits"].as_array().unwrap().len(), 10);
    last["offset"] = json!(10_000);
    assert_eq!(find(&standin, &last)["hits"], json!([]));
    let mut emea = all.clone();
    emea["terms"] = json!([{"type": "string_attribute", "attribute": "Region", "in_list": ["EMEA"]}]);
    let emea = find(&standin, &emea);
    assert_eq!(emea["total_hits"], 4_000);
    assert!(emea["hits"].as_array().unwrap().iter().all(|hit| hit["selected_fields"] == json!(["EMEA"])));
}

#[test]
fn it_wants_a_token_and_counts_calls() {
    let standin = Standin::start();
    standin.set_limit(2, Duration::from_secs(60));
    let query = "query={\"terms\":[],\"fields\":[]}";
    let status = |token: &str| ask(&standin, "/api/v1/search/users", token, query).0;
    assert_eq!(status("other"), 401);
    assert_eq!((status(standin.token()), status(standin.token()), status(standin.token())), (200, 200, 429));
    let statuses: Vec<u16> = standin.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses, [401, 200, 200, 429]);
}

#[test]
fn it_breaks_what_it_is_told_to_break_and_records_triggers() {
    let standin = Standin::start();
    let grown = Known::new("B1", "B", json!({}));
    standin.answer_next([Answer::Status(500), Answer::Lost, Answer::Truncated, Answer::Grow(grown), Answer::Good]);
    let target = standin.trigger_url().replace(&standin.url(), "");
    let status = || ask(&standin, &target, standin.token(), "").0;
    assert_eq!((status(), status()), (500, 0));
    let (_, cut) = ask(&standin, &target, standin.token(), "");
    assert!(serde_json::from_str::<Value>(&cut).is_err(), "{cut}");
    assert_eq!((status(), status()), (200, 200));
    assert_eq!(standin.unanswered(), 0);
    let triggers: Vec<u16> = standin.triggers().iter().map(|call| call.status).collect();
    assert_eq!(triggers, [500, 0, 200, 200, 200]);
    assert_eq!(ask(&standin, "/t01/integrations/trigger/4711?key=other", standin.token(), "").0, 403);
}
