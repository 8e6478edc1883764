//! Which source column is meant by which attribute: by its name, by what other systems call it, by its values.

use crate::diagnostic::letters_apart;
use crate::format::{ColumnSpec, FormatSpec, Need};
use crate::guess::dates::dates;
use crate::guess::numbers::style;
use crate::guess::profile::{Field, Sample};
use crate::guess::rules::Rules;
use crate::mapping::CellType;
use crate::resolve::CellSpec;

/// Least score of a match.
const LEAST: f64 = 40.0;

/// Why a column was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// It has the attribute's very name.
    Exact,
    /// It has the name but for case and spacing, or one that Totango's pages use.
    Name,
    /// Other systems call the attribute so.
    Synonym,
    /// Its name is a letter away.
    Near,
    /// Its values look like it.
    Values,
}

/// An attribute and the column for it.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub spec: &'static ColumnSpec,
    /// Place in the sample.
    pub field: usize,
    pub why: Why,
    score: f64,
}

/// The matches of `format`, in the order of its attributes.
pub(super) fn matches(format: &'static FormatSpec, sample: &Sample, rules: &Rules) -> Vec<Match> {
    let mut candidates = Vec::new();
    for (order, spec) in format.columns.iter().enumerate() {
        for (place, field) in sample.fields.iter().enumerate().filter(|(_, field)| !field.duplicated) {
            if let Some((score, why)) = score(format, spec, field, rules) {
                candidates.push((order, Match { spec, field: place, why, score }));
            }
        }
    }
    candidates.sort_by(|(a, one), (b, other)| {
        other.score.total_cmp(&one.score).then(a.cmp(b)).then(one.field.cmp(&other.field))
    });
    let mut taken: Vec<(usize, Match)> = Vec::new();
    for (order, candidate) in &candidates {
        let free = |(other, taken): &(usize, Match)| other != order && taken.field != candidate.field;
        if taken.iter().all(free) {
            taken.push((*order, candidate.clone()));
        }
    }
    // What the format cannot do without may share a column: an address is a login and an e-mail.
    for (order, candidate) in &candidates {
        let wanted = candidate.spec.need == Need::Mandatory;
        if wanted && taken.iter().all(|(other, _)| other != order) {
            taken.push((*order, candidate.clone()));
        }
    }
    taken.sort_by_key(|(order, _)| *order);
    taken.into_iter().map(|(_, taken)| taken).collect()
}

fn score(format: &FormatSpec, spec: &ColumnSpec, field: &Field, rules: &Rules) -> Option<(f64, Why)> {
    let cell = rules.cell(&spec.name)?;
    let fit = fit(field, cell);
    let (mut score, why) = match by_name(spec, &field.name) {
        Some(named) => named,
        // An address tells itself; the values of other types are too many things.
        None if spec.need == Need::Mandatory && fit >= 0.9 && is_address(spec, field) => (45.0, Why::Values),
        None => return None,
    };
    if why != Why::Exact {
        if field.filled > 0 && fit < 0.5 {
            score -= 60.0;
        }
        let key = format.key.len() == 1 && format.key[0] == spec.name && !format.key_ignores_case;
        if key && field.repeated() * 2 > field.filled {
            score -= 30.0;
        }
    }
    (score >= LEAST).then_some((score, why))
}

fn is_address(spec: &ColumnSpec, field: &Field) -> bool {
    let takes = spec.kind == CellType::Email || spec.id_extra.contains('@');
    takes && field.share(&CellSpec::new(CellType::Email)) >= 0.9
}

fn by_name(spec: &ColumnSpec, name: &str) -> Option<(f64, Why)> {
    if name == spec.name {
        return Some((100.0, Why::Exact));
    }
    let forms = forms(name);
    let own = [&spec.name, &spec.display].into_iter().chain(&spec.aliases).map(|own| plain(own));
    let own: Vec<String> = own.collect();
    for (depth, form) in forms.iter().enumerate() {
        let less = depth as f64;
        if let Some(place) = spec.also.iter().position(|other| plain(other) == *form) {
            return Some((96.0 - less - place as f64 / 2.0, Why::Synonym));
        }
        if own.contains(form) {
            return Some((94.0 - less, Why::Name));
        }
    }
    let letters = forms.first().map_or(0, |form| form.chars().count());
    let near = letters >= 6 && own.iter().any(|own| letters_apart(&forms[0], own, 1).is_some());
    near.then_some((60.0, Why::Near))
}

