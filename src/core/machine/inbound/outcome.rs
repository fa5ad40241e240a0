//! Attempts that end without a result: retry, replay, or an error for the caller.

use crate::core::api::{
    Body, CallId, Error, Failure, FailureKind, SessionRef, as_unknown, error_words, failure_error, rpc_error,
};
use crate::core::machine::Manager;
use crate::core::protocol::codes::METHOD_NOT_FOUND;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::replay::Safety;
use crate::core::protocol::verdict::{self, Relation, Verdict, answer_names_lost_session};
use crate::core::state::call::Purpose;
use crate::core::state::error_response::{ErrorResponse, hidden_id, own_words, response_error};
use crate::core::state::session::credentials::Wants;
use crate::core::state::session::liveness::Pong;
use crate::core::state::session::suspicion::Oddity;

impl<J: Json> Manager<J> {
    /// A call was answered with a status outside 200–299.
    pub(crate) fn on_call_refused(&mut self, call: CallId, mut response: ErrorResponse<'_, J>) {
        let Some(record) = self.calls.get(call) else { return };
        let (session, is_handshake, pings) = (record.session, record.is_handshake(), record.pings());
        // Neither a handshake nor a ping runs a handler that must not run twice.
        response.answered &= match response.verdict {
            Verdict::Refused(_) => !is_handshake,
            Verdict::Outage => !pings,
            _ => true,
        };
        // It has no session to lose, either. The error keeps the server's own text and the versions that it names.
        if is_handshake && matches!(response.verdict, Verdict::Lost(_) | Verdict::Doubtful(_)) {
            response.verdict = own_words(&response);
        }
        let mut error = self.with_provider(session, response_error(&response));
        if is_handshake {
            // Gateways that speak JSON-RPC give their own failures the request's id.
            error.retryable |= response.status >= 500;
            self.note_challenge(session, response.status, response.wants, response.challenge);
            return self.settle(call, Err(error));
        }
        if pings {
            return self.on_ping_refused(call, &response, error);
        }
        if self.hides_id(session, &response) {
            return self.settle(call, Err(hidden_id(&response)));
        }
        let (generation, oddity, speaks) = (response.generation, response.oddity, response.speaks);
        if response.is_odd() {
            self.note_odd(session, generation, oddity, speaks);
        }
        match response.verdict {
            Verdict::Lost(code) if self.proves_loss(call, &response) => {
                self.lose_session(session, generation, code, &response.evidence);
                self.refused_by_loss(call, error);
            }
            Verdict::Stale { is_certain } if is_certain || self.is_unread(call) => self.refused_by_loss(call, error),
            Verdict::Lost(_) | Verdict::Doubtful(_) | Verdict::Stale { .. } => {
                let honest = own_words(&response);
                let verdict = std::mem::replace(&mut response.verdict, honest);
                let honest = response_error(&response);
                match verdict {
                    Verdict::Lost(code) | Verdict::Doubtful(code) => self.doubt(call, code, honest),
                    _ => self.settle(call, Err(honest)),
                }
            }
            Verdict::Refused(wait) => self.refused_for_now(call, wait, error, response.answered),
            Verdict::Unauthorized => {
                if self.refused_credentials(call, response, error) {
                    self.note_odd(session, generation, oddity, speaks);
                }
            }
            Verdict::Forbidden if response.wants == Wants::Scope => {
                self.refused_credentials(call, response, error);
            }
            Verdict::Outage => {
                // Calls that wait for its end have not been answered.
                response.answered = false;
                self.note_outage(session, generation, &response_error(&response));
                self.unknown_outcome(call, error);
            }
            Verdict::Unknown => self.unknown_outcome(call, error),
            Verdict::Answer => {
                self.note_answered(call);
                if !self.goes_on_after(call, &error) {
                    self.settle(call, Err(error));
                }
            }
            Verdict::Conflict | Verdict::Forbidden | Verdict::Final => self.settle(call, Err(error)),
        }
    }

    /// Whether a refusal proves without a ping that the session is lost. An empty 404 may be a handler's own, so not
    /// before an unsafe call runs again. Nor once a call has met the same again on a new session that answers others,
    /// which is noted here: a gateway may hand on what a server behind it says.
    fn proves_loss(&mut self, call: CallId, response: &ErrorResponse<'_, J>) -> bool {
        let is_safe = self.safety(call) == Safety::Safe;
        let Some(record) = self.calls.get(call) else { return false };
        let Some(owner) = self.store.get_mut(record.session) else { return false };
        owner.outlives_loss |= record.losses > 0 && owner.has_answered;
        (is_safe || !response.is_empty_404()) && !owner.outlives_loss
    }

