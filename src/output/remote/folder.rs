//! One folder of a store, as publishing sees it: objects by their names, every call with a deadline.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path as LocalPath;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use object_store::path::Path;
use object_store::{
    ListResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, PutResult, UpdateVersion,
};
use xxhash_rust::xxh3::Xxh3;

use crate::output::{OutputError, folder};
use crate::store::{Kind, Reason, StoreError, Upload, Way, reason};

/// So often a call is made that fails for a reason that passes, beyond what the library itself does.
pub(super) const TRIES: u32 = 4;

/// Waits a little longer after each try.
pub(super) async fn pause(tries: u32) {
    tokio::time::sleep(Duration::from_millis(50) * 3_u32.pow(tries)).await;
}

/// A folder of a store.
#[derive(Clone)]
pub struct RemoteFolder {
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// How files are put in place.
    pub way: Way,
    /// Where the folder lies in it.
    pub prefix: Path,
    /// What speaks to the store.
    pub kind: Kind,
    /// Its URL as people may read it.
    pub shown: String,
    /// No single call takes longer, its retries included.
    pub deadline: Duration,
}

impl fmt::Debug for RemoteFolder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("RemoteFolder").field("shown", &self.shown).finish_non_exhaustive()
    }
}

/// An object's bytes and version.
pub(super) struct Found {
    pub bytes: Vec<u8>,
    pub version: UpdateVersion,
    /// Seconds since 1970, by the store's clock.
    pub modified: i64,
}

impl RemoteFolder {
    /// The object called `name` in it.
    pub(super) fn path(&self, name: &str) -> Path {
        self.prefix.clone().join(name)
    }

    /// Its URL as people may read it.
    pub fn object(&self, name: &str) -> String {
        format!("{}/{name}", self.shown.trim_end_matches('/'))
    }

    /// What went wrong with the object `name` while `operation`; without a name: with the folder.
    pub(super) fn failed(&self, operation: &str, name: &str, error: &object_store::Error) -> OutputError {
        let object = if name.is_empty() { self.shown.clone() } else { self.object(name) };
        StoreError::of(&object, operation, error, self.deadline).into()
    }

    /// It can only be read; found out before a run begins.
    pub(super) fn read_only(&self) -> OutputError {
        let error = object_store::Error::NotSupported { source: "it can only be read".into() };
        self.failed("publishing", "", &error)
    }

    /// What somebody types to remove an upload that nobody will complete.
    pub(super) fn removal(&self, name: &str, id: &str) -> String {
        let rest = self.shown.split_once("://").map_or("", |(_, rest)| rest);
        let host = rest.split('/').next().unwrap_or_default();
        let key = self.path(name);
        match self.kind {
            Kind::S3 => format!("aws s3api abort-multipart-upload --bucket {host} --key '{key}' --upload-id '{id}'"),
            Kind::Gcs => format!(
                "curl -X DELETE -H \"Authorization: Bearer $(gcloud auth print-access-token)\" \
                 'https://storage.googleapis.com/{host}/{key}?upload_id={id}'"
            ),
            Kind::Sftp => format!("echo 'rm {}' | sftp {host}", self.path(id)),
            // Azure drops blocks that nobody commits within a week; the others have no uploads.
            _ => format!("nothing: {} drops what is not completed by itself", self.kind),
        }
    }

