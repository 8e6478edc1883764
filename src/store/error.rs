//! Why a store did not do what was asked of it: the object, the operation, what happened, the cure.

use std::error::Error as Cause;
use std::fmt;
use std::time::Duration;

use object_store::client::{HttpError, HttpErrorKind};

use crate::diagnostic::{Code, code};
use crate::store::secret::scrub;

/// Characters of a server's own words that are shown.
const WORDS: usize = 300;

/// Where credentials are looked for.
const CREDENTIALS: &str = "give them in `stores:` of tanguero.yaml, or as the store's own tools have them: AWS_ACCESS_KEY_ID, AWS_PROFILE, \
     GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_KEY, ...; a public store takes `anonymous: true`";

/// What went wrong, by what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A setting or the URL is wrong: nothing was asked of the store.
    Setting,
    /// There is no such object, bucket or host folder.
    Missing,
    /// The object is no longer the one that was opened, or another one is in the way of a conditional write.
    Changed,
    /// The store knows who asks and refuses, or does not know who asks.
    Denied,
    /// The store cannot do this.
    Unsupported,
    /// The network or the store failed, and went on failing until the deadline: another run may succeed.
    Transient,
    /// Anything else the store answered.
    Refused,
}

/// Why a store did not do what was asked of it. Its text holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    /// By what can be done about it.
    pub reason: Reason,
    /// The object or prefix as shown; empty where there is none.
    pub object: String,
    /// The fact, with the object and the operation in it.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl StoreError {
    /// A setting or URL that is wrong.
    pub(super) fn setting(object: &str, fact: String, cure: &str) -> Self {
        let message = if object.is_empty() { fact } else { format!("{object}: {fact}") };
        Self { reason: Reason::Setting, object: object.to_owned(), message: scrub(&message), help: scrub(cure) }
    }

    /// Nobody to ask as.
    pub(super) fn denied(object: &str, fact: &str, cure: &str) -> Self {
        Self { reason: Reason::Denied, ..Self::setting(object, fact.to_owned(), cure) }
    }

    /// `operation`, e.g. `reading`, failed for `object` after at most `deadline`.
    pub fn of(object: &str, operation: &str, error: &object_store::Error, deadline: Duration) -> Self {
        let words = scrub(&words(error));
        // The last place in which credentials are looked for; whoever answers there, it is no role of this machine's.
        let roleless = ["169.254.169.254", "metadata.google.internal"].iter().any(|host| words.contains(host));
        if roleless {
            let fact = format!("{operation} failed: no credentials were found, nor a role of this machine: {words}");
            return Self::denied(object, &fact, CREDENTIALS);
        }
        let reason = reason(error);
        let waited = deadline.as_secs();
        let fact = match reason {
            Reason::Missing => format!("{operation} failed: it is not there"),
            Reason::Changed => format!("{operation} failed: it changed in between"),
            Reason::Transient => format!("{operation} failed, tried for up to {waited} s: {words}"),
            _ => format!("{operation} failed: {words}"),
        };
        let help = match reason {
            Reason::Missing => "check bucket and path; a bucket in another account or region looks missing too",
            Reason::Changed => "run again when its writer is done",
            Reason::Denied => {
                "check the credentials and what they allow: `stores:` in tanguero.yaml, else the environment's own \
                 variables and profiles; docs/stores.md lists them"
            }
            Reason::Unsupported => "this kind of store cannot do it; docs/stores.md says what each can",
            Reason::Transient => {
                "safe to run again; `deadline`, `retries` and `timeout` stand in `stores:` of tanguero.yaml"
            }
            Reason::Setting | Reason::Refused => {
                "check `endpoint`, `region` and the credentials in `stores:` of tanguero.yaml"
            }
        };
        Self { reason, object: object.to_owned(), message: scrub(&format!("{object}: {fact}")), help: help.to_owned() }
    }

    /// Whether another run may succeed without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        self.reason == Reason::Transient
    }

    /// The code of the register.
    pub fn code(&self) -> &'static Code {
        match self.reason {
            Reason::Setting => &code::STORE_SETTING,
            Reason::Missing => &code::STORE_MISSING,
            Reason::Denied => &code::STORE_DENIED,
            Reason::Transient => &code::STORE_FAILED,
            Reason::Changed | Reason::Unsupported | Reason::Refused => &code::STORE_REFUSED,
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl Cause for StoreError {}

/// What `error` means.
pub fn reason(error: &object_store::Error) -> Reason {
    use object_store::Error;
    match error {
        Error::NotFound { .. } => Reason::Missing,
        Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. } => Reason::Changed,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => Reason::Denied,
        Error::NotSupported { .. } | Error::NotImplemented { .. } => Reason::Unsupported,
        Error::InvalidPath { .. } | Error::UnknownConfigurationKey { .. } => Reason::Setting,
        Error::Generic { source, .. } => generic(source.as_ref()),
        _ => Reason::Refused,
    }
}

