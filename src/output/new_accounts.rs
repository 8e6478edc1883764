//! `<stem>.new_accounts.csv`: the accounts that Totango does not have, each with the record in which it stands first.

use crate::output::sheet::Sheet;
use crate::output::{Disclosure, OutputError, Staged, Staging};

const COLUMNS: [&str; 3] = ["key", "file", "line"];

/// Writes the list of new accounts.
pub struct NewAccountsWriter<'a> {
    sheet: Sheet<'a>,
    disclosure: Disclosure,
}

impl<'a> NewAccountsWriter<'a> {
    /// For the output whose name without `.csv` is `stem`.
    pub fn new(staging: &'a Staging<'a>, stem: &str, disclosure: Disclosure) -> Self {
        Self { sheet: Sheet::new(staging, format!("{stem}.new_accounts.csv"), &COLUMNS), disclosure }
    }

    /// One account, by its id.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn push(&mut self, account: &str, file: &str, line: u64) -> Result<(), OutputError> {
        let key = self.disclosure.key(account);
        self.sheet.row(&[key.as_bytes(), file.as_bytes(), line.to_string().as_bytes()])
    }

    /// Makes the file durable; none if all accounts are known.
    ///
    /// # Errors
    /// If the disk is full or fails.
    pub fn finish(self) -> Result<Option<Staged>, OutputError> {
        self.sheet.finish()
    }
}
