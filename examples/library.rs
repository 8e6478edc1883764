//! Runs the mappings of this repository from Rust, and prints where every record went.
//!
//! `cargo run --example library`
#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::sync::Arc;

use tanguero::pipeline::{RunRequest, Stage, Stop, Watcher, run};

struct Silent;

impl Watcher for Silent {
    fn stage(&self, _mapping: &str, _stage: Stage) {}
    fn advance(&self, _done: u64) {}
    fn finished(&self, _mapping: &str) {}
}

fn main() {
    let project = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let request = RunRequest {
        mappings: vec![PathBuf::from("mappings/accounts.yaml")],
        out: Some(std::env::temp_dir().join("tanguero-library")),
        threads: 2,
        evidence: false,
        ..RunRequest::new(project, jiff::civil::date(2026, 11, 20))
    };
    let watcher: Arc<dyn Watcher> = Arc::new(Silent);
    let outcome = run(&request, &watcher, &Stop::default());
    for mapping in outcome.report.iter().flat_map(|report| &report.mappings) {
        println!("{}: {:?}, {:?}", mapping.mapping, mapping.status, mapping.rows);
    }
}
