//! Tests of publishing to a store that lies in memory: both ways, every place at which a run can be killed.

mod killing;

use std::collections::BTreeMap;
use std::path::Path as LocalPath;
use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use futures::future::BoxFuture;
use jiff::SignedDuration;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode};
use tempfile::TempDir;

use crate::output::remote::claim::Claim;
use crate::output::remote::folder::RemoteFolder;
use crate::output::remote::journal::RemoteJournal;
use crate::output::remote::leftovers::Leftover;
use crate::output::remote::publish::{Remote, RemoteReports};
use crate::output::tests::{mapping_report, run_report};
use crate::output::{Lock, OutputError, Place, PublishPlan, RunReport, Staged, Staging, Status, folder, succeed};
use crate::store::{Kind, Renames, Way};

struct Moves(Arc<InMemory>);

impl Renames for Moves {
    fn rename<'a>(&'a self, from: &'a Path, to: &'a Path) -> BoxFuture<'a, object_store::Result<()>> {
        Box::pin(async move {
            self.0.copy(from, to).await?;
            self.0.delete(from).await
        })
    }

    fn remove_folder<'a>(&'a self, _: &'a Path) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }
}

/// A bucket, and the machine that publishes to it.
struct World {
    store: Arc<InMemory>,
    parts: bool,
    apart: bool,
    local: TempDir,
}

impl World {
    fn new(parts: bool, apart: bool) -> Self {
        let local = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(local.path().join("reports")).unwrap();
        Self { store: Arc::new(InMemory::new()), parts, apart, local }
    }

    fn folder(&self, prefix: &str) -> RemoteFolder {
        let way = match self.parts {
            true => Way::Parts(Arc::clone(&self.store) as _, None),
            false => Way::Rename(Arc::new(Moves(Arc::clone(&self.store)))),
        };
        RemoteFolder {
            store: Arc::clone(&self.store) as _,
            way,
            prefix: Path::from(prefix),
            kind: if self.parts { Kind::S3 } else { Kind::Sftp },
            shown: format!("s3://bucket/{prefix}"),
            deadline: Duration::from_secs(5),
        }
    }

    fn local_reports(&self) -> std::path::PathBuf {
        folder::absolute(&self.local.path().join("reports")).unwrap()
    }

    fn reports(&self) -> RemoteReports {
        match self.apart {
            true => RemoteReports::Store(self.folder("reports")),
            false => RemoteReports::Local(self.local_reports()),
        }
    }

    async fn begin(&self, run_id: &str) -> Result<Remote, OutputError> {
        Remote::begin(self.folder("out"), self.reports(), run_id).await
    }

    fn lock(&self, run_id: &str) -> Lock {
        Lock::take(&self.local.path().join("staging"), run_id).unwrap()
    }

    /// All objects, with their texts; local reports too.
    async fn all(&self) -> BTreeMap<String, String> {
        let list: Vec<_> = self.store.list(None).try_collect().await.unwrap();
        let mut all = BTreeMap::new();
        for meta in list {
            let bytes = self.store.get(&meta.location).await.unwrap().bytes().await.unwrap();
            all.insert(meta.location.to_string(), String::from_utf8(bytes.to_vec()).unwrap());
        }
        for entry in std::fs::read_dir(self.local_reports()).unwrap() {
            let entry = entry.unwrap();
            let name = format!("local/{}", entry.file_name().to_string_lossy());
            all.insert(name, std::fs::read_to_string(entry.path()).unwrap_or_default());
        }
        all
    }

    /// The same, without `run.json`, which has ids.
    async fn set(&self) -> BTreeMap<String, String> {
        let mut all = self.all().await;
        all.remove("out/run.json");
        all
    }

    fn report_name(&self, name: &str) -> String {
        if self.apart { format!("reports/{name}") } else { format!("local/{name}") }
    }

    /// As if the holder's machine had been switched off long ago.
    async fn expire(&self) {
        let path = Path::from("out/.tanguero-lock");
        let bytes = self.store.get(&path).await.unwrap().bytes().await.unwrap();
        let mut claim: Claim = serde_json::from_slice(&bytes).unwrap();
        claim.extend(SignedDuration::from_secs(-1));
        self.store.put(&path, claim.text().into()).await.unwrap();
    }
}

