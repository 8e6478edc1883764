//! A mapping that says everything.

use super::read;
use crate::mapping::*;

pub(super) const SINK: &str = r##"format: accounts
description: Nightly accounts from the CRM export.

sources:                            # tables this mapping may read; more are inherited from tanguero.yaml
  crm:
    path: data/crm_*.csv            # file, glob, directory or URL: s3:// gs:// az:// https:// sftp:// file://
    csv: {delimiter: ";", encoding: windows-1252, footer: salesforce}
  owners: {path: data/owners.csv}
  known: {path: data/known_accounts.parquet}
  open: {query: queries/open_deals.sql}      # a source made of others

from: crm                           # a source, or {query: FILE}, or {sql: "select ..."}
where: "\"Stage\" is distinct from 'Lead'"   # optional SQL predicate

defaults: {text: {quotes: replace}, date: {formats: ["%m/%d/%Y", iso]}}   # column options by type
let: {crm_id: sf18("Id")}           # named SQL expressions, usable in every sql, where, template and later let

columns:                            # target attribute -> where its value comes from
  account_id: {sql: crm_id}
  account_name: Account Name        # a bare string is a source column, spelt exactly
  parent_id: Parent Id
  Contract Value: {column: ARR, type: currency}
  Contract Renewal Date: {column: Renewal Date, type: date, timezone: America/New_York, default: keep}
  Status: {column: Status, map: {"active": Active}, values: [Active, Churned], default: {value: Active}}
  Success Manager: {column: Owner Id, lookup: {in: owners, match: id, take: full_name, missing: reject}}
  Seats: {sql: "integer(paid_seats) + integer(free_seats)", type: integer, on_error: empty}
  Plan: {value: enterprise}
  tag##vip: {sql: "\"Tier\" = 'gold'"}

duplicates: last
hierarchy: {missing_parent: reject, known_accounts: [known.account_id]}
limits: {rejects: 0.5%}
output: {file: accounts.csv}
"##;

/// The mapping, which is sound.
fn sink() -> Mapping {
    let (mapping, found) = read(SINK);
    let codes: Vec<&str> = found.iter().map(|item| item.code.id).collect();
    assert!(codes.is_empty(), "{codes:?}");
    mapping.unwrap()
}

fn field(column: &Column) -> &str {
    let Origin::Field(name) = &column.origin else { panic!("{:?}", column.origin) };
    &name.value
}

fn sql(column: &Column) -> &str {
    let Origin::Sql(sql) = &column.origin else { panic!("{:?}", column.origin) };
    &sql.value
}

#[test]
fn the_head_and_the_sources() {
    let mapping = sink();
    assert_eq!((mapping.name.as_str(), mapping.path.as_str()), ("m", "mappings/m.yaml"));
    assert_eq!(mapping.format.value, "accounts");
    assert_eq!(mapping.description.unwrap().value, "Nightly accounts from the CRM export.");
    assert!(matches!(mapping.from, From::Source(name) if name.value == "crm"));
    assert_eq!(mapping.filter.unwrap().value, "\"Stage\" is distinct from 'Lead'");
    let origins: Vec<(&str, &str)> = mapping
        .sources
        .iter()
        .map(|source| match &source.origin {
            SourceOrigin::Path(path) | SourceOrigin::Query(path) => (source.name.value.as_str(), path.value.as_str()),
            SourceOrigin::Totango(_) => panic!("no source here is a search"),
        })
        .collect();
    let expected = [
        ("crm", "data/crm_*.csv"),
        ("owners", "data/owners.csv"),
        ("known", "data/known_accounts.parquet"),
        ("open", "queries/open_deals.sql"),
    ];
    assert_eq!(origins, expected);
    assert!(matches!(mapping.sources[3].origin, SourceOrigin::Query(_)));
    let csv = &mapping.sources[0].csv;
    assert_eq!(csv.delimiter.as_ref().unwrap().value, b';');
    assert_eq!(csv.encoding.as_ref().unwrap().value, "windows-1252");
    assert_eq!(csv.footer.as_ref().unwrap().value, Footer::Salesforce);
}

#[test]
fn defaults_and_lets() {
    let mapping = sink();
    let [(text, of_text), (date, of_date)] = mapping.defaults.as_slice() else { panic!() };
    assert_eq!((text.value, date.value), (CellType::Text, CellType::Date));
    assert_eq!(of_text.quotes.as_ref().unwrap().value, QuotePolicy::Replace);
    let formats: Vec<&str> = of_date.formats.iter().flatten().map(|format| format.value.as_str()).collect();
    assert_eq!(formats, ["%m/%d/%Y", "iso"]);
    assert_eq!(mapping.lets[0].0.value, "crm_id");
    assert_eq!(mapping.lets[0].1.value, "sf18(\"Id\")");
}

