//! The daemon in a world whose clock goes as fast as it is asked: months with both changes of the clocks, runs that take too long,
//! signals, kills, files that change.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::tests_cadence::entry;
use super::{Cadence, End, Ended, Event, Health, Job, Kept, Plan, Said, Settings, Weight, World, keep, words};

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn plan(name: &str, output: &str, keys: &str) -> Plan {
    let entry = entry(keys);
    Plan {
        name: name.to_owned(),
        words: words::cadence(&entry),
        cadence: Cadence::new(&entry),
        zone: entry.zone.clone(),
        mappings: Vec::new(),
        environment: None,
        yesterday: entry.yesterday,
        output: output.to_owned(),
        entry,
    }
}

/// What happens to the daemon from outside.
enum Fate {
    Signal(u8),
    Changed(Result<Vec<Plan>, String>),
    /// As by `kill -9`: nothing of the daemon's is called any more.
    Killed,
}

struct Simulated {
    now: Timestamp,
    /// What comes, in order.
    fates: VecDeque<(Timestamp, Fate)>,
    lasts: fn(&Job) -> SignedDuration,
    running: Vec<(Timestamp, Job)>,
    began: Vec<(Timestamp, Job)>,
    kept: Kept,
    said: Vec<Said>,
    health: Health,
    beats: u64,
    longest_silence: SignedDuration,
    last_beat: Timestamp,
    abandoned: bool,
    grace: SignedDuration,
}

impl Simulated {
    fn new(start: &str, lasts: fn(&Job) -> SignedDuration) -> Self {
        let now = moment(start);
        Self {
            now,
            fates: VecDeque::new(),
            lasts,
            running: Vec::new(),
            began: Vec::new(),
            kept: Kept::default(),
            said: Vec::new(),
            health: Health::default(),
            beats: 0,
            longest_silence: SignedDuration::ZERO,
            last_beat: now,
            abandoned: false,
            grace: minutes(5),
        }
    }

    /// One life of the daemon; none if it was killed.
    fn live(&mut self, plans: &[Plan], fates: Vec<(&str, Fate)>) -> Option<End> {
        self.fates = fates.into_iter().map(|(at, fate)| (moment(at), fate)).collect();
        self.abandoned = false;
        let kept = self.kept.clone();
        let settings = Settings { grace: self.grace, beat: minutes(10) };
        let end = catch_unwind(AssertUnwindSafe(|| keep(self, plans.to_vec(), kept, settings))).ok();
        // Runs die with their process.
        self.running.clear();
        end
    }

    fn of(&self, name: &str) -> Vec<&(Timestamp, Job)> {
        self.began.iter().filter(|(_, job)| job.plan.name == name).collect()
    }

    fn troubles(&self) -> Vec<&str> {
        self.said.iter().filter(|said| said.weight == Weight::Trouble).map(|said| said.text.as_str()).collect()
    }
}

impl World for Simulated {
    fn now(&mut self) -> Timestamp {
        self.now
    }

    fn wait(&mut self, until: Timestamp) -> Event {
        assert!(until > self.now || !self.running.is_empty() || !self.fates.is_empty(), "it waits for nothing");
        let ends = self.running.iter().map(|(end, _)| *end).min();
        let fate = self.fates.front().map(|(at, _)| *at);
        let next = until.min(ends.unwrap_or(until)).min(fate.unwrap_or(until));
        self.now = self.now.max(next);
        if fate.is_some_and(|at| at <= self.now) {
            match self.fates.front() {
                Some((_, Fate::Signal(_))) => {
                    let Some((_, Fate::Signal(signal))) = self.fates.pop_front() else { unreachable!() };
                    return Event::Signal(signal);
                }
                Some((_, Fate::Killed)) => resume_unwind(Box::new("killed")),
                _ => return Event::Nothing,
            }
        }
        match self.running.iter().position(|(end, _)| *end <= self.now) {
            Some(at) => {
                let (_, job) = self.running.remove(at);
                let ended =
                    Ended { run_id: "r".to_owned(), words: "published, 1 row written".to_owned(), ..Ended::default() };
                Event::Ended { name: job.plan.name, ended, stopped: self.abandoned }
            }
            None => Event::Nothing,
        }
    }

