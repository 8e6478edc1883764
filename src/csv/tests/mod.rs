//! Tests of the whole room: splitter and decoder against a naive reader, the `csv` crate and themselves.

mod chunks;
mod corpus;
mod footer;
mod fuzz;
mod naive;
mod oracle;
mod run;
mod write;
