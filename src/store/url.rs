//! URLs of stores: which kind of store, which bucket or host in it, which object.

use std::fmt;

use object_store::path::Path;

use crate::store::error::StoreError;

/// What speaks to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// `s3://bucket/key`, and what is compatible with it.
    S3,
    /// `gs://bucket/key`.
    Gcs,
    /// `az://container/key`, `abfss://container@account.dfs.core.windows.net/key`.
    Azure,
    /// `https://host/path`; `http://` where a store's settings allow it. Read only.
    Http,
    /// `sftp://user@host:port/path`.
    Sftp,
    /// `dropbox://path`.
    Dropbox,
}

const SCHEMES: &[(&str, Kind)] = &[
    ("s3", Kind::S3),
    ("s3a", Kind::S3),
    ("gs", Kind::Gcs),
    ("gcs", Kind::Gcs),
    ("az", Kind::Azure),
    ("azure", Kind::Azure),
    ("adl", Kind::Azure),
    ("abfs", Kind::Azure),
    ("abfss", Kind::Azure),
    ("http", Kind::Http),
    ("https", Kind::Http),
    ("sftp", Kind::Sftp),
    ("dropbox", Kind::Dropbox),
];

impl Kind {
    /// Its word in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::S3 => "S3",
            Self::Gcs => "Google Cloud Storage",
            Self::Azure => "Azure",
            Self::Http => "HTTP",
            Self::Sftp => "SFTP",
            Self::Dropbox => "Dropbox",
        }
    }

    /// Whether the library behind it takes percent escapes in a key for what they stand for.
    pub(super) fn decodes(self) -> bool {
        matches!(self, Self::Sftp | Self::Dropbox)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Whether `text` is a URL, and so no path of this machine; `file://` is one.
pub fn is_url(text: &str) -> bool {
    scheme_of(text).is_some_and(|scheme| !scheme.eq_ignore_ascii_case("file"))
}

/// The part before `://`, if it can be a scheme.
fn scheme_of(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once("://")?;
    let mut characters = scheme.chars();
    let begins = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
    (begins && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).then_some(scheme)
}

/// A URL in its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoreUrl {
    pub kind: Kind,
    /// As written, in lower case.
    pub scheme: String,
    /// `user@` of a server.
    pub user: Option<String>,
    /// Bucket, container, or host with its port; empty for Dropbox.
    pub authority: String,
    /// The account in the host of an `abfss://` URL, and the rest of that host.
    pub account: Option<(String, String)>,
    /// The key without its first slash; a slash at the end stays. Not decoded, but for HTTP.
    pub key: String,
    /// Behind `?`, of HTTP only. It may be a secret.
    pub query: Option<String>,
}

impl StoreUrl {
    /// # Errors
    /// Another scheme, no bucket or host, a password.
    pub fn parse(text: &str) -> Result<Self, StoreError> {
        let scheme = scheme_of(text)
            .ok_or_else(|| StoreError::setting("", "this is no URL".to_owned(), "e.g. `s3://bucket/key`"))?;
        let rest = &text[scheme.len() + 3..];
        let scheme = scheme.to_ascii_lowercase();
        let Some((_, kind)) = SCHEMES.iter().find(|(name, _)| *name == scheme) else {
            let fact = format!("`{scheme}://` is no store that is known");
            return Err(StoreError::setting(
                &format!("{scheme}://…"),
                fact,
                "s3, gs, az, abfss, https, sftp and dropbox are",
            ));
        };
        let kind = *kind;
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) if kind == Kind::Http => {
                (rest, Some(query.split('#').next().unwrap_or_default().to_owned()))
            }
            _ => (rest, None),
        };
        if kind == Kind::Dropbox {
            let key = rest.trim_start_matches('/').to_owned();
            return Ok(Self { kind, scheme, user: None, authority: String::new(), account: None, key, query });
        }
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        let shown = format!("{scheme}://{host}/{key}");
        let mut account = None;
        let (user, authority) = match kind {
            Kind::Azure if scheme.starts_with("abfs") && user.is_some() => {
                account = host.split_once('.').map(|(account, rest)| (account.to_owned(), rest.to_owned()));
                if account.is_none() {
                    let fact = format!("`{host}` names no account");
                    return Err(StoreError::setting(
                        &shown,
                        fact,
                        "`abfss://container@account.dfs.core.windows.net/key`",
                    ));
                }
                (None, user.unwrap_or_default().to_owned())
            }
            Kind::Sftp | Kind::Http => {
                if user.is_some_and(|user| user.contains(':')) {
                    let fact = "a password stands in the URL".to_owned();
                    let cure = "take it out and give it in `stores:` of tanguero.yaml, by a `${VARIABLE}`";
                    return Err(StoreError::setting(&shown, fact, cure));
                }
                (user.map(str::to_owned), host.to_owned())
            }
            _ if user.is_some() => {
                return Err(StoreError::setting(
                    &shown,
                    "a bucket has no user".to_owned(),
                    "credentials stand in `stores:` of tanguero.yaml",
                ));
            }
            _ => (None, host.to_owned()),
        };
        if authority.is_empty() {
            let what = if matches!(kind, Kind::Sftp | Kind::Http) { "host" } else { "bucket" };
            return Err(StoreError::setting(
                &shown,
                format!("the URL names no {what}"),
                "e.g. `s3://bucket/key`, `sftp://host/folder`",
            ));
        }
        let key = key.trim_start_matches('/');
        let key = if kind == Kind::Http { decoded(key) } else { key.to_owned() };
        Ok(Self { kind, scheme, user, authority, account, key, query })
    }

    /// The URL of the bucket or host, with a slash at its end, as people are shown it.
    pub fn root(&self) -> String {
        match (&self.account, self.kind) {
            (Some((account, rest)), _) => format!("{}://{}@{account}.{rest}/", self.scheme, self.authority),
            (None, Kind::Dropbox) => "dropbox://".to_owned(),
            (None, _) => format!("{}://{}/", self.scheme, self.authority),
        }
    }

    /// Everything that makes one store another.
    pub fn identity(&self) -> String {
        let user = self.user.as_deref().unwrap_or_default();
        let home = self.kind == Kind::Sftp && (self.key == "~" || self.key.starts_with("~/"));
        format!("{user}@{}?{}{}", self.root(), self.query.as_deref().unwrap_or_default(), if home { "~" } else { "" })
    }
}

