//! What to do with rows of one key, faulty links and dangling references; and what is known from elsewhere.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::mapping::{Aggregate, DuplicatePolicy, HierarchyPolicy, ReferenceMissing, UnknownPolicy};
use crate::settle::kept::Kept;
use crate::settle::key::hash_text;
use crate::settle::key_set::KeySet;
use crate::settle::layout::Layout;
use crate::settle::reasons::REFERENCES;

/// All that settling one mapping needs beside its rows.
#[derive(Debug, Clone)]
pub struct Task {
    /// Shape of the rows.
    pub layout: Layout,
    /// Policies.
    pub rules: Rules,
    /// Keys from elsewhere.
    pub known: Known,
}

/// The policies of one mapping.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rules {
    /// `duplicates:`
    pub duplicates: DuplicatePolicy,
    /// `fallback: valid`: a faulty winner gives way to the next valid row.
    pub fallback_valid: bool,
    /// `hierarchy:`, judged where the layout has a parent column.
    pub hierarchy: HierarchyRules,
    /// What a dangling reference does, in the order of `Layout::references`.
    pub references: Vec<ReferenceMissing>,
    /// `unknown_accounts:`; the last of `Layout::references` is then the account, and not of `references`.
    pub unknown_accounts: Option<UnknownPolicy>,
    /// `pivot:`, used where the layout pivots.
    pub pivot: PivotRules,
    /// Count ids that differ only by ASCII case.
    pub case_twins: bool,
    /// Threads that may be used.
    pub threads: usize,
}

/// `hierarchy:`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct HierarchyRules {
    /// A parent that is nowhere, or whose row was rejected.
    pub missing_parent: HierarchyPolicy,
    /// Accounts that are one another's parents.
    pub cycles: HierarchyPolicy,
    /// Deepest level; a root has 1, a child of a known account that is not in the file 2.
    pub max_depth: Option<u64>,
    /// Parents stand before their children: rows are ordered by depth, then as in the source.
    pub parents_first: bool,
}

/// `pivot:`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PivotRules {
    /// How values of one cell become one.
    pub aggregate: Aggregate,
    /// Keep the N modules or pairs with the largest totals; ties by name.
    pub top: Option<u64>,
    /// N counts pairs instead of modules.
    pub top_of_pairs: bool,
    /// A fixed header instead of what the rows hold, in this order.
    pub columns: Option<Vec<String>>,
    /// An absent combination is `0` instead of empty.
    pub fill_zero: bool,
    /// Columns beside the pivoted ones.
    #[serde(skip)]
    pub beside: Beside,
}

/// Aggregates computed elsewhere, joined to the pivoted rows by key.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// Headers.
    pub columns: Vec<String>,
    /// By `key_hash` of the key: one text per column, empty for none.
    pub cells: HashMap<u128, Vec<String>>,
}

/// Keys from elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Accounts that exist beside those of the file (`known_accounts`).
    pub accounts: Target,
    /// What each reference points into, in the order of `Layout::references`; without the file's own keys.
    pub references: Vec<Target>,
    /// Values published last, for columns that keep them.
    pub kept: Option<Arc<Kept>>,
}

/// What values may refer to, and what is known of those they may not.
#[derive(Debug, Clone, Default)]
pub struct Target {
    /// In any of these a value is found.
    pub allowed: Vec<Arc<KeySet>>,
    /// Why a value is in none of them: the first set that holds it says so.
    pub absent: Vec<(Arc<KeySet>, Absence)>,
}

/// Why a value refers to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// Its row was rejected.
    Rejected,
    /// Its row was dropped by `where`.
    Filtered,
    /// It was never seen.
    NeverSeen,
}

impl Target {
    /// Whether `value` is found.
    pub fn holds(&self, value: &[u8]) -> bool {
        self.allowed.iter().any(|set| set.holds(value))
    }

    /// Whether nothing is ever found.
    #[cfg(feature = "cluster")]
    pub fn is_empty(&self) -> bool {
        self.allowed.iter().all(|set| set.is_empty())
    }