/// The spellings of a header that are compared: all of it, then what stands behind its last `:` or `.`, then what stands before a
/// unit in brackets.
fn forms(name: &str) -> Vec<String> {
    let name = ["__c", "__pc", "__r"].into_iter().fold(name, |name, ending| name.strip_suffix(ending).unwrap_or(name));
    let last = name.rsplit([':', '.']).next().unwrap_or(name);
    let mut forms = vec![plain(name)];
    if last.len() < name.len() && !plain(last).is_empty() {
        forms.push(plain(last));
    }
    // `ARR (EUR)`
    if let Some((bare, _)) =
        name.split_once('(').filter(|(bare, unit)| !plain(bare).is_empty() && unit.trim_end().ends_with(')'))
    {
        forms.push(plain(bare));
    }
    forms
}

/// Letters and digits alone, in lower case.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The share of a column's values that an attribute's rules take, however they have to be set.
fn fit(field: &Field, cell: &CellSpec) -> f64 {
    let filled = field.filled.max(1) as f64;
    match cell.kind {
        CellType::Date => dates(field, true).read() as f64 / filled,
        CellType::Number | CellType::Integer | CellType::Currency => style(field, CellType::Currency).1 as f64 / filled,
        CellType::Email | CellType::Id => field.share(cell),
        // Two words or signs can be translated, whatever they are.
        CellType::Flag if field.values.len() <= 2 => 1.0,
        CellType::Flag => field.share(cell),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::find;

    fn matched(format: &str, columns: &[(&str, &[&str])]) -> Vec<(String, String, Why)> {
        let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let cells = |values: &[&str]| values.iter().map(|value| Some((*value).to_owned())).collect();
        let sample = Sample::new(&names, &[], columns.iter().map(|(_, values)| cells(values)).collect());
        let format = find(format).unwrap();
        let found = matches(format, &sample, &Rules::of(format));
        found.into_iter().map(|one| (one.spec.name.clone(), names[one.field].clone(), one.why)).collect()
    }

    fn pairs(format: &str, columns: &[(&str, &[&str])]) -> Vec<String> {
        matched(format, columns).into_iter().map(|(name, field, _)| format!("{name} <- {field}")).collect()
    }

    #[test]
    fn names_are_matched_whatever_their_spelling() {
        let columns: [(&str, &[&str]); 5] = [
            ("Account: ID", &["A1"]),
            ("NAME", &["Acme"]),
            ("parent_id", &["A0"]),
            ("ARR__c", &["5"]),
            ("Statuss", &["x"]),
        ];
        let found = matched("accounts", &columns);
        let why: Vec<Why> = found.iter().map(|(.., why)| *why).collect();
        assert_eq!(why, [Why::Synonym, Why::Synonym, Why::Exact, Why::Near, Why::Synonym]);
        assert_eq!(found[4].0, "Contract Value");
    }

    #[test]
    fn an_opportunity_hangs_under_the_account_it_names() {
        let columns: [(&str, &[&str]); 3] =
            [("Account ID", &["A1", "A1"]), ("Opportunity ID", &["O1", "O2"]), ("Stage", &["Won", "Lost"])];
        assert_eq!(
            pairs("opportunities", &columns),
            ["account_id <- Opportunity ID", "parent_id <- Account ID", "Status <- Stage"]
        );
    }

    #[test]
    fn an_address_is_login_and_e_mail_at_once_and_known_by_its_values() {
        let columns: [(&str, &[&str]); 2] = [("Email", &["a@b.example.com"]), ("Account ID", &["A1"])];
        assert_eq!(pairs("users", &columns), ["user_id <- Email", "account_id <- Account ID", "Email <- Email"]);
        let columns: [(&str, &[&str]); 2] =
            [("Who", &["a@b.example.com", "c@d.example.com"]), ("Account ID", &["A1", "A1"])];
        assert_eq!(pairs("users", &columns), ["user_id <- Who", "account_id <- Account ID"]);
    }

    #[test]
    fn values_that_do_not_fit_keep_a_column_from_being_taken() {
        let columns: [(&str, &[&str]); 2] = [("Owner", &["Ada Abel", "Bruno Holm"]), ("Account", &["A1", "A2"])];
        assert_eq!(pairs("account_assignment", &columns), ["account_id <- Account", "User Name <- Owner"]);
    }
}
