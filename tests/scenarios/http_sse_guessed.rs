//! HTTP+SSE that is not configured: if a server refuses the POST of `initialize`, the transport is guessed.

use super::http_sse::{HANDSHAKE, Old, connect_error, cut, world_of, world_with};
use super::reply::{fails, http, http_answer, http_json, http_rpc, refused, reset, result, stream};
use mcp_tether::core::{ConnectOptions, ErrorCode, FailureKind, Kind};
use serde_json::json;

/// A world with an HTTP+SSE server that is not configured as such.
fn guessing() -> Old {
    world_with(json!({}))
}

#[test]
fn a_server_that_refuses_the_post_is_tried_for_http_sse() {
    for refusal in [
        http(404, "Cannot POST /sse"),
        http(405, ""),
        http(400, "bad"),
        http_rpc(400, -32600, "Invalid Request"),
        fails(FailureKind::Hidden),
    ] {
        let mut world = guessing();
        world.network.no_post = refusal;
        let session = world.connect();
        assert_eq!(world.methods(), ["initialize", "GET", "initialize", "notifications/initialized"]);
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!(world.machine.session(session).unwrap().kind, Kind::Stateful);
    }
}

#[test]
fn discovery_comes_first_and_is_skipped_where_http_sse_is_configured_or_known() {
    let mut world = world_with(json!({"protocolVersion": "auto"}));
    world.connect();
    assert_eq!(world.methods()[..3], ["server/discover", "initialize", "GET"]);
    world.run_for(4_000_000);
    world.sent.clear();
    cut(&mut world);
    world.run_for(2000);
    assert_eq!(world.methods(), HANDSHAKE);
    let mut world = world_with(json!({"protocolVersion": "auto", "type": "sse"}));
    world.connect();
    assert_eq!(world.methods(), HANDSHAKE);
}

#[test]
fn nothing_else_makes_http_sse_a_guess() {
    let modern = |code: i32| http_answer(400, code, "no");
    for (refusal, code) in [
        (http(401, ""), ErrorCode::Unauthorized),
        (http(403, ""), ErrorCode::Forbidden),
        (http(500, ""), ErrorCode::HttpError),
        (http(503, ""), ErrorCode::HttpError),
        (http(429, ""), ErrorCode::HttpError),
        (http(410, ""), ErrorCode::HttpError),
        (reset(), ErrorCode::NetworkError),
        (modern(-32020), ErrorCode::RpcError),
        (modern(-32021), ErrorCode::RpcError),
        (modern(-32022), ErrorCode::UnsupportedVersion),
        (http_answer(404, -32601, "Method not found"), ErrorCode::RpcError),
        (http_rpc(400, -32000, "Bad Request: Unsupported protocol version"), ErrorCode::RpcError),
        (http(400, "Unsupported protocol version: 2025-11-25"), ErrorCode::HttpError),
        (
            http_json(400, json!({"error": {"code": -32602, "message": "no", "data": {"supported": ["2030-01-01"]}}})),
            ErrorCode::RpcError,
        ),
    ] {
        let mut world = guessing();
        world.network.no_post = refusal;
        assert_eq!(connect_error(&mut world), code);
        assert_eq!(world.count("GET"), 0);
    }
}

#[test]
fn a_pinned_version_prevents_the_guess() {
    let mut world = world_with(json!({"protocolVersion": "2025-06-18"}));
    assert_eq!(connect_error(&mut world), ErrorCode::HttpError);
    assert_eq!(world.methods(), ["initialize"]);
}

#[test]
fn a_guess_that_meets_an_outage_is_made_again() {
    for outage in [http(503, ""), http(502, ""), http(504, ""), refused(), fails(FailureKind::Unreachable)] {
        let mut world = guessing();
        world.network.next("GET", [outage.clone(), outage]);
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.finish(call);
        assert!(world.connected.contains_key(&call));
        assert_eq!((world.count("GET"), world.open_gets().len()), (3, 1));
    }
}

