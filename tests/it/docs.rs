//! The pages are true: every YAML block is a mapping, every generated page is up to date, every command says what is shown.
//!
//! `UPDATE_DOCS=1` writes the generated pages anew. A block marked ```` ```yaml fragment ```` holds some keys of a mapping, one
//! marked ```` ```yaml project ```` is a `tanguero.yaml`, ```` ```yaml test ```` a test file; unmarked ones are whole mappings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::civil::date;
use tanguero::diagnostic::{self, Diagnostics, Renderer, Style, Texts};
use tanguero::mapping::{Mapping, Variables, parse, parse_project, parse_test};
use tanguero::resolve::{Surroundings, resolve};
use tanguero::{format, functions};

use crate::support::{copy, root};

/// What a fragment is taken to stand in, where it does not say otherwise.
const AROUND: [(&str, &str); 3] =
    [("format", "format: accounts"), ("from", "from: crm"), ("columns", "columns: {account_id: Id}")];
/// Sources and mappings that fragments may name.
const SOURCES: [&str; 7] = ["crm", "owners", "known", "known_accounts", "events", "roles", "open_deals"];
const MAPPINGS: [&str; 4] = ["accounts", "users", "totango_users", "products"];

/// The pages of the book.
pub fn book_pages() -> Vec<PathBuf> {
    let inside = |folder: &str| fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = inside("docs").chain(inside("docs/formats")).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

/// The pages that people read.
pub fn pages() -> Vec<PathBuf> {
    let mut pages = book_pages();
    pages.extend(
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "examples/README.md"].map(|name| root().join(name)),
    );
    pages
}

/// The fenced blocks of a page: line, info string, text.
pub fn blocks(page: &str) -> Vec<(usize, String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String, String)> = None;
    for (number, line) in page.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((number + 1, info.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, _, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}

fn variables() -> Variables {
    let values = [("region", "emea"), ("export_day", "2026-11-20")];
    let values: BTreeMap<String, String> =
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let environment = ["EXPORTS_KEY_ID", "EXPORTS_SECRET"].map(|name| (name.to_owned(), format!("the {name}")));
    Variables::new(values, environment.into(), date(2026, 11, 20), Some("prod".to_owned()))
}

/// A fragment with the keys in front of it that a mapping cannot do without.
pub fn wrapped(fragment: &str) -> String {
    let has = |key: &str| fragment.lines().any(|line| line.starts_with(&format!("{key}:")));
    let mut text = String::new();
    for (_, line) in AROUND.iter().filter(|(key, _)| !has(key)) {
        text.push_str(line);
        text.push('\n');
    }
    text + fragment
}

/// What is wrong with a mapping when its sources' columns are not looked at.
fn mistakes(name: &str, text: &str) -> Diagnostics {
    let (mapping, mut found) = parse(name, text, &variables());
    if let Some(mapping) = &mapping {
        found.extend(resolve(mapping, &surroundings(mapping)).1);
    }
    found
}

fn surroundings(mapping: &Mapping) -> Surroundings {
    let own = mapping.sources.iter().map(|source| source.name.value.clone());
    Surroundings {
        sources: own.chain(SOURCES.map(str::to_owned)).map(|name| (name, None)).collect(),
        mappings: MAPPINGS.map(str::to_owned).into(),
        as_of: "2026-11-20".to_owned(),
        ..Surroundings::default()
    }
}

#[test]
fn every_yaml_block_is_a_mapping_without_mistakes() {
    let mut seen = 0;
    let mut faults = Vec::new();
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        for (line, info, text) in blocks(&page) {
            let name = "mapping.yaml";
            let (text, mut found) = match info.as_str() {
                "yaml" => (text.clone(), mistakes(name, &text)),
                "yaml fragment" => (wrapped(&text), mistakes(name, &wrapped(&text))),
                "yaml test" => (text.clone(), parse_test(name, &text).1),
                // What the register's examples say is judged where `check` is tested.
                "yaml mistake" => continue,
                // Of GitHub: `running` reads them.
                "yaml workflow" => continue,
                "yaml project" => (text.clone(), parse_project("tanguero.yaml", &text, &variables()).1),
                other => {
                    assert!(!other.starts_with("yaml"), "{}:{line}: `{other}` is no kind of block", path.display());
                    continue;
                }
            };
            seen += 1;
            found.sort();
            // A fragment lacks what the rest of its mapping has.
            let wrong: Vec<_> = found
                .iter()
                .filter(|item| item.severity == diagnostic::Severity::Error)
                .filter(|item| !(info == "yaml fragment" && item.code.id == diagnostic::code::MISSING_ATTRIBUTE.id))
                .collect();
            if !wrong.is_empty() {
                let mut texts = Texts::new();
                texts.insert(name, &text);
                texts.insert("tanguero.yaml", &text);
                let drawn = Renderer::new(Style::Plain, &texts).render(wrong);
                faults.push(format!("{}:{line}\n{drawn}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert!(seen > 25, "only {seen} blocks were found");
}

fn is_current(name: &str, wanted: &str) {
    let path = root().join("docs").join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == wanted, "docs/{name} is old; run the tests with UPDATE_DOCS=1");
}

#[test]
fn the_pages_of_formats_are_current() {
    for (path, text) in format::pages() {
        is_current(&path, &text);
    }
}

#[test]
fn the_page_of_codes_is_current_and_has_every_code() {
    let page = diagnostic::page();
    for code in diagnostic::register() {
        let [row, section] = [format!("| {} |", code.id), format!("### {}: ", code.id)];
        assert!(page.contains(&row) || page.contains(&section), "{} is in no group", code.id);
    }
    is_current("codes.md", &page);
}

#[test]
fn the_page_of_functions_is_current() {
    is_current("functions.md", &functions::page());
}

/// The text of every file below `folder` with one of `endings`.
fn sources(folder: &Path, endings: &[&str]) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" && path != root().join("src/diagnostic/code") {
            all.push_str(&sources(&path, endings));
        } else if endings.iter().any(|ending| name.ends_with(ending)) && name != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            all.push_str(code);
        }
    }
    all
}

