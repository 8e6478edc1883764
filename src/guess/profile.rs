//! A sample of a file, column by column: what is there, how often, and how much of it a column's rules take.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::functions::{Judge, fault};
use crate::guess::dates::Dates;
use crate::resolve::CellSpec;

/// Spellings of nothing that some exports have.
const NULLS: [&str; 8] = ["\\N", "NULL", "null", "(null)", "#N/A", "#REF!", "NaN", "nan"];

/// Records of a file.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Its columns, in the order of the file.
    pub fields: Vec<Field>,
    /// Records in it.
    pub records: usize,
    /// It is all of the file.
    pub whole: bool,
    /// Which records it has, in words.
    pub which: String,
    /// Spellings of nothing that occur, each with its count.
    pub nulls: Vec<(String, usize)>,
}

/// One column of a sample.
#[derive(Debug, Clone, Default)]
pub struct Field {
    /// Its name, as the source has it.
    pub name: String,
    /// The name occurs twice.
    pub duplicated: bool,
    /// Values that are not empty, the commonest first.
    pub values: Vec<(String, usize)>,
    /// Records with a value.
    pub filled: usize,
    /// Records of the sample.
    pub records: usize,
    /// What its dates are, once that was asked: with and without counts.
    pub(super) dates: [OnceLock<Dates>; 2],
}

impl Sample {
    /// From the cells of each column; `duplicated` are names that occur twice.
    pub fn new(names: &[String], duplicated: &[String], columns: Vec<Vec<Option<String>>>) -> Self {
        let records = columns.first().map_or(0, Vec::len);
        let mut nulls: HashMap<&'static str, usize> = HashMap::new();
        let mut fields = Vec::with_capacity(names.len());
        for (name, cells) in names.iter().zip(columns) {
            let mut counts: HashMap<String, usize> = HashMap::new();
            for cell in cells.into_iter().flatten() {
                if let Some(null) = NULLS.into_iter().find(|null| *null == cell) {
                    *nulls.entry(null).or_default() += 1;
                } else if !cell.trim().is_empty() {
                    *counts.entry(cell).or_default() += 1;
                }
            }
            let mut values: Vec<(String, usize)> = counts.into_iter().collect();
            values.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
            let filled = values.iter().map(|(_, count)| count).sum();
            let duplicated = duplicated.contains(name);
            fields.push(Field { name: name.clone(), duplicated, values, filled, records, ..Field::default() });
        }
        let mut nulls: Vec<(String, usize)> = nulls.into_iter().map(|(text, count)| (text.to_owned(), count)).collect();
        nulls.sort();
        Self { fields, records, whole: true, which: String::new(), nulls }
    }

    /// The column called `name`.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// How a column's rules take its values.
#[derive(Debug, Clone, Default)]
pub(super) struct Verdict {
    /// Records whose value is taken.
    pub good: usize,
    /// Faults and warnings: the number of the fault, how many records, the first value.
    pub faults: Vec<(u8, usize, String)>,
}

impl Verdict {
    /// Records with the fault `number`.
    pub(super) fn of(&self, number: u8) -> usize {
        self.faults.iter().find(|(fault, ..)| *fault == number).map_or(0, |(_, count, _)| *count)
    }
}

impl Field {
    /// What the rules `spec` make of the values.
    pub(super) fn judge(&self, spec: &CellSpec) -> Verdict {
        let mut verdict = Verdict::default();
        let Some(mut judge) = Judge::new(spec) else { return verdict };
        for (value, count) in &self.values {
            let found = judge.fault(value);
            if found == fault::NONE || fault::is_warning(found) {
                verdict.good += count;
            }
            if found != fault::NONE {
                match verdict.faults.iter_mut().find(|(number, ..)| *number == found) {
                    Some((_, all, _)) => *all += count,
                    None => verdict.faults.push((found, *count, value.clone())),
                }
            }
        }
        verdict.faults.sort_by_key(|(number, count, _)| (std::cmp::Reverse(*count), *number));
        verdict
    }

    /// The share of values that `spec` takes; 0 for a column without any.
    pub(super) fn share(&self, spec: &CellSpec) -> f64 {
        if self.filled == 0 { 0.0 } else { self.judge(spec).good as f64 / self.filled as f64 }
    }

    /// Values that some test holds for, by records.
    pub(super) fn count(&self, test: impl Fn(&str) -> bool) -> usize {
        self.values.iter().filter(|(value, _)| test(value)).map(|(_, count)| count).sum()
    }

    /// A few short values stand again and again.
    pub(super) fn is_choice(&self) -> bool {
        let short = self.values.iter().all(|(value, _)| value.chars().count() <= 40);
        self.values.len() <= 12 && self.filled > self.values.len() && short
    }

    /// Records whose value an earlier record has.
    pub(super) fn repeated(&self) -> usize {
        self.filled - self.values.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::CellType;

    pub(crate) fn field(values: &[&str]) -> Field {
        let cells = values.iter().map(|value| Some((*value).to_owned())).collect();
        Sample::new(&["x".to_owned()], &[], vec![cells]).fields.remove(0)
    }

    #[test]
    fn values_are_counted_and_spellings_of_nothing_are_none() {
        let sample = Sample::new(
            &["a".to_owned()],
            &[],
            vec![["x", "y", "x", "", " ", "NULL"].map(|value| Some(value.to_owned())).to_vec()],
        );
        let field = &sample.fields[0];
        assert_eq!(field.values, [("x".to_owned(), 2), ("y".to_owned(), 1)]);
        assert_eq!((field.filled, field.records, field.repeated()), (3, 6, 1));
        assert_eq!(sample.nulls, [("NULL".to_owned(), 1)]);
    }

    #[test]
    fn rules_are_asked_value_by_value() {
        let verdict = field(&["1", "2", "2", "two", "$3"]).judge(&CellSpec::new(CellType::Integer));
        assert_eq!((verdict.good, verdict.of(fault::NOT_A_NUMBER)), (4, 1));
        assert_eq!(verdict.faults, [(fault::NOT_A_NUMBER, 1, "two".to_owned())]);
    }
}
