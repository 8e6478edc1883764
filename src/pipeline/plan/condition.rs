//! `--fail-on deletions>1%`: what a plan must not come to.

use std::fmt;
use std::str::FromStr;

use crate::pipeline::plan::Plan;

/// What a plan must not come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    measure: Measure,
    /// More than this is forbidden.
    bound: f64,
    /// Of hundred.
    percent: bool,
    text: String,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Rows whose key is new.
    Created,
    /// Rows with other values.
    Changed,
    /// Rows that are no longer sent.
    Gone,
    /// Values that an empty cell deletes or may delete; of hundred: in the column that loses most.
    Deletions,
    /// Rows that lose such a value.
    Losing,
    /// Rows with another parent.
    Moved,
    /// Header columns added or dropped.
    Headers,
    /// The file is the last one again.
    Identical,
}

/// Every measure and its word.
const WORDS: [(&str, Measure); 8] = [
    ("created", Measure::Created),
    ("changed", Measure::Changed),
    ("gone", Measure::Gone),
    ("deletions", Measure::Deletions),
    ("losing", Measure::Losing),
    ("moved", Measure::Moved),
    ("headers", Measure::Headers),
    ("identical", Measure::Identical),
];

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, bound) = text.split_once('>').unwrap_or((text, "0"));
        let (word, bound) = (word.trim(), bound.trim());
        let found = WORDS.iter().find(|(name, _)| *name == word);
        let (_, measure) = found.ok_or_else(|| {
            let words: Vec<&str> = WORDS.iter().map(|(name, _)| *name).collect();
            format!("`{word}` is nothing that a plan measures; it measures {}", words.join(", "))
        })?;
        let percent = bound.ends_with('%');
        let number: Option<f64> = bound.trim_end_matches('%').trim_end().parse().ok();
        let bound = number.filter(|bound| bound.is_finite() && *bound >= 0.0);
        let bound = bound.ok_or_else(|| {
            format!("`{text}`: write a number or a share behind `>`, e.g. `{word}>100` or `{word}>1%`")
        })?;
        if percent && matches!(measure, Measure::Headers | Measure::Identical) {
            return Err(format!("`{word}` has no share: write `{word}` or `{word}>0`"));
        }
        Ok(Self { measure: *measure, bound, percent, text: text.trim().to_owned() })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Condition {
    /// What was found, in words, if it is more than the bound.
    pub(super) fn is_met(&self, plan: &Plan) -> Option<String> {
        let table = &plan.table;
        let before = table.rows.0;
        let both = table.same + table.changed;
        let worst = plan.effects.emptied.iter().filter(|one| one.may_delete()).max_by_key(|one| one.values);
        let (found, whole, what) = match self.measure {
            Measure::Created => (table.added.0, before, "rows are created".to_owned()),
            Measure::Changed => (table.changed, both, "rows are changed".to_owned()),
            Measure::Gone => (table.removed.0, before, "rows are no longer sent".to_owned()),
            Measure::Deletions if self.percent => {
                let worst = worst?;
                (worst.values, both, format!("values of `{}` meet an empty cell", worst.column))
            }
            Measure::Deletions => (plan.effects.deletions, both, "values meet an empty cell".to_owned()),
            Measure::Losing => (plan.effects.losing, both, "rows lose a value".to_owned()),
            Measure::Moved => (plan.effects.moved, both, "rows get another parent".to_owned()),
            Measure::Headers if plan.last.is_none() => return None,
            Measure::Headers => {
                let columns = table.header_added.len() + table.header_removed.len();
                (columns as u64, 0, "columns are added or dropped".to_owned())
            }
            Measure::Identical => (u64::from(table.identical), 0, "file is the last one again".to_owned()),
        };
        // Of nothing before, every share is more than any bound.
        let share = if whole == 0 { f64::INFINITY } else { found as f64 * 100.0 / whole as f64 };
        let measured = if self.percent { share } else { found as f64 };
        let share = if self.percent && whole > 0 { format!(", {share:.1} % of {whole}") } else { String::new() };
        (found > 0 && measured > self.bound).then(|| format!("{found} {what}{share}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read_strictly() {
        let read = |text: &str| text.parse::<Condition>();
        let share = read("deletions>1%").unwrap();
        assert_eq!((share.measure, share.bound, share.percent), (Measure::Deletions, 1.0, true));
        assert_eq!(read(" moved > 0 ").unwrap().to_string(), "moved > 0");
        assert_eq!(read("headers").unwrap().bound, 0.0);
        assert!(read("deletion>1").unwrap_err().contains("it measures created, changed, gone, deletions"));
        assert!(read("headers>1%").unwrap_err().contains("no share"));
        assert!(read("created>x").unwrap_err().contains("`created>100`"));
        assert!(read("created>-1").is_err() && read("created>NaN").is_err());
    }
}
