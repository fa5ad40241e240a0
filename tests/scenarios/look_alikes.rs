//! Answers of ordinary handlers that resemble a lost session: delivered once, and the tool runs once.

use super::reply::{Data, Reply, Step, http, http_answer, http_json, http_rpc, rpc_error, stream};
use super::{Tether, modern_world, world};
use mcp_tether::core::headers::Media;
use mcp_tether::core::{ErrorCode, ResponseHead, State};
use serde_json::{Value, json};

/// Calls a tool that does its work and then returns this reply. It must run once, and the session must be kept.
fn answered_with(mut world: Tether, reply: Reply) -> (ErrorCode, Option<f64>) {
    let session = world.connect();
    let warm = world.tool(session, "read");
    world.finish(warm);
    let handshakes = world.count("initialize");
    world.server().runs_then("order", reply);
    for times in 1..=3 {
        let call = world.tool(session, "order");
        world.finish(call);
        assert!(world.outcome(call).is_err());
        assert_eq!(world.server().executed("order"), times, "each call runs once");
    }
    world.run_for(300_000);
    assert_eq!(world.server().executed("order"), 3);
    assert_eq!(world.count("initialize"), handshakes, "the session is kept");
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.state, info.generation), (State::Ready, 1));
    let call = world.tool(session, "order");
    world.finish(call);
    (world.code(call), world.error(call).rpc_code)
}

#[test]
fn a_tool_that_sends_its_own_error_with_404_or_410_is_run_once_whatever_its_code_and_words() {
    for status in [404, 410] {
        for code in [-32601, -32602, -32001, -32000, -32600, -32603, 404] {
            for words in ["no such customer", "Not Found", "", "browser session not found: tab 4", "Session not found"]
            {
                let told = answered_with(world(), http_answer(status, code, words));
                assert_eq!(told, (ErrorCode::RpcError, Some(f64::from(code))), "{status} {code} {words}");
            }
        }
    }
}

#[test]
fn a_tool_that_speaks_of_sessions_of_its_own_with_another_status_is_run_once() {
    for status in [400, 409, 422] {
        for words in ["chat session expired", "unknown session", "Bad Request: No valid session ID provided"] {
            let told = answered_with(world(), http_answer(status, -32000, words));
            assert_eq!(told, (ErrorCode::RpcError, Some(-32000.0)), "{status} {words}");
        }
    }
}

#[test]
fn a_json_rpc_error_with_200_in_the_very_words_of_a_lost_session_is_run_once() {
    for words in ["Session not found", "session expired", "Unknown session", "No valid session ID provided"] {
        let told = answered_with(world(), rpc_error(-32000, words));
        assert_eq!(told, (ErrorCode::RpcError, Some(-32000.0)), "{words}");
        let error = json!({"code": -32000, "message": words});
        let streamed = stream().then(1, Step::Event(None, None, Data::Error(error))).end(1);
        assert_eq!(answered_with(world(), streamed), (ErrorCode::RpcError, Some(-32000.0)), "{words}, streamed");
    }
}

#[test]
fn an_exception_that_a_framework_turns_into_an_http_error_is_run_once() {
    for reply in [
        http_json(404, json!({"detail": "Item not found"})),
        http_json(404, json!({"statusCode": 404, "error": "Not Found", "message": "no customer 7"})),
        http(404, "customer 7 not found"),
        http(404, "<html>Not Found</html>"),
        http(410, "this offer is gone"),
        http(404, "The chat session has expired, please open it again"),
        http(410, "booking session 7 is closed"),
        http_json(404, json!({"detail": "Browser session 7 not found"})),
        http_json(404, json!({"statusCode": 404, "error": "Not Found", "message": "Session 7 not found"})),
        http_json(400, json!({"detail": "Invalid session parameter"})),
        http_json(422, json!({"message": "chat session 7 not found"})),
        http(409, "the booking session has expired"),
    ] {
        let (code, _) = answered_with(world(), reply);
        assert_eq!(code, ErrorCode::HttpError);
    }
}

#[test]
fn a_404_where_a_session_works_is_not_taken_for_a_wrong_address() {
    let mut world = world();
    let session = world.connect();
    world.server().runs_then("order", http(404, "customer 7 not found"));
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.error(call).message, "the server refused the request");
}

#[test]
fn a_tool_that_speaks_of_sessions_of_its_own_in_a_404_without_our_id_is_run_once() {
    for status in [404, 410] {
        for words in ["Browser session 7 not found", "the shopping session was closed", "Session: not found in cache"] {
            let told = answered_with(world(), http_rpc(status, -32001, words));
            assert_eq!(told, (ErrorCode::RpcError, Some(-32001.0)), "{status} {words}");
        }
    }
}

