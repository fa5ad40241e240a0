//! The budget of long-lived responses: many sessions at one origin, and a host that opens six connections to it.

use super::reply::{Data, Step, http, result, silence, stream};
use super::server::Servers;
use super::sse_server::SseServer;
use super::world::{World, configured};
use super::{Tether, modern_world, world_of};
use mcp_tether::core::config::{Config, Connections};
use mcp_tether::core::{ErrorCode, ExchangeId, Input, PageNotification, RequestOptions, SessionRef};
use serde_json::{Value, json};

/// The duration of one turn.
const TURN: u64 = 30_000;

fn page(url: &str, options: &Value) -> Config {
    let mut config = configured(&json!({"mcpServers": {"db": {"url": url}}}), options);
    config.connections = Connections::Page;
    config
}

fn plain_page() -> Tether {
    page_at("http://db.test/mcp", "http://db")
}

fn secure_page() -> Tether {
    page_at("https://db.test/mcp", "db")
}

fn page_at(url: &str, name: &str) -> Tether {
    let mut world = World::new(page(url, &json!({})), Servers::new(&[name]), 7);
    world.server_of(name).listens = true;
    world
}

/// Sessions of this number of users with one server.
fn connect_all<N: super::world::Network>(world: &mut World<N>, count: usize) -> Vec<SessionRef> {
    let sessions = (0..count).map(|user| world.connect_as(&format!("user {user}"), "db")).collect();
    world.run_for(10);
    sessions
}

fn note(text: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": text}})
}

/// The open stream of a session, found by the session id that it carries.
fn stream_of(world: &Tether, session: SessionRef) -> Option<ExchangeId> {
    let id = world.machine.session(session).unwrap().session_id;
    world.open_gets().into_iter().find(|exchange| world.session_of(*exchange) == id)
}

fn events(world: &Tether, name: &str) -> usize {
    world.event_names().iter().filter(|event| **event == name).count()
}

#[test]
fn ten_sessions_have_three_streams_and_each_is_heard_within_two_rotations() {
    let mut world = plain_page();
    let sessions = connect_all(&mut world, 10);
    let rotation = TURN * 4;
    let mut heard = Vec::new();
    for _ in 0..2 * rotation / 500 {
        for (number, session) in sessions.iter().enumerate() {
            if let Some(exchange) = stream_of(&world, *session).filter(|_| !heard.contains(session)) {
                world.push(exchange, Step::Event(Some(format!("n{number}")), None, Data::Json(note("x"))));
                heard.push(*session);
            }
        }
        assert!(world.open_gets().len() <= 3);
        world.run_for(500);
    }
    assert_eq!((heard.len(), world.notified.len()), (10, 10));
    assert!(world.count("GET") <= 3 + 3 * 9, "{} GETs in eight turns", world.count("GET"));
    assert_eq!(world.count("initialize"), 10);
    for session in sessions {
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
    }
}

#[test]
fn a_stream_goes_on_where_its_last_turn_ended() {
    let mut world = plain_page();
    let sessions = connect_all(&mut world, 4);
    let first = stream_of(&world, sessions[0]).unwrap();
    world.push(first, Step::Event(Some("n1".into()), None, Data::Json(note("x"))));
    assert_eq!(stream_of(&world, sessions[3]), None);
    world.run_for(TURN + 1_000);
    assert!(!world.is_open(first) && stream_of(&world, sessions[3]).is_some());
    world.run_until("its next turn", |world| stream_of(world, sessions[0]).is_some());
    let again = stream_of(&world, sessions[0]).unwrap();
    assert_eq!(world.sent_as("GET").iter().find(|sent| sent.exchange == again).unwrap().cursor(), Some("n1"));
}

#[test]
fn a_waiting_stream_emits_one_event() {
    let mut world = plain_page();
    connect_all(&mut world, 5);
    world.run_for(20_000);
    assert_eq!((events(&world, "streamOpened"), events(&world, "streamWaiting")), (3, 2));
    world.run_for(TURN);
    let left = events(&world, "streamClosed");
    assert_eq!((left, events(&world, "streamOpened"), events(&world, "streamWaiting")), (3, 6, 5));
    let mut few = plain_page();
    connect_all(&mut few, 3);
    few.run_for(10 * TURN);
    assert_eq!((events(&few, "streamWaiting"), few.count("GET")), (0, 3), "nothing waits, so nothing is closed");
}

