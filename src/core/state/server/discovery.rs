//! What is known of the revisions that servers speak, and what an answer to `server/discover` is evidence of.

use crate::core::api::Error;
use crate::core::config::{Protocol, ServerConfig};
use crate::core::kit::table::Named;
use crate::core::kit::text::split_once;
use crate::core::kit::time::{Instant, Millis};
use crate::core::protocol::codes::{self, UNSUPPORTED_VERSION};
use crate::core::protocol::json::{Json, texts};
use crate::core::protocol::revisions::{MODERN, VERSIONS};
use crate::core::state::session::cache::fresh_until;

/// A verdict that a server begins with `initialize` would hold for ever, since nothing fails: a server that speaks both
/// goes on serving old clients. So it is asked again at the first handshake after so long.
pub(crate) const LEGACY_HOLDS: Millis = 3_600_000;

/// How long a server whose answer to the question said nothing, but which took `initialize`, is not asked again: one that
/// hangs on the question must not hang for every user.
pub(crate) const GUESS_HOLDS: Millis = 300_000;

/// What is known of an address.
pub(crate) enum Discovery<J> {
    /// It begins with `initialize`, and is asked again from then on.
    Legacy(Instant),
    /// It speaks 2026-07-28. Its `DiscoverResult` serves everybody until then, where it said so.
    Modern(Option<(J, Instant)>),
}

/// What is known of all addresses: there are no more of them than servers in the configuration.
pub(crate) struct Discoveries<J>(Named<Discovery<J>>);

impl<J> Default for Discoveries<J> {
    fn default() -> Self {
        Self(Named::default())
    }
}

impl<J: Json> Discoveries<J> {
    /// 2026-07-28 basic/versioning: the verdict is one on the origin; we add the path, behind which another server may be.
    pub(crate) fn get(&self, url: &str) -> Option<&Discovery<J>> {
        self.0.get(address(url))
    }

    pub(crate) fn set(&mut self, url: &str, era: Discovery<J>) {
        self.0.insert(address(url).to_owned(), era);
    }

    pub(crate) fn is_modern(&self, url: &str) -> bool {
        matches!(self.get(url), Some(Discovery::Modern(_)))
    }

    /// The server has changed its revision, it seems.
    pub(crate) fn forget(&mut self, url: &str) {
        self.0.remove(address(url));
    }

    /// A `DiscoverResult` that everybody may be given now.
    pub(crate) fn shared(&self, url: &str, now: Instant) -> Option<J> {
        match self.get(url) {
            Some(Discovery::Modern(Some((result, until)))) if *until > now => Some(result.clone()),
            _ => None,
        }
    }
}

/// What the answer to a probe is evidence of.
pub(crate) enum Discovered<J> {
    /// A server of 2026-07-28 described itself.
    Modern(J),
    /// A server of 2026-07-28 wants to be asked once more.
    Again(Error<J>),
    /// The server does not know the question: it begins with `initialize`.
    Legacy,
    /// Busy: come back as told.
    Later(Error<J>),
    /// Nothing is known: `initialize` may succeed all the same.
    Nothing(Error<J>),
}

pub(crate) fn is_pinned(server: &ServerConfig) -> bool {
    matches!(&server.protocol, Protocol::Pinned(version) if version == MODERN)
}

pub(crate) fn address(url: &str) -> &str {
    split_once(url, "?").map_or(url, |(address, _)| address)
}

/// The classifier: spec in 2026-07-28 basic/versioning and basic/transports/streamable-http, "Backward Compatibility".
pub(crate) fn judge_discovery<J: Json>(outcome: Result<Option<J>, Error<J>>) -> Discovered<J> {
    let error = match outcome {
        Ok(Some(result)) if describes_modern(&result) => return Discovered::Modern(result),
        // Some servers answer whatever they do not know with an empty result.
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
    // Deployed servers use all other codes for whatever they like.
    if error.rpc_code.is_some() && error.status.is_none_or(|status| status < 500) {
        return Discovered::Legacy;
    }
    match error.status {
        // Neither credentials, nor patience, nor a redirect tell the era.
        Some(401 | 403 | 408 | 425 | 429 | 0..=399 | 500..) | None if error.retry_after.is_some() => {
            Discovered::Later(error)
        }
        Some(401 | 403 | 408 | 425 | 429 | 0..=399 | 500..) | None => Discovered::Nothing(error),
        Some(_) => Discovered::Legacy,
    }
}

/// Whether this is a `DiscoverResult` of a server that speaks our revision (2026-07-28 schema).
fn describes_modern<J: Json>(result: &J) -> bool {
    let versions = result.get("supportedVersions").as_ref().and_then(texts).unwrap_or_default();
    let speaks = versions.iter().any(|version| version == MODERN);
    speaks && result.get("capabilities").is_some_and(|capabilities| capabilities.is_object())
}

/// The versions that an "unsupported protocol version" of 2026-07-28 names.
pub(crate) fn supported<J: Json>(error: &Error<J>) -> Option<Vec<String>> {
    if !codes::is(error.rpc_code, UNSUPPORTED_VERSION) {
        return None;
    }
    texts(&error.data.as_ref()?.get("supported")?)
}

/// What may be given to other users (2026-07-28 server/utilities/caching): `public`, and fresh.
pub(crate) fn shareable<J: Json>(result: &J, now: Instant) -> Option<(J, Instant)> {
    let is_public = result.get_str("cacheScope").as_deref() == Some("public");
    let until = fresh_until(result, now).filter(|_| is_public)?;
    Some((result.clone(), until))
}
