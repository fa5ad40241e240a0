//! Handshakes: the order of requests, what is stored from the response, and what ends a handshake.

use super::reply::{
    Reply, Step, http, http_answer, http_json, http_rpc, refused, reset, result, rpc_error, silence, stream,
};
use super::{world, world_of, world_with};
use mcp_tether::core::{ConnectOptions, ErrorCode, Kind, RequestOptions, State, Target};
use serde_json::{Value, json};

#[test]
fn a_handshake_is_initialize_then_initialized_then_the_get_stream() {
    let mut world = world();
    let session = world.connect();
    assert_eq!(world.methods(), ["initialize", "notifications/initialized", "GET"]);
    let initialize = &world.sent[0];
    assert_eq!(initialize.param("protocolVersion"), "2025-11-25");
    assert_eq!(initialize.param("clientInfo"), &json!({"name": "world", "version": "1"}));
    for later in &world.sent[1..] {
        assert_eq!(later.session(), Some("00000001-db-secret"));
        assert_eq!(later.header("mcp-protocol-version"), Some("2025-11-25"));
    }
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.kind, info.state, info.generation), (Kind::Stateful, State::Ready, 1));
    assert_eq!(world.machine.initialize_result(session).unwrap()["serverInfo"]["name"], "db");
}

#[test]
fn the_id_comes_from_the_answer_to_initialize_and_from_nowhere_else() {
    let mut world = world();
    let session = world.connect();
    let other = result(json!({})).head(|head| head.session_id = Some("another-id".into()));
    world.server().next("tools/call", [other]);
    let call = world.tool(session, "read");
    world.finish(call);
    let call = world.tool(session, "read");
    world.finish(call);
    assert!(world.sent[1..].iter().all(|sent| sent.session() == Some("00000001-db-secret")));
}

#[test]
fn a_server_without_an_id_is_stateless_and_has_no_get_stream_and_no_delete() {
    let mut world = world();
    world.server().stateful = false;
    let session = world.connect();
    assert_eq!(world.machine.session(session).unwrap().kind, Kind::Stateless);
    let call = world.tool(session, "order");
    world.finish(call);
    let end = world.terminate(mcp_tether::core::Target::Session(session));
    world.finish(end);
    assert_eq!(world.methods(), ["initialize", "notifications/initialized", "tools/call"]);
    assert!(world.sent[2].session().is_none());
}

#[test]
fn a_second_connect_uses_what_is_there() {
    let mut world = world();
    let first = world.connect();
    let second = world.connect();
    assert_eq!(first, second);
    assert_eq!(world.count("initialize"), 1);
    assert!(world.event_names().contains(&"sessionReused"));
}

