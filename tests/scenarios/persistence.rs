//! A session in the user's storage: restored by the next page without a handshake, and never for another user.

use super::reply::{Data, Step, fails, http_rpc, refused};
use super::world::configured;
use super::{Tether, world_with};
use mcp_tether::core::config::Config;
use mcp_tether::core::{ConnectOptions, ErrorCode, FailureKind, Kind, SessionRef, State, Target};
use serde_json::{Value, json};

fn config(server: &Value) -> Config {
    let mut server = server.clone();
    server["url"] = json!("https://db.test/mcp");
    configured(&json!({"mcpServers": {"db": server}}), &options())
}

fn options() -> Value {
    json!({"storage": {}, "debug": true})
}

/// A page that has connected ann to db, and can be reloaded.
fn connected() -> (Tether, SessionRef) {
    let mut world = world_with(json!({}), options());
    world.server().listens = true;
    let session = world.connect();
    (world, session)
}

fn reload(world: &mut Tether) -> SessionRef {
    world.reload(config(&json!({})));
    world.connect()
}

fn note(text: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": text}})
}

fn warnings(world: &Tether) -> Vec<&str> {
    world.lines().into_iter().filter(|line| line.contains("torage") || line.contains("stored")).collect()
}

#[test]
fn the_next_page_resumes_the_session_without_a_handshake() {
    let (mut world, session) = connected();
    let id = world.machine.session(session).unwrap().session_id;
    let session = reload(&mut world);
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.state, info.kind, info.generation), (State::Ready, Kind::Stateful, 1));
    assert_eq!(info.session_id, id);
    assert_eq!(info.protocol_version, "2025-11-25");
    assert_eq!(world.machine.initialize_result(session).unwrap()["serverInfo"]["name"], "db");
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!((world.count("initialize"), world.count("DELETE")), (1, 0));
    assert!(world.lines().contains(&"[MCP][db] Using existing session ID: 00000001..."));
    let reused = world.events.iter().find(|event| event.kind.as_str() == "sessionReused").unwrap();
    assert_eq!(reused.detail.source, Some("storage"));
}

#[test]
fn the_stream_goes_on_where_the_last_page_has_left_it() {
    let (mut world, _) = connected();
    let get = world.open_gets()[0];
    world.push(get, Step::Event(Some("n7".into()), None, Data::Json(note("x"))));
    world.run_for(2_000);
    reload(&mut world);
    assert_eq!(world.sent_as("GET").len(), 2);
    assert_eq!(world.sent_as("GET")[1].cursor(), Some("n7"));
}

#[test]
fn ids_of_requests_are_not_used_again_by_the_next_page() {
    // The world itself fails if an id is used twice.
    let (mut world, _) = connected();
    for _ in 0..3 {
        let session = reload(&mut world);
        for _ in 0..10 {
            let call = world.tool(session, "order");
            world.finish(call);
        }
    }
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn a_session_that_the_server_has_lost_costs_one_404_and_one_handshake() {
    let (mut world, _) = connected();
    world.server().listens = false;
    world.server().forget();
    let session = reload(&mut world);
    let calls: Vec<_> = (0..5).map(|_| world.tool(session, "order")).collect();
    for call in calls {
        world.finish(call);
        world.result(call);
    }
    assert_eq!(world.count("initialize"), 2);
    assert_eq!(world.server().executed("order"), 5);
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.generation, info.recoveries), (2, 1));
    let id = info.session_id.unwrap();
    assert_eq!(world.storage.record()["sessionId"], id, "the new record replaces the old one");
}

#[test]
fn nothing_secret_but_the_id_is_written() {
    let server = json!({"headers": {"x-api-key": "s3cr3t-key", "x-user": "{{USER_ID}}"}});
    let mut world = world_with(server, options());
    let options = ConnectOptions {
        headers: vec![("x-more".into(), "s3cr3t-more".into())],
        has_auth: true,
        ..ConnectOptions::default()
    };
    let call = world.begin_connect("ann", "db", options);
    let session = world.tokens_wanted[0].0;
    world.give_token(session, Some("s3cr3t-token"));
    world.finish(call);
    let call = world.tool(session, "order");
    world.finish(call);
    world.run_for(10_000);
    let record = world.storage.record().to_string();
    assert!(!record.contains("s3cr3t"), "{record}");
    assert!(!record.contains("https://"), "a URL may contain a key: {record}");
}

#[test]
fn use_is_written_now_and_then_and_not_with_each_request() {
    let (mut world, session) = connected();
    let before = world.storage.writes;
    for _ in 0..100 {
        let call = world.tool(session, "order");
        world.finish(call);
        world.run_for(50);
    }
    let writes = world.storage.writes - before;
    assert!((1..=4).contains(&writes), "{writes} writes in five seconds");
    world.run_for(600_000);
    assert!(world.storage.writes - before <= 5, "and none while nothing happens");
}

