//! One run at a time, in this process and between processes.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::output::{Lock, OutputError, folder};

/// Runs the test called `name` in a process of its own, told about `folder`.
pub(super) fn child(name: &str, folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--ignored"])
        .env("TANGUERO_TEST_FOLDER", folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The folder a child was told about.
pub(super) fn told() -> std::path::PathBuf {
    std::env::var_os("TANGUERO_TEST_FOLDER").expect("is run by another test only").into()
}

/// Waits until a child has written `word`.
pub(super) fn wait_for(child: &mut Child, word: &str) {
    let mut seen = String::new();
    let mut byte = [0];
    let out = child.stdout.as_mut().unwrap();
    while !seen.contains(word) {
        assert_eq!(out.read(&mut byte).unwrap(), 1, "ended early: {seen}");
        seen.push(char::from(byte[0]));
    }
}

#[test]
#[ignore = "is run by the other tests in a process of its own"]
fn holder() {
    let _lock = Lock::take(&told(), "20261121T000000Z-aaaa").unwrap();
    println!("locked");
    thread::sleep(Duration::from_secs(60));
}

#[test]
#[ignore = "is run by the other tests in a process of its own"]
fn contender() {
    let folder = told();
    for _ in 0..300 {
        match Lock::take(&folder, "contender") {
            Ok(_lock) => {
                // Were two in here at once, one would find the other's file.
                let file = std::fs::File::create_new(folder.join("inside")).unwrap();
                drop(file);
                std::fs::remove_file(folder.join("inside")).unwrap();
            }
            Err(OutputError::Locked(_)) => thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_second_run_is_told_who_holds_the_folder() {
    let home = super::home();
    let mut child = child("output::tests::locking::holder", home.path());
    wait_for(&mut child, "locked");
    let error = Lock::take(home.path(), "second").unwrap_err();
    assert_eq!(error.code().id, "L704");
    let OutputError::Locked(held) = error else { panic!("{error}") };
    let holder = held.holder.clone().unwrap();
    assert_eq!((holder.pid, holder.run_id.as_str()), (child.id(), "20261121T000000Z-aaaa"));
    let text = held.to_string();
    assert!(text.contains(&format!("run 20261121T000000Z-aaaa, process {} on ", child.id())), "{text}");

    // Killed, it leaves its file, but the lock is free.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(home.path().join(folder::LOCK).exists());
    let lock = Lock::take(home.path(), "second").unwrap();
    let text = std::fs::read_to_string(home.path().join(folder::LOCK)).unwrap();
    assert!(text.contains(r#""run_id":"second""#) && !text.contains("aaaa"), "{text}");
    drop(lock);
    assert!(!home.path().join(folder::LOCK).exists());
}

#[test]
fn a_run_is_kept_out_by_another_of_the_same_process() {
    let home = super::home();
    let target = home.path().join("made/for/it");
    let lock = Lock::take(&target, "first").unwrap();
    assert!(matches!(Lock::take(&target, "second"), Err(OutputError::Locked(_))));
    drop(lock);
    drop(Lock::take(&target, "second").unwrap());
}

#[test]
fn of_many_processes_one_at_a_time_is_inside() {
    let home = super::home();
    let children: Vec<Child> = (0..4).map(|_| child("output::tests::locking::contender", home.path())).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(super::contents(home.path()).len(), 0);
}
