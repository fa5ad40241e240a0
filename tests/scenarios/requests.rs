//! Calls on a live session: what is sent, which answer belongs to which call, and the forms that an answer may have.

use super::reply::{Step, http, http_answer, http_json, result, rpc_error, silence, stream};
use super::{world, world_with};
use mcp_tether::core::{ErrorCode, RequestOptions};
use serde_json::json;

#[test]
fn a_call_carries_the_session_and_a_progress_token_and_keeps_the_callers_meta() {
    let mut world = world();
    let session = world.connect();
    let params = json!({"name": "read", "_meta": {"trace": "t"}});
    let call = world.request(session, "tools/call", params, RequestOptions::default());
    world.finish(call);
    let sent = world.sent_as("tools/call")[0];
    assert_eq!(sent.session(), Some("00000001-db-secret"));
    assert_eq!(sent.param("_meta"), &json!({"trace": "t", "progressToken": sent.id()}));
    assert_eq!(world.result(call)["content"][0]["text"], "read");
}

#[test]
fn a_call_that_wants_no_progress_asks_for_none() {
    let mut world = world();
    let session = world.connect();
    let options = RequestOptions { wants_progress: false, ..RequestOptions::default() };
    let call = world.request(session, "tools/call", json!({"name": "read"}), options);
    world.finish(call);
    assert_eq!(world.sent_as("tools/call")[0].param("_meta"), &serde_json::Value::Null);
}

#[test]
fn answers_find_their_calls_in_whatever_order_they_come() {
    let mut world = world();
    let session = world.connect();
    world.server().next(
        "tools/call",
        [result(json!({"n": 1})).after(30), result(json!({"n": 2})).after(10), result(json!({"n": 3}))],
    );
    let calls = [0, 1, 2].map(|_| world.tool(session, "read"));
    world.drive();
    assert_eq!(calls.map(|call| world.result(call)["n"].clone()), [json!(1), json!(2), json!(3)]);
}

#[test]
fn an_answer_may_come_on_the_get_stream() {
    let mut world = world();
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    world.server().next("tools/call", [silence()]);
    let call = world.tool(session, "order");
    let id = world.sent_as("tools/call")[0].id();
    let listen = world.open_gets()[0];
    let message = json!({"jsonrpc": "2.0", "id": id, "result": {"late": true}});
    world.push(listen, Step::Event(None, None, super::reply::Data::Json(message)));
    assert_eq!(world.result(call), json!({"late": true}));
}

#[test]
fn a_batch_of_messages_is_read_as_each_of_them() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [silence(), silence()]);
    let calls = [world.tool(session, "read"), world.tool(session, "read")];
    let ids: Vec<_> = world.sent_as("tools/call").iter().map(|sent| sent.id()).collect();
    let batch = json!([{"jsonrpc": "2.0", "id": ids[1], "result": 2}, {"jsonrpc": "2.0", "id": ids[0], "result": 1}]);
    world.server().next("ping", [http_json(200, batch)]);
    let ping = world.plain(session, "ping");
    world.run_for(10);
    assert_eq!((world.result(calls[0]), world.result(calls[1])), (json!(1), json!(2)));
    assert_eq!(world.code(ping), ErrorCode::ProtocolError, "its own answer was not in the batch");
}

#[test]
fn a_json_rpc_error_is_delivered_with_code_and_data() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [rpc_error(-32001, "Request timed out")]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::RpcError);
    assert_eq!(world.error(call).rpc_code, Some(-32001.0));
    assert_eq!(world.error(call).message, "Request timed out");
    assert_eq!(world.count("initialize"), 1, "-32001 by itself proves nothing");
}

#[test]
fn method_not_found_with_404_is_an_answer() {
    let mut world = world();
    let session = world.connect();
    world.server().next("vendor/x", [http_answer(404, -32601, "Method not found")]);
    let call = world.plain(session, "vendor/x");
    world.finish(call);
    assert_eq!((world.code(call), world.error(call).rpc_code), (ErrorCode::RpcError, Some(-32601.0)));
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn a_result_that_speaks_of_lost_sessions_is_a_result() {
    let mut world = world();
    let session = world.connect();
    let words =
        json!({"isError": true, "content": [{"type": "text", "text": "Session not found: 404 file not found"}]});
    world.server().next("tools/call", [result(words.clone())]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.result(call), words);
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn accepted_without_an_answer_breaks_the_protocol_and_leaves_an_unsafe_call_unknown() {
    for (tool, code) in [("read", ErrorCode::ProtocolError), ("order", ErrorCode::OutcomeUnknown)] {
        for (reply, words) in [(http(202, ""), "an empty body"), (http(200, "<html>login</html>"), "an HTML page")] {
            let mut world = world();
            let session = world.connect();
            let list = world.plain(session, "tools/list");
            world.finish(list);
            world.server().always("tools/call", reply);
            let call = world.tool(session, tool);
            world.finish(call);
            assert_eq!(world.code(call), code);
            let told = format!("{} {:?}", world.error(call), world.error(call).evidence);
            assert!(told.contains(words), "{told}");
            world.server().behave();
            let call = world.tool(session, tool);
            world.finish(call);
            world.result(call);
        }
    }
}

#[test]
fn what_follows_the_response_is_read_and_then_the_stream_is_cut() {
    let mut world = world();
    let session = world.connect();
    let late = json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info"}});
    world.server().next("tools/call", [stream().streamed(1, json!({})).event(100, "9", late)]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.run_for(60_000);
    assert_eq!(world.notified.len(), 1);
    assert!(!world.is_open(world.sent_as("tools/call")[0].exchange), "the stream is closed in the end");
}

#[test]
fn a_notification_is_settled_when_it_is_taken() {
    let mut world = world();
    let session = world.connect();
    let call = world.notify(session, "notifications/roots/list_changed");
    world.finish(call);
    assert!(matches!(world.outcome(call), Ok(None)));
}

#[test]
fn a_cancelled_call_notifies_the_server_and_ignores_what_follows() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [result(json!({})).after(1000)]);
    let call = world.tool(session, "order");
    let id = world.sent_as("tools/call")[0].id().unwrap();
    world.cancel(call);
    assert_eq!(world.code(call), ErrorCode::Cancelled);
    assert_eq!(world.sent_as("notifications/cancelled")[0].param("requestId"), &json!(id));
    world.run_for(5000);
    world.cancel(call);
}

#[test]
fn a_call_that_was_never_sent_is_cancelled_silently() {
    let mut world = world_with(json!({}), json!({"limits": {"maxInFlight": 1}}));
    let session = world.connect();
    world.server().always("tools/call", result(json!({})).after(50));
    let first = world.tool(session, "order");
    let second = world.tool(session, "order");
    world.cancel(second);
    world.drive();
    world.result(first);
    assert_eq!(world.count("tools/call"), 1);
    assert_eq!(world.count("notifications/cancelled"), 0);
}

#[test]
fn progress_reaches_its_call_and_no_other() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [silence(), stream()]);
    let _other = world.tool(session, "read");
    let call = world.tool(session, "order");
    let sent = world.sent_as("tools/call")[1].clone();
    world.run_for(5);
    let progress = |token| json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}});
    world.push(sent.exchange, Step::Event(None, None, super::reply::Data::Json(progress(json!(sent.id())))));
    world.push(sent.exchange, Step::Event(None, None, super::reply::Data::Json(progress(json!("x")))));
    assert_eq!(world.progress.len(), 1);
    assert_eq!(world.progress[0].0, call);
    assert_eq!(world.notified, [], "progress that matches no call is not delivered");
}
