//! Which files a source means, in the byte order of their paths.

use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::diagnostic::code;
use crate::source::definition::{SourceDefinition, SourceError};
use crate::source::input::FileAt;
use crate::source::kind;
use crate::source::object_list;
use crate::source::partition;
use crate::source::stamp::Stamp;
use crate::store;

/// Folders below the first that are searched; deeper ones are a loop of links.
const MAX_DEPTH: usize = 64;

/// What tanguero's own staging and state are called; it never reads them.
pub(super) const OWN_PREFIX: &str = ".tanguero";

/// A file of a source.
#[derive(Debug, Clone)]
pub(super) struct ListedFile {
    /// Where it is.
    pub input: FileAt,
    /// As reports name it.
    pub shown: String,
    /// What it was when it was listed.
    pub stamp: Stamp,
}

/// The files of `definition`: at least one, sorted, none twice.
///
/// # Errors
/// No file, a folder that cannot be read, a store that does not answer.
pub(super) fn list(definition: &SourceDefinition) -> Result<Vec<ListedFile>, SourceError> {
    if store::is_url(&definition.pattern) {
        return object_list::list(definition);
    }
    let pattern = local_path(definition);
    let mut paths = Paths { definition, found: Vec::new() };
    let asked = Path::new(&pattern);
    if asked.exists() {
        paths.take(asked)?;
    } else if let Some(plain) = without_wildcards(&pattern) {
        if !Path::new(&plain).exists() {
            return Err(missing(definition, &format!("{} is not there", definition.shown(Path::new(&plain)))));
        }
        paths.take(Path::new(&plain))?;
    } else {
        paths.glob(&pattern)?;
    }
    let mut found = paths.found;
    found.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    found.dedup();
    if found.is_empty() {
        return Err(missing(definition, &format!("no file matches {}", definition.shown(asked))));
    }
    found
        .into_iter()
        .map(|path| {
            let shown = definition.shown(&path);
            let unreadable = |error| SourceError::unreadable(&definition.name, &shown, error);
            let metadata = path.metadata().map_err(unreadable)?;
            // A pipe would wait for ever, and rejected records are read twice.
            if !metadata.is_file() {
                return Err(SourceError::unreadable(&definition.name, &shown, "it is no regular file"));
            }
            let stamp = Stamp::new(&metadata).map_err(unreadable)?;
            Ok(ListedFile { input: FileAt::Local(path), shown, stamp })
        })
        .collect()
}

/// The pattern as a path of this machine.
fn local_path(definition: &SourceDefinition) -> String {
    // `file://host/path`: only this machine's own files can be meant.
    match definition.pattern.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => {
            partition::decode(rest.find('/').map_or("", |slash| &rest[slash..]))
        }
        _ => definition.pattern.clone(),
    }
}

pub(super) fn missing(definition: &SourceDefinition, fact: &str) -> SourceError {
    let error = SourceError::new(&code::SOURCE_MISSING, &definition.name, fact);
    // So a variable's wildcards arrive here.
    match ["[*]", "[?]", "[[]", "[{]"].iter().any(|escaped| definition.pattern.contains(escaped)) {
        true => {
            error.help("in a path a variable's text means itself: write wildcards in the mapping, `${FOLDER}/*.csv`")
        }
        false => error,
    }
}

/// `pattern` as a plain path, if its only wildcards are escaped ones: `[*]`, `\*`.
pub(super) fn without_wildcards(pattern: &str) -> Option<String> {
    let mut plain = String::with_capacity(pattern.len());
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        match character {
            '*' | '?' | '{' | '}' => return None,
            '\\' => plain.push(rest.next()?),
            '[' => {
                plain.push(rest.next().filter(|inner| !matches!(inner, '!' | '^' | ']'))?);
                if rest.next() != Some(']') {
                    return None;
                }
            }
            other => plain.push(other),
        }
    }
    Some(plain)
}

struct Paths<'a> {
    definition: &'a SourceDefinition,
    found: Vec<PathBuf>,
}

