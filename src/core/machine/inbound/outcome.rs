//! What becomes of a call whose try did not end in a result: sent again, replayed, or told to the caller.

use crate::core::api::error::{Error, ErrorCode};
use crate::core::api::event::{Detail, EventKind};
use crate::core::api::io::{Body, CallId, Failure, FailureKind, SessionRef};
use crate::core::config::Replay;
use crate::core::kit::backoff::{RETRY_AFTER_CAP, full_jitter};
use crate::core::kit::text::mentions;
use crate::core::kit::time::Millis;
use crate::core::machine::inbound::refusals::{Refusal, is_rpc_error};
use crate::core::machine::lifecycle::liveness::Pong;
use crate::core::machine::lifecycle::suspicion::Oddity;
use crate::core::machine::outbound::calls::{Purpose, Stage};
use crate::core::machine::outbound::redirects::REDIRECTS;
use crate::core::manager::Manager;
use crate::core::protocol::json::Json;
use crate::core::protocol::replay::{Safety, may_replay_unknown, may_resend_refused};
use crate::core::protocol::verdict::{Relation, Verdict, answer_names_lost_session, excerpt, names_lost_session};
use crate::core::state::session::State;
use crate::core::state::timers::Timer;

/// How often one call may find its session lost. The second loss in a row is the server's habit, not bad luck.
const MAX_LOSSES: u32 = 2;

impl<J: Json> Manager<J> {
    /// The server answered a call with a status outside 200–299.
    pub(crate) fn on_call_refused(&mut self, call: CallId, mut refusal: Refusal<'_, J>) {
        let Some(record) = self.calls.get(call) else { return };
        let (session, is_handshake) = (record.session, record.is_handshake());
        // A handshake has no session to lose: the server's own words are the error, with the versions that it names.
        if is_handshake && matches!(refusal.verdict, Verdict::Lost(_) | Verdict::Doubtful(_)) {
            refusal.verdict = own_words(&refusal);
        }
        let error = self.with_provider(session, refusal_error(&refusal));
        if is_handshake {
            self.note_challenge(session, refusal.challenge);
            return self.settle(call, Err(error));
        }
        if record.pings() {
            return self.on_ping_refused(call, &refusal, error);
        }
        if self.hides_id(session, &refusal) {
            return self.settle(call, Err(hidden_id(&refusal)));
        }
        let (generation, oddity, speaks) = (refusal.generation, refusal.oddity, refusal.speaks);
        match refusal.verdict {
            Verdict::Lost(code) => {
                self.lose_session(session, generation, code, &refusal.evidence);
                self.refused_by_loss(call, error);
            }
            Verdict::Doubtful(code) => {
                let honest = Refusal { verdict: own_words(&refusal), ..refusal };
                self.doubt(call, code, refusal_error(&honest));
            }
            Verdict::Stale => self.refused_by_loss(call, error),
            Verdict::Refused(wait) => self.refused_for_now(call, wait, error),
            Verdict::Unauthorized => {
                if self.refused_credentials(call, refusal, error) {
                    self.note_odd(session, generation, oddity, speaks);
                }
            }
            Verdict::Outage => {
                self.note_outage(session, generation, &error);
                self.unknown_outcome(call, error);
            }
            Verdict::Unknown => {
                self.note_odd(session, generation, oddity, speaks);
                self.unknown_outcome(call, error);
            }
            Verdict::Answer => {
                self.note_answered(call);
                if speaks || oddity.may_tell_a_loss() {
                    self.note_odd(session, generation, oddity, speaks);
                }
                if !self.goes_on_after(call, &error) {
                    self.settle(call, Err(error));
                }
            }
            Verdict::Conflict | Verdict::Forbidden | Verdict::Final => {
                self.note_odd(session, generation, oddity, speaks);
                self.settle(call, Err(error));
            }
        }
    }

