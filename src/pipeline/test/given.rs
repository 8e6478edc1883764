//! A case's rows in the place of the sources its mapping reads, its keys in the place of other mappings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use datafusion::prelude::SessionContext;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, excerpt, nearest};
use crate::format;
use crate::mapping::{Circumstances, From, GivenSource, Mapping, SourceEntry, SourceOrigin, TestCase, Text};
use crate::pipeline::asked::{Wanted, wanted};
use crate::pipeline::folders::{keep_to, state_of};
use crate::pipeline::import::Imported;
use crate::pipeline::known::MappingKeys;
use crate::pipeline::test::stand_in::{StandIn, quoted_names};
use crate::project::{Loaded, MappingFile, Options};
use crate::settle::{KeySet, KeySetBuilder};
use crate::source::{FILE_COLUMN, LINE_COLUMN};
use crate::state::Memory;
use crate::vet;
use crate::yaml::Span;

/// What a case and its file give.
pub(super) struct Given<'a> {
    /// The test file, as shown.
    pub path: &'a str,
    pub case: &'a TestCase,
    pub shared: &'a Circumstances,
    /// Where stand-ins are written.
    pub folder: &'a Path,
}

impl<'a> Given<'a> {
    /// Rewrites `loaded` so that it reads what is given and nothing else, and writes into its own folder; the keys of the
    /// mappings that are referred to come back. Mistakes of the case are collected.
    pub fn apply(
        &self,
        loaded: &mut Loaded,
        session: &dyn Fn() -> SessionContext,
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<String, MappingKeys> {
        self.isolate(loaded);
        let keys = self.keys(loaded, found);
        loaded.mappings.retain(|file| file.asked);
        let Some(mapping) = loaded.mappings.first().and_then(|file| file.mapping.clone()) else { return keys };
        let project = loaded.project.file.iter().flat_map(|file| &file.sources);
        let declared: BTreeMap<String, SourceEntry> =
            project.chain(&mapping.sources).map(|entry| (entry.name.value.clone(), entry.clone())).collect();
        let given = self.sources(&declared, found);
        let is_given = |name: &str| given.contains_key(name);
        let used = used(&mapping, &declared, &is_given, loaded, session);
        let mut stand_ins = Vec::new();
        for (name, use_of) in &used {
            let Some(entry) = declared.get(name) else { continue };
            match given.get(name.as_str()) {
                Some(source) => {
                    let stand_in = StandIn { test: self.path, folder: self.folder, entry, asked: use_of };
                    stand_ins.extend(stand_in.make(source, &loaded.project.root, found));
                }
                None if matches!(entry.origin, SourceOrigin::Query(_)) => {}
                None => found.push(self.not_given(&format!("rows for source `{name}`, which the mapping reads"))),
            }
        }
        let own =
            loaded.mappings.first_mut().and_then(|file| file.mapping.as_mut()).map(|mapping| &mut mapping.sources);
        if let Some(own) = own {
            for entry in stand_ins {
                own.retain(|old| old.name.value != entry.name.value);
                own.push(entry);
            }
        }
        keys
    }

    /// Puts what the case says was published into the state folder, as of the day before.
    pub fn remember(&self, loaded: &Loaded, options: &Options, found: &mut Vec<Diagnostic>) -> Result<(), String> {
        let Some(published) = self.case.given.published.as_ref().or(self.shared.published.as_ref()) else {
            return Ok(());
        };
        let Some(file) = loaded.mappings.iter().find(|file| file.asked) else { return Ok(()) };
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in published.value.iter().flat_map(|row| &row.cells) {
            if !names.contains(&name.value.as_str()) {
                names.push(&name.value);
                found.extend(self.misspelt(file, name));
            }
        }
        if names.is_empty() || !found.is_empty() {
            return Ok(());
        }
        let memory = Memory::new(&state_of(loaded), options.environment.as_deref());
        let environment = options.environment.as_deref();
        let imported = Imported { mapping: file, memory: &memory, environment, as_of: options.as_of };
        let mut import = imported.begin().map_err(|wrong| wrong.to_string())?;
        if let Err(message) = import.header(&names) {
            let message = format!("in what was published, {message}");
            found.push(self.at(Diagnostic::error(&code::NOT_GIVEN, message), published.span, None));
            return Ok(());
        }
        for row in &published.value {
            let cell = |name: &&str| row.cells.iter().find(|(other, _)| other.value == **name);
            let cells: Vec<&str> = names.iter().map(|name| cell(name).map_or("", |(_, text)| text)).collect();
            import.row(&cells)?;
        }
        import.finish(false).map(drop).map_err(|wrong| wrong.to_string())
    }

    /// An attribute that the mapping does not write, and nearly does: it would be remembered for nothing.
    fn misspelt(&self, file: &MappingFile, name: &Text) -> Option<Diagnostic> {
        let columns = || file.mapping.iter().flat_map(|mapping| &mapping.columns).map(|one| one.name.value.as_str());
        if columns().any(|column| column == name.value) {
            return None;
        }
        let near = nearest(&name.value, columns())?;
        let message = format!("the mapping writes no `{}`", excerpt(&name.value));
        let help = Some(format!("`{near}` has a similar name"));
        Some(self.at(Diagnostic::error(&code::GIVEN_UNREAD, message), name.span, help))
    }

    /// Nothing of the project's folders is written to, nothing of the process's environment is wanted.
    fn isolate(&self, loaded: &mut Loaded) {
        // Beside the stand-ins: a source may be called `state`.
        keep_to(self.folder.parent().unwrap_or(self.folder), loaded);
        let sources: Vec<Span> =
            loaded.project.file.iter().flat_map(|file| &file.sources).map(|one| one.span).collect();
        loaded.diagnostics = without_variables(&loaded.diagnostics, &sources);
        for file in &mut loaded.mappings {
            let sources: Vec<Span> = file.mapping.iter().flat_map(|one| &one.sources).map(|one| one.span).collect();
            file.found = without_variables(&file.found, &sources);
        }
    }

    /// Keys of the mappings that the tested one refers to.
    fn keys(&self, loaded: &Loaded, found: &mut Vec<Diagnostic>) -> BTreeMap<String, MappingKeys> {
        let mut keys = BTreeMap::new();
        for (name, _) in self.case.given.mappings.iter().chain(&self.shared.mappings) {
            if !loaded.project.names.contains(&name.value) {
                let message = format!("the project has no mapping `{}`", name.value);
                let names = loaded.project.names.iter().map(String::as_str);
                let help = nearest(&name.value, names).map(|near| format!("`{near}` has a similar name"));
                found.push(self.at(Diagnostic::error(&code::BAD_REFERENCE, message), name.span, help));
            }
        }
        for file in loaded.mappings.iter().filter(|file| !file.asked) {
            let given = self.case.given.mappings.iter().chain(&self.shared.mappings);
            match given.into_iter().find(|(name, _)| name.value == file.name) {
                Some((_, given)) => drop(keys.insert(file.name.clone(), written(file, given))),
                None => {
                    let what = format!("keys of the mapping `{}`, which this one refers to", file.name);
                    found.push(self.not_given(&what).help(format!("e.g. `mappings: {{{}: [A1, A2]}}`", file.name)));
                }
            }
        }
        keys
    }

    /// The given sources by name, a case's own first; names that are not declared are mistakes.
    fn sources(
        &self,
        declared: &BTreeMap<String, SourceEntry>,
        found: &mut Vec<Diagnostic>,
    ) -> BTreeMap<&'a str, &'a GivenSource> {
        let mut given = BTreeMap::new();
        for source in self.shared.sources.iter().chain(&self.case.given.sources) {
            if !declared.contains_key(&source.name.value) {
                let message = format!("neither mapping nor project has a source `{}`", source.name.value);
                let help = nearest(&source.name.value, declared.keys().map(String::as_str))
                    .map(|near| format!("`{near}` has a similar name"));
                found.push(self.at(Diagnostic::error(&code::UNKNOWN_SOURCE, message), source.name.span, help));
            }
            given.insert(source.name.value.as_str(), source);
        }
        given
    }

    fn not_given(&self, what: &str) -> Diagnostic {
        let message = format!("the case gives no {what}");
        self.at(Diagnostic::error(&code::NOT_GIVEN, message), self.case.name.span, None).help(code::NOT_GIVEN.cure)
    }

    fn at(&self, diagnostic: Diagnostic, span: Span, help: Option<String>) -> Diagnostic {
        let diagnostic = diagnostic.at(Place::new(self.path, span), "");
        help.into_iter().fold(diagnostic, Diagnostic::help)
    }
}

/// What is read of one source.
#[derive(Debug)]
pub(super) struct Asked {
    /// Columns that the mapping names.
    pub fields: BTreeSet<String>,
    /// A query reads it too, and may want others.
    pub open: bool,
}

/// The keys that a mapping is taken to have written.
fn written(file: &MappingFile, given: &[Text]) -> MappingKeys {
    let format = file.mapping.as_ref().and_then(|mapping| format::find(&mapping.format.value));
    let mut keys = KeySetBuilder::new(format.is_some_and(|format| format.key_ignores_case));
    given.iter().for_each(|key| keys.add(key.value.as_bytes()));
    let none = Arc::new(KeySet::default());
    MappingKeys { written: Arc::new(keys.build()), rejected: Arc::clone(&none), filtered: none }
}

/// Without complaints about variables in entries that are replaced.
fn without_variables(found: &Diagnostics, replaced: &[Span]) -> Diagnostics {
    let mut kept = Diagnostics::new();
    for one in found.iter() {
        let inside =
            |span: &Span| one.place.as_ref().is_some_and(|at| span.start <= at.span.start && at.span.end <= span.end);
        if one.code.id != code::VARIABLE.id || !replaced.iter().any(inside) {
            kept.push(one.clone());
        }
    }
    kept
}

/// Sources that `mapping` reads, by itself or through queries that are not given themselves.
pub(super) fn used(
    mapping: &Mapping,
    declared: &BTreeMap<String, SourceEntry>,
    is_given: &dyn Fn(&str) -> bool,
    loaded: &Loaded,
    session: &dyn Fn() -> SessionContext,
) -> BTreeMap<String, Asked> {
    let from = match &mapping.from {
        From::Source(name) => Some(name.value.as_str()),
        From::Query(_) | From::Sql(_) => None,
    };
    let mut wanted: Wanted = wanted(mapping, from);
    let query = |path: &Text| {
        let text = std::fs::read_to_string(loaded.project.root.join(&path.value)).unwrap_or_default();
        vet::tables(&loaded.variables.sql_file(&path.value, &text).0, &session())
    };
    let mut by_query = BTreeSet::new();
    match &mapping.from {
        From::Query(path) => by_query.extend(query(path)),
        From::Sql(sql) => by_query.extend(vet::tables(&sql.value, &session())),
        From::Source(_) => {}
    }
    by_query.iter().for_each(|table| wanted.add(table));
    let mut names = Vec::new();
    while let Some(name) = wanted.next() {
        let origin = declared.get(&name).map(|entry| &entry.origin);
        if let (Some(SourceOrigin::Query(path)), false) = (origin, is_given(&name)) {
            let tables = query(path);
            tables.iter().for_each(|table| wanted.add(table));
            by_query.extend(tables);
        }
        names.push(name);
    }
    let mut used = BTreeMap::new();
    for name in names {
        let mut fields: BTreeSet<String> = wanted.fields(&name).into_iter().collect();
        if from == Some(name.as_str()) {
            fields.extend(quoted_names(mapping));
            let own = |field: &String| mapping.lets.iter().any(|(name, _)| name.value == *field);
            fields.retain(|field| !own(field) && field != FILE_COLUMN && field != LINE_COLUMN);
        }
        let open = by_query.contains(&name);
        used.insert(name, Asked { fields, open });
    }
    used
}
