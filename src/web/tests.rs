//! Calls against servers of this test's own, on loopback.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::*;
use crate::diagnostic::code;
use crate::store::keep_secret;

/// A server that gives each call the next of its answers, word for word; the last one for ever.
struct Server {
    url: String,
    calls: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<String>>>,
}

fn serve(answers: &'static [&'static str]) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/job/1?key=of-the-url", listener.local_addr().unwrap());
    let (calls, heard) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let server = Server { url, calls: Arc::clone(&calls), heard: Arc::clone(&heard) };
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let said = request(&mut stream);
            heard.lock().unwrap().push(said);
            let number = calls.fetch_add(1, Ordering::SeqCst);
            let answer = answers[number.min(answers.len() - 1)];
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    server
}

/// Head and body of one request.
fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut one = [0_u8; 1];
    while !bytes.ends_with(b"\r\n\r\n") && stream.read_exact(&mut one).is_ok() {
        bytes.push(one[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

const HASTY: Patience = Patience {
    connect_timeout: Duration::from_secs(2),
    timeout: Duration::from_secs(2),
    deadline: Duration::from_secs(5),
    retries: 2,
};

fn post(url: &str, repeatable: bool) -> Call {
    Call {
        what: "the trigger".to_owned(),
        method: Method::Post,
        url: url.to_owned(),
        headers: vec![("app-token", "t0ken-of-the-test".to_owned())],
        body: b"a=1".to_vec(),
        repeatable,
        allow_http: false,
    }
}

fn outcome(answers: &'static [&'static str], repeatable: bool) -> (Result<Answer, WebError>, usize) {
    let server = serve(answers);
    let result = call_and_wait(post(&server.url, repeatable), HASTY);
    (result, server.calls.load(Ordering::SeqCst))
}

const GOOD: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
const BUSY: &str = "HTTP/1.1 429 Too Many\r\nretry-after: 0\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const BROKEN: &str = "HTTP/1.1 500 Oh\r\ncontent-length: 4\r\nconnection: close\r\n\r\nboom";

#[test]
fn a_call_carries_headers_and_body_and_brings_the_answer() {
    let server = serve(&[GOOD]);
    let answer = call_and_wait(post(&server.url, false), HASTY).unwrap();
    assert_eq!((answer.status, answer.body.as_slice(), answer.tries), (200, b"ok".as_slice(), 1));
    let heard = server.heard.lock().unwrap();
    assert!(heard[0].starts_with("POST /job/1?key=of-the-url HTTP/1.1\r\n"), "{}", heard[0]);
    assert!(heard[0].contains("app-token: t0ken-of-the-test\r\n") && heard[0].ends_with("\r\n\r\na=1"), "{}", heard[0]);
}

#[test]
fn who_is_too_busy_is_asked_again_even_where_asking_twice_would_do_harm() {
    let (result, calls) = outcome(&[BUSY, BUSY, GOOD], false);
    assert_eq!((result.unwrap().tries, calls), (3, 3));
    let (result, calls) = outcome(&[BUSY], false);
    let error = result.unwrap_err();
    assert_eq!((error.reason, error.status, calls), (Reason::Limited, Some(429), 3));
}

#[test]
fn an_error_of_the_service_is_repeated_only_where_that_does_no_harm() {
    let (result, calls) = outcome(&[BROKEN, GOOD], true);
    assert_eq!((result.unwrap().tries, calls), (2, 2));
    let (result, calls) = outcome(&[BROKEN, GOOD], false);
    let error = result.unwrap_err();
    assert_eq!((error.reason, calls), (Reason::Unknown, 1));
    assert_eq!(error.message, "the trigger: it answered 500: boom");
    assert_eq!(error.code().id, code::WEB_UNKNOWN.id);
}

#[test]
fn a_lost_answer_is_not_asked_for_again_where_asking_twice_would_do_harm() {
    for lost in ["", "HTTP/1.1 200 OK\r\ncontent-length: 20\r\nconnection: close\r\n\r\nhalf"] {
        let answers: &'static [&'static str] = Box::leak(vec![lost, GOOD].into_boxed_slice());
        let (result, calls) = outcome(answers, false);
        assert_eq!((result.unwrap_err().reason, calls), (Reason::Unknown, 1), "{lost:?}");
        let (result, calls) = outcome(answers, true);
        assert_eq!((result.unwrap().tries, calls), (2, 2), "{lost:?}");
    }
}

#[test]
fn refusals_are_told_by_what_can_be_done_about_them() {
    let cases: [(&'static [&'static str], Reason); 3] = [
        (&["HTTP/1.1 401 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"], Reason::Denied),
        (&["HTTP/1.1 404 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"], Reason::Missing),
        (&["HTTP/1.1 422 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"], Reason::Refused),
    ];
    for (answers, reason) in cases {
        let (result, calls) = outcome(answers, true);
        assert_eq!((result.unwrap_err().reason, calls), (reason, 1));
    }
}

