//! The known revisions of servers, and the evidence in answers to `server/discover`.

use crate::core::api::Error;
use crate::core::config::{Protocol, ServerConfig};
use crate::core::kit::table::Named;
use crate::core::kit::text::split_once;
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::codes::{self, UNSUPPORTED_VERSION};
use crate::core::protocol::json::{Json, texts};
use crate::core::protocol::revisions::{MODERN, VERSIONS};
use crate::core::state::session::cache::fresh_until;

/// How long a server counts as legacy before discovery runs again. A server that speaks both revisions keeps serving
/// old clients, so no failure would correct the verdict.
pub(crate) const LEGACY_HOLDS: Millis = 3_600_000;

/// How long discovery is skipped after it was inconclusive and `initialize` succeeded: a server that hangs on
/// `server/discover` must not delay every user.
pub(crate) const GUESS_HOLDS: Millis = 300_000;

/// The known revision of a URL.
pub(crate) enum Discovery<J> {
    /// It starts with `initialize`; discovery runs again after this instant.
    Legacy(Instant),
    /// It speaks 2026-07-28. The `DiscoverResult` is shared until then, if the server allows it.
    Modern(Option<(J, Instant)>),
}

/// The known revisions of all URLs, of which there are at most as many as configured servers.
pub(crate) struct Discoveries<J>(Named<Discovery<J>>);

impl<J> Default for Discoveries<J> {
    fn default() -> Self {
        Self(Named::default())
    }
}

impl<J: Json> Discoveries<J> {
    /// 2026-07-28 basic/versioning: revisions belong to an origin. The path is added, because different servers may
    /// share an origin.
    pub(crate) fn get(&self, url: &str) -> Option<&Discovery<J>> {
        self.0.get(address(url))
    }

    pub(crate) fn set(&mut self, url: &str, discovery: Discovery<J>) {
        self.0.insert(address(url).to_owned(), discovery);
    }

    pub(crate) fn is_modern(&self, url: &str) -> bool {
        matches!(self.get(url), Some(Discovery::Modern(_)))
    }

    /// The server seems to speak another revision now.
    pub(crate) fn forget(&mut self, url: &str) {
        self.0.remove(address(url));
    }

    /// The shared `DiscoverResult` of a URL, if it is still fresh.
    pub(crate) fn shared(&self, url: &str, now: Instant) -> Option<J> {
        match self.get(url) {
            Some(Discovery::Modern(Some((result, until)))) if *until > now => Some(result.clone()),
            _ => None,
        }
    }
}

/// The evidence in the outcome of discovery.
pub(crate) enum Discovered<J> {
    /// A 2026-07-28 server described itself.
    Modern(J),
    /// A 2026-07-28 server rejected the offered version; discovery runs once more.
    Again(Error<J>),
    /// The server does not know the method: it starts with `initialize`.
    Legacy,
    /// Busy: retry after the given time.
    Later(Error<J>),
    /// Inconclusive: `initialize` may still succeed.
    Nothing(Error<J>),
}

pub(crate) fn is_pinned(server: &ServerConfig) -> bool {
    matches!(&server.protocol, Protocol::Pinned(version) if version == MODERN)
}

pub(crate) fn address(url: &str) -> &str {
    split_once(url, "?").map_or(url, |(address, _)| address)
}

/// Classifies the outcome (2026-07-28 basic/versioning and basic/transports/streamable-http, "Backward Compatibility").
pub(crate) fn judge_discovery<J: Json>(outcome: Result<Option<J>, Error<J>>) -> Discovered<J> {
    let error = match outcome {
        Ok(Some(result)) if describes_modern(&result) => return Discovered::Modern(result),
        // Some servers answer unknown methods with an empty result.
        Ok(_) => return Discovered::Legacy,
        Err(error) => error,
    };
    if let Some(versions) = supported(&error) {
        let names = |wanted: &[&str]| versions.iter().any(|version| wanted.contains(&version.as_str()));
        return match () {
            () if names(&[MODERN]) => Discovered::Again(error),
            () if names(&VERSIONS) => Discovered::Legacy,
            () => Discovered::Nothing(error),
        };
    }
    // Deployed servers use other codes arbitrarily.
    if error.rpc_code.is_some() && error.status.is_none_or(|status| status < 500) {
        return Discovered::Legacy;
    }
    // Missing credentials, rate limits, misdirected requests, timeouts, servers that stop and redirects are no evidence
    // about the revision.
    let says_nothing = matches!(error.status, None | Some(401 | 403 | 408 | 421 | 425 | 429 | 0..=399 | 499..));
    match error.retry_after {
        _ if !says_nothing => Discovered::Legacy,
        Some(_) => Discovered::Later(error),
        None => Discovered::Nothing(error),
    }
}

/// Whether this is a `DiscoverResult` of a server that speaks our revision (2026-07-28 schema).
fn describes_modern<J: Json>(result: &J) -> bool {
    let versions = result.get("supportedVersions").as_ref().and_then(texts).unwrap_or_default();
    let speaks = versions.iter().any(|version| version == MODERN);
    speaks && result.get("capabilities").is_some_and(|capabilities| capabilities.is_object())
}

/// The versions listed by an "unsupported protocol version" error of 2026-07-28.
pub(crate) fn supported<J: Json>(error: &Error<J>) -> Option<Vec<String>> {
    if !codes::is(error.rpc_code, UNSUPPORTED_VERSION) {
        return None;
    }
    texts(&error.data.as_ref()?.get("supported")?)
}

/// The result, if it may be shared between users (2026-07-28 server/utilities/caching): `public` and fresh.
pub(crate) fn shareable<J: Json>(result: &J, now: Instant) -> Option<(J, Instant)> {
    let is_public = result.get_str("cacheScope").as_deref() == Some("public");
    let until = fresh_until(result, now).filter(|_| is_public)?;
    Some((result.clone(), until))
}
