//! Server requests and their answers.

use super::reply::{Data, Reply, Step, http, reset, stream};
use super::{Tether, world};
use mcp_tether::core::{ConnectOptions, Input, RpcError, SessionRef};
use serde_json::{Value, json};

fn listening() -> (Tether, SessionRef) {
    let mut world = world();
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    (world, session)
}

fn ask(world: &mut Tether, id: Value, method: &str) {
    say(world, json!({"jsonrpc": "2.0", "id": id, "method": method}));
}

/// The server sends a message on the GET stream.
fn say(world: &mut Tether, message: Value) {
    let get = world.open_gets()[0];
    world.push(get, Step::Event(None, None, Data::Json(message)));
}

/// The body that was sent last.
fn last(world: &Tether) -> Value {
    world.sent.last().unwrap().body.clone().unwrap()
}

#[test]
fn a_ping_is_answered_without_a_handler() {
    let (mut world, _) = listening();
    ask(&mut world, json!("p-1"), "ping");
    let answer = world.sent_as("answer")[0];
    assert_eq!(answer.body, Some(json!({"jsonrpc": "2.0", "id": "p-1", "result": {}})));
    assert_eq!(answer.session(), Some("00000001-db-secret"));
}

#[test]
fn an_answer_carries_the_servers_own_id() {
    let (mut world, session) = listening();
    for id in [json!(1), json!("x"), json!(1.5)] {
        ask(&mut world, id.clone(), "roots/list");
        let (ticket, of, method, _) = world.asked.pop().unwrap();
        assert_eq!((of, method.as_str()), (session, "roots/list"));
        world.answer_server(ticket, Ok(json!({"roots": []})));
        assert_eq!(world.sent.last().unwrap().body.as_ref().unwrap()["id"], id);
    }
}

#[test]
fn an_unknown_method_is_answered_as_such() {
    let (mut world, _) = listening();
    ask(&mut world, json!(4), "vendor/x");
    let ticket = world.asked[0].0;
    world.answer_server(ticket, Err(RpcError { code: -32601, message: "whatever".into(), data: None }));
    assert_eq!(last(&world)["error"], json!({"code": -32601, "message": "Method not found"}));
}

#[test]
fn an_answer_to_the_old_session_is_never_sent_on_the_new_one() {
    let (mut world, session) = listening();
    ask(&mut world, json!(1), "sampling/createMessage");
    let ticket = world.asked[0].0;
    world.server().forget();
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.taken_back, [ticket]);
    world.answer_server(ticket, Ok(json!({})));
    world.run_for(100);
    assert_eq!(world.count("answer"), 0);
}

#[test]
fn requests_on_an_old_stream_are_ignored() {
    let (mut world, session) = listening();
    world.server().next("tools/call", [stream(), super::reply::http(404, "session not found")]);
    let old = world.tool(session, "order");
    let lost = world.tool(session, "order");
    let exchange = world.sent_as("tools/call")[0].exchange;
    world.run_until("the handshake", |world| world.count("initialize") == 2);
    for method in ["ping", "roots/list"] {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method});
        world.push(exchange, Step::Event(None, None, Data::Json(message)));
    }
    world.finish(lost);
    world.push(exchange, Step::Event(None, None, Data::Json(json!({"jsonrpc": "2.0", "id": 2, "method": "ping"}))));
    world.run_for(10);
    assert_eq!(world.count("answer"), 0);
    assert!(world.asked.is_empty());
    world.cancel(old);
}

#[test]
fn a_request_taken_back_is_not_answered() {
    let (mut world, _) = listening();
    ask(&mut world, json!(7), "elicitation/create");
    let ticket = world.asked[0].0;
    let get = world.open_gets()[0];
    let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}});
    world.push(get, Step::Event(None, None, Data::Json(cancel)));
    assert_eq!(world.taken_back, [ticket]);
    world.answer_server(ticket, Ok(json!({})));
    assert_eq!(world.count("answer"), 0);
}

#[test]
fn a_degraded_session_answers_no_server_request() {
    let (mut world, session) = listening();
    world.server().next("tools/call", [stream(), super::reply::http(404, "session not found")]);
    let old = world.tool(session, "order");
    world.server().always("initialize", super::reply::refused());
    let lost = world.tool(session, "order");
    let exchange = world.sent_as("tools/call")[0].exchange;
    world.finish(lost);
    assert!(world.outcome(lost).is_err());
    world.push(exchange, Step::Event(None, None, Data::Json(json!({"jsonrpc": "2.0", "id": 2, "method": "ping"}))));
    assert_eq!(world.count("answer"), 0);
    world.cancel(old);
}

#[test]
fn an_error_of_a_handler_is_sent_with_its_code_and_data() {
    let (mut world, _) = listening();
    ask(&mut world, json!(4), "sampling/createMessage");
    let ticket = world.asked[0].0;
    let error = RpcError { code: -1, message: "the user said no".into(), data: Some(json!({"why": "busy"})) };
    world.answer_server(ticket, Err(error));
    assert_eq!(last(&world)["error"], json!({"code": -1, "message": "the user said no", "data": {"why": "busy"}}));
}

