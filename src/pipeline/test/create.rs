//! `tanguero test --create`: drafts a test file from the first real records, with the rows of other sources they need.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::prelude::SessionContext;

use crate::mapping::{From, Mapping, SourceEntry};
use crate::output::each_record;
use crate::pipeline::fetch::Fetch;
use crate::pipeline::folders::{keep_to, temporary_folder};
use crate::pipeline::preview::{Looking, Opened, open};
use crate::pipeline::request::Unwatched;
use crate::pipeline::run::run_loaded;
use crate::pipeline::test::find::test_path;
use crate::pipeline::test::given::{Asked, used};
use crate::pipeline::test::update::{items, scalar};
use crate::pipeline::{
    Failure, PreviewFate, PreviewRecord, PreviewRequest, RunOutcome, RunRequest, Stop, Watcher, column,
};
use crate::project::{Loaded, load, named};
use crate::resolve::Target;
use crate::sqltext::identifier;

/// Records looked at to find good ones.
const PATIENCE: usize = 200;
/// Rows of another source that are taken at most.
const MOST_ROWS: usize = 50;

/// Cells by column.
type Row = Vec<(String, String)>;

/// Drafts the test file of `request.mapping` from `request.count` records, without `expect`; its path.
///
/// # Errors
/// In words: a file that is there already, a mapping that cannot run, a query whose rows have no records of their own.
pub(super) fn draft(request: &PreviewRequest, stop: &Stop) -> Result<PathBuf, String> {
    let path = named(&request.mapping, &request.given.current);
    let target = test_path(&path);
    if target.exists() {
        return Err(format!("`{}` is there already", target.display()));
    }
    let loaded = || load(std::slice::from_ref(&path), &request.given.current, &request.given.options());
    let said = |failure: Failure| {
        let found = failure.diagnostics();
        let first = found.first().map(|one| format!("{} [{}]", one.message, one.code.id)).unwrap_or_default();
        format!("the mapping cannot be run on its sources: {first}; see `tanguero run --dry-run`")
    };
    let scratch = temporary_folder("create").map_err(|error| error.to_string())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(request.given.threads.max(1)).build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let run = request.as_run();
    let mut of_run = loaded()?;
    keep_to(&scratch.path, &mut of_run);
    let publish = RunRequest { out: Some(scratch.path.join("out")), ..run.clone() };
    let watcher: Arc<dyn Watcher> = Arc::new(Unwatched);
    let outcome = run_loaded(&publish, &of_run, BTreeMap::new(), &watcher, stop);
    let loaded = loaded()?;
    let engine = request.engine(&scratch.path).map_err(said)?;
    let fetch = Fetch::new(&engine, &scratch.path, &watcher, stop);
    // A test knows of no night before it.
    let unremembered = RunRequest { recall: false, ..run };
    let opened = runtime
        .block_on(open(&unremembered, &loaded, (&engine, &fetch), &scratch.path, &mut Default::default()))
        .map_err(said)?;
    let looking = Looking { request, opened: &opened, engine: &engine, folder: &scratch.path, stop };
    let fates = Fates::read(&outcome, &opened)?;
    let drafting = Drafting { request, opened: &opened, loaded: &loaded, looking: &looking, fates };
    let text = runtime.block_on(drafting.text()).map_err(said)?;
    super::update::replace(&target, &text)
        .map_err(|error| format!("`{}` cannot be written: {error}", target.display()))?;
    Ok(target)
}

/// What the run made of records, by file and line.
#[derive(Default)]
struct Fates {
    rejected: Vec<((String, u64), String)>,
    /// Loser and winner.
    duplicates: Vec<((String, u64), (String, u64))>,
}

