//! A small file of each format, and a mapping that writes it: both can be copied.

use std::fmt::Write;

use crate::format::FormatSpec;
use crate::mapping::CellType;

/// A column of the example.
struct Cell<'f> {
    /// API name.
    name: &'f str,
    /// What the source calls it.
    source: String,
    value: &'f str,
    /// Said in the mapping, where the catalogue does not know it.
    kind: Option<CellType>,
}

impl FormatSpec {
    /// Header and one row of a file that Totango takes, with line feeds.
    pub fn example(&self) -> String {
        let cells = self.cells();
        line(cells.iter().map(|cell| cell.name)) + &line(cells.iter().map(|cell| cell.value))
    }

    /// Header and one row of a file that [`example_mapping`](Self::example_mapping) turns into [`example`](Self::example).
    pub fn example_source(&self) -> String {
        let cells = self.cells();
        line(cells.iter().map(|cell| cell.source.as_str())) + &line(cells.iter().map(|cell| cell.value))
    }

    /// A mapping to start from: the columns of the example.
    pub fn example_mapping(&self) -> String {
        let mut text = format!("format: {}\n", self.name);
        if self.own_key.is_some() {
            let key = self.examples.first().map_or("", |(name, _)| name);
            let _ = writeln!(text, "collection: {{name: Invoices, key: {key}}}");
        }
        let _ = writeln!(text, "sources:\n  export: {{path: data/{}.csv}}", self.name);
        if self.hierarchy {
            text.push_str("  known: {path: data/known_accounts.csv}          # what Totango has already\n");
        }
        text.push_str("from: export\ncolumns:\n");
        for cell in self.cells() {
            let _ = match cell.kind {
                None => writeln!(text, "  {}: {}", cell.name, cell.source),
                Some(kind) => writeln!(text, "  {}: {{column: {}, type: {kind}}}", cell.name, cell.source),
            };
        }
        if self.hierarchy {
            text.push_str("hierarchy: {known_accounts: [known.account_id]}\n");
        }
        text
    }

    fn cells(&self) -> Vec<Cell<'_>> {
        let known = self.columns.iter().filter(|column| !column.example.is_empty());
        let mut cells: Vec<Cell<'_>> = known
            .map(|column| Cell {
                name: &column.name,
                source: column.display.clone(),
                value: &column.example,
                kind: None,
            })
            .collect();
        cells.extend(self.examples.iter().map(|(name, value)| {
            let source = name.strip_prefix("tag##").unwrap_or(name).replace("##", " ");
            Cell { name, source, value, kind: self.needs_type }
        }));
        cells
    }
}

fn line<'f>(fields: impl Iterator<Item = &'f str>) -> String {
    fields.map(field).collect::<Vec<_>>().join(",") + "\n"
}

/// Quoted where the files are: no example holds a quote, a CR or an LF.
fn field(text: &str) -> String {
    if text.contains([',', ';', '\'']) { format!("\"{text}\"") } else { text.to_owned() }
}
