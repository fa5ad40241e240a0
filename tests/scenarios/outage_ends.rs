//! Outages in every phase of a session: before there is one, during a recovery, at its end, in a page, and with ten
//! thousand users at once.

use super::outage::working;
use super::reply::{Reply, Step, fails, http, http_rpc, refused, silence, stream};
use super::{Tether, world, world_of, world_with};
use mcp_tether::core::{
    ConnectOptions, ErrorCode, EventKind, FailureKind, PageNotification, SessionRef, State, Target,
};
use mcp_tether::core::{Input, Key};
use serde_json::json;

fn state(world: &Tether, session: SessionRef) -> State {
    world.machine.session(session).unwrap().state
}

fn hidden() -> Reply {
    fails(FailureKind::Hidden)
}

// Before there is a session, and during a recovery.

#[test]
fn a_connect_outlasts_three_seconds() {
    for outage in [http(502, ""), http(503, ""), refused(), fails(FailureKind::Unreachable)] {
        for seed in 0..10 {
            let mut world = world_of(&["db"], json!({}), json!({}));
            world.run_for(seed * 37);
            world.server().down = Some(outage.clone());
            let connects = [0; 20].map(|_| world.begin_connect("ann", "db", ConnectOptions::default()));
            world.run_for(3_000);
            world.server().down = None;
            world.drive();
            assert!(connects.iter().all(|call| world.connected.contains_key(call)));
        }
    }
}

#[test]
fn a_connect_that_never_succeeds_fails_after_the_last_attempt() {
    let mut world = world();
    world.server().down = Some(refused());
    let connect = world.begin_connect("ann", "db", ConnectOptions::default());
    world.finish(connect);
    assert_eq!((world.code(connect), world.count("initialize")), (ErrorCode::NetworkError, 4));
    assert!(world.error(connect).retryable);
    for _ in 0..5 {
        let connect = world.begin_connect("ann", "db", ConnectOptions::default());
        world.finish(connect);
        assert_eq!(world.code(connect), ErrorCode::NetworkError, "an outage opens no breaker");
    }
}

#[test]
fn a_recovery_that_meets_an_outage_goes_on_when_it_is_over() {
    for outage in [http(502, ""), refused()] {
        let (mut world, session) = working();
        world.server().forget();
        world.server().always("initialize", outage.clone());
        let calls = [world.tool(session, "read"), world.tool(session, "order")];
        world.run_for(3_000);
        world.server().behave();
        world.drive();
        calls.iter().for_each(|call| drop(world.result(*call)));
        assert_eq!(world.server().executed("order"), 1);
        let names = world.event_names();
        assert_eq!(names.iter().filter(|name| **name == "outageStarted").count(), 1);
        assert_eq!(names.iter().filter(|name| **name == "outageEnded").count(), 1);
        assert!(!names.contains(&"recoveryFailed"));
        assert_eq!(world.machine.session(session).unwrap().recoveries, 1);
    }
}

#[test]
fn a_lost_session_whose_server_stays_away_is_in_an_outage_and_recovers_with_the_next_call_or_by_itself() {
    for calls_again in [true, false] {
        let (mut world, session) = working();
        world.server().forget();
        world.server().always("initialize", refused());
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::NetworkError);
        assert!(world.error(call).retryable);
        let info = world.machine.session(session).unwrap();
        assert_eq!((info.state, info.session_id), (State::Outage, None));
        world.server().behave();
        if calls_again {
            world.run_for(5_000);
            let call = world.tool(session, "order");
            world.finish(call);
            world.result(call);
        } else {
            world.run_for(40_000);
        }
        assert_eq!(state(&world, session), State::Ready);
        assert_eq!(world.count("initialize"), 1 + 4 + 1);
    }
}

#[test]
fn an_expired_session_whose_server_is_away_waits_for_it() {
    let mut world = world_with(json!({"sessionConfig": {"timeout": 10_000}}), json!({}));
    let session = world.connect();
    world.run_for(20_000);
    assert_eq!(state(&world, session), State::Expired);
    world.server().down = Some(http(502, ""));
    let call = world.tool(session, "order");
    world.run_for(3_000);
    world.server().down = None;
    world.finish(call);
    world.result(call);
    assert_eq!(world.server().executed("order"), 1);
}

