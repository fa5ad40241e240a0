//! Answers to server requests: concurrency, retries, and the bound on a flood of requests.

use super::reply::{Data, Reply, Step, fails, http, http_json, refused, reset, silence, stream};
use super::{Tether, world, world_with};
use mcp_tether::core::{ErrorCode, FailureKind, Level, SessionRef};
use serde_json::{Value, json};

fn listening() -> (Tether, SessionRef) {
    listening_in(world())
}

fn listening_in(mut world: Tether) -> (Tether, SessionRef) {
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    (world, session)
}

fn message(id: u64, method: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method})
}

/// Sends a message on the GET stream.
fn say(world: &mut Tether, message: Value) {
    let get = world.open_gets()[0];
    world.push(get, Step::Event(None, None, Data::Json(message)));
}

/// A tool sends a server request, and the application answers it.
fn answered(world: &mut Tether) {
    say(world, message(900, "elicitation/create"));
    let ticket = world.asked.last().unwrap().0;
    world.answer_server(ticket, Ok(json!({"action": "accept"})));
}

/// The highest number of answers that were on the wire at the same time.
fn most_at_once(world: &Tether, ends: impl Fn(u64) -> u64) -> usize {
    let spans: Vec<(u64, u64)> = world.sent_as("answer").iter().map(|sent| (sent.at, ends(sent.at))).collect();
    spans.iter().map(|(at, _)| spans.iter().filter(|(from, to)| from <= at && at < to).count()).max().unwrap_or(0)
}

#[test]
fn ten_thousand_pings_in_one_stream_are_answered_sixteen_at_once() {
    let (mut world, session) = listening();
    world.diary = None;
    world.server().always("answer", http(202, "").after(20));
    let pings =
        (0..10_000).fold(stream(), |reply, id| reply.then(0, Step::Event(None, None, Data::Json(message(id, "ping")))));
    world.server().next("tools/call", [pings.streamed(0, json!({})).end(0)]);
    let call = world.tool_within(session, "order", 3_600_000);
    let exchange = world.sent_as("tools/call")[0].exchange;
    world.run_for(10);
    assert_eq!(world.count("answer"), 16);
    assert!(world.paused.contains(&exchange), "the stream is paused");
    let other = world.tool(session, "read");
    world.finish(other);
    assert!(world.waiting.contains(&call), "other calls continue");
    world.finish(call);
    world.result(call);
    world.run_for(10_000);
    let ids: Vec<u64> = world.sent_as("answer").iter().filter_map(|sent| sent.id()).collect();
    assert_eq!(ids, (0..10_000).collect::<Vec<u64>>());
    assert_eq!(most_at_once(&world, |at| at + 21), 16);
    assert!(world.paused.is_empty());
}

#[test]
fn requests_without_a_handler_are_limited_like_pings() {
    for (method, effort) in [("vendor/x", "handler"), ("roots/list", "tickets")] {
        let (mut world, _) = listening();
        world.diary = None;
        world.server().always("answer", silence());
        for id in 0..2_000 {
            say(&mut world, message(id, method));
            if effort == "handler" && world.asked.len() > id as usize {
                let ticket = world.asked[id as usize].0;
                let error = mcp_tether::core::RpcError { code: -32601, message: "no".into(), data: None };
                world.answer_server(ticket, Err(error));
            }
        }
        assert_eq!(world.count("answer"), 16, "{method}");
        assert_eq!(world.paused.len(), 1, "{method}");
        assert!(world.asked.len() < 400, "{method}: {}", world.asked.len());
    }
}

#[test]
fn a_batch_that_no_pause_divides_ends_the_session_with_an_error() {
    let (mut world, session) = listening();
    world.diary = None;
    world.server().always("answer", silence());
    let batch: Vec<Value> = (0..10_000).map(|id| message(id, "ping")).collect();
    say(&mut world, Value::Array(batch));
    assert_eq!(world.count("answer"), 16);
    assert!(world.lines().contains(&"[MCP][db] Session error: limit_exceeded - Session exceeded a limit"));
    let error = world.events.iter().find(|event| event.kind.as_str() == "sessionError").unwrap();
    assert_eq!(error.detail.code, Some(ErrorCode::LimitExceeded.as_str()));
    world.run_for(100);
    assert_eq!(world.count("DELETE"), 1, "the session is deleted at the server");
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.machine.session(session).unwrap().generation, 2);
}

