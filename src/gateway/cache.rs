//! The cache policy for results of 2026-07-28: which, for whom and how long (server/utilities/caching, SEP-2549).

use super::head::claim;
use crate::core::protocol::revisions::MODERN;
use crate::core::{Json, Millis};

/// The cache key of a cacheable request: its method, and the param that the result depends on.
pub fn key<J: Json>(message: &J) -> Option<String> {
    let method = message.get_str("method")?;
    let param = match method.as_str() {
        "server/discover" => None,
        "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list" => Some("cursor"),
        "resources/read" => Some("uri"),
        _ => return None,
    };
    // The server itself must refuse a revision that it may not support.
    if claim(message)?.as_str().as_deref() != Some(MODERN) {
        return None;
    }
    let params = message.get("params")?;
    // A response to a server's input request: it MUST NOT be cached.
    if params.get("inputResponses").is_some() || params.get("requestState").is_some() {
        return None;
    }
    let value = param.and_then(|name| params.get_str(name)).unwrap_or_default();
    Some([method.as_str(), value.as_str()].join(" "))
}

/// How long a result may be shared between users: 0 unless the server marks it as complete and public.
pub fn public_for<J: Json>(result: &J) -> Millis {
    let is = |member: &str, value: &str| result.get_str(member).as_deref() == Some(value);
    if !is("resultType", "complete") || !is("cacheScope", "public") {
        return 0;
    }
    fresh_for(result)
}

/// How long a result is fresh.
pub fn fresh_for<J: Json>(result: &J) -> Millis {
    let millis = result.get("ttlMs").and_then(|ttl| ttl.as_f64()).unwrap_or_default();
    // The cast turns a negative number into 0; no entry lives longer than an hour.
    (millis as Millis).min(3_600_000)
}

/// Whether a part of a stream may contain a change notification, which clears the whole cache.
pub fn may_signal_change(text: &str) -> bool {
    text.contains("/list_changed") || text.contains("resources/updated")
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cacheable_requests_have_a_key() {
        for (method, mut params, expected) in [
            ("tools/list", json!({}), Some("tools/list ")),
            ("tools/list", json!({ "cursor": "2" }), Some("tools/list 2")),
            ("resources/read", json!({ "uri": "a:b" }), Some("resources/read a:b")),
            ("resources/read", json!({ "uri": "a:b", "requestState": "s" }), None),
            ("server/discover", json!({}), Some("server/discover ")),
            ("tools/call", json!({ "name": "echo" }), None),
            ("subscriptions/listen", json!({}), None),
        ] {
            params["_meta"] = json!({ "io.modelcontextprotocol/protocolVersion": MODERN });
            let message = json!({ "id": 1, "method": method, "params": params });
            assert_eq!(key(&message).as_deref(), expected, "{message}");
        }
    }

    #[test]
    fn other_revisions_have_none() {
        for version in [json!("2027-01-01"), json!(""), json!(7)] {
            let meta = json!({ "io.modelcontextprotocol/protocolVersion": version });
            let message = json!({ "id": 1, "method": "server/discover", "params": { "_meta": meta } });
            assert_eq!(key(&message), None, "{message}");
        }
    }

    #[test]
    fn only_complete_public_results_are_shared() {
        let result =
            |kind: &str, scope: &str, ttl: i64| json!({ "resultType": kind, "cacheScope": scope, "ttlMs": ttl });
        assert_eq!(public_for(&result("complete", "public", 5_000)), 5_000);
        assert_eq!(public_for(&result("complete", "public", -1)), 0);
        assert_eq!(public_for(&result("complete", "public", i64::MAX)), 3_600_000);
        assert_eq!(public_for(&result("complete", "private", 5_000)), 0);
        assert_eq!(public_for(&result("input_required", "public", 5_000)), 0);
        assert_eq!(public_for(&json!({ "ttlMs": 5_000 })), 0);
    }
}
