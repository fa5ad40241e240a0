//! Exchanges that fail before their answer: what the host knows of it decides what the caller is told.

use super::reply::{fails, result};
use super::{world, world_with};
use mcp_tether::core::{ErrorCode, FailureKind, State};
use serde_json::json;

#[test]
fn what_an_injected_fetch_throws_is_told_once_and_never_repeated() {
    let mut world = world();
    let session = world.connect();
    let list = world.plain(session, "tools/list");
    world.finish(list);
    for (name, count) in [("read", 1), ("order", 2)] {
        world.server().next("tools/call", [fails(FailureKind::Thrown)]);
        let call = world.tool(session, name);
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::NetworkError);
        assert!(!world.error(call).retryable);
        assert_eq!(world.count("tools/call"), count);
    }
    assert_eq!((world.count("initialize"), world.machine.session(session).unwrap().state), (1, State::Ready));
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn a_handshake_whose_fetch_throws_is_not_repeated() {
    for protocol in ["auto", "legacy"] {
        let mut world = world_with(json!({"protocolVersion": protocol}), json!({}));
        for method in ["server/discover", "initialize"] {
            world.server().always(method, fails(FailureKind::Thrown));
        }
        let call = world.begin_connect("ann", "db", Default::default());
        world.finish(call);
        assert_eq!((world.code(call), world.sent.len()), (ErrorCode::NetworkError, 1));
        assert!(!world.error(call).retryable);
    }
}

#[test]
fn out_of_reach_in_a_page_does_not_tell_whether_the_request_was_read() {
    let mut world = world();
    let session = world.connect();
    let list = world.plain(session, "tools/list");
    world.finish(list);
    world.server().next("tools/call", [fails(FailureKind::Unreachable), result(json!({}))]);
    let read = world.tool(session, "read");
    world.finish(read);
    world.result(read);
    world.server().next("tools/call", [fails(FailureKind::Unreachable)]);
    let order = world.tool(session, "order");
    world.finish(order);
    assert_eq!((world.code(order), world.count("tools/call")), (ErrorCode::OutcomeUnknown, 3));
}