impl Paths<'_> {
    /// A path that is spelt out: a file, or a folder with all data files in it.
    fn take(&mut self, path: &Path) -> Result<(), SourceError> {
        let own = |part: Component<'_>| part.as_os_str().as_encoded_bytes().starts_with(OWN_PREFIX.as_bytes());
        if path.components().any(own) {
            return Err(SourceError::unreadable(
                &self.definition.name,
                &self.definition.shown(path),
                "holds tanguero's own files and is never read",
            ));
        }
        if path.is_dir() {
            return self.folder(path, 0);
        }
        self.found.push(path.to_owned());
        Ok(())
    }

    /// Every data file below `folder`.
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), SourceError> {
        for (path, name, is_folder) in self.entries(folder, depth)? {
            // `_SUCCESS`, `_delta_log` and the like are no data.
            if name.starts_with('_') {
                continue;
            }
            if is_folder {
                self.folder(&path, depth + 1)?;
            } else if self.definition.kind.is_some() || kind::of_name(OsStr::new(&name)).0.is_some() {
                self.found.push(path);
            }
        }
        Ok(())
    }

    /// Every file that `pattern` matches; with a `/` at its end, every data file in the folders it matches.
    fn glob(&mut self, pattern: &str) -> Result<(), SourceError> {
        let (pattern, folders) = match pattern.strip_suffix('/') {
            Some(shorter) => (shorter, true),
            None => (pattern, false),
        };
        let matcher = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|error| {
                SourceError::new(&code::SOURCE_MISSING, &self.definition.name, format!("not a pattern: {error}"))
            })?
            .compile_matcher();
        let fixed_end = pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len());
        let start = pattern[..fixed_end].rfind('/').map_or("", |slash| &pattern[..=slash]);
        let start = Path::new(if start.is_empty() { "." } else { start });
        if !start.is_dir() {
            return Err(missing(self.definition, &format!("the folder {} is not there", self.definition.shown(start))));
        }
        let levels = match pattern[fixed_end..].contains("**") || pattern[fixed_end..].contains('{') {
            true => MAX_DEPTH,
            false => pattern[fixed_end..].matches('/').count(),
        };
        let mut folders_matched = 0;
        self.walk(start, &matcher, folders, 0, levels, &mut folders_matched)?;
        if self.found.is_empty() && folders_matched > 0 && !folders {
            let fact = format!("{} matches folders only", self.definition.shown(Path::new(pattern)));
            return Err(missing(self.definition, &fact).help("end the pattern with `/` to read the files in them"));
        }
        Ok(())
    }

    fn walk(
        &mut self,
        folder: &Path,
        matcher: &GlobMatcher,
        folders: bool,
        depth: usize,
        levels: usize,
        folders_matched: &mut usize,
    ) -> Result<(), SourceError> {
        for (path, _, is_folder) in self.entries(folder, depth)? {
            let matched = matcher.is_match(&path);
            if is_folder {
                *folders_matched += usize::from(matched);
                if matched && folders {
                    self.folder(&path, depth + 1)?;
                } else if depth < levels {
                    self.walk(&path, matcher, folders, depth + 1, levels, folders_matched)?;
                }
            } else if matched && !folders {
                self.found.push(path);
            }
        }
        Ok(())
    }

    /// What is in `folder` and not hidden: path, name, whether it is a folder. Links are followed; broken ones are errors.
    fn entries(&self, folder: &Path, depth: usize) -> Result<Vec<(PathBuf, String, bool)>, SourceError> {
        let failed = |path: &Path, error: &dyn std::fmt::Display| {
            SourceError::unreadable(&self.definition.name, &self.definition.shown(path), error)
        };
        if depth > MAX_DEPTH {
            return Err(failed(folder, &"more than 64 folders deep; a link leads back to a folder above it"));
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
            let entry = entry.map_err(|error| failed(folder, &error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') {
                continue;
            }
            let path = entry.path();
            let metadata = path.metadata().map_err(|error| failed(&path, &error))?;
            if metadata.is_dir() || metadata.is_file() {
                entries.push((path, name, metadata.is_dir()));
            }
        }
        Ok(entries)
    }
}
