//! Opens what a mapping reads: the files of its sources, the queries over them.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::TableReference;
use datafusion::datasource::ViewTable;
use datafusion::prelude::SessionContext;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, Texts, code};
use crate::mapping::{SourceEntry, SourceOrigin, Text};
use crate::pipeline::asked::Wanted;
use crate::pipeline::prepare::{Look, Preparing};
use crate::pipeline::{Failure, Situation};
use crate::project::{Project, load_project};
use crate::source::{SourceDefinition, open};
use crate::vet::{self, QueryText, VettedQuery};

/// SQL of a query and where it stands.
pub(super) struct QueryFile {
    pub sql: String,
    pub path: String,
    pub text: String,
    pub scalar: Option<Text>,
}

impl QueryFile {
    fn as_text(&self) -> QueryText<'_> {
        QueryText { sql: &self.sql, path: &self.path, file: &self.text, scalar: self.scalar.as_ref() }
    }
}

/// A source that is a query, and the tables it reads.
type QuerySource = (String, QueryFile, BTreeSet<String>);

impl Preparing<'_> {
    pub(super) fn query_file(&mut self, path: &Text, texts: &mut Texts) -> Option<QueryFile> {
        let full = self.around.project.root.join(&path.value);
        match std::fs::read_to_string(&full) {
            Ok(text) => {
                texts.insert(&path.value, &text);
                let (sql, found) = self.around.variables.sql_file(&path.value, &text);
                self.found.extend(found);
                Some(QueryFile { sql, path: path.value.clone(), text, scalar: None })
            }
            Err(error) => {
                self.unreadable_query(&self.file.shown, path, &error);
                None
            }
        }
    }

    pub(super) fn unreadable_query(&mut self, declared_in: &str, path: &Text, error: &std::io::Error) {
        let message = format!("the query `{}` cannot be read: {error}", path.value);
        let diagnostic = Diagnostic::error(&code::UNKNOWN_SOURCE, message);
        let diagnostic = diagnostic.at(Place::new(declared_in, path.span), "this file");
        self.found.push(diagnostic.help("paths in a mapping are relative to the project's folder"));
    }

    /// Opens every wanted source, and those that wanted queries read; notes those that cannot be opened.
    pub(super) async fn open(&mut self, wanted: &mut Wanted, texts: &mut Texts) {
        let mut queries: Vec<QuerySource> = Vec::new();
        while let Some(name) = wanted.next() {
            let Some(entry) = self.declared.get(&name).cloned() else { continue };
            match &entry.origin {
                SourceOrigin::Path(_) if self.look == Look::Offline => {}
                SourceOrigin::Path(path) => {
                    let definition = self.definition(&entry, &path.value, wanted.fields(&name));
                    if let Err(failure) = self.open_files(name, definition) {
                        self.absent.push(failure.located(&self.places));
                    }
                }
                SourceOrigin::Totango(totango) => {
                    if let Err(failure) = self.open_totango(&entry, totango, texts).await {
                        self.absent.push(failure.located(&self.places));
                    }
                }
                SourceOrigin::Query(path) => {
                    if let Some(query) = self.query_file(path, texts) {
                        let tables = vet::tables(&query.sql, &self.session);
                        tables.iter().for_each(|table| wanted.add(table));
                        queries.push((name, query, tables));
                    }
                }
            }
        }
        self.open_queries(queries).await;
    }

    fn open_files(&mut self, name: String, definition: SourceDefinition) -> Result<(), Failure> {
        let source = open(definition, &self.files, self.around.request.started.into())?;
        register(&self.session, &name, source.table())?;
        self.sources.insert(name, source);
        Ok(())
    }

    /// Registers query sources, each after those it reads.
    async fn open_queries(&mut self, mut queries: Vec<QuerySource>) {
        while !queries.is_empty() {
            let waiting: BTreeSet<String> = queries.iter().map(|(name, ..)| name.clone()).collect();
            let Some(next) = queries.iter().position(|(_, _, tables)| tables.is_disjoint(&waiting)) else {
                let circle: Vec<String> = waiting.into_iter().collect();
                let first = circle.first().and_then(|name| self.places.get(name)).cloned();
                let mut diagnostic = Diagnostic::error(
                    &code::REFERENCE_LOOP,
                    format!("the queries of these sources read one another: {}", circle.join(", ")),
                );
                if let Some(place) = first {
                    diagnostic = diagnostic.at(place, "one of them");
                }
                self.found.push(diagnostic.help("let one of them read files only"));
                return;
            };
            let (name, query, _) = queries.remove(next);
            if let Some(vetted) = self.vet(&query, vet::view).await {
                let table = ViewTable::new(vetted.plan.clone(), None);
                match register(&self.session, &name, Arc::new(table)) {
                    Ok(()) => self.views.push((name, vetted)),
                    Err(failure) => self.absent.push(failure),
                }
            }
        }
    }

    /// Checks a query; only its syntax where a declared source that it reads is not open.
    pub(super) async fn vet<'q>(
        &mut self,
        query: &'q QueryFile,
        whole: impl AsyncFn(QueryText<'q>, &SessionContext, &[String]) -> Result<VettedQuery, Diagnostics>,
    ) -> Option<VettedQuery> {
        let names: Vec<String> = self.declared.keys().cloned().collect();
        let tables = vet::tables(&query.sql, &self.session);
        let is_open = |name: &String| self.session.table_exist(quoted(name)).unwrap_or(false);
        if !tables.iter().filter(|name| names.contains(name)).all(is_open) {
            self.found.extend(vet::syntax(query.as_text(), &self.session, &names));
            return None;
        }
        match whole(query.as_text(), &self.session, &names).await {
            Ok(vetted) => Some(vetted),
            Err(found) => {
                self.found.extend(found);
                None
            }
        }
    }

    fn definition(&self, entry: &SourceEntry, path: &str, asked: Vec<String>) -> SourceDefinition {
        let root = &self.around.project.root;
        let pattern =
            if path.contains("://") { path.to_owned() } else { root.join(path).to_string_lossy().into_owned() };
        SourceDefinition {
            kind: entry.kind.as_ref().map(|kind| kind.value),
            compression: entry.compression.as_ref().map(|compression| compression.value),
            csv: entry.csv.clone(),
            empty_is_ok: entry.empty_is_ok,
            missing_columns_empty: entry.missing_columns_empty,
            max_age: entry.max_age.as_ref().map(|age| age.value),
            shown_base: root.clone(),
            stores: self.around.project.stores.clone(),
            asked,
            ..SourceDefinition::new(entry.name.value.clone(), pattern)
        }
    }
}

/// The project around the current folder, for commands that read no mapping.
pub(super) fn project_around(given: &Situation) -> Result<Project, Failure> {
    match load_project(&given.current, &given.options()) {
        Ok(loaded) if !loaded.diagnostics.has_errors() => Ok(loaded.project),
        Ok(loaded) => Err(Failure::Mapping(loaded.diagnostics)),
        Err(why) => Err(Failure::World(Diagnostic::error(&code::USAGE, why))),
    }
}

/// A table name that no rule of SQL names changes.
pub(super) fn quoted(name: &str) -> TableReference {
    TableReference::bare(name.to_owned())
}

/// Puts `table` into `session` as `name`.
pub(super) fn register(session: &SessionContext, name: &str, table: Arc<dyn TableProvider>) -> Result<(), Failure> {
    session.register_table(quoted(name), table).map(drop).map_err(|error| Failure::engine(&error, None))
}
