//! 2026-07-28: requests are self-contained. `_meta` and headers carry what a handshake negotiated in older revisions,
//! and the machine keeps the state that older servers kept per session.

use crate::core::api::{CallId, Error, Kind, SessionRef};
use crate::core::machine::Manager;
use crate::core::protocol::codes::{self, HEADER_MISMATCH};
use crate::core::protocol::error_code::ErrorCode;
use crate::core::protocol::headers::{self, HeaderList};
use crate::core::protocol::json::{Json, completed};
use crate::core::protocol::jsonrpc;
use crate::core::protocol::mirror::encoded;
use crate::core::protocol::modern::{ResultKind, as_initialize_result, result_kind};
use crate::core::protocol::revisions::MODERN;
use crate::core::state::call::Purpose;
use crate::core::state::session::Agreed;

impl<J: Json> Manager<J> {
    /// Discovery succeeded: the session is ready for requests.
    pub(crate) fn accept_modern(&mut self, session: SessionRef, discovered: J) {
        let Some(record) = self.store.get_mut(session) else { return };
        record.generation += 1;
        record.kind = Kind::Modern;
        record.has_answered = false;
        record.meta = None;
        record.cache.clear();
        let result = as_initialize_result(&discovered);
        record.agreed = Some(Agreed { id: None, version: MODERN, result });
        let generation = record.generation;
        self.begin_generation(session, generation);
    }

    /// The message of a call in the format of 2026-07-28, and the headers that mirror it.
    pub(crate) fn modern_call(&mut self, call: CallId, id: u64) -> Option<(J, HeaderList)> {
        let record = self.calls.get(call)?;
        let session = record.session;
        // 2026-07-28 has no `ping`; `server/discover` serves as the liveness check.
        let method = if record.method == "ping" { "server/discover" } else { &record.method }.to_owned();
        let mut params = record.params.as_ref().map_or_else(J::object, Json::shallow_copy);
        let mut headers = self.mirrored(session, &method, &params);
        if record.purpose == Purpose::Discovery {
            headers::add(&mut headers, headers::PROTOCOL_VERSION, MODERN);
        }
        if record.is_notification() {
            return Some((jsonrpc::notification(&method, record.params.as_ref()), headers));
        }
        record.rounds.add_to(&mut params);
        let token = Some(id).filter(|_| record.wants_progress);
        Some((self.modern_message(session, id, &method, params, token), headers))
    }

    /// The message of a request. `_meta` is required, so `params` is always present.
    pub(crate) fn modern_message(
        &mut self,
        session: SessionRef,
        id: u64,
        method: &str,
        params: J,
        progress_token: Option<u64>,
    ) -> J {
        let mut meta = completed(&self.meta(session), params.get("_meta").as_ref());
        if let Some(token) = progress_token {
            meta.set("progressToken", jsonrpc::number(token));
        }
        jsonrpc::request(id, method, Some(&params.with("_meta", meta)), None)
    }

    /// 2026-07-28 basic, "_meta": version and capabilities are required, the name is recommended.
    fn meta(&mut self, session: SessionRef) -> J {
        let Some(record) = self.store.get_mut(session) else { return J::object() };
        if let Some(meta) = &record.meta {
            return meta.clone();
        }
        let capabilities = completed(&self.client.capabilities, record.declared.as_ref());
        let info = record.client_info.as_ref().unwrap_or(&self.client.info).clone();
        let mut meta = J::object()
            .with("io.modelcontextprotocol/protocolVersion", J::string(MODERN))
            .with("io.modelcontextprotocol/clientCapabilities", capabilities)
            .with("io.modelcontextprotocol/clientInfo", info);
        if let Some(level) = record.remembered.log_level.as_ref().and_then(|params| params.get("level")) {
            meta.set("io.modelcontextprotocol/logLevel", level);
        }
        record.meta = Some(meta.clone());
        meta
    }

