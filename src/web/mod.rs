//! One HTTP call to a named service: Totango's API and triggers, and whoever is told how a run ended.
//!
//! In: a [`Call`] and how long to be [patient](Patience). Out: the service's [`Answer`], or a [`WebError`] that says what
//! happened, what to do, and holds no secret. Redirects are not followed: a token must not travel to another host. This
//! room knows no mapping and no run; object stores have their own clients, in `store`.

mod call;
mod client;
mod error;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::store::Patience;

pub use call::{Answer, Call, Method};
pub use client::{call, call_and_wait};
pub use error::{Reason, WebError};

/// How long a service is asked unless its settings say otherwise.
pub const PATIENCE: Patience = Patience {
    connect_timeout: Duration::from_secs(10),
    timeout: Duration::from_secs(60),
    deadline: Duration::from_secs(180),
    retries: 8,
};
