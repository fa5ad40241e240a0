//! The machine: MCP sessions over Streamable HTTP, and HTTP+SSE before it, without any I/O of its own.
//!
//! There are four kinds of method on [`Manager`]: one that takes in what happened ([`Manager::handle`]), one that says
//! what to do ([`Manager::poll`]), getters, and none that performs anything. Time is an argument, chance is seeded, and
//! payloads are opaque ([`Json`]), so a run is repeated by repeating its inputs.
//!
//! # Storeys
//!
//! Each folder is a storey; imports run downwards only, and no files import each other (`tests/storeys.rs`):
//!
//! | storey | holds |
//! |---|---|
//! | `manager.rs` | the entrance and the exit: `handle`, `poll`, getters |
//! | `machine/` | what acts: `mod.rs` is the [`Manager`] itself, the rest are its methods, by the direction of the data: `inbound/`, `lifecycle/`, `outbound/` |
//! | `state/` | the records that it keeps: sessions, calls, exchanges, what is known of servers |
//! | `config/` | what is configured |
//! | `api/` | what crosses the border: inputs, outputs, errors, events, infos |
//! | `protocol/` | the protocol, pure: revisions, codes, messages, headers, streams, verdicts |
//! | `kit/` | what would be crates elsewhere |
//!
//! `Manager` is declared in `machine/mod.rs`, below its methods: they import it, and it imports only records. So a method
//! may call any other, but no file of `machine/` needs another one's types.

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
