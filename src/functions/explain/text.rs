//! Messages about text, ids, addresses and lists.

use crate::diagnostic::{escape, excerpt, nearest};
use crate::functions::cell::Cell;
use crate::functions::kernel::id::IdRules;
use crate::functions::kernel::{email, list, salesforce, text};
use crate::mapping::Alphabet;
use crate::resolve::CellSpec;

/// Allowed values named in a message.
const NAMED: usize = 8;

pub fn bad_id(rules: &IdRules, spec: &CellSpec, shown: &str, value: &str) -> Option<String> {
    let (at, character) = rules.bad_at(value)?;
    let extra: String = spec.id_extra.chars().map(|extra| format!(", `{extra}`")).collect();
    let alphabet = match spec.alphabet {
        Some(Alphabet::Strict) => " (`alphabet: strict`)",
        Some(Alphabet::Lenient) => " (`alphabet: lenient`)",
        None => "",
    };
    Some(format!(
        "{shown} holds {} at character {}; an id takes letters, digits, `_`{extra}{alphabet}",
        name(character),
        at + 1
    ))
}

pub fn too_long(cell: &Cell, value: &str) -> Option<String> {
    let (length, most) = (cell.written_length(value)?, cell.spec().max_length?);
    Some(format!("{length} characters; at most {most} are taken"))
}

pub fn truncated(cell: &Cell, value: &str) -> Option<String> {
    let (length, most) = (cell.written_length(value)?, cell.spec().max_length?);
    Some(format!("cut from {length} to {most} characters"))
}

pub fn quote(value: &str) -> Option<String> {
    let at = value.find('"')?;
    Some(format!("`{}` holds `\"` at character {}", excerpt(value), value[..at].chars().count() + 1))
}

pub fn control(value: &str) -> Option<String> {
    let at = text::control_at(value.as_bytes())?;
    let character = value[at..].chars().next()?;
    Some(format!("`{}` holds {} at character {}", excerpt(value), name(character), value[..at].chars().count() + 1))
}

pub fn unknown(cell: &Cell, shown: &str, value: &str) -> String {
    let values = &cell.spec().values;
    let (shown, value) = match cell.unknown_element(value) {
        Some(element) => (format!("`{}`", excerpt(&element)), element),
        None => (shown.to_owned(), value.to_owned()),
    };
    if let Some(near) = nearest(&value, values.iter().map(String::as_str)) {
        return format!("{shown} is not allowed; `{}` is", excerpt(near));
    }
    let named: Vec<String> = values.iter().take(NAMED).map(|value| format!("`{}`", excerpt(value))).collect();
    let more = values.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{shown} is not allowed; these are: {}{more}", named.join(", "))
}

pub fn separator(cell: &Cell, value: &str) -> Option<String> {
    let (from, to) = cell.separators()?;
    let holds = |element: &&[u8]| element.windows(to.len().max(1)).any(|window| window == to.as_bytes());
    let element = list::split(value.as_bytes(), from.as_bytes())
        .map(|element| cell.translated(element))
        .find(|element| holds(&element.as_slice()))?;
    Some(format!(
        "the element `{}` holds `{}`, which separates elements",
        excerpt(&String::from_utf8_lossy(&element)),
        escape(&to)
    ))
}

pub fn bad_email(shown: &str, value: &str) -> String {
    let inner =
        value.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>')).or_else(|| value.strip_prefix("mailto:"));
    match inner.filter(|inner| email::is_address(inner.as_bytes())) {
        Some(inner) => format!("{shown} is not an e-mail address; `{}` is", excerpt(inner)),
        None => format!("{shown} is not an e-mail address"),
    }
}

pub fn short_id(shown: &str, value: &str) -> Option<String> {
    let long = salesforce::long_form(value.as_bytes())?;
    Some(format!("{shown} has 15 characters; Totango wants the 18 of `{}`", String::from_utf8_lossy(&long)))
}

/// The template left the name of its first empty part in braces.
pub fn template(input: &str) -> Option<String> {
    let (before, rest) = input.split_once('{')?;
    let (name, _) = rest.split_once('}')?;
    let part = if name.is_empty() { "a part".to_owned() } else { format!("the part `{}`", excerpt(name)) };
    Some(match before {
        "" => format!("{part} of the template is empty"),
        _ => format!("{part} of the template is empty, after `{}`", excerpt(before)),
    })
}

fn name(character: char) -> String {
    match character {
        ' ' => "a space".to_owned(),
        '\u{a0}' => "a no-break space".to_owned(),
        _ => format!("`{}`", escape(&character.to_string())),
    }
}
