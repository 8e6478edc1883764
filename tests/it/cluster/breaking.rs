//! What breaks under a run beside its executors: the run itself, a disk, an executor's pace.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::binary::{Said, send, until};
use crate::cluster::failing::{begin, ended, project, right, right_or_nothing};
use crate::cluster::processes::{Cluster, TIMEOUT};

/// The words of a disk without room.
const FULL: &str = "No space left on device";

/// How a process gets mounts of its own: as root, or where users may pretend to be.
const OWN_MOUNTS: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];

/// Mounts a disk at the first word's folder and goes on as the others say.
const MOUNT: &str = "mount -t tmpfs -o size=$1 none \"$0\" && shift && exec \"$@\"";

/// `command` with a disk of `size` at `folder`, which nobody else sees and which goes with it; none where this machine does
/// not let a process have one.
#[expect(clippy::print_stderr, reason = "who reads the tests' output must see what was not tried")]
fn with_disk(command: &Command, folder: &Path, size: &str) -> Option<Command> {
    std::fs::create_dir_all(folder).unwrap();
    let mounting = |own: &[&str]| {
        let mut mounting = Command::new("unshare");
        mounting.args(own).args(["sh", "-c", MOUNT]).arg(folder).arg(size);
        mounting
    };
    let works = |own: &&&[&str]| {
        let tried = mounting(own).arg("true").stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    let Some(own) = OWN_MOUNTS.iter().find(works) else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "no disk of its own for a process");
        eprintln!("SKIPPED: this machine lets no process mount a disk of its own");
        return None;
    };
    let mut mounted = mounting(own);
    mounted.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => mounted.env(name, value),
            None => mounted.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        mounted.current_dir(folder);
    }
    Some(mounted)
}

/// An executor whose work folder is a disk of 200 kB: less than one task's result.
fn on_small_disk(command: &mut Command) -> bool {
    let folder = command.get_args().skip_while(|word| *word != "--work-folder").nth(1).unwrap().to_owned();
    let small = with_disk(command, Path::new(&folder), "200k");
    small.map(|small| *command = small).is_some()
}

#[test]
fn a_run_killed_leaves_nothing_and_its_jobs_run_out() {
    let place = project(60_000);
    let right = right(&place);
    let cluster = Cluster::new(2, 1);
    let mut child = begin(&place, &cluster.url, 60_000);
    until("a task", || cluster.log("executor1").contains("Finished task"));
    child.kill().unwrap();
    child.wait().unwrap();
    // What it staged lies there under hidden names, for the next run to take away.
    assert!(place.published().keys().all(|name| name.starts_with('.')), "{:?}", place.published().keys());
    let count = |words: &str| cluster.log("scheduler").matches(words).count();
    until("the jobs' end", || count("Job finished successfully") == count("Job submitted: "));
    let began = Instant::now();
    let said = ended(begin(&place, &cluster.url, 60_000), began).ends_with(0);
    assert!(right_or_nothing(&place, &said, &right) && !said.err.contains("N894"), "{}", said.err);
    assert!(place.leftovers().is_empty(), "{:?}", place.leftovers());
}

#[test]
fn a_full_disk_of_the_only_executor_fails_the_run_cleanly() {
    let place = project(40_000);
    let there = std::cell::Cell::new(true);
    let cluster = Cluster::with(1, 1, |command| there.set(on_small_disk(command)));
    if !there.get() {
        return;
    }
    let began = Instant::now();
    let said = ended(begin(&place, &cluster.url, 32 << 20), began).ends_with(7).tells(&["N891", FULL]);
    assert!(!right_or_nothing(&place, &said, b"") && place.leftovers().is_empty(), "{}", said.err);
}

#[test]
fn a_full_disk_of_one_executor_leaves_the_right_result_or_none() {
    let place = project(40_000);
    let right = right(&place);
    let number = std::cell::Cell::new(0);
    let cluster = Cluster::with(2, 1, |command| {
        if number.replace(number.get() + 1) == 1 {
            on_small_disk(command);
        }
    });
    let began = Instant::now();
    let said = ended(begin(&place, &cluster.url, 32 << 20), began);
    right_or_nothing(&place, &said, &right);
}

#[test]
fn a_full_disk_of_the_run_is_told_as_it_is_told_locally() {
    let place = project(40_000);
    let cluster = Cluster::new(1, 1);
    let run = |more: &[&str]| {
        let mut command = place.command(&["run", "mapping.yaml", "--as-of", "2026-11-20", "--state", "off"]);
        command.args(more);
        // What is staged lies where it will be published; the disk goes with the run.
        let mut command = with_disk(&command, &place.join("out"), "500k")?;
        let said = Said::new(&command.stdin(Stdio::null()).output().unwrap()).tells(&[FULL]);
        assert_ne!(said.code, 0, "{}", said.err);
        Some(said.code)
    };
    assert_eq!(run(&["--cluster", &cluster.url]), run(&[]));
}

#[test]
fn a_slow_executor_is_waited_for_and_one_that_comes_back_does_no_harm() {
    let place = project(40_000);
    let right = right(&place);
    let cluster = Cluster::new(2, 1);
    let frozen = |cluster: &Cluster, seconds: f64| {
        send("STOP", cluster.executors[1].id());
        std::thread::sleep(Duration::from_secs_f64(seconds));
        send("CONT", cluster.executors[1].id());
    };
    let began = Instant::now();
    let mut child = begin(&place, &cluster.url, 40_000);
    // At half its pace: what it does is awaited.
    while child.try_wait().unwrap().is_none() {
        frozen(&cluster, 0.25);
        std::thread::sleep(Duration::from_millis(250));
    }
    let said = ended(child, began).ends_with(0);
    assert!(right_or_nothing(&place, &said, &right) && !said.err.contains("N894"), "{}", said.err);
    // Longer than it may be silent: others do its tasks, and what it then still sends nobody takes.
    drop(cluster);
    let cluster = Cluster::hasty(2, 1);
    let began = Instant::now();
    let child = begin(&place, &cluster.url, 40_000);
    until("a task", || cluster.log("executor1").contains("Finished task"));
    frozen(&cluster, TIMEOUT as f64 + 2.0);
    right_or_nothing(&place, &ended(child, began), &right);
}
