//! Odd answers: a ping checks the session, a trial handshake decides, and the old session is pinged last.

use super::reply::{Reply, http, http_answer, http_rpc, rpc_error, silence};
use super::{Tether, world, world_with};
use mcp_tether::core::{ErrorCode, SessionRef, State};
use serde_json::json;

pub fn working() -> (Tether, SessionRef) {
    let mut world = world();
    let session = world.connect();
    let call = world.tool(session, "read");
    world.finish(call);
    (world, session)
}

/// At most this many calls fail; then the session is a new one and works.
fn healed(lost: Reply, most: usize) {
    let (mut world, session) = working();
    world.server().forget();
    world.server().lost = lost;
    let mut failures = 0;
    loop {
        let call = world.tool(session, "order");
        world.finish(call);
        if world.outcome(call).is_ok() {
            break;
        }
        failures += 1;
        world.run_for(1000);
    }
    assert!((1..=most).contains(&failures), "{failures} unsafe calls failed with outcome_unknown");
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.state, info.recoveries), (State::Ready, 1));
    assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 2));
    assert!(world.lines().contains(&"[MCP][db] Session recovery successful"));
}

#[test]
fn a_lost_session_reported_with_500_503_or_200_and_words_about_it_is_found_at_once() {
    for lost in [
        http(500, "session does not exist"),
        http_answer(500, -32603, "Internal error: session is gone"),
        http(501, "your session was garbage collected"),
        rpc_error(-32600, "vendor: session handle stale"),
        rpc_error(-32003, "re-initialize, the session was evicted"),
        http_answer(400, -32000, "session must be re-established"),
    ] {
        healed(lost, 1);
    }
}

/// `mcp-streamablehttp-proxy` of PyPI, in front of a server of the Python SDK.
#[test]
fn a_check_of_one_odd_answer_does_not_put_off_that_of_another() {
    let (mut world, session) = working();
    world.server().next("prompts/list", [rpc_error(-32602, "Invalid request parameters")]);
    let call = world.plain(session, "prompts/list");
    world.finish(call);
    world.run_for(500);
    assert_eq!(world.count("tools/list"), 1, "the check");
    world.server().forget();
    world.server().lost = rpc_error(-32002, "Invalid session ID: 1. Session may have expired or does not exist.");
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::RpcError);
    world.run_for(10_000);
    for _ in 0..2 {
        let call = world.tool(session, "order");
        world.finish(call);
        world.run_for(100);
    }
    assert_eq!((world.count("initialize"), world.server().executed("order")), (2, 1));
}

#[test]
fn odd_answers_that_alternate_cost_six_checks_a_minute_at_most() {
    let (mut world, session) = working();
    for at in 0..6_000 {
        let words = ["your session is fine", "the session is busy"][at % 2];
        world.server().next("tools/call", [rpc_error(at as i32 % 2, words)]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::RpcError);
        world.run_for(100);
    }
    assert!((30..=62).contains(&world.count("tools/list")), "{} in ten minutes", world.count("tools/list"));
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn a_lost_session_reported_without_a_word_is_found_when_it_repeats() {
    for lost in [
        http(500, "oops"),
        http(401, ""),
        http(403, "forbidden"),
        http(400, "bad request"),
        http(418, ""),
        rpc_error(-32600, "the client is not attached"),
        rpc_error(-32600, "Invalid Request"),
        rpc_error(-32600, "unknown handle"),
        rpc_error(-32600, "call initialize first"),
        rpc_error(-32603, "no context for this client"),
        rpc_error(7, "who are you?"),
        http_answer(412, -32099, "handshake required"),
        http_answer(500, -32603, "Internal error"),
    ] {
        healed(lost, 2);
    }
}

#[test]
fn a_lost_session_reported_by_a_body_that_is_no_answer_is_found() {
    let words = |text: &str| http(200, text);
    healed(words("session not found"), 1);
    healed(words("<html>Please log in</html>"), 2);
    healed(super::reply::http_json(200, json!({"status": "error", "message": "unknown client"})), 2);
    healed(http(204, ""), 2);
}

/// A server takes up an unknown id without its handshake (hermes-mcp): it answers pings, and nothing else.
#[test]
fn a_lost_session_that_still_answers_pings_is_found_by_a_list() {
    for (lost, odd) in
        [(rpc_error(-32600, "Invalid Request"), 2), (http_answer(400, -32000, "call initialize first"), 1)]
    {
        let (mut world, session) = working();
        world.server().forget();
        world.server().lost = lost;
        world.server().always("ping", super::reply::result(json!({})));
        for _ in 0..odd {
            let call = world.tool(session, "order");
            world.finish(call);
            assert_eq!(world.code(call), ErrorCode::RpcError, "an unsafe call gets its error");
        }
        let again = world.tool(session, "order");
        world.finish(again);
        world.result(again);
        assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 2));
        assert_eq!((world.count("ping"), world.machine.session(session).unwrap().generation), (0, 2));
    }
}

