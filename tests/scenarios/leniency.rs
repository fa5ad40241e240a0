//! Deviations of servers and gateways from the specification that every official SDK accepts.

use super::reply::{Data, Step, http, http_json, result, silence, stream};
use super::{Tether, http_sse, world, world_with};
use mcp_tether::core::{CallId, ErrorCode, ExchangeId, SessionRef};
use serde_json::{Value, json};

pub fn message(value: Value) -> Step {
    Step::Event(None, None, Data::Json(value))
}

pub fn answer_to(id: &Value, text: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": {"text": text}})
}

fn progress_of(token: &Value) -> Step {
    message(
        json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progressToken": token, "progress": 1}}),
    )
}

/// The id of the latest request of this method as a string, the way some gateways rewrite it.
fn as_text(world: &Tether, method: &str) -> Value {
    json!(world.sent_as(method).last().unwrap().id().unwrap().to_string())
}

/// A call whose answer comes on a stream that is open.
fn streaming(world: &mut Tether, session: SessionRef) -> (CallId, ExchangeId) {
    world.server().next("tools/call", [stream()]);
    let call = world.tool(session, "order");
    world.run_for(5);
    (call, world.sent_as("tools/call").last().unwrap().exchange)
}

#[test]
fn an_id_that_is_echoed_as_text_is_the_answer_in_every_form_of_an_answer() {
    let mut world = world();
    let session = world.connect();
    let (call, exchange) = streaming(&mut world, session);
    let id = as_text(&world, "tools/call");
    world.push(exchange, progress_of(&id));
    assert_eq!(world.progress.len(), 1);
    world.push(exchange, message(answer_to(&id, "streamed")));
    assert_eq!(world.result(call), json!({"text": "streamed"}));

    let (call, exchange) = streaming(&mut world, session);
    let id = as_text(&world, "tools/call");
    world.push(exchange, message(json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32000, "message": "no"}})));
    assert_eq!((world.code(call), world.error(call).rpc_code), (ErrorCode::RpcError, Some(-32000.0)));

    for status in [200, 400, 500] {
        world.server().next("tools/call", [silence()]);
        let call = world.tool(session, "order");
        let (exchange, id) = (world.sent.last().unwrap().exchange, as_text(&world, "tools/call"));
        let error = json!({"jsonrpc": "2.0", "id": id, "error": {"code": -32602, "message": "no"}});
        for (_, step) in http_json(status, error).steps {
            world.push(exchange, step);
        }
        assert_eq!(world.code(call), ErrorCode::RpcError, "HTTP {status}");
    }
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn text_that_is_not_exactly_our_number_answers_nothing() {
    for change in ["0{}", "{}.0", " {}", "{} ", "+{}", "req-{}", "{}e0"] {
        let mut world = world();
        let session = world.connect();
        let (call, exchange) = streaming(&mut world, session);
        let id = as_text(&world, "tools/call");
        let id = json!(change.replace("{}", id.as_str().unwrap()));
        world.push(exchange, progress_of(&id));
        world.push(exchange, message(answer_to(&id, "another's")));
        assert!(world.waiting.contains(&call), "{id}");
        assert_eq!((world.progress.len(), world.notified.len()), (0, 0), "{id}");
    }
}

#[test]
fn progress_that_names_no_call_of_ours_is_dropped() {
    let mut world = world();
    let session = world.connect();
    let (_, exchange) = streaming(&mut world, session);
    for params in
        [json!({"progressToken": "abc"}), json!({"progressToken": 4_000_000}), json!({"progress": 1}), json!([])]
    {
        world.push(exchange, message(json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})));
    }
    world.push(exchange, message(json!({"jsonrpc": "2.0", "method": "notifications/progress"})));
    assert_eq!((world.progress.len(), world.notified.len()), (0, 0));
    world.push(exchange, message(json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {}})));
    assert_eq!(world.notified.len(), 1, "all other messages are delivered");
}

/// Keep-alives that servers and proxies send on a stream.
fn heartbeats() -> Vec<Step> {
    let text = |text: &str| Step::Event(None, None, Data::Text(text.into()));
    let json = [
        json!({"type": "heartbeat"}),
        json!({}),
        json!(0),
        json!([]),
        json!(null),
        json!("ping"),
        json!({"jsonrpc": "2.0", "id": 1}),
    ];
    let mut all = vec![text("ping"), text("[DONE]"), text("{\"cut"), Step::Event(None, None, Data::None)];
    all.extend(json.into_iter().map(message));
    all
}

#[test]
fn events_that_are_no_message_are_skipped_before_the_answer() {
    let mut world = world();
    let session = world.connect();
    for heartbeat in heartbeats() {
        let reply = stream().then(0, heartbeat.clone()).then(30, heartbeat.clone()).streamed(30, json!({"done": true}));
        world.server().next("tools/call", [reply]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.result(call), json!({"done": true}), "{heartbeat:?}");
    }
}

#[test]
fn on_a_stream_that_brings_nothing_else_the_end_decides() {
    for heartbeat in heartbeats() {
        let mut world = world();
        let session = world.connect();
        world.server().next("tools/call", [stream().then(0, heartbeat.clone()).end(5)]);
        let call = world.tool(session, "order");
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::OutcomeUnknown, "{heartbeat:?}");
        assert_eq!(world.count("tools/call"), 1);

        world.server().next("tools/call", [stream().then(0, heartbeat).end(5)]);
        let call = world.tool(session, "read");
        world.finish(call);
        world.result(call);
    }
}

