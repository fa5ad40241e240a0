//! Deadlines, expiry, sleep.

use super::reply::{Data, Step, http, http_rpc, result, silence, stream};
use super::{world, world_with};
use mcp_tether::core::{ErrorCode, RequestOptions, State};
use serde_json::{Value, json};

fn progress(token: Option<u64>) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}})
}

#[test]
fn a_deadline_settles_the_call_and_cancels_it_at_the_server() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [silence()]);
    let from = world.elapsed();
    let call = world.tool_within(session, "order", 4000);
    world.finish(call);
    assert_eq!(world.settled_at(call) - from, 4000);
    assert_eq!(world.code(call), ErrorCode::RequestTimeout);
    assert!(!world.error(call).retryable);
    let cancelled = world.sent_as("notifications/cancelled");
    assert_eq!(cancelled[0].param("requestId"), &json!(world.sent_as("tools/call")[0].id()));
    assert_eq!(world.machine.session(session).unwrap().state, State::Ready, "one slow tool does not cost the session");
    assert_eq!(world.count("ping"), 0);
    assert!(world.lines().contains(&"[MCP][db] Session error: session_timeout - Session operation timed out"));
}

#[test]
fn two_deadlines_in_a_row_make_a_ping_and_a_dead_ping_makes_a_recovery() {
    let mut world = world_with(json!({"timeout": 3000}), json!({}));
    let session = world.connect();
    world.server().always("tools/call", silence());
    world.server().always("ping", silence());
    for _ in 0..2 {
        let call = world.tool(session, "order");
        world.finish(call);
    }
    assert_eq!(world.count("ping"), 1);
    world.run_for(3100);
    assert_eq!(world.count("initialize"), 2);
    assert!(world.lines().contains(&"[MCP][db] Starting session recovery for error: session_timeout"));
}

#[test]
fn a_ping_that_is_answered_keeps_the_session() {
    let mut world = world();
    let session = world.connect();
    world.server().always("tools/call", silence());
    for _ in 0..6 {
        let call = world.tool_within(session, "order", 1000);
        world.finish(call);
        world.run_for(100);
    }
    assert!((1..=3).contains(&world.count("ping")));
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn progress_restarts_the_timeout_until_the_total_timeout() {
    for (reset, total, end) in [(true, None, 31_001), (true, Some(15_000), 15_000), (false, None, 5000)] {
        let mut world = world();
        let session = world.connect();
        let from = world.elapsed();
        world.server().next("tools/call", [stream()]);
        let options = RequestOptions {
            timeout: Some(5000),
            max_total_timeout: total,
            reset_on_progress: reset,
            ..RequestOptions::default()
        };
        let call = world.request(session, "tools/call", json!({"name": "order"}), options);
        let sent = world.sent_as("tools/call")[0].clone();
        world.run_for(1);
        for _ in 0..10 {
            if world.waiting.contains(&call) {
                world.run_for(3000);
                world.push(sent.exchange, Step::Event(None, None, Data::Json(progress(sent.id()))));
            }
        }
        world.run_for(1000);
        let result = json!({"jsonrpc": "2.0", "id": sent.id(), "result": {}});
        world.push(sent.exchange, Step::Event(None, None, Data::Json(result)));
        assert_eq!(world.settled_at(call) - from, end);
        assert_eq!(world.outcome(call).is_ok(), end > 30_000);
    }
}

#[test]
fn an_unused_session_expires_and_the_next_call_makes_a_new_one() {
    let mut world = world_with(json!({"sessionConfig": {"timeout": 60_000}}), json!({}));
    let session = world.connect();
    world.run_for(60_010);
    assert_eq!(world.machine.session(session).unwrap().state, State::Expired);
    assert_eq!(world.count("DELETE"), 1);
    assert_eq!(world.sent_as("DELETE")[0].session(), Some("00000001-db-secret"));
    assert!(world.server().sessions.is_empty());
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 2);
    assert!(world.lines().contains(&"[MCP][db] Session error: session_expired - Session has expired"));
}

