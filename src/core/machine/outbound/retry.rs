//! Retries: attempts without an answer are retried if the policy and the safety of the method allow it.

use crate::core::api::{CallId, Error, as_unknown};
use crate::core::kit::backoff::{RETRY_AFTER_CAP, STREAM_FLOOR, full_jitter};
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::json::Json;
use crate::core::protocol::replay::{Next, next};
use crate::core::state::call::{Call, Purpose, Stage};
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// The request was refused unread because its session was lost. It is sent again on the next one.
    pub(crate) fn refused_by_loss(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        record.losses += 1;
        record.refused = true;
        let (session, losses) = (record.session, record.losses);
        let is_machines = record.is_machines();
        // Recovery has failed already: a late call gets the same error as the calls that waited.
        let degraded = self.store.get(session).and_then(|owner| owner.state.degraded());
        if let Some(reason) = degraded.map(|degraded| degraded.error.clone()) {
            return self.settle(call, Err(reason));
        }
        if is_machines || losses > MAX_LOSSES {
            return self.settle(call, Err(error));
        }
        self.decide(call, error);
    }

    /// The request was refused for now, perhaps with `Retry-After`. The whole session pauses for that time or a backoff,
    /// because a rate limit applies to all of its calls. The call itself was not read, unless it was `answered`: then
    /// the handler may have run and hands on the refusal of a server behind it.
    pub(crate) fn refused_for_now(&mut self, call: CallId, wait: Option<Millis>, mut error: Error<J>, answered: bool) {
        let Some(record) = self.calls.get_mut(call) else { return };
        record.refusals += 1;
        let (session, refusals, deadline) = (record.session, record.refusals, record.deadline);
        let is_users = !record.is_machines();
        let Some(owner) = self.store.get(session) else { return };
        let settings = &owner.server.session;
        let delay = wait.unwrap_or(0).max(full_jitter(&mut self.rng, settings.retry_delay, refusals - 1));
        error.retry_after = Some(delay);
        let too_late = self.now.after(delay) >= deadline || delay > RETRY_AFTER_CAP;
        if !is_users || refusals > settings.retry_attempts || too_late {
            return self.settle(call, Err(error));
        }
        self.pause(session, delay, error.evidence.clone());
        if let Some(record) = self.calls.get_mut(call) {
            record.refused = !answered;
        }
        self.decide(call, error);
    }

    /// The request was provably not sent. It is retried when the server is reachable, as far as the policy allows.
    pub(crate) fn unsent(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        record.refusals += 1;
        record.refused = true;
        let (session, refusals) = (record.session, record.refusals);
        let is_users = !record.is_machines();
        let attempts = self.store.get(session).map_or(0, |owner| owner.server.session.retry_attempts);
        if is_users && refusals <= attempts { self.decide(call, error) } else { self.settle(call, Err(error)) }
    }

    /// The same without an outage: only this call failed.
    pub(crate) fn back_off_refused(&mut self, call: CallId, error: Error<J>) {
        let Some(refusals) = self.calls.get(call).map(|record| record.refusals) else { return };
        match self.delay_in_time(call, refusals) {
            Some(delay) => self.back_off(call, delay, false),
            None => self.settle(call, Err(error)),
        }
    }

    /// The backoff before the attempt that follows this many, unless it outlasts the call.
    fn delay_in_time(&mut self, call: CallId, attempts: u32) -> Option<Millis> {
        let record = self.calls.get(call)?;
        let first = self.store.get(record.session)?.server.session.retry_delay;
        let delay = full_jitter(&mut self.rng, first, attempts.saturating_sub(1));
        Some(delay).filter(|delay| self.now.after(*delay) < record.deadline)
    }

    /// The outcome of the request is unknown.
    pub(crate) fn unknown_outcome(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        match record.purpose {
            Purpose::User | Purpose::Tools => {
                record.refused = false;
                self.decide(call, error);
            }
            Purpose::Notification => self.settle(call, Err(as_unknown(error))),
            _ => self.settle(call, Err(error)),
        }
    }

    /// Retries a call if the policy and its safety allow it. Fetches the tool's annotations if they decide.
    pub(crate) fn decide(&mut self, call: CallId, error: Error<J>) {
        let safety = self.safety(call);
        let Some(record) = self.calls.get(call) else { return };
        let (policy, refused) = (record.replay, record.refused);
        let attempts = self.store.get(record.session).map_or(0, |owner| owner.server.session.retry_attempts);
        match next(policy, safety, refused, record.replays < attempts) {
            Next::Again => self.send_again(call, error),
            Next::AskTool => self.ask_for_tools(call, error),
            Next::Final => self.settle(call, Err(error)),
            Next::Unknown => self.settle(call, Err(as_unknown(error))),
        }
    }

    /// Retries a call: after its outage, soon if it was refused unread, else after a backoff.
    fn send_again(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        let (session, refused, away) = (record.session, record.refused, error.away);
        if refused {
            self.metrics.resent += 1;
        } else {
            record.replays += 1;
            self.metrics.replayed += 1;
        }
        match refused {
            _ if away && self.is_out_of_reach(session) => self.wait_out(call, error),
            true if away => self.back_off_refused(call, error),
            true => self.requeue(call),
            false => self.back_off_replay(call, error),
        }
    }

    /// Outside of an outage a replay draws on the session's retry budget, which bounds the extra load on a failing
    /// server. Many calls may meet one short fault: those that the budget does not allow wait for what becomes of the
    /// others.
    pub(crate) fn back_off_replay(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get(call) else { return };
        let (session, replays) = (record.session, record.replays);
        let Some(delay) = self.delay_in_time(call, replays) else { return self.settle(call, Err(error)) };
        let Some(owner) = self.store.get_mut(session) else { return };
        if owner.pace.spend() {
            return self.back_off(call, delay, false);
        }
        // Also with a `retryDelay` of 0 it does not ask again at once.
        let until = self.now.after(delay.max(STREAM_FLOOR));
        for other in owner.active.to_vec() {
            if self.calls.get(other).is_some_and(Call::is_replay) {
                if let Some(record) = self.calls.get_mut(call) {
                    record.stage = Stage::BackoffToReplay(until, error);
                    self.timers.arm(until, Timer::Backoff(call));
                }
                return;
            }
        }
        self.settle(call, Err(error));
    }
}

/// Limit of lost sessions per call. A second loss in a row means that the server does not keep sessions.
const MAX_LOSSES: u32 = 2;
