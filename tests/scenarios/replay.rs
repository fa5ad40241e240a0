//! Retries: what is sent again, what is not, and the error that the caller gets instead.

use super::reply::{Reply, http, http_answer, http_rpc, refused, reset, result, silence};
use super::{Tether, world, world_with};
use mcp_tether::core::{CallId, ErrorCode, RequestOptions, SessionRef};
use serde_json::json;

fn unknowns() -> Vec<Reply> {
    vec![reset(), http(500, ""), http(502, ""), http(503, ""), http(504, ""), http(408, ""), http(499, "")]
}

fn connected(policy: &str) -> (Tether, SessionRef) {
    let mut world = world_with(json!({"sessionConfig": {"replay": policy}}), json!({}));
    let session = world.connect();
    (world, session)
}

fn outcome_code(world: &Tether, call: CallId) -> Option<ErrorCode> {
    world.outcome(call).as_ref().err().map(|error| error.code)
}

#[test]
fn an_unsafe_tool_whose_outcome_is_unknown_is_never_sent_again() {
    for reply in unknowns() {
        let (mut world, session) = connected("refused");
        world.server().next("tools/call", [reply]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
        assert!(world.error(call).evidence.is_some());
        assert!(!world.error(call).retryable);
        assert_eq!(world.count("tools/call"), 1);
        assert_eq!(world.count("tools/list"), 1, "the annotations were fetched before the decision");
    }
}

#[test]
fn a_safe_tool_is_sent_again_once_with_a_new_id() {
    for tool in ["read", "set"] {
        for reply in unknowns() {
            let (mut world, session) = connected("refused");
            world.server().next("tools/call", [reply]);
            let call = world.tool(session, tool);
            world.finish(call);
            world.result(call);
            assert_eq!(world.count("tools/call"), 2);
            assert_eq!(world.count("tools/list"), 1, "fetched once, because it was missing");
        }
    }
}

/// Gateways that speak JSON-RPC give their own failures the request's id.
#[test]
fn a_failure_with_the_requests_id_is_retried_if_safe_and_else_told_once() {
    for status in [408, 499, 502, 503, 504, 524] {
        let failed = || http_answer(status, -32000, "the upstream is restarting");
        for method in ["tools/list", "resources/read", "ping"] {
            let (mut world, session) = connected("refused");
            world.server().next(method, [failed()]);
            let call = world.plain(session, method);
            world.finish(call);
            world.result(call);
        }
        for (tool, times) in [("read", 1 + 3), ("set", 1 + 3), ("order", 1)] {
            let (mut world, session) = connected("refused");
            world.server().runs_then(tool, failed());
            let call = world.tool(session, tool);
            world.finish(call);
            assert_eq!(world.server().executed(tool), times, "{status} {tool}");
            let error = world.error(call);
            assert_eq!((error.code, error.rpc_code, error.status), (ErrorCode::RpcError, Some(-32000.0), Some(status)));
            assert_eq!((error.message.as_str(), error.retryable), ("the upstream is restarting", tool != "order"));
            assert_eq!(world.count("initialize"), 1);
        }
    }
    for status in [500, 501] {
        let (mut world, session) = connected("refused");
        world.server().runs_then("read", http_answer(status, -32000, "no such customer"));
        let call = world.tool(session, "read");
        world.finish(call);
        assert_eq!(
            (world.server().executed("read"), world.error(call).retryable),
            (1, false),
            "{status}: a tool's own"
        );
    }
}

#[test]
fn a_list_that_was_read_already_is_not_asked_for_again() {
    let (mut world, session) = connected("refused");
    let list = world.plain(session, "tools/list");
    world.finish(list);
    world.server().next("tools/call", [reset()]);
    let call = world.tool(session, "read");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("tools/list"), 1);
}

