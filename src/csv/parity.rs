//! The quick pass: counts lines and quotes, and notices the first quote that makes counting wrong.
//!
//! As long as every quote opens behind a delimiter or line end and closes before one, a byte lies inside quotes exactly
//! if the number of quotes before it is odd. One quote elsewhere turns this around up to the end of the file, and rows
//! handed out cannot be called back: so the test for such quotes is made here, before a piece is given away.

use super::dialect::{Dialect, line_end};
use super::lanes::{Kernel, Lanes, Pass, last_block, run};

/// What is known about the first `scanned` unread bytes; the first of them begins a record.
#[derive(Debug, Clone)]
pub(super) struct Parity {
    /// Bytes looked at.
    pub(super) scanned: usize,
    /// Line ends among them, inside quotes or out.
    pub(super) lines: u64,
    /// A quote was found that parity does not understand.
    pub(super) stray: bool,
    /// All ones: the next byte lies inside quotes.
    inside: u64,
    /// 1: a quote as next byte may open a field.
    may_open: u64,
    /// 1: the last byte closed a field.
    closed: u64,
    /// 1: the last byte is a CR behind a closing quote.
    returned: u64,
}

impl Parity {
    /// Nothing looked at yet.
    pub(super) fn new() -> Self {
        Self { scanned: 0, lines: 0, stray: false, inside: 0, may_open: 1, closed: 0, returned: 0 }
    }

    /// Whether the byte behind those looked at lies inside quotes.
    pub(super) fn is_inside(&self) -> bool {
        self.inside != 0
    }

    /// Looks at the bytes of `unread` that are new.
    pub(super) fn advance(&mut self, kernel: Kernel, unread: &[u8], dialect: &Dialect, carriage_return: bool) {
        if let Some(bytes) = unread.get(self.scanned..) {
            run(kernel, Advance { bytes, dialect, carriage_return, parity: self });
            self.scanned = unread.len();
        }
    }

    /// Takes note that the first `length` bytes, which hold `lines` line ends, are given away.
    pub(super) fn give(&mut self, length: usize, lines: u64) {
        self.scanned -= length;
        self.lines -= lines;
    }

    #[inline(always)]
    fn step<L: Lanes>(&mut self, lanes: L, block: L::Block, counts: u64, last: u32, signs: &Signs) {
        let quote = lanes.equal(block, signs.quote) & counts;
        let delimiter = lanes.equal(block, signs.delimiter) & counts;
        let line_end = lanes.equal(block, signs.line_end) & counts;
        let carriage_return = lanes.equal(block, b'\r') & signs.before_line_end & counts;
        let inside = lanes.prefix_xor(quote) ^ self.inside;
        let (opening, closing) = (quote & inside, quote & !inside);
        let border = quote | delimiter | line_end;
        let behind_closing = closing << 1 | self.closed;
        let behind_return = (behind_closing & carriage_return) << 1 | self.returned;
        let stray = opening & !(border << 1 | self.may_open)
            | behind_closing & counts & !(border | carriage_return)
            | behind_return & counts & !line_end;
        self.stray |= stray != 0;
        self.lines += u64::from(line_end.count_ones());
        self.inside = 0_u64.wrapping_sub(inside >> last & 1);
        self.may_open = border >> last & 1;
        self.closed = closing >> last & 1;
        self.returned = (behind_closing & carriage_return) >> last & 1;
    }
}

/// The bytes that mean something.
struct Signs {
    quote: u8,
    delimiter: u8,
    line_end: u8,
    /// All ones where a CR may stand before the line end.
    before_line_end: u64,
}

struct Advance<'a> {
    bytes: &'a [u8],
    dialect: &'a Dialect,
    carriage_return: bool,
    parity: &'a mut Parity,
}

impl Pass for Advance<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let signs = Signs {
            quote: self.dialect.quote,
            delimiter: self.dialect.delimiter,
            line_end: line_end(self.carriage_return),
            before_line_end: if self.carriage_return { 0 } else { u64::MAX },
        };
        let mut parity = self.parity.clone();
        let (blocks, rest) = self.bytes.as_chunks::<64>();
        for block in blocks {
            parity.step(lanes, lanes.load(block), u64::MAX, 63, &signs);
        }
        if !rest.is_empty() {
            let (block, counts) = last_block(rest);
            parity.step(lanes, lanes.load(&block), counts, counts.count_ones() - 1, &signs);
        }
        *self.parity = parity;
    }
}
