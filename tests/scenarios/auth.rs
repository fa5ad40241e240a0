//! Credentials: the provider is asked on demand, once, and the session is kept.

use super::reply::{http, silence};
use super::{Tether, world, world_with};
use mcp_tether::core::{ConnectOptions, ErrorCode, EventKind, Input, RequestOptions, SessionRef, State, Target, Token};
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
    world.server().next("tools/call", [http(401, ""), http(404, "session not found").after(5)]);
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
    world.server().next("tools/call", [http(404, "session not found"), http(401, "").after(1)]);
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
    let end = world.terminate(Target::Session(session));
    world.finish(end);
    world.run_for(400_000);
    assert_eq!((world.code(call), world.tokens_given_up.len()), (ErrorCode::Closed, 0));
}

/// A refusal with this challenge.
fn refusal(status: u16, challenge: &str) -> super::reply::Reply {
    http(status, "").head(|head| head.challenge = Some(challenge.into()))
}

fn give(world: &mut Tether, session: SessionRef, token: Token) {
    world.input(Input::Token { session, outcome: Ok(Some(token)) });
}

fn fail(world: &mut Tether, session: SessionRef, cause: &str) {
    world.input(Input::Token { session, outcome: Err(Some(json!(cause))) });
}

#[test]
fn the_provider_is_told_the_address_and_what_was_refused() {
    let (mut world, session) = connected();
    let first = &world.token_requests[0];
    assert_eq!((first.status, first.attempt), (None, 0));
    assert!(first.url.ends_with("/mcp"), "{}", first.url);
    world.server().next("tools/call", [http(401, "")]);
    let call = world.tool(session, "order");
    world.run_for(10);
    let second = &world.token_requests[1];
    assert_eq!((second.status, second.challenge.as_deref(), second.attempt), (Some(401), None, 1));
    world.give_token(session, Some("token-2"));
    world.finish(call);
    world.result(call);
}

#[test]
fn a_provider_that_failed_in_mid_session_is_asked_again_by_the_next_call() {
    let (mut world, session) = connected();
    world.server().always("tools/call", http(401, ""));
    let calls = [world.tool(session, "order"), world.tool(session, "order"), world.tool(session, "order")];
    world.run_for(10);
    fail(&mut world, session, "access_denied");
    world.drive();
    for call in calls {
        assert_eq!(world.code(call), ErrorCode::Unauthorized);
        assert_eq!(world.error(call).cause, Some(json!("access_denied")));
    }
    assert_eq!(world.token_requests.len(), 2, "three refusals, one question");
    world.server().behave();
    world.server().next("tools/call", [http(401, "")]);
    let call = world.tool(session, "order");
    world.run_until("the next question", |world| world.token_requests.len() == 3);
    assert_eq!(world.token_requests[2].attempt, 2);
    world.give_token(session, Some("token-3"));
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn a_provider_that_fails_each_time_is_left_alone_for_longer_and_longer() {
    let (mut world, session) = connected();
    world.server().always("tools/call", http(401, ""));
    let mut answered = world.token_requests.len();
    for _ in 0..300 {
        let call = world.tool(session, "order");
        world.run_for(100);
        if world.token_requests.len() > answered {
            answered = world.token_requests.len();
            fail(&mut world, session, "access_denied");
        }
        world.finish(call);
        assert_eq!(world.error(call).cause, Some(json!("access_denied")));
    }
    // Thirty seconds of calls without a pause.
    assert!((3..=20).contains(&answered), "{answered} questions");
}

#[test]
fn a_provider_that_fails_in_the_handshake_is_the_cause() {
    let mut world = world();
    world.server().always("initialize", http(401, ""));
    let call = world.begin_connect("ann", "db", with_provider());
    let session = world.tokens_wanted[0].0;
    world.give_token(session, None);
    world.run_until("the question", |world| world.token_requests.len() == 2);
    fail(&mut world, session, "access_denied");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::Unauthorized);
    assert_eq!(world.error(call).cause, Some(json!("access_denied")));
}

