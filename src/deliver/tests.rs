//! The memory of deliveries, and what is owed by it.

use std::path::Path;

use crate::deliver::memory::TriggerState;
use crate::deliver::{Entry, Memory, Place, Standing, To, Trigger, owed, pending};
use crate::output::OutputFile;
use crate::state::Home;

fn file(name: &str, xxh3: &str) -> OutputFile {
    OutputFile { file: name.to_owned(), rows: 1, bytes: 9, xxh3: xxh3.to_owned() }
}

fn entry(mappings: Option<&[&str]>, places: &[&str]) -> Entry {
    let place = |key: &&str| Place { key: (*key).to_owned(), shown: (*key).to_owned(), to: To::Folder((*key).into()) };
    let trigger = Trigger { shown: "h".into(), url: "https://h/".into(), header: None, post: true, allow_http: false };
    Entry {
        key: "entry".to_owned(),
        mappings: mappings.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        places: places.iter().map(place).collect(),
        trigger: Some(trigger),
    }
}

fn standing(all: &[(&str, &str, &str)]) -> Vec<Standing> {
    all.iter()
        .map(|(mapping, name, xxh3)| Standing { mapping: (*mapping).to_owned(), file: file(name, xxh3) })
        .collect()
}

#[test]
fn what_is_pending_is_what_a_place_has_not_got_in_these_bytes() {
    let state = tempfile::tempdir().unwrap();
    let mut memory = Memory::read(&Home::local(state.path())).unwrap();
    let entry = entry(Some(&["a", "b"]), &["p", "q"]);
    let files = standing(&[("a", "a.csv", "1"), ("b", "b.csv", "2"), ("c", "c.csv", "3")]);
    assert_eq!(pending(&entry, &files, &memory), [(0, 0), (0, 1), (1, 0), (1, 1)]);
    assert_eq!(owed(&entry, &memory), (false, false), "nothing arrived: nothing to be imported");
    memory.arrived(("p", "p"), &files[0].file, &["entry"], "run").unwrap();
    memory.arrived(("q", "q"), &files[1].file, &["entry"], "run").unwrap();
    let memory = Memory::read(&Home::local(state.path())).unwrap();
    assert_eq!(pending(&entry, &files, &memory), [(0, 1), (1, 0)]);
    assert_eq!(owed(&entry, &memory), (true, false));
    let changed = standing(&[("a", "a.csv", "9")]);
    assert_eq!(pending(&entry, &changed, &memory).len(), 2);
}

#[test]
fn a_call_under_way_is_in_doubt_for_whoever_reads_it_later() {
    let state = tempfile::tempdir().unwrap();
    let mut memory = Memory::read(&Home::local(state.path())).unwrap();
    let entry = entry(None, &["p"]);
    memory.arrived(("p", "p"), &file("a.csv", "1"), &["entry"], "run").unwrap();
    memory.called("entry", TriggerState::Calling, "run").unwrap();
    let mut memory = Memory::read(&Home::local(state.path())).unwrap();
    assert_eq!(owed(&entry, &memory), (false, true));
    memory.called("entry", TriggerState::Answered, "run").unwrap();
    assert_eq!(owed(&entry, &Memory::read(&Home::local(state.path())).unwrap()), (false, false));
    memory.arrived(("p", "p"), &file("a.csv", "2"), &["entry"], "run").unwrap();
    assert_eq!(owed(&entry, &memory), (true, false));
}

#[test]
fn a_memory_that_cannot_be_read_is_an_error_and_no_empty_one() {
    let state = tempfile::tempdir().unwrap();
    for text in ["{", "[]", "{\"version\": 2}"] {
        std::fs::write(state.path().join("deliveries.json"), text).unwrap();
        let error = Memory::read(&Home::local(state.path())).expect_err(text).to_string();
        assert!(error.contains("deliveries.json") && error.contains("remove it"), "{error}");
    }
    let mut none = Memory::none();
    none.arrived(("p", "p"), &file("a.csv", "1"), &[], "run").unwrap();
    assert!(none.has("p", &file("a.csv", "1")) && !Path::new("deliveries.json").exists());
}
