//! The exported classes against real servers of the official SDK, in whatever host the runner was told to use: a page, a
//! dedicated or service worker, Node. `tools/test-wasm.sh` starts the servers and goes through the hosts.
//!
//! The manager is used as JavaScript uses it, by the names of its methods, so what is tested is the public contract.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use mcp_tether::web::McpManager;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

// --- a session's life ---

#[wasm_bindgen_test]
async fn a_session_is_made_used_and_terminated() {
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
async fn a_stateless_server_gives_no_id() {
    let world = World::new("stateless", "{}");
    let session = world.connect("u").await;
    assert_eq!(text(&session, "kind"), "stateless");
    assert!(get(&session, "sessionId").is_undefined());
    assert_eq!(echo(&session, "hello").await, "hello");
}

#[wasm_bindgen_test]
async fn answers_come_as_json_as_well() {
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

#[wasm_bindgen_test]
async fn a_forgotten_session_is_recovered_for_everybody() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let old = text(&session, "sessionId");
    let events =
        world.events(&["sessionCreated", "sessionError", "recoveryStarted", "recoverySucceeded", "recoveryFailed"]);
    world.control("forget").await;
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

/// A 404 without CORS headers: a page sees a `TypeError` like that of a dead server, and has to find out.
#[wasm_bindgen_test]
async fn a_lost_session_is_recovered_though_the_browser_hides_the_answer() {
    let world = World::at_fault("opaque-404");
    let session = world.connect("u").await;
    call(&session, "listTools", &[]).await.unwrap();
    world.control("forget").await;
    let result = call(&session, "callTool", &[tool("safe", "{}")]).await;
    assert!(to_json(&result.unwrap_or_else(|error| panic!("{}", described(&error)))).contains("safe default: 1"));
    assert_eq!(number(&session, "generation"), 2.0);

    // Whether the tool ran is not known where the answer is hidden, and this one must not run twice.
    world.control("forget").await;
    let result = call(&session, "callTool", &[tool("unsafe", "{}")]).await;
    if get(&js_sys::global(), "location").is_undefined() {
        assert!(result.is_ok());
    } else {
        assert_eq!(text(&result.unwrap_err(), "code"), "outcome_unknown");
    }
    call(&session, "callTool", &[tool("unsafe", r#"{"key":"next"}"#)]).await.unwrap();
}

#[wasm_bindgen_test]
async fn the_log_tells_the_life_of_a_session() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let first = text(&session, "sessionId");
    world.control("forget").await;
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

// --- errors ---

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
async fn nobody_listens() {
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
async fn a_web_page_is_no_server() {
    let fake =
        Fake::new(|_, _| response("<!doctype html><title>hello</title>", 200, r#"{"content-type":"text/html"}"#));
    let error = call(&fake.manager("{}"), "connect", &["u".into(), "s".into()]).await.unwrap_err();
    assert!(["protocol_error", "http_error"].contains(&text(&error, "code").as_str()), "{}", described(&error));
}

#[wasm_bindgen_test]
async fn all_faults_of_the_configuration_are_told_at_once() {
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
        (&session, "callTool", vec!["echo".into()], "params: "),
        (&session, "callTool", vec![JsValue::from(Array::new())], "params: "),
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
async fn params_that_are_no_json_are_refused_before_anything_is_sent() {
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
async fn answers_have_a_limit_in_both_forms() {
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
async fn large_answers_come_whole() {
    for server in ["stateful", "json"] {
        let world = World::new(server, "{}");
        let session = world.connect("u").await;
        let result = call(&session, "callTool", &[tool("big", r#"{"bytes":3000000}"#)]).await.unwrap();
        assert!(to_json(&result).len() > 3_000_000, "{server}");
    }
}

// --- giving up, and being told ---

#[wasm_bindgen_test]
async fn an_aborted_call_is_rejected_with_the_reason() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let controller = AbortController::new();
    let options = Object::new();
    put(&options, "signal", &controller.signal());
    let slow = sync(&session, "callTool", &[tool("slow", r#"{"ms":20000}"#), options.clone().into()]);
    pause(100).await;
    let reason = JsValue::from(js_sys::Error::new("enough"));
    controller.abort(&reason);
    let error = JsFuture::from(Promise::from(slow)).await.unwrap_err();
    assert_eq!(text(&error, "code"), "cancelled");
    assert_eq!(get(&error, "cause"), reason);

    // Aborted already: nothing is sent.
    let sent = world.events(&["requestSent"]);
    let error = call(&session, "callTool", &[tool("echo", "{}"), options.into()]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "cancelled");
    assert_eq!(get(&error, "cause"), reason);
    assert!(sent.names().is_empty());
    assert_eq!(echo(&session, "still there").await, "still there");
}

#[wasm_bindgen_test]
async fn a_call_has_a_deadline() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let options = json(r#"{"timeout":150}"#);
    let error = call(&session, "callTool", &[tool("slow", r#"{"ms":20000}"#), without_progress(&options)]).await;
    // The tool tells of its progress, which keeps the call alive until `maxTotalTimeout`, unless that is switched off.
    assert_eq!(text(&error.unwrap_err(), "code"), "request_timeout");
    assert_eq!(echo(&session, "still there").await, "still there");
}

#[wasm_bindgen_test]
async fn progress_is_told() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let told = Told::default();
    let options = Object::new();
    put(&options, "onprogress", &told.listener());
    call(&session, "callTool", &[tool("slow", r#"{"ms":200}"#), options.into()]).await.unwrap();
    let steps: Vec<f64> = told.values().iter().map(|progress| number(progress, "progress")).collect();
    assert!(steps.len() >= 2 && steps.is_sorted(), "{steps:?}");
    assert_eq!(number(&told.values()[0], "total"), 10.0);
}

#[wasm_bindgen_test]
async fn notifications_find_their_handlers_also_after_a_recovery() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let (messages, others) = (Told::default(), Told::default());
    sync(&session, "setNotificationHandler", &["notifications/message".into(), messages.listener()]);
    put(&session, "onnotification", &others.listener());
    assert!(get(&session, "onnotification").is_function());
    for round in 1..=2 {
        // The server drops what it has to say while nobody listens.
        until("the notifications", || async {
            call(&session, "callTool", &[tool("notify", "{}")]).await.unwrap();
            messages.values().len() >= round && others.values().len() >= round
        })
        .await;
        world.control("forget").await;
        messages.forget_all_but(round);
        others.forget_all_but(round);
    }
    assert!(to_json(&messages.values()[0]).contains("a log message"));
    assert_eq!(text(&others.values()[0], "method"), "notifications/tools/list_changed");
    // Another object for the same session shares its handlers.
    assert!(get(&world.connect("u").await, "onnotification").is_function());
}

#[wasm_bindgen_test]
async fn the_server_asks_and_is_answered() {
    let world = World::new("stateful", r#"{"capabilities":{"elicitation":{}}}"#);
    let listening = world.count("get").await;
    let session = world.connect("u").await;
    // It asks on the GET stream, and what it says while nobody listens is lost. (The event that the stream is open says
    // less: Firefox hands over a response with its first byte.)
    until("the stream", || async { world.count("get").await > listening }).await;
    let ask = || async { call(&session, "callTool", &[tool("ask", "{}")]).await };

    // Nobody answers: the server is told so, and so is the tool's caller.
    let unanswered = to_json(&ask().await.unwrap_or_else(|error| described(&error).into()));
    assert!(unanswered.contains("Method not found"), "{unanswered}");

    let answer = json(r#"{"action":"accept","content":{"name":"Ada"}}"#);
    let handler = function(move |_| Ok(resolved(&answer)));
    sync(&session, "setRequestHandler", &["elicitation/create".into(), handler]);
    assert!(to_json(&ask().await.unwrap()).contains("hello Ada"));

    let handler = function(|_| Err(js_sys::Error::new("no names today").into()));
    sync(&session, "setRequestHandler", &["elicitation/create".into(), handler]);
    let refused = to_json(&ask().await.unwrap_or_else(|error| described(&error).into()));
    assert!(refused.contains("no names today"), "{refused}");
}

#[wasm_bindgen_test]
async fn a_handlers_capability_is_declared_at_the_next_handshake() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let handler = function(|_| Ok(json(r#"{"action":"decline"}"#)));
    sync(&session, "setRequestHandler", &["elicitation/create".into(), handler]);
    world.control("forget").await;
    // What the server asks before it has a stream again is lost, and the tool waits in vain.
    let soon = json(r#"{"timeout":1000}"#);
    until("the server to ask", || async {
        let answer = call(&session, "callTool", &[tool("ask", "{}"), soon.clone()]).await;
        answer.is_ok_and(|answer| to_json(&answer).contains("decline"))
    })
    .await;
}

#[wasm_bindgen_test]
async fn events_come_in_order_and_are_plain_objects() {
    let world = World::new("stateful", "{}");
    let events = world.events(&["stateChanged", "sessionCreated", "sessionReused", "requestSent", "requestSettled"]);
    let session = world.connect("u").await;
    world.connect("u").await;
    echo(&session, "x").await;
    let names = events.names();
    let place =
        |name: &str| names.iter().position(|other| other == name).unwrap_or_else(|| panic!("no {name} in {names:?}"));
    assert!(place("sessionCreated") < place("sessionReused"), "{names:?}");
    let settled =
        events.details("requestSettled").into_iter().find(|detail| text(detail, "method") == "tools/call").unwrap();
    assert_eq!(text(&settled, "outcome"), "result");
    assert!(number(&settled, "requestId") > 0.0 && number(&settled, "durationMs") >= 0.0);
    assert!(Object::keys(settled.unchecked_ref::<Object>()).length() >= 6);
    let info = Array::from(&sync(&world.manager, "getAllActiveSessions", &[])).get(0);
    assert_eq!((text(&info, "userId"), text(&info, "state")), ("u".into(), "ready".into()));
    assert_eq!(text(&info, "sessionId"), text(&session, "sessionId"));
}

// --- callbacks may do anything ---

#[wasm_bindgen_test]
async fn a_listener_may_call_back() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let (inner, calls) = (session.clone(), Rc::new(RefCell::new(Vec::new())));
    let made = calls.clone();
    let listener = function(move |_| {
        assert_eq!(text(&inner, "state"), "ready");
        if made.borrow().len() < 3 {
            made.borrow_mut().push(sync(&inner, "callTool", &[tool("echo", r#"{"text":"inner"}"#)]));
        }
        Ok(JsValue::UNDEFINED)
    });
    sync(&get(&world.manager, "events"), "addEventListener", &["requestSent".into(), listener]);
    assert_eq!(echo(&session, "outer").await, "outer");
    until("the inner calls", || async { calls.borrow().len() == 3 }).await;
    for call in calls.take() {
        assert!(to_json(&JsFuture::from(Promise::from(call)).await.unwrap()).contains("inner"));
    }
}

#[wasm_bindgen_test]
async fn a_getter_on_params_may_call_back_and_throw() {
    let world = World::new("json", "{}");
    let session = world.connect("u").await;
    let (inner, manager) = (session.clone(), world.manager.clone());
    let getter = function(move |_| {
        text(&inner, "state");
        sync(&manager, "getSessionStats", &[]);
        sync(&manager, "getMetrics", &[]);
        sync(&inner, "terminate", &[]);
        Ok("echo".into())
    });
    let params = json(r#"{"arguments":{"text":"x"}}"#);
    define_getter(&params, "name", &getter);
    // The getter ends the session, so how the call ends is open; that it ends is what counts.
    drop(call(&session, "callTool", &[params]).await);

    let session = world.connect("u").await;
    let params = json("{}");
    define_getter(&params, "name", &function(|_| Err("never".into())));
    assert!(call(&session, "callTool", &[params]).await.is_err());
    assert_eq!(echo(&session, "still there").await, "still there");
}

#[wasm_bindgen_test]
async fn callbacks_that_throw_harm_nobody() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let thrower = function(|_| Err(js_sys::Error::new("on purpose").into()));
    let options = Object::new();
    put(&options, "onprogress", &thrower);
    call(&session, "callTool", &[tool("slow", r#"{"ms":60}"#), options.into()]).await.unwrap();
    let lines = world.lines.borrow().concat();
    assert!(lines.contains("error [MCP] onprogress threw: on purpose"), "{lines}");
}

// --- the end ---

#[wasm_bindgen_test]
async fn everything_may_be_freed_while_a_call_runs() {
    let url = text(&json(option_env!("MCP_TETHER_TEST_SERVERS").unwrap_or("{}")), "stateful");
    let manager = manager(&format!(r#"{{"mcpServers":{{"s":{{"url":"{url}"}}}}}}"#), "{}");
    let session = call(&manager, "connect", &["u".into(), "s".into()]).await.unwrap();
    let slow = sync(&session, "callTool", &[tool("slow", r#"{"ms":200}"#)]);
    let idle = sync(&manager, "idle", &[]);
    sync(&manager, "free", &[]);
    sync(&session, "free", &[]);
    assert!(to_json(&JsFuture::from(Promise::from(slow)).await.unwrap()).contains("took 200 ms"));
    JsFuture::from(Promise::from(idle)).await.unwrap();
}

#[wasm_bindgen_test]
async fn closing_rejects_what_runs_and_ends_the_sessions() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let deleted = world.count("delete").await;
    let slow = sync(&session, "callTool", &[tool("slow", r#"{"ms":20000}"#)]);
    let closed = sync(&world.manager, "close", &[json(r#"{"terminate":true}"#)]);
    assert_eq!(text(&JsFuture::from(Promise::from(slow)).await.unwrap_err(), "code"), "closed");
    JsFuture::from(Promise::from(closed)).await.unwrap();
    // Not exactly one: Chromium sends a DELETE again when the server drops the connection that it went over.
    assert!(world.count("delete").await > deleted);
    assert_eq!(text(&session, "state"), "closed");
    let error = call(&session, "listTools", &[]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "closed");
    let error = call(&world.manager, "connect", &["u".into(), "s".into()]).await.unwrap_err();
    assert_eq!(text(&error, "code"), "closed");
    call(&world.manager, "close", &[]).await.unwrap();
}

#[wasm_bindgen_test]
async fn idle_waits_for_what_runs() {
    let world = World::new("stateful", "{}");
    let session = world.connect("u").await;
    let ended = Rc::new(Cell::new(false));
    let flag = ended.clone();
    let slow = Promise::from(sync(&session, "callTool", &[tool("slow", r#"{"ms":100}"#)]));
    wasm_bindgen_futures::spawn_local(async move {
        JsFuture::from(slow).await.unwrap();
        flag.set(true);
    });
    call(&world.manager, "idle", &[]).await.unwrap();
    pause(0).await;
    assert!(ended.get());
    call(&world.manager, "idle", &[]).await.unwrap();
}

// --- the injected fetch ---

#[wasm_bindgen_test]
async fn fetch_is_called_as_a_bare_function_with_plain_arguments() {
    let fake = Fake::server();
    let session = call(&fake.manager("{}"), "connect", &["u".into(), "s".into()]).await.unwrap();
    call(&session, "callTool", &[tool("x", "{}")]).await.unwrap();
    let (url, init) = fake.last("tools/call");
    assert_eq!(url, "http://fake.test/mcp");
    assert_eq!((text(&init, "method"), text(&init, "redirect")), ("POST".into(), "manual".into()));
    assert!(get(&get(&init, "signal"), "aborted").as_bool() == Some(false));
    assert_eq!(text(&get(&init, "headers"), "mcp-session-id"), "fake-session");
    assert!(text(&get(&init, "headers"), "accept").contains("text/event-stream"));
    // What a wrapper does to its headers stays with that one request.
    put(&get(&init, "headers"), "x-added", &"1".into());
    call(&session, "callTool", &[tool("x", "{}")]).await.unwrap();
    assert!(get(&get(&fake.last("tools/call").1, "headers"), "x-added").is_undefined());
}

#[wasm_bindgen_test]
async fn the_auth_provider_is_asked_and_its_token_is_sent() {
    let fake = Fake::server_that(|init| {
        let token = get(&get(init, "headers"), "authorization");
        (token != "Bearer good").then(|| response("", 401, r#"{"www-authenticate":"Bearer realm=\"x\""}"#))
    });
    let asked = Told::default();
    let listener: Function = asked.listener().unchecked_into();
    let token = function(move |context| {
        listener.call1(&JsValue::UNDEFINED, &context).unwrap();
        Ok(resolved(&"good".into()))
    });
    let (auth, options) = (Object::new(), Object::new());
    put(&auth, "token", &token);
    put(&options, "auth", &auth);
    let session = call(&fake.manager("{}"), "connect", &["u".into(), "s".into(), options.into()]).await.unwrap();
    call(&session, "callTool", &[tool("x", "{}")]).await.unwrap();
    let context = asked.values()[0].clone();
    assert_eq!((text(&context, "userId"), text(&context, "serverName")), ("u".into(), "s".into()));
    assert!(get(&get(&context, "signal"), "aborted").as_bool() == Some(false));
}

#[wasm_bindgen_test]
async fn what_fetch_rejects_with_is_read_with_care() {
    // A refused connection is known to be refused; headers and query are never repeated.
    let refused = json(
        r#"{"message":"fetch failed","cause":{"code":"ECONNREFUSED","message":"connect ECONNREFUSED 10.0.0.1:80"}}"#,
    );
    let quoted = js_sys::TypeError::new("Headers.append: \"Bearer SECRET\" is an invalid header value.");
    let url = js_sys::TypeError::new("error sending request for url (http://u:SECRET@fake.test/SECRET?key=SECRET)");
    let long = "x".repeat(5000);
    for reason in [
        refused,
        quoted.into(),
        url.into(),
        JsValue::UNDEFINED,
        JsValue::NULL,
        5.into(),
        long.into(),
        js_sys::Symbol::iterator().into(),
    ] {
        let fake = Fake::new(move |_, _| Promise::reject(&reason).into());
        let error =
            call(&fake.manager(r#"{"sessionConfig":{"retryAttempts":0}}"#), "connect", &["u".into(), "s".into()]).await;
        let error = described(&error.unwrap_err());
        assert!(error.starts_with("network_error"), "{error}");
        assert!(!error.contains("SECRET") && error.len() < 600, "{error}");
    }
}

#[wasm_bindgen_test]
async fn a_fetch_that_gives_nonsense_is_an_error_and_no_accident() {
    for nonsense in ["null", "5", "{}", r#"{"status":200}"#, r#"{"status":200,"headers":{}}"#] {
        let fake = Fake::new(move |_, _| resolved(&json(nonsense)));
        let manager = fake.manager(r#"{"sessionConfig":{"retryAttempts":0}}"#);
        let error = call(&manager, "connect", &["u".into(), "s".into()]).await.unwrap_err();
        assert!(error.is_instance_of::<js_sys::Error>(), "{nonsense}: {}", described(&error));
    }
}

#[wasm_bindgen_test]
async fn a_body_in_many_pieces_is_put_together() {
    let fake = Fake::server_with(|text| {
        let controller = Rc::new(RefCell::new(None::<JsValue>));
        let (bytes, place) = (text.as_bytes().to_vec(), Rc::new(Cell::new(0)));
        let _ = &controller;
        let pull = function(move |controller| {
            let at = place.replace(place.get() + 3);
            if at >= bytes.len() {
                return Ok(sync(&controller, "close", &[]));
            }
            let piece = js_sys::Uint8Array::from(&bytes[at..bytes.len().min(at + 3)]);
            Ok(sync(&controller, "enqueue", &[piece.into()]))
        });
        let source = Object::new();
        put(&source, "pull", &pull);
        JsValue::from(ReadableStream::new(&source))
    });
    let session = call(&fake.manager("{}"), "connect", &["u".into(), "s".into()]).await.unwrap();
    let result = call(&session, "callTool", &[tool("x", "{}")]).await.unwrap();
    assert_eq!(text(&result, "greeting"), "grüße, 世界 🌍");
}

// --- what the tests stand on ---

/// A manager for one of the real servers, under the name `s`, and what it logs.
struct World {
    manager: JsValue,
    lines: Rc<RefCell<Vec<String>>>,
    control: String,
}

impl World {
    fn new(server: &str, options: &str) -> Self {
        let servers = json(
            option_env!("MCP_TETHER_TEST_SERVERS")
                .unwrap_or_else(|| panic!("run tools/test-wasm.sh, which starts the servers")),
        );
        let config = format!(r#"{{"mcpServers":{{"s":{{"url":"{}"}}}}}}"#, text(&servers, server));
        let lines = Rc::new(RefCell::new(Vec::new()));
        let log = lines.clone();
        let sink = function2(move |level, line| log.borrow_mut().push(format!("{} {}", string(&level), string(&line))));
        let options = json(options);
        put(&options, "log", &sink);
        let manager = JsValue::from(
            McpManager::new(json(&config), options).unwrap_or_else(|error| panic!("{}", described(&error))),
        );
        Self { manager, lines, control: text(&get(&servers, "control"), server) }
    }

    /// One of the faults of the fault server, at a path of its own.
    fn at_fault(fault: &str) -> Self {
        let servers = json(option_env!("MCP_TETHER_TEST_SERVERS").unwrap_or("{}"));
        let path = format!("/{fault}/web-{}", js_sys::Math::random());
        let url = format!("{}{path}", text(&servers, "faults"));
        let manager = manager(&format!(r#"{{"mcpServers":{{"s":{{"url":"{url}"}}}}}}"#), "{}");
        let control = format!("{}?path={path}", text(&get(&servers, "control"), "faults"));
        Self { manager, lines: Rc::default(), control }
    }

    async fn connect(&self, user: &str) -> JsValue {
        let connected = call(&self.manager, "connect", &[user.into(), "s".into()]).await;
        connected.unwrap_or_else(|error| panic!("{}", described(&error)))
    }

    async fn control(&self, command: &str) {
        let post = json(r#"{"method":"POST"}"#);
        let (server, path) = self.control.split_once('?').unwrap_or((&self.control, ""));
        JsFuture::from(fetch(&format!("{server}/{command}?{path}"), &post)).await.unwrap();
    }

    async fn count(&self, name: &str) -> f64 {
        let response = JsFuture::from(fetch(&format!("{}/counts", self.control), &json("{}"))).await.unwrap();
        number(&call(&response, "json", &[]).await.unwrap(), name)
    }

    fn events(&self, names: &[&str]) -> Events {
        let events = Events::default();
        let target = get(&self.manager, "events");
        for name in names {
            let seen = events.0.clone();
            let listener = function(move |event| {
                seen.borrow_mut().push(event);
                Ok(JsValue::UNDEFINED)
            });
            sync(&target, "addEventListener", &[(*name).into(), listener]);
        }
        events
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A session that lives on would hold its stream on the server.
        drop(Reflect::get(&self.manager, &"close".into()).map(|close| Function::from(close).call0(&self.manager)));
    }
}

/// Events as they came.
#[derive(Default)]
struct Events(Rc<RefCell<Vec<JsValue>>>);

impl Events {
    fn names(&self) -> Vec<String> {
        self.0.borrow().iter().map(|event| text(event, "type")).collect()
    }

    fn detail(&self, index: usize) -> JsValue {
        get(&self.0.borrow()[index], "detail")
    }

    fn details(&self, name: &str) -> Vec<JsValue> {
        self.0.borrow().iter().filter(|event| text(event, "type") == name).map(|event| get(event, "detail")).collect()
    }
}

/// What a callback was given.
#[derive(Default)]
struct Told(Rc<RefCell<Vec<JsValue>>>);

impl Told {
    fn listener(&self) -> JsValue {
        let told = self.0.clone();
        function(move |value| {
            told.borrow_mut().push(value);
            Ok(JsValue::UNDEFINED)
        })
    }

    fn values(&self) -> Vec<JsValue> {
        self.0.borrow().clone()
    }

    fn forget_all_but(&self, first: usize) {
        self.0.borrow_mut().truncate(first);
    }
}

/// A `fetch` of our own, and what it was called with.
struct Fake {
    fetch: JsValue,
    seen: Rc<RefCell<Vec<(String, JsValue)>>>,
}

impl Fake {
    fn new(answer: impl Fn(&str, &JsValue) -> JsValue + 'static) -> Self {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let calls = seen.clone();
        let fetch = Closure::<dyn Fn(JsValue, JsValue) -> JsValue>::new(move |url: JsValue, init: JsValue| {
            calls.borrow_mut().push((string(&url), init.clone()));
            answer(&string(&url), &init)
        });
        Self { fetch: fetch.into_js_value(), seen }
    }

    /// A small server that keeps a session and answers every call alike.
    fn server() -> Self {
        Self::server_that(|_| None)
    }

    fn server_that(refuse: impl Fn(&JsValue) -> Option<JsValue> + 'static) -> Self {
        Self::serving(refuse, |text| text.into())
    }

    fn server_with(body: impl Fn(&str) -> JsValue + 'static) -> Self {
        Self::serving(|_| None, body)
    }

    fn serving(
        refuse: impl Fn(&JsValue) -> Option<JsValue> + 'static,
        body: impl Fn(&str) -> JsValue + 'static,
    ) -> Self {
        Self::new(move |_, init| {
            if let Some(refusal) = refuse(init) {
                return refusal;
            }
            if text(init, "method") != "POST" {
                return response("", 405, "{}");
            }
            let message = json(&text(init, "body"));
            let id = get(&message, "id");
            let result = match text(&message, "method").as_str() {
                "initialize" => {
                    r#"{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"f","version":"1"}}"#
                }
                _ if id.is_undefined() => return response("", 202, "{}"),
                "server/discover" => {
                    return response(
                        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"Method not found"}}"#,
                        400,
                        r#"{"content-type":"application/json"}"#,
                    );
                }
                _ => r#"{"greeting":"grüße, 世界 🌍"}"#,
            };
            let answer = format!(r#"{{"jsonrpc":"2.0","id":{},"result":{result}}}"#, to_json(&id));
            let headers = json(r#"{"content-type":"application/json","mcp-session-id":"fake-session"}"#);
            let init = Object::new();
            put(&init, "headers", &headers);
            resolved(&Response::new(&body(&answer), &init))
        })
    }

    fn manager(&self, server: &str) -> JsValue {
        let (config, options) = (json(r#"{"mcpServers":{"s":{}}}"#), json("{}"));
        let server = json(server);
        put(&server, "url", &"http://fake.test/mcp".into());
        put(&get(&config, "mcpServers"), "s", &server);
        put(&options, "fetch", &self.fetch);
        put(&options, "log", &function2(|_, _| {}));
        McpManager::new(config, options).unwrap_or_else(|error| panic!("{}", described(&error))).into()
    }

    /// The last call with this method in its body.
    fn last(&self, method: &str) -> (String, JsValue) {
        let seen = self.seen.borrow();
        let needle = format!("\"method\":\"{method}\"");
        seen.iter()
            .rev()
            .find(|(_, init)| get(init, "body").as_string().is_some_and(|body| body.contains(&needle)))
            .unwrap()
            .clone()
    }
}

fn manager(config: &str, options: &str) -> JsValue {
    let options = json(options);
    put(&options, "log", &function2(|_, _| {}));
    McpManager::new(json(config), options).unwrap_or_else(|error| panic!("{}", described(&error))).into()
}

/// A promise of a response.
fn response(body: &str, status: u16, headers: &str) -> JsValue {
    let init = Object::new();
    put(&init, "status", &status.into());
    put(&init, "headers", &json(headers));
    let body = if status == 202 { JsValue::NULL } else { body.into() };
    resolved(&Response::new(&body, &init))
}

/// Calls a method and awaits what it returns; a value that is no promise is awaited as well.
async fn call(object: &JsValue, method: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::from(resolved(&sync(object, method, arguments)))).await
}

fn resolved(value: &JsValue) -> JsValue {
    Promise::<JsValue>::resolve(value).into()
}

fn sync(object: &JsValue, method: &str, arguments: &[JsValue]) -> JsValue {
    let function: Function = get(object, method).dyn_into().unwrap_or_else(|_| panic!("there is no {method}()"));
    let list = Array::new();
    for argument in arguments {
        list.push(argument);
    }
    function.apply(object, &list).unwrap_or_else(|error| panic!("{method}() threw {}", described(&error)))
}

async fn echo(session: &JsValue, words: &str) -> String {
    let params = tool("echo", &format!(r#"{{"text":{}}}"#, to_json(&words.into())));
    let result = call(session, "callTool", &[params]).await.unwrap_or_else(|error| panic!("{}", described(&error)));
    text(&Array::from(&get(&result, "content")).get(0), "text")
}

fn tool(name: &str, arguments: &str) -> JsValue {
    json(&format!(r#"{{"name":"{name}","arguments":{arguments}}}"#))
}

fn without_progress(options: &JsValue) -> JsValue {
    put(options, "resetTimeoutOnProgress", &JsValue::FALSE);
    options.clone()
}

/// Tries again until it is so; fails after 10 seconds.
async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    for _ in 0..200 {
        if holds().await {
            return;
        }
        pause(50).await;
    }
    panic!("waited in vain for {what}");
}

async fn pause(millis: i32) {
    let promise = Promise::new(&mut |resolve, _| drop(set_timeout(&resolve, millis)));
    JsFuture::from(promise).await.unwrap();
}

fn function(act: impl Fn(JsValue) -> Result<JsValue, JsValue> + 'static) -> JsValue {
    Closure::<dyn Fn(JsValue) -> Result<JsValue, JsValue>>::new(act).into_js_value()
}

fn function2(act: impl Fn(JsValue, JsValue) + 'static) -> JsValue {
    Closure::<dyn Fn(JsValue, JsValue)>::new(act).into_js_value()
}

fn define_getter(object: &JsValue, name: &str, getter: &JsValue) {
    let descriptor = json(r#"{"enumerable":true}"#);
    put(&descriptor, "get", getter);
    Object::<JsValue>::define_property(object.unchecked_ref(), &name.into(), descriptor.unchecked_ref());
}

fn json(text: &str) -> JsValue {
    JSON::parse(text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

fn to_json(value: &JsValue) -> String {
    JSON::stringify(value).map(String::from).unwrap_or_default()
}

fn get(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

fn put(object: &JsValue, name: &str, value: &JsValue) {
    Reflect::set(object, &name.into(), value).unwrap();
}

fn string(value: &JsValue) -> String {
    value.as_string().unwrap_or_default()
}

fn text(object: &JsValue, name: &str) -> String {
    string(&get(object, name))
}

fn number(object: &JsValue, name: &str) -> f64 {
    get(object, name).as_f64().unwrap_or(f64::NAN)
}

/// All words of an error.
fn described(error: &JsValue) -> String {
    [text(error, "code"), text(error, "message"), text(error, "evidence"), string(error)].join(" ")
}

#[wasm_bindgen]
extern "C" {
    fn fetch(url: &str, init: &JsValue) -> Promise;
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(act: &Function, millis: i32) -> JsValue;

    type AbortController;
    #[wasm_bindgen(constructor)]
    fn new() -> AbortController;
    #[wasm_bindgen(method, getter)]
    fn signal(this: &AbortController) -> JsValue;
    #[wasm_bindgen(method)]
    fn abort(this: &AbortController, reason: &JsValue);

    type Response;
    #[wasm_bindgen(constructor)]
    fn new(body: &JsValue, init: &JsValue) -> Response;

    type ReadableStream;
    #[wasm_bindgen(constructor)]
    fn new(source: &JsValue) -> ReadableStream;
}
