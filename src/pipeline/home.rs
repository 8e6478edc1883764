//! Where the state of a project lies: beside it, or in a store; and what is kept there of its runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::output::{OutputError, RemoteFolder, StoreShelf, runs};
use crate::pipeline::folders::state_folder;
use crate::pipeline::target::folder_of;
use crate::project::{Loaded, Project};
use crate::state::Home;
use crate::store::{StoreError, is_url};

/// The state of a project.
#[derive(Debug, Clone)]
pub(super) struct ProjectState {
    /// Where it lies.
    pub home: Home,
    /// `runs` in it, if that is in a store.
    there: Option<RemoteFolder>,
}

impl ProjectState {
    /// That of a project whose mappings are read; asks no store anything.
    ///
    /// # Errors
    /// A URL or a setting of its store that is wrong.
    pub(super) fn of(loaded: &Loaded) -> Result<Self, StoreError> {
        Self::of_project(&loaded.project)
    }

    /// The same of a project.
    pub(super) fn of_project(project: &Project) -> Result<Self, StoreError> {
        let folder = state_folder(project);
        let state = project.file.as_ref().and_then(|file| file.state.as_ref());
        let Some(url) = state.filter(|state| is_url(&state.value)) else {
            return Ok(Self { home: Home::local(&folder), there: None });
        };
        let remote = folder_of(&project.stores, &url.value)?;
        let there = Some(remote.below("runs"));
        Ok(Self { home: Home::on(Arc::new(StoreShelf::new(remote)), &folder), there })
    }

    /// `runs` in it, if that is in a store.
    pub(super) fn runs_there(&self) -> Option<RemoteFolder> {
        self.there.clone()
    }

    /// The folders of the runs that are kept, oldest first, with the `run.json` of each.
    ///
    /// # Errors
    /// If the store does not answer, or the disk fails.
    pub(super) fn runs(&self) -> Result<Vec<PathBuf>, OutputError> {
        self.bring_reports()?;
        runs(self.home.folder())
    }

    /// Sees to it that the `run.json` of every kept run is here.
    ///
    /// # Errors
    /// As [`Self::runs`].
    pub(super) fn bring_reports(&self) -> Result<(), OutputError> {
        self.there.as_ref().map_or(Ok(()), |there| there.bring_reports(&self.home.folder().join("runs")))
    }

    /// Sees to it that all there is of a run is here.
    ///
    /// # Errors
    /// As [`Self::runs`].
    pub(super) fn bring_run(&self, run: &Path) -> Result<(), OutputError> {
        self.there.as_ref().map_or(Ok(()), |there| there.bring_run(run))
    }
}
