//! What can stop settling.

use std::io;

/// Why settling ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The temporary files of encoded rows.
    #[error("the temporary file of encoded rows cannot be used: {0}")]
    Spill(#[from] io::Error),
    /// The narrow records of the rows, which must stay in memory, would exceed the budget.
    #[error("{stage} needs {bytes} bytes of memory for the rows' records")]
    MemoryNeeded {
        /// The stage that needs it.
        stage: &'static str,
        /// How much it needs; while rows are still being read: so far.
        bytes: u64,
    },
    /// More rows, files or lines than a row's record can number.
    #[error("{0}")]
    TooLarge(String),
    /// A pivot makes more columns than Totango takes.
    #[error("the pivot makes {columns} columns; Totango takes 1,000")]
    TooManyColumns {
        /// All columns of the file.
        columns: usize,
    },
    /// The plan's batches are not what the layout says: a mistake in tanguero.
    #[error("the judged rows have an unexpected shape: {0}")]
    Batch(String),
}
