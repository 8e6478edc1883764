//! One line of `columns:` with its evidence: the options that a column's values ask for, found with the run's own rules.

use crate::diagnostic::{excerpt, nearest};
use crate::format::Empty;
use crate::functions::{Judge, code_of, fault, is_warning};
use crate::guess::dates::{Dates, dates};
use crate::guess::matching::{Match, Why};
use crate::guess::numbers::{Style, is_code, style};
use crate::guess::profile::{Field, Verdict};
use crate::guess::rules::Rules;
use crate::guess::words::{filled, thousands, wrap};
use crate::guess::yaml::{key, list, scalar};
use crate::mapping::CellType;
use crate::resolve::CellSpec;
use crate::sqltext::identifier;

/// Words that say yes or no in exports, beside those that every run reads.
const FLAGS: [(&str, &str); 16] = [
    ("ja", "yes"),
    ("nein", "no"),
    ("oui", "yes"),
    ("non", "no"),
    ("si", "yes"),
    ("sí", "yes"),
    ("sim", "yes"),
    ("active", "yes"),
    ("inactive", "no"),
    ("enabled", "yes"),
    ("disabled", "no"),
    ("x", "yes"),
    ("wahr", "yes"),
    ("falsch", "no"),
    ("checked", "yes"),
    ("unchecked", "no"),
];

/// A line of the draft.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    /// The evidence.
    pub comments: Vec<String>,
    /// The entry; several where a person has to choose one, each with what it means.
    pub entries: Vec<(String, String)>,
}

impl Line {
    /// A person has to choose.
    pub(super) fn is_question(&self) -> bool {
        self.entries.len() > 1
    }

    /// The text of the line, its comments above it.
    pub(super) fn text(&self) -> String {
        let mut text: String = self.comments.iter().map(|comment| format!("  # {comment}\n")).collect();
        match self.entries.as_slice() {
            [(one, _)] => text += &format!("  {one}\n"),
            several => text.extend(several.iter().map(|(entry, means)| format!("  # {entry}   # {means}\n"))),
        }
        text
    }
}

/// What is found about a column while its line is made.
struct Finding<'a> {
    field: &'a Field,
    sql: bool,
    options: Vec<String>,
    notes: Vec<String>,
    /// Options of which one must be chosen, each with what it means.
    choices: Vec<(String, String)>,
}

/// What the other columns of a file tell about one.
#[derive(Debug, Clone, Default)]
pub(super) struct File {
    /// Day or month comes first in other dates, in words.
    pub first: Option<String>,
    /// A column whose numbers have a decimal point for certain.
    pub point: Option<String>,
    /// A column whose numbers have a decimal comma for certain.
    pub comma: Option<String>,
    /// Some ids are Salesforce's of 15 characters.
    pub short_ids: bool,
}

/// The line of an attribute and its column.
pub(super) fn line(one: &Match, field: &Field, rules: &Rules, file: &File) -> Line {
    let name = &one.spec.name;
    let mut finding = Finding { field, sql: false, options: Vec::new(), notes: Vec::new(), choices: Vec::new() };
    let Some(cell) = rules.cell(name).cloned() else { return Line::default() };
    if field.filled > 0 {
        finding.look(&cell, one, file);
        let judged = match finding.choices.is_empty() {
            true => rules.with(name, &finding.options).map(|cell| field.judge(&cell)),
            false => None,
        };
        if let Some(verdict) = judged {
            finding.faults(&verdict);
        }
    }
    let why = match one.why {
        Why::Exact | Why::Name => "its name",
        Why::Synonym => "commonly called so",
        Why::Near => "nearly its name",
        Why::Values => "by its values, please check",
    };
    let mut words = vec![format!("{why}; {}", filled(field))];
    words.append(&mut finding.notes);
    if one.spec.empty == Empty::Deletes && field.filled < field.records {
        words.push("an empty cell deletes the value".to_owned());
    }
    let mut line =
        Line { comments: wrap(&format!("`{}`: {}", excerpt(&field.name), words.join("; "))), ..Line::default() };
    if finding.choices.is_empty() {
        line.entries.push((finding.entry(name, None), String::new()));
    }
    for (option, means) in &finding.choices {
        line.entries.push((finding.entry(name, Some(option)), means.clone()));
    }
    line
}

