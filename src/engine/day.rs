//! `current_date`, `now()` and their kin mean the `--as-of` day, so that the same input gives the same bytes.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use jiff::civil::Date;

/// The functions that replace the engine's clock.
pub(super) fn functions(as_of: Date) -> Vec<ScalarUDF> {
    let days = as_of.since(jiff::civil::date(1970, 1, 1)).map_or(0, |span| span.get_days());
    let date = ScalarValue::Date32(Some(days));
    let moment = ScalarValue::TimestampMicrosecond(Some(i64::from(days) * 86_400_000_000), Some("UTC".into()));
    let midnight = ScalarValue::Time64Microsecond(Some(0));
    [
        ("current_date", &["today"][..], date),
        ("now", &["current_timestamp"][..], moment),
        ("current_time", &[][..], midnight),
    ]
    .into_iter()
    .map(|(name, aliases, value)| {
        let aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        ScalarUDF::new_from_impl(Day { name, aliases, value, signature: Signature::nullary(Volatility::Immutable) })
    })
    .collect()
}

/// A function without arguments that returns one fixed value.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Day {
    name: &'static str,
    aliases: Vec<String>,
    value: ScalarValue,
    signature: Signature,
}

impl ScalarUDFImpl for Day {
    fn name(&self) -> &str {
        self.name
    }

    fn aliases(&self) -> &[String] {
        &self.aliases
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(self.value.data_type())
    }

    fn invoke_with_args(&self, _arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(self.value.clone()))
    }
}
