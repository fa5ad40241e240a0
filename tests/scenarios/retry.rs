//! Busy and broken servers: `Retry-After`, one canary ahead of the others, and a breaker.

use super::reply::{http, http_rpc, refused, result, silence};
use super::{world, world_with};
use mcp_tether::core::ErrorCode;
use serde_json::json;

#[test]
fn retry_after_in_seconds_is_waited_out() {
    for status in [429, 503] {
        let mut world = world();
        let session = world.connect();
        world.server().next("tools/call", [http(status, "").retry_after("7")]);
        let from = world.elapsed();
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert!((7001..8100).contains(&(world.settled_at(call) - from)), "{}", world.settled_at(call) - from);
    }
}

#[test]
fn retry_after_as_a_date_is_waited_out() {
    let mut world = world();
    let session = world.connect();
    // The world's clock starts at Wed, 18 Nov 2026 11:06:40 GMT.
    world.server().next("tools/call", [http(503, "").retry_after("Wed, 18 Nov 2026 11:07:00 GMT")]);
    assert_eq!(super::world::START, 1_795_000_000_000);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert!((20_000..21_100).contains(&world.settled_at(call)), "{}", world.settled_at(call));
}

#[test]
fn a_retry_after_beyond_the_deadline_fails_at_once() {
    let mut world = world();
    let session = world.connect();
    world.server().always("tools/call", http(429, "").retry_after("3600"));
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::HttpError);
    assert_eq!(world.error(call).status, Some(429));
    assert_eq!(world.error(call).retry_after, Some(3_600_000));
    assert!(world.settled_at(call) < 100);
}

#[test]
fn while_the_server_is_busy_the_whole_session_waits_and_one_call_goes_first() {
    let mut world = world();
    let session = world.connect();
    let from = world.elapsed();
    world.server().next("tools/call", [http(429, "").retry_after("5"), http(429, "").retry_after("5")]);
    let calls = [0; 6].map(|_| world.tool(session, "order"));
    world.run_for(100);
    let before = world.count("tools/call");
    world.run_until("the canary", |world| world.count("tools/call") > before);
    assert!(world.elapsed() - from >= 5000);
    assert_eq!(world.count("tools/call"), before + 1, "one canary ahead of the others");
    world.drive();
    calls.iter().for_each(|call| drop(world.result(*call)));
}

#[test]
fn a_slow_tool_does_not_keep_others_waiting_after_a_pause() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [result(json!({})).after(50_000), http(429, "").retry_after("2")]);
    let slow = world.tool(session, "order");
    let held = world.tool(session, "order");
    world.finish(held);
    let other = world.tool(session, "order");
    world.finish(other);
    assert!(world.elapsed() < 10_000, "the slow one is still running");
    world.finish(slow);
    world.result(slow);
}

#[test]
fn a_canary_that_is_refused_again_pauses_the_others_again() {
    let mut world = world();
    let session = world.connect();
    let busy = || http(429, "").retry_after("2");
    world.server().next("tools/call", [busy(), busy(), busy()]);
    let first = world.tool(session, "order");
    world.run_for(10);
    let others = [0; 5].map(|_| world.tool(session, "order"));
    world.drive();
    world.result(first);
    others.iter().for_each(|call| drop(world.result(*call)));
    assert_eq!(world.count("tools/call"), 3 + 6);
}

#[test]
fn a_server_that_is_always_busy_is_tried_as_often_as_configured() {
    let mut world = world();
    let session = world.connect();
    world.server().always("tools/call", http(429, ""));
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::HttpError);
    assert!(world.error(call).retryable);
    assert_eq!(world.count("tools/call"), 4);
}

