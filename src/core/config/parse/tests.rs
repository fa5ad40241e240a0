//! Every setting, accepted and rejected.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const SHAPE: &str = "config: must be an object { mcpServers: { name: { url } } }";

fn env(name: &str) -> Option<String> {
    match name {
        "HOST" => Some("example.com".into()),
        "KEY" => Some("hidden-key".into()),
        "BROKEN" => Some("hidden-key\n".into()),
        _ => None,
    }
}

fn texts(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn parsed(config: &Value) -> Result<Config, Vec<String>> {
    parse(config, &json!({}), &env).map(|(config, _)| config).map_err(|problems| texts(&problems))
}

fn server(server: Value) -> Result<Rc<ServerConfig>, Vec<String>> {
    parsed(&json!({ "mcpServers": { "db": server } })).map(|config| Rc::clone(config.servers.get("db").unwrap()))
}

/// The faults of one server, without the common prefix of their paths.
fn faults(members: Value) -> Vec<String> {
    let mut all = json!({ "url": "https://example.com/mcp" });
    for (key, value) in members.as_object().unwrap() {
        all[key] = value.clone();
    }
    let problems = server(all).err().unwrap_or_default();
    problems.iter().map(|problem| problem.strip_prefix("mcpServers.db.").unwrap().into()).collect()
}

#[test]
fn a_url_alone_is_enough() {
    let server = server(json!({ "url": "https://example.com/mcp" })).unwrap();
    assert_eq!((server.name.as_str(), &*server.url), ("db", "https://example.com/mcp"));
    assert_eq!((server.timeout, server.init_timeout, server.auth_timeout), (60_000, 30_000, 300_000));
    assert_eq!((server.transport, &server.protocol), (Transport::StreamableHttp, &Protocol::Auto));
    let expected = SessionConfig {
        timeout: 3_600_000,
        retry_attempts: 3,
        retry_delay: 1000,
        max_age: None,
        keep_alive: None,
        replay: Replay::Refused,
        lost_when: Rc::default(),
    };
    assert_eq!(server.session, expected);
    assert!(server.headers.is_empty());
}

#[test]
fn every_setting_is_read() {
    let server = server(json!({
        "type": "sse", "url": "http://${HOST}:8080/mcp?key=${KEY}", "timeout": 1, "initTimeout": 2, "authTimeout": 6, "protocolVersion": "2025-11-25",
        "headers": { "Authorization": "Bearer ${KEY}", "X-User": "{{ USER_ID }}" },
        "sessionConfig": { "timeout": 3, "retryAttempts": 0, "retryDelay": 0, "maxAge": 4, "keepAlive": 5, "replay": "never" },
    }))
    .unwrap();
    assert_eq!(&*server.url, "http://example.com:8080/mcp?key=hidden-key");
    assert_eq!((server.timeout, server.init_timeout, server.auth_timeout), (1, 2, 6));
    assert_eq!((server.transport, &server.protocol), (Transport::HttpSse, &Protocol::Pinned("2025-11-25".into())));
    let expected = SessionConfig {
        timeout: 3,
        retry_attempts: 0,
        retry_delay: 0,
        max_age: Some(4),
        keep_alive: Some(5),
        replay: Replay::Never,
        lost_when: Rc::default(),
    };
    assert_eq!(server.session, expected);
    let headers = server.headers_for("ann", &Named::default(), &[]).unwrap();
    let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("authorization", "Bearer hidden-key"), ("x-user", "ann")]);
    assert!(!format!("{server:?}").contains("hidden"));
}

#[test]
fn a_server_beats_the_environment_beats_the_defaults() {
    let env = |name: &str| match name {
        "MCP_SESSION_TIMEOUT" => Some("10".into()),
        "MCP_SESSION_RETRY_ATTEMPTS" => Some(" 5 ".into()),
        "MCP_SESSION_RETRY_DELAY" => Some(String::new()),
        "MCP_SESSION_DEBUG" => Some("1".into()),
        _ => None,
    };
    let config = json!({ "mcpServers": {
        "a": { "url": "https://a" },
        "b": { "url": "https://b", "sessionConfig": { "timeout": 20 } },
    } });
    let (parsed, _) = parse(&config, &json!({}), &env).unwrap();
    let session = |name: &str| parsed.servers.get(name).unwrap().session.clone();
    assert_eq!((session("a").timeout, session("a").retry_attempts, session("a").retry_delay), (10, 5, 1000));
    assert_eq!((session("b").timeout, session("b").retry_attempts), (20, 5));
    assert!(parsed.debug);
    assert!(!parse(&config, &json!({ "debug": false }), &env).unwrap().0.debug);
}