    fn begin(&mut self, job: Job) {
        for (_, other) in &self.running {
            assert_ne!(other.plan.name, job.plan.name, "it runs already");
            assert_ne!(other.plan.output, job.plan.output, "{} and {} share an output", other.plan.name, job.plan.name);
        }
        self.began.push((self.now, job.clone()));
        self.running.push((self.now + (self.lasts)(&job), job));
    }

    fn abandon(&mut self) {
        self.abandoned = true;
        self.running.iter_mut().for_each(|(end, _)| *end = (*end).min(self.now + SignedDuration::from_secs(1)));
    }

    fn reread(&mut self) -> Option<Result<Vec<Plan>, String>> {
        let (at, _) = self.fates.front().filter(|(_, fate)| matches!(fate, Fate::Changed(_)))?;
        if *at > self.now {
            return None;
        }
        let Some((_, Fate::Changed(change))) = self.fates.pop_front() else { unreachable!() };
        Some(change)
    }

    fn keep(&mut self, kept: &Kept) -> Result<(), String> {
        self.kept = kept.clone();
        Ok(())
    }

    fn tell(&mut self, said: Said) {
        self.said.push(said);
    }

    fn beat(&mut self, health: Health) {
        self.beats += 1;
        self.longest_silence = self.longest_silence.max(self.now.duration_since(self.last_beat));
        self.last_beat = self.now;
        self.health = health;
    }
}

#[test]
fn eight_months_with_both_changes_and_runs_longer_than_their_interval() {
    let plans = [
        plan("nightly", "a", "every: daily, at: \"02:30\", timezone: Europe/Berlin"),
        plan("hourly", "a", "every: hourly, at: \":15\", timezone: Europe/Berlin"),
        plan("quarter", "b", "every: 15 minutes, timezone: Europe/Berlin"),
    ];
    let mut world = Simulated::new("2027-03-15T12:00:00Z", |job| match job.plan.name.as_str() {
        "nightly" => minutes(100),
        "hourly" => minutes(4),
        // Longer than its interval, now and then much longer.
        _ if job.firing.at.as_second() % 90_000 == 900 => minutes(200),
        _ => minutes(20),
    });
    world.grace = minutes(300);
    assert_eq!(world.live(&plans, vec![("2027-11-15T12:00:00Z", Fate::Signal(15))]), Some(End::Clean));

    let nightly = world.of("nightly");
    let days: Vec<_> = nightly.iter().map(|(_, job)| job.as_of).collect();
    assert_eq!(days.len(), 245);
    assert!(days.windows(2).all(|pair| pair[1] == pair[0].tomorrow().unwrap()), "each day once");
    assert_eq!((days[0], days[244]), (date(2027, 3, 16), date(2027, 11, 15)));
    let at = |day| nightly.iter().find(|(_, job)| job.as_of == day).unwrap().1.firing.at.to_string();
    assert_eq!(at(date(2027, 3, 28)), "2027-03-28T01:00:00Z");
    assert_eq!(at(date(2027, 10, 31)), "2027-10-31T00:30:00Z");

    // Nothing is lost: what was not run itself was caught up with.
    for plan in &plans {
        let runs = world.of(&plan.name);
        let last = runs.last().unwrap().1.firing.at;
        let due = plan.cadence.between(moment("2027-03-15T12:00:00Z"), last, 100_000);
        let told: usize = runs.iter().map(|(_, job)| 1 + job.missed).sum();
        assert_eq!(told, due.len(), "{}", plan.name);
        assert!(runs.windows(2).all(|pair| pair[0].1.firing.at < pair[1].1.firing.at));
        assert!(runs.iter().all(|(began, job)| *began >= job.firing.at));
    }
    assert!(world.of("quarter").iter().any(|(_, job)| job.missed > 10));
    let caught = world.said.iter().filter(|said| said.text.contains("missed")).count();
    assert_eq!(caught, world.began.iter().filter(|(_, job)| job.missed > 0).count(), "each told in one line");
    assert!(world.longest_silence <= minutes(10), "{:?}", world.longest_silence);
    // A schedule that nobody shares an output with begins on the second.
    let late = nightly.iter().map(|(began, job)| began.duration_since(job.firing.at)).max().unwrap();
    assert!(late <= minutes(4), "{late:?}");
}