#[test]
fn insufficient_scope_asks_once_a_call_and_other_403s_do_not() {
    let (mut world, session) = connected();
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"write\"";
    world.server().next("tools/call", [refusal(403, challenge)]);
    let call = world.tool(session, "order");
    world.run_for(10);
    assert_eq!(world.token_requests.last().unwrap().status, Some(403));
    assert_eq!(world.tokens_wanted.last().unwrap().1.as_deref(), Some(challenge));
    world.give_token(session, Some("token-2"));
    world.finish(call);
    world.result(call);

    world.server().always("tools/call", refusal(403, challenge));
    let call = world.tool(session, "order");
    world.run_for(10);
    world.give_token(session, Some("token-3"));
    world.finish(call);
    assert_eq!((world.code(call), world.token_requests.len()), (ErrorCode::Forbidden, 3));

    world.server().always("tools/call", refusal(403, "Bearer error=\"access_denied\""));
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!((world.code(call), world.token_requests.len()), (ErrorCode::Forbidden, 3));
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn insufficient_scope_for_initialize_asks_too() {
    let mut world = world();
    world.server().next("initialize", [refusal(403, "Bearer error=\"insufficient_scope\"")]);
    let call = world.begin_connect("ann", "db", with_provider());
    let session = world.tokens_wanted[0].0;
    world.give_token(session, Some("token-1"));
    world.run_until("the question", |world| world.token_requests.len() == 2);
    assert_eq!(world.token_requests[1].status, Some(403));
    world.give_token(session, Some("token-2"));
    world.finish(call);
    assert!(world.connected.contains_key(&call));
}

#[test]
fn an_invalid_token_is_one_whatever_the_status() {
    for status in [400, 403] {
        let (mut world, session) = connected();
        world.server().next("tools/call", [refusal(status, "Bearer error=\"invalid_token\"")]);
        let call = world.tool(session, "order");
        world.run_for(10);
        assert_eq!(world.token_requests.last().unwrap().status, Some(status));
        world.give_token(session, Some("token-2"));
        world.finish(call);
        world.result(call);
        assert_eq!(world.count("initialize"), 1);
    }
}

#[test]
fn a_token_is_replaced_before_it_expires_while_calls_go_on() {
    let (mut world, session) = asking();
    let call = world.tool(session, "order");
    world.run_for(10);
    let token = Token { expires_in: Some(600_000), ..Token::from("token-2") };
    give(&mut world, session, token);
    world.finish(call);
    world.run_for(539_000);
    assert_eq!(world.token_requests.len(), 2, "not yet");
    world.run_for(31_000);
    assert_eq!((world.token_requests.len(), world.token_requests[2].status), (3, None));
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.sent.last().unwrap().header("authorization"), Some("Bearer token-2"));
    world.give_token(session, Some("token-3"));
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.sent.last().unwrap().header("authorization"), Some("Bearer token-3"));
    world.run_for(600_000);
    assert_eq!(world.token_requests.len(), 3, "this one said nothing of its end");
}

#[test]
fn a_renewal_that_fails_leaves_the_token_as_it_is() {
    let (mut world, session) = asking();
    let call = world.tool(session, "order");
    world.run_for(10);
    let token = Token { expires_in: Some(600_000), ..Token::from("token-2") };
    give(&mut world, session, token);
    world.finish(call);
    world.run_until("the renewal", |world| world.token_requests.len() == 3);
    fail(&mut world, session, "out of reach");
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.sent.last().unwrap().header("authorization"), Some("Bearer token-2"));
    // The end of the token is found out by the server, and then the provider is asked as ever.
    world.server().next("tools/call", [http(401, "")]);
    let call = world.tool(session, "order");
    world.run_until("the question", |world| world.token_requests.len() == 4);
    world.give_token(session, Some("token-3"));
    world.finish(call);
    world.result(call);
}

#[test]
fn a_token_that_is_refused_while_it_is_renewed_waits_for_the_next() {
    let (mut world, session) = asking();
    let call = world.tool(session, "order");
    world.run_for(10);
    give(&mut world, session, Token { expires_in: Some(600_000), ..Token::from("token-2") });
    world.finish(call);
    world.run_until("the renewal", |world| world.token_requests.len() == 3);
    world.server().next("tools/call", [http(401, "")]);
    let sent = world.count("tools/call");
    let call = world.tool(session, "order");
    world.run_for(5_000);
    assert_eq!((world.count("tools/call") - sent, world.token_requests.len()), (1, 3));
    world.give_token(session, Some("token-3"));
    world.finish(call);
    world.result(call);
}

