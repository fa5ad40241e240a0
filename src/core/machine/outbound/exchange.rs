//! HTTP exchanges: how they are opened, and how they are stopped.

use crate::core::api::{ExchangeId, HttpRequest, Output, SessionRef};
use crate::core::machine::Manager;
use crate::core::protocol::headers::{self, HeaderList, SessionId};
use crate::core::protocol::json::Json;
use crate::core::state::call::{Call, Purpose};
use crate::core::state::exchange::{DELETE_CAP, Exchange, LEFTOVER, SMALL_EXCHANGE, Wire};
use crate::core::state::session::liveness::Identity;
use crate::core::state::session::{Agreed, Session};
use crate::core::state::timers::Timer;

impl<J: Json> Manager<J> {
    /// Sends `body` by `method` with the headers of the session's generation, and those that this request has `further`.
    pub(crate) fn open(
        &mut self,
        session: SessionRef,
        wire: Wire,
        method: &'static str,
        body: Option<J>,
        further: HeaderList,
    ) -> Option<ExchangeId> {
        let identity = self.speaks_as(session, wire);
        let carried = self.carried_id(session, identity);
        let record = self.store.get(session)?;
        let call = if let Wire::Call(call) = wire { self.calls.get(call) } else { None };
        let is_handshake = call.is_some_and(Call::is_handshake);
        let reads_session_id = call.is_some_and(|call| call.purpose == Purpose::Handshake);
        let is_stream = matches!(wire, Wire::SessionStream);
        let agreed = match identity {
            Identity::Former => record.former.as_deref(),
            _ => record.agreed.as_ref().filter(|_| !is_handshake && !is_stream),
        };
        let asks_for_address = matches!(wire, Wire::Address(_));
        let mut headers = HeaderList::new();
        if asks_for_address {
            headers::add(&mut headers, headers::ACCEPT, "application/json");
        } else {
            request_headers(&mut headers, record, method, agreed);
        }
        if identity == Identity::Bare {
            headers::take_out(&mut headers, headers::SESSION_ID);
        }
        headers::add_all(&mut headers, &further);
        let endpoint = record.endpoint().filter(|_| !is_stream).cloned();
        let url = endpoint.clone().unwrap_or_else(|| self.address(record));
        let request = HttpRequest {
            method,
            url: url.clone(),
            headers,
            body,
            reads_session_id,
            call: wire.call(),
            follows: asks_for_address,
        };
        // A stream that is a session is opened for the generation to come.
        let generation = record.generation + u64::from(is_stream);
        let (carried, token) = (carried.filter(|_| !is_handshake), record.credentials.token().cloned());
        let deadline = match wire {
            Wire::Call(_) | Wire::Resume(_) => None,
            Wire::Delete => Some(self.now.after(DELETE_CAP)),
            Wire::Initialized => Some(self.now.after(record.server.init_timeout.min(SMALL_EXCHANGE))),
            Wire::SessionStream => Some(self.now.after(record.endpoint_patience())),
            _ => Some(self.now.after(SMALL_EXCHANGE)),
        };
        let is_long = wire.is_long();
        let mut record = Exchange::new(session, record.origin, wire, url, self.now);
        (record.is_long, record.generation, record.deadline) = (is_long, generation, deadline);
        (record.carried, record.endpoint, record.token) = (carried, endpoint, token);
        Some(self.send(record, request))
    }

    fn send(&mut self, record: Exchange, request: HttpRequest<J>) -> ExchangeId {
        let exchange = ExchangeId(self.numbers.next());
        if let Some(deadline) = record.deadline {
            self.timers.arm(deadline, Timer::Exchange(exchange));
        }
        let (session, origin, is_long) = (record.session, record.origin, record.is_long);
        let now = self.now;
        if let Some(owner) = self.store.get_mut(session) {
            owner.last_sent_at = now;
        }
        self.exchanges.insert(exchange, record);
        self.note_sent(exchange, origin, is_long);
        self.out.push_back(Output::Send { exchange, request });
        exchange
    }

