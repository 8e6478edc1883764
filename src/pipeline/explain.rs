//! `tanguero explain MAPPING`: what a mapping becomes: its SQL, the engine's plans, the way of each column.

use std::fmt::Write;
use std::sync::Arc;

use datafusion::datasource::ViewTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::displayable;
use datafusion::prelude::SessionContext;

use crate::compile::QUERY_TABLE;
use crate::diagnostic::{Diagnostic, Texts, code};
use crate::engine::Engine;
use crate::functions::{self, LookupTables};
use crate::mapping::{
    DuplicatePolicy, From, HierarchyPolicy, ReferenceMissing, SourceEntry, SourceOrigin, UnknownPolicy,
};
use crate::pipeline::lineage::Lineage;
use crate::pipeline::open::register;
use crate::pipeline::prepare::{Prepared, Surrounding, prepare};
use crate::pipeline::query::staged_schema;
use crate::pipeline::{CheckRequest, Exit, Failure, RunRequest};
use crate::project::{Loaded, load, named};
use crate::resolve::{Resolved, Target};
use crate::sqltext::comment;

/// What is to be shown of a mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The SQL it compiles to.
    Sql,
    /// What the engine makes of it.
    Plan,
    /// Which source columns feed which target column, as text.
    Lineage,
    /// The same as a Mermaid flow chart.
    Mermaid,
}

/// A mapping that cannot be explained.
#[derive(Debug)]
pub struct Unexplained {
    /// The process's exit.
    pub exit: Exit,
    /// What is wrong with it.
    pub found: Vec<Diagnostic>,
    /// The texts that the diagnostics point into.
    pub texts: Texts,
}

/// `view` of the one mapping of `request`.
///
/// # Errors
/// A mapping that is not there, is wrong, or lacks a source.
pub fn explain(request: &CheckRequest, view: View) -> Result<String, Unexplained> {
    let mut texts = Texts::new();
    shown(request, view, &mut texts).map_err(|(exit, found)| Unexplained { exit, found, texts })
}

type Refusal = (Exit, Vec<Diagnostic>);

fn shown(request: &CheckRequest, view: View, texts: &mut Texts) -> Result<String, Refusal> {
    let failed = |failure: Failure| (failure.exit(), failure.diagnostics());
    let given = &request.given;
    let paths: Vec<_> = request.mappings.iter().map(|path| named(path, &given.current)).collect();
    let loaded = load(&paths, &given.current, &given.options())
        .map_err(|message| (Exit::Usage, vec![Diagnostic::error(&code::USAGE, message)]))?;
    texts.clone_from(&loaded.texts);
    let Some(file) = loaded.mappings.iter().find(|file| file.asked) else {
        return Err((Exit::Usage, vec![Diagnostic::error(&code::USAGE, "no mapping was named")]));
    };
    if loaded.diagnostics.has_errors() || file.found.has_errors() {
        let found = loaded.diagnostics.iter().chain(file.found.iter()).cloned().collect();
        return Err((Exit::Mapping, found));
    }
    let run = RunRequest::of(given);
    // Nothing is run, so nothing is spilled: the folder is only named.
    let engine = Engine::new(given.engine(&std::env::temp_dir()));
    let engine = engine.map_err(|error| failed(Failure::engine(&error, None)))?;
    let around = Surrounding {
        project: &loaded.project,
        variables: &loaded.variables,
        request: &run,
        engine: &engine,
        fetch: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|error| failed(error.into()))?;
    runtime.block_on(async {
        let prepared = prepare(file, &around, texts).await.map_err(failed)?;
        let session = session(&engine, &prepared).map_err(failed)?;
        let explaining = Explaining { loaded: &loaded, prepared: &prepared, session: &session, texts };
        match view {
            View::Sql => Ok(explaining.sql()),
            View::Plan => explaining.plan().await.map_err(failed),
            View::Lineage => Ok(Lineage::of(&prepared, &session).text()),
            View::Mermaid => Ok(Lineage::of(&prepared, &session).mermaid()),
        }
    })
}

