//! Exchanges that fail before their response: the caller's error follows from what the host knows of the failure.

use super::reply::{fails, http, http_rpc, result};
use super::{world, world_with};
use mcp_tether::core::{ErrorCode, FailureKind, State};
use serde_json::json;

#[test]
fn what_an_injected_fetch_throws_is_delivered_once_and_never_retried() {
    let mut world = world();
    let session = world.connect();
    let list = world.plain(session, "tools/list");
    world.finish(list);
    for (name, count) in [("read", 1), ("order", 2)] {
        world.server().next("tools/call", [fails(FailureKind::Thrown)]);
        let call = world.tool(session, name);
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::NetworkError);
        assert!(!world.error(call).retryable);
        assert_eq!(world.count("tools/call"), count);
    }
    assert_eq!((world.count("initialize"), world.machine.session(session).unwrap().state), (1, State::Ready));
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn a_handshake_whose_fetch_throws_is_not_retried() {
    for protocol in ["auto", "legacy"] {
        let mut world = world_with(json!({"protocolVersion": protocol}), json!({}));
        for method in ["server/discover", "initialize"] {
            world.server().always(method, fails(FailureKind::Thrown));
        }
        let call = world.begin_connect("ann", "db", Default::default());
        world.finish(call);
        assert_eq!((world.code(call), world.sent.len()), (ErrorCode::NetworkError, 1));
        assert!(!world.error(call).retryable);
    }
}

#[test]
fn out_of_reach_in_a_page_leaves_the_outcome_unknown() {
    let mut world = world();
    let session = world.connect();
    let list = world.plain(session, "tools/list");
    world.finish(list);
    world.server().next("tools/call", [fails(FailureKind::Unreachable), result(json!({}))]);
    let read = world.tool(session, "read");
    world.finish(read);
    world.result(read);
    world.server().next("tools/call", [fails(FailureKind::Unreachable)]);
    let order = world.tool(session, "order");
    world.finish(order);
    assert_eq!((world.code(order), world.count("tools/call")), (ErrorCode::OutcomeUnknown, 3));
}

/// A server that keeps sessions, and a page that cannot read their ids.
fn hidden_id() -> super::Tether {
    let mut world = world();
    world.server().stateful = false;
    let answer =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "db", "version": "1"}});
    world.server().always("initialize", result(answer).head(|head| head.hides_headers = true));
    world
}

#[test]
fn a_session_id_hidden_by_cors_is_reported_if_the_server_requires_one() {
    for (status, words) in [
        (400, "Bad Request: No valid session ID provided"),
        (400, "Mcp-Session-Id header is required"),
        (400, "no session"),
        (400, "Invalid or expired session"),
        (404, "Session not found"),
        (400, ""),
        (422, ""),
    ] {
        let mut world = hidden_id();
        let session = world.connect();
        let refusal = if words.is_empty() { http(status, "") } else { http_rpc(status, -32000, words) };
        world.server().always("tools/call", refusal);
        for _ in 0..3 {
            let call = world.tool(session, "order");
            world.finish(call);
            assert_eq!(world.code(call), ErrorCode::CorsBlocked, "{status} {words}");
            assert!(world.error(call).message.contains("Access-Control-Expose-Headers: Mcp-Session-Id"));
        }
        assert_eq!((world.count("initialize"), world.count("tools/call")), (1, 3), "a handshake would not help");
    }
}

#[test]
fn a_session_id_hidden_by_cors_is_reported_at_connect_if_the_server_requires_one_at_once() {
    let mut world = hidden_id();
    world
        .server()
        .always("notifications/initialized", http_rpc(400, -32000, "Bad Request: No valid session ID provided"));
    let call = world.begin_connect("ann", "db", Default::default());
    world.finish(call);
    assert_eq!((world.code(call), world.count("initialize")), (ErrorCode::CorsBlocked, 1));
    assert!(world.error(call).message.contains("Access-Control-Expose-Headers: Mcp-Session-Id"));
}

#[test]
fn a_server_without_sessions_is_not_suspected_of_hiding_their_ids() {
    let mut world = hidden_id();
    let session = world.connect();
    let call = world.tool(session, "order");
    world.server().next("tools/call", [http_rpc(400, -32602, "missing argument: amount")]);
    let wrong = world.tool(session, "order");
    world.finish(call);
    world.finish(wrong);
    assert_eq!((world.code(wrong), world.count("initialize")), (ErrorCode::RpcError, 1));
    // Without an id it has answered requests already.
    world.server().next("tools/call", [http_rpc(400, -32602, "no checkout session"), http(400, "")]);
    for code in [ErrorCode::RpcError, ErrorCode::HttpError] {
        let odd = world.tool(session, "order");
        world.finish(odd);
        assert_eq!((world.code(odd), world.count("initialize")), (code, 1));
    }
}

/// A proxy removes the header from responses.
#[test]
fn a_session_id_that_never_arrived_is_reported_if_the_server_requires_one() {
    for (status, words) in [
        (400, "Bad Request: No valid session ID provided"),
        (400, "Mcp-Session-Id header is required"),
        (400, "Bad Request: Missing session ID"),
        (400, "Invalid request parameters"),
        (404, "Session not found"),
        (422, "session id is required"),
    ] {
        let mut world = world();
        world.server().stateful = false;
        for method in ["tools/call", "ping"] {
            world.server().always(method, http_rpc(status, -32000, words));
        }
        let session = world.connect();
        let call = world.tool(session, "order");
        world.finish(call);
        let message = &world.error(call).message;
        assert!(message.contains("removes the header `Mcp-Session-Id`"), "{status} {words}: {message}");
    }
}
