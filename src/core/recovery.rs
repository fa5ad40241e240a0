//! Recovery: what happens when a session is lost, when recovering fails, and when nobody knows whether it lives.

use super::backoff::{full_jitter, probe_delay};
use super::calls::Purpose;
use super::error::{Error, ErrorCode};
use super::event::{Detail, EventKind};
use super::handshake::forget_id;
use super::io::{CallId, Level, SessionRef};
use super::json::Json;
use super::manager::{Manager, OWN_CALLS};
use super::session::{Loss, State};
use super::text::concat;
use super::time::{Instant, Millis};
use super::timers::Timer;

/// How many generations in a row may be lost before a single answer: one may be bad luck, two are the server's habit.
pub(super) const MAX_BARREN: u32 = 2;
/// A generation that lasted as long was not lost at once, even if nobody asked anything in it.
const AT_ONCE: Millis = 10_000;
/// How long a ping may take that decides whether a session lives.
const PING_CAP: Millis = 10_000;
/// Breakers of records that never came to be, kept so that a new `connect` does not hammer; more are forgotten.
const MAX_KEPT_BREAKERS: usize = 256;

/// A session whose attempts are spent.
pub(super) struct Degraded<J> {
    /// When the next call may try again.
    pub(super) retry_at: Instant,
    /// When the machine tries by itself.
    pub(super) probe_at: Instant,
    /// Failed rounds so far.
    rounds: u32,
    /// Why the last round failed.
    pub(super) error: Error<J>,
}

/// What a server looks like that loses each session before it answered anything in it.
pub(super) fn lost_at_once<J>(code: ErrorCode, evidence: &str) -> Error<J> {
    let sentence = "every new session is lost at once: this server does not keep sessions between replicas, it seems";
    Error::new(code, sentence).seen(evidence)
}

impl<J: Json> Manager<J> {
    /// Generation `generation` of a session is lost. Only the first to say so matters: everybody else joins.
    pub(super) fn lose_session(&mut self, session: SessionRef, generation: u64, code: ErrorCode, evidence: &str) {
        let Some(record) = self.store.get(session) else { return };
        if !record.is_live(generation) {
            return;
        }
        let detail = Detail::new().code(code.as_str()).evidence(evidence.to_owned());
        self.log(session, Level::Error, &concat(&["Session error: ", code.as_str(), " - ", code.session_sentence()]));
        self.event(session, EventKind::SessionError, detail);
        // First of all: from here on nothing is sent on the lost session, whatever else ends.
        self.enter(session, State::Recovering);
        self.unkeep(session);
        self.drop_generation(session);
        self.strand_calls(session, evidence);
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        record.barren = match code {
            _ if record.fruitful || now.since(record.created_at) >= AT_ONCE => 0,
            // Silence is no word about sessions.
            ErrorCode::SessionTimeout => record.barren,
            _ => record.barren + 1,
        };
        // A loss in mid-restoration is still the same recovery for everybody who waits.
        record.loss.get_or_insert(Loss { code, at: now });
        if record.barren >= MAX_BARREN {
            return self.give_up(session, lost_at_once(code, evidence));
        }
        let opened = record.breaker.note_cycle(now);
        if opened {
            self.note_breaker_opened(session);
        }
        self.announce_recovery(session, code);
        self.begin_handshake(session, State::Recovering);
    }

    fn announce_recovery(&mut self, session: SessionRef, code: ErrorCode) {
        self.log(session, Level::Info, &concat(&["Starting session recovery for error: ", code.as_str()]));
        self.event(session, EventKind::RecoveryStarted, Detail::new().code(code.as_str()));
    }