    /// Whether a value with these hashes is found, as it is written and in lower case.
    #[cfg(feature = "cluster")]
    pub(super) fn holds_either(&self, hashes: (u128, u128)) -> bool {
        self.allowed.iter().any(|set| set.holds_either(hashes))
    }

    /// Why `value` is not found.
    pub fn absence(&self, value: &[u8]) -> Absence {
        let found = self.absent.iter().find(|(set, _)| set.holds(value));
        found.map_or(Absence::NeverSeen, |(_, absence)| *absence)
    }
}

impl Task {
    /// Whether rows are folded into one row per key.
    pub(super) fn folds(&self) -> bool {
        matches!(self.rules.duplicates, DuplicatePolicy::Merge | DuplicatePolicy::Sum)
            && !self.layout.key.is_empty()
            && !self.layout.pivots
    }

    /// Whether the records of rows may lie on disk: where rows are known by their own key and parent alone.
    pub(super) fn may_leave_memory(&self) -> bool {
        let layout = &self.layout;
        !layout.pivots
            && !self.folds()
            && self.rules.duplicates != DuplicatePolicy::Split
            && layout.foreign_keys.is_empty()
            && !layout.references.iter().any(|reference| reference.itself)
            && layout.references.len() <= REFERENCES
    }

    /// Whether each row's depth in the hierarchy is to be known.
    pub(super) fn wants_depth(&self) -> bool {
        let rules = self.rules.hierarchy;
        let wanted = rules.max_depth.is_some() || rules.parents_first || self.layout.level_type.is_some();
        wanted && self.layout.parent.is_some()
    }

    /// What becomes of a row whose reference `index` is of an account that is not known; none for other references.
    pub(super) fn unknown_account(&self, index: usize) -> Option<UnknownPolicy> {
        self.rules.unknown_accounts.filter(|_| index + 1 == self.layout.references.len())
    }

    /// Whether the cells of a column of the judging plan's batches may be judged while rows are written.
    pub fn may_judge_late(&self, column: usize) -> bool {
        column.checked_sub(2).is_some_and(|column| column < self.layout.columns.len() && !self.looks_at(column))
    }

    /// Whether anything but the writer of rows looks at the cells of a column, so that they must be judged before.
    fn looks_at(&self, column: usize) -> bool {
        let layout = &self.layout;
        let rules =
            layout.one_of.iter().flatten().chain(layout.required_when.iter().flat_map(|(one, other)| [one, other]));
        let flags = layout.implies.iter().flat_map(|(one, other)| [one, other]);
        let keys = layout.key.iter().chain(&layout.foreign_keys).chain(&layout.parent).chain(&layout.level_type);
        self.folds()
            || layout.pivots
            || !layout.columns[column].written
            || self.known.kept.as_ref().is_some_and(|kept| kept.keeps(column))
            || keys.chain(rules).chain(flags).any(|other| *other == column)
            || layout.references.iter().any(|reference| reference.column == column)
            // Rows of foreign keys are known by all their cells.
            || !layout.foreign_keys.is_empty()
    }

    /// Whether number columns are added.
    pub(super) fn adds(&self) -> bool {
        self.rules.duplicates == DuplicatePolicy::Sum && self.folds()
    }

    /// Whether ids that differ by case are watched for: only where case matters at all.
    pub(super) fn watches_case(&self) -> bool {
        self.rules.case_twins && self.layout.has_plain_key() && !self.layout.key_ignores_case && !self.layout.pivots
    }

    /// The hash under which this row's key would be found, of `value` as another row refers to it.
    pub(super) fn link_hash(&self, value: &[u8], scratch: &mut Vec<u8>) -> u128 {
        hash_text(value, self.layout.key_ignores_case, scratch)
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            duplicates: DuplicatePolicy::Last,
            fallback_valid: false,
            hierarchy: HierarchyRules::default(),
            references: Vec::new(),
            unknown_accounts: None,
            pivot: PivotRules::default(),
            case_twins: false,
            threads: 1,
        }
    }
}
