//! The target columns: what each is called, where its value comes from, what it goes through.

use crate::diagnostic::{Diagnostic, Place, code, nearest};
use crate::format::{Empty, FormatSpec};
use crate::mapping::{CellType, Column, ColumnOptions, Mapping, Origin, Text};
use crate::resolve::missing::Missing;
use crate::resolve::name::{Meaning, meaning};
use crate::resolve::options::{Context, cell};
use crate::resolve::{Found, Input, Piece, SourceSchema, Surroundings, TargetColumn};
use crate::yaml::Span;

/// Every column of `columns:`, then those of `tags:`.
pub(super) fn columns(
    mapping: &Mapping,
    format: &'static FormatSpec,
    around: &Surroundings,
    found: &mut Found,
) -> Vec<TargetColumn> {
    let context = Context { mapping, format, around };
    let mut columns: Vec<TargetColumn> = Vec::with_capacity(mapping.columns.len());
    for column in &mapping.columns {
        if let Some(first) = mapping.columns.iter().find(|other| other.name.value == column.name.value)
            && first.name.span != column.name.span
        {
            found.push(
                Diagnostic::error(&code::DUPLICATE_COLUMN, format!("`{}` is mapped twice", column.name.value))
                    .at(found.place(column.name.span), "second time")
                    .related(found.place(first.name.span), "first time"),
            );
            continue;
        }
        columns.push(target(column, &context, found));
    }
    tags(&context, &mut columns, found);
    if let Some(first) = columns.get(format.max_columns) {
        found.push(
            Diagnostic::error(
                &code::TOO_MANY_COLUMNS,
                format!("{} columns are mapped, Totango takes at most {}", columns.len(), format.max_columns),
            )
            .at(found.place(first.span), "the first too many")
            .help(code::TOO_MANY_COLUMNS.cure),
        );
    }
    columns
}

fn target(column: &Column, context: &Context<'_>, found: &mut Found) -> TargetColumn {
    let own_key = context.format.own_key.as_ref().filter(|_| {
        let collection = context.mapping.collection.as_ref();
        collection.is_some_and(|collection| collection.key.value == column.name.value)
    });
    let meaning = match own_key {
        Some(spec) => Meaning::Known(spec),
        None => meaning(column, context.format, context.around, found),
    };
    let kind = column.options.kind.as_ref().map_or(meaning.kind(), |kind| kind.value);
    let cell = cell(kind, &column.options, meaning.spec(), context, found);
    if let Some(lookup) = &column.options.lookup {
        for field in [&lookup.key, &lookup.take] {
            source_field(&lookup.source, field, context.around, found);
        }
    }
    let input = input(&column.origin, context, found);
    if let (Input::Value(value), false) = (&input, cell.values.is_empty())
        && !cell.values.contains(value)
        && !cell.map_any_case.iter().any(|(from, _)| from.eq_ignore_ascii_case(value))
        && !cell.map.iter().any(|(from, _)| from == value)
    {
        found.push(
            Diagnostic::error(
                &code::VALUE_NOT_ALLOWED,
                format!("`{value}` is not one of the values of `{}`", column.name.value),
            )
            .at(found.place(origin_span(&column.origin)), "every row would be rejected")
            .help(format!("allowed: {}", cell.values.join(", "))),
        );
    }
    let empty = match &meaning {
        Meaning::Known(spec) => spec.empty,
        Meaning::Custom => context.format.custom.empty,
        Meaning::Metric => context.format.pivot.as_ref().map_or(Empty::Leaves, |pivot| pivot.empty),
        Meaning::Tag => Empty::Leaves,
    };
    TargetColumn {
        name: column.name.value.clone(),
        header: match meaning.spec() {
            Some(spec) if context.mapping.output.display_headers => spec.display.clone(),
            _ => column.name.value.clone(),
        },
        warn_empty: matches!(empty, Empty::Setting | Empty::Deletes | Empty::Unknown)
            && column.options.default.is_none()
            && cell.default.is_none()
            && !matches!(input, Input::Value(_)),
        input,
        cell,
        span: column.name.span,
    }
}

