//! Attempts that did not reach the server or were refused unread, and unknown outcomes.

use super::support::*;
use wasm_bindgen_test::wasm_bindgen_test;

const QUICK: &str = r#"{"sessionConfig":{"retryDelay":10}}"#;

#[wasm_bindgen_test]
async fn retry_after_is_obeyed_whatever_the_tool() {
    for fault in [
        r#"{"status":429,"headers":{"retry-after":"1"}}"#,
        r#"{"status":503,"headers":{"retry-after":"1"}}"#,
        r#"{"status":503,"dated":1000}"#,
    ] {
        let world = World::in_memory("stateful", QUICK, "{}");
        let session = world.connect("u").await;
        world.fault("tools/call", fault);
        let result = call(&session, "callTool", &[tool("increment", "{}")]).await;
        let result = result.unwrap_or_else(|error| panic!("{fault}: {}", described(&error)));
        assert!(to_json(&result).contains("\"1\""));
        assert_eq!(world.count("runs").await, 1.0);
        let arrivals = world.arrivals("tools/call");
        // A timer may fire a millisecond early, and a page rounds `performance.now()`.
        assert!(arrivals.len() == 2 && arrivals[1] - arrivals[0] > 990.0, "{fault}: {arrivals:?}");
    }
}

#[wasm_bindgen_test]
async fn a_refused_connection_is_tried_again_whatever_the_tool() {
    let world = World::in_memory("stateful", QUICK, "{}");
    let session = world.connect("u").await;
    world.fault("tools/call", r#"{"times":2,"refused":true}"#);
    let result = call(&session, "callTool", &[tool("increment", "{}")]).await;
    assert!(to_json(&result.unwrap_or_else(|error| panic!("{}", described(&error)))).contains("\"1\""));
    assert_eq!(world.count("runs").await, 1.0);
    assert_eq!(number(&session, "generation"), 1.0);
}

#[wasm_bindgen_test]
async fn the_first_connect_survives_a_refused_handshake() {
    let world = World::in_memory("stateful", r#"{"protocolVersion":"legacy","sessionConfig":{"retryDelay":10}}"#, "{}");
    world.fault("initialize", r#"{"times":2,"refused":true}"#);
    let session = world.connect("u").await;
    assert_eq!(text(&session, "state"), "ready");
    assert_eq!(world.arrivals("initialize").len(), 3);
}

#[wasm_bindgen_test]
async fn an_unsafe_call_with_an_unknown_outcome_runs_once() {
    let world = World::in_memory("stateful", QUICK, "{}");
    let session = world.connect("u").await;
    world.fault("tools/call", r#"{"cut":true}"#);
    let error = call(&session, "callTool", &[tool("increment", "{}")]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "outcome_unknown", "{}", described(&error));
    assert_eq!(world.count("runs").await, 1.0);
    assert_eq!(echo(&session, "still there").await, "still there");
}

#[wasm_bindgen_test]
async fn a_safe_call_with_an_unknown_outcome_runs_again() {
    // Safe by their annotations: `add` has `idempotentHint`, `echo` has `readOnlyHint`.
    for (name, arguments, expected) in [("add", r#"{"a":1,"b":2}"#, "\"3\""), ("echo", r#"{"text":"x"}"#, "\"x\"")] {
        let world = World::in_memory("stateful", QUICK, "{}");
        let session = world.connect("u").await;
        call(&session, "listTools", &[]).await.unwrap();
        world.fault("tools/call", r#"{"cut":true}"#);
        let result = call(&session, "callTool", &[tool(name, arguments)]).await;
        let result = to_json(&result.unwrap_or_else(|error| panic!("{name}: {}", described(&error))));
        assert!(result.contains(expected), "{name}: {result}");
        assert_eq!(world.count("runs").await, 2.0, "{name}");
    }
}

#[wasm_bindgen_test]
async fn nothing_is_sent_again_if_replay_is_never() {
    let world = World::in_memory("stateful", QUICK, "{}");
    let session = world.connect("u").await;
    call(&session, "listTools", &[]).await.unwrap();
    world.fault("tools/call", r#"{"cut":true}"#);
    let options = json(r#"{"replay":"never"}"#);
    call(&session, "callTool", &[tool("echo", r#"{"text":"x"}"#), options]).await.unwrap_err();
    assert_eq!(world.count("runs").await, 1.0);
}
