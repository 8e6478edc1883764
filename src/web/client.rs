//! Asking, waiting, asking again.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::header::{HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use tokio::task::JoinHandle;

use crate::store::{Patience, transfers, wait};
use crate::web::call::retry_after;
use crate::web::error::{causes, words};
use crate::web::{Answer, Call, Method, PATIENCE, Reason, WebError};

/// The longest answer that is read: 10,000 records of a search are some 20 MB.
const LONGEST: usize = 256 << 20;

/// Before the second try; it doubles from try to try.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// The longest pause that nobody asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Asks a service, and again while that may help, until `patience` ends.
///
/// # Errors
/// No answer from 200 to 299 came: why, and whether the service may have acted all the same.
pub async fn call(call: &Call, patience: &Patience) -> Result<Answer, WebError> {
    let (asked, patience) = (call.clone(), *patience);
    // Connections belong to the runtime they were made in, and outlive the caller's.
    let mut under_way = AbortOnDrop(transfers().spawn(async move { persistently(&asked, &patience).await }));
    (&mut under_way.0).await.expect("a call ends with a result unless it panics, which is our own mistake")
}

/// Nobody waits for it any more: it ends.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn persistently(call: &Call, patience: &Patience) -> Result<Answer, WebError> {
    let url = address(call)?;
    let begun = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut tries = 0;
    loop {
        tries += 1;
        let left = patience.deadline.saturating_sub(begun.elapsed());
        let failed = match once(call, &url, patience, left, tries).await {
            Ok(answer) => return Ok(answer),
            Err(failed) => failed,
        };
        let wait = failed.wait.unwrap_or(pause);
        let left = patience.deadline.saturating_sub(begun.elapsed());
        if !failed.again || tries > patience.retries || wait >= left {
            return Err(failed.error);
        }
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The same, from a thread that waits for it.
///
/// # Errors
/// As [`call`].
pub fn call_and_wait(asked: Call, patience: Patience) -> Result<Answer, WebError> {
    wait(async move { persistently(&asked, &patience).await })
}

/// A try that came to nothing.
struct Failed {
    error: WebError,
    /// Whether another try may help and does no harm.
    again: bool,
    /// How long the service asks to wait.
    wait: Option<Duration>,
}

async fn once(call: &Call, url: &Url, patience: &Patience, left: Duration, tries: usize) -> Result<Answer, Failed> {
    let ends = |error| Failed { error, again: false, wait: None };
    let mut request = match call.method {
        Method::Get => client().map_err(ends)?.get(url.clone()),
        Method::Post => client().map_err(ends)?.post(url.clone()),
    };
    for (name, value) in &call.headers {
        let Ok(mut value) = HeaderValue::from_str(value) else {
            let fact = format!("the value of the header `{name}` holds a character that no header may hold");
            return Err(ends(WebError::new(Reason::Address, &call.what, &fact, tries - 1)));
        };
        value.set_sensitive(true);
        request = request.header(*name, value);
    }
    if !call.body.is_empty() {
        request = request.body(call.body.clone());
    }
    let sent = request.timeout(patience.timeout.min(left)).send().await;
    let response = sent.map_err(|error| lost(call, url, error, tries))?;
    let status = response.status().as_u16();
    if response.status().is_success() {
        let body = whole(response).await.map_err(|error| lost(call, url, error, tries))?;
        let Some(body) = body else {
            let fact = format!("its answer is longer than {} MB", LONGEST >> 20);
            return Err(ends(WebError::new(Reason::Refused, &call.what, &fact, tries).answered(status)));
        };
        return Ok(Answer { status, body, tries });
    }
    Err(refused(call, response, tries).await)
}

/// Nothing came, or not all of it.
fn lost(call: &Call, url: &Url, error: reqwest::Error, tries: usize) -> Failed {
    let host = url.host_str().unwrap_or_default();
    let unsent = error.is_connect() || error.is_builder();
    let late = error.is_timeout();
    let fact = match (unsent, late) {
        (true, _) => format!("{host} cannot be reached: {}", causes(error)),
        (false, true) => format!("{host} did not answer in time"),
        (false, false) => format!("the answer of {host} was lost: {}", causes(error)),
    };
    let harmless = unsent || call.repeatable;
    let reason = if harmless { Reason::Transient } else { Reason::Unknown };
    Failed { error: WebError::new(reason, &call.what, &fact, tries), again: harmless, wait: None }
}

/// It answered, and not with what was asked for.
async fn refused(call: &Call, response: Response, tries: usize) -> Failed {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let wait = header(RETRY_AFTER).and_then(|text| retry_after(text, jiff::Timestamp::now()));
    let points_to = header(LOCATION).and_then(|text| response.url().join(text).ok());
    let points_to = points_to.and_then(|url| url.host_str().map(str::to_owned));
    let said = whole(response).await.ok().flatten().map(|body| words(&body)).unwrap_or_default();
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let (reason, again) = match status {
        300..=399 => (Reason::Redirected, false),
        401 | 403 => (Reason::Denied, false),
        404 | 410 => (Reason::Missing, false),
        429 => (Reason::Limited, true),
        // Nothing was done: it had no time.
        503 => (Reason::Transient, true),
        408 | 425 | 500..=599 if call.repeatable => (Reason::Transient, true),
        408 | 425 | 500..=599 => (Reason::Unknown, false),
        _ => (Reason::Refused, false),
    };
    let fact = match points_to.filter(|_| reason == Reason::Redirected) {
        Some(host) => format!("it answered {status} and points to {host}, which is not followed"),
        None => format!("it answered {status}{said}"),
    };
    Failed { error: WebError::new(reason, &call.what, &fact, tries).answered(status), again, wait }
}

/// The body; none if it is too long.
async fn whole(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await? {
        if body.len() + piece.len() > LONGEST {
            return Ok(None);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Some(body))
}

/// The URL, if it may be called.
fn address(call: &Call) -> Result<Url, WebError> {
    let fault = |fact: &str| WebError::new(Reason::Address, &call.what, fact, 0);
    // The text itself may be a secret.
    let url = Url::parse(call.url.trim()).map_err(|error| fault(&format!("its URL cannot be read: {error}")))?;
    let near = match url.host_str() {
        None | Some("") => return Err(fault("its URL has no host")),
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if near || call.allow_http => Ok(url),
        "http" => Err(fault("its URL is `http://`, which would send everything unencrypted")),
        other => Err(fault(&format!("its URL begins with `{other}://`"))),
    }
}

/// One client for all services: it keeps connections.
fn client() -> Result<&'static Client, WebError> {
    static CLIENT: OnceLock<Result<Client, String>> = OnceLock::new();
    let made = CLIENT.get_or_init(|| {
        let builder = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(PATIENCE.connect_timeout)
            .user_agent(concat!("tanguero/", env!("CARGO_PKG_VERSION")));
        builder.build().map_err(causes)
    });
    made.as_ref().map_err(|cause| WebError::new(Reason::Address, "HTTP", &format!("no client can be made: {cause}"), 0))
}
