//! Other encodings as UTF-8, streamed.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding};

/// Bytes taken from the source at a time.
const RAW_BYTES: usize = 64 * 1024;

/// What stands for a sequence that means nothing in the source's encoding: a byte that UTF-8 never has, so that the
/// decoder rejects the record instead of guessing.
const INVALID: u8 = 0xFF;

/// Reads UTF-8 from a stream in another encoding.
pub(super) struct Transcoder<R> {
    input: R,
    decoder: Decoder,
    raw: Vec<u8>,
    /// The part of `raw` that is still to be decoded.
    raw_left: std::ops::Range<usize>,
    at_end: bool,
    /// Where the decoder writes.
    room: Vec<u8>,
    decoded: Vec<u8>,
    given: usize,
}

impl<R: Read> Transcoder<R> {
    /// `input` in `encoding`; a byte order mark was taken off before.
    pub fn new(input: R, encoding: &'static Encoding) -> Self {
        Self {
            input,
            decoder: encoding.new_decoder_without_bom_handling(),
            raw: vec![0; RAW_BYTES],
            raw_left: 0..0,
            at_end: false,
            room: vec![0; RAW_BYTES * 3 + 16],
            decoded: Vec::new(),
            given: 0,
        }
    }

    /// Decodes until there is something to give or nothing left.
    fn refill(&mut self) -> io::Result<()> {
        self.decoded.clear();
        self.given = 0;
        let mut finished = false;
        while self.decoded.is_empty() && !finished {
            if self.raw_left.is_empty() && !self.at_end {
                let count = read_some(&mut self.input, &mut self.raw)?;
                self.raw_left = 0..count;
                self.at_end = count == 0;
            }
            finished = self.decode();
        }
        Ok(())
    }

    /// Decodes what is in `raw_left`; says whether the stream is finished.
    fn decode(&mut self) -> bool {
        loop {
            let raw = &self.raw[self.raw_left.clone()];
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(raw, &mut self.room, self.at_end);
            self.raw_left.start += read;
            self.decoded.extend_from_slice(&self.room[..written]);
            match result {
                DecoderResult::InputEmpty => return self.at_end,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.decoded.push(INVALID),
            }
        }
    }
}

/// `read` that a signal does not disturb.
pub(super) fn read_some(input: &mut impl Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

impl<R: Read> Read for Transcoder<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.decoded.len() && !(self.at_end && self.raw_left.is_empty()) {
            self.refill()?;
        }
        let count = into.len().min(self.decoded.len() - self.given);
        into[..count].copy_from_slice(&self.decoded[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}
