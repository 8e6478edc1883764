//! One mapping, from its tree to SQL that is known to run: sources opened, names looked up, SQL checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::DFSchema;
use datafusion::prelude::SessionContext;

use crate::compile::{CompiledQuery, compile};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Texts, code, nearest};
use crate::engine::Engine;
use crate::functions::{self, LookupTables};
use crate::mapping::{From, Mapping, SourceEntry, SourceOrigin, Text, Variables};
use crate::pipeline::asked::wanted;
use crate::pipeline::fetch::Fetch;
use crate::pipeline::open::{QueryFile, quoted};
use crate::pipeline::planning::Planning;
use crate::pipeline::session::Planned;
use crate::pipeline::{Failure, RunRequest, lookups};
use crate::project::{MappingFile, Project};
use crate::resolve::{Resolved, RowSource, SourceSchema, Surroundings, resolve};
use crate::source::{FileRegister, Source, schema_of};
use crate::vet::{self, Scalars, VettedQuery};

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
    /// Where each source says what its files are.
    pub places: BTreeMap<String, Place>,
    /// Its sources that are queries over others, in an order in which each knows those before it.
    pub views: Vec<(String, VettedQuery)>,
    /// The query of `from`, if it is one.
    pub query: Option<VettedQuery>,
    /// Numbers of all files.
    pub files: FileRegister,
    /// What was planned and need not be planned again.
    pub planned: Option<Planned>,
    /// Visible columns of the rows.
    pub fields: Vec<String>,
    /// Warnings.
    pub warnings: Diagnostics,
    /// Sources of which only the columns are known: services that were not asked for their rows.
    pub unfetched: BTreeMap<String, SchemaRef>,
}

/// What preparing needs beside the mapping.
#[derive(Clone, Copy)]
pub(super) struct Surrounding<'a> {
    pub project: &'a Project,
    pub variables: &'a Variables,
    pub request: &'a RunRequest,
    pub engine: &'a Engine,
    /// What fetches the rows of sources that are services; none where only their columns are wanted.
    pub fetch: Option<&'a Fetch<'a>>,
}

/// What is looked at beside the mapping and its query files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Headers and metadata of the sources.
    Headers,
    /// Nothing: the columns of sources are unknown.
    Offline,
}

/// All there is to say of one mapping before any row is read.
pub(super) struct Judged {
    /// It can be run.
    pub prepared: Option<Prepared>,
    /// Mistakes and warnings; those of its text come with its file.
    pub found: Diagnostics,
    /// Sources that could not be opened; what else went wrong in the world.
    pub absent: Vec<Failure>,
}

impl Judged {
    /// Why it cannot be run.
    pub(super) fn failure(mut self) -> Failure {
        if self.found.has_errors() || self.absent.is_empty() {
            self.absent.iter().flat_map(Failure::diagnostics).for_each(|one| self.found.push(one));
            return Failure::Mapping(self.found);
        }
        Failure::first_of(self.absent)
    }
}

/// Prepares `file`; collects every mistake, and the texts of the query files they point into.
pub(super) async fn prepare(
    file: &MappingFile,
    around: &Surrounding<'_>,
    texts: &mut Texts,
) -> Result<Prepared, Failure> {
    // What is wrong is said before anything is fetched.
    let mut judged = judge(file, &Surrounding { fetch: None, ..*around }, Look::Headers, texts).await;
    let right = judged.prepared.as_ref().filter(|_| !file.found.has_errors());
    if around.fetch.is_some() && right.is_some_and(|prepared| !prepared.unfetched.is_empty()) {
        judged = judge(file, around, Look::Headers, texts).await;
    }
    match judged.prepared.take() {
        Some(prepared) => Ok(Prepared { warnings: judged.found, ..prepared }),
        None => Err(judged.failure()),
    }
}

/// Judges `file` as far as it can be read.
pub(super) async fn judge(file: &MappingFile, around: &Surrounding<'_>, look: Look, texts: &mut Texts) -> Judged {
    let Some(mapping) = &file.mapping else {
        return Judged { prepared: None, found: Diagnostics::new(), absent: Vec::new() };
    };
    let (declared, places) = declared(file, mapping, around.project);
    let mut preparing = Preparing {
        file,
        mapping,
        around,
        look,
        found: Diagnostics::new(),
        absent: Vec::new(),
        files: FileRegister::new(),
        sources: BTreeMap::new(),
        views: Vec::new(),
        unfetched: BTreeMap::new(),
        session: around.engine.session(),
        declared,
        places,
    };
    functions::register(&preparing.session, Arc::new(LookupTables::default()));
    let prepared = preparing.run(texts).await;
    Judged { prepared, found: preparing.found, absent: preparing.absent }
}

type Declared = (BTreeMap<String, SourceEntry>, BTreeMap<String, Place>);

/// Sources by name, and where each stands: the mapping's own hide the project's.
fn declared(file: &MappingFile, mapping: &Mapping, project: &Project) -> Declared {
    let shared = project.file.iter().flat_map(|file| file.sources.iter().map(|entry| (entry, &file.path)));
    let own = mapping.sources.iter().map(|entry| (entry, &file.shown));
    let mut all = Declared::default();
    for (entry, path) in shared.chain(own) {
        let name = &entry.name.value;
        all.0.insert(name.clone(), entry.clone());
        all.1.insert(name.clone(), Place::new(path, entry.origin.span()));
    }
    all
}

