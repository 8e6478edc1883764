//! `*` does not include the hidden columns: it is written out per table before the engine sees it.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    TableFactor, VisitMut, VisitorMut, WildcardAdditionalOptions,
};

/// Replaces every `*` and `t.*` of `query` by wildcards that leave out `_file` and `_line` of the tables in `sources`.
pub(super) fn expand(query: &mut Query, sources: &dyn Fn(&str) -> bool) {
    let _ = query.visit(&mut Expand { sources });
}

struct Expand<'a> {
    sources: &'a dyn Fn(&str) -> bool,
}

impl VisitorMut for Expand<'_> {
    type Break = ();

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        let tables: Vec<(Ident, bool)> = select
            .from
            .iter()
            .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)))
            .filter_map(|table| self.table(table))
            .collect();
        let mut projection = Vec::with_capacity(select.projection.len());
        for item in select.projection.drain(..) {
            match item {
                SelectItem::Wildcard(options) if options.opt_exclude.is_none() && !tables.is_empty() => {
                    projection.extend(tables.iter().map(|(name, is_source)| wildcard(name, *is_source, &options)));
                }
                SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options)
                    if options.opt_exclude.is_none() =>
                {
                    let wanted = last(&name).map(|ident| ident.value.clone());
                    let is_source =
                        tables.iter().any(|(table, is_source)| *is_source && Some(&table.value) == wanted.as_ref());
                    match last(&name) {
                        Some(ident) => projection.push(wildcard(ident, is_source, &options)),
                        None => projection.push(SelectItem::QualifiedWildcard(
                            SelectItemQualifiedWildcardKind::ObjectName(name),
                            options,
                        )),
                    }
                }
                other => projection.push(other),
            }
        }
        select.projection = projection;
        ControlFlow::Continue(())
    }
}

impl Expand<'_> {
    /// The name by which a table is called in its SELECT, and whether it has hidden columns.
    fn table(&self, table: &TableFactor) -> Option<(Ident, bool)> {
        match table {
            TableFactor::Table { name, alias, .. } => {
                let own = last(name)?;
                let called = alias.as_ref().map_or(own, |alias| &alias.name);
                Some((called.clone(), (self.sources)(&own.value)))
            }
            TableFactor::Derived { alias, .. } => Some((alias.as_ref()?.name.clone(), false)),
            _ => None,
        }
    }
}

fn last(name: &ObjectName) -> Option<&Ident> {
    name.0.last().and_then(|part| part.as_ident())
}

fn wildcard(table: &Ident, is_source: bool, options: &WildcardAdditionalOptions) -> SelectItem {
    let mut options = options.clone();
    if is_source {
        let hidden = |name: &str| ObjectName(vec![ObjectNamePart::Identifier(Ident::with_quote('"', name))]);
        options.opt_exclude = Some(ExcludeSelectItem::Multiple(vec![hidden("_file"), hidden("_line")]));
    }
    let name = ObjectName(vec![ObjectNamePart::Identifier(table.clone())]);
    SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options)
}
