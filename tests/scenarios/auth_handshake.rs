//! Credentials that a server refuses during the handshake.

use super::reply::{Reply, http};
use super::server::Server;
use super::{Tether, world};
use mcp_tether::core::{CallId, ConnectOptions, ErrorCode, State};

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
            assert_eq!((world.count("initialize"), world.count("GET")), (2, 1), "{method} {status} {challenge}");
            assert_eq!(world.sent.last().unwrap().header("authorization"), Some("Bearer token-2"));

            let (mut world, call) = begin(|server| server.always(method, refusal(status, challenge)));
            world.run_until("the question", |world| world.tokens_wanted.len() == 2);
            world.give_token(world.tokens_wanted[1].0, Some("token-2"));
            world.finish(call);
            assert!(matches!(world.code(call), ErrorCode::Unauthorized | ErrorCode::Forbidden), "{method} {status}");
            assert_eq!((world.count("initialize"), world.tokens_wanted.len()), (2, 2), "no loop");
        }
    }
}

#[test]
fn a_nonce_after_initialize_repeats_the_handshake_once_and_asks_for_no_token() {
    let (mut world, call) = begin(|server| server.next("notifications/initialized", [refusal(401, NONCE)]));
    world.finish(call);
    let info = world.machine.session(world.tokens_wanted[0].0).unwrap();
    assert_eq!(info.state, State::Ready);
    assert_eq!((world.count("initialize"), world.tokens_wanted.len()), (2, 1));
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
