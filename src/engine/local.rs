//! The engine inside this process.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::{SessionStateBuilder, SessionStateDefaults};
use datafusion::prelude::{SessionConfig, SessionContext};
use jiff::civil::Date;

use crate::engine::day;

/// Share of `--memory` that the engine's own operators may fill; the rest is for readers, row records and buffers, which
/// its pool does not see.
const POOL_SHARE: f64 = 0.5;

/// What operators need to sort or add up anything at all, however little is left.
const LEAST_POOL: usize = 16_000_000;

/// What the engine is given.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// Partitions that run at once.
    pub threads: usize,
    /// Bytes the whole run may hold.
    pub memory: u64,
    /// Folder for sorted runs and other spill files; removed by its owner.
    pub spill: PathBuf,
    /// What `current_date` and `now()` are.
    pub as_of: Date,
}

/// Makes sessions that share one memory pool and one spill folder.
#[derive(Debug)]
pub struct Engine {
    options: EngineOptions,
    runtime: Arc<RuntimeEnv>,
}

impl Engine {
    /// An engine with `options`.
    ///
    /// # Errors
    /// When the spill folder cannot be used.
    pub fn new(options: EngineOptions) -> Result<Self> {
        let bytes = (options.memory as f64 * POOL_SHARE) as usize;
        Self::with_pool(options, bytes)
    }

    /// The same engine for a time at which others hold all but `bytes` of its memory.
    ///
    /// # Errors
    /// When the spill folder cannot be used.
    pub fn within(&self, bytes: u64) -> Result<Self> {
        let share = (self.options.memory as f64 * POOL_SHARE) as usize;
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).clamp(LEAST_POOL.min(share), share);
        Self::with_pool(self.options.clone(), bytes)
    }

    fn with_pool(options: EngineOptions, bytes: usize) -> Result<Self> {
        let tracked = NonZeroUsize::new(5).expect("five is not zero");
        let pool = TrackConsumersPool::new(FairSpillPool::new(bytes), tracked);
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(pool))
            .with_temp_file_path(options.spill.clone())
            .with_max_temp_directory_size(u64::MAX)
            .build_arc()?;
        Ok(Self { options, runtime })
    }

    /// What it was given.
    pub fn options(&self) -> &EngineOptions {
        &self.options
    }

    /// A session without tables, running on all threads.
    pub fn session(&self) -> SessionContext {
        self.with_partitions(self.options.threads)
    }

    /// A session whose results come in one stream, in the order of the rows.
    pub fn ordered_session(&self) -> SessionContext {
        self.with_partitions(1)
    }

    fn with_partitions(&self, partitions: usize) -> SessionContext {
        let mut config = SessionConfig::new().with_target_partitions(partitions).with_information_schema(false);
        let options = config.options_mut();
        options.sql_parser.enable_ident_normalization = false;
        options.sql_parser.collect_spans = true;
        options.catalog.create_default_catalog_and_schema = true;
        // Rows pass through in the reader's own pieces, sized for the processor's cache.
        options.execution.coalesce_batches = false;
        options.optimizer.repartition_file_scans = false;
        options.optimizer.enable_round_robin_repartition = false;
        // The engine's own kinds of files stay out, and with them their readers and writers: tables are ours, and SQL writes nothing.
        let state = SessionStateBuilder::new()
            .with_config(config)
            .with_runtime_env(Arc::clone(&self.runtime))
            .with_expr_planners(SessionStateDefaults::default_expr_planners())
            .with_scalar_functions(SessionStateDefaults::default_scalar_functions())
            .with_higher_order_functions(SessionStateDefaults::default_higher_order_functions())
            .with_aggregate_functions(SessionStateDefaults::default_aggregate_functions())
            .with_window_functions(SessionStateDefaults::default_window_functions())
            .with_table_function_list(SessionStateDefaults::default_table_functions())
            .build();
        let session = SessionContext::new_with_state(state);
        for function in day::functions(self.options.as_of) {
            session.register_udf(function);
        }
        session
    }
}
