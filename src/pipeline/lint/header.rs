//! What lint reads before any row: how the file begins, its header, and the accounts that are known.

use std::io::Read;
use std::path::Path;
use std::time::SystemTime;

use crate::csv::{Dialect, Header, HeaderFault, read_header};
use crate::diagnostic::{Code, Diagnostic, code};
use crate::format;
use crate::pipeline::Failure;
use crate::pipeline::lint::finding::{LintFinding, Tally};
use crate::pipeline::lint::tape::Tape;
use crate::source::{FileAt, FileRegister, SourceDefinition, decompressed, kind_of, open, text};
use crate::store::{self, Stores};

/// Reads the header; what is wrong with the file as a whole is found here. None if no row can be judged.
pub(super) fn header(file: &FileAt, tally: &mut Tally<'_>) -> Result<Option<Header>, Failure> {
    let compression = kind_of(file).1;
    let mut start = [0; 3];
    let mut bytes = decompressed(file, compression)?;
    let mut filled = 0;
    while filled < start.len() {
        match bytes.read(&mut start[filled..])? {
            0 => break,
            count => filled += count,
        }
    }
    let whole = |code: &'static Code, message: String| LintFinding {
        line: 1,
        column: "file".to_owned(),
        field: None,
        code,
        message,
        value: String::new(),
        written: None,
    };
    match start {
        [0xEF, 0xBB, 0xBF] => {
            let say = || whole(&code::BYTE_ORDER_MARK, code::BYTE_ORDER_MARK.title.to_owned());
            tally.add(&code::BYTE_ORDER_MARK, false, say);
        }
        [0xFF, 0xFE, _] | [0xFE, 0xFF, _] => {
            tally.add(&code::NOT_UTF8, false, || whole(&code::NOT_UTF8, "the file is in UTF-16".to_owned()));
        }
        _ => {}
    }
    let mut tape = Tape::new(Box::new(text(file, compression, "utf-8")?), Dialect::default());
    let header = loop {
        match read_header(tape.rest(), &Dialect::default(), 0, tape.is_read()) {
            Ok(header) => break header,
            Err(HeaderFault::Unfinished) => tape.more(tape.rest().len())?,
            Err(fault) => {
                let message = match fault {
                    HeaderFault::Record { .. } => {
                        "the header cannot be read: is the file UTF-8, are its quotes closed?"
                    }
                    _ => "the file is empty: it has no header",
                };
                tally.add(&code::HEADER, true, || whole(&code::HEADER, message.to_owned()));
                return Ok(None);
            }
        }
    };
    if let [only] = header.names.as_slice()
        && let Some(other) = [';', '\t', '|'].into_iter().find(|sign| only.contains(*sign))
    {
        let message = format!("the header is one column; the fields are separated by {other:?}");
        tally.add(&code::NOT_COMMAS, true, || whole(&code::NOT_COMMAS, message));
        return Ok(None);
    }
    if header.start.carriage_return {
        tally.add(&code::LINE_ENDS, false, || whole(&code::LINE_ENDS, code::LINE_ENDS.title.to_owned()));
    }
    Ok(Some(header))
}

/// A file named on the command line as a source names it.
pub(super) fn pattern(current: &Path, file: &Path) -> String {
    let text = file.to_string_lossy();
    if store::is_url(&text) { text.into_owned() } else { current.join(file).to_string_lossy().into_owned() }
}

/// The file of known accounts, and its column with their ids.
pub(super) fn known_accounts(current: &Path, known: &Path, stores: &Stores) -> Result<(String, String), Failure> {
    let path = pattern(current, known);
    let definition = SourceDefinition {
        shown_base: current.to_path_buf(),
        stores: stores.clone(),
        ..SourceDefinition::new("known", path.clone())
    };
    let source = open(definition, &FileRegister::new(), SystemTime::now())?;
    let accounts = format::find("accounts").expect("the catalogue has accounts");
    let fields = source.schema().fields;
    let is_id = |name: &str| accounts.recognise(name).is_some_and(|column| column.name == "account_id");
    let named = fields.iter().find(|field| is_id(&field.name)).or_else(|| fields.first().filter(|_| fields.len() == 1));
    match named {
        Some(field) => Ok((path, field.name.clone())),
        None => {
            let message = format!("`{}` has no column `account_id`", known.display());
            Err(Failure::World(Diagnostic::error(&code::USAGE, message)))
        }
    }
}
