//! Handshakes: `initialize`, `notifications/initialized`, and restoring the settings of a session.

use crate::core::api::{
    CallId, Detail, Error, EventKind, Failure, Kind, Level, Output, SessionRef, State, failure_error, may_pass,
};
use crate::core::kit::backoff::{RETRY_AFTER_CAP, equal_jitter, full_jitter};
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::machine::log_lines;
use crate::core::protocol::codes::{self, UNSUPPORTED_VERSION};
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::HeaderList;
use crate::core::protocol::json::{Json, completed};
use crate::core::protocol::jsonrpc;
use crate::core::protocol::session_id::SessionId;
use crate::core::protocol::verdict::Verdict;
use crate::core::state::call::Purpose;
use crate::core::state::error_response::{ErrorResponse, hidden_id, response_error};
use crate::core::state::exchange::ExchangeKind;
use crate::core::state::session::credentials::Wants;
use crate::core::state::session::handshake::{Handshake, agreed_version, checked_id, first_offer, is_blank};
use crate::core::state::session::outage::Outage;
use crate::core::state::session::recovery::{MAX_EARLY_LOSSES, circuit_open, lost_at_once};
use crate::core::state::session::transitions::SessionState;
use crate::core::state::session::{Agreed, Session};
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Starts a handshake for all waiting calls, including those that arrive before its end.
    pub(crate) fn begin_handshake(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        // The provider may return a better token than in the previous round.
        record.credentials.allow_challenge();
        if let Some(until) = record.breaker.open_until(now) {
            return self.fail_handshake(session, circuit_open(until.since(now)));
        }
        // A trial handshake gets one attempt, and so does a call after an outage that used up all attempts.
        let is_trial = record.former.is_some();
        let is_single = is_trial || record.outage.as_deref().is_some_and(Outage::is_spent);
        let handshake = Handshake {
            offer: first_offer(&record.server.protocol),
            failures: if is_single { record.server.session.retry_attempts } else { 0 },
            read_storage: is_trial,
            ..Handshake::default()
        };
        let state = record.state.with(handshake);
        if !self.enter(session, state) {
            return;
        }
        self.try_network(session);
        match self.stream_pause(session) {
            0 => self.attempt(session),
            pause => self.attempt_after(session, pause),
        }
    }

    /// The handshake of a session, while there is one.
    pub(crate) fn handshake_mut(&mut self, session: SessionRef) -> Option<&mut Handshake<J>> {
        self.store.get_mut(session)?.state.handshake_mut()
    }

    /// The record of a session whose handshake has made this generation and is not over.
    fn newborn(&mut self, session: SessionRef, generation: u64) -> Option<&mut Session<J>> {
        let record = self.store.get_mut(session)?;
        (record.generation == generation && record.state.in_handshake()).then_some(record)
    }

    /// Starts the next attempt after `delay`.
    fn attempt_after(&mut self, session: SessionRef, delay: Millis) {
        let next = self.now.after(delay);
        self.leave_lane(session);
        if let Some(handshake) = self.handshake_mut(session) {
            handshake.next_attempt = Some(next);
            self.timers.arm(next, Timer::Handshake(session));
        }
    }

    /// Starts one attempt. Requests a token first if there is a provider and no token yet.
    pub(crate) fn attempt(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        // A call's 401 requested a token already. Its arrival starts this attempt.
        if record.credentials.is_asking() {
            return;
        }
        let wants_token = record.credentials.lacks_token();
        if let Some(handshake) = record.state.handshake_mut()
            && wants_token
            && !std::mem::replace(&mut handshake.asked, true)
        {
            let (refused, challenge) = (handshake.refused.take(), handshake.challenge.take());
            return self.ask_for_token(session, refused.map(|(status, _)| status), challenge);
        }
        if self.reads_storage_first(session) || self.waits_for_network(session) {
            return;
        }
        let Some(record) = self.store.get_mut(session) else { return };
        let Some(handshake) = record.state.handshake_mut() else { return };
        handshake.next_attempt = None;
        // First connects skip the lanes. Recoveries and retries use them.
        let is_rush = record.generation > 0 || handshake.failures > 0;
        let (is_sse, is_accepted) = (record.sse.is_some(), handshake.accepted);
        if is_rush && !self.enters_lane(session) {
            return;
        }
        if is_accepted {
            self.send_initialized(session);
        } else if is_sse {
            self.open_session_stream(session);
        } else if !self.discover(session) {
            self.initialize(session);
        }
    }

    /// Sends `initialize`.
    pub(crate) fn initialize(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        let timeout = record.server.init_timeout;
        let capabilities = completed(&self.client.capabilities, record.declared.as_ref());
        let info = record.client_info.as_ref().unwrap_or(&self.client.info).clone();
        let Some(handshake) = record.state.handshake_mut() else { return };
        let params = J::object()
            .with("protocolVersion", J::string(handshake.offer))
            .with("capabilities", capabilities)
            .with("clientInfo", info);
        self.own_request(session, Purpose::Handshake, "initialize", Some(params), timeout);
    }

    /// Reads the headers of the response to our own `initialize`. Session ids come from nowhere else.
    pub(crate) fn note_issued_id(
        &mut self,
        session: SessionRef,
        call: CallId,
        issued: Option<String>,
        hides_headers: bool,
    ) {
        let is_handshake = self.calls.get(call).is_some_and(|record| record.purpose == Purpose::Handshake);
        let Some(record) = self.store.get_mut(session) else { return };
        if let (true, Some(handshake)) = (is_handshake, record.state.handshake_mut()) {
            handshake.issued = issued;
            handshake.hides_headers = hides_headers;
        }
    }

    /// What an error response to `initialize` asks for.
    pub(crate) fn note_challenge(&mut self, session: SessionRef, status: u16, wants: Wants, challenge: Option<String>) {
        if let Some(handshake) = self.handshake_mut(session) {
            handshake.refused = Some((status, wants)).filter(|_| wants != Wants::Nothing);
            handshake.challenge = challenge;
        }
    }

    /// The outcome of `initialize`.
    pub(crate) fn on_handshake_answered(&mut self, session: SessionRef, outcome: Result<Option<J>, Error<J>>) {
        let accepted = match outcome {
            Ok(result) => self.accept(session, result.unwrap_or_else(J::object)),
            Err(error) => Err(error),
        };
        if let Err(error) = accepted {
            self.delete_issued(session, None);
            self.handshake_failed(session, error);
        }
    }

    /// Deletes the session of an `initialize` that failed after its id had arrived: nothing else will use it. The server
    /// may have issued the id of the former session again. Returns whether there is one.
    pub(crate) fn delete_issued(&mut self, session: SessionRef, waiter: Option<CallId>) -> bool {
        let limit = self.config.limits.max_session_id_bytes;
        let Some(record) = self.store.get_mut(session).filter(|record| record.sse.is_none()) else { return false };
        let issued = record.state.handshake_mut().and_then(|handshake| handshake.issued.take());
        let id = issued.and_then(|id| SessionId::parse(&id, limit));
        let Some(id) = id.filter(|id| record.id() != Some(id)) else { return false };
        self.delete(session, &id, waiter).is_some()
    }

    fn accept(&mut self, session: SessionRef, result: J) -> Result<(), Error<J>> {
        let limit = self.config.limits.max_session_id_bytes;
        let Some(record) = self.store.get_mut(session) else { return Ok(()) };
        let Some(handshake) = record.state.handshake_mut() else { return Ok(()) };
        let version = agreed_version(&result, &record.server.protocol)?;
        let (issued, hides_headers) = (handshake.issued.take(), handshake.hides_headers);
        // The stream of HTTP+SSE ends with its attempt, and with it the session.
        handshake.accepted = record.sse.is_none();
        handshake.last_error = None;
        let is_sse = record.note_transport_works();
        let id = issued.filter(|id| !is_sse && !is_blank(id)).map(|id| checked_id(&id, limit)).transpose()?;
        record.generation += 1;
        record.hides_id = hides_headers && id.is_none() && !is_sse;
        record.kind = if id.is_some() || is_sse { Kind::Stateful } else { Kind::Stateless };
        record.agreed = Some(Agreed { id, version, result });
        self.guess_revision(session);
        self.log_session(session, log_lines::EXTRACTED);
        self.send_initialized(session);
        Ok(())
    }

    /// 2025-11-25 basic/lifecycle: after a successful `initialize` the client MUST send `initialized`.
    fn send_initialized(&mut self, session: SessionRef) {
        let body = jsonrpc::notification("notifications/initialized", None);
        self.open(session, ExchangeKind::Initialized, "POST", Some(body), HeaderList::new());
    }

    /// The server accepted `notifications/initialized`: starts a new generation.
    pub(crate) fn begin_generation(&mut self, session: SessionRef, generation: u64) {
        let now = self.now;
        let Some(record) = self.newborn(session, generation) else { return };
        if record.former.is_some() {
            // Servers of 2026-07-28 have no sessions, so there is no former one to check.
            let is_modern = record.is_modern();
            return if is_modern { self.replace_former(session) } else { self.ask_former(session) };
        }
        record.start_generation(now, now);
        let (may_be_kept, expiry) = (record.early_losses == 0, record.expiry());
        self.leave_lane(session);
        self.finish_outage(session);
        self.timers.arm(expiry, Timer::Expiry(session));
        self.metrics.created += 1;
        self.report_session(session, log_lines::CREATED, EventKind::SessionCreated, Detail::new());
        // After immediate losses only an answered call proves that the server keeps this session.
        if may_be_kept {
            self.note_kept(session);
        }
        self.start_listening(session, None);
        self.restore(session);
    }

    /// The server refused `notifications/initialized`.
    pub(crate) fn on_initialized_refused(&mut self, session: SessionRef, response: ErrorResponse<'_, J>) {
        // Servers that fail on the notification itself, with 4xx or 5xx, still serve requests. The next response shows if
        // not; a new session for each failure would only leave more of them at the server.
        let generation = response.generation;
        match response.verdict {
            Verdict::Doubtful(_) | Verdict::Lost(_) if self.hides_id(session, &response) => {
                self.fail_handshake(session, hidden_id(&response));
            }
            Verdict::Lost(code) if !response.is_empty_404() => {
                self.on_lost_at_birth(session, generation, code, &response.evidence);
            }
            Verdict::Forbidden if response.wants == Wants::Nothing => self.begin_generation(session, generation),
            Verdict::Refused(_) | Verdict::Unauthorized | Verdict::Forbidden => {
                let error = self.with_provider(session, response_error(&response));
                // A session that was created without a token may not be the user's.
                let is_strangers = response.token.is_none() && response.wants != Wants::Nothing;
                // Some servers ask for credentials only after `initialize`.
                self.note_challenge(session, response.status, response.wants, response.challenge);
                self.on_initialized_failed(session, generation, error, is_strangers);
            }
            _ => self.begin_generation(session, generation),
        }
    }

    /// `notifications/initialized` failed without a response.
    pub(crate) fn on_initialized_broken(&mut self, session: SessionRef, generation: u64, failure: &Failure<J>) {
        self.on_initialized_failed(session, generation, failure_error(failure), false);
    }

    /// The new session was lost before its first use.
    fn on_lost_at_birth(&mut self, session: SessionRef, generation: u64, code: ErrorCode, evidence: &str) {
        let Some(record) = self.newborn(session, generation) else { return };
        record.early_losses += 1;
        let (gives_up, kind) = (record.early_losses >= MAX_EARLY_LOSSES, record.kind);
        let Some(handshake) = record.state.handshake_mut() else { return };
        // A server that was away has restarted, which says nothing about its sessions. The one that is there now gets
        // attempts of its own.
        handshake.failures = 0;
        let error = lost_at_once(kind, code, evidence, handshake.last_error.is_some());
        self.drop_newborn(session, false);
        if gives_up { self.fail_handshake(session, error) } else { self.handshake_failed(session, error) }
    }

    /// The next attempt sends it again, in the same session unless that `is_strangers`.
    fn on_initialized_failed(&mut self, session: SessionRef, generation: u64, error: Error<J>, is_strangers: bool) {
        if self.newborn(session, generation).is_none() {
            return;
        }
        if is_strangers {
            self.drop_newborn(session, true);
        }
        self.handshake_failed(session, error);
    }

    /// The session of an accepted `initialize`, if there is one, will not be used. `deletes` it at the server.
    pub(crate) fn drop_newborn(&mut self, session: SessionRef, deletes: bool) {
        if self.handshake_mut(session).is_some_and(|handshake| std::mem::take(&mut handshake.accepted)) {
            if deletes {
                self.send_delete(session, None);
            }
            if let Some(record) = self.store.get_mut(session) {
                record.forget_id();
            }
        }
    }

    pub(crate) fn handshake_failed(&mut self, session: SessionRef, error: Error<J>) {
        if self.falls_forward(session, &error) {
            return self.attempt(session);
        }
        let Some(mut error) = self.other_transport(session, error) else { return };
        let Some(record) = self.store.get_mut(session) else { return };
        let (attempts, first) = (record.server.session.retry_attempts, record.server.session.retry_delay);
        let floor = record.retry_floor();
        let Some(handshake) = record.state.handshake_mut() else { return };
        if handshake.corrects(&mut record.credentials, &error) {
            return self.attempt(session);
        }
        if codes::is(error.rpc_code, UNSUPPORTED_VERSION) {
            error.code = ErrorCode::UnsupportedVersion;
        }
        handshake.failures += 1;
        let failures = handshake.failures;
        // Handshakes during an outage use equal jitter, so that the attempts span the whole time that callers were
        // promised.
        let jitter = if error.away { equal_jitter } else { full_jitter };
        let delay = jitter(&mut self.rng, first, failures - 1).max(error.retry_after.unwrap_or(0)).max(floor);
        // Callers of `connect` have no deadline of their own, so silence is tried again once only.
        let is_silent = error.code == ErrorCode::RequestTimeout && failures > 1;
        if !may_pass(&error) || is_silent || failures > attempts || delay > RETRY_AFTER_CAP {
            self.forget_address(session);
            return self.fail_handshake(session, error);
        }
        let detail =
            Detail::new().attempt(failures).delay_ms(delay).code(error.code.as_str()).evidence(error.evidence.clone());
        if error.away {
            self.note_handshake_away(session, &error);
        }
        if error.code == ErrorCode::RequestTimeout {
            self.log(session, Level::Warn, "The server does not answer; trying again");
        }
        if let Some(handshake) = self.handshake_mut(session) {
            handshake.last_error = Some(error);
        }
        self.attempt_after(session, delay);
        self.metrics.retries += 1;
        self.event(session, EventKind::RetryScheduled, detail);
    }

    /// The next attempt of a handshake, or the next canary of a degraded session, is due.
    pub(crate) fn on_handshake_timer(&mut self, session: SessionRef) {
        let Some(record) = self.store.get(session) else { return };
        match record.state.handshake() {
            Some(handshake) if handshake.next_attempt.is_some_and(|at| at <= self.now) => self.attempt(session),
            None if record.state == State::Degraded => self.on_slow_canary(session),
            _ => {}
        }
    }

    /// Restores the client's settings of the lost session, then releases waiting calls.
    pub(crate) fn restore(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        let timeout = record.server.init_timeout;
        let mut puts: Vec<(&str, J)> = Vec::new();
        if record.loss.is_some() && !record.is_modern() {
            if let Some(params) = &record.remembered.log_level {
                puts.push(("logging/setLevel", params.clone()));
            }
            for (_, params) in record.remembered.subscriptions.iter() {
                puts.push(("resources/subscribe", params.clone()));
            }
        }
        let (is_recovery, count) = (record.loss.is_some(), u32::try_from(puts.len()).unwrap_or(u32::MAX));
        let restoring = count.saturating_add(u32::from(is_recovery && self.await_stream(session)));
        if restoring == 0 {
            return self.release(session);
        }
        if let Some(record) = self.store.get_mut(session) {
            record.restoring = restoring;
        }
        for (method, params) in puts {
            self.own_request(session, Purpose::Restore, method, Some(params), timeout);
        }
    }

    /// One setting was restored or failed.
    pub(crate) fn on_restored(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        if record.state.in_handshake() || record.restoring == 0 {
            return;
        }
        record.restoring -= 1;
        if record.restoring == 0 {
            self.release(session);
        }
    }

    /// The session is ready: releases waiting calls.
    pub(crate) fn release(&mut self, session: SessionRef) {
        if !self.enter(session, SessionState::Ready) {
            return;
        }
        self.persist(session);
        self.keep_alive(session);
        let Some(record) = self.store.get_mut(session) else { return };
        let (waiting, loss) = (std::mem::take(&mut record.connecting), record.loss.take());
        let list_tools = !record.tools.waiting.is_empty() || (loss.is_some() && record.tools.has_before());
        if let Some(loss) = loss {
            record.recoveries += 1;
            self.metrics.recovered += 1;
            self.log(session, Level::Info, log_lines::RECOVERED);
            let detail = Detail::new().code(loss.code.as_str()).duration_ms(self.now.since(loss.at));
            self.event(session, EventKind::RecoverySucceeded, detail);
        }
        for call in waiting {
            self.out.push_back(Output::Connected { call, session });
        }
        if list_tools {
            self.fetch_tools(session);
        }
        self.pump(session);
    }
}