/// What the format still needs: mandatory and always-written columns.
pub(super) fn complete(
    mapping: &Mapping,
    format: &'static FormatSpec,
    columns: &mut Vec<TargetColumn>,
    around: &Surroundings,
    found: &mut Found,
) {
    let mut missing = Missing::default();
    for spec in &format.columns {
        if columns.iter().any(|column| column.name == spec.name) {
            continue;
        }
        if spec.always {
            let mut context_cell = crate::resolve::CellSpec::new(spec.kind);
            context_cell.min = spec.min;
            columns.push(TargetColumn {
                name: spec.name.clone(),
                header: if mapping.output.display_headers { spec.display.clone() } else { spec.name.clone() },
                input: Input::Value(spec.default.clone().unwrap_or_default()),
                cell: context_cell,
                warn_empty: false,
                span: mapping.format.span,
            });
            continue;
        }
        let (place, who) = match &spec.expected_with {
            None => (mapping.format.span, &format.name),
            Some(other) => match columns.iter().find(|column| column.name == *other) {
                Some(column) => (column.span, other),
                None => continue,
            },
        };
        missing.note(spec, who, place);
    }
    missing.tell(format, around, found);
    for rule in &format.implies {
        let mapped = |name: &str| columns.iter().find(|column| column.name == name);
        if let (Some(column), None) = (mapped(&rule.column), mapped(&rule.needs)) {
            found.push(
                Diagnostic::warning(
                    &code::CONTACT_FLAG,
                    format!("`{}` is mapped and `{}` is not", rule.column, rule.needs),
                )
                .at(found.place(column.span), format!("needs `{}`", rule.needs))
                .help(code::CONTACT_FLAG.cure),
            );
        }
    }
    if let Some(kind) = format.needs_type.filter(|kind| !columns.iter().any(|column| column.cell.kind == *kind)) {
        found.push(
            Diagnostic::error(&code::MISSING_ATTRIBUTE, format!("no column of type `{kind}` is mapped"))
                .at(found.place(mapping.format.span), format!("`{}` needs at least one", format.name))
                .help(format!("e.g. `Zuora Account ID: {{column: Zuora Id, type: {kind}}}`")),
        );
    }
    let data = columns.iter().any(|column| !format.key.contains(&column.name));
    if format.needs_data && !data && mapping.pivot.is_none() {
        found.push(
            Diagnostic::error(&code::MISSING_ATTRIBUTE, "no data column is mapped")
                .at(found.place(mapping.format.span), format!("`{}` needs at least one beside its key", format.name)),
        );
    }
}

/// Where a value comes from, with its source columns checked.
pub(super) fn input(origin: &Origin, context: &Context<'_>, found: &mut Found) -> Input {
    match origin {
        Origin::Field(field) => {
            row_field(field, context, found);
            Input::Field(field.value.clone())
        }
        Origin::Sql(sql) => Input::Sql(sql.clone()),
        Origin::Value(value) => Input::Value(value.value.clone()),
        Origin::Template(template) => Input::Template(pieces(template, context, found)),
    }
}

fn origin_span(origin: &Origin) -> Span {
    match origin {
        Origin::Field(text) | Origin::Sql(text) | Origin::Value(text) | Origin::Template(text) => text.span,
    }
}

/// `{Field}` parts of a template; `{{` and `}}` are braces.
fn pieces(template: &Text, context: &Context<'_>, found: &mut Found) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template.value.as_str();
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let doubled = rest[at..].starts_with("{{") || rest[at..].starts_with("}}");
        if doubled {
            text.push_str(&rest[at..=at]);
            rest = &rest[at + 2..];
            continue;
        }
        let end = rest[at..].starts_with('{').then(|| rest[at..].find('}')).flatten();
        let Some(end) = end else {
            found.push(
                Diagnostic::error(&code::BAD_VALUE, "a brace of the template has no partner")
                    .at(found.place(template.span), "in this template")
                    .help("a part is `{Source Column}`; a brace itself is written twice"),
            );
            return pieces;
        };
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        let name = rest[at + 1..at + end].to_owned();
        row_field(&Text::new(name.clone(), template.span), context, found);
        pieces.push(Piece::Field(name));
        rest = &rest[at + end + 1..];
    }
    text.push_str(rest);
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

/// Says so where the rows have no column `field`.
pub(super) fn row_field(field: &Text, context: &Context<'_>, found: &mut Found) {
    if context.mapping.lets.iter().any(|(name, _)| name.value == field.value) {
        return;
    }
    let whence = match &context.mapping.from {
        crate::mapping::From::Source(name) => format!("source `{}`", name.value),
        _ => "the query".to_owned(),
    };
    if let Some(schema) = &context.around.rows {
        schema_field(field, schema, &whence, turned(field, schema, context), found);
    }
}

/// The cure where source and target stand the wrong way round.
fn turned(field: &Text, schema: &SourceSchema, context: &Context<'_>) -> Option<String> {
    context.format.column(&field.value)?;
    let column = context.mapping.columns.iter().find(|column| match &column.origin {
        Origin::Field(own) => own.span == field.span,
        _ => false,
    })?;
    let name = &column.name.value;
    let is_source = schema.fields.iter().any(|field| field.name == *name);
    is_source.then(|| format!("the attribute stands left, the source's column right: `{}: {name}`", field.value))
}

/// Says so where `source` has no column `field`, or is no source at all.
pub(super) fn source_field(source: &Text, field: &Text, around: &Surroundings, found: &mut Found) {
    match around.sources.get(&source.value) {
        Some(Some(schema)) => schema_field(field, schema, &format!("source `{}`", source.value), None, found),
        Some(None) => {}
        None => {
            let mut diagnostic = Diagnostic::error(&code::UNKNOWN_SOURCE, format!("unknown source `{}`", source.value))
                .at(found.place(source.span), "not declared");
            let names = around.sources.keys().map(String::as_str);
            if let Some(near) = nearest(&source.value, names) {
                diagnostic = diagnostic.help(format!("`{near}` has a similar name"));
            }
            found.push(diagnostic);
        }
    }
}

