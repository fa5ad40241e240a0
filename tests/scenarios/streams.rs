//! Response streams that break: resumed at their cursor while resuming makes progress.

use super::reply::{Data, Reply, Step, http, http_rpc, reset, stream};
use super::{Tether, world, world_with};
use mcp_tether::core::{CallId, ErrorCode, RequestOptions, SessionRef};
use serde_json::{Value, json};

fn note(text: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": text}})
}

/// The response to the first tools/call of this world.
fn answer(world: &Tether) -> Step {
    let id = world.sent_as("tools/call")[0].id();
    Step::Event(Some("last".into()), None, Data::Json(json!({"jsonrpc": "2.0", "id": id, "result": {"done": true}})))
}

fn cursors(world: &Tether) -> Vec<Option<&str>> {
    world.sent_as("GET").iter().map(|sent| sent.cursor()).collect()
}

/// A call whose stream gives `events` as its own, and is then resumed with `resumes`.
fn call(first: Reply, resumes: impl IntoIterator<Item = Reply>) -> (Tether, SessionRef, CallId) {
    let mut world = world();
    let session = world.connect();
    world.run_for(10);
    world.sent.clear();
    world.server().next("tools/call", [first]);
    world.server().next("GET", resumes);
    let call = world.tool(session, "order");
    (world, session, call)
}

#[test]
fn a_priming_event_with_retry_500_is_resumed_after_exactly_500_ms() {
    let (mut world, _, call) = call(stream().priming(0, "e1", Some(500)).end(100), [stream()]);
    world.run_until("the resume", |world| world.count("GET") == 1);
    assert_eq!(world.sent_as("GET")[0].at - world.sent_as("tools/call")[0].at, 1 + 100 + 500);
    assert_eq!(cursors(&world), [Some("e1")]);
    world.run_for(1);
    let get = world.open_gets()[0];
    let answer = answer(&world);
    world.push(get, answer);
    assert_eq!(world.result(call), json!({"done": true}));
    assert_eq!(world.count("tools/call"), 1, "a resume is a GET, never a POST");
}

#[test]
fn each_resume_has_the_newest_id_also_the_second_and_the_tenth() {
    let resumes = (2..12).map(|n| stream().event(0, &format!("e{n}"), note("more")).end(10));
    let (mut world, _, call) = call(stream().event(0, "e1", note("first")).cut(10), resumes);
    world.server().always("GET", stream());
    world.run_until("eleven resumes", |world| world.count("GET") == 11);
    let expected: Vec<String> = (1..12).map(|n| format!("e{n}")).collect();
    assert_eq!(cursors(&world), expected.iter().map(|id| Some(id.as_str())).collect::<Vec<_>>());
    world.run_for(1);
    let get = world.open_gets()[0];
    let answer = answer(&world);
    world.push(get, answer);
    world.result(call);
}

#[test]
fn a_resume_that_brings_nothing_keeps_the_cursor() {
    let (mut world, _, _) = call(stream().priming(0, "e1", None).end(0), [stream().end(0), stream().end(0), stream()]);
    world.run_until("three resumes", |world| world.count("GET") == 3);
    assert_eq!(cursors(&world), [Some("e1"); 3]);
}

/// The official TypeScript SDK (v1) answers 409 until it notices that the connection of the stream broke.
#[test]
fn a_resume_that_meets_the_broken_stream_is_tried_again() {
    let taken = http_rpc(409, -32000, "Conflict: Stream already has an active connection");
    let (mut world, _, call) = call(stream().priming(0, "e1", None).cut(5), [taken.clone(), taken, stream()]);
    world.run_until("three resumes", |world| world.count("GET") == 3);
    assert_eq!(cursors(&world), [Some("e1"); 3]);
    world.run_for(1);
    let get = world.open_gets()[0];
    let answer = answer(&world);
    world.push(get, answer);
    assert_eq!(world.result(call), json!({"done": true}));
    assert_eq!((world.count("tools/call"), world.count("ping")), (1, 0));
}

#[test]
fn resumes_that_bring_nothing_end_in_an_unknown_outcome() {
    let (mut world, _, call) = call(stream().priming(0, "e1", None).end(0), []);
    world.server().always("GET", stream().end(0));
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
    assert!(!world.error(call).retryable);
    assert!(world.error(call).evidence.as_ref().unwrap().contains("resuming it delivered nothing"));
    assert!(world.count("GET") <= 4);
}

#[test]
fn a_stream_that_ends_unanswered_without_an_id_fails_at_once() {
    for first in
        [stream().end(5), stream().cut(5), stream().then(0, Step::Event(None, None, Data::Json(note("x")))).end(5)]
    {
        let (mut world, _, call) = call(first, []);
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
        assert!(world.settled_at(call) < 100, "not at the 60 s timeout");
        assert_eq!(world.server().executed("order"), 0);
        assert_eq!(world.count("tools/call"), 1);
    }
}

