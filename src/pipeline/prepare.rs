//! One mapping, from its tree to SQL that is known to run: sources opened, names looked up, SQL checked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::common::DFSchema;
use datafusion::prelude::SessionContext;

use crate::compile::{CompiledQuery, compile};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Texts, code, nearest};
use crate::engine::Engine;
use crate::functions::{self, LookupTables};
use crate::mapping::{From, Mapping, SourceOrigin, Text, Variables};
use crate::pipeline::asked::{Wanted, wanted};
use crate::pipeline::plan::Planning;
use crate::pipeline::{Failure, RunRequest};
use crate::project::{MappingFile, Project};
use crate::resolve::{Resolved, RowSource, SourceSchema, Surroundings, resolve};
use crate::source::{FileRegister, Source, SourceDefinition, open, schema_of};
use crate::vet::{self, QueryText, Scalars, VettedQuery};

/// A mapping that can be run.
pub(super) struct Prepared {
    /// Its file.
    pub file: MappingFile,
    /// What it means.
    pub resolved: Resolved,
    /// Its SQL.
    pub compiled: CompiledQuery,
    /// Its opened sources, by name.
    pub sources: BTreeMap<String, Arc<Source>>,
    /// Its sources that are queries over others, in an order in which each knows those before it.
    pub views: Vec<(String, VettedQuery)>,
    /// The query of `from`, if it is one.
    pub query: Option<VettedQuery>,
    /// Numbers of all files.
    pub files: FileRegister,
    /// Visible columns of the rows.
    pub fields: Vec<String>,
    /// Warnings.
    pub warnings: Diagnostics,
}

/// What preparing needs beside the mapping.
pub(super) struct Surrounding<'a> {
    pub project: &'a Project,
    pub variables: &'a Variables,
    pub request: &'a RunRequest,
    pub engine: &'a Engine,
}

/// Prepares `file`; collects every mistake, and the texts of the query files they point into.
pub(super) async fn prepare(
    file: &MappingFile,
    around: &Surrounding<'_>,
    texts: &mut Texts,
) -> Result<Prepared, Failure> {
    let mapping = file.mapping.as_ref().ok_or_else(|| Failure::Mapping(Diagnostics::new()))?;
    let preparing = Preparing {
        file,
        mapping,
        around,
        found: Diagnostics::new(),
        files: FileRegister::new(),
        sources: BTreeMap::new(),
        views: Vec::new(),
        session: around.engine.session(),
        declared: declared(mapping, around.project),
    };
    functions::register(&preparing.session, Arc::new(LookupTables::default()));
    preparing.run(texts).await
}

/// Sources by name: the mapping's own hide the project's.
fn declared(mapping: &Mapping, project: &Project) -> BTreeMap<String, crate::mapping::SourceEntry> {
    let shared = project.file.iter().flat_map(|file| &file.sources);
    shared.chain(&mapping.sources).map(|entry| (entry.name.value.clone(), entry.clone())).collect()
}

struct Preparing<'a> {
    file: &'a MappingFile,
    mapping: &'a Mapping,
    around: &'a Surrounding<'a>,
    found: Diagnostics,
    files: FileRegister,
    sources: BTreeMap<String, Arc<Source>>,
    views: Vec<(String, VettedQuery)>,
    session: SessionContext,
    declared: BTreeMap<String, crate::mapping::SourceEntry>,
}

/// SQL of a query and where it stands.
struct QueryFile {
    sql: String,
    path: String,
    text: String,
    scalar: Option<Text>,
}

impl QueryFile {
    fn as_text(&self) -> QueryText<'_> {
        QueryText { sql: &self.sql, path: &self.path, file: &self.text, scalar: self.scalar.as_ref() }
    }
}

