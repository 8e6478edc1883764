//! A prepared mapping in a session: its functions, its sources, and where its rows are.

use std::path::Path;
use std::sync::Arc;

use datafusion::datasource::empty::EmptyTable;
use datafusion::prelude::SessionContext;

use crate::engine::Engine;
use crate::functions::{self, LookupTables};
use crate::pipeline::open::register;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::{Failure, Stop, query};
use crate::source::Source;
use crate::yaml::Span;

impl Prepared {
    /// A session with the mapping's functions and sources.
    pub(super) fn session(
        &self,
        engine: &Engine,
        tables: &Arc<LookupTables>,
        ordered: bool,
    ) -> Result<SessionContext, Failure> {
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
