//! The stored format of a session, and the checks before it is restored.

use crate::core::api::Key;
use crate::core::config::{Protocol, Transport};
use crate::core::kit::hash::hash;
use crate::core::kit::table::Named;
use crate::core::kit::text::{concat, decimal};
use crate::core::kit::time::Instant;
use crate::core::protocol::json::Json;
use crate::core::protocol::jsonrpc::number;
use crate::core::protocol::revisions::known;
use crate::core::protocol::session_id::SessionId;
use crate::core::state::server::discovery::address;
use crate::core::state::session::{Agreed, Remembered, Session};

/// The format's version. Records of other versions are ignored.
const FORMAT: u64 = 1;

/// A complete record of this session.
pub(crate) struct Stored<J> {
    pub(crate) agreed: Agreed<J>,
    pub(crate) generation: u64,
    pub(crate) created_at: Instant,
    pub(crate) last_used_at: Instant,
    pub(crate) cursor: Option<String>,
    pub(crate) remembered: Remembered<J>,
}

/// The storage key of a session. The length prefix keeps a user's name from colliding with another user's and server's.
pub(crate) fn name(key: &Key) -> String {
    concat(&["mcp-tether:", &decimal(key.user.len() as u64), ":", &key.user, ":", &key.server])
}

/// The name of the record with a server's verdict, for all users of an address: a hash, as in [`fingerprint`].
pub(crate) fn verdict_name(url: &str) -> String {
    concat(&["mcp-tether:server:", &decimal(hash32(&[address(url)]))])
}

/// The verdict that a server begins with `initialize`, and its date.
pub(crate) fn written_verdict<J: Json>(now: Instant) -> J {
    J::object().with("format", number(FORMAT)).with("legacyAt", number(now.as_millis()))
}

/// The date of a verdict that was written by this version.
pub(crate) fn read_verdict<J: Json>(found: &J) -> Option<Instant> {
    found.get_whole("format").filter(|format| *format == FORMAT)?;
    found.get_whole("legacyAt").map(Instant::from_millis)
}

/// A hash of the configuration that a session depends on, without values that may be secret.
///
/// URLs may have keys in them, so they are hashed too. 32 bits detect a change, and reveal too little to find a
/// key.
fn fingerprint<J>(record: &Session<J>) -> u64 {
    let server = &record.server;
    let transport = if server.transport == Transport::HttpSse { "sse" } else { "http" };
    let protocol = match &server.protocol {
        Protocol::Auto => "auto",
        Protocol::Legacy => "legacy",
        Protocol::Pinned(version) => version,
    };
    let mut parts: Vec<&str> = vec![&record.url, transport, protocol];
    for (name, _) in record.credentials.headers() {
        parts.push(name);
    }
    hash32(&parts)
}

fn hash32(parts: &[&str]) -> u64 {
    hash(FORMAT, parts) & u64::from(u32::MAX)
}

pub(crate) fn written<J: Json>(record: &Session<J>) -> Option<J> {
    // 2024-11-05 basic/transports, "HTTP with SSE": the session is its stream and ends with it.
    let agreed = record.agreed.as_ref().filter(|_| record.sse.is_none())?;
    let mut value = J::object()
        .with("format", number(FORMAT))
        .with("user", J::string(&record.key.user))
        .with("server", J::string(&record.key.server))
        .with("config", number(fingerprint(record)))
        .with("protocolVersion", J::string(agreed.version))
        .with("initializeResult", agreed.result.clone())
        .with("generation", number(record.generation))
        .with("createdAt", number(record.created_at.as_millis()))
        .with("lastUsedAt", number(record.used_at().as_millis()));
    if let Some(id) = &agreed.id {
        value.set("sessionId", J::string(id.as_str()));
    }
    if let Some(cursor) = record.listen.cursor() {
        value.set("cursor", J::string(cursor));
    }
    if let Some(level) = &record.remembered.log_level {
        value.set("logLevel", level.clone());
    }
    let mut subscriptions = Vec::new();
    for (_, params) in record.remembered.subscriptions.iter() {
        subscriptions.push(params.clone());
    }
    Some(value.with("subscriptions", J::array(subscriptions)))
}

const DAMAGED: &str = "it is damaged, or was written by another version";

