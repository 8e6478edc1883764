//! Object stores and servers: URLs, credentials, retries, and what must not be shown.
//!
//! In: a URL, the settings of `stores:` in `tanguero.yaml`, the process's environment. Out: a [`Location`] that other
//! rooms read from and publish to, and [`StoreError`]s that name the object and hold no secret. This room knows no
//! mapping, no source and no run.

mod aws_profile;
mod build;
mod build_s3;
mod error;
mod runtime;
mod secret;
mod settings;
mod stores;
mod uploads;
mod url;
mod way;

pub use error::{Reason, StoreError, reason};
pub use runtime::{Transfer, close, start, transfers, wait};
pub use secret::{keep_secret, scrub};
pub use settings::Patience;
pub use stores::{Location, Stores};
pub use uploads::{ListsUploads, Upload};
pub use url::{Kind, is_url, without_user};
pub use way::{Renames, Way};