#[test]
fn what_was_missed_while_nobody_kept_it_is_caught_up_with_once() {
    let plans = [plan("nightly", "a", "every: daily, at: \"02:30\", as_of: yesterday")];
    let mut world = Simulated::new("2026-11-20T00:00:00Z", |_| minutes(10));
    assert_eq!(world.live(&plans, vec![("2026-11-21T12:00:00Z", Fate::Signal(15))]), Some(End::Clean));
    assert_eq!(world.began.len(), 2);
    world.now = moment("2026-11-25T12:00:00Z");
    assert_eq!(world.live(&plans, vec![("2026-11-26T00:00:00Z", Fate::Signal(15))]), Some(End::Clean));
    let (began, job) = world.began.last().unwrap();
    assert_eq!(world.began.len(), 3, "four nights, one run");
    assert_eq!((began.to_string().as_str(), job.missed, job.as_of), ("2026-11-25T12:00:00Z", 3, date(2026, 11, 24)));
    assert!(
        world.said.iter().any(|said| said.text.contains("3 firings were missed; this run catches up with all of them"))
    );
}

#[test]
fn a_schedule_that_is_new_or_means_other_times_begins_now() {
    let old = [plan("nightly", "a", "every: daily, at: \"02:30\"")];
    let new = [plan("nightly", "a", "every: daily, at: \"09:00\""), plan("other", "b", "every: daily, at: \"08:00\"")];
    let mut world = Simulated::new("2026-11-20T00:00:00Z", |_| minutes(10));
    let fates =
        vec![("2026-11-20T10:00:00Z", Fate::Changed(Ok(new.to_vec()))), ("2026-11-20T23:00:00Z", Fate::Signal(15))];
    assert_eq!(world.live(&old, fates), Some(End::Clean));
    assert_eq!(world.began.len(), 1, "neither 08:00 nor 09:00 of today");
    assert_eq!(world.health.schedules[0].next.as_deref(), Some("2026-11-21T09:00:00Z"));
    assert_eq!(world.health.schedules[0].last.as_ref().unwrap().run_id, "r");
}

#[test]
fn a_file_that_cannot_be_used_leaves_the_schedules_of_before() {
    let plans = [plan("nightly", "a", "every: daily, at: \"02:30\"")];
    let mut world = Simulated::new("2026-11-20T00:00:00Z", |_| minutes(10));
    let fates = vec![
        ("2026-11-20T01:00:00Z", Fate::Changed(Err("a quote is open".to_owned()))),
        ("2026-11-20T12:00:00Z", Fate::Signal(2)),
    ];
    assert_eq!(world.live(&plans, fates), Some(End::Clean));
    assert_eq!(world.began.len(), 1);
    assert_eq!(world.health.problem.as_deref(), Some("a quote is open"));
    assert!(world.troubles()[0].contains("cannot be used, the schedules of before stay [N883]: a quote is open"));
    let fates = vec![
        ("2026-11-20T13:00:00Z", Fate::Changed(Err("a quote is open".to_owned()))),
        ("2026-11-20T14:00:00Z", Fate::Changed(Ok(plans.to_vec()))),
        ("2026-11-20T15:00:00Z", Fate::Signal(2)),
    ];
    assert_eq!(world.live(&plans, fates), Some(End::Clean));
    assert_eq!(world.health.problem, None);
}

#[test]
fn a_signal_lets_a_run_end_that_ends_in_time() {
    let plans = [plan("nightly", "a", "every: daily, at: \"02:30\"")];
    let mut world = Simulated::new("2026-11-20T00:00:00Z", |_| minutes(10));
    assert_eq!(world.live(&plans, vec![("2026-11-20T02:37:00Z", Fate::Signal(15))]), Some(End::Clean));
    assert!(!world.abandoned);
    assert_eq!(world.now, moment("2026-11-20T02:40:00Z"));
    assert!(world.kept.schedules["nightly"].begun.is_none());
    assert!(world.said.iter().any(|said| said.text.contains("ends when nightly has ended, in 5 min at the latest")));
    assert_eq!(world.health.state, "ended");
}

