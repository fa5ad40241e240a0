//! Responses that a page cannot read. The browser hides them, so this needs real servers on another origin.

use super::support::*;
use wasm_bindgen_test::wasm_bindgen_test;

/// A 404 without CORS headers: a page sees the same `TypeError` as for a dead server.
#[wasm_bindgen_test]
#[ignore = "needs the test servers: run tools/test-wasm.sh"]
async fn a_lost_session_is_recovered_though_the_browser_hides_the_answer() {
    let world = World::at_fault("opaque-404");
    let session = world.connect("u").await;
    call(&session, "listTools", &[]).await.unwrap();
    world.forget().await;
    let result = call(&session, "callTool", &[tool("safe", "{}")]).await;
    assert!(to_json(&result.unwrap_or_else(|error| panic!("{}", described(&error)))).contains("safe default: 1"));
    assert_eq!(number(&session, "generation"), 2.0);

    // If the response is hidden, the outcome of this tool is unknown, and it must not run twice.
    world.forget().await;
    let result = call(&session, "callTool", &[tool("unsafe", "{}")]).await;
    if get(&js_sys::global(), "location").is_undefined() {
        assert!(result.is_ok());
    } else {
        assert_eq!(text(&result.unwrap_err(), "code"), "outcome_unknown");
    }
    call(&session, "callTool", &[tool("unsafe", r#"{"key":"next"}"#)]).await.unwrap();
}
