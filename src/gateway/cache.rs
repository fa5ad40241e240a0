//! The cache policy for results of 2026-07-28: which, for whom and how long (server/utilities/caching, SEP-2549).

use super::head::claim;
use crate::core::protocol::revisions::MODERN;
use crate::core::{Json, Millis};

/// The cache key of a cacheable request: everything in it that a result may depend on. `None` if it holds anything else:
/// a result is shared between users, so no sender may influence it by what the key leaves out.
pub fn key<J: Json>(message: &J) -> Option<String> {
    let method = message.get_str("method")?;
    let param = match method.as_str() {
        "server/discover" => "",
        "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list" => "cursor",
        "resources/read" => "uri",
        _ => return None,
    };
    // The server itself must refuse a revision that it may not support.
    if claim(message)?.as_str().as_deref() != Some(MODERN) {
        return None;
    }
    let params = message.get("params")?;
    let meta = params.get("_meta")?;
    let is_plain = has_only(message, &["jsonrpc", "id", "method", "params"])
        && has_only(&params, &["_meta", param])
        && has_only(&meta, &META)
        && is_exact(message.get("id"))
        && is_exact(meta.get("progressToken"));
    if !is_plain {
        return None;
    }
    // Absent, or text that is not empty: servers may treat other values in any way.
    let value = params.get(param);
    let is_text = value.as_ref().is_some_and(|value| value.as_str().is_some_and(|text| !text.is_empty()));
    if !is_text && params.keys()?.iter().any(|name| name == param) {
        return None;
    }
    let mut parts = vec![J::string(&method), value.unwrap_or_else(J::object)];
    parts.extend(RELEVANT.map(|name| meta.get(name).unwrap_or_else(J::object)));
    Some(J::array(parts).to_text())
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

/// The members of `_meta` with which a request is cacheable: those of every request, and those of one sender, on which no
/// result depends.
const META: [&str; 7] = [
    "io.modelcontextprotocol/protocolVersion",
    "io.modelcontextprotocol/clientInfo",
    "io.modelcontextprotocol/clientCapabilities",
    "io.modelcontextprotocol/logLevel",
    "progressToken",
    "traceparent",
    "tracestate",
];

/// Those of them that are part of the key.
const RELEVANT: [&str; 3] = [META[1], META[2], META[3]];

fn has_only<J: Json>(object: &J, names: &[&str]) -> bool {
    object.keys().is_some_and(|keys| keys.iter().all(|key| names.contains(&key.as_str())))
}

/// Whether an id or a token is the same after it is parsed and written again: text, or an integer below 2⁵³.
fn is_exact<J: Json>(value: Option<J>) -> bool {
    let number = value.as_ref().and_then(J::as_f64).unwrap_or_default();
    number.abs() < 9_007_199_254_740_992.0 && number.fract() == 0.0
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(method: &str, mut params: serde_json::Value) -> serde_json::Value {
        params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(MODERN);
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
    }

    #[test]
    fn cacheable_requests_have_a_key() {
        for (method, params, is_cacheable) in [
            ("tools/list", json!({}), true),
            ("tools/list", json!({ "cursor": "2" }), true),
            ("resources/read", json!({ "uri": "a:b" }), true),
            ("server/discover", json!({}), true),
            ("tools/list", json!({ "_meta": { "progressToken": 1, "traceparent": "00" } }), true),
            ("resources/read", json!({ "uri": "a:b", "requestState": "s" }), false),
            ("tools/call", json!({ "name": "echo" }), false),
            ("subscriptions/listen", json!({}), false),
        ] {
            let message = request(method, params);
            assert_eq!(key(&message).is_some(), is_cacheable, "{message}");
        }
    }

    #[test]
    fn requests_with_anything_that_the_key_leaves_out_have_none() {
        for params in [
            json!({ "cursor": 7 }),
            json!({ "cursor": "" }),
            json!({ "cursor": null }),
            json!({ "cursor": ["2"] }),
            json!({ "Cursor": "2" }),
            json!({ "limit": 1 }),
            json!({ "uri": "a:b" }),
            json!({ "_meta": { "tenant": "x" } }),
            json!({ "_meta": { "progressToken": 1.5 } }),
            json!({ "_meta": { "progressToken": 9_007_199_254_740_993_u64 } }),
        ] {
            let message = request("tools/list", params);
            assert_eq!(key(&message), None, "{message}");
        }
        for (name, value) in [("method ", json!("x")), ("Params", json!({})), ("id", json!(1e300))] {
            let mut message = request("tools/list", json!({}));
            message[name] = value;
            assert_eq!(key(&message), None, "{message}");
        }
        assert_eq!(key(&request("server/discover", json!({ "cursor": "2" }))), None);
    }

    #[test]
    fn requests_that_may_differ_in_their_results_have_different_keys() {
        let keys = [
            request("tools/list", json!({})),
            request("tools/list", json!({ "cursor": "2" })),
            request("tools/list", json!({ "cursor": "{}" })),
            request("prompts/list", json!({})),
            request(
                "tools/list",
                json!({ "_meta": { "io.modelcontextprotocol/clientCapabilities": { "roots": {} } } }),
            ),
            request("tools/list", json!({ "_meta": { "io.modelcontextprotocol/clientInfo": { "name": "a" } } })),
        ]
        .map(|message| key(&message));
        for (at, one) in keys.iter().enumerate() {
            assert!(one.is_some() && !keys[..at].contains(one), "{one:?}");
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
