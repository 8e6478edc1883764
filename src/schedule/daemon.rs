//! The daemon: what is due is begun, never twice at once; what was missed is caught up with once.
//!
//! It knows time, runs and disks only through [`World`], so that a test can let a year pass in a moment.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::diagnostic::code;
use crate::schedule::cadence::Firing;
use crate::schedule::health::{Health, Pulse};
use crate::schedule::kept::{Begun, Ended, Kept, Last};
use crate::schedule::plan::Plan;
use crate::schedule::words::{length, local, utc};
use crate::schedule::world::{End, Event, Job, Said, Settings, Weight, World};

/// A process that dies so often in one firing would die in it for ever.
const DEATHS: u32 = 3;
/// Firings that are counted one by one; of more only the newest matters.
const COUNTED: usize = 100_000;

struct Line {
    plan: Plan,
    /// All firings up to here are done with.
    after: Timestamp,
    next: Option<Firing>,
    /// The firing at `after` was begun in an earlier life and never ended.
    again: bool,
}

struct Running {
    name: String,
    output: String,
    since: Timestamp,
}

struct Stopping {
    signal: u8,
    deadline: Timestamp,
    asked: bool,
    cut: bool,
}

struct Daemon<'w> {
    world: &'w mut dyn World,
    settings: Settings,
    kept: Kept,
    lines: Vec<Line>,
    running: Vec<Running>,
    since: Timestamp,
    problem: Option<String>,
    stopping: Option<Stopping>,
}

/// Keeps the schedules until it is asked to end.
pub fn keep(world: &mut dyn World, plans: Vec<Plan>, kept: Kept, settings: Settings) -> End {
    let since = world.now();
    let kept = Kept { version: 1, ..kept };
    let mut daemon =
        Daemon { world, settings, kept, lines: Vec::new(), running: Vec::new(), since, problem: None, stopping: None };
    daemon.take(plans, since);
    daemon.announce(since);
    loop {
        if let Some(end) = daemon.turn() {
            return end;
        }
    }
}

