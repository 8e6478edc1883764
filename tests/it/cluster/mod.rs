//! Mappings on a cluster: a scheduler and executors as processes of their own, on this machine.

mod breaking;
mod failing;
mod processes;
mod sameness;