#[test]
fn a_tool_that_hands_on_the_status_of_its_own_upstream_is_run_once() {
    for status in [401, 403, 405, 421, 425, 429, 500, 502, 503, 504, 524] {
        let (code, _) = answered_with(world(), http_answer(status, -32000, "upstream failed"));
        let is_known = matches!(code, ErrorCode::RpcError | ErrorCode::Unauthorized | ErrorCode::Forbidden);
        assert!(is_known, "{status}: {code:?}");
    }
    for status in [500, 502, 503, 504, 520] {
        let (code, _) = answered_with(world(), http(status, "upstream failed"));
        assert_eq!(code, ErrorCode::OutcomeUnknown, "{status}");
    }
}

#[test]
fn a_result_with_the_requests_id_is_the_answer_whatever_its_status() {
    for status in [300, 400, 401, 403, 404, 409, 410, 421, 422, 425, 429, 500, 502, 503, 504, 520] {
        for retry_after in [None, Some("1")] {
            let mut world = world();
            let session = world.connect();
            let head = ResponseHead { status, media: Media::Json, ..ResponseHead::default() };
            let told = Reply::default().then(1, Step::Head(head)).then(0, Step::Result(json!({"isError": true})));
            let told = retry_after.map_or(told.clone(), |wait| told.clone().retry_after(wait));
            world.server().runs_then("order", told.clone());
            world.server().always("ping", told.clone());
            let (order, read) = (world.tool(session, "order"), world.tool(session, "read"));
            world.finish(order);
            world.finish(read);
            assert_eq!(world.result(order), json!({"isError": true}), "{status}");
            world.run_for(300_000);
            assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 1), "{status}");
            assert_eq!(world.machine.session(session).unwrap().state, State::Ready, "{status}");
        }
    }
}

#[test]
fn a_response_in_a_batch_counts_whatever_its_status() {
    for status in [404, 421, 425, 429, 500, 503] {
        for outcome in [json!({"result": {"isError": true}}), json!({"error": {"code": -32000, "message": "failed"}})] {
            for before in [vec![], vec![json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})]] {
                let mut world = world();
                let session = world.connect();
                let warm = world.tool(session, "read");
                world.finish(warm);
                let head = ResponseHead { status, media: Media::Json, ..ResponseHead::default() };
                let told = Reply::default().then(1, Step::Head(head)).then(0, Step::Batch(before, outcome.clone()));
                world.server().runs_then("order", told.retry_after("1"));
                let order = world.tool(session, "order");
                world.finish(order);
                match outcome.get("result") {
                    Some(result) => assert_eq!(world.result(order), *result, "{status}"),
                    None => assert_eq!(world.error(order).rpc_code, Some(-32000.0), "{status}"),
                }
                world.run_for(300_000);
                assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 1), "{status}");
            }
        }
    }
}

#[test]
fn a_result_with_another_id_under_an_error_status_is_no_answer() {
    for id in [json!(null), json!(9_999_999), json!("x")] {
        let stray = http_json(404, json!({"jsonrpc": "2.0", "id": id, "result": {}}));
        assert_eq!(answered_with(world(), stray).0, ErrorCode::HttpError, "{id}");
    }
}

#[test]
fn a_tool_that_hands_on_a_rate_limit_with_retry_after_is_run_once_and_a_safe_one_again() {
    for status in [425, 429, 503] {
        let limited = || http_answer(status, -32000, "the upstream allows 5 a minute").retry_after("2");
        assert_eq!(answered_with(world(), limited()), (ErrorCode::RpcError, Some(-32000.0)), "{status}");

        let mut world = world();
        let session = world.connect();
        world.server().runs_then("order", limited());
        let (order, read) = (world.tool(session, "order"), world.tool(session, "read"));
        world.finish(order);
        let error = world.error(order);
        assert_eq!((error.status, error.retryable), (Some(status), false), "{status}");
        assert!(error.retry_after.is_some_and(|wait| wait >= 2_000), "{status}: {:?}", error.retry_after);
        world.finish(read);
        assert!(world.outcome(read).is_ok());

        world.server().next("tools/call", [limited()]);
        let again = world.tool(session, "read");
        world.finish(again);
        assert!(world.outcome(again).is_ok(), "{status}: a safe call waits and goes again");
    }
}

#[test]
fn a_tool_without_sessions_that_asks_for_one_of_its_own_is_run_once() {
    let mut stateless = world();
    stateless.server().stateful = false;
    let reply = http_json(400, json!({"error": "session is missing: log in first"}));
    assert_eq!(answered_with(stateless, reply).0, ErrorCode::HttpError);
}

