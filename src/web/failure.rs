//! Classification of rejections of `fetch` and of streams.

use super::json::JsJson;
use super::sys;
use crate::core::{Failure, FailureKind};
use std::cell::Cell;
use wasm_bindgen::prelude::*;

pub(super) use super::sys::words;

/// Classifies a rejection; `before_response`: of `fetch` itself. An injected `fetch` may do more than fetch, and its
/// own errors are not retried.
pub(super) fn of(reason: &JsValue, before_response: bool, is_injected: bool) -> Failure<JsJson> {
    let message = sys::message_of(reason);
    let kind = match sys::kind_of(reason) {
        1 => FailureKind::Unsent,
        2 if before_response => FailureKind::Unreachable,
        3 if is_injected => FailureKind::Thrown,
        _ => FailureKind::Broken,
    };
    Failure { kind, message, cause: Some(JsJson(reason.clone())) }
}

/// A failure detected by the shell.
pub(super) fn new(kind: FailureKind, message: &str) -> Failure<JsJson> {
    Failure { kind, message: message.into(), cause: None }
}

/// The host's network state, as reported by pages and their workers. It is a hint: VPNs and network bridges cause false
/// reports.
#[derive(Default)]
pub(super) struct Onlineness {
    /// A request succeeded although the host reported offline.
    misled: Cell<bool>,
}

impl Onlineness {
    /// Whether the host reports offline and nothing contradicts it. Hosts that do not report count as online.
    pub(super) fn is_offline(&self) -> bool {
        let offline = sys::is_offline();
        // The next report is a new hint.
        self.misled.set(self.misled.get() && offline);
        offline && !self.misled.get()
    }

    /// A request succeeded, so the host is online despite its report.
    pub(super) fn contradict(&self) {
        self.misled.set(true);
    }
}
