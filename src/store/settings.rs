//! The settings of one store: from its entry in `tanguero.yaml`, else the defaults.

use std::time::Duration;

use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use crate::mapping::StoreEntry;
use crate::store::error::StoreError;
use crate::store::url::Kind;

/// A connection that is not there by then will not come.
const CONNECT_TIMEOUT: u64 = 10;

/// One request with its whole answer: 8 MB at 1.2 Mbit/s.
const TIMEOUT: u64 = 60;

/// Everything that is tried for one object or part.
const DEADLINE: u64 = 180;

/// Tries after the first.
const RETRIES: u64 = 8;

/// How long and how often a store is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect_timeout: Duration,
    /// For one request and its answer.
    pub timeout: Duration,
    /// For one operation with all its tries.
    pub deadline: Duration,
    /// Tries after the first.
    pub retries: usize,
}

/// What is set for one store.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings<'s> {
    pub entry: Option<&'s StoreEntry>,
}

impl<'s> Settings<'s> {
    /// The value of `key`, if it is set.
    pub fn get(self, key: &str) -> Option<&'s str> {
        let entry = self.entry?;
        entry.settings.iter().find(|(name, _)| *name == key).map(|(_, value)| value.value.as_str())
    }

    /// Whether `key` is `true`.
    pub fn flag(self, key: &str) -> bool {
        self.get(key) == Some("true")
    }

    /// Seconds or a count.
    fn number(self, key: &str, default: u64) -> u64 {
        self.get(key).and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// Where `key` is set, for messages.
    pub fn origin(self, key: &str) -> String {
        match self.entry {
            Some(entry) => format!("`stores.{}.{key}` in {}", entry.name.value, entry.path),
            None => format!("`{key}`"),
        }
    }

    /// Timeouts, retries and the deadline.
    pub fn patience(self) -> Patience {
        let seconds = |key, default| Duration::from_secs(self.number(key, default));
        let deadline = seconds("deadline", DEADLINE);
        Patience {
            connect_timeout: seconds("connect_timeout", CONNECT_TIMEOUT).min(deadline),
            timeout: seconds("timeout", TIMEOUT).min(deadline),
            deadline,
            retries: usize::try_from(self.number("retries", RETRIES)).unwrap_or(usize::MAX),
        }
    }

    /// How the library tries again: quickly at first, never longer apart than a few seconds.
    pub fn retry(self) -> RetryConfig {
        let patience = self.patience();
        RetryConfig {
            backoff: BackoffConfig {
                init_backoff: Duration::from_millis(100),
                max_backoff: Duration::from_secs(5),
                base: 2.0,
            },
            max_retries: patience.retries,
            retry_timeout: patience.deadline,
        }
    }

    /// How requests are sent.
    pub fn client(self) -> ClientOptions {
        let patience = self.patience();
        let mut options = ClientOptions::new()
            .with_timeout(patience.timeout)
            .with_connect_timeout(patience.connect_timeout)
            .with_allow_http(self.flag("allow_http"))
            .with_content_type_for_suffix("csv", "text/csv")
            .with_content_type_for_suffix("json", "application/json");
        if let Ok(agent) = object_store::HeaderValue::from_str(concat!("tanguero/", env!("CARGO_PKG_VERSION"))) {
            options = options.with_user_agent(agent);
        }
        match self.get("proxy") {
            Some(proxy) => options.with_proxy_url(proxy),
            None => options,
        }
    }

    /// Refuses an unencrypted endpoint that nobody asked for. `origin` says where it comes from.
    pub fn check_endpoint(self, shown: &str, endpoint: &str, origin: &str) -> Result<(), StoreError> {
        let fault = |fact: String, cure: &str| Err(StoreError::setting(shown, fact, cure));
        match endpoint.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase()).as_deref() {
            Some("https") => Ok(()),
            Some("http") if self.flag("allow_http") => Ok(()),
            Some("http") => fault(
                format!("{origin} is `http://`, which would send everything unencrypted"),
                "use `https://`, or say `allow_http: true` for this store in tanguero.yaml",
            ),
            _ => fault(format!("{origin} is no URL"), "e.g. `https://storage.example.com`"),
        }
    }

    /// Refuses a setting that is there without another that it needs.
    pub fn together(self, shown: &str, one: &str, other: &str) -> Result<(), StoreError> {
        match (self.get(one), self.get(other)) {
            (Some(_), None) => {
                let fact = format!("{} is set without `{other}`", self.origin(one));
                Err(StoreError::setting(shown, fact, "give both or neither"))
            }
            _ => Ok(()),
        }
    }
}

/// Settings of every kind of store.
const COMMON: &[&str] = &["allow_http", "proxy", "timeout", "connect_timeout", "deadline", "retries"];

/// Settings of stores of `kind`, those of every kind left out.
fn own(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::S3 => &[
            "endpoint",
            "region",
            "access_key_id",
            "secret_access_key",
            "session_token",
            "profile",
            "path_style",
            "anonymous",
            "request_payer",
            "kms_key",
        ],
        Kind::Gcs => &["endpoint", "service_account", "service_account_key", "anonymous"],
        Kind::Azure => {
            &["endpoint", "account", "access_key", "sas_token", "tenant_id", "client_id", "client_secret", "anonymous"]
        }
        Kind::Http => &["token", "user", "password"],
        Kind::Sftp => &["user", "key_file", "host_keys"],
        Kind::Dropbox => &["access_token", "refresh_token", "client_id", "client_secret"],
    }
}

/// Refuses settings that mean nothing for stores of `kind`: the libraries would ignore them silently.
pub(super) fn check_kind(entry: &StoreEntry, kind: Kind, shown: &str) -> Result<(), StoreError> {
    let common: &[&str] = match kind {
        // These two are spoken to by programs and protocols of their own.
        Kind::Sftp => &["deadline", "retries"],
        Kind::Dropbox => &["deadline", "retries"],
        _ => COMMON,
    };
    match entry.settings.iter().find(|(key, _)| !own(kind).contains(key) && !common.contains(key)) {
        None => Ok(()),
        Some((key, _)) => {
            let fact = format!("`stores.{}.{key}` in {} means nothing for {kind}", entry.name.value, entry.path);
            let known: Vec<String> = own(kind).iter().chain(common).map(|key| format!("`{key}`")).collect();
            Err(StoreError::setting(shown, fact, &format!("its settings are {}", known.join(", "))))
        }
    }
}
