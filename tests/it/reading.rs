//! Every kind of file a source can be, end to end: kinds, compressions, encodings, globs, partitions, little memory.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::ipc::writer::FileWriter;
use datafusion::parquet::arrow::ArrowWriter;

use crate::binary::Place;
use crate::checker::Ledger;

const CSV: &str = "Id,Name\nA1,Zürich – one\nA2,\"two\nlines\"\nA 3,bad\n";

/// Reads `path` with these options and gives what was published.
fn ledger(place: &Place, options: &str) -> Ledger {
    let mapping = format!(
        "format: accounts\nsources: {{crm: {{{options}}}}}\nfrom: crm\ncolumns: {{account_id: Id, account_name: Name}}\n"
    );
    place.write("accounts.yaml", mapping);
    place.go(&["run", "accounts.yaml", "--force"]).ends_with(0);
    Ledger::read(&place.join("out"), "accounts")
}

/// Ends the test unless it is what `CSV` gives, with the bad record at `line` of `file`.
#[track_caller]
fn is_what_the_csv_gives(ledger: &Ledger, file: &str, line: u64) {
    ledger.balances(3, 0);
    let names: Vec<&str> = ledger.written.iter().map(|row| row["account_name"].as_str()).collect();
    assert_eq!(names, ["Zürich – one", "two\nlines"], "{file}");
    let [reject] = ledger.rejects.as_slice() else { panic!("{:?}", ledger.rejects) };
    assert_eq!((reject["file"].as_str(), reject["line"].as_str()), (file, line.to_string().as_str()));
    assert_eq!(reject["code"], "V402");
}

#[test]
fn compressed_files_are_read_and_their_lines_counted() {
    let place = Place::new(&[]);
    let gz = |bytes: &[u8]| {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let bz2 = |bytes: &[u8]| {
        let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let xz = |bytes: &[u8]| {
        let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 6);
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let text = CSV.as_bytes();
    for (ending, bytes) in
        [("gz", gz(text)), ("bz2", bz2(text)), ("xz", xz(text)), ("zst", zstd::encode_all(text, 3).unwrap())]
    {
        let name = format!("crm.csv.{ending}");
        place.write(&name, &bytes);
        is_what_the_csv_gives(&ledger(&place, &format!("path: {name}")), &name, 5);
        // A cut file is an error, never a short result.
        place.write(&name, &bytes[..bytes.len() - 6]);
        place.go(&["run", "accounts.yaml"]).ends_with(1).tells(&["error[S804]", &name]);
        assert_eq!(Ledger::read(&place.join("out"), "accounts").written.len(), 2, "the old file stands");
    }
    // Several members one after the other, as `cat a.gz b.gz` makes them.
    let (first, second) = text.split_at(20);
    place.write("crm.csv.gz", [gz(first), gz(second)].concat());
    is_what_the_csv_gives(&ledger(&place, "path: crm.csv.gz"), "crm.csv.gz", 5);
}

#[test]
fn encodings_that_are_named_or_marked_are_decoded() {
    let place = Place::new(&[]);
    let utf_16 = |little: bool| {
        let units = std::iter::once(0xFEFF).chain(CSV.encode_utf16());
        let bytes = units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() });
        bytes.collect::<Vec<u8>>()
    };
    for little in [true, false] {
        place.write("crm.csv", utf_16(little));
        is_what_the_csv_gives(&ledger(&place, "path: crm.csv"), "crm.csv", 5);
    }
    place.write("crm.csv", [b"\xef\xbb\xbf", CSV.as_bytes()].concat());
    is_what_the_csv_gives(&ledger(&place, "path: crm.csv"), "crm.csv", 5);
    let windows = CSV.replace('ü', "\u{1}").replace('–', "\u{2}").into_bytes();
    let windows: Vec<u8> = windows
        .into_iter()
        .map(|byte| match byte {
            1 => 0xFC,
            2 => 0x96,
            other => other,
        })
        .collect();
    place.write("crm.csv", &windows);
    is_what_the_csv_gives(&ledger(&place, "path: crm.csv, csv: {encoding: windows-1252}"), "crm.csv", 5);
    // Nothing is guessed: unnamed, the first record is a reject.
    let guessed = ledger(&place, "path: crm.csv");
    guessed.balances(3, 0);
    assert_eq!((guessed.rejects[0]["code"].as_str(), guessed.rejects[0]["line"].as_str()), ("D502", "2"));
}

