//! Questions about a column's name: is it known, nearly known, a tag, a usage pair?

use crate::diagnostic::{is_spelt_like, letters_apart};
use crate::format::{ColumnSpec, FormatSpec, PivotSpec};

/// Start of a tag column's name (article TAGS).
const TAG: &str = "tag##";

/// Between module and action of a usage aggregation (article AGG).
const PAIR: &str = "##";

impl FormatSpec {
    /// The column with exactly this API name.
    pub fn column(&self, name: &str) -> Option<&ColumnSpec> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column whose name `name` was probably meant to be; none for an exact API name.
    ///
    /// A name is misspelt if it equals a name of the format (API or display) but for case, space, `_` or `-`, or, itself
    /// of six letters and more, is within one letter of one, of twelve and more within two.
    pub fn nearest(&self, name: &str) -> Option<&ColumnSpec> {
        if self.column(name).is_some() {
            return None;
        }
        let letters = name.chars().filter(|character| character.is_alphanumeric()).count();
        let allowed = match letters {
            0..=5 => 0,
            6..=11 => 1,
            _ => 2,
        };
        self.columns
            .iter()
            .filter_map(|column| {
                let names = [&column.name, &column.display];
                Some((names.into_iter().filter_map(|own| letters_apart(name, own, allowed)).min()?, column))
            })
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, column)| column)
    }

    /// The column that a header of someone else's file means, whatever its spelling: API name, display name or alias,
    /// but for case, space, `_` and `-`.
    pub fn recognise(&self, header: &str) -> Option<&ColumnSpec> {
        self.column(header).or_else(|| {
            self.columns.iter().find(|column| {
                let mut known = [&column.name, &column.display].into_iter().chain(&column.aliases);
                known.any(|known| is_spelt_like(header, known))
            })
        })
    }

    /// The tag's name in `tag##<name>`, or why it is none; `None` if `name` is no tag column at all.
    pub fn tag_column<'a>(&self, name: &'a str) -> Option<Result<&'a str, String>> {
        let prefix = name.get(..TAG.len()).filter(|prefix| self.tags && prefix.eq_ignore_ascii_case(TAG))?;
        let tag = &name[TAG.len()..];
        Some(if prefix != TAG {
            Err(format!("the prefix is `{TAG}`, in lower case"))
        } else if tag.trim().is_empty() {
            Err("the tag has no name".to_owned())
        } else if tag.contains(PAIR) {
            Err(format!("`{PAIR}` may stand only once"))
        } else if tag.trim() != tag {
            Err("the tag's name has space at an end".to_owned())
        } else {
            Ok(tag)
        })
    }

    /// Module and action in `<Module>##<Action>`, or why it is none; `None` if `name` has no `##` or the format no pairs.
    pub fn pivot_column<'a>(&self, name: &'a str) -> Option<Result<(&'a str, &'a str), String>> {
        let pivot = self.pivot.as_ref().filter(|_| name.contains(PAIR))?;
        Some(pair(pivot, name))
    }
}

fn pair<'a>(pivot: &PivotSpec, name: &'a str) -> Result<(&'a str, &'a str), String> {
    let mut parts = name.split(PAIR);
    let (Some(module), Some(action), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(format!("`{PAIR}` may stand only once"));
    };
    for (what, part, limit) in [("module", module, pivot.module_length), ("action", action, pivot.action_length)] {
        let length = part.chars().count();
        if part.trim().is_empty() {
            return Err(format!("the {what} is empty"));
        }
        if part.trim() != part {
            return Err(format!("the {what} has space at an end"));
        }
        if part.starts_with('#') {
            return Err(format!("the {what} begins with `#`, so that `{PAIR}` cannot be told from it"));
        }
        if length > limit {
            return Err(format!("the {what} has {length} characters, Totango takes {limit}"));
        }
    }
    Ok((module, action))
}