/// Staged files of a mapping: two outputs, and a report if `bad`.
fn staged(staging: &Staging<'_>, text: &str, bad: bool) -> Vec<Staged> {
    let mut files = vec![(Place::Output, "accounts.csv", text.to_owned())];
    files.push((Place::Output, if bad { "old.csv" } else { "new.csv" }, format!("second {text}")));
    if bad {
        files.push((Place::Reports, "accounts.rejects.csv", format!("rejects {text}")));
    }
    let make = |(place, name, text): (Place, &str, String)| {
        let mut file = staging.create(place, name).unwrap();
        file.append(text.as_bytes()).unwrap();
        file.finish(1).unwrap()
    };
    files.into_iter().map(make).collect()
}

fn plan(run_id: &str, previous: Option<&RunReport>, files: Vec<Staged>) -> PublishPlan {
    let mut report = run_report(run_id, true);
    report.mappings = vec![mapping_report("accounts", Status::Published, &files)];
    let remove = succeed(previous, &mut report);
    PublishPlan { files, remove, manifest: report.to_json() }
}

fn begin_staging<'a>(world: &World, lock: &'a Lock, run_id: &str) -> Staging<'a> {
    let reports = (!world.apart).then(|| world.local_reports());
    Staging::begin(lock, reports.as_deref(), run_id).unwrap()
}

/// A whole run.
async fn publish(world: &World, run_id: &str, text: &str, bad: bool) -> Vec<Leftover> {
    let lock = world.lock(run_id);
    let remote = world.begin(run_id).await.unwrap();
    crate::output::recover(&lock).unwrap();
    let previous = remote.previous().await.unwrap();
    let staging = begin_staging(world, &lock, run_id);
    let files = staged(&staging, text, bad);
    let plan = plan(run_id, previous.as_ref(), files);
    remote.publish(staging, plan, previous.as_ref(), &|| false).await.unwrap();
    let leftovers = remote.leftovers().to_vec();
    remote.release().await;
    leftovers
}

const WORLDS: [(bool, bool); 4] = [(true, true), (true, false), (false, true), (false, false)];

#[tokio::test]
async fn a_set_replaces_another_and_leaves_nothing_else() {
    for (parts, apart) in WORLDS {
        let world = World::new(parts, apart);
        assert_eq!(publish(&world, "1", "one", true).await, []);
        let first = world.set().await;
        let names: Vec<&str> = first.keys().map(String::as_str).collect();
        let mut wanted =
            vec!["out/accounts.csv".to_owned(), "out/old.csv".into(), world.report_name("accounts.rejects.csv")];
        wanted.sort();
        assert_eq!(names, wanted);
        assert_eq!(publish(&world, "2", "two", false).await, []);
        let all = world.all().await;
        assert_eq!(all["out/accounts.csv"], "two");
        assert_eq!(all.keys().collect::<Vec<_>>(), ["out/accounts.csv", "out/new.csv", "out/run.json"]);
        let report: RunReport = serde_json::from_str(&all["out/run.json"]).unwrap();
        assert_eq!(report.run_id, "2");
        assert_eq!(report.objects.len(), if parts { 2 } else { report.objects.len() });
    }
}

#[tokio::test]
async fn unchanged_is_what_stands_there_and_nothing_else() {
    for (parts, apart) in WORLDS {
        let world = World::new(parts, apart);
        publish(&world, "1", "one", true).await;
        let ask = |text: &'static str| {
            let world = &world;
            async move {
                let lock = world.lock("2");
                let remote = world.begin("2").await.unwrap();
                let previous = remote.previous().await.unwrap();
                let staging = begin_staging(world, &lock, "2");
                let files = staged(&staging, text, true);
                let same = remote.unchanged(previous.as_ref(), "accounts", &files).await.unwrap();
                remote.release().await;
                same
            }
        };
        assert!(ask("one").await);
        assert!(!ask("two").await);
        world.store.put(&Path::from("out/old.csv"), "second 0ne".into()).await.unwrap();
        assert!(!ask("one").await, "somebody wrote there");
        world.store.delete(&Path::from("out/old.csv")).await.unwrap();
        assert!(!ask("one").await, "somebody deleted it");
    }
}

