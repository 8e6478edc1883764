//! Which files are read, and what is said where there are none.

use std::time::Duration;

use super::*;

fn shown(source: &Arc<Source>) -> Vec<String> {
    source.files().into_iter().map(|file| file.shown).collect()
}

fn folder() -> Folder {
    let folder = Folder::new();
    for name in
        ["b.csv", "a/x.csv", "a-1.csv", "a/y.csv", "a/deep/z.csv", ".hidden.csv", ".tanguero-1/s.csv", "a/.h/q.csv"]
    {
        folder.write(name, "Id\n1\n");
    }
    folder.write("a/_SUCCESS", "");
    folder.write("a/notes.md", "x");
    folder
}

#[test]
fn files_come_in_byte_order_of_their_path() {
    let folder = folder();
    assert_eq!(shown(&folder.open("**/*.csv")), ["a-1.csv", "a/deep/z.csv", "a/x.csv", "a/y.csv", "b.csv"]);
    assert_eq!(shown(&folder.open("*.csv")), ["a-1.csv", "b.csv"]);
    assert_eq!(shown(&folder.open("a/?.csv")), ["a/x.csv", "a/y.csv"]);
    assert_eq!(shown(&folder.open("{b,a/x}.csv")), ["a/x.csv", "b.csv"]);
}

#[test]
fn a_folder_means_all_data_files_in_it() {
    let folder = folder();
    assert_eq!(shown(&folder.open("a")), ["a/deep/z.csv", "a/x.csv", "a/y.csv"]);
    assert_eq!(shown(&folder.open("a/")), ["a/deep/z.csv", "a/x.csv", "a/y.csv"]);
    assert_eq!(shown(&folder.open("a/*/")), ["a/deep/z.csv"]);
    let error = folder.error("a/d*");
    assert_eq!(error.code.id, "S801");
    assert!(error.help.unwrap().contains("end the pattern with `/`"));
}

#[test]
fn what_is_spelt_out_needs_no_wildcards() {
    let folder = folder();
    folder.write("odd [1]*.csv", "Id\n1\n");
    assert_eq!(shown(&folder.open("odd [1]*.csv")), ["odd [1]*.csv"]);
    assert_eq!(shown(&folder.open("odd [[]1[]][*].csv")), ["odd [1]*.csv"]);
    let url = format!("file://{}/b.csv", folder.path().display());
    assert_eq!(shown(&folder.open(&url)), ["b.csv"]);
    assert_eq!(shown(&folder.open(".hidden.csv")), [".hidden.csv"]);
}

#[test]
fn a_file_outside_the_project_is_shown_as_spelt() {
    let folder = folder();
    let mut definition = folder.definition("b.csv");
    definition.shown_base = PathBuf::from("/somewhere/else");
    assert_eq!(shown(&open(definition).unwrap()), [format!("{}/b.csv", folder.path().display())]);
}

#[test]
fn no_file_is_an_error_that_names_the_pattern() {
    let folder = folder();
    let error = folder.error("c.csv");
    assert_eq!((error.code.id, error.message.as_str()), ("S801", "c.csv is not there"));
    assert_eq!(folder.error("c*.csv").message, "no file matches c*.csv");
    assert_eq!(folder.error("nowhere/*.csv").code.id, "S801");
    let escaped = folder.error("c[*].csv");
    assert_eq!(escaped.message, "c*.csv is not there");
    assert!(escaped.help.unwrap().contains("a variable's text means itself"));
    assert_eq!(folder.error("s3:///x.csv").code.id, "S811");
    assert!(folder.error("ftp://host/x.csv").message.contains("no store that is known"));
    assert_eq!(folder.error(".tanguero-1/s.csv").code.id, "S804");
    let error = folder.error("a/notes.md");
    assert_eq!((error.code.id, error.file.as_deref()), ("S804", Some("a/notes.md")));
}

#[cfg(unix)]
#[test]
fn a_broken_link_is_an_error_and_not_left_out() {
    let folder = Folder::new();
    folder.write("a.csv", "Id\n1\n");
    std::os::unix::fs::symlink(folder.path().join("gone"), folder.path().join("b.csv")).unwrap();
    let error = folder.error("*.csv");
    assert_eq!((error.code.id, error.source.as_str()), ("S804", "t"));
    assert!(error.message.starts_with("b.csv: "), "{}", error.message);
}

#[test]
fn a_source_older_than_its_age_is_an_error() {
    let folder = folder();
    let mut definition = folder.definition("b.csv");
    definition.max_age = Some(3_600);
    let later = |seconds| SystemTime::now() + Duration::from_secs(seconds);
    let open = |now| super::super::open(definition.clone(), &FileRegister::new(), now);
    assert!(open(later(3_000)).is_ok());
    let error = open(later(100_000)).unwrap_err();
    assert_eq!(error.code.id, "S803");
    assert_eq!(error.message, "b.csv: last written 1 d 3 h ago, `max_age` allows 1 h");
}

#[test]
fn files_are_numbered_through_the_run() {
    let folder = folder();
    let register = FileRegister::new();
    let now = SystemTime::now();
    super::super::open(folder.definition("a"), &register, now).unwrap();
    let second = super::super::open(folder.definition("b.csv"), &register, now).unwrap();
    assert_eq!((second.files()[0].file, register.shown(3), register.len()), (3, "b.csv".to_owned(), 4));
    assert_eq!(register.shown(9), "");
}
