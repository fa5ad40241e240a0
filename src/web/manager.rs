//! The exported class `McpManager`.

use super::calls::Shape;
use super::driver::{Driver, Handle};
use super::events::to_js;
use super::json::JsJson;
use super::options::{self, Host};
use super::{error, sys};
use crate::core::Json;
use crate::core::config::{self, Config, Problem};
use crate::core::{ClientIdentity, Manager};
use crate::core::{Input, Key, PageNotification, Target};
use js_sys::{Array, Object, Promise};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

/// The sessions of any number of users with the configured servers.
///
/// Its methods borrow it only while they run, so it may be freed at any time: running calls are still answered.
#[wasm_bindgen]
pub struct McpManager {
    pub(super) driver: Handle,
}

#[wasm_bindgen]
impl McpManager {
    /// A manager for these servers. It performs no I/O before the first `connect`.
    ///
    /// # Errors
    /// `config_error` with all faults of the configuration.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, options: JsValue) -> Result<McpManager, JsValue> {
        let host = options::host(&options)?;
        let parsed = parse(config, options, &host.env)?;
        Ok(Self { driver: Handle::new(&Driver::new(parsed, identity(&host), host)) })
    }

    /// The session of a user with a server, created on first use.
    pub fn connect(
        &self,
        #[wasm_bindgen(js_name = userId)] user: JsValue,
        #[wasm_bindgen(js_name = serverName)] server: JsValue,
        options: JsValue,
    ) -> Promise {
        error::promised(self.start_connect(&user, &server, &options))
    }

    /// The numbers of users and sessions.
    #[wasm_bindgen(js_name = getSessionStats)]
    pub fn session_stats(&self) -> JsValue {
        self.driver.look(|machine| to_js(&machine.stats().fields())).unwrap_or_default()
    }

    /// All active sessions. The package's devtools ask for the others as well.
    #[wasm_bindgen(js_name = getAllActiveSessions)]
    pub fn all_active_sessions(&self, others: &JsValue) -> JsValue {
        let sessions = self.driver.look(|machine| machine.sessions(others.is_truthy())).unwrap_or_default();
        let infos = Array::new();
        for info in sessions {
            infos.push(&to_js(&info.fields()));
        }
        infos.into()
    }

    /// Information about one session; `undefined` if there is none.
    #[wasm_bindgen(js_name = getSessionInfo)]
    pub fn session_info(
        &self,
        #[wasm_bindgen(js_name = userId)] user: JsValue,
        #[wasm_bindgen(js_name = serverName)] server: JsValue,
    ) -> JsValue {
        let (Some(user), Some(server)) = (user.as_string(), server.as_string()) else { return JsValue::UNDEFINED };
        let info = self.driver.look(|machine| machine.info(&user, &server)).flatten();
        info.map_or(JsValue::UNDEFINED, |info| to_js(&info.fields()))
    }

    /// Counters since the start.
    #[wasm_bindgen(js_name = getMetrics)]
    pub fn metrics(&self) -> JsValue {
        let metrics = JsValue::from(Object::new());
        for (name, count) in self.driver.look(Manager::metrics).unwrap_or_default() {
            sys::put(&metrics, name, &JsValue::from_f64(count as f64));
        }
        metrics
    }

    /// Terminates a user's session with a server.
    pub fn terminate(
        &self,
        #[wasm_bindgen(js_name = userId)] user: JsValue,
        #[wasm_bindgen(js_name = serverName)] server: JsValue,
    ) -> Promise {
        let target = options::string(&user, "userId")
            .and_then(|user| Ok(Target::Key(user, options::string(&server, "serverName")?)));
        self.end(target)
    }

    /// Terminates all sessions of a user.
    #[wasm_bindgen(js_name = terminateUser)]
    pub fn terminate_user(&self, #[wasm_bindgen(js_name = userId)] user: JsValue) -> Promise {
        self.end(options::string(&user, "userId").map(Target::User))
    }

    /// The target of `CustomEvent`s.
    ///
    /// # Errors
    /// The host has no `EventTarget`.
    #[wasm_bindgen(getter)]
    pub fn events(&self) -> Result<EventTarget, JsValue> {
        if !self.driver.events.is_open() {
            self.driver.input(Input::EmitEvents);
        }
        self.driver.events.target()
    }

    /// For the package: notifications of the page, for one session or all. `is offline` and `is online` come from the
    /// application and override the browser's `offline` and `online`. `wake` reports time that passed without a timer.
    /// `share` sets a function that is called with `(origin, used, wanted, slots)` on each change while tabs share
    /// connections; `slots` assigns slots of an origin to this tab, and `crowded` reports whether another tab lacks
    /// connections to it. `tap` sets a function that receives the servers' notifications as `(message, { userId,
    /// serverName })`, and answers requests without a handler as `(message, { userId, serverName, signal })`.
    pub fn tell(&self, name: JsValue, user: JsValue, server: JsValue, message: JsValue) {
        self.driver.wake();
        let (user, server) = (user.as_string(), server.as_string());
        let notification = match name.as_string().unwrap_or_default().as_str() {
            "is offline" => PageNotification::Offline,
            "is online" => {
                self.driver.network.onlineness.contradict();
                PageNotification::Online
            }
            "offline" => PageNotification::LooksOffline,
            "online" => PageNotification::LooksOnline,
            "park" => PageNotification::Park,
            "unpark" => PageNotification::Unpark,
            "retire" => PageNotification::Retire,
            "save" => PageNotification::Save,
            "look" => PageNotification::StorageChanged,
            "hear" => PageNotification::Received(JsJson(message)),
            "slots" => {
                PageNotification::Slots(user.clone().unwrap_or_default(), message.as_f64().unwrap_or_default() as usize)
            }
            "crowded" => PageNotification::Crowded(user.clone().unwrap_or_default(), message.is_truthy()),
            "share" => PageNotification::Share(self.driver.handlers.set_sharing(message.dyn_into().ok())),
            "tap" => return self.driver.handlers.set_tap(message.dyn_into().ok()),
            _ => return,
        };
        let of = user.zip(server).map(|(user, server)| Key { user, server });
        self.driver.input(Input::Page { notification, of });
    }

    /// Resolves when nothing is in flight.
    pub fn idle(&self) -> Promise {
        let deferred = sys::deferred();
        let promise = deferred.promise();
        self.driver.when_idle(deferred);
        promise
    }

    /// Closes the manager: running calls are rejected with `closed`, handlers are dropped, and nothing is sent after it
    /// resolves.
    pub fn close(&self, options: JsValue) -> Promise {
        error::promised(self.start_close(&options))
    }
}

