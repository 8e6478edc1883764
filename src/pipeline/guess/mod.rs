//! `tanguero guess`: looks at a source, drafts a mapping, and checks the draft as a run would.

mod look;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Texts, code, excerpt};
use crate::engine::Engine;
use crate::format::{FormatSpec, find, names};
use crate::guess::{About, Draft, Ranked, Sample, draft, rank};
use crate::mapping::{SourceKind, Variables, parse};
use crate::pipeline::folders::scratch_folder;
use crate::pipeline::open::{project_around, register};
use crate::pipeline::prepare::{Surrounding, prepare};
use crate::pipeline::{Exit, Failure, RunRequest, Situation, column};
use crate::project::{MappingFile, Project, load, root_of};
use crate::source::{FileAt, FileRegister, SourceDefinition, kind_of, listed, open};
use crate::sqltext::identifier;
use crate::store::{self, Stores};

use look::{FIRST, Look, grouped};

/// Formats whose scores are told.
const TOLD: usize = 13;

/// What `tanguero guess` is asked to do.
#[derive(Debug, Clone)]
pub struct GuessRequest {
    /// File, glob or folder.
    pub source: String,
    /// The Totango format; none: the one that suits best.
    pub format: Option<String>,
    /// Where the mapping will be: its folder decides what paths are relative to.
    pub out: Option<PathBuf>,
    /// Replace what is there.
    pub force: bool,
    /// Where, when and with what it works.
    pub given: Situation,
}

/// How it went.
#[derive(Debug, Default)]
pub struct GuessOutcome {
    /// The draft.
    pub text: String,
    /// Its format.
    pub format: String,
    /// Formats and why, the best first, where one had to be found.
    pub ranking: Vec<(String, f64, String)>,
    /// Columns of the source, and those that the draft uses.
    pub columns: (usize, usize),
    /// Lines on which a person has to choose.
    pub questions: usize,
    /// Mandatory attributes without a column.
    pub missing: Vec<String>,
    /// What a run would still say against the draft.
    pub left: Vec<String>,
    /// The folder of the draft, which paths and outputs are relative to, since no `tanguero.yaml` says otherwise.
    pub lonely: Option<PathBuf>,
    /// What kept a draft from being made.
    pub problems: Vec<Diagnostic>,
    /// The process's exit.
    pub exit: Option<Exit>,
}

/// Drafts a mapping for the source of `request`. Writes it where it was asked to.
pub fn guess(request: &GuessRequest) -> GuessOutcome {
    let mut outcome = GuessOutcome::default();
    if let Err(failure) = run(request, &mut outcome) {
        outcome.problems.extend(failure.diagnostics());
        let usage = outcome.problems.iter().any(|problem| problem.code.id == code::USAGE.id);
        outcome.exit = Some(if usage { Exit::Usage } else { failure.exit() });
    }
    outcome
}

fn usage(message: String) -> Failure {
    Failure::World(Diagnostic::error(&code::USAGE, message))
}

