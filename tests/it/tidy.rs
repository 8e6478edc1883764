//! The rules of the house: who may import whom, which library lives where, how long a file may be.

use std::fs;
use std::path::{Path, PathBuf};

/// Every room and its floor. A room imports only rooms of lower floors.
const FLOORS: &[(&str, u8)] = &[
    ("yaml", 0),
    ("diagnostic", 0),
    ("sqltext", 0),
    ("csv", 0),
    ("format", 1),
    ("mapping", 2),
    ("resolve", 3),
    ("compile", 4),
    ("functions", 5),
    ("store", 5),
    ("web", 6),
    ("source", 6),
    ("guess", 6),
    ("state", 6),
    ("engine", 7),
    ("totango", 7),
    ("vet", 8),
    ("settle", 9),
    ("output", 10),
    ("cluster", 11),
    ("compare", 11),
    ("deliver", 11),
    ("project", 12),
    ("pipeline", 13),
    ("schedule", 14),
    ("cli", 15),
];

/// Imports that the floors alone would not allow, each with its reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    // Diagnostics point at places, and places are spans.
    ("diagnostic", "yaml"),
    // The catalogue speaks the mapping language's vocabulary of types.
    ("format", "mapping"),
];

/// Outside libraries that have one home (or a few).
const HOMES: &[(&str, &[&str])] = &[
    ("serde_yaml", &["yaml"]),
    ("annotate_snippets", &["diagnostic"]),
    ("strsim", &["diagnostic", "format"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("indicatif", &["cli"]),
    ("simdutf8", &["csv", "source"]),
    ("encoding_rs", &["source"]),
    ("flate2", &["source"]),
    ("zstd", &["cluster", "source"]),
    ("bzip2", &["source"]),
    ("liblzma", &["source"]),
    ("globset", &["source"]),
    ("libc", &["cli", "output", "source", "project"]),
    ("xxhash_rust", &["functions", "settle", "output", "cluster", "compare"]),
    ("datafusion", &["functions", "source", "state", "engine", "vet", "settle", "cluster", "pipeline"]),
    // What is read and published goes through its trait; who makes one is `store` alone.
    ("object_store", &["store", "source", "output", "state"]),
    ("object_store_opendal", &["store"]),
    ("opendal", &["store"]),
    ("reqwest", &["web"]),
    ("lettre", &["deliver"]),
    ("cronexpr", &["mapping"]),
    ("tokio", &["store", "web", "output", "cluster", "pipeline", "cli"]),
    ("ballista_core", &["cluster"]),
    ("ballista_executor", &["cluster"]),
    ("ballista_scheduler", &["cluster"]),
    ("datafusion_proto", &["cluster"]),
    ("tonic", &["cluster"]),
    ("log", &["cli"]),
];

/// Rooms above the glass wall: no I/O, no async, no engine, no clock.
const PURE: &[&str] = &["yaml", "diagnostic", "sqltext", "csv", "format", "mapping", "resolve", "compile"];

const MOST_LINES: usize = 400;

struct File {
    room: String,
    path: PathBuf,
    text: String,
}

fn files() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a source folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).expect("below src");
                let room = inside.components().next().expect("a first part").as_os_str().to_string_lossy().into_owned();
                let text = fs::read_to_string(&path).expect("a source file is text");
                found.push(File { room, path, text });
            }
        }
    }
    assert!(found.len() > 50, "the tree was not found");
    found
}

/// Lines of code, without comments; `#[cfg(test)]` modules at the end of a file are left out.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn is_test_file(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_stem().is_some_and(|stem| stem.to_string_lossy().starts_with("tests"))
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

#[test]
fn every_room_has_a_floor() {
    for file in files() {
        let top = file.room.ends_with(".rs");
        assert!(top || floor(&file.room).is_some(), "{}: a room without a floor", file.path.display());
    }
}

#[test]
fn rooms_import_only_lower_floors_and_only_through_the_door() {
    let mut faults = Vec::new();
    for file in files().iter().filter(|file| !file.room.ends_with(".rs") && !is_test_file(&file.path)) {
        let own = floor(&file.room).expect("checked by another test");
        for (number, line) in code(&file.text) {
            for (at, _) in line.match_indices("crate::") {
                let path = &line[at + "crate::".len()..];
                let room: String = path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(other) = floor(&room).filter(|_| room != file.room) else { continue };
                let place = format!("{}:{}", file.path.display(), number + 1);
                let excused = EXCEPTIONS.contains(&(file.room.as_str(), room.as_str()));
                if other >= own && !excused {
                    faults.push(format!("{place}: `{}` (floor {own}) imports `{room}` (floor {other})", file.room));
                }
                let rest = &path[room.len()..];
                let inner: String =
                    rest.trim_start_matches("::").chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let inner_call = rest.trim_start_matches("::").get(inner.len()..).unwrap_or("").starts_with("::");
                let is_module = inner_call && inner.chars().next().is_some_and(char::is_lowercase);
                // Named constants of the register and the text encoder live in public sub-modules on purpose.
                if is_module
                    && !matches!((room.as_str(), inner.as_str()), ("diagnostic", "code") | ("functions", "fault"))
                {
                    faults.push(format!("{place}: reaches into `{room}::{inner}` past its door"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn outside_libraries_stay_in_their_homes() {
    let mut faults = Vec::new();
    for file in files().iter().filter(|file| !file.room.ends_with(".rs") && !is_test_file(&file.path)) {
        for (number, line) in code(&file.text) {
            for (library, homes) in HOMES {
                let used = line
                    .match_indices(&format!("{library}::"))
                    .any(|(at, _)| !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':'));
                if used && !homes.contains(&file.room.as_str()) {
                    faults.push(format!("{}:{}: `{library}` lives in {homes:?}", file.path.display(), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn rooms_above_the_glass_wall_do_nothing_but_think() {
    let mut faults = Vec::new();
    for file in files().iter().filter(|file| PURE.contains(&file.room.as_str()) && !is_test_file(&file.path)) {
        for (number, line) in code(&file.text) {
            for forbidden in ["std::fs", "std::net", "std::env", "SystemTime", "Instant::now", "async fn", "Zoned::now"]
            {
                if line.contains(forbidden) {
                    faults.push(format!("{}:{}: {forbidden} above the glass wall", file.path.display(), number + 1));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut faults = Vec::new();
    let mut all: Vec<(PathBuf, String)> = files().into_iter().map(|file| (file.path, file.text)).collect();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for entry in fs::read_dir(tests).expect("the tests can be listed") {
        let path = entry.expect("an entry can be read").path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a test file is text");
            all.push((path, text));
        }
    }
    for (path, text) in all {
        let lines = text.lines().count();
        if lines > MOST_LINES {
            faults.push(format!("{}: {lines} lines, at most {MOST_LINES}", path.display()));
        }
        if !text.starts_with("//!") {
            faults.push(format!("{}: no `//!` opening", path.display()));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn required_folders_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["Cargo.toml", "src", "mappings", "queries", "tests", "examples", "README.md", "ARCHITECTURE.md"] {
        assert!(root.join(name).exists(), "{name} is missing at the top level");
    }
}