#[test]
fn a_token_of_another_user_ends_the_session_and_the_same_user_keeps_it() {
    let (mut world, session) = asking();
    let of = |subject: &str, token: &str| Token { subject: Some(subject.into()), ..Token::from(token) };
    let call = world.tool(session, "order");
    world.run_for(10);
    give(&mut world, session, of("ann", "token-2"));
    world.finish(call);
    world.server().next("tools/call", [http(401, "")]);
    let call = world.tool(session, "order");
    world.run_for(10);
    give(&mut world, session, of("ann", "token-3"));
    world.finish(call);
    world.result(call);
    world.server().next("tools/call", [http(401, "")]);
    let call = world.tool(session, "order");
    world.run_for(10);
    give(&mut world, session, of("eve", "token-4"));
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::Closed);
    let farewell = world.sent.iter().find(|sent| sent.verb == "DELETE").expect("the server is told");
    assert_eq!(farewell.header("authorization"), Some("Bearer token-3"));
    assert!(world.machine.session(session).is_none_or(|info| info.state == State::Terminated));
}

#[test]
fn a_provider_that_has_no_token_with_more_scopes_leaves_the_one_that_there_is() {
    let (mut world, session) = connected();
    world.server().next("tools/call", [refusal(403, "Bearer error=\"insufficient_scope\"")]);
    world.server().always("tools/call", refusal(403, "Bearer error=\"insufficient_scope\""));
    let call = world.tool(session, "order");
    world.run_for(10);
    fail(&mut world, session, "access_denied");
    world.finish(call);
    assert_eq!((world.code(call), &world.error(call).cause), (ErrorCode::Forbidden, &Some(json!("access_denied"))));
    world.server().behave();
    let call = world.tool(session, "look");
    world.finish(call);
    world.result(call);
    assert_eq!(world.sent.last().unwrap().header("authorization"), Some("Bearer token-1"));
}

#[test]
fn a_token_goes_by_the_scheme_that_its_provider_says() {
    let (mut world, session) = asking();
    let call = world.tool(session, "order");
    world.run_for(10);
    give(&mut world, session, Token { header: "DPoP bound".into(), ..Token::from("") });
    world.finish(call);
    assert_eq!(world.sent.last().unwrap().header("authorization"), Some("DPoP bound"));
}

#[test]
fn a_nonce_that_is_wanted_leads_to_one_more_request_and_no_question() {
    let (mut world, session) = connected();
    let wants = refusal(401, "DPoP error=\"use_dpop_nonce\"");
    world.server().next("tools/call", [wants.clone()]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.token_requests.len(), 1);
    world.server().always("tools/call", wants);
    let before = world.count("tools/call");
    let call = world.tool(session, "order");
    world.run_for(10);
    assert_eq!(world.count("tools/call") - before, 2);
    assert_eq!(world.token_requests.len(), 2, "a server that is never content is asked about");
    world.give_token(session, Some("token-2"));
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::Unauthorized);
}

#[test]
fn a_nonce_that_is_wanted_for_initialize_leads_to_one_more() {
    let mut world = world();
    world.server().next("initialize", [refusal(401, "DPoP error=\"use_dpop_nonce\"")]);
    let call = world.begin_connect("ann", "db", with_provider());
    let session = world.tokens_wanted[0].0;
    world.give_token(session, Some("token-1"));
    world.finish(call);
    assert!(world.connected.contains_key(&call));
    assert_eq!((world.count("initialize"), world.token_requests.len()), (2, 1));
}

#[test]
fn events_say_what_becomes_of_a_question_and_nothing_of_the_token() {
    let (mut world, session) = connected();
    let kinds = |world: &Tether| {
        let all = world.events.iter().map(|event| event.kind);
        all.filter(|kind| {
            matches!(kind, EventKind::AuthorizationNeeded | EventKind::Authorized | EventKind::AuthorizationFailed)
        })
        .collect::<Vec<_>>()
    };
    assert_eq!(kinds(&world), [], "nothing was refused");
    world.server().next("tools/call", [http(401, "")]);
    let call = world.tool(session, "order");
    world.run_for(10);
    world.give_token(session, Some("s3cr3t"));
    world.finish(call);
    world.server().next("tools/call", [http(401, "")]);
    let call = world.tool(session, "order");
    world.run_for(10);
    fail(&mut world, session, "access_denied");
    world.finish(call);
    assert_eq!(
        kinds(&world),
        [
            EventKind::AuthorizationNeeded,
            EventKind::Authorized,
            EventKind::AuthorizationNeeded,
            EventKind::AuthorizationFailed
        ]
    );
    assert!(!format!("{:?}", world.events).contains("s3cr3t"));
}