#[test]
fn minutes_of_outage_are_survived_with_the_settings_for_high_availability() {
    // The example of the quick reference.
    let settings = json!({"timeout": 600_000, "sessionConfig": {"retryAttempts": 10, "retryDelay": 2_000}});
    let mut world = world_with(settings, json!({}));
    let session = world.connect();
    for (outage, minutes) in [(http(502, ""), 2), (refused(), 1)] {
        world.server().down = Some(outage);
        let calls = [world.plain(session, "prompts/list"), world.plain(session, "resources/list")];
        world.run_for(1_000);
        let new = world.tool(session, "order");
        world.run_for(minutes * 60_000);
        world.server().down = None;
        world.drive();
        calls.iter().chain([&new]).for_each(|call| drop(world.result(*call)));
    }
    assert_eq!((world.count("initialize"), world.server().executed("order")), (1, 2));
}

// Ends.

#[test]
fn waiting_never_extends_a_session_and_never_expires_it() {
    let settings = json!({"timeout": 300_000, "sessionConfig": {"timeout": 20_000, "retryAttempts": 10}});
    let mut world = world_with(settings, json!({}));
    let session = world.connect();
    let used = world.machine.session(session).unwrap().last_used_at;
    world.run_for(10_000);
    world.server().down = Some(http(502, ""));
    let first = world.plain(session, "prompts/list");
    world.run_for(5);
    let second = world.plain(session, "prompts/list");
    world.run_for(30_000);
    let info = world.machine.session(session).unwrap();
    assert_eq!(info.state, State::Outage, "two calls wait, so it does not expire");
    assert_eq!(info.last_used_at - used, 10_000, "but neither waiting calls nor canaries count as use");
    world.cancel(first);
    world.cancel(second);
    world.run_for(5_000);
    assert_eq!(state(&world, session), State::Expired);
    assert_eq!(world.event_names().iter().filter(|name| **name == "outageEnded").count(), 1);
    world.server().down = None;
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn terminate_and_close_end_it_at_once() {
    for close in [false, true] {
        let (mut world, session) = working();
        world.server().down = Some(silence());
        world.server().next("tools/call", []);
        world.network.0.get_mut("db").unwrap().down = Some(http(502, ""));
        let calls = [world.tool(session, "read"), world.tool(session, "prompts")];
        world.run_for(700);
        let waits = world.tool(session, "order");
        let connect = world.begin_connect("ann", "db", ConnectOptions::default());
        let end = if close { world.close(true) } else { world.terminate(Target::Session(session)) };
        world.drive();
        assert!(world.outcome(end).is_ok());
        assert_eq!([calls[0], waits, connect].map(|call| world.code(call)), [ErrorCode::Closed; 3]);
        assert_eq!(world.count("DELETE"), 1, "deleted, as far as that is possible");
        let sent = world.sent.len();
        world.run_for(600_000);
        assert_eq!(world.sent.len(), sent);
        assert!(world.machine.session(session).is_none());
    }
}

#[test]
fn a_page_that_goes_in_the_middle_of_it_gives_the_session_up() {
    let (mut world, session) = working();
    world.server().down = Some(refused());
    let call = world.tool(session, "read");
    world.run_for(700);
    world.input(Input::Page {
        notification: PageNotification::Retire,
        of: Some(Key { user: "ann".into(), server: "db".into() }),
    });
    assert_eq!((state(&world, session), world.count("DELETE")), (State::Connecting, 1), "the call waits for another");
    world.cancel(call);
    world.server().down = None;
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn offline_in_the_middle_of_it_waits_for_the_network() {
    let (mut world, session) = working();
    world.server().down = Some(refused());
    let call = world.tool(session, "read");
    world.run_for(700);
    world.input(Input::Page { notification: PageNotification::Offline, of: None });
    let before = world.sent.len();
    world.run_for(20_000);
    assert!(world.sent.len() - before <= 1, "almost nothing is sent without a network");
    world.server().down = None;
    let from = world.elapsed();
    world.input(Input::Page { notification: PageNotification::Online, of: None });
    world.finish(call);
    world.result(call);
    assert!(world.elapsed() - from < 100, "everything is sent at once when the network is back");
}

// Streams.

#[test]
fn a_stream_that_opens_again_is_a_sign_of_life() {
    let mut world = world();
    world.server().listens = true;
    let session = world.connect();
    world.run_for(100);
    world.server().down = Some(http(502, ""));
    let get = world.open_gets()[0];
    world.push(get, Step::Fail(FailureKind::Broken));
    let call = world.tool(session, "order");
    world.run_for(20_000);
    assert!(world.outcome(call).is_err());
    assert_eq!(state(&world, session), State::Outage);
    let pings = world.count("ping");
    world.server().down = None;
    world.run_for(300_000);
    assert_eq!(state(&world, session), State::Ready, "no call was needed");
    assert_eq!(world.count("ping"), pings + 1);
}

#[test]
fn a_get_or_a_delete_or_a_discovery_that_fails_pauses_nothing() {
    for outage in [http(502, ""), refused(), hidden()] {
        let mut world = world_with(json!({"protocolVersion": "auto"}), json!({}));
        for method in ["GET", "DELETE", "server/discover"] {
            world.server().always(method, outage.clone());
        }
        if matches!(outage.steps[0].1, Step::Fail(FailureKind::Unsent)) {
            world.server().next("server/discover", []);
        }
        let connect = world.begin_connect("ann", "db", ConnectOptions::default());
        world.drive();
        let Some((_, session)) = world.connected.get(&connect).copied() else {
            assert_eq!(world.code(connect), ErrorCode::NetworkError, "a server that has refused every request so far");
            continue;
        };
        world.run_for(20_000);
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!((world.count("ping"), state(&world, session)), (0, State::Ready));
    }
}

#[test]
fn a_stream_that_breaks_with_the_server_is_resumed_where_it_was() {
    let mut world = world();
    world.server().listens = true;
    let session = world.connect();
    let (list, _) = (world.plain(session, "tools/list"), world.run_for(100));
    world.finish(list);
    world.server().next("tools/call", [stream().priming(0, "e1", Some(500)).cut(10)]);
    let call = world.tool(session, "order");
    world.run_for(20);
    world.server().down = Some(http(502, ""));
    world.run_for(3_000);
    world.server().down = None;
    world.server().next("GET", [stream().then(1, Step::Event(None, None, super::reply::Data::None))]);
    world.run_for(100);
    assert!(world.waiting.contains(&call), "an unsafe call whose stream can be resumed is not given up");
    world.cancel(call);
}

#[test]
fn a_call_whose_tool_is_unknown_ends_in_a_long_outage_as_what_it_is() {
    let mut world = world_with(json!({"timeout": 5_000, "sessionConfig": {"retryAttempts": 10}}), json!({}));
    let session = world.connect();
    world.server().down = Some(http(502, ""));
    let call = world.tool(session, "order");
    world.run_for(6_000);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown, "it was sent");
    assert!(!world.error(call).retryable);
}

// In a page.

#[test]
fn a_hidden_404_is_told_from_an_outage_by_a_ping_without_an_id() {
    let (mut world, session) = working();
    world.server().forget();
    world.server().lost = hidden();
    let calls = [world.tool(session, "read"), world.tool(session, "order")];
    world.server().bare = Some(http_rpc(400, -32000, "Bad Request: No valid session ID provided"));
    world.drive();
    world.result(calls[0]);
    assert_eq!(world.code(calls[1]), ErrorCode::OutcomeUnknown, "this is inference, not proof");
    assert_eq!((world.count("initialize"), world.count("ping")), (2, 3), "with the id, without it, with it again");
    assert!(world.elapsed() < 100);
    assert!(!world.event_names().contains(&"outageStarted"));
}

#[test]
fn a_hidden_outage_that_ends_between_two_pings_keeps_the_session() {
    let (mut world, session) = working();
    world.server().bare = Some(http_rpc(400, -32000, "Bad Request: No valid session ID provided"));
    world.server().down = Some(hidden().after(10));
    let call = world.tool(session, "read");
    world.run_for(15);
    assert_eq!(world.count("ping"), 1, "the ping with the id is in flight");
    world.server().down = None;
    world.drive();
    world.result(call);
    assert_eq!((world.count("initialize"), world.count("ping")), (1, 3));
    assert_eq!(world.machine.session(session).unwrap().generation, 1);
}

/// Found by the simulation.
#[test]
fn an_outage_that_ends_between_a_hidden_ping_and_one_without_an_id_keeps_the_session() {
    for pings in 1..4 {
        let (mut world, session) = working();
        world.server().bare = Some(http_rpc(400, -32000, "Bad Request: No valid session ID provided"));
        world.server().next("prompts/list", [hidden()]);
        world.server().next("ping", vec![hidden(); pings]);
        let call = world.plain(session, "prompts/list");
        world.finish(call);
        world.result(call);
        let kept = pings == 1;
        assert_eq!(world.count("initialize"), if kept { 1 } else { 2 }, "{pings}");
    }
}

#[test]
fn a_hidden_404_whose_other_errors_are_hidden_too_is_found_by_one_handshake() {
    let (mut world, session) = working();
    world.server().forget();
    world.server().lost = hidden();
    let call = world.tool(session, "read");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 2);
    assert_eq!(world.machine.session(session).unwrap().recoveries, 1);
}