#[test]
fn errors_caused_by_the_request_itself_raise_no_suspicion() {
    for error in [
        rpc_error(-32601, "no such method"),
        rpc_error(-32602, "unknown tool"),
        http_answer(400, -32602, "the path is missing"),
        rpc_error(-32002, "no such resource"),
        rpc_error(-32042, "visit this page first"),
    ] {
        let (mut world, session) = working();
        world.server().always("tools/call", error);
        for _ in 0..5 {
            let call = world.tool(session, "order");
            world.finish(call);
            assert_eq!(world.code(call), ErrorCode::RpcError);
        }
        assert_eq!((world.count("ping"), world.count("initialize"), world.count("tools/call")), (0, 1, 6));
    }
}

#[test]
fn a_repeated_error_of_a_tool_costs_a_list_a_minute_and_is_delivered_each_time() {
    let (mut world, session) = working();
    let listed = world.count("tools/list");
    world.server().always("tools/call", rpc_error(-32603, "the printer is on fire"));
    for _ in 0..100 {
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::RpcError);
        world.run_for(1000);
    }
    let lists = world.count("tools/list") - listed;
    assert!((1..=2).contains(&lists), "{lists}");
    assert_eq!((world.count("ping"), world.count("initialize"), world.count("tools/call")), (0, 1, 101));
}

#[test]
fn a_call_during_the_ping_about_a_suspected_loss_waits_for_it() {
    for (lost, odd) in
        [(http(401, "Session expired, please log in"), 1), (http(401, ""), 2), (rpc_error(-32600, "stale session"), 1)]
    {
        let (mut world, session) = working();
        world.server().forget();
        world.server().lost = lost;
        for _ in 0..odd {
            let call = world.tool(session, "order");
            world.finish(call);
            assert!(world.outcome(call).is_err(), "an unsafe call gets its error");
        }
        // A call right after the error, as an application retries: the ping is in flight.
        let again = world.tool(session, "order");
        world.finish(again);
        world.result(again);
        assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 2));
    }
}

#[test]
fn an_unanswered_ping_about_a_suspected_loss_delays_calls_for_ten_seconds_at_most() {
    let (mut world, session) = working();
    world.server().next("tools/call", [http(500, "session trouble")]);
    world.server().next("ping", [silence()]);
    let odd = world.tool(session, "order");
    world.finish(odd);
    let (from, call) = (world.now, world.tool(session, "order"));
    world.finish(call);
    world.result(call);
    assert!(world.now - from <= 10_000, "{}", world.now - from);
}

#[test]
fn two_seconds_of_500s_do_not_cost_a_healthy_session() {
    // The 500s hit all requests; all but handshakes; or all but handshakes, and are over before the last ping.
    for (pings, also) in [(9, Some("initialize")), (9, None), (1, None)] {
        let (mut world, session) = working();
        for method in ["tools/call", "tools/list"].into_iter().chain(also) {
            world.server().always(method, http(500, "oops"));
        }
        world.server().next("ping", vec![http(500, "oops"); pings]);
        let end = world.now + 2_000;
        while world.now < end {
            let call = world.tool(session, "order");
            world.finish(call);
            world.run_for(100);
        }
        assert_eq!(world.count("initialize"), 2, "the session was in doubt");
        world.server().behave();
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        let (old, info) = ("00000001-db-secret", world.machine.session(session).unwrap());
        assert_eq!((info.session_id.as_deref(), info.recoveries), (Some(old), 0), "the old session is kept");
        assert_eq!(world.server().sessions.iter().collect::<Vec<_>>(), [old], "the new one was ended");
        assert_eq!(world.sent_as("tools/call").last().unwrap().session(), Some(old));
    }
}

