//! Discovery: one `server/discover`, no verdict from failures, and never against what the server has declared.

use super::reply::{Reply, fails, http, http_answer, http_json, http_rpc, refused, reset, result, rpc_error, silence};
use super::server::{MODERN, unsupported};
use super::{Tether, modern_world, world_that_asks, world_with};
use mcp_tether::core::{ConnectOptions, ErrorCode, FailureKind, Kind};
use serde_json::json;

const HANDSHAKE: [&str; 3] = ["server/discover", "initialize", "notifications/initialized"];

fn kind(world: &Tether) -> Kind {
    world.machine.info("ann", "db").expect("the session exists").kind
}

#[test]
fn a_modern_server_is_ready_after_one_discovery() {
    let mut world = modern_world();
    let session = world.connect();
    assert_eq!(world.methods(), ["server/discover"]);
    let info = world.machine.session(session).unwrap();
    assert_eq!((info.kind, info.protocol_version.as_str(), info.session_id), (Kind::Modern, MODERN, None));
    let described = world.machine.initialize_result(session).unwrap();
    assert_eq!(described["serverInfo"], json!({"name": "db", "version": "2"}));
    assert_eq!(described["capabilities"], json!({"tools": {}}));
}

#[test]
fn every_answer_of_an_old_server_leads_to_initialize() {
    let answers: [Reply; 14] = [
        http(400, ""),
        http(404, ""),
        http(405, "Method not allowed"),
        http(406, ""),
        http(415, ""),
        http_rpc(400, -32000, "Bad Request: Server not initialized"),
        http_rpc(400, -32000, "Bad Request: No valid session ID provided"),
        http_rpc(400, -32000, "Bad Request: Unsupported protocol version: 2026-07-28 (supported versions: 2025-11-25)"),
        http_rpc(404, -32001, "Session not found"),
        http_answer(400, -32602, "Invalid request parameters"),
        rpc_error(-32601, "Method not found"),
        result(json!({})),
        result(json!({"supportedVersions": ["2025-11-25"], "capabilities": {}})),
        unsupported(&["2025-06-18", "2025-11-25"]),
    ];
    for answer in answers {
        let mut world = world_that_asks();
        world.server().next("server/discover", [answer]);
        world.connect();
        assert_eq!(world.methods()[..3], HANDSHAKE);
        // The verdict is cached: the next user does not wait for discovery.
        world.connect_as("bob", "db");
        assert_eq!(world.count("server/discover"), 1);
    }
}

#[test]
fn a_failed_discovery_gives_no_verdict_and_an_old_server_stays_reachable() {
    let troubles: [Reply; 11] = [
        http(421, "Misdirected Request"),
        http(499, ""),
        http(500, ""),
        http(502, "<html>"),
        http(503, ""),
        http(401, ""),
        http(403, ""),
        reset(),
        fails(FailureKind::Hidden),
        silence(),
        http(200, "<html>"),
    ];
    for trouble in troubles {
        let mut world = world_that_asks();
        world.server().next("server/discover", [trouble]);
        world.connect();
        assert_eq!(world.methods()[..3], HANDSHAKE);
        assert_eq!(kind(&world), Kind::Stateful);
        // Discovery found nothing, but the next user does not pay for it again; a handshake a little later repeats it.
        world.connect_as("bob", "db");
        assert_eq!(world.count("server/discover"), 1);
        world.run_for(300_000);
        world.connect_as("cid", "db");
        assert_eq!(world.count("server/discover"), 2);
    }
}

#[test]
fn a_server_that_never_answers_discovery_costs_five_seconds_once() {
    let mut world = world_that_asks();
    world.server().always("server/discover", silence());
    world.connect();
    assert_eq!(world.sent_as("initialize")[0].at - world.sent_as("server/discover")[0].at, 5_000);
}

#[test]
fn a_busy_server_gets_discovery_after_its_retry_after() {
    let mut world = modern_world();
    world.server().next("server/discover", [http(429, "").retry_after("7")]);
    world.connect();
    assert_eq!(world.methods(), ["server/discover", "server/discover"]);
    assert!(world.sent[1].at - world.sent[0].at >= 7_000);
}

#[test]
fn a_server_that_refuses_only_discovery_is_reachable() {
    let mut world = world_that_asks();
    world.server().always("server/discover", http(503, "").retry_after("1"));
    world.connect();
    assert_eq!(world.count("initialize"), 1);
}

#[test]
fn discovery_of_a_server_that_is_down_waits_until_it_is_up() {
    let mut world = modern_world();
    world.server().next("server/discover", [refused(), refused()]);
    world.connect();
    assert_eq!(world.methods(), ["server/discover"; 3]);
}

#[test]
fn a_version_that_is_refused_and_named_is_offered_once_more() {
    let mut world = modern_world();
    world.server().next("server/discover", [unsupported(&[MODERN])]);
    world.connect();
    assert_eq!(world.methods(), ["server/discover"; 2]);
    let mut world = modern_world();
    world.server().always("server/discover", unsupported(&[MODERN]));
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.finish(call);
    assert_eq!((world.code(call), world.error(call).rpc_code), (ErrorCode::UnsupportedVersion, Some(-32022.0)));
    assert_eq!(world.methods(), ["server/discover"; 2]);
}