    /// Whether a refusal in no certain words, which came after the call's session was replaced, does not come from a
    /// handler, or does no harm if it does. No ping can decide. A server that has lost the session runs no handler for
    /// it; one whose session was ended by the client may still be at it. Over HTTP+SSE no handler answers a POST.
    fn is_unread(&self, call: CallId) -> bool {
        let Some(record) = self.calls.get(call) else { return false };
        let Some(owner) = self.store.get(record.session) else { return false };
        owner.lost_generation == record.generation || owner.sse.is_some() || self.safety(call) == Safety::Safe
    }

    /// The exchange of a call failed before the answer.
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
            // This page has read answers of this server before, so CORS is set up. The hidden response probably comes
            // from a proxy.
            FailureKind::Hidden if self.store.get(session).is_some_and(|owner| owner.generation > 0) => {
                error.away = true;
                error.retryable = true;
                self.note_outage(session, generation, &error);
                self.unknown_outcome(call, error);
            }
            FailureKind::Hidden => self.unknown_outcome(call, error),
        }
    }

    /// Whether the server requires a session id that CORS hides from the page. A new handshake would not help.
    pub(crate) fn hides_id(&self, session: SessionRef, response: &ErrorResponse<'_, J>) -> bool {
        let Some(owner) = self.store.get(session).filter(|owner| owner.hides_id) else { return false };
        match response.verdict {
            // In the server's own words or without any, before it has answered any request without an id.
            _ if matches!(response.status, 400 | 422) => {
                (response.speaks || matches!(response.body, Body::Empty)) && !owner.has_answered
            }
            Verdict::Lost(_) | Verdict::Doubtful(_) => true,
            // The POST of `initialize` succeeded at the same URL.
            _ => response.verdict == Verdict::Final && response.status == 404,
        }
    }

    /// Notes that a handshake request was not sent, so retrying it at once fails alike.
    fn note_unsent(&mut self, session: SessionRef) {
        if let Some(handshake) = self.handshake_mut(session) {
            handshake.unsent = true;
        }
    }

    /// The server answered with a JSON-RPC error.
    pub(crate) fn on_rpc_error(&mut self, call: CallId, error: &J, relation: Relation) {
        let Some(record) = self.calls.get(call) else { return };
        let (session, generation, losses, pings) = (record.session, record.generation, record.losses, record.pings());
        let words = error_words(error).unwrap_or_default();
        let error = rpc_error(error);
        let oddity = Oddity::of(&error);
        let current = self.store.get(session).filter(|_| relation != Relation::Absent);
        let names_loss = current.is_some() && answer_names_lost_session(&words);
        let is_vendors = current.is_some_and(|owner| owner.server.session.loses(200, &words));
        let evidence = "a JSON-RPC error that names the session";
        if pings {
            let pong = match () {
                () if names_loss || is_vendors => Pong::Lost(ErrorCode::SessionInvalid),
                () if oddity.rpc_code == Some(METHOD_NOT_FOUND) && !verdict::speaks(&words) => Pong::Alive,
                () => Pong::Odd(oddity),
            };
            return self.end_ping(call, pong, error.seen(evidence));
        }
        let is_handshake = record.is_handshake();
        if !is_handshake && losses == 0 && is_vendors {
            self.lose_session(session, generation, ErrorCode::SessionInvalid, evidence);
            let error = Error::new(ErrorCode::SessionInvalid, "the server no longer knows the session").seen(evidence);
            return self.refused_by_loss(call, error);
        }
        if !is_handshake && names_loss && relation == Relation::Current {
            return self.doubt(call, ErrorCode::SessionInvalid, error.seen(evidence));
        }
        self.note_answered(call);
        let speaks = verdict::speaks(&words);
        if !is_handshake && (speaks || oddity.may_mean_loss()) {
            self.note_odd(session, generation, oddity, speaks);
        }
        if !self.goes_on_after(call, &error) {
            self.settle(call, Err(error));
        }
    }

    /// The server accepted the request, but its answer is unreadable. The call is not retried; unless it is safe, its
    /// outcome is unknown.
    pub(crate) fn settle_unreadable(&mut self, call: CallId, error: Error<J>) {
        let is_users = self.calls.get(call).is_some_and(|record| record.purpose == Purpose::User);
        let error = if is_users && self.safety(call) != Safety::Safe { as_unknown(error) } else { error };
        self.settle(call, Err(error));
    }
}
