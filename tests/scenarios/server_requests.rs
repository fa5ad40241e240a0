//! What servers ask of the client.

use super::reply::{Data, Step, stream};
use super::{Tether, world};
use mcp_tether::core::{Input, RpcError, SessionRef};
use serde_json::{Value, json};

fn listening() -> (Tether, SessionRef) {
    let mut world = world();
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    (world, session)
}

fn ask(world: &mut Tether, id: Value, method: &str) {
    let get = world.open_gets()[0];
    world.push(get, Step::Event(None, None, Data::Json(json!({"jsonrpc": "2.0", "id": id, "method": method}))));
}

#[test]
fn a_ping_is_answered_without_anybody() {
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
    world.answer_server(ticket, Err(RpcError { code: -32601, message: "whatever".into() }));
    let body = world.sent.last().unwrap().body.clone().unwrap();
    assert_eq!(body["error"], json!({"code": -32601, "message": "Method not found"}));
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
fn what_an_old_stream_still_asks_is_not_heard() {
    let (mut world, session) = listening();
    world.server().next("tools/call", [stream(), super::reply::http(404, "")]);
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
fn a_degraded_session_answers_nobody() {
    let (mut world, session) = listening();
    world.server().next("tools/call", [stream(), super::reply::http(404, "")]);
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
