//! The query of `from` run on a cluster: its joins and roll-ups are done by executors, its result is staged here.

use std::sync::{Arc, Mutex, PoisonError};

use crate::cluster::AwayQuery;
use crate::diagnostic::{Diagnostic, code};
use crate::pipeline::Failure;
use crate::pipeline::away::{address, check_files, driver, failure};
use crate::pipeline::mapping::{Finished, Mappings};
use crate::pipeline::prepare::Prepared;
use crate::source::{Source, open_staged};

impl Mappings<'_> {
    /// Has the query of `prepared` run by the cluster of the run; none where it has none, or the query is run here: then
    /// a warning says why.
    pub(super) async fn query_away(
        &self,
        prepared: &Prepared,
        finished: &mut Finished,
    ) -> Result<Option<Arc<Source>>, Failure> {
        let (Some(cluster), Some(query)) = (&self.request.cluster, &prepared.query) else { return Ok(None) };
        let away = match AwayQuery::new(&query.plan) {
            Ok(away) => away,
            Err(why) => {
                let message = format!("the query of `{}` is run on this machine: {why}", prepared.file.name);
                finished.warnings.push(Diagnostic::warning(&code::CLUSTER_HERE, message).help(code::CLUSTER_HERE.cure));
                return Ok(None);
            }
        };
        let address = address(cluster)?;
        away.sources().try_for_each(|source| check_files(source, cluster, &address))?;
        let (path, span) = prepared.sql_place();
        let failed = |error| failure(error, Some((&path, span)));
        address.check().await.map_err(failed)?;
        let told = Mutex::new(Vec::new());
        let stop = || self.stop.is_asked();
        let tell = |what: String| told.lock().unwrap_or_else(PoisonError::into_inner).push(what);
        let driver = driver(cluster, &address, (&prepared.file.name, self.spill), (&stop, &tell));
        let staged = self.spill.join("query.arrow");
        let done = away.run(&driver, &staged, (self.request.as_of, cluster.range)).await;
        finished.report.cluster = driver.spent.report();
        for what in told.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            finished.warnings.push(Diagnostic::warning(&code::CLUSTER_AGAIN, what).help(code::CLUSTER_AGAIN.cure));
        }
        done.map_err(failed)?;
        Ok(Some(open_staged(&staged, crate::compile::QUERY_TABLE, query.traceable, &prepared.files)?))
    }
}
