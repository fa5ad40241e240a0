//! The verdict of discovery in the user's storage: a page without a stored session skips `server/discover` for an old
//! server. The verdict table has its tests in `src/core/protocol/verdict/tests.rs`.

use super::reply::{http, reset, silence};
use super::server::MODERN;
use super::world::configured;
use super::{Tether, world_with};
use mcp_tether::core::{Kind, Target};
use serde_json::{Value, json};

const URL: &str = "https://db.test/mcp";

/// A world in which ann's page has discovered that the server is an old one.
fn visited() -> Tether {
    let mut world = world_with(json!({"protocolVersion": "auto"}), json!({"storage": {}}));
    world.connect();
    assert_eq!((world.count("server/discover"), world.count("initialize")), (1, 1));
    world
}

/// The next page, of a user without a stored session.
fn visit(world: &mut Tether, user: &str) -> Kind {
    visit_with(world, user, &json!({"protocolVersion": "auto", "url": URL}))
}

fn visit_with(world: &mut Tether, user: &str, server: &Value) -> Kind {
    world.reload(configured(&json!({"mcpServers": {"db": server}}), &json!({"storage": {}})));
    world.connect_as(user, "db");
    world.machine.info(user, "db").expect("the session exists").kind
}

fn verdicts(world: &mut Tether) -> Vec<&mut Value> {
    let entries = world.storage.entries.iter_mut();
    entries.filter(|(name, _)| name.starts_with("mcp-tether:server:")).map(|(_, value)| value).collect()
}

#[test]
fn the_next_page_skips_discovery_for_an_old_server() {
    let mut world = visited();
    assert_eq!(visit(&mut world, "bob"), Kind::Stateful);
    assert_eq!((world.count("server/discover"), world.count("initialize")), (1, 2));
}

#[test]
fn a_terminated_session_leaves_the_verdict() {
    let mut world = visited();
    world.terminate(Target::Key("ann".into(), "db".into()));
    world.run_for(1_000);
    assert_eq!((world.storage.entries.len(), verdicts(&mut world).len()), (1, 1));
    visit(&mut world, "ann");
    assert_eq!((world.count("server/discover"), world.count("initialize")), (1, 2));
}

#[test]
fn a_verdict_holds_for_an_hour() {
    let mut world = visited();
    let written = verdicts(&mut world)[0]["legacyAt"].as_u64().unwrap();
    world.run_for(written + 3_599_999 - world.now);
    visit(&mut world, "bob");
    assert_eq!(world.count("server/discover"), 1);
    let mut world = visited();
    world.run_for(written + 3_600_000 - world.now);
    visit(&mut world, "bob");
    visit(&mut world, "cid");
    assert_eq!(world.count("server/discover"), 2, "the new verdict holds for the next hour");
}

#[test]
fn a_wrong_verdict_falls_forward_and_is_removed() {
    let mut world = visited();
    (world.server().modern, world.server().legacy) = (true, false);
    assert_eq!(visit(&mut world, "bob"), Kind::Modern);
    assert_eq!(world.methods()[4..], ["initialize", "server/discover"]);
    assert!(verdicts(&mut world).is_empty());
    assert_eq!(visit(&mut world, "cid"), Kind::Modern);
    assert_eq!(world.count("initialize"), 2, "the next page begins with discovery");
}

#[test]
fn a_session_whose_server_was_upgraded_removes_the_verdict() {
    let mut world = visited();
    let session = world.connect();
    (world.server().modern, world.server().legacy) = (true, false);
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert!(verdicts(&mut world).is_empty());
}

#[test]
fn only_an_answer_of_the_server_is_a_verdict() {
    for trouble in [http(500, ""), reset(), silence()] {
        let mut world = world_with(json!({"protocolVersion": "auto"}), json!({"storage": {}}));
        world.server().next("server/discover", [trouble]);
        world.connect();
        assert!(verdicts(&mut world).is_empty());
    }
    let mut world = world_with(json!({"protocolVersion": "auto"}), json!({"storage": {}}));
    (world.server().modern, world.server().legacy) = (true, false);
    world.connect();
    assert!(verdicts(&mut world).is_empty());
}

#[test]
fn a_damaged_foreign_or_future_verdict_is_ignored() {
    for (member, value) in [
        ("format", json!(2)),
        ("legacyAt", json!("today")),
        ("legacyAt", json!(-1)),
        ("legacyAt", json!(9e12)),
        ("legacyAt", Value::Null),
    ] {
        let mut world = visited();
        verdicts(&mut world)[0][member] = value;
        visit(&mut world, "bob");
        assert_eq!(world.count("server/discover"), 2, "{member}");
    }
}

#[test]
fn a_verdict_is_of_one_address_and_what_is_configured_beats_it() {
    let mut world = visited();
    world.server().modern = true;
    let pinned = json!({"protocolVersion": MODERN, "url": URL});
    assert_eq!(visit_with(&mut world, "bob", &pinned), Kind::Modern);
    assert_eq!(world.count("server/discover"), 2);
    visit_with(&mut world, "cid", &json!({"protocolVersion": "auto", "url": "https://db.test/other"}));
    assert_eq!(world.count("server/discover"), 3);
}

#[test]
fn the_address_is_written_as_a_hash() {
    let mut world = visited();
    visit_with(&mut world, "bob", &json!({"protocolVersion": "auto", "url": "https://db.test/mcp?key=s3cr3t"}));
    assert_eq!(world.count("server/discover"), 1, "the query is no part of the address");
    visit_with(&mut world, "cid", &json!({"protocolVersion": "auto", "url": "https://db.test/s3cr3t/mcp"}));
    assert_eq!(verdicts(&mut world).len(), 2);
    for (name, value) in &world.storage.entries {
        let text = format!("{name} {value}");
        assert!(!text.contains("s3cr3t") && !text.contains("db.test"), "{text}");
    }
}

#[test]
fn a_storage_that_hangs_costs_two_seconds_once() {
    let mut world = world_with(json!({"protocolVersion": "auto"}), json!({"storage": {}}));
    world.storage.hangs = true;
    let started = world.now;
    world.connect();
    assert_eq!(world.sent[0].at - started, 2_000, "the verdict is not asked for as well");
    assert_eq!(world.methods()[..2], ["server/discover", "initialize"]);
}
