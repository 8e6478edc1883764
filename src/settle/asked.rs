//! What rows judged in another process refer to: that process knows no keys, so it sends hashes, and they are looked up here.

use crate::settle::batch::Batch;
use crate::settle::key::{NONE, hash_text};
use crate::settle::layout::Layout;
use crate::settle::portion::Portion;
use crate::settle::record::flag;
use crate::settle::rules::Task;

/// The hashes of a value, as it is written and in lower case; both `NONE` for no value.
pub(super) type Hashes = (u128, u128);

/// Values that are to be looked up: of each column that refers to something, one a row.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub(super) columns: Vec<Vec<Hashes>>,
    parents: bool,
}

/// The columns of `layout` that refer to something: the parent, where `parents` may be known elsewhere, then the references.
fn columns(layout: &Layout, parents: bool) -> impl Iterator<Item = usize> {
    let parent = layout.parent.into_iter().filter(move |_| parents);
    parent.chain(layout.references.iter().map(|reference| reference.column))
}

impl Asked {
    /// Nothing yet of rows of this layout.
    pub(super) fn new(layout: &Layout, parents: bool) -> Self {
        Self { columns: columns(layout, parents).map(|_| Vec::new()).collect(), parents }
    }

    /// What was noted, which leaves nothing.
    pub(super) fn take(&mut self) -> Vec<Vec<Hashes>> {
        self.columns.iter_mut().map(std::mem::take).collect()
    }

    /// Notes what the rows of a batch refer to.
    pub(super) fn note(&mut self, layout: &Layout, batch: &Batch<'_>, scratch: &mut Vec<u8>) {
        for (hashes, column) in self.columns.iter_mut().zip(columns(layout, self.parents)) {
            let cells = &batch.columns[column];
            hashes.extend((0..batch.rows).map(|row| match cells.get(row) {
                b"" => (NONE, NONE),
                value => (hash_text(value, false, scratch), hash_text(value, true, scratch)),
            }));
        }
    }
}

/// Looks up what the rows of `portion` refer to, and flags them as if they had been judged here.
pub(super) fn look_up(task: &Task, portion: &mut Portion) {
    let Portion { asked, flags, links, .. } = portion;
    for flags in flags.iter_mut() {
        *flags &= !(flag::PARENT_KNOWN | flag::REFERENCE);
    }
    let mut asked = asked.iter();
    let parents = task.layout.parent.filter(|_| !task.known.accounts.is_empty());
    if let Some(hashes) = parents.and_then(|_| asked.next()) {
        for (hashes, flags) in hashes.iter().zip(flags.iter_mut()) {
            if hashes.0 != NONE && task.known.accounts.holds_either(*hashes) {
                *flags |= flag::PARENT_KNOWN;
            }
        }
    }
    let mut link = 0;
    for (index, (reference, hashes)) in task.layout.references.iter().zip(asked).enumerate() {
        let target = task.known.references.get(index);
        for (row, hashes) in hashes.iter().enumerate().filter(|(_, hashes)| hashes.0 != NONE) {
            match (target.is_some_and(|target| target.holds_either(*hashes)), reference.itself) {
                (true, true) => links[link][row] = NONE,
                (false, false) => flags[row] |= flag::REFERENCE,
                _ => {}
            }
        }
        link += usize::from(reference.itself);
    }
}
