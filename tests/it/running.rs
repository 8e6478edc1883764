//! The examples of docs/running.md: each is read by what would read it, as far as that is there.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use tanguero::yaml;

use crate::docs::blocks;
use crate::support::root;
use crate::validator::json as tree;

/// Blocks of the page that say they are `kind`.
fn examples(kind: &str) -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/running.md")).unwrap();
    let found: Vec<String> =
        blocks(&page).into_iter().filter(|(_, info, _)| info == kind).map(|(_, _, text)| text).collect();
    assert!(!found.is_empty(), "no example of {kind}");
    found
}

#[test]
fn lines_of_cron_name_times_and_a_command() {
    for line in examples("crontab").iter().flat_map(|text| text.lines()) {
        let (times, command) = line.split_once("  ").unwrap();
        cronexpr::parse_crontab(&format!("{times} UTC")).unwrap_or_else(|error| panic!("{times}: {error}"));
        assert!(command.trim().starts_with("cd ") && command.contains("&& tanguero run"), "{command}");
    }
}

/// Sections and keys that systemd knows, of those that such units use.
const UNITS: [(&str, &[&str]); 4] = [
    ("Unit", &["Description", "Wants", "After"]),
    ("Service", &["Type", "User", "WorkingDirectory", "EnvironmentFile", "ExecStart", "SuccessExitStatus"]),
    ("Timer", &["OnCalendar", "Persistent"]),
    ("Install", &["WantedBy"]),
];

#[test]
fn units_have_sections_and_keys_of_systemd() {
    for unit in examples("ini") {
        let mut keys: &[&str] = &[];
        for line in unit.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                keys = UNITS.iter().find(|(name, _)| *name == section).unwrap_or_else(|| panic!("[{section}]")).1;
                continue;
            }
            let (key, value) = line.split_once('=').unwrap();
            assert!(keys.contains(&key) && !value.is_empty(), "{line}");
        }
    }
}

#[test]
fn units_pass_the_verifier_of_systemd_where_it_is() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for unit in examples("ini") {
        let name = unit.lines().next().and_then(|line| line.rsplit('/').next()).unwrap().to_owned();
        let path = place.path().join(name);
        // The program and its user are not of this machine.
        let here =
            unit.replace("/usr/local/bin/tanguero run --quiet --memory 2GB", "/bin/true").replace("User=totango\n", "");
        fs::write(&path, here).unwrap();
        paths.push(path);
    }
    let said = Command::new("systemd-analyze").arg("verify").args(&paths).output().unwrap();
    let own: Vec<String> = String::from_utf8_lossy(&said.stderr)
        .lines()
        .filter(|line| line.contains("tanguero.service") || line.contains("tanguero.timer"))
        .map(str::to_owned)
        .collect();
    assert!(own.is_empty(), "{}", own.join("\n"));
}

#[test]
fn the_graph_of_airflow_is_python() {
    for text in examples("python") {
        let mut python = Command::new("python3")
            .args(["-c", "import ast, sys; ast.parse(sys.stdin.read())"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 is there");
        python.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let ended = python.wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        assert!(text.contains("skip_on_exit_code=99") && text.contains("--exit-code-unchanged"));
    }
}

#[test]
fn workflows_are_yaml_of_the_shape_that_github_reads() {
    for text in examples("yaml workflow") {
        let workflow = tree(&yaml::parse(&text).unwrap());
        assert!(workflow.get("on").is_some(), "{text}");
        let jobs = workflow["jobs"].as_object().unwrap();
        for job in jobs.values() {
            assert!(job["runs-on"].is_string());
            let steps = job["steps"].as_array().unwrap();
            let installs = |step: &Value| step["run"].as_str().is_some_and(|run| run.starts_with("cargo install"));
            let first_use =
                steps.iter().position(|step| step["run"].as_str().is_some_and(|run| run.starts_with("tanguero")));
            assert!(steps.iter().position(installs).unwrap() < first_use.unwrap(), "it is installed before it is used");
            for step in steps {
                assert!(step["run"].is_string() != step["uses"].is_string(), "a step runs or uses: {step}");
            }
        }
    }
}

#[test]
fn the_image_is_made_of_instructions_that_exist() {
    const KNOWN: [&str; 8] = ["FROM", "WORKDIR", "COPY", "RUN", "USER", "ENTRYPOINT", "ENV", "VOLUME"];
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let wanted = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().trim_matches('"');
    for text in examples("dockerfile") {
        for line in text.lines().filter(|line| !line.is_empty()) {
            assert!(KNOWN.contains(&line.split(' ').next().unwrap()), "{line}");
        }
        assert!(text.contains(&format!("FROM rust:{wanted}-slim")), "the compiler that Cargo.toml asks for");
    }
}
