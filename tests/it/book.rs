//! The book hangs together: every page is in it, every link and every anchor leads somewhere, in the sources and as built.
//!
//! What mdBook makes of the pages is judged where mdBook is installed; `.ci/run` sees to that.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use crate::docs::{blocks, book_pages, pages};
use crate::support::root;

/// The page without its fenced blocks, in which nothing is a heading or a link.
fn prose(page: &str) -> String {
    let mut inside = false;
    let mut kept = String::new();
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if !inside {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept
}

/// Links of the text, as written.
fn links(prose: &str) -> Vec<&str> {
    prose.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains("://")).collect()
}

/// The anchors of a page's headings, as GitHub and mdBook make them: a second heading of the same words gets `-1`.
fn anchors(prose: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = BTreeSet::new();
    for heading in prose.lines().filter(|line| line.starts_with('#')) {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = words.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '_'));
        let anchor: String = kept.map(|sign| if sign == ' ' { '-' } else { sign }).collect();
        let times = seen.entry(anchor.clone()).or_default();
        anchors.insert(if *times == 0 { anchor } else { format!("{anchor}-{times}") });
        *times += 1;
    }
    anchors
}

/// `path` without `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
        plain
    })
}

#[test]
fn every_link_and_anchor_of_a_page_leads_somewhere() {
    let (mut seen, mut broken) = (0, Vec::new());
    for path in pages() {
        let text = prose(&fs::read_to_string(&path).unwrap());
        for link in links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { plain(&path.parent().unwrap().join(file)) };
            let is_page = target.extension().is_some_and(|extension| extension == "md") && target.is_file();
            let found = match (anchor, is_page) {
                ("", _) => target.exists(),
                (anchor, true) => anchors(&prose(&fs::read_to_string(&target).unwrap())).contains(anchor),
                (_, false) => false,
            };
            if !found {
                broken.push(format!("{}: {link}", path.display()));
            }
            seen += 1;
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
    assert!(seen > 60, "only {seen} links were found");
}

#[test]
fn a_page_of_the_book_links_to_pages_of_the_book() {
    let (book, docs) = (book_pages(), root().join("docs"));
    for path in &book {
        let text = prose(&fs::read_to_string(path).unwrap());
        for file in links(&text).iter().map(|link| link.split('#').next().unwrap()).filter(|file| !file.is_empty()) {
            let target = plain(&path.parent().unwrap().join(file));
            let is_picture =
                target.starts_with(&docs) && target.extension().is_some_and(|extension| extension == "svg");
            let inside = book.contains(&target) || is_picture;
            assert!(inside, "{}: `{file}` is in the repository and not in the book", path.display());
        }
    }
}

#[test]
fn the_book_has_every_page_once() {
    let docs = root().join("docs");
    let summary = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    for path in book_pages() {
        let name = path.strip_prefix(&docs).unwrap().to_str().unwrap();
        let times = summary.matches(&format!("({name})")).count();
        assert_eq!(times, usize::from(name != "SUMMARY.md"), "{name}");
    }
}

#[test]
fn every_block_of_a_page_says_what_it_holds() {
    // A block of no kind is checked by nobody: what people are shown is YAML, a screen, data, or said to be mere text.
    for path in pages() {
        for (line, info, _) in blocks(&fs::read_to_string(&path).unwrap()) {
            assert!(!info.is_empty(), "{}:{line}: a block without a kind", path.display());
        }
    }
}

/// Values of `attribute` in a page of HTML.
fn values<'h>(html: &'h str, attribute: &str) -> Vec<&'h str> {
    let start = format!(" {attribute}=\"");
    html.split(start.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn built_pages(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            built_pages(&path, pages);
        } else if path.extension().is_some_and(|extension| extension == "html") {
            pages.push(path);
        }
    }
}

#[test]
fn the_book_as_built_has_no_link_that_leads_nowhere() {
    if Command::new("mdbook").arg("--version").output().is_err() {
        let cure = "`mdbook` is not installed: .ci/run says how";
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{cure}");
        eprintln!("SKIPPED: {cure}");
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let built = Command::new("mdbook").arg("build").arg(root().join("docs")).arg("-d").arg(place.path()).output();
    let built = built.unwrap();
    let said = String::from_utf8_lossy(&built.stderr).into_owned();
    assert!(built.status.success() && !said.contains("WARN") && !said.contains("ERROR"), "{said}");
    let mut all = Vec::new();
    built_pages(place.path(), &mut all);
    let text: BTreeMap<PathBuf, String> =
        all.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect();
    let (mut seen, mut broken) = (0, Vec::new());
    // What is not found is shown at any depth, so its links start at the root of a site.
    for (path, html) in text.iter().filter(|(path, _)| !path.ends_with("404.html")) {
        let links = [values(html, "href"), values(html, "src")].concat();
        for link in links.into_iter().filter(|link| !link.contains(':')) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { plain(&path.parent().unwrap().join(file)) };
            let there = match text.get(&target) {
                Some(html) => anchor.is_empty() || values(html, "id").contains(&anchor),
                None => target.exists(),
            };
            if !there {
                broken.push(format!("{}: {link}", path.strip_prefix(place.path()).unwrap().display()));
            }
            seen += 1;
        }
    }
    assert!(broken.is_empty(), "links that lead nowhere:\n{}", broken.join("\n"));
    assert!(seen > 500, "only {seen} links were found");
}