#[test]
fn ten_connects_at_once_make_one_handshake() {
    let mut world = world();
    let calls: Vec<_> = (0..10).map(|_| world.begin_connect("ann", "db", ConnectOptions::default())).collect();
    world.drive();
    assert!(calls.iter().all(|call| world.connected.contains_key(call)));
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn a_cancelled_connect_leaves_the_others_waiting_for_the_handshake() {
    let mut world = world();
    let first = world.begin_connect("ann", "db", ConnectOptions::default());
    let second = world.begin_connect("ann", "db", ConnectOptions::default());
    world.cancel(first);
    world.drive();
    assert_eq!(world.code(first), ErrorCode::Cancelled);
    assert!(world.connected.contains_key(&second));
    assert_eq!(world.count("notifications/cancelled"), 0, "initialize must not be cancelled");
}

#[test]
fn an_older_revision_is_agreed_on_and_its_header_left_out() {
    let mut world = world();
    world.server().version = "2025-03-26".into();
    let session = world.connect();
    assert_eq!(world.machine.session(session).unwrap().protocol_version, "2025-03-26");
    assert!(world.sent.iter().all(|sent| sent.header("mcp-protocol-version").is_none()));
}

#[test]
fn an_unsupported_revision_is_an_error() {
    let mut world = world();
    world.server().version = "1999-01-01".into();
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.drive();
    assert_eq!(world.code(call), ErrorCode::UnsupportedVersion);
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn a_counter_offer_is_taken_once_a_version_and_never_in_circles() {
    let mut world = world();
    let supported = json!({"jsonrpc": "2.0", "id": 0, "error": {
        "code": -32602, "message": "Unsupported protocol version", "data": {"supported": ["2025-06-18", "2025-03-26"]},
    }});
    world.server().always("initialize", super::reply::http_json(400, supported));
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.drive();
    assert_eq!((world.code(call), world.error(call).rpc_code), (ErrorCode::RpcError, Some(-32602.0)));
    let offers: Vec<_> = world.sent.iter().map(|sent| sent.param("protocolVersion").clone()).collect();
    assert_eq!(offers, ["2025-11-25", "2025-06-18", "2025-03-26"]);
}

#[test]
fn a_connect_retries_until_the_server_is_up() {
    let mut world = world();
    world.server().next("initialize", [refused(), refused(), reset()]);
    world.connect();
    assert_eq!(world.count("initialize"), 4);
    assert!(world.elapsed() < 8_000, "at most 1 + 2 + 4 s of backoff");
}

#[test]
fn the_attempts_are_counted() {
    let mut world = world();
    world.server().always("initialize", refused());
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.drive();
    assert_eq!(world.code(call), ErrorCode::NetworkError);
    assert_eq!(world.count("initialize"), 4, "one attempt and three retries");
    assert_eq!(world.machine.stats().total_sessions, 0, "no session is left");
}

#[test]
fn an_initialize_without_an_answer_is_given_up_at_its_own_timeout() {
    let mut world = world_with(json!({"initTimeout": 2000, "sessionConfig": {"retryAttempts": 0}}), json!({}));
    world.server().always("initialize", silence());
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.drive();
    assert_eq!(world.settled_at(call), 2000);
    assert_eq!(world.code(call), ErrorCode::RequestTimeout);
}

#[test]
fn a_server_that_accepts_connections_and_never_answers_is_given_up_within_66_seconds() {
    let mut world = world_with(json!({"protocolVersion": "auto"}), json!({}));
    for method in ["server/discover", "initialize"] {
        world.server().always(method, silence());
    }
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.drive();
    assert_eq!((world.code(call), world.count("initialize")), (ErrorCode::RequestTimeout, 2));
    // 5 s for discovery, 30 s for each initialize, up to 1 s of backoff.
    assert!((65_000..=66_000).contains(&world.settled_at(call)), "{}", world.settled_at(call));
    assert_eq!(world.lines(), ["[MCP][db] The server does not answer; trying again"]);
}

#[test]
fn a_wrong_address_is_not_retried() {
    for reply in [http(404, "<html>Not found</html>"), http(405, ""), http(200, "<html>Hello</html>")] {
        let mut world = world();
        world.server().always("initialize", reply);
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.drive();
        assert!(matches!(world.code(call), ErrorCode::HttpError | ErrorCode::ProtocolError));
        assert!(world.error(call).message.contains("MCP endpoint"), "{}", world.error(call).message);
        assert_eq!(world.count("initialize"), 1);
    }
}

#[test]
fn errors_of_a_first_connect_say_what_to_check() {
    for (reply, hint) in [
        (http(404, "Not Found"), "there is no MCP endpoint at this URL; the usual path is /mcp"),
        (http(401, ""), "the server requires valid credentials: check headers and auth"),
    ] {
        let mut world = world();
        world.server().always("initialize", reply.clone());
        world.server().always("GET", reply);
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.finish(call);
        assert_eq!(world.error(call).message, hint);
    }
}

/// Protection against DNS rebinding: the TypeScript SDK, Python's (421 for the host), rmcp, Starlette, Vite.
#[test]
fn a_host_or_origin_that_is_not_allowed_is_named() {
    for reply in [
        http_rpc(403, -32000, "Invalid Host: mcp.example"),
        http_rpc(403, -32000, "Invalid Origin header: https://app.example"),
        http(421, "Invalid Host header"),
        http(403, "Invalid Origin header"),
        http(403, "Forbidden: Host header is not allowed"),
        http(403, "Forbidden: Origin header is not allowed"),
        http(400, "Invalid host header"),
        http(403, "Blocked request. This host (\"mcp.example\") is not allowed."),
    ] {
        for method in ["initialize", "tools/call"] {
            let mut world = world();
            world.server().always(method, reply.clone());
            let call = if method == "initialize" {
                world.begin_connect("ann", "db", ConnectOptions::default())
            } else {
                let session = world.connect();
                world.tool(session, "order")
            };
            world.finish(call);
            let error = world.error(call);
            assert_eq!(error.code, ErrorCode::Forbidden, "{error}");
            assert_eq!(error.message, "the server refused the request for its Host or Origin");
            // 421 asks for another connection.
            let is_misdirected = error.status == Some(421);
            assert_eq!((error.retryable, world.count(method) > 1), (is_misdirected, is_misdirected), "{error}");
        }
    }
    // A tool's or a scope's refusal is none of these.
    let mut world = world();
    world.server().always("initialize", http(403, "you may not read the origin of this order"));
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.finish(call);
    assert_eq!(world.error(call).message, "the credentials do not permit this request");
}

#[test]
fn an_answer_as_a_stream_is_as_good_and_brings_the_id_in_its_header() {
    let mut world = world();
    world.server().sessions.insert("stream-id".into());
    let answer =
        json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}});
    let reply = stream().head(|head| head.session_id = Some("stream-id".into())).streamed(5, answer).end(1);
    world.server().next("initialize", [reply]);
    let session = world.connect();
    assert_eq!(world.machine.session(session).unwrap().session_id.as_deref(), Some("stream-id"));
}

