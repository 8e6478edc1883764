//! The project: the folder of `tanguero.yaml`, and what its mappings share.
//!
//! In: the path of a mapping (or the current folder). Out: the project's root, its parsed file, and the mappings in it.
//! This room reads two kinds of files, project and mapping, and knows nothing of sources or rows.

mod apart;
mod find;
mod load;

pub use find::{named, root_of};
pub use load::{Loaded, LoadedProject, MappingFile, Options, Project, load, load_project, mappings_in};