#[test]
fn a_tool_of_a_server_without_handshakes_that_sends_404_is_run_once() {
    for reply in [
        http(404, "no such customer"),
        http_json(404, json!({"detail": "Not Found"})),
        http(405, ""),
        http_answer(400, -32022, "the customer's contract has an unsupported version"),
        http_answer(404, -32000, "no such customer"),
    ] {
        let mut world = modern_world();
        let session = world.connect();
        world.server().runs_then("order", reply);
        for times in 1..=2 {
            let call = world.tool(session, "order");
            world.finish(call);
            assert!(world.outcome(call).is_err());
            assert_eq!(world.server().executed("order"), times);
        }
        assert_eq!(world.machine.session(session).unwrap().generation, 1);
    }
}

/// Found by the simulation: a server that refuses `server/discover` is not a 2026-07-28 server, but its tool has run.
#[test]
fn a_tool_that_sends_404_is_run_once_where_the_ping_is_refused_in_other_words() {
    for (reply, ping) in [
        (http(404, "no such customer"), http_answer(400, -32602, "no params")),
        (http_json(404, json!({"detail": "Not Found"})), http_answer(404, -32601, "Method not found")),
        (http(404, "no such customer"), http(405, "")),
    ] {
        let mut world = modern_world();
        let session = world.connect();
        world.server().runs_then("order", reply);
        world.server().next("server/discover", [ping]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert!(world.outcome(call).is_err());
        assert_eq!(world.server().executed("order"), 1);
    }
}

#[test]
fn a_404_in_the_words_of_the_session_layer_is_still_a_lost_session() {
    // With the request's own id, from a server that has forgotten the session: the ping gets the same answer.
    for lost in [
        http_answer(404, -32001, "Session not found"),
        http_answer(410, -32000, "session 7f has ended"),
        http_answer(400, -32000, "Bad Request: No valid session ID provided"),
        http_json(404, json!({"detail": "Not Found"})),
        http(404, ""),
        http_rpc(404, -32600, "Session not found or has expired."),
        http_json(400, json!({"error": "bad_request", "message": "Unknown or expired sessionId"})),
        http_rpc(400, -32000, "Bad Request: Unsupported MCP-Protocol-Version: 2025-11-25"),
        rpc_error(-32600, "Session not found"),
    ] {
        let mut world = world();
        let session = world.connect();
        world.server().forget();
        world.server().lost = lost;
        let calls = [0; 3].map(|_| world.tool(session, "order"));
        world.drive();
        calls.iter().for_each(|call| drop(world.result(*call)));
        assert_eq!(world.server().executed("order"), 3);
        assert_eq!((world.count("ping"), world.count("initialize")), (1, 2));
    }
}

#[test]
fn doubt_ends_with_the_session_and_with_the_call() {
    let mut world = world();
    let session = world.connect();
    world.server().runs_then("order", http_answer(404, -32000, "Session not found"));
    world.server().always("ping", super::reply::silence());
    let cancelled = world.tool(session, "order");
    let late = world.tool_within(session, "order", 500);
    let ended = world.tool(session, "order");
    world.run_for(10);
    world.cancel(cancelled);
    world.finish(late);
    assert_eq!((world.code(cancelled), world.code(late)), (ErrorCode::Cancelled, ErrorCode::RpcError));
    let end = world.terminate(mcp_tether::core::Target::Session(session));
    world.drive();
    assert!(world.outcome(end).is_ok());
    assert_eq!(world.code(ended), ErrorCode::Closed);
    assert_eq!(world.server().executed("order"), 3);
}

/// Found by the simulation: the ping about two timeouts is also the one that decides about the answer.
#[test]
fn a_session_lost_by_silence_says_nothing_about_an_answer_in_doubt() {
    let mut world = world();
    let session = world.connect();
    world.server().always("ping", super::reply::silence());
    world.server().next("tools/call", [super::reply::silence(), super::reply::silence()]);
    let slow = [0; 2].map(|_| world.tool_within(session, "read", 1_000));
    world.run_for(1_100);
    slow.iter().for_each(|call| assert_eq!(world.code(*call), ErrorCode::RequestTimeout));
    world.server().runs_then("order", http(410, "that offer is gone"));
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!((world.code(call), world.error(call).status), (ErrorCode::HttpError, Some(410)));
    world.run_for(60_000);
    assert_eq!(world.server().executed("order"), 1);
    assert_eq!(world.count("initialize"), 2, "the session is lost all the same");
}

#[test]
fn a_ping_that_says_nothing_leaves_the_answer_as_it_is() {
    for reply in [super::reply::reset(), super::reply::silence(), http(500, ""), http_rpc(429, -32000, "busy")] {
        let mut world = world();
        let session = world.connect();
        world.server().runs_then("order", http_answer(404, -32000, "no such session"));
        world.server().next("ping", [reply]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::RpcError);
        assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 1));
        assert_eq!(world.error(call).data, None::<Value>);
    }
}

