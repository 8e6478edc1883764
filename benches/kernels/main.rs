//! Micro-benchmarks of the hot kernels: what reading, judging and encoding cost by the cell and by the byte.
//!
//! ```sh
//! cargo bench --bench kernels            # all; each is compared with its last run
//! cargo bench --bench kernels -- date    # some
//! ```

use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use datafusion::arrow::array::{Array, ArrayRef, StringViewArray};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::ScalarValue;
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::{ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF};
use datafusion::prelude::SessionContext;
use tanguero::csv::{Decoder, Dialect, LineEnding, RowBuffer, Rows, Splitter, skip_lines};
use tanguero::functions::{LookupTables, register};
use tanguero::mapping::CellType;
use tanguero::resolve::CellSpec;
use tanguero::settle::{key_hash, row_hash};

/// Cells of a column: as many as a piece of a file has rows.
const CELLS: usize = 2048;

/// The columns of a record: what they hold stands in the real ones' proportions, so that branches are met as there.
const COLUMNS: [fn(usize) -> String; 8] = [id, name, amount, iso_day, day, moment, note, email];

/// Spread over all values, the same each time.
fn spread(at: usize) -> usize {
    (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23) as usize
}

fn id(at: usize) -> String {
    format!("0015e{:010X}AAA", spread(at) & 0xff_ffff_ffff)
}

fn name(at: usize) -> String {
    match at % 12 {
        0 => format!("\"Quoted, {at} \"\"Inc\"\"\""),
        1 => format!("  Añejo {at} & Cía  "),
        _ => format!("Company {at} Holding"),
    }
}

fn amount(at: usize) -> String {
    match at % 4 {
        0 => format!("{}.{:02}", spread(at) % 90_000, at % 100),
        1 => format!("\"${},{:03}.50\"", 1 + at % 90, spread(at) % 1000),
        2 => String::new(),
        _ => (spread(at) % 1_000_000).to_string(),
    }
}

fn iso_day(at: usize) -> String {
    format!("20{:02}-{:02}-{:02}", spread(at) % 27, 1 + spread(at) % 12, 1 + at % 28)
}

fn day(at: usize) -> String {
    match at % 3 {
        0 => format!("{:02}/{:02}/20{:02}", 1 + spread(at) % 12, 1 + at % 28, at % 27),
        1 => format!("{}.{}.20{:02}", 1 + at % 28, 1 + spread(at) % 12, at % 27),
        _ => iso_day(at),
    }
}

fn moment(at: usize) -> String {
    format!("{}T{:02}:{:02}:{:02}.{:03}Z", iso_day(at), at % 24, spread(at) % 60, at % 60, spread(at) % 1000)
}

fn note(at: usize) -> String {
    match at % 9 {
        0 => format!("\"A note; of two lines,\nfor number {at}\""),
        _ => format!("a longer note about the account with the number {at}"),
    }
}

fn email(at: usize) -> String {
    format!("{}.{at}@Example{}.com", if at.is_multiple_of(2) { "First" } else { "second" }, spread(at) % 50)
}

/// Records of all columns, with a line end each.
fn records(count: usize) -> String {
    let mut text = String::new();
    for at in 0..count {
        let cells: Vec<String> = COLUMNS.iter().map(|column| column(at)).collect();
        let _ = writeln!(text, "{}", cells.join(","));
    }
    text
}

/// As the reader hands cells to the functions: unquoted, in views, blank ones NULL.
fn column(cell: fn(usize) -> String) -> ArrayRef {
    let unquoted = |text: String| text.trim_matches('"').replace("\"\"", "\"");
    let cells = (0..CELLS).map(|at| Some(unquoted(cell(at))).filter(|text| !text.is_empty()));
    Arc::new(cells.collect::<StringViewArray>())
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("csv");
    let (text, dialect) = (records(CELLS), Dialect::default());
    let piece = Splitter::new(&dialect, 1, false).split(text.as_bytes(), true);
    assert_eq!(piece.length, text.len(), "the records are one piece");
    let slack = text.clone() + &" ".repeat(64);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("split", |bencher| {
        bencher.iter(|| Splitter::new(&dialect, 1, false).split(black_box(text.as_bytes()), true));
    });
    let wanted: Vec<Option<usize>> = (0..COLUMNS.len()).map(Some).collect();
    let mut decoder = Decoder::new(&dialect, COLUMNS.len(), &wanted);
    let mut rows = Rows::default();
    group.bench_function("decode", |bencher| {
        bencher.iter(|| decoder.decode(black_box(slack.as_bytes()), &piece, &mut rows));
    });
    assert_eq!(rows.lines.len(), CELLS, "every record is read");
    let mut few = Decoder::new(&dialect, COLUMNS.len(), &wanted[..2]);
    group.bench_function("decode two columns of eight", |bencher| {
        bencher.iter(|| few.decode(black_box(slack.as_bytes()), &piece, &mut rows));
    });
    let lines = text.lines().count() as u64;
    group.bench_function("skip lines", |bencher| {
        bencher.iter(|| skip_lines(black_box(text.as_bytes()), 0, lines - 1));
    });
    group.finish();
}