impl Fates {
    fn read(outcome: &RunOutcome, opened: &Opened) -> Result<Self, String> {
        let mut fates = Self::default();
        let folder = outcome.evidence.clone().unwrap_or_default();
        let stem = opened.prepared.resolved.output.stem();
        let number = |text: &str| text.parse().unwrap_or_default();
        let mut rows = |file: &str, take: &mut dyn FnMut(&mut Self, &[std::borrow::Cow<'_, str>])| {
            let read = each_record(&folder.join(file), |line, fields| {
                if line > 1 {
                    take(&mut fates, fields);
                }
            });
            read.map(drop).map_err(|error| error.to_string())
        };
        rows(&format!("{stem}.rejects.csv"), &mut |fates, row| {
            fates.rejected.push(((row[7].to_string(), number(&row[8])), row[0].to_string()));
        })?;
        rows(&format!("{stem}.duplicates.csv"), &mut |fates, row| {
            let loser = (row[1].to_string(), number(&row[2]));
            fates.duplicates.push((loser, (row[3].to_string(), number(&row[4]))));
        })?;
        Ok(fates)
    }

    /// Up to `most` records: a loser with its winner, then the first of every reason.
    fn worth_showing(&self, most: usize) -> Vec<(String, u64)> {
        let mut places: Vec<(String, u64)> = Vec::new();
        if let (Some((loser, winner)), true) = (self.duplicates.first(), most >= 2) {
            places.extend([loser.clone(), winner.clone()]);
        }
        let mut reasons = BTreeSet::new();
        for (place, code) in &self.rejected {
            // A record that cannot be read cannot be given as one.
            if places.len() < most && !code.starts_with('D') && reasons.insert(code.as_str()) && !places.contains(place)
            {
                places.push(place.clone());
            }
        }
        places
    }

    fn knows(&self, place: &(String, u64)) -> bool {
        let lost = |(loser, winner): &((String, u64), (String, u64))| loser == place || winner == place;
        self.rejected.iter().any(|(own, _)| own == place) || self.duplicates.iter().any(lost)
    }
}

struct Drafting<'a> {
    request: &'a PreviewRequest,
    opened: &'a Opened,
    loaded: &'a Loaded,
    looking: &'a Looking<'a>,
    fates: Fates,
}

