//! The tool list that the machine fetches itself, because replays depend on annotations.

use crate::core::api::{CallId, Detail, Error, EventKind, Level, SessionRef, State};
use crate::core::kit::text::concat;
use crate::core::machine::Manager;
use crate::core::protocol::json::Json;
use crate::core::protocol::replay::{Safety, method_safety};
use crate::core::protocol::verdict::excerpt;
use crate::core::state::call::{Purpose, Stage};

impl<J: Json> Manager<J> {
    /// Defers a call until this generation's tool list is known.
    pub(crate) fn ask_for_tools(&mut self, call: CallId, error: Error<J>) {
        let Some(record) = self.calls.get_mut(call) else { return };
        record.stage = Stage::AwaitingTools(error);
        let session = record.session;
        if let Some(owner) = self.store.get_mut(session) {
            owner.tools.waiting.push(call);
        }
        self.fetch_tools(session);
    }

    /// Fetches the tool list if the session is ready and no fetch is in flight.
    pub(crate) fn fetch_tools(&mut self, session: SessionRef) {
        let Some(record) = self.store.get_mut(session) else { return };
        if record.tools.fetching || record.state != State::Ready || record.outage.is_some() {
            return;
        }
        record.tools.fetching = true;
        let timeout = record.server.init_timeout;
        self.own_request(session, Purpose::Tools, "tools/list", None, timeout);
    }

    /// The outcome of one page of the list.
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
        // The session is being replaced or its server is unreachable: the list is fetched later.
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
        let Some(record) = self.calls.get(call) else { return };
        let Stage::AwaitingTools(error) = &record.stage else { return };
        match record.undecided() {
            // Without the list the tool counts as unsafe.
            Some(last) if self.safety(call) == Safety::ByTool => self.settle(call, Err(last)),
            _ => self.decide(call, error.clone()),
        }
    }

    pub(crate) fn valid_tools(&mut self, session: SessionRef, result: J) -> J {
        let Some(record) = self.store.get_mut(session) else { return result };
        let (page, dropped) = record.tools.without_invalid(result);
        for name in dropped {
            let words = concat(&["Tool excluded because its x-mcp-header annotations are invalid: ", &excerpt(&name)]);
            self.log(session, Level::Warn, &words);
        }
        page
    }

    /// The safety of a call, as far as known.
    pub(crate) fn safety(&self, call: CallId) -> Safety {
        let Some(record) = self.calls.get(call) else { return Safety::Unsafe };
        match method_safety(&record.method) {
            Safety::ByTool => {
                let name = record.params.as_ref().and_then(|params| params.get_str("name"));
                let tools = self.store.get(record.session).map(|session| &session.tools);
                match (name, tools) {
                    (Some(name), Some(tools)) => tools.safety(&name),
                    _ => Safety::Unsafe,
                }
            }
            known => known,
        }
    }
}