#[test]
fn a_known_modern_server_gets_discovery_and_no_initialize() {
    let mut world = modern_world();
    world.connect();
    world.connect_as("bob", "db");
    assert_eq!(world.methods(), ["server/discover"; 2], "a private result is fetched by each user");
    let mut world = modern_world();
    world.server().description["ttlMs"] = json!(60_000);
    world.server().description["cacheScope"] = json!("public");
    world.connect();
    world.connect_as("bob", "db");
    assert_eq!(world.methods(), ["server/discover"], "a public result serves all users");
    world.run_for(60_001);
    world.connect_as("cid", "db");
    assert_eq!(world.methods(), ["server/discover"; 2]);
}

#[test]
fn a_modern_server_in_trouble_is_not_taken_for_an_old_one() {
    let mut world = modern_world();
    world.connect();
    world.server().next("server/discover", [http(500, ""), reset(), http(401, "")]);
    let call = world.begin_connect("bob", "db", ConnectOptions::default());
    world.finish(call);
    assert_eq!(world.code(call), ErrorCode::Unauthorized);
    assert_eq!(world.count("initialize"), 0);
}

#[test]
fn an_old_verdict_is_checked_again_after_an_hour() {
    let mut world = world_that_asks();
    world.connect();
    world.server().modern = true;
    world.connect_as("bob", "db");
    assert_eq!(kind(&world), Kind::Stateful);
    world.run_for(3_600_000);
    world.connect_as("cid", "db");
    assert_eq!(world.machine.info("cid", "db").unwrap().kind, Kind::Modern);
}

#[test]
fn a_session_whose_server_was_upgraded_falls_forward() {
    let mut world = world_that_asks();
    let session = world.connect();
    (world.server().modern, world.server().legacy) = (true, false);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(kind(&world), Kind::Modern);
    assert_eq!((world.server().executed("order"), world.count("initialize")), (1, 1));
    assert_eq!(world.machine.session(session).unwrap().generation, 2);
}

#[test]
fn initialize_that_is_refused_for_2026_falls_forward_though_discovery_found_nothing() {
    let mut world = modern_world();
    world.server().next("server/discover", [reset()]);
    world.connect();
    assert_eq!(world.methods(), ["server/discover", "initialize", "server/discover"]);
    assert_eq!(kind(&world), Kind::Modern);
}

#[test]
fn a_server_that_was_rolled_back_is_discovered_again_and_served_as_an_old_one() {
    for answer in [http(404, "Not Found"), http(405, ""), unsupported(&["2025-11-25"])] {
        let mut world = modern_world();
        let session = world.connect();
        (world.server().modern, world.server().legacy) = (false, true);
        world.server().next("tools/call", [answer.clone()]);
        world.server().next("server/discover", [answer]);
        let call = world.tool(session, "order");
        world.finish(call);
        world.result(call);
        assert_eq!(kind(&world), Kind::Stateful);
        assert_eq!(world.server().executed("order"), 1);
    }
}

#[test]
fn an_unknown_method_is_not_a_lost_session() {
    let mut world = modern_world();
    let session = world.connect();
    world.server().next("prompts/list", [http_answer(404, -32601, "Method not found")]);
    let call = world.plain(session, "prompts/list");
    world.finish(call);
    assert_eq!((world.code(call), world.count("server/discover")), (ErrorCode::RpcError, 1));
}

#[test]
fn what_is_pinned_is_what_is_spoken() {
    let mut world = world_with(json!({"protocolVersion": MODERN}), json!({}));
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.finish(call);
    assert_eq!((world.code(call), world.count("initialize")), (ErrorCode::UnsupportedVersion, 0));

    let mut world = world_with(json!({"protocolVersion": "2025-06-18"}), json!({}));
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.finish(call);
    assert_eq!(world.sent[0].param("protocolVersion"), "2025-06-18");
    assert_eq!((world.code(call), world.count("server/discover")), (ErrorCode::UnsupportedVersion, 0));

    let mut world = world_with(json!({"protocolVersion": "legacy"}), json!({}));
    (world.server().modern, world.server().legacy) = (true, false);
    let call = world.begin_connect("ann", "db", ConnectOptions::default());
    world.finish(call);
    assert_eq!(world.count("server/discover"), 0);
}

#[test]
fn discovery_waits_for_credentials_if_a_provider_is_configured() {
    let mut world = modern_world();
    world.server().next("server/discover", [http(401, "").head(|head| head.challenge = Some("Bearer".into()))]);
    let options = ConnectOptions { has_auth: true, ..ConnectOptions::default() };
    let call = world.begin_connect("ann", "db", options);
    world.run_for(10);
    let session = world.tokens_wanted[0].0;
    world.give_token(session, None);
    world.run_for(10);
    world.give_token(session, Some("better"));
    world.finish(call);
    assert_eq!(world.methods(), ["server/discover"; 2]);
    assert_eq!(world.sent[1].header("authorization"), Some("Bearer better"));
}

#[test]
fn json_that_only_resembles_a_discovery_result_is_ignored() {
    for lie in [
        json!({"supportedVersions": MODERN, "capabilities": {}}),
        json!({"supportedVersions": [MODERN]}),
        json!({"supportedVersions": [MODERN], "capabilities": []}),
        json!({"supportedVersions": [1], "capabilities": {}}),
    ] {
        let mut world = world_that_asks();
        world.server().next("server/discover", [result(lie)]);
        world.connect();
        assert_eq!(kind(&world), Kind::Stateful);
    }
    let mut world = world_that_asks();
    world.server().next("server/discover", [http_json(400, json!({"error": "no"}))]);
    world.connect();
    assert_eq!(kind(&world), Kind::Stateful);
}
