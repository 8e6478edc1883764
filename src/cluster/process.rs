//! The processes of a cluster: Ballista's scheduler and executors, with our jobs among what they understand.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use ballista_core::extension::SessionConfigExt;
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::utils::default_session_builder;
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service_with_listener};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};

use crate::cluster::client::{Address, MESSAGE};
use crate::cluster::codec::JobCodec;
use crate::cluster::error::Error;
use crate::cluster::perform::Means;
use crate::functions::{self, LookupTables};
use crate::store::Stores;

/// Seconds after which the files of a job go that nobody fetched.
const KEPT: u64 = 600;

/// What a scheduler is started with.
#[derive(Debug, Clone)]
pub struct SchedulerOptions {
    /// Where it listens.
    pub bind: SocketAddr,
    /// Seconds without a word after which an executor counts as lost.
    pub executor_timeout: u64,
}

/// What an executor is started with.
#[derive(Debug, Clone)]
pub struct ExecutorOptions {
    /// The scheduler.
    pub scheduler: Address,
    /// Where it listens: for those who fetch results, and for the scheduler.
    pub bind: (String, u16, u16),
    /// The name by which others reach it; none: the address it listens on.
    pub external: Option<String>,
    /// For results, until they are fetched.
    pub folder: PathBuf,
    /// Bytes for all its tasks.
    pub memory: u64,
    /// Tasks at a time.
    pub slots: usize,
    /// Seconds between its words to the scheduler.
    pub heartbeat: u64,
    /// By its own settings and environment.
    pub stores: Stores,
}

/// A state that knows our functions: plans name them.
fn state(config: SessionConfig) -> Result<SessionState> {
    let session = SessionContext::new_with_state(default_session_builder(config)?);
    functions::register(&session, Arc::new(LookupTables::new()));
    Ok(session.state())
}

/// Runs a scheduler until the process ends; `ready` is told where it listens.
///
/// # Errors
/// It cannot listen there.
pub async fn scheduler(options: SchedulerOptions, ready: impl FnOnce(SocketAddr)) -> Result<(), Error> {
    let listener = tokio::net::TcpListener::bind(options.bind).await;
    let listener = listener.map_err(|error| Error::cluster(format!("{}: {error}", options.bind)))?;
    let bound = listener.local_addr().map_err(Error::cluster)?;
    let config = SchedulerConfig {
        bind_host: bound.ip().to_string(),
        bind_port: bound.port(),
        external_host: bound.ip().to_string(),
        executor_timeout_seconds: options.executor_timeout,
        expire_dead_executor_interval_seconds: (options.executor_timeout / 5).max(1),
        no_executors_grace_period_seconds: options.executor_timeout,
        executor_termination_grace_period: options.executor_timeout,
        task_distribution: TaskDistributionPolicy::RoundRobin,
        finished_job_data_clean_up_interval_seconds: KEPT,
        finished_job_state_clean_up_interval_seconds: KEPT,
        grpc_server_max_decoding_message_size: MESSAGE as u32,
        grpc_server_max_encoding_message_size: MESSAGE as u32,
        grpc_client_max_message_size: MESSAGE as u32,
        override_session_builder: Some(Arc::new(state)),
        override_config_producer: Some(Arc::new(SessionConfig::new_with_ballista)),
        override_physical_codec: Some(Arc::new(JobCodec::new(None))),
        ..SchedulerConfig::default()
    };
    let cluster = BallistaCluster::new_from_config(&config).await.map_err(Error::cluster)?;
    let server = create_scheduler::<LogicalPlanNode, PhysicalPlanNode>(cluster, Arc::new(config)).await;
    let server = server.map_err(Error::cluster)?;
    ready(bound);
    start_grpc_service_with_listener(listener, server).await.map_err(Error::cluster)
}

/// Runs an executor until a signal ends it; what it has begun it finishes first.
///
/// # Errors
/// It cannot listen, or its folder cannot be used.
pub async fn executor(options: ExecutorOptions) -> Result<(), Error> {
    let ExecutorOptions { scheduler, bind, external, folder, memory, slots, heartbeat, stores } = options;
    let within = |error: std::io::Error| Error::cluster(format!("{}: {error}", folder.display()));
    std::fs::create_dir_all(&folder).map_err(within)?;
    let text = folder.to_str().ok_or_else(|| Error::cluster("the folder's name is no UTF-8"))?;
    let (scheduler_host, scheduler_port) = scheduler.parts();
    let means = Means { stores, memory: memory / slots.max(1) as u64, folder: folder.clone() };
    let config = ExecutorProcessConfig {
        bind_host: bind.0,
        port: bind.1,
        grpc_port: bind.2,
        external_host: external,
        scheduler_host,
        scheduler_port,
        scheduler_connect_timeout_seconds: 60,
        vcores: slots.max(1),
        work_dir: Some(text.to_owned()),
        memory_pool_size: Some(memory),
        executor_heartbeat_interval_seconds: heartbeat,
        job_data_ttl_seconds: KEPT,
        job_data_clean_up_interval_seconds: KEPT / 4,
        grpc_max_decoding_message_size: MESSAGE as u32,
        grpc_max_encoding_message_size: MESSAGE as u32,
        override_function_registry: Some(Arc::new(BallistaFunctionRegistry::from(&state(
            SessionConfig::new_with_ballista(),
        )?))),
        override_config_producer: Some(Arc::new(SessionConfig::new_with_ballista)),
        override_physical_codec: Some(Arc::new(JobCodec::new(Some(Arc::new(means))))),
        ..ExecutorProcessConfig::default()
    };
    start_executor_process(Arc::new(config)).await.map_err(Error::cluster)
}
