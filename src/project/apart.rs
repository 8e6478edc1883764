//! What each environment must have for itself, and where the state cannot lie.

use std::collections::BTreeMap;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::mapping::{ProjectFile, Text, Variables, parse_project};
use crate::store::{is_url, without_user};

/// A state in a store that cannot be kept there, or must not.
pub(super) fn state(file: &ProjectFile) -> Option<Diagnostic> {
    let state = file.state.as_ref().filter(|state| is_url(&state.value))?;
    let place = Place::new(&file.path, state.span);
    let wrong = |message: String, label: &str| {
        Some(Diagnostic::error(&code::STATE_PLACE, message).at(place, label).help(code::STATE_PLACE.cure))
    };
    let shown = without_user(&state.value);
    if ["http://", "https://"].iter().any(|scheme| state.value.starts_with(scheme)) {
        return wrong(format!("no state can be kept in {shown}: web servers can only be read"), "a web server");
    }
    let target = file.directory.as_ref().filter(|directory| is_url(&directory.value))?;
    let target = without_user(&target.value);
    let inside = shown == target || shown.starts_with(&format!("{target}/"));
    inside
        .then(|| wrong(format!("the state would lie in {target}, which Totango pulls"), "inside the output"))
        .flatten()
}

/// Environments that would publish to one folder, or leave their reports in one: one mistake per pair and folder.
pub(super) fn environments(file: &ProjectFile, text: &str, given: impl Fn(&str) -> Variables) -> Diagnostics {
    let mut found = Diagnostics::new();
    let mut seen: BTreeMap<(&str, String), &Text> = BTreeMap::new();
    for environment in &file.environments {
        // With the variables of that environment. Where one is missing nobody knows its folders; it is told of when that
        // environment is chosen.
        let (other, wrong) = parse_project(&file.path, text, &given(&environment.value));
        let Some(other) = other.filter(|_| !wrong.has_errors()) else { continue };
        let directory = other.directory.as_ref().map_or("out", |text| text.value.as_str());
        let folders = [
            ("publish to", Some(directory), other.directory.as_ref()),
            ("leave their reports in", other.reports.as_ref().map(|text| text.value.as_str()), other.reports.as_ref()),
        ];
        for (what, folder, said) in folders {
            let Some(folder) = folder else { continue };
            let folder = folder.trim_end_matches('/').trim_start_matches("./").to_owned();
            let Some(first) = seen.get(&(what, folder.clone())) else {
                seen.insert((what, folder), environment);
                continue;
            };
            let shown = if is_url(&folder) { folder.split(['?', '#']).next().unwrap_or_default() } else { &folder };
            let message = format!("environments `{}` and `{}` {what} `{shown}`", first.value, environment.value);
            let place = |text: &Text| Place::new(&file.path, text.span);
            let here = said.map_or_else(|| place(environment), place);
            let diagnostic = Diagnostic::error(&code::ENVIRONMENT, message).at(here, "here too");
            found.push(diagnostic.related(place(first), "the first of them").help(code::ENVIRONMENT.cure));
        }
    }
    found
}
