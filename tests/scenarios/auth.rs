//! Credentials: the provider is asked on demand, once, and the session is kept.

use super::reply::{http, silence};
use super::{Tether, world, world_with};
use mcp_tether::core::{ConnectOptions, ErrorCode, RequestOptions, SessionRef};
use serde_json::json;

fn with_provider<J>() -> ConnectOptions<J> {
    ConnectOptions { has_auth: true, ..ConnectOptions::default() }
}

fn connected() -> (Tether, SessionRef) {
    let mut world = world();
    let call = world.begin_connect("ann", "db", with_provider());
    let session = world.tokens_wanted[0].0;
    assert!(world.sent.is_empty(), "nothing is sent before the token");
    world.give_token(session, Some("token-1"));
    world.finish(call);
    (world, session)
}

#[test]
fn a_provider_is_asked_before_the_first_request() {
    let (world, _) = connected();
    assert!(world.sent.iter().all(|sent| sent.header("authorization") == Some("Bearer token-1")));
    assert_eq!(world.tokens_wanted.len(), 1);
}

#[test]
fn a_401_asks_once_and_keeps_the_session() {
    let (mut world, session) = connected();
    let refused = http(401, "").head(|head| head.challenge = Some("Bearer scope=x".into()));
    world.server().next("tools/call", [refused.clone(), refused]);
    let calls = [world.tool(session, "order"), world.tool(session, "order"), world.tool(session, "order")];
    world.run_for(10);
    assert_eq!(world.tokens_wanted.len(), 2, "two refusals, one question");
    assert_eq!(world.tokens_wanted[1].1.as_deref(), Some("Bearer scope=x"));
    world.give_token(session, Some("token-2"));
    world.drive();
    calls.iter().for_each(|call| drop(world.result(*call)));
    assert_eq!(world.count("initialize"), 1);
    assert_eq!(world.sent.last().unwrap().header("authorization"), Some("Bearer token-2"));
}

#[test]
fn a_second_401_is_the_callers() {
    let (mut world, session) = connected();
    world.server().always("tools/call", http(401, ""));
    let call = world.tool(session, "order");
    world.run_for(10);
    world.give_token(session, Some("token-2"));
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::Unauthorized);
    assert_eq!(world.count("tools/call"), 2);
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn without_a_provider_a_401_is_the_callers_at_once() {
    let mut world = world();
    let session = world.connect();
    for (status, code) in [(401, ErrorCode::Unauthorized), (403, ErrorCode::Forbidden)] {
        world.server().next("tools/call", [http(status, "")]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.code(call), code);
    }
    assert_eq!((world.count("tools/call"), world.count("initialize")), (2, 1));
}

#[test]
fn a_401_to_initialize_asks_with_the_challenge_once() {
    let (mut world, session) = connected();
    world.server().forget();
    world.server().always("initialize", http(401, "").head(|head| head.challenge = Some("Bearer x".into())));
    let call = world.tool(session, "order");
    world.run_for(10);
    assert_eq!(world.tokens_wanted.last().unwrap().1.as_deref(), Some("Bearer x"));
    world.give_token(session, Some("token-2"));
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::Unauthorized);
    assert_eq!((world.count("initialize"), world.tokens_wanted.len()), (3, 2));
}

#[test]
fn a_provider_that_failed_once_is_asked_again_at_the_next_attempt() {
    let (mut world, session) = connected();
    world.server().forget();
    world.server().always("initialize", http(401, ""));
    let call = world.tool(session, "order");
    world.run_for(10);
    world.give_token(session, Some("bad"));
    world.finish(call);
    world.server().next("initialize", [http(401, "")]);
    world.server().behave();
    world.server().next("initialize", [http(401, "")]);
    let asked = world.tokens_wanted.len();
    let call = world.tool(session, "order");
    world.run_until("another question", |world| world.tokens_wanted.len() > asked);
    world.give_token(session, Some("good"));
    world.finish(call);
    world.result(call);
}

