//! The program as a user starts it: a folder of its own, a command line, and what it said.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::{fs, thread, time};

use serde_json::Value;

use crate::support::files;

/// A project folder that goes away with its owner.
pub struct Place {
    home: tempfile::TempDir,
}

/// What a command said and how it ended.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("what is printed is UTF-8");
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// Ends the test with everything that was said unless the exit code is this.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    /// Ends the test unless stderr has each of these.
    #[track_caller]
    pub fn tells(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.err.contains(part), "`{part}` is not in\n{}", self.err);
        }
        self
    }
}

impl Place {
    /// A project with these files.
    pub fn new(given: &[(&str, &str)]) -> Self {
        let place = Self { home: tempfile::tempdir().unwrap() };
        // Whatever stands above the temporary folder is not of this project.
        fs::create_dir(place.path().join(".git")).unwrap();
        for (name, text) in given {
            place.write(name, text);
        }
        place
    }

    pub fn path(&self) -> &Path {
        self.home.path()
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        String::from_utf8(fs::read(self.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))).unwrap()
    }

    /// Every file of the output folder, hidden ones too, but `run.json`, which has times.
    pub fn published(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = files(&self.join("out"));
        found.remove("run.json");
        found
    }

    /// `out/run.json`.
    #[track_caller]
    pub fn manifest(&self) -> Value {
        serde_json::from_str(&self.read("out/run.json")).unwrap()
    }

    /// Names of our own hidden files that were left in the output folder.
    pub fn leftovers(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.join("out")) else { return Vec::new() };
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with('.')).collect()
    }

    /// The command, not started; nothing of the caller's surroundings changes what it does.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tanguero"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TANGUERO_")) {
            command.env_remove(name);
        }
        command.env("HOME", self.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn go(&self, arguments: &[&str]) -> Said {
        Said::new(&self.command(arguments).output().unwrap())
    }
}

/// Waits until `seen`, at most a minute.
#[track_caller]
pub fn until(what: &str, mut seen: impl FnMut() -> bool) {
    let start = time::Instant::now();
    while !seen() {
        assert!(start.elapsed().as_secs() < 60, "waited in vain for {what}");
        thread::sleep(time::Duration::from_micros(200));
    }
}

/// Sends `signal` (as `kill -s` names it) to a process of this test.
pub fn send(signal: &str, process: u32) {
    let sent = Command::new("kill").args(["-s", signal, &process.to_string()]).status().unwrap();
    assert!(sent.success(), "kill -s {signal} {process}");
}