impl Preparing<'_> {
    async fn run(mut self, texts: &mut Texts) -> Result<Prepared, Failure> {
        let mapping = self.mapping.clone();
        let mut from = None;
        if let From::Source(name) = &mapping.from {
            from = self.source_of_rows(name);
        }
        let origin = from.as_ref().and_then(|name| self.declared.get(name)).map(|entry| entry.origin.clone());
        let query = match &mapping.from {
            // A source that is a query itself is run like one.
            From::Source(_) => match origin {
                Some(SourceOrigin::Query(path)) => {
                    from = None;
                    self.query_file(&path, texts)
                }
                _ => None,
            },
            From::Query(path) => self.query_file(path, texts),
            From::Sql(sql) => Some(QueryFile {
                sql: sql.value.clone(),
                path: self.file.shown.clone(),
                text: self.file.text.clone(),
                scalar: Some(sql.clone()),
            }),
        };
        let mut wanted = wanted(&mapping, from.as_deref());
        for name in query.iter().flat_map(|query| vet::tables(&query.sql, &self.session)) {
            wanted.add(&name);
        }
        let absent = self.open(&mut wanted, texts).await;

        let names: Vec<String> = self.declared.keys().cloned().collect();
        let mut vetted = None;
        // Where a source is absent, so are the tables that SQL would be checked against.
        if let (Some(query), None) = (&query, &absent) {
            match vet::query(query.as_text(), &self.session, &names).await {
                Ok(query) => vetted = Some(query),
                Err(found) => self.found.extend(found),
            }
        }
        let rows = match (&vetted, &from) {
            (Some(query), _) => Some(schema_of(query.plan.schema().as_arrow())),
            (None, Some(name)) => self.schema(name).await,
            (None, None) => None,
        };
        let ordered = vetted.as_ref().is_none_or(|query| query.ordered || query.traceable);
        let (resolved, found) = resolve(&mapping, &self.surroundings(rows.clone(), ordered).await);
        self.found.extend(found);
        if let Some(absent) = absent {
            if !self.found.has_errors() {
                return Err(absent);
            }
            absent.diagnostics().into_iter().for_each(|one| self.found.push(one));
            return Err(Failure::Mapping(self.found));
        }
        let (Some(resolved), Some(rows)) = (resolved, rows) else {
            return Err(Failure::Mapping(self.found));
        };
        let mut resolved = resolved;
        resolved.from = match (&vetted, from, &query) {
            (None, Some(source), _) => RowSource::Source(source),
            (_, _, Some(query)) => RowSource::Query(
                query.scalar.clone().unwrap_or_else(|| Text::new(query.path.clone(), mapping.format.span)),
            ),
            _ => resolved.from,
        };

        let schema = match &vetted {
            Some(query) => query.plan.schema().as_ref().clone(),
            None => self.table_schema(crate::compile::table(&resolved)).await?,
        };
        self.found.extend(vet::options(&mapping, &resolved));
        let scalars = Scalars { path: &self.file.shown, file: &self.file.text };
        self.found.extend(vet::expressions(&resolved, &self.session, &schema, scalars));
        let fields: Vec<String> = rows.fields.iter().map(|field| field.name.clone()).collect();
        let compiled = compile(&resolved, &self.file.text, &fields);
        if !self.found.has_errors() {
            let planning = Planning { session: &self.session, resolved: &resolved, sources: &self.sources };
            self.found.extend(planning.check(&compiled, vetted.as_ref()).await);
        }
        if self.found.has_errors() {
            return Err(Failure::Mapping(self.found));
        }
        Ok(Prepared {
            file: self.file.clone(),
            resolved,
            compiled,
            sources: self.sources,
            views: self.views,
            query: vetted,
            files: self.files,
            fields,
            warnings: self.found,
        })
    }

    /// The source `from` names; the nearest, else the only one, where it names none.
    fn source_of_rows(&mut self, name: &Text) -> Option<String> {
        if self.declared.contains_key(&name.value) {
            return Some(name.value.clone());
        }
        let near = nearest(&name.value, self.declared.keys().map(String::as_str)).map(str::to_owned);
        let only = self.declared.keys().next().filter(|_| self.declared.len() == 1).cloned();
        let mut diagnostic = Diagnostic::error(&code::UNKNOWN_SOURCE, format!("unknown source `{}`", name.value))
            .at(Place::new(&self.file.shown, name.span), "not declared");
        let names: Vec<&str> = self.declared.keys().map(String::as_str).collect();
        diagnostic = match &near {
            Some(near) => diagnostic.help(format!("`{near}` has a similar name")),
            None if names.is_empty() => diagnostic.help("declare it under `sources`"),
            None => diagnostic.help(format!("sources: {}", names.join(", "))),
        };
        self.found.push(diagnostic);
        near.or(only)
    }

    fn query_file(&mut self, path: &Text, texts: &mut Texts) -> Option<QueryFile> {
        let full = self.around.project.root.join(&path.value);
        match std::fs::read_to_string(&full) {
            Ok(text) => {
                texts.insert(&path.value, &text);
                let (sql, found) = self.around.variables.sql_file(&path.value, &text);
                self.found.extend(found);
                Some(QueryFile { sql, path: path.value.clone(), text, scalar: None })
            }
            Err(error) => {
                self.found.push(
                    Diagnostic::error(
                        &code::UNKNOWN_SOURCE,
                        format!("the query `{}` cannot be read: {error}", path.value),
                    )
                    .at(Place::new(&self.file.shown, path.span), "this file")
                    .help("paths in a mapping are relative to the project's folder"),
                );
                None
            }
        }
    }

    /// Opens every wanted source, and those that wanted queries read; what comes back is the first that could not be.
    async fn open(&mut self, wanted: &mut Wanted, texts: &mut Texts) -> Option<Failure> {
        let mut absent = None;
        let mut queries: Vec<(String, QueryFile, BTreeSet<String>)> = Vec::new();
        while let Some(name) = wanted.next() {
            let Some(entry) = self.declared.get(&name).cloned() else { continue };
            match &entry.origin {
                SourceOrigin::Path(path) => {
                    let definition = self.definition(&entry, &path.value, wanted.fields(&name));
                    if let Err(failure) = self.open_files(name, definition) {
                        absent = absent.or(Some(failure));
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
        match absent {
            None => self.views(queries).await.err(),
            absent => absent,
        }
    }

    fn open_files(&mut self, name: String, definition: SourceDefinition) -> Result<(), Failure> {
        let source = open(definition, &self.files, self.around.request.started.into())?;
        self.register(&name, source.table())?;
        self.sources.insert(name, source);
        Ok(())
    }

    /// Registers query sources, each after those it reads.
    async fn views(&mut self, mut queries: Vec<(String, QueryFile, BTreeSet<String>)>) -> Result<(), Failure> {
        let names: Vec<String> = self.declared.keys().cloned().collect();
        while !queries.is_empty() {
            let waiting: BTreeSet<String> = queries.iter().map(|(name, ..)| name.clone()).collect();
            let Some(next) = queries.iter().position(|(_, _, tables)| tables.is_disjoint(&waiting)) else {
                let circle: Vec<String> = waiting.into_iter().collect();
                self.found.push(
                    Diagnostic::error(
                        &code::REFERENCE_LOOP,
                        format!("the queries of these sources read one another: {}", circle.join(", ")),
                    )
                    .at(Place::new(&self.file.shown, self.mapping.format.span), "used by this mapping"),
                );
                return Err(Failure::Mapping(Diagnostics::new()));
            };
            let (name, query, _) = queries.remove(next);
            match vet::view(query.as_text(), &self.session, &names).await {
                Ok(vetted) => {
                    let table = datafusion::datasource::ViewTable::new(vetted.plan.clone(), None);
                    self.register(&name, Arc::new(table))?;
                    self.views.push((name, vetted));
                }
                Err(found) => self.found.extend(found),
            }
        }
        Ok(())
    }

    fn register(&self, name: &str, table: Arc<dyn datafusion::catalog::TableProvider>) -> Result<(), Failure> {
        register(&self.session, name, table)
    }

    fn definition(&self, entry: &crate::mapping::SourceEntry, path: &str, asked: Vec<String>) -> SourceDefinition {
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
            asked,
            ..SourceDefinition::new(entry.name.value.clone(), pattern)
        }
    }

    async fn schema(&self, name: &str) -> Option<SourceSchema> {
        if let Some(source) = self.sources.get(name) {
            return Some(source.schema());
        }
        let table = self.session.table_provider(quoted(name)).await.ok()?;
        Some(schema_of(&table.schema()))
    }

    async fn table_schema(&self, name: &str) -> Result<DFSchema, Failure> {
        let engine = |error| Failure::engine(&error, None);
        let table = self.session.table_provider(quoted(name)).await.map_err(engine)?;
        DFSchema::try_from(table.schema().as_ref().clone()).map_err(engine)
    }

    async fn surroundings(&self, rows: Option<SourceSchema>, rows_are_ordered: bool) -> Surroundings {
        let mut sources = BTreeMap::new();
        for name in self.declared.keys() {
            sources.insert(name.clone(), self.schema(name).await);
        }
        let project = self.around.project.file.as_ref();
        Surroundings {
            sources,
            rows,
            rows_are_ordered,
            mappings: self.around.project.names.clone(),
            attributes: project
                .and_then(|file| file.attributes.as_ref())
                .map(|names| names.iter().map(|name| name.value.clone()).collect()),
            defaults: project.map(|file| file.defaults.clone()).unwrap_or_default(),
            service_timezone: project.and_then(|file| file.service_timezone.as_ref()).map(|zone| zone.value.clone()),
            as_of: self.around.request.as_of.to_string(),
        }
    }
}

/// A table name that no rule of SQL names changes.
pub(super) fn quoted(name: &str) -> datafusion::common::TableReference {
    datafusion::common::TableReference::bare(name.to_owned())
}

/// Puts `table` into `session` as `name`.
pub(super) fn register(
    session: &SessionContext,
    name: &str,
    table: Arc<dyn datafusion::catalog::TableProvider>,
) -> Result<(), Failure> {
    session.register_table(quoted(name), table).map(drop).map_err(|error| Failure::engine(&error, None))
}
