//! The protocol as pure functions: the meaning of messages, headers and statuses, independent of the machine's state.

pub(crate) mod codes;
pub(crate) mod endpoint;
pub(crate) mod error_code;
pub mod headers;
pub(crate) mod json;
pub(crate) mod jsonrpc;
pub(crate) mod mirror;
pub(crate) mod modern;

#[cfg(any(feature = "serde_json", not(all(target_family = "wasm", target_os = "unknown"))))]
pub(crate) mod native;
pub(crate) mod replay;
pub(crate) mod revisions;
pub(crate) mod session_id;
pub mod sse;
pub(crate) mod url;
pub mod verdict;
