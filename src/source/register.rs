//! The files of a run: each has a number, which rows carry as `_file`, and a name, which reports show.

use std::sync::{Arc, PoisonError, RwLock};

/// Numbers of the run's files, shared by all its sources. A file that two sources read has two numbers, because each
/// of them judges its records.
#[derive(Debug, Clone, Default)]
pub struct FileRegister {
    shown: Arc<RwLock<Vec<String>>>,
}

impl FileRegister {
    /// No files yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of one more file.
    pub fn add(&self, shown: impl Into<String>) -> u32 {
        let mut files = self.shown.write().unwrap_or_else(PoisonError::into_inner);
        files.push(shown.into());
        u32::try_from(files.len() - 1)
            .expect("a run cannot list four thousand million files: their names exceed memory")
    }

    /// How the file with this number is shown; empty for a number never given.
    pub fn shown(&self, file: u32) -> String {
        let files = self.shown.read().unwrap_or_else(PoisonError::into_inner);
        files.get(file as usize).cloned().unwrap_or_default()
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