impl Finding<'_> {
    fn entry(&self, name: &str, choice: Option<&String>) -> String {
        let options: Vec<&String> = self.options.iter().chain(choice).collect();
        let column = scalar(&self.field.name);
        if self.sql {
            return format!("{}: {{sql: {}}}", key(name), scalar(&format!("sf18({})", identifier(&self.field.name))));
        }
        if options.is_empty() {
            return format!("{}: {column}", key(name));
        }
        let options: String = options.into_iter().map(|option| format!(", {option}")).collect();
        format!("{}: {{column: {column}{options}}}", key(name))
    }

    fn look(&mut self, cell: &CellSpec, one: &Match, file: &File) {
        match cell.kind {
            CellType::Date => self.date(dates(self.field, true), file),
            CellType::Number | CellType::Integer | CellType::Currency => self.number(cell.kind, file),
            CellType::Id => self.id(cell, &one.spec.lenient_extra, file.short_ids),
            CellType::Email => self.address(),
            CellType::Flag => self.flag(cell),
            CellType::MultiList => self.elements(one.spec.separator.as_deref().unwrap_or(",")),
            _ => self.text(cell),
        }
    }

    /// Layouts with their counts; day or month first is asked.
    fn date(&mut self, found: &Dates, file: &File) {
        let counts: Vec<String> =
            found.layouts.iter().map(|(layout, count)| format!("{} as {layout}", thousands(*count))).collect();
        self.notes.extend((!counts.is_empty()).then(|| counts.join(", ")));
        for (layout, count, value) in &found.reasons {
            self.notes.push(format!("{} fit {layout} only, e.g. `{}`", thousands(*count), excerpt(value)));
        }
        let only_iso = found.layouts.iter().all(|(layout, _)| layout == "iso");
        if let Some(question) = &found.question {
            let [one, other] = &question.layouts;
            self.notes.push(match question.only {
                [0, 0] => format!(
                    "QUESTION, day or month first? All {} such values fit both {one} and {other}, e.g. `{}`",
                    thousands(question.values),
                    excerpt(&question.example)
                ),
                [a, b] => format!(
                    "QUESTION, day or month first? {a} values fit {one} only and {b} {other} only: the file mixes them"
                ),
            });
            self.notes.extend(file.first.as_ref().map(|first| format!("other dates of the file are {first}")));
            self.notes.push("take the # from one line".to_owned());
            for place in 0..2 {
                let means = if question.layouts[place].starts_with("%m") { "month first" } else { "day first" };
                self.choices.push((format!("formats: {}", list(found.formats(Some(place)))), means.to_owned()));
            }
        } else if !only_iso {
            self.options.push(format!("formats: {}", list(found.formats(None))));
        }
    }

    fn number(&mut self, kind: CellType, file: &File) {
        match (style(self.field, kind).0, &file.point, &file.comma) {
            (Style::Point, ..) => {}
            (Style::Question(_, value, [point, _]), Some(other), None) => {
                self.notes.push(format!(
                    "`{}` is read as {point}, since `{}` has a decimal point",
                    excerpt(&value),
                    excerpt(other)
                ));
            }
            (Style::Question(_, value, [_, comma]), None, Some(other)) => {
                self.notes.push(format!(
                    "`{}` is read as {comma}, since `{}` has a decimal comma",
                    excerpt(&value),
                    excerpt(other)
                ));
                self.options.push("decimal: \",\"".to_owned());
            }
            (Style::Comma(count, value), ..) => {
                self.notes.push(format!("{} have a decimal comma, e.g. `{}`", thousands(count), excerpt(&value)));
                self.options.push("decimal: \",\"".to_owned());
            }
            (Style::Question(count, value, [point, comma]), ..) => {
                self.notes.push(format!(
                    "QUESTION, is the comma or the point the decimal sign? {} values can be read both ways, e.g. `{}`; take the # from one line",
                    thousands(count),
                    excerpt(&value)
                ));
                self.choices.push(("decimal: \".\"".to_owned(), format!("`{}` is {point}", excerpt(&value))));
                self.choices.push(("decimal: \",\"".to_owned(), format!("`{}` is {comma}", excerpt(&value))));
            }
        }
    }

    fn id(&mut self, cell: &CellSpec, lenient: &str, short_ids: bool) {
        let short = self.field.judge(cell).of(fault::SHORT_SALESFORCE_ID);
        if short > 0 {
            self.sql = true;
            self.notes.push(format!("Salesforce ids of 15 characters: {}, which sf18 completes", thousands(short)));
        } else if short_ids {
            let long =
                self.field.count(|value| value.len() == 18 && value.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            if long * 2 > self.field.filled {
                self.sql = true;
                self.notes.push("sf18, as other ids of the file have 15 characters".to_owned());
            }
        }
        let addresses = self.field.judge(&CellSpec::new(CellType::Email)).good;
        if addresses * 2 > self.field.filled {
            self.notes.push(looks_like(addresses, self.field.filled, "e-mail"));
        }
        let plus = self.field.count(|value| value.contains(|sign| lenient.contains(sign)));
        if plus > 0 {
            self.notes.push(format!("`alphabet: lenient` would let the {} with `{lenient}` pass", thousands(plus)));
        }
        self.codes();
    }

    fn address(&mut self) {
        let good = self.field.judge(&CellSpec::new(CellType::Email)).good;
        self.notes.push(looks_like(good, self.field.filled, "e-mail"));
    }

    fn codes(&mut self) {
        let codes = self.field.count(is_code);
        if codes > 0 {
            self.notes
                .push(format!("{} are digits with zeros in front or over 15 long: kept as text", thousands(codes)));
        }
    }

    fn flag(&mut self, cell: &CellSpec) {
        let mut map = Vec::new();
        let unread = self.field.judge(cell).of(fault::BAD_FLAG);
        if unread == 0 {
            return;
        }
        for (value, _) in self.field.values.iter().take(12) {
            let word = FLAGS.iter().find(|(word, _)| value.trim().to_lowercase() == *word);
            map.extend(word.map(|(_, flag)| format!("{}: {}", key(value.trim()), scalar(flag))));
        }
        // One strange word among many flags is a fault of its record.
        match map.is_empty() {
            true if unread * 2 < self.field.filled => {}
            true => self.notes.push(format!("say with `map` which of {} mean yes", self.commonest())),
            false => self.options.push(format!("map: {{{}}}", map.join(", "))),
        }
    }

    fn elements(&mut self, separator: &str) {
        let count = |sign: &str| self.field.count(|value| value.contains(sign));
        let best = [separator, ";", "|", ","]
            .into_iter()
            .map(|sign| (count(sign), sign))
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        if let Some((count, sign)) = best.filter(|(count, sign)| *count > 0 && *sign != separator) {
            self.notes.push(format!("{} hold `{sign}` between elements", thousands(count)));
            self.options.push(format!("separator: {}", scalar(sign)));
        }
    }

    fn text(&mut self, cell: &CellSpec) {
        let markup = |value: &str| {
            ["<p", "<br", "<div", "<span", "</", "&amp;", "&nbsp;", "&lt;"].iter().any(|sign| value.contains(sign))
        };
        let marked = self.field.count(markup);
        if marked > 0 {
            self.notes.push(format!("{} hold HTML markup", thousands(marked)));
            self.options.push("html: text".to_owned());
        }
        let verdict = self.field.judge(cell);
        let quotes = verdict.of(fault::QUOTE_IN_TEXT);
        if quotes > 0 {
            self.notes.push(format!("{} hold a double quote, which Totango does not take", thousands(quotes)));
            self.options.push("quotes: replace".to_owned());
        }
        let long = verdict.of(fault::TOO_LONG);
        if long > 0 {
            self.notes.push(format!("`truncate: true` would cut the {} that are too long", thousands(long)));
        }
        let unknown = verdict.of(fault::VALUE_UNKNOWN);
        if unknown > 0 {
            self.allowed(cell);
        } else if self.field.is_choice() {
            self.notes.push(format!("values: {}", self.commonest()));
        }
        self.codes();
    }

    /// Values outside the catalogue's list: those that are nearly one of it are translated.
    fn allowed(&mut self, cell: &CellSpec) {
        let (allowed, Some(mut judge)) = (&cell.values, Judge::new(cell)) else { return };
        let values = self.field.values.iter().map(|(value, _)| value.trim());
        let strange: Vec<&str> = values.filter(|value| judge.fault(value) == fault::VALUE_UNKNOWN).take(20).collect();
        let mut map = Vec::new();
        let mut unlike = Vec::new();
        for value in strange {
            match nearest(value, allowed.iter().map(String::as_str)) {
                Some(near) => map.push(format!("{}: {}", key(value), scalar(near))),
                None => unlike.push(format!("`{}`", excerpt(value))),
            }
        }
        if !map.is_empty() {
            self.options.push(format!("map: {{{}}}", map.join(", ")));
        }
        if !unlike.is_empty() {
            let allowed = allowed.join(", ");
            self.notes.push(format!("Totango takes {allowed}; translate {} with `map`", unlike.join(", ")));
        }
    }

    fn commonest(&self) -> String {
        let mut trimmed: Vec<(&str, usize)> = Vec::new();
        for (value, count) in &self.field.values {
            match trimmed.iter_mut().find(|(other, _)| *other == value.trim()) {
                Some((_, all)) => *all += count,
                None => trimmed.push((value.trim(), *count)),
            }
        }
        let more = if trimmed.len() > 6 { ", ..." } else { "" };
        let shown = trimmed.iter().take(6).map(|(value, count)| format!("{} ({})", excerpt(value), thousands(*count)));
        shown.collect::<Vec<_>>().join(", ") + more
    }

    /// What a run will reject or warn of.
    fn faults(&mut self, verdict: &Verdict) {
        for (number, count, value) in &verdict.faults {
            // What sf18 completes is told already, and whole again when the rules see it.
            if self.sql && is_warning(*number) {
                continue;
            }
            let code = code_of(*number);
            let what = if is_warning(*number) { "a warning" } else { "rejected" };
            self.notes.push(format!(
                "{} {what}: {} ({}), e.g. `{}`",
                thousands(*count),
                code.title,
                code.id,
                excerpt(value)
            ));
        }
    }
}

fn looks_like(count: usize, of: usize, what: &str) -> String {
    format!("{} of {} look like {what}", thousands(count), thousands(of))
}
