//! The text of a lock object: who holds the target, until when, and which uploads it has open there.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::output::Holder;
use crate::output::remote::leftovers::OpenUpload;

/// What a holder says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claim {
    pub version: u32,
    /// Tells this holder from every other one.
    pub token: String,
    #[serde(flatten)]
    pub holder: Holder,
    /// The running system and the process table in which `pid` means something.
    pub machine: String,
    /// When the process began, in the system's own counting: numbers of processes are used again.
    pub process_start: u64,
    /// Whom it keeps out, it keeps out until then, in UTC.
    pub expires: String,
    /// Uploads that it has open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uploads: Vec<OpenUpload>,
}

impl Claim {
    /// A claim of this process that lasts for `life`.
    pub fn new(run_id: &str, life: SignedDuration) -> Self {
        let now = Timestamp::now();
        let (pid, machine) = (std::process::id(), machine());
        let process_start = process_start(pid).unwrap_or_default();
        let own = format!("{run_id} {pid} {machine} {process_start} {}", now.as_nanosecond());
        let mut claim = Self {
            version: 1,
            token: format!("{:016x}", xxh3_64(own.as_bytes())),
            holder: Holder::this(run_id),
            machine,
            process_start,
            expires: String::new(),
            uploads: Vec::new(),
        };
        claim.extend(life);
        claim
    }

    /// Lasts for `life` from now on.
    pub fn extend(&mut self, life: SignedDuration) {
        self.expires = (Timestamp::now() + life).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    }

    /// Its text.
    pub fn text(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a claim is plain data")
    }

    /// Whether it still lasts, by this machine's clock.
    pub fn lasts(&self) -> bool {
        self.expires.parse::<Timestamp>().is_ok_and(|expires| Timestamp::now() < expires)
    }

    /// Whether its process is known to have ended: it ran in this very process table and is not there any more.
    pub fn is_dead(&self) -> bool {
        self.machine == machine()
            && !self.machine.is_empty()
            && process_start(self.holder.pid).is_none_or(|start| start != self.process_start)
    }
}

/// The running system and its process table; empty where the system does not tell, and then nobody is known to be dead.
fn machine() -> String {
    let system = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let table = fs::read_link("/proc/self/ns/pid").map(|link| link.to_string_lossy().into_owned());
    match table {
        Ok(table) if !system.is_empty() => format!("{} {table}", system.trim()),
        _ => String::new(),
    }
}

/// When a process began, in ticks since the system did; none if there is no such process, or only its remains.
fn process_start(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program stands in brackets and may hold anything.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_of_this_process_lasts_and_lives() {
        let claim = Claim::new("20261121T204135Z-3f9a", SignedDuration::from_secs(60));
        assert!(claim.lasts() && !claim.is_dead());
        assert_ne!(claim.token, Claim::new("20261121T204135Z-3f9a", SignedDuration::from_secs(60)).token);
        let text = claim.text();
        assert_eq!(serde_json::from_slice::<Claim>(&text).unwrap(), claim);
    }

    #[test]
    fn a_claim_of_an_ended_process_is_dead_and_one_of_another_machine_is_not() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let mut claim = Claim::new("run", SignedDuration::from_secs(60));
        claim.holder.pid = child.id();
        child.wait().unwrap();
        assert!(claim.is_dead());
        claim.machine = "another".into();
        assert!(!claim.is_dead() && claim.lasts());
        claim.extend(SignedDuration::from_secs(-1));
        assert!(!claim.lasts());
    }

    #[test]
    fn a_number_that_another_process_has_now_is_no_sign_of_life() {
        let mut claim = Claim::new("run", SignedDuration::from_secs(60));
        claim.process_start += 1;
        assert!(claim.is_dead());
    }
}
