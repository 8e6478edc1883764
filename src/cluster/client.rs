//! Speaks to a scheduler: hands in a plan, asks what became of it, fetches what it gave.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use ballista_core::client::BallistaClient;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::job_status::Status;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, CleanJobDataParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair, PartitionLocation,
    execute_query_result,
};
use ballista_core::utils::{GrpcClientConfig, create_grpc_client_endpoint};
use ballista_core::version::insert_version_header;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use tonic::transport::Channel;

use crate::cluster::codec::JobCodec;
use crate::cluster::error::Error;
use crate::cluster::told;

/// Most bytes of a message: a job goes out with its lookup tables.
pub(super) const MESSAGE: usize = 64 << 20;

/// How long one question may take.
const ANSWER: Duration = Duration::from_secs(20);

/// The setting that names a job in the scheduler's logs.
const JOB_NAME: &str = "ballista.job.name";

/// Where a scheduler is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    host: String,
    port: u16,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no address of a scheduler; e.g. df://scheduler:50050");
        let rest = text.strip_prefix("df://").ok_or_else(wrong)?;
        let (host, port) = rest.trim_end_matches('/').rsplit_once(':').ok_or_else(wrong)?;
        if host.is_empty() || host.contains(['/', '@', '?']) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port: port.parse().map_err(|_| wrong())? })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "df://{}:{}", self.host, self.port)
    }
}

impl Address {
    /// Whether it is on this very machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host.trim_matches(['[', ']']);
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Its host and port.
    pub(super) fn parts(&self) -> (String, u16) {
        (self.host.clone(), self.port)
    }

    /// Whether a scheduler is there and has an executor.
    ///
    /// # Errors
    /// What is not so.
    pub async fn check(&self) -> Result<(), Error> {
        let address = self.clone();
        let answer = tokio::task::spawn_blocking(move || address.ask("/readyz")).await.map_err(Error::cluster)?;
        match answer {
            Ok(200) => Ok(()),
            Ok(_) => Err(Error::cluster(format!("the scheduler {self} has no executor"))),
            Err(error) => Err(Error::cluster(format!("no scheduler answers at {self}: {error}"))),
        }
    }

