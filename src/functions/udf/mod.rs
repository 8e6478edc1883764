//! The SQL functions: thin shells that hand columns to the kernels.
//!
//! All are immutable and keep their default placement: the engine then runs a call that occurs twice in a projection once.
//! Literal arguments are compiled once and remembered by their text, so that a call can travel to a cluster as name and literals.

mod access;
mod function;
mod memo;
mod normalize;
mod read;
mod reshape;
mod tags;
mod template;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;

pub use function::FunctionPage;

pub use normalize::{CellRules, Normalize};

use super::lookup::LookupTables;
use function::Function;

fn plain() -> Vec<Function> {
    let mut all = access::functions();
    all.extend(template::functions());
    all.extend(tags::functions());
    all.extend(read::functions());
    all.extend(reshape::functions());
    all
}

/// Every function, ready to be registered.
pub fn functions(tables: &Arc<LookupTables>) -> Vec<ScalarUDF> {
    let normalizers =
        normalize::KINDS.iter().map(|(kind, name)| ScalarUDF::from(Normalize::new(*kind, name, Arc::clone(tables))));
    normalizers.chain(plain().into_iter().map(ScalarUDF::from)).collect()
}

/// What every function is, for the docs.
pub fn pages() -> Vec<FunctionPage> {
    normalize::KINDS
        .iter()
        .map(|(kind, name)| normalize::page(*kind, name))
        .chain(plain().iter().map(Function::page))
        .collect()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_helpers;