    /// `call`, or an error when the deadline is over.
    pub(super) async fn within<T>(
        &self,
        call: impl Future<Output = object_store::Result<T>>,
    ) -> object_store::Result<T> {
        match tokio::time::timeout(self.deadline, call).await {
            Ok(result) => result,
            Err(_) => Err(object_store::Error::Generic {
                store: "store",
                source: Box::new(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time")),
            }),
        }
    }

    /// `call` again and again while it fails for a reason that passes, but no longer than the deadline. For calls that may be
    /// made twice: the library itself does not repeat all of those, nor after a body that broke off.
    pub(super) async fn patiently<T, F>(&self, mut call: impl FnMut() -> F) -> object_store::Result<T>
    where
        F: Future<Output = object_store::Result<T>>,
    {
        self.within(async {
            for tries in 1..TRIES {
                match call().await {
                    Err(error) if reason(&error) == Reason::Transient => pause(tries).await,
                    result => return result,
                }
            }
            call().await
        })
        .await
    }

    /// A whole object; none if there is no such object.
    pub(super) async fn read(&self, name: &str) -> Result<Option<Found>, OutputError> {
        let path = self.path(name);
        let read = async || {
            let answer = self.store.get(&path).await?;
            let meta = answer.meta.clone();
            Ok((meta, answer.bytes().await?))
        };
        match self.patiently(read).await {
            Ok((meta, bytes)) => Ok(Some(Found {
                bytes: bytes.to_vec(),
                modified: meta.last_modified.timestamp(),
                version: UpdateVersion { e_tag: meta.e_tag, version: meta.version },
            })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("reading", name, &error)),
        }
    }

    /// What the store says of an object; none if there is no such object.
    pub(super) async fn look_at(&self, name: &str) -> Result<Option<ObjectMeta>, OutputError> {
        let path = self.path(name);
        match self.patiently(|| self.store.head(&path)).await {
            Ok(meta) => Ok(Some(meta)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("looking at it", name, &error)),
        }
    }

    /// Whether the object has exactly this content. Reads all of it if its size fits.
    pub(super) async fn holds(&self, name: &str, bytes: u64, xxh3: &str) -> Result<bool, OutputError> {
        match self.look_at(name).await? {
            Some(meta) if meta.size == bytes => {}
            _ => return Ok(false),
        }
        Ok(self.read_through(name, None).await? == xxh3)
    }

    /// Reads all of an object, into the local file `to` if there is one; gives its xxh3.
    pub(super) async fn read_through(&self, name: &str, to: Option<&LocalPath>) -> Result<String, OutputError> {
        let path = self.path(name);
        let read = async || -> object_store::Result<Result<String, OutputError>> {
            let mut file = match to.map(|to| File::create(to).map_err(OutputError::disk("make", to))) {
                Some(Err(error)) => return Ok(Err(error)),
                Some(Ok(file)) => Some(file),
                None => None,
            };
            let mut stream = self.store.get(&path).await?.into_stream();
            let mut hash = Xxh3::new();
            while let Some(piece) = stream.next().await.transpose()? {
                hash.update(&piece);
                if let (Some(file), Some(to)) = (&mut file, to)
                    && let Err(error) = file.write_all(&piece)
                {
                    return Ok(Err(OutputError::disk("write", to)(error)));
                }
            }
            Ok(Ok(folder::hex(&hash)))
        };
        // However large it is, it is read as long as bytes come: the store's own timeouts end it if none do.
        for tries in 1..TRIES {
            match read().await {
                Err(error) if reason(&error) == Reason::Transient => pause(tries).await,
                result => return result.map_err(|error| self.failed("reading it back", name, &error))?,
            }
        }
        read().await.map_err(|error| self.failed("reading it back", name, &error))?
    }

    /// Writes a small object at once.
    pub(super) async fn put(&self, name: &str, bytes: Vec<u8>, mode: PutMode) -> object_store::Result<PutResult> {
        let path = self.path(name);
        let options = PutOptions { mode, ..PutOptions::default() };
        self.within(self.store.put_opts(&path, PutPayload::from(bytes), options)).await
    }

    /// Writes a small object over whatever stands there, never seen in part.
    pub(super) async fn replace(&self, name: &str, bytes: Vec<u8>, partial: &str) -> Result<(), OutputError> {
        let failed = |error| self.failed("writing", name, &error);
        match &self.way {
            Way::Parts(..) => self.put(name, bytes, PutMode::Overwrite).await.map(|_| ()).map_err(failed),
            Way::Rename(server) => {
                self.put(partial, bytes, PutMode::Overwrite).await.map_err(failed)?;
                self.within(server.rename(&self.path(partial), &self.path(name))).await.map_err(failed)
            }
            Way::Never => Err(self.read_only()),
        }
    }

    /// Deletes an object; fine if there is none.
    pub(super) async fn remove(&self, name: &str) -> Result<(), OutputError> {
        let path = self.path(name);
        match self.patiently(|| self.store.delete(&path)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("deleting", name, &error)),
        }
    }

    /// Uploads that are open for objects of this folder; none where the store does not tell.
    pub(super) async fn uploads(&self) -> Vec<Upload> {
        let Way::Parts(_, Some(lists)) = &self.way else { return Vec::new() };
        let prefix = if self.prefix.as_ref().is_empty() { String::new() } else { format!("{}/", self.prefix) };
        // Who may publish need not be allowed to ask this.
        let mut found = self.patiently(|| lists.open(&prefix)).await.unwrap_or_default();
        found.retain(|upload| upload.key.strip_prefix(&prefix).is_some_and(|name| !name.contains('/')));
        found
    }

    /// Names of our own hidden objects in the folder.
    pub(super) async fn hidden(&self) -> Result<Vec<String>, OutputError> {
        let names = self.names().await?;
        Ok(names.into_iter().filter(|name| name.starts_with(folder::HIDDEN)).collect())
    }

    /// Names of the objects in the folder.
    pub(super) async fn names(&self) -> Result<Vec<String>, OutputError> {
        Ok(self.list().await?.objects.iter().filter_map(|meta| meta.location.filename().map(str::to_owned)).collect())
    }

    /// The same with their sizes.
    pub(super) async fn sizes(&self) -> Result<Vec<(String, u64)>, OutputError> {
        let list = self.list().await?;
        let sized = |meta: &ObjectMeta| Some((meta.location.filename()?.to_owned(), meta.size));
        Ok(list.objects.iter().filter_map(sized).collect())
    }

    /// Names of the folders in it.
    pub(super) async fn folders(&self) -> Result<Vec<String>, OutputError> {
        Ok(self.list().await?.common_prefixes.iter().filter_map(|path| path.filename().map(str::to_owned)).collect())
    }

    async fn list(&self) -> Result<ListResult, OutputError> {
        match self.patiently(|| self.store.list_with_delimiter(Some(&self.prefix))).await {
            Ok(list) => Ok(list),
            // A folder of a server, which is made with its first file.
            Err(object_store::Error::NotFound { .. }) => {
                Ok(ListResult { objects: Vec::new(), common_prefixes: Vec::new() })
            }
            Err(error) => Err(self.failed("listing", "", &error)),
        }
    }

    /// Removes the folder itself where folders are more than parts of names; it must have nothing in it.
    pub(super) async fn remove_itself(&self) {
        if let Way::Rename(server) = &self.way {
            let _ = tokio::time::timeout(self.deadline, server.remove_folder(&self.prefix)).await;
        }
    }

    /// The folder `name` in it.
    #[must_use]
    pub fn below(&self, name: &str) -> Self {
        Self { prefix: self.path(name), shown: self.object(name), ..self.clone() }
    }
}