#[test]
fn a_mode_of_elicitation_that_was_not_declared_is_invalid() {
    let modes = [
        // What is declared, and which of no mode, `form`, `url` and `smell` are delivered.
        (json!({"elicitation": {}}), [true, true, false, false]),
        (json!({"elicitation": {"form": {}}}), [true, true, false, false]),
        (json!({"elicitation": {"form": {}, "url": {}}}), [true, true, true, false]),
        (json!({"elicitation": {"url": {}}}), [false, false, true, false]),
        // Nothing is declared: the application's own handlers answer that there is none.
        (json!({}), [true, true, true, true]),
    ];
    for (declared, passed) in modes {
        let mut world = world();
        world.server().listens = true;
        let options = ConnectOptions { capabilities: Some(declared.clone()), ..ConnectOptions::default() };
        let call = world.begin_connect("ann", "db", options);
        world.run_until("the connection", |world| !world.waiting.contains(&call));
        world.run_for(10);
        assert_eq!(world.sent[0].param("capabilities"), &declared);
        for (mode, passed) in [None, Some("form"), Some("url"), Some("smell")].into_iter().zip(passed) {
            let params = mode.map_or_else(|| json!({}), |mode| json!({"mode": mode}));
            say(&mut world, json!({"jsonrpc": "2.0", "id": 9, "method": "elicitation/create", "params": params}));
            let asked = world.asked.pop();
            assert_eq!(asked.is_some(), passed, "{declared} and {mode:?}");
            match asked {
                Some((ticket, ..)) => world.answer_server(ticket, Ok(json!({"action": "decline"}))),
                None => assert_eq!(last(&world)["error"]["code"], -32602),
            }
        }
    }
}

/// Loses the session with a call in flight, and returns when that call was retried, after the handshake; the new
/// session's GET is answered as given.
fn resumed_after(get: Reply) -> u64 {
    let (mut world, session) = listening();
    world.server().forget();
    world.server().next("GET", [get]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    let initialized = world.sent_as("notifications/initialized")[1].at;
    world.sent_as("tools/call")[1].at - initialized
}

#[test]
fn after_a_recovery_calls_wait_for_the_stream_on_which_they_may_be_asked() {
    assert_eq!(resumed_after(stream().after(200)), 202, "until the stream is open");
    assert_eq!(resumed_after(http(405, "or is not offered").after(300)), 302, "or is not offered");
    assert_eq!(resumed_after(reset().after(300)), 302, "or broke");
    assert_eq!(resumed_after(stream().after(60_000)), 1_001, "but for a limited time");
    // The first handshake is not delayed by a stream that opens late.
    let mut world = world();
    world.server().always("GET", stream().after(60_000));
    let session = world.connect();
    let call = world.tool(session, "order");
    world.finish(call);
    assert!(world.settled_at(call) < 20);
}

#[test]
fn answers_after_a_recovery_go_to_the_new_session() {
    let (mut world, session) = listening();
    world.input(Input::Declare { session, capability: "roots".into() });
    world.server().forget();
    let call = world.tool(session, "order");
    world.finish(call);
    world.run_for(10);
    // 2025-11-25 client/roots: the capability declares that changes are notified.
    assert_eq!(world.sent_as("initialize")[1].param("capabilities"), &json!({"roots": {"listChanged": true}}));
    ask(&mut world, json!(1), "roots/list");
    let ticket = world.asked[0].0;
    world.answer_server(ticket, Ok(json!({"roots": [{"uri": "file:///now"}]})));
    assert_eq!(world.sent.last().unwrap().session(), Some("00000002-db-secret"));
    assert_eq!(last(&world)["result"], json!({"roots": [{"uri": "file:///now"}]}));
    let told = world.notify(session, "notifications/roots/list_changed");
    world.finish(told);
    assert_eq!(world.sent_as("notifications/roots/list_changed")[0].session(), Some("00000002-db-secret"));
}

#[test]
fn a_handler_declares_its_capability_at_the_next_handshake() {
    let (mut world, session) = listening();
    world.input(Input::Declare { session, capability: "sampling".into() });
    assert_eq!(world.sent[0].param("capabilities"), &json!({}));
    world.server().forget();
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.sent_as("initialize")[1].param("capabilities"), &json!({"sampling": {}}));
}

#[test]
fn a_question_on_a_calls_own_stream_is_answered_while_the_call_waits() {
    let (mut world, session) = listening();
    world.server().next("tools/call", [stream()]);
    let call = world.tool(session, "order");
    let sent = world.sent_as("tools/call")[0].clone();
    world.run_for(1);
    world.push(
        sent.exchange,
        Step::Event(None, None, Data::Json(json!({"jsonrpc": "2.0", "id": 1, "method": "elicitation/create"}))),
    );
    let ticket = world.asked[0].0;
    world.answer_server(ticket, Ok(json!({"action": "accept"})));
    assert_eq!(world.count("answer"), 1);
    world.push(
        sent.exchange,
        Step::Event(None, None, Data::Json(json!({"jsonrpc": "2.0", "id": sent.id(), "result": {}}))),
    );
    world.result(call);
}
