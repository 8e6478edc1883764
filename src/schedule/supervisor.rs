//! What systemd, or whoever sets `NOTIFY_SOCKET`, is told: that the daemon is ready, lives, and ends.

use std::env;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The supervisor; nobody, where there is none.
#[derive(Debug, Default)]
pub struct Supervisor {
    socket: Option<(UnixDatagram, SocketAddr)>,
    patience: Option<Duration>,
}

impl Supervisor {
    /// The one that the process's environment names.
    pub fn of_the_process() -> Self {
        let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else { return Self::default() };
        let patience = env::var("WATCHDOG_USEC").ok().and_then(|text| text.parse().ok()).map(Duration::from_micros);
        let own = env::var("WATCHDOG_PID").map_or(true, |pid| pid == std::process::id().to_string());
        Self { socket: connect(name.as_bytes()), patience: patience.filter(|_| own) }
    }

    /// How often it wants to hear of the daemon, halved so that one beat may be late.
    pub fn beat_every(&self) -> Option<Duration> {
        self.patience.map(|patience| (patience / 2).max(Duration::from_millis(100)))
    }

    /// The daemon keeps its schedules now.
    pub fn ready(&self) {
        self.send("READY=1");
    }

    /// It lives.
    pub fn beat(&self) {
        if self.patience.is_some() {
            self.send("WATCHDOG=1");
        }
    }

    /// What it did last.
    pub fn status(&self, text: &str) {
        self.send(&format!("STATUS={}", text.lines().next().unwrap_or_default()));
    }

    /// It will end.
    pub fn stopping(&self) {
        self.send("STOPPING=1");
    }

    fn send(&self, text: &str) {
        if let Some((socket, address)) = &self.socket {
            // A supervisor that does not listen is no reason to stop.
            let _ = socket.send_to_addr(text.as_bytes(), address);
        }
    }
}

/// A path, or with `@` a name that is no file's.
fn connect(name: &[u8]) -> Option<(UnixDatagram, SocketAddr)> {
    let address = match name.strip_prefix(b"@") {
        #[cfg(target_os = "linux")]
        Some(name) => SocketAddr::from_abstract_name(name),
        #[cfg(not(target_os = "linux"))]
        Some(_) => return None,
        None => SocketAddr::from_pathname(std::path::Path::new(std::ffi::OsStr::from_bytes(name))),
    };
    let socket = UnixDatagram::unbound().ok()?;
    // A full queue must not hold the daemon up.
    socket.set_nonblocking(true).ok()?;
    Some((socket, address.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_sockets_are_spoken_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let plain = UnixDatagram::bind(&path).unwrap();
        let name = format!("tanguero-test-{}", std::process::id());
        let hidden = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        for (address, listener) in [(path.to_str().unwrap().to_owned(), plain), (format!("@{name}"), hidden)] {
            let supervisor = Supervisor { socket: connect(address.as_bytes()), patience: Some(Duration::from_secs(3)) };
            supervisor.ready();
            supervisor.beat();
            supervisor.status("one\ntwo");
            let heard = || {
                let mut buffer = [0; 100];
                let length = listener.recv(&mut buffer).unwrap();
                String::from_utf8(buffer[..length].to_vec()).unwrap()
            };
            assert_eq!([heard(), heard(), heard()], ["READY=1", "WATCHDOG=1", "STATUS=one"]);
            assert_eq!(supervisor.beat_every(), Some(Duration::from_millis(1_500)));
        }
    }

    #[test]
    fn nobody_listening_is_no_fault() {
        let supervisor = Supervisor { socket: connect(b"/nowhere/at/all"), patience: None };
        supervisor.ready();
        Supervisor::default().ready();
        assert_eq!(supervisor.beat_every(), None);
    }
}
