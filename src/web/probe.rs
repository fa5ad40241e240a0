//! Pages and their workers: whether a failure may be an answer that the browser hides.
//!
//! To a page, a server that is down, a connection that broke and an answer without CORS headers are one and the same
//! `TypeError`. What tells them apart is a request that needs no such headers: HEAD, without a session id, without
//! credentials, its answer opaque. If that is answered, the server is there. Isolated pages and workers get no opaque
//! answers, so a second such request asks for one that may be read: most servers put the headers on most answers.

use super::js;
use super::words::word;
use js_sys::Object;
use wasm_bindgen::JsValue;

/// The origin of this page, in hosts where there is one.
pub(super) struct Cors(Option<String>);

impl Cors {
    pub(super) fn new() -> Self {
        let location = js::global("location");
        Self(location.and_then(|location| js::member(&location, "origin")?.as_string()))
    }

    /// Whether CORS stands between us and this URL.
    pub(super) fn applies_to(&self, url: &str) -> bool {
        self.0.as_deref().is_some_and(|origin| {
            url.strip_prefix(origin)
                .is_none_or(|rest| !(rest.is_empty() || rest.starts_with("/") || rest.starts_with("?")))
        })
    }

    /// The second arguments of the two calls of `fetch`, of which one has to succeed.
    pub(super) fn probes(signal: &JsValue) -> [JsValue; 2] {
        [probe("no-cors", signal), probe("cors", signal)]
    }
}

fn probe(mode: &str, signal: &JsValue) -> JsValue {
    let init = JsValue::from(Object::new());
    for (name, value) in [("method", "HEAD"), ("mode", mode), ("credentials", "omit"), ("cache", "no-store")] {
        js::put(&init, name, &word(value));
    }
    js::put(&init, "signal", signal);
    init
}
