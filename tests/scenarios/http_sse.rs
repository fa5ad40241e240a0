//! HTTP+SSE of 2024-11-05: the stream is the session. The rules for calls and recoveries apply here too.

use super::reply::{Data, Step, http, http_json, http_rpc, refused, reset, result, silence, stream};
use super::sse_server::SseServer;
use super::world::{Sent, World, configured};
use mcp_tether::core::{
    ConnectOptions, ErrorCode, ExchangeId, FailureKind, Input, Kind, PageNotification, RequestOptions, SessionRef,
    State, Target,
};
use serde_json::{Value, json};

pub type Old = World<SseServer>;

/// A world with one HTTP+SSE server, configured as such.
pub fn world() -> Old {
    world_with(json!({"type": "sse"}))
}

pub fn world_with(server: Value) -> Old {
    world_of(server, &json!({}))
}

pub fn world_of(mut server: Value, options: &Value) -> Old {
    server["url"] = json!("https://db.test/sse");
    World::new(configured(&json!({"mcpServers": {"db": server}}), options), SseServer::new(), 7)
}

/// The requests of a handshake over HTTP+SSE.
pub const HANDSHAKE: [&str; 3] = ["GET", "initialize", "notifications/initialized"];

pub fn get(world: &Old) -> ExchangeId {
    world.open_gets()[0]
}

pub fn cut(world: &mut Old) {
    let get = get(world);
    world.network.streams.clear();
    world.push(get, Step::Fail(FailureKind::Broken));
}

fn say(world: &mut Old, message: Value) {
    let get = get(world);
    world.push(get, Step::Event(None, None, Data::Json(message)));
}

fn state(world: &Old, session: SessionRef) -> State {
    world.machine.session(session).unwrap().state
}

pub fn connect_error(world: &mut Old) -> ErrorCode {
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.finish(call);
    world.code(call)
}

#[test]
fn a_session_is_a_stream_and_an_endpoint_that_the_stream_names() {
    let mut world = world();
    let session = world.connect();
    assert_eq!(world.methods(), HANDSHAKE);
    let urls: Vec<&str> = world.sent.iter().map(|sent| sent.url.as_str()).collect();
    let endpoint = "https://db.test/messages?sessionId=secret-00000001";
    assert_eq!(urls, ["https://db.test/sse", endpoint, endpoint]);
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.kind, info.session_id, info.generation), (Kind::Stateful, None, 1));
    assert_eq!(info.protocol_version, "2024-11-05");
    assert!(world.sent.iter().all(|sent| sent.header("mcp-protocol-version").is_none()), "introduced with 2025-06-18");
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.result(call)["content"][0]["text"], "order");
    world.run_for(600_000);
    assert_eq!(world.count("GET"), 1);
    assert!(world.event_names().contains(&"streamOpened"));
}

#[test]
fn a_newer_version_is_named_in_the_header_as_always() {
    let mut world = world();
    world.network.version = "2025-11-25".into();
    world.connect();
    let versions: Vec<_> = world.sent.iter().map(|sent| sent.header("mcp-protocol-version")).collect();
    assert_eq!(versions, [None, None, Some("2025-11-25")]);
}

#[test]
fn an_answer_may_come_before_its_post_is_accepted_and_in_a_200() {
    let mut world = world();
    let session = world.connect();
    for reply in [http(202, "Accepted").after(100), http(200, "Accepted"), http(204, "")] {
        world.network.next("tools/call", [reply]);
        let call = world.tool(session, "order");
        world.run_for(10);
        let id = world.sent_as("tools/call").last().unwrap().id();
        say(&mut world, json!({"jsonrpc": "2.0", "id": id, "result": {"done": true}}));
        assert_eq!(world.result(call), json!({"done": true}));
        world.run_for(10_000);
    }
    assert_eq!(world.count("initialize"), 1);
}

