//! MCP sessions that survive: a `fetch`-based transport and a single-threaded session store for Model Context Protocol
//! clients in browsers and on edge runtimes. All decisions are made by a state machine without I/O.
//!
//! ```text
//!     McpManager / McpSession (JavaScript)                         an MCP server
//!              │  ▲                                                     ▲  │
//!     commands │  │ promises, events, log lines         HTTP requests   │  │ status, headers, chunks
//!              ▼  │                                                     │  ▼
//!   ┌─────────────┴───────────────────────  src/web  ───────────────────┴──────────────┐
//!   │  driver: borrow, handle, drain, release the borrow, act      fetch · one timer   │
//!   └───────────────┬──────────────────────────────────────────────────▲───────────────┘
//!                   │ handle(now, Input)                               │ poll() → Output
//!   ┌───────────────▼──────────────────────────────────────────────────┴───────────────┐
//!   │  src/core/manager.rs   handle ─ poll                                             │
//!   │  machine/   behaviour: inbound ─ lifecycle ─ outbound                            │
//!   │  state/     records: session ─ call ─ exchange ─ server ─ store ─ timers         │
//!   │  config/    api/    protocol/    kit/                                            │
//!   └──────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! # The drain contract
//!
//! **After every [`Manager::handle`](core::Manager::handle), call [`Manager::poll`](core::Manager::poll) until it
//! returns [`Output::Wait`](core::Output::Wait).** Perform the outputs in order. The moment in `Wait` is the deadline for
//! the next [`Input::Wake`](core::Input::Wake); an earlier one is harmless.
//!
//! # Time, randomness and payloads
//!
//! The machine has no clock, no random source and no JSON library: time is an argument, jitter comes from a seeded
//! generator, and messages are opaque values of the host's engine, accessed through [`core::Json`]. The same inputs
//! therefore give the same run, a test simulates a day as fast as it can handle the events, and a tool's result is never
//! copied into the module.
//!
//! # Example
//!
//! A minimal driver with a simulated server; a real driver performs [`Output::Send`](core::Output::Send) with `fetch`.
//!
//! ```ignore-wasm32
//! use mcp_tether::core::{config, headers::Media, Body, CallId, ClientIdentity, Input, Instant, Manager, Output, ResponseHead};
//! use serde_json::{json, Value};
//!
//! let settings = json!({ "mcpServers": { "notes": { "url": "https://notes.example/mcp" } } });
//! let (config, _warnings) = config::parse(&settings, &Value::Null, &|_| None).expect("the settings are valid");
//! let client = ClientIdentity { info: json!({ "name": "example", "version": "1" }), capabilities: json!({}) };
//! let mut manager = Manager::new(config, client, 42);
//!
//! let now = Instant::from_millis(1_000);
//! let (user, server) = ("ada".into(), "notes".into());
//! manager.handle(now, Input::Connect { call: CallId(1), user, server, options: Default::default() });
//!
//! let mut connected = None;
//! loop {
//!     match manager.poll() {
//!         Output::Send { exchange, request } => {
//!             let body = request.body.unwrap_or_default();
//!             let head = ResponseHead { status: 200, media: Media::Json, session_id: Some("a-session-id".into()), ..Default::default() };
//!             manager.handle(now, Input::Opened { exchange, head });
//!             let result = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": { "name": "notes", "version": "1" } });
//!             let response = json!({ "jsonrpc": "2.0", "id": body["id"], "result": result });
//!             manager.handle(now, Input::Body { exchange, body: Body::Json(response) });
//!         }
//!         Output::Connected { session, .. } => connected = Some(session),
//!         Output::Wait(_) => break,
//!         _ => {}
//!     }
//! }
//! let info = manager.session(connected.expect("the handshake succeeded")).expect("the session is in the store");
//! assert_eq!(info.generation, 1);
//! ```

pub mod core;
#[cfg(any(feature = "gateway", not(target_family = "wasm")))]
pub mod gateway;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub mod web;
#[cfg(all(target_family = "wasm", target_os = "unknown", feature = "client"))]
pub use web::client;
