//! Calls to a server of 2026-07-28: the contents of each request, and what the client does in place of a session.

use super::reply::{Data, Step, http_answer, http_json, reset, result, rpc_error, stream};
use super::{Tether, modern_world};
use mcp_tether::core::{ErrorCode, Input, RequestOptions, SessionRef};
use serde_json::{Value, json};

fn connected() -> (Tether, SessionRef) {
    let mut world = modern_world();
    let session = world.connect();
    (world, session)
}

fn ask(world: &mut Tether, session: SessionRef, method: &str, params: Value) -> Value {
    let call = world.request(session, method, params, RequestOptions::default());
    world.finish(call);
    world.result(call)
}

fn mismatch() -> super::reply::Reply {
    http_answer(400, -32020, "Header mismatch")
}

#[test]
fn names_are_mirrored_in_headers() {
    let (mut world, session) = connected();
    for (method, params, name) in [
        ("tools/call", json!({"name": "read"}), Some("read")),
        ("prompts/get", json!({"name": "grüße"}), Some("=?base64?Z3LDvMOfZQ==?=")),
        ("resources/read", json!({"uri": "test://a b"}), Some("test://a b")),
        ("tasks/get", json!({"taskId": "t-1"}), Some("t-1")),
        ("resources/list", Value::Null, None),
    ] {
        ask(&mut world, session, method, params);
        let sent = world.sent.last().unwrap();
        assert_eq!((sent.header("mcp-method"), sent.header("mcp-name")), (Some(method), name));
    }
}

