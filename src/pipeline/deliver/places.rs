//! Entries of `deliver:` and `notify:` as they are done: judged first, then places opened.

use std::collections::BTreeMap;
use std::path::Path;

use crate::deliver::{Entry, MailAccount, Place, To, Trigger};
use crate::diagnostic::{Diagnostic, Diagnostics, Place as Spot, code, nearest};
use crate::mapping::{DeliverEntry, EmailEntry, NotifyTarget, Text, TriggerEntry};
use crate::output::short;
use crate::pipeline::folders::Folders;
use crate::pipeline::{Failure, target};
use crate::project::Loaded;
use crate::store::is_url;

/// What is wrong with `deliver:` and `notify:`, before anything is sent; `unset`: variables without a value too.
pub(in crate::pipeline) fn judge(loaded: &Loaded, folders: &Folders, unset: bool) -> Diagnostics {
    let mut found = Diagnostics::new();
    let Some(file) = &loaded.project.file else { return found };
    for entry in &file.deliver {
        if !entry.unset.is_empty() {
            if unset {
                entry.unset.iter().for_each(|one| found.push(one.clone()));
            }
            continue;
        }
        for name in entry.mappings.iter().flatten() {
            found_mapping(loaded, entry, name, &mut found);
        }
        for to in &entry.to {
            if let Err((fact, cure)) = open(loaded, folders, to) {
                let label = "cannot be delivered to";
                found.push(Diagnostic::error(&code::DELIVER_PLACE, fact).at(entry.place(to), label).help(cure));
            }
        }
        if let Some(trigger) = entry.trigger.as_ref().filter(|trigger| !trigger.allow_http && is_plain(&trigger.url)) {
            found.push(plain(entry.place(&trigger.url)));
        }
    }
    for entry in &file.notify {
        if unset {
            entry.unset.iter().for_each(|one| found.push(one.clone()));
        }
        if let NotifyTarget::Webhook { url, allow_http: false } = &entry.target
            && entry.unset.is_empty()
            && is_plain(url)
        {
            found.push(plain(Spot::new(&entry.path, url.span)));
        }
    }
    found
}

fn found_mapping(loaded: &Loaded, entry: &DeliverEntry, name: &Text, found: &mut Diagnostics) {
    let here = loaded.mappings.iter().map(|file| file.name.as_str());
    let known: Vec<&str> = loaded.project.names.iter().map(String::as_str).chain(here).collect();
    if known.contains(&name.value.as_str()) {
        return;
    }
    let message = format!("no mapping is called `{}`", name.value);
    let diagnostic = Diagnostic::error(&code::DELIVER_PLACE, message).at(entry.place(name), "not in this project");
    let list = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let near = nearest(&name.value, known.iter().copied());
    found.push(diagnostic.help(near.map_or_else(list, |near| format!("`{near}` has a similar name"))));
}

/// Unencrypted over the network.
fn is_plain(url: &Text) -> bool {
    let Some(rest) = url.value.strip_prefix("http://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    !(matches!(name, "localhost" | "[::1]") || name.starts_with("127."))
}

fn plain(place: Spot) -> Diagnostic {
    let message = "the URL is `http://`, which would send everything unencrypted";
    let diagnostic = Diagnostic::error(&code::DELIVER_PLACE, message).at(place, "not `https://`");
    diagnostic.help("use `https://`, or say `allow_http: true` beside it")
}

/// The entries of the project, their places opened; stores are asked nothing yet.
pub(super) fn entries(loaded: &Loaded, folders: &Folders) -> Result<Vec<Entry>, Failure> {
    let mut entries: Vec<Entry> = Vec::new();
    for entry in loaded.project.file.iter().flat_map(|file| &file.deliver) {
        let mut places = Vec::new();
        for to in &entry.to {
            let place = open(loaded, folders, to).map_err(|(fact, cure)| {
                let diagnostic = Diagnostic::error(&code::DELIVER_PLACE, fact).at(entry.place(to), "here");
                Failure::World(diagnostic.help(cure))
            })?;
            places.push(place);
        }
        let mappings: Option<Vec<String>> =
            entry.mappings.as_ref().map(|names| names.iter().map(|name| name.value.clone()).collect());
        let mut key = mappings.as_ref().map(|names| names.join(",")).unwrap_or_default();
        places.iter().for_each(|place| key = format!("{key}|{}", place.key));
        entries.push(Entry { key, mappings, places, trigger: entry.trigger.as_ref().map(trigger) });
    }
    // Entries that differ in their triggers alone.
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &mut entries {
        let count = seen.entry(entry.key.clone()).or_default();
        *count += 1;
        entry.key = short(&format!("{}#{count}", entry.key));
    }
    Ok(entries)
}

/// The place that `to` names, or why it is none and what to do.
fn open(loaded: &Loaded, folders: &Folders, to: &Text) -> Result<Place, (String, String)> {
    let text = to.value.as_str();
    if is_url(text) {
        let web = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
        if web {
            let cure = "name a bucket (`s3://`, `gs://`, `az://`), an SFTP folder, or a folder of this machine";
            return Err(("nothing can be delivered to a web server: it can only be read".to_owned(), cure.to_owned()));
        }
        if folders.target.as_deref().is_some_and(|target| target.trim_end_matches('/') == text.trim_end_matches('/')) {
            return Err(same());
        }
        let folder = target::folder_of(&loaded.project.stores, text).map_err(|error| (error.message, error.help))?;
        return Ok(Place { key: short(text), shown: folder.shown.clone(), to: To::Store(folder) });
    }
    let root = &loaded.project.root;
    let path = root.join(text.strip_prefix("file://").unwrap_or(text));
    if folders.target.is_none() && spelt(&path) == spelt(&folders.output) {
        return Err(same());
    }
    let shown = crate::pipeline::folders::shown(&path, root);
    Ok(Place { key: short(&path.to_string_lossy()), shown, to: To::Folder(path) })
}

fn same() -> (String, String) {
    let fact = "the files would be delivered to where they are published".to_owned();
    (fact, "name another place, or leave the entry out: Totango can pull from the output folder itself".to_owned())
}

/// A folder in its one spelling, if it is there.
fn spelt(path: &Path) -> std::path::PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.components().collect())
}

fn trigger(entry: &TriggerEntry) -> Trigger {
    let rest = entry.url.value.split_once("://").map_or("", |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    Trigger {
        shown: host.rsplit('@').next().unwrap_or_default().to_owned(),
        url: entry.url.value.clone(),
        header: entry.token.as_ref().map(|token| (entry.header.clone(), token.value.clone())),
        post: entry.post,
        allow_http: entry.allow_http,
    }
}

/// A mail server as it is spoken to.
pub(in crate::pipeline) fn mail_target(entry: &EmailEntry) -> MailAccount {
    MailAccount {
        host: entry.host.clone(),
        port: entry.port,
        encryption: entry.encryption,
        login: entry.login.as_ref().map(|(user, password)| (user.value.clone(), password.value.clone())),
        from: entry.from.value.clone(),
        to: entry.to.iter().map(|address| address.value.clone()).collect(),
    }
}
