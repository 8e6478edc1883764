//! How a file gets its final name in a store without ever being seen in part.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use object_store::aws::AmazonS3;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{ClientOptions, ObjectStore};
use object_store_opendal::OpendalStore;
use opendal::{ErrorKind, Operator};

use crate::store::uploads::{ListsUploads, S3Uploads};
use crate::store::url::{Kind, key_of};

/// How a file gets its final name without ever being seen in part.
#[derive(Clone)]
pub enum Way {
    /// An upload in parts, invisible until it is completed; and who tells which are open, where that can be asked.
    Parts(Arc<dyn MultipartStore>, Option<Arc<dyn ListsUploads>>),
    /// A hidden partial file, and a rename.
    Rename(Arc<dyn Renames>),
    /// Not at all: it can only be read.
    Never,
}

/// A store's client, and how files get their names there.
#[derive(Clone)]
pub(super) struct Made {
    pub store: Arc<dyn ObjectStore>,
    pub way: Way,
}

impl Made {
    pub fn s3(store: AmazonS3, options: &ClientOptions) -> Self {
        let store = Arc::new(store);
        let lists = S3Uploads::new(Arc::clone(&store), options).map(|lists| Arc::new(lists) as Arc<dyn ListsUploads>);
        Self { way: Way::Parts(Arc::clone(&store) as _, lists), store }
    }

    pub fn parts<S: ObjectStore + MultipartStore>(store: S) -> Self {
        let store = Arc::new(store);
        Self { way: Way::Parts(Arc::clone(&store) as _, None), store }
    }

    pub fn read_only(store: impl ObjectStore) -> Self {
        Self { way: Way::Never, store: Arc::new(store) }
    }

    pub fn server(kind: Kind, operator: Operator) -> Self {
        let way = Way::Rename(Arc::new(Server { operator: operator.clone(), kind }));
        Self { way, store: Arc::new(OpendalStore::new(operator)) }
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Parts(..) => "Parts",
            Self::Rename(_) => "Rename",
            Self::Never => "Never",
        })
    }
}

/// A server that can move a file over another in one step.
pub trait Renames: Send + Sync {
    /// Moves `from` over `to`.
    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, object_store::Result<()>>;

    /// Removes a folder that has nothing in it; what cannot be removed stays.
    fn remove_folder<'a>(&'a self, folder: &'a Path) -> BoxFuture<'a, ()>;
}

/// A server behind the second library, whose own object-store door copies and deletes instead of renaming.
struct Server {
    operator: Operator,
    kind: Kind,
}

impl Renames for Server {
    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, object_store::Result<()>> {
        Box::pin(async move {
            let renamed = self.operator.rename(&key_of(self.kind, from), &key_of(self.kind, to)).await;
            renamed.map_err(|error| match error.kind() {
                ErrorKind::NotFound => {
                    object_store::Error::NotFound { path: from.to_string(), source: Box::new(error) }
                }
                _ => object_store::Error::Generic { store: self.kind.name(), source: Box::new(error) },
            })
        })
    }

    fn remove_folder<'a>(&'a self, folder: &'a Path) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let _ = self.operator.delete(&format!("{}/", key_of(self.kind, folder))).await;
        })
    }
}
