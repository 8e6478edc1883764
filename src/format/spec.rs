//! One Totango file format as data: what `src/format/catalog/<format>.yaml` says, ready to be asked.

use crate::mapping::CellType;

/// A Totango file format.
#[derive(Debug, Clone)]
pub struct FormatSpec {
    /// Name in mappings, e.g. `product_accounts`.
    pub name: String,
    /// Name people use, e.g. `Product accounts`.
    pub title: String,
    /// What a row of the file is, one sentence.
    pub about: String,
    /// What exports with such rows are called elsewhere (for `guess`).
    pub also: Vec<String>,
    /// Articles the rules come from (codes of the source list).
    pub sources: Vec<String>,
    /// Formats that Totango should have loaded before this one.
    pub after: Vec<String>,
    /// Known columns, in the order Totango documents them.
    pub columns: Vec<ColumnSpec>,
    /// What columns the catalogue does not know become.
    pub custom: CustomSpec,
    /// API names whose values together identify a row; empty: no duplicates exist. `own_key` is one more part.
    pub key: Vec<String>,
    /// Rules of the key column that the mapping names itself (`collection: {name, key}`); some: that block is needed.
    pub own_key: Option<ColumnSpec>,
    /// Keys are compared ignoring ASCII case (and stored in lower case by Totango).
    pub key_ignores_case: bool,
    /// `duplicates:` when the mapping says nothing.
    pub duplicates: String,
    /// Each `foreign_key` column is a key by itself: one value for two accounts (`key`, told apart by case) rejects both.
    pub key_per_foreign_key: bool,
    /// `parent_id` links rows of this file, so the hierarchy is checked.
    pub hierarchy: bool,
    /// At least one of these columns must have a value in each row (per group).
    pub one_of: Vec<Vec<String>>,
    /// `column` must have a value in each row in which `when` has one.
    pub required_when: Vec<RequiredWhen>,
    /// At least one column of this type must be mapped.
    pub needs_type: Option<CellType>,
    /// At least one column beside the key must be mapped.
    pub needs_data: bool,
    /// Where `column` is true, `needs` should be true as well: a counted warning.
    pub implies: Vec<Implied>,
    /// `<Module>##<Action>` columns are allowed, and `pivot`.
    pub pivot: Option<PivotSpec>,
    /// `tag##<name>` columns are allowed.
    pub tags: bool,
    /// Bytes above which a one-time upload fails (a warning).
    pub max_bytes: u64,
    /// Most columns.
    pub max_columns: usize,
    /// Columns of the copyable example that the catalogue cannot name, with a value each.
    pub examples: Vec<(String, String)>,
    /// What no public page settles, for the docs.
    pub unsettled: Vec<String>,
}

/// One known column.
#[derive(Debug, Clone)]
pub struct ColumnSpec {
    /// API name: the header written by default and the only name a mapping uses.
    pub name: String,
    /// Header with `headers: display`.
    pub display: String,
    /// Other spellings seen in Totango's pages (for `lint`, `guess` and near misses).
    pub aliases: Vec<String>,
    /// What other systems call it, the likeliest first (for `guess`).
    pub also: Vec<String>,
    /// Its type.
    pub kind: CellType,
    /// How necessary it is.
    pub need: Need,
    /// It is expected only where this column is mapped.
    pub expected_with: Option<String>,
    /// What an empty cell does in Totango.
    pub empty: Empty,
    /// Most characters.
    pub max_length: Option<u64>,
    /// Characters an id may hold beside letters, digits and `_`.
    pub id_extra: String,
    /// Extra characters under `alphabet: lenient`, and the ones lost under `alphabet: strict`.
    pub lenient_extra: String,
    /// See `lenient_extra`.
    pub strict_loses: String,
    /// Allowed values; empty: any.
    pub values: Vec<String>,
    /// Replacements that ignore case.
    pub map: Vec<(String, String)>,
    /// What true and false are written as.
    pub flag: Option<(String, String)>,
    /// How list elements are joined.
    pub separator: Option<String>,
    /// Smallest number.
    pub min: Option<i64>,
    /// Value written for an empty cell when the mapping says nothing (usage Count: 1).
    pub default: Option<String>,
    /// Written even if the mapping does not name it (usage Count).
    pub always: bool,
    /// Written in lower case, because Totango stores it so.
    pub lower_case: bool,
    /// Code of a warning that every run gives which writes the column.
    pub warning: Option<String>,
    /// The rule in one sentence.
    pub about: String,
    /// Articles it comes from.
    pub sources: Vec<String>,
    /// A value for the copyable example.
    pub example: String,
}

/// How necessary a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// An error in `check` when unmapped; an empty cell rejects the row.
    Mandatory,
    /// A warning when unmapped.
    Expected,
    /// Neither.
    Optional,
}

/// What an empty cell does in Totango.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// The attribute's own setting decides: it may delete.
    Setting,
    /// The value is deleted, always.
    Deletes,
    /// Nothing happens.
    Leaves,
    /// No public page says; taken as destructive.
    Unknown,
    /// The file never has one: the row is rejected, or a default fills it.
    Never,
}

/// What unknown columns become.
#[derive(Debug, Clone)]
pub struct CustomSpec {
    /// Unknown columns are allowed at all; where Totango's pages list a format's columns and no attribute beside them, they
    /// are not, and no option lifts that.
    pub allowed: bool,
    /// Most characters of custom text.
    pub max_length: Option<u64>,
    /// What an empty cell does.
    pub empty: Empty,
    /// Types a custom attribute may have.
    pub types: Vec<CellType>,
}

/// `<Module>##<Action>` columns.
#[derive(Debug, Clone)]
pub struct PivotSpec {
    /// Type of their values.
    pub kind: CellType,
    /// Most characters of the module.
    pub module_length: usize,
    /// Most characters of the action.
    pub action_length: usize,
    /// What an empty cell does.
    pub empty: Empty,
}

/// Where `column` is true, `needs` should be true as well.
#[derive(Debug, Clone)]
pub struct Implied {
    /// API name of a flag.
    pub column: String,
    /// API name of the flag it implies.
    pub needs: String,
}

/// `column` is required in rows where `when` has a value.
#[derive(Debug, Clone)]
pub struct RequiredWhen {
    /// API name of the required column.
    pub column: String,
    /// API name of the column that makes it so.
    pub when: String,
}

impl FormatSpec {
    /// Totango adds the file's rows to what it has: a row that is sent twice counts twice, and there is no last value.
    pub fn is_additive(&self) -> bool {
        self.duplicates == "sum" || self.key.is_empty() && self.own_key.is_none()
    }
}
