//! Discovery: whether a server speaks 2026-07-28, which has neither handshakes nor sessions, or starts with
//! `initialize`. One `server/discover` decides; the result is stored for the server's URL, and no later failure alone
//! revokes it.

use crate::core::api::{Error, Output, SessionRef};
use crate::core::config::{Protocol, Transport};
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::revisions::MODERN;
use crate::core::state::call::Purpose;
use crate::core::state::server::discovery::judge_discovery;
use crate::core::state::server::discovery::{
    Discovered, Discovery, GUESS_HOLDS, LEGACY_HOLDS, is_pinned, shareable, supported,
};
use crate::core::state::session::Session;
use crate::core::state::stored::{read_verdict, verdict_name, written_verdict};

/// Timeout of discovery at an unknown server. Some servers hang on unknown methods; this bounds the delay, once.
const DISCOVERY_CAP: Millis = 5_000;

impl<J: Json> Manager<J> {
    /// Starts an attempt with discovery or its stored result. Returns `false` if `initialize` comes first.
    pub(crate) fn discover(&mut self, session: SessionRef) -> bool {
        let Some(record) = self.store.get(session) else { return false };
        if !self.asks_for_revision(record) {
            return false;
        }
        let init_timeout = record.server.init_timeout;
        if let Some(result) = self.discoveries.shared(&record.url, self.now) {
            self.accept_modern(session, result);
            return true;
        }
        let known = self.discoveries.is_modern(&record.url) || is_pinned(&record.server);
        let timeout = if known { init_timeout } else { init_timeout.min(DISCOVERY_CAP) };
        self.own_request(session, Purpose::Discovery, "server/discover", None, timeout);
        true
    }

    fn asks_for_revision(&self, record: &Session<J>) -> bool {
        let discovered = record.state.handshake().is_some_and(|handshake| handshake.discovered);
        match (&record.server.protocol, self.discoveries.get(&record.url)) {
            (Protocol::Pinned(version), _) => version == MODERN,
            (Protocol::Legacy, _) => false,
            _ if record.server.transport == Transport::HttpSse => false,
            (Protocol::Auto, Some(Discovery::Modern(_))) => true,
            (Protocol::Auto, Some(Discovery::Legacy(until))) => !discovered && self.now >= *until,
            (Protocol::Auto, None) => !discovered,
        }
    }

    /// The outcome of discovery.
    pub(crate) fn on_discovered(&mut self, session: SessionRef, outcome: Result<Option<J>, Error<J>>) {
        let Some(record) = self.store.get_mut(session) else { return };
        let (url, pinned) = (record.url.clone(), is_pinned(&record.server));
        let known = pinned || self.discoveries.is_modern(&url);
        let asks_for_token = record.credentials.may_challenge();
        let Some(handshake) = record.state.handshake_mut() else { return };
        let unsent = std::mem::take(&mut handshake.unsent);
        match judge_discovery(outcome) {
            Discovered::Modern(result) => {
                self.discoveries.set(&url, Discovery::Modern(shareable(&result, self.now)));
                self.accept_modern(session, result);
            }
            // 2026-07-28 basic/versioning: retry with a mutually supported version. Only once, to avoid a loop.
            Discovered::Again(_) if !std::mem::replace(&mut handshake.renegotiated, true) => {
                self.discoveries.set(&url, Discovery::Modern(None));
                self.attempt(session);
            }
            Discovered::Legacy if pinned => {
                let error = Error::new(
                    ErrorCode::UnsupportedVersion,
                    "the server does not support protocol version 2026-07-28",
                );
                self.handshake_failed(session, error);
            }
            Discovered::Legacy => {
                handshake.discovered = true;
                self.discoveries.set(&url, Discovery::Legacy(self.now.after(LEGACY_HOLDS)));
                self.persist_verdict(&url, true);
                self.attempt(session);
            }
            Discovered::Nothing(error)
                if known || unsent || (error.code == ErrorCode::Unauthorized && asks_for_token) =>
            {
                self.handshake_failed(session, error);
            }
            Discovered::Nothing(_) => {
                handshake.discovered = true;
                self.attempt(session);
            }
            Discovered::Later(error) => {
                // The server may refuse only `server/discover`.
                handshake.discovered = handshake.failures > 0;
                self.handshake_failed(session, error);
            }
            Discovered::Again(error) => self.handshake_failed(session, error),
        }
    }

    /// `initialize` was refused by a server that lists 2026-07-28. Returns whether the session switches to it, at most
    /// once.
    pub(crate) fn falls_forward(&mut self, session: SessionRef, error: &Error<J>) -> bool {
        let Some(record) = self.store.get_mut(session) else { return false };
        let names_modern = supported(error).is_some_and(|versions| versions.iter().any(|version| version == MODERN));
        let Some(handshake) = record.state.handshake_mut() else { return false };
        let goes = record.server.protocol == Protocol::Auto && names_modern && !handshake.renegotiated;
        if goes {
            handshake.renegotiated = true;
            let url = record.url.clone();
            self.discoveries.set(&url, Discovery::Modern(None));
            self.persist_verdict(&url, false);
        }
        goes
    }

    /// A restored session has no handshake, so its revision comes from its record.
    pub(crate) fn restore_revision(&mut self, session: SessionRef) {
        let Some(record) = self.store.get(session) else { return };
        let discovery = if record.is_modern() {
            Discovery::Modern(None)
        } else {
            Discovery::Legacy(record.created_at.after(LEGACY_HOLDS))
        };
        let url = record.url.clone();
        self.discoveries.set(&url, discovery);
    }

    /// `initialize` succeeded after an inconclusive discovery: the server counts as legacy for a while.
    pub(crate) fn guess_revision(&mut self, session: SessionRef) {
        let Some(record) = self.store.get(session) else { return };
        if self.discoveries.get(&record.url).is_none() {
            self.discoveries.set(&record.url, Discovery::Legacy(self.now.after(GUESS_HOLDS)));
        }
    }

    /// The server seems to speak another revision now. The next handshake starts with discovery.
    pub(crate) fn doubt_revision(&mut self, session: SessionRef) {
        if let Some(record) = self.store.get(session) {
            let url = record.url.clone();
            self.discoveries.forget(&url);
            self.persist_verdict(&url, false);
        }
    }

    /// What the storage has of the server: a verdict saves the next page a round trip.
    pub(crate) fn recall_verdict(&mut self, session: SessionRef, found: Option<&J>) {
        let (Some(record), Some(at)) = (self.store.get(session), found.and_then(read_verdict)) else { return };
        let (url, until) = (record.url.clone(), at.after(LEGACY_HOLDS));
        // One of the future comes from another clock, and would hold until then.
        if at <= self.now && self.now < until && self.discoveries.get(&url).is_none() {
            self.discoveries.set(&url, Discovery::Legacy(until));
        }
    }

    /// Stores that a server begins with `initialize`, or removes that.
    fn persist_verdict(&mut self, url: &str, is_legacy: bool) {
        if self.config.keeps {
            let value = is_legacy.then(|| written_verdict(self.now));
            self.out.push_back(Output::Persist { name: verdict_name(url), value });
        }
    }
}