#[test]
fn use_keeps_a_session() {
    let mut world = world_with(json!({"sessionConfig": {"timeout": 60_000}}), json!({}));
    let session = world.connect();
    for _ in 0..10 {
        world.run_for(50_000);
        let call = world.tool(session, "read");
        world.finish(call);
    }
    assert_eq!(world.count("initialize"), 1);
    world.run_for(60_100);
    assert_eq!(world.machine.session(session).unwrap().state, State::Expired);
}

#[test]
fn a_session_never_expires_with_a_call_in_flight() {
    let mut world = world_with(json!({"sessionConfig": {"timeout": 10_000, "maxAge": 20_000}}), json!({}));
    let session = world.connect();
    world.server().next("tools/call", [result(json!({"slow": 1})).after(120_000)]);
    let call = world.tool_within(session, "order", 300_000);
    world.run_for(100_000);
    assert_eq!(world.machine.session(session).unwrap().state, State::Ready);
    world.finish(call);
    assert_eq!(world.result(call), json!({"slow": 1}));
    world.run_for(1);
    assert_eq!(world.machine.session(session).unwrap().state, State::Expired, "past its maximum age once no call runs");
}

#[test]
fn a_stream_that_delivers_keeps_a_session_and_an_empty_one_does_not() {
    let mut world = world_with(json!({"sessionConfig": {"timeout": 60_000}}), json!({}));
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    let get = world.open_gets()[0];
    let message = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {}});
    for _ in 0..5 {
        world.run_for(50_000);
        world.push(get, Step::Event(None, None, Data::Json(message.clone())));
    }
    assert_eq!(world.machine.session(session).unwrap().state, State::Ready);
    world.run_for(61_000);
    assert_eq!(world.machine.session(session).unwrap().state, State::Expired);
    assert!(world.open_gets().is_empty());
}

#[test]
fn age_ends_a_session_however_much_it_is_used() {
    let mut world = world_with(json!({"sessionConfig": {"maxAge": 100_000}}), json!({}));
    let session = world.connect();
    for _ in 0..11 {
        world.run_for(10_000);
        let call = world.tool(session, "read");
        world.finish(call);
    }
    assert_eq!(world.count("initialize"), 2);
    assert_eq!(world.machine.session(session).unwrap().generation, 2);
}

