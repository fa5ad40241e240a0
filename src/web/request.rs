//! The machine's HTTP requests as arguments for `fetch`.

use super::js;
use super::json::JsJson;
use super::words::word;
use crate::core::HttpRequest;
use js_sys::{JsString, Object, Reflect};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// URLs and headers as JS values, kept for the sessions that were used last: the next call of a session differs from
/// the one before in its body alone, and turning ten strings into JS strings takes longer than all else about it.
#[derive(Default)]
pub(super) struct Templates {
    recent: RefCell<Vec<Template>>,
}

struct Template {
    url: Rc<str>,
    headers: Vec<(Rc<str>, Rc<str>)>,
    js_url: JsString,
    js_headers: JsValue,
}

impl Templates {
    /// The URL, and an object of headers that the callee may keep and change.
    pub(super) fn render(&self, request: &HttpRequest<JsJson>) -> (JsString, JsValue) {
        let mut recent = self.recent.borrow_mut();
        let template = match recent.iter().position(|template| template.is_of(request)) {
            Some(found) => recent.remove(found),
            None => Template::of(request),
        };
        let rendered = (template.js_url.clone(), template.headers());
        recent.truncate(KEPT - 1);
        recent.insert(0, template);
        rendered
    }
}

impl Template {
    fn of(request: &HttpRequest<JsJson>) -> Self {
        let js_headers = JsValue::from(Object::new());
        for (name, value) in &request.headers {
            js::put(&js_headers, name, &JsValue::from_str(value));
        }
        Self {
            url: request.url.clone(),
            headers: request.headers.clone(),
            js_url: JsString::from(&*request.url),
            js_headers,
        }
    }

    fn is_of(&self, request: &HttpRequest<JsJson>) -> bool {
        let mut pairs = self.headers.iter().zip(&request.headers);
        same(&self.url, &request.url)
            && self.headers.len() == request.headers.len()
            && pairs.all(|(one, other)| same(&one.0, &other.0) && same(&one.1, &other.1))
    }

    fn headers(&self) -> JsValue {
        let copy = JsValue::from(Object::new());
        js::assign(&copy, &self.js_headers).unwrap_or(copy)
    }
}

fn same(one: &Rc<str>, other: &Rc<str>) -> bool {
    Rc::ptr_eq(one, other) || one == other
}

/// Whether the host's `fetch` knows the option `cache`. workerd throws at it before compatibility date 2024-11-11, and has
/// no such member then.
pub(super) fn knows_cache() -> bool {
    let prototype = js::global("Request").and_then(|class| js::member(&class, "prototype"));
    prototype.is_some_and(|prototype| Reflect::has(&prototype, &word("cache")) == Ok(true))
}

/// The second argument of `fetch`. `bypasses_cache`: where the host can be told so.
pub(super) fn init(
    method: &str,
    headers: &JsValue,
    body: Option<&JsValue>,
    signal: &JsValue,
    follows: bool,
    bypasses_cache: bool,
) -> JsValue {
    let init = Object::new().unchecked_into::<Init>();
    init.set_method(&word(method));
    init.set_headers(headers);
    if let Some(body) = body {
        init.set_body(body);
    }
    init.set_signal(signal);
    // A redirect would carry the session id and the user's token to wherever the server likes. (workerd knows no
    // "error".)
    init.set_redirect(&word(if follows { "follow" } else { "manual" }));
    // Fetch §2.2.5: cookies would go along even to another origin.
    if follows {
        init.set_credentials(&word("omit"));
    }
    // A stream from the HTTP cache may be another user's: the key is the URL alone (RFC 9111 section 2), and `Vary` is up to
    // the server. The HTML standard (section 9.2.5) does the same for its event streams. Caches answer no POST and no
    // DELETE, and there the option has a price: Chromium would ask for permission by a preflight before every call.
    if bypasses_cache && method == "GET" {
        init.set_cache(&word("no-store"));
    }
    // A session is ended even if the page goes at once (Fetch standard, "keepalive").
    if method == "DELETE" {
        init.set_keepalive(true);
    }
    init.into()
}

/// Templates kept. A chat uses a few servers at a time; a gateway with more misses and pays the few microseconds.
const KEPT: usize = 16;

#[wasm_bindgen]
extern "C" {
    /// A `RequestInit`.
    type Init;
    #[wasm_bindgen(method, setter)]
    fn set_method(this: &Init, method: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_headers(this: &Init, headers: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_body(this: &Init, body: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_signal(this: &Init, signal: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_cache(this: &Init, cache: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_redirect(this: &Init, redirect: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_credentials(this: &Init, credentials: &JsValue);
    #[wasm_bindgen(method, setter)]
    fn set_keepalive(this: &Init, keepalive: bool);
}
