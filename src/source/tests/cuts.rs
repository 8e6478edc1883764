//! Whatever is in a file and wherever it is cut: the same records, the same faults, the same second look.

use proptest::prelude::*;

use super::*;
use crate::source::scan::{Positions, Scan, Worker};

/// All rows of one worker, by file and line.
fn rows(source: &Arc<Source>, wanted: Option<Positions>) -> Vec<String> {
    let columns = (0..source.schema.fields().len()).collect();
    let scan = Scan::new(Arc::clone(source), columns, Arc::clone(&source.schema), wanted);
    let batches: Vec<RecordBatch> = Worker::new(Arc::new(scan)).collect::<std::result::Result<_, _>>().unwrap();
    joined(&cells(&batches))
}

fn place(row: &str) -> (u32, u64) {
    let mut cells = row.rsplit('|');
    let line = cells.next().unwrap().parse().unwrap();
    (cells.next().unwrap().parse().unwrap(), line)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_the_same_however_it_is_cut(
        text in r#"([ax,]{0,3}|"|""|"a\nb"|\n|,|\r\n|é|a,b\n|"x",y\n){0,40}"#,
        bad in proptest::option::of(any::<prop::sample::Index>()),
        footer: bool,
    ) {
        let mut bytes = format!("h,i\n{text}").into_bytes();
        if let Some(bad) = bad {
            let at = 4 + bad.index(bytes.len() - 3);
            bytes.insert(at.min(bytes.len()), 0xE9);
        }
        let folder = Folder::new();
        folder.write("a.csv", &bytes);
        let mut definition = folder.definition("a.csv");
        if footer {
            let span = crate::yaml::Span::new(0, 0);
            definition.csv.footer = Some(crate::yaml::Spanned::new(crate::mapping::Footer::Lines(1), span));
        }
        let mut first: Option<(Vec<String>, String, Vec<String>)> = None;
        for piece_bytes in [1, 2, 5, 16, PIECE_BYTES] {
            let source = open(SourceDefinition { piece_bytes, ..definition.clone() }).unwrap();
            let found = rows(&source, None);
            let account = format!("{:?} {:?}", source.files(), source.unreadable());
            let faulty: Vec<(u32, u64)> = source.unreadable().iter().map(|record| (record.file, record.line)).collect();
            let raw: Vec<String> = source.raw(&faulty).unwrap().into_iter().map(|(_, line, raw)| format!("{line} {raw}")).collect();
            prop_assert_eq!(raw.len(), faulty.len());
            for start in [0, 1] {
                let some: Vec<String> = found.iter().skip(start).step_by(2).cloned().collect();
                let wanted: Vec<(u32, u64)> = some.iter().map(|row| place(row)).collect();
                prop_assert_eq!(rows(&source, Some(wanted.into())), some);
            }
            match &first {
                None => first = Some((found, account, raw)),
                Some((rows, their_account, their_raw)) => {
                    prop_assert_eq!(&found, rows, "pieces of {}", piece_bytes);
                    prop_assert_eq!(&account, their_account, "pieces of {}", piece_bytes);
                    prop_assert_eq!(&raw, their_raw, "pieces of {}", piece_bytes);
                }
            }
        }
    }
}