/// Cloudflare's McpAgent accepts a POST with 202, the type of an event stream and the text `Accepted`.
#[test]
fn a_post_may_be_accepted_by_an_event_stream_that_says_nothing() {
    for reply in [stream().end(0), stream().end(0).after(100), stream().cut(10)] {
        let mut world = world();
        let session = world.connect();
        world.network.next("tools/call", [reply]);
        let call = world.tool(session, "order");
        world.run_for(5_000);
        assert!(!world.settled.contains_key(&call), "the answer comes on the session's stream");
        let id = world.sent_as("tools/call").last().unwrap().id();
        say(&mut world, json!({"jsonrpc": "2.0", "id": id, "result": {"done": true}}));
        assert_eq!(world.result(call), json!({"done": true}));
        assert_eq!((world.count("tools/call"), world.count("initialize")), (1, 1));
    }
}

#[test]
fn errors_and_progress_come_on_the_stream_too() {
    let mut world = world();
    world.network.mute = vec!["tools/call".into()];
    let session = world.connect();
    let call = world.tool_within(session, "order", 1000);
    world.run_for(900);
    let id = world.sent_as("tools/call")[0].id();
    let progress = json!({"progressToken": id, "progress": 1});
    say(&mut world, json!({"jsonrpc": "2.0", "method": "notifications/progress", "params": progress}));
    assert_eq!(world.progress, [(call, progress)]);
    world.run_for(900);
    let error = json!({"code": -32000, "message": "Session not found"});
    say(&mut world, json!({"jsonrpc": "2.0", "id": id, "error": error}));
    assert_eq!(world.code(call), ErrorCode::RpcError, "the stream is open, so the error is the tool's");
    assert_eq!(state(&world, session), State::Ready);
}

#[test]
fn server_requests_and_notifications_come_on_the_stream_and_answers_go_by_post() {
    let mut world = world();
    let session = world.connect();
    say(&mut world, json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {}}));
    say(&mut world, json!({"jsonrpc": "2.0", "id": "q1", "method": "roots/list"}));
    say(&mut world, json!({"jsonrpc": "2.0", "id": 5, "method": "ping"}));
    assert_eq!(world.notified.len(), 1);
    let (ticket, asked_of, method, _) = world.asked.remove(0);
    assert_eq!((asked_of, method.as_str()), (session, "roots/list"));
    world.answer_server(ticket, Ok(json!({"roots": []})));
    let answers: Vec<&Sent> = world.sent_as("answer");
    assert_eq!(answers[0].body.as_ref().unwrap()["id"], 5);
    assert_eq!(answers[1].body.as_ref().unwrap()["result"], json!({"roots": []}));
    assert!(answers.iter().all(|sent| sent.url.ends_with("/messages?sessionId=secret-00000001")));
}

#[test]
fn what_the_server_asks_before_initialized_is_accepted_is_answered() {
    let mut world = world();
    world.network.next("notifications/initialized", [http(202, "Accepted").after(100)]);
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.run_until("the notification", |world| world.count("notifications/initialized") == 1);
    say(&mut world, json!({"jsonrpc": "2.0", "id": "q1", "method": "roots/list"}));
    let (ticket, ..) = world.asked[0];
    world.answer_server(ticket, Ok(json!({"roots": []})));
    assert_eq!(world.count("answer"), 1);
    world.finish(call);
    assert!(world.connected.contains_key(&call));
}

#[test]
fn a_call_is_cancelled_by_post_also_when_it_was_accepted_long_ago() {
    let mut world = world();
    world.network.mute = vec!["tools/call".into()];
    let session = world.connect();
    let call = world.tool(session, "order");
    world.run_for(100);
    world.cancel(call);
    assert_eq!(world.code(call), ErrorCode::Cancelled);
    let told = world.sent_as("notifications/cancelled");
    assert_eq!(told[0].param("requestId").as_u64(), world.sent_as("tools/call")[0].id());
    let late = world.tool_within(session, "order", 500);
    world.finish(late);
    assert_eq!(world.code(late), ErrorCode::RequestTimeout);
    assert_eq!(world.count("notifications/cancelled"), 2);
}

