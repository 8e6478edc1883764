//! Waiting for a store from a thread that reads.
//!
//! Readers are plain threads or the engine's workers, which must not wait inside their own runtime; transfers run in one of
//! their own, so that they go on while a reader decodes.

use std::future::Future;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, sync_channel};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::AbortHandle;

/// Threads that move bytes; decoding and encoding happen elsewhere.
const THREADS: usize = 2;

/// Where transfers run.
pub fn transfers() -> &'static Handle {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            Builder::new_multi_thread()
                .worker_threads(THREADS)
                .thread_name("transfer")
                .enable_all()
                .build()
                .expect("a machine that cannot start two threads runs nothing at all")
        })
        .handle()
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
