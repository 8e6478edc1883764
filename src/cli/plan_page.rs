//! A plan as one page: no script, no network, light and dark as the reader's system is.

use std::fmt::Write as _;

use crate::cli::plan::{against, fate, notes};
use crate::cli::summary::thousands;
use crate::compare::{Change, ChangeKind, Sample};
use crate::diagnostic::escape;
use crate::pipeline::Plan;

/// Most changes that a page lists.
const MOST: usize = 1_000;

/// A cell's column, what it held and what it holds now.
type KeptCell = (String, String, String);

/// Changes that the page lists one by one.
pub(super) struct Kept {
    wanted: bool,
    rows: Vec<(ChangeKind, String, Vec<KeptCell>)>,
    all: u64,
}

impl Kept {
    pub(super) fn new(wanted: bool) -> Self {
        Self { wanted, rows: Vec::new(), all: 0 }
    }

    pub(super) fn keep(&mut self, change: &Change<'_>) {
        self.all += 1;
        if self.wanted && self.rows.len() < MOST {
            let cells = change.cells.iter();
            let cells = cells.map(|cell| (cell.column.to_owned(), cell.before.to_string(), cell.now.to_string()));
            self.rows.push((change.kind, change.key.to_owned(), cells.collect()));
        }
    }
}

/// The whole page.
pub(super) fn page(plan: &Plan, refusals: &[String], kept: &Kept) -> String {
    let mut page = String::new();
    let title = format!("Plan: {}", plan.mapping);
    let _ = writeln!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{0}</title>\n<style>\n{1}</style>\n</head>\n<body>\n<main>\n\
         <header><h1>{0}</h1>\n<p>{2}. Format {3}. Nothing was published.</p></header>",
        html(&title),
        include_str!("plan_page.css"),
        html(&capital(&against(plan))),
        html(&plan.format.title),
    );
    for refusal in refusals {
        let _ = writeln!(page, "<p class=\"refused\"><strong>Refused.</strong> {}</p>", html(refusal));
    }
    tiles(&mut page, plan);
    for note in notes(plan) {
        let _ = writeln!(page, "<p class=\"note\">{}</p>", html(&capital(&note)));
    }
    deletions(&mut page, plan);
    if plan.effects.moved > 0 {
        let _ = writeln!(page, "<section><h2>Parents</h2>\n<p>{} rows move.</p>", thousands(plan.effects.moved));
        samples(&mut page, &plan.effects.moves);
        page.push_str("</section>\n");
    }
    header(&mut page, plan);
    values(&mut page, plan);
    keys(&mut page, "Created", &plan.table.added);
    keys(&mut page, "No longer sent (Totango keeps them)", &plan.table.removed);
    changes(&mut page, kept);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn tiles(page: &mut String, plan: &Plan) {
    let (table, effects) = (&plan.table, &plan.effects);
    let all = [
        (table.added.0, "created", ""),
        (table.changed, "changed", ""),
        (table.same, "as they are", ""),
        (table.removed.0, "no longer sent", ""),
        (effects.deletions, "deletions", "bad"),
        (effects.moved, "parents moved", "warn"),
        (plan.report.rows.rejected, "records rejected", "warn"),
    ];
    page.push_str("<dl class=\"tiles\">\n");
    for (count, word, class) in all {
        let class = if count > 0 { class } else { "" };
        let _ = writeln!(page, "<div class=\"{class}\"><dd>{}</dd><dt>{word}</dt></div>", thousands(count));
    }
    page.push_str("</dl>\n");
}

fn deletions(page: &mut String, plan: &Plan) {
    if plan.effects.emptied.is_empty() {
        return;
    }
    page.push_str("<section><h2>Values that meet an empty cell</h2>\n");
    for one in &plan.effects.emptied {
        let class = if one.may_delete() { "bad" } else { "" };
        let _ = writeln!(
            page,
            "<h3><code>{}</code> <span class=\"count {class}\">{}</span></h3>\n<p>{}.</p>",
            html(&one.column),
            thousands(one.values),
            html(&capital(fate(one)))
        );
        samples(page, &one.samples);
    }
    page.push_str("</section>\n");
}