    /// The exchange of a call broke before its answer.
    pub(crate) fn on_call_broken(&mut self, call: CallId, failure: &Failure<J>) {
        let Some(record) = self.calls.get(call) else { return };
        let (session, generation) = (record.session, record.generation);
        let mut error = failure_error(failure);
        if record.pings() {
            return self.on_ping_broken(call, failure.kind, error);
        }
        match failure.kind {
            FailureKind::Unwritable | FailureKind::TooLarge => self.settle(call, Err(error)),
            FailureKind::Thrown => {
                self.note_unsent(session);
                self.settle(call, Err(error));
            }
            FailureKind::Unsent => {
                self.note_unsent(session);
                self.note_outage(session, generation, &error);
                self.unsent(call, error);
            }
            FailureKind::Broken => self.unknown_outcome(call, error),
            FailureKind::Unreachable => {
                self.note_outage(session, generation, &error);
                self.unknown_outcome(call, error);
            }
            // A page that has read answers of this server can read the next as well: what hides them now is before the server.
            FailureKind::Hidden if self.store.get(session).is_some_and(|owner| owner.generation > 0) => {
                error.away = true;
                error.retryable = true;
                self.note_outage(session, generation, &error);
                self.unknown_outcome(call, error);
            }
            FailureKind::Hidden => self.unknown_outcome(call, error),
        }
    }

    /// Whether the server wants a session id that the browser keeps from us: no handshake would help.
    pub(crate) fn hides_id(&self, session: SessionRef, refusal: &Refusal<'_, J>) -> bool {
        let wants_id = match refusal.verdict {
            Verdict::Lost(_) | Verdict::Doubtful(_) => true,
            // The POST of `initialize` was answered at the same URL.
            Verdict::Final => refusal.status == 404,
            _ => refusal.status == 404 && names_lost_session(&refusal.evidence),
        };
        wants_id && self.store.get(session).is_some_and(|record| record.hides_id)
    }

    /// A request of a handshake did not go out, so the next one would not either.
    fn note_unsent(&mut self, session: SessionRef) {
        if let Some(handshake) = self.store.get_mut(session).and_then(|owner| owner.handshake.as_mut()) {
            handshake.unsent = true;
        }
    }

    /// The server answered with a JSON-RPC error.
    pub(crate) fn on_rpc_error(&mut self, call: CallId, error: &J, relation: Relation) {
        let Some(record) = self.calls.get(call) else { return };
        let (session, generation, losses, pings) = (record.session, record.generation, record.losses, record.pings());
        let words = error.get_str("message").or_else(|| error.as_str()).unwrap_or_default();
        let code = error.get("code").and_then(|code| code.as_f64());
        let oddity = Oddity { status: 200, rpc_code: code.map(|code| code as i64) };
        let told = rpc_error(error);
        let current = self.store.get(session).filter(|_| relation != Relation::Absent);
        let names_loss = current.is_some() && answer_names_lost_session(&words);
        let is_vendors = current.is_some_and(|owner| owner.server.session.loses(200, &words));
        if pings {
            let pong = match () {
                () if names_loss || is_vendors => Pong::Lost(ErrorCode::SessionInvalid),
                () if oddity.rpc_code == Some(-32601) => Pong::Alive,
                () => Pong::Odd(oddity),
            };
            return self.end_ping(call, pong, told);
        }
        let is_handshake = record.is_handshake();
        let evidence = "HTTP 200 with a JSON-RPC error that names the session";
        if !is_handshake && losses == 0 && is_vendors {
            self.lose_session(session, generation, ErrorCode::SessionInvalid, evidence);
            let error = Error::new(ErrorCode::SessionInvalid, "the server refuses the session").seen(evidence);
            return self.refused_by_loss(call, error);
        }
        if !is_handshake && names_loss && relation == Relation::Current {
            return self.doubt(call, ErrorCode::SessionInvalid, told.seen(evidence));
        }
        self.note_answered(call);
        let speaks = mentions(&words, "session");
        if !is_handshake && (speaks || oddity.may_tell_a_loss()) {
            self.note_odd(session, generation, oddity, speaks);
        }
        if !self.goes_on_after(call, &told) {
            self.settle(call, Err(told));
        }
    }

    /// The request was refused unread because its session was gone: it goes again on the next one.
    pub(crate) fn refused_by_loss(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        record.losses += 1;
        record.refused = true;
        let (session, losses) = (record.session, record.losses);
        let is_machines = !matches!(record.purpose, Purpose::User | Purpose::Notification);
        // Recovery has been given up: a call that comes late is told what those were told that waited.
        let owner = self.store.get(session).filter(|owner| owner.state == State::Degraded);
        if let Some(reason) = owner.and_then(|owner| owner.degraded.as_ref()).map(|degraded| degraded.error.clone()) {
            return self.settle(call, Err(reason));
        }
        if is_machines || losses > MAX_LOSSES {
            return self.settle(call, Err(error));
        }
        self.decide(call, error);
    }

