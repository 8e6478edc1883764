//! A report as a CSV file: made when its first row comes, so that an empty report is no file.

use crate::csv::{LineEnding, RowBuffer};
use crate::output::{OutputError, Place, Staged, StagedFile, Staging};

/// A report in the making.
pub(crate) struct Sheet<'a> {
    staging: &'a Staging<'a>,
    name: String,
    header: &'static [&'static str],
    file: Option<StagedFile>,
    rows: u64,
    line: RowBuffer,
}

impl<'a> Sheet<'a> {
    pub fn new(staging: &'a Staging<'a>, name: String, header: &'static [&'static str]) -> Self {
        Self { staging, name, header, file: None, rows: 0, line: RowBuffer::default() }
    }

    /// One row; `fields` are as many as the header has.
    pub fn row(&mut self, fields: &[&[u8]]) -> Result<(), OutputError> {
        debug_assert_eq!(fields.len(), self.header.len());
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let file = none.insert(self.staging.create(Place::Reports, &self.name)?);
                self.line.row(self.header, LineEnding::CrLf);
                file.append(self.line.bytes())?;
                file
            }
        };
        self.line.clear();
        self.line.row(fields, LineEnding::CrLf);
        self.rows += 1;
        file.append(self.line.bytes())
    }

    /// The finished file, if it has rows.
    pub fn finish(self) -> Result<Option<Staged>, OutputError> {
        self.file.map(|file| file.finish(self.rows)).transpose()
    }
}
