//! A mapping as it was in a revision: its text, its project, its neighbours and queries, but none of the data.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::mapping::{SourceEntry, SourceOrigin};
use crate::project::Loaded;

/// What a revision has.
pub(super) struct Base {
    /// Its full name.
    pub revision: String,
    /// The mapping among the files fetched; none if the revision does not have it.
    pub mapping: Option<PathBuf>,
}

/// Fetches every YAML and SQL file of `revision` around `mapping` into `tree`. Neither the repository's index nor its
/// working tree is touched.
pub(super) fn fetch(mapping: &Path, revision: &str, tree: &Path) -> Result<Base, String> {
    let mapping = fs::canonicalize(mapping).map_err(|_| format!("no mapping is at `{}`", mapping.display()))?;
    let folder = mapping.parent().unwrap_or(&mapping);
    let git = Git { folder, index: tree.with_extension("index") };
    let top = git.say(&["rev-parse", "--show-toplevel"])?;
    let top = fs::canonicalize(top.trim_end()).map_err(|error| error.to_string())?;
    let git = Git { folder: &top, ..git };
    if revision.starts_with('-') {
        return Err(format!("`--base {revision}` is no revision"));
    }
    let wanted = format!("{revision}^{{commit}}");
    let named = git.say(&["rev-parse", "--verify", "--quiet", "--end-of-options", &wanted]);
    let full = named.map_err(|_| format!("`--base {revision}`: the repository has no such revision"))?;
    let full = full.trim_end().to_owned();
    git.say(&["read-tree", &full])?;
    let all = git.say(&["ls-files", "-z"])?;
    let names: Vec<&str> = all.split('\0').filter(|name| is_text(name)).collect();
    fs::create_dir_all(tree).map_err(|error| error.to_string())?;
    // The search for the project goes no further up than it would in the repository.
    fs::create_dir_all(tree.join(".git")).map_err(|error| error.to_string())?;
    let prefix = format!("--prefix={}/", tree.display());
    git.feed(&["checkout-index", "--force", "-z", "--stdin", &prefix], &names.join("\0"))?;
    let inside = mapping.strip_prefix(&top).map_err(|error| error.to_string())?;
    let fetched = tree.join(inside);
    Ok(Base { revision: full, mapping: fetched.is_file().then_some(fetched) })
}

/// What mappings are made of.
fn is_text(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(OsStr::to_str);
    ending.is_some_and(|ending| ["yaml", "yml", "sql"].contains(&ending))
}

/// Makes the mappings of another tree read the data of the project at `root`.
pub(super) fn read_here(loaded: &mut Loaded, root: &Path) {
    let own =
        loaded.mappings.iter_mut().filter_map(|file| file.mapping.as_mut()).flat_map(|mapping| &mut mapping.sources);
    let shared = loaded.project.file.iter_mut().flat_map(|file| &mut file.sources);
    own.chain(shared).for_each(|source| anchor(source, root));
}

fn anchor(source: &mut SourceEntry, root: &Path) {
    if let SourceOrigin::Path(path) = &mut source.origin
        && !path.value.contains("://")
    {
        path.value = root.join(&path.value).to_string_lossy().into_owned();
    }
}

/// The program `git`, with an index of our own.
struct Git<'a> {
    folder: &'a Path,
    index: PathBuf,
}

impl Git<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.folder).args(arguments).env("GIT_INDEX_FILE", &self.index);
        // Set while a hook runs: they would point at another repository.
        for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_PREFIX"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn say(&self, arguments: &[&str]) -> Result<String, String> {
        let said = self.command(arguments).output().map_err(|error| format!("`git` cannot be started: {error}"))?;
        ended(arguments, said)
    }

    fn feed(&self, arguments: &[&str], input: &str) -> Result<String, String> {
        let started = self.command(arguments).stdin(Stdio::piped()).spawn();
        let mut child = started.map_err(|error| format!("`git` cannot be started: {error}"))?;
        if let Some(mut stdin) = child.stdin.take() {
            // What it could not read it complains about itself.
            let _ = stdin.write_all(input.as_bytes());
        }
        let said = child.wait_with_output().map_err(|error| error.to_string())?;
        ended(arguments, said)
    }
}

fn ended(arguments: &[&str], said: std::process::Output) -> Result<String, String> {
    if said.status.success() {
        return String::from_utf8(said.stdout).map_err(|_| "git names a file that is no UTF-8".to_owned());
    }
    let error = String::from_utf8_lossy(&said.stderr);
    let first = error.lines().next().unwrap_or("no word of why");
    Err(format!("`git {}` failed: {first}", arguments.first().copied().unwrap_or_default()))
}
