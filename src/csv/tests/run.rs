//! Drives splitter and decoder as a source does, with any chunking.

use super::super::lanes::Kernel;
use super::super::split::Sizes;
use super::super::{Decoder, Rows, Splitter};
use super::naive::{Reading, Settings};

/// Sizes that make small files change between the quick pass and the state machine.
pub(super) const TINY: Sizes = Sizes { largest_piece: 24, smallest_window: 1, careful_run: 9 };

/// How the bytes reach the splitter, and what is behind a piece when it is decoded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Feed {
    pub(super) kernel: Kernel,
    pub(super) sizes: Option<Sizes>,
    /// Put bytes that mean something behind each piece.
    pub(super) padded: bool,
    /// Read on before the rest of the last chunk is split.
    pub(super) eager: bool,
}

impl Feed {
    pub(super) const PLAIN: Self = Self { kernel: Kernel::Detected, sizes: None, padded: true, eager: false };

    /// Every way there is.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..16).map(|bits| Self {
            kernel: if bits & 1 == 0 { Kernel::Detected } else { Kernel::Portable },
            sizes: (bits & 2 == 0).then_some(TINY),
            padded: bits & 4 == 0,
            eager: bits & 8 == 0,
        })
    }
}

/// Reads `bytes` in the chunks that `chunk` asks for, each of at least one byte.
pub(super) fn read(bytes: &[u8], settings: &Settings, feed: Feed, mut chunk: impl FnMut() -> usize) -> Reading {
    let mut splitter = Splitter::new(&settings.dialect, 1, settings.carriage_return).with(feed.kernel, feed.sizes);
    let mut decoder = Decoder::new(&settings.dialect, settings.field_count, &settings.wanted).with_kernel(feed.kernel);
    let mut rows = Rows::default();
    let mut reading = Reading::default();
    let (mut start, mut end) = (0, 0);
    loop {
        let piece = splitter.split(&bytes[start..end], end == bytes.len());
        if piece.length == 0 {
            if end == bytes.len() {
                assert_eq!(start, end, "the splitter left bytes behind");
                return reading;
            }
            end = bytes.len().min(end + chunk());
            continue;
        }
        let mut text = bytes[start..start + piece.length].to_vec();
        if feed.padded {
            text.extend_from_slice(&[b'"', b',', b'\n', 0xFF].repeat(16));
        }
        decoder.decode(&text, &piece, &mut rows);
        collect(&text, &rows, &mut reading);
        start += piece.length;
        if feed.eager {
            end = bytes.len().min(end + chunk());
        }
    }
}

fn collect(text: &[u8], rows: &Rows, reading: &mut Reading) {
    for column in &rows.columns {
        assert_eq!(column.views.len(), rows.lines.len());
        let valid: u32 = column.validity.iter().flatten().map(|bits| bits.count_ones()).sum();
        assert_eq!(column.validity.is_some(), column.null_count > 0);
        assert!(column.validity.is_none() || valid as usize + column.null_count == rows.lines.len());
    }
    for (row, &line) in rows.lines.iter().enumerate() {
        reading.rows.push((line, (0..rows.columns.len()).map(|column| rows.cell(text, column, row)).collect()));
    }
    for bad in &rows.faults {
        reading.faults.push((bad.line, bad.fault, text[bad.range.clone()].to_vec()));
    }
    reading.blank += rows.blank;
}
