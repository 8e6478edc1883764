//! The rules by which a run judges the columns of a format: asked of a small mapping, so that there is one place for them.

use std::collections::BTreeMap;

use crate::format::FormatSpec;
use crate::guess::yaml::key;
use crate::mapping::{Variables, parse};
use crate::resolve::{CellSpec, Surroundings, resolve};

/// The rules of a format's columns, as a run has them.
#[derive(Debug)]
pub(super) struct Rules {
    format: &'static FormatSpec,
    cells: BTreeMap<String, CellSpec>,
}

impl Rules {
    /// Those of every column of `format` with no option said.
    pub(super) fn of(format: &'static FormatSpec) -> Self {
        let columns: Vec<String> =
            format.columns.iter().map(|spec| format!("  {}: {{column: x}}\n", key(&spec.name))).collect();
        Self { format, cells: cells(format, &columns.concat()) }
    }

    /// The rules of the column `name`.
    pub(super) fn cell(&self, name: &str) -> Option<&CellSpec> {
        self.cells.get(name)
    }

    /// The rules of the column `name` with `options`.
    pub(super) fn with(&self, name: &str, options: &[String]) -> Option<CellSpec> {
        let options: String = options.iter().map(|option| format!(", {option}")).collect();
        cells(self.format, &format!("  {}: {{column: x{options}}}\n", key(name))).remove(name)
    }
}

fn cells(format: &FormatSpec, columns: &str) -> BTreeMap<String, CellSpec> {
    let text = format!("format: {}\nfrom: x\ncolumns:\n{columns}", format.name);
    let day = jiff::civil::date(2000, 1, 1);
    let (mapping, _) = parse("draft", &text, &Variables::new(BTreeMap::new(), BTreeMap::new(), day, None));
    let around = Surroundings { as_of: day.to_string(), ..Surroundings::default() };
    // What else the mapping lacks is of no interest here.
    let resolved = mapping.and_then(|mapping| resolve(&mapping, &around).0);
    resolved
        .map(|resolved| resolved.columns.into_iter().map(|column| (column.name, column.cell)).collect())
        .unwrap_or_default()
}