#[test]
fn an_id_that_breaks_the_rules_is_not_taken() {
    for id in ["with space", "a, a", "line\nbreak", "ünïcode", &"x".repeat(8193)] {
        let mut world = world();
        let answer = json!({"protocolVersion": "2025-11-25", "capabilities": {}});
        world.server().always("initialize", result(answer).head(|head| head.session_id = Some(id.into())));
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.drive();
        assert_eq!(world.code(call), ErrorCode::ProtocolError, "{id:.20}");
        assert_eq!(world.methods(), ["initialize"]);
    }
}

#[test]
fn every_id_of_visible_ascii_is_taken_up_to_8_kib() {
    for id in ["!", "~", "a+/=.~_-", "eyJhbGciOiJIUzI1NiJ9.e30.x", &"x".repeat(8192)] {
        let mut world = world();
        world.server().sessions.insert(id.into());
        let answer = json!({"protocolVersion": "2025-11-25", "capabilities": {}});
        world.server().next("initialize", [result(answer).head(|head| head.session_id = Some(id.into()))]);
        let session = world.connect();
        let call = world.tool(session, "read");
        world.finish(call);
        assert_eq!(world.sent.last().unwrap().session(), Some(id));
    }
}

#[test]
fn a_refused_initialized_notification_is_sent_again_in_the_same_session() {
    for reply in [http(429, ""), http(503, "").retry_after("1"), http(421, ""), super::reply::reset()] {
        let mut world = world();
        world.server().next("notifications/initialized", [reply.clone()]);
        world.connect();
        world.run_for(10);
        assert_eq!(world.methods(), ["initialize", "notifications/initialized", "notifications/initialized", "GET"]);
        assert_eq!(world.sent[2].session(), world.sent[1].session(), "{reply:?}");
    }
}

#[test]
fn a_session_whose_initialized_notification_is_never_taken_is_deleted() {
    let mut world = world();
    world.server().always("notifications/initialized", http(429, ""));
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.finish(call);
    world.run_for(100);
    assert_eq!((world.code(call), world.error(call).status), (ErrorCode::HttpError, Some(429)));
    assert_eq!((world.count("initialize"), world.count("notifications/initialized")), (1, 4));
    assert_eq!((world.count("DELETE"), world.server().sessions.len()), (1, 0));
}

