//! A lost session: one handshake, every waiting call answered, the events and the log lines.

use super::support::*;
use js_sys::{Array, Promise};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn ten_calls_on_a_lost_session_share_one_recovery() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let old = text(&session, "sessionId");
    let events =
        world.events(&["sessionCreated", "sessionError", "recoveryStarted", "recoverySucceeded", "recoveryFailed"]);
    world.forget().await;
    let calls = Array::new();
    for _ in 0..10 {
        calls.push(&sync(&session, "callTool", &[tool("echo", r#"{"text":"again"}"#)]));
    }
    let results = Array::from(&JsFuture::from(Promise::all(&calls)).await.unwrap());
    assert!(results.iter().all(|result| to_json(&result).contains("again")));
    assert_ne!(text(&session, "sessionId"), old);
    assert_eq!(number(&session, "generation"), 2.0);
    assert_eq!(text(&session, "state"), "ready");
    assert_eq!(events.names(), ["sessionError", "recoveryStarted", "sessionCreated", "recoverySucceeded"]);
    let detail = events.detail(1);
    assert_eq!((text(&detail, "userId"), text(&detail, "serverName")), ("u".into(), "s".into()));
    assert!(number(&detail, "at") > 1.7e12);
    let metrics = sync(&world.manager, "getMetrics", &[]);
    assert_eq!(number(&metrics, "recovered"), 1.0, "{}", to_json(&metrics));
}

#[wasm_bindgen_test]
async fn the_log_has_the_life_of_a_session() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let first = text(&session, "sessionId");
    world.forget().await;
    echo(&session, "again").await;
    let second = text(&session, "sessionId");
    call(&session, "terminate", &[]).await.unwrap();
    let lines = world.lines.borrow().clone();
    let expected = [
        format!("info [MCP][s] Session created: {}...", &first[..8]),
        "[MCP][s] Session error: session_terminated - Session has been terminated".into(),
        "[MCP][s] Starting session recovery for error: session_terminated".into(),
        "[MCP][s] Session recovery successful".into(),
        format!("[MCP][s] Session terminated: {}...", &second[..8]),
    ];
    let mut from = 0;
    for line in &expected {
        let found = lines[from..].iter().position(|other| other.ends_with(line.as_str()));
        from += found.unwrap_or_else(|| panic!("{line} is not among {lines:?} after {from}")) + 1;
    }
    assert!(lines.iter().all(|line| !line.starts_with("debug")), "{lines:?}");
    assert!(!lines.concat().contains(&first) && !lines.concat().contains(&second), "{lines:?}");
}

/// Every way in which servers report a lost session, with the tool that must not run twice.
#[wasm_bindgen_test]
async fn a_lost_session_is_recovered_in_every_spelling() {
    for fault in [
        r#"{"status":404}"#,
        r#"{"status":404,"body":"<h1>Not Found</h1>","headers":{"content-type":"text/html"}}"#,
        r#"{"status":410,"body":"Gone","headers":{"content-type":"text/plain"}}"#,
        r#"{"status":400,"body":"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32000,\"message\":\"Session not found\"}}","headers":{"content-type":"application/json"}}"#,
        r#"{"status":400,"body":"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32000,\"message\":\"Bad Request: No valid session ID provided\"}}","headers":{"content-type":"application/json"}}"#,
    ] {
        let world = World::in_memory("stateful", "{}", "{}");
        let session = world.connect("u").await;
        let first = text(&session, "sessionId");
        world.fault("tools/call", fault);
        // A 404 page of a web framework may be the tool's own: a ping decides.
        world.fault("ping", fault);
        let result = call(&session, "callTool", &[tool("increment", "{}")]).await;
        let result = result.unwrap_or_else(|error| panic!("{fault}: {}", described(&error)));
        assert!(to_json(&result).contains("\"1\""), "{fault}");
        assert_eq!(world.count("initialize").await, 2.0, "{fault}");
        assert_ne!(text(&session, "sessionId"), first, "{fault}");
    }
}

#[wasm_bindgen_test]
async fn an_error_of_the_caller_is_not_a_lost_session() {
    for fault in [
        r#"{"status":400,"body":"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"Invalid Request\"}}","headers":{"content-type":"application/json"}}"#,
        r#"{"status":403,"body":"no","headers":{"content-type":"text/plain"}}"#,
        r#"{"status":413}"#,
    ] {
        let world = World::in_memory("stateful", "{}", "{}");
        let session = world.connect("u").await;
        world.fault("tools/call", fault);
        call(&session, "callTool", &[tool("increment", "{}")]).await.unwrap_err();
        assert_eq!(echo(&session, "still there").await, "still there", "{fault}");
        assert_eq!(world.count("initialize").await, 1.0, "{fault}");
    }
}

#[wasm_bindgen_test]
async fn a_handshake_that_fails_during_a_recovery_is_tried_again() {
    let world = World::in_memory("stateful", r#"{"sessionConfig":{"retryDelay":10}}"#, "{}");
    let session = world.connect("u").await;
    world.forget().await;
    world.fault("initialize", r#"{"times":2,"refused":true}"#);
    assert_eq!(echo(&session, "again").await, "again");
    assert_eq!(number(&session, "generation"), 2.0);
    assert_eq!(world.count("initialize").await, 2.0);
}

#[wasm_bindgen_test]
async fn a_recovery_restores_the_log_level_and_the_subscriptions() {
    let world = World::in_memory("stateful", "{}", "{}");
    let session = world.connect("u").await;
    call(&session, "setLoggingLevel", &["error".into()]).await.unwrap();
    call(&session, "subscribeResource", &[json(r#"{"uri":"test://counter"}"#)]).await.unwrap();
    world.forget().await;
    assert_eq!(echo(&session, "again").await, "again");
    for method in ["logging/setLevel", "resources/subscribe"] {
        assert_eq!(world.arrivals(method).len(), 2, "{method}");
    }
}
