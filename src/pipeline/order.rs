//! The order of a set: each mapping after those it refers to, otherwise as given.

use crate::diagnostic::{Diagnostic, code};
use crate::pipeline::prepare::Prepared;
use crate::resolve::Target;

impl Prepared {
    /// Names of the mappings whose keys this one refers to.
    pub(super) fn referred(&self) -> Vec<String> {
        let references = self.resolved.references.iter().flat_map(|reference| &reference.targets);
        let targets = references.chain(&self.resolved.hierarchy.known_accounts);
        let mut names: Vec<String> = targets
            .filter_map(|target| match target {
                Target::Mapping(name) if *name != self.file.name => Some(name.clone()),
                _ => None,
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

/// `prepared`, each after those it refers to.
///
/// # Errors
/// Mappings that refer to one another in a circle.
pub(super) fn in_reference_order(mut prepared: Vec<Prepared>) -> Result<Vec<Prepared>, Diagnostic> {
    let mut ordered: Vec<Prepared> = Vec::with_capacity(prepared.len());
    while !prepared.is_empty() {
        let waiting: Vec<String> = prepared.iter().map(|one| one.file.name.clone()).collect();
        let ready = prepared.iter().position(|one| !one.referred().iter().any(|name| waiting.contains(name)));
        match ready {
            Some(ready) => ordered.push(prepared.remove(ready)),
            None => {
                return Err(Diagnostic::error(
                    &code::REFERENCE_LOOP,
                    format!("these mappings refer to one another in a circle: {}", waiting.join(", ")),
                )
                .help(code::REFERENCE_LOOP.cure));
            }
        }
    }
    Ok(ordered)
}