    /// The request was refused unread, and the server said to come back later. The whole session waits: what it
    /// refuses to one caller it refuses to all, and a thousand callers must not each find out.
    fn refused_for_now(&mut self, call: CallId, wait: Option<Millis>, mut error: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        record.refusals += 1;
        let (session, refusals, deadline) = (record.session, record.refusals, record.deadline);
        let is_users = matches!(record.purpose, Purpose::User | Purpose::Notification);
        let Some(owner) = self.store.get(session) else { return };
        let settings = &owner.server.session;
        let delay = wait.unwrap_or(0).max(full_jitter(&mut self.rng, settings.retry_delay, refusals - 1));
        error.retry_after = Some(delay);
        let too_late = self.now.after(delay) >= deadline || delay > RETRY_AFTER_CAP;
        if !is_users || refusals > settings.retry_attempts || too_late {
            return self.settle(call, Err(error));
        }
        self.hold(session, delay, error.evidence.clone());
        if let Some(record) = self.calls.get_mut(call) {
            record.refused = true;
        }
        self.decide(call, error);
    }

    /// Sends nothing on this session for `delay`, then one request ahead of the others.
    pub(crate) fn hold(&mut self, session: SessionRef, delay: Millis, evidence: Option<String>) {
        let until = self.now.after(delay);
        let Some(record) = self.store.get_mut(session) else { return };
        record.probing = true;
        if record.hold.is_some_and(|held| held >= until) {
            return;
        }
        record.hold = Some(until);
        self.timers.arm(until, Timer::Hold(session));
        self.metrics.retries += 1;
        self.event(
            session,
            EventKind::RetryScheduled,
            Detail::new().delay_ms(delay).code(ErrorCode::HttpError.as_str()).evidence(evidence),
        );
    }

    /// A hold may be over.
    pub(crate) fn on_hold_over(&mut self, session: SessionRef) {
        let now = self.now;
        let Some(record) = self.store.get_mut(session) else { return };
        if record.hold.is_some_and(|until| until <= now) {
            record.hold = None;
            self.pump(session);
        }
    }

    /// Provably nothing was sent: it goes again when the server is within reach, as far as the policy lets it.
    fn unsent(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        record.refusals += 1;
        record.refused = true;
        let (session, refusals) = (record.session, record.refusals);
        let is_users = matches!(record.purpose, Purpose::User | Purpose::Notification);
        let attempts = self.store.get(session).map_or(0, |owner| owner.server.session.retry_attempts);
        if is_users && refusals <= attempts { self.decide(call, error) } else { self.settle(call, Err(error)) }
    }

    /// The same without an outage: only this call could not be sent.
    pub(crate) fn rest_refused(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get(call) else { return };
        let (refusals, deadline) = (record.refusals, record.deadline);
        let Some(owner) = self.store.get(record.session) else { return };
        let delay = full_jitter(&mut self.rng, owner.server.session.retry_delay, refusals.saturating_sub(1));
        if self.now.after(delay) >= deadline {
            return self.settle(call, Err(error));
        }
        self.rest(call, delay, false);
    }

    /// Nobody knows whether the server did the work.
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

    /// Sends a call again if the policy and its safety let it; asks for the tool's annotations where they decide.
    fn decide(&mut self, call: CallId, error: Error<J>) {
        let safety = self.safety(call);
        let Some(record) = self.calls.get(call) else { return };
        let (policy, refused) = (record.replay, record.refused);
        let attempts = self.store.get(record.session).map_or(0, |owner| owner.server.session.retry_attempts);
        let has_left = record.replays < attempts;
        let may =
            if refused { may_resend_refused(policy, safety) } else { has_left && may_replay_unknown(policy, safety) };
        let tool_decides = safety == Safety::ByTool && policy != Replay::Never && (refused || has_left);
        if may {
            return self.send_again(call, error);
        }
        if tool_decides {
            return self.ask_for_tools(call, error);
        }
        let final_error = if refused || safety == Safety::Safe { error } else { as_unknown(error) };
        self.settle(call, Err(final_error));
    }

