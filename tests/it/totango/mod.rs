//! A stand-in for Totango on loopback: the search API and the trigger of a job, with what goes wrong on demand.
//!
//! Documented by Totango ("Search API (accounts and users)", "Upload data using an API endpoint") and kept to here:
//! - `POST /api/v1/search/accounts` and `/api/v1/search/users`; the body is a form with one field `query`, which is JSON;
//! - the header `app-token`; 100 calls a minute for each token;
//! - `terms` and `fields` are mandatory; `count` is 1,000 at most and if left out; `offset` counts records from 0;
//! - the filter `{"type", "term" | "attribute", "in_list": [..]}`; `sort_by: display_name`;
//! - 10,000 records at most can be reached; a job is started by calling a URL with the token of a global admin.
//!
//! Only seen in others' code, or assumed:
//! - the shape of answers: `response.accounts` (or `users`), `total_hits`, `hits` of `name` (the id!), `display_name` and
//!   `selected_fields` in the order of `fields`; owners as `{owner_value, owner_tid_value}`; lists as arrays;
//! - `total_hits` goes past 10,000 and counts everything; behind the 10,000th record there are no hits, and no error;
//! - 401 for a wrong token or a query without `terms`, 403 for one that may not, 429 with `Retry-After`;
//! - the filters `eq`, and `gte` with `lte` for numbers; `parent_account_fields`, whose index 0 is the account's id, and
//!   their values in `parent_account_selected_fields`;
//! - the path of the trigger (the real one is made by the service and not published), its body and its answer.
//!
//! It speaks HTTP by itself, because no server library breaks off in the middle of an answer.

mod search;
mod server;
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

/// A token that opens the stand-in, and would be recognised in any output.
const TOKEN: &str = "standin-app-token-5c1f9e7ab2";
/// The part of the trigger's URL that nobody may see.
const TRIGGER_KEY: &str = "standin-trigger-key-90d2";

/// An account or a user that the stand-in knows.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Its id: `name` in answers.
    pub id: String,
    /// Its name: `display_name`.
    pub name: String,
    /// Values by attribute, term or metric.
    pub values: Map<String, Value>,
    /// Of a user: its account's id.
    pub account: String,
}

impl Known {
    /// One with values.
    pub fn new(id: &str, name: &str, values: Value) -> Self {
        let Value::Object(values) = values else { panic!("values by name are wanted") };
        Self { id: id.to_owned(), name: name.to_owned(), values, account: String::new() }
    }
}

/// What is done to a call instead of, or before, answering it.
#[derive(Debug, Clone)]
pub enum Answer {
    /// It is answered as it should.
    Good,
    /// Another status, with a text that says so.
    Status(u16),
    /// 429, to be tried again after so many seconds.
    Limited(u64),
    /// Another body, with 200.
    Body(String),
    /// It is answered after a while.
    Late(Duration),
    /// It is heard, nothing is done, and the connection is reset.
    Reset,
    /// It is done, and nobody hears so: the connection is reset.
    Lost,
    /// The answer breaks off in the middle.
    Truncated,
    /// A record more, before all others, and then an answer.
    Grow(Known),
    /// The records change places (the last one comes first), and then an answer.
    Shift,
}

/// A call that came.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    /// Path and query.
    pub target: String,
    /// All headers but the token.
    pub headers: Vec<(String, String)>,
    /// The token it came with.
    pub token: Option<String>,
    pub body: String,
    /// The status it was answered with; 0 if it was not.
    pub status: u16,
    /// By the stand-in's clock.
    pub at: Duration,
}

struct State {
    accounts: Vec<Known>,
    users: Vec<Known>,
    calls: Vec<Call>,
    answers: VecDeque<Answer>,
    /// Calls, and the time in which no more may come.
    limit: (usize, Duration),
    /// Times of the calls that counted.
    counted: VecDeque<Duration>,
    expired: bool,
    over: bool,
}

struct Shared {
    state: Mutex<State>,
    clock: Box<dyn Fn() -> Duration + Send + Sync>,
}

/// The stand-in; gone when dropped.
pub struct Standin {
    shared: Arc<Shared>,
    address: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

impl Standin {
    /// On a free port of loopback; knows nobody yet.
    pub fn start() -> Self {
        let begun = Instant::now();
        Self::by_clock(move || begun.elapsed())
    }

    /// The same, measuring its call rate by another clock.
    pub fn by_clock(clock: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        let state = State {
            accounts: Vec::new(),
            users: Vec::new(),
            calls: Vec::new(),
            answers: VecDeque::new(),
            limit: (100, Duration::from_secs(60)),
            counted: VecDeque::new(),
            expired: false,
            over: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), clock: Box::new(clock) });
        let (address, thread) = server::start(&shared);
        Self { shared, address, thread: Some(thread) }
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The URL that starts a job, as Totango's screen would give it.
    pub fn trigger_url(&self) -> String {
        format!("{}/t01/integrations/trigger/4711?key={TRIGGER_KEY}", self.url())
    }

    /// The token that it takes.
    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// Texts that must be nowhere in what the program says and writes.
    pub fn secrets(&self) -> [&'static str; 2] {
        [TOKEN, TRIGGER_KEY]
    }

    /// From now on it knows these accounts.
    pub fn set_accounts(&self, accounts: Vec<Known>) {
        self.state(|state| state.accounts = accounts);
    }

    /// From now on it knows these users.
    pub fn set_users(&self, users: Vec<Known>) {
        self.state(|state| state.users = users);
    }

    /// So many calls in such a time; the next is answered with 429.
    pub fn set_limit(&self, calls: usize, time: Duration) {
        self.state(|state| state.limit = (calls, time));
    }

    /// The token is good no more, or good again.
    pub fn set_expired(&self, expired: bool) {
        self.state(|state| state.expired = expired);
    }

    /// What is done to the next calls, one each; those behind them are answered as they should.
    pub fn answer_next(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state(|state| state.answers.extend(answers));
    }

    /// What is left of that.
    pub fn unanswered(&self) -> usize {
        self.state(|state| state.answers.len())
    }

    /// All calls so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.state(|state| state.calls.clone())
    }

    /// Those that were to start the job.
    pub fn triggers(&self) -> Vec<Call> {
        self.calls().into_iter().filter(|call| call.target.contains("/trigger/")).collect()
    }

    fn state<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.shared.state.lock().unwrap())
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.state(|state| state.over = true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// So many accounts `A00001..`, spread over `regions` by their number, in no order.
pub fn accounts(count: usize, regions: &[&str]) -> Vec<Known> {
    let mut all: Vec<Known> = (0..count)
        .map(|number| {
            let values = json!({
                "Region": regions[number % regions.len()],
                "Seats": number % 1000,
                "Number": number,
                "status_group": if number % 3 == 0 { "free" } else { "paying" },
                "Success Manager": {"owner_value": "Ann Lee", "owner_tid_value": "ann@example.com"},
            });
            Known::new(&format!("A{number:05}"), &format!("Account {}", number % 700), values)
        })
        .collect();
    // Neither by id nor by name.
    all.sort_by_key(|known| known.id.bytes().rev().collect::<Vec<u8>>());
    all
}