fn batch() -> RecordBatch {
    let ids: ArrayRef = Arc::new(StringArray::from(vec!["A1", "A2", "A 3"]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["Zürich – one", "two\nlines", "bad"]));
    RecordBatch::try_from_iter([("Id", ids), ("Name", names)]).unwrap()
}

fn parquet(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch().schema(), None).unwrap();
    writer.write(&batch()).unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_arrow_and_ndjson_give_the_same_rows() {
    let place = Place::new(&[]);
    parquet(&place.join("crm.parquet"));
    is_what_the_csv_gives(&ledger(&place, "path: crm.parquet"), "crm.parquet", 3);

    let mut writer = FileWriter::try_new(File::create(place.join("crm.arrow")).unwrap(), &batch().schema()).unwrap();
    writer.write(&batch()).unwrap();
    writer.finish().unwrap();
    is_what_the_csv_gives(&ledger(&place, "path: crm.arrow"), "crm.arrow", 3);

    let json = "{\"Id\": \"A1\", \"Name\": \"Zürich – one\"}\n{\"Name\": \"two\\nlines\", \"Id\": \"A2\"}\n{\"Id\": \"A 3\", \"Name\": \"bad\"}\n";
    place.write("crm.ndjson", json);
    is_what_the_csv_gives(&ledger(&place, "path: crm.ndjson"), "crm.ndjson", 3);
    // Read as another kind it is an error that names the file.
    place.write("other.parquet", CSV);
    place.write("accounts.yaml", place.read("accounts.yaml").replace("crm.ndjson", "other.parquet"));
    place.go(&["run", "accounts.yaml"]).ends_with(1).tells(&["error[S804]", "other.parquet"]);
}

#[test]
fn tabs_semicolons_and_names_given_by_hand() {
    let place = Place::new(&[("crm.tsv", &CSV.replace(',', "\t")), ("crm.txt", &CSV.replace(',', ";"))]);
    is_what_the_csv_gives(&ledger(&place, "path: crm.tsv"), "crm.tsv", 5);
    is_what_the_csv_gives(&ledger(&place, "path: crm.txt, kind: csv, csv: {delimiter: \";\"}"), "crm.txt", 5);
    place.write("bare.csv", CSV.strip_prefix("Id,Name\n").unwrap());
    is_what_the_csv_gives(&ledger(&place, "path: bare.csv, csv: {header: [Id, Name]}"), "bare.csv", 4);
    place.write("titled.csv", format!("A report\n\n{CSV}"));
    is_what_the_csv_gives(&ledger(&place, "path: titled.csv, csv: {preamble: 2}"), "titled.csv", 7);
}

