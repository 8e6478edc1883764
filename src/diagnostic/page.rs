//! The page of codes, `docs/codes.md`: the register, grouped as its ranges are.

use std::fmt::Write;

use super::code::{Code, Stage, register};

const OPENING: &str = "\
# Codes

What stands in brackets after `error` and `warning`, in the `code` column of a rejects file and in `run.json`. A code keeps its
meaning and is never used again. This page is made from the register, `src/diagnostic/code/`; edit that, then run the tests
with `UPDATE_DOCS=1`.

**Found**: *mapping*, before any row is read: nothing runs (exit 3). *row*: one record; the others go on. *run*: the run as a
whole is refused, fails or is warned (exit 1, 4 or 6). Capital words are articles, listed in [formats.md](formats.md#articles).
";

/// What each letter stands for.
const GROUPS: [(char, &str); 11] = [
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
];

/// The whole page, in Markdown.
pub fn page() -> String {
    let mut page = OPENING.to_owned();
    for (letter, title) in GROUPS {
        let _ = write!(page, "\n## {title}\n\n| code | what | found | why | cure |\n| --- | --- | --- | --- | --- |\n");
        for code in register().iter().filter(|code| code.id.starts_with(letter)) {
            row(&mut page, code);
        }
    }
    page
}

fn row(page: &mut String, code: &Code) {
    let found = match code.stage {
        Stage::Mapping => "mapping",
        Stage::Row => "row",
        Stage::Run => "run",
    };
    let [title, cause, cure] = [code.title, code.cause, code.cure].map(|text| text.replace('|', "\\|"));
    let _ = writeln!(page, "| {} | {title} | {found} | {cause} | {cure} |", code.id);
}