#[test]
fn a_short_batch_of_pings_is_answered() {
    let (mut world, _) = listening();
    world.server().always("answer", http(202, "").after(20));
    say(&mut world, Value::Array((0..300).map(|id| message(id, "ping")).collect()));
    assert_eq!(world.paused.len(), 1);
    world.run_for(10_000);
    assert_eq!(world.count("answer"), 300);
    assert!(world.paused.is_empty());
}

#[test]
fn an_answer_that_meets_trouble_is_sent_again_until_the_server_has_it() {
    let troubles: Vec<(&str, Reply)> = vec![
        ("503", http(503, "")),
        ("502", http(502, "<html>")),
        ("504", http(504, "")),
        ("520", http(520, "")),
        ("500", http(500, "oops")),
        ("408", http(408, "")),
        ("499", http(499, "")),
        ("421", http(421, "")),
        ("425", http(425, "")),
        ("429", http(429, "")),
        ("refused", refused()),
        ("reset", reset()),
        ("hidden", fails(FailureKind::Hidden)),
        ("silence", silence()),
    ];
    for (name, trouble) in troubles {
        let (mut world, _) = listening();
        world.server().next("answer", vec![trouble; 6]);
        answered(&mut world);
        world.run_for(600_000);
        let answers = world.sent_as("answer");
        assert_eq!(answers.len(), 7, "{name}");
        assert!(answers.iter().all(|sent| sent.id() == Some(900) && sent.session() == answers[0].session()), "{name}");
        assert!(answers.windows(2).all(|pair| pair[1].at - pair[0].at >= 250), "{name}: never hot");
        assert_eq!(world.count("initialize"), 1, "{name}");
    }
}

#[test]
fn retry_after_pauses_all_answers() {
    let (mut world, _) = listening();
    world.server().next("answer", [http(429, "").retry_after("7")]);
    answered(&mut world);
    world.run_for(100);
    say(&mut world, message(1, "ping"));
    world.run_for(60_000);
    let answers = world.sent_as("answer");
    assert_eq!(answers.len(), 3);
    assert!(answers[1].at - answers[0].at >= 7_000 && answers[2].at - answers[0].at >= 7_000);
}

#[test]
fn an_answer_refused_for_good_is_sent_once_and_logged_once() {
    for refusal in [http(400, "Bad Request"), http(403, ""), http_json(422, json!({"error": "no"})), http(413, "")] {
        let (mut world, session) = listening();
        world.server().always("answer", refusal);
        (0..20).for_each(|_| answered(&mut world));
        world.run_for(600_000);
        assert_eq!(world.count("answer"), 20);
        let warnings = world.log.iter().filter(|(level, _)| *level == Level::Warn).count();
        assert_eq!(warnings, 1, "{:?}", world.lines());
        assert_eq!(world.machine.session(session).unwrap().generation, 1);
    }
}

#[test]
fn a_404_to_an_answer_is_a_reason_to_ping_and_no_more() {
    let (mut world, session) = listening();
    world.server().always("answer", http(404, "Request not found"));
    (0..5).for_each(|_| answered(&mut world));
    world.run_for(60_000);
    assert_eq!((world.count("answer"), world.count("ping"), world.count("initialize")), (5, 1, 1));
    // If the session is gone, the ping finds out.
    world.server().forget();
    world.server().behave();
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn one_poisoned_answer_does_not_stop_the_others() {
    let (mut world, _) = listening();
    world.server().always("answer", http(202, ""));
    world.server().next("answer", vec![http(502, "")]);
    answered(&mut world);
    (0..50).for_each(|id| say(&mut world, message(id, "ping")));
    world.run_for(5_000);
    assert_eq!(world.count("answer"), 52);
}

#[test]
fn during_an_outage_one_answer_at_a_time_is_tried() {
    let (mut world, _) = listening();
    world.diary = None;
    world.server().always("answer", refused());
    (0..200).for_each(|id| say(&mut world, message(id, "ping")));
    answered(&mut world);
    world.run_for(60_000);
    assert!(world.count("answer") <= 16 + 40, "{}", world.count("answer"));
    world.server().behave();
    world.run_for(60_000);
    assert_eq!(world.sent_as("answer").last().unwrap().id(), Some(900), "the answer was delivered");
    let before = world.count("answer");
    world.run_for(600_000);
    assert_eq!(world.count("answer"), before);
}

#[test]
fn the_answer_to_a_ping_is_retried_a_bounded_number_of_times() {
    let (mut world, _) = listening();
    world.server().always("answer", refused());
    say(&mut world, message(1, "ping"));
    world.run_for(3_600_000);
    assert_eq!(world.count("answer"), 4, "once, and retryAttempts retries");
}

#[test]
fn undelivered_answers_are_logged_once_when_their_session_ends() {
    let (mut world, session) = listening();
    world.server().always("answer", refused());
    answered(&mut world);
    world.run_for(5_000);
    world.server().forget();
    let call = world.tool(session, "order");
    world.finish(call);
    let before = world.count("answer");
    let text = "[MCP][db] Answers to server requests that were not delivered before the session ended: 1";
    assert_eq!(world.lines().iter().filter(|line| **line == text).count(), 1);
    world.run_for(600_000);
    assert_eq!(world.count("answer"), before, "the next session does not get the answer");
}

#[test]
fn a_request_taken_back_is_not_answered_again() {
    let (mut world, _) = listening();
    world.server().always("answer", refused());
    answered(&mut world);
    world.run_for(1);
    let before = world.count("answer");
    say(&mut world, json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 900}}));
    world.run_for(600_000);
    assert_eq!(world.count("answer"), before);
}

