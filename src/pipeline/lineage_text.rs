//! Lineage as text of 100 columns, and as a Mermaid flow chart.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::diagnostic::escape;
use crate::pipeline::lineage::{Lineage, Way, by_source};

/// Columns of the screen.
const WIDTH: usize = 100;

impl Lineage {
    /// A line per source and way: target column, source columns, what they pass.
    pub(super) fn text(&self) -> String {
        let mut rows: Vec<[String; 3]> = vec![[self.file.clone(), "source columns".to_owned(), "through".to_owned()]];
        for (name, ways) in &self.columns {
            let mut target = escape(name);
            for way in ways {
                let mut through = escape(&way.through);
                let mut sources: Vec<String> = by_source(std::iter::once(way))
                    .into_iter()
                    .map(|(source, fields)| {
                        let fields: Vec<String> = fields.into_iter().map(escape).collect();
                        format!("{}: {}", escape(source), fields.join(", "))
                    })
                    .collect();
                if sources.is_empty() {
                    sources.push("-".to_owned());
                }
                for source in sources {
                    rows.push([std::mem::take(&mut target), source, std::mem::take(&mut through)]);
                }
            }
        }
        let widest = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let first = widest(0).min(32);
        let second = widest(1).min(WIDTH.saturating_sub(first + widest(2) + 4));
        let mut text = String::new();
        for [target, source, through] in &rows {
            let line = format!("{target:<first$}  {source:<second$}  {through}");
            let _ = writeln!(text, "{}", line.trim_end());
        }
        text
    }

    /// `flowchart LR` with one box per source and one for the file.
    pub(super) fn mermaid(&self) -> String {
        let mut text = "flowchart LR\n".to_owned();
        let mut ids: BTreeMap<(&str, &str), String> = BTreeMap::new();
        for (number, (source, fields)) in
            by_source(self.columns.iter().flat_map(|(_, ways)| ways)).into_iter().enumerate()
        {
            let _ = writeln!(text, "  subgraph s{number}[\"{}\"]", label(source));
            for field in fields {
                let id = format!("f{}", ids.len());
                let _ = writeln!(text, "    {id}[\"{}\"]", label(field));
                ids.insert((source, field), id);
            }
            text.push_str("  end\n");
        }
        let _ = writeln!(text, "  subgraph out[\"{}\"]", label(&self.file));
        for (number, (name, _)) in self.columns.iter().enumerate() {
            let _ = writeln!(text, "    t{number}[\"{}\"]", label(name));
        }
        text.push_str("  end\n");
        for (number, (_, ways)) in self.columns.iter().enumerate() {
            ways.iter().for_each(|way| arrows(&mut text, number, way, &ids));
        }
        text
    }
}

fn arrows(text: &mut String, target: usize, way: &Way, ids: &BTreeMap<(&str, &str), String>) {
    for (source, field) in &way.origins {
        let Some(id) = ids.get(&(source.as_str(), field.as_str())) else { continue };
        let _ = match way.through.as_str() {
            "" => writeln!(text, "  {id} --> t{target}"),
            through => writeln!(text, "  {id} -->|\"{}\"| t{target}", label(through)),
        };
    }
}

/// Words that cannot end the label they stand in.
fn label(words: &str) -> String {
    escape(words).replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage() -> Lineage {
        let way = |origins: &[(&str, &str)], through: &str| Way {
            origins: origins.iter().map(|(source, field)| ((*source).to_owned(), (*field).to_owned())).collect(),
            through: through.to_owned(),
        };
        Lineage {
            file: "accounts.csv".to_owned(),
            columns: vec![
                ("account_id".to_owned(), vec![way(&[("crm", "Account \"Id\"")], "let crm_id")]),
                (
                    "owner".to_owned(),
                    vec![
                        way(&[("crm", "Owner")], ""),
                        way(&[("owners", "id"), ("owners", "name")], "lookup in owners"),
                    ],
                ),
                ("tag##vip".to_owned(), vec![way(&[], "constant `yes`")]),
            ],
        }
    }

    #[test]
    fn each_way_into_a_column_has_its_line() {
        insta::assert_snapshot!(lineage().text(), @r#"
    accounts.csv  source columns     through
    account_id    crm: Account "Id"  let crm_id
    owner         crm: Owner
                  owners: id, name   lookup in owners
    tag##vip      -                  constant `yes`
    "#);
    }

    #[test]
    fn a_chart_has_a_box_per_source_and_labels_that_cannot_break_it() {
        insta::assert_snapshot!(lineage().mermaid(), @r#"
    flowchart LR
      subgraph s0["crm"]
        f0["Account #quot;Id#quot;"]
        f1["Owner"]
      end
      subgraph s1["owners"]
        f2["id"]
        f3["name"]
      end
      subgraph out["accounts.csv"]
        t0["account_id"]
        t1["owner"]
        t2["tag#35;#35;vip"]
      end
      f0 -->|"let crm_id"| t0
      f1 --> t1
      f2 -->|"lookup in owners"| t1
      f3 -->|"lookup in owners"| t1
    "#);
    }
}