#[test]
fn a_handshake_that_fails_leaves_the_session_as_it_is() {
    for reply in [http(500, "oops"), http(404, ""), http(405, ""), silence(), super::reply::refused()] {
        let (mut world, session) = working();
        world.server().listens = true;
        for method in ["tools/call", "ping"] {
            world.server().always(method, http(500, "session trouble"));
        }
        world.server().always("initialize", reply);
        let call = world.tool(session, "order");
        world.finish(call);
        world.run_for(40_000);
        assert_eq!(world.count("initialize"), 2, "one attempt, and no GET that guesses another transport");
        world.server().behave();
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!(world.sent_as("tools/call").last().unwrap().session(), Some("00000001-db-secret"));
        assert_eq!(world.machine.session(session).unwrap().state, State::Ready);
    }
}

#[test]
fn endless_odd_answers_cost_a_ping_and_a_handshake_a_minute_at_most() {
    let (mut world, session) = working();
    for method in ["tools/call", "ping"] {
        world.server().always(method, http(500, "session trouble"));
    }
    for _ in 0..600 {
        let call = world.tool(session, "order");
        world.finish(call);
        world.run_for(1_000);
    }
    assert!(world.count("ping") <= 36, "{} pings in ten minutes", world.count("ping"));
    assert!(world.count("initialize") <= 13, "{} handshakes in ten minutes", world.count("initialize"));
}

#[test]
fn different_odd_answers_and_good_ones_in_between_raise_no_suspicion() {
    let (mut world, session) = working();
    for reply in [http(500, "a"), http(418, "b"), http(500, "c"), http(403, "d")] {
        world.server().next("tools/call", [reply]);
        let call = world.tool(session, "order");
        world.finish(call);
    }
    for _ in 0..3 {
        world.server().next("tools/call", [http(500, "a")]);
        for _ in 0..2 {
            let call = world.tool(session, "order");
            world.finish(call);
        }
    }
    assert_eq!(world.count("ping"), 0);
}

#[test]
fn a_tool_that_always_fails_costs_a_ping_a_minute_and_no_handshake() {
    let (mut world, session) = working();
    world.server().always("tools/call", http(500, "no session with the printer"));
    for _ in 0..100 {
        let call = world.tool(session, "order");
        world.finish(call);
        world.run_for(1000);
    }
    assert!((1..=3).contains(&world.count("ping")));
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn a_token_that_is_refused_although_it_is_good_is_a_lost_session_too() {
    let (mut world, session) = working();
    let provided = mcp_tether::core::ConnectOptions { has_auth: true, ..Default::default() };
    world.begin_connect("ann", "db", provided);
    world.server().forget();
    world.server().lost = http(401, "");
    for _ in 0..3 {
        let call = world.tool(session, "order");
        world.run_for(10);
        if let Some((session, _)) = world.tokens_wanted.pop() {
            world.give_token(session, Some("good"));
        }
        world.drive();
        if world.outcome(call).is_ok() {
            break;
        }
        assert_eq!(world.code(call), ErrorCode::Unauthorized);
        world.run_for(1000);
    }
    assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 2));
}