/// A session in which the mapping's SQL can be planned.
fn session(engine: &Engine, prepared: &Prepared) -> Result<SessionContext, Failure> {
    let session = engine.session();
    functions::register(&session, Arc::new(LookupTables::default()));
    for (name, source) in &prepared.sources {
        register(&session, name, source.table())?;
    }
    prepared.register_unfetched(&session)?;
    for (name, view) in &prepared.views {
        register(&session, name, Arc::new(ViewTable::new(view.plan.clone(), None)))?;
    }
    if let Some(query) = &prepared.query {
        register(&session, QUERY_TABLE, Arc::new(EmptyTable::new(staged_schema(query))))?;
    }
    Ok(session)
}

struct Explaining<'a> {
    loaded: &'a Loaded,
    prepared: &'a Prepared,
    session: &'a SessionContext,
    texts: &'a Texts,
}

impl Explaining<'_> {
    /// The SQL in the order in which it is run, with what is read before it and what is done after it as comments.
    fn sql(&self) -> String {
        let Prepared { file, resolved, compiled, sources, views, .. } = self.prepared;
        let mut lines =
            vec![format!("{}: format {}, written to {}", file.shown, resolved.format.name, resolved.output.file)];
        for (name, source) in sources {
            let mut files = source.files().into_iter().map(|file| file.shown);
            let first = files.next().unwrap_or_default();
            let more = match files.count() {
                0 => String::new(),
                count => format!(" and {count} more"),
            };
            lines.push(format!("table {name}: {first}{more}"));
        }
        for name in self.prepared.unfetched.keys() {
            if let Some(SourceOrigin::Totango(totango)) = self.source(name).map(|entry| &entry.origin) {
                lines.push(format!("table {name}: a search of {} in Totango, when it runs", totango.search.name()));
            }
        }
        let mut text = comments(&lines);
        for (name, _) in views {
            if let Some(SourceOrigin::Query(path)) = self.source(name).map(|entry| &entry.origin) {
                let sql = self.filled(&path.value).unwrap_or_default();
                let _ = write!(text, "\n{}\n{}\n", comment(&format!("table {name}: {}", path.value)), sql.trim_end());
            }
        }
        if let Some((place, sql)) = self.query() {
            let order = "its rows in its own order, then by _file and _line, then by all columns";
            let head = comment(&format!("table {QUERY_TABLE:?}: {place}; {order}"));
            let _ = write!(text, "\n{head}\n{}\n", sql.trim_end());
        }
        let _ = write!(text, "\n{}\n{}", comment("each row judged: a struct(value, fault) per column"), compiled.judge);
        if let Some(aggregates) = &compiled.aggregates {
            let _ = write!(
                text,
                "\n{}\n{aggregates}",
                comment("the pivot's other columns, over the rows that are accepted")
            );
        }
        let _ = write!(text, "\n{}", comments(&after(resolved)));
        text
    }

    /// The query of the rows: where it stands, and its text.
    fn query(&self) -> Option<(String, String)> {
        let mapping = self.prepared.file.mapping.as_ref()?;
        let path = match &mapping.from {
            From::Sql(sql) => return Some((self.prepared.file.shown.clone(), sql.value.clone())),
            From::Query(path) => path,
            From::Source(name) => match &self.source(&name.value)?.origin {
                SourceOrigin::Query(path) => path,
                SourceOrigin::Path(_) | SourceOrigin::Totango(_) => return None,
            },
        };
        Some((path.value.clone(), self.filled(&path.value)?))
    }

    /// A query file's SQL with its variables filled in.
    fn filled(&self, path: &str) -> Option<String> {
        Some(self.loaded.variables.sql_file(path, self.texts.get(path)?).0)
    }

    fn source(&self, name: &str) -> Option<&SourceEntry> {
        let own = self.prepared.file.mapping.iter().flat_map(|mapping| &mapping.sources);
        let shared = self.loaded.project.file.iter().flat_map(|file| &file.sources);
        own.chain(shared).find(|entry| entry.name.value == name)
    }

    async fn plan(&self) -> Result<String, Failure> {
        let mut text = String::new();
        if let Some(query) = &self.prepared.query {
            self.plans("the query of the rows", &query.plan, &mut text).await?;
        }
        let compiled = &self.prepared.compiled;
        for (what, sql) in
            [("each row judged", Some(&compiled.judge)), ("the pivot's other columns", compiled.aggregates.as_ref())]
        {
            let Some(sql) = sql else { continue };
            let frame = self.session.sql(sql).await.map_err(|error| Failure::engine(&error, None))?;
            self.plans(what, frame.logical_plan(), &mut text).await?;
        }
        Ok(text)
    }

    async fn plans(&self, what: &str, plan: &LogicalPlan, text: &mut String) -> Result<(), Failure> {
        let engine = |error| Failure::engine(&error, None);
        let state = self.session.state();
        let logical = state.optimize(plan).map_err(engine)?;
        let physical = state.create_physical_plan(plan).await.map_err(engine)?;
        let space = if text.is_empty() { "" } else { "\n" };
        let _ = write!(text, "{space}{what}: logical plan\n\n{}\n", logical.display_indent());
        let _ = write!(text, "\n{what}: physical plan\n\n{}", displayable(physical.as_ref()).indent(false));
        Ok(())
    }
}

