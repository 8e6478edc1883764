//! Files for those who judge how they are written: what is listed, of which kind, and their bytes or decoded text.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::mapping::{Compression, SourceKind};
use crate::source::decompress::decompress;
use crate::source::definition::{SourceDefinition, SourceError};
use crate::source::text::{TextForm, TextReader, encoding};
use crate::source::{kind, list};

/// The files that `definition` means, in file order, each with the name that reports give it.
///
/// # Errors
/// No file (S801), or one that cannot be read (S804).
pub fn listed(definition: &SourceDefinition) -> Result<Vec<(PathBuf, String)>, SourceError> {
    Ok(list::list(definition)?.into_iter().map(|file| (file.path, file.shown)).collect())
}

/// Kind and compression that the name of `path` speaks of.
pub fn kind_of(path: &Path) -> (Option<SourceKind>, Compression) {
    kind::of_name(path.file_name().unwrap_or_default())
}

/// The bytes of `path` as they were before they were packed.
///
/// # Errors
/// It cannot be opened.
pub fn decompressed(path: &Path, compression: Compression) -> io::Result<Box<dyn Read + Send>> {
    decompress(File::open(path)?, compression)
}

/// The text of `path` in UTF-8, without its byte order mark, which wins over the encoding called `label`. Bytes that mean
/// nothing come as `0xFF`.
///
/// # Errors
/// It cannot be opened, or there is no such encoding.
pub fn text(path: &Path, compression: Compression, label: &str) -> io::Result<impl Read + Send + use<>> {
    let unknown = || io::Error::new(io::ErrorKind::InvalidInput, format!("there is no encoding called `{label}`"));
    TextReader::open(path, TextForm { compression, encoding: encoding(label).ok_or_else(unknown)? })
}

/// A part of a text in the encoding called `label`, as UTF-8 without a byte order mark. None if there is no such encoding.
pub fn decode(part: &[u8], label: &str) -> Option<String> {
    let (text, ..) = encoding(label)?.decode(part);
    Some(text.into_owned())
}
