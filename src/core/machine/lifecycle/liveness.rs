//! Pings of the machine's own: their triggers, and what their outcome proves about the session and the server.
//!
//! One ping is in flight at a time. Further reasons join it.

use crate::core::api::{CallId, Error, FailureKind, Kind, SessionRef, State};
use crate::core::kit::backoff::RETRY_AFTER_CAP;
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::call::{Call, Purpose, Stage};
use crate::core::state::error_response::ErrorResponse;
use crate::core::state::session::liveness::{Check, Identity, Pong};
use crate::core::state::session::suspicion::Oddity;
use crate::core::state::timers::Timer;

/// Timeout of a ping that decides whether a session lives.
const PING_CAP: Millis = 10_000;

/// Timeout of a canary, and of the pings that choose between two sessions: a reachable server answers a ping quickly.
const CANARY_CAP: Millis = 5_000;

impl<J: Json> Manager<J> {
    /// Pings the server to check whether the session lives.
    pub(crate) fn check_session(&mut self, session: SessionRef, why: Check) {
        let Some(record) = self.store.get_mut(session) else { return };
        if let Some(check) = &mut record.check {
            check.silence |= why.silence;
            check.stream |= why.stream;
            check.doubt |= why.doubt;
            check.suspected = check.suspected.or(why.suspected);
        } else if record.state == State::Ready {
            let cap = record.server.timeout.min(PING_CAP);
            self.ping(session, why, cap);
        }
    }

    /// `sessionConfig.keepAlive`: pings after that time without a request, because some servers drop quiet sessions. A
    /// ping does not count as use, so our own idle deadline still applies.
    pub(crate) fn keep_alive(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get(session).filter(|record| record.kind == Kind::Stateful) else { return };
        let Some(quiet) = record.server.session.keep_alive else { return };
        // The next generation arms its own timer.
        if !matches!(record.state.name(), State::Ready | State::Outage) {
            return;
        }
        let due = record.last_sent_at.after(quiet);
        if due <= now && !self.is_cut_off(session) {
            self.check_session(session, Check::default());
        }
        let next = if due > now { due } else { now.after(quiet) };
        self.timers.arm(next, Timer::KeepAlive(session));
    }

    /// Sends a canary, or a ping of a trial, with this session id.
    pub(crate) fn ping_as(&mut self, session: SessionRef, identity: Identity) {
        let Some(record) = self.store.get(session) else { return };
        let cap = record.server.init_timeout.min(CANARY_CAP);
        self.ping(session, Check { identity, ..Check::default() }, cap);
    }

    /// Sends a ping. The caller has checked that none is in flight.
    ///
    /// Servers answer pings before `initialize`, too (2025-11-25 basic/lifecycle, "Initialization"): one that takes up an
    /// unknown id without a handshake refuses only other requests. So a suspected JSON-RPC error is tested by a list.
    pub(crate) fn ping(&mut self, session: SessionRef, why: Check, timeout: Millis) {
        if let Some(record) = self.store.get_mut(session) {
            let suspects = why.suspected.is_some() || matches!(why.identity, Identity::Former | Identity::Successor);
            let is_rpc = record.suspicion.as_ref().is_some_and(|found| found.last.rpc_code.is_some());
            let lists = suspects && is_rpc && record.outage.is_none();
            record.check = Some(Box::new(why));
            self.own_request(session, Purpose::Ping, if lists { "tools/list" } else { "ping" }, None, timeout);
        }
    }

    /// A ping was refused.
    pub(crate) fn on_ping_refused(&mut self, call: CallId, response: &ErrorResponse<'_, J>, error: Error<J>) {
        let pong = Pong::refused(response, self.goes_to_modern(call));
        self.end_ping(call, pong, error);
    }

    /// The exchange of a ping failed.
    pub(crate) fn on_ping_broken(&mut self, call: CallId, kind: FailureKind, error: Error<J>) {
        self.end_ping(call, Pong::broken(kind), error);
    }

    /// Records the outcome of a ping and settles it.
    pub(crate) fn end_ping(&mut self, call: CallId, pong: Pong, error: Error<J>) {
        let Some(record) = self.calls.get(call) else { return };
        if let Some(check) = self.store.get_mut(record.session).and_then(|owner| owner.check.as_mut()) {
            check.pong = Some(pong);
        }
        self.settle(call, Err(error));
    }