/// The responses to `initialize` that bring an id and no session.
fn stillborn() -> [(&'static str, Reply, ErrorCode); 9] {
    let issued = |reply: Reply| reply.head(|head| head.session_id = Some(String::from("early-db-secret")));
    let silent = || issued(stream());
    let answer = |result: Value| issued(http_json(200, json!({"jsonrpc": "2.0", "id": 1, "result": result})));
    [
        ("headers, then silence", silent(), ErrorCode::RequestTimeout),
        ("headers, comments, then silence", silent().then(10, Step::Comment), ErrorCode::RequestTimeout),
        ("a stream that ends", silent().end(10), ErrorCode::NetworkError),
        ("a stream that is cut", silent().cut(10), ErrorCode::NetworkError),
        ("no JSON", issued(http(200, "welcome")), ErrorCode::ProtocolError),
        ("a JSON-RPC error", issued(rpc_error(-32603, "starting")), ErrorCode::RpcError),
        ("an unknown version", answer(json!({"protocolVersion": "2031-01-01"})), ErrorCode::UnsupportedVersion),
        ("no version", answer(json!({"capabilities": {}})), ErrorCode::ProtocolError),
        ("no result", answer(Value::Null), ErrorCode::ProtocolError),
    ]
}

#[test]
fn a_session_whose_handshake_fails_after_its_id_has_arrived_is_deleted() {
    for (name, reply, code) in stillborn() {
        let mut world = world();
        world.server().always("initialize", reply);
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.finish(call);
        world.run_for(10_000);
        assert_eq!(world.code(call), code, "{name}");
        let deleted = world.sent_as("DELETE");
        assert_eq!(deleted.len(), world.count("initialize"), "{name}");
        assert!(deleted.iter().all(|sent| sent.session() == Some("early-db-secret")), "{name}");
        let call = world.close(true);
        world.finish(call);
        assert_eq!(world.count("DELETE"), world.count("initialize"), "{name}: once each");
    }
}

#[test]
fn a_recovery_that_fails_after_its_id_has_arrived_deletes_that_session_alone() {
    for (name, reply, _) in stillborn() {
        let mut world = world();
        let session = world.connect();
        let before = world.count("initialize");
        world.server().forget();
        world.server().next("initialize", [reply]);
        let call = world.plain(session, "tools/list");
        world.finish(call);
        let deleted = world.sent_as("DELETE");
        assert_eq!(deleted.len(), 1, "{name}");
        assert_eq!(deleted[0].session(), Some("early-db-secret"), "{name}");
        assert!(world.count("initialize") <= before + 2, "{name}");
    }
}

#[test]
fn a_first_connect_that_fails_at_initialized_leaves_nothing_that_goes_on_by_itself() {
    let too_large = super::reply::fails(mcp_tether::core::FailureKind::TooLarge);
    for reply in [http(401, ""), http(429, ""), http(503, "").retry_after("1"), refused(), too_large] {
        let mut world = world();
        world.server().always("notifications/initialized", reply.clone());
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.finish(call);
        world.run_for(100);
        let sent = world.sent.len();
        world.run_for(1_000_000);
        assert_eq!((world.sent.len(), world.count("initialize")), (sent, 1), "{reply:?}");
        assert!(!world.event_names().contains(&"recoveryFailed"), "{reply:?}");
        assert!(world.server().sessions.is_empty() || world.count("DELETE") == 1, "{reply:?}");
        world.server().behave();
        world.connect();
    }
}

#[test]
fn an_end_while_the_response_with_the_id_is_read_deletes_that_session() {
    let issued = || stream().head(|head| head.session_id = Some(String::from("early-db-secret")));
    for (name, reply) in [
        ("a stream in flight", issued()),
        ("a stream that is to be resumed", issued().priming(0, "e1", Some(60_000)).end(0)),
    ] {
        let mut world = world();
        world.server().always("initialize", reply);
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.run_for(50);
        let end = world.terminate(Target::User("ann".into()));
        world.finish(end);
        assert_eq!((world.code(call), world.count("initialize")), (ErrorCode::Closed, 1), "{name}");
        let deleted: Vec<_> = world.sent_as("DELETE").iter().map(|sent| sent.session()).collect();
        assert_eq!(deleted, [Some("early-db-secret")], "{name}");
        let sent = world.sent.len();
        world.run_for(600_000);
        assert_eq!(world.sent.len(), sent, "{name}");
    }
}

#[test]
fn an_id_that_cannot_be_a_session_of_ours_is_not_deleted() {
    for (status, id) in [(400, "early"), (401, "early"), (500, "early"), (200, "a b"), (200, "")] {
        let mut world = world();
        let refused = http(status, "no").head(|head| head.session_id = Some(id.into()));
        world.server().always("initialize", refused);
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.finish(call);
        world.run_for(10_000);
        assert_eq!(world.count("DELETE"), 0, "{status} {id:?}");
    }
}

#[test]
fn a_call_that_times_out_during_a_handshake_leaves_it_alone() {
    let mut world = world();
    let session = world.connect();
    world.server().forget();
    let slow = stream().head(|head| head.session_id = Some(String::from("slow-db-secret")));
    world.server().next("initialize", [slow.streamed(5_000, json!({"protocolVersion": "2025-11-25"})).end(0)]);
    let options = RequestOptions { timeout: Some(1_000), ..RequestOptions::default() };
    let call = world.request(session, "tools/list", json!({}), options);
    world.finish(call);
    assert_eq!((world.code(call), world.count("initialize")), (ErrorCode::RequestTimeout, 2));
    world.run_for(10_000);
    assert_eq!((world.count("initialize"), world.count("DELETE")), (2, 0));
}

#[test]
fn a_server_that_stumbles_over_initialized_itself_is_still_used() {
    let mut world = world();
    world.server().next("notifications/initialized", [http_answer(400, -32601, "Method not found")]);
    let session = world.connect();
    let call = world.tool(session, "read");
    world.finish(call);
    assert_eq!(world.count("initialize"), 1);
    world.result(call);
}

#[test]
fn a_server_that_loses_each_session_before_initialized_is_reported_as_such() {
    let mut world = world();
    world.server().always("notifications/initialized", http_rpc(404, -32001, "Session not found"));
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.drive();
    assert!(world.error(call).message.contains("replicas"), "{}", world.error(call));
    assert!(world.count("initialize") <= 2);
}

/// The server is killed between `initialize` and `notifications/initialized`, and is back when the attempts are used up.
#[test]
fn a_session_that_a_restart_takes_before_initialized_is_followed_by_another() {
    let mut world = world();
    let lost = http_rpc(404, -32001, "Session not found");
    world.server().next("notifications/initialized", [reset(), refused(), refused(), lost]);
    world.connect();
    assert_eq!((world.count("initialize"), world.count("notifications/initialized")), (2, 5));
}

/// One restart takes the session before `notifications/initialized`, the other one in use, in either order.
#[test]
fn a_server_that_restarts_twice_in_a_row_is_not_taken_for_one_that_keeps_no_sessions() {
    let lost = || http_rpc(404, -32001, "Session not found");
    for first in [true, false] {
        let mut world = world();
        if first {
            world.server().next("notifications/initialized", [reset(), refused(), lost()]);
        } else {
            world.server().next("notifications/initialized", [http(202, ""), reset(), refused(), lost()]);
        }
        world.server().next("ping", [refused(), lost()]);
        world.server().next("tools/list", [reset(), refused()]);
        let session = world.connect();
        let call = world.plain(session, "tools/list");
        world.finish(call);
        world.result(call);
        assert_eq!(world.count("initialize"), 3, "{first}");
    }
}

/// Nothing says here that replicas share no sessions: each time, the server went away first.
#[test]
fn a_server_that_goes_away_whenever_it_is_to_be_initialized_is_reported_as_such() {
    let mut world = world();
    let gone = || [reset(), refused(), http_rpc(404, -32001, "Session not found")];
    world.server().next("notifications/initialized", gone().into_iter().chain(gone()));
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::SessionTerminated);
    assert!(!world.error(call).message.contains("replicas"), "{}", world.error(call));
    assert!(world.count("initialize") <= 2);
}

