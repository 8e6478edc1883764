//! What a run is asked to do, and how it can end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::diagnostic::{Code, code};
use crate::engine::EngineOptions;
use crate::project::Options;
use crate::state::Home;

/// What any command that reads mappings is given: where it was called, what "now" is, what fills variables, what it may use.
#[derive(Debug, Clone)]
pub struct Situation {
    /// The folder that relative paths of the command line start at.
    pub current: PathBuf,
    /// What "now" means in data.
    pub as_of: Date,
    /// When the command began; for ages of files and the ids of runs.
    pub started: Timestamp,
    /// An environment of the project.
    pub environment: Option<String>,
    /// Variables of the command line.
    pub variables: BTreeMap<String, String>,
    /// Bytes it may hold.
    pub memory: u64,
    /// Threads.
    pub threads: usize,
}

impl Situation {
    /// Begun now in `current`, as of `as_of`, with 1 GB and one thread.
    pub fn new(current: PathBuf, as_of: Date) -> Self {
        Self {
            current,
            as_of,
            started: Timestamp::now(),
            environment: None,
            variables: BTreeMap::new(),
            memory: 1_000_000_000,
            threads: 1,
        }
    }

    /// What mappings are loaded with.
    pub(super) fn options(&self) -> Options {
        Options { variables: self.variables.clone(), environment: self.environment.clone(), as_of: self.as_of }
    }

    /// What an engine that spills into `folder` is made with.
    pub(super) fn engine(&self, folder: &Path) -> EngineOptions {
        EngineOptions { threads: self.threads, memory: self.memory, spill: folder.to_path_buf(), as_of: self.as_of }
    }
}

/// What `tanguero run` is asked to do.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// Mapping files and folders; none: `mappings/` of the project.
    pub mappings: Vec<PathBuf>,
    /// The folder that relative paths of the command line start at.
    pub current: PathBuf,
    /// Folder the files are published to; none: what the project says.
    pub out: Option<PathBuf>,
    /// What "now" means in data.
    pub as_of: Date,
    /// When the run began; for ages of files and the run's id.
    pub started: Timestamp,
    /// An environment of the project.
    pub environment: Option<String>,
    /// Variables of the command line.
    pub variables: BTreeMap<String, String>,
    /// Bytes the run may hold.
    pub memory: u64,
    /// Threads.
    pub threads: usize,
    /// Publish nothing.
    pub dry_run: bool,
    /// Publish even what is unchanged.
    pub force: bool,
    /// Refuse any reject.
    pub fail_on_rejects: bool,
    /// Limits lifted for this run.
    pub accept: Vec<String>,
    /// Keep evidence in the state folder, and remember what is published.
    pub evidence: bool,
    /// Let what earlier runs published count.
    pub recall: bool,
    /// The state whose memory counts, and is left as it is; none: the project's.
    pub recall_from: Option<Home>,
    /// Write every row, where `output.changes` wants those that changed alone.
    pub whole: bool,
    /// A folder that gets the Totango files of a dry run; none: they go with it.
    pub set_aside: Option<PathBuf>,
    /// Deliver what is published, and tell people how it ended, as the project says.
    pub outward: bool,
    /// Who reads and judges; none: this machine.
    pub cluster: Option<ClusterRequest>,
}

/// A cluster that reads and judges the rows.
#[derive(Debug, Clone)]
pub struct ClusterRequest {
    /// Its scheduler, `df://host:port`.
    pub scheduler: String,
    /// Every machine sees the files of this one at the same paths.
    pub shared_files: bool,
    /// Seconds after which a job that is not done is handed in again.
    pub patience: u64,
    /// A breath before that is done for the first time; then it grows.
    pub pause: Duration,
    /// Bytes of a big CSV file that make one task.
    pub range: u64,
}

impl RunRequest {
    /// A run of the project's `mappings/` as of `as_of`, started now, with 1 GB and one thread.
    pub fn new(current: PathBuf, as_of: Date) -> Self {
        Self::of(&Situation::new(current, as_of))
    }

    /// A run of the project's `mappings/` in this situation.
    pub fn of(given: &Situation) -> Self {
        let Situation { current, as_of, started, environment, variables, memory, threads } = given.clone();
        Self {
            mappings: Vec::new(),
            current,
            out: None,
            as_of,
            started,
            environment,
            variables,
            memory,
            threads,
            dry_run: false,
            force: false,
            fail_on_rejects: false,
            accept: Vec::new(),
            evidence: true,
            recall: true,
            recall_from: None,
            whole: false,
            set_aside: None,
            outward: true,
            cluster: None,
        }
    }
}

/// Limits that `--accept` lifts, and the code of each when it is passed.
pub const LIMITS: [(&str, &Code); 8] = [
    ("rejects", &code::LIMIT_REJECTS),
    ("fewer_rows", &code::LIMIT_FEWER_ROWS),
    ("emptier", &code::LIMIT_EMPTIER),
    ("cleared", &code::LIMIT_CLEARED),
    ("new_accounts", &code::LIMIT_NEW),
    ("headers", &code::LIMIT_HEADERS),
    ("resend", &code::RESEND),
    ("moved", &code::MEMORY_SHARED),
];

/// A wish from outside that the run should end; looked at between batches and stages.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks for the end.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked for.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// # Errors
    /// [`Failure::Interrupted`](crate::pipeline::Failure) if the end was asked for.
    pub(super) fn check(&self) -> Result<(), crate::pipeline::Failure> {
        if self.is_asked() { Err(crate::pipeline::Failure::Interrupted) } else { Ok(()) }
    }
}

/// Watches a run: what it does now, and how far it is.
pub trait Watcher: Send + Sync {
    /// `mapping` enters `stage`.
    fn stage(&self, mapping: &str, stage: Stage);
    /// That many more rows are judged.
    fn advance(&self, done: u64);
    /// The mapping is through.
    fn finished(&self, mapping: &str);
}

/// Nobody watches: what is wanted comes at the end.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watcher for Unwatched {
    fn stage(&self, _: &str, _: Stage) {}
    fn advance(&self, _: u64) {}
    fn finished(&self, _: &str) {}
}

/// What a mapping is going through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Records are fetched from a service.
    Fetch,
    /// Tables that others look up in are read.
    Lookups,
    /// The query of `from` runs.
    Query,
    /// Rows are read and judged.
    Judge,
    /// Winners, folds, hierarchy, references.
    Settle,
    /// The rows beside those published last.
    Compare,
    /// The Totango file is staged, rejects and duplicates are told.
    Write,
}

impl Stage {
    /// Its name in `run.json` and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fetch => "fetch",
            Self::Lookups => "lookups",
            Self::Query => "query",
            Self::Judge => "judge",
            Self::Settle => "settle",
            Self::Compare => "compare",
            Self::Write => "write",
        }
    }
}

/// How a run ended, as the process tells it; the order of the variants is the order in which they count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Published, or nothing changed.
    Good,
    /// The data was refused.
    Refused,
    /// A store or the network failed, after all retries: safe to run again.
    Store,
    /// The run, the disk or the engine failed.
    Failed,
    /// A source is missing, empty or old.
    Source,
    /// A mapping is wrong.
    Mapping,
    /// Wrong usage.
    Usage,
    /// Stopped from outside.
    Interrupted,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Mapping => 3,
            Self::Refused => 4,
            Self::Source => 6,
            Self::Store => 7,
            Self::Interrupted => 130,
        }
    }
}
