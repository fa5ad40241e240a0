//! The machine: MCP sessions over Streamable HTTP, and over the older HTTP+SSE, without I/O.
//!
//! [`Manager`] takes inputs ([`Manager::handle`]) and returns outputs ([`Manager::poll`]); its other public methods are
//! getters. Time is an argument, randomness is seeded, and payloads are opaque ([`Json`]), so the same inputs always give
//! the same run.
//!
//! # Storeys
//!
//! Each folder is a storey. Imports run downwards only and form no cycles (`tests/storeys.rs`):
//!
//! | storey | contents |
//! |---|---|
//! | `manager.rs` | the public methods: `handle`, `poll`, getters |
//! | `machine/` | the behaviour: `mod.rs` declares [`Manager`], the other files are its methods, by the direction of the data: `inbound/`, `lifecycle/`, `outbound/` |
//! | `state/` | the records: sessions, calls, exchanges, and discovery results of servers |
//! | `config/` | the validated configuration, and its parser |
//! | `api/` | the types at the border: inputs, outputs, errors, events, snapshots |
//! | `protocol/` | pure protocol functions: revisions, codes, messages, headers, streams, verdicts |
//! | `kit/` | smaller replacements for crates |
//!
//! `Manager` is declared in `machine/mod.rs`, below its methods: they import it, and it imports only records. A method may
//! call any other method, but no file of `machine/` imports types of another.

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
pub use protocol::headers::{HeaderList, HeaderText};
pub use protocol::json::Json;
pub use protocol::jsonrpc::RpcError;
pub use protocol::replay::Safety;
pub use protocol::{headers, sse, verdict};
