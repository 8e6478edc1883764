//! Columns that no attribute of the format was found for: what they would be as attributes of one's own.

use crate::diagnostic::excerpt;
use crate::format::FormatSpec;
use crate::guess::dates::dates;
use crate::guess::numbers::{Style, is_code, style};
use crate::guess::profile::Field;
use crate::guess::words::{filled, thousands, wrap};
use crate::guess::yaml::{key, list, scalar};
use crate::mapping::CellType;
use crate::resolve::CellSpec;

/// The entry that would send `field` as an attribute of its own, and what it is by its values.
pub(super) fn entry(field: &Field, format: &FormatSpec) -> (String, Vec<String>) {
    let name = name(&field.name);
    let takes = |kind: CellType| format.custom.types.contains(&kind);
    let mut options = Vec::new();
    let mut note = String::new();
    let all = field.filled;
    let mostly = |count: usize| count > 0 && count * 100 >= all * 95;
    let codes = field.count(is_code);
    let date = dates(field, speaks_of_time(&field.name));
    if format.custom.types.as_slice() == [CellType::ForeignKey] {
        options.push("type: foreign_key".to_owned());
    } else if codes > 0 {
        note = format!("{} with zeros in front or over 15 digits: text", thousands(codes));
    } else if takes(CellType::Date) && mostly(date.read()) {
        options.push("type: date".to_owned());
        match &date.question {
            Some(question) => {
                let [one, other] = &question.layouts;
                note = format!("QUESTION, day or month first? Either {one} or {other}");
                options.push(format!("formats: {}", list(date.formats(Some(0)))));
            }
            None if date.layouts.iter().any(|(layout, _)| layout != "iso") => {
                options.push(format!("formats: {}", list(date.formats(None))));
            }
            None => {}
        }
    } else if let Some(kind) = number(field, &takes).filter(|(_, good)| mostly(*good)).map(|(kind, _)| kind) {
        options.push(format!("type: {kind}"));
        match style(field, CellType::Currency).0 {
            Style::Point => {}
            Style::Comma(..) => options.push("decimal: \",\"".to_owned()),
            Style::Question(_, value, _) => note = format!("QUESTION, `{}`: say `decimal`", excerpt(&value)),
        }
    } else if takes(CellType::Flag)
        && field.values.len() <= 2
        && mostly(field.judge(&CellSpec::new(CellType::Flag)).good)
    {
        options.push("type: flag".to_owned());
    } else if takes(CellType::Email) && mostly(field.judge(&CellSpec::new(CellType::Email)).good) {
        options.push("type: email".to_owned());
    } else if field.count(|value| value.contains('"')) > 0 {
        options.push("quotes: replace".to_owned());
    }
    // A name that is nearly an attribute's would be an error; that another is meant must be said.
    if format.column(&name).is_none() && format.nearest(&name).is_some() {
        options.push("custom: true".to_owned());
    }
    let options: String = options.iter().map(|option| format!(", {option}")).collect();
    let entry = match options.is_empty() {
        true => format!("{}: {}", key(&name), scalar(&field.name)),
        false => format!("{}: {{column: {}{options}}}", key(&name), scalar(&field.name)),
    };
    let mut words = vec![filled(field)];
    if field.values.len() <= 6 && field.is_choice() {
        let shown: Vec<String> =
            field.values.iter().map(|(value, count)| format!("{} ({})", excerpt(value), thousands(*count))).collect();
        words.push(shown.join(", "));
    } else if let Some((value, _)) = field.values.first() {
        words.push(format!("e.g. `{}`", excerpt(value)));
    }
    words.extend((!note.is_empty()).then_some(note));
    (entry, wrap(&words.join("; ")))
}

/// Whether numbers under this header may be moments.
fn speaks_of_time(header: &str) -> bool {
    const WORDS: [&str; 12] =
        ["at", "on", "date", "time", "day", "login", "seen", "created", "updated", "modified", "timestamp", "ts"];
    header.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word.to_lowercase().as_str()))
}

/// Integer, currency or number, whichever fits, and how many values it takes.
fn number(field: &Field, takes: &impl Fn(CellType) -> bool) -> Option<(CellType, usize)> {
    let sign = field.count(|value| value.contains(['$', '€', '£', '¥']));
    let kind = match () {
        () if sign > 0 && takes(CellType::Currency) => CellType::Currency,
        () if takes(CellType::Integer)
            && field.count(|value| value.contains('.')) == 0
            && field.judge(&CellSpec::new(CellType::Integer)).good == field.filled =>
        {
            CellType::Integer
        }
        () if takes(CellType::Number) => CellType::Number,
        () => return None,
    };
    Some((kind, style(field, CellType::Currency).1))
}

/// The attribute's name: the header as an API name.
pub(super) fn name(header: &str) -> String {
    let mut name = String::new();
    for character in header.chars().flat_map(char::to_lowercase) {
        match character {
            'ä' => name.push_str("ae"),
            'ö' => name.push_str("oe"),
            'ü' => name.push_str("ue"),
            'ß' => name.push_str("ss"),
            plain if plain.is_ascii_alphanumeric() => name.push(plain),
            _ if !name.ends_with('_') && !name.is_empty() => name.push('_'),
            _ => {}
        }
    }
    let name = name.trim_matches('_');
    if name.is_empty() { "attribute".to_owned() } else { name.chars().take(100).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guess::profile::Sample;

    fn of(header: &str, values: &[&str]) -> String {
        let cells = values.iter().map(|value| Some((*value).to_owned())).collect();
        let sample = Sample::new(&[header.to_owned()], &[], vec![cells]);
        entry(&sample.fields[0], crate::format::find("accounts").unwrap()).0
    }

    #[test]
    fn values_tell_the_type_of_an_own_attribute() {
        assert_eq!(of("Region", &["EMEA", "NA"]), "region: Region");
        assert_eq!(of("Zip", &["01234", "99999"]), "zip: Zip");
        assert_eq!(of("Card No", &["4000123412341234"]), "card_no: Card No");
        assert_eq!(of("Visits", &["12", "1,500"]), "visits: {column: Visits, type: integer}");
        assert_eq!(of("MRR", &["1033.00"]), "mrr: {column: MRR, type: number}");
        assert_eq!(
            of("last_login", &["1763000000000"]),
            "last_login: {column: last_login, type: date, formats: [epoch_ms]}"
        );
        assert_eq!(of("Spend", &["$12.50"]), "spend: {column: Spend, type: currency}");
        assert_eq!(of("Größe", &["1,5", "2,25"]), "groesse: {column: Größe, type: number, decimal: \",\"}");
        assert_eq!(of("Seen", &["31.12.2026"]), "seen: {column: Seen, type: date, formats: [\"%d.%m.%Y\"]}");
        assert_eq!(of("VIP", &["Y", "N", "Y"]), "vip: {column: VIP, type: flag}");
        assert_eq!(of("Billing", &["a@b.example.com"]), "billing: {column: Billing, type: email}");
        assert_eq!(of("Stattus", &["a"]), "stattus: {column: Stattus, custom: true}");
    }
}
