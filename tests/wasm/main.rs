//! The exported classes, called from JavaScript by their methods' names, in their hosts: Node, pages, workers. ! ! The
//tests include a server (support/server.js), so `wasm-pack test` runs them anywhere. `tools/test-wasm.sh` starts
//servers of the ! official SDK and runs the same tests against them; tests that need a network are ignored without it.
//! ! tests/wasm_page.rs is the same target for pages.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod callbacks;
mod calls;
#[cfg(feature = "client")]
mod client;
mod cross_origin;
mod endings;
mod errors;
mod handlers;
mod injected_fetch;
mod recovery;
mod retry;
mod session;
mod storage;
mod store;
mod support;
mod timers;