    /// The headers that mirror a body (2026-07-28 basic/transports/streamable-http, "Standard Request Headers").
    pub(crate) fn mirrored(&self, session: SessionRef, method: &str, params: &J) -> HeaderList {
        let mut all = HeaderList::new();
        headers::add(&mut all, headers::METHOD, encoded(method));
        let named = match method {
            "tools/call" | "prompts/get" => Some("name"),
            "resources/read" => Some("uri"),
            "tasks/get" | "tasks/update" | "tasks/cancel" => Some("taskId"),
            _ => None,
        };
        let name = named.and_then(|member| params.get_str(member));
        if let Some(name) = &name {
            headers::add(&mut all, headers::NAME, encoded(name));
        }
        if let (Some(name), "tools/call", Some(record)) = (&name, method, self.store.get(session)) {
            headers::add_all(&mut all, &record.tools.parameter_headers(name, params.get("arguments").as_ref()));
        }
        all
    }

    /// Answers `call` from local state if its method concerns state that 2026-07-28 no longer keeps on the server.
    /// Returns whether it did.
    pub(crate) fn answered_here(&mut self, call: CallId) -> bool {
        let now = self.now;
        let Some(record) = self.calls.get_mut(call) else { return true };
        let Some(owner) = self.store.get_mut(record.session) else { return true };
        let params = record.params.as_ref();
        let answer = match (record.method.as_str(), record.purpose) {
            (
                "notifications/cancelled"
                | "notifications/initialized"
                | "notifications/progress"
                | "notifications/roots/list_changed"
                | "notifications/tasks/status",
                Purpose::Notification,
            ) => Some(J::object()),
            ("logging/setLevel", Purpose::User) => {
                owner.remembered.log_level.clone_from(&record.params);
                owner.meta = None;
                // No server has this setting, so it is persisted before the caller relies on it.
                let session = record.session;
                self.persist(session);
                Some(J::object())
            }
            ("resources/subscribe" | "resources/unsubscribe", Purpose::User) => {
                return self.change_subscriptions(call);
            }
            (method, Purpose::User) if record.rounds.are_none() => owner.cache.get(method, params, now),
            _ => None,
        };
        let is_answered = answer.is_some();
        if let Some(answer) = answer {
            self.settle(call, Ok(Some(answer)));
        }
        is_answered
    }

    /// A result of a 2026-07-28 server: complete, or a round of questions.
    pub(crate) fn on_modern_result(&mut self, call: CallId, result: J) {
        let now = self.now;
        let Some(record) = self.calls.get(call) else { return };
        let (session, purpose) = (record.session, record.purpose);
        match result_kind(&result) {
            ResultKind::InputRequired => return self.begin_round(call, &result),
            ResultKind::Unknown => {
                let error = Error::new(ErrorCode::ProtocolError, "the server answered with an unknown resultType");
                return self.settle_unreadable(call, error);
            }
            ResultKind::Complete => {}
        }
        let result = if record.method == "tools/list" { self.valid_tools(session, result) } else { result };
        let Some(record) = self.calls.get(call) else { return };
        if let Some(owner) =
            self.store.get_mut(session).filter(|_| purpose == Purpose::User && record.rounds.are_none())
        {
            owner.cache.put(&record.method, record.params.as_ref(), &result, now);
        }
        self.remember(call, &result);
        self.settle(call, Ok(Some(result)));
    }

    /// An error of a 2026-07-28 server. Returns whether the call continues: if its headers did not match the tool's
    /// schema, the schema is fetched again, once (2026-07-28 basic/transports/streamable-http).
    pub(crate) fn goes_on_after(&mut self, call: CallId, error: &Error<J>) -> bool {
        let Some(record) = self.calls.get_mut(call) else { return false };
        let Some(owner) = self.store.get_mut(record.session).filter(|owner| owner.is_modern()) else { return false };
        if record.params.as_ref().is_some_and(|params| params.get("cursor").is_some()) {
            owner.cache.forget(&record.method);
        }
        let is_tool = record.method == "tools/call" && record.purpose == Purpose::User;
        if !codes::is(error.rpc_code, HEADER_MISMATCH) || !is_tool || std::mem::replace(&mut record.mismatched, true) {
            return false;
        }
        record.refused = true;
        owner.tools.forget();
        self.ask_for_tools(call, error.clone());
        true
    }
}
