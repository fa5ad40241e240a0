//! The client for Rust programs.

use super::support::*;
use mcp_tether::client::{Client, Config, Error, ErrorCode, EventKind, RequestOptions, State};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

const SESSION: &str = r#"{"content-type":"application/json","mcp-session-id":"the-session"}"#;

fn config(fake: &Fake) -> Config {
    Config::new("http://fake.test/mcp").name("s").fetch(fake.fetch()).log(|_, _| {})
}

async fn connected(fake: &Fake) -> Client {
    Client::connect(config(fake)).await.unwrap()
}

/// The message in a request; `null` if there is none.
fn message(init: &JsValue) -> Value {
    serde_json::from_str(&text(init, "body")).unwrap_or_default()
}

fn answer(to: &Value, member: &str, value: Value) -> JsValue {
    let body = json!({ "jsonrpc": "2.0", "id": to["id"], member: value });
    response(&body.to_string(), 200, SESSION)
}

fn header(init: &JsValue, name: &str) -> String {
    text(&get(init, "headers"), name)
}

/// Polls a call once.
async fn start(mut call: Pin<&mut impl Future>) {
    let is_pending = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await;
    assert!(is_pending);
}

fn never() -> JsValue {
    js_sys::Promise::new(&mut |_, _| {}).into()
}

#[wasm_bindgen_test]
async fn a_client_calls_a_tool_with_serde_values() {
    let fake = Fake::server();
    let client = connected(&fake).await;
    let result =
        client.call_tool("greet", json!({ "to": { "名": ["a", 1.5, null, 9007199254740991_u64] } })).await.unwrap();
    assert_eq!(result, json!({ "greeting": "grüße, 世界 🌍" }));
    let params = &message(&fake.last("tools/call").1)["params"];
    assert_eq!(params["name"], "greet");
    assert_eq!(params["arguments"], json!({ "to": { "名": ["a", 1.5, null, 9007199254740991_u64] } }));
    client.call_tool("bare", ()).await.unwrap();
    assert_eq!(message(&fake.last("tools/call").1)["params"].get("arguments"), None);
    assert_eq!(client.session().unwrap().state, State::Ready);
    assert_eq!(client.initialize_result().unwrap()["serverInfo"]["name"], "f");
}