#[test]
fn a_hidden_outage_that_lasts_keeps_the_session() {
    let (mut world, session) = working();
    world.server().down = Some(hidden());
    let call = world.tool(session, "read");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::CorsBlocked);
    assert!(world.error(call).retryable);
    assert_eq!(world.count("initialize"), 2, "one handshake, whose response was hidden too");
    world.run_for(60_000);
    world.server().down = None;
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!((world.count("initialize"), world.server().executed("order")), (2, 1));
    assert_eq!(world.machine.session(session).unwrap().session_id.as_deref(), Some("00000001-db-secret"));
}

#[test]
fn an_outage_that_begins_with_hidden_responses_is_no_matter_of_cors() {
    let (mut world, session) = working();
    for method in ["tools/call", "prompts/list", "ping", "initialize"] {
        world.server().always(method, refused());
    }
    world.server().next("tools/call", [hidden()]);
    world.server().next("ping", [hidden()]);
    let call = world.tool(session, "read");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::NetworkError);
    assert_eq!(world.count("initialize"), 1, "a handshake cannot show more than a ping that is refused");
    let call = world.plain(session, "prompts/list");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::NetworkError);
    assert!(world.error(call).retryable);
}

#[test]
fn answers_that_stay_hidden_on_every_new_session_name_the_cors_headers() {
    let mut world = world();
    let session = world.connect();
    world.server().lost = hidden();
    world.server().bare = Some(http_rpc(400, -32000, "Bad Request"));
    for method in ["tools/call", "tools/list", "ping"] {
        world.server().always(method, hidden());
    }
    let call = world.tool(session, "read");
    world.finish(call);
    let outcome = world.outcome(call).as_ref().unwrap_err();
    assert!(matches!(outcome.code, ErrorCode::CorsBlocked | ErrorCode::OutcomeUnknown), "{outcome}");
    let call = world.plain(session, "prompts/list");
    world.finish(call);
    assert!(world.count("initialize") <= 4, "{} handshakes", world.count("initialize"));
}

