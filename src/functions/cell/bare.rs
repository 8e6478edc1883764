//! Which columns never hold a byte that would need quotes in a CSV file, so that the encoder need not look.

use crate::csv::needs_quotes;
use crate::mapping::CellType;
use crate::resolve::CellSpec;

/// Whether no value that passes `spec` needs quotes: its type writes nothing but letters, digits and signs known here. What
/// does not pass is empty.
pub fn is_bare(spec: &CellSpec) -> bool {
    let bare = |text: &String| !needs_quotes(text.as_bytes());
    let kind = match spec.kind {
        CellType::Id => bare(&spec.id_extra),
        CellType::Integer | CellType::Number | CellType::Currency | CellType::Date => true,
        CellType::Flag | CellType::Tag => spec.yes.iter().chain(&spec.no).all(bare),
        CellType::Text | CellType::Email | CellType::List | CellType::MultiList | CellType::ForeignKey => false,
    };
    // A default that the type cannot read is written as it is.
    kind && spec.default.as_ref().is_none_or(bare)
}
