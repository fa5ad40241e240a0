//! Response streams of calls: cursors, and resuming broken streams.

use crate::core::api::{CallId, Detail, Error, EventKind, SessionRef, State};
use crate::core::kit::text::concat;
use crate::core::machine::Manager;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::cursor_header;
use crate::core::protocol::json::Json;
use crate::core::protocol::verdict::Verdict;
use crate::core::state::call::Stage;
use crate::core::state::error_response::ErrorResponse;
use crate::core::state::exchange::ExchangeKind;
use crate::core::state::session::liveness::Pong;
use crate::core::state::session::suspicion::UNREADABLE;
use crate::core::state::stream::ENDED;

impl<J: Json> Manager<J> {
    /// Offline, the call keeps waiting. It is woken when the network is back.
    pub(crate) fn resume_if_online(&mut self, call: CallId) {
        if self.calls.get(call).is_some_and(|record| !self.is_cut_off(record.session)) {
            self.resume(call);
        }
    }

    /// The response stream of a call ended without a response.
    pub(crate) fn on_response_stream_over(&mut self, call: CallId, how: &str) {
        let Some(record) = self.calls.get_mut(call) else { return };
        if record.is_notification() {
            return self.settle(call, Ok(None));
        }
        if record.pings() {
            let error = Error::new(ErrorCode::NetworkError, "the response stream ended without a response").seen(how);
            let pong = if how == ENDED { Pong::Odd(UNREADABLE) } else { Pong::Broken };
            return self.end_ping(call, pong, error);
        }
        record.stream.close(false);
        // Servers that have lost the transport of a session end their streams without an answer.
        if how == ENDED && record.stream.cursor().is_none() {
            let (session, generation) = (record.session, record.generation);
            self.note_odd(session, generation, UNREADABLE, false);
        }
        self.resume_later(call, how);
    }

    /// An attempt to resume got no stream.
    pub(crate) fn resume_failed(&mut self, call: CallId, how: &str) {
        if let Some(record) = self.calls.get_mut(call) {
            record.stream.fail();
        }
        self.resume_later(call, how);
    }

    fn resume_later(&mut self, call: CallId, how: &str) {
        let Some(record) = self.calls.get(call) else { return };
        let Some(session) = self.store.get(record.session) else { return };
        let stream = &record.stream;
        let (attempts, first) = (session.server.session.retry_attempts, session.server.session.retry_delay);
        let why = match stream.cursor() {
            None => "no event had an id to resume from",
            Some(_) if stream.failures() > attempts => "resuming it delivered nothing",
            Some(_) => {
                let delay = stream.delay(&mut self.rng, first);
                return self.back_off(call, delay, true);
            }
        };
        let evidence = concat(&[how, " before the response; ", why]);
        let error = Error::new(ErrorCode::NetworkError, "the response stream ended without a response").seen(evidence);
        self.unknown_outcome(call, error);
    }

    /// Resumes the response stream of a call at its cursor.
    pub(crate) fn resume(&mut self, call: CallId) {
        let Some(record) = self.calls.get(call) else { return };
        let (session, cursor) = (record.session, record.stream.cursor().cloned());
        let same = self
            .store
            .get(session)
            .is_some_and(|owner| owner.state == State::Ready && owner.generation == record.generation);
        if !same {
            let error = Error::new(ErrorCode::NetworkError, "the response stream broke and cannot be resumed")
                .seen("the session was replaced");
            return self.unknown_outcome(call, error);
        }
        self.metrics.streams_resumed += 1;
        // 2025-11-25 basic/transports, "Resumability and Redelivery": always a GET with the newest id.
        let exchange = self.open(session, ExchangeKind::Resume(call), "GET", None, cursor_header(cursor));
        if let (Some(exchange), Some(record)) = (exchange, self.calls.get_mut(call)) {
            record.stage = Stage::Sent(exchange);
        }
    }

    /// The server refused to resume.
    pub(crate) fn on_resume_refused(&mut self, call: CallId, response: &ErrorResponse<'_, J>) {
        let Some(session) = self.calls.get(call).map(|record| record.session) else { return };
        match response.verdict {
            // 409: the server has not noticed yet that the connection of the stream broke.
            Verdict::Refused(_) | Verdict::Unknown | Verdict::Outage | Verdict::Conflict => {
                return self.resume_failed(call, "the server failed");
            }
            // The event or the session may be gone. A GET alone cannot tell which.
            Verdict::Lost(_) | Verdict::Doubtful(_) => self.suspect_by_stream(session),
            _ => {}
        }
        let error = Error::new(ErrorCode::NetworkError, "the response stream broke and cannot be resumed")
            .seen(response.evidence.clone())
            .status(response.status);
        self.unknown_outcome(call, error);
    }

    /// Emits the opening of a response stream, or its closing without a response.
    pub(crate) fn call_stream_event(&mut self, session: SessionRef, call: CallId, opened: bool, how: Option<&str>) {
        let kind = if opened { EventKind::StreamOpened } else { EventKind::StreamClosed };
        let (request_id, evidence) = (self.calls.get(call).map(|record| record.request_id), how.map(str::to_owned));
        self.event(session, kind, Detail::new().stream("call").request_id(request_id).evidence(evidence));
    }
}
