//! The shell around the machine for every host with `fetch`, promises and timers: pages, workers, Node, Deno, Bun,
//! workerd.
//!
//! Two rules apply throughout.
//!
//! **User code never runs under a borrow.** A callback, an injected `fetch` or a getter on a user's params may call
//! back into the manager. So the driver borrows the machine for one input, collects its outputs, releases it and only
//! then performs them; inputs that arrive meanwhile are queued. Getters that read the machine's state use `try_borrow`,
//! because a param's own getter may run while the machine reads it.
//!
//! **A manager lives in one I/O context**: a page, a worker, a process, a Durable Object, or one request of a plain
//! Worker. Hosts with such contexts kill promises that cross them. No Rust future here can be woken in another context,
//! and loading the module starts no timer or request and uses no random numbers.

#![cfg_attr(not(feature = "classes"), allow(dead_code, reason = "the client uses a part of the shell"))]

mod abort;
mod auth;
mod body;
mod calls;
#[cfg(feature = "client")]
pub mod client;
mod clock;
#[cfg(feature = "classes")]
mod diagnosis;
mod driver;
mod error;
mod events;
mod failure;
mod feed;
mod fetch;
#[cfg(feature = "gateway")]
mod gateway;
mod handlers;
mod hook;

mod json;
mod log;
#[cfg(feature = "classes")]
mod manager;
mod options;
mod request;
#[cfg(feature = "classes")]
mod session;
mod storage;
mod sys;
mod task;
mod timers;

#[cfg(feature = "classes")]
pub use diagnosis::resolve;
#[cfg(feature = "gateway")]
pub use gateway::Gateway;
pub use json::JsJson;
#[cfg(feature = "classes")]
pub use manager::McpManager;
#[cfg(feature = "classes")]
pub use session::McpSession;

/// The module's allocator. Two-level segregated fit allocates and frees in constant time, however many blocks there
/// are.
#[cfg(feature = "package")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
