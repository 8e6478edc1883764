//! What columns a source has, in words that need no engine.

/// The columns of a source, over all its files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceSchema {
    /// Visible columns, in the order of the first file, newcomers of later files behind them.
    pub fields: Vec<Field>,
    /// The source's files as shown, in file order.
    pub files: Vec<String>,
    /// The columns were found in the first lines of each file only (NDJSON) or in no line at all (empty files): a name
    /// that is not listed may still occur.
    pub open: bool,
}

/// One source column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Exactly as spelt; the second column of one name is `Name#2`.
    pub name: String,
    /// What its values are.
    pub field_type: FieldType,
    /// The name occurs twice in the header of a file.
    pub duplicated: bool,
    /// Files that lack it although they must not (R221 where it is used): places in [`SourceSchema::files`]. None where
    /// the source says `missing_columns: empty`.
    pub missing_in: Vec<usize>,
    /// The mapping names it, and none of the lines that were looked at has it: where [`SourceSchema::open`], a typing
    /// mistake or a rare key.
    pub unseen: bool,
}

/// What the values of a source column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldType {
    /// Text, as everything in CSV and NDJSON.
    Text,
    /// Whole numbers.
    Integer,
    /// Binary floating point.
    Float,
    /// Decimal numbers.
    Decimal,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A moment, with or without a zone.
    Timestamp,
    /// Lists, structures, bytes, durations.
    Other,
}

impl SourceSchema {
    /// The column called `name`, exactly as spelt.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}
