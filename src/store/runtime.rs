//! Waiting for a store from a thread that reads.
//!
//! Readers are plain threads or the engine's workers, which must not wait inside their own runtime; transfers run in one of
//! their own, so that they go on while a reader decodes.

use std::future::Future;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::AbortHandle;

/// Threads that move bytes; decoding and encoding happen elsewhere.
const THREADS: usize = 2;

/// How long connections may take to end.
const PARTING: Duration = Duration::from_secs(3);

static RUNTIME: OnceLock<(Handle, Mutex<Option<Runtime>>)> = OnceLock::new();

/// Where transfers run.
pub fn transfers() -> &'static Handle {
    let (handle, _) = RUNTIME.get_or_init(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("transfer")
            .enable_all()
            .build()
            .expect("a machine that cannot start two threads runs nothing at all");
        (runtime.handle().clone(), Mutex::new(Some(runtime)))
    });
    handle
}

/// Ends all connections, when the process is about to end: an SFTP connection is a program of its own, which would
/// outlive it. Nothing can be transferred afterwards.
pub fn close() {
    let runtime = RUNTIME.get().and_then(|(_, runtime)| runtime.lock().unwrap_or_else(PoisonError::into_inner).take());
    if let Some(runtime) = runtime {
        runtime.shutdown_timeout(PARTING);
    }
}

/// Something under way; it ends when nobody waits for it any more.
#[derive(Debug)]
pub struct Transfer<T> {
    result: Receiver<T>,
    task: AbortHandle,
}

impl<T> Transfer<T> {
    /// Its result, when it is there.
    pub fn wait(self) -> T {
        self.result.recv().expect("a transfer gives its result unless it panics, which is our own mistake")
    }
}

impl<T> Drop for Transfer<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Starts `work` among the transfers.
pub fn start<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Transfer<T> {
    let (give, result) = sync_channel(1);
    let task = transfers().spawn(async move {
        // Nobody is left to hear it only if the waiting thread is gone.
        let _ = give.send(work.await);
    });
    Transfer { result, task: task.abort_handle() }
}

/// Runs `work` among the transfers and waits for it: from any thread, a runtime's own included.
pub fn wait<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    start(work).wait()
}
