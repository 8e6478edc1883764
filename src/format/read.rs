//! From a catalogue file to a [`FormatSpec`]: one word of the file, one field of the type.

use crate::format::block::{Block, Fault, File};
use crate::format::{ColumnSpec, CustomSpec, Empty, FormatSpec, Implied, Need, PivotSpec, RequiredWhen};
use crate::mapping::CellType;
use crate::yaml;

const EMPTY: &[(&str, Empty)] =
    &[("setting", Empty::Setting), ("deletes", Empty::Deletes), ("leaves", Empty::Leaves), ("unknown", Empty::Unknown)];
const NEED: &[(&str, Need)] =
    &[("mandatory", Need::Mandatory), ("expected", Need::Expected), ("optional", Need::Optional)];

/// The format that the file `name` with this `text` describes; `earlier` finds the format that `like` names.
pub(super) fn format<'f>(
    name: &str,
    text: &str,
    earlier: &dyn Fn(&str) -> Option<&'f FormatSpec>,
) -> Result<FormatSpec, Fault> {
    let file = File { name, text };
    let root = yaml::parse(text).map_err(|error| file.fault(error.span, &error.message))?;
    let mut block = Block::new(file, &root)?;
    let like = match block.text("like")? {
        None => None,
        Some(like) => {
            let found = earlier(&like);
            Some(found.ok_or_else(|| block.fault(format!("`{like}` is no format listed before this one")))?)
        }
    };
    let key = block.list("key")?;
    let format = FormatSpec {
        name: block.needed("format")?,
        title: block.needed("title")?,
        about: block.needed("about")?,
        also: block.list("also")?,
        sources: block.list("sources")?,
        after: block.list("after")?,
        columns: columns(&mut block, &key, like)?,
        custom: custom(&mut block)?,
        key,
        own_key: block.block("own_key")?.map(own_key).transpose()?,
        key_ignores_case: block.choice("key_case", &[("exact", false), ("ignored", true)])?.unwrap_or(false),
        duplicates: block.needed("duplicates")?,
        key_per_foreign_key: block.truth("key_per_foreign_key")?,
        hierarchy: block.truth("hierarchy")?,
        one_of: one_of(&mut block)?,
        required_when: required_when(&mut block)?,
        needs_type: block.kind("needs_type")?,
        needs_data: block.truth("needs_data")?,
        implies: implies(&mut block)?,
        pivot: pivot(&mut block)?,
        tags: block.truth("tags")?,
        max_bytes: block.number("max_bytes")?.ok_or_else(|| block.fault("`max_bytes` is missing"))?,
        max_columns: block.number("max_columns")?.ok_or_else(|| block.fault("`max_columns` is missing"))?,
        examples: block.pairs("example")?,
        unsettled: block.list("unsettled")?,
    };
    agree(&format, &block)?;
    block.end()?;
    Ok(format)
}

/// Codes and titles of the articles, in file order.
pub(super) fn articles(name: &str, text: &str) -> Result<Vec<(String, String)>, Fault> {
    let file = File { name, text };
    let root = yaml::parse(text).map_err(|error| file.fault(error.span, &error.message))?;
    Block::new(file, &root)?.all_pairs()
}

/// The format's own columns, then those of the format it is like.
fn columns(block: &mut Block<'_>, key: &[String], like: Option<&FormatSpec>) -> Result<Vec<ColumnSpec>, Fault> {
    let mut columns = Vec::new();
    if let Some(list) = block.block("columns")? {
        for (name, entry) in list.blocks()? {
            let in_key = key.contains(&name);
            columns.push(column(name, in_key, entry)?);
        }
    }
    for column in like.map_or(&[][..], |format| &format.columns) {
        if !columns.iter().any(|own: &ColumnSpec| own.name == column.name) {
            columns.push(ColumnSpec { example: String::new(), ..column.clone() });
        }
    }
    Ok(columns)
}

fn column(name: String, in_key: bool, mut block: Block<'_>) -> Result<ColumnSpec, Fault> {
    let need = block.choice("need", NEED)?.unwrap_or(Need::Optional);
    let expected_with = block.text("expected_with")?;
    let need = if expected_with.is_some() { Need::Expected } else { need };
    let default = block.text("default")?;
    let never = need == Need::Mandatory || default.is_some() || in_key;
    let empty = match (block.choice("empty", EMPTY)?, never) {
        (Some(empty), false) => empty,
        (None, true) => Empty::Never,
        (Some(_), true) => return Err(block.fault(format!("`{name}` is never empty"))),
        (None, false) => return Err(block.fault(format!("`{name}` does not say what `empty` does"))),
    };
    let alphabet = block.block("alphabet")?.map(alphabet).transpose()?.unwrap_or_default();
    let column = ColumnSpec {
        display: block.text("display")?.unwrap_or_else(|| name.clone()),
        aliases: block.list("aliases")?,
        also: block.list("also")?,
        kind: block.kind("type")?.ok_or_else(|| block.fault(format!("`{name}` has no `type`")))?,
        need,
        expected_with,
        empty,
        max_length: block.number("max_length")?,
        id_extra: alphabet.also,
        lenient_extra: alphabet.lenient,
        strict_loses: alphabet.strict_loses,
        values: block.list("values")?,
        map: block.pairs("map")?,
        flag: block.block("flag")?.map(flag).transpose()?,
        separator: block.text("separator")?,
        min: block.number("min")?,
        default,
        always: block.truth("always")?,
        lower_case: block.truth("lower_case")?,
        warning: block.text("warning")?,
        about: block.needed("about")?,
        sources: block.list("sources")?,
        example: block.text("example")?.unwrap_or_default(),
        name,
    };
    if column.always && column.default.is_none() {
        return Err(block.fault(format!("`{}` is always written, but has no default", column.name)));
    }
    block.end()?;
    Ok(column)
}

