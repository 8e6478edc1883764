//! The stores of a run: made when they are first needed, and kept.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use object_store::ObjectStore;
use object_store::path::Path;

use crate::mapping::StoreEntry;
use crate::store::build::build;
use crate::store::error::{Reason, StoreError, reason, was_retried};
use crate::store::secret::keep_secret;
use crate::store::settings::{Patience, Settings, check_kind};
use crate::store::url::{Kind, StoreUrl, key_of, path_of};
use crate::store::way::{Made, Way};

/// Variables of the process's environment whose values are secrets.
const SECRET_VARIABLES: &[&str] = &[
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "GOOGLE_SERVICE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_STORAGE_MASTER_KEY",
    "AZURE_STORAGE_CLIENT_SECRET",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_SAS_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_TOKEN",
];

/// All stores of a run, by the settings of `tanguero.yaml` and the process's environment. Copies share what is made.
#[derive(Clone)]
pub struct Stores {
    shared: Arc<Shared>,
}

struct Shared {
    entries: Vec<StoreEntry>,
    made: Mutex<BTreeMap<String, Made>>,
}

impl Default for Stores {
    /// By the environment alone.
    fn default() -> Self {
        Self::new(Vec::new())
    }
}

impl fmt::Debug for Stores {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.shared.entries.iter().map(|entry| entry.name.value.as_str()).collect();
        formatter.debug_struct("Stores").field("entries", &names).finish_non_exhaustive()
    }
}

impl Stores {
    /// With `entries` of `stores:`; their secrets and those of the environment are taken out of all texts from now on.
    pub fn new(entries: Vec<StoreEntry>) -> Self {
        for entry in &entries {
            entry.secrets.iter().for_each(|secret| keep_secret(secret));
        }
        for name in SECRET_VARIABLES {
            if let Ok(value) = std::env::var(name) {
                keep_secret(&value);
            }
        }
        Self { shared: Arc::new(Shared { entries, made: Mutex::default() }) }
    }

    /// Where `url` leads. Asks the store nothing yet.
    ///
    /// # Errors
    /// A URL or a setting that is wrong, or no credentials at all.
    pub fn open(&self, url: &str) -> Result<Location, StoreError> {
        let parsed = StoreUrl::parse(url)?;
        let shown = format!("{}{}", parsed.root(), parsed.key);
        let entry = self.entry_of(&parsed);
        if let Some(entry) = entry {
            check_kind(entry, parsed.kind, &shown)?;
        }
        let settings = Settings { entry };
        let path = path_of(parsed.kind, inside(&parsed), &shown)?;
        let identity = format!("{}#{}", parsed.identity(), entry.map_or("", |entry| &entry.name.value));
        let mut made = self.shared.made.lock().unwrap_or_else(PoisonError::into_inner);
        let Made { store, way } = match made.get(&identity) {
            Some(made) => made.clone(),
            None => {
                let new = build(&parsed, settings, &shown)?;
                made.insert(identity, new.clone());
                new
            }
        };
        let home = parsed.key.len() - inside(&parsed).len();
        let base = format!("{}{}", parsed.root(), &parsed.key[..home]);
        Ok(Location {
            store,
            way,
            path,
            kind: parsed.kind,
            patience: settings.patience(),
            base: Arc::from(base),
            is_folder: parsed.key.is_empty() || parsed.key.ends_with('/'),
        })
    }

    /// The entry whose URL is the longest beginning of `url`, at a slash.
    fn entry_of(&self, url: &StoreUrl) -> Option<&StoreEntry> {
        let whole = format!("{}{}", url.root(), url.key);
        let fits = |entry: &&StoreEntry| {
            let Ok(own) = StoreUrl::parse(&entry.url.value) else { return false };
            let user = own.user.is_none() || own.user == url.user;
            let start = format!("{}{}", own.root(), own.key);
            let start = start.trim_end_matches('/');
            let rest = whole.strip_prefix(start);
            user && own.kind == url.kind
                && (own.key.is_empty() && own.root() == url.root()
                    || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
        };
        self.shared.entries.iter().filter(fits).max_by_key(|entry| entry.url.value.trim_end_matches('/').len())
    }
}

/// The key below the folder that the store's own root is: an SFTP path may begin at the user's home.
fn inside(url: &StoreUrl) -> &str {
    match url.kind {
        Kind::Sftp if url.key == "~" => "",
        Kind::Sftp => url.key.strip_prefix("~/").unwrap_or(&url.key),
        _ => &url.key,
    }
}

/// An object or prefix in a store.
#[derive(Clone)]
pub struct Location {
    /// The bucket, container or host.
    pub store: Arc<dyn ObjectStore>,
    /// The object, or the prefix, without a slash at its end.
    pub path: Path,
    /// How files get their names there.
    pub way: Way,
    kind: Kind,
    patience: Patience,
    /// What stands before the path in a URL that is shown.
    base: Arc<str>,
    is_folder: bool,
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Location").field(&self.shown()).finish()
    }
}

impl Location {
    /// What speaks to it.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The URL without user and query.
    pub fn shown(&self) -> String {
        self.shown_of(&self.path)
    }

    /// The URL of another object of the same store.
    pub fn shown_of(&self, path: &Path) -> String {
        format!("{}{}", self.base, key_of(self.kind, path))
    }

    /// Its key as people write it.
    pub fn key(&self) -> String {
        key_of(self.kind, &self.path)
    }

    /// Whether the URL ends in a slash, or names a whole bucket.
    pub fn is_folder(&self) -> bool {
        self.is_folder
    }

    /// The object `name` below this prefix; `name` may have slashes in it.
    ///
    /// # Errors
    /// A name no object can have.
    pub fn child(&self, name: &str) -> Result<Self, StoreError> {
        let key = self.key();
        let key = if key.is_empty() { name.to_owned() } else { format!("{key}/{name}") };
        let path = path_of(self.kind, &key, &format!("{}{key}", self.base))?;
        Ok(self.at(path))
    }

    /// Another object of the same store.
    #[must_use]
    pub fn at(&self, path: Path) -> Self {
        Self { path, is_folder: false, ..self.clone() }
    }

    /// The same as a folder.
    #[must_use]
    pub fn folder(self) -> Self {
        Self { is_folder: true, ..self }
    }

    /// How long and how often it is asked.
    pub fn patience(&self) -> Patience {
        self.patience
    }

    /// What went wrong with this object while `operation`, e.g. `reading`.
    pub fn failed(&self, operation: &str, error: &object_store::Error) -> StoreError {
        StoreError::of(&self.shown(), operation, error, self.patience.deadline)
    }

    /// Does `work`, which may be done twice, until it succeeds, fails for good, or the deadline has passed.
    ///
    /// # Errors
    /// As [`failed`](Self::failed) tells them.
    pub async fn attempt<T, F>(&self, operation: &str, mut work: impl FnMut() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        let until = Instant::now() + self.patience.deadline;
        let mut pause = Duration::from_millis(100);
        let mut tries = 0;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let error = match tokio::time::timeout(left, work()).await {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(error)) => error,
                Err(_) => object_store::Error::Generic {
                    store: self.kind.name(),
                    source: Box::new(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time")),
                },
            };
            tries += 1;
            let again = reason(&error) == Reason::Transient
                && !was_retried(&error)
                && tries <= self.patience.retries
                && Instant::now() + pause < until;
            if !again {
                return Err(self.failed(operation, &error));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
}