#[test]
fn a_safe_tool_with_such_a_stream_is_retried_once_with_a_new_id() {
    let mut world = world();
    let session = world.connect();
    world.server().next("tools/call", [stream().end(5)]);
    let call = world.tool(session, "read");
    world.finish(call);
    world.result(call);
    let ids: Vec<_> = world.sent_as("tools/call").iter().map(|sent| sent.id()).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn an_empty_id_takes_the_cursor_away() {
    let first = stream().priming(0, "e1", None).then(0, Step::Event(Some(String::new()), None, Data::None)).end(1);
    let (mut world, _, call) = call(first, []);
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
    assert_eq!(world.count("GET"), 0);
}

#[test]
fn polling_goes_on_as_long_as_it_brings_something() {
    let resumes = (2..30).map(|n| stream().priming(0, &format!("e{n}"), Some(1000)).end(1));
    let (mut world, _, call) = call(stream().priming(0, "e1", Some(1000)).end(1), resumes);
    world.server().always("GET", stream());
    world.run_until("29 polls", |world| world.count("GET") == 29);
    world.run_for(1);
    let answer = answer(&world);
    let get = world.open_gets()[0];
    world.push(get, answer);
    world.result(call);
}

#[test]
fn a_resume_never_comes_sooner_than_the_floor_whatever_retry_says() {
    let resumes = (2..100).map(|n| stream().priming(0, &format!("e{n}"), Some(0)).end(0));
    let (mut world, ..) = call(stream().priming(0, "e1", Some(0)).end(0), resumes);
    world.run_for(2000);
    assert!(world.count("GET") <= 10, "{} GETs in two seconds", world.count("GET"));
}

#[test]
fn each_stream_has_its_own_retry_and_cursor() {
    let mut world = world();
    let session = world.connect();
    world.run_for(10);
    world.sent.clear();
    world.server().next(
        "tools/call",
        [stream().priming(0, "a1", Some(3000)).end(0), stream().priming(0, "b1", Some(500)).end(0)],
    );
    world.server().always("GET", stream());
    world.tool(session, "order");
    world.tool(session, "order");
    world.run_for(4000);
    assert_eq!(cursors(&world), [Some("b1"), Some("a1")]);
    assert_eq!(world.sent_as("GET")[0].at - world.sent[0].at, 501);
    assert_eq!(world.sent_as("GET")[1].at - world.sent[0].at, 3001);
}

#[test]
fn a_refused_resume_is_an_unknown_outcome_and_the_session_lives() {
    for reply in [http(405, ""), http(400, "no event store"), http(403, ""), http(404, "Cannot GET /mcp")] {
        let (mut world, session, call) = call(stream().priming(0, "e1", None).end(0), [reply]);
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!(world.count("initialize"), 0);
    }
}

#[test]
fn a_refused_resume_proves_nothing_about_the_session() {
    for refusal in [http_rpc(404, -32001, "Session not found"), http(404, "no such event"), http(410, "")] {
        let (mut world, _, call) = call(stream().priming(0, "e1", None).cut(0), [refusal]);
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
        world.run_for(1000);
        assert_eq!((world.count("ping"), world.count("initialize")), (1, 0), "a ping decides");
        assert_eq!(world.server().executed("order"), 0);
    }
}

#[test]
fn a_resume_on_a_lost_session_recovers_the_session_and_leaves_the_outcome_unknown() {
    let (mut world, session, call) = call(stream().priming(0, "e1", Some(500)).end(0), []);
    world.run_for(10);
    world.server().forget();
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
    world.run_for(1000);
    assert_eq!(world.count("initialize"), 1);
    assert_eq!(world.server().executed("order"), 0);
    assert_eq!(world.machine.session(session).unwrap().generation, 2);
}

#[test]
fn a_cursor_dies_with_its_session() {
    let (mut world, session, call) = call(stream().priming(0, "e1", Some(5000)).end(0), []);
    world.run_for(10);
    world.server().forget();
    let other = world.tool(session, "order");
    world.finish(other);
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
    assert!(cursors(&world).iter().all(Option::is_none), "the GET of the new session has no old cursor");
}

#[test]
fn resets_of_the_resume_are_waited_out() {
    let (mut world, _, call) = call(stream().priming(0, "e1", None).cut(0), [reset(), http(502, ""), stream()]);
    world.run_until("three resumes", |world| world.count("GET") == 3);
    world.run_for(1);
    let answer = answer(&world);
    let get = world.open_gets()[0];
    world.push(get, answer);
    world.result(call);
}

#[test]
fn an_error_on_the_stream_is_an_answer_and_nothing_is_resumed() {
    let mut world = world();
    let session = world.connect();
    world.run_for(10);
    let error = json!({"jsonrpc": "2.0", "id": null, "error": {"code": -32000, "message": "no"}});
    world.server().next("tools/call", [stream().event(0, "e1", error).end(0)]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::RpcError);
    world.run_for(10_000);
    assert_eq!(world.count("GET"), 1, "the stream of the session, initially");
}

#[test]
fn after_nonsense_alone_the_end_of_the_stream_ends_the_call_and_not_the_session() {
    let mut world = world();
    let session = world.connect();
    let nonsense = Step::Event(None, None, Data::Text("nonsense".into()));
    world.server().next("tools/call", [stream().then(0, nonsense).end(1000)]);
    let call = world.tool(session, "order");
    world.run_for(500);
    assert!(world.waiting.contains(&call), "an event without a message proves nothing");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::OutcomeUnknown);
    assert_eq!(world.count("tools/call"), 1);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn a_stream_that_trickles_comments_ends_at_the_deadline() {
    let mut reply = stream();
    for _ in 0..200 {
        reply = reply.then(1000, Step::Comment);
    }
    let (mut world, session, _) = call(reply, []);
    let call = world.request(session, "tools/call", json!({"name": "order"}), RequestOptions::default());
    world.drive();
    world.result(call);
    assert_eq!(world.elapsed() / 1000, 60);
}

#[test]
fn resuming_stops_at_the_deadline_of_the_call() {
    let mut world = world_with(json!({"timeout": 3000}), json!({}));
    let session = world.connect();
    world.run_for(10);
    world.sent.clear();
    world.server().next("tools/call", [stream().priming(0, "e1", Some(60_000)).end(0)]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::RequestTimeout);
    world.run_for(120_000);
    assert_eq!(world.count("GET"), 0);
    assert_eq!(world.count("notifications/cancelled"), 1, "the server may still be executing it");
}
