//! Two mappings of a set may not write one file, and none may read what the set writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::canonicalize;

use crate::diagnostic::{Diagnostic, Place, code};
use crate::pipeline::folders::Folders;
use crate::pipeline::prepare::Prepared;
use crate::project::MappingFile;
use crate::store::without_user;

/// One mistake per file that two mappings write.
pub(super) fn clashes<'f>(files: impl IntoIterator<Item = &'f MappingFile>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, &MappingFile> = BTreeMap::new();
    let mut told: BTreeSet<String> = BTreeSet::new();
    for file in files.into_iter().filter(|file| file.asked) {
        let Some(mapping) = &file.mapping else { continue };
        let name =
            mapping.output.file.as_ref().map_or_else(|| format!("{}.csv", mapping.name), |file| file.value.clone());
        let stem = name.strip_suffix(".csv").unwrap_or(&name).to_ascii_lowercase();
        let Some(first) = seen.get(&stem) else {
            seen.insert(stem, file);
            continue;
        };
        if told.insert(stem) {
            let mut diagnostic = Diagnostic::error(&code::NAME_CLASH, format!("two mappings write `{name}`"))
                .help("give one of them another `output: {file: ...}`");
            if let (Some(here), Some(there)) = (place(file), place(first)) {
                diagnostic = diagnostic.at(here, "second").related(there, "first");
            }
            found.push(diagnostic);
        }
    }
    found
}

/// Where a mapping says what it writes.
fn place(one: &MappingFile) -> Option<Place> {
    let mapping = one.mapping.as_ref()?;
    let file = mapping.output.file.as_ref().map_or(mapping.format.span, |file| file.span);
    Some(Place::new(&one.shown, file))
}

/// One mistake per mapping and source of which a file is an output or a report of the set: the next run would read it.
pub(super) fn circles(prepared: &[Prepared], folders: &Folders) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let targets: Vec<_> = [Some(&folders.output), folders.reports.as_ref()]
        .into_iter()
        .flatten()
        .filter_map(|to| canonicalize(to).ok())
        .collect();
    let urls = [folders.target.as_ref(), folders.reports_url.as_ref()].into_iter().flatten();
    let stores: Vec<String> = urls.map(|url| without_user(url)).collect();
    for reader in prepared {
        for (name, source) in &reader.sources {
            let paths = source.paths().filter_map(|path| canonicalize(path).ok());
            let written =
                paths.filter(|path| path.parent().is_some_and(|parent| targets.iter().any(|to| to == parent)));
            let names = written.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()));
            let objects = source.urls().filter_map(|url| {
                let (folder, name) = url.rsplit_once('/')?;
                stores.iter().any(|to| to == folder).then(|| name.to_owned())
            });
            let mut names = names.chain(objects);
            let Some(file) = names.find(|file| prepared.iter().any(|writer| writes(writer, file))) else { continue };
            let mut diagnostic = Diagnostic::error(
                &code::OUTPUT_AS_SOURCE,
                format!("source `{name}` reads `{file}`, which this set writes"),
            );
            if let Some(place) = reader.places.get(name) {
                diagnostic = diagnostic.at(place.clone(), "matches it");
            }
            found.push(diagnostic.help(code::OUTPUT_AS_SOURCE.cure));
        }
    }
    found
}

/// Whether `file` is a name that `writer` gives to what it writes.
fn writes(writer: &Prepared, file: &str) -> bool {
    let output = &writer.resolved.output;
    let rest = file.strip_prefix(output.stem()).and_then(|rest| rest.strip_suffix(".csv"));
    let is_report = rest.is_some_and(|rest| [".rejects", ".duplicates", ".removed", ".new_accounts"].contains(&rest));
    writer.file.asked && (is_report || output.is_file(file))
}