#[derive(Default)]
struct Alphabet {
    also: String,
    lenient: String,
    strict_loses: String,
}

fn alphabet(mut block: Block<'_>) -> Result<Alphabet, Fault> {
    let alphabet = Alphabet {
        also: block.needed("also")?,
        lenient: block.text("lenient")?.unwrap_or_default(),
        strict_loses: block.text("strict_loses")?.unwrap_or_default(),
    };
    block.end()?;
    Ok(alphabet)
}

fn flag(mut block: Block<'_>) -> Result<(String, String), Fault> {
    let spelling = (block.needed("true")?, block.needed("false")?);
    block.end()?;
    Ok(spelling)
}

/// The collection's key: mandatory, and named by the mapping.
fn own_key(block: Block<'_>) -> Result<ColumnSpec, Fault> {
    let column = column(String::new(), true, block)?;
    Ok(ColumnSpec { name: column.display.clone(), ..column })
}

fn custom(block: &mut Block<'_>) -> Result<CustomSpec, Fault> {
    let mut custom = block.block("custom")?.ok_or_else(|| block.fault("`custom` is missing"))?;
    let allowed = custom.choice("allowed", &[("true", true), ("false", false)])?.unwrap_or(true);
    let mut types = Vec::new();
    for name in custom.list("types")? {
        let kind = CellType::ALL.into_iter().find(|kind| kind.name() == name);
        types.push(kind.ok_or_else(|| custom.fault(format!("`{name}` is no type")))?);
    }
    let spec = CustomSpec {
        allowed,
        max_length: custom.number("max_length")?,
        empty: custom.choice("empty", EMPTY)?.unwrap_or(Empty::Unknown),
        types,
    };
    if spec.allowed == spec.types.is_empty() {
        return Err(custom.fault("custom columns have `types` where they are allowed, and only there"));
    }
    custom.end()?;
    Ok(spec)
}

fn pivot(block: &mut Block<'_>) -> Result<Option<PivotSpec>, Fault> {
    let Some(mut pivot) = block.block("pivot")? else { return Ok(None) };
    let spec = PivotSpec {
        kind: pivot.kind("type")?.ok_or_else(|| pivot.fault("`type` is missing"))?,
        module_length: pivot.number("module_length")?.ok_or_else(|| pivot.fault("`module_length` is missing"))?,
        action_length: pivot.number("action_length")?.ok_or_else(|| pivot.fault("`action_length` is missing"))?,
        empty: pivot.choice("empty", EMPTY)?.ok_or_else(|| pivot.fault("`empty` is missing"))?,
    };
    pivot.end()?;
    Ok(Some(spec))
}

fn one_of(block: &mut Block<'_>) -> Result<Vec<Vec<String>>, Fault> {
    let file = block.file();
    block.items("one_of")?.into_iter().map(|node| Block::texts(file, node)).collect()
}

fn required_when(block: &mut Block<'_>) -> Result<Vec<RequiredWhen>, Fault> {
    let file = block.file();
    let rule = |node| {
        let mut rule = Block::new(file, node)?;
        let spec = RequiredWhen { column: rule.needed("column")?, when: rule.needed("when")? };
        rule.end()?;
        Ok(spec)
    };
    block.items("required_when")?.into_iter().map(rule).collect()
}

fn implies(block: &mut Block<'_>) -> Result<Vec<Implied>, Fault> {
    let file = block.file();
    let rule = |node| {
        let mut rule = Block::new(file, node)?;
        let spec = Implied { column: rule.needed("column")?, needs: rule.needed("needs")? };
        rule.end()?;
        Ok(spec)
    };
    block.items("implies")?.into_iter().map(rule).collect()
}

/// Every rule names columns that the format has.
fn agree(format: &FormatSpec, block: &Block<'_>) -> Result<(), Fault> {
    let when = format.required_when.iter().flat_map(|rule| [&rule.column, &rule.when]);
    let implied = format.implies.iter().flat_map(|rule| [&rule.column, &rule.needs]);
    let expected = format.columns.iter().filter_map(|column| column.expected_with.as_ref());
    let rules = format.key.iter().chain(format.one_of.iter().flatten()).chain(when).chain(implied);
    let mut named = rules.chain(expected);
    match named.find(|name| format.column(name).is_none()) {
        Some(name) => Err(block.fault(format!("a rule names `{name}`, which is no column"))),
        None => Ok(()),
    }
}
