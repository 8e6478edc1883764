//! One object of a store as the bytes of a file: every range of it is of the version that was listed.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use datafusion::arrow::buffer::Buffer;
use futures::StreamExt;
use object_store::{Error, GetOptions, GetRange, ObjectMeta, ObjectStoreExt};

use crate::source::stamp::Stamp;
use crate::store::{Kind, Location, Reason, StoreError, Transfer, start, wait};

/// An object, as it was when it was listed.
#[derive(Debug)]
pub(super) struct Object {
    location: Location,
    stamp: Stamp,
    /// Its version's mark, where the store can be asked for that version alone.
    mark: Option<String>,
    /// What the store said when it failed: libraries in between keep only its words.
    failed: Mutex<Option<StoreError>>,
    /// Its copy, where the server gives no parts of it.
    copy: OnceLock<Result<Mutex<File>, String>>,
}

impl Object {
    /// The object at `location`, of which the store said `meta`.
    pub fn new(location: Location, meta: &ObjectMeta) -> Self {
        // A weak mark never matches; SFTP and Dropbox know no condition.
        let conditional = !matches!(location.kind(), Kind::Sftp | Kind::Dropbox);
        let mark = meta.e_tag.clone().filter(|mark| conditional && !mark.starts_with("W/"));
        // Azure's listings leave the quotes out that its conditions want.
        let mark = mark.map(|mark| if mark.starts_with('"') { mark } else { format!("\"{mark}\"") });
        let stamp = Stamp { size: meta.size, modified: SystemTime::from(meta.last_modified) };
        Self { location, stamp, mark, failed: Mutex::default(), copy: OnceLock::new() }
    }

    /// Size and time when it was listed.
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// The URL that people are shown.
    pub fn shown(&self) -> String {
        self.location.shown()
    }

    /// Its version's mark, where the store can be asked for that version alone.
    pub fn mark(&self) -> Option<&str> {
        self.mark.as_deref()
    }

    /// Whether what speaks to it takes addresses that hold nothing secret.
    #[cfg(feature = "cluster")]
    pub fn is_told_by_url(&self) -> bool {
        !matches!(self.location.kind(), Kind::Sftp | Kind::Dropbox)
    }

    /// The last part of its key.
    pub fn name(&self) -> String {
        self.location.key().rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// What the store said when it failed, if it did.
    pub fn failure(&self) -> Option<StoreError> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether what was read is of one version without asking once more.
    pub fn is_conditional(&self) -> bool {
        self.mark.is_some()
    }

    /// Whether it is still the one that was listed; asks the store.
    pub fn is_unchanged(self: &Arc<Self>) -> Result<bool, StoreError> {
        let object = Arc::clone(self);
        let now = wait(async move {
            let location = &object.location;
            location.attempt("asking for its state", || async { location.store.head(&location.path).await }).await
        });
        match now {
            Ok(now) => Ok(self.is_same(&now)),
            Err(error) if error.reason == Reason::Missing => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn is_same(&self, now: &ObjectMeta) -> bool {
        // Listings tell parts of a second that answers leave out.
        let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        now.size == self.stamp.size
            && match (&self.mark, &now.e_tag) {
                (Some(mark), Some(other)) => mark.trim_matches('"') == other.trim_matches('"'),
                _ => seconds(SystemTime::from(now.last_modified)) == seconds(self.stamp.modified),
            }
    }

    /// Starts to fetch `range`, which must lie inside it.
    pub fn fetch(self: &Arc<Self>, range: Range<u64>) -> Transfer<io::Result<Buffer>> {
        let object = Arc::clone(self);
        start(async move { object.part(range).await })
    }

    /// `range` of its bytes.
    pub fn read(self: &Arc<Self>, range: Range<u64>) -> io::Result<Buffer> {
        if range.is_empty() {
            return Ok(Buffer::from_vec(Vec::<u8>::new()));
        }
        if let Some(copy) = self.copy.get() {
            return read_copy(copy, range);
        }
        match self.fetch(range.clone()).wait() {
            Err(error) if error.kind() == io::ErrorKind::Unsupported && self.location.kind() == Kind::Http => {
                read_copy(self.copied(), range)
            }
            other => other,
        }
    }

    async fn part(&self, range: Range<u64>) -> io::Result<Buffer> {
        let location = &self.location;
        let got = location
            .attempt("reading", || async {
                let options = GetOptions {
                    range: Some(GetRange::Bounded(range.clone())),
                    if_match: self.mark.clone(),
                    ..GetOptions::default()
                };
                let result = location.store.get_opts(&location.path, options).await?;
                self.check(&result.meta)?;
                let bytes = result.bytes().await?;
                if bytes.len() as u64 != range.end - range.start {
                    return Err(cut_short());
                }
                Ok(Buffer::from(bytes))
            })
            .await;
        got.map_err(|error| self.keep(error))
    }

    /// Of an answer: whether it is of the version that was listed.
    fn check(&self, meta: &ObjectMeta) -> Result<(), Error> {
        if self.is_same(meta) {
            return Ok(());
        }
        Err(Error::Precondition { path: self.location.path.to_string(), source: "another version answered".into() })
    }

    /// Keeps what the store said, and makes of it what readers understand.
    fn keep(&self, error: StoreError) -> io::Error {
        // Not the last word: the object is copied then.
        let whole_only = ["Range request not supported", "non-partial response"];
        if whole_only.iter().any(|words| error.message.contains(words)) {
            return io::Error::new(io::ErrorKind::Unsupported, error);
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.get_or_insert_with(|| error.clone());
        io::Error::other(error)
    }

    /// A copy of it: the server gives no parts.
    fn copied(self: &Arc<Self>) -> &Result<Mutex<File>, String> {
        self.copy.get_or_init(|| {
            let object = Arc::clone(self);
            wait(async move { object.copy().await }).map(Mutex::new).map_err(|error| error.to_string())
        })
    }

    async fn copy(&self) -> io::Result<File> {
        let location = &self.location;
        let got = location
            .attempt("reading", || async {
                let result = location.store.get_opts(&location.path, GetOptions::default()).await?;
                self.check(&result.meta)?;
                let wrong = |error: io::Error| Error::NotSupported { source: Box::new(error) };
                let mut file = nameless().map_err(wrong)?;
                let mut stream = result.into_stream();
                let mut length = 0;
                while let Some(bytes) = stream.next().await {
                    let bytes = bytes?;
                    file.write_all(&bytes).map_err(wrong)?;
                    length += bytes.len() as u64;
                }
                if length == self.stamp.size { Ok(file) } else { Err(cut_short()) }
            })
            .await;
        got.map_err(|error| self.keep(error))
    }
}

fn cut_short() -> Error {
    let error = io::Error::new(io::ErrorKind::UnexpectedEof, "the answer ended before its end");
    Error::Generic { store: "HTTP", source: Box::new(error) }
}

/// A file of the system's temporary folder that is gone when it is closed.
fn nameless() -> io::Result<File> {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("tanguero-{}-{number}.part", std::process::id()));
    let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

fn read_copy(copy: &Result<Mutex<File>, String>, range: Range<u64>) -> io::Result<Buffer> {
    let file = copy.as_ref().map_err(|error| io::Error::other(error.clone()))?;
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    let mut bytes = vec![0; usize::try_from(range.end - range.start).unwrap_or(usize::MAX)];
    file.seek(SeekFrom::Start(range.start))?;
    file.read_exact(&mut bytes)?;
    Ok(Buffer::from_vec(bytes))
}
