//! Reads the mappings that were asked for, the project they belong to, and their neighbours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, Texts, code, nearest};
use crate::mapping::{
    Mapping, ProjectFile, SECRET_SETTINGS, SourceEntry, SourceOrigin, Variables, parse, parse_project,
};
use crate::project::apart;
use crate::project::find::{FILE, named, root_of};
use crate::store::{Stores, keep_secret};

/// What the command line says about reading mappings.
#[derive(Debug, Clone)]
pub struct Options {
    /// `--var K=V`.
    pub variables: BTreeMap<String, String>,
    /// `--env`.
    pub environment: Option<String>,
    /// `--as-of`.
    pub as_of: Date,
}

/// The folder of `tanguero.yaml` and what the file says.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder: paths in mappings are relative to it.
    pub root: PathBuf,
    /// The file; none where there is none.
    pub file: Option<ProjectFile>,
    /// Names of all mappings of the project, asked for or not.
    pub names: Vec<String>,
    /// Those that a mapping of the project refers to, itself included.
    pub referred: BTreeSet<String>,
    /// Object stores and servers, by the file and the environment.
    pub stores: Stores,
}

/// One mapping that was asked for, or that one of those refers to.
#[derive(Debug, Clone)]
pub struct MappingFile {
    /// Its stem.
    pub name: String,
    /// As shown: relative to the project.
    pub shown: String,
    /// Its text.
    pub text: String,
    /// Its tree; none if it is beyond reading.
    pub mapping: Option<Mapping>,
    /// What is wrong with its text.
    pub found: Diagnostics,
    /// It was asked for; otherwise it is judged for its keys only.
    pub asked: bool,
}

/// Everything read.
#[derive(Debug)]
pub struct Loaded {
    /// The project.
    pub project: Project,
    /// The mappings, asked ones first, each in byte order of its path.
    pub mappings: Vec<MappingFile>,
    /// Variables as the mappings see them; query files use them too.
    pub variables: Variables,
    /// What is wrong with the project's own file.
    pub diagnostics: Diagnostics,
    /// The texts, for the renderer.
    pub texts: Texts,
}

/// Reads `paths` (mapping files and folders of them; none: `mappings/` of the project around `current`).
///
/// # Errors
/// A path that is not there, or that holds no mapping: wrong usage, not a wrong mapping. A project file that cannot be read.
pub fn load(paths: &[PathBuf], current: &Path, options: &Options) -> Result<Loaded, String> {
    let default = [root_of(current).join("mappings")];
    let given = if paths.is_empty() { &default[..] } else { paths };
    let mut files = BTreeSet::new();
    for path in given {
        collect(&current.join(path), &mut files)?;
    }
    let first = files.first().ok_or("no mapping was found")?;
    let folder = first.parent().unwrap_or(current);
    let root = root_of(folder);
    if let Some(other) = files.iter().find(|file| file.parent().map(root_of).as_deref() != Some(root.as_path())) {
        return Err(format!(
            "`{}` and `{}` belong to different projects; run them one after the other",
            first.display(),
            other.display()
        ));
    }

    let mut loading = Loading { root: root.clone(), diagnostics: Diagnostics::new(), texts: Texts::new() };
    let current = fs::canonicalize(current).unwrap_or_else(|_| current.to_path_buf());
    if let Some(below) = root.strip_prefix(&current).ok().filter(|below| !below.as_os_str().is_empty()) {
        loading.texts.set_base(format!("{}/", below.display()));
    }
    let given = Variables::new(options.variables.clone(), process(), options.as_of, options.environment.clone());
    let file = loading.project(&given)?;
    let variables = file.as_ref().map_or(given, |file| file.variables.clone());
    let mut neighbours = BTreeMap::new();
    let mut folders: BTreeSet<PathBuf> = files.iter().filter_map(|file| file.parent().map(Path::to_path_buf)).collect();
    folders.insert(root.join("mappings"));
    for folder in folders {
        for path in mappings_in(&folder) {
            neighbours.entry(stem(&path)).or_insert(path);
        }
    }
    let names: Vec<String> = neighbours.keys().cloned().collect();
    let project = whole(root, file, names);
    loading.diagnostics.extend(scheduled(&project));

    let mut mappings: Vec<MappingFile> = Vec::new();
    for path in &files {
        mappings.push(loading.mapping(path, &variables, true)?);
    }
    // Mappings that others refer to are judged too, for their keys.
    let mut next = 0;
    while next < mappings.len() {
        let wanted = mappings[next].mapping.as_ref().map(referred).unwrap_or_default();
        for name in wanted {
            if let Some(path) = neighbours.get(&name).filter(|_| !mappings.iter().any(|known| known.name == name)) {
                mappings.push(loading.mapping(path, &variables, false)?);
            }
        }
        next += 1;
    }
    let mut of_project: BTreeSet<String> =
        mappings.iter().filter_map(|file| file.mapping.as_ref()).flat_map(referred).collect();
    // What others refer to is remembered, whichever of them runs tonight.
    for (_, path) in neighbours.iter().filter(|(name, _)| !mappings.iter().any(|known| known.name == **name)) {
        let text = fs::read_to_string(path).unwrap_or_default();
        of_project.extend(parse("", &text, &variables).0.iter().flat_map(referred));
    }
    Ok(Loaded {
        project: Project { referred: of_project, ..project },
        mappings,
        variables,
        diagnostics: loading.diagnostics,
        texts: loading.texts,
    })
}

