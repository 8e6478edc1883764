//! The pages of formats, `docs/formats.md` and one per format beside it; what they say of columns and files is said on the screen too.

use std::fmt::Write;

use crate::format::{ColumnSpec, Empty, FormatSpec, Need, articles, catalog};
use crate::mapping::CellType;

const OPENING: &str = "\
# Totango's file formats

This page and those of the formats are made from the catalogue, `src/format/catalog/*.yaml`; edit that, then run the tests with
`UPDATE_DOCS=1`.

A mapping names columns by their **API name**, exactly. `output: {headers: display}` writes the display names instead.
**Need**: *mandatory* columns must be mapped and an empty cell rejects the record; *expected* ones give a warning when they
are not mapped. Columns that are in no table are attributes of the service: custom columns, of type `text` unless the mapping says so.
**Empty cell** says what Totango does with one: *setting decides* is the attribute's own default-value setting, which may
delete the value (OLDPREP); *not published* is best taken as deletion. Capital words in brackets are articles, listed at the end
of the page.

Every format: UTF-8 without byte order mark, comma, CRLF, header first (OLDPREP, PREP); dates as ISO 8601 and numbers plain
with a dot (OLDPREP, TYPES); no double quote inside text unless `quotes` says otherwise (OLDPREP); file names of letters, digits,
`.`, `_`, `-` (PREP).
";

/// Every page, by its path in `docs/`: the overview first.
pub fn pages() -> Vec<(String, String)> {
    let formats = catalog().map(|format| (format!("formats/{}.md", format.name), section(format)));
    std::iter::once(("formats.md".to_owned(), index())).chain(formats).collect()
}

/// What all formats have in common, the list of them, the articles.
fn index() -> String {
    let mut page = format!("{OPENING}\n| format | a row is | load after |\n| --- | --- | --- |\n");
    for format in catalog() {
        let after = format.after.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(page, "| [`{0}`](formats/{0}.md) | {1} | {after} |", format.name, escape(&format.about));
    }
    page.push_str(
        "\n## Articles\n\nOn Totango's support pages; some could be read in part or in an older copy only.\n\n",
    );
    page.push_str("| code | article |\n| --- | --- |\n");
    for (code, title) in articles() {
        let _ = writeln!(page, "| {code} | {} |", escape(&title));
    }
    page
}

/// One format: its columns, rules, limits, what is unsettled, an example.
fn section(format: &FormatSpec) -> String {
    let mut text = format!("# {}\n\n**{}.** {}", format.name, format.title, format.about);
    let _ = writeln!(text, " ({})\n", format.sources.join(", "));
    text.push_str("What the columns of the table mean, and the articles in brackets: [formats](../formats.md).\n\n");
    text.push_str("| column | display name | type | need | rule | empty cell |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for row in described(format) {
        let name = if row.name.contains(' ') && row.is_rule { row.name } else { format!("`{}`", row.name) };
        let display = if row.display.is_empty() { String::new() } else { format!("`{}`", row.display) };
        let need = if row.need == "mandatory" { "**mandatory**".to_owned() } else { row.need };
        let _ =
            writeln!(text, "| {name} | {display} | {} | {need} | {} | {} |", row.kind, escape(&row.rule), row.empty);
    }
    text.push('\n');
    for rule in rules(format) {
        let _ = writeln!(text, "- {rule}");
    }
    if !format.unsettled.is_empty() {
        text.push_str("\nNot settled by any public page:\n\n");
        for note in &format.unsettled {
            let _ = writeln!(text, "- {note}");
        }
    }
    let _ = write!(text, "\n```yaml\n{}```\n", format.example_mapping());
    let _ = write!(text, "\n```csv\n{}```\n", format.example());
    text
}

/// What there is to say of one column.
#[derive(Debug, Clone)]
pub struct Described {
    /// Its API name.
    pub name: String,
    /// `name` is no column's name, but says which names are meant.
    pub is_rule: bool,
    /// Its display name, where that is another.
    pub display: String,
    /// Its type.
    pub kind: CellType,
    /// `mandatory`, `expected`, `optional`.
    pub need: String,
    /// What a value must be.
    pub rule: String,
    /// What an empty cell does.
    pub empty: String,
}

/// Every column of `format`, and every family of columns.
pub fn described(format: &FormatSpec) -> Vec<Described> {
    let own_key = format.own_key.iter().map(|key| Described {
        name: "the column named in `collection: {key}`".to_owned(),
        is_rule: true,
        ..row(key)
    });
    let mut rows: Vec<Described> = own_key.chain(format.columns.iter().map(row)).collect();
    let family = |name: &str, kind, rule: String, empty: &str| Described {
        name: name.to_owned(),
        is_rule: true,
        display: String::new(),
        kind,
        need: "optional".to_owned(),
        rule,
        empty: empty.to_owned(),
    };
    if format.tags {
        let rule = "`yes` adds the tag, `no` removes it; an unknown tag is created. (TAGS)";
        rows.push(family("tag##<name>", CellType::Tag, rule.to_owned(), "nothing changes"));
    }
    if let Some(pivot) = &format.pivot {
        let rule = format!(
            "Module of at most {} characters, action of at most {}; a name may be new. (AGG, LIMITS)",
            pivot.module_length, pivot.action_length
        );
        rows.push(family("<Module>##<Action>", pivot.kind, rule, empty(pivot.empty)));
    }
    rows
}

