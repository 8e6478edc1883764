//! Whether a file is still the one that was opened.

use std::fs::Metadata;
use std::path::Path;
use std::time::SystemTime;

/// Size and modification time of a file or object when it was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Bytes as stored.
    pub size: u64,
    /// When it was last written.
    pub modified: SystemTime,
}

impl Stamp {
    /// From what the file system said.
    pub fn new(metadata: &Metadata) -> std::io::Result<Self> {
        Ok(Self { size: metadata.len(), modified: metadata.modified()? })
    }

    /// Whether the file at `path` still bears this stamp. A file that is gone does not.
    pub fn holds(&self, path: &Path) -> bool {
        path.metadata().and_then(|metadata| Self::new(&metadata)).is_ok_and(|now| now == *self)
    }
}