/// One call of a normaliser over a column.
struct Normaliser {
    function: Arc<ScalarUDF>,
    arguments: ScalarFunctionArgs,
}

impl Normaliser {
    fn new(session: &SessionContext, spec: &CellSpec, cells: ArrayRef) -> Self {
        let options = serde_json::to_string(spec).expect("options are JSON");
        let kind = serde_json::to_value(spec.kind).expect("a type has a name");
        let name = format!("normalize_{}", kind.as_str().expect("a type's name is text"));
        let function = session.state().scalar_functions().get(&name).cloned().expect("every type has a function");
        let arg_fields = vec![
            Arc::new(Field::new("cell", cells.data_type().clone(), true)),
            Arc::new(Field::new("options", DataType::Utf8, false)),
        ];
        let options = ScalarValue::Utf8(Some(options));
        let given = ReturnFieldArgs { arg_fields: &arg_fields, scalar_arguments: &[None, Some(&options)] };
        let return_field = function.return_field_from_args(given).expect("the options are right");
        let number_rows = cells.len();
        let args = vec![ColumnarValue::Array(cells), ColumnarValue::Scalar(options.clone())];
        let config_options = Arc::new(ConfigOptions::default());
        Self { function, arguments: ScalarFunctionArgs { args, arg_fields, number_rows, return_field, config_options } }
    }
}

fn judging(criterion: &mut Criterion) {
    let session = SessionContext::new();
    register(&session, Arc::new(LookupTables::new()));
    let layouts = ["iso", "%m/%d/%Y", "%d.%m.%Y"].map(str::to_owned).to_vec();
    let three = CellSpec { formats: layouts, ..CellSpec::new(CellType::Date) };
    let cases = [
        ("id", CellSpec::new(CellType::Id), column(id)),
        ("text", CellSpec::new(CellType::Text), column(name)),
        ("text, long", CellSpec::new(CellType::Text), column(note)),
        ("currency", CellSpec::new(CellType::Currency), column(amount)),
        ("date, ISO days", CellSpec::new(CellType::Date), column(iso_day)),
        ("date, three layouts", three, column(day)),
        ("date, moments", CellSpec::new(CellType::Date), column(moment)),
        ("email", CellSpec::new(CellType::Email), column(email)),
        ("text that is no number", CellSpec::new(CellType::Integer), column(name)),
    ];
    let mut group = criterion.benchmark_group("judge");
    group.throughput(Throughput::Elements(CELLS as u64));
    for (name, spec, cells) in cases {
        let call = Normaliser::new(&session, &spec, cells);
        group.bench_function(name, |bencher| {
            let arguments = || call.arguments.clone();
            bencher.iter_batched(
                arguments,
                |arguments| call.function.invoke_with_args(arguments),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

fn encoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    let columns = COLUMNS.map(column);
    let columns: Vec<&StringViewArray> =
        columns.iter().map(|column| column.as_any().downcast_ref().expect("cells are views")).collect();
    let rows: Vec<Vec<&str>> = (0..CELLS).map(|row| columns.iter().map(|cells| cells.value(row)).collect()).collect();
    let mut buffer = RowBuffer::default();
    let mut write = || {
        buffer.clear();
        rows.iter().for_each(|row| buffer.row(black_box(row), LineEnding::CrLf));
        buffer.len()
    };
    group.throughput(Throughput::Bytes(write() as u64));
    group.bench_function("rows", |bencher| bencher.iter(&mut write));
    group.finish();
}

fn hashing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hash");
    let keys: Vec<String> = (0..CELLS).map(id).collect();
    let text = records(CELLS);
    group.throughput(Throughput::Elements(CELLS as u64));
    group.bench_function("keys", |bencher| {
        bencher.iter(|| keys.iter().fold(0, |sum, key| sum ^ key_hash(&[black_box(key.as_bytes())], false)));
    });
    group.bench_function("keys of two columns, in any case", |bencher| {
        let hash = |key: &String| key_hash(&[black_box(key.as_bytes()), b"A second part"], true);
        bencher.iter(|| keys.iter().fold(0, |sum, key| sum ^ hash(key)));
    });
    group.bench_function("encoded rows", |bencher| {
        bencher.iter(|| text.lines().fold(0, |sum, row| sum ^ row_hash(black_box(row.as_bytes()))));
    });
    group.finish();
}

criterion_group!(kernels, reading, judging, encoding, hashing);
criterion_main!(kernels);
