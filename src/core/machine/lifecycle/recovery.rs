//! Recovery: losing a session, failed recoveries, and sessions in doubt.

use crate::core::api::{CallId, Detail, Error, EventKind, Level, SessionRef, State};
use crate::core::kit::backoff::{canary_delay, full_jitter};
use crate::core::kit::text::concat;
use crate::core::machine::Manager;
use crate::core::machine::log_lines;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::call::{Call, OWN_CALLS, Stage};
use crate::core::state::session::liveness::Check;
use crate::core::state::session::recovery::{Degraded, Loss, MAX_EARLY_LOSSES, circuit_open, lost_at_once};
use crate::core::state::session::transitions::SessionState;
use crate::core::state::timers::Timer;

/// Limit of breakers without a record. They limit repeated `connect` calls to a failing server.
const MAX_KEPT_BREAKERS: usize = 256;

impl<J: Json> Manager<J> {
    /// Generation `generation` of a session is lost. Only the first report starts a recovery; later ones join it.
    pub(crate) fn lose_session(&mut self, session: SessionRef, generation: u64, code: ErrorCode, evidence: &str) {
        self.lose_session_as(session, generation, code, evidence, true);
    }

    /// `counts`: whether the loss is evidence of how long the server keeps sessions.
    pub(crate) fn lose_session_as(
        &mut self,
        session: SessionRef,
        generation: u64,
        code: ErrorCode,
        evidence: &str,
        counts: bool,
    ) {
        let Some(record) = self.store.get(session) else { return };
        if !record.is_live(generation) {
            return;
        }
        self.report_session_error(session, code, Some(evidence.to_owned()));
        self.finish_outage(session);
        // The state changes first: from here on nothing is sent on the lost session.
        if !self.enter(session, SessionState::Recovering(None)) {
            return;
        }
        let deferred = self.take_deferred(session);
        self.forget_record(session);
        self.drop_generation(session);
        self.interrupt_calls(session, evidence);
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        record.note_loss(code, counts, now);
        let (is_hopeless, kind) = (record.early_losses >= MAX_EARLY_LOSSES, record.kind);
        if !is_hopeless && record.breaker.note_cycle(now) {
            self.note_breaker_opened(session);
        }
        if is_hopeless {
            self.fail_handshake(session, lost_at_once(kind, code, evidence, false));
        } else {
            self.announce_recovery(session, code);
            self.begin_handshake(session);
        }
        for call in deferred {
            if let Some(Stage::Doubted(code, _)) = self.calls.get(call).map(|record| &record.stage) {
                let error = Error::new(*code, "the server no longer knows the session").seen(evidence);
                self.refused_by_loss(call, error);
            }
        }
    }

    pub(crate) fn announce_recovery(&mut self, session: SessionRef, code: ErrorCode) {
        self.log(session, Level::Info, &log_lines::recovery_started(code));
        self.event(session, EventKind::RecoveryStarted, Detail::new().code(code.as_str()));
    }

    /// Clears everything of a lost generation: its id, streams, server requests and own calls.
    pub(crate) fn drop_generation(&mut self, session: SessionRef) {
        if let Some(record) = self.store.get_mut(session) {
            record.forget_id();
        }
        self.forget_generation(session);
    }

    /// The same except for the id, which may be that of the next generation.
    pub(crate) fn forget_generation(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.restoring = 0;
        record.tools.forget();
        record.tools.end_listing();
        record.cache.clear();
        // Pending subscribers subscribe in the next generation.
        let subscribing = std::mem::take(&mut record.listen.waiting);
        if record.check.take().is_some() {
            self.leave_lane(session);
        }
        self.stop_listening(session);
        self.abandon_server_requests(session);
        subscribing.into_iter().for_each(|call| self.requeue(call));
        for call in self.own_calls(session) {
            self.drop_call(call, Error::new(ErrorCode::SessionTerminated, "the session is gone"));
        }
        self.settle_deferred(session);
    }

    /// The machine's own calls on a session, except its handshake.
    fn own_calls(&self, session: SessionRef) -> Vec<CallId> {
        let mut own = Vec::new();
        for (id, call) in self.calls.from(OWN_CALLS) {
            if call.session == session && !call.is_handshake() {
                own.push(id);
            }
        }
        own
    }

    /// A handshake has failed for good: waiting calls fail, and the record is removed or degraded.
    pub(crate) fn fail_handshake(&mut self, session: SessionRef, error: Error<J>) {
        let now = self.now;
        self.leave_lane(session);
        self.stop_listening(session);
        if self.store.get(session).is_some_and(|record| record.former.is_some()) {
            return self.end_failed_trial(session, &error);
        }
        self.drop_newborn(session, true);
        let Some(record) = self.store.get_mut(session) else { return };
        record.state.end_handshake();
        let has_lived = record.has_lived();
        // An unreachable server is handled by the outage's schedule, so it does not count as a failed recovery.
        let counts = error.code != ErrorCode::CircuitOpen && !error.away;
        if counts && record.breaker.note_failed_round(now) {
            self.note_breaker_opened(session);
        }
        match has_lived {
            true if error.away => self.suspend(session, error),
            true => self.degrade(session, error),
            false => self.remove_unconnected(session, &error),
        }
    }

