//! Why a service did not do what it was asked.

use std::error::Error as Cause;
use std::fmt;

use crate::diagnostic::{Code, code};
use crate::store::scrub;

/// Characters of a service's own words that are shown.
const WORDS: usize = 300;

/// What went wrong, by what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The URL cannot be called: nothing was sent.
    Address,
    /// The service does not know the token, or does not allow this.
    Denied,
    /// There is nothing at the URL.
    Missing,
    /// The service says that it was asked too often, until the deadline.
    Limited,
    /// The network or the service failed until the deadline, and nothing was done: safe to ask again.
    Transient,
    /// It was asked, and its answer was lost or was an error of its own: whether it acted is not known.
    Unknown,
    /// It points to another address, which is not followed.
    Redirected,
    /// It answered otherwise; another try would get the same answer.
    Refused,
}

/// Why a service did not do what it was asked. Its text holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebError {
    /// By what can be done about it.
    pub reason: Reason,
    /// The last answer's status, if there was one.
    pub status: Option<u16>,
    /// The fact, with the service in it.
    pub message: String,
    /// What to do.
    pub help: String,
    /// How often it was asked.
    pub tries: usize,
}

impl WebError {
    pub(super) fn new(reason: Reason, what: &str, fact: &str, tries: usize) -> Self {
        let help = match reason {
            Reason::Address => "give the whole URL as the service shows it, with `https://`",
            Reason::Denied => "check the token: whether it has expired, and whose it is",
            Reason::Missing => "check the URL: host, region and path",
            Reason::Limited => "others use the same token, or `rate` is too high; run again later",
            Reason::Transient => "safe to run again",
            Reason::Unknown => "look at the service whether it acted, before it is asked again",
            Reason::Redirected => "give the URL it points to, if that one is trusted with the token",
            Reason::Refused => "see the service's own words",
        };
        Self { reason, status: None, message: scrub(&format!("{what}: {fact}")), help: help.to_owned(), tries }
    }

    pub(super) fn answered(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The code of the register.
    pub fn code(&self) -> &'static Code {
        match self.reason {
            Reason::Address => &code::WEB_ADDRESS,
            Reason::Denied => &code::WEB_DENIED,
            Reason::Limited | Reason::Transient => &code::WEB_FAILED,
            Reason::Unknown => &code::WEB_UNKNOWN,
            Reason::Missing | Reason::Redirected | Reason::Refused => &code::WEB_REFUSED,
        }
    }
}

impl fmt::Display for WebError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Cause for WebError {}

/// A service's own words, in one line and not too many of them.
pub(super) fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let line: Vec<&str> = text.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(WORDS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// What the library says, its causes in it, without the URL.
pub(super) fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let more = cause.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        next = cause.source();
    }
    text
}
