//! The machine in a small world, one file a topic. The test's name says what happens; the server sees what is sent.
#![cfg(not(target_family = "wasm"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod answers;
mod auth;
mod auth_handshake;
mod connect;
mod discovery;
mod endings;
mod era;
mod failures;
mod frameworks;
mod http_sse;
mod http_sse_endpoint;
mod http_sse_guessed;
mod index;
mod isolation;
mod leniency;
mod limits;
mod listen;
mod log_lines;
mod look_alikes;
mod modern;
mod odd_words;
mod outage;
mod outage_ends;
mod page;
mod persistence;
mod recovery;
mod redirects;
mod replay;
mod reply;
mod requests;
mod retry;
mod rounds;
mod secrets;
mod server;
mod server_requests;
mod sse_server;
mod streams;
mod subscriptions;
mod suspicion;
mod time;
mod turns;
mod world;

use mcp_tether::core::{CallId, ConnectOptions, RequestOptions, SessionRef};
use serde_json::{Value, json};
use server::{Server, Servers};
use world::{World, configured};

type Tether = World<Servers>;

/// A world with one server, `db`, and default settings.
fn world() -> Tether {
    world_with(json!({}), json!({}))
}

/// The same, with settings of the server and options of the manager.
fn world_with(server: Value, options: Value) -> Tether {
    world_of(&["db"], server, options)
}

/// A world whose server gets `server/discover` first.
fn world_that_asks() -> Tether {
    world_with(json!({"protocolVersion": "auto"}), json!({}))
}

/// A world whose server speaks 2026-07-28 only.
fn modern_world() -> Tether {
    let mut world = world_that_asks();
    world.server().modern = true;
    world.server().legacy = false;
    world
}

/// Several servers with the same settings.
fn world_of(names: &[&str], settings: Value, options: Value) -> Tether {
    let mut servers = serde_json::Map::new();
    for name in names {
        let mut server = settings.clone();
        server["url"] = json!(format!("https://{name}.test/mcp"));
        servers.insert((*name).into(), server);
    }
    World::new(configured(&json!({"mcpServers": servers}), &options), Servers::new(names), 7)
}

impl Tether {
    fn server(&mut self) -> &mut Server {
        self.server_of("db")
    }

    fn server_of(&mut self, name: &str) -> &mut Server {
        self.network.0.get_mut(name).expect("a server with this name")
    }
}

impl<N: world::Network> World<N> {
    /// Connects ann to db, which has to succeed.
    fn connect(&mut self) -> SessionRef {
        self.connect_as("ann", "db")
    }

    fn connect_as(&mut self, user: &str, server: &str) -> SessionRef {
        let call = self.begin_connect(user, server, ConnectOptions::default());
        self.run_until("the connection", |world| !world.waiting.contains(&call));
        match self.connected.get(&call) {
            Some((_, session)) => *session,
            None => panic!("{}", self.error(call)),
        }
    }

    /// Calls a tool with default options.
    fn tool(&mut self, session: SessionRef, name: &str) -> CallId {
        self.request(session, "tools/call", json!({"name": name}), RequestOptions::default())
    }

    fn plain(&mut self, session: SessionRef, method: &str) -> CallId {
        self.request(session, method, Value::Null, RequestOptions::default())
    }

    fn tool_within(&mut self, session: SessionRef, name: &str, timeout: u64) -> CallId {
        let options = RequestOptions { timeout: Some(timeout), ..RequestOptions::default() };
        self.request(session, "tools/call", json!({"name": name}), options)
    }

    /// Runs until this call is settled.
    fn finish(&mut self, call: CallId) {
        self.run_until("the call to settle", |world| !world.waiting.contains(&call));
    }
}