/// Says that no line that was looked at has the key `name`, and which key may be meant.
pub fn unseen(name: &str, schema: &SourceSchema, whence: &str, place: Place) -> Diagnostic {
    let diagnostic =
        Diagnostic::warning(&code::UNSEEN_FIELD, format!("no key `{name}` in the first lines of {whence}"))
            .at(place, "would be empty where it is not");
    let seen: Vec<&str> = schema.fields.iter().filter(|field| !field.unseen).map(|field| field.name.as_str()).collect();
    match nearest(name, seen.iter().copied()) {
        Some(near) => diagnostic.help(format!("`{near}` has a similar name")),
        None => diagnostic.help(format!("keys seen: {}", seen.join(", "))),
    }
}

fn schema_field(field: &Text, schema: &SourceSchema, whence: &str, cure: Option<String>, found: &mut Found) {
    match schema.fields.iter().find(|candidate| candidate.name == field.value) {
        Some(candidate) if candidate.duplicated => found.push(
            Diagnostic::error(&code::DUPLICATE_FIELD, format!("column `{}` occurs twice in {whence}", field.value))
                .at(found.place(field.span), "which one is meant?")
                .help(format!("`{}#2` is the second", field.value)),
        ),
        Some(candidate) if candidate.unseen => {
            found.push(unseen(&field.value, schema, whence, found.place(field.span)))
        }
        Some(candidate) => {
            let missing_in = &candidate.missing_in;
            if let Some(first) = missing_in.first().and_then(|file| schema.files.get(*file)) {
                let more = missing_in.len() - 1;
                let others = if more > 0 { format!(" and {more} more files") } else { String::new() };
                found.push(
                    Diagnostic::error(
                        &code::NO_COLUMN_IN_FILE,
                        format!("{first}{others} lacks column `{}`", field.value),
                    )
                    .at(found.place(field.span), "used here")
                    .help(code::NO_COLUMN_IN_FILE.cure),
                );
            }
        }
        None => {
            let mut diagnostic =
                Diagnostic::error(&code::UNKNOWN_FIELD, format!("column `{}` not found in {whence}", field.value))
                    .at(found.place(field.span), "no such column");
            let names: Vec<&str> = schema.fields.iter().map(|field| field.name.as_str()).collect();
            let other_delimiter = match names.as_slice() {
                [only] => [';', '\t', '|', ','].into_iter().find(|delimiter| only.contains(*delimiter)),
                _ => None,
            };
            diagnostic = match (nearest(&field.value, names.iter().copied()), other_delimiter) {
                (_, Some(delimiter)) => diagnostic.help(format!(
                    "the header is read as one column; it is separated by {delimiter:?}: set `csv: {{delimiter: {delimiter:?}}}`"
                )),
                (Some(near), None) => diagnostic.help(format!("`{near}` has a similar name")),
                (None, None) => diagnostic.help(format!("columns: {}", names.join(", "))),
            };
            found.push(cure.into_iter().fold(diagnostic, Diagnostic::help));
        }
    }
}

/// The `tag##` columns of `tags:`.
fn tags(context: &Context<'_>, columns: &mut Vec<TargetColumn>, found: &mut Found) {
    let Some(tags) = &context.mapping.tags else { return };
    if !context.format.tags {
        found.push(
            Diagnostic::error(&code::NOT_FOR_FORMAT, format!("the format `{}` has no tags", context.format.name))
                .at(found.place(tags.span), "no tag columns here"),
        );
        return;
    }
    row_field(&tags.column, context, found);
    let known: Vec<String> = tags.known.iter().map(|tag| tag.value.clone()).collect();
    for (index, tag) in tags.known.iter().enumerate() {
        let name = format!("tag##{}", tag.value);
        if let Some(first) = columns.iter().find(|column| column.name == name) {
            found.push(
                Diagnostic::error(&code::DUPLICATE_COLUMN, format!("`{name}` is mapped twice"))
                    .at(found.place(tag.span), "second time")
                    .related(found.place(first.span), "first time"),
            );
            continue;
        }
        let mut cell = cell(CellType::Tag, &ColumnOptions::default(), None, context, found);
        cell.absent_remove |= tags.absent_remove;
        columns.push(TargetColumn {
            header: name.clone(),
            name,
            input: Input::Tag {
                field: tags.column.value.clone(),
                separator: tags.separator.value.clone(),
                tag: tag.value.clone(),
                known: (index == 0 && !tags.ignore_unknown).then(|| known.clone()),
            },
            cell,
            warn_empty: false,
            span: tag.span,
        });
    }
}