#[test]
fn an_unknown_server_is_a_config_error_that_names_the_known_ones() {
    let mut world = world_of(&["a", "b"], json!({}), json!({}));
    let call = world.begin_connect("ann", "c", ConnectOptions::default());
    world.drive();
    assert_eq!(world.code(call), ErrorCode::ConfigError);
    assert!(world.error(call).message.contains("a, b"));
}

#[test]
fn initialize_is_not_for_callers() {
    let mut world = world();
    let session = world.connect();
    let call = world.plain(session, "initialize");
    world.drive();
    assert_eq!(world.code(call), ErrorCode::ConfigError);
}

#[test]
fn an_error_answer_to_initialize_is_the_callers_to_see() {
    let mut world = world();
    world.server().always("initialize", rpc_error(-32000, "not today"));
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.drive();
    assert_eq!((world.code(call), world.error(call).rpc_code), (ErrorCode::RpcError, Some(-32000.0)));
    assert_eq!(world.count("initialize"), 1);
}

/// Gateways that speak JSON-RPC give their own failures the id of the request.
#[test]
fn a_handshake_is_tried_again_though_the_gateway_says_no_with_the_id_of_the_request() {
    for status in [500, 502, 503, 504, 520] {
        let refusal = || http_answer(status, -32000, "upstream unavailable");
        let mut world = world();
        world.server().next("initialize", [refusal(), refusal()]);
        world.connect();
        assert_eq!(world.count("initialize"), 3, "{status}");

        let (mut world, session) = super::suspicion::working();
        world.server().forget();
        world.server().next("initialize", [refusal(), refusal(), refusal()]);
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 5), "{status}");

        // A server that is not coming back is quoted.
        let mut world = super::world();
        world.server().always("initialize", refusal());
        let call = world.begin_connect("ann", "db", Default::default());
        world.finish(call);
        let error = world.error(call);
        assert_eq!(
            (error.message.as_str(), error.status, error.retryable),
            ("upstream unavailable", Some(status), true)
        );
    }
}