#[test]
fn a_read_is_replayed_as_often_as_is_configured() {
    let (mut world, session) = connected("refused");
    world.server().always("tools/call", reset());
    let call = world.tool(session, "read");
    world.finish(call);
    assert_eq!(world.count("tools/call"), 1 + 3);
    assert_eq!(world.code(call), ErrorCode::NetworkError, "a failed read has no side effects");
    assert!(world.error(call).retryable);
}

#[test]
fn reads_and_set_like_methods_are_safe_and_others_are_not() {
    for method in ["ping", "resources/read", "prompts/get", "completion/complete", "logging/setLevel", "resources/list"]
    {
        let (mut world, session) = connected("refused");
        world.server().next(method, [reset()]);
        let call = world.plain(session, method);
        world.finish(call);
        world.result(call);
    }
    let (mut world, session) = connected("refused");
    world.server().next("vendor/launch", [reset()]);
    let call = world.plain(session, "vendor/launch");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
}

#[test]
fn what_was_refused_unread_is_sent_again_whatever_it_is() {
    let (mut world, session) = connected("refused");
    world.server().next("tools/call", [refused(), http(429, ""), http_rpc(404, -32001, "Session not found")]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.server().executed("order"), 1);
}

#[test]
fn under_safe_even_a_refused_call_is_sent_again_only_if_it_is_safe() {
    for (tool, error) in [("read", None), ("order", Some(ErrorCode::SessionTerminated))] {
        let (mut world, session) = connected("safe");
        world.server().forget();
        let call = world.tool(session, tool);
        world.finish(call);
        assert_eq!(outcome_code(&world, call), error);
        assert_eq!(world.count("initialize"), 2, "the session recovers nevertheless");
    }
}

#[test]
fn under_safe_a_refused_call_of_which_nothing_can_be_learnt_was_still_refused() {
    let (mut world, session) = connected("safe");
    world.server().forget();
    world.server().always("tools/list", http(500, ""));
    let call = world.tool(session, "read");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::SessionTerminated, "it was provably not executed");
}

#[test]
fn under_never_nothing_is_sent_again() {
    for (reply, code) in [
        (http_rpc(404, -32001, "Session not found"), ErrorCode::SessionTerminated),
        (refused(), ErrorCode::NetworkError),
        (http(429, "").retry_after("1"), ErrorCode::HttpError),
        (reset(), ErrorCode::OutcomeUnknown),
    ] {
        let (mut world, session) = connected("never");
        world.server().next("tools/call", [reply]);
        let call = world.tool(session, "read");
        world.finish(call);
        assert_eq!(outcome_code(&world, call), Some(code));
        assert_eq!(world.count("tools/call"), 1);
    }
}

#[test]
fn a_call_may_have_its_own_policy() {
    let mut world = world();
    let session = world.connect();
    world.server().forget();
    let options = RequestOptions { replay: Some(mcp_tether::core::config::Replay::Never), ..RequestOptions::default() };
    let call = world.request(session, "tools/call", json!({"name": "read"}), options);
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::SessionTerminated);
}

#[test]
fn nothing_is_sent_again_after_it_was_cancelled() {
    for reply in [http(429, "").retry_after("1"), http_rpc(404, -32001, "Session not found"), refused(), reset()] {
        let mut world = world();
        let session = world.connect();
        let list = world.plain(session, "tools/list");
        world.finish(list);
        world.server().next("tools/call", [reply]);
        let call = world.tool(session, "read");
        world.run_for(1);
        if world.waiting.contains(&call) {
            world.cancel(call);
        }
        world.run_for(60_000);
        assert_eq!(world.count("tools/call"), 1);
        assert_eq!(world.code(call), ErrorCode::Cancelled);
    }
}

