//! The order of a set: each mapping after those it refers to, otherwise as given.

use crate::diagnostic::{Diagnostic, Place, code};
use crate::pipeline::prepare::Prepared;
use crate::project::MappingFile;
use crate::resolve::Target;

impl Prepared {
    /// Names of the mappings whose keys this one refers to.
    pub(super) fn referred(&self) -> Vec<String> {
        let references = self.resolved.references.iter().flat_map(|reference| &reference.targets);
        let accounts = self.resolved.unknown_accounts.iter().flat_map(|unknown| &unknown.targets);
        let targets = references.chain(&self.resolved.hierarchy.known_accounts).chain(accounts);
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

/// `prepared`, each after those it refers to; those in a [circle](circles) are left out.
pub(super) fn in_reference_order(mut prepared: Vec<Prepared>) -> Vec<Prepared> {
    let mut ordered: Vec<Prepared> = Vec::with_capacity(prepared.len());
    while !prepared.is_empty() {
        let waiting: Vec<String> = prepared.iter().map(|one| one.file.name.clone()).collect();
        let ready = prepared.iter().position(|one| !one.referred().iter().any(|name| waiting.contains(name)));
        let Some(ready) = ready else { break };
        ordered.push(prepared.remove(ready));
    }
    ordered
}

/// One mapping's wish to know the keys of another.
struct Link<'f> {
    from: &'f str,
    to: &'f str,
    place: Place,
}

/// One mistake per circle of mappings that refer to one another.
pub(super) fn circles<'f>(files: impl IntoIterator<Item = &'f MappingFile>) -> Vec<Diagnostic> {
    let mut links: Vec<Link<'f>> = files.into_iter().flat_map(links_of).collect();
    let mut found = Vec::new();
    loop {
        // A link out of a circle, or into one, is none of it.
        let before = links.len();
        let goes_on: Vec<bool> = links.iter().map(|link| links.iter().any(|next| next.from == link.to)).collect();
        let mut goes_on = goes_on.into_iter();
        links.retain(|_| goes_on.next().unwrap_or(false));
        if links.len() < before {
            continue;
        }
        let Some(circle) = one_circle(&links) else { return found };
        let members: Vec<&str> = circle.iter().map(|&at| links[at].from).collect();
        found.push(told(&circle.iter().map(|&at| &links[at]).collect::<Vec<_>>()));
        links.retain(|link| !members.contains(&link.from));
    }
}

fn links_of(file: &MappingFile) -> Vec<Link<'_>> {
    let Some(mapping) = &file.mapping else { return Vec::new() };
    let references = mapping.references.iter().flat_map(|(_, reference)| &reference.targets);
    let known = mapping.hierarchy.iter().flat_map(|hierarchy| &hierarchy.known_accounts);
    let accounts = mapping.unknown_accounts.iter().flat_map(|unknown| &unknown.targets);
    references
        .chain(known)
        .chain(accounts)
        .filter(|target| !target.value.contains('.') && target.value != file.name)
        .map(|target| Link { from: &file.name, to: &target.value, place: Place::new(&file.shown, target.span) })
        .collect()
}

/// The links of a circle, where each link leads to another.
fn one_circle(links: &[Link<'_>]) -> Option<Vec<usize>> {
    let mut path = vec![0];
    loop {
        let last = links.get(*path.last()?)?;
        if let Some(start) = path.iter().position(|&at| links[at].from == last.to) {
            return Some(path.split_off(start));
        }
        path.push(links.iter().position(|next| next.from == last.to)?);
    }
}

fn told(circle: &[&Link<'_>]) -> Diagnostic {
    let names: Vec<&str> = circle.iter().map(|link| link.from).chain(circle.first().map(|link| link.from)).collect();
    let message = format!("these mappings refer to one another in a circle: {}", names.join(" -> "));
    let mut diagnostic = Diagnostic::error(&code::REFERENCE_LOOP, message);
    for (number, link) in circle.iter().enumerate() {
        let words = format!("`{}` wants `{}` to run first", link.from, link.to);
        diagnostic = match number {
            0 => diagnostic.at(link.place.clone(), words),
            _ => diagnostic.related(link.place.clone(), words),
        };
    }
    diagnostic.help("no order of running them exists: refer to `<source>.<column>` instead in one of them")
}
