//! The functions inside the engine: SQL in, rows out; once per row.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, StringViewArray};
use datafusion::arrow::datatypes::{DataType, UInt8Type};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::prelude::SessionContext;

use crate::functions::lookup::LookupKey;
use crate::functions::{LookupTables, fault, judged_type, list, register};

fn session() -> SessionContext {
    let session = SessionContext::new();
    let tables = Arc::new(LookupTables::new());
    let name = LookupKey { source: "owners".into(), key: "id".into(), take: "name".into() };
    tables.insert(name, [("1", "Ann")]).unwrap();
    register(&session, tables);
    session
}

fn table(session: &SessionContext, columns: &[(&str, &[Option<&str>])]) {
    let columns =
        columns.iter().map(|(name, values)| (*name, Arc::new(StringViewArray::from(values.to_vec())) as ArrayRef));
    session
        .register_batch(
            "t",
            RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap(),
        )
        .unwrap();
}

async fn query(session: &SessionContext, sql: &str) -> Result<Vec<Vec<String>>> {
    let batches = session.sql(sql).await?.collect().await?;
    let cell = |column: &ArrayRef, row| {
        if column.is_null(row) { "NULL".to_owned() } else { array_value_to_string(column, row).unwrap() }
    };
    let rows = |batch: &RecordBatch| -> Vec<Vec<String>> {
        (0..batch.num_rows()).map(|row| batch.columns().iter().map(|column| cell(column, row)).collect()).collect()
    };
    Ok(batches.iter().flat_map(rows).collect())
}

/// The only column of the rows.
pub(super) async fn values(sql: &str) -> Vec<String> {
    query(&session(), sql).await.unwrap().into_iter().map(|mut row| row.remove(0)).collect()
}

pub(super) async fn refusal(sql: &str) -> String {
    query(&session(), sql).await.unwrap_err().to_string()
}

#[tokio::test]
async fn a_plan_gives_judged_cells() {
    let session = session();
    table(
        &session,
        &[
            ("Id", &[Some("A-1"), Some("b c"), None, Some("")]),
            ("Day", &[Some("01/31/2024"), None, Some("x"), Some("2024-01-31")]),
        ],
    );
    let sql = r#"select normalize_id("Id", '{"required":true,"id_extra":"-","max_length":480}') as "account_id",
        normalize_date("Day", '{"formats":["%m/%d/%Y","iso"]}') as "Day" from t"#;
    let batches = session.sql(sql).await.unwrap().collect().await.unwrap();
    let [batch] = batches.as_slice() else { panic!("one batch in, one out") };
    for column in batch.columns() {
        assert_eq!(column.data_type(), &judged_type());
    }
    let faults = |at: usize| batch.column(at).as_struct().column(1).as_primitive::<UInt8Type>().values().to_vec();
    assert_eq!(faults(0), [0, fault::BAD_ID, fault::EMPTY_VALUE, fault::EMPTY_VALUE]);
    assert_eq!(faults(1), [0, 0, fault::NOT_A_DATE, 0]);
    let rows = query(&session, &format!("select value_of(\"Day\"), fault_of(account_id) from ({sql})")).await.unwrap();
    assert_eq!(rows, [["2024-01-31", "0"], ["NULL", "2"], ["NULL", "1"], ["2024-01-31", "1"]]);
}

#[tokio::test]
async fn constants_are_judged_too() {
    assert_eq!(values("select value_of(normalize_text(' enterprise ', '{}'))").await, ["enterprise"]);
    assert_eq!(values("select value_of(normalize_number(12.50, '{}'))").await, ["12.5"]);
    assert_eq!(
        values("select value_of(normalize_date(date '2024-01-31', '{\"formats\":[\"%d/%m/%Y\"]}'))").await,
        ["2024-01-31"]
    );
    assert_eq!(values("select value_of(normalize_text(null, '{\"default\":\"x\"}'))").await, ["x"]);
    assert_eq!(values("select value_of(normalize_flag(true, '{}'))").await, ["yes"]);
}

#[tokio::test]
async fn lookups_reach_the_tables_of_the_session() {
    let look = |key: &str| {
        format!(
            "select value_of(normalize_text('{key}', '{{\"lookup\":{{\"in\":\"owners\",\"match\":\"id\",\"take\":\"name\"}}}}'))"
        )
    };
    assert_eq!(values(&look("1")).await, ["Ann"]);
    assert_eq!(values(&look("2")).await, ["NULL"]);
    let missing = r#"select normalize_text('1', '{"lookup":{"in":"nowhere","match":"id","take":"name"}}')"#;
    assert!(refusal(missing).await.contains("`nowhere`"));
}

#[tokio::test]
async fn mistakes_in_options_are_found_while_planning() {
    assert!(refusal("select normalize_text('x', '{\"no_such\":1}')").await.contains("no_such"));
    assert!(refusal("select normalize_text('x', 'nonsense')").await.contains("cannot be read"));
    assert!(
        refusal("select normalize_text('x', concat('a', cast(random() as varchar)))").await.contains("text literals")
    );
    assert!(refusal("select normalize_text([1, 2], '{}')").await.contains("holds no text"));
    assert!(refusal("select value_of('x')").await.contains("a judged cell is wanted"));
    assert!(refusal("select normalize_date('2024', '{\"formats\":[\"YYYY\"]}')").await.contains("is no date layout"));
}

