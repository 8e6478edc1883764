//! What changed cells mean for Totango: what an empty one deletes, who moves in the hierarchy.

use crate::compare::{Change, ChangeKind, Sample};
use crate::format::{Empty, FormatSpec};

/// Samples of each kind.
const NAMED: usize = 5;

/// Column that links a row to its parent.
const PARENT: &str = "parent_id";

/// What the changes mean.
#[derive(Debug)]
pub struct Effects {
    /// Columns that lose values, in the order of the file.
    pub emptied: Vec<Emptied>,
    /// Values that publishing deletes, or may delete.
    pub deletions: u64,
    /// Rows that lose at least one such value.
    pub losing: u64,
    /// Rows that get another parent, or lose or get one.
    pub moved: u64,
    /// The first of them.
    pub moves: Vec<Sample>,
    /// What an empty cell does, by column.
    empty: Vec<(String, Empty)>,
    hierarchy: bool,
}

/// Values of a column that an empty cell meets.
#[derive(Debug, Clone)]
pub struct Emptied {
    /// The column.
    pub column: String,
    /// What Totango does with an empty cell.
    pub empty: Empty,
    /// Values that were there.
    pub values: u64,
    /// The first of them.
    pub samples: Vec<Sample>,
}

impl Effects {
    /// Nothing yet, for a file of `format` with these columns.
    pub(super) fn new(format: &FormatSpec, header: &[String]) -> Self {
        let of = |name: &String| {
            let known = format.recognise(name).map(|spec| spec.empty);
            known
                .or_else(|| format.tag_column(name).map(|_| Empty::Leaves))
                .or_else(|| format.pivot_column(name).and(format.pivot.as_ref()).map(|pivot| pivot.empty))
                .unwrap_or(format.custom.empty)
        };
        Self {
            emptied: Vec::new(),
            deletions: 0,
            losing: 0,
            moved: 0,
            moves: Vec::new(),
            empty: header.iter().map(|name| (name.clone(), of(name))).collect(),
            hierarchy: format.hierarchy,
        }
    }

    /// Takes up one changed row.
    pub(super) fn take(&mut self, change: &Change<'_>) {
        if change.kind != ChangeKind::Changed {
            return;
        }
        let mut loses = false;
        for cell in change.cells {
            let sample = || Sample {
                key: change.key.to_owned(),
                before: cell.before.clone().into_owned(),
                now: cell.now.clone().into_owned(),
            };
            if self.hierarchy && cell.column == PARENT {
                self.moved += 1;
                if self.moves.len() < NAMED {
                    self.moves.push(sample());
                }
            }
            if !cell.now.is_empty() {
                continue;
            }
            let place = self.empty.iter().position(|(name, _)| name == cell.column).unwrap_or_default();
            let empty = self.empty.get(place).map_or(Empty::Unknown, |(_, empty)| *empty);
            if may_delete(empty) {
                self.deletions += 1;
                loses = true;
            }
            match self.emptied.iter_mut().find(|one| one.column == cell.column) {
                Some(one) => {
                    one.values += 1;
                    if one.samples.len() < NAMED {
                        one.samples.push(sample());
                    }
                }
                None => {
                    let new = Emptied { column: cell.column.to_owned(), empty, values: 1, samples: vec![sample()] };
                    self.emptied.push(new);
                    let order = |one: &Emptied| self.empty.iter().position(|(name, _)| *name == one.column);
                    self.emptied.sort_by_key(order);
                }
            }
        }
        self.losing += u64::from(loses);
    }
}

impl Emptied {
    /// Totango deletes such values, or may.
    pub fn may_delete(&self) -> bool {
        may_delete(self.empty)
    }
}

fn may_delete(empty: Empty) -> bool {
    matches!(empty, Empty::Deletes | Empty::Setting | Empty::Unknown)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::format::find;

    #[test]
    fn what_an_empty_cell_does_is_the_formats_to_say() {
        let header = ["user_id", "First Name", "tag##vip", "title"].map(str::to_owned);
        let users = Effects::new(find("users").unwrap(), &header);
        let of: Vec<Empty> = users.empty.iter().map(|(_, empty)| *empty).collect();
        assert_eq!(of, [Empty::Never, Empty::Deletes, Empty::Leaves, Empty::Deletes]);
        let header = ["Account Id", "Status", "Teams"].map(str::to_owned);
        let accounts = Effects::new(find("accounts").unwrap(), &header);
        let of: Vec<Empty> = accounts.empty.iter().map(|(_, empty)| *empty).collect();
        assert_eq!(of, [Empty::Never, Empty::Setting, Empty::Setting]);
        assert!(Cow::Borrowed("").is_empty());
    }
}