/// Reads a record. The error completes the sentence "The stored session is not used: …".
pub(crate) fn read<J: Json>(
    record: &Session<J>,
    found: &J,
    limit: usize,
    now: Instant,
) -> Result<Stored<J>, &'static str> {
    if found.get_whole("format") != Some(FORMAT) {
        return Err(DAMAGED);
    }
    let is = |name: &str, own: &str| found.get_str(name).is_some_and(|text| text == own);
    if !is("user", &record.key.user) || !is("server", &record.key.server) {
        return Err("it belongs to another user or server");
    }
    if found.get_whole("config") != Some(fingerprint(record)) {
        return Err("the server's configuration has changed");
    }
    let version = found.get_str("protocolVersion").and_then(|name| known(&name));
    let result = found.get("initializeResult").filter(J::is_object);
    let id = found.get_str("sessionId").and_then(|id| SessionId::parse(&id, limit));
    // If there is an id, it must be valid.
    let is_whole = id.is_some() == found.get("sessionId").is_some();
    let (Some(version), Some(result), Some(created), Some(used), true) =
        (version, result, found.get_whole("createdAt"), found.get_whole("lastUsedAt"), is_whole)
    else {
        return Err(DAMAGED);
    };
    let mut subscriptions = Named::default();
    for params in found.get("subscriptions").and_then(|list| list.as_array()).unwrap_or_default() {
        if let Some(uri) = params.get_str("uri") {
            subscriptions.insert(uri, params);
        }
    }
    Ok(Stored {
        agreed: Agreed { id, version, result },
        generation: found.get_whole("generation").unwrap_or(1),
        // The writer's clock may have been fast.
        created_at: Instant::from_millis(created).min(now),
        last_used_at: Instant::from_millis(used).min(now),
        cursor: found.get_str("cursor"),
        remembered: Remembered { log_level: found.get("logLevel").filter(J::is_object), subscriptions },
    })
}

/// Whether a stored session is past one of the deadlines that apply in memory.
pub(crate) fn is_past<J>(record: &Session<J>, stored: &Stored<J>, now: Instant) -> bool {
    let settings = &record.server.session;
    let is_old = settings.max_age.is_some_and(|age| stored.created_at.after(age) <= now);
    is_old || stored.last_used_at.after(settings.timeout) <= now
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use crate::core::api::SessionRef;
    use crate::core::config;
    use serde_json::{Value, json};
    use std::rc::Rc;

    const NOW: Instant = Instant::from_millis(1_000_000);

    fn session(url: &str, id: Option<&str>) -> Session<Value> {
        let servers = json!({ "mcpServers": { "db": { "url": url, "sessionConfig": { "timeout": 1000 } } } });
        let (config, _) = config::parse(&servers, &json!({}), &|_| None).unwrap();
        let key = Rc::new(Key { user: "ann".into(), server: "db".into() });
        let mut session = Session::new(SessionRef(1), key, Rc::clone(config.servers.get("db").unwrap()), NOW);
        let id = id.and_then(|id| SessionId::parse(id, 100));
        session.agreed = Some(Agreed { id, version: "2025-11-25", result: json!({ "capabilities": {} }) });
        session.generation = 3;
        session.remembered.log_level = Some(json!({ "level": "debug" }));
        session.remembered.subscriptions.insert("file:///a", json!({ "uri": "file:///a" }));
        session
    }

    #[test]
    fn what_is_written_is_read_again() {
        let session = session("https://a/mcp", Some("0123456789"));
        let written = written(&session).unwrap();
        let Ok(stored) = read(&session, &written, 100, NOW) else { panic!("{written}") };
        assert_eq!(stored.agreed.id.as_ref().map(SessionId::as_str), Some("0123456789"));
        assert_eq!((stored.generation, stored.created_at, stored.last_used_at), (3, NOW, NOW));
        assert_eq!(stored.remembered.log_level, Some(json!({ "level": "debug" })));
        assert_eq!(stored.remembered.subscriptions.len(), 1);
        let mut headers = Vec::new();
        stored.agreed.add_headers(&mut headers);
        assert!(headers.iter().any(|(name, value)| &**name == "mcp-session-id" && &**value == "0123456789"));
    }

    #[test]
    fn records_of_others_and_damaged_ones_are_not_read() {
        let session = session("https://a/mcp", Some("0123456789"));
        let whole = written(&session).unwrap();
        for (member, value, why) in [
            ("format", json!(2), "another version"),
            ("user", json!("bob"), "another user"),
            ("server", json!("files"), "another user or server"),
            ("config", json!(1), "configuration"),
            ("sessionId", json!("with a space"), "damaged"),
            ("sessionId", json!(7), "damaged"),
            ("protocolVersion", json!("1999-01-01"), "damaged"),
            ("createdAt", json!(-1), "damaged"),
            ("initializeResult", json!("none"), "damaged"),
        ] {
            let mut changed = whole.clone();
            changed[member] = value;
            let fault = read(&session, &changed, 100, NOW).err();
            assert!(fault.is_some_and(|fault| fault.contains(why)), "{member}: {fault:?}");
        }
        assert!(read(&self::session("https://b/mcp", None), &whole, 100, NOW).is_err(), "another URL");
    }

    #[test]
    fn a_record_of_the_future_was_used_now_at_the_latest() {
        let session = session("https://a/mcp", None);
        let mut written = written(&session).unwrap();
        written["lastUsedAt"] = json!(9e12);
        let Ok(stored) = read(&session, &written, 100, NOW) else { panic!("{written}") };
        assert_eq!(stored.last_used_at, NOW);
        assert!(!is_past(&session, &stored, NOW.after(999)) && is_past(&session, &stored, NOW.after(1000)));
    }

    #[test]
    fn names_do_not_run_together() {
        let name = |user: &str, server: &str| name(&Key { user: user.into(), server: server.into() });
        assert_eq!(name("ann", "db"), "mcp-tether:3:ann:db");
        assert_ne!(name("a:b", "c"), name("a", "b:c"));
    }
}