#[test]
fn a_session_that_is_used_has_its_turn_sooner() {
    let mut world = plain_page();
    let sessions = connect_all(&mut world, 6);
    world.run_for(6_000);
    let call = world.tool(sessions[5], "order");
    world.finish(call);
    world.run_for(200);
    assert!(stream_of(&world, sessions[5]).is_some(), "the others have had five seconds");
    assert!(stream_of(&world, sessions[3]).is_none(), "and closing one of them is enough");
    let used = sessions[4];
    for _ in 0..100 {
        let call = world.tool(used, "order");
        world.finish(call);
        world.run_for(2_000);
    }
    let heard = sessions.iter().filter(|session| {
        let id = world.machine.session(**session).unwrap().session_id;
        world.sent_as("GET").iter().any(|sent| sent.session() == id.as_deref())
    });
    assert_eq!(heard.count(), 6, "a session in constant use takes no other session's turn");
}

#[test]
fn a_session_with_a_call_in_flight_keeps_its_stream() {
    let mut world = plain_page();
    let sessions = connect_all(&mut world, 5);
    world.server_of("http://db").next("tools/call", [silence()]);
    let call = world.tool_within(sessions[0], "order", 100_000);
    world.run_for(90_000);
    assert_eq!(stream_of(&world, sessions[0]), Some(world.sent_as("GET")[0].exchange));
    assert_eq!(world.open_gets().len(), 3);
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::RequestTimeout);
    world.run_for(2_000);
    assert_eq!(stream_of(&world, sessions[0]), None, "it has had its turn");
}

#[test]
fn a_session_that_the_server_has_asked_keeps_its_stream() {
    let mut world = plain_page();
    let sessions = connect_all(&mut world, 4);
    let first = stream_of(&world, sessions[0]).unwrap();
    let ask = json!({"jsonrpc": "2.0", "id": 1, "method": "sampling/createMessage", "params": {}});
    world.push(first, Step::Event(None, None, Data::Json(ask)));
    world.run_for(4 * TURN);
    assert!(world.is_open(first));
    let ticket = world.asked[0].0;
    world.answer_server(ticket, Ok(json!({})));
    world.run_for(2_000);
    assert!(!world.is_open(first));
}

#[test]
fn streams_of_calls_count_and_are_never_cut() {
    let mut world = plain_page();
    let sessions = connect_all(&mut world, 6);
    // Sessions without a stream of their own, so that nothing else keeps the others.
    for session in &sessions[3..] {
        world.server_of("http://db").next("tools/call", [stream().streamed(100_000, json!({})).end(0)]);
        world.tool_within(*session, "order", 200_000);
    }
    world.run_for(900);
    assert_eq!(world.open_gets().len(), 3, "a response that ends soon does not count");
    world.run_for(200);
    assert_eq!(world.open_gets().len(), 0, "three responses keep streaming: GET streams wait");
    let calls: Vec<ExchangeId> = world.sent_as("tools/call").iter().map(|sent| sent.exchange).collect();
    world.run_for(90_000);
    assert!(calls.iter().all(|call| world.is_open(*call)));
    world.drive();
    world.run_for(10);
    assert_eq!(world.open_gets().len(), 3);
}

#[test]
fn a_session_over_http_sse_never_waits() {
    let mut config = configured(
        &json!({"mcpServers": {"db": {"type": "sse", "url": "https://db.test/sse"}}}),
        &json!({"limits": {"maxStreamsPerOrigin": 2}}),
    );
    config.connections = Connections::Page;
    let mut world = World::new(config, SseServer::new(), 7);
    connect_all(&mut world, 4);
    let opened = world.open_gets();
    world.run_for(4 * TURN);
    assert_eq!((opened.len(), world.open_gets()), (4, opened));
}

#[test]
fn over_tls_all_streams_are_open_until_posts_wait_for_connections() {
    let mut world = secure_page();
    let sessions = connect_all(&mut world, 6);
    world.run_for(8 * TURN);
    assert_eq!((world.open_gets().len(), world.count("GET")), (6, 6));
    // Six calls that get no connection.
    world.server().always("tools/call", silence());
    let calls: Vec<_> = sessions.iter().map(|session| world.tool(*session, "order")).collect();
    world.run_for(1_900);
    assert_eq!(world.open_gets().len(), 6);
    world.run_for(200);
    assert_eq!(world.open_gets().len(), 5, "one connection is enough for all POSTs, and all sessions are in use");
    world.server().behave();
    for call in &calls {
        world.cancel(*call);
    }
    world.run_for(2_000);
    assert_eq!(world.open_gets().len(), 3);
    world.run_for(2 * TURN);
    assert_eq!(world.open_gets().len(), 3);
    assert!(sessions.iter().any(|session| stream_of(&world, *session).is_none()));
}

