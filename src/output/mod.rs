//! Finished bytes become a published folder, with an exact account beside it.
//!
//! In: encoded rows in spill files, rejects, duplicates, figures. Out: the Totango files, their reports and `run.json`, all of
//! them or none. The life of a publish:
//!
//! 1. [`Lock::take`] keeps a second run out of the folder; [`recover`] puts right what a killed one left.
//! 2. [`Staging::begin`] makes a hidden folder in the target; [`write_table`], [`RejectsWriter`] and [`DuplicatesWriter`]
//!    write into it. Each finished file is durable and knows its size and hash.
//! 3. [`RunReport`] says what happened; [`succeed`] compares it with what stands in the folder; [`unchanged`] spares a publish.
//! 4. [`Staging::publish`] writes a journal, renames, removes, and puts `run.json` last.
//! 5. [`Evidence`] keeps reports of every run, good or bad; [`why`] reads them.
//!
//! A target in a store is published to by [`Remote`], under the same promises.
//!
//! This room knows no engine and judges no row.

mod archive;
mod delivered;
mod duplicates;
mod error;
mod evidence;
mod finding;
mod folder;
mod journal;
mod local_copy;
mod lock;
mod new_accounts;
mod ordered;
mod previous;
mod publish;
mod record;
mod rejects;
mod remote;
mod report;
mod scan;
mod sheet;
mod split;
mod staging;
mod step;
mod table;
#[cfg(test)]
mod tests;
mod why;

pub use archive::archive;
pub use delivered::{Delivery, DeliveryAnswer, Notification};
pub use duplicates::{Duplicate, DuplicatesWriter};
pub use error::OutputError;
pub use evidence::{Evidence, find_run, runs};
pub use finding::{Child, Finding, render};
pub(crate) use folder::{MANIFEST, fingerprint};
pub(crate) use folder::{made, short};
pub use journal::{Place, Removal};
pub use local_copy::{copy_file, has_file, hold_file, put_whole};
pub use lock::{Holder, Lock, LockHeld};
pub use new_accounts::NewAccountsWriter;
pub use ordered::Ordered;
pub(crate) use previous::{is_kept, standing};
pub use previous::{stands, succeed, unchanged, was_sent};
pub use publish::{PublishPlan, Recovered, recover};
pub use record::Record;
pub use rejects::{Disclosure, Reject, RejectsFile, RejectsWriter};
pub use remote::{Leftover, OpenUpload, Remote, RemoteFolder, RemoteReports, StoreShelf};
pub use report::{
    ClusterReport, Counts, Kept, MappingReport, Object, OutputFile, Problem, QuerySource, Rows, RunReport, SourceFile,
    Status,
};
pub(crate) use scan::each_record;
pub use split::Split;
pub use staging::{Staged, StagedFile, Staging};
pub use step::replace;
pub use table::write_table;
pub use why::why;
