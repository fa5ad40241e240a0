//! Pages and their workers: whether a failure may be an answer that the browser hides.
//!
//! To a page, a server that is down, a connection that broke and an answer without CORS headers are one and the same
//! `TypeError`. What tells them apart is a request that needs no such headers: HEAD, without a session id, without
//! credentials, its answer opaque. If that is answered, the server is there.

use super::js;
use super::words::word;
use js_sys::Object;
use wasm_bindgen::JsValue;

/// What this host does with answers of other origins.
pub(super) struct Cors {
    /// The origin of this page, in hosts where there is one.
    origin: Option<String>,
    /// How to ask for an answer that nobody reads.
    mode: &'static str,
}

impl Cors {
    pub(super) fn new() -> Self {
        let global = js_sys::global();
        // An isolated page gets no opaque answers. A server that has CORS headers on most of its answers is found even so.
        let isolated = js::member(&global, "crossOriginIsolated").is_some_and(|isolated| isolated.is_truthy());
        Self {
            origin: js::member(&global, "location").and_then(|location| js::member(&location, "origin")?.as_string()),
            mode: if isolated { "cors" } else { "no-cors" },
        }
    }

    /// Whether CORS stands between us and this URL.
    pub(super) fn applies_to(&self, url: &str) -> bool {
        self.origin.as_deref().is_some_and(|origin| {
            url.strip_prefix(origin).is_none_or(|rest| !(rest.is_empty() || rest.starts_with(['/', '?'])))
        })
    }

    /// The second argument of `fetch` that asks whether a server is there.
    pub(super) fn probe(&self, signal: &JsValue) -> JsValue {
        let init = JsValue::from(Object::new());
        for (name, value) in [("method", "HEAD"), ("mode", self.mode), ("credentials", "omit"), ("cache", "no-store")] {
            js::put(&init, name, &word(value));
        }
        js::put(&init, "signal", signal);
        init
    }
}