#[test]
fn on_the_stream_of_a_session_they_are_skipped_as_well() {
    let mut world = world();
    world.server().listens = true;
    let session = world.connect();
    world.run_for(5);
    let get = world.open_gets()[0];
    for heartbeat in heartbeats() {
        world.push(get, heartbeat);
    }
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert!(world.is_open(get));

    let mut old = http_sse::world();
    old.network.mute = vec!["tools/call".into()];
    let session = old.connect();
    let call = old.tool(session, "order");
    old.run_for(10);
    let (get, id) = (http_sse::get(&old), old.sent_as("tools/call")[0].id());
    for heartbeat in heartbeats() {
        old.push(get, heartbeat);
    }
    old.push(get, message(answer_to(&json!(id.unwrap().to_string()), "late")));
    assert_eq!(old.result(call), json!({"text": "late"}), "there too an id may come back as a string");
}

#[test]
fn a_whole_body_that_is_no_message_is_an_error() {
    for body in [json!({"type": "heartbeat"}), json!([]), json!("ok"), json!({"jsonrpc": "2.0", "id": 1})] {
        let mut world = world();
        let session = world.connect();
        world.server().next("prompts/list", [http_json(200, body.clone())]);
        let call = world.plain(session, "prompts/list");
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::ProtocolError, "{body}");
    }
}

/// A session whose GET stream is open.
pub fn listening() -> (Tether, SessionRef, ExchangeId) {
    let mut world = world();
    world.server().listens = true;
    let session = world.connect();
    world.run_for(5);
    let get = world.open_gets()[0];
    (world, session, get)
}

#[test]
fn a_request_that_is_accepted_without_an_answer_is_answered_on_the_open_stream() {
    for accepted in [http(202, ""), http(200, ""), http(204, "")] {
        let (mut world, session, get) = listening();
        world.server().next("tools/call", [accepted]);
        let call = world.tool(session, "order");
        world.run_for(20_000);
        assert!(world.waiting.contains(&call));
        let id = world.sent_as("tools/call")[0].id().unwrap();
        world.push(get, progress_of(&json!(id)));
        world.run_for(50_000);
        world.push(get, message(answer_to(&json!(id), "late")));
        assert_eq!(world.result(call), json!({"text": "late"}));
        assert_eq!((world.progress.len(), world.count("tools/call")), (1, 1));
    }
}

#[test]
fn the_answer_may_come_on_the_stream_that_takes_the_place_of_a_broken_one() {
    let (mut world, session, get) = listening();
    world.server().next("tools/call", [http(202, "")]);
    let call = world.tool(session, "order");
    world.run_for(5);
    world.push(get, Step::End);
    world.run_until("the next stream", |world| world.count("GET") == 2);
    world.run_for(5);
    let (get, id) = (world.open_gets()[0], world.sent_as("tools/call")[0].id().unwrap());
    world.push(get, message(answer_to(&json!(id), "late")));
    assert_eq!(world.result(call), json!({"text": "late"}));
}

#[test]
fn an_accepted_request_waits_no_longer_than_its_deadline_and_is_cancelled_then() {
    let (mut world, session, _) = listening();
    world.server().next("tools/call", [http(202, "")]);
    let call = world.tool_within(session, "order", 3000);
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::RequestTimeout);
    assert_eq!(world.count("notifications/cancelled"), 1);
}

#[test]
fn an_accepted_request_has_an_unknown_outcome_once_its_stream_or_its_session_is_gone() {
    // The GET stream ends, and the server no longer offers one.
    let (mut world, session, get) = listening();
    world.server().next("tools/call", [http(202, "")]);
    let call = world.tool(session, "order");
    world.run_for(5);
    world.server().listens = false;
    world.push(get, Step::End);
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
    assert!(world.settled_at(call) < 30_000);

    // The session is lost.
    let (mut world, session, _) = listening();
    world.server().next("tools/call", [http(202, "")]);
    let call = world.tool(session, "order");
    world.run_for(5);
    world.server().forget();
    let other = world.tool(session, "read");
    world.drive();
    world.result(other);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
    assert_eq!(world.server().executed("order"), 0);
}

#[test]
fn without_a_stream_a_request_that_is_accepted_without_an_answer_fails_at_once() {
    let mut world = world();
    let session = world.connect();
    world.run_for(10);
    world.server().next("tools/call", [http(202, ""), http(202, "")]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
    let call = world.tool(session, "read");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown, "its annotations are not known yet");
    assert!(world.elapsed() < 1000);
}

#[test]
fn an_empty_session_id_means_that_there_are_no_sessions() {
    for id in ["", " ", "\t", ", ", ",,"] {
        let mut world = world();
        world.server().stateful = false;
        let answer = json!({"protocolVersion": "2025-11-25", "capabilities": {}});
        world.server().next("initialize", [result(answer).head(|head| head.session_id = Some(id.into()))]);
        let session = world.connect();
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!(world.machine.session(session).unwrap().kind.as_str(), "stateless", "{id:?}");
        assert!(world.sent.iter().all(|sent| sent.session().is_none()));
    }
}

#[test]
fn ids_and_tokens_fit_into_31_bits_also_where_sessions_are_stored() {
    let mut world = world_with(json!({}), json!({"storage": true}));
    let session = world.connect();
    let call = world.tool(session, "order");
    world.finish(call);
    let first = world.sent_as("initialize")[0].id().unwrap();
    assert!(first > 1000, "starts at a random number: {first}");
    for sent in world.sent.iter().filter(|sent| sent.is_request()) {
        assert!(sent.id().unwrap() < 1 << 31);
        assert!(sent.param("_meta")["progressToken"].as_u64().is_none_or(|token| token < 1 << 31));
    }
}
