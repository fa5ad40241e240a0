//! The machine: MCP sessions over Streamable HTTP, and HTTP+SSE before it, without any I/O of its own.
//!
//! There are four kinds of method on [`Manager`]: one that takes in what happened ([`Manager::handle`]), one that says
//! what to do ([`Manager::poll`]), getters, and none that performs anything. Time is an argument, chance is seeded, and
//! payloads are opaque ([`Json`]), so a run is repeated by repeating its inputs.

pub(crate) mod api;
pub mod config;
pub(crate) mod kit;
mod machine;
pub(crate) mod manager;
pub(crate) mod protocol;
mod state;

pub use api::*;
pub use kit::rng::Rng;
pub use kit::table::Named;
pub use kit::time::{Instant, Millis};
pub use machine::{ClientIdentity, Manager};
pub use protocol::error_code::ErrorCode;
pub use protocol::headers::HeaderList;
pub use protocol::json::Json;
pub use protocol::jsonrpc::RpcError;
pub use protocol::replay::Safety;
pub use protocol::{headers, sse, verdict};