    /// Stops an exchange; nothing of it is heard again.
    pub(crate) fn abort(&mut self, exchange: ExchangeId) {
        if self.take_exchange(exchange).is_some_and(|record| !record.is_over) {
            self.out.push_back(Output::Abort { exchange });
        }
    }

    pub(crate) fn take_exchange(&mut self, exchange: ExchangeId) -> Option<Exchange> {
        let record = self.exchanges.remove(exchange)?;
        if let Some(deadline) = record.deadline {
            self.timers.disarm(deadline, Timer::Exchange(exchange));
        }
        self.note_over(record.is_long, record.origin, record.head.is_some());
        Some(record)
    }

    /// The response stream of a settled call goes on by itself for a moment.
    pub(crate) fn leave_over(&mut self, exchange: ExchangeId) {
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.wire = Wire::Leftover;
            self.hurry(exchange);
        }
    }

    /// The answer to a handshake is waited for without its call and its record, as long as a DELETE may take.
    pub(crate) fn disown_exchange(&mut self, exchange: ExchangeId) {
        self.lift_deadline(exchange);
        let until = self.now.after(DELETE_CAP);
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.wire = Wire::Orphan;
            record.deadline = Some(until);
            self.timers.arm(until, Timer::Exchange(exchange));
        }
    }

    /// Sends a DELETE on behalf of the record that another exchange was left of. Both have the same deadline.
    pub(crate) fn open_delete(&mut self, orphan: ExchangeId, headers: HeaderList) -> Option<ExchangeId> {
        let mut record = self.exchanges.get(orphan)?.clone();
        (record.wire, record.head, record.is_long) = (Wire::Delete, None, false);
        let (url, method, follows) = (record.url.clone(), "DELETE", false);
        let request = HttpRequest { method, url, headers, body: None, reads_session_id: false, call: None, follows };
        Some(self.send(record, request))
    }

    /// What is left of an exchange gets a moment.
    pub(crate) fn hurry(&mut self, exchange: ExchangeId) {
        self.lift_deadline(exchange);
        let deadline = self.now.after(LEFTOVER);
        if let Some(record) = self.exchanges.get_mut(exchange) {
            record.deadline = Some(deadline);
            self.timers.arm(deadline, Timer::Exchange(exchange));
        }
    }

    /// An exchange may take as long as it likes.
    pub(crate) fn lift_deadline(&mut self, exchange: ExchangeId) {
        if let Some(deadline) = self.exchanges.get_mut(exchange).and_then(|record| record.deadline.take()) {
            self.timers.disarm(deadline, Timer::Exchange(exchange));
        }
    }

    /// Whether a request of this wire carries the id of before.
    pub(crate) fn speaks_as(&self, session: SessionRef, wire: Wire) -> Identity {
        let is_ping = matches!(wire, Wire::Call(call) if self.calls.get(call).is_some_and(|call| call.pings()));
        let check = self.store.get(session).and_then(|record| record.check.as_ref()).filter(|_| is_ping);
        check.map_or(Identity::Current, |check| check.identity)
    }

    /// The id that a request carries.
    pub(crate) fn carried_id(&self, session: SessionRef, identity: Identity) -> Option<SessionId> {
        let record = self.store.get(session)?;
        match identity {
            Identity::Current | Identity::Successor => record.id().cloned(),
            Identity::Bare => None,
            Identity::Former => record.former.as_ref()?.id.clone(),
        }
    }
}

/// A handshake never carries an old id: 2025-11-25 basic/transports, "Session Management": a new `initialize` without one.
fn request_headers<J>(headers: &mut HeaderList, session: &Session<J>, method: &str, agreed: Option<&Agreed<J>>) {
    session.credentials.add_to(headers);
    if let Some(agreed) = agreed {
        agreed.add_headers(headers);
    }
    match method {
        // 2025-11-25 basic/transports: a POST accepts both forms of an answer, a GET the stream alone.
        "POST" => {
            headers::add(headers, headers::ACCEPT, "application/json, text/event-stream");
            headers::add(headers, headers::CONTENT_TYPE, "application/json");
        }
        "GET" => headers::add(headers, headers::ACCEPT, "text/event-stream"),
        _ => {}
    }
}
