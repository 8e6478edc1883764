//! Reads an object in order, several parts at a time, so that a slow answer does not stop the reader.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::buffer::Buffer;

use crate::source::object::Object;
use crate::store::Transfer;

/// Bytes of a part of a large object.
const PART: u64 = 8 << 20;

/// The first part: enough for a header, little for those who want no more.
const FIRST: u64 = 256 << 10;

/// Bytes between two stretches that are fetched with them: less than a request of its own would take.
const GAP: u64 = 256 << 10;

/// Bytes that may be under way, and parts.
const UNDER_WAY: u64 = 4 * PART;
const PARTS: usize = 16;

/// Parts of an object, in order.
#[derive(Debug)]
pub(super) struct Ahead {
    object: Arc<Object>,
    waiting: VecDeque<Range<u64>>,
    under_way: VecDeque<(Range<u64>, Transfer<io::Result<Buffer>>)>,
    /// Fetch no more than what is asked for, this once.
    hesitant: bool,
    /// The server gives no parts: the object's copy is read.
    copied: bool,
}

impl Ahead {
    /// All of `object` from `start` on.
    pub fn from(object: &Arc<Object>, start: u64) -> Self {
        let end = object.stamp().size;
        let mut waiting = VecDeque::new();
        let (mut at, mut length) = (start, FIRST);
        while at < end {
            let next = end.min(at + length);
            waiting.push_back(at..next);
            (at, length) = (next, (length * 4).min(PART));
        }
        Self { object: Arc::clone(object), waiting, under_way: VecDeque::new(), hesitant: true, copied: false }
    }

    /// Exactly `parts` of `object`.
    pub fn parts(object: &Arc<Object>, parts: impl IntoIterator<Item = Range<u64>>) -> Self {
        let waiting = parts.into_iter().collect();
        Self { object: Arc::clone(object), waiting, under_way: VecDeque::new(), hesitant: false, copied: false }
    }

    /// The next part; `None` after the last one.
    pub fn next(&mut self) -> io::Result<Option<Buffer>> {
        self.fill();
        let Some((range, transfer)) = self.under_way.pop_front() else { return Ok(None) };
        let part = match self.copied {
            true => self.object.read(range)?,
            false => match transfer.wait() {
                Err(error) if error.kind() == io::ErrorKind::Unsupported => {
                    self.copied = true;
                    self.object.read(range)?
                }
                other => other?,
            },
        };
        Ok(Some(part))
    }

    /// Starts as many parts as may be under way.
    fn fill(&mut self) {
        if std::mem::take(&mut self.hesitant) {
            self.start();
            return;
        }
        let bytes =
            |parts: &VecDeque<(Range<u64>, _)>| parts.iter().map(|(range, _)| range.end - range.start).sum::<u64>();
        while self.under_way.is_empty() || self.under_way.len() < PARTS && bytes(&self.under_way) < UNDER_WAY {
            if !self.start() {
                return;
            }
        }
    }

    fn start(&mut self) -> bool {
        let Some(range) = self.waiting.pop_front() else { return false };
        self.under_way.push_back((range.clone(), self.object.fetch(range)));
        true
    }
}

/// Certain stretches of an object, in order; those that lie close together come in one part.
#[derive(Debug)]
pub(super) struct Scattered {
    wanted: VecDeque<Range<u64>>,
    /// The parts to come, and the one at hand.
    parts: VecDeque<Range<u64>>,
    part: (Range<u64>, Buffer),
    ahead: Ahead,
}

impl Scattered {
    /// `stretches` of `object`: ascending, none within another.
    pub fn new(object: &Arc<Object>, stretches: Vec<Range<u64>>) -> Self {
        let parts = together(&stretches);
        let ahead = Ahead::parts(object, parts.iter().cloned());
        Self { wanted: stretches.into(), parts, part: (0..0, Buffer::default()), ahead }
    }

    /// The next stretch; nothing after the last one.
    pub fn next(&mut self) -> io::Result<Buffer> {
        let Some(wanted) = self.wanted.pop_front() else { return Ok(Buffer::default()) };
        while self.part.0.end < wanted.end
            && let Some(range) = self.parts.pop_front()
        {
            self.part = (range, self.ahead.next()?.unwrap_or_default());
        }
        let (part, bytes) = &self.part;
        let place = |at: u64| usize::try_from(at - part.start).unwrap_or(usize::MAX);
        Ok(bytes.slice_with_length(place(wanted.start), place(wanted.end) - place(wanted.start)))
    }
}

/// Parts that hold `stretches`, each whole in one of them.
fn together(stretches: &[Range<u64>]) -> VecDeque<Range<u64>> {
    let mut parts: VecDeque<Range<u64>> = VecDeque::new();
    for stretch in stretches {
        match parts.back_mut() {
            Some(last) if stretch.start <= last.end + GAP && stretch.end - last.start <= PART => last.end = stretch.end,
            _ => parts.push_back(stretch.clone()),
        }
    }
    parts
}

/// An object as a stream.
#[derive(Debug)]
pub(super) struct ObjectReader {
    ahead: Ahead,
    part: Buffer,
    given: usize,
}

impl ObjectReader {
    /// `object` from its byte `start` on.
    pub fn new(object: &Arc<Object>, start: u64) -> Self {
        Self { ahead: Ahead::from(object, start), part: Buffer::from_vec(Vec::<u8>::new()), given: 0 }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.given == self.part.len() {
            let Some(part) = self.ahead.next()? else { return Ok(0) };
            (self.part, self.given) = (part, 0);
        }
        let count = into.len().min(self.part.len() - self.given);
        into[..count].copy_from_slice(&self.part[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_that_lie_close_together_come_in_one_part() {
        let parts = |stretches: &[(u64, u64)]| -> Vec<(u64, u64)> {
            let stretches: Vec<Range<u64>> = stretches.iter().map(|(start, end)| *start..*end).collect();
            together(&stretches).into_iter().map(|part| (part.start, part.end)).collect()
        };
        assert_eq!(parts(&[]), []);
        assert_eq!(parts(&[(5, 10), (10, 20), (20 + GAP, 30 + GAP)]), [(5, 30 + GAP)]);
        assert_eq!(parts(&[(5, 10), (11 + GAP, 12 + GAP)]), [(5, 10), (11 + GAP, 12 + GAP)]);
        let piece = PART / 32;
        let dense: Vec<(u64, u64)> = (0..70).map(|at| (at * piece, (at + 1) * piece)).collect();
        assert_eq!(parts(&dense), [(0, PART), (PART, 2 * PART), (2 * PART, 70 * piece)]);
        assert_eq!(parts(&[(0, 2 * PART), (2 * PART, 2 * PART + 1)]), [(0, 2 * PART), (2 * PART, 2 * PART + 1)]);
    }
}
