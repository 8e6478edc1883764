//! The real world of the daemon: the machine's clock, threads that run, files that are kept, and a supervisor that listens.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::diagnostic::{Renderer, Style};
use crate::pipeline::Stop;

use crate::schedule::health::Health;
use crate::schedule::kept::{Ended, Kept};
use crate::schedule::plan::{Plan, Unusable, read};
use crate::schedule::supervisor::Supervisor;
use crate::schedule::words::utc;
use crate::schedule::world::{Event, Job, Said, Weight, World};

/// Who does the runs.
pub trait Runner: Send + Sync {
    /// Runs `job`, until its end or until `stop` is asked for; true if it ended for that reason.
    fn run(&self, job: &Job, started: Timestamp, stop: &Stop) -> (Ended, bool);
}

/// A wall clock may jump, and a machine may sleep: no wait is longer than this.
const LONGEST: Duration = Duration::from_secs(30);
/// Two runs that begin together must not get one id, which counts some 15 microseconds.
const APART: SignedDuration = SignedDuration::from_micros(40);

/// The machine.
pub struct Live {
    root: PathBuf,
    state: PathBuf,
    health: PathBuf,
    variables: BTreeMap<String, String>,
    stamp: Option<Stamp>,
    runner: Arc<dyn Runner>,
    stops: Vec<(String, Stop)>,
    events: (Sender<Event>, Receiver<Event>),
    supervisor: Supervisor,
    tell: Box<dyn FnMut(&Said)>,
    started: Timestamp,
    /// A heartbeat that cannot be written is told once.
    speechless: bool,
}

/// Where the daemon works, and with whom.
pub struct Surroundings {
    /// The project's folder.
    pub root: PathBuf,
    /// Its state folder.
    pub state: PathBuf,
    /// Where the heartbeat goes.
    pub health: PathBuf,
    /// Variables of the command line.
    pub variables: BTreeMap<String, String>,
    /// Who does the runs.
    pub runner: Arc<dyn Runner>,
    /// Through which signals come.
    pub events: (Sender<Event>, Receiver<Event>),
    /// Who listens.
    pub supervisor: Supervisor,
    /// Who writes the log.
    pub tell: Box<dyn FnMut(&Said)>,
}

#[derive(Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    changed: (i64, i64),
    length: u64,
}

impl Live {
    /// The machine as it is now.
    pub fn new(around: Surroundings) -> Self {
        let Surroundings { root, state, health, variables, runner, events, supervisor, tell } = around;
        Self {
            stamp: stamp(&root),
            root,
            state,
            health,
            variables,
            runner,
            stops: Vec::new(),
            events,
            supervisor,
            tell,
            started: Timestamp::UNIX_EPOCH,
            speechless: false,
        }
    }
}

impl World for Live {
    fn now(&mut self) -> Timestamp {
        Timestamp::now()
    }

    fn wait(&mut self, until: Timestamp) -> Event {
        let time = until.duration_since(Timestamp::now()).try_into().unwrap_or(Duration::ZERO);
        let event = self.events.1.recv_timeout(time.min(LONGEST)).unwrap_or(Event::Nothing);
        match &event {
            Event::Ended { name, .. } => self.stops.retain(|(running, _)| running != name),
            Event::Signal(_) => self.supervisor.stopping(),
            Event::Nothing => {}
        }
        event
    }

    fn begin(&mut self, job: Job) {
        let stop = Stop::default();
        self.stops.push((job.plan.name.clone(), stop.clone()));
        self.started = Timestamp::now().max(self.started + APART);
        let (runner, events, started) = (Arc::clone(&self.runner), self.events.0.clone(), self.started);
        std::thread::spawn(move || {
            let name = job.plan.name.clone();
            // Our own mistake in one run must not leave a schedule that runs for ever.
            let done = catch_unwind(AssertUnwindSafe(|| runner.run(&job, started, &stop)));
            let (ended, stopped) = done.unwrap_or_else(|_| (broken(&job, started), false));
            // The daemon is gone: so is this process.
            let _ = events.send(Event::Ended { name, ended, stopped });
        });
    }

    fn abandon(&mut self) {
        self.stops.iter().for_each(|(_, stop)| stop.ask());
    }

    fn reread(&mut self) -> Option<Result<Vec<Plan>, String>> {
        let now = stamp(&self.root);
        if now == self.stamp {
            return None;
        }
        self.stamp = now;
        let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
        Some(read(&self.root, &self.variables, today).map(|schedules| schedules.plans).map_err(|why| in_words(&why)))
    }

    fn keep(&mut self, kept: &Kept) -> Result<(), String> {
        kept.write(&self.state)
    }

    fn tell(&mut self, said: Said) {
        self.supervisor.status(&said.text);
        (self.tell)(&said);
    }

    fn beat(&mut self, health: Health) {
        self.supervisor.beat();
        match health.write(&self.health) {
            Ok(()) => self.speechless = false,
            Err(error) if !self.speechless => {
                self.speechless = true;
                let text = format!("{} no heartbeat: {error}", health.beat);
                let data = serde_json::json!({"type": "no_heartbeat", "problem": error});
                (self.tell)(&Said { weight: Weight::Trouble, text, data });
            }
            Err(_) => {}
        }
    }
}

fn stamp(root: &Path) -> Option<Stamp> {
    let file = fs::metadata(root.join("tanguero.yaml")).ok()?;
    Some(Stamp { inode: file.ino(), changed: (file.mtime(), file.mtime_nsec()), length: file.len() })
}

fn in_words(why: &Unusable) -> String {
    match why {
        Unusable::Unreadable(message) => message.clone(),
        Unusable::Wrong(found, texts) => Renderer::new(Style::Plain, texts).render(found.iter()).trim_end().to_owned(),
    }
}

fn broken(job: &Job, started: Timestamp) -> Ended {
    Ended {
        run_id: "none".to_owned(),
        firing: utc(job.firing.at),
        began: utc(started),
        ended: utc(Timestamp::now()),
        status: "failed".to_owned(),
        exit: 1,
        words: "failed: a mistake in tanguero ended the run; what it said stands above".to_owned(),
    }
}