#[test]
fn invalid_variables_are_named() {
    let problems = parse(&json!({ "mcpServers": {} }), &json!({}), &|_| Some("+5".into())).unwrap_err();
    assert_eq!(
        texts(&problems),
        [
            "MCP_SESSION_TIMEOUT: must be a whole number of milliseconds, 1 or more",
            "MCP_SESSION_RETRY_ATTEMPTS: must be a whole number from 0 to 100",
            "MCP_SESSION_RETRY_DELAY: must be a whole number of milliseconds, 0 or more",
            "MCP_SESSION_DEBUG: must be 'true' or 'false'",
        ]
    );
}

#[test]
fn a_local_program_is_no_server() {
    let config = json!({ "mcpServers": {
        "files": { "command": "npx", "args": ["-y", "some-server"], "env": {} },
        "db": { "url": "ftp://a" },
        "both": { "command": "npx", "url": "https://a" },
    } });
    assert_eq!(
        parsed(&config).unwrap_err(),
        [
            "mcpServers.files.command: cannot be run from here: put the server behind HTTP and give its url, see docs/toolchains.md#stdio",
            "mcpServers.db.url: must start with http:// or https:// and name a host",
            "mcpServers.both.command: is not a known setting; ignored",
        ]
    );
}

#[test]
fn a_misspelled_key_is_named_beside_what_is_missing_for_it() {
    let config = json!({ "mcpServers": { "a": { "ulr": "https://a", "sessionConfig": { "timeout": "1h" } } } });
    assert_eq!(
        parsed(&config).unwrap_err(),
        [
            "mcpServers.a.sessionConfig.timeout: must be a whole number of milliseconds, 1 or more",
            "mcpServers.a.url: is missing",
            "mcpServers.a.ulr: is not a known setting; ignored",
        ]
    );
}

#[test]
fn the_outermost_shape_is_checked() {
    assert_eq!(parsed(&json!([])).unwrap_err(), [SHAPE]);
    assert_eq!(parsed(&json!({})).unwrap_err(), [SHAPE]);
    assert_eq!(
        parsed(&json!({ "servers": {}, "inputs": [] })).unwrap_err(),
        [SHAPE, "servers: is not a known setting; ignored", "inputs: is not a known setting; ignored"]
    );
    assert_eq!(parsed(&json!({ "mcpServers": 1 })).unwrap_err(), ["mcpServers: must be a plain object"]);
    let servers = json!({ "mcpServers": { "a": null, "b": "https://b", "c": {}, "": { "url": "https://d" }, "e\n": { "url": 1 } } });
    assert_eq!(
        parsed(&servers).unwrap_err(),
        [
            "mcpServers.a: is missing",
            "mcpServers.b: must be a plain object",
            "mcpServers.c.url: is missing",
            "mcpServers.: must have a name of 1 to 128 bytes without control characters",
            "mcpServers.e?: must have a name of 1 to 128 bytes without control characters",
            "mcpServers.e?.url: must be a string",
        ]
    );
}

#[test]
fn all_faults_of_a_server_are_reported_at_once() {
    let found = faults(json!({
        "type": "stdio", "url": "ftp://hidden-host", "timeout": 0, "initTimeout": "1", "protocolVersion": "latest", "headers": { "a": 1 },
        "sessionConfig": { "timeout": 1.5, "retryAttempts": 101, "retryDelay": -1, "maxAge": 0, "replay": "always" },
    }));
    assert_eq!(
        found,
        [
            "type: must be 'streamable-http', 'http' or 'sse'",
            "headers.a: must be a string",
            "timeout: must be a whole number of milliseconds, 1 or more",
            "initTimeout: must be a whole number of milliseconds, 1 or more",
            "protocolVersion: must be 'auto', 'legacy' or a revision from '2024-11-05' to '2026-07-28'",
            "sessionConfig.timeout: must be a whole number of milliseconds, 1 or more",
            "sessionConfig.retryAttempts: must be a whole number from 0 to 100",
            "sessionConfig.retryDelay: must be a whole number of milliseconds, 0 or more",
            "sessionConfig.maxAge: must be a whole number of milliseconds, 1 or more",
            "sessionConfig.replay: must be 'refused', 'safe' or 'never'",
            "url: must start with http:// or https:// and name a host",
        ]
    );
}

