//! Eras: whether a server speaks 2026-07-28, which has neither handshakes nor sessions, or begins with `initialize`.
//! One `server/discover` finds out, its verdict is kept for the address, and no later failure alone takes it back.

use crate::core::api::error::{Error, ErrorCode};
use crate::core::api::io::SessionRef;
use crate::core::config::{Protocol, ServerConfig, Transport};
use crate::core::kit::table::Named;
use crate::core::kit::text::split_once;
use crate::core::kit::time::{Instant, Millis};
use crate::core::machine::lifecycle::handshake::VERSIONS;
use crate::core::machine::outbound::calls::Purpose;
use crate::core::manager::Manager;
use crate::core::protocol::json::{Json, texts};
use crate::core::state::session::Session;

/// The revision that has no sessions.
pub(crate) const MODERN: &str = "2026-07-28";
/// "Unsupported protocol version" (2026-07-28 basic/versioning): its data list the versions that are supported.
pub(crate) const UNSUPPORTED_VERSION: f64 = -32022.0;
/// A verdict that a server begins with `initialize` would hold for ever, since nothing fails: a server that speaks both
/// goes on serving old clients. So it is asked again at the first handshake after so long.
const LEGACY_HOLDS: Millis = 3_600_000;
/// How long a server whose answer to the question said nothing, but which took `initialize`, is not asked again: one that
/// hangs on the question must not hang for every user.
const GUESS_HOLDS: Millis = 300_000;
/// How long a server that nothing is known of may think about the probe. One that hangs on requests that it does not know
/// costs its users that much, once.
const PROBE_CAP: Millis = 5_000;

/// What is known of an address.
pub(crate) enum Era<J> {
    /// It begins with `initialize`, and is asked again from then on.
    Legacy(Instant),
    /// It speaks 2026-07-28. Its `DiscoverResult` serves everybody until then, where it said so.
    Modern(Option<(J, Instant)>),
}

/// What is known of all addresses: there are no more of them than servers in the configuration.
pub(crate) struct Eras<J>(Named<Era<J>>);

impl<J> Default for Eras<J> {
    fn default() -> Self {
        Self(Named::default())
    }
}

impl<J: Json> Eras<J> {
    /// 2026-07-28 basic/versioning: the verdict is one on the origin; we add the path, behind which another server may be.
    fn get(&self, url: &str) -> Option<&Era<J>> {
        self.0.get(address(url))
    }

    fn set(&mut self, url: &str, era: Era<J>) {
        self.0.insert(address(url).to_owned(), era);
    }

    fn is_modern(&self, url: &str) -> bool {
        matches!(self.get(url), Some(Era::Modern(_)))
    }

    /// A `DiscoverResult` that everybody may be given now.
    fn shared(&self, url: &str, now: Instant) -> Option<J> {
        match self.get(url) {
            Some(Era::Modern(Some((result, until)))) if *until > now => Some(result.clone()),
            _ => None,
        }
    }
}

/// What the answer to a probe is evidence of.
enum Probed<J> {
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

impl<J: Json> Manager<J> {
    /// Begins an attempt by asking for the era, or by the answer that is known. `false`: `initialize` comes first.
    pub(crate) fn discover(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get(session) else { return false };
        if !self.asks_for_era(record) {
            return false;
        }
        let init_timeout = record.server.init_timeout;
        if let Some(result) = self.eras.shared(&record.url, self.now) {
            self.accept_modern(session, result);
            return true;
        }
        let known = self.eras.is_modern(&record.url) || is_pinned(&record.server);
        let timeout = if known { init_timeout } else { init_timeout.min(PROBE_CAP) };
        self.own_request(session, Purpose::Probe, "server/discover", None, timeout);
        true
    }

    fn asks_for_era(&self, record: &Session<J>) -> bool {
        let probed = record.handshake.as_ref().is_some_and(|handshake| handshake.probed);
        match (&record.server.protocol, self.eras.get(&record.url)) {
            (Protocol::Pinned(version), _) => version == MODERN,
            (Protocol::Legacy, _) => false,
            _ if record.server.transport == Transport::HttpSse => false,
            (Protocol::Auto, Some(Era::Modern(_))) => true,
            (Protocol::Auto, Some(Era::Legacy(until))) => !probed && self.now >= *until,
            (Protocol::Auto, None) => !probed,
        }
    }

    /// The probe was answered, or was not.
    pub(crate) fn on_probed(&mut self, session: SessionRef, outcome: Result<Option<J>, Error<J>>) {
        let Some(record) = self.store.get_mut(session) else { return };
        let (url, pinned) = (record.url.clone(), is_pinned(&record.server));
        let known = pinned || self.eras.is_modern(&url);
        let asks_for_token = record.has_auth && !record.challenged;
        let Some(handshake) = record.handshake.as_mut() else { return };
        let unsent = std::mem::take(&mut handshake.unsent);
        match judge(outcome) {
            Probed::Modern(result) => {
                self.eras.set(&url, Era::Modern(shareable(&result, self.now)));
                self.accept_modern(session, result);
            }
            // 2026-07-28 basic/versioning: pick a version that both speak and ask again; but once, or we would go in circles.
            Probed::Again(_) if !std::mem::replace(&mut handshake.renegotiated, true) => {
                self.eras.set(&url, Era::Modern(None));
                self.attempt(session);
            }
            Probed::Legacy if pinned => {
                let error = Error::new(ErrorCode::UnsupportedVersion, "the server does not speak 2026-07-28");
                self.handshake_failed(session, error);
            }
            Probed::Legacy => {
                handshake.probed = true;
                self.eras.set(&url, Era::Legacy(self.now.after(LEGACY_HOLDS)));
                self.attempt(session);
            }
            Probed::Nothing(error) if known || unsent || (error.code == ErrorCode::Unauthorized && asks_for_token) => {
                self.handshake_failed(session, error);
            }
            Probed::Nothing(_) => {
                handshake.probed = true;
                self.attempt(session);
            }
            Probed::Later(error) => {
                // It may be the probe alone that is refused.
                handshake.probed = handshake.failures > 0;
                self.handshake_failed(session, error);
            }
            Probed::Again(error) => self.handshake_failed(session, error),
        }
    }

