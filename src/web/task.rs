//! Tasks: Rust futures that await JS promises, for code that is not hot and reads better top to bottom.
//!
//! A task is polled in the callback of the promise that it awaits, and so in that promise's I/O context. `spawn_local`
//! uses one queue for the whole module, drained for all contexts in one microtask: if workerd aborts the context of
//! that microtask first, the queue stops in every Durable Object of the isolate
//! (tests/js/suites/durable-objects.test.mjs).
//!
//! Storage uses them, because its reads and writes follow each other. Tokens, `terminate()`, `close()`, `idle()` and
//! `diagnose()` await one promise of the host each, or none: there a task would add a future and save no step.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

/// A future, owned by the waker in the promise's callback.
struct Task(RefCell<Pin<Box<dyn Future<Output = ()>>>>);

// SAFETY: wakers must be `Send`, and this module has one thread: without the target feature `atomics` its memory is not
// shared.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Send for Task {}
// SAFETY: as above.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Sync for Task {}

/// Runs a future up to its first `await` at once.
pub(super) fn spawn(future: Pin<Box<dyn Future<Output = ()>>>) {
    Arc::new(Task(RefCell::new(future))).wake();
}

impl Wake for Task {
    // A promise calls back once, in its own microtask: never while the task is polled or after it is done.
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let _ = self.0.borrow_mut().as_mut().poll(&mut Context::from_waker(&waker));
    }
}
