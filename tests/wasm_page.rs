//! The tests of tests/wasm, in a page. ! ! wasm-bindgen-test-runner decides per target where it runs. `wasm-pack test
//--headless --chrome` skips targets that do not ask for a ! browser, and `--node` skips those that do, so each of them
//needs a target of its own.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]

#[path = "wasm/main.rs"]
mod wasm;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
