//! The page of codes, `docs/codes.md`: the register, grouped as its ranges are. And one entry of it for a terminal.

use std::fmt::Write;

use super::code::{Code, Example, Stage, register};

const OPENING: &str = "\
# Codes

What stands in brackets after `error` and `warning`, in the `code` column of a rejects file and in `run.json`. A code keeps its
meaning and is never used again. `tanguero explain R204` prints an entry. This page is made from the register,
`src/diagnostic/code/`; edit that, then run the tests with `UPDATE_DOCS=1`.

**Found**: *mapping*, before any row is read: nothing runs (exit 3), and `check` tells it. *row*: one record; the others go on.
*run*: the run as a whole is refused, fails or is warned (exit 1, 4, 6 or 7). Capital words are articles, listed in
[formats.md](formats.md#articles).
";

/// What each letter stands for; the mistakes of the first three are shown as mappings that make them.
const GROUPS: [(char, &str); 12] = [
    ('Y', "The mapping's text"),
    ('R', "Names, and rules of the format"),
    ('Q', "SQL"),
    ('V', "Values"),
    ('D', "Records that cannot be read"),
    ('K', "Keys, duplicates, hierarchy, references"),
    ('L', "Limits and publishing"),
    ('S', "Sources and the world"),
    ('W', "Warnings: the record is written"),
    ('T', "Tests of a mapping"),
    ('F', "The form of a Totango file, judged by `lint`"),
    ('N', "Services that are called, and schedules"),
];

/// The whole page, in Markdown.
pub fn page() -> String {
    let mut page = OPENING.to_owned();
    for (letter, title) in GROUPS {
        let _ = write!(page, "\n## {title}\n");
        let of_mapping = matches!(letter, 'Y' | 'R' | 'Q');
        if !of_mapping {
            page.push_str("\n| code | what | found | why | example | cure |\n| --- | --- | --- | --- | --- | --- |\n");
        }
        for code in register().iter().filter(|code| code.id.starts_with(letter)) {
            if of_mapping { section(&mut page, code) } else { row(&mut page, code) }
        }
    }
    page
}

/// One entry as text for a terminal.
pub fn entry(code: &Code) -> String {
    let found = match code.stage {
        Stage::Mapping => "in a mapping, before any row is read: nothing runs (exit 3)",
        Stage::Row => "in one record; the others go on",
        Stage::Run => "in a run as a whole",
    };
    let example = match code.example() {
        Some(Example::Yaml(text) | Example::Words(text)) => text,
        None => "",
    };
    let mut entry = format!("{}: {}\n\n", code.id, code.title);
    for (name, text) in [("found", found), ("why", code.cause), ("example", example), ("cure", code.cure)] {
        let mut name = name;
        for line in text.lines() {
            let _ = writeln!(entry, "{name:<8} {line}");
            name = "";
        }
    }
    entry
}

fn section(page: &mut String, code: &Code) {
    let _ = write!(page, "\n### {}: {}\n\n*{}.* {}\n", code.id, code.title, word(code.stage), code.cause);
    match code.example() {
        Some(Example::Yaml(text)) => {
            let _ = write!(page, "\n```yaml mistake\n{text}```\n\n");
        }
        Some(Example::Words(text)) => {
            let _ = write!(page, "\nE.g. {text}\n\n");
        }
        None => page.push('\n'),
    }
    let _ = writeln!(page, "{}", code.cure);
}

fn row(page: &mut String, code: &Code) {
    let example = match code.example() {
        Some(Example::Yaml(text) | Example::Words(text)) => text,
        None => "",
    };
    let texts = [code.title, code.cause, example, code.cure].map(|text| text.trim_end().replace('|', "\\|"));
    let [title, cause, example, cure] = texts;
    let _ = writeln!(page, "| {} | {title} | {} | {cause} | {example} | {cure} |", code.id, word(code.stage));
}

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Mapping => "mapping",
        Stage::Row => "row",
        Stage::Run => "run",
    }
}
