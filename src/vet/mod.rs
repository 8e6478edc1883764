//! The user's SQL against a session: checked, or said what is wrong with it, at the line of the mapping.
//!
//! In: the SQL scalars of a mapping (or the text of a query file), and a session in which its sources are tables. Out:
//! diagnostics; for a query, the statement that is safe to run, with `*` expanded and an order that does not depend on
//! threads. Each expression is parsed alone, so that it cannot reach outside its brackets; then walked (no subquery,
//! aggregate or window where one row is judged; columns and functions with suggestions); then planned by the engine.

mod expression;
mod finding;
mod option;
mod place;
mod query;
mod walk;
mod wildcard;

pub use expression::{Scalars, expressions, names, place_in};
pub use option::options;
pub use query::{QueryText, VettedQuery, query, syntax, tables, view};