#[test]
fn a_stream_that_is_cut_ends_the_session_and_only_what_is_safe_goes_again() {
    for step in [Step::Fail(FailureKind::Broken), Step::End] {
        let mut world = world();
        let session = world.connect();
        world.network.mute = vec!["tools/call".into()];
        let (read, order) = (world.tool(session, "read"), world.tool(session, "order"));
        world.run_for(100);
        world.network.mute.clear();
        world.network.streams.clear();
        let get = get(&world);
        world.push(get, step);
        assert_eq!(state(&world, session), State::Recovering);
        let queued = world.tool(session, "order");
        world.drive();
        assert_eq!(world.code(order), ErrorCode::OutcomeUnknown);
        assert!(world.error(order).evidence.as_ref().unwrap().contains("stream"));
        world.result(read);
        world.result(queued);
        assert_eq!((world.network.executed("order"), world.network.executed("read")), (2, 2));
        assert_eq!((world.count("GET"), world.count("initialize")), (2, 2));
        assert_eq!(world.machine.session(session).unwrap().generation, 2);
        let names = world.event_names();
        assert!(names.contains(&"streamClosed") && names.contains(&"recoverySucceeded"));
    }
}

#[test]
fn an_idle_session_whose_stream_is_cut_recovers_by_itself_with_its_settings() {
    let mut world = world();
    let session = world.connect();
    for (method, params) in
        [("logging/setLevel", json!({"level": "info"})), ("resources/subscribe", json!({"uri": "u"}))]
    {
        let call = world.request(session, method, params, RequestOptions::default());
        world.finish(call);
    }
    world.run_for(20_000);
    cut(&mut world);
    world.run_for(2000);
    assert_eq!(state(&world, session), State::Ready);
    let set: Vec<_> = world.network.set.iter().map(|(id, method)| (id.as_str(), method.as_str())).collect();
    let (old, new) = ("secret-00000001", "secret-00000002");
    assert_eq!(
        set,
        [
            (old, "logging/setLevel"),
            (old, "resources/subscribe"),
            (new, "logging/setLevel"),
            (new, "resources/subscribe")
        ]
    );
}

#[test]
fn a_new_stream_is_not_opened_sooner_than_retry_says_and_never_resumed() {
    let mut world = world();
    let session = world.connect();
    let get = get(&world);
    world.push(get, Step::Event(Some("e1".into()), Some(7000), Data::None));
    world.run_for(20_000);
    let from = world.now;
    cut(&mut world);
    world.network.next("GET", [refused(), refused()]);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    let opened: Vec<u64> = world.sent_as("GET")[1..].iter().map(|sent| sent.at - from).collect();
    assert_eq!(opened.len(), 3);
    assert_eq!(opened[0], 7000);
    assert!(opened[1] >= 14_000 && opened[2] >= 21_000, "{opened:?}");
    assert!(world.sent_as("GET").iter().all(|sent| sent.cursor().is_none()));
}

#[test]
fn streams_that_always_end_at_once_cause_no_hot_loop() {
    let mut world = world();
    world.connect();
    for _ in 0..100 {
        world.network.next("GET", [stream().then(0, Step::Event(None, Some(0), Data::None)).end(0)]);
    }
    cut(&mut world);
    world.run_for(60_000);
    assert!(world.count("GET") < 20, "{} GETs in a minute", world.count("GET"));
    world.run_for(3_600_000);
    assert!(world.count("GET") < 101);
}

#[test]
fn a_post_that_names_a_lost_session_is_sent_again_on_the_next_stream() {
    for lost in [
        http(404, "Session not found"),
        http(404, ""),
        http(400, "No transport found for sessionId"),
        http(400, "Invalid session ID"),
        http_rpc(404, -32001, "Session not found"),
    ] {
        let mut world = world();
        let session = world.connect();
        // The server forgets, and leaves the old stream open.
        world.network.streams.clear();
        world.network.lost = lost;
        let calls = [world.tool(session, "order"), world.tool(session, "order"), world.tool(session, "read")];
        world.drive();
        calls.into_iter().for_each(|call| drop(world.result(call)));
        assert_eq!((world.count("GET"), world.count("initialize")), (2, 2));
        assert_eq!((world.network.executed("order"), world.open_gets().len()), (2, 1));
    }
}