/// Whether the library has tried again by itself, as often as it was allowed to.
pub(super) fn was_retried(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::Generic { source, .. } if chain(source.as_ref()).contains("Error performing "))
}

/// The library keeps its own error types to itself: what it did not name is told by what lies below.
fn generic(error: &(dyn Cause + 'static)) -> Reason {
    let text = chain(error);
    if let Some(status) = status(&text) {
        return match status {
            401 | 403 => Reason::Denied,
            404 | 410 => Reason::Missing,
            412 => Reason::Changed,
            501 => Reason::Unsupported,
            200 | 408 | 425 | 429 | 500..=599 => Reason::Transient,
            _ if ["ExpiredToken", "InvalidToken", "AccessDenied"].iter().any(|word| text.contains(word)) => {
                Reason::Denied
            }
            _ if text.contains("RequestTimeout") || text.contains("SlowDown") => Reason::Transient,
            _ => Reason::Refused,
        };
    }
    // S3 may answer 200 and say in the body that it failed.
    if text.contains("Server returned error response") {
        let passes = ["InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout"];
        return if passes.iter().any(|word| text.contains(word)) { Reason::Transient } else { Reason::Refused };
    }
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(error) = cause.downcast_ref::<HttpError>() {
            return match error.kind() {
                // A body that ends too soon cannot be decoded.
                HttpErrorKind::Connect
                | HttpErrorKind::Timeout
                | HttpErrorKind::Request
                | HttpErrorKind::Interrupted
                | HttpErrorKind::Decode => Reason::Transient,
                // A connection that was kept was closed just when it was to be used again.
                HttpErrorKind::Unknown if text.contains("operation was canceled") => Reason::Transient,
                _ => Reason::Refused,
            };
        }
        if let Some(error) = cause.downcast_ref::<opendal::Error>() {
            return match error.kind() {
                opendal::ErrorKind::NotFound => Reason::Missing,
                opendal::ErrorKind::PermissionDenied => Reason::Denied,
                opendal::ErrorKind::Unsupported => Reason::Unsupported,
                opendal::ErrorKind::ConditionNotMatch | opendal::ErrorKind::AlreadyExists => Reason::Changed,
                opendal::ErrorKind::RateLimited => Reason::Transient,
                opendal::ErrorKind::ConfigInvalid => Reason::Setting,
                _ if is_denied(&text) => Reason::Denied,
                _ => Reason::Transient,
            };
        }
        if cause.downcast_ref::<std::io::Error>().is_some() {
            return Reason::Transient;
        }
        next = cause.source();
    }
    Reason::Refused
}

/// What ssh says when the door stays shut.
fn is_denied(text: &str) -> bool {
    ["Permission denied", "Host key verification failed", "Too many authentication failures"]
        .iter()
        .any(|words| text.contains(words))
}

/// The status a server answered with, as the library spells it.
fn status(text: &str) -> Option<u16> {
    let at = text.rfind("status code: ").map(|at| at + "status code: ".len())?;
    text.get(at..at + 3)?.parse().ok()
}

/// The whole chain of causes.
fn chain(error: &(dyn Cause + 'static)) -> String {
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

/// What happened, in one line without URLs' queries and the library's preamble.
fn words(error: &object_store::Error) -> String {
    let text = match error {
        object_store::Error::Generic { source, .. }
        | object_store::Error::PermissionDenied { source, .. }
        | object_store::Error::Unauthenticated { source, .. }
        | object_store::Error::NotSupported { source } => chain(source.as_ref()),
        other => chain(other),
    };
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        match word.split_once('?') {
            Some((url, _)) if url.contains("://") => line.push_str(url),
            _ => line.push_str(word),
        }
    }
    match line.char_indices().nth(WORDS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
