//! The register's examples are true: each mapping shown for a code raises that code and no other mistake.

use tanguero::diagnostic::{Code, Example, Severity, register};

use crate::author::{checked, drawn, project, wrapped};

/// The files of an example: `# path.yaml` on a line of its own begins one.
fn files(text: &str) -> Vec<(String, String)> {
    let mut files = vec![("mappings/accounts.yaml".to_owned(), String::new())];
    for line in text.lines() {
        match line.strip_prefix("# ").filter(|path| path.ends_with(".yaml")) {
            Some(path) => files.push((path.to_owned(), String::new())),
            None => files.last_mut().unwrap().1 += &format!("{line}\n"),
        }
    }
    files.retain(|(_, text)| !text.is_empty());
    files
}

/// What is wrong with the example, if it does not raise exactly its code.
fn fault(code: &Code, text: &str) -> Option<String> {
    let place = project();
    for (path, text) in files(text) {
        let text = if path == "tanguero.yaml" { text } else { wrapped(&text) };
        place.write(&path, text);
    }
    let outcome = checked(place.path());
    let raised = outcome.found.iter().any(|one| one.code.id == code.id);
    let others = outcome.found.iter().any(|one| one.severity == Severity::Error && one.code.id != code.id);
    (!raised || others).then(|| format!("{}:\n{}", code.id, drawn(&outcome, &outcome.found)))
}

#[test]
fn every_example_of_a_mapping_raises_its_code_and_no_other_mistake() {
    let mut faults = Vec::new();
    let mut shown = 0;
    for code in register() {
        if let Some(Example::Yaml(text)) = code.example() {
            shown += 1;
            faults.extend(fault(code, text));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    let of_mapping = register().iter().filter(|code| code.id.starts_with(['Y', 'R', 'Q'])).count();
    assert!(shown + 4 >= of_mapping, "{shown} of {of_mapping} are shown");
}

#[test]
fn explain_prints_an_entry_and_near_codes() {
    let place = project();
    let said = place.go(&["explain", "r204"]).ends_with(0);
    insta::assert_snapshot!(said.out, @r#"
    R204: a source has no such column

    found    in a mapping, before any row is read: nothing runs (exit 3)
    why      Source columns are matched by name, exactly as spelt in the header.
    example  columns:
               account_id: Id
               account_name: Nmae
    cure     Use the name in the header.
    "#);
    for code in register() {
        let said = place.go(&["explain", code.id]).ends_with(0);
        assert!(said.out.contains(code.cause) && said.out.contains(code.cure), "{}", code.id);
    }
    place.go(&["explain", "R299"]).ends_with(2).tells(&["no code is called `R299`", "R209: "]);
    place.go(&["explain", "Z999"]).ends_with(2).tells(&["docs/codes.md"]);
}