#[test]
fn meta_of_the_caller_is_kept_but_not_what_is_ours() {
    let (mut world, session) = connected();
    let meta = json!({"traceparent": "00-1", "io.modelcontextprotocol/protocolVersion": "1999-01-01"});
    ask(&mut world, session, "tools/list", json!({"_meta": meta}));
    let sent = world.sent.last().unwrap().param("_meta").clone();
    assert_eq!(sent["traceparent"], "00-1");
    assert_eq!(sent["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
    assert!(sent["progressToken"].is_u64());
}

#[test]
fn capabilities_of_handlers_are_declared_from_the_next_request_on() {
    let (mut world, session) = connected();
    ask(&mut world, session, "tools/list", Value::Null);
    world.input(Input::Declare { session, capability: "elicitation".into() });
    ask(&mut world, session, "tools/list", Value::Null);
    let said = |sent: &super::world::Sent| sent.param("_meta")["io.modelcontextprotocol/clientCapabilities"].clone();
    let lists = world.sent_as("tools/list");
    assert_eq!((said(lists[0]), said(lists[1])), (json!({}), json!({"elicitation": {}})));
}

#[test]
fn requests_that_the_revision_dropped_are_answered_by_the_client() {
    let (mut world, session) = connected();
    ask(&mut world, session, "logging/setLevel", json!({"level": "debug"}));
    let notified = world.notify(session, "notifications/roots/list_changed");
    world.finish(notified);
    assert_eq!(world.methods(), ["server/discover"]);
    ask(&mut world, session, "ping", Value::Null);
    assert_eq!(world.methods(), ["server/discover"; 2], "a liveness check is still a request");
    ask(&mut world, session, "tools/list", Value::Null);
    assert_eq!(world.sent.last().unwrap().param("_meta")["io.modelcontextprotocol/logLevel"], "debug");
    let vendors = world.notify(session, "vendor/told");
    world.finish(vendors);
    assert_eq!(world.sent.last().unwrap().method(), "vendor/told");
}

#[test]
fn thousands_of_calls_that_need_no_request_end_one_after_the_other() {
    let mut world = super::world_with(json!({"protocolVersion": "auto"}), json!({"limits": {"maxQueued": 20_000}}));
    (world.server().modern, world.server().legacy) = (true, false);
    let session = world.connect();
    world.server().forget();
    for _ in 0..20_000 {
        world.request(session, "logging/setLevel", json!({"level": "info"}), RequestOptions::default());
    }
    world.drive();
    assert_eq!(world.methods(), ["server/discover"]);
}

#[test]
fn closing_the_stream_is_how_a_call_is_cancelled() {
    let (mut world, session) = connected();
    world.server().always("tools/call", stream());
    let call = world.tool(session, "order");
    world.run_for(10);
    world.cancel(call);
    let late = world.tool_within(session, "order", 1_000);
    world.finish(late);
    assert_eq!(world.code(late), ErrorCode::RequestTimeout);
    let calls: Vec<_> = world.sent_as("tools/call").iter().map(|sent| sent.exchange).collect();
    assert_eq!(world.aborted, calls);
    assert_eq!(world.count("notifications/cancelled"), 0);
}

#[test]
fn a_broken_stream_is_never_resumed_and_a_safe_call_goes_again_under_a_new_id() {
    let (mut world, session) = connected();
    ask(&mut world, session, "tools/list", Value::Null);
    let broken = || stream().priming(1, "e-1", None).cut(1);
    world.server().next("tools/call", [broken()]);
    let safe = world.tool(session, "read");
    world.finish(safe);
    world.result(safe);
    let calls = world.sent_as("tools/call");
    assert_eq!((calls.len(), world.count("GET")), (2, 0));
    assert_ne!(calls[0].id(), calls[1].id());
    world.server().next("tools/call", [broken(), reset()]);
    for _ in 0..2 {
        let order = world.tool(session, "order");
        world.finish(order);
        assert_eq!(world.code(order), ErrorCode::OutcomeUnknown);
    }
    assert_eq!(world.server().executed("order"), 0);
}

#[test]
fn results_of_unknown_kind_are_errors_and_those_of_none_are_complete() {
    let (mut world, session) = connected();
    ask(&mut world, session, "tools/list", Value::Null);
    world
        .server()
        .next("tools/call", [result(json!({"resultType": "riddle"})), result(json!({"resultType": "riddle"}))]);
    let read = world.tool(session, "read");
    let order = world.tool(session, "order");
    world.drive();
    assert_eq!((world.code(read), world.code(order)), (ErrorCode::ProtocolError, ErrorCode::OutcomeUnknown));
    world.server().next("tools/call", [result(json!({"content": []}))]);
    assert_eq!(ask(&mut world, session, "tools/call", json!({"name": "order"})), json!({"content": []}));
}

#[test]
fn requests_on_a_stream_are_not_answered() {
    let (mut world, session) = connected();
    world.server().next(
        "tools/call",
        [stream()
            .then(1, Step::Event(None, None, Data::Json(json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}))))
            .streamed(1, json!({"content": []}))],
    );
    ask(&mut world, session, "tools/call", json!({"name": "order"}));
    assert_eq!((world.count("answer"), world.asked.len()), (0, 0));
}

#[test]
fn arguments_are_mirrored_once_the_tool_is_known() {
    let (mut world, session) = connected();
    let schema =
        |header: &str| json!({"type": "object", "properties": {"region": {"type": "string", "x-mcp-header": header}}});
    world.server().tools = json!([{"name": "order", "inputSchema": schema("Region")}]);
    ask(&mut world, session, "tools/list", Value::Null);
    let params = json!({"name": "order", "arguments": {"region": "eu"}});
    ask(&mut world, session, "tools/call", params.clone());
    assert_eq!(world.sent.last().unwrap().header("Mcp-Param-Region"), Some("eu"));

    // The schema has changed: the list is fetched again, and the call is sent once more.
    world.server().tools = json!([{"name": "order", "inputSchema": schema("Zone")}]);
    world.server().next("tools/call", [mismatch()]);
    ask(&mut world, session, "tools/call", params.clone());
    let last = world.sent.last().unwrap();
    assert_eq!((last.header("Mcp-Param-Zone"), last.header("Mcp-Param-Region")), (Some("eu"), None));
    assert_eq!((world.count("tools/list"), world.server().executed("order")), (2, 2));

    world.server().always("tools/call", mismatch());
    let call = world.request(session, "tools/call", params, RequestOptions::default());
    world.finish(call);
    assert_eq!((world.code(call), world.error(call).rpc_code), (ErrorCode::RpcError, Some(-32020.0)));
    assert_eq!(world.count("tools/call"), 5, "one retry, not several");
}