#[test]
fn a_redirect_is_not_followed_so_that_the_token_stays_where_it_belongs() {
    let elsewhere =
        "HTTP/1.1 302 Go\r\nlocation: https://evil.example/x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let (result, calls) = outcome(Box::leak(vec![elsewhere, GOOD].into_boxed_slice()), true);
    let error = result.unwrap_err();
    assert_eq!((error.reason, calls), (Reason::Redirected, 1));
    assert_eq!(error.message, "the trigger: it answered 302 and points to evil.example, which is not followed");
}

#[test]
fn nobody_there_is_safe_to_try_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = call_and_wait(post(&url, false), HASTY).unwrap_err();
    assert_eq!((error.reason, error.tries), (Reason::Transient, 3));
    assert!(error.message.starts_with("the trigger: 127.0.0.1 cannot be reached"), "{}", error.message);
}

#[test]
fn a_service_that_says_nothing_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let patience = Patience { timeout: Duration::from_millis(200), retries: 0, ..HASTY };
    let error = call_and_wait(post(&url, false), patience).unwrap_err();
    assert_eq!(error.reason, Reason::Unknown);
    assert_eq!(error.message, "the trigger: 127.0.0.1 did not answer in time");
    drop(listener);
}

#[test]
fn nothing_unencrypted_leaves_this_machine() {
    for url in ["http://example.org/x", "ftp://127.0.0.1/", "no url", "http://127.0.0.1.evil.example/"] {
        let error = call_and_wait(post(url, true), HASTY).unwrap_err();
        assert_eq!((error.reason, error.tries), (Reason::Address, 0), "{url}");
    }
}

#[test]
fn no_secret_stands_in_what_it_says() {
    keep_secret("t0ken-of-the-test");
    keep_secret("of-the-url");
    let echo =
        "HTTP/1.1 400 No\r\ncontent-length: 38\r\nconnection: close\r\n\r\nbad t0ken-of-the-test in ?k=of-the-url ";
    let (result, _) = outcome(Box::leak(vec![echo].into_boxed_slice()), true);
    let error = result.unwrap_err();
    assert_eq!(error.message, "the trigger: it answered 400: bad [secret] in ?k=[secret]");
    let shown = format!("{error:?} {:?}", post("http://127.0.0.1:1/of-the-url", true));
    assert!(!shown.contains("t0ken-of-the-test") && !shown.contains("of-the-url"), "{shown}");
}

#[test]
fn a_service_says_when_it_wants_to_be_asked_again_in_seconds_or_as_a_date() {
    let now = "2026-11-06T08:49:30Z".parse().unwrap();
    assert_eq!(call::retry_after(" 7 ", now), Some(Duration::from_secs(7)));
    assert_eq!(call::retry_after("Fri, 06 Nov 2026 08:49:37 GMT", now), Some(Duration::from_secs(7)));
    assert_eq!(call::retry_after("Fri, 06 Nov 2026 08:49:07 GMT", now), Some(Duration::ZERO));
    assert_eq!(call::retry_after("soon", now), None);
}