#[test]
fn a_record_past_its_deadline_is_not_restored_and_its_session_is_deleted() {
    for (settings, wait) in [(json!({"timeout": 60_000}), 60_000), (json!({"maxAge": 90_000}), 90_000)] {
        let server = json!({"sessionConfig": settings});
        let mut world = world_with(server.clone(), options());
        world.connect();
        world.reload(config(&server));
        world.run_for(wait - 1);
        world.connect();
        assert_eq!(world.count("initialize"), 1, "not yet");
        world.reload(config(&server));
        world.run_for(1);
        world.connect();
        assert_eq!((world.count("initialize"), world.count("DELETE")), (2, 1));
        assert_eq!(world.sent_as("DELETE")[0].session(), Some("00000001-db-secret"));
        assert_eq!(world.storage.record()["sessionId"], "00000002-db-secret");
        assert!(warnings(&world).is_empty());
    }
}

#[test]
fn a_session_taken_up_expires_when_it_would_have() {
    let server = json!({"sessionConfig": {"timeout": 60_000}});
    let mut world = world_with(server.clone(), options());
    world.connect();
    world.run_for(40_000);
    world.reload(config(&server));
    let session = world.connect();
    world.run_for(20_000);
    assert_eq!(world.machine.session(session).unwrap().state, State::Expired);
    assert!(world.storage.entries.is_empty());
}

#[test]
fn a_record_that_is_damaged_or_foreign_is_ignored_with_a_warning_and_replaced() {
    let changes: [(&str, Value); 12] = [
        ("format", json!(2)),
        ("format", Value::Null),
        ("user", json!("bob")),
        ("server", json!("other")),
        ("config", json!(12345)),
        ("protocolVersion", json!("1999-01-01")),
        ("initializeResult", json!("yes")),
        ("sessionId", json!("not visible\n")),
        ("sessionId", json!(7)),
        ("createdAt", json!("yesterday")),
        ("lastUsedAt", json!(-1)),
        ("lastUsedAt", Value::Null),
    ];
    for (name, value) in changes {
        let (mut world, _) = connected();
        world.storage.record()[name] = value;
        reload(&mut world);
        assert_eq!(world.count("initialize"), 2, "{name}");
        assert_eq!(warnings(&world).len(), 1, "{name}");
        assert_eq!(world.storage.record()["sessionId"], "00000002-db-secret", "{name}");
    }
    for whole in [json!("no JSON"), json!([]), json!({}), json!(1)] {
        let (mut world, _) = connected();
        *world.storage.record() = whole;
        reload(&mut world);
        assert_eq!((world.count("initialize"), warnings(&world).len()), (2, 1));
    }
}

#[test]
fn odd_extras_of_a_record_do_no_harm() {
    let (mut world, _) = connected();
    let record = world.storage.record();
    record["subscriptions"] = json!([1, {"uri": 7}, null]);
    record["logLevel"] = json!("loud");
    record["generation"] = json!(-3);
    record["cursor"] = json!(9);
    record["createdAt"] = json!(9_000_000_000_000_000_u64);
    let session = reload(&mut world);
    assert_eq!(world.count("initialize"), 1);
    assert_eq!(world.machine.session(session).unwrap().generation, 1);
}

#[test]
fn another_configuration_is_another_session() {
    for other in [
        json!({"headers": {"x-tenant": "7"}}),
        json!({"protocolVersion": "auto"}),
        json!({"protocolVersion": "2025-11-25"}),
    ] {
        let (mut world, _) = connected();
        world.reload(config(&other));
        world.connect();
        assert_eq!(world.count("initialize"), 2, "{other}");
    }
}

#[test]
fn another_user_does_not_find_it() {
    let (mut world, _) = connected();
    world.reload(config(&json!({})));
    let session = world.connect_as("bob", "db");
    assert_eq!(world.machine.session(session).unwrap().session_id.as_deref(), Some("00000002-db-secret"));
    assert_eq!(world.storage.entries.len(), 2);
}

#[test]
fn names_that_run_into_each_other_have_records_of_their_own() {
    let db = json!({"url": "https://db.test/mcp"});
    let config = configured(&json!({"mcpServers": {"a:b": db, "b": db}}), &options());
    let mut world = super::World::new(config, super::Servers::new(&["db"]), 7);
    world.connect_as("x", "a:b");
    world.connect_as("x:a", "b");
    assert_eq!(world.storage.entries.len(), 2);
}

#[test]
fn a_storage_that_hangs_is_waited_for_two_seconds_and_no_longer() {
    let mut world = world_with(json!({}), options());
    world.storage.hangs = true;
    let session = world.connect();
    assert_eq!(world.sent_as("initialize")[0].at - super::world::START, 2_000);
    assert_eq!(world.machine.session(session).unwrap().state, State::Ready);
    assert_eq!(warnings(&world), ["[MCP][db] The storage did not answer in time; continuing without it"]);
}

