//! A lost session: one new handshake for all waiting calls, all state put back, and nothing left of the old session.

use super::reply::{Reply, http, http_json, http_rpc, result, rpc_error, silence};
use super::{Tether, world, world_with};
use mcp_tether::core::{ErrorCode, EventKind, FailureKind, State};
use serde_json::{Value, json};

fn recovered_with(lost: Reply, code: &str) {
    let mut world = world();
    let session = world.connect();
    world.server().forget();
    world.server().lost = lost;
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.server().executed("order"), 1);
    assert_eq!(world.count("initialize"), 2);
    let error = world.events.iter().find(|event| event.kind == EventKind::SessionError).unwrap();
    assert_eq!(error.detail.code, Some(code), "{:?}", error.detail.evidence);
    assert_eq!(world.machine.session(session).unwrap().recoveries, 1);
}

// As CONTRIBUTING.md shows it.
#[test]
fn a_call_on_a_lost_session_is_answered_by_the_next_one() {
    let mut world = world();
    let session = world.connect();
    world.server().forget();
    let call = world.tool(session, "order");
    world.finish(call); // steps from event to event until the call has ended
    world.result(call);
    assert_eq!(world.server().executed("order"), 1);
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn a_404_in_every_spelling_is_a_terminated_session() {
    for lost in [
        http_rpc(404, -32001, "Session not found"),
        http_rpc(404, -32600, "Session not found"),
        http_rpc(404, -32000, "Not Found: Session has been terminated"),
        http(404, "session not found"),
        http(404, "session is closing"),
        http(404, "Not Found: Session not found"),
        http(404, "<html>nginx</html>"),
        http(404, ""),
        http_json(404, json!({"detail": "Not Found"})),
        http_json(404, json!({"statusCode": 404, "error": "Not Found", "message": "Session not found"})),
        http(410, ""),
    ] {
        recovered_with(lost, "session_terminated");
    }
}

#[test]
fn a_400_that_names_the_session_is_an_invalid_session() {
    for lost in [
        http_rpc(400, -32000, "Bad Request: No valid session ID provided"),
        http(400, "Bad Request: No valid session ID provided"),
        http_rpc(400, -32000, "Bad Request: Server not initialized"),
        http(400, "Session not found"),
        http_json(400, json!({"error": "Invalid session ID"})),
        http_json(400, json!({"statusCode": 400, "error": "Bad Request", "message": "Session expired"})),
        http(409, "unknown session"),
    ] {
        recovered_with(lost, "session_invalid");
    }
}

#[test]
fn an_error_with_200_that_is_one_of_the_known_sentences_is_an_invalid_session() {
    for lost in [
        rpc_error(-32600, "Session not found"),
        rpc_error(-32000, "Bad Request: No valid session ID provided"),
        http_rpc(200, -32600, "Session not found"),
    ] {
        recovered_with(lost, "session_invalid");
    }
}

#[test]
fn a_400_about_anything_else_is_delivered_to_the_caller() {
    for reply in [
        http_rpc(400, -32000, "Bad Request: Mcp-Session-Id header is required"),
        http(400, "file not found"),
        http_rpc(400, -32602, "invalid arguments"),
        super::reply::http_answer(400, -32602, "Invalid session parameter"),
    ] {
        let mut world = world();
        let session = world.connect();
        world.server().next("tools/call", [reply]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert!(matches!(world.code(call), ErrorCode::HttpError | ErrorCode::RpcError));
        assert_eq!(world.count("initialize"), 1);
    }
}

#[test]
fn ten_calls_on_a_lost_session_make_one_handshake_and_are_all_answered() {
    let mut world = world();
    let session = world.connect();
    world.server().forget();
    let calls: Vec<_> = (0..10).map(|_| world.tool(session, "order")).collect();
    world.drive();
    calls.iter().for_each(|call| drop(world.result(*call)));
    assert_eq!(world.count("initialize"), 2);
    assert_eq!(world.server().executed("order"), 10);
}

#[test]
fn ten_thousand_calls_on_a_lost_session_make_one_handshake_and_are_all_answered() {
    let mut world = world();
    world.diary = None;
    let session = world.connect();
    world.server().forget();
    let calls: Vec<_> = (0..10_000).map(|_| world.tool(session, "order")).collect();
    world.drive();
    calls.iter().for_each(|call| drop(world.result(*call)));
    assert_eq!(world.count("initialize"), 2);
    assert_eq!(world.server().executed("order"), 10_000);
}

#[test]
fn a_late_404_for_the_old_id_is_sent_again_without_another_handshake() {
    let mut world = world();
    let session = world.connect();
    let lost = http_rpc(404, -32001, "Session not found");
    world.server().next("tools/call", [lost.clone(), lost.after(500)]);
    let calls = [world.tool(session, "order"), world.tool(session, "order")];
    world.drive();
    calls.iter().for_each(|call| drop(world.result(*call)));
    assert_eq!(world.count("initialize"), 2);
    assert_eq!(world.count("tools/call"), 4);
}

#[test]
fn a_late_answer_of_the_old_session_still_answers_its_call() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [result(json!({"late": 1})).after(500), http(404, "session not found")]);
    let slow = world.tool(session, "order");
    let lost = world.tool(session, "order");
    world.drive();
    assert_eq!(world.result(slow), json!({"late": 1}));
    world.result(lost);
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn the_tools_of_the_old_session_say_nothing_about_those_of_the_new_one() {
    let mut world = world();
    let session = world.connect();
    // The old session's list arrives after the new session exists, and declares the tool safe.
    let old = result(json!({"tools": [{"name": "order", "annotations": {"readOnlyHint": true}}]}));
    world.server().next("tools/list", [old.after(500)]);
    world.server().next("tools/call", [http(404, "session not found")]);
    let list = world.plain(session, "tools/list");
    let call = world.tool(session, "order");
    world.finish(list);
    world.finish(call);
    world.server().next("tools/call", [http(502, "")]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
}

#[test]
fn log_level_and_subscriptions_are_put_back_before_what_waits_goes_on() {
    let mut world = world();
    let session = world.connect();
    for (method, params) in [
        ("logging/setLevel", json!({"level": "info"})),
        ("logging/setLevel", json!({"level": "debug"})),
        ("resources/subscribe", json!({"uri": "file:///a"})),
        ("resources/subscribe", json!({"uri": "file:///b"})),
        ("resources/unsubscribe", json!({"uri": "file:///a"})),
    ] {
        let call = world.request(session, method, params, Default::default());
        world.finish(call);
    }
    world.server().forget();
    let from = world.sent.len();
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(
        world.methods()[from..],
        [
            "tools/call",
            "initialize",
            "notifications/initialized",
            "GET",
            "logging/setLevel",
            "resources/subscribe",
            "tools/call"
        ]
    );
    let new = "00000002-db-secret".to_owned();
    assert_eq!(world.server().log_levels.last(), Some(&(new.clone(), json!("debug"))));
    assert_eq!(world.server().subscriptions.last(), Some(&(new, json!("file:///b"))));
}

#[test]
fn a_session_that_is_lost_again_while_things_are_put_back_is_still_one_recovery() {
    let mut world = world();
    let session = world.connect();
    let call = world.request(session, "logging/setLevel", json!({"level": "info"}), Default::default());
    world.finish(call);
    world.server().forget();
    world.server().next("logging/setLevel", [http_rpc(404, -32001, "Session not found")]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 3);
    assert_eq!(world.count("tools/call"), 2, "nothing was sent on a session already known to be lost");
    assert_eq!(world.server().executed("order"), 1);
    assert_eq!(world.machine.session(session).unwrap().recoveries, 1);
}

#[test]
fn a_server_that_refuses_restored_state_is_used_nevertheless() {
    let mut world = world();
    let session = world.connect();
    let call = world.request(session, "logging/setLevel", json!({"level": "info"}), Default::default());
    world.finish(call);
    world.server().forget();
    world.server().always("logging/setLevel", rpc_error(-32601, "Method not found"));
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

fn tools_changed(world: &Tether) -> usize {
    world.event_names().iter().filter(|name| **name == "toolsChanged").count()
}

#[test]
fn changed_tools_emit_an_event_and_unchanged_ones_do_not() {
    let mut world = world();
    let session = world.connect();
    let list = world.plain(session, "tools/list");
    world.finish(list);
    for (tools, changes) in [(Value::Null, 0), (json!([{"name": "new"}]), 1), (Value::Null, 1)] {
        if !tools.is_null() {
            world.server().tools = tools;
        }
        world.server().forget();
        let call = world.tool(session, "order");
        world.finish(call);
        world.run_for(100);
        assert_eq!(tools_changed(&world), changes);
    }
}

#[test]
fn a_client_that_never_listed_tools_is_not_told_that_they_changed() {
    let mut world = world();
    let session = world.connect();
    world.server().forget();
    world.server().tools = json!([]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.run_for(100);
    assert_eq!((world.count("tools/list"), tools_changed(&world)), (0, 0));
}

#[test]
fn a_server_that_keeps_no_session_is_given_up_with_an_error_that_says_so() {
    let mut world = world();
    let session = world.connect();
    let call = world.tool(session, "order");
    world.finish(call);
    world.server().always("tools/call", http_rpc(404, -32001, "Session not found"));
    let calls = [0; 5].map(|_| world.tool(session, "order"));
    world.drive();
    for call in calls {
        assert!(world.error(call).message.contains("replicas"), "{}", world.error(call));
    }
    assert!(world.count("initialize") <= 3, "the first, the recovery and one more");
    assert_eq!(world.machine.session(session).unwrap().state, State::Degraded);
}

#[test]
fn the_very_first_session_lost_at_once_gets_one_more_handshake() {
    let mut world = world();
    let session = world.connect();
    world.server().always("tools/call", http_rpc(404, -32001, "Session not found"));
    let call = world.tool(session, "order");
    world.finish(call);
    assert!(world.error(call).message.contains("replicas"), "{}", world.error(call));
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn a_server_that_does_not_come_back_degrades_the_session_which_recovers_when_it_does() {
    let mut world = world();
    let session = world.connect();
    world.server().forget();
    world.server().always("initialize", http(500, ""));
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::HttpError);
    assert_eq!(world.machine.session(session).unwrap().state, State::Degraded);
    assert!(world.event_names().contains(&"recoveryFailed"));
    world.server().behave();
    world.run_for(300_000);
    assert_eq!(world.machine.session(session).unwrap().state, State::Ready, "a slow canary found it");
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn a_call_on_a_degraded_session_starts_an_attempt_at_once_or_soon() {
    let mut world = world();
    let session = world.connect();
    world.server().forget();
    world.server().always("initialize", http(500, ""));
    let call = world.tool(session, "order");
    world.finish(call);
    world.server().behave();
    let from = world.elapsed();
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert!(world.elapsed() - from <= 30_000);
}

#[test]
fn a_server_that_fails_for_long_gets_slow_canaries_and_is_never_given_up() {
    let mut world = world_with(json!({"sessionConfig": {"timeout": 864_000_000}}), json!({}));
    let session = world.connect();
    world.server().forget();
    world.server().always("initialize", http(500, ""));
    let call = world.tool(session, "order");
    world.finish(call);
    let before = world.count("initialize");
    world.run_for(3_600_000);
    let handshakes = world.count("initialize") - before;
    assert!((12..=200).contains(&handshakes), "{handshakes} in an hour");
}

#[test]
fn answers_that_the_browser_always_hides_name_the_cors_headers() {
    let mut world = world();
    world.server().always("initialize", super::reply::fails(FailureKind::Hidden));
    let call = world.begin_connect("ann", "db", Default::default());
    world.drive();
    assert_eq!(world.code(call), ErrorCode::CorsBlocked);
    assert!(world.error(call).message.contains("Mcp-Session-Id"));
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn a_stateless_server_that_became_stateful_gets_a_handshake() {
    let mut world = world();
    world.server().stateful = false;
    let session = world.connect();
    world.server().stateful = true;
    world.server().lost = http_rpc(400, -32000, "Bad Request: Mcp-Session-Id header is required");
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn a_404_of_a_stateless_server_is_not_a_lost_session() {
    let mut world = world();
    world.server().stateful = false;
    let session = world.connect();
    world.server().next("tools/call", [http(404, "session not found")]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::HttpError);
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn recoveries_that_do_not_help_are_paused() {
    let mut world = world();
    world.diary = None;
    let session = world.connect();
    world.server().always("tools/call", http_rpc(404, -32001, "Session not found"));
    for _ in 0..2000 {
        let call = world.tool_within(session, "order", 30_000);
        world.run_for(30);
        world.cancel(call);
    }
    let handshakes = world.count("initialize");
    assert!(handshakes <= 30, "{handshakes} handshakes in a minute");
}

#[test]
fn a_call_that_waits_for_a_recovery_keeps_its_deadline() {
    let mut world = world();
    let session = world.connect();
    world.server().forget();
    world.server().always("initialize", silence());
    let call = world.tool_within(session, "order", 3000);
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::RequestTimeout);
    assert!(world.error(call).retryable, "it was refused unread");
    assert_eq!(world.settled_at(call) - 2, 3000);
}

#[test]
fn connects_during_a_recovery_wait_for_it() {
    let mut world = world();
    let session = world.connect();
    world.server().forget();
    let call = world.tool(session, "order");
    world.run_until("the recovery", |world| world.machine.session(session).unwrap().state == State::Recovering);
    let connect = world.begin_connect("ann", "db", Default::default());
    world.drive();
    world.result(call);
    assert_eq!(world.connected[&connect].1, session);
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn nothing_is_sent_between_two_sessions() {
    let mut world = world_with(json!({}), json!({"limits": {"maxInFlight": 2}}));
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    // One call waits for the list of tools, one for its answer, and two for their turn.
    world.server().next("tools/call", [super::reply::reset(), silence()]);
    world.server().next("tools/list", [silence()]);
    let calls = [0; 4].map(|_| world.tool(session, "read"));
    world.run_for(5);
    world.server().forget();
    let get = world.open_gets()[0];
    world.push(get, super::reply::Step::End);
    world.drive();
    calls[2..].iter().for_each(|call| drop(world.result(*call)));
    let bare = world.sent.iter().filter(|sent| sent.session().is_none() && sent.method() != "initialize").count();
    assert_eq!(bare, 0);
    assert_eq!(world.count("initialize"), 2);
}
