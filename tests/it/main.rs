//! The one integration binary: linking the engine once is slow enough.

mod tidy;
