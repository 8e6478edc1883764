//! `normalize_<type>(value, '<CellSpec as JSON>')`: judges the cells of one target column.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use crate::functions::cell::Cell;
use crate::functions::column;
use crate::functions::lookup::LookupTables;
use crate::mapping::CellType;
use crate::resolve::CellSpec;

use super::function::{FunctionPage, literal, scalar_if, want_text};
use super::memo::Memo;

/// Every type and the name of its function.
pub const KINDS: [(CellType, &str); 12] = [
    (CellType::Text, "normalize_text"),
    (CellType::Id, "normalize_id"),
    (CellType::Email, "normalize_email"),
    (CellType::Integer, "normalize_integer"),
    (CellType::Number, "normalize_number"),
    (CellType::Currency, "normalize_currency"),
    (CellType::Date, "normalize_date"),
    (CellType::List, "normalize_list"),
    (CellType::MultiList, "normalize_multi_list"),
    (CellType::Flag, "normalize_flag"),
    (CellType::Tag, "normalize_tag"),
    (CellType::ForeignKey, "normalize_foreign_key"),
];

/// One type's function; two are equal when their names are.
#[derive(Debug)]
pub struct Normalize {
    kind: CellType,
    name: &'static str,
    signature: Signature,
    tables: Arc<LookupTables>,
    memo: Memo<CellRules>,
}

/// The options of a call, compiled.
#[derive(Debug)]
pub struct CellRules {
    /// For text from a source.
    cell: Cell,
    /// For typed values, if that makes a difference.
    typed: Option<Cell>,
}

impl CellRules {
    /// Compiles the rules of a column.
    ///
    /// # Errors
    /// See [`Cell::new`].
    pub fn new(spec: CellSpec, tables: &LookupTables) -> std::result::Result<Self, String> {
        let typed = Cell::spec_of_typed(&spec);
        Ok(Self {
            typed: (typed != spec).then(|| Cell::new(typed, tables)).transpose()?,
            cell: Cell::new(spec, tables)?,
        })
    }

    /// For values from a source, or for typed ones.
    pub fn cell(&self, typed: bool) -> &Cell {
        self.typed.as_ref().filter(|_| typed).unwrap_or(&self.cell)
    }
}

impl Normalize {
    /// The function for `kind`, taking lookup tables from `tables`.
    pub fn new(kind: CellType, name: &'static str, tables: Arc<LookupTables>) -> Self {
        Self { kind, name, signature: Signature::any(2, Volatility::Immutable), tables, memo: Memo::default() }
    }

    fn spec(&self, text: &str) -> Result<CellSpec> {
        match serde_json::from_str::<CellSpec>(text) {
            Ok(spec) => Ok(CellSpec { kind: self.kind, ..spec }),
            Err(error) => plan_err!("the options of `{}` cannot be read: {error}", self.name),
        }
    }

    /// What a call with these options judges by.
    pub fn rules_of(&self, options: &ScalarValue) -> Result<Arc<CellRules>> {
        self.rules(literal(Some(options))?)
    }

    fn rules(&self, text: &str) -> Result<Arc<CellRules>> {
        self.memo.get(text, || CellRules::new(self.spec(text)?, &self.tables).map_err(DataFusionError::Execution))
    }
}

/// What the docs say about one type's function.
pub fn page(kind: CellType, name: &'static str) -> FunctionPage {
    let (signature, about) = match kind {
        CellType::Text => (
            "normalize_text(value, options) -> struct(value, fault)",
            "Text: control characters, case, quotes, length.",
        ),
        CellType::Id => (
            "normalize_id(value, options) -> struct(value, fault)",
            "A record id: letters, digits, `_` and what the options add.",
        ),
        CellType::Email => ("normalize_email(value, options) -> struct(value, fault)", "An e-mail address."),
        CellType::Integer => {
            ("normalize_integer(value, options) -> struct(value, fault)", "A whole number, as plain digits.")
        }
        CellType::Number => {
            ("normalize_number(value, options) -> struct(value, fault)", "A decimal number, as plain digits.")
        }
        CellType::Currency => (
            "normalize_currency(value, options) -> struct(value, fault)",
            "An amount, without its currency, as plain digits.",
        ),
        CellType::Date => {
            ("normalize_date(value, options) -> struct(value, fault)", "A day or a moment in UTC, in ISO form.")
        }
        CellType::List => ("normalize_list(value, options) -> struct(value, fault)", "One of predefined options."),
        CellType::MultiList => (
            "normalize_multi_list(value, options) -> struct(value, fault)",
            "Several predefined options, split, judged and joined.",
        ),
        CellType::Flag => ("normalize_flag(value, options) -> struct(value, fault)", "Yes or no."),
        CellType::Tag => {
            ("normalize_tag(value, options) -> struct(value, fault)", "Yes, or empty (with `absent: remove`: no).")
        }
        CellType::ForeignKey => (
            "normalize_foreign_key(value, options) -> struct(value, fault)",
            "The id in another system, in lower case.",
        ),
    };
    FunctionPage { name, signature, about }
}

impl PartialEq for Normalize {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

impl Eq for Normalize {}

impl Hash for Normalize {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
    }
}

impl ScalarUDFImpl for Normalize {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(column::judged_type())
    }

    /// Reads the options, so that a mistake in them is found while planning. Lookup tables may still be empty then.
    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        want_text(&args, 0)?;
        self.spec(literal(args.scalar_arguments.get(1).copied().flatten())?)?;
        Ok(Arc::new(Field::new(self.name, column::judged_type(), false)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [value, ColumnarValue::Scalar(options)] = args.args.as_slice() else {
            return plan_err!("`{}` takes a value and a text literal", self.name);
        };
        let rules = self.rules_of(options)?;
        let constant = matches!(value, ColumnarValue::Scalar(_));
        let input = column::read(&value.to_array(if constant { 1 } else { args.number_rows })?)?;
        scalar_if(constant, column::judge(rules.cell(input.typed), &input.text, input.judged.as_ref()))
    }
}
