//! The machine: MCP sessions over Streamable HTTP, and HTTP+SSE before it, without any I/O of its own.
//!
//! There are four kinds of method on [`Manager`]: one that takes in what happened ([`Manager::handle`]), one that says
//! what to do ([`Manager::poll`]), getters, and none that performs anything. Time is an argument, chance is seeded, and
//! payloads are opaque ([`Json`]), so a run is repeated by repeating its inputs.

mod address;
mod answers;
mod auth;
mod backoff;
mod breaker;
mod cache;
mod calls;
pub mod config;
mod connect;
mod deadline;
mod ending;
mod endpoint;
mod era;
pub(crate) mod error;
pub(crate) mod event;
mod exchange;
pub(crate) mod fields;
mod handshake;
pub mod headers;
mod http_sse;
mod index;
pub(crate) mod io;
pub(crate) mod json;
mod jsonrpc;
mod listen;
mod liveness;
pub(crate) mod manager;
pub(crate) mod metrics;
pub(crate) mod mirror;
mod modern;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod native;
mod outage;
mod outcome;
mod pace;
mod page;
mod persistence;
pub(crate) mod queue;
mod recovery;
mod refusal;
mod replay;
mod resolve;
mod resume;
mod retry_after;
pub(crate) mod rng;
mod rounds;
mod server_requests;
pub(crate) mod session;
mod sleep;
pub mod sse;
pub(crate) mod store;
mod subscriptions;
mod suspicion;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod time;
mod timers;
mod tools;
mod turns;
pub mod verdict;

pub use error::{Error, ErrorCode};
pub use event::{Detail, Event, EventKind};
pub use io::*;
pub use json::Json;
pub use manager::{ClientIdentity, Manager};
pub use replay::Safety;
pub use rng::Rng;
pub use session::{Kind, SessionInfo, State};
pub use store::{Key, Stats};
pub use table::Named;
pub use time::{Instant, Millis};