#[test]
fn a_misdirected_request_is_sent_again_on_the_same_session() {
    for tool in ["order", "read"] {
        let mut world = world();
        let session = world.connect();
        let misdirected = || http(421, "Misdirected Request");
        world.server().next("tools/call", [misdirected(), misdirected(), misdirected()]);
        let call = world.tool(session, tool);
        world.finish(call);
        world.result(call);
        assert_eq!((world.count("tools/call"), world.server().executed(tool)), (4, 1), "{tool}");
        assert_eq!((world.count("initialize"), world.count("ping")), (1, 0), "{tool}: the session is not in doubt");
    }
}

#[test]
fn a_server_that_misdirects_every_request_is_tried_as_often_as_configured() {
    let mut world = world();
    let session = world.connect();
    world.server().always("tools/call", http(421, "Misdirected Request"));
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::HttpError);
    assert_eq!((world.error(call).status, world.error(call).retryable), (Some(421), true));
    assert_eq!((world.count("tools/call"), world.count("initialize")), (4, 1));
}

#[test]
fn a_handshake_obeys_retry_after_too() {
    let mut world = world();
    world.server().next("initialize", [http(503, "").retry_after("9")]);
    world.connect();
    assert!((9000..10_100).contains(&world.elapsed()), "{}", world.elapsed());
}

#[test]
fn a_call_that_could_not_be_sent_is_sent_again() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [refused(), refused(), refused()]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 1, "the session may be alive");
}

#[test]
fn a_call_that_can_never_be_sent_fails_as_unsent() {
    let mut world = world();
    let session = world.connect();
    world.server().always("tools/call", refused());
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::NetworkError);
    assert!(world.error(call).retryable);
    assert_eq!(world.count("tools/call"), 4);
}

#[test]
fn three_failed_rounds_open_the_breaker_and_one_canary_closes_it() {
    let mut world = world_with(json!({"sessionConfig": {"retryAttempts": 0, "retryDelay": 10}}), json!({}));
    world.server().always("initialize", http(500, ""));
    for _ in 0..3 {
        let call = world.begin_connect("ann", "db", Default::default());
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::HttpError);
    }
    let call = world.begin_connect("ann", "db", Default::default());
    world.drive();
    assert_eq!(world.code(call), ErrorCode::CircuitOpen);
    assert!(world.error(call).retry_after.unwrap() > 29_000);
    assert_eq!(world.count("initialize"), 3, "nothing was sent because of the breaker");
    world.run_for(31_000);
    world.server().behave();
    world.connect();
    assert!(world.event_names().contains(&"breakerClosed"));
}

#[test]
fn an_open_breaker_is_one_users_alone() {
    let mut world = world_with(json!({"sessionConfig": {"retryAttempts": 0, "retryDelay": 10}}), json!({}));
    world.server().next("initialize", [http(500, ""), http(500, ""), http(500, "")]);
    for _ in 0..3 {
        let call = world.begin_connect("ann", "db", Default::default());
        world.finish(call);
    }
    world.connect_as("bob", "db");
}

#[test]
fn a_hundred_calls_on_a_server_that_never_answers_end_in_time_and_recover() {
    let mut world = world_with(json!({"timeout": 5000}), json!({}));
    let session = world.connect();
    world.server().always("tools/call", silence());
    world.server().always("ping", silence());
    let calls: Vec<_> = (0..100).map(|_| world.tool(session, "order")).collect();
    world.drive();
    assert!(calls.iter().all(|call| world.code(*call) == ErrorCode::RequestTimeout));
    assert!(world.elapsed() <= 5100);
    world.server().behave();
    world.run_for(60_000);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn the_pace_of_a_lost_session_behind_a_failing_server_is_bounded() {
    let mut world = world();
    world.diary = None;
    let session = world.connect();
    world.server().forget();
    world.server().always("initialize", http(502, ""));
    world.server().lost = http_rpc(404, -32001, "Session not found");
    for _ in 0..600 {
        let call = world.tool_within(session, "order", 1000);
        world.run_for(100);
        if world.waiting.contains(&call) {
            world.cancel(call);
        }
    }
    let handshakes = world.count("initialize");
    assert!(handshakes <= 40, "{handshakes} in a minute");
}
