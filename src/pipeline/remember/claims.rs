//! The right to write the memory of a run's mappings, where the state lies in a store.

use std::thread;

use crate::pipeline::Failure;
use crate::pipeline::remember::Remembering;
use crate::project::Loaded;
use crate::state::ShelfLock;

/// What is claimed; given back when dropped, side by side, for a store that does not answer is waited for.
#[derive(Debug, Default)]
pub(super) struct Claims(Vec<Box<dyn ShelfLock>>);

impl Drop for Claims {
    fn drop(&mut self) {
        let claims = std::mem::take(&mut self.0);
        thread::scope(|scope| {
            for claim in claims {
                scope.spawn(|| drop(claim));
            }
        });
    }
}

impl Remembering {
    /// Keeps other machines' runs from writing the memory of the mappings that were asked for. Where the state lies on this
    /// machine, the lock on the output folder and those of the system do.
    pub(in crate::pipeline) fn claim(&mut self, loaded: &Loaded, run_id: &str) -> Result<(), Failure> {
        if !self.writes {
            return Ok(());
        }
        for file in loaded.mappings.iter().filter(|file| file.asked) {
            self.claims.0.extend(self.memory.claim(&file.name, run_id)?);
        }
        Ok(())
    }

    /// The last look before anything changes: another run may have taken over while the machine slept.
    pub(in crate::pipeline) fn confirm(&self) -> Result<(), Failure> {
        self.claims.0.iter().try_for_each(|claim| Ok(claim.confirm()?))
    }
}
