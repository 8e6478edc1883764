//! What ships with each format: a mapping, golden cases, a section of the docs. And that docs/pains.md names real cases.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tanguero::format::catalog;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Folders in `path`, by name.
fn folders(path: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let folders = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    folders.map(|path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_format_has_a_mapping_golden_cases_and_a_page() {
    for format in catalog() {
        let mapping = text(&format!("mappings/{}.yaml", format.name));
        assert!(mapping.starts_with("# "), "mappings/{}.yaml says what it is for", format.name);
        assert!(mapping.lines().any(|line| line == format!("format: {}", format.name)));
        let cases = folders(&root().join("tests/golden").join(&format.name));
        assert!(cases.len() >= 3, "{}: the good path and the rules of its section", format.name);
        assert!(text(&format!("docs/formats/{}.md", format.name)).starts_with(&format!("# {}\n", format.name)));
    }
}

#[test]
fn golden_folders_belong_to_formats_and_are_named_as_sentences() {
    let formats: BTreeSet<String> = catalog().map(|format| format.name.clone()).collect();
    assert_eq!(folders(&root().join("tests/golden")), formats);
    for format in &formats {
        for case in folders(&root().join("tests/golden").join(format)) {
            assert!(case.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_')), "{format}/{case}");
            assert!(case.contains('_'), "{format}/{case} is no sentence");
            // A case of several mappings is a set: what it shows is the set's, not one file's.
            if root().join(format!("tests/golden/{format}/{case}/mappings")).is_dir() {
                continue;
            }
            let mapping = text(&format!("tests/golden/{format}/{case}/mapping.yaml"));
            assert!(mapping.starts_with("# "), "{format}/{case}: the first line says the rule");
            assert!(mapping.contains(&format!("\nformat: {format}\n")), "{format}/{case}");
        }
    }
}

#[test]
fn each_of_the_eighteen_pains_names_golden_cases_that_exist() {
    let page = text("docs/pains.md");
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), 18);
    for section in sections {
        let title = section.lines().next().unwrap_or_default();
        assert!(section.contains("```yaml"), "{title}: the lines that cure it");
        let named: Vec<&str> = section.split('`').filter(|word| word.starts_with("tests/golden/")).collect();
        assert!(!named.is_empty(), "{title}: a golden case backs it");
        for case in named {
            assert!(root().join(case).join("mapping.yaml").is_file(), "{title}: {case}");
        }
    }
}
