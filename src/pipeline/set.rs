//! A set of mappings, before any row is read: each by itself, then all beside one another.

use crate::diagnostic::{Diagnostic, Texts};
use crate::pipeline::Failure;
use crate::pipeline::clash::{circles as read_circles, clashes};
use crate::pipeline::folders::Folders;
use crate::pipeline::order::{circles, in_reference_order};
use crate::pipeline::prepare::{Prepared, Surrounding, prepare};
use crate::project::{Loaded, MappingFile};

/// What can be run of a set, and what cannot.
pub(super) struct Set {
    /// In an order in which each comes after those it refers to; none where `problems` has any.
    pub ready: Vec<Prepared>,
    /// Those that are wrong or lack a source, each with all that is wrong with it.
    pub failed: Vec<(MappingFile, Failure)>,
    /// What is wrong with the set as a whole.
    pub problems: Vec<Diagnostic>,
}

/// Prepares every mapping of `loaded`.
pub(super) async fn prepare_set(
    loaded: &Loaded,
    around: &Surrounding<'_>,
    folders: &Folders,
    texts: &mut Texts,
) -> Set {
    let mut set = Set { ready: Vec::new(), failed: Vec::new(), problems: Vec::new() };
    for file in &loaded.mappings {
        match prepare(file, around, texts).await {
            Ok(mut one) if !file.found.has_errors() => {
                one.warnings.extend(file.found.clone());
                set.ready.push(one);
            }
            outcome => set.failed.push((file.clone(), with_mistakes_of(file, outcome.err()))),
        }
    }
    set.problems = beside_one_another(set.ready.iter().map(|one| &one.file), &set.ready, folders);
    let ready = std::mem::take(&mut set.ready);
    if set.problems.is_empty() {
        set.ready = in_reference_order(ready);
    }
    set
}

/// What is wrong with mappings that are each right: files that two write or that one reads of another, circles.
pub(super) fn beside_one_another<'f>(
    files: impl Iterator<Item = &'f MappingFile> + Clone,
    prepared: &[Prepared],
    folders: &Folders,
) -> Vec<Diagnostic> {
    let mut found = clashes(files.clone());
    found.extend(read_circles(prepared, folders));
    found.extend(circles(files));
    found
}

/// What stopped a mapping, and the mistakes in its text, all at once.
fn with_mistakes_of(file: &MappingFile, failure: Option<Failure>) -> Failure {
    match failure {
        Some(failure) if !file.found.has_errors() && !matches!(failure, Failure::Mapping(_)) => failure,
        failure => {
            let mut all = file.found.clone();
            failure.iter().flat_map(Failure::diagnostics).for_each(|one| all.push(one));
            if file.found.has_errors() {
                all.sort();
            }
            Failure::Mapping(all)
        }
    }
}
