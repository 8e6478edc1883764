//! What the second look can name and neither settling nor the functions know: parts, tags, targets, places.

use crate::diagnostic::{escape, excerpt, nearest};
use crate::functions::fault;
use crate::resolve::{Input, Piece, Target};
use crate::settle::Absence;

/// What `explain` wants to see of a cell that a function before the normaliser found faulty: a template up to its first
/// empty part, whose name stays in its braces; the first tag that is not known. None for all other faults.
pub(super) fn judged_before<'r>(found: u8, input: &Input, field: impl Fn(&str) -> Option<&'r str>) -> Option<String> {
    match (found, input) {
        (fault::TEMPLATE_EMPTY, Input::Template(pieces)) => {
            let mut text = String::new();
            for piece in pieces {
                match piece {
                    Piece::Text(words) => text += words,
                    Piece::Field(name) => match field(name).map(str::trim).filter(|value| !value.is_empty()) {
                        Some(value) => text += value,
                        None => return Some(format!("{text}{{{name}}}")),
                    },
                }
            }
            None
        }
        (fault::TAG_UNKNOWN, Input::Tag { field: name, separator, known: Some(known), .. }) => {
            let mut tags = field(name)?.split(separator.as_str()).map(str::trim).filter(|tag| !tag.is_empty());
            tags.find(|tag| !known.iter().any(|known| known.eq_ignore_ascii_case(tag))).map(str::to_owned)
        }
        _ => None,
    }
}

/// `; `vip` is` behind the message about the unknown tag `tag`.
pub(super) fn near_tag(tag: &str, input: &Input) -> String {
    let Input::Tag { known: Some(known), .. } = input else { return String::new() };
    nearest(tag, known.iter().map(String::as_str)).map_or_else(String::new, |near| format!("; `{}` is", excerpt(near)))
}

/// Why `value` is in none of `targets`; `own` is the mapping that refers to them.
pub(super) fn absent(value: &str, absence: Absence, targets: &[Target], own: &str) -> String {
    let value = escape(value);
    let mappings: Vec<&str> = targets
        .iter()
        .filter_map(|target| match target {
            Target::Mapping(name) if name != own => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let one = match mappings.as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    match (absence, one) {
        (Absence::Rejected, Some(mapping)) => format!("`{value}` was rejected by `{mapping}`"),
        (Absence::Rejected, None) => format!("`{value}` was rejected"),
        (Absence::Filtered, Some(mapping)) => format!("`{value}` was dropped by `where` of `{mapping}`"),
        (Absence::Filtered, None) => format!("`{value}` was dropped by `where`"),
        (Absence::NeverSeen, _) => {
            let names: Vec<String> = targets.iter().map(name).collect();
            match names.as_slice() {
                [one] => format!("`{value}` is not in {one}"),
                _ => format!("`{value}` is in none of {}", names.join(", ")),
            }
        }
    }
}

fn name(target: &Target) -> String {
    match target {
        Target::Field { source, field } => format!("`{}.{}`", escape(source), escape(field)),
        Target::Mapping(name) => format!("`{}`", escape(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_shown_up_to_its_empty_part() {
        let input = Input::Template(vec![
            Piece::Field("Account".into()),
            Piece::Text("_".into()),
            Piece::Field("Product".into()),
        ]);
        let show = |account, product| {
            let field = |name: &str| if name == "Account" { account } else { product };
            judged_before(fault::TEMPLATE_EMPTY, &input, field)
        };
        assert_eq!(show(Some("A1"), Some("  ")).as_deref(), Some("A1_{Product}"));
        assert_eq!(show(None, Some("crm")).as_deref(), Some("{Account}"));
        assert_eq!(show(Some("A1"), Some("crm")), None);
    }

    #[test]
    fn the_first_unknown_tag_is_named_with_its_near_miss() {
        let input = Input::Tag {
            field: "Labels".into(),
            separator: "|".into(),
            tag: "vip".into(),
            known: Some(vec!["vip".into(), "beta".into()]),
        };
        let tag = judged_before(fault::TAG_UNKNOWN, &input, |_| Some("VIP| betta|other"));
        assert_eq!(tag.as_deref(), Some("betta"));
        assert_eq!(near_tag("betta", &input), "; `beta` is");
        assert_eq!(near_tag("unheard of", &input), "");
    }

    #[test]
    fn where_a_value_was_looked_for_is_named() {
        let mapping = |name: &str| Target::Mapping(name.into());
        let known = Target::Field { source: "known".into(), field: "Account Id".into() };
        let say = |absence, targets: &[Target]| absent("A9", absence, targets, "users");
        assert_eq!(say(Absence::NeverSeen, &[mapping("accounts")]), "`A9` is not in `accounts`");
        let both = [mapping("accounts"), known];
        assert_eq!(say(Absence::NeverSeen, &both), "`A9` is in none of `accounts`, `known.Account Id`");
        assert_eq!(say(Absence::Rejected, &both), "`A9` was rejected by `accounts`");
        assert_eq!(say(Absence::Filtered, &both), "`A9` was dropped by `where` of `accounts`");
        assert_eq!(say(Absence::Rejected, &[mapping("a"), mapping("b")]), "`A9` was rejected");
    }
}
