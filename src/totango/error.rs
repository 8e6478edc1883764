//! Why records could not be had from Totango.

use std::fmt;

use crate::diagnostic::{Code, code};
use crate::store::scrub;
use crate::web::WebError;

/// Why a search could not be read whole. Its text holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotangoError {
    /// Of the register.
    pub code: &'static Code,
    /// The fact, with the search in it.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl TotangoError {
    pub(super) fn new(code: &'static Code, message: &str, help: &str) -> Self {
        Self { code, message: scrub(message), help: help.to_owned() }
    }

    /// More than a search reaches.
    pub(super) fn too_many(what: &str, total: u64, help: &str) -> Self {
        let reached = super::REACHED;
        let message = format!("{what} finds {total} records; a search reaches {reached}");
        Self::new(&code::TOTANGO_TOO_MANY, &message, help)
    }

    /// An answer that is none.
    pub(super) fn strange(what: &str, why: &str) -> Self {
        let help = "run again; if it stays, compare the query with what \"Generate API endpoint\" gives today";
        Self::new(&code::WEB_REFUSED, &format!("{what}: the answer is not what a search answers: {why}"), help)
    }
}

impl From<WebError> for TotangoError {
    fn from(error: WebError) -> Self {
        let code = error.code();
        Self { code, message: error.message, help: error.help }
    }
}

impl fmt::Display for TotangoError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for TotangoError {}

/// Why a pull ended before its end.
#[derive(Debug)]
pub enum PullError<E> {
    /// Totango's part.
    Totango(TotangoError),
    /// Whoever takes the rows could not.
    Taker(E),
    /// It was asked to stop.
    Stopped,
}

impl<E> From<TotangoError> for PullError<E> {
    fn from(error: TotangoError) -> Self {
        Self::Totango(error)
    }
}
