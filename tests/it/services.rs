//! Real stores for tests: `tests/services/services` starts them on this machine, and stops them when the test is over.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};

use object_store::ObjectStoreExt;
use serde_json::Value;
use tanguero::mapping::{Variables, parse_project};
use tanguero::store::{Location, Stores, wait};

use crate::binary::Place;
use crate::support::root;

/// A store that is running; it stops when its owner goes.
pub struct Service {
    child: Child,
    /// What the script said of it.
    pub told: Value,
    /// Keeps what one test puts there from another's.
    number: u64,
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Whether `name` is installed; loudly where it is not. Under `CI=true` that is a failure.
#[expect(clippy::print_stderr, reason = "who reads the tests' output must see what was not tried")]
pub fn is_installed(name: &str) -> bool {
    let script = root().join("tests/services/services");
    // The script needs Python: where there is none, nothing is installed.
    let listed = Command::new(&script).arg("list").output().map(|listed| listed.stdout).unwrap_or_default();
    let listed = String::from_utf8_lossy(&listed).into_owned();
    if listed.lines().any(|line| line == format!("{name}\tinstalled")) {
        return true;
    }
    let cure = format!("`{name}` is not installed: tests/services/services install {name}");
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{cure}");
    eprintln!("SKIPPED: {cure}");
    false
}

/// Starts the service `name`; none where it [is not installed](is_installed).
pub fn service(name: &str) -> Option<Service> {
    let script = root().join("tests/services/services");
    if !is_installed(name) {
        return None;
    }
    let mut child = Command::new(script)
        .args(["run", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the script starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("the script speaks");
    let told = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{name} did not start: {error}: {line}"));
    static NEXT: AtomicU64 = AtomicU64::new(0);
    Some(Service { child, told, number: NEXT.fetch_add(1, Ordering::Relaxed) })
}

impl Service {
    /// A word of what the script said.
    pub fn said(&self, key: &str) -> &str {
        self.told[key].as_str().unwrap_or_else(|| panic!("no `{key}` in {}", self.told))
    }

    /// The URL of a folder that only this test knows.
    pub fn url(&self) -> String {
        let (bucket, number) = (self.said("bucket"), self.number);
        let start = match self.said("service") {
            "azurite" => format!("az://{bucket}"),
            "sftp" => format!("{}/{bucket}", self.said("endpoint")),
            "http" => format!("{}/{bucket}", self.said("endpoint")),
            _ => format!("s3://{bucket}"),
        };
        format!("{start}/t{number}")
    }

    /// The value of `${STORE_SECRET}`.
    pub fn secret(&self) -> &str {
        match self.said("service") {
            "azurite" => self.said("access_key"),
            "moto" | "s3s" => self.said("secret_access_key"),
            _ => "nothing-to-hide",
        }
    }

    /// A `tanguero.yaml` with this store in it.
    pub fn project(&self) -> String {
        self.project_with("deadline: 20s, retries: 3")
    }

    /// The same with `more` settings.
    pub fn project_with(&self, more: &str) -> String {
        let endpoint = self.said("endpoint");
        let own = match self.said("service") {
            "azurite" => format!(
                "url: \"az://{}\", endpoint: \"{endpoint}\", allow_http: true, account: {}, access_key: \"${{STORE_SECRET}}\"",
                self.said("bucket"),
                self.said("account"),
            ),
            "sftp" => format!(
                "url: \"{endpoint}\", user: {}, key_file: \"{}\", host_keys: any",
                self.said("user"),
                self.said("key_file")
            ),
            "http" => format!("url: \"{endpoint}\", allow_http: true"),
            _ => format!(
                "url: \"s3://{}\", endpoint: \"{endpoint}\", allow_http: true, region: us-east-1, \
                 access_key_id: {}, secret_access_key: \"${{STORE_SECRET}}\"",
                self.said("bucket"),
                self.said("access_key_id"),
            ),
        };
        format!("stores:\n  tested: {{{own}, {more}}}\n")
    }

    /// The command in `place`, with the secret in its environment and none of the caller's own credentials or proxies.
    pub fn command(&self, place: &Place, arguments: &[&str]) -> Command {
        let mut command = place.command(arguments);
        clean(&mut command);
        command.env("STORE_SECRET", self.secret());
        command
    }

    /// The stores that a project with this one has.
    pub fn stores(&self) -> Stores {
        let environment = [("STORE_SECRET".to_owned(), self.secret().to_owned())].into();
        let variables = Variables::new(Default::default(), environment, jiff::civil::date(2026, 11, 20), None);
        let (project, found) = parse_project("tanguero.yaml", &self.project(), &variables);
        assert!(!found.has_errors(), "{found:?}");
        Stores::new(project.expect("a project without mistakes").stores)
    }

    /// Where `name` is, below [`url`](Self::url).
    pub fn at(&self, name: &str) -> Location {
        self.stores().open(&format!("{}/{name}", self.url())).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Puts an object there.
    pub fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        if self.said("service") == "http" {
            let path = format!("{}/{}/t{}/{name}", self.said("folder"), self.said("bucket"), self.number);
            let path = std::path::PathBuf::from(path);
            std::fs::create_dir_all(path.parent().expect("it has one")).unwrap();
            return std::fs::write(path, bytes).unwrap();
        }
        let (location, bytes) = (self.at(name), bytes.as_ref().to_vec());
        wait(async move { location.store.put(&location.path, bytes.into()).await }).unwrap();
    }
}

/// Takes credentials, proxies and settings of the caller's own out of a command's environment.
pub fn clean(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy().to_ascii_uppercase();
        if ["AWS_", "AZURE_", "GOOGLE_"].iter().any(|start| text.starts_with(start)) || text.ends_with("_PROXY") {
            command.env_remove(name);
        }
    }
}