#[test]
fn a_signal_stops_a_run_that_takes_too_long_and_the_next_life_does_it_again() {
    let plans = [plan("nightly", "a", "every: daily, at: \"02:30\"")];
    for (fates, end) in [
        (vec![("2026-11-20T02:31:00Z", Fate::Signal(15))], "2026-11-20T02:36:01Z"),
        (
            vec![("2026-11-20T02:31:00Z", Fate::Signal(15)), ("2026-11-20T02:32:00Z", Fate::Signal(15))],
            "2026-11-20T02:32:01Z",
        ),
    ] {
        let mut world = Simulated::new("2026-11-20T00:00:00Z", |_| minutes(30));
        assert_eq!(world.live(&plans, fates), Some(End::Abandoned(15)));
        assert_eq!(world.now, moment(end));
        let begun = world.kept.schedules["nightly"].begun.clone();
        assert_eq!(begun.map(|begun| begun.died), Some(0));
        world.now += 1.hour();
        assert_eq!(world.live(&plans, vec![("2026-11-20T12:00:00Z", Fate::Signal(15))]), Some(End::Clean));
        assert_eq!(world.began.len(), 2);
        assert_eq!(world.began[0].1.firing, world.began[1].1.firing);
        assert!(world.said.iter().any(|said| said.text.contains("the run that was cut off is begun again")));
    }
}

#[test]
fn a_run_that_kills_its_process_is_passed_over_after_the_third_time() {
    let plans = [plan("nightly", "a", "every: daily, at: \"02:30\"")];
    let mut world = Simulated::new("2026-11-20T00:00:00Z", |_| minutes(60));
    for kill in ["02:40", "02:50", "03:00"] {
        assert_eq!(world.live(&plans, vec![(&format!("2026-11-20T{kill}:00Z"), Fate::Killed)]), None);
    }
    assert_eq!(world.began.len(), 3);
    assert_eq!(world.live(&plans, vec![("2026-11-21T04:00:00Z", Fate::Signal(15))]), Some(End::Clean));
    assert_eq!(world.began.len(), 4, "the fourth is the next day's");
    assert_eq!(world.began[3].1.as_of, date(2026, 11, 21));
    assert!(
        world
            .troubles()
            .iter()
            .any(|text| text.contains("died 3 times in the run of 2026-11-20T02:30:00Z") && text.contains("N884"))
    );
}

#[test]
fn a_kill_before_the_next_firing_counts_as_a_missed_one() {
    let plans = [plan("hourly", "a", "every: hourly")];
    let mut world = Simulated::new("2026-11-20T00:30:00Z", |_| minutes(5));
    assert_eq!(world.live(&plans, vec![("2026-11-20T01:02:00Z", Fate::Killed)]), None);
    world.now = moment("2026-11-20T02:10:00Z");
    assert_eq!(world.live(&plans, vec![("2026-11-20T02:50:00Z", Fate::Signal(15))]), Some(End::Clean));
    let jobs: BTreeMap<_, _> = world.began.iter().map(|(began, job)| (began.to_string(), job.missed)).collect();
    // The run of 01:00 was cut off and 02:00 was missed: one run stands for both.
    assert_eq!(
        jobs.into_iter().collect::<Vec<_>>(),
        [("2026-11-20T01:00:00Z".to_owned(), 0), ("2026-11-20T02:10:00Z".to_owned(), 1)]
    );
}

#[test]
fn a_clock_that_was_years_ahead_does_not_stop_a_schedule() {
    let plans = [plan("hourly", "a", "every: hourly")];
    let mut world = Simulated::new("2031-01-01T00:30:00Z", |_| minutes(5));
    assert_eq!(world.live(&plans, vec![("2031-01-01T01:30:00Z", Fate::Signal(15))]), Some(End::Clean));
    world.now = moment("2026-11-20T00:30:00Z");
    assert_eq!(world.live(&plans, vec![("2026-11-20T01:30:00Z", Fate::Signal(15))]), Some(End::Clean));
    assert_eq!(world.began.len(), 2);
}
