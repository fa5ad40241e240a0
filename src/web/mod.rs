//! The shell around the machine for every host with `fetch`, promises and timers: pages, workers, Node, Deno, Bun, workerd.
//!
//! Two rules hold in all of it.
//!
//! **Nothing of the user runs under a borrow.** A callback, an injected `fetch`, a getter on somebody's params may call
//! straight back into the manager. So the driver borrows the machine for one input, collects what the machine asks for,
//! lets go of it and only then acts; what comes in meanwhile is queued. The getters that look at the machine do it
//! with `try_borrow`, because a param's own getter may run while the machine reads it.
//!
//! **A manager lives in one I/O context**: a page, a worker, a process, a Durable Object, or one request of a plain
//! Worker. Hosts that have such contexts kill what crosses them. There is no Rust future in here that could be woken in
//! a foreign one, only promises and callbacks, and nothing is timed, fetched or drawn by lot while the module loads.

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

/// The module's memory. Two-level segregated fit finds, splits and joins blocks in constant time, however many there are.
#[cfg(feature = "package")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
