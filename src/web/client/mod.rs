//! An async client for Rust programs in pages and Workers: Leptos, Yew, workers-rs. With the feature `client`.
//!
//! A [`Client`] is one session with one server. A call survives the loss of the session: it waits for the new handshake
//! and is sent again, if that is safe. What cannot be saved fails with an [`Error`] that has a stable
//! [`code`](crate::core::Facts::code).
//!
//! ```no_run
//! use mcp_tether::client::{Client, Config, Error, ErrorCode};
//! use serde_json::{Value, json};
//!
//! async fn search(word: &str) -> Result<Value, Error> {
//!     let config = Config::new("https://notes.example/mcp").header("Authorization", "Bearer a-token");
//!     let client = Client::connect(config).await?;
//!     match client.call_tool("search", json!({ "word": word })).await {
//!         Err(error) if error.code == ErrorCode::OutcomeUnknown => Ok(Value::Null),
//!         outcome => outcome,
//!     }
//! }
//! ```
//!
//! The client lives in the I/O context that made it: a page, a Durable Object, or one request of a plain Worker. A clone is
//! another handle for the same session; the last handle that is dropped closes it, without ending the session at the
//! server. Dropping the future of a call cancels the call.

mod config;
mod events;
mod payload;
mod pending;

pub use config::Config;
pub use events::Events;

pub use crate::core::config::Replay;
pub use crate::core::{ErrorCode, Event, EventKind, Kind, Level, RequestOptions, SessionInfo, State};

pub(super) use pending::Futures;

use super::driver::{Driver, Handle};
use crate::core::config as settings;
use crate::core::config::Problem;
use crate::core::kit::text::concat;
use crate::core::{ClientIdentity, ConnectOptions, Input, Json, SessionRef};
use payload::{to_engine, to_error, to_value};
use pending::{Pending, Settled};
use serde::Serialize;
use serde_json::Value;
use std::rc::Rc;

/// The error of a failed call; its fields are those of [`Facts`](crate::core::Facts).
pub type Error = crate::core::Error<Value>;

/// One session with one server.
#[derive(Clone)]
pub struct Client(Rc<Inner>);

struct Inner {
    driver: Handle,
    session: SessionRef,
}

/// `list_tools` reads no more pages than these: a server may have a cursor for every page.
const MAX_PAGES: usize = 100;

impl Client {
    /// Opens a session. A server that is out of reach is tried again, as the configuration says.
    ///
    /// # Errors
    /// `config_error` with every fault of the configuration; otherwise why the server could not be connected.
    pub async fn connect(config: impl Into<Config>) -> Result<Self, Error> {
        let config = config.into();
        let parsed = settings::parse(&config.settings(), &config.options, &|_| None)
            .map_err(|problems| Error::new(ErrorCode::ConfigError, Problem::lines(&problems)))?;
        let identity = ClientIdentity {
            info: to_engine(&config.client_info),
            capabilities: to_engine(&Value::Object(serde_json::Map::new())),
        };
        let driver = Handle::new(&Driver::new(parsed, identity, config.host()));
        let (user, server) = (config.user.clone(), config.name.clone());
        if let Some(provider) = config.provider() {
            driver.auth.set(&user, &server, &provider, |_, _| true);
        }
        let has_auth = config.token.is_some();
        let options = ConnectOptions { headers: config.headers, has_auth, ..ConnectOptions::default() };
        let connected = Pending::start(&driver, |call| Input::Connect { call, user, server, options }).await;
        match connected.map_err(to_error)? {
            Settled::Session(session) => Ok(Self(Rc::new(Inner { driver, session }))),
            Settled::Result(_) => Err(Error::new(ErrorCode::Closed, "the client was closed")),
        }
    }

    /// Calls a tool with `arguments`, an object or nothing (`()`), and returns the result as the server sent it. A tool that
    /// failed has a result with `isError`.
    ///
    /// # Errors
    /// The call failed, or `arguments` is no object.
    pub async fn call_tool(&self, name: &str, arguments: impl Serialize) -> Result<Value, Error> {
        self.call_tool_with(name, arguments, RequestOptions::default()).await
    }

    /// [`call_tool`](Self::call_tool) with deadlines and a replay policy of its own.
    ///
    /// # Errors
    /// As `call_tool`.
    pub async fn call_tool_with(
        &self,
        name: &str,
        arguments: impl Serialize,
        options: RequestOptions,
    ) -> Result<Value, Error> {
        let mut params = Value::object().with("name", Value::string(name));
        if let Some(arguments) = object(arguments, "arguments")? {
            params.set("arguments", arguments);
        }
        self.request_with("tools/call", params, options).await
    }

