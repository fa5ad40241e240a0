//! The configuration of a client.

use crate::web::options::Host;
use crate::web::sys;
use js_sys::{Function, Object, Promise};
use serde_json::{Map, Value, json};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::Level;

/// A server, and how to talk to it. A URL alone is enough.
///
/// ```no_run
/// # use mcp_tether::client::Config;
/// # use serde_json::json;
/// let config = Config::new("https://notes.example/mcp")
///     .header("X-Tenant", "4711")
///     .setting("sessionConfig", json!({ "retryAttempts": 5 }));
/// ```
#[derive(Clone)]
pub struct Config {
    server: Map<String, Value>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) options: Value,
    pub(super) name: String,
    pub(super) user: String,
    pub(super) client_info: Value,
    pub(super) token: Option<Provider>,
    fetch: Option<Function>,
    storage: Option<JsValue>,
    log: Option<Function>,
}

/// Returns a token for a `WWW-Authenticate` challenge.
type Provider = Rc<dyn Fn(Option<String>) -> Pin<Box<dyn Future<Output = Option<String>>>>>;

impl Config {
    /// The configuration for the server at this URL.
    pub fn new(url: impl Into<String>) -> Self {
        let mut server = Map::new();
        server.insert("url".into(), Value::String(url.into()));
        Self {
            server,
            headers: Vec::new(),
            options: Value::Object(Map::new()),
            name: "server".into(),
            user: "user".into(),
            client_info: json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") }),
            token: None,
            fetch: None,
            storage: None,
            log: None,
        }
    }

    /// The server's name in errors, events and log lines; `server` by default.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whose session it is, in events and as a part of the key in a storage; `user` by default.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// Adds a header to every request; its value is sent as it is, without `${NAME}`.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A member of the server in `mcpServers`: `sessionConfig`, `timeout`, `protocolVersion`, `replay`, and the others of
    /// docs/settings.md.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: Value) -> Self {
        self.server.insert(name.into(), value);
        self
    }

    /// A member of the manager's options: `debug`, `limits`, and the others of docs/settings.md that are JSON.
    #[must_use]
    pub fn option(mut self, name: impl Into<String>, value: Value) -> Self {
        if let Value::Object(options) = &mut self.options {
            options.insert(name.into(), value);
        }
        self
    }

    /// The name and version of the program, for the handshake.
    #[must_use]
    pub fn client_info(mut self, name: &str, version: &str) -> Self {
        self.client_info = json!({ "name": name, "version": version });
        self
    }

    /// Called for a bearer token when the client has none, and when the server refuses the one it has: then with the value
    /// of `WWW-Authenticate`.
    #[must_use]
    pub fn token<F>(mut self, token: impl Fn(Option<String>) -> F + 'static) -> Self
    where
        F: Future<Output = Option<String>> + 'static,
    {
        self.token = Some(Rc::new(move |challenge| Box::pin(token(challenge))));
        self
    }

    /// A `fetch` of the program's own, such as that of a service binding.
    #[must_use]
    pub fn fetch(mut self, fetch: Function) -> Self {
        self.fetch = Some(fetch);
        self
    }

    /// Where the session is stored, to outlive the page or the Worker: an object with the methods `get(name)`,
    /// `set(name, text)` and `delete(name)`, which may return promises (docs/storage.md).
    #[must_use]
    pub fn storage(mut self, storage: JsValue) -> Self {
        self.storage = Some(storage);
        self
    }

    /// Gets the log lines; the console by default.
    #[must_use]
    pub fn log(mut self, log: impl Fn(Level, &str) + 'static) -> Self {
        let log: Closure<dyn Fn(String, String)> = Closure::new(move |level: String, line: String| {
            let levels = [Level::Debug, Level::Info, Level::Warn];
            log(levels.into_iter().find(|known| known.as_str() == level).unwrap_or(Level::Error), &line);
        });
        self.log = Some(log.into_js_value().unchecked_into());
        self
    }

    /// The same as the parser of `mcpServers` reads it.
    pub(super) fn settings(&self) -> Value {
        let mut servers = Map::new();
        servers.insert(self.name.clone(), Value::Object(self.server.clone()));
        json!({ "mcpServers": servers })
    }

    pub(super) fn host(&self) -> Host {
        Host {
            log: self.log.clone(),
            fetch: self.fetch.clone(),
            client_info: None,
            capabilities: None,
            env: JsValue::UNDEFINED,
            storage: self.storage.clone(),
        }
    }

    /// The auth provider as the driver calls it.
    pub(super) fn provider(&self) -> Option<JsValue> {
        let token = self.token.clone()?;
        let method: Closure<dyn Fn(JsValue) -> Promise> = Closure::new(move |context: JsValue| {
            let challenge = sys::member(&context, "challenge").and_then(|challenge| challenge.as_string());
            let token = token(challenge);
            future_to_promise(async move { Ok(token.await.map_or(JsValue::UNDEFINED, Into::into)) })
        });
        let provider = JsValue::from(Object::new());
        sys::put(&provider, "token", &method.into_js_value());
        Some(provider)
    }
}

impl From<&str> for Config {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

impl From<String> for Config {
    fn from(url: String) -> Self {
        Self::new(url)
    }
}
