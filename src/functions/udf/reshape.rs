//! The reshapers of users' SQL: text to text.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringViewArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;

use crate::functions::kernel::{html, salesforce, slug};

use super::function::{Call, Function, FunctionPage, want_text};

/// All reshapers.
pub fn functions() -> Vec<Function> {
    let one = |name, signature, about, run| {
        let page = FunctionPage { name, signature, about };
        Function::new(page, (1, 1), |args| want_text(args, 0).map(|()| DataType::Utf8View), run)
    };
    vec![
        one(
            "sf18",
            "sf18(x) -> text",
            "The 18-character form of a Salesforce id, its case repaired; anything else stays as it is.",
            |call| each(call, sf18),
        ),
        one(
            "slug",
            "slug(x) -> text",
            "Lower-case letters and digits joined by `-`, without accents; NULL if nothing is left.",
            |call| each(call, |text| Some(slug::slug(text).into()).filter(|slug: &Cow<str>| !slug.is_empty())),
        ),
        one(
            "html_text",
            "html_text(x) -> text",
            "The text of HTML: tags go, entities become characters, blocks end lines.",
            |call| each(call, |text| Some(html::text(text.as_bytes()).map_or(text.into(), Cow::Owned))),
        ),
    ]
}

fn each(call: &Call, reshape: fn(&str) -> Option<Cow<'_, str>>) -> Result<ArrayRef> {
    let input = call.input(0)?;
    Ok(Arc::new(input.text.iter().map(|value| value.and_then(reshape)).collect::<StringViewArray>()))
}

fn sf18(text: &str) -> Option<Cow<'_, str>> {
    let long = salesforce::long_form(text.trim().as_bytes());
    Some(long.and_then(|long| String::from_utf8(long.to_vec()).ok()).map_or(Cow::Borrowed(text), Cow::Owned))
}