#[test]
fn a_400_about_something_else_is_delivered_to_the_caller() {
    let mut world = world();
    let session = world.connect();
    world.network.next("tools/call", [http(400, "Invalid message")]);
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::HttpError);
    assert_eq!(world.count("GET"), 1);
}

#[test]
fn what_is_being_posted_while_the_stream_ends_may_still_be_refused() {
    let mut world = world();
    let session = world.connect();
    world.network.next("tools/call", [http(404, "Session not found").after(100), http(202, "").after(100), silence()]);
    let calls = [world.tool(session, "order"), world.tool(session, "order"), world.tool(session, "order")];
    world.run_for(10);
    cut(&mut world);
    world.drive();
    world.result(calls[0]);
    assert_eq!([world.code(calls[1]), world.code(calls[2])], [ErrorCode::OutcomeUnknown; 2]);
    assert!(world.settled_at(calls[2]) < 10_000, "no caller waits for the whole timeout");
    assert_eq!((world.network.executed("order"), world.count("initialize")), (1, 2));
}

#[test]
fn a_post_that_could_not_be_sent_goes_again_and_one_that_broke_is_unknown() {
    let mut world = world();
    let session = world.connect();
    world.network.next("tools/call", [refused(), reset()]);
    let (first, second) = (world.tool(session, "order"), world.tool(session, "order"));
    world.drive();
    world.result(first);
    assert_eq!(world.code(second), ErrorCode::OutcomeUnknown);
    assert_eq!(world.count("GET"), 1, "the stream is open");
}

#[test]
fn a_stream_that_is_cut_in_the_handshake_is_tried_again() {
    let mut world = world();
    world.network.next("GET", [stream().cut(5), reset(), http(503, "")]);
    world.connect();
    assert_eq!(world.methods(), ["GET", "GET", "GET", "GET", "initialize", "notifications/initialized"]);

    let mut world = self::world();
    world.network.mute = vec!["initialize".into()];
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.run_for(100);
    world.network.mute.clear();
    cut(&mut world);
    world.finish(call);
    assert!(world.connected.contains_key(&call));
    assert_eq!(world.count("initialize"), 2);

    let mut world = self::world();
    world.network.next("notifications/initialized", [http(202, "").after(200)]);
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.run_for(100);
    cut(&mut world);
    world.finish(call);
    assert!(world.connected.contains_key(&call));
    assert_eq!((world.count("initialize"), world.machine.info("ann", "db").unwrap().generation), (2, 2));
}

#[test]
fn what_was_asked_on_a_stream_that_never_became_a_session_is_not_answered_on_the_next() {
    let mut world = world();
    world.network.next("notifications/initialized", [http(202, "").after(200)]);
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.run_for(100);
    say(&mut world, json!({"jsonrpc": "2.0", "id": "q1", "method": "roots/list"}));
    let (ticket, ..) = world.asked[0];
    cut(&mut world);
    assert_eq!(world.taken_back, [ticket]);
    world.answer_server(ticket, Ok(json!({"roots": []})));
    world.finish(call);
    assert_eq!(world.count("answer"), 0);
}

#[test]
fn a_stream_that_is_refused_says_why() {
    for (reply, code) in [
        (http(404, ""), ErrorCode::HttpError),
        (http(405, ""), ErrorCode::HttpError),
        (http(400, "Bad Request: Mcp-Session-Id header is required"), ErrorCode::HttpError),
        (http(403, ""), ErrorCode::Forbidden),
        (http(401, ""), ErrorCode::Unauthorized),
        (http(200, "<html>"), ErrorCode::ProtocolError),
        (result(json!({})), ErrorCode::ProtocolError),
    ] {
        let mut world = world();
        world.network.next("GET", [reply]);
        assert_eq!(connect_error(&mut world), code);
        assert_eq!(world.methods(), ["GET"], "a configured transport is not guessed");
    }
}

#[test]
fn a_quiet_stream_is_pinged_and_only_a_dead_one_is_given_up() {
    let mut world = world();
    let session = world.connect();
    world.run_for(1_000_000);
    assert_eq!((world.count("ping"), world.count("GET")), (3, 1), "a server that sends no comments keeps its session");
    world.network.mute = vec!["ping".into()];
    world.run_for(400_000);
    assert_eq!((world.count("initialize"), state(&world, session)), (2, State::Ready));
}

