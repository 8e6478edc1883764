//! `tanguero init`: a project to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

/// The files of the project, which are part of the program and of its tests.
const FILES: [(&str, &str); 4] = [
    ("tanguero.yaml", include_str!("start/tanguero.yaml")),
    ("mappings/accounts.yaml", include_str!("start/mappings/accounts.yaml")),
    ("mappings/accounts.test.yaml", include_str!("start/mappings/accounts.test.yaml")),
    ("data/accounts.csv", include_str!("start/data/accounts.csv")),
];

/// Writes the project into `folder`, which is made if need be; the names of its files.
///
/// # Errors
/// One of the files is there already, or cannot be written: then nothing of that name is touched.
pub fn init(folder: &Path) -> Result<Vec<&'static str>, String> {
    if let Some((name, _)) = FILES.iter().find(|(name, _)| folder.join(name).exists()) {
        return Err(format!("`{}` is there already: nothing was written", folder.join(name).display()));
    }
    for (name, text) in FILES {
        let path = folder.join(name);
        let failed = |error: std::io::Error| match error.kind() {
            ErrorKind::AlreadyExists => format!("`{}` is there already", path.display()),
            _ => format!("`{}` cannot be written: {error}", path.display()),
        };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
    }
    Ok(FILES.map(|(name, _)| name).to_vec())
}