    pub(crate) fn note_breaker_opened(&mut self, session: SessionRef) {
        self.metrics.breaker_opened += 1;
        let until = self.store.get(session).and_then(|record| record.breaker.open_until(self.now));
        self.event(session, EventKind::BreakerOpened, Detail::new().delay_ms(until.map(|until| until.since(self.now))));
    }

    /// Removes a session that never connected. Only its breaker is retained.
    fn remove_unconnected(&mut self, session: SessionRef, error: &Error<J>) {
        self.enter(session, SessionState::Closed);
        self.fail_waiting(session, error);
        let Some(record) = self.store.remove(session) else { return };
        if self.breakers.len() >= MAX_KEPT_BREAKERS {
            self.breakers.remove(0);
        }
        self.breakers.push((record.key, record.breaker));
    }

    /// Degrades an established session: slow canaries and the next call retry it.
    fn degrade(&mut self, session: SessionRef, error: Error<J>) {
        self.finish_outage(session);
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let rounds = record.failed_rounds;
        record.failed_rounds += 1;
        let retry_at = now.after(full_jitter(&mut self.rng, record.server.session.retry_delay, rounds));
        let breaker = record.breaker.open_until(now).unwrap_or(now);
        let canary_at = now.after(canary_delay(&mut self.rng, rounds)).max(breaker);
        let retry_at = retry_at.max(breaker);
        self.timers.arm(canary_at, Timer::Handshake(session));
        // The canaries end when the session expires.
        self.timers.arm(record.idle_deadline(), Timer::Expiry(session));
        let degraded = Degraded { retry_at, canary_at, error: error.clone() };
        self.enter(session, SessionState::Degraded(Box::new(degraded)));
        self.metrics.recovery_failed += 1;
        self.log(session, Level::Error, &concat(&["Session recovery failed: ", error.code.as_str()]));
        let detail =
            Detail::new().code(error.code.as_str()).evidence(error.evidence.clone()).delay_ms(canary_at.since(now));
        self.event(session, EventKind::RecoveryFailed, detail);
        self.fail_waiting(session, &error);
    }

    /// Fails all callers that wait for a session. Calls in flight end by themselves.
    pub(crate) fn fail_waiting(&mut self, session: SessionRef, error: &Error<J>) {
        let Some(record) = self.store.get_mut(session) else { return };
        let final_error = record.for_caller(error.clone());
        let (connecting, queue, undecided) = (
            std::mem::take(&mut record.connecting),
            record.queue.take_all(),
            std::mem::take(&mut record.tools.waiting),
        );
        connecting.into_iter().for_each(|call| self.reject(call, final_error.clone()));
        queue.into_iter().for_each(|call| self.settle(call, Err(error.clone())));
        for call in undecided {
            if let Some(error) = self.calls.get(call).and_then(Call::undecided) {
                self.settle(call, Err(error));
            }
        }
    }

    /// The server keeps the session: resets the failure counters.
    pub(crate) fn note_kept(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.early_losses = 0;
        record.failed_rounds = 0;
        if record.breaker.note_success() {
            self.event(session, EventKind::BreakerClosed, Detail::new());
        }
    }

    /// A session is needed: an expired one gets a new handshake, a degraded one a retry when its backoff is over.
    pub(crate) fn wake_session(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        match record.state.name() {
            State::Expired => {
                record.loss = Some(Loss { code: ErrorCode::SessionExpired, at: now });
                self.announce_recovery(session, ErrorCode::SessionExpired);
                self.begin_handshake(session);
            }
            State::Degraded => self.wake_degraded(session),
            State::Outage => self.wake_outage(session),
            _ => {}
        }
    }

    fn wake_degraded(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get(session) else { return };
        let Some(degraded) = record.state.degraded() else { return };
        let retry_at = degraded.retry_at;
        if retry_at <= now {
            return self.recover_again(session);
        }
        if let Some(until) = record.breaker.open_until(now) {
            let mut error = circuit_open::<J>(until.since(now));
            error.evidence.clone_from(&degraded.error.evidence);
            return self.fail_waiting(session, &error);
        }
        self.timers.arm(retry_at, Timer::Handshake(session));
    }

    /// Retries a degraded session: at `retry_at` if a call waits, otherwise at `canary_at`.
    pub(crate) fn on_slow_canary(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get(session) else { return };
        let Some(degraded) = record.state.degraded() else { return };
        let waited_for = degraded.retry_at <= now && record.is_wanted();
        if waited_for || degraded.canary_at <= now {
            self.recover_again(session);
        }
    }

    pub(crate) fn recover_again(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let code = record.loss.get_or_insert(Loss { code: ErrorCode::SessionTerminated, at: now }).code;
        self.announce_recovery(session, code);
        self.begin_handshake(session);
    }

    /// A deadline passed without an answer. One may be a slow tool; after two in a row a ping checks the session.
    pub(crate) fn on_silence(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.silent += 1;
        let silent = record.silent;
        self.report_session_error(session, ErrorCode::SessionTimeout, None);
        if silent >= 2 {
            self.check_session(session, Check { silence: true, ..Check::default() });
        }
    }
}