impl Drafting<'_> {
    async fn text(&self) -> Result<String, Failure> {
        let prepared = &self.opened.prepared;
        let mapping = prepared.file.mapping.as_ref().expect("a prepared mapping was read");
        let From::Source(from) = &mapping.from else {
            return Err(no_records());
        };
        if prepared.query.as_ref().is_some_and(|query| !query.traceable) {
            return Err(no_records());
        }
        let declared: BTreeMap<String, SourceEntry> = (self.loaded.project.file.iter().flat_map(|file| &file.sources))
            .chain(&mapping.sources)
            .map(|entry| (entry.name.value.clone(), entry.clone()))
            .collect();
        let records = self.records().await?;
        let session = prepared.session(self.looking.engine, &self.opened.tables, true)?;
        let from_is_query = prepared.query.is_some();
        // Queries are given by their results: what they read may be large.
        let used = used(mapping, &declared, &|_| true, self.loaded, &|| session.clone());
        let texts: BTreeSet<&str> = records.iter().flat_map(values).collect();
        let mut text = format!(
            "# Tests of {}.yaml, drafted from real data: replace names and addresses before this is committed.\n\
             as_of: {}\n",
            prepared.resolved.name, self.request.given.as_of
        );
        if let Some(environment) = &self.request.given.environment {
            let _ = writeln!(text, "environment: {}", scalar(environment));
        }
        if !self.request.given.variables.is_empty() {
            let pairs = self.request.given.variables.iter().map(|(name, value)| format!("{name}: {}", quoted(value)));
            let _ = writeln!(text, "variables: {{{}}}", pairs.collect::<Vec<_>>().join(", "));
        }
        let others: Vec<(&String, &Asked)> = used.iter().filter(|(name, _)| **name != from.value).collect();
        if !others.is_empty() {
            text.push_str("\nsources:");
            for (name, asked) in others {
                let rows = self.rows_of(name, asked, &texts, &session).await?;
                let _ = write!(text, "\n  {name}:{}", items(&rows, "  "));
            }
            text.push('\n');
        }
        let keys = self.keys(mapping, &records);
        if !keys.is_empty() {
            text.push_str("\nmappings:\n");
            for (name, keys) in keys {
                let keys: Vec<String> = keys.iter().map(|key| scalar(key)).collect();
                let _ = writeln!(text, "  {name}: [{}]", keys.join(", "));
            }
        }
        let types = if from_is_query { Vec::new() } else { self.types(&from.value) };
        let rows: Vec<Row> = records.iter().map(|record| self.given(record, &used, &from.value)).collect();
        let _ = write!(text, "\ncases:\n  the first records:\n    sources:\n      {}:", from.value);
        match types.as_slice() {
            [] => text.push_str(&items(&rows, "      ")),
            _ => {
                let types: Vec<String> = types.iter().map(|(name, kind)| format!("{}: {kind}", scalar(name))).collect();
                let _ = write!(
                    text,
                    "\n        types: {{{}}}\n        rows:{}",
                    types.join(", "),
                    items(&rows, "        ")
                );
            }
        }
        text.push('\n');
        Ok(text)
    }

    /// The records of the draft, in the order of the source.
    async fn records(&self) -> Result<Vec<PreviewRecord>, Failure> {
        let rows = self.looking.rows().await?;
        let numbers: BTreeMap<String, u32> = self
            .opened
            .prepared
            .sources
            .values()
            .flat_map(|source| source.files())
            .map(|file| (file.shown, file.file))
            .collect();
        let number = |place: &(String, u64)| Some((*numbers.get(&place.0)?, place.1));
        let odd = self.fates.worth_showing(self.request.count.saturating_sub(1));
        let mut places: Vec<(u32, u64)> = odd.iter().filter_map(number).collect();
        let wide = PreviewRequest { count: PATIENCE, ..self.request.clone() };
        let looking = Looking { request: &wide, ..*self.looking };
        let parent = self
            .opened
            .prepared
            .resolved
            .parent
            .map(|index| self.opened.prepared.resolved.columns[index].name.as_str());
        let rootless = |record: &PreviewRecord| {
            let cell = record.cells.iter().find(|cell| Some(cell.column.as_str()) == parent);
            cell.is_none_or(|cell| cell.written.is_none())
        };
        let first = looking.first().await?.records;
        let good = first.iter().filter(|record| {
            record.fate == PreviewFate::Good && !self.fates.knows(&(record.file.clone(), record.line))
        });
        let (roots, children): (Vec<&PreviewRecord>, Vec<&PreviewRecord>) = good.partition(|record| rootless(record));
        for record in roots.into_iter().chain(children) {
            if places.len() >= self.request.count {
                break;
            }
            places.extend(number(&(record.file.clone(), record.line)));
        }
        Ok(self.looking.at(&rows, places).await?.records)
    }

    /// The cells of a record that the mapping may read.
    fn given(&self, record: &PreviewRecord, used: &BTreeMap<String, Asked>, from: &str) -> Row {
        let named = used.get(from).map(|asked| &asked.fields);
        let text = &self.opened.prepared.file.text;
        let own = record.fields.len() - record.lets.min(record.fields.len());
        let cells = record.fields[..own].iter().filter(|(name, _)| {
            // Names in SQL need no quotes.
            named.is_some_and(|named| named.contains(name)) || text.contains(name.as_str())
        });
        cells.filter_map(|(name, value)| Some((name.clone(), value.clone()?))).collect()
    }

    /// The rows of another source that hold one of the records' values in a column that is compared; else its first.
    async fn rows_of(
        &self,
        name: &str,
        asked: &Asked,
        texts: &BTreeSet<&str>,
        session: &SessionContext,
    ) -> Result<Vec<Row>, Failure> {
        let fields: Vec<&String> = asked.fields.iter().collect();
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        let list: Vec<String> = fields.iter().map(|field| identifier(field)).collect();
        let sql = format!("select {} from {}", list.join(", "), identifier(name));
        let compared = self.compared(name);
        let (mut rows, mut first) = (Vec::new(), None);
        column::texts(session, &sql, |cells| {
            let pairs = || {
                fields.iter().zip(cells).map(|(field, cell)| ((*field).clone(), cell.unwrap_or_default().to_owned()))
            };
            let hit = pairs().any(|(field, cell)| compared.contains(&field) && texts.contains(cell.trim()));
            if hit && rows.len() < MOST_ROWS {
                rows.push(pairs().collect());
            } else if first.is_none() {
                first = Some(pairs().collect());
            }
            Ok(())
        })
        .await?;
        // An empty source would stop the run.
        if rows.is_empty() {
            rows.extend(first);
        }
        Ok(rows)
    }

    /// Columns of the source `name` that values are looked for in.
    fn compared(&self, name: &str) -> BTreeSet<String> {
        let resolved = &self.opened.prepared.resolved;
        let lookups = resolved.columns.iter().filter_map(|column| column.cell.lookup.as_ref());
        let keys = lookups.filter(|lookup| lookup.source == name).map(|lookup| lookup.key.clone());
        let references = resolved.references.iter().flat_map(|reference| &reference.targets);
        let accounts = resolved.unknown_accounts.iter().flat_map(|unknown| &unknown.targets);
        let targets = references.chain(&resolved.hierarchy.known_accounts).chain(accounts);
        let targets = targets.filter_map(|target| match target {
            Target::Field { source, field } if source == name => Some(field.clone()),
            _ => None,
        });
        keys.chain(targets).collect()
    }

    /// Keys of other mappings that the records refer to and find.
    fn keys(&self, mapping: &Mapping, records: &[PreviewRecord]) -> BTreeMap<String, BTreeSet<String>> {
        let resolved = &self.opened.prepared.resolved;
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let own = |target: &Target| match target {
            Target::Mapping(name) if *name != mapping.name => Some(name.clone()),
            _ => None,
        };
        let parents = resolved.parent.map(|column| (column, &resolved.hierarchy.known_accounts));
        let accounts = resolved.unknown_accounts.iter().map(|unknown| (unknown.column, &unknown.targets));
        let references = resolved.references.iter().map(|reference| (reference.column, &reference.targets));
        let references = references.chain(parents).chain(accounts);
        for (column, targets) in references {
            let column = &resolved.columns[column].name;
            for name in targets.iter().filter_map(own) {
                let keys = keys.entry(name).or_default();
                for record in records {
                    let place = (record.file.clone(), record.line);
                    let dangles = |code: &str| ["K608", "K603", "K610"].contains(&code);
                    if self.fates.rejected.iter().any(|(own, code)| *own == place && dangles(code)) {
                        continue;
                    }
                    let cell = record.cells.iter().find(|cell| cell.column == *column);
                    keys.extend(cell.and_then(|cell| cell.written.clone()));
                }
            }
        }
        keys
    }

    /// Columns of a source that are not text.
    fn types(&self, source: &str) -> Vec<(String, &'static str)> {
        let Some(source) = self.opened.prepared.sources.get(source) else { return Vec::new() };
        let schema = source.table().schema();
        let fields = schema.fields().iter().filter(|field| self.opened.prepared.fields.contains(field.name()));
        let named = fields.filter(|field| self.opened.prepared.file.text.contains(field.name().as_str()));
        let kinds = named.filter_map(|field| {
            let kind = match field.data_type() {
                DataType::Timestamp(_, None) => "timestamp",
                DataType::Timestamp(..) => "timestamp_utc",
                DataType::Date32 | DataType::Date64 => "date",
                DataType::Boolean => "boolean",
                kind if kind.is_integer() => "integer",
                kind if kind.is_numeric() => "number",
                _ => return None,
            };
            Some((field.name().clone(), kind))
        });
        kinds.collect()
    }
}

/// What a record holds, as read and as written.
fn values(record: &PreviewRecord) -> impl Iterator<Item = &str> {
    let fields = record.fields.iter().filter_map(|(_, value)| value.as_deref().map(str::trim));
    fields.chain(record.cells.iter().filter_map(|cell| cell.written.as_deref()))
}

/// A variable's value: text, whatever it looks like.
fn quoted(value: &str) -> String {
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && value.starts_with(|c: char| c.is_ascii_alphabetic());
    if plain { value.to_owned() } else { scalar(value) }
}

fn no_records() -> Failure {
    Failure::Held(
        "its rows come from a query that cannot be traced to records; write them by hand (docs/test.md)".to_owned(),
    )
}
