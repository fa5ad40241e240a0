//! `cargo +nightly fuzz run operations`
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| mcp_tether_fuzz::operations(bytes));