impl Daemon<'_> {
    /// One round: what is due, a heartbeat, a wait.
    fn turn(&mut self) -> Option<End> {
        let now = self.world.now();
        match &mut self.stopping {
            None => {
                self.reread(now);
                self.begin_due(now);
            }
            Some(stopping) if self.running.is_empty() => {
                return Some(if stopping.cut { End::Abandoned(stopping.signal) } else { End::Clean });
            }
            Some(stopping) if now >= stopping.deadline && !stopping.asked => {
                stopping.asked = true;
                self.tell(
                    Weight::Trouble,
                    now,
                    "asks the run to stop: the time of grace is over".to_owned(),
                    json!({"type": "stopping"}),
                );
                self.world.abandon();
            }
            Some(_) => {}
        }
        self.beat(now);
        let until = self.wakes(now);
        match self.world.wait(until) {
            Event::Ended { name, ended, stopped } => self.ended(&name, ended, stopped),
            Event::Signal(signal) => self.signal(signal),
            Event::Nothing => {}
        }
        None
    }

    /// The next moment at which something must be looked at.
    fn wakes(&self, now: Timestamp) -> Timestamp {
        let beat = now + self.settings.beat;
        match &self.stopping {
            Some(stopping) if !stopping.asked => stopping.deadline.min(beat),
            Some(_) => beat,
            // What is due and waits for a run to end is looked at when that ends.
            None => self
                .lines
                .iter()
                .filter_map(|line| line.next)
                .map(|next| next.at)
                .filter(|at| *at > now)
                .fold(beat, Timestamp::min),
        }
    }

    /// Takes over these schedules.
    fn take(&mut self, plans: Vec<Plan>, now: Timestamp) {
        let mut lines = Vec::with_capacity(plans.len());
        for plan in plans {
            let last = self.kept.schedules.entry(plan.name.clone()).or_default();
            let until = last
                .until()
                .filter(|until| last.cadence == plan.words && *until <= now + SignedDuration::from_hours(1));
            // What was never kept, or meant other times, or comes from a clock that was wrong, begins now.
            let after = until.unwrap_or_else(|| {
                *last =
                    Last { cadence: plan.words.clone(), until: now.to_string(), begun: None, ended: last.ended.take() };
                now
            });
            let again = last.begun.is_some() && !self.running.iter().any(|running| running.name == plan.name);
            lines.push(Line { next: plan.cadence.next_after(after), after, again, plan });
        }
        self.lines = lines;
        self.keep(now);
    }

    fn reread(&mut self, now: Timestamp) {
        match self.world.reread() {
            None => {}
            Some(Ok(plans)) => {
                let count = plans.len();
                self.problem = None;
                self.take(plans, now);
                self.tell(
                    Weight::Plain,
                    now,
                    format!("tanguero.yaml changed: {}", counted(count)),
                    json!({"type": "reloaded", "schedules": count}),
                );
            }
            Some(Err(problem)) => {
                let text = format!(
                    "tanguero.yaml changed and cannot be used, the schedules of before stay [{}]: {problem}",
                    code::SCHEDULE_UNREAD.id
                );
                self.tell(
                    Weight::Trouble,
                    now,
                    text,
                    json!({"type": "unusable", "code": code::SCHEDULE_UNREAD.id, "problem": problem}),
                );
                self.problem = Some(problem);
            }
        }
    }

    /// Begins all that is due and can begin, the longest due first.
    fn begin_due(&mut self, now: Timestamp) {
        let mut due: Vec<(Timestamp, usize)> = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let moment = if line.again { Some(line.after) } else { line.next.map(|next| next.at) };
            due.extend(moment.filter(|moment| *moment <= now).map(|moment| (moment, at)));
        }
        due.sort_unstable();
        for (_, at) in due {
            let plan = &self.lines[at].plan;
            if !self.running.iter().any(|running| running.name == plan.name || running.output == plan.output) {
                self.begin(at, now);
            }
        }
    }

    fn begin(&mut self, at: usize, now: Timestamp) {
        let line = &mut self.lines[at];
        let mut due = line.plan.cadence.between(line.after, now, COUNTED);
        if due.len() == COUNTED {
            due.extend(line.plan.cadence.between(now - SignedDuration::from_hours(24), now, COUNTED).last());
        }
        let last = self.kept.schedules.entry(line.plan.name.clone()).or_default();
        let died = last.begun.as_ref().map_or(0, |begun| begun.died);
        let again = std::mem::take(&mut line.again).then(|| before(line)).flatten();
        let (firing, missed, died) = match (due.last(), again) {
            (Some(newest), again) => (*newest, due.len() - 1 + usize::from(again.is_some()), 0),
            (None, Some(again)) => (again, 0, died + 1),
            (None, None) => return,
        };
        line.after = firing.at;
        line.next = line.plan.cadence.next_after(firing.at.max(now));
        last.until = firing.at.to_string();
        let name = line.plan.name.clone();
        if died >= DEATHS {
            last.begun = None;
            let text = format!(
                "{name}: the process died {died} times in the run of {}, which is passed over [{}]",
                utc(firing.at),
                code::SCHEDULE_PASSED.id
            );
            let data = json!({"type": "passed_over", "code": code::SCHEDULE_PASSED.id, "schedule": name, "firing": utc(firing.at)});
            self.tell(Weight::Trouble, now, text, data);
            self.keep(now);
            return;
        }
        last.begun = Some(Begun { at: now.to_string(), died });
        let as_of = line.plan.as_of(&firing);
        let job = Job { plan: line.plan.clone(), firing, as_of, missed };
        self.running.push(Running { name: name.clone(), output: line.plan.output.clone(), since: now });
        self.keep(now);
        if missed > 0 || died > 0 {
            let what = match missed {
                0 => "the run that was cut off is begun again".to_owned(),
                1 => "1 firing was missed; this run catches up with it".to_owned(),
                missed => format!("{missed} firings were missed; this run catches up with all of them"),
            };
            let text = format!("{name}: {what} (due {})", utc(firing.at));
            self.tell(
                Weight::Plain,
                now,
                text,
                json!({"type": "catching_up", "schedule": name, "missed": missed, "firing": utc(firing.at)}),
            );
        } else {
            let text = format!("{name}: begins as of {as_of}");
            self.tell(
                Weight::Detail,
                now,
                text,
                json!({"type": "began", "schedule": name, "firing": utc(firing.at), "as_of": as_of.to_string()}),
            );
        }
        self.world.begin(job);
    }

    fn ended(&mut self, name: &str, ended: Ended, stopped: bool) {
        let now = self.world.now();
        let since =
            self.running.iter().position(|running| running.name == name).map(|at| self.running.remove(at).since);
        if let (true, Some(stopping)) = (stopped, &mut self.stopping) {
            stopping.cut = true;
        }
        let line = self.lines.iter().find(|line| line.plan.name == name);
        let next = line.and_then(|line| Some(local(line.next?.at, &line.plan.zone)));
        let lasted = since.map_or_else(String::new, |since| format!(" in {}", length(now.duration_since(since))));
        let next_words = match (&next, stopped) {
            (_, true) => "; it is caught up with at the next start".to_owned(),
            (Some(next), false) => format!("; next {next}"),
            (None, false) => String::new(),
        };
        let text = format!("{name}: {}{lasted} (run {}){next_words}", ended.words, ended.run_id);
        let weight = if ended.exit == 0 { Weight::Plain } else { Weight::Trouble };
        let data = json!({"type": "firing", "schedule": name, "firing": ended.firing, "run_id": ended.run_id, "status": ended.status,
            "exit": ended.exit, "began": ended.began, "ended": ended.ended, "words": ended.words, "next": next});
        self.tell(weight, now, text, data);
        let last = self.kept.schedules.entry(name.to_owned()).or_default();
        last.ended = Some(ended);
        match &mut last.begun {
            // Its firing has not been done; that it ended is nobody's death.
            Some(begun) if stopped => begun.died = 0,
            begun => *begun = None,
        }
        self.keep(now);
    }

    fn signal(&mut self, signal: u8) {
        let now = self.world.now();
        let names: Vec<&str> = self.running.iter().map(|running| running.name.as_str()).collect();
        let data = json!({"type": "stopping", "signal": signal, "running": names});
        match &mut self.stopping {
            None => {
                let text = match names.as_slice() {
                    [] => "ends: nothing runs".to_owned(),
                    names => format!(
                        "ends when {} has ended, in {} at the latest; a second signal stops it at once",
                        names.join(", "),
                        length(self.settings.grace)
                    ),
                };
                self.stopping =
                    Some(Stopping { signal, deadline: now + self.settings.grace, asked: false, cut: false });
                self.tell(Weight::Plain, now, text, data);
            }
            Some(stopping) => {
                // The next turn asks the runs to stop.
                stopping.deadline = stopping.deadline.min(now);
            }
        }
    }

    fn announce(&mut self, now: Timestamp) {
        let next = self.lines.iter().filter_map(|line| Some((line.next?.at, line))).min_by_key(|(at, _)| *at);
        let next = next.map_or_else(String::new, |(at, line)| {
            format!("; next is {} on {}", line.plan.name, local(at, &line.plan.zone))
        });
        let count = self.lines.len();
        self.tell(
            Weight::Plain,
            now,
            format!("keeps {}{next}", counted(count)),
            json!({"type": "began_keeping", "schedules": count}),
        );
    }

    fn keep(&mut self, now: Timestamp) {
        if let Err(error) = self.world.keep(&self.kept) {
            let text = format!("what was run cannot be kept, so that a restart may run it again: {error}");
            self.tell(Weight::Trouble, now, text, json!({"type": "not_kept", "problem": error}));
        }
    }

    fn beat(&mut self, now: Timestamp) {
        let pulse = |line: &Line| Pulse {
            name: line.plan.name.clone(),
            cadence: line.plan.words.clone(),
            next: line.next.map(|next| utc(next.at)),
            running_since: self
                .running
                .iter()
                .find(|running| running.name == line.plan.name)
                .map(|running| utc(running.since)),
            last: self.kept.schedules.get(&line.plan.name).and_then(|last| last.ended.clone()),
        };
        let state = match (&self.stopping, self.running.is_empty()) {
            (Some(_), _) => "stopping",
            (None, true) => "waiting",
            (None, false) => "running",
        };
        let health = Health {
            version: 1,
            pid: std::process::id(),
            since: utc(self.since),
            beat: utc(now),
            state: state.to_owned(),
            problem: self.problem.clone(),
            schedules: self.lines.iter().map(pulse).collect(),
        };
        self.world.beat(health);
    }

    fn tell(&mut self, weight: Weight, now: Timestamp, text: String, mut data: Value) {
        data["time"] = json!(utc(now));
        self.world.tell(Said { weight, text: format!("{} {text}", utc(now)), data });
    }
}

/// The firing that a line is at.
fn before(line: &Line) -> Option<Firing> {
    let found = line.plan.cadence.next_after(line.after - SignedDuration::from_nanos(1));
    found.filter(|firing| firing.at == line.after)
}

fn counted(count: usize) -> String {
    match count {
        1 => "1 schedule".to_owned(),
        count => format!("{count} schedules"),
    }
}