#[test]
fn a_storage_answer_that_comes_too_late_is_ignored() {
    let (mut world, _) = connected();
    let found = world.storage.record().clone();
    world.storage.hangs = true;
    let session = reload(&mut world);
    world.input(mcp_tether::core::Input::Restored { session, found: Some(found) });
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.generation, info.session_id.as_deref()), (1, Some("00000002-db-secret")));
}

#[test]
fn many_connects_read_the_storage_once() {
    let (mut world, _) = connected();
    world.reload(config(&json!({})));
    let calls: Vec<_> = (0..5).map(|_| world.begin_connect("ann", "db", ConnectOptions::default())).collect();
    for call in calls {
        world.finish(call);
        assert!(world.connected.contains_key(&call));
    }
    assert_eq!((world.count("initialize"), world.count("GET")), (1, 2));
}

#[test]
fn closing_keeps_the_session_and_terminating_removes_it() {
    for (terminate, initializes) in [(false, 1), (true, 2)] {
        let (mut world, _) = connected();
        let call = world.close(terminate);
        world.finish(call);
        assert_eq!(world.storage.entries.len(), usize::from(!terminate));
        assert_eq!(world.count("DELETE"), usize::from(terminate));
        reload(&mut world);
        assert_eq!(world.count("initialize"), initializes);
    }
}

#[test]
fn a_terminated_session_is_removed_also_by_a_page_that_has_not_restored_it() {
    let (mut world, session) = connected();
    let call = world.terminate(Target::Session(session));
    world.finish(call);
    assert!(world.storage.entries.is_empty());

    let (mut world, _) = connected();
    world.reload(config(&json!({})));
    let call = world.terminate(Target::Key("ann".into(), "db".into()));
    world.finish(call);
    assert!(world.storage.entries.is_empty(), "also by a page that has not restored it");
}

#[test]
fn what_was_set_on_the_server_is_known_to_the_next_page_and_put_back_by_it() {
    let (mut world, session) = connected();
    for (method, params) in
        [("logging/setLevel", json!({"level": "debug"})), ("resources/subscribe", json!({"uri": "test://a"}))]
    {
        let call = world.request(session, method, params, mcp_tether::core::RequestOptions::default());
        world.finish(call);
    }
    world.run_for(2_000);
    let session = reload(&mut world);
    assert_eq!(world.count("resources/subscribe"), 1, "the server still has the subscription");
    world.server().forget();
    let call = world.tool(session, "order");
    world.finish(call);
    assert_eq!((world.count("resources/subscribe"), world.count("logging/setLevel")), (2, 2));
}

#[test]
fn a_provider_is_asked_before_the_first_request() {
    let (mut world, _) = connected();
    world.reload(config(&json!({})));
    world.tokens_wanted.clear();
    let options = ConnectOptions { has_auth: true, ..ConnectOptions::default() };
    let call = world.begin_connect("ann", "db", options);
    let session = world.tokens_wanted[0].0;
    world.give_token(session, Some("token"));
    world.finish(call);
    assert_eq!(world.sent_as("GET").last().unwrap().header("authorization"), Some("Bearer token"));
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn a_stateless_server_gets_no_second_handshake_either() {
    let mut world = world_with(json!({}), options());
    world.server().stateful = false;
    world.connect();
    let session = reload(&mut world);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.machine.session(session).unwrap().kind, Kind::Stateless);
    assert_eq!((world.count("initialize"), world.count("GET")), (1, 0));
}

#[test]
fn a_stateless_server_that_keeps_sessions_by_now_gets_a_handshake() {
    let mut world = world_with(json!({}), options());
    world.server().stateful = false;
    world.connect();
    world.server().stateful = true;
    world.server().lost = http_rpc(400, -32000, "Bad Request: Mcp-Session-Id header is required");
    let session = reload(&mut world);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.machine.session(session).unwrap().kind, Kind::Stateful);
}

#[test]
fn a_server_without_sessions_is_not_discovered_again() {
    let auto = json!({"protocolVersion": "auto"});
    let mut world = world_with(auto.clone(), options());
    world.server().modern = true;
    world.server().legacy = false;
    let session = world.connect();
    let call = world.request(
        session,
        "logging/setLevel",
        json!({"level": "debug"}),
        mcp_tether::core::RequestOptions::default(),
    );
    world.finish(call);
    let call = world.plain(session, "tools/list");
    world.finish(call);
    world.run_for(2_000);
    world.reload(config(&auto));
    let session = world.connect();
    let call = world.plain(session, "tools/list");
    world.finish(call);
    world.result(call);
    assert_eq!(world.machine.session(session).unwrap().kind, Kind::Modern);
    assert_eq!(world.count("server/discover"), 1);
    let meta = world.sent.last().unwrap().param("_meta").clone();
    assert_eq!(meta["io.modelcontextprotocol/logLevel"], "debug", "client-side state is restored");
}