    /// `initialize` was refused by a server that names 2026-07-28 instead: whether we go there, and have not been there yet.
    pub(crate) fn falls_forward(&mut self, session: SessionRef, error: &Error<J>) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        let names_modern = supported(error).is_some_and(|versions| versions.iter().any(|version| version == MODERN));
        let Some(handshake) = record.handshake.as_mut() else { return false };
        let goes = record.server.protocol == Protocol::Auto && names_modern && !handshake.renegotiated;
        if goes {
            handshake.renegotiated = true;
            let url = record.url.clone();
            self.eras.set(&url, Era::Modern(None));
        }
        goes
    }

    /// A session goes on without a handshake: its era is what it was when it was made.
    pub(crate) fn recall_era(&mut self, session: SessionRef) {
        let Some(record) = self.store.get(session) else { return };
        let era =
            if record.is_modern() { Era::Modern(None) } else { Era::Legacy(record.created_at.after(LEGACY_HOLDS)) };
        let url = record.url.clone();
        self.eras.set(&url, era);
    }

    /// `initialize` succeeded where the question had said nothing: good enough for a while.
    pub(crate) fn guess_era(&mut self, session: SessionRef) {
        let Some(record) = self.store.get(session) else { return };
        if self.eras.get(&record.url).is_none() {
            self.eras.set(&record.url, Era::Legacy(self.now.after(GUESS_HOLDS)));
        }
    }

    /// The server behind a session has changed its era, it seems: the next handshake asks.
    pub(crate) fn doubt_era(&mut self, session: SessionRef) {
        if let Some(record) = self.store.get(session) {
            self.eras.0.remove(address(&record.url));
        }
    }
}

fn is_pinned(server: &ServerConfig) -> bool {
    matches!(&server.protocol, Protocol::Pinned(version) if version == MODERN)
}

fn address(url: &str) -> &str {
    split_once(url, "?").map_or(url, |(address, _)| address)
}

/// The classifier: spec in 2026-07-28 basic/versioning and basic/transports/streamable-http, "Backward Compatibility".
fn judge<J: Json>(outcome: Result<Option<J>, Error<J>>) -> Probed<J> {
    let error = match outcome {
        Ok(Some(result)) if describes_modern(&result) => return Probed::Modern(result),
        // Some servers answer whatever they do not know with an empty result.
        Ok(_) => return Probed::Legacy,
        Err(error) => error,
    };
    if let Some(versions) = supported(&error) {
        let names = |wanted: &[&str]| versions.iter().any(|version| wanted.contains(&version.as_str()));
        return match () {
            () if names(&[MODERN]) => Probed::Again(error),
            () if names(&VERSIONS) => Probed::Legacy,
            () => Probed::Nothing(error),
        };
    }
    // Deployed servers use all other codes for whatever they like.
    if error.rpc_code.is_some() && error.status.is_none_or(|status| status < 500) {
        return Probed::Legacy;
    }
    match error.status {
        // Neither credentials, nor patience, nor a redirect tell the era.
        Some(401 | 403 | 408 | 425 | 429 | 0..=399 | 500..) | None if error.retry_after.is_some() => {
            Probed::Later(error)
        }
        Some(401 | 403 | 408 | 425 | 429 | 0..=399 | 500..) | None => Probed::Nothing(error),
        Some(_) => Probed::Legacy,
    }
}

/// Whether this is a `DiscoverResult` of a server that speaks our revision (2026-07-28 schema).
fn describes_modern<J: Json>(result: &J) -> bool {
    let versions = result.get("supportedVersions").as_ref().and_then(texts).unwrap_or_default();
    let speaks = versions.iter().any(|version| version == MODERN);
    speaks && result.get("capabilities").is_some_and(|capabilities| capabilities.is_object())
}

/// The versions that an "unsupported protocol version" of 2026-07-28 names.
fn supported<J: Json>(error: &Error<J>) -> Option<Vec<String>> {
    if error.rpc_code != Some(UNSUPPORTED_VERSION) {
        return None;
    }
    texts(&error.data.as_ref()?.get("supported")?)
}

/// What may be given to other users (2026-07-28 server/utilities/caching): `public`, and fresh.
fn shareable<J: Json>(result: &J, now: Instant) -> Option<(J, Instant)> {
    let is_public = result.get_str("cacheScope").as_deref() == Some("public");
    let until = crate::core::state::session::cache::fresh_until(result, now).filter(|_| is_public)?;
    Some((result.clone(), until))
}