#[test]
fn the_columns() {
    let mapping = sink();
    let names: Vec<&str> = mapping.columns.iter().map(|column| column.name.value.as_str()).collect();
    let expected = [
        "account_id",
        "account_name",
        "parent_id",
        "Contract Value",
        "Contract Renewal Date",
        "Status",
        "Success Manager",
        "Seats",
        "Plan",
        "tag##vip",
    ];
    assert_eq!(names, expected);
    let [id, name, parent, value, renewal, status, manager, seats, plan, vip] = mapping.columns.as_slice() else {
        panic!()
    };
    assert_eq!((sql(id), field(name), field(parent)), ("crm_id", "Account Name", "Parent Id"));
    assert_eq!((field(value), value.options.kind.as_ref().unwrap().value), ("ARR", CellType::Currency));
    assert_eq!(renewal.options.timezone.as_ref().unwrap().value, "America/New_York");
    assert_eq!(renewal.options.default.as_ref().unwrap().value, Default_::Keep);
    let map: Vec<_> = status.options.map.iter().flatten().map(|(from, to)| (&*from.value, &*to.value)).collect();
    assert_eq!(map, [("active", "Active")]);
    assert_eq!(status.options.values.as_ref().unwrap().len(), 2);
    assert_eq!(status.options.default.as_ref().unwrap().value, Default_::Value("Active".to_owned()));
    let lookup = manager.options.lookup.as_ref().unwrap();
    assert_eq!([&lookup.source.value, &lookup.key.value, &lookup.take.value], ["owners", "id", "full_name"]);
    assert_eq!(lookup.missing, LookupMissing::Reject);
    assert_eq!(sql(seats), "integer(paid_seats) + integer(free_seats)");
    assert_eq!(seats.options.on_error.as_ref().unwrap().value, OnError::Empty);
    assert!(matches!(&plan.origin, Origin::Value(text) if text.value == "enterprise"));
    assert_eq!(sql(vip), "\"Tier\" = 'gold'");
    let span = vip.span;
    assert_eq!(&SINK[span.start..span.end], r#"tag##vip: {sql: "\"Tier\" = 'gold'"}"#);
}

#[test]
fn the_rows_and_the_output() {
    let mapping = sink();
    assert_eq!(mapping.duplicates.unwrap().policy.value, DuplicatePolicy::Last);
    let hierarchy = mapping.hierarchy.unwrap();
    assert_eq!(hierarchy.missing_parent, HierarchyPolicy::Reject);
    assert_eq!(hierarchy.known_accounts[0].value, "known.account_id");
    assert_eq!(mapping.limits.rejects.unwrap().value, Amount::Percent(0.5));
    assert_eq!(mapping.output.file.unwrap().value, "accounts.csv");
}

/// What the contract's example leaves unsaid.
const REST: &str = r##"format: usage_aggregations
from:
  sql: |
    select * from events
    where day >= ${as_of-7d}
collection: {name: Invoices, key: invoice_id}
sources:
  events:
    path: "s3://lake/${env}/*.tsv.zst"
    kind: tsv
    compression: zstd
    on_empty: ok
    max_age: 36h
    missing_columns: empty
    csv: {quote: "'", escape: "\\", preamble: 3, footer: {match: "^Total: "}, max_field: 2MB, max_record: 1.5GB, nulls: ["\\N"]}
  tail: {path: t.csv, csv: {footer: {lines: 2}, delimiter: "\t", header: [id, name]}}
columns:
  account_id: {template: "{Account Id}_{Product Code}", type: id, case: lower, alphabet: strict, trim: false, html: text}
  Name: {column: N, max_length: 100, truncate: true, quotes: double, custom: true, note: as in the CRM}
  Labels: {column: L, type: multi_list, separator: "|"}
  Regions: {column: R, type: multi_list, separator: {in: "|", out: ";"}}
  Start: {column: S, type: date, formats: [excel], dst: later, default: today, decimal: ","}
  Tag: {column: T, type: tag, absent: remove, default: reject, on_error: fail}
  Other: {column: O, default: empty}
tags: {column: Labels, by: "|", known: [vip, beta], unknown: ignore, absent: remove}
pivot: {module: m, action: a, value: v, aggregate: max, top: {n: 50, of: pair}, columns: [M##A], fill: 0}
duplicates: {policy: newest, by: {column: Modified, type: date, formats: [iso]}, fallback: valid}
hierarchy: {missing_parent: detach, cycles: fail, max_depth: 6, order: parents_first, known_accounts: known.id}
references: {account_id: {in: [accounts, known.account_id], missing: warn}, Manager_id: {in: users}}
limits: {rejects: 100}
output: {headers: display, line_ending: lf, split: {size: 100MB, rows: 50000}, rejects: {record: key, redact: [SSN]}}
"##;

#[test]
fn everything_else_the_language_has() {
    let mapping = super::good(REST);
    assert!(matches!(&mapping.from, From::Sql(sql) if sql.value.ends_with("day >= '2024-02-24'\n")));
    let collection = mapping.collection.unwrap();
    assert_eq!([collection.name.value, collection.key.value], ["Invoices", "invoice_id"]);
    let [events, tail] = mapping.sources.as_slice() else { panic!() };
    assert!(matches!(&events.origin, SourceOrigin::Path(path) if path.value == "s3://lake/prod/*.tsv.zst"));
    assert_eq!(events.kind.as_ref().unwrap().value, SourceKind::Tsv);
    assert_eq!(events.compression.as_ref().unwrap().value, Compression::Zstd);
    assert!(events.empty_is_ok && events.missing_columns_empty);
    assert_eq!(events.max_age.as_ref().unwrap().value, 129_600);
    let csv = &events.csv;
    assert_eq!([&csv.quote, &csv.escape].map(|byte| byte.as_ref().unwrap().value), [b'\'', b'\\']);
    assert_eq!(csv.footer.as_ref().unwrap().value, Footer::Match("^Total: ".to_owned()));
    assert_eq!(
        [&csv.preamble, &csv.max_field, &csv.max_record].map(|n| n.as_ref().unwrap().value),
        [3, 2_000_000, 1_500_000_000]
    );
    assert_eq!(csv.nulls[0].value, "\\N");
    assert_eq!(tail.csv.footer.as_ref().unwrap().value, Footer::Lines(2));
    assert_eq!(tail.csv.delimiter.as_ref().unwrap().value, b'\t');
    assert_eq!(tail.csv.header.as_ref().unwrap().len(), 2);

    let [id, name, labels, regions, start, tag, other] = mapping.columns.as_slice() else { panic!() };
    assert!(matches!(&id.origin, Origin::Template(text) if text.value == "{Account Id}_{Product Code}"));
    let of = |column: &Column| column.options.clone();
    assert_eq!((of(id).case.unwrap().value, of(id).alphabet.unwrap().value), (Case::Lower, Alphabet::Strict));
    assert_eq!((of(id).trim.unwrap().value, of(id).html_text.unwrap().value), (false, true));
    assert_eq!((of(name).max_length.unwrap().value, of(name).truncate.unwrap().value), (100, true));
    assert!(of(name).custom.unwrap().value && of(name).note.is_some());
    assert_eq!(of(labels).separator_in.unwrap().value, "|");
    assert!(of(labels).separator_out.is_none());
    assert_eq!([of(regions).separator_in, of(regions).separator_out].map(|text| text.unwrap().value), ["|", ";"]);
    assert_eq!((of(start).dst.unwrap().value, of(start).decimal.unwrap().value), (DstPolicy::Later, ','));
    assert_eq!(of(start).default.unwrap().value, Default_::Today);
    assert_eq!((of(tag).default.unwrap().value, of(tag).on_error.unwrap().value), (Default_::Reject, OnError::Fail));
    assert!(of(tag).absent_remove.unwrap().value);
    assert_eq!(of(other).default.unwrap().value, Default_::Empty);

    let tags = mapping.tags.unwrap();
    assert!(tags.ignore_unknown && tags.absent_remove && tags.known.len() == 2 && tags.separator.value == "|");
    let pivot = mapping.pivot.unwrap();
    assert_eq!((pivot.aggregate, pivot.top.unwrap().value, pivot.top_of_pairs), (Aggregate::Max, 50, true));
    assert!(pivot.fill_zero && pivot.pinned.is_none() && pivot.columns.unwrap()[0].value == "M##A");
    let duplicates = mapping.duplicates.unwrap();
    assert_eq!(duplicates.policy.value, DuplicatePolicy::Newest);
    assert!(duplicates.fallback_valid.is_some());
    let by = duplicates.by.unwrap();
    assert!(matches!(by.origin, Origin::Field(name) if name.value == "Modified"));
    assert_eq!(by.options.kind.unwrap().value, CellType::Date);
    let hierarchy = mapping.hierarchy.unwrap();
    assert_eq!((hierarchy.missing_parent, hierarchy.cycles), (HierarchyPolicy::Detach, HierarchyPolicy::Fail));
    assert!(hierarchy.parents_first && hierarchy.max_depth.unwrap().value == 6);
    assert_eq!(hierarchy.known_accounts[0].value, "known.id");
    let [(account, first), (_, second)] = mapping.references.as_slice() else { panic!() };
    assert_eq!(
        (account.value.as_str(), first.targets.len(), first.missing.value),
        ("account_id", 2, ReferenceMissing::Warn)
    );
    assert_eq!((second.targets[0].value.as_str(), second.missing.value), ("users", ReferenceMissing::Reject));
    assert_eq!(mapping.limits.rejects.unwrap().value, Amount::Count(100));
    let output = mapping.output;
    assert!(output.display_headers && output.line_feed && output.reject_record == RejectRecord::Key);
    assert_eq!((output.split_size.unwrap().value, output.split_rows.unwrap().value), (100_000_000, 50_000));
    assert_eq!(output.redact[0].value, "SSN");
}