/// A gateway that hands on what a server behind it says, or a read whose own 404 has no words.
#[test]
fn a_read_that_is_refused_again_on_a_new_session_costs_one_session_and_no_other_call() {
    for reply in [
        http(404, ""),
        http(410, ""),
        http_rpc(404, -32001, "Session not found"),
        http_rpc(400, -32000, "Bad Request: No valid session ID provided"),
    ] {
        let (mut world, session) = super::suspicion::working();
        let listed = world.plain(session, "tools/list");
        world.finish(listed);
        world.server().runs_then("read", reply.clone());
        for times in 1..=12 {
            let read = world.tool(session, "read");
            world.finish(read);
            let code = world.code(read);
            assert!(matches!(code, ErrorCode::HttpError | ErrorCode::RpcError), "{times}: {code:?}");
            let order = world.tool(session, "order");
            world.finish(order);
            world.result(order);
        }
        assert_eq!((world.server().executed("order"), world.count("initialize")), (12, 2));
        // The next loss is still found, at the price of a ping.
        world.server().behave();
        world.server().forget();
        world.server().lost = reply;
        let read = world.tool(session, "read");
        world.finish(read);
        world.result(read);
        assert_eq!(world.count("initialize"), 3);
    }
}

/// Found by the simulation: a tool of a session that the client has given up writes its own 404.
#[test]
fn a_404_that_comes_after_the_session_was_given_up_does_not_run_the_tool_again() {
    for reply in [
        http(404, "<html>404 Not Found</html>"),
        http(410, ""),
        http_json(404, json!({"detail": "Item not found"})),
        http_answer(404, -32001, "Session not found"),
    ] {
        let mut world = super::world_with(json!({"timeout": 100_000}), json!({}));
        let session = world.connect();
        world.server().runs_then("order", reply.clone().after(40_000));
        let order = world.tool(session, "order");
        world.run_for(10);
        world.server().always("ping", super::reply::silence());
        world.server().next("tools/call", [super::reply::silence(), super::reply::silence()]);
        let slow = [0; 2].map(|_| world.tool_within(session, "read", 1_000));
        world.run_for(20_000);
        slow.iter().for_each(|call| assert_eq!(world.code(*call), ErrorCode::RequestTimeout));
        assert_eq!(world.count("initialize"), 2, "the session was given up");
        world.finish(order);
        assert!(matches!(world.code(order), ErrorCode::HttpError | ErrorCode::RpcError), "{reply:?}");
        world.run_for(60_000);
        assert_eq!(world.server().executed("order"), 1, "{reply:?}");
    }
}

/// The server was replaced by one that names the request's id, and one of its refusals is late.
#[test]
fn a_refusal_that_comes_after_the_recovery_is_sent_again_if_the_server_had_lost_the_session() {
    for lost in [
        http_answer(400, -32022, "Unsupported protocol version"),
        http_answer(400, -32000, "Bad Request: No valid session ID provided"),
        http_answer(404, -32001, "Session not found"),
    ] {
        let (mut world, session) = super::suspicion::working();
        world.server().forget();
        world.server().lost = lost.clone();
        world.server().next("tools/call", [lost.clone().after(5_000)]);
        let late = world.tool(session, "order");
        let first = world.tool(session, "order");
        world.finish(first);
        world.result(first);
        assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 2), "{lost:?}");
        world.finish(late);
        world.result(late);
        assert_eq!((world.server().executed("order"), world.count("initialize")), (2, 2), "{lost:?}");
    }
}

#[test]
fn an_unsafe_call_beside_the_safe_one_that_shows_the_loss_goes_on_in_the_next_session() {
    for lost in [http(404, ""), http(404, "<html>404 Not Found</html>"), http_rpc(404, -32001, "Session not found")] {
        let (mut world, session) = super::suspicion::working();
        let listed = world.plain(session, "tools/list");
        world.finish(listed);
        world.server().forget();
        world.server().lost = lost.clone();
        let calls = ["read", "order", "order"].map(|name| world.tool(session, name));
        world.finish(calls[2]);
        world.drive();
        calls.iter().for_each(|call| drop(world.result(*call)));
        assert_eq!((world.server().executed("order"), world.count("initialize")), (2, 2), "{lost:?}");
    }
}
