//! What is asked of a service, and what it says.

use std::fmt;
use std::time::Duration;

/// How something is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Changes nothing at the service.
    Get,
    /// Gives the service a body.
    Post,
}

/// One call of a service.
#[derive(Clone)]
pub struct Call {
    /// The service and what it is asked for, as messages name it: `Totango's search of accounts`.
    pub what: String,
    /// How.
    pub method: Method,
    /// `https://`; `http://` to this machine alone, or with `allow_http`. It may hold secrets: messages show its host.
    pub url: String,
    /// Their values may be secrets and are never shown.
    pub headers: Vec<(&'static str, String)>,
    /// Empty for none.
    pub body: Vec<u8>,
    /// Whether the service may be asked again when it may have acted already: its answer was lost, or it was an error of
    /// its own. Refused connections, 429 and 503 are tried again in any case: nothing was done.
    pub repeatable: bool,
    /// Unencrypted calls over the network are meant.
    pub allow_http: bool,
}

impl fmt::Debug for Call {
    /// Without URL, headers and body, which may hold secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Call").field("what", &self.what).field("method", &self.method).finish_non_exhaustive()
    }
}

/// What a service says when it does what it was asked: a status from 200 to 299.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// From 200 to 299.
    pub status: u16,
    /// Whole.
    pub body: Vec<u8>,
    /// How often it was asked, from 1.
    pub tries: usize,
}

/// When a service that is asked too often wants to be asked again.
///
/// Seconds, or a date in HTTP's form; none if `text` is neither.
pub(super) fn retry_after(text: &str, now: jiff::Timestamp) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let when = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    Some(Duration::try_from(when.duration_since(now)).unwrap_or_default())
}