    /// A call goes again: when the outage is over that it met, soon where it was refused unread, else after a rest.
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
            true if away => self.rest_refused(call, error),
            true => self.requeue(call),
            false => self.rest_replay(call, error),
        }
    }

    /// A replay outside of an outage costs the session's budget: a thousand callers of a failing server would otherwise
    /// double its load.
    pub(crate) fn rest_replay(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get(call) else { return };
        let (deadline, replays) = (record.deadline, record.replays);
        let Some(owner) = self.store.get_mut(record.session) else { return };
        let delay = full_jitter(&mut self.rng, owner.server.session.retry_delay, replays.saturating_sub(1));
        if self.now.after(delay) >= deadline || !owner.budget.spend() {
            return self.settle(call, Err(error));
        }
        self.rest(call, delay, false);
    }

    /// Parks a call until this generation's list of tools is there.
    pub(crate) fn ask_for_tools(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        record.stage = Stage::Undecided;
        record.unknown = Some(error);
        let session = record.session;
        if let Some(owner) = self.store.get_mut(session) {
            owner.tools.waiting.push(call);
        }
        self.fetch_tools(session);
    }

    /// Asks for the list of tools, if the session can be asked and nobody is asking.
    pub(crate) fn fetch_tools(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        if record.tools.fetching || record.state != State::Ready || record.outage.is_some() {
            return;
        }
        record.tools.fetching = true;
        let timeout = record.server.init_timeout;
        self.own_request(session, Purpose::Tools, "tools/list", None, timeout);
    }

    /// A page of the list came, or did not.
    pub(crate) fn on_tools_answered(&mut self, session: SessionRef, outcome: Result<Option<J>, Error<J>>) {
        let Some(record) = self.store.get_mut(session) else { return };
        let result = outcome.as_ref().ok().and_then(Option::as_ref);
        if let Some(cursor) = result.and_then(|result| record.tools.next_cursor(result)) {
            let timeout = record.server.init_timeout;
            return self.own_request(
                session,
                Purpose::Tools,
                "tools/list",
                Some(J::object().with("cursor", cursor)),
                timeout,
            );
        }
        record.tools.end_listing();
        // A list that was asked of a session that is being replaced, or out of reach, is asked for later.
        if outcome.is_err() && (record.state == State::Recovering || record.outage.is_some()) {
            return;
        }
        let waiting = std::mem::take(&mut record.tools.waiting);
        if record.tools.take_difference() {
            self.event(session, EventKind::ToolsChanged, Detail::new());
        }
        waiting.into_iter().for_each(|call| self.decide_with_tools(call));
    }

    fn decide_with_tools(&mut self, call: CallId) {
        let Some(error) = self.calls.get_mut(call).and_then(|record| record.unknown.take()) else { return };
        if self.safety(call) == Safety::ByTool {
            // The list could not be had: nothing says that the tool is safe.
            let refused = self.calls.get(call).is_some_and(|record| record.refused);
            return self.settle(call, Err(if refused { error } else { as_unknown(error) }));
        }
        self.decide(call, error);
    }
}

/// The error of a refusal, as a caller reads it.
pub(crate) fn refusal_error<J: Json>(refusal: &Refusal<'_, J>) -> Error<J> {
    let error = match refusal.verdict {
        Verdict::Lost(code) | Verdict::Doubtful(code) => Error::new(code, "the server no longer knows the session"),
        Verdict::Stale => {
            Error::new(ErrorCode::SessionTerminated, "the session was replaced while the request was under way")
        }
        Verdict::Conflict => Error::new(ErrorCode::SessionConflict, "the session's stream is held by somebody else"),
        Verdict::Refused(wait) => {
            retryable(Error::new(ErrorCode::HttpError, "the server is busy and refused the request")).retry_after(wait)
        }
        Verdict::Unauthorized => Error::new(ErrorCode::Unauthorized, "the server wants other credentials"),
        Verdict::Forbidden => Error::new(ErrorCode::Forbidden, "the server forbids this with these credentials"),
        Verdict::Unknown => retryable(Error::new(ErrorCode::HttpError, "the server, or a proxy before it, failed")),
        Verdict::Outage => {
            retryable(Error::new(ErrorCode::HttpError, "the server is out of reach of the proxy before it")).away()
        }
        Verdict::Answer => match refusal.body {
            Body::Json(message) => message
                .get("error")
                .map_or_else(|| Error::new(ErrorCode::RpcError, "an error without words"), |error| rpc_error(&error)),
            Body::Empty | Body::Text(_) => Error::new(ErrorCode::RpcError, "an error without words"),
        },
        Verdict::Final if matches!(refusal.status, 0 | 301..=308) => Error::new(ErrorCode::HttpError, REDIRECTS),
        Verdict::Final if matches!(refusal.status, 404 | 405) => {
            Error::new(ErrorCode::HttpError, "there is no MCP endpoint at this URL")
        }
        Verdict::Final => Error::new(ErrorCode::HttpError, "the server refused the request"),
    };
    error.seen(refusal.evidence.clone()).status(refusal.status)
}

