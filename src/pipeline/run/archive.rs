//! Dated copies of what was published (`output.archive`): made when the outputs stand.

use std::fs;
use std::path::Path;

use crate::diagnostic::{Diagnostic, Place, code};
use crate::mapping::Text;
use crate::output::{MappingReport, Staged, Staging, archive};
use crate::pipeline::Failure;
use crate::pipeline::folders::Scratch;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::target::folder;
use crate::project::Loaded;
use crate::resolve::Output;
use crate::store::{is_url, without_user};

/// Where a mapping wants its copies.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    mapping: String,
    to: Text,
    /// The mapping's file.
    path: String,
    output: Output,
}

impl Wish {
    /// What `prepared` wants.
    pub(super) fn of(prepared: &Prepared) -> Option<Self> {
        let to = prepared.file.mapping.as_ref()?.output.archive.clone()?;
        let (mapping, path) = (prepared.file.name.clone(), prepared.file.shown.clone());
        Some(Self { mapping, to, path, output: prepared.resolved.output.clone() })
    }
}

/// Files that are to be copied, under names of their own: publishing takes away those they were staged under.
pub(super) struct Held {
    folder: Option<Scratch>,
    copies: Vec<(Wish, Vec<Staged>)>,
}

impl Held {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self { folder: None, copies: Vec::new() }
    }

    /// Holds the Totango files among `staged`.
    pub(super) fn hold(
        &mut self,
        wish: Wish,
        report: &MappingReport,
        staged: &[Staged],
        staging: &Staging<'_>,
    ) -> Result<(), Failure> {
        if self.folder.is_none() {
            // Named like a staging folder: should this run be killed, the next command removes it.
            let path = staging.output().join(format!(".tanguero-{}-archive", staging.run_id()));
            fs::create_dir(&path)?;
            self.folder = Some(Scratch { path });
        }
        let Some(folder) = &self.folder else { return Ok(()) };
        let mut held = Vec::new();
        for one in staged.iter().filter(|one| report.outputs.contains(&one.file)) {
            let path = folder.path.join(&one.file.file);
            // A second name costs nothing; across file systems it must be a copy.
            if fs::hard_link(&one.path, &path).is_err() {
                fs::copy(&one.path, &path)?;
            }
            held.push(Staged { path, ..one.clone() });
        }
        self.copies.push((wish, held));
        Ok(())
    }

    /// Makes the copies; the outputs stand whatever comes of it. Gives what failed, by mapping.
    pub(super) async fn copy(self, loaded: &Loaded, run_id: &str) -> Vec<(String, Failure)> {
        let mut failed = Vec::new();
        for (wish, files) in &self.copies {
            if let Err(failure) = one(wish, files, loaded, run_id).await {
                let shown = if is_url(&wish.to.value) { without_user(&wish.to.value) } else { wish.to.value.clone() };
                let because = failure.problem().map(|problem| problem.message).unwrap_or_default();
                let message = format!("the files are published, and not copied to {shown}: {because}");
                let place = Place::new(&wish.path, wish.to.span);
                let diagnostic = Diagnostic::error(&code::ARCHIVE_FAILED, message).at(place, "this archive");
                failed.push((wish.mapping.clone(), Failure::World(diagnostic.help(code::ARCHIVE_FAILED.cure))));
            }
        }
        failed
    }
}

async fn one(wish: &Wish, files: &[Staged], loaded: &Loaded, run_id: &str) -> Result<(), Failure> {
    let is_ours = |name: &str| wish.output.is_file(name);
    if is_url(&wish.to.value) {
        let folder = folder(&loaded.project.stores, &wish.to.value)?;
        return Ok(folder.archive(files, run_id, &is_ours).await?);
    }
    let to = loaded.project.root.join(Path::new(&wish.to.value));
    tokio::task::block_in_place(|| archive(&to, files, &is_ours))?;
    Ok(())
}