/// The constants of the register by their ids, as `src/diagnostic/code/*.rs` declare them.
fn constants() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root().join("src/diagnostic/code")).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            let (Some(name), Some(id)) = (words.next(), words.next()) else { continue };
            let id = id.trim_matches('"');
            if diagnostic::find_code(id).is_some() && name.chars().all(|letter| !letter.is_lowercase()) {
                found.insert(id.to_owned(), name.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_code_of_the_register_is_raised_somewhere() {
    let constants = constants();
    assert_eq!(constants.len(), diagnostic::register().len());
    let code = sources(&root().join("src"), &[".rs"]);
    let words: BTreeSet<&str> =
        code.split(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '_' | ':' | '"'))).collect();
    // `code::NAME` in a diagnostic, `fault::NAME` in a cell, `"ID"` where rooms below know no register.
    let raised = |id: &str, name: &str| {
        let names = [format!("code::{name}"), format!("fault::{name}"), format!("\"{id}\"")];
        words.iter().any(|word| names.iter().any(|name| word.ends_with(name.as_str())))
    };
    // The catalogue gives some warnings by their ids, a column each.
    let catalogue = sources(&root().join("src/format/catalog"), &[".yaml"]);
    let unused: Vec<String> = constants
        .iter()
        .filter(|(id, name)| !raised(id, name) && !catalogue.contains(&format!("warning: {id}")))
        .map(|(id, name)| format!("{id} {name}"))
        .collect();
    assert!(unused.is_empty(), "nothing raises {}", unused.join(", "));
}

/// Each page beside a copy of the example, in which its commands are run. With `UPDATE_DOCS=1 TRYCMD=overwrite` the pages take over
/// what the commands said.
#[test]
fn commands_say_what_the_pages_show() {
    let pages = [
        "README.md",
        "examples/README.md",
        "docs/test.md",
        "docs/preview.md",
        "docs/guess.md",
        "docs/lint.md",
        "docs/check.md",
        "docs/diff.md",
        "docs/plan.md",
        "docs/quickstart.md",
        "docs/schedule.md",
    ];
    for page in pages {
        let place = tempfile::tempdir().unwrap();
        let project = place.path().join("page.in");
        for folder in ["mappings", "queries", "examples"] {
            copy(&root().join(folder), &project.join(folder));
        }
        fs::copy(root().join("tanguero.yaml"), project.join("tanguero.yaml")).unwrap();
        // Mappings with mistakes, for screens that show them.
        copy(&root().join("tests/screens"), &project.join("drafts"));
        let text = fs::read_to_string(root().join(page)).unwrap();
        let case = place.path().join("page.md");
        fs::write(&case, text.replace("$ cargo run -- ", "$ tanguero ")).unwrap();
        let cases = trycmd::TestCases::new();
        cases.register_bin("tanguero", Path::new(env!("CARGO_BIN_EXE_tanguero")));
        cases.env("TANGUERO_AS_OF", "2026-11-20");
        cases.case(&case);
        cases.run();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let said = fs::read_to_string(&case).unwrap();
            let first = text.contains("$ cargo run -- ");
            fs::write(root().join(page), if first { said.replacen("$ tanguero ", "$ cargo run -- ", 1) } else { said })
                .unwrap();
        }
    }
}

/// Command lines that pages show without running them.
#[test]
fn flags_that_pages_name_exist() {
    let mut seen = 0;
    for name in ["docs/running.md", "docs/diff.md", "docs/plan.md", "docs/cluster.md"] {
        let page = fs::read_to_string(root().join(name)).unwrap();
        for line in page.lines().filter_map(|line| line.split_once("tanguero ").map(|(_, line)| line)) {
            // In running text the command ends with its quotation.
            let line = line.split('`').next().unwrap();
            let words: Vec<&str> = line.split([' ', '"']).collect();
            let flags = || words.iter().filter(|word| word.starts_with("--") && word.len() > 2);
            let command = words[0];
            if flags().count() == 0 || !command.bytes().all(|byte| byte.is_ascii_lowercase()) {
                continue;
            }
            let help = Command::new(env!("CARGO_BIN_EXE_tanguero")).args([command, "--help"]).output().unwrap();
            assert!(help.status.success(), "{name}: `{command}` is no command");
            let help = String::from_utf8(help.stdout).unwrap();
            for flag in flags() {
                let flag = flag.split(['=', ',', '.', ')']).next().unwrap();
                assert!(help.contains(flag), "{name}: `{command}` has no `{flag}`");
                seen += 1;
            }
        }
    }
    assert!(seen >= 10, "only {seen} flags are looked at");
}
