//! Settling as a whole: against a plain model, against itself with other partitions, and at size.

mod adding;
mod foreign;
mod large;
mod links;
mod model;
mod outcome;
mod policies;
mod random;
mod shape;