#[test]
fn what_the_configuration_calls_a_lost_session_is_one_at_once() {
    let settings = json!({"sessionConfig": {"lostWhen": [
        {"status": 440}, {"message": "PLEASE sign in again"}, {"status": 500, "message": "stale handle"},
    ]}});
    for (lost, known) in [
        (http(440, ""), true),
        (http(403, "please SIGN in again, dear user"), true),
        (rpc_error(-1, "Please sign in again."), true),
        (http(500, "a stale handle"), true),
        (http(501, "a stale handle"), false),
        (http(500, "another thing"), false),
    ] {
        let mut world = world_with(settings.clone(), json!({}));
        let session = world.connect();
        world.server().forget();
        world.server().lost = lost;
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.outcome(call).is_ok(), known);
        assert_eq!(world.count("initialize"), if known { 2 } else { 1 });
    }
}

#[test]
fn an_end_in_the_middle_of_a_trial_ends_both_sessions() {
    let (mut world, session) = working();
    world.server().always("tools/call", http(500, "session trouble"));
    world.server().next("ping", [http(500, "session trouble"), silence()]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.run_until("the last ping", |world| world.count("ping") == 2);
    assert_eq!(world.server().sessions.len(), 2);
    let end = world.terminate(mcp_tether::core::Target::Session(session));
    world.drive();
    assert!(world.outcome(end).is_ok());
    assert_eq!(world.count("DELETE"), 2);
    assert!(world.server().sessions.is_empty());
    let sent = world.sent.len();
    world.run_for(600_000);
    assert_eq!(world.sent.len(), sent);
}

#[test]
fn a_session_of_a_server_that_keeps_none_is_never_in_doubt() {
    let mut world = world();
    world.server().stateful = false;
    let session = world.connect();
    world.server().always("tools/call", http_rpc(500, -32000, "session trouble"));
    for _ in 0..5 {
        let call = world.tool(session, "order");
        world.finish(call);
    }
    assert_eq!((world.count("ping"), world.count("initialize")), (0, 1));
}

#[test]
fn a_server_that_has_become_one_without_sessions_gets_nothing_of_the_old_session() {
    let mut world = super::world_that_asks();
    world.server().listens = true;
    let session = world.connect();
    let warm = world.tool(session, "read");
    world.finish(warm);
    for method in ["tools/call", "ping"] {
        world.server().next(method, [http(500, "session trouble")]);
    }
    (world.server().modern, world.server().legacy) = (true, false);
    let call = world.tool(session, "order");
    world.finish(call);
    world.run_for(5_000);
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.kind, info.generation, info.session_id), (mcp_tether::core::Kind::Modern, 2, None));
    assert_eq!(info.recoveries, 1);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn a_handshake_that_fails_with_an_id_costs_that_session_and_not_the_kept_one() {
    for (is_other, deleted) in [(true, vec!["early-db-secret"]), (false, vec![])] {
        let (mut world, session) = working();
        let id = world.sent.last().unwrap().session().unwrap().to_owned();
        let issued = if is_other { String::from("early-db-secret") } else { id.clone() };
        let failed = rpc_error(-32603, "starting").head(|head| head.session_id = Some(issued.clone()));
        world.server().next("initialize", [failed]);
        world.server().next("tools/call", [http(500, "session trouble")]);
        world.server().next("ping", [http(500, "session trouble")]);
        let call = world.tool(session, "order");
        world.finish(call);
        world.run_for(10_000);
        let ended: Vec<&str> = world.sent_as("DELETE").iter().filter_map(|sent| sent.session()).collect();
        assert_eq!(ended, deleted);
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!((world.sent_as("tools/call").last().unwrap().session(), world.count("initialize")), (Some(&*id), 2));
    }
}

#[test]
fn a_kept_session_whose_id_the_server_has_issued_again_is_not_deleted() {
    let (mut world, session) = working();
    let id = world.sent.last().unwrap().session().unwrap().to_owned();
    let answer = json!({"protocolVersion": "2025-11-25", "capabilities": {}});
    let again = super::reply::result(answer).head(|head| head.session_id = Some(id.clone()));
    world.server().next("initialize", [again]);
    world.server().next("tools/call", [http(500, "session trouble")]);
    world.server().next("ping", [http(500, "session trouble")]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.run_for(10_000);
    assert_eq!((world.count("initialize"), world.count("DELETE")), (2, 0));
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 2);
}
