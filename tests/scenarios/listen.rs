//! The GET stream of a session: a bounded request rate on every server, and how an idle client detects a lost session.

use super::reply::{Data, Reply, Step, http, http_json, http_rpc, reset, silence, stream};
use super::server::Servers;
use super::world::{Network, Sent, World, configured};
use super::{Tether, world};
use mcp_tether::core::{ExchangeId, SessionRef, State};
use serde_json::{Value, json};

fn note(text: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": text}})
}

fn listening() -> (Tether, SessionRef) {
    let mut world = world();
    world.server().listens = true;
    let session = world.connect();
    world.run_for(10);
    (world, session)
}

fn gets_in_two_seconds(reply: Reply) -> usize {
    let mut world = world();
    world.server().always("GET", reply);
    world.connect();
    world.run_for(2000);
    world.count("GET")
}

#[test]
fn hostile_streams_get_at_most_ten_requests_in_two_seconds() {
    let retry_0 = stream().then(0, Step::Event(None, Some(0), Data::None)).end(0);
    let new_id_each_time = stream().priming(0, "same", Some(0)).end(0);
    let message_each_time = stream().event(0, "1", note("again")).end(0);
    let with = |name: &str, reply: Reply| {
        let gets = gets_in_two_seconds(reply);
        assert!((1..=10).contains(&gets), "{name}: {gets} GETs");
    };
    with("retry: 0", retry_0);
    with("a cursor that never moves", new_id_each_time);
    with("the same message each time", message_each_time);
    with("closed at once", stream().end(0));
    with("reset at once", stream().cut(5));
    with("reset before the headers", reset());
    with("bad gateway", http(502, ""));
    with("busy", http(429, ""));
    with("busy until now", http(503, "").retry_after("0"));
}

#[test]
fn a_stream_that_brings_nothing_is_reopened_slowly_without_limit() {
    let mut world = world();
    world.server().always("GET", stream().end(0));
    let session = world.connect();
    world.run_for(1_800_000);
    let gets = world.count("GET");
    assert!((8..=80).contains(&gets), "{gets} in half an hour");
    assert!(world.lines().contains(&"[MCP][db] The GET stream delivers no messages; retrying slowly"));
    assert_eq!(world.machine.session(session).unwrap().state, State::Ready, "the session itself is ready");
}

#[test]
fn a_quiet_stream_cut_by_a_proxy_is_always_reopened() {
    let mut world = world();
    world.server().always("GET", stream().cut(100_000));
    world.connect();
    world.run_for(3_600_000);
    let gets = world.count("GET");
    assert!((34..=37).contains(&gets), "{gets}");
    assert!(!world.lines().iter().any(|line| line.contains("delivers no messages")));
}

#[test]
fn a_server_without_a_stream_gets_one_get() {
    for reply in [http(405, ""), http(400, "no"), http(406, ""), http(200, "hello")] {
        let mut world = world();
        world.server().always("GET", reply);
        let session = world.connect();
        world.run_for(600_000);
        assert_eq!(world.count("GET"), 1);
        assert_eq!(world.count("initialize"), 1);
        assert_eq!(world.machine.session(session).unwrap().state, State::Ready);
    }
}

#[test]
fn a_get_that_does_not_exist_is_tried_rarely_and_keeps_the_session() {
    // NestJS, FastAPI, Fastify, Express, Go's mux, a gateway; and two whose refusals mention the session.
    for reply in [
        http_json(404, json!({"statusCode": 404, "message": "Cannot GET /mcp", "error": "Not Found"})),
        http_json(404, json!({"detail": "Not Found"})),
        http_json(404, json!({"error": {"message": "Route GET /mcp not found"}})),
        http(404, "Cannot GET /mcp"),
        http(404, ""),
        http(410, ""),
        http_rpc(404, -32001, "Session not found"),
        http(400, "Bad Request: No valid session ID provided"),
    ] {
        let mut world = world();
        world.server().always("GET", reply);
        let session = world.connect();
        world.run_for(600_000);
        assert!((2..=8).contains(&world.count("GET")), "{} in ten minutes", world.count("GET"));
        assert_eq!(world.count("initialize"), 1);
        assert!(world.count("ping") <= 10, "one ping a minute at most");
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
    }
}

