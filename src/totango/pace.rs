//! No more calls a minute than a token may make, whoever in this process makes them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// The time in which calls are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// The longest wait without a look at whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(100);

/// The world a search is made in.
pub trait World {
    /// Time since some moment that stays the same for this process.
    fn now(&self) -> Duration;
    /// Lets time pass.
    fn wait(&self, time: Duration);
    /// Whether nobody wants the rest any more.
    fn is_stopped(&self) -> bool;
    /// So many records are read, of as many as are known of.
    fn progress(&self, read: u64, of: u64);
}

/// The clock of this machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock;

impl Clock {
    /// Time since this process first asked.
    pub fn now(self) -> Duration {
        static BEGUN: OnceLock<Instant> = OnceLock::new();
        BEGUN.get_or_init(Instant::now).elapsed()
    }

    /// Sleeps.
    pub fn wait(self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// Calls of one token at one service.
#[derive(Debug)]
pub(super) struct Pace {
    /// When the calls of the last minute ended, in order.
    ended: VecDeque<Duration>,
}

/// Paces by service and token.
type Paces = Mutex<BTreeMap<(String, String), Arc<Mutex<Pace>>>>;

impl Pace {
    /// That of `token` at `url`, shared by all searches of this process.
    pub fn of(url: &str, token: &str) -> Arc<Mutex<Self>> {
        static PACES: OnceLock<Paces> = OnceLock::new();
        let mut paces = PACES.get_or_init(Paces::default).lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(Mutex::new(Self { ended: VecDeque::new() }));
        Arc::clone(paces.entry((url.to_owned(), token.to_owned())).or_insert_with(new))
    }

    /// Waits until one more call may be made, with at most `rate` in a minute; false if nobody wants it any more.
    ///
    /// Calls are counted from their end: the service may have counted them as late as that.
    pub fn wait(&mut self, rate: u64, world: &dyn World) -> bool {
        loop {
            let now = world.now();
            while self.ended.front().is_some_and(|then| now.saturating_sub(*then) >= WINDOW) {
                self.ended.pop_front();
            }
            if world.is_stopped() {
                return false;
            }
            let Some(first) = self.ended.front().filter(|_| self.ended.len() as u64 >= rate) else { return true };
            world.wait((*first + WINDOW - now).min(GLANCE));
        }
    }

    /// Counts a call that has ended, with each of its tries.
    pub fn ended(&mut self, tries: usize, world: &dyn World) {
        let now = world.now();
        self.ended.extend(std::iter::repeat_n(now, tries));
    }
}
