//! HTTP, as far as a stand-in needs it: one request a connection, and answers that can break off.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::search::search;
use super::{Answer, Call, Shared, State, TOKEN, TRIGGER_KEY};
use crate::proxy::{read_body, read_head, reset};

/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn start(shared: &Arc<Shared>) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let shared = Arc::clone(shared);
    let thread = thread::spawn(move || {
        while !shared.state.lock().unwrap().over {
            match listener.accept() {
                Ok((client, _)) => {
                    let own = Arc::clone(&shared);
                    thread::spawn(move || {
                        // A client that goes away is what much of this is about.
                        let _ = serve(&own, client);
                    });
                }
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        }
    });
    (address, thread)
}

/// Status, further headers, body.
pub(super) type Told = (u16, Vec<String>, String);

fn serve(shared: &Shared, mut client: TcpStream) -> io::Result<()> {
    client.set_nonblocking(false)?;
    client.set_read_timeout(Some(PATIENCE))?;
    let Some(request) = read_head(&mut client)? else { return Ok(()) };
    let body = String::from_utf8_lossy(&read_body(&mut client, &request)?).into_owned();
    let at = (shared.clock)();
    let mut call = read_call(&request.head, body, at);
    let (answer, told) = {
        let mut state = shared.state.lock().unwrap();
        let answer = state.answers.pop_front().unwrap_or(Answer::Good);
        let told = tell(&mut state, &call, &answer);
        call.status = if matches!(answer, Answer::Reset | Answer::Lost) { 0 } else { told.0 };
        state.calls.push(call);
        (answer, told)
    };
    match answer {
        Answer::Reset | Answer::Lost => reset(&client),
        Answer::Late(time) => {
            thread::sleep(time);
            client.write_all(&written(&told))?;
        }
        Answer::Truncated => {
            let whole = written(&told);
            client.write_all(&whole[..whole.len() - told.2.len() / 2 - 1])?;
            client.shutdown(Shutdown::Both)?;
        }
        _ => {
            client.write_all(&written(&told))?;
            client.shutdown(Shutdown::Write)?;
            let _ = client.read(&mut [0]);
        }
    }
    Ok(())
}

fn read_call(head: &str, body: String, at: Duration) -> Call {
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let all = lines.filter_map(|line| line.split_once(':'));
    let all: Vec<(String, String)> =
        all.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let token = all.iter().find(|(name, _)| name == "app-token").map(|(_, value)| value.clone());
    let headers = all.into_iter().filter(|(name, _)| name != "app-token").collect();
    Call { method: method.to_owned(), target: target.to_owned(), headers, token, body, status: 0, at }
}

/// What the call gets, if it gets it.
fn tell(state: &mut State, call: &Call, answer: &Answer) -> Told {
    let plain = |status: u16, text: &str| (status, Vec::new(), format!("{{\"error\":\"{text}\"}}"));
    match answer {
        Answer::Status(status) => return plain(*status, "made up"),
        Answer::Limited(seconds) => return (429, vec![format!("Retry-After: {seconds}")], String::new()),
        Answer::Body(body) => return (200, Vec::new(), body.clone()),
        Answer::Reset => return plain(0, ""),
        Answer::Grow(known) => {
            state.accounts.insert(0, known.clone());
            state.users.insert(0, known.clone());
        }
        Answer::Shift => {
            for known in [&mut state.accounts, &mut state.users] {
                let last = known.pop();
                drop(known.splice(0..0, last));
            }
        }
        Answer::Good | Answer::Late(_) | Answer::Lost | Answer::Truncated => {}
    }
    if call.token.as_deref() != Some(TOKEN) || state.expired {
        return plain(401, "the token is not known or has expired");
    }
    let (calls, time) = state.limit;
    while state.counted.front().is_some_and(|then| call.at.saturating_sub(*then) >= time) {
        state.counted.pop_front();
    }
    if state.counted.len() >= calls {
        let wait = state.counted.front().map_or(time, |then| *then + time - call.at);
        return (429, vec![format!("Retry-After: {}", wait.as_secs() + 1)], String::new());
    }
    state.counted.push_back(call.at);
    let path = call.target.split('?').next().unwrap_or_default();
    match (call.method.as_str(), path) {
        ("POST", "/api/v1/search/accounts") => search(&state.accounts, "accounts", call),
        ("POST", "/api/v1/search/users") => search(&state.users, "users", call),
        ("GET" | "POST", path) if path.contains("/trigger/") => {
            if call.target.contains(&format!("key={TRIGGER_KEY}")) {
                (200, Vec::new(), "{\"status\":\"ok\"}".to_owned())
            } else {
                plain(403, "no such job for this token")
            }
        }
        _ => plain(404, "nothing is here"),
    }
}

fn written((status, headers, body): &Told) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} Told\r\n");
    let own = ["Content-Type: application/json".to_owned(), "Connection: close".to_owned()];
    let length = format!("Content-Length: {}", body.len());
    for line in headers.iter().chain(&own).chain([&length]) {
        head.push_str(line);
        head.push_str("\r\n");
    }
    format!("{head}\r\n{body}").into_bytes()
}