// Ten thousand users.

#[test]
fn canaries_and_handshakes_of_one_server_go_sixteen_at_once_and_one_users_failures_do_not_slow_others() {
    for forgets in [false, true] {
        let mut world = world_of(&["db", "other"], json!({"timeout": 600_000}), json!({}));
        world.diary = None;
        let sessions: Vec<SessionRef> = (0..1_000).map(|user| world.connect_as(&format!("u{user}"), "db")).collect();
        let eve = world.connect_as("eve", "other");
        world.server().down = Some(http(502, ""));
        let calls: Vec<_> = sessions.iter().map(|session| world.plain(*session, "prompts/list")).collect();
        world.run_for(2_000);
        world.server().down = None;
        if forgets {
            world.server().forget();
        }
        // Each handshake takes a while, so that they accumulate.
        for method in ["ping", "initialize"] {
            world.server().slow.insert(method.into(), 20);
        }
        world.server_of("other").next("tools/call", [http(401, "")]);
        let own = world.tool(eve, "order");
        world.finish(own);
        assert_eq!(world.code(own), ErrorCode::Unauthorized);
        let from = world.sent.len();
        world.drive();
        calls.iter().for_each(|call| drop(world.result(*call)));
        let tries: Vec<u64> = world.sent[from..]
            .iter()
            .filter(|sent| matches!(sent.method(), "ping" | "initialize"))
            .map(|sent| sent.at)
            .collect();
        let most = tries.iter().map(|at| tries.iter().filter(|other| (*at..*at + 20).contains(other)).count()).max();
        assert!(most.is_some_and(|most| most <= 16), "{most:?} at once");
        assert_eq!(world.count("initialize"), if forgets { 2_001 } else { 1_001 });
        assert!(!world.events.iter().any(|event| event.kind == EventKind::BreakerOpened));
    }
}