fn comments(lines: &[String]) -> String {
    lines.iter().map(|line| comment(line) + "\n").collect()
}

/// What happens to the judged rows, in words.
fn after(resolved: &Resolved) -> Vec<String> {
    let names = |columns: &[usize]| {
        let names = columns.iter().map(|&index| resolved.columns[index].name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    let mut lines = Vec::new();
    if resolved.pivot.is_some() {
        lines.push(format!(
            "rows of one ({}) are folded into one, a column per module and action",
            names(&resolved.key)
        ));
    } else if !resolved.key.is_empty() {
        let what = match resolved.duplicates.policy {
            DuplicatePolicy::Last => "the last is written".to_owned(),
            DuplicatePolicy::First => "the first is written".to_owned(),
            DuplicatePolicy::Newest => "the newest by \"_by\" is written".to_owned(),
            DuplicatePolicy::Merge => "the newest value per column is written".to_owned(),
            DuplicatePolicy::Sum => "numbers are added".to_owned(),
            DuplicatePolicy::Split => "the n-th goes to the n-th file".to_owned(),
            DuplicatePolicy::Error => "none is written: the run is refused".to_owned(),
        };
        lines.push(format!("of several rows of one ({}) {what}", names(&resolved.key)));
    }
    for reference in &resolved.references {
        let missing = match reference.missing {
            ReferenceMissing::Reject => "else rejected",
            ReferenceMissing::Empty => "else emptied",
            ReferenceMissing::Warn => "else warned of",
            ReferenceMissing::Fail => "else the run is refused",
        };
        let column = &resolved.columns[reference.column].name;
        lines.push(format!("{column} must be in {}, {missing}", targets(&reference.targets)));
    }
    if let Some(unknown) = &resolved.unknown_accounts {
        let policy = match unknown.policy {
            UnknownPolicy::Allow => "written and listed",
            UnknownPolicy::Reject => "rejected and listed",
            UnknownPolicy::Report => "written, listed and warned of",
        };
        lines.push(format!("an account that is not in {} is {policy}", targets(&unknown.targets)));
    }
    if resolved.parent.is_some() {
        let policy = |policy| match policy {
            HierarchyPolicy::Reject => "rejects",
            HierarchyPolicy::Detach => "is detached",
            HierarchyPolicy::Fail => "refuses the run",
        };
        let rules = &resolved.hierarchy;
        let known = if rules.known_accounts.is_empty() {
            String::new()
        } else {
            format!(" or in {}", targets(&rules.known_accounts))
        };
        lines.push(format!(
            "parent_id must be written{known}: a missing one {}, a loop {}",
            policy(rules.missing_parent),
            policy(rules.cycles)
        ));
    }
    lines
}

fn targets(targets: &[Target]) -> String {
    let name = |target: &Target| match target {
        Target::Field { source, field } => format!("{source}.{field}"),
        Target::Mapping(name) => name.clone(),
    };
    targets.iter().map(name).collect::<Vec<_>>().join(", ")
}