/// `key` as the store's library wants it.
pub(super) fn path_of(kind: Kind, key: &str, shown: &str) -> Result<Path, StoreError> {
    let key = key.trim_matches('/');
    if kind.decodes() {
        return Ok(Path::from(key));
    }
    Path::parse(key).map_err(|_| {
        let fact = "an empty name, `.` or `..` stands between its slashes".to_owned();
        StoreError::setting(shown, fact, "such objects cannot be named here; rename them")
    })
}

/// The key that `path` of such a store stands for.
pub(super) fn key_of(kind: Kind, path: &Path) -> String {
    if kind.decodes() { decoded(path.as_ref()) } else { path.as_ref().to_owned() }
}

/// `text` with its percent escapes decoded; what is no escape stays.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digit = |offset: usize| bytes.get(at + offset).and_then(|byte| char::from(*byte).to_digit(16));
        match (bytes[at], digit(1), digit(2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, ..) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}

/// A URL without user and query, and without slashes at its end.
pub fn without_user(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = host.rsplit('@').next().unwrap_or_default();
    // `abfss://container@account`: what stands before the `@` is no user there.
    let host = if scheme.starts_with("abfs") { rest.split('/').next().unwrap_or_default() } else { host };
    format!("{scheme}://{host}/{path}").trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> StoreUrl {
        StoreUrl::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn urls_are_told_from_paths() {
        for url in ["s3://a/b", "S3://a", "sftp://h/x", "ftp://h/x", "https://h/?q"] {
            assert!(is_url(url), "{url}");
        }
        for path in ["data/a.csv", "/a://b", "file:///a", "FILE:///a", "://", "a b://c", "1s://x"] {
            assert!(!is_url(path), "{path}");
        }
    }

    #[test]
    fn every_kind_has_its_parts() {
        let url = parsed("s3://exports/dt=1/a%2Fb.csv?x");
        assert_eq!((url.kind, url.authority.as_str(), url.key.as_str()), (Kind::S3, "exports", "dt=1/a%2Fb.csv?x"));
        let url = parsed("abfss://files@acc.dfs.core.windows.net/a/b");
        assert_eq!(url.account.as_ref().map(|(name, _)| name.as_str()), Some("acc"));
        assert_eq!((url.authority.as_str(), url.root().as_str()), ("files", "abfss://files@acc.dfs.core.windows.net/"));
        let url = parsed("https://h:8080/a%20b.csv?sig=abc#top");
        assert_eq!(
            (url.authority.as_str(), url.key.as_str(), url.query.as_deref()),
            ("h:8080", "a b.csv", Some("sig=abc"))
        );
        let url = parsed("sftp://me@h:2222/~/in/x.csv");
        assert_eq!(
            (url.user.as_deref(), url.authority.as_str(), url.root().as_str()),
            (Some("me"), "h:2222", "sftp://h:2222/")
        );
        assert_eq!(parsed("dropbox://Team Folder/x.csv").key, "Team Folder/x.csv");
        assert_eq!(parsed("s3://bucket").key, "");
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_showing_a_password() {
        for (url, fact) in [
            ("ftp://h/x", "no store that is known"),
            ("s3:///x", "names no bucket"),
            ("https:///x", "names no host"),
            ("sftp://u:hunter2@h/x", "a password stands in the URL"),
            ("s3://u@b/x", "a bucket has no user"),
            ("abfss://c@account/x", "names no account"),
        ] {
            let error = StoreUrl::parse(url).expect_err(url).to_string();
            assert!(error.contains(fact), "{url}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