#[test]
fn after_a_sleep_a_ping_checks_the_stream() {
    let mut world = world();
    let session = world.connect();
    let call = world.tool(session, "order");
    world.finish(call);
    world.sleep(1_000_000);
    world.run_for(20_000);
    assert_eq!((world.count("ping"), world.count("GET"), state(&world, session)), (1, 1, State::Ready));
}

#[test]
fn terminate_closes_the_stream_and_sends_nothing() {
    let mut world = world();
    let session = world.connect();
    let get = get(&world);
    let call = world.terminate(Target::Session(session));
    assert_eq!(world.settled_at(call), world.elapsed());
    assert_eq!(world.aborted, [get]);
    world.run_for(600_000);
    assert_eq!(world.methods(), HANDSHAKE);
    assert_eq!(world.machine.stats().total_sessions, 0);
}

#[test]
fn terminate_in_the_middle_of_a_handshake_leaves_nothing_behind() {
    for mute in [true, false] {
        let mut world = world();
        world.network.mute = vec!["initialize".into()];
        world.network.endpoint.take_if(|_| !mute);
        let connecting = world.begin_connect("ann", "db", ConnectOptions::default());
        world.run_for(100);
        world.terminate(Target::User("ann".into()));
        assert_eq!(world.code(connecting), ErrorCode::Closed);
        world.run_for(600_000);
        assert_eq!((world.count("GET"), world.open_gets().len()), (1, 0));
    }
}

#[test]
fn an_expired_session_closes_its_stream_and_the_next_call_opens_another() {
    let mut world = world_with(json!({"type": "sse", "sessionConfig": {"timeout": 60_000}}));
    let session = world.connect();
    world.run_for(120_000);
    assert_eq!(state(&world, session), State::Expired);
    assert!(world.open_gets().is_empty());
    assert_eq!(world.count("DELETE"), 0);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("GET"), 2);
}

#[test]
fn a_page_that_is_hidden_keeps_the_stream_and_one_that_goes_gives_the_session_up() {
    let mut world = world();
    let session = world.connect();
    world.network.mute = vec!["tools/call".into()];
    let calls = [world.tool(session, "order"), world.tool(session, "order")];
    world.run_for(100);
    world.input(Input::Page { notification: PageNotification::Park, of: None });
    world.run_for(1000);
    assert_eq!(world.open_gets().len(), 1);
    world.input(Input::Page { notification: PageNotification::Unpark, of: None });
    world.input(Input::Page { notification: PageNotification::Retire, of: None });
    assert_eq!((state(&world, session), world.open_gets().len()), (State::Expired, 0));
    world.network.mute.clear();
    let call = world.tool(session, "order");
    world.drive();
    world.result(call);
    assert_eq!(calls.map(|call| world.code(call)), [ErrorCode::OutcomeUnknown; 2]);
    assert_eq!(world.network.executed("order"), 3);
}

#[test]
fn close_is_silence() {
    let mut world = world();
    world.connect();
    let call = world.close(true);
    world.finish(call);
    assert!(world.open_gets().is_empty());
    assert_eq!(world.next_wake(), None);
    assert_eq!(world.methods(), HANDSHAKE);
}

#[test]
fn the_id_in_the_endpoint_is_never_exposed() {
    let mut world = world();
    let session = world.connect();
    world.network.next(
        "tools/call",
        [
            http(400, "no such thing in secret-00000001"),
            http(404, "Session secret-00000001 not found"),
            http_json(500, json!({"message": "secret-00000002 crashed"})),
        ],
    );
    for _ in 0..2 {
        let call = world.tool(session, "order");
        world.finish(call);
        assert!(!format!("{:?}", world.error(call).evidence).contains("secret"));
    }
    let told = format!("{:?} {:?}", world.events, world.log);
    assert!(!told.contains("secret"), "{told}");
    assert!(told.contains("no such thing in …"));
}
