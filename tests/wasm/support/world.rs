//! A manager for one server, and its log.

use super::{call, described, fetch, function, function2, get, json, number, put, string, sync, text};
use js_sys::{Array, Function, Reflect};
use mcp_tether::web::McpManager;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// The addresses of the servers started by `tools/test-wasm.sh`, as JSON. A page has no environment, so they are
/// compiled in.
const SERVERS: Option<&str> = option_env!("MCP_TETHER_TEST_SERVERS");

/// A manager whose server `s` is a real one or one in memory.
pub struct World {
    pub manager: JsValue,
    pub lines: Rc<RefCell<Vec<String>>>,
    server: Server,
}

enum Server {
    /// The URL of its controls, with `?path=…` for the fault server.
    Real(String),
    /// The object created by server.js.
    InMemory(JsValue),
}

impl World {
    /// A real server if there is one, else one in memory: `stateful`, `stateless` or `json`.
    pub fn new(mode: &str, options: &str) -> Self {
        let Some(servers) = SERVERS else { return Self::in_memory(mode, "{}", options) };
        let servers = json(servers);
        let control = text(&get(&servers, "control"), mode);
        Self::with(Server::Real(control), &text(&servers, mode), "{}", json(options))
    }

    /// A server in memory, with settings of its own in the configuration.
    pub fn in_memory(mode: &str, settings: &str, options: &str) -> Self {
        Self::in_memory_with(mode, settings, json(options))
    }

    /// The same with options that are not JSON.
    pub fn in_memory_with(mode: &str, settings: &str, options: JsValue) -> Self {
        let new_server =
            js_sys::eval(include_str!("server.js")).unwrap_or_else(|error| panic!("{}", described(&error)));
        let server = Function::from(new_server).call1(&JsValue::NULL, &mode.into()).unwrap();
        put(&options, "fetch", &get(&server, "fetch"));
        Self::with(Server::InMemory(server), "http://memory.test/mcp", settings, options)
    }

    /// One fault of the fault server, at a path of its own.
    pub fn at_fault(fault: &str) -> Self {
        let servers =
            json(SERVERS.unwrap_or_else(|| panic!("tools/test-wasm.sh starts the servers that this test needs")));
        let path = format!("/{fault}/web-{}", js_sys::Math::random());
        let control = format!("{}?path={path}", text(&get(&servers, "control"), "faults"));
        let url = format!("{}{path}", text(&servers, "faults"));
        Self::with(Server::Real(control), &url, "{}", json("{}"))
    }

    fn with(server: Server, url: &str, settings: &str, options: JsValue) -> Self {
        let (config, settings) = (json(r#"{"mcpServers":{}}"#), json(settings));
        put(&settings, "url", &url.into());
        put(&get(&config, "mcpServers"), "s", &settings);
        let lines = Rc::new(RefCell::new(Vec::new()));
        let log = lines.clone();
        let sink = function2(move |level, line| log.borrow_mut().push(format!("{} {}", string(&level), string(&line))));
        put(&options, "log", &sink);
        let manager = McpManager::new(config, options).unwrap_or_else(|error| panic!("{}", described(&error)));
        Self { manager: manager.into(), lines, server }
    }

    /// Another manager for the same server in memory, as after a reload of the page.
    pub fn next(&self, options: JsValue) -> Self {
        let Server::InMemory(server) = &self.server else { panic!("only a server in memory can be shared") };
        put(&options, "fetch", &get(server, "fetch"));
        Self::with(Server::InMemory(server.clone()), "http://memory.test/mcp", "{}", options)
    }

    pub async fn connect(&self, user: &str) -> JsValue {
        let connected = call(&self.manager, "connect", &[user.into(), "s".into()]).await;
        connected.unwrap_or_else(|error| panic!("{}", described(&error)))
    }

    /// Makes the server lose its sessions, as a restart does.
    pub async fn forget(&self) {
        match &self.server {
            Server::Real(control) => {
                let (server, path) = control.split_once('?').unwrap_or((control, ""));
                JsFuture::from(fetch(&format!("{server}/forget?{path}"), &json(r#"{"method":"POST"}"#))).await.unwrap();
            }
            Server::InMemory(server) => drop(sync(server, "forget", &[])),
        }
    }

    /// The number of requests of that kind that the server has received.
    pub async fn count(&self, name: &str) -> f64 {
        match &self.server {
            Server::Real(control) => {
                let response = JsFuture::from(fetch(&format!("{control}/counts"), &json("{}"))).await.unwrap();
                number(&call(&response, "json", &[]).await.unwrap(), name)
            }
            Server::InMemory(server) => sync(server, "count", &[name.into()]).as_f64().unwrap(),
        }
    }

    /// Injects a fault into the next request of a method at the server in memory, or the next `times`: `status`,
    /// `headers`, `body` and `dated`, a `Retry-After` as a date; `refused`, a failed connection; or `cut`, a response
    /// that is cut after the tool ran.
    pub fn fault(&self, method: &str, fault: &str) {
        let Server::InMemory(server) = &self.server else { panic!("only a server in memory takes faults") };
        let fault = json(fault);
        put(&fault, "method", &method.into());
        sync(server, "fault", &[fault]);
    }

    /// The arrival times of a method's POSTs at the server in memory, in milliseconds.
    pub fn arrivals(&self, method: &str) -> Vec<f64> {
        let Server::InMemory(server) = &self.server else { panic!("only a server in memory records arrivals") };
        Array::from(&sync(server, "arrivals", &[method.into()])).iter().filter_map(|at| at.as_f64()).collect()
    }

    pub fn events(&self, names: &[&str]) -> Events {
        let events = Events::default();
        let target = get(&self.manager, "events");
        for name in names {
            let seen = events.0.clone();
            let listener = function(move |event| {
                seen.borrow_mut().push(event);
                Ok(JsValue::UNDEFINED)
            });
            sync(&target, "addEventListener", &[(*name).into(), listener]);
        }
        events
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // An open session keeps its stream at the server.
        drop(Reflect::get(&self.manager, &"close".into()).map(|close| Function::from(close).call0(&self.manager)));
    }
}

/// Events in the order of their arrival.
#[derive(Default)]
pub struct Events(Rc<RefCell<Vec<JsValue>>>);

impl Events {
    pub fn names(&self) -> Vec<String> {
        self.0.borrow().iter().map(|event| text(event, "type")).collect()
    }

    pub fn detail(&self, index: usize) -> JsValue {
        get(&self.0.borrow()[index], "detail")
    }

    pub fn details(&self, name: &str) -> Vec<JsValue> {
        self.0.borrow().iter().filter(|event| text(event, "type") == name).map(|event| get(event, "detail")).collect()
    }
}