/// Found by the simulation.
#[test]
fn a_session_that_comes_of_age_in_an_outage_ends_with_the_last_call_that_waited_for_it() {
    let mut world = world_with(json!({"sessionConfig": {"maxAge": 10_000, "retryDelay": 60_000}}), json!({}));
    let session = world.connect();
    world.run_for(9_990);
    world.server().next("prompts/list", [http(502, "")]);
    world.server().slow.insert("ping".into(), 50);
    // A backoff would take longer than this.
    let options = RequestOptions { timeout: Some(100), ..RequestOptions::default() };
    let call = world.request(session, "prompts/list", Value::Null, options);
    world.finish(call);
    assert_eq!((world.code(call), world.count("ping")), (ErrorCode::HttpError, 1), "its outage has ended");
    assert_eq!(world.machine.session(session).unwrap().state, State::Expired);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn a_connect_while_an_expired_session_is_remade_makes_no_second_handshake() {
    let mut world = world_with(json!({"sessionConfig": {"timeout": 60_000}}), json!({}));
    let session = world.connect();
    let call = world.request(session, "logging/setLevel", json!({"level": "info"}), RequestOptions::default());
    world.finish(call);
    world.run_for(60_100);
    world.server().next("logging/setLevel", [result(json!({})).after(500)]);
    let call = world.tool(session, "order");
    world.run_until("the level is put back", |world| world.count("logging/setLevel") == 2);
    let connect = world.begin_connect("ann", "db", Default::default());
    world.drive();
    world.result(call);
    assert!(world.connected.contains_key(&connect));
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn deadlines_beyond_the_reach_of_a_js_timer_are_kept() {
    let month = 30 * 24 * 3_600_000_u64;
    let mut world = world_with(json!({"timeout": month, "sessionConfig": {"timeout": month}}), json!({}));
    let session = world.connect();
    world.server().next("tools/call", [silence()]);
    let call = world.tool(session, "order");
    world.run_for(month - 1000);
    assert!(world.waiting.contains(&call));
    world.run_for(2000);
    assert_eq!(world.code(call), ErrorCode::RequestTimeout);
}

#[test]
fn a_night_of_sleep_costs_one_handshake_and_no_storm() {
    let mut world = world();
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    world.server().forget();
    let from = world.sent.len();
    world.sleep(8 * 3_600_000);
    world.run_for(1000);
    assert_eq!(world.machine.session(session).unwrap().state, State::Expired);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    world.run_for(1000);
    assert!(world.sent.len() - from <= 6, "{:?}", &world.methods()[from..]);
}

#[test]
fn a_short_sleep_checks_the_stream() {
    let mut world = world();
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    let get = world.open_gets()[0];
    world.sleep(20 * 60_000);
    assert!(!world.is_open(get), "a stream that was silent for twenty minutes is reopened");
    world.run_for(10_000);
    assert_eq!(world.open_gets().len(), 1);
    assert_eq!(world.machine.session(session).unwrap().state, State::Ready);
}

#[test]
fn an_answer_at_the_very_deadline_is_in_time() {
    let mut world = world();
    let session = world.connect();
    let mut reply = result(json!({}));
    reply.steps[1].0 = 4999;
    world.server().next("tools/call", [reply]);
    let call = world.tool_within(session, "order", 5000);
    world.finish(call);
    world.result(call);
}

#[test]
fn a_clock_that_runs_backwards_changes_nothing() {
    let mut world = world();
    let session = world.connect();
    world.run_for(60_000);
    world.now -= 10_000;
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn keep_alive_pings_a_quiet_session_and_extends_nothing() {
    let settings = json!({"sessionConfig": {"timeout": 600_000, "keepAlive": 60_000}});
    let mut world = world_with(settings, json!({}));
    let session = world.connect();
    world.run_for(299_000);
    assert_eq!(world.count("ping"), 4, "one a minute");
    let call = world.tool(session, "order");
    world.finish(call);
    world.run_for(59_000);
    assert_eq!(world.count("ping"), 4, "a call counts as a sign of life");
    world.run_for(700_000);
    assert_eq!(world.machine.session(session).unwrap().state, State::Expired, "keep-alive pings do not count as use");
    let pings = world.count("ping");
    world.run_for(600_000);
    assert_eq!(world.count("ping"), pings);
}

#[test]
fn keep_alive_detects_a_lost_session_before_a_call_does() {
    for lost in [http_rpc(404, -32001, "Session not found"), http(404, "")] {
        let settings = json!({"sessionConfig": {"keepAlive": 60_000}});
        let mut world = world_with(settings, json!({}));
        let session = world.connect();
        world.server().forget();
        world.server().lost = lost;
        world.run_for(61_000);
        assert_eq!((world.count("ping"), world.count("initialize")), (1, 2));
        assert_eq!(world.machine.session(session).unwrap().generation, 2);
        world.run_for(120_000);
        assert_eq!(world.count("ping"), 3, "the new session is kept alive as well");
    }
}

#[test]
fn without_keep_alive_and_without_sessions_nothing_is_pinged() {
    for (stateful, keep_alive) in [(true, json!(null)), (false, json!(60_000))] {
        let mut world = world_with(json!({"sessionConfig": {"keepAlive": keep_alive}}), json!({}));
        world.server().stateful = stateful;
        world.connect();
        world.run_for(3_000_000);
        assert_eq!(world.count("ping"), 0);
    }
}
