//! Where the project of a mapping is: upwards to the nearest `tanguero.yaml`, but never out of what is one's own.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The project file's name.
pub(super) const FILE: &str = "tanguero.yaml";

/// The folder of the `tanguero.yaml` that rules `folder`; `folder` itself where there is none.
///
/// The search goes upwards and stops at a folder with `.git`, at the home folder, at the border of a file system and at a
/// file or folder of another owner: a stray file further up must not change what a mapping means.
pub fn root_of(folder: &Path) -> PathBuf {
    let Ok(start) = folder.metadata() else { return folder.to_path_buf() };
    let home = std::env::var_os("HOME").map(PathBuf::from);
    for candidate in folder.ancestors() {
        let same = |metadata: &Metadata| metadata.dev() == start.dev() && metadata.uid() == start.uid();
        if candidate.metadata().is_ok_and(|metadata| !same(&metadata)) {
            break;
        }
        if let Ok(file) = candidate.join(FILE).metadata() {
            if same(&file) {
                return candidate.to_path_buf();
            }
            break;
        }
        if candidate.join(".git").exists() || home.as_deref() == Some(candidate) {
            break;
        }
    }
    folder.to_path_buf()
}

/// The file that `given` means on the command line: a path, or the name of a mapping in the project's `mappings/`.
pub fn mapping_path(given: &Path, current: &Path) -> PathBuf {
    if given.extension().is_some() || current.join(given).exists() {
        return given.to_path_buf();
    }
    root_of(current).join("mappings").join(given).with_extension("yaml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_project_file_upwards_rules_a_mapping() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("mappings/eu");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(folder.path().join(FILE), "variables: {}\n").unwrap();
        assert_eq!(root_of(&deep), folder.path());
    }

    #[test]
    fn the_search_stops_at_a_repository() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("repository/mappings");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::create_dir(folder.path().join("repository/.git")).unwrap();
        std::fs::write(folder.path().join(FILE), "variables: {}\n").unwrap();
        assert_eq!(root_of(&deep), deep);
    }
}
