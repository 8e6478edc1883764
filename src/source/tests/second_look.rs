//! Records read again. That their values are the same is checked wherever a source is read in these tests.

use super::*;

fn folder() -> Folder {
    let folder = Folder::new();
    for file in ["a", "b", "c"] {
        let mut text = "Id,Name\n".to_owned();
        for number in 0..400 {
            text.push_str(&format!("{file}{number},\"x\ny\"\n"));
        }
        folder.write(&format!("{file}.csv"), text);
    }
    folder
}

#[tokio::test]
async fn records_are_found_before_and_after_a_scan() {
    let folder = folder();
    let positions = vec![(0, 2), (0, 800), (2, 4), (2, 6)];
    let expected = ["a0|x\ny|0|2", "a399|x\ny|0|800", "c1|x\ny|2|4", "c2|x\ny|2|6"];
    for piece_bytes in [1, 100, PIECE_BYTES] {
        let source = open(SourceDefinition { piece_bytes, ..folder.definition("*.csv") }).unwrap();
        assert_eq!(all(source.records(positions.clone()), 2).await.unwrap(), expected);
        assert!(!source.is_scanned());
        source.complete().unwrap();
        assert_eq!(all(source.records(positions.clone()), 2).await.unwrap(), expected);
        let rows = query(source.records(positions.clone()), 2, r#"select "Id" from t order by "Id""#).await.unwrap();
        assert_eq!(joined(&rows), ["a0", "a399", "c1", "c2"]);
        assert_eq!(all(source.records(Vec::new()), 2).await.unwrap(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_record_that_is_not_there_is_an_error() {
    let folder = folder();
    let source = folder.open("*.csv");
    source.complete().unwrap();
    // Line 3 is the second line of a record.
    let error = all(source.records(vec![(0, 3)]), 2).await.unwrap_err();
    assert_eq!(SourceError::inside(&error).unwrap().code.id, "S805");
}

#[tokio::test]
async fn no_more_is_read_than_must_be() {
    let folder = folder();
    let source = open(SourceDefinition { piece_bytes: 64, ..folder.definition("*.csv") }).unwrap();
    source.complete().unwrap();
    // A read would meet the rubbish: only the stamps are as before.
    let path = folder.path().join("a.csv");
    let stamp = path.metadata().unwrap().modified().unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(b'"');
    fs::write(&path, &bytes).unwrap();
    fs::File::options().append(true).open(&path).unwrap().set_modified(stamp).unwrap();
    assert_eq!(all(source.records(vec![(0, 4)]), 2).await.unwrap(), ["a1|x\ny|0|4"]);
}