fn header(page: &mut String, plan: &Plan) {
    let table = &plan.table;
    if plan.last.is_none() || table.header_added.is_empty() && table.header_removed.is_empty() && !table.header_moved {
        return;
    }
    page.push_str("<section><h2>Header</h2>\n<ul>\n");
    for (word, names) in [("added", &table.header_added), ("dropped", &table.header_removed)] {
        for name in names {
            let _ = writeln!(page, "<li><code>{}</code> {word}</li>", html(name));
        }
    }
    if table.header_moved {
        page.push_str("<li>columns stand in another order</li>\n");
    }
    page.push_str("</ul></section>\n");
}

fn values(page: &mut String, plan: &Plan) {
    let some: Vec<_> = plan.table.attributes.iter().filter(|one| one.changed + one.filled > 0).collect();
    if some.is_empty() {
        return;
    }
    page.push_str("<section><h2>Attributes</h2>\n");
    for one in some {
        let _ = writeln!(
            page,
            "<h3><code>{}</code> <span class=\"count\">{} changed, {} filled</span></h3>",
            html(&one.column),
            thousands(one.changed),
            thousands(one.filled)
        );
        let all: Vec<Sample> = one.samples.iter().filter(|sample| !sample.now.is_empty()).cloned().collect();
        samples(page, &all);
    }
    page.push_str("</section>\n");
}

fn samples(page: &mut String, samples: &[Sample]) {
    if samples.is_empty() {
        return;
    }
    page.push_str(
        "<div class=\"wide\"><table><thead><tr><th>key</th><th>before</th><th>now</th></tr></thead><tbody>\n",
    );
    for sample in samples {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            html(&sample.key),
            cell(&sample.before),
            cell(&sample.now)
        );
    }
    page.push_str("</tbody></table></div>\n");
}

fn keys(page: &mut String, title: &str, (count, keys): &(u64, Vec<String>)) {
    if *count == 0 {
        return;
    }
    let _ = writeln!(page, "<section><h2>{title} <span class=\"count\">{}</span></h2>\n<ul>", thousands(*count));
    for key in keys {
        let _ = writeln!(page, "<li><code>{}</code></li>", html(key));
    }
    let more = count.saturating_sub(keys.len() as u64);
    if more > 0 {
        let _ = writeln!(page, "<li>and {} more</li>", thousands(more));
    }
    page.push_str("</ul></section>\n");
}

fn changes(page: &mut String, kept: &Kept) {
    if kept.rows.is_empty() {
        return;
    }
    let _ = writeln!(
        page,
        "<details><summary>Every change{}</summary>\n<div class=\"wide\"><table><thead><tr><th>key</th><th>column</th>\
         <th>before</th><th>now</th></tr></thead><tbody>",
        if kept.all > kept.rows.len() as u64 {
            format!(": the first {} of {}", thousands(kept.rows.len() as u64), thousands(kept.all))
        } else {
            String::new()
        }
    );
    for (kind, key, cells) in &kept.rows {
        if *kind != ChangeKind::Changed {
            let word = if *kind == ChangeKind::Added { "created" } else { "no longer sent" };
            let _ = writeln!(page, "<tr><td>{}</td><td colspan=\"3\"><em>{word}</em></td></tr>", html(key));
        }
        for (column, before, now) in cells {
            let (column, before, now) = (html(column), cell(before), cell(now));
            let _ = writeln!(page, "<tr><td>{}</td><td>{column}</td><td>{before}</td><td>{now}</td></tr>", html(key));
        }
    }
    page.push_str("</tbody></table></div></details>\n");
}

fn cell(value: &str) -> String {
    if value.is_empty() { "<em class=\"empty\">empty</em>".to_owned() } else { html(value) }
}

fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    first + characters.as_str()
}

/// Text as HTML shows it; control characters are seen.
fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in escape(text).chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn data_is_never_markup() {
        assert_eq!(html("<b a=\"1\">'&\n"), "&lt;b a=&quot;1&quot;&gt;&#39;&amp;\\n");
    }
}