fn run(request: &GuessRequest, outcome: &mut GuessOutcome) -> Result<(), Failure> {
    let format = request.format.as_deref().map(|name| {
        let names: Vec<&str> = names().collect();
        find(name).ok_or_else(|| usage(format!("there is no format `{name}`; formats: {}", names.join(", "))))
    });
    let format = format.transpose()?;
    let out = request.out.as_ref().map(|out| request.given.current.join(out));
    if let Some(out) = out.as_ref().filter(|out| out.exists() && !request.force) {
        return Err(usage(format!("`{}` is there already; say `--force` to replace it", out.display())));
    }
    let pattern = request.given.current.join(&request.source);
    let url = store::is_url(&request.source).then(|| request.source.clone());
    let definition = SourceDefinition {
        shown_base: request.given.current.clone(),
        stores: project_around(&request.given)?.stores,
        ..SourceDefinition::new("source", url.clone().unwrap_or_else(|| pattern.to_string_lossy().into_owned()))
    };
    let files = listed(&definition)?;
    let (first, shown) = files.first().expect("a source without a file is an error");
    let (named, compression) = kind_of(first);
    let kind = named.unwrap_or(SourceKind::Csv);
    let Look { sample, form } = match kind {
        SourceKind::Csv | SourceKind::Tsv => look::csv(first, shown, compression, kind)?,
        _ => other_kinds(definition, request)?,
    };
    let stem = stem(first, &request.source);
    let (format, ranking) = match format {
        Some(format) => (format, Vec::new()),
        None => {
            let ranking = rank(&sample, &stem);
            if ranking.first().is_none_or(|best| best.score <= 0.0) {
                outcome.ranking = told(&ranking);
                return Err(usage(format!("`{}` suits no format: say which with `--format`", request.source)));
            }
            (ranking.first().expect("the catalogue has formats").format, ranking)
        }
    };
    // The folder decides what the project is.
    if let Some((out, folder)) = out.as_ref().and_then(|out| Some((out, out.parent()?))) {
        std::fs::create_dir_all(folder).map_err(|error| unwritten(out, &error))?;
    }
    let base = out.as_deref().and_then(Path::parent).unwrap_or(&request.given.current);
    let project = project(base, request);
    let about = About {
        format,
        sample: &sample,
        form: form.as_ref(),
        path: url.unwrap_or_else(|| relative(&project.root, &pattern)),
        source: stem,
        kind: named.is_none().then_some("csv"),
        mappings: project.names.clone(),
        opening: opening(request, &sample, files.len(), format, &ranking),
    };
    let Draft { mut text, used, questions, missing } = draft(&about);
    outcome.left = left(&text, &project, request)?;
    for one in &outcome.left {
        text += &format!("# left to do: {one}\n");
    }
    outcome.format.clone_from(&format.name);
    outcome.ranking = told(&ranking);
    outcome.columns = (sample.fields.len(), used);
    outcome.questions = questions;
    outcome.missing = missing;
    if let Some(out) = &out {
        std::fs::write(out, &text).map_err(|error| unwritten(out, &error))?;
        let root = out.parent().map(root_of).unwrap_or_default();
        outcome.lonely = (!root.join("tanguero.yaml").exists() && root != request.given.current).then_some(root);
    }
    outcome.text = text;
    Ok(())
}

fn unwritten(out: &Path, error: &std::io::Error) -> Failure {
    usage(format!("`{}` cannot be written: {error}", out.display()))
}

fn told(ranking: &[Ranked]) -> Vec<(String, f64, String)> {
    ranking.iter().take(TOLD).map(|one| (one.format.name.clone(), one.score, one.why.clone())).collect()
}

fn opening(
    request: &GuessRequest,
    sample: &Sample,
    files: usize,
    format: &FormatSpec,
    ranking: &[Ranked],
) -> Vec<String> {
    let of_files = if files > 1 { format!("; {files} files match, the first was looked at") } else { String::new() };
    let mut lines = vec![
        format!("Drafted by `tanguero guess` from {}: {}{of_files}.", excerpt(&request.source), sample.which),
        "Every line says why. QUESTION waits for an answer, MISSING for a column; all else is a proposal.".to_owned(),
    ];
    if let [best, rest @ ..] = ranking {
        let next: Vec<String> =
            rest.iter().take(2).map(|one| format!("{} ({:.1})", one.format.name, one.score)).collect();
        lines.push(format!("As `{}` ({:.1}): {}. Next best: {}.", format.name, best.score, best.why, next.join(", ")));
    }
    lines
}

/// The name of the source in the mapping: that of the file, without endings and wildcards.
fn stem(first: &FileAt, source: &str) -> String {
    let source = if store::is_url(source) { source.split('?').next().unwrap_or_default() } else { source };
    let asked = Path::new(source).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = match asked.contains(['*', '?', '[', '{']) || asked.is_empty() {
        true => first.name().to_string_lossy().into_owned(),
        false => asked,
    };
    let stem = name.split('.').next().unwrap_or_default();
    let stem: String = stem.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let stem = stem.trim_matches('_').to_lowercase();
    if stem.is_empty() { "source".to_owned() } else { stem }
}

