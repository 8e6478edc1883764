//! Puts right what a run left that was killed between publishing and remembering.

use crate::output::stands;
use crate::pipeline::Failure;
use crate::pipeline::remember::Remembering;

/// Commits what was staged by runs whose outputs stand, forgets what the others staged. The output folder of this run must have
/// been recovered before.
pub(in crate::pipeline) fn heal(remembering: &Remembering) -> Result<(), Failure> {
    if !remembering.writes {
        return Ok(());
    }
    for (staging, record) in remembering.memory.staged()? {
        let decided = match &record {
            Some(record) => stands(&record.output_folder, &record.mapping, &record.run_id)?,
            None => false,
        };
        if decided { staging.commit()? } else { staging.discard()? }
    }
    Ok(())
}
