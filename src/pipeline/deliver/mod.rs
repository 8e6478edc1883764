//! Delivering what stands in the output folder: after a run, and by `tanguero deliver`.

mod carry;
mod command;
mod places;

pub(super) use carry::{Carry, carry, standing_files};
pub(super) use command::failed;
pub use command::{DeliverOutcome, DeliverRequest, deliver};
pub(super) use places::{judge, mail_target};