#[wasm_bindgen_test]
async fn a_client_survives_the_loss_of_its_session() {
    let losses = Cell::new(1);
    let fake = Fake::server_that(move |init| {
        let lost = message(init)["method"] == "tools/call" && losses.replace(losses.get() - 1) > 0;
        // What the SDK for TypeScript answers; after an empty 404 a ping would decide.
        let body = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Session not found"}}"#;
        lost.then(|| response(body, 404, r#"{"content-type":"application/json"}"#))
    });
    let client = connected(&fake).await;
    let mut events = client.events();
    let result = client.call_tool("greet", ()).await.unwrap();
    assert_eq!(result["greeting"], "grüße, 世界 🌍");
    assert_eq!(client.session().unwrap().generation, 2);
    let mut kinds = Vec::new();
    client.close().await.unwrap();
    while let Some(event) = events.next().await {
        assert_eq!(event.server_name, "s");
        kinds.push(event.kind);
    }
    assert!(kinds.contains(&EventKind::RecoveryStarted) && kinds.contains(&EventKind::RecoverySucceeded), "{kinds:?}");
}

#[wasm_bindgen_test]
async fn a_json_rpc_error_is_typed() {
    let fake = Fake::server_that(|init| {
        let message = message(init);
        let error = json!({ "code": -32602, "message": "no such tool", "data": { "tool": "x" } });
        (message["method"] == "tools/call").then(|| answer(&message, "error", error))
    });
    let error = connected(&fake).await.call_tool("x", ()).await.unwrap_err();
    assert_eq!((error.code, error.rpc_code, error.retryable), (ErrorCode::RpcError, Some(-32602.0), false));
    assert_eq!(error.data, Some(json!({ "tool": "x" })));
    assert_eq!(error.server.as_deref(), Some("s"));
    assert!(error.to_string().contains("no such tool"), "{error}");
}

#[wasm_bindgen_test]
async fn a_wrong_argument_is_a_config_error_and_sends_nothing() {
    let fake = Fake::server();
    let error = Client::connect(config(&fake).setting("timeout", json!("soon"))).await.err().unwrap();
    assert_eq!(error.code, ErrorCode::ConfigError);
    assert!(error.message.contains("mcpServers.s.timeout"), "{error}");
    let client = connected(&fake).await;
    let code = |outcome: Result<Value, Error>| outcome.unwrap_err().code;
    assert_eq!(code(client.call_tool("x", [1, 2]).await), ErrorCode::ConfigError);
    assert_eq!(code(client.request("x", "text").await), ErrorCode::ConfigError);
    assert_eq!(code(client.request("initialize", ()).await), ErrorCode::ConfigError);
}

#[wasm_bindgen_test]
async fn a_call_whose_future_is_dropped_is_cancelled_at_the_server() {
    let fake = Fake::server_that(|init| (message(init)["method"] == "tools/call").then(never));
    let client = connected(&fake).await;
    {
        let mut call = pin!(client.call_tool("slow", ()));
        start(call.as_mut()).await;
    }
    let id = message(&fake.last("tools/call").1)["id"].clone();
    until("the cancellation", || async { fake.has("notifications/cancelled") }).await;
    assert_eq!(message(&fake.last("notifications/cancelled").1)["params"]["requestId"], id);
    assert_eq!(client.session().unwrap().in_flight, 0);
}

#[wasm_bindgen_test]
async fn close_fails_calls_in_progress_and_terminate_deletes_the_session() {
    for terminates in [false, true] {
        let fake = Fake::server_that(|init| (message(init)["method"] == "tools/call").then(never));
        let client = connected(&fake).await;
        let mut call = pin!(client.call_tool("slow", ()));
        start(call.as_mut()).await;
        let other = client.clone();
        if terminates {
            other.terminate().await.unwrap()
        } else {
            other.close().await.unwrap()
        }
        assert_eq!(call.await.unwrap_err().code, ErrorCode::Closed);
        assert_eq!(client.call_tool("greet", ()).await.unwrap_err().code, ErrorCode::Closed);
        assert_eq!(fake.methods().contains(&"DELETE".to_owned()), terminates);
    }
}

#[wasm_bindgen_test]
async fn the_last_dropped_handle_closes_the_client() {
    let fake = Fake::server();
    let client = connected(&fake).await;
    let mut events = client.clone().events();
    drop(client);
    while events.next().await.is_some() {}
    assert!(!fake.methods().contains(&"DELETE".to_owned()));
}

#[wasm_bindgen_test]
async fn list_tools_joins_all_pages_and_stops_at_a_repeated_cursor() {
    let fake = Fake::server_that(|init| {
        let message = message(init);
        let page = match message["params"]["cursor"].as_str() {
            None => json!({ "tools": [{ "name": "a" }], "nextCursor": "2" }),
            Some("2") => json!({ "tools": [{ "name": "b" }, { "name": "c" }], "nextCursor": "3" }),
            Some(_) => json!({ "tools": [{ "name": "d" }], "nextCursor": "3" }),
        };
        (message["method"] == "tools/list").then(|| answer(&message, "result", page))
    });
    let tools = connected(&fake).await.list_tools().await.unwrap();
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
}

#[wasm_bindgen_test]
async fn headers_and_tokens_go_along() {
    let challenges = Rc::new(RefCell::new(Vec::new()));
    let seen = challenges.clone();
    let fake = Fake::server_that(|init| {
        let stale = header(init, "authorization") != "Bearer fresh";
        stale.then(|| response("", 401, r#"{"www-authenticate":"Bearer error=\"invalid_token\""}"#))
    });
    let config = config(&fake).header("X-Tenant", "${4711}").token(move |challenge| {
        seen.borrow_mut().push(challenge.clone());
        async move { Some(if challenge.is_some() { "fresh".into() } else { "stale".into() }) }
    });
    let client = Client::connect(config).await.unwrap();
    client.call_tool("greet", ()).await.unwrap();
    assert_eq!(header(&fake.last("tools/call").1, "x-tenant"), "${4711}");
    assert_eq!(challenges.borrow().last().unwrap().as_deref(), Some("Bearer error=\"invalid_token\""));
}

#[wasm_bindgen_test]
async fn a_deadline_of_one_call() {
    let fake = Fake::server_that(|init| (message(init)["method"] == "tools/call").then(never));
    let client = connected(&fake).await;
    let options = RequestOptions { timeout: Some(50), ..RequestOptions::default() };
    let error = client.call_tool_with("slow", (), options).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::RequestTimeout);
}