#[test]
fn headers_are_checked_and_never_shown() {
    let found = faults(json!({ "headers": {
        "X-A": "a", "x-a": "b", "Host": "hidden-host", "b c": "hidden-b", "d": "hidden\r\nd", "e": "${BROKEN}", "f": "${NONE}", "g": "{{",
    } }));
    assert_eq!(
        found,
        [
            "headers.x-a: is a duplicate: header names are case-insensitive",
            "headers.Host: is set by the client itself and cannot be configured",
            "headers.b c: is not a valid HTTP header name",
            "headers.d: has a line break or another control character in its value",
            "headers.e: has a line break or another control character in its value",
            "headers.f: needs the environment variable NONE, which is not set",
            "headers.g: has an unclosed {{",
        ]
    );
}

#[test]
fn only_the_environment_fills_urls() {
    assert_eq!(
        faults(json!({ "url": "https://a/{{USER_ID}}" })),
        ["url: contains a {{name}}, which is replaced in headers only"]
    );
    assert_eq!(
        faults(json!({ "url": "https://${NONE}" })),
        ["url: needs the environment variable NONE, which is not set"]
    );
}

#[test]
fn an_unknown_key_without_a_value_is_absent() {
    // Members that the package reads in JavaScript may be there as `undefined`.
    let config = json!({ "mcpServers": { "a": { "url": "https://a", "fetch": null, "odd": 1 } } });
    let (_, warnings) = parse(&config, &json!({}), &|_| None).unwrap();
    let lines: Vec<_> = warnings.iter().map(Problem::line).collect();
    assert_eq!(lines, ["mcpServers.a.odd: is not a known setting; ignored"]);
}

#[test]
fn unknown_keys_warn_at_every_level() {
    let config =
        json!({ "more": 1, "mcpServers": { "db": { "url": "https://a", "uri": 1, "sessionConfig": { "ttl": 1 } } } });
    let options = json!({ "fetch": 1, "fetsh": 1, "limits": { "maxQueued": 0, "maxUser": 1 } });
    let (config, warnings) = parse(&config, &options, &env).unwrap();
    let paths: Vec<&str> = warnings.iter().map(|warning| warning.path.as_str()).collect();
    assert_eq!(
        paths,
        ["more", "mcpServers.db.uri", "mcpServers.db.sessionConfig.ttl", "options.fetsh", "options.limits.maxUser"]
    );
    assert_eq!(config.limits, Limits { max_queued: 0, ..Limits::default() });
}

#[test]
fn limits_and_debug_are_checked() {
    let options = json!({ "debug": "yes", "limits": { "maxUsers": 0, "maxInFlight": "9", "maxErrorBytes": 0, "maxMessageBytes": 1e300 } });
    let problems = parse(&json!({ "mcpServers": {} }), &options, &env).unwrap_err();
    let paths: Vec<&str> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(
        paths,
        ["options.limits.maxUsers", "options.limits.maxInFlight", "options.limits.maxMessageBytes", "options.debug"]
    );
}

/// Arbitrary JSON, with known keys among its own.
fn any_json() -> impl Strategy<Value = Value> {
    let keys = [&SERVER[..], &SESSION, &LIMITS, &["mcpServers", "db", "limits", "debug", "X-Key", ""]].concat();
    let texts = ["https://a/", "http://", "sse", "auto", "${KEY}", "{{x}}", "${", "safe", "a\r\nb", "hidden-text"];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-2_i64..200).prop_map(Value::from),
        proptest::sample::select(texts.to_vec()).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::vec((proptest::sample::select(keys.clone()), inner), 0..8)
                .prop_map(|members| members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_configuration_is_too_odd(server in any_json(), options in any_json()) {
        for config in [server.clone(), json!({ "mcpServers": server }), json!({ "mcpServers": { "db": server } })] {
            let (Ok((_, found)) | Err(found)) = parse(&config, &options, &env);
            prop_assert!(!texts(&found).concat().contains("hidden"), "a value was shown");
        }
    }

    #[test]
    fn faults_do_not_hide_each_other(bad in proptest::collection::btree_set(0_usize..6, 0..6)) {
        let mut server = json!({ "url": "https://a/", "sessionConfig": {}, "headers": {} });
        for fault in &bad {
            match fault {
                0 => server["url"] = json!("nowhere"),
                1 => server["timeout"] = json!(-1),
                2 => server["type"] = json!("stdio"),
                3 => server["sessionConfig"]["replay"] = json!(1),
                4 => server["headers"]["Host"] = json!("x"),
                _ => server["headers"]["X-Key"] = json!("${NONE}"),
            }
        }
        let found = parsed(&json!({ "mcpServers": { "a": server, "b": server } })).err().unwrap_or_default();
        prop_assert_eq!(found.len(), 2 * bad.len());
    }
}