#[test]
fn nothing_is_sent_again_past_its_deadline() {
    for reply in [http(429, "").retry_after("30"), reset()] {
        let mut world = world_with(json!({"sessionConfig": {"retryDelay": 60_000}}), json!({}));
        let session = world.connect();
        let list = world.plain(session, "tools/list");
        world.finish(list);
        world.server().always("tools/call", reply);
        let call = world.tool_within(session, "read", 500);
        world.finish(call);
        let end = world.elapsed();
        let sent = world.count("tools/call");
        world.run_for(120_000);
        assert!(end < 600);
        assert_eq!(world.count("tools/call"), sent);
    }
}

#[test]
fn a_thousand_callers_do_not_double_an_outage() {
    let mut world = world();
    world.diary = None;
    let session = world.connect();
    let list = world.plain(session, "tools/list");
    world.finish(list);
    world.server().always("tools/call", http(502, ""));
    let calls: Vec<_> = (0..1000).map(|_| world.tool(session, "read")).collect();
    world.drive();
    assert!(calls.iter().all(|call| world.outcome(*call).is_err()));
    assert!(world.count("tools/call") <= 1000 + 25, "{} requests", world.count("tools/call"));
}

#[test]
fn annotations_of_another_generation_do_not_count() {
    let mut world = world();
    let session = world.connect();
    world.server().tools = json!([{"name": "order", "annotations": {"readOnlyHint": true}}]);
    let list = world.plain(session, "tools/list");
    world.finish(list);
    world.server().tools = json!([{"name": "order"}]);
    world.server().forget();
    // The list of the new generation is never answered, so the tool is not known to be safe.
    world.server().always("tools/list", silence());
    world.server().next("tools/call", [http(404, ""), http(502, "")]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_ne!(world.server().executed("order"), 2);
    assert_eq!(world.count("tools/call"), 2, "once refused unread, once unknown");
    assert_ne!(outcome_code(&world, call), None);
}

#[test]
fn a_list_requested_on_a_lost_session_is_requested_again_on_the_next() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [reset()]);
    world.server().next("tools/list", [http_rpc(404, -32001, "Session not found")]);
    let call = world.tool(session, "read");
    world.finish(call);
    world.result(call);
    assert_eq!((world.count("initialize"), world.count("tools/list")), (2, 2));
}

#[test]
fn a_tool_that_is_called_by_a_page_of_the_list_further_on_is_found() {
    let mut world = world();
    let session = world.connect();
    let page = |name: &str, next: Option<&str>| {
        let mut page = json!({"tools": [{"name": name, "annotations": {"readOnlyHint": true}}]});
        if let Some(next) = next {
            page["nextCursor"] = json!(next);
        }
        result(page)
    };
    world.server().next("tools/list", [page("a", Some("2")), page("b", Some("3")), page("read", None)]);
    world.server().next("tools/call", [reset()]);
    let call = world.tool(session, "read");
    world.finish(call);
    world.result(call);
    let cursors: Vec<_> = world.sent_as("tools/list").iter().map(|sent| sent.param("cursor").clone()).collect();
    assert_eq!(cursors, [json!(null), json!("2"), json!("3")]);
}

#[test]
fn notifications_with_an_unknown_outcome_are_not_retried() {
    let mut world = world();
    let session = world.connect();
    world.server().next("notifications/x", [reset()]);
    let call = world.notify(session, "notifications/x");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
    world.server().forget();
    let call = world.notify(session, "notifications/y");
    world.finish(call);
    assert!(world.outcome(call).is_ok(), "refused unread: sent again on the new session");
    assert_eq!(world.count("notifications/y"), 2);
}

/// Found by the simulation: the list waited for a slot, and all slots for the list.
#[test]
fn the_list_of_tools_needs_no_slot_if_all_slots_wait_for_it() {
    let mut world = world_with(json!({}), json!({"limits": {"maxInFlight": 2}}));
    let session = world.connect();
    world.server().next("tools/call", [reset(), reset()]);
    world.server().next("tools/list", [http(502, "")]);
    let calls = [world.tool(session, "read"), world.tool(session, "read")];
    world.run_for(5_000);
    calls.iter().for_each(|call| drop(world.result(*call)));
}