#[test]
fn a_401_to_an_answer_asks_the_provider_and_the_answer_goes_again() {
    let mut world = world();
    world.server().listens = true;
    let options = mcp_tether::core::ConnectOptions { has_auth: true, ..Default::default() };
    let call = world.begin_connect("ann", "db", options);
    world.run_for(0);
    let session = world.tokens_wanted[0].0;
    world.give_token(session, Some("old"));
    world.finish(call);
    world.run_for(10);
    world.server().next("answer", [http(401, "")]);
    answered(&mut world);
    world.run_for(10);
    assert_eq!(world.tokens_wanted.len(), 2);
    assert_eq!(world.count("answer"), 1);
    world.give_token(session, Some("new"));
    world.run_for(60_000);
    let answers = world.sent_as("answer");
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[1].header("authorization"), Some("Bearer new"));
}

#[test]
fn offline_nothing_is_sent_and_online_it_goes() {
    use mcp_tether::core::{Input, PageNotification};
    let (mut world, _) = listening();
    say(&mut world, message(900, "roots/list"));
    world.input(Input::Page { notification: PageNotification::Offline, of: None });
    let ticket = world.asked[0].0;
    world.answer_server(ticket, Ok(json!({"roots": []})));
    world.run_for(60_000);
    assert_eq!(world.count("answer"), 0);
    world.input(Input::Page { notification: PageNotification::Online, of: None });
    world.run_for(10);
    assert_eq!(world.count("answer"), 1);
}

#[test]
fn cancelled_notifications_are_bounded_like_answers_and_never_repeated() {
    let mut world = world_with(json!({"timeout": 1000}), json!({"limits": {"maxInFlight": 500}}));
    world.diary = None;
    let session = world.connect();
    world.server().always("tools/call", silence());
    world.server().always("notifications/cancelled", silence());
    (0..500).for_each(|_| {
        world.tool(session, "order");
    });
    world.run_for(1_500);
    assert_eq!(world.count("notifications/cancelled"), 16);
    world.run_for(3_600_000);
    assert!(world.count("notifications/cancelled") <= 16 + 256);
}

#[test]
fn a_paused_stream_is_not_taken_for_a_dead_one() {
    let (mut world, _) = listening();
    world.diary = None;
    let busy = || http(429, "").retry_after("290");
    world.server().next("answer", vec![busy(); 17]);
    (0..300).for_each(|id| say(&mut world, message(id, "ping")));
    let streams = world.count("GET");
    world.run_for(570_000);
    assert_eq!((world.paused.len(), world.count("answer")), (1, 17));
    world.run_for(100_000);
    assert_eq!((world.count("GET"), world.count("answer")), (streams, 317));
}

#[test]
fn a_divided_batch_is_taken_message_by_message() {
    use mcp_tether::core::{Body, Input, ResponseHead, headers::Media};
    let (mut world, session) = listening();
    world.server().next("tools/call", [silence()]);
    let call = world.tool(session, "order");
    let sent = world.sent_as("tools/call")[0].clone();
    let head = ResponseHead { status: 200, media: Media::Json, ..ResponseHead::default() };
    world.input(Input::Opened { exchange: sent.exchange, head });
    world.input(Input::Message { exchange: sent.exchange, message: message(1, "ping") });
    let last = json!({"jsonrpc": "2.0", "id": sent.id(), "result": {"ok": true}});
    world.input(Input::Body { exchange: sent.exchange, body: Body::Json(last) });
    assert_eq!(world.result(call), json!({"ok": true}));
    assert_eq!(world.count("answer"), 1);
}