#[test]
fn a_guess_that_is_wrong_leaves_the_error_of_the_post() {
    for get in [http(405, ""), http(404, ""), http(200, ""), reset(), stream(), stream().end(5)] {
        let mut world = guessing();
        world.network.next("GET", [get]);
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.finish(call);
        assert_eq!((world.code(call), world.error(call).status), (ErrorCode::HttpError, Some(404)));
        assert!(world.error(call).evidence.as_ref().unwrap().contains("Cannot POST"));
        assert_eq!(world.methods(), ["initialize", "GET"]);
        assert!(world.open_gets().is_empty() && world.elapsed() <= 10_100);
    }
}

#[test]
fn a_guess_that_meets_a_401_asks_for_a_token_and_goes_on() {
    let mut world = guessing();
    world.network.next("GET", [http(401, "")]);
    let options = ConnectOptions { has_auth: true, ..ConnectOptions::default() };
    let call = world.begin_connect("ann", "db", options);
    for token in [None, Some("t")] {
        world.run_until("the question", |world| !world.tokens_wanted.is_empty());
        let (session, _) = world.tokens_wanted.remove(0);
        world.give_token(session, token);
    }
    world.finish(call);
    assert!(world.connected.contains_key(&call));
    assert_eq!(world.count("GET"), 2);
    assert_eq!(world.sent_as("GET")[1].header("authorization"), Some("Bearer t"));

    let mut world = guessing();
    world.network.next("GET", [http(401, "")]);
    assert_eq!(connect_error(&mut world), ErrorCode::Unauthorized);
}

#[test]
fn a_right_guess_about_a_faulty_server_ends_with_that_servers_error() {
    let mut world = guessing();
    world.network.endpoint = Some("https://evil.test/m".into());
    assert_eq!(connect_error(&mut world), ErrorCode::ProtocolError);
    assert_eq!(world.methods(), ["initialize", "GET"]);

    let mut world = guessing();
    world.network.version = "2030-01-01".into();
    assert_eq!(connect_error(&mut world), ErrorCode::UnsupportedVersion);
    assert_eq!(world.methods(), ["initialize", "GET", "initialize"]);
}

#[test]
fn what_was_learnt_is_remembered_until_it_fails_once() {
    let mut world = guessing();
    let session = world.connect();
    world.run_for(20_000);
    world.sent.clear();
    cut(&mut world);
    world.run_for(2000);
    assert_eq!(world.methods(), HANDSHAKE, "the verdict is remembered");

    world.run_for(20_000);
    world.sent.clear();
    world.network.next("GET", [refused()]);
    world.network.next("initialize", [refused()]);
    cut(&mut world);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    let again = ["GET", "GET", "initialize", "GET", "initialize", "notifications/initialized", "tools/call"];
    assert_eq!(world.methods(), again, "a server that is out of reach has not changed its transport");

    world.run_for(20_000);
    world.sent.clear();
    world.network.next("GET", [http(405, "")]);
    world.network.next("initialize", [http(405, "")]);
    cut(&mut world);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    let restarted = ["GET", "initialize", "GET", "initialize", "notifications/initialized", "tools/call"];
    assert_eq!(world.methods(), restarted);
}

#[test]
fn a_session_that_is_a_stream_is_not_stored() {
    for server in [json!({}), json!({"type": "sse"})] {
        let mut world = world_of(server, &json!({"storage": {}}));
        let session = world.connect();
        let call = world.tool(session, "order");
        world.finish(call);
        world.run_for(20_000);
        cut(&mut world);
        world.run_for(20_000);
        assert!(world.storage.entries.is_empty());
    }
}

#[test]
fn a_server_that_learnt_streamable_http_is_spoken_to_in_it_after_one_failure() {
    let mut world = guessing();
    let session = world.connect();
    world.run_for(20_000);
    world.sent.clear();
    world.network.next("GET", [http(405, "")]);
    let reply = result(json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {}}));
    world.network.next("initialize", [reply]);
    world.network.next("notifications/initialized", [http(202, "")]);
    world.network.next("tools/call", [result(json!({"new": true}))]);
    cut(&mut world);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.result(call), json!({"new": true}));
    assert!(world.sent.iter().all(|sent| sent.url == "https://db.test/sse"));
    assert_eq!(world.machine.session(session).unwrap().kind, Kind::Stateless);
}