#[tokio::test]
async fn templates_name_their_empty_part_and_ids_pass_the_fault_on() {
    let session = session();
    table(&session, &[("A", &[Some(" a1 "), Some("a2"), None]), ("C", &[Some("c"), Some("  "), None])]);
    let sql = r#"select fault_of(normalize_id(template('{A}_{C}', "A", "C"), '{}')),
        value_of(normalize_id(template('{A}_{C}', "A", "C"), '{}')), value_of(template('{A}_{C}', "A", "C")),
        value_of(normalize_text(template_text('{A} ({C})', "A", "C"), '{}')) from t"#;
    let rows = query(&session, sql).await.unwrap();
    assert_eq!(rows[0], ["0", "a1_c", "a1_c", "a1 (c)"]);
    assert_eq!(rows[1], ["18", "NULL", "a2_{C}", "a2 ()"]);
    assert_eq!(rows[2], ["18", "NULL", "{A}_{C}", "NULL"]);
    assert_eq!(values("select value_of(template('x{}y', 5))").await, ["x5y"]);
    assert!(refusal("select template('{a}{b}', 'x')").await.contains("2 parts, and 1 values"));
    assert!(refusal("select template('{a', 'x')").await.contains("without its partner"));
}

#[tokio::test]
async fn tags_are_found_in_a_cell_and_unknown_ones_are_faults() {
    let session = session();
    table(&session, &[("Labels", &[Some("VIP| beta "), Some("vip|gold"), Some("vipp"), None])]);
    let tag = |column: &str, options: &str| format!("normalize_tag({column}, '{options}')");
    let checked = tag(r#"tag_in("Labels", 'vip', '|', '["vip","beta"]')"#, "{}");
    let free = tag(r#"tag_in("Labels", 'vip', '|')"#, r#"{"absent_remove":true}"#);
    let sql = format!("select value_of({checked}), fault_of({checked}), value_of({free}), fault_of({free}) from t");
    let rows = query(&session, &sql).await.unwrap();
    assert_eq!(
        rows,
        [["yes", "0", "yes", "0"], ["NULL", "19", "yes", "0"], ["NULL", "19", "no", "0"], ["NULL", "0", "no", "0"]]
    );
    let unknown = r#"select value_of(tag_in("Labels", 'vip', '|', '["vip","beta"]')) from t"#;
    assert_eq!(query(&session, unknown).await.unwrap(), [["true"], ["gold"], ["vipp"], ["false"]]);
}

/// Passes text through and counts the rows it has seen.
#[derive(Debug)]
struct Counting {
    seen: Arc<AtomicUsize>,
    signature: Signature,
}

impl PartialEq for Counting {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Counting {}
impl std::hash::Hash for Counting {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl ScalarUDFImpl for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        self.seen.fetch_add(args.number_rows, Ordering::Relaxed);
        Ok(args.args[0].clone())
    }
}

#[tokio::test]
async fn a_plan_runs_each_function_once_per_row() {
    let session = session();
    let seen = Arc::new(AtomicUsize::new(0));
    session.register_udf(ScalarUDF::from(Counting {
        seen: Arc::clone(&seen),
        signature: Signature::any(1, Volatility::Immutable),
    }));
    table(&session, &[("a", &[Some("x"); 100])]);
    let cell = "normalize_text(counting(a), '{\"max_length\":9}')";
    for sql in [
        format!("select {cell} as a_ from t"),
        format!("select value_of({cell}), fault_of({cell}) from t"),
        format!("select value_of(a_), fault_of(a_) from (select {cell} as a_ from t)"),
        format!(
            "select value_of(a_) as v, fault_of(a_) as f, a_ from (select {cell} as a_ from t) where true order by v"
        ),
        "select value_of(normalize_integer(a_, '{}')), fault_of(a_) from (select template('{x}', counting(a)) as a_ from t)"
            .to_owned(),
    ] {
        seen.store(0, Ordering::Relaxed);
        assert_eq!(query(&session, &sql).await.unwrap().len(), 100);
        assert_eq!(seen.load(Ordering::Relaxed), 100, "{sql}");
    }
}

#[test]
fn every_function_has_a_page_and_every_page_a_function() {
    let session = session();
    let pages = list();
    for page in &pages {
        assert!(session.state().scalar_functions().contains_key(page.name), "{}", page.name);
        assert!(page.signature.starts_with(&format!("{}(", page.name)) && page.about.ends_with('.'), "{}", page.name);
    }
    let ours = super::functions(&Arc::new(LookupTables::new()));
    assert_eq!(ours.len(), pages.len());
    assert!(ours.iter().all(|function| function.signature().volatility == Volatility::Immutable));
}
