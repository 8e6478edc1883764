//! The kernels: one value's bytes in, its normal form or a fault out. No Arrow, no allocation on the common road.
//!
//! A kernel is given a trimmed, non-empty value. What it makes of it is either a part of the same bytes (nothing is copied)
//! or text appended to a side buffer. Input that is valid UTF-8 gives valid UTF-8: kernels cut only between characters and
//! append only whole characters. On any other bytes they give some answer and never panic.

pub mod currency;
pub mod date;
pub mod email;
pub mod entity;
pub mod flag;
mod grouped;
pub mod hash;
pub mod html;
pub mod id;
pub mod list;
pub mod number;
pub mod salesforce;
pub mod scan;
pub mod short;
pub mod slug;
pub mod space;
pub mod text;

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'v> {
    /// Nothing: the cell is empty.
    Empty,
    /// These bytes of the value itself.
    Part(&'v [u8]),
    /// The text appended to the side buffer.
    Side,
}

/// A value or the number of its fault (see [`super::fault`]).
pub type Made<'v> = Result<Value<'v>, u8>;

#[cfg(test)]
mod tests_corpus;
