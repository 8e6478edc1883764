//! A source that is a search of Totango.

use std::fmt;

use super::Text;
use crate::yaml::{Span, Spanned};

/// `kind: totango`.
#[derive(Debug, Clone)]
pub struct TotangoSource {
    /// The key `query`.
    pub at: Span,
    /// `search:` what is looked for.
    pub search: TotangoSearch,
    /// `query:` the search, as Totango generates it.
    pub query: TotangoQuery,
    /// `url:`, or the one of `region:`; without a slash at the end.
    pub url: Text,
    /// `token:`; without it the variable `TOTANGO_TOKEN`.
    pub token: TotangoToken,
    /// `split:` how more records than one search reaches are divided.
    pub split: Option<Spanned<TotangoSplit>>,
    /// `rate:` calls a minute.
    pub rate: Option<u64>,
    /// `timeout:` of one call, in seconds.
    pub timeout: Option<u64>,
    /// `deadline:` of one call with all its retries, in seconds.
    pub deadline: Option<u64>,
    /// `retries:` of one call.
    pub retries: Option<u64>,
    /// Values that must not be shown: whatever a variable gave the token.
    pub secrets: Secrets,
}

/// `search:` of a Totango source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TotangoSearch {
    /// Accounts.
    Accounts,
    /// Users.
    Users,
}

impl TotangoSearch {
    /// As it is written, and as Totango's addresses and answers call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Users => "users",
        }
    }
}

/// `query:` of a Totango source.
#[derive(Debug, Clone)]
pub enum TotangoQuery {
    /// The JSON itself.
    Inline(Text),
    /// `{file: PATH}`: a file that holds it.
    File(Text),
}

/// The token, or why there is none.
#[derive(Clone)]
pub enum TotangoToken {
    /// What the variables gave.
    Given(String),
    /// A variable has no value: told of when the token is needed.
    Unset(String),
}

impl fmt::Debug for TotangoToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => formatter.write_str("Given"),
            Self::Unset(why) => formatter.debug_tuple("Unset").field(why).finish(),
        }
    }
}

/// Values that nobody may see.
#[derive(Clone, Default)]
pub struct Secrets(pub Vec<String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} secrets", self.0.len())
    }
}

/// `split:` of a Totango source: filters, each of which leaves few enough records.
#[derive(Debug, Clone)]
pub enum TotangoSplit {
    /// One search for each of an attribute's values.
    Values {
        /// What is compared.
        part: TotangoPart,
        /// Its values.
        values: Vec<Text>,
    },
    /// A range of an attribute's numbers, halved until each half is small enough.
    Range {
        /// What is compared.
        part: TotangoPart,
        /// The least number.
        from: u64,
        /// The greatest one.
        to: u64,
    },
    /// Filters as Totango generates them, a JSON object each.
    Filters(Vec<Text>),
}

/// What a filter compares, in Totango's words.
#[derive(Debug, Clone)]
pub struct TotangoPart {
    /// `type:` e.g. `string_attribute`.
    pub kind: Text,
    /// `attribute` or `term`.
    pub key: &'static str,
    /// Its name.
    pub name: Text,
}