    /// All tools of the server, of all pages.
    ///
    /// # Errors
    /// The call failed, or there are more than 100 pages.
    pub async fn list_tools(&self) -> Result<Vec<Value>, Error> {
        let mut tools = Vec::new();
        let mut cursor: Option<Value> = None;
        for _ in 0..MAX_PAGES {
            let params = cursor.clone().map(|cursor| Value::object().with("cursor", cursor));
            let mut page = self.request("tools/list", params).await?;
            if let Some(Value::Array(listed)) = page.get_mut("tools").map(Value::take) {
                tools.extend(listed);
            }
            let next = Json::get(&page, "nextCursor");
            if next.is_none() || next == cursor {
                return Ok(tools);
            }
            cursor = next;
        }
        let message = format!("the list has more than {MAX_PAGES} pages: request `tools/list` page by page");
        Err(Error::new(ErrorCode::LimitExceeded, message))
    }

    /// Sends a request, and returns its result. `params` is an object or nothing (`()`).
    ///
    /// # Errors
    /// The call failed, or `params` is no object.
    pub async fn request(&self, method: &str, params: impl Serialize) -> Result<Value, Error> {
        self.request_with(method, params, RequestOptions::default()).await
    }

    /// [`request`](Self::request) with deadlines and a replay policy of its own.
    ///
    /// # Errors
    /// As `request`.
    pub async fn request_with(
        &self,
        method: &str,
        params: impl Serialize,
        options: RequestOptions,
    ) -> Result<Value, Error> {
        if method == "initialize" {
            return Err(Error::new(ErrorCode::ConfigError, "method: initialize is sent by connect() alone"));
        }
        let (method, params) = (method.to_owned(), object(params, "params")?.as_ref().map(to_engine));
        let session = self.0.session;
        let settled =
            Pending::start(&self.0.driver, |call| Input::Request { call, session, method, params, options }).await;
        match settled.map_err(to_error)? {
            Settled::Result(Some(result)) => to_value(&result),
            _ => Ok(Value::Null),
        }
    }

    /// Sends a notification, and returns when the server has accepted it.
    ///
    /// # Errors
    /// It was not accepted, or `params` is no object.
    pub async fn notify(&self, method: &str, params: impl Serialize) -> Result<(), Error> {
        let (method, params) = (method.to_owned(), object(params, "params")?.as_ref().map(to_engine));
        let session = self.0.session;
        let settled = Pending::start(&self.0.driver, |call| Input::Notify { call, session, method, params }).await;
        settled.map(drop).map_err(to_error)
    }

    /// Events from now on: recoveries, retries, outages, changes of state.
    pub fn events(&self) -> Events {
        if self.0.driver.futures.is_silent() {
            self.0.driver.input(Input::EmitEvents);
        }
        self.0.driver.futures.listen()
    }

    /// A snapshot of the session; `None` after it was terminated or closed.
    pub fn session(&self) -> Option<SessionInfo> {
        self.0.driver.info(self.0.session)
    }

    /// The result of the last handshake: the server's capabilities, name, version and instructions.
    pub fn initialize_result(&self) -> Option<Value> {
        let result = self.0.driver.look(|machine| machine.initialize_result(self.0.session)).flatten()?;
        to_value(&result).ok()
    }

    /// Ends the session at the server, and closes all handles: calls in progress fail with `closed`.
    ///
    /// # Errors
    /// The client is closed already.
    pub async fn terminate(&self) -> Result<(), Error> {
        self.end(true).await
    }

    /// Closes all handles: calls in progress fail with `closed`, and nothing is sent after it returns. The server keeps its
    /// session until that expires.
    ///
    /// # Errors
    /// The client is closed already.
    pub async fn close(&self) -> Result<(), Error> {
        self.end(false).await
    }

    async fn end(&self, terminate: bool) -> Result<(), Error> {
        self.0.driver.closing();
        let ended = Pending::start(&self.0.driver, |call| Input::Close { call, terminate }).await;
        self.0.driver.futures.close();
        ended.map(drop).map_err(to_error)
    }
}

/// What a caller passes as params, which JSON-RPC wants as an object or not at all.
fn object(given: impl Serialize, path: &str) -> Result<Option<Value>, Error> {
    match serde_json::to_value(given) {
        Ok(Value::Null) => Ok(None),
        Ok(value) if value.is_object() => Ok(Some(value)),
        Ok(_) => Err(Error::new(ErrorCode::ConfigError, concat(&[path, ": must be an object"]))),
        Err(error) => Err(Error::new(ErrorCode::ConfigError, concat(&[path, ": ", &error.to_string()]))),
    }
}
