//! Credentials: a 401 requests one token from the session's auth provider and keeps the session.

use crate::core::api::{CallId, Error, Level, Output, SessionRef};
use crate::core::kit::text::concat;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::call::Purpose;
use crate::core::state::refusal::Refusal;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Handles a 401 to a call, which was refused unread. The provider is asked once; a second 401 fails the call.
    /// Returns whether it did.
    pub(crate) fn refused_credentials(&mut self, call: CallId, refusal: Refusal<'_, J>, error: Error<J>) -> bool {
        let Some((session, purpose)) = self.calls.get(call).map(|record| (record.session, record.purpose)) else {
            return false;
        };
        let Some(record) = self.store.get_mut(session) else { return false };
        // Restored settings are not worth a consent screen: all calls wait for the recovery.
        if !record.credentials.has_provider() || purpose == Purpose::Restore {
            self.settle(call, Err(error));
            return purpose != Purpose::Restore;
        }
        // A newer token exists or is being requested, and a handshake requests one by itself.
        let is_late = refusal.token.as_ref() != record.credentials.token();
        if is_late || record.credentials.is_asking() || record.handshake.is_some() {
            self.requeue(call);
            return false;
        }
        if !record.credentials.challenge() {
            self.settle(call, Err(error));
            return true;
        }
        self.ask_for_token(session, refusal.challenge);
        self.requeue(call);
        false
    }

    /// Requests a token. The provider may have to prompt the user, so it gets up to `authTimeout`.
    pub(crate) fn ask_for_token(&mut self, session: SessionRef, challenge: Option<String>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        record.credentials.ask(now);
        self.timers.arm(now.after(record.server.auth_timeout), Timer::Token(session));
        self.out.push_back(Output::NeedToken { session, challenge });
    }

    /// After `authTimeout` the request goes on without a token, and the provider is not asked again at once.
    pub(crate) fn on_token_overdue(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let since = record.credentials.asked_at();
        if since.is_none_or(|since| since.after(record.server.auth_timeout) > now) {
            return;
        }
        record.credentials.note_late();
        self.log(session, Level::Warn, "The auth provider did not answer in time (authTimeout)");
        self.out.push_back(Output::CancelToken { session });
        self.on_token(session, None);
    }

    /// Adds to a 401's evidence that the provider timed out.
    pub(crate) fn with_provider(&self, session: SessionRef, mut error: Error<J>) -> Error<J> {
        let is_overdue = self.store.get(session).is_some_and(|record| record.credentials.was_late());
        if let (true, ErrorCode::Unauthorized, Some(evidence)) = (is_overdue, error.code, &error.evidence) {
            error.evidence = Some(concat(&[evidence, "; the auth provider did not answer in time (authTimeout)"]));
        }
        error
    }

    /// The provider's result. Without a token the request is sent as it is, and the server's response stands.
    pub(crate) fn on_token(&mut self, session: SessionRef, token: Option<&str>) {
        let Some(record) = self.store.get_mut(session) else { return };
        let Some(since) = record.credentials.answer(token) else { return };
        self.timers.disarm(since.after(record.server.auth_timeout), Timer::Token(session));
        // 2026-07-28 server/utilities/caching: private results belong to the credentials of their request.
        record.cache.clear();
        let attempts = record.handshake.is_some();
        self.resume_deadlines(session, since);
        if attempts { self.attempt(session) } else { self.pump(session) }
    }
}