#[test]
fn tools_whose_annotations_break_the_rules_are_left_out() {
    let (mut world, session) = connected();
    let tool = |name: &str, header: Value| json!({"name": name, "inputSchema": {"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": header}}}});
    world.server().tools = json!([tool("good", json!("A")), tool("bad", json!("A B")), {"name": "plain"}]);
    let listed = ask(&mut world, session, "tools/list", Value::Null);
    let names: Vec<_> = listed["tools"].as_array().unwrap().iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, [json!("good"), json!("plain")]);
    assert!(world.lines().iter().any(|line| line.ends_with("x-mcp-header annotations are invalid: bad")));
}

#[test]
fn fresh_results_are_served_from_the_cache() {
    let (mut world, session) = connected();
    let fresh = |name: &str| {
        result(json!({"resultType": "complete", "prompts": [{"name": name}], "ttlMs": 10_000, "cacheScope": "private"}))
    };
    world.server().next("prompts/list", [fresh("a"), fresh("b"), fresh("c")]);
    let mut first = ask(&mut world, session, "prompts/list", Value::Null);
    first["prompts"] = json!("changed by its consumer");
    assert_eq!(ask(&mut world, session, "prompts/list", Value::Null)["prompts"][0]["name"], "a");
    assert_eq!(ask(&mut world, session, "prompts/list", json!({"cursor": "2"}))["prompts"][0]["name"], "b");
    assert_eq!(world.count("prompts/list"), 2);
    world.run_for(10_001);
    assert_eq!(ask(&mut world, session, "prompts/list", Value::Null)["prompts"][0]["name"], "c");
    for senseless in [json!(0), json!(-1), json!("10"), json!(null)] {
        world.server().always("resources/read", result(json!({"ttlMs": senseless})));
        let before = world.count("resources/read");
        ask(&mut world, session, "resources/read", json!({"uri": "x"}));
        ask(&mut world, session, "resources/read", json!({"uri": "x"}));
        assert_eq!(world.count("resources/read"), before + 2);
    }
}

#[test]
fn a_refused_cursor_drops_the_kept_pages() {
    let (mut world, session) = connected();
    world
        .server()
        .next("prompts/list", [result(json!({"prompts": [], "ttlMs": 60_000})), rpc_error(-32602, "bad cursor")]);
    ask(&mut world, session, "prompts/list", Value::Null);
    let call = world.request(session, "prompts/list", json!({"cursor": "2"}), RequestOptions::default());
    world.finish(call);
    ask(&mut world, session, "prompts/list", Value::Null);
    assert_eq!(world.count("prompts/list"), 3);
}

#[test]
fn a_missing_capability_is_delivered_to_the_caller() {
    let (mut world, session) = connected();
    let error =
        json!({"code": -32021, "message": "Missing capability", "data": {"requiredCapabilities": {"sampling": {}}}});
    world.server().next("tools/call", [http_json(400, json!({"jsonrpc": "2.0", "id": null, "error": error}))]);
    let call = world.tool(session, "order");
    world.finish(call);
    let error = world.error(call);
    assert_eq!((error.code, error.rpc_code), (ErrorCode::RpcError, Some(-32021.0)));
    assert_eq!(error.data.as_ref().unwrap()["requiredCapabilities"], json!({"sampling": {}}));
}

#[test]
fn the_end_of_a_session_sends_nothing() {
    let (mut world, session) = connected();
    let end = world.terminate(mcp_tether::core::Target::Session(session));
    world.finish(end);
    assert_eq!(world.methods(), ["server/discover"]);
}
