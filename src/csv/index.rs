//! Where the fields of a piece lie: one pass over the bytes notes every separator outside quotes.

use super::dialect::{Dialect, line_end};
use super::lanes::{Kernel, Lanes, Pass, last_block, run};

/// Set on a separator whose field holds doubled quotes or escapes.
const ESCAPED: u32 = 1 << 31;

/// The separators of a piece, and the rows among them. Kept from piece to piece, so that its memory is.
///
/// `separators[n]` is one past the n-th separator, `separators[0]` stands for the start of the bytes: field n lies from
/// `separators[n]` to just before `separators[n + 1]`.
#[derive(Debug, Default)]
pub(super) struct Index {
    separators: Vec<u32>,
    /// How many separators are noted.
    pub(super) count: usize,
    /// How many of them end a record.
    pub(super) ends: usize,
    /// Line ends inside quotes, ascending.
    pub(super) inner_lines: Vec<u32>,
    /// The first field of each readable record.
    pub(super) rows: Vec<u32>,
}

/// The bytes of one field, as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) end: usize,
    /// It holds doubled quotes or escapes.
    pub(super) escaped: bool,
}

impl Index {
    /// Forgets the last piece and makes room for one of `length` bytes.
    pub(super) fn clear(&mut self, length: usize) {
        self.count = 0;
        self.ends = 0;
        self.inner_lines.clear();
        self.rows.clear();
        // One separator a byte, the start, an end without line end, and the overhang of the last block.
        let room = length + 2 + 64;
        if self.separators.len() < room {
            // A new vector of zeros costs nothing until it is written to; growing the old one would write all of it.
            self.separators = vec![0; room];
        }
        self.separators[0] = 0;
    }

    /// One past separator `at`.
    #[inline(always)]
    pub(super) fn behind(&self, at: usize) -> usize {
        (self.separators[at] & !ESCAPED) as usize
    }

    /// The separators from field `first` on, as they are stored; see [`place`].
    #[inline(always)]
    pub(super) fn from(&self, first: usize) -> &[u32] {
        &self.separators[first..=self.count]
    }

    /// Notes one more separator, before `behind`.
    pub(super) fn push(&mut self, behind: usize, escaped: bool) {
        self.count += 1;
        if self.count == self.separators.len() {
            self.separators.resize(self.count * 2, 0);
        }
        self.separators[self.count] = behind as u32 | if escaped { ESCAPED } else { 0 };
    }

    /// Finds the separators of a piece whose quotes are well-formed. Its last record may lack a line end.
    pub(super) fn scan(&mut self, kernel: Kernel, bytes: &[u8], dialect: &Dialect, carriage_return: bool) {
        self.clear(bytes.len());
        let Self { separators, inner_lines, .. } = self;
        let line_end_byte = line_end(carriage_return);
        let scan = Scan { bytes, dialect, line_end: line_end_byte, separators: &mut separators[1..], inner_lines };
        let state = run(kernel, scan);
        (self.count, self.ends) = (state.count, state.ends);
        let ended = bytes.last() == Some(&line_end_byte) && self.behind(self.count) == bytes.len();
        if !ended && !bytes.is_empty() {
            self.push(bytes.len() + 1, state.escaped);
            self.ends += 1;
        }
    }
}

/// Where the field lies between two entries of [`Index::from`].
#[inline(always)]
pub(super) fn place(before: u32, behind: u32) -> Place {
    Place { start: (before & !ESCAPED) as usize, end: (behind & !ESCAPED) as usize - 1, escaped: behind & ESCAPED != 0 }
}

struct Scan<'a> {
    bytes: &'a [u8],
    dialect: &'a Dialect,
    line_end: u8,
    separators: &'a mut [u32],
    inner_lines: &'a mut Vec<u32>,
}

impl Pass for Scan<'_> {
    type Output = State;

    #[inline(always)]
    fn run<L: Lanes>(mut self, lanes: L) -> State {
        let signs = Signs { quote: self.dialect.quote, delimiter: self.dialect.delimiter, line_end: self.line_end };
        let mut state = State { inside: 0, quoted: 0, escaped: false, count: 0, ends: 0 };
        let (blocks, rest) = self.bytes.as_chunks::<64>();
        for (at, block) in blocks.iter().enumerate() {
            self.step(lanes, lanes.load(block), (at * 64) as u32, u64::MAX, &signs, &mut state);
        }
        if !rest.is_empty() {
            let (block, counts) = last_block(rest);
            self.step(lanes, lanes.load(&block), (blocks.len() * 64) as u32, counts, &signs, &mut state);
        }
        state
    }
}

/// The bytes that mean something.
struct Signs {
    quote: u8,
    delimiter: u8,
    line_end: u8,
}

/// What one block leaves to the next.
struct State {
    /// All ones: the next byte lies inside quotes.
    inside: u64,
    /// 1: the last byte was a quote.
    quoted: u64,
    /// The field that goes on holds doubled quotes.
    escaped: bool,
    /// Separators so far.
    count: usize,
    /// How many of them end a record.
    ends: usize,
}

impl Scan<'_> {
    // Not a closure: that would be compiled without the processor's features.
    #[inline(always)]
    fn step<L: Lanes>(&mut self, lanes: L, block: L::Block, base: u32, counts: u64, signs: &Signs, state: &mut State) {
        let quotes = lanes.equal(block, signs.quote) & counts;
        let delimiters = lanes.equal(block, signs.delimiter) & counts;
        let line_ends = lanes.equal(block, signs.line_end) & counts;
        let between = lanes.prefix_xor(quotes) ^ state.inside;
        state.inside = 0_u64.wrapping_sub(between >> 63);
        let outer = (delimiters | line_ends) & !between;
        let inner = line_ends & between;
        // A quote that opens right behind one that closed: the second of a doubled pair.
        let doubled = quotes & between & (quotes << 1 | state.quoted);
        state.quoted = quotes >> 63;
        // In a sum with ones everywhere but at separators, each doubled pair carries on to the next separator.
        let (sum, first_carry) = doubled.overflowing_add(!outer);
        let (sum, second_carry) = sum.overflowing_add(u64::from(state.escaped));
        state.escaped = first_carry | second_carry;
        let escaped = sum & outer;

        let separators = &mut self.separators[state.count..state.count + 64];
        note(separators, base + 1, outer);
        if escaped != 0 {
            each(escaped, |bit| separators[(outer & ((1 << bit) - 1)).count_ones() as usize] |= ESCAPED);
        }
        if inner != 0 {
            note_inner(self.inner_lines, base, inner);
        }
        state.count += outer.count_ones() as usize;
        state.ends += (line_ends & outer).count_ones() as usize;
    }
}

#[cold]
#[inline(never)]
fn note_inner(inner_lines: &mut Vec<u32>, base: u32, bits: u64) {
    each(bits, |bit| inner_lines.push(base + bit));
}

/// Calls `action` with each set bit's number.
#[inline(always)]
pub(super) fn each(mut bits: u64, mut action: impl FnMut(u32)) {
    while bits != 0 {
        action(bits.trailing_zeros());
        bits &= bits - 1;
    }
}

/// Writes `base` plus the number of each set bit. Writes eight at a time, whether set or not: what is too much is
/// overwritten by the next block, and no branch has to be guessed for usual text.
#[inline(always)]
fn note(separators: &mut [u32], base: u32, mut bits: u64) {
    let (groups, _) = separators.as_chunks_mut::<8>();
    for group in groups {
        for separator in group {
            *separator = base + bits.trailing_zeros();
            bits &= bits.wrapping_sub(1);
        }
        if bits == 0 {
            break;
        }
    }
}
