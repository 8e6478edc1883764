//! Which uploads are open in a bucket: what the library does not ask, and parts that nobody completes cost money.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use object_store::ClientOptions;
use object_store::aws::{AmazonS3, AwsAuthorizer};
use object_store::client::{HttpClient, HttpConnector, HttpRequest, HttpRequestBody, ReqwestConnector};
use object_store::path::Path;
use object_store::signer::Signer;

/// An upload that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The object it is for.
    pub key: String,
    /// The store's name for it.
    pub id: String,
    /// Since when, as the store says it.
    pub since: String,
}

/// A store that tells which uploads are open.
pub trait ListsUploads: Send + Sync {
    /// Those whose key begins with `prefix`.
    fn open<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, object_store::Result<Vec<Upload>>>;
}

/// Pages of a thousand that are read at most.
const PAGES: usize = 50;

/// S3, and what is compatible with it.
pub(super) struct S3Uploads {
    store: Arc<AmazonS3>,
    client: HttpClient,
}

impl S3Uploads {
    /// None if no client can be made.
    pub fn new(store: Arc<AmazonS3>, options: &ClientOptions) -> Option<Self> {
        let client = ReqwestConnector::default().connect(options).ok()?;
        Some(Self { store, client })
    }

    async fn page(&self, prefix: &str, after: &Option<(String, String)>) -> object_store::Result<String> {
        let mut request = HttpRequest::new(HttpRequestBody::empty());
        let method = request.method().clone();
        // The library knows the bucket's address and region, and says them in a signed URL alone.
        let signed = self.store.signed_url(method, &Path::from("x"), Duration::from_secs(60)).await?.to_string();
        let (address, query) = signed.split_once('?').unwrap_or((&signed, ""));
        let bucket = address.strip_suffix("/x").unwrap_or(address);
        let credential = query.split('&').find_map(|part| part.strip_prefix("X-Amz-Credential="));
        let scope = credential.unwrap_or_default().replace("%2F", "/");
        let region = scope.split('/').nth(2).unwrap_or("us-east-1").to_owned();
        let mut uri = format!("{bucket}?prefix={}&uploads=", escaped(prefix));
        if let Some((key, id)) = after {
            let _ = write!(uri, "&key-marker={}&upload-id-marker={}", escaped(key), escaped(id));
        }
        *request.uri_mut() = uri.parse().map_err(|error| failed(Box::new(error)))?;
        let credential = self.store.credentials().get_credential().await?;
        AwsAuthorizer::new(&credential, "s3", &region).authorize(&mut request, None);
        let answer = self.client.execute(request).await.map_err(|error| failed(Box::new(error)))?;
        let status = answer.status();
        let bytes = answer.into_body().bytes().await.map_err(|error| failed(Box::new(error)))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if status.is_success() {
            return Ok(text);
        }
        let word = inside(&text, "Code").unwrap_or_default();
        Err(failed(format!("Server returned non-2xx status code: {}: {word}", status.as_u16()).into()))
    }
}

impl ListsUploads for S3Uploads {
    fn open<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, object_store::Result<Vec<Upload>>> {
        Box::pin(async move {
            let mut found = Vec::new();
            let mut after = None;
            for _ in 0..PAGES {
                let text = self.page(prefix, &after).await?;
                found.extend(uploads(&text));
                if inside(&text, "IsTruncated").as_deref() != Some("true") {
                    break;
                }
                after = inside(&text, "NextKeyMarker").zip(inside(&text, "NextUploadIdMarker"));
                if after.is_none() {
                    break;
                }
            }
            Ok(found)
        })
    }
}

fn failed(source: Box<dyn std::error::Error + Send + Sync>) -> object_store::Error {
    object_store::Error::Generic { store: "S3", source }
}

/// The uploads of one page.
fn uploads(text: &str) -> Vec<Upload> {
    let each = text.split("<Upload>").skip(1).filter_map(|rest| rest.split("</Upload>").next());
    each.filter_map(|one| {
        Some(Upload {
            key: inside(one, "Key")?,
            id: inside(one, "UploadId")?,
            since: inside(one, "Initiated").unwrap_or_default(),
        })
    })
    .collect()
}

/// The text of the first element of this name.
fn inside(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (value, _) = rest.split_once(&format!("</{name}>"))?;
    let plain = value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    Some(plain.replace("&#39;", "'").replace("&amp;", "&"))
}

/// For the query of a URL that is signed: everything but the letters that need no escape.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_uploads_is_read() {
        let text = "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>\
            <Upload><Key>out/a&amp;b.csv</Key><UploadId>u1</UploadId><Initiated>2026-11-21T03:00:00Z</Initiated></Upload>\
            <Upload><UploadId>u2</UploadId><Key>out/c.csv</Key></Upload></ListMultipartUploadsResult>";
        let found = uploads(text);
        assert_eq!(found.len(), 2);
        assert_eq!(
            found[0],
            Upload { key: "out/a&b.csv".into(), id: "u1".into(), since: "2026-11-21T03:00:00Z".into() }
        );
        assert_eq!((found[1].key.as_str(), found[1].id.as_str()), ("out/c.csv", "u2"));
        assert_eq!(uploads("<html>"), []);
        assert_eq!(escaped("out/a b"), "out%2Fa%20b");
    }
}
