//! The endpoint event of an HTTP+SSE stream: which URLs are accepted, and its deadline.

use super::http_sse::{connect_error, get, world, world_with};
use super::reply::{Step, stream};
use mcp_tether::core::{ConnectOptions, ErrorCode};
use serde_json::json;

#[test]
fn the_endpoint_may_be_written_in_every_way_that_stays_on_the_origin() {
    for (endpoint, url) in [
        ("messages?sessionId={id}", "https://db.test/messages"),
        ("https://db.test/m?sessionId={id}", "https://db.test/m"),
        ("https://DB.test:443/m?sessionId={id}", "https://DB.test:443/m"),
        ("//db.test/m?sessionId={id}", "https://db.test/m"),
        ("?sessionId={id}", "https://db.test/sse"),
    ] {
        let mut world = world();
        world.network.endpoint = Some(endpoint.into());
        world.connect();
        assert_eq!(world.sent[1].url, format!("{url}?sessionId=secret-00000001"));
    }
}

#[test]
fn an_endpoint_of_another_origin_is_refused_for_good_and_nothing_is_sent_there() {
    for endpoint in
        ["https://evil.test/m?sessionId={id}", "//evil.test/m", "http://db.test/m", "https://db.test@evil.test/m"]
    {
        let mut world = world();
        world.network.endpoint = Some(endpoint.into());
        let call = world.begin_connect("ann", "db", ConnectOptions::default());
        world.finish(call);
        assert_eq!(world.code(call), ErrorCode::ProtocolError);
        let sentence = if endpoint.contains('@') { "no valid URL" } else { "another origin" };
        assert!(world.error(call).message.contains(sentence), "{}", world.error(call));
        world.run_for(60_000);
        assert_eq!(world.methods(), ["GET"]);
        assert!(world.open_gets().is_empty());
    }
}

#[test]
fn a_late_endpoint_is_accepted_and_a_missing_one_times_out() {
    let mut slow = world();
    slow.network.endpoint_after = 25_000;
    slow.connect();
    let mut never = world_with(json!({"type": "sse", "initTimeout": 2000, "sessionConfig": {"retryAttempts": 1}}));
    never.network.endpoint = None;
    assert_eq!(connect_error(&mut never), ErrorCode::RequestTimeout);
    assert_eq!(never.methods(), ["GET", "GET"]);
    assert!(never.open_gets().is_empty());
    assert!(never.elapsed() >= 4000);
}

#[test]
fn an_endpoint_without_a_url_is_refused() {
    let mut world = world();
    world.network.next("GET", [stream().then(0, Step::Endpoint(String::new()))]);
    assert_eq!(connect_error(&mut world), ErrorCode::ProtocolError);
}

#[test]
fn an_endpoint_longer_than_a_request_line_is_refused() {
    for (length, code) in [(8_193, Some(ErrorCode::ProtocolError)), (8_192, None)] {
        let mut world = world();
        let endpoint = format!("/{}", "x".repeat(length - 1));
        world.network.next("GET", [stream().then(0, Step::Endpoint(endpoint.clone()))]);
        if let Some(code) = code {
            assert_eq!(connect_error(&mut world), code);
        }
        let posted = world.sent.iter().any(|sent| sent.url.ends_with(&endpoint));
        world.begin_connect("ann", "db", mcp_tether::core::ConnectOptions::default());
        world.run_for(10);
        assert!(!posted, "nothing is sent there");
        assert_eq!(world.sent.iter().any(|sent| sent.url.ends_with(&endpoint)), code.is_none());
    }
}

#[test]
fn only_the_first_endpoint_counts() {
    let mut world = world();
    let session = world.connect();
    let get = get(&world);
    world.push(get, Step::Endpoint("https://evil.test/m".into()));
    world.push(get, Step::Endpoint("/other".into()));
    let call = world.tool(session, "order");
    world.finish(call);
    world.result(call);
    assert_eq!(world.count("initialize"), 1);
}
