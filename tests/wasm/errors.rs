//! Errors of the server, of the network, of the configuration and of the caller.

use super::support::*;
use js_sys::{Array, Object};
use mcp_tether::web::McpManager;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
async fn an_unknown_tool_is_the_servers_error() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let error = call(&session, "callTool", &[tool("nonsense", "{}")]).await.unwrap_err();
    assert_eq!(text(&error, "name"), "McpError");
    assert_eq!(text(&error, "code"), "rpc_error");
    assert_eq!(number(&error, "rpcCode"), -32602.0);
    assert!(text(&error, "message").contains("no such tool: nonsense"));
    assert_eq!(get(&error, "retryable"), JsValue::FALSE);
    assert!(error.is_instance_of::<js_sys::Error>());
}

#[wasm_bindgen_test]
async fn a_failed_tool_is_a_result() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let result = call(&session, "callTool", &[tool("fail", "{}")]).await.unwrap();
    assert_eq!(get(&result, "isError"), JsValue::TRUE);
    assert_eq!(number(&session, "generation"), 1.0);
}

#[wasm_bindgen_test]
async fn a_refused_connection_is_a_network_error() {
    let manager = manager(
        r#"{"mcpServers":{"s":{"url":"http://127.0.0.1:9/mcp?key=SECRET","sessionConfig":{"retryAttempts":0}}}}"#,
        "{}",
    );
    let error = call(&manager, "connect", &["u".into(), "s".into()]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "network_error", "{}", text(&error, "message"));
    assert_eq!(get(&error, "retryable"), JsValue::TRUE);
    assert!(!described(&error).contains("SECRET"), "{}", described(&error));
}

#[wasm_bindgen_test]
async fn an_html_page_is_an_error() {
    let fake =
        Fake::new(|_, _| response("<!doctype html><title>hello</title>", 200, r#"{"content-type":"text/html"}"#));
    let error = call(&fake.manager("{}"), "connect", &["u".into(), "s".into()]).await.unwrap_err();
    assert!(["protocol_error", "http_error"].contains(&text(&error, "code").as_str()), "{}", described(&error));
}

#[wasm_bindgen_test]
async fn all_errors_of_the_configuration_are_listed_at_once() {
    let config = json(r#"{"mcpServers":{"a":{"url":"nowhere"},"b":{"url":"http://x/","timeout":"long"}}}"#);
    let error = McpManager::new(config, JsValue::UNDEFINED).err().unwrap();
    assert_eq!(text(&error, "code"), "config_error");
    let message = text(&error, "message");
    assert!(message.contains("mcpServers.a.url") && message.contains("mcpServers.b.timeout"), "{message}");
    assert_eq!(message.lines().count(), 2);
}

#[wasm_bindgen_test]
async fn wrong_arguments_are_named() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let five = JsValue::from(5);
    for (object, method, arguments, path) in [
        (&world.manager, "connect", vec![five.clone(), "s".into()], "userId: "),
        (&world.manager, "connect", vec!["u".into(), "s".into(), json(r#"{"auth":{}}"#)], "options.auth: "),
        (
            &world.manager,
            "connect",
            vec!["u".into(), "s".into(), json(r#"{"headers":{"x":1}}"#)],
            "options.headers.x: ",
        ),
        (&world.manager, "terminate", vec!["u".into()], "serverName: "),
        (&session, "callTool", vec!["echo".into()], "params.name: "),
        (&session, "callTool", vec![JsValue::from(Array::new())], "params.name: "),
        (&session, "callTool", vec![json(r#"{"name":"echo","arguments":[]}"#)], "params.arguments: "),
        (&session, "listTools", vec![JsValue::from(Array::new())], "params: "),
        (&session, "listTools", vec![JsValue::UNDEFINED, json(r#"{"timeout":"1"}"#)], "options.timeout: "),
        (&session, "listTools", vec![JsValue::UNDEFINED, json(r#"{"replay":"always"}"#)], "options.replay: "),
        (&session, "listTools", vec![JsValue::UNDEFINED, json(r#"{"signal":{}}"#)], "options.signal: "),
        (&session, "listTools", vec![JsValue::UNDEFINED, json(r#"{"onprogress":1}"#)], "options.onprogress: "),
        (&session, "request", vec![five.clone()], "request.method: "),
        (&session, "request", vec![json(r#"{"method":"initialize"}"#)], "request.method: "),
        (&session, "notification", vec![json(r#"{"method":"x","params":1}"#)], "notification.params: "),
        (&session, "setLoggingLevel", vec![five.clone()], "level: "),
    ] {
        let error = call(object, method, &arguments).await.unwrap_err();
        assert_eq!(text(&error, "code"), "config_error", "{method} {path}");
        assert!(text(&error, "message").starts_with(path), "{method}: {}", text(&error, "message"));
    }
}

#[wasm_bindgen_test]
async fn params_that_cannot_be_json_are_refused_before_anything_is_sent() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let before = world.count("post").await;
    let params = Object::new();
    put(&params, "name", &"echo".into());
    put(&params, "arguments", &params);
    let error = call(&session, "callTool", &[params.into()]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "protocol_error", "{}", described(&error));
    assert_eq!(world.count("post").await, before);
}

#[wasm_bindgen_test]
async fn responses_have_a_limit_as_json_and_as_streams() {
    for server in ["stateful", "json"] {
        let world = World::new(server, r#"{"limits":{"maxMessageBytes":100000}}"#);
        let session = world.connect("u").await;
        let result = call(&session, "callTool", &[tool("big", r#"{"bytes":90000}"#)]).await.unwrap();
        assert!(to_json(&result).len() > 90_000, "{server}");
        let error = call(&session, "callTool", &[tool("big", r#"{"bytes":110000}"#)]).await.unwrap_err();
        assert_eq!(text(&error, "code"), "limit_exceeded", "{server}: {}", described(&error));
    }
}

#[wasm_bindgen_test]
async fn large_responses_arrive_whole() {
    for server in ["stateful", "json"] {
        let world = World::new(server, "{}");
        let session = world.connect("u").await;
        let result = call(&session, "callTool", &[tool("big", r#"{"bytes":3000000}"#)]).await.unwrap();
        assert!(to_json(&result).len() > 3_000_000, "{server}");
    }
}
