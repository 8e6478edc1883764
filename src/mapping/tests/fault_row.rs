//! Duplicates, hierarchy, references, tags, pivot, limits, output.

use insta::assert_snapshot;

use super::with_head;

#[test]
fn an_unknown_policy() {
    assert_snapshot!(with_head("duplicates: latest\n"), @"
    error[Y104]: `duplicates` cannot be `latest`
     --> mappings/m.yaml:4:13
      |
    4 | duplicates: latest
      |             ^^^^^^ not one of the words
      = help: `last` has a similar name; allowed: `last`, `first`, `newest`, `merge`, `sum`, `split`, `error`
    ");
}

#[test]
fn a_long_policy_that_lacks_its_word() {
    assert_snapshot!(with_head("duplicates: {by: {type: date}, fallback: any}\n"), @"
    error[Y105]: `policy` is missing
     --> mappings/m.yaml:4:1
      |
    4 | duplicates: {by: {type: date}, fallback: any}
      | ^^^^^^^^^^ `duplicates` needs `policy`
      = help: e.g. `{policy: newest, by: {column: Modified, type: date}}`

    error[Y108]: `by` has no origin
     --> mappings/m.yaml:4:14
      |
    4 | duplicates: {by: {type: date}, fallback: any}
      |              ^^ where does its value come from?
      = help: give one of `column`, `sql`

    error[Y104]: `fallback` cannot be `any`
     --> mappings/m.yaml:4:42
      |
    4 | duplicates: {by: {type: date}, fallback: any}
      |                                          ^^^ not one of the words
      = help: allowed: `valid`
    ");
}

#[test]
fn words_of_the_hierarchy() {
    assert_snapshot!(with_head("hierarchy: {missing_parent: ignore, order: parents, max_depth: deep}\n"), @"
    error[Y104]: `missing_parent` cannot be `ignore`
     --> mappings/m.yaml:4:29
      |
    4 | hierarchy: {missing_parent: ignore, order: parents, max_depth: deep}
      |                             ^^^^^^ not one of the words
      = help: allowed: `reject`, `detach`, `fail`

    error[Y104]: `order` cannot be `parents`
     --> mappings/m.yaml:4:44
      |
    4 | hierarchy: {missing_parent: ignore, order: parents, max_depth: deep}
      |                                            ^^^^^^^ not one of the words
      = help: `parents_first` has a similar name; allowed: `source`, `parents_first`

    error[Y104]: `max_depth` cannot be `deep`
     --> mappings/m.yaml:4:64
      |
    4 | hierarchy: {missing_parent: ignore, order: parents, max_depth: deep}
      |                                                                ^^^^ not such a number
      = help: a whole number of at least 1
    ");
}

#[test]
fn a_reference_needs_a_target() {
    assert_snapshot!(with_head("references: {account_id: {missing: skip}, parent_id: accounts}\n"), @"
    error[Y105]: `in` is missing
     --> mappings/m.yaml:4:14
      |
    4 | references: {account_id: {missing: skip}, parent_id: accounts}
      |              ^^^^^^^^^^ a reference needs `in`
      = help: e.g. `{in: [accounts], missing: reject}`

    error[Y104]: `missing` cannot be `skip`
     --> mappings/m.yaml:4:36
      |
    4 | references: {account_id: {missing: skip}, parent_id: accounts}
      |                                    ^^^^ not one of the words
      = help: allowed: `reject`, `empty`, `warn`, `fail`

    error[Y103]: `parent_id` takes a mapping, not text
     --> mappings/m.yaml:4:54
      |
    4 | references: {account_id: {missing: skip}, parent_id: accounts}
      |                                                      ^^^^^^^^ text
      = help: e.g. `parent_id: {in: [accounts], missing: reject}`
    ");
}

#[test]
fn tags_need_a_column_and_the_known_ones() {
    assert_snapshot!(with_head("tags: {by: \"|\", absent: delete}\n"), @r#"
    error[Y105]: `column` is missing
     --> mappings/m.yaml:4:1
      |
    4 | tags: {by: "|", absent: delete}
      | ^^^^ `tags` needs `column`
      = help: e.g. `{column: Labels, by: "|", known: [vip, beta]}`

    error[Y105]: `known` is missing
     --> mappings/m.yaml:4:1
      |
    4 | tags: {by: "|", absent: delete}
      | ^^^^ `tags` needs `known`
      = help: e.g. `{column: Labels, by: "|", known: [vip, beta]}`

    error[Y104]: `absent` cannot be `delete`
     --> mappings/m.yaml:4:25
      |
    4 | tags: {by: "|", absent: delete}
      |                         ^^^^^^ not one of the words
      = help: allowed: `leave`, `remove`
    "#);
}

#[test]
fn a_pivot_needs_module_and_action() {
    assert_snapshot!(with_head("pivot: {module: m, aggregate: avg, top: {of: pair}, columns: pinned, fill: 1}\n"), @r#"
    error[Y105]: `action` is missing
     --> mappings/m.yaml:4:1
      |
    4 | pivot: {module: m, aggregate: avg, top: {of: pair}, columns: pinned, fill: 1}
      | ^^^^^ `pivot` needs `action`
      = help: e.g. `{module: "\"Module\"", action: "\"Action\""}`

    error[Y104]: `aggregate` cannot be `avg`
     --> mappings/m.yaml:4:31
      |
    4 | pivot: {module: m, aggregate: avg, top: {of: pair}, columns: pinned, fill: 1}
      |                               ^^^ not one of the words
      = help: allowed: `sum`, `count`, `max`

    error[Y105]: `n` is missing
     --> mappings/m.yaml:4:36
      |
    4 | pivot: {module: m, aggregate: avg, top: {of: pair}, columns: pinned, fill: 1}
      |                                    ^^^ `top` needs `n`
      = help: e.g. `{n: 50, of: module}`

    error[Y104]: `fill` cannot be `1`
     --> mappings/m.yaml:4:76
      |
    4 | pivot: {module: m, aggregate: avg, top: {of: pair}, columns: pinned, fill: 1}
      |                                                                            ^ not one of the words
      = help: allowed: `0`
    "#);
}

#[test]
fn a_collection_needs_name_and_key() {
    assert_snapshot!(with_head("collection: {nam: Invoices}\n"), @"
    error[Y105]: `key` is missing
     --> mappings/m.yaml:4:1
      |
    4 | collection: {nam: Invoices}
      | ^^^^^^^^^^ `collection` needs `key`
      = help: e.g. `{name: Invoices, key: invoice_id}`

    error[Y102]: unknown key `nam`
     --> mappings/m.yaml:4:14
      |
    4 | collection: {nam: Invoices}
      |              ^^^ not a key of `collection`
      = help: `name` has a similar name
    ");
}

#[test]
fn a_limit_is_a_count_or_a_share() {
    assert_snapshot!(with_head("limits: {rejects: half}\n"), @"
    error[Y104]: `rejects` cannot be `half`
     --> mappings/m.yaml:4:19
      |
    4 | limits: {rejects: half}
      |                   ^^^^ neither a count nor a share
      = help: a number of records, e.g. `100`, or a share, e.g. `0.5%`
    ");
}

#[test]
fn a_changed_header_warns_or_fails() {
    assert_snapshot!(with_head("limits: {rejects: 0, fewer_rows: 20%, headers: stop}\n"), @"
    error[Y104]: `headers` cannot be `stop`
     --> mappings/m.yaml:4:48
      |
    4 | limits: {rejects: 0, fewer_rows: 20%, headers: stop}
      |                                                ^^^^ not one of the words
      = help: allowed: `warn`, `fail`
    ");
}

#[test]
fn words_of_the_output() {
    assert_snapshot!(with_head("output: {headers: pretty, split: {size: 100Mb, rows: 0}, rejects: {record: all}}\n"), @"
    error[Y104]: `headers` cannot be `pretty`
     --> mappings/m.yaml:4:19
      |
    4 | output: {headers: pretty, split: {size: 100Mb, rows: 0}, rejects: {record: all}}
      |                   ^^^^^^ not one of the words
      = help: allowed: `api`, `display`

    error[Y104]: `size` cannot be `100Mb`
     --> mappings/m.yaml:4:41
      |
    4 | output: {headers: pretty, split: {size: 100Mb, rows: 0}, rejects: {record: all}}
      |                                         ^^^^^ not a size
      = help: e.g. `100MB`; units are B, kB, MB, GB, powers of 1,000

    error[Y104]: `rows` cannot be `0`
     --> mappings/m.yaml:4:54
      |
    4 | output: {headers: pretty, split: {size: 100Mb, rows: 0}, rejects: {record: all}}
      |                                                      ^ not such a number
      = help: a whole number of at least 1

    error[Y104]: `record` cannot be `all`
     --> mappings/m.yaml:4:76
      |
    4 | output: {headers: pretty, split: {size: 100Mb, rows: 0}, rejects: {record: all}}
      |                                                                            ^^^ not one of the words
      = help: allowed: `full`, `key`, `none`
    ");
}

#[test]
fn an_archive_is_another_folder_each_day() {
    assert_snapshot!(with_head("output: {changes: true, archive: old/}\n"), @"
    error[Y104]: `archive` cannot be `old/`
     --> mappings/m.yaml:4:34
      |
    4 | output: {changes: true, archive: old/}
      |                                  ^^^^ no day in it
      = help: copies are dated: `archive/${as_of}`
    ");
}
