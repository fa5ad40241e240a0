//! Pings of the machine's own: what asks for one, and what its end says of the session and of the server.
//!
//! There is one at a time. A reason that comes up meanwhile joins the ping that is under way.

use crate::core::api::{CallId, Error, FailureKind, Kind, SessionRef, State};
use crate::core::kit::backoff::RETRY_AFTER_CAP;
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::state::call::{Call, Purpose, Stage};
use crate::core::state::refusal::Refusal;
use crate::core::state::session::Session;
use crate::core::state::session::liveness::{Check, Identity, Pong};
use crate::core::state::timers::Timer;

/// How long a ping may take that decides whether a session lives.
const PING_CAP: Millis = 10_000;

impl<J: Json> Manager<J> {
    /// Pings the server, to know whether the session lives.
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

    /// `sessionConfig.keepAlive`: a ping after so long without a request, because servers drop sessions that are quiet. It is
    /// no use of the session, so our own idle deadline ends it all the same.
    pub(crate) fn keep_alive(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get(session).filter(|record| record.kind == Kind::Stateful) else { return };
        let Some(quiet) = record.server.session.keep_alive else { return };
        // The next generation begins anew.
        if !matches!(record.state, State::Ready | State::Outage) {
            return;
        }
        let due = record.last_sent_at.after(quiet);
        if due <= now && !self.is_cut_off(session) {
            self.check_session(session, Check::default());
        }
        let next = if due > now { due } else { now.after(quiet) };
        self.timers.arm(next, Timer::KeepAlive(session));
    }

    /// Sends the ping; there is none under way.
    pub(crate) fn ping(&mut self, session: SessionRef, why: Check, timeout: Millis) {
        if let Some(record) = self.store.get_mut(session) {
            record.check = Some(Box::new(why));
            self.own_request(session, Purpose::Ping, "ping", None, timeout);
        }
    }

    /// A ping was refused.
    pub(crate) fn on_ping_refused(&mut self, call: CallId, refusal: &Refusal<'_, J>, error: Error<J>) {
        let session = self.calls.get(call).map(|record| record.session);
        let is_modern = session.and_then(|session| self.store.get(session)).is_some_and(Session::is_modern);
        self.end_ping(call, Pong::refused(refusal, is_modern), error);
    }

    /// A ping broke.
    pub(crate) fn on_ping_broken(&mut self, call: CallId, kind: FailureKind, error: Error<J>) {
        self.end_ping(call, Pong::broken(kind), error);
    }

    /// Notes how a ping ended, and ends it.
    pub(crate) fn end_ping(&mut self, call: CallId, pong: Pong, error: Error<J>) {
        let Some(record) = self.calls.get(call) else { return };
        if let Some(check) = self.store.get_mut(record.session).and_then(|owner| owner.check.as_mut()) {
            check.pong = Some(pong);
        }
        self.settle(call, Err(error));
    }

    /// The ping is over, unless it was abandoned together with its generation.
    pub(crate) fn on_pinged(&mut self, session: SessionRef, error: Option<Error<J>>) {
        self.leave_lane(session);
        let Some(record) = self.store.get_mut(session) else { return };
        let Some(check) = record.check.take() else { return };
        let generation = record.generation;
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
        match pong {
            Pong::Lost(code) => {
                // No session can be lost here, so only what met the same as the ping was refused unread.
                if record.is_modern() {
                    self.settle_doubters_unlike(session, error.as_ref());
                }
                let evidence = error.and_then(|error| error.evidence.clone()).unwrap_or_default();
                // What only a GET said is no word about how long sessions are kept.
                let counts = !check.stream || check.doubt;
                self.lose_session_as(session, generation, code, &evidence, counts);
            }
            Pong::Away | Pong::Hidden => {
                self.settle_doubters(session);
                self.canary_failed(session, &pong, error);
            }
            Pong::Silent | Pong::Broken if self.is_out_of_reach(session) => {
                self.settle_doubters(session);
                self.canary_failed(session, &pong, error);
            }
            Pong::Silent if check.silence => {
                let evidence = "two deadlines in a row and a ping passed without an answer";
                self.lose_session(session, generation, ErrorCode::SessionTimeout, evidence);
            }
            // Nothing is known: what wanted to know asks again later.
            Pong::Silent | Pong::Broken => {
                self.settle_doubters(session);
                self.listen_again(session);
            }
            Pong::Busy(wait) => {
                self.settle_doubters(session);
                // A longer wait is the caller's to hear, not the machine's to obey in silence.
                if let Some(wait) = wait.filter(|wait| *wait <= RETRY_AFTER_CAP) {
                    self.pause(session, wait, error.and_then(|error| error.evidence.clone()));
                }
                self.end_outage(session);
                self.listen_again(session);
            }
            Pong::Alive | Pong::Odd(_) => {
                self.settle_doubters(session);
                self.end_outage(session);
                let same = check.suspected.is_some_and(|suspected| pong == Pong::Odd(suspected));
                if same && self.begin_trial(session) {
                    return;
                }
                if check.stream {
                    self.listen_rarely(session);
                }
            }
        }
    }

    /// The answer of a call may mean that its session is lost: it waits for a ping, and is told or sent again.
    pub(crate) fn doubt(&mut self, call: CallId, code: ErrorCode, honest: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        let (session, generation) = (record.session, record.generation);
        let is_users = !record.is_machines();
        let Some(owner) = self.store.get_mut(session) else { return };
        if !is_users || owner.state != State::Ready || owner.generation != generation {
            return self.settle(call, Err(honest));
        }
        let (exchange, request) = (record.exchange(), record.request_id);
        record.stage = Stage::Doubted(code, honest);
        owner.doubters.push(call);
        // It was answered, whatever the answer means: what still comes on its stream is of no use.
        self.by_request.remove(request);
        if let Some(exchange) = exchange {
            self.leave_over(exchange);
        }
        self.check_session(session, Check { doubt: true, ..Check::default() });
    }

    /// No loss came of it: what was answered is the answer.
    pub(crate) fn settle_doubters(&mut self, session: SessionRef) {
        self.settle_doubters_unlike(session, None);
    }

    /// The same of the calls that were answered otherwise than the ping, whose refusal means a loss.
    fn settle_doubters_unlike(&mut self, session: SessionRef, ping: Option<&Error<J>>) {
        for call in self.take_doubters(session) {
            let Some(error) = self.calls.get(call).and_then(Call::undecided) else { continue };
            let is_alike = ping.is_some_and(|ping| (ping.status, ping.rpc_code) == (error.status, error.rpc_code));
            if let Some(owner) = self.store.get_mut(session).filter(|_| is_alike) {
                owner.doubters.push(call);
                continue;
            }
            self.note_answered(call);
            self.settle(call, Err(error));
        }
    }

    pub(crate) fn take_doubters(&mut self, session: SessionRef) -> Vec<CallId> {
        self.store.get_mut(session).map(|record| std::mem::take(&mut record.doubters)).unwrap_or_default()
    }
}
