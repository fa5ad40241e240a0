//! Credentials: a refusal asks the session's auth provider, and keeps the session.

use crate::core::api::{CallId, Detail, Error, EventKind, Level, Output, SessionRef, State, Token, TokenRequest};
use crate::core::kit::backoff::full_jitter;
use crate::core::kit::text::concat;
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::call::Purpose;
use crate::core::state::error_response::ErrorResponse;
use crate::core::state::session::credentials::{Answered, Wants};
use crate::core::state::timers::Timer;

/// The longest that a token is replaced before it expires; the least is half of it.
const LEAD: Millis = 60_000;
/// Tokens that live for less are not replaced before they are refused.
const SHORTEST: Millis = 10_000;

impl<J: Json> Manager<J> {
    /// The credentials of a call were refused, and so it was not read. A call leads to one question at most; its second refusal
    /// is the caller's to see. Returns whether it is, and may be about the session.
    pub(crate) fn refused_credentials(
        &mut self,
        call: CallId,
        response: ErrorResponse<'_, J>,
        error: Error<J>,
    ) -> bool {
        let now = self.now;
        let Some(record) = self.calls.get_mut(call) else { return false };
        let (session, purpose, was_challenged) = (record.session, record.purpose, record.challenged);
        if response.wants == Wants::Nonce && !std::mem::replace(&mut record.nonced, true) {
            self.requeue(call);
            return false;
        }
        let Some(owner) = self.store.get_mut(session) else { return false };
        // Restored settings are not worth a consent screen: all calls wait for the recovery.
        if !owner.credentials.has_provider() || purpose == Purpose::Restore {
            self.settle(call, Err(error));
            return purpose != Purpose::Restore;
        }
        // Another token is there already, or on its way; and a handshake asks for one by itself.
        let is_current = response.token.as_ref() == owner.credentials.token();
        let is_late = !is_current || owner.credentials.is_busy() || owner.state.in_handshake();
        // What others have asked for may lack the scope of this one.
        record.challenged |= !is_late || response.wants != Wants::Scope;
        if is_late {
            if is_current {
                owner.credentials.await_renewal();
            }
            self.requeue(call);
            return false;
        }
        let rests = owner.credentials.rests(now);
        if was_challenged {
            self.note_useless_token(session);
        }
        if was_challenged || rests {
            let error = self.with_provider(session, error);
            self.settle(call, Err(error));
            return response.wants == Wants::Token;
        }
        self.ask_for_token(session, Some(response.status), response.challenge);
        self.requeue(call);
        false
    }

    /// Asks the provider. It may have to ask the user, which takes its time, within bounds. `status` is that of a refusal.
    pub(crate) fn ask_for_token(&mut self, session: SessionRef, status: Option<u16>, challenge: Option<String>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let attempt = record.credentials.ask(now, status);
        if status.is_some() {
            self.event(session, EventKind::AuthorizationNeeded, Detail::new().attempt(attempt));
        }
        self.question(session, status, challenge, attempt);
    }

    fn question(&mut self, session: SessionRef, status: Option<u16>, challenge: Option<String>, attempt: u32) {
        let now = self.now;
        let Some(record) = self.store.get(session) else { return };
        let request = TokenRequest { url: record.url.clone(), status, challenge, attempt };
        self.timers.arm(now.after(record.server.auth_timeout), Timer::Token(session));
        self.out.push_back(Output::NeedToken { session, request: Box::new(request) });
    }

    /// The provider may have had its time: then it goes on as if there were no token.
    pub(crate) fn on_token_overdue(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let since = record.credentials.busy_since();
        if since.is_none_or(|since| since.after(record.server.auth_timeout) > now) {
            return;
        }
        record.credentials.note_late();
        self.log(session, Level::Warn, "The auth provider did not answer in time (authTimeout)");
        self.out.push_back(Output::CancelToken { session });
        self.on_token(session, Err(None));
    }

