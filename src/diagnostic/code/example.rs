//! An example of each code: the lines of a mapping that raise it, or in words the value or the run that does.

use super::{Code, register};

/// `== R204 yaml` begins the lines of a mapping, `== V404` words.
const EXAMPLES: &str = include_str!("../examples.txt");

/// What raises a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Example {
    /// Lines of a mapping. What is not in them is an accounts mapping without mistakes; `# mappings/users.yaml` on a line of
    /// its own begins a further file.
    Yaml(&'static str),
    /// A value, a file or a run, in words.
    Words(&'static str),
}

impl Code {
    /// What raises it; every code has one.
    pub fn example(&self) -> Option<Example> {
        let mut sections = EXAMPLES.split("== ").filter_map(|section| section.split_once('\n'));
        sections.find_map(|(head, text)| match head.split_once(' ') {
            Some((id, "yaml")) if id == self.id => Some(Example::Yaml(text)),
            None if head == self.id => Some(Example::Words(text.trim_end())),
            _ => None,
        })
    }
}

/// Codes whose ids look like `id`, nearest first: those of its letter with nearly its number.
pub fn near(id: &str) -> Vec<&'static Code> {
    let wanted = id.to_ascii_uppercase();
    let mut near: Vec<(usize, &'static Code)> = register()
        .iter()
        .map(|code| (strsim::damerau_levenshtein(&wanted, code.id), *code))
        .filter(|(distance, _)| *distance <= 1)
        .collect();
    near.sort_by_key(|(distance, code)| (*distance, !code.id.starts_with(&wanted[..wanted.len().min(1)]), code.id));
    near.into_iter().map(|(_, code)| code).take(5).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Stage, find_code};

    #[test]
    fn every_code_has_an_example_and_every_example_a_code() {
        for code in register() {
            assert!(code.example().is_some(), "{} has no example", code.id);
            assert!(!code.cause.is_empty() && !code.cure.is_empty(), "{}", code.id);
        }
        let heads: Vec<&str> = EXAMPLES.lines().filter_map(|line| line.strip_prefix("== ")).collect();
        assert_eq!(heads.len(), register().len());
        for head in heads {
            let id = head.split(' ').next().unwrap();
            assert!(find_code(id).is_some(), "{head}");
        }
    }

    #[test]
    fn most_mistakes_of_a_mapping_are_shown_as_yaml() {
        let of_mapping = || register().iter().filter(|code| code.stage == Stage::Mapping && !code.id.starts_with('T'));
        let in_words: Vec<&str> =
            of_mapping().filter(|code| matches!(code.example(), Some(Example::Words(_)))).map(|code| code.id).collect();
        // Too large to be shown, or seen in what a file holds.
        assert_eq!(in_words, ["Y110", "Y112", "R216", "L721", "S806", "S811", "N851", "N856", "N857", "N861"]);
    }

    #[test]
    fn a_mistyped_code_finds_its_neighbours() {
        let ids = |id: &str| near(id).iter().map(|code| code.id).collect::<Vec<_>>();
        assert!(ids("R294").contains(&"R204"));
        assert_eq!(ids("r2O4"), ["R204", "R214"]);
        assert!(ids("nonsense").is_empty());
    }
}
