//! Limits: what is refused instead of buffered.

use super::reply::{fails, result, silence};
use super::{world, world_of, world_with};
use mcp_tether::core::{ConnectOptions, ErrorCode, FailureKind};
use serde_json::json;

#[test]
fn calls_beyond_the_limit_wait_and_calls_beyond_the_queue_are_refused() {
    let mut world = world_with(json!({}), json!({"limits": {"maxInFlight": 2, "maxQueued": 3}}));
    let session = world.connect();
    world.server().always("tools/call", result(json!({})).after(100));
    let calls = [0; 6].map(|_| world.tool(session, "order"));
    assert_eq!(world.count("tools/call"), 2);
    assert_eq!(world.code(calls[5]), ErrorCode::LimitExceeded);
    assert!(world.error(calls[5]).retryable);
    world.drive();
    calls[..5].iter().for_each(|call| drop(world.result(*call)));
}

#[test]
fn without_a_queue_a_call_that_can_be_sent_is_sent() {
    let mut world = world_with(json!({}), json!({"limits": {"maxInFlight": 1, "maxQueued": 0}}));
    let session = world.connect();
    let call = world.tool(session, "order");
    let refused = world.tool(session, "order");
    world.drive();
    world.result(call);
    assert_eq!(world.code(refused), ErrorCode::LimitExceeded);
}

#[test]
fn first_come_first_served() {
    let mut world = world_with(json!({}), json!({"limits": {"maxInFlight": 1}}));
    let session = world.connect();
    let calls = ["a", "b", "c"].map(|name| world.tool(session, name));
    world.drive();
    let sent: Vec<_> = world.sent_as("tools/call").iter().map(|sent| sent.param("name").clone()).collect();
    assert_eq!(sent, ["a", "b", "c"]);
    assert!(calls.windows(2).all(|pair| world.settled_at(pair[0]) <= world.settled_at(pair[1])));
}

#[test]
fn users_and_their_sessions_are_bounded() {
    let limits = json!({"limits": {"maxUsers": 2, "maxSessionsPerUser": 1}});
    let mut world = world_of(&["a", "b"], json!({}), limits);
    world.connect_as("ann", "a");
    world.connect_as("bob", "a");
    let third = world.begin_connect("eve", "a", ConnectOptions::default());
    let second = world.begin_connect("ann", "b", ConnectOptions::default());
    world.drive();
    assert_eq!((world.code(third), world.code(second)), (ErrorCode::LimitExceeded, ErrorCode::LimitExceeded));
    let end = world.terminate(mcp_tether::core::Target::User("ann".into()));
    world.finish(end);
    world.connect_as("eve", "a");
}

#[test]
fn an_answer_that_is_too_large_ends_one_call_and_not_the_session() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [fails(FailureKind::TooLarge)]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::LimitExceeded);
    assert!(!world.error(call).retryable);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn params_that_cannot_be_written_are_the_callers_fault() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [fails(FailureKind::Unwritable)]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::ProtocolError);
    assert_eq!(world.count("tools/call"), 1);
}

#[test]
fn a_list_of_tools_without_end_is_not_read_to_the_end() {
    let mut world = world();
    let session = world.connect();
    let page = |number| result(json!({"tools": [{"name": "x"}], "nextCursor": format!("page {number}")}));
    world.server().next("tools/list", (0..200).map(page));
    world.server().next("tools/call", [super::reply::reset()]);
    let call = world.tool(session, "read");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
    assert_eq!(world.count("tools/list"), 50);
}

#[test]
fn open_requests_of_a_server_are_bounded() {
    let mut world = world();
    world.server().listens = true;
    world.connect();
    world.run_for(10);
    let get = world.open_gets()[0];
    for id in 0..200 {
        let ask = json!({"jsonrpc": "2.0", "id": id, "method": "roots/list"});
        world.push(get, super::reply::Step::Event(None, None, super::reply::Data::Json(ask)));
    }
    world.run_for(100);
    assert!(world.asked.len() <= 64);
    assert_eq!(world.count("answer"), 200 - world.asked.len());
}

#[test]
fn an_id_that_no_request_can_have_is_not_answered() {
    let mut world = world();
    world.server().listens = true;
    world.connect();
    world.run_for(10);
    let get = world.open_gets()[0];
    let ids = [json!("x".repeat(8193)), json!({"a": 1}), json!([1]), json!(true), json!("x".repeat(8192)), json!(1.5)];
    for id in ids {
        let ask = json!({"jsonrpc": "2.0", "id": id, "method": "ping"});
        world.push(get, super::reply::Step::Event(None, None, super::reply::Data::Json(ask)));
    }
    world.run_for(100);
    assert_eq!(world.count("answer"), 2);
}

#[test]
fn an_event_id_that_no_header_can_carry_clears_the_cursor_at_any_length() {
    for id in ["a\u{1}b", &"x".repeat(4097), &"x".repeat(8192), &"x".repeat(8193), &"x".repeat(100_000)] {
        let mut world = world();
        let session = world.connect();
        let cut = super::reply::stream().priming(0, "first", None).priming(0, id, None).end(0);
        world.server().next("tools/call", [cut]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::OutcomeUnknown, "{} bytes", id.len());
        assert!(world.sent.iter().all(|sent| sent.cursor().is_none()), "{} bytes", id.len());
    }
}

#[test]
fn a_servers_error_text_is_shortened() {
    let long = "Session not found because of ".repeat(2_000);
    for status in [400, 404, 418, 500] {
        let mut world = world();
        let session = world.connect();
        world.server().next("tools/call", [super::reply::http(status, &long)]);
        world.server().next("initialize", [super::reply::http(status, &long)]);
        let call = world.tool(session, "order");
        world.finish(call);
        let evidence = world.settled[&call].1.as_ref().err().and_then(|error| error.evidence.clone());
        assert!(evidence.unwrap_or_default().len() < 300);
        assert!(world.lines().iter().all(|line| line.len() < 300));
        let quoted = world.events.iter().filter_map(|event| event.detail.evidence.as_ref());
        assert!(quoted.map(String::len).all(|length| length < 300));
    }
}

#[test]
fn reserved_headers_are_not_the_users() {
    for name in ["Mcp-Session-Id", "accept", "Content-Type", "mcp-protocol-version", "Last-Event-ID"] {
        let mut world = world();
        let options = ConnectOptions { headers: vec![(name.into(), "x".into())], ..ConnectOptions::default() };
        let call = world.begin_connect("ann", "db", options);
        world.drive();
        assert_eq!(world.code(call), ErrorCode::ConfigError, "{name}");
        assert!(world.sent.is_empty());
    }
}

#[test]
fn a_line_break_in_a_header_is_refused() {
    let mut world = world();
    let options = ConnectOptions { headers: vec![("x-a".into(), "b\r\nx-c: d".into())], ..ConnectOptions::default() };
    let call = world.begin_connect("ann", "db", options);
    world.drive();
    assert_eq!(world.code(call), ErrorCode::ConfigError);
}

#[test]
fn ten_thousand_unanswered_calls_leave_nothing_behind() {
    let mut world = world_with(json!({"timeout": 2000}), json!({}));
    world.diary = None;
    let session = world.connect();
    world.server().always("tools/call", silence());
    (0..10_000).for_each(|_| {
        world.tool(session, "order");
    });
    world.drive();
    world.server().behave();
    world.run_for(120_000);
    assert!(world.machine.is_idle());
    assert_eq!(world.machine.session(session).unwrap().in_flight, 0);
}