/// The members that npm/slim.js has in the npm package.
#[cfg(any(not(feature = "package"), feature = "client"))]
#[wasm_bindgen]
impl McpManager {
    /// Reports the network state for all servers. It overrides the browser's report.
    ///
    /// # Errors
    /// `config_error` for anything but `offline` and `online`.
    #[wasm_bindgen(js_name = notifyNetwork)]
    pub fn notify_network(&self, state: JsValue) -> Result<(), JsValue> {
        match state.as_string().as_deref() {
            Some(state @ ("offline" | "online")) => {
                let name = crate::core::kit::text::concat(&["is ", state]);
                self.tell(name.into(), JsValue::UNDEFINED, JsValue::UNDEFINED, JsValue::UNDEFINED);
                Ok(())
            }
            _ => Err(error::invalid("state", "must be 'offline' or 'online'")),
        }
    }
}

impl McpManager {
    fn start_connect(&self, user: &JsValue, server: &JsValue, options: &JsValue) -> Result<Promise, JsValue> {
        let user = options::name(user, "userId")?;
        let server = options::name(server, "serverName")?;
        let given = options::connect(options)?;
        let (call, promise) =
            self.driver.calls.open(Shape::Session, Some(&Rc::from(server.as_str())), given.signal, None)?;
        if let Some(provider) = given.auth {
            let lives = |user: &str, server: &str| {
                self.driver.look(|machine| machine.info(user, server).is_some()) != Some(false)
            };
            self.driver.auth.set(&user, &server, &provider, lives);
        }
        self.driver.input(Input::Connect { call, user, server, options: given.options });
        Ok(promise)
    }

    fn start_close(&self, options: &JsValue) -> Result<Promise, JsValue> {
        let terminate = options::close(options)?;
        let (call, promise) = self.driver.calls.open(Shape::Void, None, None, None)?;
        self.driver.closing();
        self.driver.input(Input::Close { call, terminate });
        self.driver.handlers.clear();
        Ok(promise)
    }

    fn end(&self, target: Result<Target, JsValue>) -> Promise {
        let started = target.and_then(|target| {
            let (call, promise) = self.driver.calls.open(Shape::Void, None, None, None)?;
            self.driver.input(Input::Terminate { call, target });
            Ok(promise)
        });
        error::promised(started)
    }
}

fn parse(config: JsValue, options: JsValue, env: &JsValue) -> Result<(Config, Vec<Problem>), JsValue> {
    let lookup = |name: &str| sys::member(env, name)?.as_string();
    let parsed = config::parse(&JsJson(config), &JsJson(options), &lookup);
    parsed.map_err(|problems| error::config(Problem::lines(&problems)))
}

fn identity(host: &Host) -> ClientIdentity<JsJson> {
    let ours = || {
        JsJson::object()
            .with("name", JsJson::string(env!("CARGO_PKG_NAME")))
            .with("version", JsJson::string(env!("CARGO_PKG_VERSION")))
    };
    ClientIdentity {
        info: host.client_info.clone().map_or_else(ours, JsJson),
        capabilities: host.capabilities.clone().map_or_else(JsJson::object, JsJson),
    }
}
