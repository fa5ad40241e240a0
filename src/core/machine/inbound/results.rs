//! Results: evidence that the session lives, and state that a recovery restores.

use crate::core::api::{CallId, StreamBlock};
use crate::core::machine::Manager;
use crate::core::protocol::json::Json;
use crate::core::state::call::Purpose;

impl<J: Json> Manager<J> {
    /// A call has a result.
    pub(crate) fn on_result(&mut self, call: CallId, result: J) {
        self.note_answered(call);
        let Some(record) = self.calls.get_mut(call) else { return };
        if record.pings() {
            return self.settle(call, Ok(Some(result)));
        }
        let (session, is_discovery) = (record.session, record.purpose == Purpose::Discovery);
        if let Some(owner) = self.store.get_mut(session)
            && let Some(suspicion) = &mut owner.suspicion
        {
            suspicion.clear(owner.generation);
        }
        if self.goes_to_modern(call) && !is_discovery {
            return self.on_modern_result(call, result);
        }
        self.remember(call, &result);
        self.settle(call, Ok(Some(result)));
    }

    /// Notes that the session answered. A handshake does not prove that the server keeps the session, and an answer of
    /// an older generation proves nothing about this one.
    pub(crate) fn note_answered(&mut self, call: CallId) {
        let Some(answered) = self.calls.get(call).filter(|record| !record.is_handshake()) else { return };
        let (now, limit, pings) = (self.now, self.config.limits.max_in_flight, answered.pings());
        if let Some(record) = self.store.get_mut(answered.session).filter(|owner| owner.is_live(answered.generation)) {
            record.silent = 0;
            record.note_accepted();
            // The machine's own pings do not count as use of the session and do not refill the retry budget.
            if !pings {
                record.last_used_at = now;
                record.pace.earn(answered.replays > 0);
            }
            record.pace.widen(limit);
            record.pace.note_over(call, true);
            let session = answered.session;
            if !std::mem::replace(&mut record.has_answered, true) {
                self.note_kept(session);
            }
            self.persist_soon(session);
        }
    }

    /// Records the tool list and what a recovery must restore.
    pub(crate) fn remember(&mut self, call: CallId, result: &J) {
        let Some(record) = self.calls.get(call) else { return };
        if !matches!(record.purpose, Purpose::User | Purpose::Tools) {
            return;
        }
        let Some(session) = self.store.get_mut(record.session) else { return };
        let uri = || record.params.as_ref().and_then(|params| params.get_str("uri"));
        match record.method.as_str() {
            "logging/setLevel" => session.remembered.log_level.clone_from(&record.params),
            "resources/subscribe" => {
                if let (Some(uri), Some(params)) = (uri(), &record.params) {
                    session.remembered.subscriptions.insert(uri, params.clone());
                }
            }
            "resources/unsubscribe" => {
                if let Some(uri) = uri() {
                    session.remembered.subscriptions.remove(&uri);
                }
            }
            // Annotations are valid only in the generation whose `tools/list` had them.
            "tools/list" if session.is_live(record.generation) => {
                let is_first = record.params.as_ref().and_then(|params| params.get("cursor")).is_none();
                session.tools.note_page(result, is_first);
            }
            _ => {}
        }
    }

    /// Records the id and `retry` of an event. Streams of 2026-07-28 cannot be resumed, so there they are ignored.
    pub(crate) fn note_call_block(&mut self, call: CallId, block: &StreamBlock<J>) {
        if self.goes_to_modern(call) {
            return;
        }
        if let Some(record) = self.calls.get_mut(call) {
            record.stream.note(block);
        }
    }
}
