//! Credentials that a server refuses during the handshake.

use super::reply::{Reply, http, http_json};
use super::server::Server;
use super::{Tether, world};
use mcp_tether::core::{CallId, ConnectOptions, ErrorCode, State};
use serde_json::json;

const INVALID: &str = "Bearer error=\"invalid_token\"";
const SCOPE: &str = "Bearer error=\"insufficient_scope\", scope=\"notes\"";
const NONCE: &str = "DPoP error=\"use_dpop_nonce\"";

fn refusal(status: u16, challenge: &str) -> Reply {
    http(status, "").head(|head| head.challenge = Some(challenge.into()).filter(|words: &String| !words.is_empty()))
}

fn begin(script: impl FnOnce(&mut Server)) -> (Tether, CallId) {
    let mut world = world();
    script(world.server());
    let options = ConnectOptions { has_auth: true, ..ConnectOptions::default() };
    let call = world.begin_connect("ann", "db", options);
    let session = world.tokens_wanted[0].0;
    world.give_token(session, Some("token-1"));
    (world, call)
}

/// Some servers let all clients begin, and ask for a login at the next message.
#[test]
fn a_refusal_of_either_message_of_the_handshake_asks_the_provider_once() {
    for method in ["initialize", "notifications/initialized"] {
        for (status, challenge) in
            [(401, ""), (401, INVALID), (401, SCOPE), (403, SCOPE), (403, INVALID), (400, INVALID)]
        {
            let (mut world, call) = begin(|server| server.next(method, [refusal(status, challenge)]));
            world.run_until("the question", |world| world.tokens_wanted.len() == 2);
            let (session, asked) = (world.tokens_wanted[1].0, world.tokens_wanted[1].1.clone());
            assert_eq!(asked.unwrap_or_default(), challenge, "{method} {status}");
            world.give_token(session, Some("token-2"));
            world.finish(call);
            let order = world.tool(session, "order");
            world.finish(order);
            world.result(order);
            assert_eq!((world.count(method), world.count("GET")), (2, 1), "{method} {status} {challenge}");
            assert_eq!(world.sent.last().unwrap().header("authorization"), Some("Bearer token-2"));
            let left = world.server().sessions.len();
            assert_eq!((left, world.count("DELETE")), (1, 0), "one session: {method} {status} {challenge}");

            let (mut world, call) = begin(|server| server.always(method, refusal(status, challenge)));
            world.run_until("the question", |world| world.tokens_wanted.len() == 2);
            world.give_token(world.tokens_wanted[1].0, Some("token-2"));
            world.finish(call);
            assert!(matches!(world.code(call), ErrorCode::Unauthorized | ErrorCode::Forbidden), "{method} {status}");
            assert_eq!((world.count(method), world.tokens_wanted.len()), (2, 2), "no loop");
            world.run_for(100);
            assert!(world.server().sessions.is_empty(), "{method} {status}: no session is left at the server");
        }
    }
}

/// What the SDKs' bearer middleware answers: only the description tells a wrong audience from a missing scope.
#[test]
fn the_error_has_the_description_of_the_refusal() {
    for (status, code) in [(401, ErrorCode::Unauthorized), (403, ErrorCode::Forbidden)] {
        let body = json!({"error": "invalid_token", "error_description": "the audience is https://other.test"});
        let mut world = world();
        world.server().always("initialize", http_json(status, body));
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.finish(call);
        assert_eq!(world.code(call), code);
        let evidence = world.error(call).evidence.clone().unwrap_or_default();
        assert!(evidence.contains("invalid_token: the audience is "), "{evidence}");
    }
}

/// Servers on ASP.NET have an empty body.
#[test]
fn the_error_has_the_description_of_the_challenge() {
    for reply in [http(401, ""), http_json(401, json!({"error": "invalid_token"}))] {
        let challenge = "Bearer error=\"invalid_token\", error_description=\"The audience is invalid\"";
        let mut world = world();
        world.server().always("initialize", reply.head(|head| head.challenge = Some(challenge.into())));
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.finish(call);
        let expected = "HTTP 401 \"The audience is invalid\" to a request without a session id";
        assert_eq!(world.error(call).evidence.as_deref(), Some(expected));
    }
}

/// A server that binds sessions to their user would refuse the user a session that was created without credentials.
#[test]
fn a_session_that_was_created_without_a_token_is_replaced_after_the_login() {
    let mut world = world();
    world.server().next("notifications/initialized", [refusal(401, INVALID)]);
    let call = world.begin_connect("ann", "db", ConnectOptions { has_auth: true, ..ConnectOptions::default() });
    let session = world.tokens_wanted[0].0;
    world.give_token(session, None);
    world.run_until("the question", |world| world.tokens_wanted.len() == 2);
    world.give_token(session, Some("token-2"));
    world.finish(call);
    world.run_for(100);
    assert_eq!(
        world.methods(),
        ["initialize", "notifications/initialized", "DELETE", "initialize", "notifications/initialized", "GET"]
    );
    assert_eq!(world.server().sessions.len(), 1);
}

#[test]
fn a_session_whose_login_is_abandoned_after_initialize_is_deleted() {
    for how in ["terminate", "denied"] {
        let (mut world, call) = begin(|server| server.always("notifications/initialized", refusal(401, INVALID)));
        world.run_until("the question", |world| world.tokens_wanted.len() == 2);
        let session = world.tokens_wanted[1].0;
        if how == "terminate" {
            world.terminate(mcp_tether::core::Target::Session(session));
        } else {
            world.give_token(session, None);
        }
        world.finish(call);
        world.run_for(100);
        assert!(world.outcome(call).is_err());
        assert_eq!((world.count("initialize"), world.server().sessions.len()), (1, 0), "{how}");
    }
}

#[test]
fn a_nonce_after_initialize_repeats_the_notification_once_and_asks_for_no_token() {
    let (mut world, call) = begin(|server| server.next("notifications/initialized", [refusal(401, NONCE)]));
    world.finish(call);
    let info = world.machine.session(world.tokens_wanted[0].0).unwrap();
    assert_eq!(info.state, State::Ready);
    assert_eq!((world.count("initialize"), world.tokens_wanted.len()), (1, 1));
    assert_eq!(world.count("notifications/initialized"), 2);
}

#[test]
fn a_403_of_the_notification_alone_ends_no_handshake() {
    let mut world = world();
    world.server().always("notifications/initialized", http(403, "notifications are blocked"));
    let session = world.connect();
    let order = world.tool(session, "order");
    world.finish(order);
    world.result(order);
    assert_eq!(world.count("initialize"), 1);
}
