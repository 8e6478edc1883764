//! Which tests there are: test files beside the mappings of the given paths.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Place, Texts, code};
use crate::mapping::{TestFile, parse_test};
use crate::pipeline::test::TestRequest;
use crate::project::{mappings_in, named, root_of};
use crate::yaml::Span;

/// Endings of test files.
const ENDINGS: [&str; 2] = [".test.yaml", ".test.yml"];

/// What is to be tested.
pub(super) struct Found {
    pub plans: Vec<TestPlan>,
    /// Mappings without tests, as shown.
    pub without: Vec<String>,
}

/// One test file and its mapping.
pub(super) struct TestPlan {
    /// The mapping's name.
    pub name: String,
    /// The mapping's path.
    pub mapping: PathBuf,
    /// The test file's path.
    pub path: PathBuf,
    /// As diagnostics show it.
    pub shown: String,
    pub text: String,
    /// Its cases; none if it is beyond reading or wrong.
    pub file: Option<TestFile>,
    pub mistakes: Vec<Diagnostic>,
    pub texts: Texts,
}

/// The test files of `request`, in byte order of their paths.
pub(super) fn find(request: &TestRequest) -> Result<Found, String> {
    let default = [root_of(&request.given.current).join("mappings")];
    let given = if request.paths.is_empty() { &default[..] } else { &request.paths };
    let mut tests: BTreeMap<PathBuf, Option<PathBuf>> = BTreeMap::new();
    let mut without = Vec::new();
    for path in given {
        let path = named(path, &request.given.current);
        let full = fs::canonicalize(&path).map_err(|_| format!("nothing is at `{}`", path.display()))?;
        if full.is_dir() {
            let mappings = mappings_in(&full);
            for mapping in &mappings {
                match test_of(mapping) {
                    Some(test) => drop(tests.insert(test, Some(mapping.clone()))),
                    None => without.push(shown(mapping)),
                }
            }
            for test in orphans(&full) {
                tests.insert(test, None);
            }
        } else if stem_of_test(&full).is_some() {
            let mapping = mapping_of(&full);
            tests.insert(full, mapping);
        } else {
            let test = test_of(&full).ok_or_else(|| {
                format!(
                    "`{}` has no tests: `{}` is not there; `tanguero test --create {}` drafts it",
                    path.display(),
                    test_path(&path).display(),
                    path.display()
                )
            })?;
            tests.insert(test, Some(full));
        }
    }
    if tests.is_empty() {
        return Err(format!("no test file (`<mapping>.test.yaml`) is in `{}`", given[0].display()));
    }
    let plans = tests.into_iter().map(|(test, mapping)| plan(test, mapping)).collect::<Result<_, _>>()?;
    Ok(Found { plans, without })
}

fn plan(path: PathBuf, mapping: Option<PathBuf>) -> Result<TestPlan, String> {
    let text = fs::read_to_string(&path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
    let shown = shown(&path);
    let (file, found) = parse_test(&shown, &text);
    let mut mistakes: Vec<Diagnostic> = found.iter().cloned().collect();
    let name = stem_of_test(&path).unwrap_or_default();
    if mapping.is_none() {
        let message = format!("no mapping `{name}.yaml` is beside this test file");
        let at = Place::new(&shown, Span::default());
        mistakes.push(Diagnostic::error(&code::WITHOUT_MAPPING, message).at(at, "").help(code::WITHOUT_MAPPING.cure));
    }
    let mut texts = Texts::new();
    texts.insert(&shown, &text);
    Ok(TestPlan {
        name,
        mapping: mapping.unwrap_or_default(),
        path,
        shown,
        text,
        file: file.filter(|_| mistakes.is_empty()),
        mistakes,
        texts,
    })
}

/// Relative to the project.
fn shown(path: &Path) -> String {
    let folder = path.parent().unwrap_or(path);
    path.strip_prefix(root_of(folder)).unwrap_or(path).to_string_lossy().into_owned()
}

/// Where the tests of the mapping at `path` belong.
pub(super) fn test_path(path: &Path) -> PathBuf {
    path.with_extension("test.yaml")
}

fn test_of(mapping: &Path) -> Option<PathBuf> {
    ["test.yaml", "test.yml"].map(|ending| mapping.with_extension(ending)).into_iter().find(|path| path.is_file())
}

fn mapping_of(test: &Path) -> Option<PathBuf> {
    let stem = stem_of_test(test)?;
    ["yaml", "yml"]
        .map(|ending| test.with_file_name(format!("{stem}.{ending}")))
        .into_iter()
        .find(|path| path.is_file())
}

fn stem_of_test(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_string_lossy().into_owned();
    ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)).map(str::to_owned)
}

/// Test files without a mapping.
fn orphans(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    paths.filter(|path| stem_of_test(path).is_some_and(|_| mapping_of(path).is_none())).collect()
}