#[test]
fn a_404_on_the_stream_recovers_an_idle_client_without_any_call() {
    for lost in [
        http_rpc(404, -32001, "Session not found"),
        http(404, "session not found"),
        http(404, "<html>404</html>"),
        http(404, ""),
    ] {
        let (mut world, session) = listening();
        world.server().forget();
        world.server().lost = lost;
        let get = world.open_gets()[0];
        world.push(get, Step::Fail(mcp_tether::core::FailureKind::Broken));
        world.run_for(60_000);
        let info = world.machine.session(session).unwrap();
        assert_eq!((info.state, info.generation), (State::Ready, 2));
        assert_eq!(world.count("initialize"), 2);
        assert_eq!(world.open_gets().len(), 1, "the stream is reopened");
    }
}

#[test]
fn a_restart_behind_a_proxy_recovers_an_idle_client_too() {
    let (mut world, session) = listening();
    world.server().forget();
    world.server().lost = http(404, "<html>404</html>");
    // While it restarts, the proxy answers in its place.
    world.server().next("ping", [http(502, "")]);
    let get = world.open_gets()[0];
    world.push(get, Step::End);
    world.run_for(600_000);
    assert_eq!(world.machine.session(session).unwrap().generation, 2);
}

#[test]
fn the_new_session_listens_from_its_own_beginning() {
    let (mut world, session) = listening();
    let get = world.open_gets()[0];
    world.push(get, Step::Event(Some("old-7".into()), None, Data::Json(note("x"))));
    world.server().forget();
    let call = world.tool(session, "order");
    world.finish(call);
    world.run_for(10);
    assert_eq!(world.sent_as("GET").last().unwrap().cursor(), None);
    assert!(world.aborted.contains(&get), "the old stream is closed");
    assert_eq!(world.open_gets().len(), 1);
}

#[test]
fn a_cut_stream_goes_on_where_it_was() {
    let (mut world, _) = listening();
    for n in 1..=10 {
        let get = world.open_gets()[0];
        world.push(get, Step::Event(Some(format!("n{n}")), None, Data::Json(note("x"))));
        world.push(get, Step::End);
        world.run_for(3000);
        assert_eq!(world.sent_as("GET").last().unwrap().cursor(), Some(format!("n{n}").as_str()));
    }
    assert_eq!(world.notified.len(), 10);
}

#[test]
fn the_servers_own_retry_is_waited_for() {
    let (mut world, _) = listening();
    let get = world.open_gets()[0];
    world.push(get, Step::Event(Some("1".into()), Some(7000), Data::Json(note("x"))));
    let closed_at = world.now;
    world.push(get, Step::End);
    world.run_for(10_000);
    assert_eq!(world.sent_as("GET")[1].at - closed_at, 7000);
}

/// Django's stateless servers under WSGI.
#[test]
fn a_stream_that_is_not_implemented_is_requested_once() {
    let mut world = world();
    world.server().always("GET", http(501, "{\"error\":\"unsupported_deployment\"}"));
    world.connect();
    world.run_for(600_000);
    assert_eq!(world.count("GET"), 1);
}

#[test]
fn a_conflict_that_stays_is_asked_about_rarely_and_costs_no_call() {
    let mut world = world();
    world.server().always("GET", http_rpc(409, -32000, "Conflict: Only one SSE stream is allowed per session"));
    let session = world.connect();
    world.run_for(10_000);
    assert_eq!(world.count("GET"), 3, "one attempt and two retries");
    world.run_for(3_590_000);
    assert!((12..=30).contains(&world.count("GET")), "{} in an hour", world.count("GET"));
    assert_eq!((world.count("initialize"), world.count("ping")), (1, 0), "a conflict never costs the session");
    let lines = |text: &str| world.lines().iter().filter(|line| line.contains(text)).count();
    assert_eq!((lines("session_conflict"), lines("retrying slowly")), (1, 1), "only the first is reported");
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
}