#[test]
fn a_glob_reads_files_in_byte_order_and_columns_by_name() {
    let place = Place::new(&[
        ("in/crm_10.csv", "Name,Id\nten,A10\n"),
        ("in/crm_9.csv", "Id,Name,More\nA9,nine,x\n"),
        ("in/crm_A.csv", "Id,Name\nA 1,bad\n"),
        ("in/.tanguero-x.csv", "Id,Name\nHIDDEN,ours\n"),
        ("in/other.csv", "Id,Name\nOTHER,not matched\n"),
    ]);
    let found = ledger(&place, "path: \"in/crm_*.csv\"");
    found.balances(3, 0);
    let keys: Vec<&str> = found.written.iter().map(|row| row["account_id"].as_str()).collect();
    assert_eq!(keys, ["A10", "A9"]);
    assert_eq!((found.rejects[0]["file"].as_str(), found.rejects[0]["line"].as_str()), ("in/crm_A.csv", "2"));
    let files: Vec<&str> =
        found.report["files"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["in/crm_10.csv", "in/crm_9.csv", "in/crm_A.csv"]);
    // A file without a used column is an error that names it.
    place.write("in/crm_B.csv", "Id\nA2\n");
    place.go(&["run", "accounts.yaml"]).ends_with(3).tells(&["in/crm_B.csv", "`Name`"]);
    // So it is where only SQL uses the column.
    let in_sql = place.read("accounts.yaml").replace("account_name: Name", "account_name: {sql: 'upper(\"Name\")'}");
    place.write("accounts.yaml", in_sql);
    place.go(&["run", "accounts.yaml"]).ends_with(3).tells(&["error[R221]", "in/crm_B.csv", "`Name`"]);
    let queried = "format: accounts\nsources: {crm: {path: \"in/crm_*.csv\"}}\nfrom: {sql: 'select \"Id\" from crm where \"Name\" is not null order by 1'}\n\
                   columns: {account_id: Id}\n";
    place.write("accounts.yaml", queried);
    place.go(&["run", "accounts.yaml"]).ends_with(3).tells(&["error[R221]", "in/crm_B.csv", "`Name`"]);
    // A column that nothing uses may be absent.
    place.write("accounts.yaml", queried.replace(" where \"Name\" is not null", ""));
    place.go(&["run", "accounts.yaml"]).ends_with(0);
    assert_eq!(ledger(&place, "path: \"in/crm_*.csv\", missing_columns: empty").written.len(), 3);
}

#[test]
fn the_folders_of_a_partitioned_set_are_columns() {
    let place = Place::new(&[]);
    parquet(&place.join("events/dt=2026-11-19/part.parquet"));
    parquet(&place.join("events/dt=2026-11-20/part.parquet"));
    place.write(
        "accounts.yaml",
        "format: accounts\nsources: {events: {path: events, kind: parquet}}\nfrom: events\nwhere: \"dt = '2026-11-20'\"\n\
         columns: {account_id: Id, account_name: Name, day: {column: dt, type: date}}\n",
    );
    place.go(&["run", "accounts.yaml"]).ends_with(0);
    let found = Ledger::read(&place.join("out"), "accounts");
    found.balances(6, 0);
    assert_eq!(found.report["rows"]["filtered"], 3);
    assert_eq!((found.written.len(), found.written[0]["day"].as_str()), (2, "2026-11-20"));
    assert_eq!(found.rejects[0]["file"], "events/dt=2026-11-20/part.parquet");
}

#[test]
fn an_output_of_the_set_is_never_a_source() {
    let place = Place::new(&[("out/other.csv", CSV)]);
    let mapping = "format: accounts\nsources: {crm: {path: \"out/*.csv\"}}\nfrom: crm\ncolumns: {account_id: Id, account_name: Name}\n";
    place.write("accounts.yaml", mapping);
    place.write("out/accounts.csv", CSV);
    place.go(&["run", "accounts.yaml"]).ends_with(3).tells(&["error[R222]"]);
}

/// The greatest resident set of a finished process, in bytes, as `GNU time` would say; none where it cannot be known.
fn peak(place: &Place, arguments: &[&str]) -> Option<u64> {
    let mut child = place.command(arguments).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(now.map(|kilobytes| kilobytes * 1024));
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success());
    peak
}

#[test]
fn memory_stays_under_its_limit() {
    let mut text = String::from("Id,Name,Note\n");
    let note = "x".repeat(400);
    for number in 0..100_000 {
        text.push_str(&format!("A{number},name {number},{note}\n"));
    }
    let mapping = "format: accounts\nsources: {crm: {path: crm.csv}}\nfrom: crm\ncolumns: {account_id: Id, account_name: Name, note: Note}\n";
    let place = Place::new(&[("accounts.yaml", mapping), ("crm.csv", &text)]);
    let peak = peak(&place, &["run", "accounts.yaml", "--memory", "64MB", "--threads", "2"]);
    assert_eq!(place.manifest()["mappings"][0]["rows"]["written"], 100_000);
    if let Some(peak) = peak {
        assert!(peak < 264_000_000, "{} MB", peak / 1_000_000);
        println!("{} MB for a file of {} MB", peak / 1_000_000, text.len() / 1_000_000);
    }
}
