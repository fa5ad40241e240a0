//! Requests and notifications from servers.

use crate::core::api::{CallId, ExchangeId, Output, SessionRef, Ticket};
use crate::core::machine::Manager;
use crate::core::protocol::codes::{INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND, NO_SUCH_METHOD};
use crate::core::protocol::headers::LONGEST;
use crate::core::protocol::json::{Json, completed};
use crate::core::protocol::jsonrpc::{self, RpcError};
use crate::core::protocol::modern::ACKNOWLEDGED;
use crate::core::state::asked::Asked;
use crate::core::state::session::answers::Effort;

/// Further open requests of a session are refused, so that a server cannot exhaust the client's memory.
const MAX_ASKED: usize = 64;

impl<J: Json> Manager<J> {
    /// A request of the server, from an exchange or relayed by another tab.
    pub(crate) fn on_server_request(
        &mut self,
        session: SessionRef,
        exchange: Option<ExchangeId>,
        call: Option<CallId>,
        id: J,
        method: String,
        message: J,
    ) {
        let Some(record) = self.store.get(session) else { return };
        let generation = record.generation;
        // 2025-11-25 basic, "Requests": an id is a string or an integer. It is stored until answered, so its length is
        // limited.
        if id.as_f64().is_none() && id.as_str().is_none_or(|id| id.len() > LONGEST) {
            self.metrics.stale_dropped += 1;
            return;
        }
        self.metrics.server_requests += 1;
        if method == "ping" {
            // 2025-11-25 basic/utilities/ping: the receiver MUST answer promptly. This needs no handler.
            self.post(session, jsonrpc::result(id, J::object()), Effort::Few, exchange);
        } else if self.tickets.keys_where(&|asked| asked.session == session).len() >= MAX_ASKED {
            self.refuse(session, exchange, id, INTERNAL_ERROR, "too many requests to the client at once");
        } else if method == "elicitation/create" && !self.may_elicit(session, &message) {
            self.refuse(session, exchange, id, INVALID_PARAMS, "this mode of elicitation was not declared");
        } else {
            let ticket = Ticket(self.numbers.next());
            self.tickets.insert(ticket, Asked { session, generation, id, round_of: None });
            self.out.push_back(Output::ServerRequest { ticket, session, call, method, message });
        }
        self.pause_if_full(session, exchange);
    }

    /// The client's answer to a server request.
    pub(crate) fn answer(&mut self, ticket: Ticket, outcome: Result<J, RpcError<J>>) {
        let Some(asked) = self.tickets.remove(ticket) else { return };
        if let Some((call, method)) = asked.round_of {
            return self.on_round_answer(call, &asked.id, &method, outcome);
        }
        let is_current = self.store.get(asked.session).is_some_and(|record| record.handles_messages(asked.generation));
        if !is_current {
            self.metrics.stale_dropped += 1;
            return;
        }
        let body = match outcome {
            Ok(result) => jsonrpc::result(asked.id, result),
            // 2025-11-25 basic: a request without a handler is still answered.
            Err(mut error) => {
                if error.code == METHOD_NOT_FOUND {
                    error.message = NO_SUCH_METHOD.into();
                }
                jsonrpc::error(asked.id, error)
            }
        };
        self.post(asked.session, body, Effort::UntilDelivered, None);
    }

    /// 2025-11-25 client/elicitation: a mode that the client did not declare MUST be answered with −32602. An empty
    /// capability means forms, and so does a request without a mode. Where none is declared, no handler is set either.
    fn may_elicit(&self, session: SessionRef, message: &J) -> bool {
        let Some(record) = self.store.get(session) else { return false };
        let declared = completed(&self.client.capabilities, record.declared.as_ref());
        let Some(modes) = declared.get("elicitation") else { return true };
        let mode = message.get("params").and_then(|params| params.get_str("mode")).unwrap_or_else(|| "form".into());
        modes.get(&mode).is_some() || (mode == "form" && modes.get("url").is_none())
    }

    fn refuse(&mut self, session: SessionRef, exchange: Option<ExchangeId>, id: J, code: i32, message: &str) {
        let error = RpcError { code, message: message.into(), data: None };
        self.post(session, jsonrpc::error(id, error), Effort::Few, exchange);
    }

    /// Cancels the server requests of a lost generation. Requests of a round belong to a call, not to the generation.
    pub(crate) fn abandon_server_requests(&mut self, session: SessionRef) {
        self.cancel_server_requests(&|asked| asked.session == session && asked.round_of.is_none());
        self.drop_answers(session);
    }

    /// A notification of the server.
    pub(crate) fn on_notification(&mut self, session: SessionRef, call: Option<CallId>, method: String, message: J) {
        let params = message.get("params");
        if let Some(record) = self.store.get_mut(session).filter(|record| record.is_modern()) {
            let uri = params.as_ref().and_then(|params| params.get_str("uri"));
            record.cache.on_notification(&method, uri.as_deref());
        }
        match method.as_str() {
            "notifications/progress" => {
                let token = params
                    .as_ref()
                    .and_then(|params| params.get("progressToken"))
                    .and_then(|token| jsonrpc::as_own_number(&token));
                // 2025-11-25 basic/utilities/progress: a token MUST be one of an active request. Progress with another
                // token is dropped.
                if let (Some(token), Some(params)) = (token, params) {
                    self.on_progress(session, token, params);
                }
                return;
            }
            "notifications/cancelled" => {
                if let Some(id) = params.and_then(|params| params.get("requestId")) {
                    self.take_back(session, &id);
                }
            }
            ACKNOWLEDGED => return self.on_subscribed(session, params.as_ref()),
            "notifications/tools/list_changed" => {
                if let Some(record) = self.store.get_mut(session) {
                    record.tools.forget();
                }
            }
            _ => {}
        }
        self.out.push_back(Output::Notification { session, call, method, message });
    }

    /// The server cancels one of its requests. A late answer of the handler is dropped.
    fn take_back(&mut self, session: SessionRef, id: &J) {
        let id = id.to_text();
        if let Some(answers) = self.store.get_mut(session).and_then(|record| record.answers.as_mut()) {
            answers.take_back(&id);
        }
        self.cancel_server_requests(&|asked| asked.session == session && asked.id.to_text() == id);
    }

    /// Forgets requests that the server no longer waits for, and aborts their handlers.
    pub(crate) fn cancel_server_requests(&mut self, which: &dyn Fn(&Asked<J>) -> bool) {
        for ticket in self.tickets.keys_where(which) {
            self.tickets.remove(ticket);
            self.out.push_back(Output::CancelServerRequest { ticket });
        }
    }
}