    /// The status that the scheduler's page `path` has.
    fn ask(&self, path: &str) -> std::io::Result<u16> {
        let wait = Duration::from_secs(5);
        let mut last = std::io::Error::other("its name is not known");
        for address in (self.host.trim_matches(['[', ']']), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, wait) {
                Ok(mut stream) => {
                    stream.set_read_timeout(Some(wait))?;
                    stream.set_write_timeout(Some(wait))?;
                    write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.host)?;
                    let mut head = [0; 12];
                    stream.read_exact(&mut head)?;
                    let status = std::str::from_utf8(&head[9..]).ok().and_then(|status| status.parse().ok());
                    return status.ok_or_else(|| std::io::Error::other("it speaks another protocol"));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// What became of a job.
pub(super) enum Progress {
    /// It waits or runs.
    Running,
    /// It is done; its partitions in order.
    Done(Vec<PartitionLocation>),
}

/// A connection to a scheduler.
#[derive(Clone)]
pub(super) struct Client {
    scheduler: SchedulerGrpcClient<Channel>,
    session: String,
}

impl Client {
    /// Connects.
    pub async fn connect(address: &Address, session: &str) -> Result<Self, Error> {
        let url = format!("http://{}:{}", address.host, address.port);
        let config = GrpcClientConfig::default();
        let endpoint = create_grpc_client_endpoint(url, Some(&config)).map_err(Error::cluster)?;
        let channel = endpoint
            .connect()
            .await
            .map_err(|error| Error::cluster(format!("no scheduler answers at {address}: {}", cause(&error))))?;
        let scheduler =
            SchedulerGrpcClient::new(channel).max_encoding_message_size(MESSAGE).max_decoding_message_size(MESSAGE);
        Ok(Self { scheduler, session: session.to_owned() })
    }

    /// Hands `plan` in as the job `name`; gives its id.
    pub async fn submit(&mut self, name: &str, plan: Arc<dyn ExecutionPlan>) -> Result<String, Error> {
        let node = PhysicalPlanNode::try_from_physical_plan(plan, &JobCodec::new(None))?;
        let mut bytes = Vec::new();
        node.try_encode(&mut bytes)?;
        if bytes.len() > MESSAGE - (1 << 20) {
            return Err(Error::Engine(datafusion::error::DataFusionError::ResourcesExhausted(format!(
                "a job of {} MB is too large for a cluster's messages",
                bytes.len() >> 20
            ))));
        }
        let setting = |key: &str, value: &str| KeyValuePair { key: key.to_owned(), value: Some(value.to_owned()) };
        let mut request = tonic::Request::new(ExecuteQueryParams {
            query: Some(Query::PhysicalPlan(bytes)),
            settings: vec![setting(JOB_NAME, name)],
            session_id: self.session.clone(),
            operation_id: name.to_owned(),
        });
        insert_version_header(request.metadata_mut());
        let answer = within("taking a job", self.scheduler.execute_query(request)).await?;
        match answer.result {
            Some(execute_query_result::Result::Success(success)) => Ok(success.job_id),
            Some(execute_query_result::Result::Failure(failure)) => {
                Err(Error::cluster(format!("the scheduler refused a job: {failure:?}")))
            }
            None => Err(Error::cluster("the scheduler said nothing about a job")),
        }
    }

    /// What became of `job`.
    pub async fn progress(&mut self, job: &str) -> Result<Progress, Error> {
        let asked = GetJobStatusParams { job_id: job.to_owned() };
        let answer = within("telling of a job", self.scheduler.get_job_status(asked)).await?;
        match answer.status.and_then(|status| status.status) {
            None | Some(Status::Queued(_) | Status::Running(_)) => Ok(Progress::Running),
            Some(Status::Failed(failed)) => Err(told::error(job, &failed.error)),
            Some(Status::Successful(done)) => Ok(Progress::Done(done.partition_location)),
        }
    }

    /// Ends `job`, whose result nobody wants any more.
    pub async fn cancel(&mut self, job: &str) {
        // A scheduler that does not answer has other troubles.
        let asked = CancelJobParams { job_id: job.to_owned() };
        let _ = within("ending a job", self.scheduler.cancel_job(asked)).await;
    }

    /// Has the files of `job` removed, now that they were fetched.
    pub async fn clean(&mut self, job: &str) {
        // They go in any case after some minutes.
        let asked = CleanJobDataParams { job_id: job.to_owned(), ..CleanJobDataParams::default() };
        let _ = within("cleaning up", self.scheduler.clean_job_data(asked)).await;
    }
}

/// What lies at `location`.
pub(super) async fn fetch(location: PartitionLocation) -> Result<SendableRecordBatchStream, Error> {
    let layout = location.layout();
    let (Some(executor), Some(partition)) = (location.executor_meta, location.partition_id) else {
        return Err(Error::cluster("the scheduler does not say where a result lies"));
    };
    let port = u16::try_from(executor.port).map_err(Error::cluster)?;
    let failed = |error: &dyn std::fmt::Display| Error::cluster(format!("executor {}:{port}: {error}", executor.host));
    let client = BallistaClient::try_new(&executor.host, port, MESSAGE, false, None, 2, 500, 0, 0);
    let mut client = client.await.map_err(|error| failed(&error))?;
    let fetched = client.fetch_partition(&executor.id, &partition.into(), location.file_id, layout, false).await;
    fetched.map_err(|error| failed(&error))
}

async fn within<T>(
    what: &str,
    answer: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
) -> Result<T, Error> {
    match tokio::time::timeout(ANSWER, answer).await {
        Ok(Ok(answer)) => Ok(answer.into_inner()),
        Ok(Err(status)) => Err(Error::cluster(format!("the scheduler failed in {what}: {}", status.message()))),
        Err(_) => Err(Error::cluster(format!("the scheduler took over {} s for {what}", ANSWER.as_secs()))),
    }
}

/// The innermost cause, which says most.
fn cause(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_a_host_and_a_port() {
        let address: Address = "df://127.0.0.1:50050".parse().unwrap();
        assert!(address.is_loopback() && address.to_string() == "df://127.0.0.1:50050");
        assert!("df://localhost:1/".parse::<Address>().unwrap().is_loopback());
        assert!("df://[::1]:50050".parse::<Address>().unwrap().is_loopback());
        assert!(!"df://scheduler.internal:50050".parse::<Address>().unwrap().is_loopback());
        for wrong in ["localhost:50050", "df://localhost", "df://:1", "df://me@host:1", "df://host:x", "http://host:1"]
        {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