#[test]
fn a_conflict_that_passes_is_forgotten() {
    let mut world = world();
    world.server().listens = true;
    world.server().next("GET", [http(409, ""), http(409, "")]);
    world.connect();
    world.run_for(20_000);
    assert_eq!(world.open_gets().len(), 1);
}

/// rust-mcp-sdk and pmcp keep the stream of a broken connection for 5 to 15 seconds.
#[test]
fn a_server_that_frees_a_broken_stream_late_gets_the_client_back_at_its_cursor() {
    let (mut world, _) = listening();
    let get = world.open_gets()[0];
    world.push(get, Step::Event(Some("e7".into()), None, Data::Json(note("before"))));
    world.server().always("GET", http(409, "Conflict: a stream is open"));
    world.push(get, Step::Fail(mcp_tether::core::FailureKind::Broken));
    world.run_for(15_000);
    assert_eq!(world.open_gets().len(), 0);
    world.server().behave();
    world.run_until("the stream", |world| world.open_gets().len() == 1);
    assert_eq!(world.sent_as("GET").last().unwrap().cursor(), Some("e7"));
    world.run_for(1);
    let get = world.open_gets()[0];
    world.push(get, Step::Event(None, None, Data::Json(note("after"))));
    assert_eq!(world.notified.len(), 2);
    assert_eq!(world.count("initialize"), 1);
}

/// A server that lets one client have a stream, the newest, and ends that of the other.
struct Newest(Servers, Option<ExchangeId>, Vec<(ExchangeId, u64, Step)>);

impl Network for Newest {
    fn answer(&mut self, sent: &Sent) -> Reply {
        if sent.verb == "GET" {
            let before = self.1.replace(sent.exchange);
            self.2.extend(before.map(|before| (before, 1, Step::End)));
        }
        self.0.answer(sent)
    }

    fn elsewhere(&mut self) -> Vec<(ExchangeId, u64, Step)> {
        std::mem::take(&mut self.2)
    }
}

#[test]
fn two_clients_that_take_the_stream_from_each_other_do_so_more_and_more_rarely() {
    let config = configured(&json!({"mcpServers": {"db": {"url": "https://db.test/mcp"}}}), &json!({}));
    let mut servers = Servers::new(&["db"]);
    servers.0.get_mut("db").unwrap().listens = true;
    let mut world = World::new(config, Newest(servers, None, Vec::new()), 7);
    world.connect_as("ann", "db");
    world.connect_as("bob", "db");
    world.run_for(3_600_000);
    assert!(world.count("GET") <= 80, "{} in an hour", world.count("GET"));
}

#[test]
fn a_stream_with_wrong_credentials_causes_no_loop_and_keeps_the_session() {
    let mut world = world();
    world.server().listens = true;
    world.server().next("GET", [http(401, "")]);
    world.connect();
    world.run_for(300_000);
    assert_eq!(world.count("initialize"), 1);
    assert_eq!(world.open_gets().len(), 1, "the stream is reopened once the credentials are good again");
    assert!(world.count("GET") <= 3);
}

#[test]
fn five_silent_minutes_close_the_stream_and_comments_count_as_traffic() {
    let (mut world, _) = listening();
    let get = world.open_gets()[0];
    for _ in 0..10 {
        world.run_for(200_000);
        world.push(get, Step::Comment);
    }
    assert!(world.is_open(get));
    world.run_for(301_000);
    assert!(!world.is_open(get));
    world.run_for(10_000);
    assert_eq!(world.open_gets().len(), 1);
}

#[test]
fn response_headers_that_never_come_time_out() {
    let mut world = world();
    world.server().always("GET", silence());
    let session = world.connect();
    world.run_for(3_600_000 - 60_000);
    assert!(world.open_gets().len() <= 1);
    assert!(world.count("GET") <= 60);
    assert_eq!(world.machine.session(session).unwrap().state, State::Ready);
}

#[test]
fn notifications_of_the_server_are_passed_on() {
    let (mut world, session) = listening();
    let get = world.open_gets()[0];
    world.push(get, Step::Event(None, None, Data::Json(note("hello"))));
    assert_eq!(world.notified[0].0, session);
    assert_eq!(world.notified[0].1, "notifications/message");
    assert_eq!(world.notified[0].2["params"]["data"], "hello");
}
