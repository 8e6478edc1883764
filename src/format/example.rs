//! A small file of each format that can be copied.

use crate::format::FormatSpec;

impl FormatSpec {
    /// Header and one row of a file that Totango takes, with line feeds.
    pub fn example(&self) -> String {
        let known = self.columns.iter().filter(|column| !column.example.is_empty());
        let mut cells: Vec<(&str, &str)> =
            known.map(|column| (column.name.as_str(), column.example.as_str())).collect();
        cells.extend(self.examples.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let line = |fields: Vec<&str>| fields.into_iter().map(field).collect::<Vec<_>>().join(",") + "\n";
        let (header, row) = cells.into_iter().unzip();
        line(header) + &line(row)
    }
}

/// Quoted where the files are: no example holds a quote, a CR or an LF.
fn field(text: &str) -> String {
    if text.contains([',', ';', '\'']) { format!("\"{text}\"") } else { text.to_owned() }
}