struct Loading {
    root: PathBuf,
    diagnostics: Diagnostics,
    texts: Texts,
}

impl Loading {
    fn project(&mut self, given: &Variables) -> Result<Option<ProjectFile>, String> {
        let path = self.root.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // Without it everything would go elsewhere than its author meant.
            Err(error) => return Err(format!("`{}` cannot be read: {error}", path.display())),
        };
        hide_secrets(&text);
        let (file, diagnostics) = parse_project(FILE, &text, given);
        keep_tokens(file.iter().flat_map(|file| &file.sources));
        self.texts.insert(FILE, &text);
        self.diagnostics.extend(diagnostics);
        let deliver = file.iter().flat_map(|file| &file.deliver).flat_map(|entry| &entry.secrets);
        let notify = file.iter().flat_map(|file| &file.notify).flat_map(|entry| &entry.secrets);
        deliver.chain(notify).for_each(|secret| keep_secret(secret));
        if let Some(file) = &file {
            apart::state(file).into_iter().for_each(|one| self.diagnostics.push(one));
            let of = |name: &str| given.clone().in_environment(name);
            self.diagnostics.extend(apart::environments(file, &text, of));
        }
        Ok(file)
    }

    fn mapping(&mut self, path: &Path, variables: &Variables, asked: bool) -> Result<MappingFile, String> {
        let text = fs::read_to_string(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
        let shown = path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned();
        if text.contains("kind: totango") {
            hide_secrets(&text);
        }
        let (mapping, found) = parse(&shown, &text, variables);
        keep_tokens(mapping.iter().flat_map(|mapping| &mapping.sources));
        self.texts.insert(&shown, &text);
        Ok(MappingFile { name: stem(path), shown, text, mapping, found, asked })
    }
}

/// The project around a folder, its mappings unread.
#[derive(Debug)]
pub struct LoadedProject {
    /// The project.
    pub project: Project,
    /// What is wrong with its file.
    pub diagnostics: Diagnostics,
    /// The file's text, for the renderer.
    pub texts: Texts,
}

/// Reads the project around `current`, and none of its mappings.
///
/// # Errors
/// A project file that cannot be read.
pub fn load_project(current: &Path, options: &Options) -> Result<LoadedProject, String> {
    let mut loading = Loading { root: root_of(current), diagnostics: Diagnostics::new(), texts: Texts::new() };
    let given = Variables::new(options.variables.clone(), process(), options.as_of, options.environment.clone());
    let file = loading.project(&given)?;
    let names = mappings_in(&loading.root.join("mappings")).iter().map(|path| stem(path)).collect();
    let project = whole(loading.root, file, names);
    loading.diagnostics.extend(scheduled(&project));
    Ok(LoadedProject { project, diagnostics: loading.diagnostics, texts: loading.texts })
}

