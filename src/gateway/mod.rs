//! The policy of a front for MCP servers: which requests it takes, whose they are, what it answers to the others.
//!
//! Pure functions of text and JSON heads, without I/O and without a clock of their own, so that every rule has a native
//! test. The Worker in `gateway/` performs them; `src/web/gateway.rs` is the thin shell between the two, and is compiled
//! with the feature `gateway` alone: what a page downloads has none of this.

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
