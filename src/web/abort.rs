//! A caller's `AbortSignal`: read, listened to, and left without a trace.

use super::js::Signal;
use super::words::ABORT;
use wasm_bindgen::prelude::*;

/// A listener on a signal, taken off when this is dropped.
pub(super) struct Listening {
    signal: Signal,
    listener: JsValue,
}

impl Listening {
    pub(super) fn new(signal: Signal, listener: JsValue) -> Self {
        // A signal that refuses listeners never aborts anything.
        let _ = ABORT.with(|kind| signal.listen(kind, &listener));
        Self { signal, listener }
    }

    /// Why the signal was aborted, if it was.
    pub(super) fn reason(&self) -> Option<JsValue> {
        reason(&self.signal)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = ABORT.with(|kind| self.signal.unlisten(kind, &self.listener));
    }
}

/// Why a signal was aborted, if it was.
pub(super) fn reason(signal: &Signal) -> Option<JsValue> {
    let aborted = signal.aborted().is_ok_and(|aborted| aborted.is_truthy());
    aborted.then(|| signal.reason().unwrap_or(JsValue::UNDEFINED))
}
