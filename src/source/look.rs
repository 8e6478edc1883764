//! Files for those who judge how they are written: what is listed, of which kind, and their bytes or decoded text.

use std::io::{self, Read};

use crate::mapping::{Compression, SourceKind};
use crate::source::decompress::decompress;
use crate::source::definition::{SourceDefinition, SourceError};
use crate::source::input::FileAt;
use crate::source::text::{TextForm, TextReader, encoding};
use crate::source::{kind, list};

/// The files that `definition` means, in file order, each with the name that reports give it.
///
/// # Errors
/// No file (S801), or one that cannot be read (S804).
pub fn listed(definition: &SourceDefinition) -> Result<Vec<(FileAt, String)>, SourceError> {
    Ok(list::list(definition)?.into_iter().map(|file| (file.input, file.shown)).collect())
}

/// Kind and compression that the name of `file` speaks of.
pub fn kind_of(file: &FileAt) -> (Option<SourceKind>, Compression) {
    kind::of_name(&file.name())
}

/// The bytes of `file` as they were before they were packed.
///
/// # Errors
/// It cannot be opened.
pub fn decompressed(file: &FileAt, compression: Compression) -> io::Result<Box<dyn Read + Send>> {
    decompress(file.open()?, compression)
}

/// The text of `file` in UTF-8, without its byte order mark, which wins over the encoding called `label`. Bytes that mean
/// nothing come as `0xFF`.
///
/// # Errors
/// It cannot be opened, or there is no such encoding.
pub fn text(file: &FileAt, compression: Compression, label: &str) -> io::Result<impl Read + Send + use<>> {
    let unknown = || io::Error::new(io::ErrorKind::InvalidInput, format!("there is no encoding called `{label}`"));
    TextReader::open(file, TextForm { compression, encoding: encoding(label).ok_or_else(unknown)? })
}

/// A part of a text in the encoding called `label`, as UTF-8 without a byte order mark. None if there is no such encoding.
pub fn decode(part: &[u8], label: &str) -> Option<String> {
    let (text, ..) = encoding(label)?.decode(part);
    Some(text.into_owned())
}