fn whole(root: PathBuf, file: Option<ProjectFile>, names: Vec<String>) -> Project {
    let stores = Stores::new(file.as_ref().map(|file| file.stores.clone()).unwrap_or_default());
    Project { root, file, names, referred: BTreeSet::new(), stores }
}

/// Mappings that schedules name and that are not there.
fn scheduled(project: &Project) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(file) = &project.file else { return found };
    for name in file.schedules.iter().flat_map(|schedule| &schedule.mappings) {
        if named(Path::new(&name.value), &project.root).exists() {
            continue;
        }
        let message = format!("no mapping of the project is called `{}`", name.value);
        let place = Place::new(&file.path, name.span);
        let help = match nearest(&name.value, project.names.iter().map(String::as_str)) {
            Some(near) => format!("`{near}` has a similar name"),
            None => "the name of a file in `mappings/`, or a path relative to the project".to_owned(),
        };
        found.push(Diagnostic::error(&code::BAD_REFERENCE, message).at(place, "not there").help(help));
    }
    found
}

/// Keeps the tokens of sources from being shown.
fn keep_tokens<'s>(sources: impl Iterator<Item = &'s SourceEntry>) {
    for source in sources {
        if let SourceOrigin::Totango(totango) = &source.origin {
            totango.secrets.0.iter().for_each(|secret| keep_secret(secret));
        }
    }
}

/// Keeps the values of secret settings from being shown, whatever else is wrong with the file they stand in.
fn hide_secrets(text: &str) {
    for line in text.lines() {
        for key in SECRET_SETTINGS {
            for (at, _) in line.match_indices(key) {
                let rest = line[at + key.len()..].trim_start_matches(['"', '\'']).trim_start();
                let Some(value) = rest.strip_prefix(':').map(str::trim_start) else { continue };
                let value = match value.chars().next() {
                    Some(quote @ ('"' | '\'')) => value[1..].split(quote).next(),
                    _ => value.split([',', '}', '#']).next(),
                };
                // Sources can be called like these two services.
                let named = matches!(*key, "slack" | "teams");
                let secret = |value: &&str| !value.starts_with("${") && (!named || value.starts_with("http"));
                if let Some(value) = value.map(str::trim).filter(secret) {
                    keep_secret(value);
                }
            }
        }
    }
}

/// The process's environment, which source paths may use.
fn process() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Names of the mappings that `mapping` refers to.
fn referred(mapping: &Mapping) -> Vec<String> {
    let references = mapping.references.iter().flat_map(|(_, reference)| &reference.targets);
    let known = mapping.hierarchy.iter().flat_map(|hierarchy| &hierarchy.known_accounts);
    let accounts = mapping.unknown_accounts.iter().flat_map(|unknown| &unknown.targets);
    references
        .chain(known)
        .chain(accounts)
        .map(|target| target.value.clone())
        .filter(|name| !name.contains('.'))
        .collect()
}

fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), String> {
    if path.is_dir() {
        let found = mappings_in(path);
        if found.is_empty() {
            return Err(format!("`{}` holds no mapping (`*.yaml`)", path.display()));
        }
        files.extend(found);
        return Ok(());
    }
    if !path.is_file() {
        return Err(format!("no mapping is at `{}`", path.display()));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if DATA.iter().any(|ending| name.split('.').skip(1).any(|part| part.eq_ignore_ascii_case(ending)))
        && !is_yaml(&name)
    {
        return Err(format!(
            "`{0}` is no mapping but data; `tanguero guess {0}` drafts a mapping for it",
            path.display()
        ));
    }
    files.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()));
    Ok(())
}

/// The mappings in a folder, in byte order.
pub fn mappings_in(folder: &Path) -> Vec<PathBuf> {
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    let Ok(entries) = fs::read_dir(&folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| is_mapping(path)).collect();
    found.sort();
    found
}

/// Endings of files that hold rows.
const DATA: [&str; 7] = ["csv", "tsv", "txt", "parquet", "ndjson", "jsonl", "arrow"];

fn is_yaml(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml")
}

fn is_mapping(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let yaml = is_yaml(&name);
    let test = name.ends_with(".test.yaml") || name.ends_with(".test.yml");
    yaml && !test && name != FILE && !name.starts_with('.') && path.is_file()
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}
