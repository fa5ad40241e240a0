//! A Rust future that awaits a JS promise, for what is not hot and reads better from top to bottom.
//!
//! A task is polled in the callback of the promise that it awaits, and so in the I/O context of that promise. `spawn_local`
//! has one queue for the whole module instead, drained for all contexts by one microtask: if workerd aborts the context of
//! that microtask first, the queue stands still in every Durable Object of the isolate (tests/js/durable-objects.test.mjs).

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Wake, Waker};

/// A future; it lives in the waker that the promise's callback holds.
struct Task(RefCell<Pin<Box<dyn Future<Output = ()>>>>);

// SAFETY: a waker has to be safe to send to other threads, and this module has none: without the target feature `atomics`
// its memory is not shared.
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
    // A promise calls back once, in a microtask of its own: never while the task is being polled, nor when it is done.
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(Arc::clone(&self));
        let _ = self.0.borrow_mut().as_mut().poll(&mut Context::from_waker(&waker));
    }
}
