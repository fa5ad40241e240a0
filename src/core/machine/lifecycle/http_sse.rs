//! HTTP+SSE, the transport of revision 2024-11-05: one event stream is the session and names the endpoint for POSTs
//! (2024-11-05 basic/transports, "HTTP with SSE"). The answers to all POSTs arrive on the stream.

use crate::core::api::{CallId, Error, ExchangeId, SessionRef, State, StreamData, may_pass};
use crate::core::config::{Protocol, Transport};
use crate::core::kit::backoff::stream_delay;
use crate::core::kit::time::Millis;
use crate::core::machine::Manager;
use crate::core::protocol::endpoint;
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::json::Json;
use crate::core::protocol::verdict::{Relation, Verdict};
use crate::core::state::call::{Call, Stage};
use crate::core::state::error_response::{ErrorResponse, response_error};
use crate::core::state::exchange::{Exchange, ExchangeKind, WATCHDOG};
use crate::core::state::session::Session;
use crate::core::state::session::http_sse::{HttpSse, may_mean_http_sse, stream_gone};
use crate::core::state::session::liveness::Check;
use crate::core::state::timers::Timer;
use std::rc::Rc;

impl<J: Json> Manager<J> {
    /// The `endpoint` event. Only the first one counts; the specification defines no meaning for another.
    pub(crate) fn on_endpoint(&mut self, session: SessionRef, exchange: ExchangeId, data: &StreamData<J>) {
        let Some(url) = self.exchanges.get(exchange).map(|stream| stream.url.clone()) else { return };
        let Some(record) = self.store.get_mut(session) else { return };
        let Some(sse) = record.sse.as_mut().filter(|sse| sse.endpoint.is_none()) else { return };
        sse.refused = None;
        let text = if let StreamData::Text(text) = data { text } else { "" };
        match endpoint::resolve(&url, text) {
            Ok(url) => {
                sse.endpoint = Some(Rc::from(url));
                self.lift_deadline(exchange);
                self.initialize(session);
            }
            Err(sentence) => self.handshake_failed(session, Error::new(ErrorCode::ProtocolError, sentence)),
        }
    }

    /// No `endpoint` event arrived in time.
    pub(crate) fn on_no_endpoint(&mut self, exchange: ExchangeId) {
        let Some(record) = self.take_exchange(exchange) else { return };
        self.on_session_stream_over(
            &record,
            stream_gone(ErrorCode::RequestTimeout, "no endpoint event arrived in time"),
        );
    }

    /// The GET got a 2xx response that is not an event stream.
    pub(crate) fn on_no_session_stream(&mut self, exchange: &Exchange, status: u16) {
        let error = stream_gone(ErrorCode::ProtocolError, "the response to the GET is not an event stream");
        self.on_session_stream_over(exchange, error.status(status));
    }

    /// The GET was refused.
    pub(crate) fn on_session_stream_refused(&mut self, session: SessionRef, mut response: ErrorResponse<'_, J>) {
        // No session exists yet that could be lost.
        if matches!(response.verdict, Verdict::Lost(_) | Verdict::Doubtful(_)) {
            response.verdict = Verdict::Final;
        }
        self.forget_stream(session, None);
        let error = response_error(&response);
        self.note_challenge(session, response.status, response.wants, response.challenge);
        self.handshake_failed(session, error);
    }

    /// The stream ended, and with it the session or the attempt to open one.
    pub(crate) fn on_session_stream_over(&mut self, exchange: &Exchange, error: Error<J>) {
        let session = exchange.session;
        let how = error.evidence.clone().unwrap_or_else(|| error.message.clone());
        self.forget_stream(session, Some(&how));
        let Some(record) = self.store.get(session) else { return };
        if !record.state.in_handshake() {
            return self.lose_session(session, exchange.generation, ErrorCode::SessionTerminated, &how);
        }
        self.abort_where(&|other| other.session == session && matches!(other.kind, ExchangeKind::Initialized));
        let is_asking = |call: &CallId| self.calls.get(*call).is_some_and(Call::is_handshake);
        match self.calls_of(session).into_iter().find(is_asking) {
            Some(call) => self.settle(call, Err(error)),
            None => self.handshake_failed(session, error),
        }
    }

