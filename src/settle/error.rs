//! What can stop settling.

use std::io;

/// So many bytes, rounded up, as `--memory` is written.
fn megabytes(bytes: u64) -> String {
    format!("{}MB", bytes.div_ceil(1_000_000))
}

/// Why settling ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The temporary files of encoded rows.
    #[error("the temporary file of encoded rows cannot be used: {0}")]
    Spill(#[from] io::Error),
    /// What must stay in memory would exceed the budget.
    #[error("{stage} needs {} of memory or more, {} of it beside the rows; `--memory` is {}",
        megabytes(held.saturating_add(*bytes)), megabytes(*held), megabytes(*memory))]
    MemoryNeeded {
        /// The stage that needs it.
        stage: &'static str,
        /// What is held whatever becomes of rows.
        held: u64,
        /// How much all that is held for rows would be; where the stage goes on: so far.
        bytes: u64,
        /// How much both together may be.
        memory: u64,
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
