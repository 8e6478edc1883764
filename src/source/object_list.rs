//! Which objects of a store a source means: the same words as for files, in the byte order of their URLs.

use std::ffi::OsStr;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use globset::{GlobBuilder, GlobMatcher};
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStoreExt};

use crate::diagnostic::code;
use crate::source::definition::{SourceDefinition, SourceError};
use crate::source::input::FileAt;
use crate::source::kind;
use crate::source::list::{ListedFile, OWN_PREFIX, missing, without_wildcards};
use crate::source::object::Object;
use crate::store::{Kind, Location, Reason, StoreError, wait};

/// Folders that are listed at the same time.
const AT_ONCE: usize = 8;

/// The objects of `definition`: at least one, sorted.
///
/// # Errors
/// No object, a store that does not answer, a setting that is wrong.
pub(super) fn list(definition: &SourceDefinition) -> Result<Vec<ListedFile>, SourceError> {
    let failed = |error: StoreError| SourceError::store(&definition.name, None, &error);
    let pattern = definition.pattern.as_str();
    let listable = !pattern.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("http"));
    // A web server lists nothing, and in its URLs the characters of patterns mean other things.
    let plain = if listable { without_wildcards(pattern) } else { Some(unescaped(pattern)) };
    let mut found = match plain {
        Some(plain) => {
            let location = definition.stores.open(&plain).map_err(failed)?;
            named(definition, &location)?
        }
        None => {
            let fixed = &pattern[..pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len())];
            let start = fixed.rfind('/').map_or(fixed, |slash| &fixed[..=slash]);
            // A wildcard in the bucket's own name cannot be listed.
            if start.ends_with("://") && !start.eq_ignore_ascii_case("dropbox://") {
                let fact = format!("{pattern}: the name of a bucket or host cannot be a pattern");
                return Err(missing(definition, &fact));
            }
            let location = definition.stores.open(start).map_err(failed)?;
            matching(definition, &location, &pattern[start.len()..])?
        }
    };
    found.sort_by(|(a, _), (b, _)| a.shown().as_bytes().cmp(b.shown().as_bytes()));
    found.dedup_by(|(a, _), (b, _)| a.path == b.path);
    if found.is_empty() {
        let shown = pattern.split_once('?').filter(|_| !listable).map_or(pattern, |(before, _)| before);
        return Err(missing(definition, &format!("no object matches {shown}")));
    }
    for (location, meta) in &mut found {
        // Some listings leave the ETag out, without which no version can be asked for.
        let marks = matches!(location.kind(), Kind::S3 | Kind::Gcs | Kind::Azure);
        if marks && meta.e_tag.is_none() {
            let object = location.clone();
            *meta = wait(async move { head(&object).await }).map_err(failed)?;
        }
    }
    Ok(found
        .into_iter()
        .map(|(location, meta)| {
            let object = Object::new(location, &meta);
            let (shown, stamp) = (object.shown(), object.stamp());
            ListedFile { input: FileAt::Object(Arc::new(object)), shown, stamp }
        })
        .collect())
}

type Found = Vec<(Location, ObjectMeta)>;

/// The one object at `url`.
///
/// # Errors
/// It is not there, a store that does not answer, a setting that is wrong.
#[cfg(feature = "cluster")]
pub(super) fn one(definition: &SourceDefinition, url: &str) -> Result<ListedFile, SourceError> {
    let failed = |error: StoreError| SourceError::store(&definition.name, Some(url), &error);
    let location = definition.stores.open(url).map_err(failed)?;
    let object = location.clone();
    let meta = wait(async move { head(&object).await }).map_err(failed)?;
    let object = Object::new(location, &meta);
    let (shown, stamp) = (object.shown(), object.stamp());
    Ok(ListedFile { input: FileAt::Object(Arc::new(object)), shown, stamp })
}