#[test]
fn over_tls_a_slow_server_is_told_from_a_lack_of_connections() {
    let mut world = secure_page();
    let sessions = connect_all(&mut world, 5);
    world.server().next("tools/call", [silence()]);
    world.tool_within(sessions[0], "order", 50_000);
    world.run_for(2_100);
    assert_eq!(world.open_gets().len(), 3, "idle sessions release their streams");
    world.run_for(2_100);
    assert_eq!(world.open_gets().len(), 5, "which did not help");
    world.run_for(25_000);
    assert_eq!(world.count("GET"), 7, "and is not attempted again soon");
}

#[test]
fn over_tls_more_answers_than_connections_are_http_2() {
    let mut world = secure_page();
    let sessions = connect_all(&mut world, 8);
    world.server().next("tools/call", [silence()]);
    world.tool_within(sessions[0], "order", 50_000);
    world.run_for(25_000);
    assert_eq!((world.open_gets().len(), world.count("GET")), (8, 8));
}

#[test]
fn without_a_page_there_is_no_budget_but_the_configured_one() {
    let mut free = world_of(&["db"], json!({}), json!({}));
    free.server().listens = true;
    connect_all(&mut free, 10);
    free.run_for(4 * TURN);
    assert_eq!((free.open_gets().len(), free.count("GET")), (10, 10));
    let mut bound = world_of(&["db"], json!({}), json!({"limits": {"maxStreamsPerOrigin": 2}}));
    bound.server().listens = true;
    connect_all(&mut bound, 10);
    for _ in 0..20 {
        bound.run_for(TURN / 2);
        assert!((1..=2).contains(&bound.open_gets().len()));
    }
}

#[test]
fn origins_have_budgets_of_their_own_in_pages_and_one_for_all_in_workers() {
    for (host, streams) in [(Connections::Page, 6), (Connections::Worker, 4)] {
        let servers = json!({
            "a": {"url": "http://a.test/mcp"}, "b": {"url": "http://b.test:8080/mcp"}, "c": {"url": "http://A.test:80/other"},
        });
        let mut config = configured(&json!({"mcpServers": servers}), &json!({}));
        config.connections = host;
        let mut world = World::new(config, Servers::new(&["http://a", "http://b", "http://A"]), 7);
        for name in ["http://a", "http://b", "http://A"] {
            world.server_of(name).listens = true;
        }
        for (user, server) in [("u", "a"), ("v", "a"), ("u", "b"), ("v", "b"), ("w", "b"), ("u", "c"), ("v", "c")] {
            world.connect_as(user, server);
        }
        world.run_for(10);
        assert_eq!(world.open_gets().len(), streams, "{host:?}");
    }
}

#[test]
fn streams_of_the_newest_revision_take_turns_and_subscribing_does_not_wait() {
    let mut world = modern_world();
    world.machine = mcp_tether::core::Manager::new(
        configured(
            &json!({"mcpServers": {"db": {"url": "https://db.test/mcp", "protocolVersion": "auto"}}}),
            &json!({"limits": {"maxStreamsPerOrigin": 1}}),
        ),
        mcp_tether::core::ClientIdentity { info: json!({"name": "world", "version": "1"}), capabilities: json!({}) },
        7,
    );
    world.server().description =
        json!({"capabilities": {"tools": {"listChanged": true}, "resources": {"subscribe": true}}});
    let sessions = connect_all(&mut world, 2);
    let open = |world: &Tether| -> usize {
        world.sent_as("subscriptions/listen").iter().filter(|sent| world.is_open(sent.exchange)).count()
    };
    assert_eq!(open(&world), 1);
    let started = world.elapsed();
    let call = world.request(sessions[1], "resources/subscribe", json!({"uri": "x://1"}), RequestOptions::default());
    world.finish(call);
    world.result(call);
    assert!(world.elapsed() - started < 100, "{}", world.elapsed() - started);
    world.run_for(10);
    assert_eq!(open(&world), 1);
    // A stream that replaces another one takes no additional slot.
    let before = world.count("subscriptions/listen");
    let call = world.request(sessions[1], "resources/subscribe", json!({"uri": "x://2"}), RequestOptions::default());
    world.finish(call);
    world.run_for(10);
    assert_eq!((world.count("subscriptions/listen"), open(&world)), (before + 1, 1));
}

