//! The policy of the gateway for MCP servers: accepted requests, their owners, and the refusal of all others.
//!
//! Pure functions of strings and parsed JSON, without I/O and without a clock, so that every rule has a native test.
//! The Worker in `gateway/` applies them; `src/web/gateway.rs` is the thin shell between the two. The feature `gateway`
//! includes both, so pages do not download them.

pub mod breaker;
pub mod cache;
pub mod cors;
pub mod era;
pub mod forward;
pub mod head;
pub mod mirror;
pub mod rate;
pub mod refusal;
pub mod route;
pub mod session_id;

pub use refusal::Refusal;