/// A URL that is spelt out: an object, or a folder with all data files in it.
fn named(definition: &SourceDefinition, location: &Location) -> Result<Found, SourceError> {
    let failed = |error: StoreError| SourceError::store(&definition.name, None, &error);
    if location.key().split('/').any(|part| part.starts_with(OWN_PREFIX)) {
        let shown = location.shown();
        return Err(SourceError::unreadable(&definition.name, &shown, "holds tanguero's own files and is never read"));
    }
    if !location.is_folder() || location.kind() == Kind::Http {
        let object = location.clone();
        let head = wait(async move { head(&object).await });
        match head {
            // A server has folders of its own, which are no objects.
            Ok(meta) if !is_folder(location, &meta) => return Ok(vec![(location.clone(), meta)]),
            Ok(_) => {}
            Err(error) if error.reason == Reason::Missing && location.kind() != Kind::Http => {}
            Err(error) => return Err(failed(error)),
        }
    }
    let found = below(location).map_err(failed)?;
    if found.is_empty() {
        let fact = format!("{}: there is neither such an object nor anything below it", location.shown());
        return Err(missing(definition, &fact));
    }
    let is_data = |path: &Path| {
        let inside = inside(&location.path, path);
        let name = inside.rsplit('/').next().unwrap_or_default();
        // `_SUCCESS`, `_delta_log` and the like are no data.
        let passed_over = inside.split('/').any(|part| part.starts_with(['_', '.']));
        !passed_over && (definition.kind.is_some() || kind::of_name(OsStr::new(name)).0.is_some())
    };
    Ok(found
        .into_iter()
        .filter(|meta| is_data(&meta.location))
        .map(|meta| (location.at(meta.location.clone()), meta))
        .collect())
}

/// What the store says of the object at `location`.
async fn head(location: &Location) -> Result<ObjectMeta, StoreError> {
    let answer = location.attempt("opening", || location.store.head(&location.path)).await;
    match answer {
        // A URL that is signed for reading may not be asked about: its first byte says the same.
        Err(error) if location.kind() == Kind::Http && error.reason != Reason::Transient => {
            let first = location.attempt("opening", || async {
                let options = GetOptions { range: Some(GetRange::Bounded(0..1)), ..GetOptions::default() };
                Ok(location.store.get_opts(&location.path, options).await?.meta)
            });
            first.await.map_err(|_| error)
        }
        other => other,
    }
}

/// SFTP answers for a folder as for a file; a folder's mark in a bucket is an empty object.
fn is_folder(location: &Location, meta: &ObjectMeta) -> bool {
    match location.kind() {
        Kind::Http => false,
        Kind::Sftp | Kind::Dropbox => {
            let folder = location.clone();
            let listed = wait(async move { folder.store.list_with_delimiter(Some(&folder.path)).await });
            listed.is_ok_and(|listed| {
                !listed.common_prefixes.is_empty()
                    || listed.objects.iter().any(|object| object.location != location.path)
            }) || meta.location.as_ref().is_empty()
        }
        _ => meta.size == 0 && kind::of_name(OsStr::new(meta.location.filename().unwrap_or_default())).0.is_none(),
    }
}

/// Every object whose key continues that of `start` as `pattern` says.
fn matching(definition: &SourceDefinition, start: &Location, pattern: &str) -> Result<Found, SourceError> {
    let failed = |error: StoreError| SourceError::store(&definition.name, None, &error);
    let (pattern, folders) = match pattern.strip_suffix('/') {
        Some(shorter) => (shorter, true),
        None => (pattern, false),
    };
    let glob = |text: &str| -> Result<GlobMatcher, SourceError> {
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        let wrong =
            |error| SourceError::new(&code::SOURCE_MISSING, &definition.name, format!("not a pattern: {error}"));
        Ok(glob.map_err(wrong)?.compile_matcher())
    };
    let whole = glob(pattern)?;
    let is_hidden = |inside: &str| inside.split('/').any(|part| part.starts_with('.'));
    // Level by level where the pattern says what each level is called: a bucket can be very large.
    let levels = !pattern.contains("**") && !pattern.contains('{') && !pattern.contains('[');
    if !levels {
        let found = below(start).map_err(failed)?;
        let fits = |meta: &ObjectMeta| {
            let inside = inside(&start.path, &meta.location);
            let hit = match folders {
                false => whole.is_match(&inside),
                true => {
                    inside.match_indices('/').any(|(at, _)| whole.is_match(&inside[..at]))
                        && is_data(definition, &inside)
                }
            };
            hit && !is_hidden(&inside)
        };
        return Ok(found.into_iter().filter(fits).map(|meta| (start.at(meta.location.clone()), meta)).collect());
    }
    let parts: Vec<&str> = pattern.split('/').collect();
    let (last, above) = parts.split_last().map_or(("", &[][..]), |(last, above)| (*last, above));
    let mut here = vec![start.path.clone()];
    for part in above {
        let matcher = glob(part)?;
        let listed = levels_of(start, here).map_err(failed)?;
        let named = |path: &Path| path.filename().is_some_and(|name| matcher.is_match(name) && !name.starts_with('.'));
        here = listed.into_iter().flat_map(|(folders, _)| folders).filter(named).collect();
    }
    let matcher = glob(last)?;
    let named = |path: &Path| path.filename().is_some_and(|name| matcher.is_match(name) && !name.starts_with('.'));
    let listed = levels_of(start, here).map_err(failed)?;
    let mut found = Vec::new();
    let mut only_folders = false;
    for (below_it, objects) in listed {
        let matched: Vec<Path> = below_it.into_iter().filter(named).collect();
        only_folders |= !matched.is_empty();
        if folders {
            for folder in matched {
                found.extend(self::named(definition, &start.at(folder).folder())?);
            }
        } else {
            let fits = objects.into_iter().filter(|meta| named(&meta.location));
            found.extend(fits.map(|meta| (start.at(meta.location.clone()), meta)));
        }
    }
    if found.is_empty() && only_folders && !folders {
        let fact = format!("{} matches folders only", definition.pattern);
        return Err(missing(definition, &fact).help("end the pattern with `/` to read the files in them"));
    }
    Ok(found)
}