#[tokio::test]
async fn a_second_run_is_told_who_holds_the_target() {
    for (parts, apart) in WORLDS {
        let world = World::new(parts, apart);
        let remote = world.begin("20261121T000000Z-aaaa").await.unwrap();
        let error = world.begin("2").await.unwrap_err();
        assert!(matches!(error, OutputError::Locked(_)), "{error}");
        let text = error.to_string();
        assert!(text.contains("`s3://bucket/out`: run 20261121T000000Z-aaaa, process "), "{text}");
        assert!(text.contains(", since 20"), "{text}");
        remote.release().await;
        assert_eq!(world.all().await.len(), 0);
        world.begin("2").await.unwrap().release().await;
    }
}

#[tokio::test]
async fn only_one_of_many_gets_the_lock() {
    for parts in [true, false] {
        let world = World::new(parts, true);
        for _ in 0..2 {
            let runs = ["a", "b", "c", "d", "e", "f"];
            let all = futures::future::join_all(runs.iter().map(|run| world.begin(run))).await;
            assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1);
            // The winner dies; the second round is a race for a lock that has expired.
            drop(all);
            world.expire().await;
        }
    }
}

#[tokio::test]
async fn a_run_whose_lock_was_taken_over_publishes_nothing() {
    for (parts, apart) in WORLDS {
        let world = World::new(parts, apart);
        publish(&world, "1", "one", true).await;
        let before = world.set().await;
        let lock = world.lock("2");
        let slow = world.begin("2").await.unwrap();
        world.expire().await;
        let fast = world.begin("3").await.unwrap();
        let staging = begin_staging(&world, &lock, "2");
        let plan = plan("2", None, staged(&staging, "two", false));
        let error = slow.publish(staging, plan, None, &|| false).await.unwrap_err();
        assert!(error.to_string().contains("was taken over by run 3, process"), "{error}");
        slow.release().await;
        fast.release().await;
        assert_eq!(world.set().await, before);
    }
}

#[tokio::test]
async fn an_interrupted_run_leaves_the_old_set_and_no_uploads() {
    for (parts, apart) in WORLDS {
        let world = World::new(parts, apart);
        publish(&world, "1", "one", true).await;
        let before = world.all().await;
        let lock = world.lock("2");
        let remote = world.begin("2").await.unwrap();
        let staging = begin_staging(&world, &lock, "2");
        let plan = plan("2", None, staged(&staging, "two", false));
        let error = remote.publish(staging, plan, None, &|| true).await.unwrap_err();
        assert!(matches!(error, OutputError::Interrupted), "{error}");
        remote.release().await;
        assert_eq!(world.all().await, before);
        assert!(!world.all().await.keys().any(|name| name.contains(".tanguero")));
    }
}

#[tokio::test]
async fn a_journal_that_is_not_ours_is_not_followed() {
    let world = World::new(true, true);
    let folder = world.folder("out");
    for text in [
        "{}",
        "not json",
        r#"{"version":2,"run_id":"x","reports":{"store":"s"},"uploads":[],"moves":[],"removals":[],"manifest":""}"#,
    ] {
        folder.put(folder::JOURNAL, text.into(), PutMode::Overwrite).await.unwrap();
        let error = world.begin("1").await.unwrap_err();
        assert!(error.to_string().contains("s3://bucket/out/.tanguero-journal"), "{error}");
        assert!(folder.read(folder::LOCK).await.unwrap().is_none(), "the lock is given back");
    }
    let evil = RemoteJournal {
        version: 1,
        run_id: "x".into(),
        reports: crate::output::remote::journal::Destination::Store("s3://bucket/reports".into()),
        uploads: Vec::new(),
        moves: Vec::new(),
        removals: vec![crate::output::Removal { place: Place::Output, name: "../x".into() }],
        manifest: "{}".into(),
    };
    folder.put(folder::JOURNAL, evil.text(), PutMode::Overwrite).await.unwrap();
    assert!(world.begin("1").await.unwrap_err().to_string().contains("no plain file name"));
}

#[test]
fn what_removes_an_upload_can_be_typed() {
    let world = World::new(true, true);
    let command = world.folder("out").removal("accounts.csv", "u-1");
    assert_eq!(command, "aws s3api abort-multipart-upload --bucket bucket --key 'out/accounts.csv' --upload-id 'u-1'");
    assert!(LocalPath::new(&world.folder("out").object("a")).ends_with("out/a"));
}
