//! Publishing to a store: the same promises as a local folder, kept with other means.
//!
//! A run still stages its files on the local disk. Then, under a lock that is an object of the target:
//!
//! 1. uploads are opened on the final names and all parts of all files go up; nothing of it can be seen;
//! 2. the lock is read once more, and a journal object says which uploads make the new set: from here the set is decided;
//! 3. the uploads are completed one after the other, data first, then reports; each is looked at; `run.json` comes last;
//! 4. what the last publish had and this one has not is deleted, then the journal.
//!
//! A run that is killed before step 2 leaves uploads that the lock object names: the next command aborts them. One killed
//! later leaves the journal: the next command finishes. [`StoreShelf`] keeps the state of a project by the same means. Servers without uploads (SFTP) get hidden partial files and renames.

mod archive;
mod claim;
mod copy;
mod evidence;
mod finish;
mod folder;
mod journal;
mod leftovers;
mod lock;
mod publish;
mod shelf;
mod standing;
#[cfg(test)]
mod tests;
mod upload;

pub(super) use evidence::UNSENT;
pub use folder::RemoteFolder;
pub use leftovers::{Leftover, OpenUpload};
pub use publish::{Remote, RemoteReports};
pub use shelf::StoreShelf;
