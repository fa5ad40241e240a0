//! Requests in several rounds (2026-07-28 basic/patterns/mrtr): server questions, answers, and the same request again.

use super::reply::{Reply, result};
use super::{Tether, modern_world};
use mcp_tether::core::{ErrorCode, Input, RequestOptions, RpcError, SessionRef};
use serde_json::{Value, json};

fn connected() -> (Tether, SessionRef) {
    let mut world = modern_world();
    let session = world.connect();
    (world, session)
}

fn wants(requests: Value, state: Value) -> Reply {
    let mut wanted = json!({"resultType": "input_required"});
    if !requests.is_null() {
        wanted["inputRequests"] = requests;
    }
    if !state.is_null() {
        wanted["requestState"] = state;
    }
    result(wanted)
}

fn form() -> Value {
    json!({"method": "elicitation/create", "params": {"message": "who?"}})
}

#[test]
fn the_answers_go_with_the_same_request_and_the_state_as_it_came() {
    let (mut world, session) = connected();
    let state = "é\u{0}\"\\ {\"a\":1} \u{1F600}";
    world.server().next("tools/call", [wants(json!({"who": form(), "roots": {"method": "roots/list"}}), json!(state))]);
    let call = world.tool(session, "order");
    world.run_for(10);
    let asked: Vec<_> = world.asked.drain(..).collect();
    assert_eq!(asked.len(), 2);
    for (ticket, _, method, message) in asked {
        assert_eq!(message["method"], json!(method));
        let answer = if method == "roots/list" {
            json!({"roots": []})
        } else {
            json!({"action": "accept", "content": {"n": 1}})
        };
        world.answer_server(ticket, Ok(answer));
    }
    world.finish(call);
    world.result(call);
    let legs = world.sent_as("tools/call");
    assert_ne!(legs[0].id(), legs[1].id());
    assert_eq!(legs[1].param("name"), "order");
    assert_eq!(
        legs[1].param("inputResponses"),
        &json!({"who": {"action": "accept", "content": {"n": 1}}, "roots": {"roots": []}})
    );
    assert_eq!(legs[1].param("requestState"), state);
    assert_eq!(world.server().executed("order"), 1);
    let next = world.tool(session, "order");
    world.finish(next);
    let last = world.sent.last().unwrap();
    assert!(
        last.param("inputResponses").is_null() && last.param("requestState").is_null(),
        "nothing leaks into other calls"
    );
}

#[test]
fn state_alone_is_sent_back_after_a_pause_and_none_is_invented() {
    let (mut world, session) = connected();
    world.server().next("tools/call", [wants(Value::Null, json!("s1")), wants(json!({"a": form()}), Value::Null)]);
    let call = world.tool(session, "order");
    world.run_for(300);
    let ticket = world.asked[0].0;
    world.answer_server(ticket, Ok(json!({"action": "decline"})));
    world.finish(call);
    let legs = world.sent_as("tools/call");
    assert_eq!(legs[1].param("requestState"), "s1");
    assert!(legs[1].param("inputResponses").is_null());
    assert!(legs[1].at - legs[0].at >= 250);
    assert!(legs[2].param("requestState").is_null(), "the state of an earlier round is not sent");
}

#[test]
fn a_form_without_a_handler_is_cancelled_and_anything_else_ends_the_call() {
    let (mut world, session) = connected();
    let unhandled = || Err(RpcError { code: -32601, message: "Method not found".into(), data: None });
    world.server().next("tools/call", [wants(json!({"a": form()}), Value::Null)]);
    let call = world.tool(session, "order");
    world.run_for(10);
    let ticket = world.asked[0].0;
    world.answer_server(ticket, unhandled());
    world.finish(call);
    assert_eq!(world.sent.last().unwrap().param("inputResponses")["a"], json!({"action": "cancel"}));
    world
        .server()
        .next("tools/call", [wants(json!({"a": form(), "b": {"method": "sampling/createMessage"}}), Value::Null)]);
    let call = world.tool(session, "order");
    world.run_for(10);
    let (form, sampling) = (world.asked[1].0, world.asked[2].0);
    world.answer_server(sampling, unhandled());
    world.finish(call);
    assert_eq!((world.code(call), world.error(call).rpc_code), (ErrorCode::RpcError, Some(-32601.0)));
    assert_eq!(world.taken_back, [form], "no request waits for the other answer");
}