    /// A token is about to expire.
    pub(crate) fn on_renewal(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        if record.credentials.renew_at().is_none_or(|at| at > now) {
            return;
        }
        record.credentials.plan_renewal(None);
        if record.state == State::Expired {
            // The next handshake asks for one.
            record.credentials.drop_token();
        } else if record.credentials.renew(now) {
            self.question(session, None, None, 0);
        }
    }

    /// Adds to a 401's evidence that the provider timed out.
    pub(crate) fn with_provider(&self, session: SessionRef, mut error: Error<J>) -> Error<J> {
        let Some(record) = self.store.get(session) else { return error };
        if matches!(error.code, ErrorCode::Unauthorized | ErrorCode::Forbidden) && error.cause.is_none() {
            error.cause.clone_from(&record.login_failure);
        }
        let is_overdue = record.credentials.was_late();
        if let (true, ErrorCode::Unauthorized, Some(evidence)) = (is_overdue, error.code, &error.evidence) {
            error.evidence = Some(concat(&[evidence, "; the auth provider did not answer in time (authTimeout)"]));
        }
        error
    }

    /// The provider has answered. Without a token the request goes as it is, and the server's answer stands.
    pub(crate) fn on_token(&mut self, session: SessionRef, outcome: Result<Option<Token>, Option<J>>) {
        let (token, cause) = match outcome {
            Ok(token) => (token, None),
            Err(cause) => (None, cause),
        };
        let Some(record) = self.store.get_mut(session) else { return };
        let Some(answered) = record.credentials.answer(token) else { return };
        self.timers.disarm(answered.since.after(record.server.auth_timeout), Timer::Token(session));
        record.login_failure = cause;
        if answered.is_other {
            // 2026-07-28 server/utilities/caching: what is private belongs to the credentials that it was asked with.
            record.cache.clear();
        }
        let (attempts, is_live) = (record.state.in_handshake(), record.generation > 0);
        self.report_answer(session, &answered);
        if answered.is_usable {
            self.renew_in(session, answered.expires_in);
        }
        if let (true, Some(before)) = (is_live, answered.stranger_to) {
            // The session is the former user's at the server.
            self.log(session, Level::Warn, "The auth provider has logged in another user: the session is ended");
            return self.end_for_stranger(session, before);
        }
        if answered.was_awaited {
            self.resume_deadlines(session, answered.since);
            if attempts { self.attempt(session) } else { self.pump(session) }
        }
    }

    fn report_answer(&mut self, session: SessionRef, answered: &Answered) {
        if answered.refused.is_none() {
            return;
        }
        if answered.is_usable {
            return self.event(session, EventKind::Authorized, Detail::new());
        }
        let detail = Detail::new().code(ErrorCode::Unauthorized.as_str());
        self.event(session, EventKind::AuthorizationFailed, detail);
        self.note_useless_token(session);
    }

    /// Asks for the next token 30 to 60 s before this one expires, or in the last quarter of its time.
    fn renew_in(&mut self, session: SessionRef, expires_in: Option<Millis>) {
        let lead = LEAD / 2 + self.rng.up_to(LEAD / 2);
        let next = expires_in.filter(|left| *left >= SHORTEST).map(|left| self.now.after(left - lead.min(left / 4)));
        let Some(record) = self.store.get_mut(session) else { return };
        if let Some(at) = record.credentials.plan_renewal(next) {
            self.timers.disarm(at, Timer::Renewal(session));
        }
        if let Some(at) = next {
            self.timers.arm(at, Timer::Renewal(session));
        }
    }

    /// The latest question did not help. The next call asks again; after the second time in a row the provider is left alone
    /// for a while.
    fn note_useless_token(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let first = record.server.session.retry_delay;
        let Some(times) = record.credentials.note_useless() else { return };
        if times > 1 {
            record.credentials.rest_until(now.after(full_jitter(&mut self.rng, first, times - 2)));
        }
    }
}