    /// Evaluates a ping, unless it was dropped together with its generation.
    pub(crate) fn on_pinged(&mut self, session: SessionRef, error: Option<Error<J>>) {
        self.leave_lane(session);
        let Some(record) = self.store.get_mut(session) else { return };
        let Some(check) = record.check.take() else { return };
        let (generation, is_modern) = (record.generation, record.is_modern());
        let pong = match (check.pong, &error) {
            (Some(pong), _) => pong,
            (None, Some(error)) => Pong::unread(error),
            (None, None) => Pong::Alive,
        };
        match check.identity {
            Identity::Former => return self.on_former_answered(session, &pong),
            Identity::Successor => return self.on_successor_answered(session, &pong),
            Identity::Bare => return self.on_bare_answered(session, &pong),
            Identity::Current => {}
        }
        let doubted = record.deferred.first().and_then(|call| Some(Oddity::of(&self.calls.get(*call)?.undecided()?)));
        // Only a lost session shows that the calls in doubt were refused. After silence their tools may have run.
        if !matches!(pong, Pong::Lost(_)) {
            self.settle_deferred(session);
        }
        match pong {
            Pong::Lost(code) => {
                // Servers of 2026-07-28 have no session to lose, so only calls with the same answer as the ping were
                // refused unread.
                if is_modern {
                    self.settle_deferred_unlike(session, error.as_ref());
                }
                let evidence = error.and_then(|error| error.evidence.clone()).unwrap_or_default();
                // A refused GET says nothing about how long the server keeps sessions, nor does a restart.
                let counts = (!check.stream || check.doubt) && !self.is_out_of_reach(session);
                self.lose_session_as(session, generation, code, &evidence, counts);
            }
            Pong::Away | Pong::Hidden => {
                self.canary_failed(session, &pong, error);
            }
            Pong::Silent | Pong::Broken if self.is_out_of_reach(session) => {
                self.canary_failed(session, &pong, error);
            }
            Pong::Silent if check.silence => {
                let evidence = "two calls in a row and a ping timed out";
                self.lose_session(session, generation, ErrorCode::SessionTimeout, evidence);
            }
            // Inconclusive: the next trigger pings again.
            Pong::Silent | Pong::Broken => self.listen_again(session),
            Pong::Busy(wait) => {
                // A longer `Retry-After` goes to the caller instead of pausing the session silently.
                if let Some(wait) = wait.filter(|wait| *wait <= RETRY_AFTER_CAP) {
                    self.pause(session, wait, error.and_then(|error| error.evidence.clone()));
                }
                self.end_outage(session);
                self.listen_again(session);
            }
            Pong::Alive | Pong::Odd(_) => {
                self.end_outage(session);
                // Gateways answer pings themselves, and some servers those of any session. A list is the session's own.
                if let Some(oddity) = doubted.filter(|oddity| oddity.rpc_code.is_some()) {
                    self.note_odd(session, generation, oddity, true);
                }
                self.on_responding(session, &check, &pong);
            }
        }
    }

    /// The server responds, and the session is not known to be lost.
    fn on_responding(&mut self, session: SessionRef, check: &Check, pong: &Pong) {
        let same = check.suspected.is_some_and(|suspected| *pong == Pong::Odd(suspected));
        if !(same && self.begin_trial(session)) && check.stream {
            self.listen_rarely(session);
        }
    }

    /// The answer of a call may mean a lost session. The call is deferred until a ping decides whether to deliver or to
    /// replay it.
    pub(crate) fn doubt(&mut self, call: CallId, code: ErrorCode, honest: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        let (session, generation) = (record.session, record.generation);
        let is_users = !record.is_machines();
        let Some(owner) = self.store.get_mut(session) else { return };
        let may_ask = matches!(owner.state.name(), State::Ready | State::Outage) && owner.is_live(generation);
        if !is_users || !may_ask {
            return self.settle(call, Err(honest));
        }
        let (exchange, request) = (record.exchange(), record.request_id);
        record.stage = Stage::Doubted(code, honest);
        owner.deferred.push(call);
        // The call has its answer, so further messages on its stream are ignored.
        self.by_request.remove(request);
        if let Some(exchange) = exchange {
            self.read_trailing(exchange);
        }
        self.check_session(session, Check { doubt: true, ..Check::default() });
        self.wake_outage(session);
    }

    /// The session is not lost, so deferred calls get their original answers.
    pub(crate) fn settle_deferred(&mut self, session: SessionRef) {
        self.settle_deferred_unlike(session, None);
    }

    /// Settles deferred calls whose answer differs from that of the ping; the others were refused because of the loss.
    fn settle_deferred_unlike(&mut self, session: SessionRef, ping: Option<&Error<J>>) {
        for call in self.take_deferred(session) {
            let Some(error) = self.calls.get(call).and_then(Call::undecided) else { continue };
            let is_alike = ping.is_some_and(|ping| (ping.status, ping.rpc_code) == (error.status, error.rpc_code));
            if let Some(owner) = self.store.get_mut(session).filter(|_| is_alike) {
                owner.deferred.push(call);
                continue;
            }
            self.note_answered(call);
            self.settle(call, Err(error));
        }
    }

    pub(crate) fn take_deferred(&mut self, session: SessionRef) -> Vec<CallId> {
        self.store.get_mut(session).map(|record| std::mem::take(&mut record.deferred)).unwrap_or_default()
    }
}