#[test]
fn senseless_rounds_are_errors() {
    for wanted in [
        wants(Value::Null, Value::Null),
        wants(json!({"a": {}}), Value::Null),
        wants(json!({"a": 1}), Value::Null),
        wants(json!({}), Value::Null),
    ] {
        let (mut world, session) = connected();
        world.server().next("prompts/get", [wanted]);
        let call = world.plain(session, "prompts/get");
        world.finish(call);
        assert_eq!((world.code(call), world.count("prompts/get")), (ErrorCode::ProtocolError, 1));
    }
    let (mut world, session) = connected();
    world.server().next("tools/list", [wants(Value::Null, json!("s"))]);
    let call = world.plain(session, "tools/list");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::ProtocolError);
    let (mut world, session) = connected();
    world.server().always("tools/call", wants(Value::Null, json!("s")));
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.count("tools/call"), 11, "ten rounds, then enough");
}

#[test]
fn a_call_that_is_given_up_takes_its_questions_back() {
    let (mut world, session) = connected();
    world
        .server()
        .next("tools/call", [wants(json!({"a": form()}), Value::Null), wants(json!({"a": form()}), Value::Null)]);
    let call = world.tool(session, "order");
    world.run_for(10);
    let ticket = world.asked[0].0;
    world.cancel(call);
    assert_eq!(world.taken_back, [ticket]);
    world.answer_server(ticket, Ok(json!({"action": "accept"})));
    let options = RequestOptions { max_total_timeout: Some(5_000), ..RequestOptions::default() };
    let late = world.request(session, "tools/call", json!({"name": "order"}), options);
    world.finish(late);
    assert_eq!(world.code(late), ErrorCode::RequestTimeout);
    assert_eq!((world.taken_back.len(), world.count("tools/call")), (2, 2));
}

#[test]
fn the_time_that_the_user_takes_is_not_the_servers() {
    let (mut world, session) = connected();
    world.server().next("tools/call", [wants(json!({"a": form()}), Value::Null)]);
    let call = world.tool_within(session, "order", 5_000);
    world.run_for(3_600_000);
    assert!(world.waiting.contains(&call));
    // From the answer on, the server's time counts again.
    world.server().next("tools/call", [Reply::default()]);
    let ticket = world.asked[0].0;
    world.answer_server(ticket, Ok(json!({"action": "accept"})));
    world.run_for(4_990);
    assert!(world.waiting.contains(&call));
    world.run_for(20);
    assert_eq!(world.code(call), ErrorCode::RequestTimeout);
}

#[test]
fn questions_survive_a_recovery_because_the_server_keeps_nothing() {
    let (mut world, session) = connected();
    world.server().next("tools/call", [wants(json!({"a": form()}), json!("kept"))]);
    let call = world.tool(session, "order");
    world.run_for(10);
    world.server().next("prompts/list", [super::reply::http(404, "")]);
    world.server().next("server/discover", [super::reply::http(404, "")]);
    let lost = world.plain(session, "prompts/list");
    world.finish(lost);
    assert_eq!(world.machine.session(session).unwrap().generation, 2);
    let ticket = world.asked[0].0;
    world.answer_server(ticket, Ok(json!({"action": "accept", "content": {}})));
    world.finish(call);
    assert_eq!(world.sent.last().unwrap().param("requestState"), "kept");
}

#[test]
fn an_answer_that_comes_too_late_is_dropped() {
    let (mut world, session) = connected();
    world.server().next("tools/call", [wants(json!({"a": form()}), Value::Null)]);
    let call = world.tool(session, "order");
    world.run_for(10);
    let ticket = world.asked[0].0;
    world.answer_server(ticket, Ok(json!({"action": "accept"})));
    world.input(Input::Answer { ticket, outcome: Ok(json!({"action": "decline"})) });
    world.finish(call);
    assert_eq!(world.count("tools/call"), 2);
}