#[test]
fn client_side_state_of_2026_is_written_before_the_call_is_answered() {
    let auto = json!({"protocolVersion": "auto"});
    let mut world = world_with(auto.clone(), options());
    world.server().modern = true;
    world.server().legacy = false;
    world.server().description = json!({"capabilities": {"resources": {"subscribe": true}}});
    let session = world.connect();
    for (method, params) in
        [("logging/setLevel", json!({"level": "debug"})), ("resources/subscribe", json!({"uri": "x://1"}))]
    {
        let call = world.request(session, method, params, mcp_tether::core::RequestOptions::default());
        world.finish(call);
    }
    world.reload(config(&auto));
    let session = world.connect();
    let call = world.plain(session, "tools/list");
    world.finish(call);
    let meta = world.sent_as("tools/list")[0].param("_meta").clone();
    assert_eq!(meta["io.modelcontextprotocol/logLevel"], "debug");
    let listened = world.sent_as("subscriptions/listen").last().unwrap().param("notifications").clone();
    assert_eq!(listened["resourceSubscriptions"], json!(["x://1"]));
}

#[test]
fn the_era_of_a_stored_session_is_known() {
    let auto = json!({"protocolVersion": "auto"});
    let mut world = world_with(auto.clone(), options());
    world.connect();
    world.reload(config(&auto));
    world.server().forget();
    let session = world.connect();
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!((world.count("server/discover"), world.count("initialize")), (1, 2));
}

#[test]
fn a_lost_id_is_never_taken_up_again_even_from_a_storage_that_removes_nothing() {
    let (mut world, session) = connected();
    let record = world.storage.record().clone();
    let name = world.storage.entries.keys().next().unwrap().clone();
    world.server().forget();
    // As a storage does whose delete() fails.
    world.server().next("tools/call", [http_rpc(404, -32001, "Session not found").after(100)]);
    let call = world.tool(session, "order");
    world.run_for(50);
    world.storage.keeps_all = true;
    world.storage.entries.insert(name, record);
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 2);
}

#[test]
fn a_session_that_another_page_has_made_meanwhile_is_taken_up_after_a_loss() {
    let (mut world, session) = connected();
    let mut record = world.storage.record().clone();
    let name = world.storage.entries.keys().next().unwrap().clone();
    world.server().forget();
    world.server().sessions.insert("00000009-db-other".into());
    record["sessionId"] = json!("00000009-db-other");
    world.storage.keeps_all = true;
    world.storage.entries.insert(name, record);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    let info = world.machine.session(session).unwrap();
    assert_eq!(info.session_id.as_deref(), Some("00000009-db-other"));
    assert_eq!((info.generation, info.recoveries), (2, 1));
    assert_eq!(world.count("initialize"), 1);
}

/// Found by the simulation.
#[test]
fn a_session_that_the_browser_has_always_hidden_is_not_taken_up_again() {
    let (mut world, session) = connected();
    let hides = fails(FailureKind::Hidden);
    world.server().lost = hides.clone();
    world.server().bare = Some(http_rpc(400, -32000, "Bad Request"));
    for method in ["prompts/list", "ping"] {
        world.server().always(method, hides.clone());
    }
    let call = world.plain(session, "prompts/list");
    world.finish(call);
    assert_eq!((world.code(call), world.count("initialize")), (ErrorCode::CorsBlocked, 2));
    assert!(world.storage.entries.is_empty(), "the record was of no use to this page, nor is it to the next");
    world.server().behave();
    world.run_for(60_000);
    let call = world.plain(session, "prompts/list");
    world.finish(call);
    assert_eq!(world.count("initialize"), 3);
}

/// Found by the simulation.
#[test]
fn a_session_that_another_page_has_made_ends_the_outage_that_this_one_is_in() {
    let (mut world, session) = connected();
    let mut record = world.storage.record().clone();
    let name = world.storage.entries.keys().next().unwrap().clone();
    world.server().forget();
    world.server().always("initialize", refused());
    let call = world.plain(session, "prompts/list");
    world.finish(call);
    assert_eq!(world.machine.session(session).unwrap().state, State::Outage, "lost, and out of reach");
    world.server().sessions.insert("00000009-db-other".into());
    record["sessionId"] = json!("00000009-db-other");
    world.storage.entries.insert(name, record);
    world.run_for(10_000);
    let handshakes = world.count("initialize");
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), handshakes);
    assert_eq!(world.machine.session(session).unwrap().state, State::Ready);
    assert!(world.event_names().contains(&"outageEnded"));
}
