//! POSTs without a caller: answers to server requests, and `notifications/cancelled`. At most `MAX_IN_FLIGHT` per
//! session are in flight and the rest is queued; a full queue pauses reading the stream of the requests.

use crate::core::api::{ExchangeId, Failure, FailureKind, Level, Output, SessionRef, failure_error};
use crate::core::kit::backoff::{RETRY_AFTER_CAP, STREAM_FLOOR, full_jitter};
use crate::core::kit::text::{concat, decimal};
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::verdict::Verdict;
use crate::core::state::error_response::{ErrorResponse, response_error};
use crate::core::state::exchange::ExchangeKind;
use crate::core::state::session::answers::{Answers, Effort, MAX_IN_ALL, MAX_WAITING, Message};
use crate::core::state::session::credentials::Wants;
use crate::core::state::session::liveness::Check;
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Queues a message and sends it if possible. `of`: the exchange whose request it answers.
    pub(crate) fn post(&mut self, session: SessionRef, body: J, effort: Effort, of: Option<ExchangeId>) {
        let number = self.numbers.next();
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let generation = record.generation;
        let answers = record.answers.get_or_insert_default();
        let waiting = answers.waiting();
        // Sources other than streams (another tab, a handler) cannot be paused. Handlers have at most 64 requests open.
        let is_expendable = of.is_none() && effort != Effort::UntilDelivered;
        if waiting >= MAX_WAITING && is_expendable {
            return;
        }
        if waiting >= MAX_IN_ALL {
            let evidence = "too many requests of the server are unanswered";
            self.send_delete(session, None);
            return self.lose_session(session, generation, ErrorCode::LimitExceeded, evidence);
        }
        answers.messages.insert(number, Message { body, effort, in_flight: false, failures: 0, not_before: now });
        self.send_answers(session);
    }

    /// Pauses reading an exchange whose requests have filled the queue.
    pub(crate) fn pause_if_full(&mut self, session: SessionRef, exchange: Option<ExchangeId>) {
        let answers = self.store.get_mut(session).and_then(|record| record.answers.as_mut());
        if let (Some(exchange), Some(answers)) = (exchange, answers)
            && answers.waiting() >= MAX_WAITING
            && let Some(record) = self.exchanges.get_mut(exchange).filter(|record| !record.paused)
        {
            answers.paused = true;
            record.paused = true;
            self.out.push_back(Output::Pause { exchange });
        }
    }

    /// Sends queued messages within the limits, unless the session is paused.
    pub(crate) fn send_answers(&mut self, session: SessionRef) {
        let (now, is_cut_off) = (self.now, self.is_cut_off(session));
        loop {
            let Some(record) = self.store.get_mut(session) else { return };
            let is_paused = record.outage.is_some() || record.former.is_some() || record.credentials.is_asking();
            let is_blocked = is_paused || record.pace.is_paused(now);
            let has_endpoint = record.sse.is_none() || record.endpoint().is_some();
            let Some(answers) = record.answers.as_mut() else { return };
            if is_cut_off || is_blocked || !has_endpoint {
                return;
            }
            match answers.next(now) {
                Ok(number) => {
                    let Some(message) = answers.messages.get_mut(number) else { return };
                    message.in_flight = true;
                    answers.in_flight += 1;
                    let body = message.body.clone();
                    self.open(session, ExchangeKind::Outgoing(number), "POST", Some(body), Vec::new());
                }
                Err(at) => {
                    let resumes = answers.paused && answers.waiting() <= MAX_WAITING / 2;
                    answers.paused &= !resumes;
                    let before = answers.armed;
                    if let Some(at) = at.filter(|at| before.is_none_or(|before| before <= now || *at < before)) {
                        answers.armed = Some(at);
                        self.timers.arm(at, Timer::Answers(session));
                    }
                    if resumes {
                        self.resume_reading(session);
                    }
                    return;
                }
            }
        }
    }

    fn resume_reading(&mut self, session: SessionRef) {
        for exchange in self.exchanges.keys_where(&|record| record.paused && record.session == session) {
            if let Some(record) = self.exchanges.get_mut(exchange) {
                record.paused = false;
                record.last_alive = self.now;
            }
            self.out.push_back(Output::Resume { exchange });
        }
    }

    /// The server has the message, or will never accept it.
    pub(crate) fn on_outgoing_over(&mut self, session: SessionRef, number: u64) {
        let Some(answers) = self.answers(session) else { return };
        answers.take(number);
        answers.failures = 0;
        self.send_answers(session);
    }

    /// The exchange failed. Retrying is harmless, because the answer keeps its id.
    pub(crate) fn on_outgoing_broken(&mut self, session: SessionRef, number: u64, failure: &Failure<J>) {
        match failure.kind {
            // A 2xx with an oversized body, which is not needed.
            FailureKind::TooLarge => self.on_outgoing_over(session, number),
            FailureKind::Unwritable | FailureKind::Thrown => self.drop_answer(session, number, &failure.message),
            FailureKind::Broken | FailureKind::Hidden => self.post_again(session, number, None),
            FailureKind::Unsent | FailureKind::Unreachable => {
                self.post_again(session, number, None);
                let generation = self.store.get(session).map_or(0, |record| record.generation);
                self.note_outage(session, generation, &failure_error(failure));
            }
        }
    }

    /// The server refused the message, temporarily or permanently.
    pub(crate) fn on_outgoing_refused(&mut self, session: SessionRef, number: u64, response: ErrorResponse<'_, J>) {
        match response.verdict {
            Verdict::Refused(wait) => return self.post_again(session, number, wait),
            Verdict::Unknown => return self.post_again(session, number, None),
            Verdict::Outage => {
                self.post_again(session, number, None);
                return self.note_outage(session, response.generation, &response_error(&response));
            }
            Verdict::Unauthorized => {
                if let Some(record) = self.store.get_mut(session).filter(|record| record.credentials.has_provider()) {
                    // A newer token exists or is being requested, and a handshake requests one by itself.
                    let is_late = response.token.as_ref() != record.credentials.token()
                        || response.wants == Wants::Nonce
                        || record.credentials.is_busy()
                        || record.state.in_handshake();
                    if is_late || record.credentials.challenge() {
                        if !is_late {
                            self.ask_for_token(session, Some(response.status), response.challenge);
                        }
                        return self.post_again(session, number, None);
                    }
                }
            }
            // The server may reject just this answer: one ping per generation checks the session.
            Verdict::Lost(_) | Verdict::Doubtful(_) if self.answers(session).is_some_and(|answers| !answers.noted) => {
                self.check_session(session, Check { doubt: true, ..Check::default() });
            }
            _ => {}
        }
        self.drop_answer(session, number, &response.evidence);
    }

    /// Drops a message. Logs one line per generation, because a server may send any number of requests.
    fn drop_answer(&mut self, session: SessionRef, number: u64, why: &str) {
        let Some(answers) = self.answers(session) else { return };
        let matters = answers.messages.get(number).is_some_and(|message| message.effort != Effort::Once);
        if matters && !std::mem::replace(&mut answers.noted, true) {
            self.log(session, Level::Warn, &concat(&["The server rejected the answer to its own request: ", why]));
        }
        self.on_outgoing_over(session, number);
    }

    fn post_again(&mut self, session: SessionRef, number: u64, wait: Option<Millis>) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        let settings = &record.server.session;
        let (first, attempts) = (settings.retry_delay.max(STREAM_FLOOR), settings.retry_attempts);
        let Some(answers) = record.answers.as_mut() else { return };
        let Some(mut message) = answers.take(number) else { return };
        if answers.backoff_until <= now {
            answers.failures = answers.failures.saturating_add(1);
            let rest = full_jitter(&mut self.rng, first, answers.failures - 1).max(STREAM_FLOOR);
            answers.backoff_until = now.after(rest);
        }
        if let Some(wait) = wait {
            answers.backoff_until = answers.backoff_until.max(now.after(wait.min(RETRY_AFTER_CAP)));
        }
        message.in_flight = false;
        message.failures = message.failures.saturating_add(1);
        let goes_on = match message.effort {
            Effort::Once => false,
            Effort::Few => message.failures <= attempts,
            Effort::UntilDelivered => true,
        };
        if goes_on {
            let delay = full_jitter(&mut self.rng, first, message.failures - 1).max(STREAM_FLOOR);
            message.not_before = now.after(delay);
            answers.messages.insert(number, message);
            self.metrics.retries += 1;
        }
        self.send_answers(session);
    }

    /// The generation ended. Its answers are meaningless to the next one.
    pub(crate) fn drop_answers(&mut self, session: SessionRef) {
        let Some(answers) = self.store.get_mut(session).and_then(|record| record.answers.take()) else { return };
        let mut lost = 0;
        for (_, message) in answers.messages.iter() {
            let was_tried = message.in_flight && message.failures == 0;
            lost += u64::from(message.effort == Effort::UntilDelivered && !was_tried);
        }
        if lost > 0 {
            let count = decimal(lost);
            let text = "Answers to server requests that were not delivered before the session ended: ";
            self.log(session, Level::Warn, &concat(&[text, &count]));
        }
        if answers.paused {
            self.resume_reading(session);
        }
        let is_outgoing = |kind| matches!(kind, ExchangeKind::Outgoing(_));
        self.abort_where(&|exchange| exchange.session == session && is_outgoing(exchange.kind));
    }

    /// The backoff of a message may be over.
    pub(crate) fn on_answers_backoff_over(&mut self, session: SessionRef) {
        if let Some(answers) = self.answers(session) {
            answers.armed = None;
            self.send_answers(session);
        }
    }

    fn answers(&mut self, session: SessionRef) -> Option<&mut Answers<J>> {
        self.store.get_mut(session)?.answers.as_deref_mut()
    }
}
