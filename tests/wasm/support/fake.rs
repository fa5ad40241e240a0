//! A scripted `fetch` that records its calls.

use super::{Response, described, function2, get, json, put, resolved, response, string, text, to_json};
use js_sys::Object;
use mcp_tether::web::McpManager;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// A `fetch` for tests, with its calls.
pub struct Fake {
    fetch: JsValue,
    seen: Rc<RefCell<Vec<(String, JsValue)>>>,
}

impl Fake {
    pub fn new(answer: impl Fn(&str, &JsValue) -> JsValue + 'static) -> Self {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let calls = seen.clone();
        let fetch = Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(move |url: JsValue, init: JsValue| {
            calls.borrow_mut().push((string(&url), init.clone()));
            answer(&string(&url), &init)
        });
        Self { fetch: fetch.into_js_value(), seen }
    }

    /// A small server that keeps a session and answers every call in the same way.
    pub fn server() -> Self {
        Self::server_that(|_| None)
    }

    pub fn server_that(refuse: impl Fn(&JsValue) -> Option<JsValue> + 'static) -> Self {
        Self::serving(refuse, |text| text.into())
    }

    pub fn server_with(body: impl Fn(&str) -> JsValue + 'static) -> Self {
        Self::serving(|_| None, body)
    }

    pub fn serving(
        refuse: impl Fn(&JsValue) -> Option<JsValue> + 'static,
        body: impl Fn(&str) -> JsValue + 'static,
    ) -> Self {
        Self::new(move |_, init| {
            if let Some(refusal) = refuse(init) {
                return refusal;
            }
            if text(init, "method") != "POST" {
                return response("", 405, "{}");
            }
            let message = json(&text(init, "body"));
            let id = get(&message, "id");
            let result = match text(&message, "method").as_str() {
                "initialize" => {
                    r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"f","version":"1"}}"#
                }
                _ if id.is_undefined() => return response("", 202, "{}"),
                "server/discover" => {
                    return response(
                        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"Method not found"}}"#,
                        400,
                        r#"{"content-type":"application/json"}"#,
                    );
                }
                _ => r#"{"greeting":"grüße, 世界 🌍"}"#,
            };
            let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, to_json(&id));
            let headers = json(r#"{"content-type":"application/json","mcp-session-id":"fake-session"}"#);
            let init = Object::new();
            put(&init, "headers", &headers);
            resolved(&Response::new(&body(&answer), &init))
        })
    }

    pub fn manager(&self, server: &str) -> JsValue {
        let (config, options) = (json(r#"{"mcpServers":{"s":{}}}"#), json("{}"));
        let server = json(server);
        put(&server, "url", &"http://fake.test/mcp".into());
        put(&get(&config, "mcpServers"), "s", &server);
        put(&options, "fetch", &self.fetch);
        put(&options, "log", &function2(|_, _| {}));
        McpManager::new(config, options).unwrap_or_else(|error| panic!("{}", described(&error))).into()
    }

    #[cfg(feature = "client")]
    pub fn fetch(&self) -> js_sys::Function {
        self.fetch.clone().unchecked_into()
    }

    #[cfg(feature = "client")]
    pub fn methods(&self) -> Vec<String> {
        self.seen.borrow().iter().map(|(_, init)| text(init, "method")).collect()
    }

    #[cfg(feature = "client")]
    pub fn has(&self, method: &str) -> bool {
        let needle = format!("\"method\":\"{method}\"");
        let says = |init: &JsValue| get(init, "body").as_string().is_some_and(|body| body.contains(&needle));
        self.seen.borrow().iter().any(|(_, init)| says(init))
    }

    /// The last call with this method in its body.
    pub fn last(&self, method: &str) -> (String, JsValue) {
        let seen = self.seen.borrow();
        let needle = format!("\"method\":\"{method}\"");
        seen.iter()
            .rev()
            .find(|(_, init)| get(init, "body").as_string().is_some_and(|body| body.contains(&needle)))
            .unwrap()
            .clone()
    }
}