/// Whether a file below a folder that is read as a whole is data, by its names.
fn is_data(definition: &SourceDefinition, inside: &str) -> bool {
    let name = inside.rsplit('/').next().unwrap_or_default();
    !inside.split('/').any(|part| part.starts_with('_'))
        && (definition.kind.is_some() || kind::of_name(OsStr::new(name)).0.is_some())
}

/// What follows `prefix` in the key of `path`.
fn inside(prefix: &Path, path: &Path) -> String {
    let rest = path.as_ref().strip_prefix(prefix.as_ref()).unwrap_or(path.as_ref());
    rest.trim_start_matches('/').to_owned()
}

/// All objects below `location`, however deep.
fn below(location: &Location) -> Result<Vec<ObjectMeta>, StoreError> {
    if matches!(location.kind(), Kind::Sftp | Kind::Dropbox) {
        return walked(location);
    }
    let start = location.clone();
    wait(async move {
        let prefix = (!start.path.as_ref().is_empty()).then(|| start.path.clone());
        let listed = start.attempt("listing", || start.store.list(prefix.as_ref()).try_collect::<Vec<_>>()).await?;
        // A folder's mark is an empty object called like the prefix itself.
        Ok(listed.into_iter().filter(|meta| meta.location != start.path).collect())
    })
}

/// The same of a server with folders, one after the other.
fn walked(location: &Location) -> Result<Vec<ObjectMeta>, StoreError> {
    let mut found = Vec::new();
    let mut folders = vec![location.path.clone()];
    // Deeper ones are a loop of links.
    for _ in 0..64 {
        let mut deeper = Vec::new();
        for (below_it, objects) in levels_of(location, std::mem::take(&mut folders))? {
            let hidden = |path: &Path| path.filename().is_some_and(|name| name.starts_with('.'));
            deeper.extend(below_it.into_iter().filter(|path| !hidden(path)));
            found.extend(objects);
        }
        if deeper.is_empty() {
            break;
        }
        folders = deeper;
    }
    Ok(found)
}

type Level = (Vec<Path>, Vec<ObjectMeta>);

/// What lies directly in each of `folders`, in their order.
fn levels_of(location: &Location, folders: Vec<Path>) -> Result<Vec<Level>, StoreError> {
    let start = location.clone();
    wait(async move {
        let list = |folder: Path| {
            let here = start.at(folder);
            async move {
                let prefix = (!here.path.as_ref().is_empty()).then(|| here.path.clone());
                let listed = here.attempt("listing", || here.store.list_with_delimiter(prefix.as_ref())).await?;
                // A folder lists itself, in one store or another.
                let folders = listed.common_prefixes.into_iter().filter(|path| *path != here.path).collect();
                let objects = listed.objects.into_iter().filter(|meta| meta.location != here.path).collect();
                Ok::<Level, StoreError>((folders, objects))
            }
        };
        stream::iter(folders.into_iter().map(list)).buffered(AT_ONCE).try_collect().await
    })
}

/// A web server's URL: a variable's wildcards, which came in brackets, stand for themselves.
fn unescaped(pattern: &str) -> String {
    let mut plain = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some(at) = rest.find('[') {
        plain.push_str(&rest[..at]);
        let mut inner = rest[at + 1..].chars();
        match (inner.next(), inner.next()) {
            (Some(character), Some(']')) => {
                plain.push(character);
                rest = inner.as_str();
            }
            _ => {
                plain.push('[');
                rest = &rest[at + 1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}
