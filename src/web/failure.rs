//! Why `fetch` or a stream failed, out of whatever value it was rejected with.

use super::json::JsJson;
use super::sys;
use crate::core::{Failure, FailureKind};
use std::cell::Cell;
use wasm_bindgen::prelude::*;

pub(super) use super::sys::words;

/// Reads a rejection; of `fetch` itself where there is no response yet. An injected one may do more than to fetch, and
/// what goes wrong there is not repeated.
pub(super) fn of(reason: &JsValue, before_response: bool, is_injected: bool) -> Failure<JsJson> {
    let message = sys::message_of(reason);
    let kind = match sys::kind_of(reason, &message) {
        1 => FailureKind::Unsent,
        2 if before_response => FailureKind::Unreachable,
        3 if is_injected => FailureKind::Thrown,
        _ => FailureKind::Broken,
    };
    Failure { kind, message, cause: Some(JsJson(reason.clone())) }
}

/// A failure of our own finding.
pub(super) fn new(kind: FailureKind, message: &str) -> Failure<JsJson> {
    Failure { kind, message: message.into(), cause: None }
}

/// Whether the host has a network at all: pages and their workers say so. It is a hint, which VPNs and bridges mislead.
#[derive(Default)]
pub(super) struct Onlineness {
    /// Something got through although the host said that it is offline.
    misled: Cell<bool>,
}

impl Onlineness {
    /// Whether the host says that it has none, and nothing contradicts it. Hosts that do not say are online.
    pub(super) fn is_offline(&self) -> bool {
        let offline = sys::online() == Some(false);
        // What it says next time is another hint.
        self.misled.set(self.misled.get() && offline);
        offline && !self.misled.get()
    }

    /// The host is online, whatever it says itself.
    pub(super) fn contradict(&self) {
        self.misled.set(true);
    }
}
