//! The one integration binary: linking the engine once is slow enough.

mod golden;
mod support;
mod tidy;
