//! The project file.

use insta::assert_snapshot;
use jiff::civil::date;

use super::{owned, show};
use crate::mapping::{Origin, ProjectFile, SourceOrigin, Variables, parse, parse_project};

const FILE: &str = "\
sources:
  known: {path: \"data/${REGION}/known.parquet\"}
variables: {REGION: eu, LEVEL: 0012, PRICE: $$5}
environments:
  prod: {variables: {REGION: us}, output: {directory: \"out/${REGION}\"}}
  test: {}
defaults: {text: {quotes: strip}}
attributes: [Health Score, No]
output: {directory: out, reports: reports}
publish: together
service_timezone: Europe/Berlin
state: .runs
";

fn run(text: &str, env: Option<&str>) -> (Option<ProjectFile>, String) {
    let given = Variables::new(owned(&[("LEVEL", "7")]), owned(&[]), date(2024, 3, 2), env.map(str::to_owned));
    let (project, found) = parse_project("mappings/m.yaml", text, &given);
    (project, show(text, &found))
}

#[test]
fn a_project_that_says_everything() {
    let (project, wrong) = run(FILE, None);
    assert_eq!(wrong, "");
    let project = project.unwrap();
    assert!(matches!(&project.sources[0].origin, SourceOrigin::Path(path) if path.value == "data/eu/known.parquet"));
    assert_eq!(project.directory.unwrap().value, "out");
    assert_eq!(project.reports.unwrap().value, "reports");
    assert_eq!(project.service_timezone.unwrap().value, "Europe/Berlin");
    assert_eq!(project.state.unwrap().value, ".runs");
    assert!(project.publish_together);
    assert_eq!(project.defaults.len(), 1);
    let attributes = project.attributes.unwrap();
    assert_eq!(attributes.iter().map(|name| name.value.as_str()).collect::<Vec<_>>(), ["Health Score", "No"]);
}

#[test]
fn the_chosen_environment_beats_the_file_and_the_command_line_beats_both() {
    let (project, wrong) = run(FILE, Some("prod"));
    assert_eq!(wrong, "");
    let project = project.unwrap();
    assert_eq!(project.directory.as_ref().unwrap().value, "out/us");
    assert_eq!(project.reports.as_ref().unwrap().value, "reports");
    let text = "format: f\nfrom: crm\ncolumns: {a: {value: '${REGION} ${LEVEL} ${PRICE} ${env}'}}\n";
    let (mapping, found) = parse("m.yaml", text, &project.variables);
    assert!(found.is_empty());
    let Origin::Value(value) = &mapping.unwrap().columns[0].origin else { panic!() };
    assert_eq!(value.value, "us 7 $$5 prod");
}

#[test]
fn an_empty_project_says_nothing() {
    for text in ["", "# nothing yet\n", "{}\n"] {
        let (project, wrong) = run(text, Some("prod"));
        assert_eq!(wrong, "");
        assert!(project.unwrap().directory.is_none());
    }
}

#[test]
fn an_environment_that_is_not_there() {
    assert_snapshot!(run(FILE, Some("pord")).1, @"
    error[Y104]: no environment is called `pord`
     --> mappings/m.yaml:4:1
      |
    4 | environments:
      | ^^^^^^^^^^^^ `pord` is not here
      = help: `prod` has a similar name
    ");
}

#[test]
fn mistakes_of_a_project() {
    let text = "\
source: {}
variables: {env: x, REGION: [a]}
environments: {prod: {outputs: {directory: out}}}
output: {file: x.csv}
attributes: {accounts: [A]}
publish: none
state:
deliver: {too: sftp}
";
    assert_snapshot!(run(text, None).1, @"
    error[Y102]: unknown key `source`
     --> mappings/m.yaml:1:1
      |
    1 | source: {}
      | ^^^^^^ not a key of the project file
      = help: `sources` has a similar name

    error[Y104]: `env` is a variable of the tool's own
     --> mappings/m.yaml:2:13
      |
    2 | variables: {env: x, REGION: [a]}
      |             ^^^ taken
      = help: choose another name

    error[Y103]: `REGION` takes text, not a list
     --> mappings/m.yaml:2:29
      |
    2 | variables: {env: x, REGION: [a]}
      |                             ^^^ a list

    error[Y102]: unknown key `outputs`
     --> mappings/m.yaml:3:23
      |
    3 | environments: {prod: {outputs: {directory: out}}}
      |                       ^^^^^^^ not a key of an environment
      = help: `output` has a similar name

    error[Y102]: unknown key `file`
     --> mappings/m.yaml:4:10
      |
    4 | output: {file: x.csv}
      |          ^^^^ not a key of `output`
      = help: keys here: `directory`, `reports`

    error[Y103]: `attributes` takes a list, not a mapping
     --> mappings/m.yaml:5:13
      |
    5 | attributes: {accounts: [A]}
      |             ^^^^^^^^^^^^^^^ a mapping
      = help: e.g. `attributes: [a, b]`

    error[Y104]: `publish` cannot be `none`
     --> mappings/m.yaml:6:10
      |
    6 | publish: none
      |          ^^^^ not one of the words
      = help: allowed: `each`, `together`

    error[Y103]: `state` has no value
     --> mappings/m.yaml:7:1
      |
    7 | state:
      | ^^^^^ nothing follows

    error[Y109]: `deliver` is not available in this version
     --> mappings/m.yaml:8:1
      |
    8 | deliver: {to: sftp}
      | ^^^^^^^ this version does not do this
      = help: leave it out
    ");
}

#[test]
fn secrets_of_the_process_are_not_in_debug_output() {
    let variables = Variables::new(owned(&[]), owned(&[("TOKEN", "hunter2")]), date(2024, 3, 2), None);
    assert!(!format!("{variables:?}").contains("hunter2"));
}
