//! What can go wrong away from here, and how it travels.

use std::fmt;

use datafusion::error::DataFusionError;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{code, find_code};
use crate::settle;
use crate::source::SourceError;
use crate::store::scrub;

/// Why a job has no result.
#[derive(Debug)]
pub enum Error {
    /// The cluster, not the data: it may go better another time.
    Cluster(String),
    /// A source.
    Source(SourceError),
    /// The engine, on a row or for want of memory.
    Engine(DataFusionError),
    /// Settling's part of the work.
    Settle(settle::Error),
    /// Stopped from outside.
    Interrupted,
}

impl Error {
    /// Something that is no fault of the data.
    pub(super) fn cluster(why: impl fmt::Display) -> Self {
        Self::Cluster(scrub(&why.to_string()))
    }

    /// Whether another attempt can help.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cluster(why) => formatter.write_str(why),
            Self::Source(error) => error.fmt(formatter),
            Self::Engine(error) => error.fmt(formatter),
            Self::Settle(error) => error.fmt(formatter),
            Self::Interrupted => formatter.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}

impl From<SourceError> for Error {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<settle::Error> for Error {
    fn from(error: settle::Error) -> Self {
        Self::Settle(error)
    }
}

impl From<DataFusionError> for Error {
    fn from(error: DataFusionError) -> Self {
        match SourceError::inside(&error) {
            Some(source) => Self::Source(source.clone()),
            None => Self::Engine(error),
        }
    }
}

/// An [`Error`] of an item on its way: it would come to the same on every executor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Trouble {
    Source { code: String, source: String, file: Option<String>, message: String, help: Option<String> },
    Memory(String),
    Row(String),
    Engine(String),
    Shape(String),
}

/// What stands before and behind a trouble in the text of somebody else's error.
const MARKS: (&str, &str) = ("tanguero-trouble:", ":end");

impl Trouble {
    /// For where only a text gets through: letters and digits survive any quoting.
    pub fn to_text(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        let hex: String = json.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}{hex}{}", MARKS.0, MARKS.1)
    }

    /// From a text that holds one.
    pub fn in_text(text: &str) -> Option<Self> {
        let (hex, _) = text.split_once(MARKS.0)?.1.split_once(MARKS.1)?;
        let byte = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
        let json: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(byte).collect();
        serde_json::from_slice(&json?).ok()
    }
}

impl From<&Error> for Trouble {
    fn from(error: &Error) -> Self {
        match error {
            Error::Source(error) => Self::Source {
                code: error.code.id.to_owned(),
                source: error.source.clone(),
                file: error.file.clone(),
                message: scrub(&error.message),
                help: error.help.as_deref().map(scrub),
            },
            Error::Engine(error) => {
                let root = error.find_root();
                let message = scrub(&root.message());
                match root {
                    DataFusionError::ResourcesExhausted(_) => Self::Memory(message),
                    DataFusionError::Execution(_) | DataFusionError::ArrowError(..) => Self::Row(message),
                    _ => Self::Engine(message),
                }
            }
            other => Self::Shape(scrub(&other.to_string())),
        }
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Source { code: id, source, file, message, help } => {
                let code = find_code(&id).unwrap_or(&code::SOURCE_UNREADABLE);
                Self::Source(SourceError { code, source, file, message, help })
            }
            Trouble::Memory(message) => Self::Engine(DataFusionError::ResourcesExhausted(message)),
            Trouble::Row(message) => Self::Engine(DataFusionError::Execution(message)),
            Trouble::Engine(message) => Self::Engine(DataFusionError::Internal(message)),
            Trouble::Shape(message) => Self::Settle(settle::Error::Batch(message)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trouble_is_found_in_the_text_of_another_error() {
        let trouble = Trouble::Row("a \"quoted\" word".to_owned());
        let text = format!("{:?}", Some(format!("{:?}", trouble.to_text())));
        assert_eq!(Trouble::in_text(&text), Some(trouble));
        assert_eq!(Trouble::in_text("tanguero-trouble:zz:end"), None);
        assert_eq!(Trouble::in_text("something else"), None);
    }

    #[test]
    fn what_went_wrong_arrives_as_it_was_told() {
        let source = SourceError {
            code: &code::SOURCE_CHANGED,
            source: "crm".to_owned(),
            file: Some("crm.csv".to_owned()),
            message: "crm.csv: it changed".to_owned(),
            help: Some("run again".to_owned()),
        };
        let Error::Source(arrived) = Error::from(Trouble::from(&Error::Source(source.clone()))) else { panic!() };
        assert_eq!(arrived, source);
        let row = Error::Engine(DataFusionError::Execution("a division by zero".to_owned()));
        let Error::Engine(DataFusionError::Execution(arrived)) = Error::from(Trouble::from(&row)) else { panic!() };
        assert_eq!(arrived, "a division by zero");
        let memory = Error::Engine(DataFusionError::ResourcesExhausted("full".to_owned()));
        assert!(matches!(Error::from(Trouble::from(&memory)), Error::Engine(DataFusionError::ResourcesExhausted(_))));
    }
}
