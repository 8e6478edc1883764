//! A cluster on loopback; its processes end with their owner.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tanguero::pipeline::ClusterRequest;

use crate::binary::until;

/// Seconds after which a hasty cluster counts an executor as lost.
pub const TIMEOUT: u64 = 4;

/// The same of any other: more than a busy machine keeps a process waiting.
const PATIENT: u64 = 30;

/// A breath before these runs ask again.
pub const PAUSE: Duration = Duration::from_secs(1);

/// A scheduler and its executors.
pub struct Cluster {
    pub scheduler: Child,
    pub executors: Vec<Child>,
    pub url: String,
    folder: tempfile::TempDir,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for process in self.executors.iter_mut().chain([&mut self.scheduler]) {
            // Some tests have ended it already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Ports that nobody uses now.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

/// Starts one of our processes; what it says goes into `log`.
fn start(mut command: Command, log: &Path) -> Child {
    let log = File::create(log).unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap()
}

/// The program, without what the caller's own surroundings would change.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tanguero"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TANGUERO_")) {
        command.env_remove(name);
    }
    command
}

impl Cluster {
    /// One scheduler and so many executors of `slots` each.
    pub fn new(executors: usize, slots: usize) -> Self {
        Self::with(executors, slots, |_| {})
    }

    /// The same, soon to give an executor up.
    pub fn hasty(executors: usize, slots: usize) -> Self {
        Self::begin(executors, slots, TIMEOUT, |_| {})
    }

    /// One in which `dress` is shown the command of each executor.
    pub fn with(executors: usize, slots: usize, dress: impl Fn(&mut Command)) -> Self {
        Self::begin(executors, slots, PATIENT, dress)
    }

    fn begin(executors: usize, slots: usize, timeout: u64, dress: impl Fn(&mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let [port] = free_ports();
        let url = format!("df://127.0.0.1:{port}");
        let mut command = program();
        let (port, timeout) = (port.to_string(), timeout.to_string());
        command.args(["cluster", "scheduler", "--port", &port, "--executor-timeout", &timeout]);
        let scheduler = start(command, &folder.path().join("scheduler.log"));
        let mut cluster = Self { scheduler, executors: Vec::new(), url, folder };
        until("the scheduler", || cluster.log("scheduler").contains("listens at"));
        for _ in 0..executors {
            cluster.add(slots, &dress);
        }
        for number in 0..executors {
            until("an executor", || cluster.log(&format!("executor{number}")).contains("registration succeed"));
        }
        cluster
    }

    fn add(&mut self, slots: usize, dress: &impl Fn(&mut Command)) {
        let number = self.executors.len();
        let [port, grpc] = free_ports().map(|port: u16| port.to_string());
        let (work, slots) = (self.work(number), slots.to_string());
        let mut command = program();
        command.args(["cluster", "executor", "--scheduler", &self.url, "--port", &port, "--grpc-port", &grpc]);
        command.args(["--slots", &slots, "--memory", "256MB", "--heartbeat", "1", "--work-folder"]).arg(work);
        dress(&mut command);
        self.executors.push(start(command, &self.folder.path().join(format!("executor{number}.log"))));
    }

    /// The work folder of an executor.
    pub fn work(&self, number: usize) -> PathBuf {
        self.folder.path().join(format!("work{number}"))
    }

    /// What `process` has said so far.
    pub fn log(&self, process: &str) -> String {
        let log = std::fs::read(self.folder.path().join(format!("{process}.log"))).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// What a run asks for that is to use it; big files are cut into ranges of `range` bytes.
    pub fn request(&self, range: u64) -> ClusterRequest {
        ClusterRequest { scheduler: self.url.clone(), shared_files: false, patience: 60, pause: PAUSE, range }
    }
}