    /// The stream was silent, without even comments. Many servers of HTTP+SSE send none, so a ping checks the session.
    pub(crate) fn on_quiet_session(&mut self, exchange: ExchangeId) {
        self.timers.arm(self.now.after(WATCHDOG), Timer::Watchdog(exchange));
        if let Some(session) = self.exchanges.get(exchange).map(|record| record.session) {
            self.check_session(session, Check { silence: true, ..Check::default() });
        }
    }

    /// How the endpoint of a POST relates to the current one.
    pub(crate) fn relation_of_endpoint(&self, session: SessionRef, used: &Rc<str>) -> Relation {
        let current = self.store.get(session).and_then(Session::endpoint);
        if current.is_some_and(|current| Rc::ptr_eq(current, used)) { Relation::Current } else { Relation::Stale }
    }

    /// A POST got a 2xx response. The JSON-RPC answer arrives on the stream, if the same stream is still open.
    pub(crate) fn on_posted(&mut self, call: CallId, exchange: ExchangeId, posted: &Exchange) {
        let is_current = self.relation(posted) == Relation::Current;
        let Some(record) = self.calls.get_mut(call).filter(|record| record.exchange() == Some(exchange)) else {
            return;
        };
        if record.is_notification() {
            return self.settle(call, Ok(None));
        }
        if is_current {
            record.stage = Stage::Accepted;
        } else {
            let how = "the stream ended while the request was being posted";
            self.unknown_outcome(call, stream_gone(ErrorCode::NetworkError, how));
        }
    }

    /// The stream is gone: accepted calls will get no answer, and POSTs in flight get a short time to be refused.
    pub(crate) fn interrupt_calls(&mut self, session: SessionRef, how: &str) {
        let Some(record) = self.store.get(session) else { return };
        let is_sse = record.sse.is_some();
        let calls = if is_sse { self.calls_of(session) } else { record.active.to_vec() };
        for call in calls {
            match self.calls.get(call).map(|record| &record.stage) {
                Some(Stage::Accepted) => self.unknown_outcome(call, stream_gone(ErrorCode::NetworkError, how)),
                Some(Stage::Sent(exchange)) if is_sse => self.hurry(*exchange),
                _ => {}
            }
        }
    }

    /// Delay before reconnecting after the stream broke: the server may be restarting, with all clients waiting.
    pub(crate) fn stream_pause(&mut self, session: SessionRef) -> Millis {
        let broken = self.store.get(session).filter(|record| record.sse.is_some() && record.state == State::Recovering);
        let Some(record) = broken else { return 0 };
        stream_delay(&mut self.rng, record.server.session.retry_delay, 0, record.listen.events().retry())
    }

    /// A handshake failed. Tries the other transport if the failure may come from the transport; otherwise returns the
    /// error.
    ///
    /// 2025-11-25 basic/transports, "Backwards Compatibility": a POST of `initialize` that gets 400, 404 or 405 may
    /// have reached a server of HTTP+SSE. A GET with an `endpoint` event proves it.
    pub(crate) fn other_transport(&mut self, session: SessionRef, error: Error<J>) -> Option<Error<J>> {
        // A session that was accepted shows that the transport is right.
        if self.store.get(session)?.state.handshake()?.accepted {
            return Some(error);
        }
        self.stop_listening(session);
        self.abandon_server_requests(session);
        let record = self.store.get_mut(session)?;
        // An unreachable server, or one whose session is only suspected lost, keeps its transport.
        let is_known = record.former.is_some() || (error.away && record.sse.as_ref().is_some_and(|sse| sse.proven));
        if is_known || record.server.transport == Transport::HttpSse {
            return Some(error);
        }
        // The known transport is kept until its first failure: the server may support Streamable HTTP since.
        if let Some(sse) = record.sse.take() {
            if sse.proven && !may_pass(&error) {
                self.attempt(session);
                return None;
            }
            // A GET that requires credentials or meets an outage may still be HTTP+SSE. For other errors the POST's is
            // more precise.
            let may_be_one = error.away || matches!(error.code, ErrorCode::Unauthorized | ErrorCode::Forbidden);
            return Some(sse.refused.filter(|_| !may_be_one).unwrap_or(error));
        }
        if matches!(record.server.protocol, Protocol::Pinned(_)) || !may_mean_http_sse(&error) {
            return Some(error);
        }
        record.sse = Some(Box::new(HttpSse::new(Some(error))));
        self.open_session_stream(session);
        None
    }
}
