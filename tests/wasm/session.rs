//! A session from its handshake to its end, and every request of the client.

use super::support::*;
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn a_session_is_created_used_and_terminated() {
    let world = World::new("stateful", "{}");
    let session = world.connect("ada").await;
    assert_eq!(text(&session, "kind"), "stateful");
    assert_eq!(text(&session, "state"), "ready");
    assert_eq!(text(&session, "userId"), "ada");
    assert_eq!(text(&session, "serverName"), "s");
    assert_eq!(text(&session, "sessionId").len(), 36);
    assert_eq!(number(&session, "generation"), 1.0);
    assert!(text(&session, "protocolVersion").starts_with("20"));
    assert!(sync(&session, "getServerCapabilities", &[]).is_object());
    assert_eq!(text(&sync(&session, "getServerVersion", &[]), "name"), "mcp-tether-test-server");
    assert_eq!(sync(&session, "getInstructions", &[]), "A server for tests.");

    let tools = call(&session, "listTools", &[]).await.unwrap();
    assert!(to_json(&tools).contains("\"echo\""));
    assert_eq!(echo(&session, "hello").await, "hello");
    assert_eq!(call(&session, "ping", &[]).await.unwrap(), JsValue::UNDEFINED);

    call(&session, "terminate", &[]).await.unwrap();
    assert_eq!(text(&session, "state"), "terminated");
    let error = call(&session, "listTools", &[]).await.unwrap_err();
    assert_eq!(text(&error, "serverName"), "s");
    assert!(sync(&world.manager, "getSessionInfo", &["ada".into(), "s".into()]).is_undefined());
}

#[wasm_bindgen_test]
async fn every_request_of_the_client_goes_through() {
    let world = World::new("stateful", "{}");
    let session = world.connect("requests").await;
    let uri = json(r#"{"uri":"test://counter"}"#);
    for (method, params, expected) in [
        ("listResources", json("{}"), "\"resources\":[{"),
        ("readResource", uri.clone(), "\"contents\":[{"),
        ("listPrompts", JsValue::UNDEFINED, "\"greeting\""),
        ("getPrompt", json(r#"{"name":"greeting","arguments":{"name":"Ada"}}"#), "Say hello to Ada."),
        ("request", json(r#"{"method":"tools/call","params":{"name":"add","arguments":{"a":1,"b":2}}}"#), "\"3\""),
    ] {
        let result = to_json(&call(&session, method, &[params]).await.unwrap());
        assert!(result.contains(expected), "{method}: {result}");
    }
    for (method, params) in [
        ("subscribeResource", uri.clone()),
        ("unsubscribeResource", uri),
        ("setLoggingLevel", "error".into()),
        ("notification", json(r#"{"method":"notifications/roots/list_changed"}"#)),
    ] {
        assert_eq!(call(&session, method, &[params]).await.unwrap(), JsValue::UNDEFINED, "{method}");
    }
}

#[wasm_bindgen_test]
async fn a_stateless_server_has_no_session_id() {
    let world = World::new("stateless", "{}");
    let session = world.connect("u").await;
    assert_eq!(text(&session, "kind"), "stateless");
    assert!(get(&session, "sessionId").is_undefined());
    assert_eq!(echo(&session, "hello").await, "hello");
}

#[wasm_bindgen_test]
async fn responses_may_be_json() {
    let world = World::new("json", "{}");
    let session = world.connect("u").await;
    assert_eq!(echo(&session, "grüße, 世界 🌍").await, "grüße, 世界 🌍");
}

#[wasm_bindgen_test]
async fn concurrent_connects_share_one_handshake() {
    let world = World::new("stateful", "{}");
    let before = world.count("initialize").await;
    let connects = Array::new();
    for _ in 0..5 {
        connects.push(&sync(&world.manager, "connect", &["together".into(), "s".into()]));
    }
    let sessions = Array::from(&JsFuture::from(Promise::all(&connects)).await.unwrap());
    assert_eq!(world.count("initialize").await, before + 1.0);
    let ids: Vec<String> = sessions.iter().map(|session| text(&session, "sessionId")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    assert_eq!(
        to_json(&sync(&world.manager, "getSessionStats", &[])),
        r#"{"totalUsers":1,"totalSessions":1,"activeSessions":1}"#
    );
}