#[test]
fn a_token_that_comes_during_a_recovery_makes_no_second_handshake() {
    let (mut world, session) = connected();
    world.server().next("tools/call", [http(401, ""), http(404, "").after(5)]);
    world.server().next("initialize", []);
    let calls = [world.tool(session, "order"), world.tool(session, "order")];
    world.run_until("the question", |world| world.tokens_wanted.len() == 2);
    world.run_for(10);
    world.give_token(session, Some("token-2"));
    world.drive();
    calls.iter().for_each(|call| drop(world.result(*call)));
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn a_401_during_a_recovery_makes_no_second_handshake() {
    let (mut world, session) = connected();
    world.server().next("tools/call", [http(404, ""), http(401, "").after(1)]);
    let answer = super::reply::result(serde_json::json!({"protocolVersion": "2025-11-25", "capabilities": {}}));
    world.server().sessions.insert("slow-one".into());
    world.server().next("initialize", [answer.after(50).head(|head| head.session_id = Some("slow-one".into()))]);
    let calls = [world.tool(session, "order"), world.tool(session, "order")];
    world.run_for(10);
    if world.tokens_wanted.len() == 2 {
        world.give_token(session, Some("token-2"));
    }
    world.server().sessions.insert("slow-one".into());
    world.drive();
    calls.iter().for_each(|call| drop(world.result(*call)));
    assert_eq!(world.count("initialize"), 2);
}

/// Found by the simulation.
#[test]
fn a_401_to_a_notification_in_the_middle_of_a_trial_makes_no_second_handshake() {
    let (mut world, session) = connected();
    world.server().next("tools/call", [silence(), http(500, "session trouble")]);
    world.server().next("ping", [http(500, "session trouble")]);
    world.server().next("notifications/cancelled", [http(401, "").after(20)]);
    world.server().slow.insert("initialize".into(), 100);
    let cancelled = world.tool(session, "order");
    world.cancel(cancelled);
    let odd = world.tool(session, "order");
    world.run_until("the trial", |world| world.count("initialize") == 2);
    world.run_for(50);
    assert_eq!(world.tokens_wanted.len(), 1, "the handshake asks for its own token");
    world.drive();
    world.run_for(10_000);
    assert_eq!(world.code(odd), ErrorCode::OutcomeUnknown);
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn a_provider_that_never_answers_a_401_to_a_notification_is_given_up_too() {
    let (mut world, session) = connected();
    world.server().next("tools/call", [silence()]);
    world.server().next("notifications/cancelled", [http(401, "")]);
    let cancelled = world.tool(session, "order");
    world.cancel(cancelled);
    world.run_until("the question", |world| world.tokens_wanted.len() == 2);
    let call = world.tool_within(session, "order", 5_000);
    world.finish(call);
    world.result(call);
    assert_eq!(world.tokens_given_up.len(), 1);
}

#[test]
fn a_provider_without_a_token_lets_the_request_go_as_it_is() {
    let mut world = world();
    let call = world.begin_connect("ann", "db", with_provider());
    let session = world.tokens_wanted[0].0;
    world.give_token(session, None);
    world.finish(call);
    assert!(world.connected.contains_key(&call));
    assert_eq!(world.sent[0].header("authorization"), None);
}

#[test]
fn a_token_that_would_break_the_header_is_not_used() {
    let mut world = world();
    let call = world.begin_connect("ann", "db", with_provider());
    let session = world.tokens_wanted[0].0;
    world.give_token(session, Some("a\r\nx: y"));
    world.finish(call);
    assert_eq!(world.sent[0].header("authorization"), None);
}

#[test]
fn a_connect_that_waits_for_a_token_can_be_cancelled_and_ended() {
    let mut world = world();
    let call = world.begin_connect("ann", "db", with_provider());
    let session = world.tokens_wanted[0].0;
    assert!(!world.machine.is_idle());
    world.cancel(call);
    assert_eq!(world.code(call), ErrorCode::Cancelled);
    let end = world.close(false);
    world.finish(end);
    world.give_token(session, Some("late"));
    assert!(world.sent.is_empty());
}

/// A session whose call got a 401, so that its provider is being asked.
fn asking() -> (Tether, SessionRef) {
    let (mut world, session) = connected();
    world.server().next("tools/call", [http(401, "")]);
    (world, session)
}

#[test]
fn while_the_provider_is_asked_the_timeout_is_suspended() {
    let (mut world, session) = asking();
    let first = world.tool_within(session, "order", 5_000);
    world.run_for(1_000);
    let second = world.tool_within(session, "order", 5_000);
    world.run_for(200_000);
    assert_eq!(world.count("tools/call"), 1, "both wait");
    // The remaining time continues from here: the first attempt spent only its round trip.
    world.server().always("tools/call", silence());
    let at = world.elapsed();
    world.give_token(session, Some("token-2"));
    world.drive();
    for call in [first, second] {
        assert_eq!(world.code(call), ErrorCode::RequestTimeout);
        let waited = world.settled_at(call) - at;
        assert!((4_900..=5_000).contains(&waited), "{waited}");
    }
}

#[test]
fn a_token_that_comes_soon_costs_no_time_of_the_call() {
    let (mut world, session) = asking();
    let call = world.tool_within(session, "order", 5_000);
    world.run_for(4_000);
    world.server().always("tools/call", silence());
    world.give_token(session, Some("token-2"));
    let at = world.elapsed();
    world.finish(call);
    assert!(world.settled_at(call) - at >= 4_900);
}

#[test]
fn the_total_timeout_runs_on_while_the_provider_is_asked() {
    let (mut world, session) = asking();
    let options = RequestOptions { timeout: Some(5_000), max_total_timeout: Some(60_000), ..RequestOptions::default() };
    let started = world.elapsed();
    let call = world.request(session, "tools/call", json!({"name": "order"}), options);
    world.finish(call);
    assert_eq!((world.code(call), world.settled_at(call) - started), (ErrorCode::RequestTimeout, 60_000));
    assert!(world.error(call).retryable, "it was refused unread");
}

#[test]
fn a_provider_that_never_answers_is_given_up_after_auth_timeout() {
    let (mut world, session) = asking();
    world.server().always("tools/call", http(401, ""));
    let started = world.elapsed();
    let call = world.tool_within(session, "order", 5_000);
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::Unauthorized);
    assert!((300_000..=300_100).contains(&(world.settled_at(call) - started)));
    assert!(world.error(call).evidence.as_ref().unwrap().contains("authTimeout"));
    assert_eq!((world.tokens_wanted.len(), world.tokens_given_up.len()), (2, 1));
    // A token that arrives afterwards answers no pending request.
    world.give_token(session, Some("late"));
    world.server().behave();
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.sent.last().unwrap().header("authorization"), None);
}

#[test]
fn a_handshake_gives_its_provider_one_time_and_goes_without() {
    for accepts in [true, false] {
        let mut world = world_with(json!({"authTimeout": 1_000, "sessionConfig": {"timeout": 10_000}}), json!({}));
        if !accepts {
            world.server().always("initialize", http(401, ""));
        }
        let call = world.begin_connect("ann", "db", with_provider());
        world.finish(call);
        assert_eq!((world.tokens_wanted.len(), world.tokens_given_up.len()), (1, 1));
        assert_eq!(world.count("initialize"), 1);
        if accepts {
            assert!(world.connected.contains_key(&call));
        } else {
            assert_eq!(world.code(call), ErrorCode::Unauthorized);
            assert!(world.error(call).evidence.as_ref().unwrap().contains("authTimeout"));
        }
    }
}

#[test]
fn a_session_ended_while_its_provider_is_asked_gets_no_late_token() {
    let (mut world, session) = asking();
    let call = world.tool(session, "order");
    world.run_for(10);
    let end = world.terminate(mcp_tether::core::Target::Session(session));
    world.finish(end);
    world.run_for(400_000);
    assert_eq!((world.code(call), world.tokens_given_up.len()), (ErrorCode::Closed, 0));
}