pub(super) struct Preparing<'a> {
    pub file: &'a MappingFile,
    pub mapping: &'a Mapping,
    pub around: &'a Surrounding<'a>,
    pub look: Look,
    pub found: Diagnostics,
    pub absent: Vec<Failure>,
    pub files: FileRegister,
    pub sources: BTreeMap<String, Arc<Source>>,
    pub views: Vec<(String, VettedQuery)>,
    pub unfetched: BTreeMap<String, SchemaRef>,
    pub session: SessionContext,
    pub declared: BTreeMap<String, SourceEntry>,
    pub places: BTreeMap<String, Place>,
}

impl Preparing<'_> {
    async fn run(&mut self, texts: &mut Texts) -> Option<Prepared> {
        let mut mapping = self.mapping.clone();
        let mut from = None;
        if let From::Source(name) = &mut mapping.from {
            from = self.source_of_rows(name);
            // What follows names the source that is looked at, not the one that was misspelt.
            from.iter().for_each(|assumed| name.value.clone_from(assumed));
        }
        let query = self.query(&mapping, &mut from, texts);
        let mut wanted = wanted(&mapping, from.as_deref());
        for name in query.iter().flat_map(|query| vet::tables(&query.sql, &self.session)) {
            wanted.add(&name);
        }
        self.open(&mut wanted, texts).await;

        let vetted = match &query {
            Some(query) => self.vet(query, vet::query).await,
            None => None,
        };
        let rows = match (&vetted, &from) {
            (Some(query), _) => Some(schema_of(query.plan.schema().as_arrow())),
            (None, Some(name)) => self.schema(name).await,
            (None, None) => None,
        };
        let ordered = vetted.as_ref().is_none_or(|query| query.ordered || query.traceable);
        let (resolved, found) = resolve(&mapping, &self.surroundings(rows.clone(), ordered).await);
        self.found.extend(found);
        let mut resolved = resolved?;
        resolved.from = match (&vetted, from, &query) {
            (None, Some(source), _) => RowSource::Source(source),
            (_, _, Some(query)) => RowSource::Query(
                query.scalar.clone().unwrap_or_else(|| Text::new(query.path.clone(), mapping.format.span)),
            ),
            _ => resolved.from,
        };
        let schema = match &vetted {
            Some(query) => Some(query.plan.schema().as_ref().clone()),
            None => self.table_schema(crate::compile::table(&resolved)).await,
        };
        self.found.extend(vet::options(&mapping, &resolved));
        let file = Scalars { path: &self.file.shown, file: &self.file.text };
        self.found.extend(vet::expressions(&resolved, &self.session, schema.as_ref(), file));
        let rows = rows.filter(|_| schema.is_some())?;
        let fields: Vec<String> = rows.fields.iter().map(|field| field.name.clone()).collect();
        let compiled = compile(&resolved, &self.file.text);
        let mut judge = None;
        if !self.found.has_errors() {
            let planning = Planning { session: &self.session, resolved: &resolved, file, sources: &self.sources };
            let (found, plan) = planning.check(&compiled, vetted.as_ref()).await;
            self.found.extend(found);
            judge = plan.filter(|_| vetted.is_none() && !lookups::any(&resolved));
        }
        if self.found.has_errors() || !self.absent.is_empty() {
            return None;
        }
        Some(Prepared {
            file: self.file.clone(),
            resolved,
            compiled,
            sources: std::mem::take(&mut self.sources),
            places: std::mem::take(&mut self.places),
            views: std::mem::take(&mut self.views),
            query: vetted,
            planned: judge.map(|judge| Planned { session: self.session.clone(), judge }),
            files: self.files.clone(),
            fields,
            warnings: Diagnostics::new(),
            unfetched: std::mem::take(&mut self.unfetched),
        })
    }

    /// The query of the rows, where they come from one: a source that is a query itself is run like one, and is `from` no more.
    fn query(&mut self, mapping: &Mapping, from: &mut Option<String>, texts: &mut Texts) -> Option<QueryFile> {
        match &mapping.from {
            From::Source(_) => match from.as_ref().and_then(|name| self.declared.get(name))?.origin.clone() {
                SourceOrigin::Query(path) => {
                    *from = None;
                    self.query_file(&path, texts)
                }
                SourceOrigin::Path(_) | SourceOrigin::Totango(_) => None,
            },
            From::Query(path) => self.query_file(path, texts),
            From::Sql(sql) => Some(QueryFile {
                sql: sql.value.clone(),
                path: self.file.shown.clone(),
                text: self.file.text.clone(),
                scalar: Some(sql.clone()),
            }),
        }
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

    async fn schema(&self, name: &str) -> Option<SourceSchema> {
        if let Some(source) = self.sources.get(name) {
            return Some(source.schema());
        }
        let table = self.session.table_provider(quoted(name)).await.ok()?;
        Some(schema_of(&table.schema()))
    }

    async fn table_schema(&self, name: &str) -> Option<DFSchema> {
        let table = self.session.table_provider(quoted(name)).await.ok()?;
        DFSchema::try_from(table.schema().as_ref().clone()).ok()
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