    /// Nothing of a lost generation may touch the next one: its streams, its server requests, its own calls.
    pub(super) fn drop_generation(&mut self, session: SessionRef) {
        if let Some(record) = self.store.get_mut(session) {
            forget_id(record);
            record.restoring = 0;
            record.checking = false;
            record.tools.forget();
            record.cache.clear();
        }
        self.stop_listening(session);
        self.abandon_server_requests(session);
        // Who subscribes does so with the next generation.
        let subscribing = self.store.get_mut(session).map(|record| std::mem::take(&mut record.listen.waiting));
        subscribing.into_iter().flatten().for_each(|call| self.requeue(call));
        // Who waits for the list of tools waits for that of the next generation.
        let undecided = self.store.get_mut(session).map(|record| std::mem::take(&mut record.tools.waiting));
        let gone = |error: &str| Err(Error::new(ErrorCode::SessionTerminated, error));
        for call in self.own_calls(session) {
            self.settle(call, gone("the session is gone"));
        }
        if let (Some(record), Some(undecided)) = (self.store.get_mut(session), undecided) {
            record.tools.waiting = undecided;
        }
    }

    /// The machine's own calls on a session, but for its handshake.
    fn own_calls(&self, session: SessionRef) -> Vec<CallId> {
        let mut own = Vec::new();
        for (id, call) in self.calls.from(OWN_CALLS) {
            if call.session == session && !call.is_handshake() {
                own.push(id);
            }
        }
        own
    }

    /// A handshake is given up: those who wait are told, and what becomes of the record depends on its past.
    pub(super) fn give_up(&mut self, session: SessionRef, error: Error<J>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        record.handshake = None;
        self.stop_listening(session);
        let Some(record) = self.store.get_mut(session) else { return };
        let opened = error.code != ErrorCode::CircuitOpen && record.breaker.note_failed_round(now);
        if opened {
            self.note_breaker_opened(session);
        }
        let has_lived = self.store.get(session).is_some_and(|record| record.generation > 0);
        if has_lived { self.degrade(session, error) } else { self.bury(session, &error) }
    }

    fn note_breaker_opened(&mut self, session: SessionRef) {
        self.metrics.breaker_opened += 1;
        let until = self.store.get(session).and_then(|record| record.breaker.open_until(self.now));
        self.event(session, EventKind::BreakerOpened, Detail::new().delay_ms(until.map(|until| until.since(self.now))));
    }

    /// A session that never came to be leaves nothing behind but its breaker.
    fn bury(&mut self, session: SessionRef, error: &Error<J>) {
        self.enter(session, State::Closed);
        self.fail_waiting(session, error);
        let Some(record) = self.store.remove(session) else { return };
        if self.breakers.len() >= MAX_KEPT_BREAKERS {
            self.breakers.remove(0);
        }
        self.breakers.push((record.key, record.breaker));
    }

    /// A session that lived stays, to be probed slowly and by the next call.
    fn degrade(&mut self, session: SessionRef, error: Error<J>) {
        self.enter(session, State::Degraded);
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let rounds = record.degraded.as_ref().map_or(0, |degraded| degraded.rounds + 1);
        let retry_at = now.after(full_jitter(&mut self.rng, record.server.session.retry_delay, rounds));
        let breaker = record.breaker.open_until(now).unwrap_or(now);
        let probe_at = now.after(probe_delay(&mut self.rng, rounds)).max(breaker);
        record.degraded = Some(Degraded { retry_at: retry_at.max(breaker), probe_at, rounds, error: error.clone() });
        self.timers.arm(probe_at, Timer::Handshake(session));
        // Nobody's session is probed for ever.
        self.timers.arm(record.idle_deadline(), Timer::Expiry(session));
        self.metrics.recovery_failed += 1;
        self.log(session, Level::Error, &concat(&["Session recovery failed: ", error.code.as_str()]));
        let detail =
            Detail::new().code(error.code.as_str()).evidence(error.evidence.clone()).delay_ms(probe_at.since(now));
        self.event(session, EventKind::RecoveryFailed, detail);
        self.fail_waiting(session, &error);
    }

    /// Tells everybody who waits for a session that there is none. Calls on the wire have their own ends.
    pub(super) fn fail_waiting(&mut self, session: SessionRef, error: &Error<J>) {
        let Some(record) = self.store.get_mut(session) else { return };
        let told = record.told(error.clone());
        let (connecting, queue, undecided) = (
            std::mem::take(&mut record.connecting),
            record.queue.take_all(),
            std::mem::take(&mut record.tools.waiting),
        );
        connecting.into_iter().for_each(|call| self.reject(call, told.clone()));
        queue.into_iter().for_each(|call| self.settle(call, Err(error.clone())));
        for call in undecided {
            let unknown = self.calls.get_mut(call).and_then(|record| record.unknown.take());
            if let Some(unknown) = unknown {
                self.settle(call, Err(super::outcome::as_unknown(unknown)));
            }
        }
    }

