//! Drafts a mapping from what a file looks like.
//!
//! In: a sample of a file's records ([`Sample`]), or the bytes they are cut from ([`sniff`]). Out: a [`Draft`], the text of a
//! mapping with the evidence for every line as comments. Values are judged by the kernels that a run uses, so that the evidence
//! is what a run will do. What the file cannot tell, such as whether `03/04` is in March or in April, is asked and not
//! chosen. This room reads no file.

mod column;
mod custom;
mod dates;
mod draft;
mod encoding;
mod matching;
mod numbers;
mod options;
mod own;
mod profile;
mod rank;
mod rows;
mod rules;
mod sniff;
mod words;
mod yaml;

use crate::format::FormatSpec;

pub use draft::Draft;
pub use encoding::{Label, label_of};
pub use profile::{Field, Sample};
pub use rank::Ranked;
pub use sniff::{FooterGuess, Form, sniff};

/// What a draft is made for.
#[derive(Debug, Clone)]
pub struct About<'a> {
    /// The Totango file.
    pub format: &'static FormatSpec,
    /// The sample.
    pub sample: &'a Sample,
    /// How the file is written; none for what is no CSV.
    pub form: Option<&'a Form>,
    /// The path in the draft.
    pub path: String,
    /// The source's name in the draft.
    pub source: String,
    /// The kind, where the path's name does not tell.
    pub kind: Option<&'static str>,
    /// Names of the project's mappings.
    pub mappings: Vec<String>,
    /// Lines of comment that open the draft.
    pub opening: Vec<String>,
}

/// The draft of a mapping.
pub fn draft(about: &About<'_>) -> Draft {
    draft::write(about)
}

/// The formats that `sample` may be meant for, the best first; `name` is what the file is called.
pub fn rank(sample: &Sample, name: &str) -> Vec<Ranked> {
    rank::rank(sample, name)
}
