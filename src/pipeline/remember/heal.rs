//! Puts right what a run left that was killed between publishing and remembering.

use crate::output::{RunReport, is_kept, stands};
use crate::pipeline::Failure;
use crate::pipeline::remember::Remembering;
use crate::pipeline::target::folder_of;
use crate::project::Loaded;
use crate::state::{Published, Staging};
use crate::store::{is_url, wait};

/// Commits what was staged by runs whose outputs stand, forgets what the others staged. The target of this run, whose
/// `run.json` is `previous`, must have been recovered before.
pub(in crate::pipeline) fn heal(
    remembering: &Remembering,
    loaded: &Loaded,
    previous: Option<&RunReport>,
) -> Result<(), Failure> {
    if !remembering.writes {
        return Ok(());
    }
    let healing = Healing { remembering, loaded, previous };
    let memory = &remembering.memory;
    if !memory.is_shared() {
        return memory.mappings()?.iter().try_for_each(|mapping| healing.mapping(mapping));
    }
    for file in &loaded.mappings {
        // Those of others' nights may be under way on another machine.
        let _claim = match file.asked {
            true => None,
            false if !memory.has_staged(&file.name)? => continue,
            false => match memory.claim(&file.name, "heal") {
                Ok(claim) => claim,
                Err(_) => continue,
            },
        };
        healing.mapping(&file.name)?;
        memory.tidy(&file.name)?;
    }
    Ok(())
}

struct Healing<'a> {
    remembering: &'a Remembering,
    loaded: &'a Loaded,
    previous: Option<&'a RunReport>,
}

impl Healing<'_> {
    fn mapping(&self, mapping: &str) -> Result<(), Failure> {
        for (staging, record) in self.remembering.memory.staged(mapping)? {
            self.settle(staging, record.as_ref())?;
        }
        Ok(())
    }

    fn settle(&self, staging: Staging, record: Option<&Published>) -> Result<(), Failure> {
        match record.map_or(Ok(Some(false)), |record| self.stands(record))? {
            Some(true) => staging.commit()?,
            Some(false) => staging.discard()?,
            None => {}
        }
        Ok(())
    }

    /// Whether the outputs of that run stand; none if their target cannot be asked now.
    fn stands(&self, record: &Published) -> Result<Option<bool>, Failure> {
        let Published { output_folder, mapping, run_id, .. } = record;
        let url = output_folder.to_string_lossy().into_owned();
        if !is_url(&url) {
            return Ok(Some(stands(output_folder, mapping, run_id)?));
        }
        if self.remembering.target.as_ref() == Some(output_folder) {
            return Ok(Some(self.previous.is_some_and(|report| is_kept(report, mapping, run_id))));
        }
        // Another target than this run's: it stays as it is until it can be asked.
        let Ok(folder) = folder_of(&self.loaded.project.stores, &url) else { return Ok(None) };
        let (mapping, run_id) = (mapping.clone(), run_id.clone());
        Ok(wait(async move { folder.stands(&mapping, &run_id).await }).ok())
    }
}
