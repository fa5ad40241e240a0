//! The documented log lines, byte for byte.

use super::reply::{http, result};
use super::world_with;
use mcp_tether::core::{Level, Target};
use serde_json::json;

#[test]
fn a_life_with_one_recovery_reads_as_documented() {
    let mut world = world_with(json!({}), json!({}));
    for id in ["1234567890abcdef", "abcdefgh-second"] {
        world.server().sessions.insert(id.into());
        let answer = json!({"protocolVersion": "2025-11-25", "capabilities": {}});
        world.server().next("initialize", [result(answer).head(|head| head.session_id = Some(id.into()))]);
    }
    let session = world.connect();
    world.server().sessions.remove("1234567890abcdef");
    let call = world.tool(session, "order");
    world.finish(call);
    let end = world.terminate(Target::Session(session));
    world.finish(end);
    assert_eq!(
        world.lines(),
        [
            "[MCP][db] Session created: 12345678...",
            "[MCP][db] Session error: session_terminated - Session has been terminated",
            "[MCP][db] Starting session recovery for error: session_terminated",
            "[MCP][db] Session created: abcdefgh...",
            "[MCP][db] Session recovery successful",
            "[MCP][db] Session terminated: abcdefgh...",
        ]
    );
    let levels: Vec<_> = world.log.iter().map(|(level, _)| *level).collect();
    assert_eq!(levels, [Level::Info, Level::Warn, Level::Info, Level::Info, Level::Info, Level::Info]);
}

#[test]
fn debug_lines_are_written_if_enabled() {
    let debug = mcp_tether::core::config::parse(
        &json!({"mcpServers": {"db": {"url": "https://db.test/mcp"}}}),
        &json!({}),
        &|name| (name == "MCP_SESSION_DEBUG").then(|| "true".into()),
    );
    let (config, _) = debug.unwrap();
    let mut world = super::World::new(config, super::Servers::new(&["db"]), 1);
    let session = world.connect();
    world.connect();
    let end = world.terminate(Target::Session(session));
    world.finish(end);
    let expected = [
        "[MCP][db] Session extracted: 00000001...",
        "[MCP][db] Session created: 00000001...",
        "[MCP][db] Using existing session ID: 00000001...",
        "[MCP][db] Session termination request sent",
        "[MCP][db] Session terminated: 00000001...",
    ];
    let documented: Vec<_> = world.lines().into_iter().filter(|line| expected.contains(line)).collect();
    assert_eq!(documented, expected);
}

#[test]
fn each_of_the_five_codes_has_its_sentence() {
    use mcp_tether::core::ErrorCode;
    for (code, name, sentence) in [
        (ErrorCode::SessionTerminated, "session_terminated", "Session has been terminated"),
        (ErrorCode::SessionExpired, "session_expired", "Session has expired"),
        (ErrorCode::SessionInvalid, "session_invalid", "Session ID is invalid"),
        (ErrorCode::SessionConflict, "session_conflict", "Session conflict detected"),
        (ErrorCode::SessionTimeout, "session_timeout", "Session operation timed out"),
    ] {
        assert_eq!((code.as_str(), code.session_sentence()), (name, sentence));
    }
}

#[test]
fn a_hundred_recoveries_do_not_multiply_the_lines() {
    let mut world = world_with(json!({}), json!({}));
    let session = world.connect();
    for _ in 0..100 {
        world.server().forget();
        let call = world.tool(session, "order");
        world.finish(call);
        world.run_for(60_000);
    }
    let count = |text: &str| world.lines().iter().filter(|line| line.contains(text)).count();
    assert_eq!(count("Session recovery successful"), 100);
    assert_eq!(count("Session created"), 101);
}

#[test]
fn a_failed_recovery_says_so_once() {
    let mut world = world_with(json!({}), json!({}));
    let session = world.connect();
    world.server().forget();
    world.server().always("initialize", http(500, ""));
    let call = world.tool(session, "order");
    world.finish(call);
    let failed = world.lines().iter().filter(|line| line.contains("Session recovery failed: http_error")).count();
    assert_eq!(failed, 1);
}