fn row(column: &ColumnSpec) -> Described {
    let need = match (column.need, &column.expected_with) {
        (Need::Mandatory, _) => "mandatory".to_owned(),
        (Need::Expected, None) => "expected".to_owned(),
        (Need::Expected, Some(other)) => format!("expected with `{other}`"),
        (Need::Optional, _) => "optional".to_owned(),
    };
    let empty = match (&column.default, column.empty) {
        (Some(value), _) => format!("`{value}` is written"),
        (None, Empty::Never) => "rejected".to_owned(),
        (None, other) => empty(other).to_owned(),
    };
    Described {
        name: column.name.clone(),
        is_rule: false,
        display: if column.display == column.name { String::new() } else { column.display.clone() },
        kind: column.kind,
        need,
        rule: sentences(column).join(" "),
        empty,
    }
}

/// What a column's value must be, sentence by sentence, the articles last.
fn sentences(column: &ColumnSpec) -> Vec<String> {
    let mut rules = vec![column.about.clone()];
    if !column.id_extra.is_empty() {
        let extra: Vec<String> = column.id_extra.chars().map(|character| format!("`{character}`")).collect();
        rules.push(format!("Letters, digits, `_`, {}.", extra.join(", ")));
    }
    if !column.strict_loses.is_empty() {
        rules.push(format!("`alphabet: strict` forbids `{}`.", column.strict_loses));
    }
    if !column.lenient_extra.is_empty() {
        rules.push(format!("`alphabet: lenient` allows `{}`.", column.lenient_extra));
    }
    if let Some(limit) = column.max_length {
        rules.push(format!("At most {limit} characters."));
    }
    if !column.values.is_empty() {
        rules.push(format!("Values: {}.", list(&column.values)));
    }
    let renamed: Vec<String> = column
        .map
        .iter()
        .filter(|(from, to)| from != to)
        .map(|(from, to)| format!("`{from}` becomes `{to}`"))
        .collect();
    if !renamed.is_empty() {
        rules.push(format!("{}, in any case.", renamed.join(", ")));
    }
    if let Some((yes, no)) = &column.flag {
        rules.push(format!("Written as `{yes}` or `{no}`."));
    }
    if let Some(separator) = &column.separator {
        rules.push(format!("Joined by `{separator}`."));
    }
    if let Some(min) = column.min {
        rules.push(format!("At least {min}."));
    }
    if column.always {
        rules.push("Written even if the mapping does not name it.".to_owned());
    }
    if column.lower_case {
        rules.push("Written in lower case.".to_owned());
    }
    if let Some(code) = &column.warning {
        rules.push(format!("Writing it is a warning ({code})."));
    }
    if !column.sources.is_empty() {
        rules.push(format!("({})", column.sources.join(", ")));
    }
    rules
}

/// What holds for the file as a whole.
pub(super) fn rules(format: &FormatSpec) -> Vec<String> {
    let mut rules = Vec::new();
    let case = if format.key_ignores_case { ", case ignored" } else { "" };
    let mut key = format.key.clone();
    if format.own_key.is_some() {
        key.push("the collection's key".to_owned());
    }
    rules.push(match (format.key_per_foreign_key, key.is_empty()) {
        (true, _) => {
            format!("Key: each `foreign_key` column with its value{case}; one value for two accounts rejects both, a row without any is rejected.")
        }
        (false, true) => "Key: none; equal rows are kept.".to_owned(),
        (false, false) => format!("Key: {}{case}. `duplicates` is `{}` unless said.", list(&key), format.duplicates),
    });
    for group in &format.one_of {
        rules.push(format!("Each row has a value in at least one of {}.", list(group)));
    }
    for rule in &format.required_when {
        rules.push(format!("`{}` has a value in each row in which `{}` has one.", rule.column, rule.when));
    }
    for rule in &format.implies {
        rules.push(format!(
            "Where `{}` is true, `{}` should be true as well (a warning, W914).",
            rule.column, rule.needs
        ));
    }
    if format.hierarchy {
        rules.push("`parent_id` is checked: it exists, is not the row itself, closes no loop. (HIER)".to_owned());
    }
    if let Some(kind) = format.needs_type {
        rules.push(format!("At least one column of type `{kind}`."));
    }
    if format.needs_data {
        rules.push("At least one column beside the key.".to_owned());
    }
    rules.push(if format.custom.allowed {
        let kinds: Vec<String> = format.custom.types.iter().map(ToString::to_string).collect();
        let length =
            format.custom.max_length.map_or(String::new(), |limit| format!(" Text of at most {limit} characters."));
        format!("Custom columns: {}.{length} Empty cell: {}.", list(&kinds), empty(format.custom.empty))
    } else {
        "No custom columns.".to_owned()
    });
    rules.push(format!(
        "At most {} columns; a one-time upload takes {} MB, a recurring import any size.",
        format.max_columns,
        format.max_bytes / 1_000_000
    ));
    rules
}

fn empty(empty: Empty) -> &'static str {
    match empty {
        Empty::Setting => "setting decides",
        Empty::Deletes => "deletes the value, always",
        Empty::Leaves => "nothing changes",
        Empty::Unknown => "not published",
        Empty::Never => "never written",
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn escape(text: &str) -> String {
    text.replace('|', "\\|")
}
