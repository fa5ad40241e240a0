//! mcp-tether: MCP sessions that survive.

pub mod core;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod web;