/// The project that the mapping will belong to.
fn project(base: &Path, request: &GuessRequest) -> Project {
    match load(&[], base, &request.given.options()) {
        Ok(loaded) => Project { file: None, ..loaded.project },
        Err(_) => Project {
            root: root_of(base),
            file: None,
            names: Vec::new(),
            referred: Default::default(),
            stores: Stores::default(),
        },
    }
}

/// `path` as a mapping of the project in `root` spells it.
fn relative(root: &Path, path: &Path) -> String {
    let plain = |path: &Path| {
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => drop(plain.pop()),
                Component::CurDir => {}
                other => plain.push(other),
            }
        }
        plain
    };
    let path = plain(path);
    let roots = [plain(root), std::fs::canonicalize(root).unwrap_or_else(|_| root.to_path_buf())];
    let inside = roots.iter().find_map(|root| path.strip_prefix(root).ok());
    if let Some(inside) = inside {
        return inside.to_string_lossy().into_owned();
    }
    // A neighbour's file is reached over the parent; what is further away keeps its own place.
    let parent = roots[0].parent().and_then(|parent| path.strip_prefix(parent).ok());
    match parent.filter(|_| roots[0].parent().is_some_and(|parent| parent.parent().is_some())) {
        Some(inside) => format!("../{}", inside.display()),
        None => path.to_string_lossy().into_owned(),
    }
}

fn engine(request: &GuessRequest, spill: &Path) -> Result<(RunRequest, Engine), Failure> {
    let engine = Engine::new(request.given.engine(spill)).map_err(|error| Failure::engine(&error, None))?;
    Ok((RunRequest::of(&request.given), engine))
}

/// The first records of what is no CSV.
fn other_kinds(definition: SourceDefinition, request: &GuessRequest) -> Result<Look, Failure> {
    let source = open(definition, &FileRegister::new(), request.given.started.into())?;
    let fields = source.schema().fields;
    let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
    let scratch =
        scratch_folder(&root_of(&request.given.current).join(".tanguero"), &format!("guess-{}", std::process::id()))?;
    let (_, engine) = engine(request, &scratch.path)?;
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::new(); names.len()];
    let session = engine.session();
    register(&session, "source", source.table())?;
    let list: Vec<String> = names.iter().map(|name| identifier(name)).collect();
    let sql = format!("select {} from source limit {}", list.join(", "), FIRST);
    let mut records = 0;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    if !names.is_empty() {
        runtime.block_on(column::texts(&session, &sql, |row| {
            records += 1;
            for (column, cell) in columns.iter_mut().zip(row) {
                column.push(cell.map(str::to_owned));
            }
            Ok(())
        }))?;
    }
    let whole = records < FIRST;
    let which = match (whole, records) {
        (_, 0) => "its columns; it has no records".to_owned(),
        (true, all) => format!("all its {} records", grouped(all)),
        (false, first) => format!("its first {} records", grouped(first)),
    };
    let sample = Sample { whole, which, nulls: Vec::new(), ..Sample::new(&names, &[], columns) };
    Ok(Look { sample, form: None })
}

/// What a run would say against the draft.
fn left(text: &str, project: &Project, request: &GuessRequest) -> Result<Vec<String>, Failure> {
    let shown = "draft.yaml".to_owned();
    let variables = Variables::new(BTreeMap::new(), BTreeMap::new(), request.given.as_of, None);
    let (mapping, mut found) = parse(&shown, text, &variables);
    if mapping.is_some() && !found.has_errors() {
        let name = "draft".to_owned();
        let file = MappingFile { name, shown, text: text.to_owned(), mapping, found: Diagnostics::new(), asked: true };
        let scratch = scratch_folder(
            &root_of(&request.given.current).join(".tanguero"),
            &format!("guess-{}", std::process::id()),
        )?;
        let (run, engine) = engine(request, &scratch.path)?;
        let around = Surrounding { project, variables: &variables, request: &run, engine: &engine, fetch: None };
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build()?;
        if let Err(failure) = runtime.block_on(prepare(&file, &around, &mut Texts::new())) {
            failure.diagnostics().into_iter().for_each(|one| found.push(one));
        }
    }
    found.sort();
    let errors = found.iter().filter(|one| one.severity == Severity::Error);
    Ok(errors.map(|one| format!("{} [{}]", one.message, one.code.id)).collect())
}
