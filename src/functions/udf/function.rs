//! A SQL function without state of its own: name, types, and what it does to columns.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use crate::functions::column::{self, Input};
use crate::functions::kernel::date::Dates;

use super::memo::Memo;

/// What the docs say about a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FunctionPage {
    /// Name in SQL.
    pub name: &'static str,
    /// How it is called, and what it gives.
    pub signature: &'static str,
    /// What it does, one line.
    pub about: &'static str,
}

/// A function; two are equal when their names are.
#[derive(Debug)]
pub struct Function {
    page: FunctionPage,
    /// Fewest and most arguments.
    count: (usize, usize),
    signature: Signature,
    returns: fn(&ReturnFieldArgs) -> Result<DataType>,
    run: fn(&Call) -> Result<ArrayRef>,
    memo: Memo<Dates>,
}

/// One call on one batch.
pub struct Call<'a> {
    args: &'a [ColumnarValue],
    rows: usize,
    /// Compiled date rules.
    pub memo: &'a Memo<Dates>,
}

impl Call<'_> {
    /// Number of arguments.
    pub fn count(&self) -> usize {
        self.args.len()
    }

    /// Argument `at` as a column.
    pub fn column(&self, at: usize) -> Result<ArrayRef> {
        self.args[at].to_array(self.rows)
    }

    /// Argument `at` as a column of text.
    pub fn input(&self, at: usize) -> Result<Input> {
        Ok(column::read(&self.column(at)?)?)
    }

    /// Argument `at`, which must be a text literal.
    pub fn literal(&self, at: usize) -> Result<&str> {
        match &self.args[at] {
            ColumnarValue::Scalar(scalar) => literal(Some(scalar)),
            ColumnarValue::Array(_) => literal(None),
        }
    }
}

/// The text of a literal argument.
pub fn literal(argument: Option<&ScalarValue>) -> Result<&str> {
    match argument {
        Some(
            ScalarValue::Utf8(Some(text)) | ScalarValue::Utf8View(Some(text)) | ScalarValue::LargeUtf8(Some(text)),
        ) => Ok(text),
        _ => plan_err!("options are given as text literals"),
    }
}

impl Function {
    /// A function of `count.0` to `count.1` arguments.
    pub fn new(
        page: FunctionPage,
        count: (usize, usize),
        returns: fn(&ReturnFieldArgs) -> Result<DataType>,
        run: fn(&Call) -> Result<ArrayRef>,
    ) -> Self {
        let signature = match count {
            (least, most) if least == most => TypeSignature::Any(least),
            _ => TypeSignature::VariadicAny,
        };
        Self {
            page,
            count,
            signature: Signature::new(signature, Volatility::Immutable),
            returns,
            run,
            memo: Memo::default(),
        }
    }

    /// What the docs say about it.
    pub fn page(&self) -> FunctionPage {
        self.page
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.page.name == other.page.name
    }
}

impl Eq for Function {}

impl Hash for Function {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.page.name.hash(state);
    }
}

impl ScalarUDFImpl for Function {
    fn name(&self) -> &str {
        self.page.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Err(DataFusionError::Internal(format!("the type of `{}` depends on its literals", self.page.name)))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let given = args.arg_fields.len();
        if !(self.count.0..=self.count.1).contains(&given) {
            return plan_err!(
                "`{}` is called as `{}`, not with {given} arguments",
                self.page.name,
                self.page.signature
            );
        }
        Ok(Arc::new(Field::new(self.page.name, (self.returns)(&args)?, true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if constant { 1 } else { args.number_rows };
        let made = (self.run)(&Call { args: &args.args, rows, memo: &self.memo })?;
        scalar_if(constant, made)
    }
}

/// A column of one row as a constant, if all arguments were.
pub fn scalar_if(constant: bool, made: ArrayRef) -> Result<ColumnarValue> {
    Ok(if constant {
        ColumnarValue::Scalar(ScalarValue::try_from_array(&made, 0)?)
    } else {
        ColumnarValue::Array(made)
    })
}

/// The type of argument `at` must be readable as text.
pub fn want_text(args: &ReturnFieldArgs, at: usize) -> Result<()> {
    let kind = args.arg_fields[at].data_type();
    if column::can_read(kind) {
        return Ok(());
    }
    plan_err!("a column of type {kind} holds no text; take one value of it in `sql`")
}
