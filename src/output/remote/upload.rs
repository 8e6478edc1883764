//! Files on their way up: opened, sent in parts side by side, completed one by one, or aborted.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use object_store::multipart::PartId;
use object_store::{ObjectStoreExt, PutPayload};

use crate::output::remote::folder::{RemoteFolder, TRIES, pause};
use crate::output::remote::journal::Upload;
use crate::output::remote::leftovers::OpenUpload;
use crate::output::{OutputError, Staged, folder};
use crate::store::{Reason, Way, reason};

/// Bytes of a part. Stores want at least 5 MiB of all but the last.
const PART: u64 = 8 << 20;

/// The most parts a store takes for one object.
const MOST_PARTS: u64 = 10_000;

/// Parts that are sent, and held in memory, at once: whatever the files, no more than this.
const AT_ONCE: usize = 4;

/// Calls without a body that are made at once.
const CALLS_AT_ONCE: usize = 8;

/// A staged file, and the upload that is open for it.
pub(super) struct Opened {
    pub folder: RemoteFolder,
    pub staged: Staged,
    pub id: String,
}

impl Opened {
    pub fn note(&self) -> OpenUpload {
        OpenUpload { place: self.staged.place, name: self.staged.file.file.clone(), id: self.id.clone() }
    }
}

/// Opens an upload for every file; on an error those that were opened are closed again.
pub(super) async fn open(files: Vec<(RemoteFolder, Staged)>, run_id: &str) -> Result<Vec<Opened>, OutputError> {
    let opening = stream::iter(files).map(|(remote, staged)| async move {
        let name = &staged.file.file;
        let id = match &remote.way {
            Way::Parts(store, _) => remote
                .patiently(|| async { store.create_multipart(&remote.path(name)).await })
                .await
                .map_err(|error| remote.failed("opening an upload", name, &error))?,
            // Hidden: neither Totango nor a source's pattern takes it.
            Way::Rename(_) => format!("{}{run_id}-{name}", folder::HIDDEN),
            Way::Never => return Err(remote.read_only()),
        };
        Ok(Opened { folder: remote, staged, id })
    });
    let results: Vec<Result<Opened, OutputError>> = opening.buffered(CALLS_AT_ONCE).collect().await;
    let mut opened = Vec::new();
    let mut failure = None;
    for result in results {
        match result {
            Ok(one) => opened.push(one),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        None => Ok(opened),
        Some(error) => {
            abort_all(&opened).await;
            Err(error)
        }
    }
}

/// Sends all parts of all files; nothing of it can be seen afterwards. The caller aborts after an error.
pub(super) async fn send(opened: &[Opened]) -> Result<Vec<Upload>, OutputError> {
    let mut parts = Vec::new();
    for (file, one) in opened.iter().enumerate() {
        let bytes = one.staged.file.bytes;
        let part = part_size(bytes);
        match &one.folder.way {
            Way::Parts(..) => parts.extend((0..bytes.div_ceil(part)).map(|number| (file, number * part, part))),
            Way::Rename(_) | Way::Never => parts.push((file, 0, bytes)),
        }
    }
    let sending = stream::iter(parts).map(|(file, start, length)| async move {
        let one = &opened[file];
        let id = match &one.folder.way {
            Way::Parts(..) => part(one, start, length).await?,
            Way::Rename(_) | Way::Never => {
                partial(one).await?;
                None
            }
        };
        Ok::<_, OutputError>((file, id))
    });
    let sent: Vec<(usize, Option<String>)> = sending.buffered(AT_ONCE).try_collect().await?;
    let mut uploads: Vec<Upload> = opened
        .iter()
        .map(|one| Upload {
            place: one.staged.place,
            name: one.staged.file.file.clone(),
            bytes: one.staged.file.bytes,
            xxh3: one.staged.file.xxh3.clone(),
            id: one.id.clone(),
            parts: Vec::new(),
        })
        .collect();
    for (file, id) in sent {
        uploads[file].parts.extend(id);
    }
    Ok(uploads)
}

fn part_size(bytes: u64) -> u64 {
    PART.max(bytes.div_ceil(MOST_PARTS))
}

async fn part(one: &Opened, start: u64, length: u64) -> Result<Option<String>, OutputError> {
    let Way::Parts(store, _) = &one.folder.way else { return Ok(None) };
    let name = &one.staged.file.file;
    let length = length.min(one.staged.file.bytes - start);
    let payload = PutPayload::from(piece(one.staged.path.clone(), start, length).await?);
    let path = one.folder.path(name);
    let number = usize::try_from(start / part_size(one.staged.file.bytes)).expect("at most 10,000 parts");
    let sent = one.folder.patiently(|| store.put_part(&path, &one.id, number, payload.clone())).await;
    match sent {
        Ok(part) => Ok(Some(part.content_id)),
        Err(error) => Err(one.folder.failed("sending a part", name, &error)),
    }
}

/// A whole file under its hidden name.
async fn partial(one: &Opened) -> Result<(), OutputError> {
    let failed = |error| one.folder.failed("sending", &one.staged.file.file, &error);
    let path = one.folder.path(&one.id);
    let bytes = one.staged.file.bytes;
    if bytes <= PART {
        let payload = PutPayload::from(piece(one.staged.path.clone(), 0, bytes).await?);
        return one.folder.within(one.folder.store.put(&path, payload)).await.map(|_| ()).map_err(failed);
    }
    let mut upload = one.folder.within(one.folder.store.put_multipart(&path)).await.map_err(failed)?;
    let mut start = 0;
    while start < bytes {
        let length = PART.min(bytes - start);
        let payload = PutPayload::from(piece(one.staged.path.clone(), start, length).await?);
        one.folder.within(upload.put_part(payload)).await.map_err(failed)?;
        start += length;
    }
    one.folder.within(upload.complete()).await.map(|_| ()).map_err(failed)
}

/// Bytes of a staged file.
async fn piece(path: PathBuf, start: u64, length: u64) -> Result<Vec<u8>, OutputError> {
    let read = move || {
        let mut bytes = vec![0; usize::try_from(length).expect("a part fits the memory")];
        let file = File::open(&path).and_then(|file| file.read_exact_at(&mut bytes, start));
        file.map(|()| bytes).map_err(OutputError::disk("read", &path))
    };
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
}

/// Makes the upload the object of its name, or finds that it is; gives what the store calls this version.
pub(super) async fn complete(folder: &RemoteFolder, upload: &Upload) -> Result<Option<String>, OutputError> {
    let path = folder.path(&upload.name);
    let began = Instant::now();
    let mut tries = 0;
    loop {
        tries += 1;
        let done = match &folder.way {
            Way::Parts(store, _) => {
                let parts = upload.parts.iter().map(|id| PartId { content_id: id.clone() }).collect();
                folder.within(store.complete_multipart(&path, &upload.id, parts)).await.map(|done| done.e_tag)
            }
            Way::Rename(server) => folder.within(server.rename(&folder.path(&upload.id), &path)).await.map(|()| None),
            Way::Never => return Err(folder.read_only()),
        };
        let error = match done {
            Ok(tag) => return look_back(folder, upload, tag).await,
            Err(error) => error,
        };
        // The answer may have been lost, and not the file: its content decides.
        let failed = folder.failed("completing the upload", &upload.name, &error);
        match folder.holds(&upload.name, upload.bytes, &upload.xxh3).await {
            Ok(true) => return look_back(folder, upload, None).await,
            Ok(false) if tries < TRIES && began.elapsed() < folder.deadline && passes(&error) => pause(tries).await,
            _ => return Err(failed),
        }
    }
}

/// Also of a kind that the library does not know how to read: half an answer.
fn passes(error: &object_store::Error) -> bool {
    matches!(reason(error), Reason::Transient | Reason::Refused)
}

/// What the store now says of the object must be what was sent.
async fn look_back(folder: &RemoteFolder, upload: &Upload, tag: Option<String>) -> Result<Option<String>, OutputError> {
    let object = || folder.object(&upload.name);
    let damaged = |problem: String| OutputError::damaged(object().as_ref(), problem);
    let Some(meta) = folder.look_at(&upload.name).await? else {
        return Err(damaged("is not there although its upload was completed: something else deletes it".to_owned()));
    };
    if meta.size != upload.bytes || (tag.is_some() && meta.e_tag.is_some() && meta.e_tag != tag) {
        return Err(damaged(format!(
            "has {} bytes and is not what was sent ({} bytes): something else writes there",
            meta.size, upload.bytes
        )));
    }
    Ok(meta.e_tag)
}

/// Closes uploads that will not be completed; gives those that are still open.
pub(super) async fn abort_all(opened: &[Opened]) -> Vec<OpenUpload> {
    // Gathered first: a stream of borrowed items does not go from thread to thread.
    let aborting: Vec<_> = opened.iter().map(left_open).collect();
    stream::iter(aborting).buffer_unordered(CALLS_AT_ONCE).filter_map(|left| async { left }).collect().await
}

async fn left_open(one: &Opened) -> Option<OpenUpload> {
    abort(&one.folder, &one.staged.file.file, &one.id).await.is_err().then(|| one.note())
}

/// Closes an upload; fine if it is closed.
pub(super) async fn abort(folder: &RemoteFolder, name: &str, id: &str) -> Result<(), OutputError> {
    let Way::Parts(store, _) = &folder.way else { return folder.remove(id).await };
    let (path, id) = (folder.path(name), id.to_owned());
    match folder.patiently(|| store.abort_multipart(&path, &id)).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(folder.failed("aborting the upload", name, &error)),
    }
}
