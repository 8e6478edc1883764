//! A text file as UTF-8 bytes: decompressed, transcoded, its byte order mark taken off.

use std::io::{self, Cursor, Read};
use std::ops::Range;

use encoding_rs::{Encoding, UTF_8};

use crate::mapping::Compression;
use crate::source::decompress::decompress;
use crate::source::input::FileAt;
use crate::source::transcode::{Transcoder, read_some};

/// How the bytes of a text file are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TextForm {
    /// What the file is packed in.
    pub compression: Compression,
    /// Its encoding, unless a byte order mark says otherwise.
    pub encoding: &'static Encoding,
}

/// The decoded bytes of one text file, from its start or from a place in it.
pub(super) struct TextReader {
    input: Box<dyn Read + Send>,
    /// Bytes before the first decoded one, where a decoded byte is a byte of the file; `None` where it is not, so
    /// that no place in the file can be returned to.
    origin: Option<u64>,
}

impl TextReader {
    /// Opens `file` at its first byte of text.
    pub fn open(file: &FileAt, form: TextForm) -> io::Result<Self> {
        let mut input = decompress(file.open()?, form.compression)?;
        // Read by hand: a stream may give fewer bytes than asked for, and the mark must not be cut by that.
        let mut head = [0; 3];
        let mut filled = 0;
        while filled < head.len() {
            match read_some(&mut input, &mut head[filled..])? {
                0 => break,
                count => filled += count,
            }
        }
        let (encoding, mark) = match Encoding::for_bom(&head[..filled]) {
            Some((marked, length)) => (marked, length),
            None => (form.encoding, 0),
        };
        let plain = form.compression == Compression::None && encoding == UTF_8;
        let input = Cursor::new(head[mark..filled].to_vec()).chain(input);
        let input: Box<dyn Read + Send> =
            if encoding == UTF_8 { Box::new(input) } else { Box::new(Transcoder::new(input, encoding)) };
        Ok(Self { input, origin: plain.then_some(mark as u64) })
    }

    /// Opens plain UTF-8 bytes in the midst of `file`.
    pub fn part(file: &FileAt, range: Range<u64>) -> io::Result<Self> {
        let input = file.open_at(range.start)?.take(range.end - range.start);
        Ok(Self { input: Box::new(input), origin: Some(0) })
    }

    /// Bytes of the file before the first decoded byte, if decoded bytes are bytes of the file.
    pub fn origin(&self) -> Option<u64> {
        self.origin
    }

    /// Appends up to `want` bytes to `buffer`, fewer only at the end of the file; returns how many.
    pub fn read(&mut self, buffer: &mut Vec<u8>, want: usize) -> io::Result<usize> {
        // Into memory that nobody has cleared before: a large buffer is cleared for nothing.
        buffer.reserve(want);
        (&mut self.input).take(want as u64).read_to_end(buffer)
    }
}

impl Read for TextReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        read_some(&mut self.input, buffer)
    }
}

/// The encoding called `label` in the WHATWG standard, where `latin1` means windows-1252 and `utf-16` little-endian.
pub(super) fn encoding(label: &str) -> Option<&'static Encoding> {
    Encoding::for_label_no_replacement(label.as_bytes())
}
