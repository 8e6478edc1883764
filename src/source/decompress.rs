//! Compressed files as plain streams of bytes, however many members they are made of.

use std::io::{self, BufReader, Read};

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;
use liblzma::stream::{CONCATENATED, Stream};

use crate::mapping::Compression;

/// Compressed bytes read from the disk at a time.
const READ_BYTES: usize = 128 * 1024;

/// Memory an `.xz` stream may ask for: its strongest preset needs 65 MiB.
const XZ_MEMORY: u64 = 256 * 1024 * 1024;

/// The decompressed bytes of `file`, which is read from its start.
pub(super) fn decompress(file: Box<dyn Read + Send>, compression: Compression) -> io::Result<Box<dyn Read + Send>> {
    let buffered = |file| BufReader::with_capacity(READ_BYTES, file);
    Ok(match compression {
        Compression::None => file,
        Compression::Gzip => Box::new(MultiGzDecoder::new(buffered(file))),
        Compression::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(buffered(file))?),
        Compression::Bzip2 => Box::new(MultiBzDecoder::new(buffered(file))),
        Compression::Xz => {
            let stream = Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED)?;
            Box::new(XzDecoder::new_stream(buffered(file), stream))
        }
    })
}
