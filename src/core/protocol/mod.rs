//! The protocol, pure: what messages, headers and statuses mean, whatever state the machine is in.

pub(crate) mod endpoint;
pub mod headers;
pub(crate) mod json;
pub(crate) mod jsonrpc;
pub(crate) mod mirror;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub(crate) mod native;
pub(crate) mod replay;
pub mod sse;
pub mod verdict;