    /// The session is kept by its server: what went wrong before is forgotten.
    pub(super) fn note_kept(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.barren = 0;
        record.degraded = None;
        if record.breaker.note_success() {
            self.event(session, EventKind::BreakerClosed, Detail::new());
        }
    }

    /// Somebody wants a session that sleeps: an expired one is made anew, a degraded one is tried again when it may be.
    pub(super) fn wake_session(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        match record.state {
            State::Expired => {
                record.loss = Some(Loss { code: ErrorCode::SessionExpired, at: now });
                self.announce_recovery(session, ErrorCode::SessionExpired);
                self.begin_handshake(session, State::Connecting);
            }
            State::Degraded => self.wake_degraded(session),
            _ => {}
        }
    }

    fn wake_degraded(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get(session) else { return };
        let Some(degraded) = record.degraded.as_ref() else { return };
        let retry_at = degraded.retry_at;
        if retry_at <= now {
            return self.recover_again(session);
        }
        if let Some(until) = record.breaker.open_until(now) {
            let mut error =
                Error::new(ErrorCode::CircuitOpen, "too many failures lately; the next try is allowed later")
                    .retry_after(Some(until.since(now)));
            error.evidence.clone_from(&degraded.error.evidence);
            return self.fail_waiting(session, &error);
        }
        self.timers.arm(retry_at, Timer::Handshake(session));
    }

    /// A degraded session's timer: a call waits for it, or it is time to look by ourselves.
    pub(super) fn on_probe_due(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get(session) else { return };
        let Some(degraded) = record.degraded.as_ref() else { return };
        let waited_for = degraded.retry_at <= now && (!record.queue.is_empty() || !record.connecting.is_empty());
        if waited_for || degraded.probe_at <= now {
            self.recover_again(session);
        }
    }

    pub(super) fn recover_again(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let code = record.loss.get_or_insert(Loss { code: ErrorCode::SessionTerminated, at: now }).code;
        self.announce_recovery(session, code);
        self.begin_handshake(session, State::Recovering);
    }

    /// A deadline passed without an answer. One may be a slow tool; after two in a row a ping finds out.
    pub(super) fn on_silence(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.silent += 1;
        let (silent, checking, state) = (record.silent, record.checking, record.state);
        let code = ErrorCode::SessionTimeout;
        self.log(session, Level::Warn, &concat(&["Session error: ", code.as_str(), " - ", code.session_sentence()]));
        self.event(session, EventKind::SessionError, Detail::new().code(code.as_str()));
        if silent >= 2 && !checking && state == State::Ready {
            self.check_session(session);
        }
    }

    /// Pings the server, to know whether the session lives.
    pub(super) fn check_session(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        if record.checking || record.state != State::Ready {
            return;
        }
        record.checking = true;
        let timeout = record.server.timeout.min(PING_CAP);
        self.own_request(session, Purpose::Ping, "ping", None, timeout);
    }

    /// The ping was answered, with whatever words, or was not.
    pub(super) fn on_ping_answered(&mut self, session: SessionRef, outcome: Result<Option<J>, Error<J>>) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.checking = false;
        let generation = record.generation;
        let code = outcome.as_ref().err().map(|error| error.code);
        let dead = code == Some(ErrorCode::RequestTimeout);
        if !dead && !matches!(code, None | Some(ErrorCode::RpcError)) {
            // Nothing is known yet: whoever wanted to know asks again later.
            self.listen_again(session);
        }
        let Some(record) = self.store.get_mut(session) else { return };
        if dead && record.state == State::Ready {
            self.lose_session(
                session,
                generation,
                ErrorCode::SessionTimeout,
                "two deadlines in a row and a ping passed without an answer",
            );
        }
    }
}
