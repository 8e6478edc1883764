//! A prepared mapping in a session: its functions, its sources, and where its rows are.

use std::path::Path;
use std::sync::Arc;

use datafusion::datasource::empty::EmptyTable;
use datafusion::error::Result as EngineResult;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;

use crate::engine::Engine;
use crate::functions::{self, LookupTables};
use crate::pipeline::open::register;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::{Failure, Stop, query};
use crate::source::Source;
use crate::yaml::Span;

/// The session in which a mapping was judged, and the plan that was made there, where they are as good for its run: the rows come
/// from files, not from a query that is run first, and no function waits for a lookup table.
pub(super) struct Planned {
    pub session: SessionContext,
    pub judge: Arc<dyn ExecutionPlan>,
}

impl Prepared {
    /// What judges every row, in a session that [`Self::session`] gave.
    pub(super) async fn judging_plan(&self, session: &SessionContext) -> EngineResult<Arc<dyn ExecutionPlan>> {
        match &self.planned {
            Some(planned) => Ok(Arc::clone(&planned.judge)),
            None => session.sql(&self.compiled.judge).await?.create_physical_plan().await,
        }
    }

    /// SQL that tells about rejected rows.
    pub(super) fn report_sql(&self) -> String {
        crate::compile::report(&self.resolved, &self.file.text, &self.fields)
    }

    /// SQL that tells about any rows.
    pub(super) fn preview_sql(&self) -> String {
        crate::compile::preview(&self.resolved, &self.file.text, &self.fields)
    }

    /// SQL that gives the keys of all rows.
    pub(super) fn keys_sql(&self) -> String {
        crate::compile::keys(&self.resolved, &self.file.text)
    }

    /// A session with the mapping's functions and sources.
    pub(super) fn session(
        &self,
        engine: &Engine,
        tables: &Arc<LookupTables>,
        ordered: bool,
    ) -> Result<SessionContext, Failure> {
        if let Some(planned) = self.planned.as_ref().filter(|_| !ordered) {
            return Ok(planned.session.clone());
        }
        let session = if ordered { engine.ordered_session() } else { engine.session() };
        functions::register(&session, Arc::clone(tables));
        for (name, source) in &self.sources {
            register(&session, name, source.table())?;
        }
        self.register_unfetched(&session)?;
        for (name, view) in &self.views {
            let table = datafusion::datasource::ViewTable::new(view.plan.clone(), None);
            register(&session, name, Arc::new(table))?;
        }
        Ok(session)
    }

    /// Puts the sources into `session` of which only the columns are known.
    pub(super) fn register_unfetched(&self, session: &SessionContext) -> Result<(), Failure> {
        let mut all = self.unfetched.iter();
        all.try_for_each(|(name, schema)| register(session, name, Arc::new(EmptyTable::new(Arc::clone(schema)))))
    }

    /// The source of the mapping's rows: a declared one, or the query's result, which is put into `folder`.
    pub(super) async fn rows(
        &self,
        session: &SessionContext,
        folder: &Path,
        stop: &Stop,
    ) -> Result<Arc<Source>, Failure> {
        match &self.query {
            Some(query) => {
                let (path, span) = self.sql_place();
                query::stage(query, session, folder, &self.files, (&path, span), stop).await
            }
            None => {
                let source = self.sources.get(crate::compile::table(&self.resolved));
                Ok(Arc::clone(source.expect("the source of the rows was opened")))
            }
        }
    }

    /// Where errors of the user's SQL are shown: the query, else the first column.
    pub(super) fn sql_place(&self) -> (String, Span) {
        let mapping = self.file.mapping.as_ref();
        let span = mapping.map_or(Span::new(0, 0), |mapping| match &mapping.from {
            crate::mapping::From::Source(text)
            | crate::mapping::From::Query(text)
            | crate::mapping::From::Sql(text) => text.span,
        });
        (self.file.shown.clone(), span)
    }
}