/// The error of a server that keeps sessions, in a page that may not see their ids (Fetch standard, "CORS-exposed
/// header-name list").
pub(crate) fn hidden_id<J>(refusal: &Refusal<'_, J>) -> Error<J> {
    let sentence = "the server wants a session id that the browser does not show to this page: its answer to initialize needs `Access-Control-Expose-Headers: Mcp-Session-Id`";
    Error::new(ErrorCode::CorsBlocked, sentence).seen(refusal.evidence.clone()).status(refusal.status)
}

/// The error of a broken exchange, as a caller reads it.
pub(crate) fn failure_error<J: Clone>(failure: &Failure<J>) -> Error<J> {
    let (code, sentence) = match failure.kind {
        FailureKind::Unsent => (ErrorCode::NetworkError, "the server could not be reached; nothing was sent"),
        FailureKind::Broken => (ErrorCode::NetworkError, "the connection broke before the answer"),
        FailureKind::Unreachable => {
            (ErrorCode::NetworkError, "the server could not be reached; it may have read the request before")
        }
        FailureKind::Thrown => (
            ErrorCode::NetworkError,
            "options.fetch threw an error that is no network failure (see cause); it may or may not have sent the request",
        ),
        FailureKind::TooLarge => (ErrorCode::LimitExceeded, "the answer is larger than limits.maxMessageBytes"),
        FailureKind::Unwritable => (ErrorCode::ProtocolError, "the params cannot be written as JSON"),
        FailureKind::Hidden => (
            ErrorCode::CorsBlocked,
            "the browser may not show the answer: the server's CORS headers must allow this origin and our request headers, and expose Mcp-Session-Id",
        ),
    };
    let mut error = Error::new(code, sentence).seen(failure.message.clone());
    error.retryable &= !matches!(failure.kind, FailureKind::TooLarge | FailureKind::Thrown);
    error.cause.clone_from(&failure.cause);
    error.away = matches!(failure.kind, FailureKind::Unsent | FailureKind::Unreachable);
    error
}

/// A JSON-RPC error for the caller. One that is no object (`"error": "boom"`), or has no message, is quoted as it is.
pub(crate) fn rpc_error<J: Json>(error: &J) -> Error<J> {
    let words = error.get_str("message").or_else(|| error.as_str());
    let words = words.unwrap_or_else(|| excerpt(&error.to_text()));
    let words = if words.trim_ascii().is_empty() { String::from("an error without words") } else { words };
    let mut told = Error::new(ErrorCode::RpcError, words);
    told.rpc_code = error.get("code").and_then(|code| code.as_f64());
    told.data = error.get("data");
    told
}

/// What a refusal is if it is no word about the session.
fn own_words<J: Json>(refusal: &Refusal<'_, J>) -> Verdict {
    if is_rpc_error(refusal.body) { Verdict::Answer } else { Verdict::Final }
}

fn retryable<J>(mut error: Error<J>) -> Error<J> {
    error.retryable = true;
    error
}

/// The honest form of "perhaps": the caller has to look before trying again.
pub(crate) fn as_unknown<J>(mut error: Error<J>) -> Error<J> {
    let evidence = error.evidence.take().unwrap_or_else(|| error.message.clone());
    let mut unknown =
        Error::new(ErrorCode::OutcomeUnknown, "the request was sent, and nobody knows whether it was carried out");
    unknown.evidence = Some(evidence);
    unknown.status = error.status;
    unknown.cause = error.cause.take();
    unknown
}
