//! The folders of a run: where its files go, where its evidence is kept, where a dry run works.

use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::mapping::{ProjectFile, Text, parse_project};
use crate::output::short;
use crate::pipeline::{Failure, RunRequest};
use crate::project::{Loaded, Project};
use crate::store::{is_url, without_user};
use crate::yaml::Span;

/// Where things go.
pub(super) struct Folders {
    /// What is published; for a target in a store: where its files are staged until they go up.
    pub output: PathBuf,
    /// Reports, if they go elsewhere on this machine.
    pub reports: Option<PathBuf>,
    /// Evidence; of a state in a store, its working copy.
    pub state: PathBuf,
    /// The URL of the target, if it is in a store.
    pub target: Option<String>,
    /// The URL of the reports' folder, if it is in a store.
    pub reports_url: Option<String>,
}

impl Folders {
    pub(super) fn new(request: &RunRequest, loaded: &Loaded) -> Self {
        let root = &loaded.project.root;
        let file = loaded.project.file.as_ref();
        let directory = directory(file);
        let out = request.out.as_ref().map(|out| out.to_string_lossy());
        let target = Some(out.as_deref().unwrap_or(directory)).filter(|text| is_url(text)).map(str::to_owned);
        let reports = file.and_then(|file| file.reports.as_ref()).map(|text| text.value.as_str());
        let reports_url = reports.filter(|text| is_url(text)).map(str::to_owned);
        let state = state_of(loaded);
        let output = match (&target, &request.out) {
            // A folder of its own for each target, on the disk of the project.
            (Some(url), _) => state.join("stores").join(short(url)),
            (None, Some(out)) => request.current.join(out),
            (None, None) => root.join(directory),
        };
        let reports = reports.filter(|text| !is_url(text)).map(|reports| root.join(reports));
        Self { output, reports, state, target, reports_url }
    }

    /// The target as people read it.
    pub(super) fn shown_output(&self) -> PathBuf {
        self.target.as_deref().map_or_else(|| self.output.clone(), |url| without_user(url).into())
    }

    /// The reports' folder likewise, if it is another one.
    pub(super) fn shown_reports(&self) -> Option<PathBuf> {
        self.reports_url.as_deref().map(|url| without_user(url).into()).or_else(|| self.reports.clone())
    }
}

/// The state folder of a project whose mappings are read.
pub(super) fn state_of(loaded: &Loaded) -> PathBuf {
    state_folder(&loaded.project)
}

/// The state folder of a project; of a state in a store, its working copy on this machine.
pub fn state_folder(project: &Project) -> PathBuf {
    let state = project.file.as_ref().and_then(|file| file.state.as_ref());
    match state.map_or(".tanguero", |state| &state.value) {
        url if is_url(url) => project.root.join(".tanguero").join("state").join(short(url)),
        folder => project.root.join(folder),
    }
}

/// Where a run without `--out` publishes to: a folder or a URL. Two that are equal are one place.
pub fn output_folder(project: &Project) -> String {
    let directory = directory(project.file.as_ref());
    if is_url(directory) {
        return without_user(directory);
    }
    let folder = project.root.join(directory);
    std::fs::canonicalize(&folder).unwrap_or(folder).to_string_lossy().into_owned()
}

/// `output.directory`, else `out`.
fn directory(file: Option<&ProjectFile>) -> &str {
    file.and_then(|file| file.directory.as_ref()).map_or("out", |text| text.value.as_str())
}

/// As people read it: relative to the project where it lies inside.
pub(super) fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

/// A folder that is removed when its owner goes.
pub(super) struct Scratch {
    /// The folder.
    pub path: PathBuf,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is only a leftover.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A folder of its own among the system's temporary ones, for nobody else's eyes.
pub(super) fn temporary_folder(purpose: &str) -> std::io::Result<Scratch> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let base = std::fs::canonicalize(std::env::temp_dir())?;
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = base.join(format!("tanguero-{purpose}-{}-{number}", std::process::id()));
        match std::fs::DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(Scratch { path }),
            // Left by a process of the same number that was killed.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes `loaded` keep to `folder` whatever its project says: evidence and reports of its runs go there.
pub(super) fn keep_to(folder: &Path, loaded: &mut Loaded) {
    // What stays there is no publish that anybody wants a copy of.
    loaded
        .mappings
        .iter_mut()
        .filter_map(|file| file.mapping.as_mut())
        .for_each(|mapping| mapping.output.archive = None);
    let variables = &loaded.variables;
    let project = loaded.project.file.take().or_else(|| parse_project("tanguero.yaml", "", variables).0);
    loaded.project.file = project.map(|mut file| {
        let state = folder.join("state").to_string_lossy().into_owned();
        (file.state, file.directory, file.reports) = (Some(Text::new(state, Span::default())), None, None);
        file.publish_together = false;
        file.deliver.clear();
        file.notify.clear();
        file
    });
}

/// A folder for a dry run, outside the output folder.
pub(super) fn scratch_folder(state: &Path, run_id: &str) -> Result<Scratch, Failure> {
    let base = if state.is_dir() { state.to_path_buf() } else { std::env::temp_dir() };
    let path = base.join(format!("dry-run-{run_id}"));
    std::fs::create_dir_all(&path)?;
    Ok(Scratch { path })
}
