//! What happened beside the files, as `run.json` tells it: deliveries step by step, and who was told.

use serde::{Deserialize, Serialize};

use crate::output::Problem;

/// One step of a delivery: a file to a place, or the call of a trigger.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Delivery {
    /// The folder or URL, as people may read it; of a trigger: its host.
    pub place: String,
    /// The file; none for a trigger.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub file: String,
    /// Its size.
    #[serde(skip_serializing_if = "is_zero")]
    pub bytes: u64,
    /// XXH3 (64 bits) of its bytes.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub xxh3: String,
    /// Time spent.
    pub seconds: f64,
    /// How often it was tried.
    pub tries: usize,
    /// How it ended.
    pub answer: DeliveryAnswer,
    /// What the trigger's service answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// How a step of a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryAnswer {
    /// The file arrived, and was looked at there.
    Delivered,
    /// The place had exactly this file already.
    There,
    /// The trigger was called and said yes.
    Answered,
    /// It did not happen; the next run tries again.
    #[default]
    Failed,
    /// The trigger was called, and nobody knows whether it was taken: it is not called again by itself.
    Unknown,
    /// Left out after an earlier failure; the next run does it.
    NotTried,
    /// A word of a newer program.
    #[serde(other)]
    Other,
}

impl DeliveryAnswer {
    /// Whether nothing is left to do.
    pub fn is_good(self) -> bool {
        matches!(self, Self::Delivered | Self::There | Self::Answered)
    }

    /// Its word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::There => "there already",
            Self::Answered => "called",
            Self::Failed => "failed",
            Self::Unknown => "not known",
            Self::NotTried => "not tried",
            Self::Other => "?",
        }
    }
}

/// Somebody who was to be told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Notification {
    /// Who: `slack`, `teams`, `webhook`, `email`.
    pub target: String,
    /// Of what: `failure`, `limits`, `recovery`.
    pub event: String,
    /// Whether it was taken.
    pub told: bool,
    /// Time spent.
    pub seconds: f64,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}