#[test]
fn tabs_share_slots() {
    let mut world = plain_page();
    world.input(Input::Page { notification: PageNotification::Share(true), of: None });
    let sessions = connect_all(&mut world, 4);
    let origin = String::from("http://db.test");
    let slots = |world: &mut Tether, count| {
        world.input(Input::Page { notification: PageNotification::Slots("http://db.test".into(), count), of: None });
        world.run_for(200);
    };
    assert_eq!((world.open_gets().len(), world.slots[&origin]), (0, [0, 3, 3]));
    slots(&mut world, 1);
    assert_eq!((world.open_gets().len(), world.slots[&origin]), (1, [1, 3, 3]));
    slots(&mut world, 3);
    assert_eq!((world.open_gets().len(), world.slots[&origin]), (3, [3, 3, 3]));
    slots(&mut world, 2);
    assert_eq!((world.open_gets().len(), world.slots[&origin]), (2, [2, 3, 3]), "another tab gets one");
    // A slot in use is not released.
    world.server_of("http://db").always("tools/call", silence());
    for session in &sessions {
        world.tool(*session, "order");
    }
    slots(&mut world, 1);
    assert_eq!((world.open_gets().len(), world.slots[&origin]), (2, [2, 3, 3]));
    world.input(Input::Page { notification: PageNotification::Park, of: None });
    assert_eq!(world.slots[&origin], [0, 0, 3], "a hidden page wants no slot");
    world.input(Input::Page { notification: PageNotification::Unpark, of: None });
    world.input(Input::Page { notification: PageNotification::Share(false), of: None });
    assert_eq!(world.open_gets().len(), 3);
}

#[test]
fn a_recovery_has_its_stream_before_what_waits_goes_on_where_there_is_a_slot() {
    let mut world = plain_page();
    world.input(Input::Page { notification: PageNotification::Share(true), of: None });
    let sessions = connect_all(&mut world, 1);
    let slot = |world: &mut Tether| {
        world.input(Input::Page { notification: PageNotification::Slots("http://db.test".into(), 1), of: None })
    };
    slot(&mut world);
    world.run_for(10);
    world.server_of("http://db").forget();
    let call = world.tool(sessions[0], "order");
    world.finish(call);
    world.result(call);
    let order: Vec<&str> = world.methods().into_iter().rev().take(2).collect();
    assert_eq!(order, ["tools/call", "GET"]);
}

#[test]
fn offline_a_stream_keeps_waiting_and_has_its_turn_online() {
    let mut world = plain_page();
    connect_all(&mut world, 4);
    world.input(Input::Page { notification: PageNotification::Offline, of: None });
    for get in world.open_gets() {
        world.push(get, Step::End);
    }
    world.run_for(2 * TURN);
    assert_eq!(world.count("GET"), 3);
    world.input(Input::Page { notification: PageNotification::Online, of: None });
    world.run_for(10);
    assert_eq!(world.open_gets().len(), 3);
}

#[test]
fn a_freed_slot_goes_to_the_next_stream() {
    let mut world = plain_page();
    let sessions = connect_all(&mut world, 5);
    world.terminate(mcp_tether::core::Target::Session(sessions[0]));
    world.drive();
    world.run_for(10);
    assert!(stream_of(&world, sessions[3]).is_some());
    world.server_of("http://db").next("GET", [http(405, "")]);
    let second = stream_of(&world, sessions[1]).unwrap();
    world.push(second, Step::End);
    world.run_for(10);
    assert!(stream_of(&world, sessions[1]).is_none());
    world.run_for(TURN / 2);
    assert_eq!(world.open_gets().len(), 3, "the refused stream releases its slot");
}

#[test]
fn an_answered_stream_leaves_no_timer_behind() {
    for host in [Connections::Page, Connections::Worker] {
        let [after_json, after_stream] = [result(json!({})), stream().streamed(0, json!({})).end(0)].map(|reply| {
            let mut config = configured(&json!({"mcpServers": {"db": {"url": "http://db.test/mcp"}}}), &json!({}));
            config.connections = host;
            let mut world = World::new(config, Servers::new(&["http://db"]), 7);
            let session = world.connect_as("u", "db");
            world.run_for(10_000);
            world.server_of("http://db").next("tools/call", [reply]);
            let call = world.tool(session, "order");
            world.finish(call);
            world.run_for(1);
            world.next_deadline()
        });
        assert_eq!(after_stream, after_json, "{host:?}");
    }
}
