//! Results with a `ttlMs` (2026-07-28 server/utilities/caching), cached per session and so within one authorization
//! context, as `private` requires.

use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::json::Json;

/// Limit of cached results. The oldest is evicted.
const MOST: usize = 32;

/// Upper limit of `ttlMs`: one day.
const LONGEST: Millis = 86_400_000;

/// The cached results of one session, oldest first.
pub(crate) struct Cache<J>(Vec<Kept<J>>);

struct Kept<J> {
    method: String,
    /// The cursor or URI of the request.
    of: String,
    until: Instant,
    result: J,
}

impl<J> Default for Cache<J> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<J: Json> Cache<J> {
    /// The cached result of this request if still fresh. It is a copy, because callers may modify it.
    pub(crate) fn get(&self, method: &str, params: Option<&J>, now: Instant) -> Option<J> {
        let of = key(method, params)?;
        let kept = self.0.iter().find(|kept| kept.until > now && kept.method == method && kept.of == of)?;
        Some(kept.result.deep_copy())
    }

    /// Caches a result for its `ttlMs`.
    pub(crate) fn put(&mut self, method: &str, params: Option<&J>, result: &J, now: Instant) {
        let (Some(of), Some(until)) = (key(method, params), fresh_until(result, now)) else { return };
        self.drop_if(&|kept| kept.until <= now || (kept.method == method && kept.of == of));
        if self.0.len() >= MOST {
            self.0.remove(0);
        }
        self.0.push(Kept { method: method.to_owned(), of, until, result: result.deep_copy() });
    }

    /// Drops the results that a notification declares changed.
    pub(crate) fn on_notification(&mut self, method: &str, uri: Option<&str>) {
        match method {
            "notifications/tools/list_changed" => self.forget("tools/list"),
            "notifications/prompts/list_changed" => self.forget("prompts/list"),
            "notifications/resources/list_changed" => {
                self.forget("resources/list");
                self.forget("resources/templates/list");
            }
            "notifications/resources/updated" => {
                self.drop_if(&|kept| kept.method == "resources/read" && uri.is_none_or(|uri| kept.of == uri));
            }
            _ => {}
        }
    }

    /// Drops all results of a method, because its pages belong together.
    pub(crate) fn forget(&mut self, method: &str) {
        self.drop_if(&|kept| kept.method == method);
    }

    fn drop_if(&mut self, is_stale: &dyn Fn(&Kept<J>) -> bool) {
        self.0.retain(|kept| !is_stale(kept));
    }

    /// Drops all results: after new credentials or a gap in notifications.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Until when a result is fresh. A missing or invalid `ttlMs` means not at all.
pub(crate) fn fresh_until<J: Json>(result: &J, now: Instant) -> Option<Instant> {
    let ttl = result.get_whole("ttlMs")?;
    (ttl > 0).then(|| now.after(ttl.min(LONGEST)))
}

/// The cache key of a cacheable method; `None` for other methods. Requests in several rounds are never cached.
fn key<J: Json>(method: &str, params: Option<&J>) -> Option<String> {
    let member = match method {
        "tools/list" | "prompts/list" | "resources/list" | "resources/templates/list" => "cursor",
        "resources/read" => "uri",
        _ => return None,
    };
    Some(params.and_then(|params| params.get_str(member)).unwrap_or_default())
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_more_results_are_kept_than_a_few() {
        let mut cache = Cache::default();
        let now = Instant::from_millis(0);
        for uri in 0..1000 {
            let params = json!({"uri": format!("file:///{uri}")});
            cache.put("resources/read", Some(&params), &json!({"ttlMs": 1e15}), now);
        }
        assert_eq!(cache.0.len(), MOST);
        assert!(cache.0.iter().all(|kept| kept.until == now.after(LONGEST)));
    }
}
